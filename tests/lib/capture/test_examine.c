// The whole capture, networks included, on pictures of our own mannequin.
#include "base/mem.h"
#include "capture/capture.h"
#include "capture/mask.h"
#include "image/decode.h"
#include "networks.h"
#include "test.h"

#include <stdlib.h>
#include <unistd.h>

static char dir[] = "/tmp/tryon-examine-XXXXXX";
static capture *one, *two; // with one thread and with two
static image front, side;

static capture_evidence examine(capture *c, const image *photo, capture_view view)
{
    err e = { 0 };
    capture_evidence ev = { 0 };
    CHECK(capture_examine(c, photo, view, &ev, &e));
    if (e.code) printf("%s\n", e.msg);
    return ev;
}

// The true outline of a mannequin: whatever is darker than the plain ground of 234 by more than JPEG's noise.
static double overlap_with_truth(const image *photo, const capture_evidence *ev)
{
    size_t both = 0, either = 0;
    for (size_t i = 0; i < (size_t)photo->width * photo->height; i++) {
        bool truth = photo->px[i * 3 + 2] < 222, mask = ev->mask.px[i] != 0;
        both += truth && mask;
        either += truth || mask;
    }
    return (double)both / (double)either;
}

static void a_mannequin_is_found_outlined_and_accepted(void)
{
    capture_evidence ev = examine(one, &front, VIEW_FRONT);
    CHECK(ev.verdict == 0 && ev.people == 1 && ev.score > 0.9f);
    CHECK(ev.facing_deg < 10);
    // The body is 540 px tall with 10 px of outline to each 150 of area: an edge half a pixel off costs 3 %.
    CHECK(overlap_with_truth(&front, &ev) > 0.94);
    const capture_landmark *l = ev.at;
    float height = (float)(ev.bottom - ev.top), middle = (float)(ev.left + ev.right) / 2;
    // The person's left is the picture's right, and the body is symmetric to about the landmark noise of 1 %.
    CHECK(l[LM_LEFT_WRIST].x > l[LM_LEFT_SHOULDER].x && l[LM_RIGHT_WRIST].x < l[LM_RIGHT_SHOULDER].x);
    for (int k = LM_LEFT_SHOULDER; k <= LM_LEFT_TOE; k += 2) {
        CHECK_NEAR(l[k].x + l[k + 1].x, 2 * middle, 0.03 * height);
        CHECK_NEAR(l[k].y, l[k + 1].y, 0.015 * height);
        CHECK_NEAR(ev.world[k][0], -ev.world[k + 1][0], 0.05);
        CHECK(l[k].visibility > 0.5f && l[k].presence > 0.5f);
    }
    // Proportions of a body: nose 7 %, shoulders 19 %, hips 47 %, knees 71 %, ankles 94 % down from the crown.
    static const struct {
        int at;
        double down;
    } LEVELS[] = { { LM_NOSE, 0.075 },
                   { LM_LEFT_SHOULDER, 0.19 },
                   { LM_LEFT_HIP, 0.47 },
                   { LM_LEFT_KNEE, 0.71 },
                   { LM_LEFT_ANKLE, 0.94 } };
    for (size_t i = 0; i < sizeof LEVELS / sizeof *LEVELS; i++) {
        CHECK_NEAR((l[LEVELS[i].at].y - (float)ev.top) / height, LEVELS[i].down, 0.03);
    }
    capture_evidence_free(&ev);
    CHECK(ev.mask.px == NULL);
}

static void a_side_view_is_seen_from_the_side(void)
{
    capture_evidence ev = examine(one, &side, VIEW_SIDE);
    CHECK(ev.verdict == 0);
    CHECK_NEAR(ev.facing_deg, 90, 15); // the network's own scatter is a few degrees
    CHECK(overlap_with_truth(&side, &ev) > 0.94);
    capture_evidence_free(&ev);
    ev = examine(one, &side, VIEW_FRONT);
    CHECK(ev.verdict & VERDICT_NOT_FACING && !(ev.verdict & VERDICT_REFUSED));
    capture_evidence_free(&ev);
}

static void a_mirrored_photo_has_the_mirrored_evidence(void)
{
    image turned = image_mirror(&front);
    capture_evidence a = examine(one, &front, VIEW_FRONT), seen = examine(one, &turned, VIEW_FRONT), b;
    capture_mirror(&seen, &b);
    // Both are looked at in both; what is left is the rounding of floats, which may turn a pixel on the threshold.
    for (int k = 0; k < CAPTURE_LANDMARKS; k++) {
        CHECK_NEAR(a.at[k].x, b.at[k].x, 0.02);
        CHECK_NEAR(a.at[k].y, b.at[k].y, 0.02);
        CHECK_NEAR(a.world[k][0], b.world[k][0], 1e-4);
    }
    size_t differ = 0;
    for (size_t i = 0; i < (size_t)front.width * front.height; i++) differ += a.mask.px[i] != b.mask.px[i];
    CHECK(differ < 20);
    CHECK(a.verdict == b.verdict && a.people == b.people);
    CHECK_NEAR(a.looseness, b.looseness, 1e-3);
    capture_evidence_free(&a);
    capture_evidence_free(&b);
    capture_evidence_free(&seen);
    image_free(&turned);
}

