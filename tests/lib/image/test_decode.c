#include "image/codec.h"
#include "picture.h"

// ---- what is read ----

// Decodes a fixture in the locked child and returns its worst difference from the pattern.
static int read_difference(const char *name)
{
    buf b = fixture(name);
    image im = { 0 }, want = pattern_image();
    err e = { 0 };
    bool ok = image_decode(b.data, b.len, 0, &im, NULL, &e);
    if (!ok) printf("%s: %s\n", name, e.msg);
    int worst = ok ? worst_difference(&im, &want) : 255;
    image_free(&im);
    image_free(&want);
    buf_free(&b);
    return worst;
}

static void lossless_formats_give_the_very_pixels(void)
{
    CHECK(read_difference("rgb.png") == 0);
    CHECK(read_difference("interlaced.png") == 0);
    CHECK(read_difference("deep.png") == 0);
    CHECK(read_difference("lossless.webp") == 0);
}

static void lossy_formats_give_nearly_the_pixels(void)
{
    // Quality 95 without chroma subsampling: quantisation steps of a few levels, several of them adding up.
    CHECK(read_difference("rgb.jpg") <= 12);
    CHECK(read_difference("progressive.jpg") <= 12);
    // Ink and key are quantised separately and multiplied.
    CHECK(read_difference("cmyk.jpg") <= 24);
    // WebP halves the chroma's resolution, and the blue chequer is all chroma.
    CHECK(read_difference("lossy.webp") <= 100);
}

static void a_grey_photo_becomes_rgb(void)
{
    buf b = fixture("grey.jpg");
    image im = { 0 };
    err e = { 0 };
    CHECK(image_decode(b.data, b.len, 0, &im, NULL, &e));
    CHECK(im.width == PATTERN_W && im.height == PATTERN_H && im.channels == 3);
    for (uint32_t i = 0; i < im.width * im.height; i++) {
        CHECK(im.px[3 * i] == im.px[3 * i + 1] && im.px[3 * i] == im.px[3 * i + 2]);
    }
    image_free(&im);
    buf_free(&b);
}

static void palettes_and_few_bits_are_expanded(void)
{
    static const uint8_t palette[4][3] = { { 255, 0, 0 }, { 0, 255, 0 }, { 0, 0, 255 }, { 255, 255, 255 } };
    static const uint8_t grey[4] = { 255, 85, 170, 255 }; // level 0 is transparent: white
    for (int k = 0; k < 2; k++) {
        buf b = fixture(k ? "grey2.png" : "palette.png");
        image im = { 0 };
        err e = { 0 };
        CHECK(image_decode(b.data, b.len, 0, &im, NULL, &e));
        int bad = 0;
        for (uint32_t y = 0; y < im.height; y++) {
            for (uint32_t x = 0; x < im.width; x++) {
                uint32_t i = (x / 4 + y / 4) % 4;
                // palette entry 3 is transparent too
                for (int c = 0; c < 3; c++) bad += image_at(&im, x, y)[c] != (k ? grey[i] : palette[i][c]);
            }
        }
        CHECK(im.width == PATTERN_W && im.height == PATTERN_H && bad == 0);
        image_free(&im);
        buf_free(&b);
    }
}

static void transparency_is_laid_on_white(void)
{
    const char *names[] = { "alpha.png", "alpha.webp" };
    for (int k = 0; k < 2; k++) {
        buf b = fixture(names[k]);
        image im = { 0 };
        err e = { 0 };
        CHECK(image_decode(b.data, b.len, 0, &im, NULL, &e));
        int bad = 0;
        for (uint32_t y = 0; y < im.height; y++) {
            for (uint32_t x = 0; x < im.width; x++) {
                double a = x < 24 ? 1 : x < 36 ? 128 / 255.0 : 0;
                for (int c = 0; c < 3; c++) {
                    double want = pattern(x, y, c) * a + 255 * (1 - a);
                    bad += fabs(image_at(&im, x, y)[c] - want) > 0.5; // rounded to the nearest level
                }
            }
        }
        CHECK(im.width == PATTERN_W && bad == 0);
        image_free(&im);
        buf_free(&b);
    }
}

