#include "estimate/distance.h"
#include "base/mem.h"
#include "capture/mask.h"

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

// How surely a pixel is the person's, 0..255, less what the mask's threshold is: on the mask's side of it, as sure as
// the soft mask says.
static float sureness(const image *mask, const image *soft, int x, int y)
{
    const float threshold = MASK_CERTAIN * 255;
    bool inside = x >= 0 && y >= 0 && x < (int)mask->width && y < (int)mask->height;
    bool person = inside && *image_at(mask, (uint32_t)x, (uint32_t)y);
    if (!inside || !soft) return person ? 1 : -1;
    float off = (float)*image_at(soft, (uint32_t)x, (uint32_t)y) - threshold;
    return person ? fmaxf(off, 0.5f) : fminf(off, -0.5f);
}

// Between the pixels' middles, so that a mask of few pixels has no steps of their size.
static bool person_at(const image *mask, const image *soft, float x, float y)
{
    float fx = floorf(x - 0.5f), fy = floorf(y - 0.5f), wx = x - 0.5f - fx, wy = y - 0.5f - fy, sum = 0;
    int i = (int)fx, j = (int)fy;
    if (i >= 0 && j >= 0 && i + 1 < (int)mask->width && j + 1 < (int)mask->height) {
        int persons = 0;
        for (int k = 0; k < 4; k++) persons += *image_at(mask, (uint32_t)(i + k % 2), (uint32_t)(j + k / 2)) != 0;
        if (persons % 4 == 0) return persons == 4; // they agree, as nearly everywhere
    }
    for (int k = 0; k < 4; k++)
        sum += (k % 2 ? wx : 1 - wx) * (k / 2 ? wy : 1 - wy) * sureness(mask, soft, (int)fx + k % 2, (int)fy + k / 2);
    return sum > 0;
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

distance_field *distance_new(const image *mask, const image *soft, uint32_t left, uint32_t top, uint32_t right,
                             uint32_t bottom, float step)
{
    enum { SMOOTHING = 3 };
    distance_field *d = mem_new(1, sizeof *d);
    float margin = 0.12f * (float)(bottom - top);
    d->step = step;
    d->width = (int)(((float)(right - left) + 2 * margin) / step) + 2;
    d->height = (int)(((float)(bottom - top) + 2 * margin) / step) + 2;
    // About the middle of the window, so that a mirror image has the mirror image's field.
    d->left = ((float)(left + right) - (float)d->width * step) / 2;
    d->top = ((float)(top + bottom) - (float)d->height * step) / 2;
    size_t n = (size_t)d->width * (size_t)d->height;
    float *outside = mem_array(float, n), *inside = mem_array(float, n);
    for (int y = 0; y < d->height; y++)
        for (int x = 0; x < d->width; x++) {
            bool person =
                person_at(mask, soft, d->left + ((float)x + 0.5f) * d->step, d->top + ((float)y + 0.5f) * d->step);
            outside[y * d->width + x] = person ? 0 : FAR; // distance to the person
            inside[y * d->width + x] = person ? FAR : 0;  // distance to what is not
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
    return d;
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
