// Resizing and warping, in the conventions of image.h (pixel centres at +0.5).
#pragma once
#include "image/image.h"

// Area averaging when a side shrinks, bilinear when it grows.
image image_resize(const image *src, uint32_t width, uint32_t height);
image image_mirror(const image *src); // left to right
// Each pixel the mean of the nine around it by binomial weights; what lies beyond the border is as the border.
image image_soften(const image *src);
image image_crop(const image *src, uint32_t x, uint32_t y, uint32_t width, uint32_t height);

// A picture of one channel, or none, at (x, y), linear between its pixels' middles: 0..255, and 0 beyond it.
float image_between(const image *im, float x, float y);

// A rotated square of the picture: what the pose networks look at. Pixels of src, y down, rot in radians.
typedef struct {
    float cx, cy, size, rot;
} image_roi;

typedef enum { BORDER_ZERO, BORDER_REPLICATE } image_border;

// Samples roi into out [n][n][3] as floats px * scale + offset (border zeros are zero before scale and offset).
// Where more than 2 source pixels fall on one of the crop, src is area-averaged first until at most 2 do; bilinear
// after.
void image_sample_roi(const image *src, const image_roi *roi, uint32_t n, image_border border, float scale,
                      float offset, float *out);