static void a_single_pixel_is_a_picture(void)
{
    buf b = fixture("one.png");
    image im = { 0 };
    err e = { 0 };
    CHECK(image_decode(b.data, b.len, 1024, &im, NULL, &e));
    CHECK(im.width == 1 && im.height == 1 && im.px[0] == 10 && im.px[1] == 20 && im.px[2] == 30);
    image_free(&im);
    buf_free(&b);
}

static void a_large_photo_is_reduced_to_the_side_asked_for(void)
{
    image large = image_new(3000, 2000, 3);
    for (uint32_t y = 0; y < large.height; y++) {
        for (uint32_t x = 0; x < large.width; x++) {
            uint8_t *p = image_at(&large, x, y);
            p[0] = (uint8_t)(x / 12), p[1] = (uint8_t)(y / 8), p[2] = 100;
        }
    }
    buf jpeg = buf_new(LIMIT_IMAGE_BYTES), png = buf_new(LIMIT_IMAGE_BYTES);
    err e = { 0 };
    CHECK(image_encode_jpeg(&large, 95, &jpeg, &e) && image_encode_png(&large, &png, &e));
    const uint32_t sides[] = { 1500, 1000, 377 }; // DCT scaling alone, and followed by averaging
    for (int i = 0; i < 3; i++) {
        image want = image_resize(&large, sides[i], (sides[i] * 2 + 1) / 3), got = { 0 };
        CHECK(image_decode(jpeg.data, jpeg.len, sides[i], &got, NULL, &e));
        // Smooth ramps survive JPEG within its quantisation; DCT scaling is not quite a box average.
        CHECK(worst_difference(&got, &want) <= 4);
        image_free(&got);
        CHECK(image_decode(png.data, png.len, sides[i], &got, NULL, &e));
        CHECK(worst_difference(&got, &want) == 0);
        image_free(&got);
        image_free(&want);
    }
    image_free(&large);
    buf_free(&jpeg);
    buf_free(&png);
}

// ---- EXIF ----

static void put(buf *b, const void *data, size_t n) { CHECK(buf_append(b, data, n)); }

static void put_number(buf *b, uint32_t v, int bytes, bool big_endian)
{
    for (int i = 0; i < bytes; i++) put(b, &(uint8_t){ (uint8_t)(v >> 8 * (big_endian ? bytes - 1 - i : i)) }, 1);
}

static void put_entry(buf *b, uint32_t tag, uint32_t type, uint32_t value, bool big_endian)
{
    put_number(b, tag, 2, big_endian);
    put_number(b, type, 2, big_endian);
    put_number(b, 1, 4, big_endian);
    put_number(b, value, type == 3 ? 2 : 4, big_endian);
    if (type == 3) put_number(b, 0, 2, big_endian);
}

// A TIFF structure with an orientation, a focal length of 26 mm and the time it was taken.
static buf exif_block(uint32_t orientation, bool big_endian)
{
    buf b = buf_new(1000);
    put(&b, big_endian ? "MM\0*" : "II*\0", 4);
    put_number(&b, 8, 4, big_endian);
    put_number(&b, 3, 2, big_endian);
    put_entry(&b, 0x0112, 3, orientation, big_endian);
    put_entry(&b, 0x0132, 2, 0, big_endian);
    put_entry(&b, 0x8769, 4, 50, big_endian);
    put_number(&b, 0, 4, big_endian);
    CHECK(b.len == 50);
    put_number(&b, 1, 2, big_endian);
    put_entry(&b, 0xA405, 3, 26, big_endian);
    put_number(&b, 0, 4, big_endian);
    return b;
}

static void exif_tells_orientation_and_focal_length_in_both_byte_orders(void)
{
    for (uint32_t o = 1; o <= 8; o++) {
        buf b = exif_block(o, o % 2);
        exif_info info = exif_parse(b.data, b.len);
        CHECK(info.orientation == o && info.focal_35mm == 26);
        buf_free(&b);
    }
}

static void broken_exif_is_no_exif(void)
{
    buf b = exif_block(6, true);
    for (size_t n = 0; n < b.len; n++) {
        exif_info info = exif_parse(b.data, n);
        CHECK(info.orientation == (n >= 22 ? 6 : 1)); // the first entry ends at byte 22
        CHECK(info.focal_35mm == (n >= 64 ? 26 : 0)); // and the last at byte 64
    }
    buf_free(&b);
    b = exif_block(9, false);
    CHECK(exif_parse(b.data, b.len).orientation == 1);
    buf_free(&b);
}

