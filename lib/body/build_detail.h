// Makes a mannequin of the base mesh: closes the eye sockets, mouth and nostrils, and flattens nipples, navel and
// crotch. A linear operator on vertex fields, so that it can be applied to the mean and to each shape direction.
// Internal to the builder.
#pragma once
#include "body/makehuman.h"

typedef struct body_detail body_detail;

// The regions are found once, on the base mesh: cavities as the vertices no direction sees, the rest around landmarks.
body_detail *body_detail_new(const mh_source *source);
void body_detail_free(body_detail *d);

// field [MH_BODY_VERTICES][3], in place.
void body_detail_flatten(const body_detail *d, float *field);

// Vertices of cavities, 1 or 0 each [MH_BODY_VERTICES].
const uint8_t *body_detail_hidden(const body_detail *d);
