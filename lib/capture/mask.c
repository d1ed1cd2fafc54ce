#include "capture/mask.h"
#include "base/limits.h"
#include "base/mem.h"
#include "capture/guided.h"
#include "capture/landmarks.h"

#include <math.h>
#include <string.h>

static const float SECOND_PASS_MARGIN = 1.12f;
const float MASK_CERTAIN = 0.6f;
static const float GUIDED_EPS = 1e-3f;   // squared contrast (0..1) below which an edge is none: JPEG blocks
static const float SMALL_HOLE = 0.0005f; // of the person's area: texture; the gap inside a bent arm is larger
// The filter's radius, in pixels of the coarse mask and of the photo it works on: a photo is brought to the scale at
// which the two are the same, so that what is snapped to what does not depend on the photo's resolution.
static const float COARSE_RADIUS = 2;
enum { GUIDED_RADIUS = 8 };

// --- connected parts ---

typedef struct {
    uint32_t x0, x1, y; // pixels [x0, x1) of row y
    uint32_t parent;    // a run of the same part, at most this one's number
    size_t area;        // of the part, at its first run
    bool border;        // the part touches the border, at its first run
} run;

typedef struct {
    run *at;
    uint32_t count;
} runs;

static uint32_t first_of(run *r, uint32_t i)
{
    while (r[i].parent != i) i = r[i].parent = r[r[i].parent].parent;
    return i;
}

static void join(run *r, uint32_t a, uint32_t b)
{
    a = first_of(r, a), b = first_of(r, b);
    if (a < b)
        r[b].parent = a;
    else
        r[a].parent = b;
}

// The runs of pixels that are set (or not set) and the parts they make; reach 1 joins corners too, 0 sides only.
static runs find_parts(const uint8_t *mask, uint32_t width, uint32_t height, bool set, uint32_t reach)
{
    runs out = { 0 };
    uint32_t room = 0, above = 0, above_end = 0;
    for (uint32_t y = 0; y < height; y++) {
        const uint8_t *row = mask + (size_t)y * width;
        uint32_t begin = out.count;
        for (uint32_t x = 0; x < width;) {
            if ((row[x] != 0) != set) {
                x++;
                continue;
            }
            uint32_t x0 = x;
            while (x < width && (row[x] != 0) == set) x++;
            if (out.count == room) out.at = mem_grow(out.at, room = room ? room * 2 : 1024, sizeof *out.at);
            bool border = y == 0 || y == height - 1 || x0 == 0 || x == width;
            out.at[out.count] = (run){ x0, x, y, out.count, x - x0, border };
            out.count++;
        }
        for (uint32_t i = begin, k = above; i < out.count; i++) {
            while (k < above_end && out.at[k].x1 + reach <= out.at[i].x0) k++;
            for (uint32_t j = k; j < above_end && out.at[j].x0 < out.at[i].x1 + reach; j++) join(out.at, i, j);
        }
        above = begin, above_end = out.count;
    }
    for (uint32_t i = 0; i < out.count; i++) {
        uint32_t first = first_of(out.at, i);
        if (first == i) continue;
        out.at[first].area += out.at[i].area;
        out.at[first].border |= out.at[i].border;
    }
    return out;
}

size_t mask_keep_largest(uint8_t *mask, uint32_t width, uint32_t height)
{
    runs parts = find_parts(mask, width, height, true, 1);
    uint32_t best = 0;
    for (uint32_t i = 0; i < parts.count; i++) {
        if (parts.at[i].parent == i && parts.at[i].area > parts.at[best].area) best = i;
    }
    size_t area = parts.count ? parts.at[best].area : 0;
    for (uint32_t i = 0; i < parts.count; i++) {
        const run *r = &parts.at[i];
        if (first_of(parts.at, i) != best) memset(mask + (size_t)r->y * width + r->x0, 0, r->x1 - r->x0);
    }
    mem_free(parts.at);
    return area;
}

void mask_fill_holes(uint8_t *mask, uint32_t width, uint32_t height, size_t most)
{
    runs gaps = find_parts(mask, width, height, false, 0);
    for (uint32_t i = 0; i < gaps.count; i++) {
        const run *r = &gaps.at[i], *part = &gaps.at[first_of(gaps.at, i)];
        if (!part->border && part->area <= most) memset(mask + (size_t)r->y * width + r->x0, 255, r->x1 - r->x0);
    }
    mem_free(gaps.at);
}

