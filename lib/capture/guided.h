// The guided filter (He, Sun, Tang, "Guided Image Filtering", ECCV 2010) with a colour guide: snaps a coarse mask to
// the picture's edges. Its cost does not depend on the radius.
#pragma once
#include "base/parallel.h"
#include "image/image.h"

enum { GUIDED_ONE = 4095, GUIDED_MAX_RADIUS = 20 }; // p's unit; and the radius up to which 32-bit sums are exact

// guide: RGB. p [height][width] in 0 … GUIDED_ONE. eps is the regularizer for guide values in 0..1. out
// [height][width], about 0..1, not clamped. Windows are cut at the picture's border. pool may be NULL.
void guided_filter(const image *guide, const uint16_t *p, int radius, float eps, float *out, pool *threads);
