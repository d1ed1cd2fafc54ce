// From the network's coarse mask to the person's outline in the photo.
#pragma once
#include "base/parallel.h"
#include "image/resample.h"

extern const float MASK_CERTAIN; // the refined probability from which a pixel is the person's

// In place, pixels 0 or not: the largest part (touching at corners counts) stays. Returns its pixels.
size_t mask_keep_largest(uint8_t *mask, uint32_t width, uint32_t height);
// In place: gaps of at most most pixels that do not reach the border are filled with 255.
void mask_fill_holes(uint8_t *mask, uint32_t width, uint32_t height, size_t most);

// In place: probabilities, 0..255, become the person: 255 where they are above certain (0..1), of the largest part,
// with gaps of less than a two-thousandth of her filled; else 0.
void mask_cut(uint8_t *probability, uint32_t width, uint32_t height, float certain);

typedef struct {
    uint32_t left, top, right, bottom; // right and bottom exclusive; all 0 for an empty mask
} mask_box;
mask_box mask_bounds(const uint8_t *mask, uint32_t width, uint32_t height);

// The square to look at in a second pass: around the person the first one saw in crop (probabilities [side][side] over
// roi), with a margin, turned the same way. False when there is nobody.
bool mask_roi(const float *probability, uint32_t side, const image_roi *roi, image_roi *out);

// Lays probability [side][side] over roi onto the photo and snaps it to the photo's edges: soft (probability * 255) and
// mask (0 or 255, one part, small holes filled), each 1 channel and of the photo's size.
void mask_refine(const image *photo, const float *probability, uint32_t side, const image_roi *roi, pool *threads,
                 image *soft, image *mask);
