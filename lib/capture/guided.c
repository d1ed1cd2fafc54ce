// Both passes slide a window of column sums down strips of fixed height. The first pass sums whole numbers, so nothing
// drifts; the second sums floats but always from its strip's top, so the result does not depend on the threads.
#include "capture/guided.h"
#include "base/mem.h"

#include <assert.h>
#include <math.h>
#include <string.h>

enum { STRIP = 128 }; // rows

// The moments of (r, g, b, p) over a window. 16 lanes so that a column's sums move as vectors.
enum { S_R, S_G, S_B, S_P, S_RP, S_GP, S_BP, S_RR, S_RG, S_RB, S_GG, S_GB, S_BB, SUMS, LANES = 16 };
// The linear model q = a . rgb + b.
enum { MODEL = 4 };

typedef struct {
    const image *guide;
    const uint16_t *p;
    int radius, width, height;
    float eps;
    float *model; // [height][width][MODEL]
    float *out;
} filter;

static int least(int a, int b) { return a < b ? a : b; }
static int most(int a, int b) { return a > b ? a : b; }

// --- pass 1: the model of each window ---

static void add_row(const filter *f, int y, int sign, int32_t *columns)
{
    const uint8_t *px = image_at(f->guide, 0, (uint32_t)y);
    const uint16_t *p = f->p + (size_t)y * (size_t)f->width;
    for (int x = 0; x < f->width; x++, px += 3, columns += LANES) {
        int32_t r = px[0] * sign, g = px[1] * sign, b = px[2] * sign, v = p[x];
        const int32_t q[LANES] = { r,         g,         b,         v * sign,  r * v,     g * v, b * v, r * px[0],
                                   r * px[1], r * px[2], g * px[1], g * px[2], b * px[2], 0,     0,     0 };
        for (int k = 0; k < LANES; k++) columns[k] += q[k];
    }
}

// From exact moments of n pixels to the model, whose rgb and p run 0..1.
static void solve(const int32_t s[LANES], int n, float eps, float model[MODEL])
{
    // n^2 times a covariance is a whole number; only after the subtraction does it become a float.
#define COV(ab, a, b) (float)((int64_t)n * s[ab] - (int64_t)s[a] * s[b])
    float nn = (float)n * (float)n, cc = 1 / (nn * 255 * 255), cp = 1 / (nn * 255 * GUIDED_ONE);
    float rr = COV(S_RR, S_R, S_R) * cc + eps, rg = COV(S_RG, S_R, S_G) * cc, rb = COV(S_RB, S_R, S_B) * cc;
    float gg = COV(S_GG, S_G, S_G) * cc + eps, gb = COV(S_GB, S_G, S_B) * cc, bb = COV(S_BB, S_B, S_B) * cc + eps;
    float rp = COV(S_RP, S_R, S_P) * cp, gp = COV(S_GP, S_G, S_P) * cp, bp = COV(S_BP, S_B, S_P) * cp;
#undef COV
    // Inverse of the symmetric 3 x 3 by cofactors; eps keeps the determinant at eps^3 or more.
    float irr = gg * bb - gb * gb, irg = gb * rb - rg * bb, irb = rg * gb - gg * rb;
    float igg = rr * bb - rb * rb, igb = rb * rg - rr * gb, ibb = rr * gg - rg * rg;
    float inv = 1 / fmaxf(irr * rr + irg * rg + irb * rb, eps * eps * eps);
    model[0] = (irr * rp + irg * gp + irb * bp) * inv;
    model[1] = (irg * rp + igg * gp + igb * bp) * inv;
    model[2] = (irb * rp + igb * gp + ibb * bp) * inv;
    float mean = 1 / (float)n;
    model[3] = (float)s[S_P] * mean / GUIDED_ONE -
               (model[0] * (float)s[S_R] + model[1] * (float)s[S_G] + model[2] * (float)s[S_B]) * mean / 255;
}

