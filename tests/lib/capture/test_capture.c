// The maths around the networks, without them.
#include "base/mem.h"
#include "base/rng.h"
#include "capture/capture.h"
#include "capture/detect.h"
#include "capture/guided.h"
#include "capture/landmarks.h"
#include "capture/looseness.h"
#include "capture/mask.h"
#include "capture/verdict.h"
#include "test.h"

// --- the detector ---

static void there_are_2254_anchors_at_cell_centres(void)
{
    float a[DETECT_ANCHORS][2];
    detect_anchors(a);
    CHECK_NEAR(a[0][0], 0.5 / 28, 1e-7); // float rounding here and below
    CHECK_NEAR(a[0][1], 0.5 / 28, 1e-7);
    CHECK(a[1][0] == a[0][0] && a[1][1] == a[0][1]); // two a cell
    CHECK_NEAR(a[2][0], 1.5 / 28, 1e-7);
    CHECK_NEAR(a[56][1], 1.5 / 28, 1e-7);
    CHECK_NEAR(a[1568][0], 0.5 / 14, 1e-7); // 28 * 28 * 2
    CHECK_NEAR(a[1959][1], 13.5 / 14, 1e-7);
    CHECK_NEAR(a[1960][0], 0.5 / 7, 1e-7);                      // 14 * 14 * 2 later
    CHECK(a[1965][0] == a[1960][0] && a[1966][0] > a[1965][0]); // six a cell
    CHECK_NEAR(a[DETECT_ANCHORS - 1][0], 6.5 / 7, 1e-7);
    CHECK_NEAR(a[DETECT_ANCHORS - 1][1], 6.5 / 7, 1e-7);
}

static void decoding_adds_pixels_to_the_anchor(void)
{
    float *boxes = mem_array(float, (size_t)DETECT_ANCHORS * 12), *logits = mem_array(float, DETECT_ANCHORS);
    for (int i = 0; i < DETECT_ANCHORS; i++) logits[i] = -20;
    const float v[12] = { 22.4f, -22.4f, 44.8f, 67.2f, 0, 112, 11.2f, 0, 1, 2, 3, 4 };
    memcpy(boxes + (size_t)1568 * 12, v, sizeof v);
    logits[1568] = 0; // one half
    logits[7] = 5;    // certain, but of negative width
    boxes[7 * 12 + 2] = -1;
    detection *d = mem_array(detection, DETECT_ANCHORS);
    CHECK(detect_decode(boxes, logits, 0.3f, d) == 1);
    float ax = 0.5f / 14;
    CHECK_NEAR(d[0].score, 0.5, 1e-6); // float rounding
    CHECK_NEAR(d[0].box[0], ax + 0.1 - 0.1, 1e-6);
    CHECK_NEAR(d[0].box[1], ax - 0.1 - 0.15, 1e-6);
    CHECK_NEAR(d[0].box[2], ax + 0.1 + 0.1, 1e-6);
    CHECK_NEAR(d[0].box[3], ax - 0.1 + 0.15, 1e-6);
    CHECK_NEAR(d[0].at[0][1], ax + 0.5, 1e-6);
    CHECK_NEAR(d[0].at[1][0], ax + 0.05, 1e-6);
    CHECK(detect_decode(boxes, logits, 0.51f, d) == 0);
    mem_free(boxes);
    mem_free(logits);
    mem_free(d);
}

static detection box_at(float x, float y, float score)
{
    detection d = { score, { x, y, x + 0.2f, y + 0.2f }, { { x, y } } };
    return d;
}

static void overlapping_detections_become_their_weighted_mean(void)
{
    detection d[] = { box_at(0.6f, 0.6f, 0.4f), box_at(0.12f, 0.1f, 0.3f), box_at(0.1f, 0.1f, 0.9f),
                      box_at(0.25f, 0.1f, 0.5f) };
    CHECK(detect_merge(d, 4) == 3);
    // The best takes in its neighbour 0.02 away (overlap 0.82); the one 0.15 away overlaps by 1/7 and stays.
    CHECK_NEAR(d[0].score, 0.9, 1e-7);
    CHECK_NEAR(d[0].box[0], (0.9 * 0.1 + 0.3 * 0.12) / 1.2, 1e-6);
    CHECK_NEAR(d[0].at[0][0], (0.9 * 0.1 + 0.3 * 0.12) / 1.2, 1e-6);
    CHECK(d[1].score == 0.5f && d[2].score == 0.4f);
    CHECK(detect_merge(d, 0) == 0);
    detection turned = { 0.5f, { 0.125f, 0.25f, 0.5f, 0.75f }, { { 0.25f, 0.5f } } };
    detect_mirror(&turned, 1);
    CHECK(turned.box[0] == 0.5f && turned.box[1] == 0.25f && turned.box[2] == 0.875f && turned.box[3] == 0.75f);
    CHECK(turned.at[0][0] == 0.75f && turned.at[0][1] == 0.5f);
}

