// Pictures of drapes: a person in a garment from the front and the side, plain and coloured by strain.
#pragma once
#include "garment/drape.h"
#include "image/image.h"

// Colour of a strain in eight bands from blue (none) to red (the fabric's limit and beyond), linear RGB.
vec3 show_strain_color(float strain, double limit);

typedef struct {
    const drape *drape; // NULL: the body alone
    const wearer *w;    // NULL: the sheet's
    const char *title, *note;
} show_column;

// One column a size or a person, rows: front, side, front by strain; further columns below where the picture would be
// wider than LIMIT_IMAGE_SIDE. All people are drawn to one scale. PNG.
bool show_sheet(const wearer *w, const garment *g, const show_column *column, int columns, buf *png, err *e) MUST_USE;

// One view of this size; d: NULL for the body alone, yaw in radians: 0 from the front. The caller frees it.
image show_one(const wearer *w, const garment *g, const drape *d, uint32_t wide, uint32_t tall, float yaw);
