// The solver's inside, shared by its files. Internal to cloth.
#pragma once
#include "garment/cloth.h"
#include "garment/cloth_self.h"

// Fitted on strips hanging from one end, over mesh sizes and steps.
#define CLOTH_ARTEFACT 0.5

// A triangle's strain constraints: the deformation gradient's columns are u = e1 a + e2 b (weft) and v = e1 c + e2 d
// (warp), e1 and e2 the edges from its first corner.
typedef struct {
    uint32_t i, j, k;
    float a, b, c, d;
    float pull_u, pull_v, push_u, push_v, shear; // compliance / dt²: extended, compressed
} membrane;

// Two triangles on the edge i-j with the corners k and l opposite: the isometric bending vector (Bergou et al. 2006) of
// a flat rest shape is the sum of c times position.
typedef struct {
    uint32_t v[4];
    float c[4], compliance, weight; // weight: sum of w c²
} hinge;

enum { REFRESH = 8, SELF_REFRESH = 16, LONGEST = 64 }; // substeps between two looks for contacts

typedef struct {
    int steps;
    float moved; // metres, the fastest vertex
    bool known;
} contact_age;

struct cloth {
    uint32_t vertices, triangles, hinges;
    vec3 *x, *was, *v;
    float *w; // inverse masses
    float *floor;
    membrane *membrane;
    hinge *hinge;
    collider_plane *plane;
    uint8_t *touching;
    const collider *body;
    bool itself;
    self_finder self;
    contact_age body_age, self_age;
    uint32_t *triangle;
    double dt, spacing, hanging, simulated, limit;
    float thickness, friction;
    uint32_t substeps;
    bool rested;
    double rms;
};