static void the_letterbox_is_undone(void)
{
    image_roi r = detect_letterbox(400, 800);
    CHECK(r.cx == 200 && r.cy == 400 && r.size == 800 && r.rot == 0);
    detection d = { .box = { 0.25f, 0, 0.75f, 1 }, .at = { { 0.5f, 0.5f } } };
    detect_unletterbox(&d, 1, 400, 800);
    CHECK(d.box[0] == 0 && d.box[2] == 400 && d.box[1] == 0 && d.box[3] == 800);
    CHECK(d.at[0][0] == 200 && d.at[0][1] == 400);
}

static void the_square_around_a_body_turns_with_it(void)
{
    const float hip[2] = { 100, 200 };
    image_roi up = detect_roi(hip, (const float[]){ 100, 100 });
    CHECK(up.cx == 100 && up.cy == 200);
    CHECK_NEAR(up.size, 250, 1e-4); // 2 * 100 * 1.25, float rounding
    CHECK_NEAR(up.rot, 0, 1e-6);
    CHECK_NEAR(detect_roi(hip, (const float[]){ 200, 200 }).rot, acos(-1) / 2, 1e-5); // lying, head to the right
    CHECK_NEAR(detect_roi(hip, (const float[]){ 0, 200 }).rot, -acos(-1) / 2, 1e-5);
    CHECK_NEAR(fabs((double)detect_roi(hip, (const float[]){ 100, 300 }).rot), acos(-1), 1e-5); // head down
}

static void a_large_person_in_the_middle_outweighs_one_at_the_side(void)
{
    detection middle = { .score = 0.34f, .at = { { 300, 400 }, { 300, 100 } } };
    detection side = { .score = 0.97f, .at = { { 60, 400 }, { 60, 200 } } };
    CHECK(detect_weight(&middle, 600) > detect_weight(&side, 600));
}

// --- landmarks ---

static void a_point_moves_to_the_mean_of_its_bright_spot(void)
{
    size_t count = (size_t)POSE_HEAT_SIDE * POSE_HEAT_SIDE * POSE_POINTS;
    float *heat = mem_array(float, count);
    for (size_t i = 0; i < count; i++) heat[i] = -100;
    pose *p = mem_new(1, sizeof *p);
    for (int k = 0; k < POSE_POINTS; k++) p->at[k][0] = p->at[k][1] = 30.5f / 64;
    heat[(30 * 64 + 31) * POSE_POINTS + 0] = 10; // two cells right of one another: the mean is between
    heat[(30 * 64 + 32) * POSE_POINTS + 0] = 10;
    heat[(30 * 64 + 34) * POSE_POINTS + 1] = 10; // outside the 7 x 7 cells around point 1
    heat[(30 * 64 + 31) * POSE_POINTS + 2] = -1; // not sure enough
    p->at[3][0] = 1.2f;                          // outside the map
    p->at[4][0] = p->at[4][1] = 0;               // the window is cut at the border
    heat[(2 * 64 + 1) * POSE_POINTS + 4] = 10;
    pose_refine(p, heat);
    CHECK_NEAR(p->at[0][0], 31.5 / 64, 1e-6); // float rounding
    CHECK_NEAR(p->at[0][1], 30.0 / 64, 1e-6);
    CHECK(p->at[1][0] == 30.5f / 64 && p->at[2][0] == 30.5f / 64 && p->at[3][0] == 1.2f);
    CHECK_NEAR(p->at[4][0], 1.0 / 64, 1e-6);
    CHECK_NEAR(p->at[4][1], 2.0 / 64, 1e-6);
    mem_free(heat);
    mem_free(p);
}

static void mirroring_twice_gives_the_pose_back(void)
{
    rng r = rng_new(3);
    pose *a = mem_new(1, sizeof *a), *b = mem_new(1, sizeof *b);
    for (int k = 0; k < POSE_POINTS; k++) {
        // Multiples of 1/256, so that 1 - x is exact.
        for (int i = 0; i < 3; i++) a->at[k][i] = a->world[k][i] = (float)rng_below(&r, 256) / 256;
        a->visibility[k] = (float)k;
    }
    for (int i = 0; i < POSE_SIDE * POSE_SIDE; i++) a->mask[i] = (float)rng_below(&r, 256);
    *b = *a;
    pose_mirror(b);
    CHECK(b->at[LM_LEFT_WRIST][0] == 1 - a->at[LM_RIGHT_WRIST][0]);
    CHECK(b->at[LM_LEFT_WRIST][1] == a->at[LM_RIGHT_WRIST][1]);
    CHECK(b->world[LM_RIGHT_KNEE][0] == -a->world[LM_LEFT_KNEE][0]);
    CHECK(b->visibility[1] == 4 && b->visibility[6] == 3 && b->visibility[LM_NOSE] == 0);
    CHECK(b->mask[5] == a->mask[POSE_SIDE - 6]);
    pose_mirror(b);
    CHECK(memcmp(a, b, sizeof *a) == 0);
    mem_free(a);
    mem_free(b);
}

