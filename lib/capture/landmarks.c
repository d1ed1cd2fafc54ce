// Constants: google/mediapipe, modules/pose_landmark (TensorsToLandmarks, RefineLandmarksFromHeatmap,
// LandmarkProjection and WorldLandmarkProjection calculators).
#include "capture/landmarks.h"
#include "base/mem.h"

#include <math.h>
#include <string.h>

enum { HEAT_REACH = 3 };                // the refinement looks at 7 x 7 cells
static const float HEAT_CERTAIN = 0.5f; // and moves a point only where one of them is this sure

const uint8_t pose_opposite[POSE_POINTS] = { 0,  4,  5,  6,  1,  2,  3,  8,  7,  10, 9,  12, 11,
                                             14, 13, 16, 15, 18, 17, 20, 19, 22, 21, 24, 23, 26,
                                             25, 28, 27, 30, 29, 32, 31, 33, 34, 37, 38, 35, 36 };

static float sigmoid(float x) { return 1 / (1 + expf(-x)); }

void pose_refine(pose *p, const float *heat)
{
    for (int k = 0; k < POSE_POINTS; k++) {
        float fx = p->at[k][0] * POSE_HEAT_SIDE, fy = p->at[k][1] * POSE_HEAT_SIDE;
        if (!(fx >= 0) || !(fy >= 0) || fx >= POSE_HEAT_SIDE || fy >= POSE_HEAT_SIDE) continue;
        int cx = (int)fx, cy = (int)fy;
        float sum = 0, sx = 0, sy = 0, most = 0;
        for (int y = cy - HEAT_REACH; y <= cy + HEAT_REACH; y++) {
            for (int x = cx - HEAT_REACH; x <= cx + HEAT_REACH; x++) {
                if (x < 0 || y < 0 || x >= POSE_HEAT_SIDE || y >= POSE_HEAT_SIDE) continue;
                float v = sigmoid(heat[(y * POSE_HEAT_SIDE + x) * POSE_POINTS + k]);
                sum += v, sx += v * (float)x, sy += v * (float)y;
                most = fmaxf(most, v);
            }
        }
        if (most < HEAT_CERTAIN || !(sum > 0)) continue;
        // Plain cell numbers: the network was trained with them, half a cell added would shift every point.
        p->at[k][0] = sx / POSE_HEAT_SIDE / sum;
        p->at[k][1] = sy / POSE_HEAT_SIDE / sum;
    }
}

bool pose_run(nn_session *s, const float *crop, pose *out, err *e)
{
    enum { LANDMARKS, FLAG, MASK, HEAT, WORLD, OUTPUTS };
    static const char *const NAMES[OUTPUTS] = { "Identity", "Identity_1", "Identity_2", "Identity_3", "Identity_4" };
    static const size_t COUNTS[OUTPUTS] = { POSE_POINTS * 5, 1, (size_t)POSE_SIDE * POSE_SIDE,
                                            (size_t)POSE_HEAT_SIDE * POSE_HEAT_SIDE * POSE_POINTS, POSE_POINTS * 3 };
    float *data[OUTPUTS];
    nn_tensor results[NN_MAX_IO] = { { 0 } };
    if (nn_input_count(s) != 1 || nn_output_count(s) != OUTPUTS) {
        return fail(e, ERR_INPUT, "the landmark network has %d outputs, not %d", nn_output_count(s), (int)OUTPUTS);
    }
    for (int i = 0; i < OUTPUTS; i++) {
        if (nn_output_index(s, NAMES[i]) < 0) return fail(e, ERR_INPUT, "the landmark network has no %s", NAMES[i]);
    }
    for (int i = 0; i < OUTPUTS; i++) {
        data[i] = mem_array(float, COUNTS[i]);
        results[nn_output_index(s, NAMES[i])] = (nn_tensor){ .data = data[i], .count = COUNTS[i] };
    }
    nn_tensor in = { (float *)(uintptr_t)crop, POSE_SIDE * POSE_SIDE * 3, { 1, POSE_SIDE, POSE_SIDE, 3 }, 4 };
    bool ok = nn_run(s, &in, 1, results, OUTPUTS, e);
    if (ok) {
        out->flag = data[FLAG][0];
        for (int k = 0; k < POSE_POINTS; k++) {
            const float *v = data[LANDMARKS] + 5 * k;
            for (int i = 0; i < 3; i++) out->at[k][i] = v[i] / POSE_SIDE;
            out->visibility[k] = sigmoid(v[3]);
            out->presence[k] = sigmoid(v[4]);
        }
        memcpy(out->world, data[WORLD], sizeof out->world);
        for (size_t i = 0; i < COUNTS[MASK]; i++) out->mask[i] = sigmoid(data[MASK][i]);
        pose_refine(out, data[HEAT]);
    }
    for (int i = 0; i < OUTPUTS; i++) mem_free(data[i]);
    return ok;
}

