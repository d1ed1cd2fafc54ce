#include "image/resample.h"
#include "base/limits.h"
#include "base/mem.h"

#include <assert.h>
#include <math.h>
#include <string.h>

// One output position of a resize along one axis: the weighted sum of count source positions from first on.
typedef struct {
    uint32_t first, count;
    const float *weight; // [count], summing to 1
} tap_run;

typedef struct {
    tap_run *runs; // [out]
    float *weights;
} axis;

// Shrinking: output i is the area [i * ratio, (i + 1) * ratio) of the source, each pixel weighted by the part of it
// inside. Growing: linear between the two nearest pixel centres.
static axis axis_new(uint32_t in, uint32_t out)
{
    double ratio = (double)in / out;
    size_t most = ratio > 1 ? (size_t)ceil(ratio) + 1 : 2;
    axis a = { mem_array(tap_run, out), mem_array(float, (size_t)out *most) };
    for (uint32_t i = 0; i < out; i++) {
        float *w = a.weights + (size_t)i * most;
        tap_run *run = &a.runs[i];
        run->weight = w;
        if (ratio > 1) {
            double from = i * ratio, to = fmin((i + 1) * ratio, in);
            run->first = (uint32_t)from;
            for (uint32_t p = run->first; p < in && p < to && run->count < most; p++) {
                w[run->count++] = (float)((fmin(p + 1.0, to) - fmax(p, from)) / (to - from));
            }
        } else {
            double centre = fmin(fmax((i + 0.5) * ratio - 0.5, 0), in - 1.0);
            run->first = (uint32_t)centre;
            w[1] = (float)(centre - run->first);
            w[0] = 1 - w[1];
            run->count = run->first + 1 < in ? 2 : 1;
        }
    }
    return a;
}

static void axis_free(axis *a)
{
    mem_free(a->runs);
    mem_free(a->weights);
}

static void add_row(float *restrict sum, const uint8_t *restrict row, float weight, size_t n)
{
    for (size_t i = 0; i < n; i++) sum[i] += weight * (float)row[i];
}

// fminf and fmaxf are library calls; a comparison is not.
static inline float clampf(float v, float lo, float hi) { return v < lo ? lo : v > hi ? hi : v; }

static inline uint8_t to_byte(float v) { return (uint8_t)clampf(v + 0.5f, 0, 255); }

// Applies the taps of the rows' axis to one row of column sums. channels is a constant at each call.
static inline void gather_row(const axis *h, uint32_t width, const float *sum, uint32_t channels, uint8_t *to)
{
    for (uint32_t x = 0; x < width; x++) {
        const tap_run *run = &h->runs[x];
        float acc[4] = { 0 };
        const float *from = sum + (size_t)run->first * channels;
        for (uint32_t k = 0; k < run->count; k++) {
            float w = run->weight[k];
            for (uint32_t c = 0; c < channels; c++) acc[c] += w * *from++;
        }
        for (uint32_t c = 0; c < channels; c++) *to++ = to_byte(acc[c]);
    }
}

image image_resize(const image *src, uint32_t width, uint32_t height)
{
    assert(src->width && src->height && width && height);
    if (width == src->width && height == src->height) return image_copy(src);
    image out = image_new(width, height, src->channels);
    axis h = axis_new(src->width, width), v = axis_new(src->height, height);
    uint32_t channels = src->channels;
    size_t row_len = (size_t)src->width * channels;
    float *sum = mem_array(float, row_len);
    for (uint32_t y = 0; y < height; y++) {
        memset(sum, 0, row_len * sizeof *sum);
        for (uint32_t k = 0; k < v.runs[y].count; k++) {
            add_row(sum, image_at(src, 0, v.runs[y].first + k), v.runs[y].weight[k], row_len);
        }
        if (channels == 3)
            gather_row(&h, width, sum, 3, image_at(&out, 0, y));
        else
            gather_row(&h, width, sum, channels, image_at(&out, 0, y));
    }
    mem_free(sum);
    axis_free(&h);
    axis_free(&v);
    return out;
}

image image_mirror(const image *src)
{
    image out = image_new(src->width, src->height, src->channels);
    for (uint32_t y = 0; y < src->height; y++) {
        const uint8_t *from = image_at(src, 0, y);
        for (uint32_t x = src->width; x-- > 0; from += src->channels) {
            memcpy(image_at(&out, x, y), from, src->channels);
        }
    }
    return out;
}

// Sums by 1, 2, 1 along a row of width pixels.
static void sum_three(const uint8_t *row, uint32_t width, uint32_t channels, uint16_t *sum)
{
    size_t last = (size_t)(width - 1) * channels;
    for (uint32_t c = 0; c < channels; c++) {
        size_t next = width > 1 ? channels : 0, before = width > 1 ? last - channels : last;
        sum[c] = (uint16_t)(3 * row[c] + row[next + c]);
        sum[last + c] = (uint16_t)(row[before + c] + 3 * row[last + c]);
    }
    for (size_t i = channels; i < last; i++) sum[i] = (uint16_t)(row[i - channels] + 2 * row[i] + row[i + channels]);
}