static void poses_are_mixed_by_their_shares(void)
{
    pose *a = mem_new(2, sizeof *a), *b = a + 1;
    a->at[3][1] = 0.25f, b->at[3][1] = 0.75f;
    b->mask[77] = 1;
    a->flag = 0.5f, b->flag = 0.9f;
    pose_mix(a, b, 0.25f);
    CHECK_NEAR(a->at[3][1], 0.375, 1e-6);
    CHECK_NEAR(a->mask[77], 0.25, 1e-6);
    CHECK_NEAR(a->flag, 0.6, 1e-6);
    mem_free(a);
}

static void a_pose_in_a_wider_crop_is_the_pose_in_the_crop(void)
{
    pose *a = mem_new(1, sizeof *a);
    a->at[LM_NOSE][0] = 0.6f, a->at[LM_NOSE][1] = 0.3f;
    // A slope of probability, which bilinear sampling keeps exactly but for floats.
    for (int y = 0; y < POSE_SIDE; y++)
        for (int x = 0; x < POSE_SIDE; x++) a->mask[y * POSE_SIDE + x] = (float)(x + 2 * y) / 1024;
    pose_narrow(a, 1.25f);
    CHECK_NEAR(a->at[LM_NOSE][0], 0.625, 1e-6);
    CHECK_NEAR(a->at[LM_NOSE][1], 0.25, 1e-6);
    CHECK_NEAR(a->mask[127 * POSE_SIDE + 127], 3 * (127.5 - 0.5 / 1.25) / 1024, 1e-5);
    CHECK_NEAR(a->mask[127 * POSE_SIDE + 227], (127.5 + 99.5 / 1.25 + 2 * (127.5 - 0.5 / 1.25)) / 1024, 1e-5);
    mem_free(a);
}

static void a_crop_point_lands_where_it_was_sampled(void)
{
    image_roi roi = { 100, 50, 200, (float)(acos(-1) / 2) };
    float x, y, w[3];
    pose_point(&roi, 0.5f, 0.5f, &x, &y);
    CHECK(x == 100 && y == 50);
    pose_point(&roi, 0.5f, 0, &x, &y); // up in the crop is right in the photo
    CHECK_NEAR(x, 200, 1e-3);          // float rounding of 200 px
    CHECK_NEAR(y, 50, 1e-3);
    pose_world(&roi, (const float[]){ 0, -1, 0.25f }, w);
    CHECK_NEAR(w[0], 1, 1e-6);
    CHECK_NEAR(w[1], 0, 1e-6);
    CHECK(w[2] == 0.25f);
}

// --- masks ---

static void the_largest_part_stays_and_corners_join(void)
{
    uint8_t m[] = "##...."
                  "..#..#"
                  ".....#"
                  "#.....";
    for (int i = 0; i < 24; i++) m[i] = m[i] == '#';
    CHECK(mask_keep_largest(m, 6, 4) == 3);
    const char *want = "##......#...............";
    for (int i = 0; i < 24; i++) CHECK((m[i] != 0) == (want[i] == '#'));
    memset(m, 0, 24);
    CHECK(mask_keep_largest(m, 6, 4) == 0);
    CHECK(mask_bounds(m, 6, 4).bottom == 0);
}

static void small_holes_are_filled_and_large_ones_left(void)
{
    enum { W = 9, H = 6 };
    const char *have = "#########"
                       "#.##...##"
                       "####...##"
                       "##.#...##"
                       "#.###.###"
                       "#########";
    uint8_t m[W * H];
    for (int i = 0; i < W * H; i++) m[i] = have[i] == '#';
    mask_fill_holes(m, W, H, 2);
    CHECK(m[1 * W + 1] && m[3 * W + 2] && m[4 * W + 1]); // single pixels: gaps join by their sides only
    CHECK(!m[1 * W + 4] && !m[4 * W + 5]);               // the gap of ten
    m[1 * W] = 0;                                        // a gap that reaches the border is outside
    mask_fill_holes(m, W, H, 100);
    CHECK(!m[1 * W] && m[1 * W + 4]);
}