// Where EXIF 2.32 (tag 0x0112) puts the upright pixel (x, y) of a w x h picture in the stored one: "the 0th row is the
// visual right-hand side, the 0th column the visual top", and so on.
static void stored_at(uint32_t o, uint32_t x, uint32_t y, uint32_t w, uint32_t h, uint32_t *column, uint32_t *row)
{
    uint32_t right = w - 1 - x, bottom = h - 1 - y;
    const uint32_t columns[] = { x, right, right, x, y, y, bottom, bottom };
    const uint32_t rows[] = { y, y, bottom, bottom, x, right, right, x };
    *column = columns[o - 1];
    *row = rows[o - 1];
}

static image stored_picture(uint32_t o)
{
    image im = o >= 5 ? image_new(PATTERN_H, PATTERN_W, 3) : image_new(PATTERN_W, PATTERN_H, 3);
    for (uint32_t y = 0; y < PATTERN_H; y++) {
        for (uint32_t x = 0; x < PATTERN_W; x++) {
            uint32_t column, row;
            stored_at(o, x, y, PATTERN_W, PATTERN_H, &column, &row);
            for (int c = 0; c < 3; c++) image_at(&im, column, row)[c] = pattern(x, y, c);
        }
    }
    return im;
}

// An APP1 segment after the start of the image.
static buf jpeg_with_exif(const image *im, const buf *exif)
{
    buf plain = buf_new(1 << 20), b = buf_new(1 << 20);
    err e = { 0 };
    CHECK(image_encode_jpeg(im, 100, &plain, &e));
    put(&b, plain.data, 2);
    put(&b, "\xFF\xE1", 2);
    put_number(&b, (uint32_t)exif->len + 8, 2, true);
    put(&b, "Exif\0", 6);
    put(&b, exif->data, exif->len);
    put(&b, plain.data + 2, plain.len - 2);
    buf_free(&plain);
    return b;
}

static uint32_t crc(const uint8_t *p, size_t n)
{
    uint32_t c = ~0u;
    for (size_t i = 0; i < n; i++) {
        c ^= p[i];
        for (int k = 0; k < 8; k++) c = c & 1 ? c >> 1 ^ 0xEDB88320u : c >> 1;
    }
    return ~c;
}

// An eXIf chunk before IEND: after the pixels, the awkward place.
static buf png_with_exif(const image *im, const buf *exif)
{
    buf b = buf_new(1 << 20);
    err e = { 0 };
    CHECK(image_encode_png(im, &b, &e));
    uint8_t end[12];
    memcpy(end, b.data + b.len - 12, 12);
    b.len -= 12;
    put_number(&b, (uint32_t)exif->len, 4, true);
    size_t at = b.len;
    put(&b, "eXIf", 4);
    put(&b, exif->data, exif->len);
    put_number(&b, crc(b.data + at, b.len - at), 4, true);
    put(&b, end, 12);
    return b;
}

// The extended container (VP8X) around the picture of lossless.webp, whose pixels are upright.
static buf webp_with_exif(const buf *plain, const buf *exif)
{
    buf b = buf_new(1 << 20);
    put(&b, "RIFF\0\0\0\0WEBPVP8X\x0A\0\0\0\x08\0\0\0", 24);
    put_number(&b, PATTERN_W - 1, 3, false);
    put_number(&b, PATTERN_H - 1, 3, false);
    put(&b, plain->data + 12, plain->len - 12);
    put(&b, "EXIF", 4);
    put_number(&b, (uint32_t)exif->len, 4, false);
    put(&b, exif->data, exif->len);
    for (int i = 0; i < 4; i++) b.data[4 + i] = (uint8_t)((b.len - 8) >> 8 * i);
    return b;
}

