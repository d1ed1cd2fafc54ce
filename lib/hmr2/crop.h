// What HMR2.0 looks at: a square around the person, 256 x 256, made as the official ViTDetDataset makes it, down to
// OpenCV's rounding.
#pragma once
#include "image/image.h"

enum { HMR2_SIDE = 256 };

typedef struct {
    double x, y; // the box's centre, in pixels counted at their corners as detectors do
    double size; // side of the square, pixels
} hmr2_square;

// box: x0, y0, x1, y1 in pixels, x0 < x1 and y0 < y1. Widened or heightened to 192:256; the square has the longer side.
hmr2_square hmr2_square_of(const double box[4]);

// im: RGB. out [3][HMR2_SIDE][HMR2_SIDE]: red, green, blue, less ImageNet's mean and over its deviation; black outside
// the picture. A square much larger than the patch is blurred against aliasing first.
void hmr2_patch(const image *im, const hmr2_square *square, float *out);
