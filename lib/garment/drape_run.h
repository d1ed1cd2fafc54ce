// What drafted and imported garments share: from a start to a judged drape. Internal to lib/garment.
#pragma once
#include "garment/drape.h"

typedef struct {
    const vec3 *position; // [mesh.vertices]
    const vec2 *rest;     // [3 * mesh.triangles]
    double spacing;
    float anchor; // height at which a waist is held; 0: none
    bool itself;
} drape_start;

// out->mesh and out->pattern are set.
void drape_run(const wearer *w, const collider *body, const garment *g, const drape_start *start, drape *out);
