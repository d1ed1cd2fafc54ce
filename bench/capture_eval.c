// How well a photo is read: capture_eval PHOTOS [--golden FILE] [--assets DIR] [--out DIR] [--threads N]
//   PHOTOS    folder of .jpg files; PHOTOS/masks/NAME.png, where there is one, is the person's true outline
//   --golden  poses to agree with, as {"name.jpg": {"pixel_centre": {"roi_cx_cy_size_rot", "landmarks_px", …}}}
//   --out     folder for pictures of what was found
// Networks that the assets folder lacks are converted into it from npm @mediapipe/pose.
#include "base/io.h"
#include "base/limits.h"
#include "base/mem.h"
#include "capture/capture.h"
#include "capture/detect.h"
#include "capture/landmarks.h"
#include "capture/mask.h"
#include "capture/verdict.h"
#include "image/decode.h"
#include "image/draw.h"
#include "image/encode.h"
#include "networks.h"

#include <dirent.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MAX_PHOTOS = 4096 };

typedef struct {
    const char *photos, *assets, *out;
    int threads;
    json_t *golden;
    nn_session *detector, *landmarker;
    capture *capture;
    double iou[MAX_PHOTOS], edge[MAX_PHOTOS], ms[MAX_PHOTOS];
    int masks, count;
} eval;

static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void die(const err *e)
{
    fprintf(stderr, "capture_eval: %s\n", e->msg);
    exit(1);
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *v, int n)
{
    qsort(v, (size_t)n, sizeof *v, by_value);
    return n ? v[n / 2] : 0;
}

static double mean(const double *v, int n)
{
    double sum = 0;
    for (int i = 0; i < n; i++) sum += v[i];
    return n ? sum / n : 0;
}

// --- masks ---

typedef struct {
    int (*at)[2];
    int count;
} contour;

static contour contour_of(const uint8_t *mask, int w, int h)
{
    contour c = { mem_new((size_t)w * (size_t)h, sizeof *c.at), 0 };
    for (int y = 0; y < h; y++) {
        for (int x = 0; x < w; x++) {
            const uint8_t *p = mask + (size_t)y * (size_t)w + x;
            if (!*p) continue;
            bool edge = (x > 0 && !p[-1]) || (x + 1 < w && !p[1]) || (y > 0 && !p[-w]) || (y + 1 < h && !p[w]);
            if (edge) c.at[c.count][0] = x, c.at[c.count++][1] = y;
        }
    }
    return c;
}

static double distance(contour a, contour b)
{
    double sum = 0;
    for (int i = 0; i < a.count; i++) {
        int best = 1 << 30;
        for (int j = 0; j < b.count; j++) {
            int dx = a.at[i][0] - b.at[j][0], dy = a.at[i][1] - b.at[j][1], d = dx * dx + dy * dy;
            if (d < best) best = d;
        }
        sum += sqrt(best);
    }
    return a.count ? sum / a.count : 0;
}

static void compare_mask(eval *v, const char *name, const capture_evidence *ev)
{
    char path[1024];
    err e = { 0 };
    image truth;
    snprintf(path, sizeof path, "%s/masks/%.*s.png", v->photos, (int)(strrchr(name, '.') - name), name);
    if (!io_exists(path)) return;
    if (!image_load(path, 0, &truth, NULL, &e)) die(&e);
    int w = (int)ev->mask.width, h = (int)ev->mask.height;
    size_t both = 0, either = 0, count = (size_t)w * (size_t)h;
    uint8_t *t = mem_array(uint8_t, count);
    for (size_t i = 0; i < count; i++) {
        t[i] = truth.px[i * truth.channels] > 127;
        both += t[i] && ev->mask.px[i];
        either += t[i] || ev->mask.px[i];
    }
    mask_box b = mask_bounds(t, (uint32_t)w, (uint32_t)h);
    contour ct = contour_of(t, w, h), cm = contour_of(ev->mask.px, w, h);
    double edge = (distance(ct, cm) + distance(cm, ct)) / 2 / (b.bottom - b.top) * 100;
    double iou = either ? (double)both / (double)either : 0;
    printf("    mask IoU %.4f, edge %.3f %%H\n", iou, edge);
    v->iou[v->masks] = iou;
    v->edge[v->masks++] = edge;
    mem_free(ct.at);
    mem_free(cm.at);
    mem_free(t);
    image_free(&truth);
}

// --- agreement with the golden poses ---

