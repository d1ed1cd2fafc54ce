#include "estimate/distance.h"
#include "base/mem.h"
#include "capture/mask.h"
#include "image/resample.h"

#include <math.h>
#include <string.h>

struct distance_field {
    float *value; // [height * width], pixels
    int width, height;
    float left, top; // of cell (0, 0)'s corner, pixels
    float step;      // pixels a cell
};

static const float FAR = 1e12f;

// Exact squared distance transform of one row (Felzenszwalb & Huttenlocher 2012): out[i] = min_j f[j] + (i - j)^2.
static void transform_row(const float *f, int n, float *out, int *site, float *bound)
{
    int k = 0;
    site[0] = 0;
    bound[0] = -FAR;
    bound[1] = FAR;
    for (int q = 1; q < n; q++) {
        float s;
        for (;;) {
            int v = site[k];
            s = ((f[q] + (float)(q * q)) - (f[v] + (float)(v * v))) / (float)(2 * q - 2 * v);
            if (s > bound[k] || k == 0) break;
            k--;
        }
        if (s > bound[k]) k++;
        site[k] = q;
        bound[k] = k ? s : -FAR;
        bound[k + 1] = FAR;
    }
    k = 0;
    for (int q = 0; q < n; q++) {
        while (bound[k + 1] < (float)q) k++;
        int v = site[k];
        out[q] = f[v] + (float)((q - v) * (q - v));
    }
}

// field: 0 at the sites, FAR elsewhere; becomes the squared distance to the nearest site.
static void transform(float *field, int width, int height)
{
    // Down and up the columns, all of them side by side.
    for (int y = 1; y < height; y++) {
        float *row = field + y * width;
        const float *above = row - width;
        for (int x = 0; x < width; x++) row[x] = row[x] == 0 ? 0 : above[x] < FAR ? above[x] + 1 : FAR;
    }
    for (int y = height - 2; y >= 0; y--) {
        float *row = field + y * width;
        const float *below = row + width;
        for (int x = 0; x < width; x++) row[x] = row[x] < below[x] + 1 ? row[x] : below[x] + 1;
    }
    float *in = mem_array(float, (size_t)width), *bound = mem_array(float, (size_t)width + 1);
    int *site = mem_array(int, (size_t)width);
    for (int y = 0; y < height; y++) {
        float *row = field + y * width;
        for (int x = 0; x < width; x++) in[x] = row[x] < FAR / 2 ? row[x] * row[x] : FAR;
        transform_row(in, width, row, site, bound);
    }
    mem_free(in);
    mem_free(bound);
    mem_free(site);
}

// 1 2 1 along rows and columns.
static void smooth(float *field, int width, int height)
{
    for (int y = 0; y < height; y++) {
        float *row = field + y * width, before = row[0];
        for (int x = 1; x + 1 < width; x++) {
            float here = row[x];
            row[x] = (before + 2 * here + row[x + 1]) / 4;
            before = here;
        }
    }
    float *before = mem_array(float, (size_t)width);
    memcpy(before, field, (size_t)width * sizeof *before);
    for (int y = 1; y + 1 < height; y++) {
        float *row = field + y * width;
        for (int x = 0; x < width; x++) {
            float here = row[x];
            row[x] = (before[x] + 2 * here + row[x + width]) / 4;
            before[x] = here;
        }
    }
    mem_free(before);
}

static distance_field *field_over(distance_window w)
{
    distance_field *d = mem_new(1, sizeof *d);
    float margin = 0.12f * (float)(w.bottom - w.top);
    d->step = w.step;
    d->width = (int)(((float)(w.right - w.left) + 2 * margin) / w.step) + 2;
    d->height = (int)(((float)(w.bottom - w.top) + 2 * margin) / w.step) + 2;
    // About the middle of the window, so that a mirror image has the mirror image's field.
    d->left = ((float)(w.left + w.right) - (float)d->width * w.step) / 2;
    d->top = ((float)(w.top + w.bottom) - (float)d->height * w.step) / 2;
    return d;
}