static void parts_agree_with_flood_filling(void)
{
    enum { W = 40, H = 30 };
    rng r = rng_new(11);
    for (int round = 0; round < 50; round++) {
        uint8_t m[W * H], label[W * H] = { 0 };
        for (int i = 0; i < W * H; i++) m[i] = rng_below(&r, 100) < 42;
        size_t largest = 0;
        for (int i = 0; i < W * H; i++) {
            if (!m[i] || label[i]) continue;
            int stack[W * H], n = 0;
            size_t area = 0;
            stack[n++] = i, label[i] = 1;
            while (n) {
                int at = stack[--n], x = at % W, y = at / W;
                area++;
                for (int dy = -1; dy <= 1; dy++) {
                    for (int dx = -1; dx <= 1; dx++) {
                        int nx = x + dx, ny = y + dy;
                        if (nx < 0 || ny < 0 || nx >= W || ny >= H || !m[ny * W + nx] || label[ny * W + nx]) continue;
                        label[ny * W + nx] = 1;
                        stack[n++] = ny * W + nx;
                    }
                }
            }
            if (area > largest) largest = area;
        }
        size_t kept = mask_keep_largest(m, W, H), left = 0;
        for (int i = 0; i < W * H; i++) left += m[i] != 0;
        CHECK(kept == largest && left == largest);
    }
}

static void the_second_look_encloses_what_the_first_saw(void)
{
    float *p = mem_array(float, (size_t)POSE_SIDE *POSE_SIDE);
    image_roi roi = { 300, 400, 512, 0 }, out;
    CHECK(!mask_roi(p, POSE_SIDE, &roi, &out));
    for (int y = 28; y < 228; y++) {
        for (int x = 108; x < 168; x++) p[y * POSE_SIDE + x] = 0.9f;
    }
    p[0] = 0.9f; // a speck elsewhere
    CHECK(mask_roi(p, POSE_SIDE, &roi, &out));
    // Two photo pixels a cell: 200 cells tall, its middle 10 cells right of the crop's.
    CHECK_NEAR(out.cx, 320, 1e-3);
    CHECK_NEAR(out.cy, 400, 1e-3);
    // A hard edge is found where the probability, linear between cells, is a half: 0.05 cells farther in at each end.
    CHECK_NEAR(out.size, 399.78 * 1.12, 1e-2);
    CHECK(out.rot == roi.rot);
    mem_free(p);
}

// --- the guided filter ---

// The definition, window by window, in double precision.
static void slow_guided(const image *im, const uint16_t *p, int radius, double eps, double *out)
{
    int w = (int)im->width, h = (int)im->height;
    double *model = mem_array(double, (size_t)(w * h) * 4);
    for (int pass = 0; pass < 2; pass++) {
        for (int y = 0; y < h; y++) {
            for (int x = 0; x < w; x++) {
                double n = 0, m[4] = { 0 }, c[3][4] = { { 0 } }, mean[4] = { 0 };
                for (int v = y - radius; v <= y + radius; v++) {
                    for (int u = x - radius; u <= x + radius; u++) {
                        if (u < 0 || v < 0 || u >= w || v >= h) continue;
                        const uint8_t *px = image_at(im, (uint32_t)u, (uint32_t)v);
                        double q[4] = { px[0] / 255.0, px[1] / 255.0, px[2] / 255.0,
                                        p[v * w + u] / (double)GUIDED_ONE };
                        n++;
                        for (int i = 0; i < 4; i++) {
                            mean[i] += q[i], m[i] += model[(v * w + u) * 4 + i];
                            for (int j = 0; i < 3 && j < 4; j++) c[i][j] += q[i] * q[j];
                        }
                    }
                }
                if (pass == 1) {
                    const uint8_t *px = image_at(im, (uint32_t)x, (uint32_t)y);
                    out[y * w + x] = (m[0] * px[0] + m[1] * px[1] + m[2] * px[2]) / 255 / n + m[3] / n;
                    continue;
                }
                for (int i = 0; i < 3; i++) {
                    for (int j = 0; j < 4; j++) c[i][j] = c[i][j] / n - mean[i] * mean[j] / n / n;
                    c[i][i] += eps;
                }
                for (int i = 0; i < 3; i++) { // Gauss-Jordan on [covariance | rhs]
                    for (int j = 3; j >= i; j--) c[i][j] /= c[i][i];
                    for (int k = 0; k < 3; k++) {
                        double f = c[k][i];
                        for (int j = i; k != i && j < 4; j++) c[k][j] -= f * c[i][j];
                    }
                }
                double *a = model + (y * w + x) * 4;
                for (int i = 0; i < 3; i++) a[i] = c[i][3];
                a[3] = (mean[3] - a[0] * mean[0] - a[1] * mean[1] - a[2] * mean[2]) / n;
            }
        }
    }
    mem_free(model);
}

