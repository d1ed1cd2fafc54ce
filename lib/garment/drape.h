// A garment's size put on a body: drafted, sewn, draped, and judged. Metres.
#pragma once
#include "base/parallel.h"
#include "garment/cloth.h"
#include "garment/place.h"

typedef struct {
    double spacing; // of the mesh; 0: 15 mm
    bool no_self;   // layers may pass through each other (for comparisons only)
} drape_options;

typedef struct {
    pattern pattern;
    sewn mesh;
    vec3 *position, *normal; // [mesh.points]
    float *strain;           // [mesh.points] the larger of weft and warp, averaged around
    float *tension;          // [2 * mesh.triangles] strain along weft and warp
    float *height;           // [mesh.points] over the body
    cloth_quality quality;
    double clearance, contact; // mean height over the body around the chest (bottoms: everywhere), metres; share of
                               // vertices lying on it
    double slid;               // how far a waist sank below where it belongs, metres
    bool slides;               // too large to stay at the waist
    double chest_y, waist_y, hip_y; // heights of the body's own levels
    double hem_height;              // of the lowest point
    bool posed;                     // the wearer was in another stance than the A-pose, which moved her joints so
    rigid world[BODY_JOINTS];
    bool from_mesh; // an imported mesh: its rest shape holds whatever strain it was exported with
    bool degraded;
    char why[160]; // what is wrong when degraded
} drape;

// The body is shared by all sizes of all garments.
collider *drape_collider(const wearer *w);

bool drape_make(const wearer *w, const collider *body, const garment *g, int size, const drape_options *o, drape *out,
                err *e) MUST_USE;
void drape_free(drape *d); // a zeroed one is fine

// What the drape itself says of one region of the fit: the second witness.
typedef struct {
    double strain;   // median along the weft
    double contact;  // share lying on the body
    double pressure; // Pa, an estimate: Laplace's law on a round limb, with the fabric's stiffness
    bool consistent; // with the ease the tape measures tell
    bool seen;       // false: the garment's pattern does not show this region
} drape_testimony;
drape_testimony drape_witness(const drape *d, const garment *g, const fit_region_result *r);

// The quality record of fit.json with the testimony of each region of s.
bool drape_print(const drape *d, const garment *g, const fit_size *s, buf *out) MUST_USE;

// drape.bin: positions and strain for instant switching between sizes of one garment, whose triangles are the same.
// "TDRP", u32 version 1, u32 vertices, f32 lo[3], f32 size[3], f32 strain_unit, then per vertex u16 x, y, z within the
// box (lo + size * n / 65535) and u8 strain (strain_unit * n). Little-endian.
bool drape_bin(const drape *d, buf *out) MUST_USE;
