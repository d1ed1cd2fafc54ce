// The drawn pattern of tests/fixtures/images, for every test of this room.
#pragma once
#include "base/io.h"
#include "base/limits.h"
#include "base/mem.h"
#include "image/decode.h"
#include "image/encode.h"
#include "image/resample.h"
#include "test.h"

#include <stdlib.h>

enum { PATTERN_W = 48, PATTERN_H = 32 };

static inline uint8_t pattern(uint32_t x, uint32_t y, int c)
{
    return (uint8_t)(c == 0 ? x * 5 : c == 1 ? y * 7 : (x / 8 + y / 8) % 2 ? 200 : 40);
}

static inline image pattern_image(void)
{
    image im = image_new(PATTERN_W, PATTERN_H, 3);
    for (uint32_t y = 0; y < im.height; y++) {
        for (uint32_t x = 0; x < im.width; x++) {
            for (int c = 0; c < 3; c++) image_at(&im, x, y)[c] = pattern(x, y, c);
        }
    }
    return im;
}

// The largest difference of a channel; 255 when the sizes differ.
static inline int worst_difference(const image *a, const image *b)
{
    if (a->width != b->width || a->height != b->height || a->channels != b->channels) return 255;
    int worst = 0;
    for (size_t i = 0; i < (size_t)a->width * a->height * a->channels; i++) {
        int d = abs(a->px[i] - b->px[i]);
        if (d > worst) worst = d;
    }
    return worst;
}

static inline buf fixture(const char *name)
{
    char path[1000];
    err e = { 0 };
    buf b = buf_new(1 << 20);
    snprintf(path, sizeof path, "%s/images/%s", FIXTURES, name);
    CHECK(io_read(path, &b, &e));
    return b;
}