void pose_mirror(pose *p)
{
    pose *from = mem_new(1, sizeof *from);
    *from = *p;
    for (int k = 0; k < POSE_POINTS; k++) {
        int o = pose_opposite[k];
        memcpy(p->at[k], from->at[o], sizeof p->at[k]);
        memcpy(p->world[k], from->world[o], sizeof p->world[k]);
        p->at[k][0] = 1 - p->at[k][0];
        p->world[k][0] = -p->world[k][0];
        p->visibility[k] = from->visibility[o];
        p->presence[k] = from->presence[o];
    }
    for (int y = 0; y < POSE_SIDE; y++) {
        for (int x = 0; x < POSE_SIDE; x++) {
            p->mask[y * POSE_SIDE + x] = from->mask[y * POSE_SIDE + POSE_SIDE - 1 - x];
        }
    }
    mem_free(from);
}

static void mix(float *a, const float *b, size_t n, float share)
{
    for (size_t i = 0; i < n; i++) a[i] = a[i] * (1 - share) + b[i] * share;
}

void pose_mix(pose *a, const pose *b, float share)
{
    mix(&a->flag, &b->flag, 1, share);
    mix(a->at[0], b->at[0], POSE_POINTS * 3, share);
    mix(a->visibility, b->visibility, POSE_POINTS, share);
    mix(a->presence, b->presence, POSE_POINTS, share);
    mix(a->world[0], b->world[0], POSE_POINTS * 3, share);
    mix(a->mask, b->mask, (size_t)POSE_SIDE * POSE_SIDE, share);
}

void pose_narrow(pose *p, float times)
{
    for (int k = 0; k < POSE_POINTS; k++) {
        p->at[k][0] = (p->at[k][0] - 0.5f) * times + 0.5f;
        p->at[k][1] = (p->at[k][1] - 0.5f) * times + 0.5f;
        p->at[k][2] *= times;
    }
    enum { HALF = POSE_SIDE / 2, LAST = POSE_SIDE - 1 };
    float *seen = mem_array(float, (size_t)POSE_SIDE *POSE_SIDE);
    memcpy(seen, p->mask, sizeof p->mask);
    for (int y = 0; y < POSE_SIDE; y++) {
        for (int x = 0; x < POSE_SIDE; x++) {
            float u = fminf(fmaxf(((float)x + 0.5f - HALF) / times + HALF - 0.5f, 0), LAST - 0.001f),
                  v = fminf(fmaxf(((float)y + 0.5f - HALF) / times + HALF - 0.5f, 0), LAST - 0.001f);
            int iu = (int)u, iv = (int)v;
            float a = u - (float)iu, b = v - (float)iv;
            const float *q = seen + iv * POSE_SIDE + iu;
            p->mask[y * POSE_SIDE + x] =
                (1 - b) * ((1 - a) * q[0] + a * q[1]) + b * ((1 - a) * q[POSE_SIDE] + a * q[POSE_SIDE + 1]);
        }
    }
    mem_free(seen);
}

void pose_point(const image_roi *roi, float u, float v, float *x, float *y)
{
    float c = cosf(roi->rot), s = sinf(roi->rot), du = (u - 0.5f) * roi->size, dv = (v - 0.5f) * roi->size;
    *x = roi->cx + c * du - s * dv;
    *y = roi->cy + s * du + c * dv;
}

void pose_world(const image_roi *roi, const float in[3], float out[3])
{
    float c = cosf(roi->rot), s = sinf(roi->rot), x = in[0], y = in[1];
    out[0] = c * x - s * y;
    out[1] = s * x + c * y;
    out[2] = in[2];
}
