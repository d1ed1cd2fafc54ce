#include "image/draw.h"
#include "image/font.h"
#include "base/mem.h"

#include <assert.h>
#include <math.h>
#include <string.h>

// Lays c over the pixel, covering the given part of it. Grey pictures take the colour's luma (ITU-R BT.601).
static void blend(image *im, int x, int y, draw_color c, float coverage)
{
    if (x < 0 || y < 0 || x >= (int)im->width || y >= (int)im->height || coverage <= 0) return;
    float a = (float)c.a / 255 * fminf(coverage, 1);
    uint8_t *p = image_at(im, (uint32_t)x, (uint32_t)y);
    const uint8_t rgb[3] = { c.r, c.g, c.b };
    if (im->channels < 3) {
        float luma = 0.299f * (float)c.r + 0.587f * (float)c.g + 0.114f * (float)c.b;
        p[0] = (uint8_t)lroundf((float)p[0] + (luma - (float)p[0]) * a);
        return;
    }
    for (int i = 0; i < 3; i++) p[i] = (uint8_t)lroundf((float)p[i] + ((float)rgb[i] - (float)p[i]) * a);
    if (im->channels == 4) p[3] = (uint8_t)lroundf((float)p[3] + (255 - (float)p[3]) * a);
}

static int clamped(float v, uint32_t most)
{
    return v < (float)most ? v > 0 ? (int)v : 0 : (int)most; // NaN becomes most: an empty range
}

// Coverage is taken from the distance of the pixel's centre to the segment: a pixel half inside is half covered.
void draw_line(image *im, float x0, float y0, float x1, float y1, float width, draw_color c)
{
    float reach = width / 2 + 1, dx = x1 - x0, dy = y1 - y0, len2 = dx * dx + dy * dy;
    int top = clamped(fminf(y0, y1) - reach, im->height), bottom = clamped(fmaxf(y0, y1) + reach + 1, im->height);
    for (int y = top; y < bottom; y++) {
        // The part of the segment that comes within reach of this row, then its columns.
        float py = (float)y + 0.5f - y0, t0 = 0, t1 = 1;
        if (dy != 0) {
            float a = (py - reach) / dy, b = (py + reach) / dy;
            t0 = fminf(fmaxf(fminf(a, b), 0), 1);
            t1 = fminf(fmaxf(fmaxf(a, b), 0), 1);
        }
        float from = x0 + dx * t0, to = x0 + dx * t1;
        int left = clamped(fminf(from, to) - reach, im->width), right = clamped(fmaxf(from, to) + reach + 1, im->width);
        for (int x = left; x < right; x++) {
            float px = (float)x + 0.5f - x0;
            float t = len2 > 0 ? fminf(fmaxf((px * dx + py * dy) / len2, 0), 1) : 0;
            float qx = px - t * dx, qy = py - t * dy;
            blend(im, x, y, c, width / 2 + 0.5f - sqrtf(qx * qx + qy * qy));
        }
    }
}

void draw_disc(image *im, float x, float y, float radius, draw_color c) { draw_line(im, x, y, x, y, 2 * radius, c); }

void draw_rect(image *im, int x, int y, int w, int h, draw_color c)
{
    int64_t right = (int64_t)x + w, bottom = (int64_t)y + h;
    for (int64_t j = y > 0 ? y : 0; j < bottom && j < im->height; j++) {
        for (int64_t i = x > 0 ? x : 0; i < right && i < im->width; i++) blend(im, (int)i, (int)j, c, 1);
    }
}

int draw_text(image *im, int x, int y, int scale, draw_color c, const char *text)
{
    int at = x;
    for (const char *s = text; *s; s++, at += 8 * scale) {
        unsigned char ch = (unsigned char)*s;
        const uint8_t *glyph = font_8x16[(ch < 32 || ch > 126 ? '?' : ch) - 32];
        for (int row = 0; row < 16; row++) {
            for (int col = 0; col < 8; col++) {
                if (glyph[row] >> (7 - col) & 1) draw_rect(im, at + col * scale, y + row * scale, scale, scale, c);
            }
        }
    }
    return at - x;
}