// What each cell's middle has of a picture of one channel, between its pixels', so that a mask of few pixels has no
// steps of their size.
static uint8_t *cells_of(const distance_field *d, const image *im)
{
    uint8_t *cell = mem_array(uint8_t, (size_t)d->width * (size_t)d->height), *to = cell;
    for (int y = 0; y < d->height; y++)
        for (int x = 0; x < d->width; x++)
            *to++ = (uint8_t)(image_between(im, d->left + ((float)x + 0.5f) * d->step,
                                            d->top + ((float)y + 0.5f) * d->step) +
                              0.5f);
    return cell;
}

// person [cells]: not 0 where she is.
static void measure(distance_field *d, const uint8_t *person)
{
    enum { SMOOTHING = 3 };
    size_t n = (size_t)d->width * (size_t)d->height;
    float *outside = mem_array(float, n), *inside = mem_array(float, n);
    for (size_t i = 0; i < n; i++) {
        outside[i] = person[i] ? 0 : FAR; // distance to the person
        inside[i] = person[i] ? FAR : 0;  // distance to what is not
    }
    transform(outside, d->width, d->height);
    transform(inside, d->width, d->height);
    // Cells on the two sides of the outline are each one cell from the other side: the outline is half way.
    for (size_t i = 0; i < n; i++) {
        float a = sqrtf(outside[i]), b = sqrtf(inside[i]);
        outside[i] = (a > 0 ? a - 0.5f : 0.5f - b) * d->step;
    }
    mem_free(inside);
    for (int i = 0; i < SMOOTHING; i++) smooth(outside, d->width, d->height);
    d->value = outside;
}

distance_field *distance_new(const image *mask, distance_window window)
{
    distance_field *d = field_over(window);
    uint8_t *cell = cells_of(d, mask);
    for (size_t i = 0; i < (size_t)d->width * (size_t)d->height; i++) cell[i] = cell[i] > 127;
    measure(d, cell);
    mem_free(cell);
    return d;
}

void distance_levels(const image *soft, distance_window window, const float *level, int count, distance_field **out)
{
    for (int i = 0; i < count; i++) out[i] = field_over(window);
    size_t n = (size_t)out[0]->width * (size_t)out[0]->height;
    uint8_t *seen = cells_of(out[0], soft), *person = mem_array(uint8_t, n);
    for (int i = 0; i < count; i++) {
        memcpy(person, seen, n);
        mask_cut(person, (uint32_t)out[i]->width, (uint32_t)out[i]->height, level[i]);
        measure(out[i], person);
    }
    mem_free(seen);
    mem_free(person);
}

distance_field *distance_mirror(const distance_field *d, uint32_t width)
{
    distance_field *out = mem_new(1, sizeof *out);
    *out = *d;
    out->left = (float)width - d->left - (float)d->width * d->step;
    out->value = mem_array(float, (size_t)d->width *(size_t)d->height);
    for (int y = 0; y < d->height; y++) {
        const float *from = d->value + (size_t)y * (size_t)d->width;
        float *to = out->value + (size_t)(y + 1) * (size_t)d->width;
        for (int x = 0; x < d->width; x++) *--to = from[x];
    }
    return out;
}

void distance_free(distance_field *d)
{
    if (!d) return;
    mem_free(d->value);
    mem_free(d);
}

float distance_at(const distance_field *d, float x, float y, float *gx, float *gy)
{
    float u = (x - d->left) / d->step - 0.5f, v = (y - d->top) / d->step - 0.5f;
    float cu = fminf(fmaxf(u, 0), (float)d->width - 1.001f), cv = fminf(fmaxf(v, 0), (float)d->height - 1.001f);
    int i = (int)cu, j = (int)cv;
    float s = cu - (float)i, t = cv - (float)j;
    const float *p = d->value + j * d->width + i, *q = p + d->width;
    float top = p[0] + s * (p[1] - p[0]), bottom = q[0] + s * (q[1] - q[0]);
    *gx = ((p[1] - p[0]) * (1 - t) + (q[1] - q[0]) * t) / d->step;
    *gy = (bottom - top) / d->step;
    float away_x = (u - cu) * d->step, away_y = (v - cv) * d->step, away = hypotf(away_x, away_y);
    if (away > 0) {
        *gx = away_x / away;
        *gy = away_y / away;
    }
    return top + t * (bottom - top) + away;
}