static void the_guided_filter_is_its_definition(void)
{
    enum { W = 33, H = 150 }; // more than one strip tall
    image im = image_new(W, H, 3);
    uint16_t p[W * H];
    float *fast = mem_array(float, W *H), *threaded = mem_array(float, W *H);
    double *slow = mem_array(double, W *H);
    rng r = rng_new(8);
    for (int i = 0; i < W * H; i++) {
        int side = i % W > i / W / 6 + 4;
        for (int c = 0; c < 3; c++) im.px[i * 3 + c] = (uint8_t)(side * 120 + (int)rng_below(&r, 60));
        p[i] = (uint16_t)(side ? GUIDED_ONE - rng_below(&r, 500) : rng_below(&r, 500));
    }
    const int radii[] = { 1, 4, 20 };
    for (int k = 0; k < 3; k++) {
        guided_filter(&im, p, radii[k], 1e-3f, fast, NULL);
        slow_guided(&im, p, radii[k], 1e-3, slow);
        double worst = 0;
        for (int i = 0; i < W * H; i++) worst = fmax(worst, fabs((double)fast[i] - slow[i]));
        CHECK_NEAR(worst, 0, 1e-4); // float solves of a system whose condition is up to 1e3
        pool *threads = pool_new(3);
        guided_filter(&im, p, radii[k], 1e-3f, threaded, threads);
        CHECK(memcmp(fast, threaded, sizeof *fast * W * H) == 0);
        pool_free(threads);
    }
    mem_free(fast);
    mem_free(threaded);
    mem_free(slow);
    image_free(&im);
}

static void refinement_snaps_a_coarse_mask_to_the_photo(void)
{
    // A dark upright bar on light ground; the coarse mask of it is 4 px too wide on either side and blurred.
    image photo = image_new(200, 300, 3);
    float *p = mem_array(float, (size_t)POSE_SIDE *POSE_SIDE);
    for (uint32_t y = 0; y < 300; y++) {
        for (uint32_t x = 0; x < 200; x++) {
            bool bar = x >= 80 && x < 120 && y >= 50 && y < 250;
            memset(image_at(&photo, x, y), bar ? 40 : 210, 3);
        }
    }
    image_roi roi = { 100, 150, 300, 0 };
    for (int v = 0; v < POSE_SIDE; v++) {
        for (int u = 0; u < POSE_SIDE; u++) {
            float x, y;
            pose_point(&roi, ((float)u + 0.5f) / POSE_SIDE, ((float)v + 0.5f) / POSE_SIDE, &x, &y);
            float out = fmaxf(fabsf(x - 100) - 20, fabsf(y - 150) - 100); // px outside the bar
            p[v * POSE_SIDE + u] = 1 / (1 + expf((out - 1) * 1.5f));
        }
    }
    image soft, mask;
    mask_refine(&photo, p, POSE_SIDE, &roi, NULL, &soft, &mask);
    mask_box b = mask_bounds(mask.px, 200, 300);
    CHECK(b.left == 80 && b.right == 120 && b.top == 50 && b.bottom == 250); // exactly the bar
    CHECK(*image_at(&soft, 100, 150) > 250 && *image_at(&soft, 20, 20) == 0);
    image_free(&soft);
    image_free(&mask);
    roi.cx = -5000; // nothing of it in the photo
    mask_refine(&photo, p, POSE_SIDE, &roi, NULL, &soft, &mask);
    CHECK(mask_bounds(mask.px, 200, 300).bottom == 0);
    image_free(&soft);
    image_free(&mask);
    image_free(&photo);
    mem_free(p);
}

// --- verdicts ---

static const verdict_signs GOOD = { .foot_room = 0.06f,
                                    .foot_depth = 0.02f,
                                    .nose_depth = 0.098f,
                                    .tilt_deg = 2,
                                    .leg_ratio = 1.5f,
                                    .knee_deg = 160,
                                    .hip_deg = 172,
                                    .arm_gap = 0.9f,
                                    .knee_width = 0.06f,
                                    .calf_width = 0.055f,
                                    .light = 200 };
static const image FRAME = { .width = 600, .height = 1000, .channels = 3 };

static capture_evidence standing(void)
{
    capture_evidence ev = { .left = 200, .top = 60, .right = 400, .bottom = 940, .people = 1, .facing_deg = 5 };
    ev.at[LM_NOSE].y = 146;
    return ev;
}

