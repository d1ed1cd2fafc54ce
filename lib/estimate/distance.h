// Signed distance to the outline of a mask, sampled anywhere with its gradient. Pixels; positive outside the person.
// Smoothed over a few cells, so that the pixels' steps along a slanting outline do not turn the gradient.
#pragma once
#include "image/image.h"

typedef struct distance_field distance_field;

// The part of a picture that a field covers: left..right, top..bottom (exclusive) plus a margin, in cells of side step;
// all in pixels.
typedef struct {
    uint32_t left, top, right, bottom;
    float step;
} distance_window;

// mask: 1 channel, 0 or 255: the person.
distance_field *distance_new(const image *mask, distance_window window);
// The same of the person in soft (capture_evidence.soft_mask), once for each level [count], 0..1, that the mask is to
// be surer than (mask_cut). out [count].
void distance_levels(const image *soft, distance_window window, const float *level, int count, distance_field **out);
// The field of the mirrored picture, which is width pixels wide.
distance_field *distance_mirror(const distance_field *d, uint32_t width);
void distance_free(distance_field *d);

// At the picture's point x, y: the distance, and its gradient (unit length but at ridges). Beyond the window the
// distance to the window is added.
float distance_at(const distance_field *d, float x, float y, float *gx, float *gy);