static void a_photo_of_half_the_size_shows_the_same(void)
{
    image half = image_resize(&front, front.width / 2, front.height / 2);
    capture_evidence a = examine(one, &front, VIEW_FRONT), b = examine(one, &half, VIEW_FRONT);
    float height = (float)(a.bottom - a.top);
    for (int k = LM_LEFT_SHOULDER; k <= LM_RIGHT_ANKLE; k++) {
        if (k > LM_RIGHT_WRIST && k < LM_LEFT_HIP) continue;           // the hands' points are not used
        CHECK_NEAR(a.at[k].x / height, 2 * b.at[k].x / height, 0.005); // the network's own grain: a cell is 0.4 %
        CHECK_NEAR(a.at[k].y / height, 2 * b.at[k].y / height, 0.005);
    }
    CHECK_NEAR(a.looseness, b.looseness, 0.05); // its pixels are 0.4 % of the height broad, folds half of that
    CHECK(a.verdict == b.verdict);
    capture_evidence_free(&a);
    capture_evidence_free(&b);
    image_free(&half);
}

static void the_same_photo_gives_the_same_bytes_on_any_thread_count(void)
{
    capture_evidence a = examine(one, &front, VIEW_FRONT), b = examine(two, &front, VIEW_FRONT);
    size_t n = (size_t)front.width * front.height;
    CHECK(memcmp(a.mask.px, b.mask.px, n) == 0 && memcmp(a.soft_mask.px, b.soft_mask.px, n) == 0);
    CHECK(memcmp(a.at, b.at, sizeof a.at) == 0 && memcmp(a.world, b.world, sizeof a.world) == 0);
    CHECK(a.score == b.score && a.verdict == b.verdict);
    capture_evidence_free(&a);
    capture_evidence_free(&b);
}

static unsigned verdict_of(const image *photo)
{
    capture_evidence ev = examine(two, photo, VIEW_FRONT);
    unsigned v = ev.verdict;
    CHECK(ev.mask.width == photo->width && ev.soft_mask.height == photo->height);
    capture_evidence_free(&ev);
    return v;
}

static void bodies_cut_at_the_edge_are_refused(void)
{
    capture_evidence ev = examine(one, &front, VIEW_FRONT);
    uint32_t top = ev.top, bottom = ev.bottom, height = bottom - top;
    capture_evidence_free(&ev);
    const uint32_t percent[] = { 4, 10, 20, 45 };
    for (int i = 0; i < 4; i++) {
        image cut = image_crop(&front, 0, 0, front.width, bottom - height * percent[i] / 100);
        CHECK(verdict_of(&cut) & VERDICT_FEET_CUT);
        image_free(&cut);
    }
    for (int i = 0; i < 2; i++) {
        uint32_t y = top + height * percent[i] / 100;
        image cut = image_crop(&front, 0, y, front.width, front.height - y);
        CHECK(verdict_of(&cut) & VERDICT_HEAD_CUT);
        image_free(&cut);
    }
    image whole = image_crop(&front, 0, top - 4, front.width, height + 8); // tight, but nothing is missing
    CHECK(verdict_of(&whole) == 0);
    image_free(&whole);
}

static void small_dark_and_lying_bodies_are_refused(void)
{
    image small = image_resize(&front, 180, 225);
    CHECK((verdict_of(&small) & VERDICT_REFUSED) == VERDICT_TOO_SMALL); // arms may seem to touch her, 2 pixels away
    image_free(&small);
    image dark = image_copy(&front);
    image lying = image_new(front.height, front.width, 3);
    for (uint32_t y = 0; y < front.height; y++) {
        for (uint32_t x = 0; x < front.width; x++) {
            memcpy(image_at(&lying, front.height - 1 - y, x), image_at(&front, x, y), 3);
            for (uint32_t c = 0; c < 3; c++) image_at(&dark, x, y)[c] /= 8;
        }
    }
    CHECK(verdict_of(&dark) & VERDICT_TOO_DARK);
    CHECK(verdict_of(&lying) & VERDICT_NOT_STANDING);
    image_free(&dark);
    image_free(&lying);
}