// Somebody 880 px tall whose legs are 2 * 40 px broad, and waver by up to fold pixels; her trunk likewise.
static capture_evidence drawn(float fold)
{
    enum { W = 600, H = 1000, MIDDLE = W / 2 };
    capture_evidence ev = standing();
    ev.mask = image_new(W, H, 1);
    static const struct {
        int landmark;
        float out, y; // to the right for her left
    } place[] = { { LM_LEFT_SHOULDER, 85, 220 }, { LM_LEFT_ELBOW, 150, 370 }, { LM_LEFT_WRIST, 190, 480 },
                  { LM_LEFT_HIP, 40, 500 },      { LM_LEFT_KNEE, 55, 700 },   { LM_LEFT_ANKLE, 70, 900 } };
    for (size_t i = 0; i < sizeof place / sizeof *place; i++) {
        ev.at[place[i].landmark] = (capture_landmark){ MIDDLE + place[i].out, place[i].y, 0, 1, 1 };
        ev.at[place[i].landmark + 1] = (capture_landmark){ MIDDLE - place[i].out, place[i].y, 0, 1, 1 };
    }
    for (uint32_t y = 60; y < 940; y++)
        for (uint32_t x = 0; x < W; x++) {
            float off = fabsf((float)x + 0.5f - MIDDLE), down = (float)y + 0.5f, wave = fold * sinf(down / 6);
            bool trunk = y < 520 && off < 80 + wave;
            float axis = 40 + 30 * (down - 500) / 400; // the outline goes on where the trunk ends
            bool leg = y >= 500 && fabsf(off - axis) < 40 + wave;
            *image_at(&ev.mask, x, y) = trunk || leg ? 255 : 0;
        }
    ev.soft_mask = image_copy(&ev.mask);
    return ev;
}

static void a_gap_between_the_shins_that_the_mask_fills_is_shared_by_both(void)
{
    capture_evidence apart = drawn(0), filled = drawn(0);
    for (uint32_t y = 700; y < 940; y++)
        for (uint32_t x = 250; x < 350; x++) *image_at(&filled.mask, x, y) = *image_at(&filled.soft_mask, x, y) = 255;
    loose_signs a, b;
    loose_look(&apart, &a);
    loose_look(&filled, &b);
    CHECK_NEAR(a.value[LOOSE_SHIN], 80.0 / 880, 1.2 / 880);
    CHECK_NEAR(b.value[LOOSE_SHIN], (40.0 + 67) / 880, 2.0 / 880); // 67: from the bones to the middle
    capture_evidence_free(&apart);
    capture_evidence_free(&filled);
}

static void folds_and_wide_legs_are_loose_clothes(void)
{
    capture_evidence smooth = drawn(0), wavy = drawn(6);
    loose_signs a, b;
    loose_look(&smooth, &a);
    loose_look(&wavy, &b);
    CHECK_NEAR(a.value[LOOSE_KNEE], 40.0 / 880, 0.6 / 880); // half a pixel of the drawing
    CHECK_NEAR(a.value[LOOSE_SHIN], 80.0 / 880, 1.2 / 880);
    CHECK_NEAR(a.value[LOOSE_SHOULDERS], 85.0 / 880, 1e-6);
    CHECK_NEAR(a.value[LOOSE_WAIST], 80.0 / 880, 0.6 / 880);
    CHECK(a.value[LOOSE_FOREARM] == 0); // no arms are drawn
    CHECK(a.value[LOOSE_LEG_FOLDS] < 0.0006 && b.value[LOOSE_LEG_FOLDS] > 0.002);
    CHECK(a.value[LOOSE_TRUNK_FOLDS] < 0.0006 && b.value[LOOSE_TRUNK_FOLDS] > 0.002);
    loose_signs slim = a, wide = a;
    slim.value[LOOSE_KNEE] = 0.03f, slim.value[LOOSE_SHIN] = 0.035f;
    wide.value[LOOSE_THIGH] = 0.055f, wide.value[LOOSE_SHIN] = 0.08f;
    loose_signs wavy_slim = slim;
    wavy_slim.value[LOOSE_LEG_FOLDS] = b.value[LOOSE_LEG_FOLDS];
    wavy_slim.value[LOOSE_TRUNK_FOLDS] = b.value[LOOSE_TRUNK_FOLDS];
    CHECK(loose_judge(&slim) < 0.1f && loose_judge(&wide) > 0.5f && loose_judge(&b) > 0.5f);
    CHECK(loose_judge(&wavy_slim) > 10 * loose_judge(&slim));
    loose_signs unseen = { .value = { 0 } };
    CHECK(loose_judge(&unseen) > 0.1f && loose_judge(&unseen) < 0.5f); // as many as there are
    float usual[LOOSE_SIGNS], rough[LOOSE_SIGNS];
    loose_scale(&unseen, usual);
    loose_scale(&b, rough);
    for (int i = 0; i < LOOSE_SIGNS; i++) CHECK(usual[i] == 0 && fabsf(rough[i]) <= 2.5f);
    CHECK(b.seen[LOOSE_TRUNK_FOLDS] == 1 && rough[LOOSE_TRUNK_FOLDS] > 0);
    loose_signs glimpse = b; // of the trunk's sides half as much as would do is to be seen
    float less[LOOSE_SIGNS];
    glimpse.seen[LOOSE_TRUNK_FOLDS] = 0.5f;
    loose_scale(&glimpse, less);
    CHECK_NEAR(less[LOOSE_TRUNK_FOLDS], rough[LOOSE_TRUNK_FOLDS] / 2, 1e-6);
    capture_evidence_free(&smooth);
    capture_evidence_free(&wavy);
}