void mask_cut(uint8_t *probability, uint32_t width, uint32_t height, float certain)
{
    size_t count = (size_t)width * height;
    uint8_t least = (uint8_t)(certain * 255);
    for (size_t i = 0; i < count; i++) probability[i] = probability[i] > least ? 255 : 0;
    size_t area = mask_keep_largest(probability, width, height);
    mask_fill_holes(probability, width, height, (size_t)(SMALL_HOLE * (float)area));
}

mask_box mask_bounds(const uint8_t *mask, uint32_t width, uint32_t height)
{
    mask_box b = { width, height, 0, 0 };
    for (uint32_t y = 0; y < height; y++) {
        const uint8_t *row = mask + (size_t)y * width;
        uint32_t x0 = 0, x1 = width;
        while (x0 < width && !row[x0]) x0++;
        if (x0 == width) continue;
        while (!row[x1 - 1]) x1--;
        if (x0 < b.left) b.left = x0;
        if (x1 > b.right) b.right = x1;
        if (y < b.top) b.top = y;
        b.bottom = y + 1;
    }
    return b.bottom ? b : (mask_box){ 0 };
}

// --- second pass ---

// Where the probability crosses a half between the cell at and its neighbour outside, across the box: along its row or
// column the most of each is taken. step: from a cell to the next outwards; along: to the next of the same edge.
static float edge(const float *probability, uint32_t at, int step, int along, uint32_t from, uint32_t to, bool outside)
{
    float in = 0, out = 0;
    const float *cell = probability + at;
    for (uint32_t i = from; i < to; i++) {
        in = fmaxf(in, cell[(int)i * along]);
        if (outside) out = fmaxf(out, cell[(int)i * along + step]);
    }
    // A hard edge lies on the cell's border; what crosses later lies farther out. Specks apart from the person are no
    // part of her.
    out = fminf(out, 0.5f);
    return outside && in > out ? 0.5f - (in - 0.5f) / (in - out) : 0;
}

bool mask_roi(const float *probability, uint32_t side, const image_roi *roi, image_roi *out)
{
    size_t count = (size_t)side * side;
    uint8_t *mask = mem_array(uint8_t, count);
    for (size_t i = 0; i < count; i++) mask[i] = probability[i] > 0.5f;
    bool found = mask_keep_largest(mask, side, side) > 0;
    mask_box b = mask_bounds(mask, side, side);
    mem_free(mask);
    if (!found) return false;
    // To parts of a cell: a box that leaps by cells would shift the second look by them.
    int n = (int)side;
    float x0 = (float)b.left + edge(probability, b.left, -1, n, b.top, b.bottom, b.left > 0),
          x1 = (float)b.right - edge(probability, b.right - 1, 1, n, b.top, b.bottom, b.right < side),
          y0 = (float)b.top + edge(probability, b.top * side, -n, 1, b.left, b.right, b.top > 0),
          y1 = (float)b.bottom - edge(probability, (b.bottom - 1) * side, n, 1, b.left, b.right, b.bottom < side);
    float unit = roi->size / (float)side;
    *out = *roi;
    pose_point(roi, (x0 + x1) / (2 * (float)side), (y0 + y1) / (2 * (float)side), &out->cx, &out->cy);
    out->size = fmaxf(x1 - x0, y1 - y0) * unit * SECOND_PASS_MARGIN;
    return true;
}

// --- refinement ---

// The part of the photo that may belong to the person, with room for the filter around it.
static mask_box region(const image *photo, const float *probability, uint32_t side, const image_roi *roi)
{
    size_t count = (size_t)side * side;
    uint8_t *mask = mem_array(uint8_t, count);
    for (size_t i = 0; i < count; i++) mask[i] = probability[i] > 0.02f;
    mask_box b = mask_bounds(mask, side, side);
    mem_free(mask);
    if (!b.bottom) return (mask_box){ 0 };
    float x0 = INFINITY, y0 = INFINITY, x1 = -INFINITY, y1 = -INFINITY, n = (float)side;
    float reach = 3 * COARSE_RADIUS; // the filter's two windows, and a little
    float u[2] = { ((float)b.left - reach) / n, ((float)b.right + reach) / n };
    float v[2] = { ((float)b.top - reach) / n, ((float)b.bottom + reach) / n };
    for (int k = 0; k < 4; k++) {
        float x, y;
        pose_point(roi, u[k % 2], v[k / 2], &x, &y);
        x0 = fminf(x0, x), x1 = fmaxf(x1, x), y0 = fminf(y0, y), y1 = fmaxf(y1, y);
    }
    float w = (float)photo->width, h = (float)photo->height;
    if (x0 >= w || y0 >= h || x1 <= 0 || y1 <= 0) return (mask_box){ 0 };
    return (mask_box){ (uint32_t)fmaxf(x0, 0), (uint32_t)fmaxf(y0, 0), (uint32_t)ceilf(fminf(x1, w)),
                       (uint32_t)ceilf(fminf(y1, h)) };
}

