// Pictures in memory: 8-bit RGB or RGBA or grey, rows top to bottom, no padding. Pixel (i, j) covers [i, i+1) x [j,
// j+1), so its centre is (i + 0.5, j + 0.5).
#pragma once
#include "base/buf.h"

typedef struct {
    uint8_t *px; // [height][width][channels], owned
    uint32_t width, height, channels;
} image;

// What we keep of a photo's metadata; everything else (place, time, device) is dropped at the door.
typedef struct {
    float focal_35mm; // focal length as on a 36 x 24 mm frame, in millimetres; 0 when not told
} image_meta;

// A black picture; each side at most LIMIT_IMAGE_SIDE (an assert: the caller chose the size).
image image_new(uint32_t width, uint32_t height, uint32_t channels);
image image_copy(const image *src);
void image_free(image *im); // zeroes it; a zeroed image is fine

static inline uint8_t *image_at(const image *im, uint32_t x, uint32_t y)
{
    return im->px + ((size_t)y * im->width + x) * im->channels;
}