image image_soften(const image *src)
{
    assert(src->width && src->height);
    image out = image_new(src->width, src->height, src->channels);
    size_t n = (size_t)src->width * src->channels;
    uint16_t *sums = mem_array(uint16_t, 3 * n), *above = sums, *here = sums + n, *below = sums + 2 * n;
    sum_three(image_at(src, 0, 0), src->width, src->channels, here);
    memcpy(above, here, n * sizeof *above);
    for (uint32_t y = 0; y < src->height; y++) {
        sum_three(image_at(src, 0, y + 1 < src->height ? y + 1 : y), src->width, src->channels, below);
        uint8_t *to = image_at(&out, 0, y);
        for (size_t i = 0; i < n; i++) to[i] = (uint8_t)((above[i] + 2 * here[i] + below[i] + 8) >> 4);
        uint16_t *free_row = above;
        above = here, here = below, below = free_row;
    }
    mem_free(sums);
    return out;
}

image image_crop(const image *src, uint32_t x, uint32_t y, uint32_t width, uint32_t height)
{
    assert(x <= src->width && width <= src->width - x && y <= src->height && height <= src->height - y);
    image out = image_new(width, height, src->channels);
    for (uint32_t row = 0; row < height; row++) {
        memcpy(image_at(&out, 0, row), image_at(src, x, y + row), (size_t)width * src->channels);
    }
    return out;
}

float image_between(const image *im, float x, float y)
{
    assert(im->channels == 1 || !im->px);
    float fx = floorf(x - 0.5f), fy = floorf(y - 0.5f), wx = x - 0.5f - fx, wy = y - 0.5f - fy, sum = 0;
    if (!(fx >= -1) || !(fy >= -1) || fx >= (float)im->width || fy >= (float)im->height) return 0;
    int ix = (int)fx, iy = (int)fy;
    for (int k = 0; k < 4; k++) {
        int px = ix + k % 2, py = iy + k / 2;
        if (px < 0 || py < 0 || px >= (int)im->width || py >= (int)im->height) continue;
        sum += (k % 2 ? wx : 1 - wx) * (k / 2 ? wy : 1 - wy) * (float)*image_at(im, (uint32_t)px, (uint32_t)py);
    }
    return sum;
}

// A rectangle of whole pixels, x1 and y1 exclusive.
typedef struct {
    uint32_t x0, y0, x1, y1;
} box;

static uint32_t clamp_to(double v, uint32_t most) { return v <= 0 ? 0 : v >= most ? most : (uint32_t)v; }

// The source pixels that sampling roi may touch.
static box reach(const image *src, const image_roi *roi)
{
    double half = 0.5 * (double)roi->size * (fabs(cos((double)roi->rot)) + fabs(sin((double)roi->rot))) + 1;
    double cx = (double)roi->cx, cy = (double)roi->cy;
    return (box){ clamp_to(floor(cx - half), src->width), clamp_to(floor(cy - half), src->height),
                  clamp_to(ceil(cx + half), src->width), clamp_to(ceil(cy + half), src->height) };
}

static void add_bytes(uint16_t *restrict sum, const uint8_t *restrict row, size_t n)
{
    for (size_t i = 0; i < n; i++) sum[i] = (uint16_t)(sum[i] + row[i]);
}

// Column sums to the averages of blocks k columns wide and rows high.
static inline void average_blocks(const uint16_t *sum, size_t blocks, uint32_t k, uint32_t rows, uint32_t channels,
                                  uint8_t *to)
{
    // n / area as n * inverse >> 44: the same whole number for every n < 2^44 / area, and n is at most 256 * area with
    // an area of at most 2^16.
    uint32_t area = k * rows;
    uint64_t inverse = ((uint64_t)1 << 44) / area + 1;
    for (size_t i = 0; i < blocks; i++, sum += (size_t)k * channels, to += channels) {
        for (uint32_t c = 0; c < channels; c++) {
            uint32_t acc = area / 2;
            for (uint32_t x = 0; x < k; x++) acc += sum[x * channels + c];
            to[c] = (uint8_t)(acc * inverse >> 44);
        }
    }
}

// The same, with the usual cases spelled out for the compiler.
static void average_row(const uint16_t *sum, size_t columns, uint32_t k, uint32_t rows, uint32_t channels, uint8_t *to)
{
    size_t blocks = columns / k;
    uint32_t left = (uint32_t)(columns % k);
    if (channels == 3 && k == 2)
        average_blocks(sum, blocks, 2, rows, 3, to);
    else if (channels == 3 && k == 3)
        average_blocks(sum, blocks, 3, rows, 3, to);
    else
        average_blocks(sum, blocks, k, rows, channels, to);
    if (left) average_blocks(sum + blocks * k * channels, 1, left, rows, channels, to + blocks * channels);
}