static float probability_at(const float *p, int side, float x, float y)
{
    float fx = floorf(x), fy = floorf(y), sum = 0;
    if (!(fx >= -1) || !(fy >= -1) || fx >= (float)side || fy >= (float)side) return 0;
    int ix = (int)fx, iy = (int)fy;
    float wx = x - fx, wy = y - fy;
    for (int k = 0; k < 4; k++) {
        int px = ix + k % 2, py = iy + k / 2;
        if (px < 0 || py < 0 || px >= side || py >= side) continue;
        sum += (k % 2 ? wx : 1 - wx) * (k / 2 ? wy : 1 - wy) * p[py * side + px];
    }
    return sum;
}

// out [height][width] in GUIDED_ONE: pixel (i, j) lies at (left + (i + 0.5) / scale, …) of the photo.
static void warp(const float *probability, uint32_t side, const image_roi *roi, mask_box b, float scale_x,
                 float scale_y, uint32_t width, uint32_t height, uint16_t *out)
{
    float c = cosf(roi->rot), s = sinf(roi->rot), n = (float)side, unit = n / roi->size;
    for (uint32_t j = 0; j < height; j++) {
        float dy = (float)b.top + ((float)j + 0.5f) / scale_y - roi->cy;
        for (uint32_t i = 0; i < width; i++) {
            float dx = (float)b.left + ((float)i + 0.5f) / scale_x - roi->cx;
            float u = (c * dx + s * dy) * unit + n / 2 - 0.5f, v = (c * dy - s * dx) * unit + n / 2 - 0.5f;
            *out++ = (uint16_t)(probability_at(probability, (int)side, u, v) * GUIDED_ONE + 0.5f);
        }
    }
}

static uint32_t working_side(uint32_t side, float scale)
{
    return (uint32_t)fminf(fmaxf(roundf((float)side * scale), 1), LIMIT_IMAGE_SIDE);
}

// The refined probability of region b, as bytes, of its size.
static image refine_region(const image *photo, const float *probability, uint32_t side, const image_roi *roi,
                           mask_box b, pool *threads)
{
    uint32_t w = b.right - b.left, h = b.bottom - b.top;
    float scale = GUIDED_RADIUS / COARSE_RADIUS * (float)side / roi->size;
    uint32_t ww = working_side(w, scale), wh = working_side(h, scale);
    image part = image_crop(photo, b.left, b.top, w, h), guide = image_resize(&part, ww, wh);
    image_free(&part);
    float scale_x = (float)ww / (float)w, scale_y = (float)wh / (float)h;
    size_t count = (size_t)ww * wh;
    uint16_t *p = mem_array(uint16_t, count);
    float *q = mem_array(float, count);
    warp(probability, side, roi, b, scale_x, scale_y, ww, wh, p);
    guided_filter(&guide, p, GUIDED_RADIUS, GUIDED_EPS, q, threads);
    image small = image_new(ww, wh, 1);
    for (size_t i = 0; i < count; i++) small.px[i] = (uint8_t)(fminf(fmaxf(q[i], 0), 1) * 255 + 0.5f);
    image out = image_resize(&small, w, h);
    image_free(&small);
    image_free(&guide);
    mem_free(p);
    mem_free(q);
    return out;
}

void mask_refine(const image *photo, const float *probability, uint32_t side, const image_roi *roi, pool *threads,
                 image *soft, image *mask)
{
    *soft = image_new(photo->width, photo->height, 1);
    *mask = image_new(photo->width, photo->height, 1);
    mask_box b = region(photo, probability, side, roi);
    if (!b.bottom) return;
    image part = refine_region(photo, probability, side, roi, b, threads);
    for (uint32_t y = 0; y < part.height; y++) {
        memcpy(image_at(soft, b.left, b.top + y), image_at(&part, 0, y), part.width);
    }
    mask_cut(part.px, part.width, part.height, MASK_CERTAIN);
    for (uint32_t y = 0; y < part.height; y++) {
        memcpy(image_at(mask, b.left, b.top + y), image_at(&part, 0, y), part.width);
    }
    image_free(&part);
}