// As the golden poses were sampled: bilinear with no reduction before it (image_sample_roi averages first), by OpenCV,
// which takes positions to 1/32 pixel and rounds the result to bytes.
static void plain_sample(const image *im, const image_roi *roi, int n, bool replicate, float scale, float offset,
                         float *out)
{
    double c = cos((double)roi->rot), s = sin((double)roi->rot);
    for (int v = 0; v < n; v++) {
        for (int u = 0; u < n; u++, out += 3) {
            double du = ((u + 0.5) / n - 0.5) * (double)roi->size, dv = ((v + 0.5) / n - 0.5) * (double)roi->size;
            double x = (double)roi->cx + c * du - s * dv - 0.5, y = (double)roi->cy + s * du + c * dv - 0.5;
            x = floor(x * 32 + 0.5) / 32, y = floor(y * 32 + 0.5) / 32;
            double fx = x - floor(x), fy = y - floor(y);
            double acc[3] = { 0 };
            for (int k = 0; k < 4; k++) {
                int px = (int)floor(x) + k % 2, py = (int)floor(y) + k / 2;
                if (replicate) {
                    px = px < 0 ? 0 : px >= (int)im->width ? (int)im->width - 1 : px;
                    py = py < 0 ? 0 : py >= (int)im->height ? (int)im->height - 1 : py;
                } else if (px < 0 || py < 0 || px >= (int)im->width || py >= (int)im->height) {
                    continue;
                }
                double weight = (k % 2 ? fx : 1 - fx) * (k / 2 ? fy : 1 - fy);
                for (int i = 0; i < 3; i++) acc[i] += weight * image_at(im, (uint32_t)px, (uint32_t)py)[i];
            }
            for (int i = 0; i < 3; i++) out[i] = (float)floor(acc[i] + 0.5) * scale + offset;
        }
    }
}

static double number(const json_t *list, size_t i) { return json_number_value(json_array_get(list, i)); }

static void compare_pose(const json_t *want, const image_roi *roi, const pose *p, const char *how)
{
    const json_t *landmarks = json_object_get(want, "landmarks_px"), *world = json_object_get(want, "world_m");
    const json_t *r = json_object_get(want, "roi_cx_cy_size_rot");
    double d[POSE_POINTS], worst_world = 0;
    int n = (int)json_array_size(landmarks);
    for (int k = 0; k < n; k++) {
        float x, y, w[3];
        pose_point(roi, p->at[k][0], p->at[k][1], &x, &y);
        pose_world(roi, p->world[k], w);
        const json_t *at = json_array_get(landmarks, (size_t)k), *m = json_array_get(world, (size_t)k);
        d[k] = hypot((double)x - number(at, 0), (double)y - number(at, 1));
        for (int i = 0; i < 3; i++) worst_world = fmax(worst_world, fabs((double)w[i] - number(m, (size_t)i)));
    }
    double average = mean(d, n), mid = median(d, n), worst = d[n - 1];
    printf("    %s: landmarks median %.3f mean %.3f worst %.3f px, world worst %.1f mm", how, mid, average, worst,
           worst_world * 1000);
    if (r) {
        printf(", roi off by %.3f %.3f size %.3f rot %.4f, flag %.4f of %.4f", fabs((double)roi->cx - number(r, 0)),
               fabs((double)roi->cy - number(r, 1)), fabs((double)roi->size - number(r, 2)),
               fabs((double)roi->rot - number(r, 3)), (double)p->flag,
               json_number_value(json_object_get(want, "flag")));
    }
    printf("\n");
}

static void single_pass(eval *v, const image *photo, bool plain, image_roi *roi, pose *p)
{
    err e = { 0 };
    image_roi square = detect_letterbox(photo->width, photo->height);
    float *crop = mem_array(float, (size_t)POSE_SIDE *POSE_SIDE * 3);
    if (plain)
        plain_sample(photo, &square, DETECT_SIDE, false, 2.0f / 255, -1, crop);
    else
        image_sample_roi(photo, &square, DETECT_SIDE, BORDER_ZERO, 2.0f / 255, -1, crop);
    detection people[DETECT_MAX];
    int count;
    if (!detect_run(v->detector, crop, NULL, 0.5f, people, &count, &e)) die(&e);
    detect_unletterbox(people, count, photo->width, photo->height);
    *roi = detect_roi(people[0].at[0], people[0].at[1]);
    if (plain)
        plain_sample(photo, roi, POSE_SIDE, true, 1.0f / 255, 0, crop);
    else
        image_sample_roi(photo, roi, POSE_SIDE, BORDER_REPLICATE, 1.0f / 255, 0, crop);
    if (!pose_run(v->landmarker, crop, p, &e)) die(&e);
    mem_free(crop);
}