static void a_second_person_is_noticed(void)
{
    image pair = image_new(front.width * 2, front.height, 3);
    for (uint32_t y = 0; y < front.height; y++) {
        memcpy(image_at(&pair, 0, y), image_at(&front, 0, y), (size_t)front.width * 3);
        memcpy(image_at(&pair, front.width, y), image_at(&front, 0, y), (size_t)front.width * 3);
    }
    capture_evidence ev = examine(two, &pair, VIEW_FRONT);
    CHECK(ev.people == 2 && ev.verdict == VERDICT_SEVERAL_PEOPLE);
    CHECK(ev.right <= front.width || ev.left >= front.width); // and only one is outlined
    capture_evidence_free(&ev);
    // Who is meant can be said with a box.
    for (uint32_t i = 0; i < 2; i++) {
        double left = front.width * i, box[4] = { left + 40, 0, left + front.width - 40, front.height };
        err e = { 0 };
        CHECK(capture_examine_person(two, &pair, VIEW_FRONT, box, &ev, &e));
        CHECK(ev.people == 2 && ev.left >= front.width * i && ev.right <= front.width * (i + 1));
        capture_evidence_free(&ev);
    }
    CHECK(capture_examine_person(two, &pair, VIEW_FRONT, (double[]){ 0, 0, 30, 30 }, &ev, &(err){ 0 }));
    CHECK(ev.verdict == VERDICT_NO_PERSON);
    capture_evidence_free(&ev);
    image_free(&pair);
}

static void a_picture_of_nobody_is_no_person(void)
{
    const uint32_t sizes[][2] = { { 1, 1 }, { 1, 400 }, { 700, 3 }, { 640, 480 } };
    for (int i = 0; i < 4; i++) {
        image blank = image_new(sizes[i][0], sizes[i][1], 3);
        memset(blank.px, 128, (size_t)blank.width * blank.height * 3);
        CHECK(verdict_of(&blank) == VERDICT_NO_PERSON);
        image_free(&blank);
    }
    image night = image_new(300, 300, 3);
    CHECK(verdict_of(&night) == (VERDICT_NO_PERSON | VERDICT_TOO_DARK));
    image_free(&night);
    // Stripes, a chequer and a disc: structure, but no person.
    image shapes = image_new(500, 500, 3);
    for (uint32_t y = 0; y < 500; y++) {
        for (uint32_t x = 0; x < 500; x++) {
            int dx = (int)x - 250, dy = (int)y - 250;
            bool disc = dx * dx + dy * dy < 150 * 150;
            memset(image_at(&shapes, x, y), disc ? ((x / 20 + y / 20) % 2 ? 220 : 90) : (int)(x / 25 % 2 * 80), 3);
        }
    }
    CHECK(verdict_of(&shapes) == VERDICT_NO_PERSON);
    image_free(&shapes);
}

static void missing_networks_are_named(void)
{
    err e = { 0 };
    CHECK(capture_open(&(capture_options){ "/tmp/tryon-no-such-folder", 1 }, &e) == NULL);
    CHECK(e.code == ERR_NOT_FOUND && strstr(e.msg, "pose_detection.onnx"));
}

static void open_all(void)
{
    static const int NEEDED[] = { 0, 3 };
    err e = { 0 };
    char path[512];
    bool ok = mkdtemp(dir) != NULL;
    for (int i = 0; i < 2; i++) ok = ok && network_write(NEEDED[i], dir, path, sizeof path, &e);
    ok = ok && image_load(FIXTURES "/capture/mannequin_front.jpg", 0, &front, NULL, &e) &&
         image_load(FIXTURES "/capture/mannequin_side.jpg", 0, &side, NULL, &e);
    one = ok ? capture_open(&(capture_options){ dir, 0 }, &e) : NULL;
    two = ok ? capture_open(&(capture_options){ dir, 2 }, &e) : NULL;
    if (one && two) return;
    printf("%s\n", e.msg);
    exit(1);
}

static void close_all(void)
{
    capture_close(one);
    capture_close(two);
    image_free(&front);
    image_free(&side);
    static const char *const FILES[] = { "pose_detection.onnx", "pose_landmark_heavy.onnx" };
    for (int i = 0; i < 2; i++) {
        char path[512];
        snprintf(path, sizeof path, "%s/%s", dir, FILES[i]);
        unlink(path);
    }
    rmdir(dir);
}

TEST_MAIN(open_all(); RUN(a_mannequin_is_found_outlined_and_accepted); RUN(a_side_view_is_seen_from_the_side);
          RUN(a_mirrored_photo_has_the_mirrored_evidence); RUN(a_photo_of_half_the_size_shows_the_same);
          RUN(the_same_photo_gives_the_same_bytes_on_any_thread_count); RUN(bodies_cut_at_the_edge_are_refused);
          RUN(small_dark_and_lying_bodies_are_refused); RUN(a_second_person_is_noticed);
          RUN(a_picture_of_nobody_is_no_person); RUN(missing_networks_are_named); close_all();)