// Averages k x k blocks of src, block (i, j) beginning at pixel (i * k, j * k) whatever the roi, so that the result
// does not depend on the crop; blocks at the right and lower edge average the pixels there are. Only blocks that touch
// within are filled in; the rest stays black and is never sampled. k <= 256: a column sum fits 16 bits.
static image reduce(const image *src, uint32_t k, box within)
{
    image out = image_new((src->width + k - 1) / k, (src->height + k - 1) / k, src->channels);
    uint32_t channels = src->channels;
    uint32_t bx0 = within.x0 / k, bx1 = (within.x1 + k - 1) / k, by0 = within.y0 / k, by1 = (within.y1 + k - 1) / k;
    uint32_t x_end = bx1 * k < src->width ? bx1 * k : src->width;
    size_t columns = x_end > bx0 * k ? x_end - bx0 * k : 0;
    uint16_t *sum = mem_array(uint16_t, columns * channels);
    for (uint32_t by = by0; by < by1 && columns; by++) {
        uint32_t rows = src->height - by * k < k ? src->height - by * k : k;
        memset(sum, 0, columns * channels * sizeof *sum);
        for (uint32_t y = 0; y < rows; y++) add_bytes(sum, image_at(src, bx0 * k, by * k + y), columns * channels);
        average_row(sum, columns, k, rows, channels, image_at(&out, bx0, by));
    }
    mem_free(sum);
    return out;
}

// What bilinear sampling needs of the picture, which may be reduced.
typedef struct {
    const image *im;
    image_border border;
    uint32_t r, g, b; // channel of each output plane: all 0 for a grey picture
    float scale, offset;
} sampler;

static const uint8_t nothing[4];

static const uint8_t *pixel_or_border(const sampler *s, int x, int y)
{
    int w = (int)s->im->width, h = (int)s->im->height;
    if (s->border == BORDER_ZERO && (x < 0 || y < 0 || x >= w || y >= h)) return nothing;
    x = x < 0 ? 0 : x >= w ? w - 1 : x;
    y = y < 0 ? 0 : y >= h ? h - 1 : y;
    return image_at(s->im, (uint32_t)x, (uint32_t)y);
}

// x, y in pixel indices (centres at whole numbers), any size; beyond the picture by a pixel or by millions is the same.
static void sample(const sampler *s, float x, float y, float *out)
{
    float w = (float)s->im->width, h = (float)s->im->height;
    x = clampf(x, -2, w + 1);
    y = clampf(y, -2, h + 1);
    int ix = (int)(x + 2) - 2, iy = (int)(y + 2) - 2; // floor, for x >= -2
    float fx = x - (float)ix, fy = y - (float)iy;
    const uint8_t *a, *b, *c, *d;
    if (ix >= 0 && iy >= 0 && ix + 1 < (int)s->im->width && iy + 1 < (int)s->im->height) {
        a = image_at(s->im, (uint32_t)ix, (uint32_t)iy);
        b = a + s->im->channels;
        c = a + (size_t)s->im->width * s->im->channels;
        d = c + s->im->channels;
    } else {
        a = pixel_or_border(s, ix, iy), b = pixel_or_border(s, ix + 1, iy);
        c = pixel_or_border(s, ix, iy + 1), d = pixel_or_border(s, ix + 1, iy + 1);
    }
    float wa = (1 - fx) * (1 - fy), wb = fx * (1 - fy), wc = (1 - fx) * fy, wd = fx * fy;
    const uint32_t channel[3] = { s->r, s->g, s->b };
    for (int i = 0; i < 3; i++) {
        uint32_t k = channel[i];
        float v = wa * (float)a[k] + wb * (float)b[k] + wc * (float)c[k] + wd * (float)d[k];
        out[i] = v * s->scale + s->offset;
    }
}

void image_sample_roi(const image *src, const image_roi *roi, uint32_t n, image_border border, float scale,
                      float offset, float *out)
{
    assert(src->width && src->height && n && isfinite(roi->size) && isfinite(roi->cx) && isfinite(roi->cy) &&
           isfinite(roi->rot));
    double density = (double)roi->size / n;
    uint32_t k = density > 2 ? (uint32_t)fmin(ceil(density / 2), 256) : 1;
    image reduced = k > 1 ? reduce(src, k, reach(src, roi)) : (image){ 0 };
    uint32_t g = src->channels >= 3 ? 1 : 0, b = src->channels >= 3 ? 2 : 0;
    sampler s = { k > 1 ? &reduced : src, border, 0, g, b, scale, offset };

    // p = c + R(rot) * ((u + 0.5) / n - 0.5, (v + 0.5) / n - 0.5) * size, as an affine map to indices of s.im.
    double step = (double)roi->size / n / k, co = cos((double)roi->rot) * step, si = sin((double)roi->rot) * step;
    double cx = (double)roi->cx / k - 0.5, cy = (double)roi->cy / k - 0.5, first = 0.5 - 0.5 * n;
    for (uint32_t v = 0; v < n; v++) {
        double row = first + v;
        double x0 = cx + co * first - si * row, y0 = cy + si * first + co * row;
        for (uint32_t u = 0; u < n; u++, out += 3) sample(&s, (float)(x0 + co * u), (float)(y0 + si * u), out);
    }
    image_free(&reduced);
}