static void model_strip(void *ctx, int strip)
{
    const filter *f = ctx;
    int top = strip * STRIP, bottom = least(top + STRIP, f->height), r = f->radius, w = f->width;
    int32_t *columns = mem_array(int32_t, (size_t)w * LANES);
    for (int y = most(top - r, 0); y < least(top + r, f->height); y++) add_row(f, y, 1, columns);
    for (int y = top; y < bottom; y++) {
        if (y + r < f->height) add_row(f, y + r, 1, columns);
        if (y > top && y - r - 1 >= 0) add_row(f, y - r - 1, -1, columns);
        int rows = least(y + r, f->height - 1) - most(y - r, 0) + 1;
        int32_t window[LANES] = { 0 };
        for (int x = 0; x < least(r, w); x++) {
            for (int k = 0; k < LANES; k++) window[k] += columns[x * LANES + k];
        }
        float *model = f->model + (size_t)y * (size_t)w * MODEL;
        for (int x = 0; x < w; x++, model += MODEL) {
            if (x + r < w) {
                const int32_t *in = columns + (x + r) * LANES;
                for (int k = 0; k < LANES; k++) window[k] += in[k];
            }
            if (x - r - 1 >= 0) {
                const int32_t *out = columns + (x - r - 1) * LANES;
                for (int k = 0; k < LANES; k++) window[k] -= out[k];
            }
            solve(window, rows * (least(x + r, w - 1) - most(x - r, 0) + 1), f->eps, model);
        }
    }
    mem_free(columns);
}

// --- pass 2: each pixel's mean of the models of the windows it lies in ---

static void add_models(const filter *f, int y, float sign, float *columns)
{
    const float *m = f->model + (size_t)y * (size_t)f->width * MODEL;
    for (size_t i = 0; i < (size_t)f->width * MODEL; i++) columns[i] += sign * m[i];
}

static void apply_strip(void *ctx, int strip)
{
    const filter *f = ctx;
    int top = strip * STRIP, bottom = least(top + STRIP, f->height), r = f->radius, w = f->width;
    float *columns = mem_array(float, (size_t)w *MODEL);
    for (int y = most(top - r, 0); y < least(top + r, f->height); y++) add_models(f, y, 1, columns);
    for (int y = top; y < bottom; y++) {
        if (y + r < f->height) add_models(f, y + r, 1, columns);
        if (y > top && y - r - 1 >= 0) add_models(f, y - r - 1, -1, columns);
        int rows = least(y + r, f->height - 1) - most(y - r, 0) + 1;
        float window[MODEL] = { 0 };
        for (int x = 0; x < least(r, w); x++) {
            for (int k = 0; k < MODEL; k++) window[k] += columns[x * MODEL + k];
        }
        const uint8_t *px = image_at(f->guide, 0, (uint32_t)y);
        float *to = f->out + (size_t)y * (size_t)w;
        for (int x = 0; x < w; x++, px += 3) {
            if (x + r < w) {
                const float *in = columns + (x + r) * MODEL;
                for (int k = 0; k < MODEL; k++) window[k] += in[k];
            }
            if (x - r - 1 >= 0) {
                const float *out = columns + (x - r - 1) * MODEL;
                for (int k = 0; k < MODEL; k++) window[k] -= out[k];
            }
            float n = (float)(rows * (least(x + r, w - 1) - most(x - r, 0) + 1));
            to[x] = ((window[0] * px[0] + window[1] * px[1] + window[2] * px[2]) / 255 + window[3]) / n;
        }
    }
    mem_free(columns);
}

void guided_filter(const image *guide, const uint16_t *p, int radius, float eps, float *out, pool *threads)
{
    assert(guide->channels == 3 && radius >= 1 && radius <= GUIDED_MAX_RADIUS);
    filter f = { guide, p, radius, (int)guide->width, (int)guide->height, eps, NULL, out };
    f.model = mem_array(float, (size_t)guide->width * guide->height * MODEL);
    int strips = (f.height + STRIP - 1) / STRIP;
    pool_run(threads, strips, model_strip, &f);
    pool_run(threads, strips, apply_strip, &f);
    mem_free(f.model);
}