static bool masked(const image *mask, int64_t x, int64_t y)
{
    return x >= 0 && y >= 0 && x < mask->width && y < mask->height && *image_at(mask, (uint32_t)x, (uint32_t)y);
}

void draw_mask(image *im, const image *mask, draw_color fill, draw_color outline)
{
    assert(mask->channels == 1 && mask->width == im->width && mask->height == im->height);
    for (int y = 0; y < (int)im->height; y++) {
        for (int x = 0; x < (int)im->width; x++) {
            if (!masked(mask, x, y)) continue;
            bool inner =
                masked(mask, x - 1, y) && masked(mask, x + 1, y) && masked(mask, x, y - 1) && masked(mask, x, y + 1);
            blend(im, x, y, inner ? fill : outline, 1);
        }
    }
}

// One running-mean pass over count values at from, stride apart; indices beyond the ends repeat the end.
static void box_pass(const uint8_t *from, uint8_t *to, int count, size_t stride, int radius)
{
    uint32_t width = 2 * (uint32_t)radius + 1, sum = 0;
    for (int i = -radius; i <= radius; i++) {
        sum += from[(size_t)(i < 0 ? 0 : i >= count ? count - 1 : i) * stride];
    }
    for (int i = 0; i < count; i++) {
        to[(size_t)i * stride] = (uint8_t)((sum + width / 2) / width);
        int leaves = i - radius, enters = i + radius + 1;
        sum += from[(size_t)(enters >= count ? count - 1 : enters) * stride];
        sum -= from[(size_t)(leaves < 0 ? 0 : leaves) * stride];
    }
}

// Three passes of a box half as wide as the ellipse: close to a Gaussian with sigma equal to half its radius, which
// leaves less than one light-dark change across a face.
void draw_blur_ellipse(image *im, float cx, float cy, float rx, float ry)
{
    int left = clamped(cx - rx, im->width), right = clamped(cx + rx + 1, im->width);
    int top = clamped(cy - ry, im->height), bottom = clamped(cy + ry + 1, im->height);
    int w = right - left, h = bottom - top;
    if (w <= 0 || h <= 0 || !(rx > 0) || !(ry > 0)) return;
    uint32_t channels = im->channels;
    size_t row = (size_t)w * channels;
    uint8_t *a = mem_array(uint8_t, row * (size_t)h), *b = mem_array(uint8_t, row * (size_t)h);
    for (int y = 0; y < h; y++) {
        memcpy(a + (size_t)y * row, image_at(im, (uint32_t)left, (uint32_t)(top + y)), row);
    }
    int across = (int)fminf(ceilf(rx / 2), (float)w), down = (int)fminf(ceilf(ry / 2), (float)h);
    for (int pass = 0; pass < 3; pass++) {
        for (int y = 0; y < h; y++) {
            for (uint32_t c = 0; c < channels; c++) {
                box_pass(a + (size_t)y * row + c, b + (size_t)y * row + c, w, channels, across);
            }
        }
        for (size_t i = 0; i < row; i++) box_pass(b + i, a + i, h, row, down);
    }
    for (int y = 0; y < h; y++) {
        for (int x = 0; x < w; x++) {
            float dx = ((float)(left + x) + 0.5f - cx) / rx, dy = ((float)(top + y) + 0.5f - cy) / ry;
            if (dx * dx + dy * dy > 1) continue;
            memcpy(image_at(im, (uint32_t)(left + x), (uint32_t)(top + y)), a + (size_t)y * row + (size_t)x * channels,
                   channels);
        }
    }
    mem_free(a);
    mem_free(b);
}

void draw_image(image *im, int x, int y, const image *src)
{
    assert(src->channels == im->channels);
    int64_t left = x > 0 ? x : 0, right = (int64_t)x + src->width;
    if (right > im->width) right = im->width;
    if (right <= left) return;
    for (uint32_t j = 0; j < src->height; j++) {
        int64_t row = (int64_t)y + j;
        if (row < 0 || row >= im->height) continue;
        memcpy(image_at(im, (uint32_t)left, (uint32_t)row), image_at(src, (uint32_t)(left - x), j),
               (size_t)(right - left) * im->channels);
    }
}