static void all_eight_orientations_give_the_same_upright_picture(void)
{
    image want = pattern_image();
    for (uint32_t o = 1; o <= 8; o++) {
        image stored = stored_picture(o), got = { 0 };
        buf exif = exif_block(o, o % 2);
        image_meta meta = { 0 };
        err e = { 0 };

        buf b = png_with_exif(&stored, &exif);
        CHECK(image_decode(b.data, b.len, 0, &got, &meta, &e));
        CHECK(worst_difference(&got, &want) == 0 && meta.focal_35mm == 26);
        image_free(&got);
        buf_free(&b);

        b = jpeg_with_exif(&stored, &exif);
        CHECK(image_decode(b.data, b.len, 0, &got, &meta, &e));
        // Our JPEGs halve the chroma's resolution, and the blue chequer is all chroma.
        CHECK(got.width == want.width && worst_difference(&got, &want) <= 100 && meta.focal_35mm == 26);
        image_free(&got);
        buf_free(&b);

        image_free(&stored);
        buf_free(&exif);
    }
    image_free(&want);
}

static void webp_tells_its_orientation_too(void)
{
    buf plain = fixture("lossless.webp"), exif = exif_block(3, false);
    buf b = webp_with_exif(&plain, &exif);
    image got = { 0 }, want = pattern_image();
    image_meta meta = { 0 };
    err e = { 0 };
    CHECK(image_decode(b.data, b.len, 0, &got, &meta, &e));
    bool turned = got.width == want.width && got.height == want.height;
    CHECK(turned && meta.focal_35mm == 26);
    for (uint32_t i = 0; turned && i < PATTERN_W * PATTERN_H; i++) {
        CHECK(memcmp(got.px + 3 * i, want.px + 3 * (PATTERN_W * PATTERN_H - 1 - i), 3) == 0);
    }
    image_free(&got);
    image_free(&want);
    buf_free(&b);
    buf_free(&exif);
    buf_free(&plain);
}

// ---- what is refused ----

static void check_refusal(const uint8_t *data, size_t n, err_code code, const char *sentence)
{
    image im = { 0 };
    image_meta meta = { 7 };
    err e = { 0 };
    CHECK(!image_decode(data, n, 1024, &im, &meta, &e));
    CHECK(im.px == NULL && meta.focal_35mm == 7);
    CHECK(e.code == code);
    CHECK_STR(e.msg, sentence);
}

static void a_truncated_file_is_refused(void)
{
    static const struct {
        const char *name, *sentence;
    } cases[] = {
        { "rgb.jpg", "the JPEG ends in the middle (truncated): send the original file again" },
        { "progressive.jpg", "the JPEG ends in the middle (truncated): send the original file again" },
        { "rgb.png", "the PNG ends in the middle (truncated): send the original file again" },
        { "lossless.webp", "the WebP photo ends in the middle (truncated): send the original file again" },
        { "lossy.webp", "the WebP photo ends in the middle (truncated): send the original file again" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        buf b = fixture(cases[i].name);
        check_refusal(b.data, b.len * 3 / 4, ERR_INPUT, cases[i].sentence);
        buf_free(&b);
    }
}

static void no_length_of_a_file_but_the_whole_is_accepted(void)
{
    const char *names[] = { "rgb.jpg", "progressive.jpg", "rgb.png", "lossless.webp", "lossy.webp" };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        buf b = fixture(names[i]);
        // The last bytes of a file may be padding or an end mark that carries no pixel.
        for (size_t n = 0; n + 4 < b.len; n++) {
            image im = { 0 };
            err e = { 0 };
            bool ok = image_decode_unguarded(b.data, n, 0, &im, NULL, &e);
            if (ok) printf("%s read from %zu of %zu bytes\n", names[i], n, b.len);
            CHECK(!ok && e.code == ERR_INPUT && e.msg[0] && !im.px);
            image_free(&im);
        }
        buf_free(&b);
    }
}

static void a_damaged_jpeg_is_refused(void)
{
    // Zeroed bits in the middle of the entropy-coded data: libjpeg would paint on after a warning.
    buf b = fixture("rgb.jpg");
    memcpy(b.data + b.len - 120, "\xFF\xD9", 2);
    image im = { 0 };
    err e = { 0 };
    CHECK(!image_decode(b.data, b.len, 0, &im, NULL, &e));
    CHECK(e.code == ERR_INPUT && strstr(e.msg, "the JPEG is damaged (") == e.msg);
    buf_free(&b);
}