static void compare_golden(eval *v, const char *name, const image *photo, const capture_evidence *ev)
{
    const json_t *golden = v->golden ? json_object_get(v->golden, name) : NULL;
    if (!golden) return;
    const json_t *centre = json_object_get(golden, "pixel_centre");
    pose *p = mem_new(1, sizeof *p);
    image_roi roi;
    single_pass(v, photo, true, &roi, p);
    compare_pose(centre, &roi, p, "one pass, plain sampling  ");
    double sum = 0;
    for (size_t i = 0; i < (size_t)POSE_SIDE * POSE_SIDE; i++) sum += (double)p->mask[i];
    printf("    mask sum %.2f of %.2f\n", sum, json_number_value(json_object_get(centre, "mask256_sum")));
    single_pass(v, photo, false, &roi, p);
    compare_pose(centre, &roi, p, "one pass, averaged sampling");
    compare_pose(json_object_get(golden, "official_wasm_webgl_heavy"), &roi, p, "    against the official build");
    double d[CAPTURE_LANDMARKS];
    const json_t *at = json_object_get(centre, "landmarks_px");
    for (size_t k = 0; k < CAPTURE_LANDMARKS; k++) {
        const json_t *q = json_array_get(at, k);
        d[k] = hypot((double)ev->at[k].x - number(q, 0), (double)ev->at[k].y - number(q, 1));
    }
    printf("    both passes: landmarks median %.3f px from the single pass\n", median(d, CAPTURE_LANDMARKS));
    mem_free(p);
}

// --- pictures ---

static void draw(const eval *v, const char *name, const image *photo, const capture_evidence *ev)
{
    static const int BONES[][2] = { { 11, 12 }, { 11, 13 }, { 13, 15 }, { 12, 14 }, { 14, 16 }, { 11, 23 }, { 12, 24 },
                                    { 23, 24 }, { 23, 25 }, { 25, 27 }, { 24, 26 }, { 26, 28 }, { 27, 29 }, { 29, 31 },
                                    { 28, 30 }, { 30, 32 }, { 15, 19 }, { 16, 20 }, { 7, 0 },   { 8, 0 } };
    err e = { 0 };
    image im = image_copy(photo);
    draw_mask(&im, &ev->mask, (draw_color){ 0, 120, 255, 70 }, (draw_color){ 0, 255, 0, 255 });
    float thick = fmaxf((float)im.height / 500, 1);
    for (size_t i = 0; ev->bottom && i < sizeof BONES / sizeof *BONES; i++) {
        const capture_landmark *a = &ev->at[BONES[i][0]], *b = &ev->at[BONES[i][1]];
        draw_color c = BONES[i][0] % 2 ? (draw_color){ 255, 80, 0, 255 } : (draw_color){ 255, 220, 0, 255 };
        draw_line(&im, a->x, a->y, b->x, b->y, thick, c);
        draw_disc(&im, b->x, b->y, thick * 1.5f, c);
    }
    for (int k = 0, y = 4; k < 32; k++) {
        if (!(ev->verdict >> k & 1)) continue;
        draw_text(&im, 4, y, 1, (draw_color){ 255, 0, 0, 255 }, capture_verdict_word(1u << k));
        y += 16;
    }
    char path[1024];
    snprintf(path, sizeof path, "%s/%s.png", v->out, name);
    if (!image_save(&im, path, &e)) die(&e);
    image_free(&im);
}

// --- the run ---

static void evaluate(eval *v, const char *name)
{
    char path[1024];
    err e = { 0 };
    image photo;
    capture_evidence ev;
    snprintf(path, sizeof path, "%s/%s", v->photos, name);
    if (!image_load(path, 0, &photo, NULL, &e)) die(&e);
    double start = now_ms();
    if (!capture_examine(v->capture, &photo, VIEW_FRONT, &ev, &e)) die(&e);
    v->ms[v->count++] = now_ms() - start;
    printf("%s %ux%u: score %.3f, %d people, facing %.0f deg, box %u,%u..%u,%u, %.0f ms, verdict:", name, photo.width,
           photo.height, (double)ev.score, ev.people, (double)ev.facing_deg, ev.left, ev.top, ev.right, ev.bottom,
           v->ms[v->count - 1]);
    for (int k = 0; k < 32; k++) {
        if (ev.verdict >> k & 1) printf(" %s", capture_verdict_word(1u << k));
    }
    printf("%s\n", ev.verdict ? "" : " fine");
    if (ev.bottom) {
        verdict_signs s;
        verdict_look(&photo, &ev, &s);
        printf("    foot room %.3f depth %.3f, nose depth %.3f, tilt %.0f, leg ratio %.2f, knee %.0f, hip %.0f, arm "
               "gap %.2f, "
               "knee %.3f, calf %.3f, looseness %.2f, light %.0f, ankle presence %.2f %.2f\n",
               (double)s.foot_room, (double)s.foot_depth, (double)s.nose_depth, (double)s.tilt_deg, (double)s.leg_ratio,
               (double)s.knee_deg, (double)s.hip_deg, (double)s.arm_gap, (double)s.knee_width, (double)s.calf_width,
               (double)ev.looseness, (double)s.light, (double)ev.at[LM_LEFT_ANKLE].presence,
               (double)ev.at[LM_RIGHT_ANKLE].presence);
    }
    compare_mask(v, name, &ev);
    compare_golden(v, name, &photo, &ev);
    if (v->out) draw(v, name, &photo, &ev);
    capture_evidence_free(&ev);
    image_free(&photo);
}

