#include "hmr2/crop.h"
#include "base/mem.h"

#include <assert.h>
#include <math.h>

enum { SIDE = HMR2_SIDE, WIDTH = 192, CHANNELS = 3 };
enum { FRACTION = 32 }; // OpenCV's warpAffine takes positions to 1/32 pixel (INTER_BITS)

hmr2_square hmr2_square_of(const double box[4])
{
    double w = box[2] - box[0], h = box[3] - box[1];
    assert(w > 0 && h > 0);
    double expanded = h / w < (double)SIDE / WIDTH ? fmax(h, w * SIDE / WIDTH) : h;
    return (hmr2_square){ (box[0] + box[2]) / 2, (box[1] + box[3]) / 2, fmax(w, expanded) };
}

// One output position along an axis: between pixels first and first + 1, the second weighted by part / FRACTION.
typedef struct {
    int first, part;
} position;

// As warpAffine rounds: both terms to 1/1024 pixel, half a step of 1/32 added, the rest cut off. The map goes through
// float32 corners, as cv2.getAffineTransform is given them.
static void positions(double centre, double size, position out[SIDE])
{
    double step = (double)(float)(size / 2) / (SIDE / 2), from = (double)(float)centre - step * (SIDE / 2);
    for (int i = 0; i < SIDE; i++) {
        long q = (lrint(from * 1024) + 16 + lrint(step * i * 1024)) >> 5;
        out[i] = (position){ (int)(q >> 5), (int)(q & (FRACTION - 1)) };
    }
}

// --- blur: scikit-image's gaussian (scipy.ndimage, truncated at 4 sigma, edges repeated), only where it is looked at
// ---

typedef struct {
    double *weight; // [2 * radius + 1], owned
    int radius;
} kernel;

static kernel gaussian(double sigma)
{
    kernel k = { .radius = (int)(4 * sigma + 0.5) };
    int n = 2 * k.radius + 1;
    double sum = 0;
    k.weight = mem_array(double, (size_t)n);
    for (int i = 0; i < n; i++) sum += k.weight[i] = exp(-0.5 * (i - k.radius) * (i - k.radius) / (sigma * sigma));
    for (int i = 0; i < n; i++) k.weight[i] /= sum;
    return k;
}

static int clamped(int i, int n) { return i < 0 ? 0 : i >= n ? n - 1 : i; }

// The values the warp needs, [2 * SIDE][2 * SIDE][CHANNELS]: row and column 2 i and 2 i + 1 are the two pixels of
// output position i. Pixels outside the picture are zero.
static void gather(const image *im, const position *x, const position *y, double *out)
{
    for (int j = 0; j < 2 * SIDE; j++) {
        int row = y[j / 2].first + j % 2;
        for (int i = 0; i < 2 * SIDE; i++, out += CHANNELS) {
            int column = x[i / 2].first + i % 2;
            if (row < 0 || column < 0 || row >= (int)im->height || column >= (int)im->width) continue;
            const uint8_t *p = image_at(im, (uint32_t)column, (uint32_t)row);
            for (int c = 0; c < CHANNELS; c++) out[c] = p[c];
        }
    }
}

static void gather_blurred(const image *im, const position *x, const position *y, double sigma, double *out)
{
    kernel k = gaussian(sigma);
    int width = (int)im->width, height = (int)im->height;
    int top = clamped(y[0].first - k.radius, height), bottom = clamped(y[SIDE - 1].first + 1 + k.radius, height) + 1;
    // Along the rows first: [bottom - top][2 * SIDE][CHANNELS].
    size_t stride = (size_t)2 * SIDE * CHANNELS;
    double *rows = mem_array(double, (size_t)(bottom - top) * stride);
    for (int row = top; row < bottom; row++) {
        double *to = rows + (size_t)(row - top) * stride;
        for (int i = 0; i < 2 * SIDE; i++, to += CHANNELS) {
            int column = x[i / 2].first + i % 2;
            if (column < 0 || column >= width) continue;
            for (int t = -k.radius; t <= k.radius; t++) {
                const uint8_t *p = image_at(im, (uint32_t)clamped(column + t, width), (uint32_t)row);
                for (int c = 0; c < CHANNELS; c++) to[c] += k.weight[t + k.radius] * p[c];
            }
        }
    }
    for (int j = 0; j < 2 * SIDE; j++) {
        int row = y[j / 2].first + j % 2;
        double *to = out + (size_t)j * stride;
        if (row < 0 || row >= height) continue;
        for (int t = -k.radius; t <= k.radius; t++) {
            const double *from = rows + (size_t)(clamped(row + t, height) - top) * stride;
            for (size_t i = 0; i < stride; i++) to[i] += k.weight[t + k.radius] * from[i];
        }
    }
    mem_free(rows);
    mem_free(k.weight);
}

void hmr2_patch(const image *im, const hmr2_square *square, float *out)
{
    static const double mean[CHANNELS] = { 0.485, 0.456, 0.406 }, deviation[CHANNELS] = { 0.229, 0.224, 0.225 };
    assert(im->channels == CHANNELS);
    position x[SIDE], y[SIDE];
    positions(square->x, square->size, x);
    positions(square->y, square->size, y);
    size_t stride = (size_t)2 * SIDE * CHANNELS;
    double *corners = mem_array(double, 2 * SIDE * stride), factor = square->size / SIDE / 2;
    bool blurred = factor > 1.1;
    if (blurred)
        gather_blurred(im, x, y, (factor - 1) / 2, corners);
    else
        gather(im, x, y, corners);
    for (size_t j = 0; j < SIDE; j++) {
        double v = (double)y[j].part / FRACTION;
        for (size_t i = 0; i < SIDE; i++) {
            const double *a = corners + 2 * j * stride + 2 * i * CHANNELS, *b = a + stride;
            double u = (double)x[i].part / FRACTION;
            for (size_t c = 0; c < CHANNELS; c++) {
                double value =
                    (1 - v) * ((1 - u) * a[c] + u * a[c + CHANNELS]) + v * ((1 - u) * b[c] + u * b[c + CHANNELS]);
                if (!blurred) value = floor(value + 0.5); // bytes stay bytes; what was blurred is in floats by then
                out[(c * SIDE + j) * SIDE + i] = (float)((value / 255 - mean[c]) / deviation[c]);
            }
        }
    }
    mem_free(corners);
}