static void oddities_that_harm_no_pixel_are_accepted(void)
{
    // Junk between two segments, and a second picture behind the end: cameras write both.
    buf plain = fixture("rgb.jpg"), b = buf_new(1 << 20);
    put(&b, plain.data, 20); // start of image and the JFIF segment
    put(&b, "\0\x11\x22", 3);
    put(&b, plain.data + 20, plain.len - 20);
    put(&b, plain.data, plain.len / 2);
    image im = { 0 }, want = { 0 };
    err e = { 0 };
    CHECK(image_decode(b.data, b.len, 0, &im, NULL, &e));
    CHECK(image_decode(plain.data, plain.len, 0, &want, NULL, &e));
    CHECK(worst_difference(&im, &want) == 0);
    image_free(&im);
    image_free(&want);
    buf_free(&b);
    buf_free(&plain);
}

static void a_bomb_is_refused_by_its_header(void)
{
    buf b = fixture("bomb.png");
    check_refusal(b.data, b.len, ERR_LIMIT,
                  "the photo is 20000 x 20000 pixels; at most 8192 a side and 32 million in all are accepted: send a "
                  "smaller copy");
    buf_free(&b);

    // The same lie in a JPEG (height and width in its frame header) and a lossy WebP.
    b = fixture("rgb.jpg");
    for (size_t i = 0; i + 9 < b.len; i++) {
        if (memcmp(b.data + i, "\xFF\xC0", 2) == 0) memcpy(b.data + i + 5, "\x4E\x20\x4E\x20", 4);
    }
    check_refusal(b.data, b.len, ERR_LIMIT,
                  "the photo is 20000 x 20000 pixels; at most 8192 a side and 32 million in all are accepted: send a "
                  "smaller copy");
    buf_free(&b);
    b = fixture("lossy.webp");
    memcpy(b.data + 26, "\xFF\x3F\xFF\x3F", 4);
    check_refusal(b.data, b.len, ERR_LIMIT,
                  "the photo is 16383 x 16383 pixels; at most 8192 a side and 32 million in all are accepted: send a "
                  "smaller copy");
    buf_free(&b);
}