static void a_good_photo_has_no_verdict(void)
{
    capture_evidence ev = standing();
    CHECK(verdict_judge(&GOOD, &ev, &FRAME, VIEW_FRONT) == 0);
    CHECK(capture_refusal(0) == NULL);
    ev.facing_deg = 92;
    CHECK(verdict_judge(&GOOD, &ev, &FRAME, VIEW_FRONT) == VERDICT_NOT_FACING);
    verdict_signs s = GOOD;
    s.arm_gap = 0, s.knee_width = s.calf_width = 0.04f, ev.looseness = 0.9f;
    CHECK(verdict_judge(&s, &ev, &FRAME, VIEW_SIDE) == 0); // arms and hems are not judged from the side
    ev.facing_deg = 10;
    CHECK(verdict_judge(&s, &ev, &FRAME, VIEW_SIDE) == VERDICT_NOT_FACING);
}

static void cut_bodies_are_refused(void)
{
    capture_evidence ev = standing();
    verdict_signs s = GOOD;
    s.foot_room = -0.01f;
    CHECK(verdict_judge(&s, &ev, &FRAME, VIEW_FRONT) == VERDICT_FEET_CUT);
    ev.bottom = 1000;
    s.foot_room = 0.01f; // shorter than a sole
    CHECK(verdict_judge(&s, &ev, &FRAME, VIEW_FRONT) == VERDICT_FEET_CUT);
    s.foot_room = 0.03f; // the soles just touch the edge
    CHECK(verdict_judge(&s, &ev, &FRAME, VIEW_FRONT) == 0);
    s.hip_deg = 100; // cut at the hips: the legs are guesses folded into the picture
    CHECK(verdict_judge(&s, &ev, &FRAME, VIEW_FRONT) == VERDICT_FEET_CUT);
    ev = standing();
    s = GOOD;
    ev.top = 0;
    CHECK(verdict_judge(&s, &ev, &FRAME, VIEW_FRONT) == 0);
    s.nose_depth = 0.05f;
    CHECK(verdict_judge(&s, &ev, &FRAME, VIEW_FRONT) == VERDICT_HEAD_CUT);
}

static void sitting_lying_small_and_dark_are_refused(void)
{
    capture_evidence ev = standing();
    verdict_signs s = GOOD;
    s.hip_deg = 95, s.leg_ratio = 0.8f;
    CHECK(verdict_judge(&s, &ev, &FRAME, VIEW_FRONT) == VERDICT_NOT_STANDING);
    s = GOOD;
    s.tilt_deg = 88;
    CHECK(verdict_judge(&s, &ev, &FRAME, VIEW_FRONT) == VERDICT_NOT_STANDING);
    s = GOOD;
    s.leg_ratio = 0.96f, s.hip_deg = 123; // a wide lunge
    CHECK(verdict_judge(&s, &ev, &FRAME, VIEW_FRONT) == 0);
    s = GOOD;
    s.light = 30;
    CHECK(verdict_judge(&s, &ev, &FRAME, VIEW_FRONT) == VERDICT_TOO_DARK);
    s.light = 60;
    CHECK(verdict_judge(&s, &ev, &FRAME, VIEW_FRONT) == VERDICT_DIM);
    ev.top = 780;
    CHECK(verdict_judge(&GOOD, &ev, &FRAME, VIEW_FRONT) == VERDICT_TOO_SMALL);
}

