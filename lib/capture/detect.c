// Constants: google/mediapipe, modules/pose_detection (SsdAnchors, TensorsToDetections, NonMaxSuppression,
// AlignmentPointsRects and RectTransformation calculators).
#include "capture/detect.h"
#include "base/mem.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { VALUES = 12 };                    // numbers a box: cx, cy, w, h, then four points
static const float MERGE_OVERLAP = 0.3f; // intersection over union
static const float ROI_MARGIN = 1.25f;
static const float MIDDLE_WIDTH = 0.35f; // of the picture's width: how fast people off the middle lose weight

void detect_anchors(float at[DETECT_ANCHORS][2])
{
    static const struct {
        int side, each;
    } GRIDS[] = { { 28, 2 }, { 14, 2 }, { 7, 6 } }; // strides 8, 16, and 32 three times over
    int n = 0;
    for (size_t g = 0; g < sizeof GRIDS / sizeof *GRIDS; g++) {
        int side = GRIDS[g].side;
        for (int y = 0; y < side; y++) {
            for (int x = 0; x < side; x++) {
                for (int k = 0; k < GRIDS[g].each; k++, n++) {
                    at[n][0] = ((float)x + 0.5f) / (float)side;
                    at[n][1] = ((float)y + 0.5f) / (float)side;
                }
            }
        }
    }
}

image_roi detect_letterbox(uint32_t width, uint32_t height)
{
    return (image_roi){ (float)width / 2, (float)height / 2, (float)(width > height ? width : height), 0 };
}

int detect_decode(const float *boxes, const float *logits, float threshold, detection *out)
{
    float anchor[DETECT_ANCHORS][2];
    detect_anchors(anchor);
    int n = 0;
    for (int i = 0; i < DETECT_ANCHORS; i++) {
        float score = 1 / (1 + expf(-fminf(fmaxf(logits[i], -100), 100)));
        const float *v = boxes + i * VALUES;
        if (!(score >= threshold) || !(v[2] >= 0) || !(v[3] >= 0)) continue;
        float cx = v[0] / DETECT_SIDE + anchor[i][0], cy = v[1] / DETECT_SIDE + anchor[i][1];
        float w = v[2] / DETECT_SIDE, h = v[3] / DETECT_SIDE;
        detection *d = &out[n++];
        *d = (detection){ score, { cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2 }, { { 0 } } };
        for (int k = 0; k < 4; k++) {
            d->at[k][0] = v[4 + 2 * k] / DETECT_SIDE + anchor[i][0];
            d->at[k][1] = v[5 + 2 * k] / DETECT_SIDE + anchor[i][1];
        }
    }
    return n;
}

static float area(const float b[4]) { return (b[2] - b[0]) * (b[3] - b[1]); }

static float overlap(const float a[4], const float b[4])
{
    float w = fminf(a[2], b[2]) - fmaxf(a[0], b[0]), h = fminf(a[3], b[3]) - fmaxf(a[1], b[1]);
    if (!(w > 0) || !(h > 0)) return 0;
    float both = w * h, either = area(a) + area(b) - both;
    return either > 0 ? both / either : 0;
}

// A detection with its place before sorting, so that equal scores keep their order.
typedef struct {
    detection d;
    int rank;
} ranked;

static int better_first(const void *pa, const void *pb)
{
    const ranked *a = pa, *b = pb;
    if (a->d.score != b->d.score) return a->d.score > b->d.score ? -1 : 1;
    return a->rank - b->rank;
}

int detect_merge(detection *d, int count)
{
    enum { NUMBERS = 12 }; // box and points of a detection, summed as one run of floats
    ranked *left = mem_array(ranked, (size_t)count);
    for (int i = 0; i < count; i++) left[i] = (ranked){ d[i], i };
    qsort(left, (size_t)count, sizeof *left, better_first);
    int merged = 0;
    for (int n = count; n > 0; merged++) {
        detection best = left[0].d;
        double sum[NUMBERS] = { 0 }, weight = 0;
        int kept = 0;
        for (int i = 0; i < n; i++) {
            const detection *c = &left[i].d;
            if (i > 0 && !(overlap(best.box, c->box) > MERGE_OVERLAP)) {
                left[kept++] = left[i];
                continue;
            }
            for (int k = 0; k < 4; k++) sum[k] += (double)c->score * c->box[k];
            for (int k = 0; k < 8; k++) sum[4 + k] += (double)c->score * c->at[k / 2][k % 2];
            weight += c->score;
        }
        n = kept;
        d[merged].score = best.score;
        for (int k = 0; k < 4; k++) d[merged].box[k] = (float)(sum[k] / weight);
        for (int k = 0; k < 8; k++) d[merged].at[k / 2][k % 2] = (float)(sum[4 + k] / weight);
    }
    mem_free(left);
    return merged;
}

