// What drafted and imported garments share: from a start to a judged drape. Internal to lib/garment.
#pragma once
#include "garment/drape.h"

typedef struct {
    const vec3 *position; // [mesh.vertices]
    const vec2 *rest;     // [3 * mesh.triangles]
    double spacing;
    float anchor; // height at which a waist is held; 0: none
    bool itself;
    bool worn;    // it already hangs there, only coarser: neither tugged into place nor held up any more
    bool sliding; // and is too large to stay where it hangs
    bool careful; // the body takes smaller strides into its stance
} drape_start;

// Lets the cloth come to rest; the caller frees it. body: as the wearer stands.
cloth *drape_hang(const wearer *w, const collider *body, const garment *g, const pattern *p, const sewn *mesh,
                  const drape_start *start);

// A collider of the wearer's body with these vertices.
collider *drape_collider_of(const wearer *w, const vec3 *position);

// Takes the cloth along while the body moves from the A-pose, whose collider is first, to its stance, whose is last.
// stride: metres that the body moves between two looks of the cloth at it.
void drape_walk(const wearer *w, const collider *first, const collider *last, float stride, cloth *c, const sewn *s);

// out->mesh and out->pattern are set.
void drape_run(const wearer *w, const collider *body, const garment *g, const drape_start *start, drape *out);