static void open_networks(eval *v)
{
    err e = { 0 };
    char path[1024];
    if (!io_make_dirs(v->assets, &e)) die(&e);
    for (int i = 0; i < NETWORKS; i++) {
        snprintf(path, sizeof path, "%s/%s.onnx", v->assets, NETWORK_NAMES[i]);
        if (!io_exists(path) && !network_write(i, v->assets, path, sizeof path, &e)) die(&e);
        if (i == 0 && !(v->detector = nn_open(path, v->threads, &e))) die(&e);
        if (i == NETWORKS - 1 && !(v->landmarker = nn_open(path, v->threads, &e))) die(&e);
    }
    v->capture = capture_open(&(capture_options){ v->assets, v->threads }, &e);
    if (!v->capture) die(&e);
}

static int by_name(const struct dirent **a, const struct dirent **b) { return strcmp((*a)->d_name, (*b)->d_name); }

static int is_photo(const struct dirent *d)
{
    const char *dot = strrchr(d->d_name, '.');
    return dot && (strcmp(dot, ".jpg") == 0 || strcmp(dot, ".png") == 0);
}

static void time_network(const char *name, nn_session *s, int side)
{
    enum { RUNS = 30 };
    err e = { 0 };
    double ms[RUNS];
    float *x = mem_array(float, (size_t)side *(size_t)side * 3);
    nn_tensor in = { x, (size_t)side * (size_t)side * 3, { 1, side, side, 3 }, 4 }, out[NN_MAX_IO] = { { 0 } };
    for (int i = 0; i < nn_output_count(s); i++) {
        out[i].count = 1;
        for (int d = 0; d < nn_output(s, i)->dims; d++) out[i].count *= (size_t)nn_output(s, i)->dim[d];
        out[i].data = mem_array(float, out[i].count);
    }
    for (int i = 0; i < RUNS; i++) {
        double start = now_ms();
        if (!nn_run(s, &in, 1, out, nn_output_count(s), &e)) die(&e);
        ms[i] = now_ms() - start;
    }
    double mid = median(ms, RUNS);
    printf("%s: %.1f ms a run (least %.1f)\n", name, mid, ms[0]);
    for (int i = 0; i < nn_output_count(s); i++) mem_free(out[i].data);
    mem_free(x);
}

int main(int argc, char **argv)
{
    static eval v = { .assets = ASSETS, .threads = 2 };
    for (int i = 1; i < argc; i++) {
        const char *value = i + 1 < argc ? argv[i + 1] : "";
        if (argv[i][0] != '-') {
            v.photos = argv[i];
            continue;
        }
        i++;
        json_error_t why;
        if (strcmp(argv[i - 1], "--out") == 0)
            v.out = value;
        else if (strcmp(argv[i - 1], "--assets") == 0)
            v.assets = value;
        else if (strcmp(argv[i - 1], "--threads") == 0)
            v.threads = (int)strtol(value, NULL, 10);
        else if (strcmp(argv[i - 1], "--golden") != 0 || !(v.golden = json_load_file(value, 0, &why)))
            return fprintf(stderr, "capture_eval: %s %s is not understood\n", argv[i - 1], value), 2;
    }
    if (!v.photos || v.threads < 1) {
        fprintf(stderr, "usage: capture_eval PHOTOS [--golden FILE] [--assets DIR] [--out DIR] [--threads N]\n");
        return 2;
    }
    open_networks(&v);
    struct dirent **names;
    int n = scandir(v.photos, &names, is_photo, by_name);
    for (int i = 0; i < n && i < MAX_PHOTOS; i++) evaluate(&v, names[i]->d_name);
    time_network("pose_detection", v.detector, DETECT_SIDE);
    time_network("pose_landmark_heavy", v.landmarker, POSE_SIDE);
    double iou = mean(v.iou, v.masks), edge = mean(v.edge, v.masks), mid = median(v.edge, v.masks);
    printf("%d photos, median %.0f ms; %d masks: mean IoU %.4f, edge distance mean %.3f median %.3f %%H\n", v.count,
           median(v.ms, v.count), v.masks, iou, edge, mid);
    return 0;
}