void detect_unletterbox(detection *d, int count, uint32_t width, uint32_t height)
{
    image_roi square = detect_letterbox(width, height);
    float dx = square.cx - square.size / 2, dy = square.cy - square.size / 2;
    for (int i = 0; i < count; i++) {
        for (int k = 0; k < 4; k++) {
            d[i].box[k] = d[i].box[k] * square.size + (k % 2 ? dy : dx);
            d[i].at[k][0] = d[i].at[k][0] * square.size + dx;
            d[i].at[k][1] = d[i].at[k][1] * square.size + dy;
        }
    }
}

// Everything the network sees in one crop, anchor by anchor.
static bool see(nn_session *s, const float *crop, float threshold, detection *out, int *count, err *e)
{
    int boxes_at = nn_output_index(s, "Identity"), logits_at = nn_output_index(s, "Identity_1");
    if (nn_input_count(s) != 1 || nn_output_count(s) != 2 || boxes_at < 0 || logits_at < 0) {
        return fail(e, ERR_INPUT, "pose_detection.onnx is not the pose detector");
    }
    float *boxes = mem_array(float, DETECT_ANCHORS *VALUES), *logits = mem_array(float, DETECT_ANCHORS);
    nn_tensor in = { (float *)(uintptr_t)crop, DETECT_SIDE * DETECT_SIDE * 3, { 1, DETECT_SIDE, DETECT_SIDE, 3 }, 4 };
    nn_tensor results[2] = { { 0 } };
    results[boxes_at] = (nn_tensor){ .data = boxes, .count = DETECT_ANCHORS * VALUES };
    results[logits_at] = (nn_tensor){ .data = logits, .count = DETECT_ANCHORS };
    bool ok = nn_run(s, &in, 1, results, 2, e);
    if (ok) *count = detect_decode(boxes, logits, threshold, out);
    mem_free(boxes);
    mem_free(logits);
    return ok;
}

void detect_mirror(detection *d, int count)
{
    for (int i = 0; i < count; i++) {
        float left = d[i].box[0];
        d[i].box[0] = 1 - d[i].box[2];
        d[i].box[2] = 1 - left;
        for (int k = 0; k < 4; k++) d[i].at[k][0] = 1 - d[i].at[k][0];
    }
}

bool detect_run(nn_session *s, const float *crop, const float *mirrored, float threshold, detection *out, int *count,
                err *e)
{
    detection *all = mem_array(detection, (size_t)2 * DETECT_ANCHORS);
    int n = 0, turned = 0;
    bool ok = see(s, crop, threshold, all, &n, e) && (!mirrored || see(s, mirrored, threshold, all + n, &turned, e));
    if (ok) {
        detect_mirror(all + n, turned);
        n = detect_merge(all, n + turned);
        *count = n < DETECT_MAX ? n : DETECT_MAX;
        memcpy(out, all, (size_t)*count * sizeof *out);
    }
    mem_free(all);
    return ok;
}

image_roi detect_roi(const float centre[2], const float edge[2])
{
    static const float PI = 3.14159265f;
    float dx = edge[0] - centre[0], dy = edge[1] - centre[1];
    float rot = PI / 2 - atan2f(-dy, dx);
    rot -= 2 * PI * floorf((rot + PI) / (2 * PI));
    return (image_roi){ centre[0], centre[1], 2 * hypotf(dx, dy) * ROI_MARGIN, rot };
}

float detect_weight(const detection *d, uint32_t width)
{
    float off = (d->at[0][0] - (float)width / 2) / (MIDDLE_WIDTH * (float)width);
    return detect_roi(d->at[0], d->at[1]).size * expf(-off * off);
}
