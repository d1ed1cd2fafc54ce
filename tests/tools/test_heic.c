// Lies beside tryon-heic, so that image_decode finds it there.
#include "picture.h"

static void a_heic_photo_is_read_by_its_program(void)
{
    buf b = fixture("rgb.heic");
    image im = { 0 }, want = pattern_image();
    err e = { 0 };
    CHECK(image_decode(b.data, b.len, 0, &im, NULL, &e));
    // HEVC at quality 90 with the chroma's resolution halved, and the blue chequer is all chroma.
    CHECK(im.width == want.width && worst_difference(&im, &want) <= 100);
    double sum = 0;
    for (int i = 0; im.px && i < PATTERN_W * PATTERN_H * 3; i++) sum += abs(im.px[i] - want.px[i]);
    CHECK(sum / (PATTERN_W * PATTERN_H * 3) < 8);
    image_free(&im);
    image_free(&want);
    buf_free(&b);
}

static void a_heic_photo_is_reduced(void)
{
    buf b = fixture("rgb.heic");
    image im = { 0 };
    err e = { 0 };
    CHECK(image_decode(b.data, b.len, 24, &im, NULL, &e));
    CHECK(im.width == 24 && im.height == 16 && im.channels == 3);
    image_free(&im);
    buf_free(&b);
}

static void no_part_of_a_heic_photo_is_accepted(void)
{
    buf b = fixture("rgb.heic");
    // Every 41st length, 25 in all: each starts a program.
    for (size_t n = 12; n + 4 < b.len; n += 41) {
        image im = { 0 };
        err e = { 0 };
        bool ok = image_decode(b.data, n, 0, &im, NULL, &e);
        if (ok) printf("read from %zu of %zu bytes\n", n, b.len);
        CHECK(!ok && e.code == ERR_INPUT && !im.px);
        image_free(&im);
    }
    buf_free(&b);
}

// Whatever a byte is changed to, the answer is a picture or a refusal of the photo, and this process goes on.
static void a_damaged_heic_photo_harms_no_one(void)
{
    buf b = fixture("rgb.heic");
    for (size_t at = 0; at < b.len; at += 37) {
        uint8_t kept = b.data[at];
        b.data[at] = (uint8_t)~kept;
        image im = { 0 };
        err e = { 0 };
        bool ok = image_decode(b.data, b.len, 0, &im, NULL, &e);
        CHECK(ok || e.code == ERR_INPUT || e.code == ERR_LIMIT || e.code == ERR_MEMORY);
        if (!ok && e.code == ERR_INTERNAL) printf("byte %zu: %s\n", at, e.msg);
        image_free(&im);
        b.data[at] = kept;
    }
    buf_free(&b);
}

TEST_MAIN(RUN(a_heic_photo_is_read_by_its_program); RUN(a_heic_photo_is_reduced);
          RUN(no_part_of_a_heic_photo_is_accepted); RUN(a_damaged_heic_photo_harms_no_one);)