static void what_widens_the_error_is_told(void)
{
    capture_evidence ev = standing();
    ev.people = 2;
    verdict_signs s = GOOD;
    s.arm_gap = 0.1f;
    CHECK(verdict_judge(&s, &ev, &FRAME, VIEW_FRONT) == (VERDICT_SEVERAL_PEOPLE | VERDICT_ARMS_TIGHT));
    ev.people = 1;
    ev.looseness = 0.4f;
    CHECK(verdict_judge(&GOOD, &ev, &FRAME, VIEW_FRONT) == 0);
    ev.looseness = 0.6f;
    CHECK(verdict_judge(&GOOD, &ev, &FRAME, VIEW_FRONT) == VERDICT_LOOSE_CLOTHES);
    s = GOOD;
    s.knee_width = 0.1f; // from the side the legs' breadth tells
    ev.facing_deg = 90;
    CHECK(verdict_judge(&s, &ev, &FRAME, VIEW_SIDE) == VERDICT_LOOSE_CLOTHES);
    CHECK(capture_refusal(VERDICT_LOOSE_CLOTHES | VERDICT_DIM) == NULL);
}

static void shoulders_tell_the_turn(void)
{
    float w[CAPTURE_LANDMARKS][3] = { { 0 } };
    w[LM_LEFT_SHOULDER][0] = 0.17f, w[LM_RIGHT_SHOULDER][0] = -0.17f;
    CHECK_NEAR(verdict_facing_deg((const float(*)[3])w), 0, 1e-4); // float rounding
    w[LM_LEFT_SHOULDER][0] = -0.17f, w[LM_RIGHT_SHOULDER][0] = 0.17f;
    CHECK_NEAR(verdict_facing_deg((const float(*)[3])w), 180, 1e-4);
    w[LM_LEFT_SHOULDER][0] = w[LM_RIGHT_SHOULDER][0] = 0;
    w[LM_LEFT_SHOULDER][2] = 0.2f;
    CHECK_NEAR(verdict_facing_deg((const float(*)[3])w), 90, 1e-4);
}

static void every_verdict_has_a_word_and_every_refusal_a_sentence(void)
{
    const unsigned bits[] = { VERDICT_NO_PERSON,      VERDICT_FEET_CUT,   VERDICT_HEAD_CUT,
                              VERDICT_TOO_SMALL,      VERDICT_TOO_DARK,   VERDICT_NOT_STANDING,
                              VERDICT_SEVERAL_PEOPLE, VERDICT_NOT_FACING, VERDICT_ARMS_TIGHT,
                              VERDICT_LOOSE_CLOTHES,  VERDICT_DIM };
    unsigned all = 0;
    for (size_t i = 0; i < sizeof bits / sizeof *bits; i++) {
        CHECK(capture_verdict_word(bits[i]) != NULL);
        CHECK((capture_refusal(bits[i]) != NULL) == ((bits[i] & VERDICT_REFUSED) != 0));
        all |= bits[i];
    }
    CHECK((all & VERDICT_REFUSED) == VERDICT_REFUSED);
    CHECK(capture_verdict_word(1u << 30) == NULL && capture_verdict_word(0) == NULL);
    CHECK_STR(capture_verdict_word(VERDICT_LOOSE_CLOTHES), "loose_clothes");
    // In the dark nothing else is worth saying.
    CHECK(capture_refusal(VERDICT_NO_PERSON | VERDICT_TOO_DARK) == capture_refusal(VERDICT_TOO_DARK));
}

TEST_MAIN(RUN(there_are_2254_anchors_at_cell_centres); RUN(decoding_adds_pixels_to_the_anchor);
          RUN(overlapping_detections_become_their_weighted_mean); RUN(the_letterbox_is_undone);
          RUN(the_square_around_a_body_turns_with_it); RUN(a_large_person_in_the_middle_outweighs_one_at_the_side);
          RUN(a_point_moves_to_the_mean_of_its_bright_spot); RUN(mirroring_twice_gives_the_pose_back);
          RUN(poses_are_mixed_by_their_shares); RUN(a_pose_in_a_wider_crop_is_the_pose_in_the_crop);
          RUN(a_crop_point_lands_where_it_was_sampled); RUN(the_largest_part_stays_and_corners_join);
          RUN(small_holes_are_filled_and_large_ones_left); RUN(parts_agree_with_flood_filling);
          RUN(the_second_look_encloses_what_the_first_saw); RUN(the_guided_filter_is_its_definition);
          RUN(refinement_snaps_a_coarse_mask_to_the_photo);
          RUN(a_gap_between_the_shins_that_the_mask_fills_is_shared_by_both);
          RUN(folds_and_wide_legs_are_loose_clothes); RUN(a_good_photo_has_no_verdict); RUN(cut_bodies_are_refused);
          RUN(sitting_lying_small_and_dark_are_refused); RUN(what_widens_the_error_is_told);
          RUN(shoulders_tell_the_turn); RUN(every_verdict_has_a_word_and_every_refusal_a_sentence);)