static void what_is_not_a_photo_is_named(void)
{
    buf b = fixture("text.jpg");
    check_refusal(b.data, b.len, ERR_INPUT,
                  "the file is a text file, not a JPEG, PNG, WebP or HEIC photo: send a photo");
    buf_free(&b);
    const uint8_t nothing[1] = { 0 };
    check_refusal(nothing, 0, ERR_INPUT, "the file is empty: send a JPEG, PNG, WebP or HEIC photo");
    static const struct {
        const char *bytes, *sentence;
    } cases[] = {
        { "%PDF-1.7 and so on", "the file is a PDF document, not a JPEG, PNG, WebP or HEIC photo: send a photo" },
        { "GIF89a and so on", "the file is a GIF picture, not a JPEG, PNG, WebP or HEIC photo: send a photo" },
        { "\1\1\1\x20"
          "ftypavifmif1",
          "the file is an AVIF picture, not a JPEG, PNG, WebP or HEIC photo: send a photo" },
        { "\1\1\1\x20"
          "ftypisommif1",
          "the file is a video, not a JPEG, PNG, WebP or HEIC photo: send a photo" },
        { "\1\2\3\4\5", "the file is of an unknown kind, not a JPEG, PNG, WebP or HEIC photo: send a photo" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        check_refusal((const uint8_t *)cases[i].bytes, strlen(cases[i].bytes), ERR_INPUT, cases[i].sentence);
    }
}

static void an_animation_is_refused(void)
{
    static const uint8_t bytes[] = "RIFF\x2E\0\0\0WEBPVP8X\x0A\0\0\0\x02\0\0\0\x2F\0\0\x1F\0\0"
                                   "ANIM\6\0\0\0\xFF\xFF\xFF\xFF\0\0ANMF\0\0\0";
    check_refusal(bytes, sizeof bytes, ERR_INPUT, "the WebP file is an animation: send a still photo");
}

static void too_many_bytes_are_refused_unread(void)
{
    uint8_t *data = mem_array(uint8_t, LIMIT_IMAGE_BYTES + 1);
    check_refusal(data, LIMIT_IMAGE_BYTES + 1, ERR_LIMIT,
                  "the photo has 26 MB; at most 25 MB are accepted: send a smaller copy");
    mem_free(data);
}

static void heic_without_its_program_is_refused_with_advice(void)
{
    buf b = fixture("rgb.heic");
    check_refusal(b.data, b.len, ERR_INPUT, "HEIC photos need the tryon-heic helper; send a JPEG instead");
    buf_free(&b);
}

static void a_file_that_is_not_there_is_named(void)
{
    image im = { 0 };
    err e = { 0 };
    CHECK(!image_load("/nowhere/photo.jpg", 0, &im, NULL, &e));
    CHECK(e.code == ERR_NOT_FOUND && strstr(e.msg, "/nowhere/photo.jpg"));
}

// ---- writing ----

static void what_is_written_reads_back_the_same(void)
{
    for (uint32_t channels = 1; channels <= 4; channels++) {
        if (channels == 2) continue;
        image im = image_new(7, 5, channels), got = { 0 };
        for (uint32_t i = 0; i < 7 * 5 * channels; i++) im.px[i] = (uint8_t)(i * 37);
        if (channels == 4) {
            for (uint32_t i = 0; i < 7 * 5; i++) im.px[4 * i + 3] = 255;
        }
        buf b = buf_new(1 << 20);
        err e = { 0 };
        CHECK(image_encode_png(&im, &b, &e));
        CHECK(image_decode(b.data, b.len, 0, &got, NULL, &e));
        int bad = 0;
        for (uint32_t i = 0; i < 7 * 5; i++) {
            for (uint32_t c = 0; c < 3; c++) bad += got.px[3 * i + c] != im.px[i * channels + (channels > 1 ? c : 0)];
        }
        CHECK(bad == 0);
        image_free(&got);
        image_free(&im);
        buf_free(&b);
    }
}

static void a_buffer_that_is_too_small_is_left_as_it_was(void)
{
    image im = pattern_image();
    buf b = buf_new(100);
    put(&b, "before", 6);
    err e = { 0 };
    CHECK(!image_encode_png(&im, &b, &e) && e.code == ERR_LIMIT && b.len == 6);
    CHECK(!image_encode_jpeg(&im, 90, &b, &e) && e.code == ERR_LIMIT && b.len == 6);
    CHECK(memcmp(b.data, "before", 6) == 0);
    buf_free(&b);
    image_free(&im);
}

static void the_ending_chooses_the_format(void)
{
    image im = pattern_image(), got = { 0 };
    err e = { 0 };
    const char *names[] = { "picture_test.png", "picture_test.jpg" };
    for (int i = 0; i < 2; i++) {
        CHECK(image_save(&im, names[i], &e));
        CHECK(image_load(names[i], 0, &got, NULL, &e));
        CHECK(worst_difference(&got, &im) <= (i ? 100 : 0)); // the JPEG's chroma is halved
        image_free(&got);
        remove(names[i]);
    }
    CHECK(!image_save(&im, "picture.gif", &e));
    CHECK_STR(e.msg, "picture.gif: a picture's name must end in .png or .jpg");
    image_free(&im);
}

TEST_MAIN(RUN(lossless_formats_give_the_very_pixels); RUN(lossy_formats_give_nearly_the_pixels);
          RUN(a_grey_photo_becomes_rgb); RUN(palettes_and_few_bits_are_expanded); RUN(transparency_is_laid_on_white);
          RUN(a_single_pixel_is_a_picture); RUN(a_large_photo_is_reduced_to_the_side_asked_for);
          RUN(exif_tells_orientation_and_focal_length_in_both_byte_orders); RUN(broken_exif_is_no_exif);
          RUN(all_eight_orientations_give_the_same_upright_picture); RUN(webp_tells_its_orientation_too);
          RUN(a_truncated_file_is_refused); RUN(no_length_of_a_file_but_the_whole_is_accepted);
          RUN(a_damaged_jpeg_is_refused); RUN(oddities_that_harm_no_pixel_are_accepted);
          RUN(a_bomb_is_refused_by_its_header); RUN(what_is_not_a_photo_is_named); RUN(an_animation_is_refused);
          RUN(too_many_bytes_are_refused_unread); RUN(heic_without_its_program_is_refused_with_advice);
          RUN(a_file_that_is_not_there_is_named); RUN(what_is_written_reads_back_the_same);
          RUN(a_buffer_that_is_too_small_is_left_as_it_was); RUN(the_ending_chooses_the_format);)
