// Signed distance to the outline of a mask, sampled anywhere with its gradient. Pixels; positive outside the person.
// Smoothed over a few cells, so that the pixels' steps along a slanting outline do not turn the gradient.
#pragma once
#include "image/image.h"

typedef struct distance_field distance_field;

// mask: 1 channel, not 0 is the person; soft: the probability it was made of (capture_evidence.soft_mask), which tells
// where between two pixels the outline runs, or NULL; only the window left..right, top..bottom (exclusive) plus a
// margin is kept. step: side of the field's cells, pixels.
distance_field *distance_new(const image *mask, const image *soft, uint32_t left, uint32_t top, uint32_t right,
                             uint32_t bottom, float step);
void distance_free(distance_field *d);

// At the picture's point x, y: the distance, and its gradient (unit length but at ridges). Beyond the window the
// distance to the window is added.
float distance_at(const distance_field *d, float x, float y, float *gx, float *gy);
