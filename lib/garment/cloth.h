// Cloth by extended position-based dynamics in small substeps (Macklin et al. 2016, 2019): strain along weft, warp and
// in shear for every triangle, bending over every inner edge, a body it lies on with friction, itself. Metres, seconds.
// One thread, one fixed order: the same input gives the same bytes.
#pragma once
#include "garment/collider.h"
#include "garment/fabric.h"

// A closed band such as a waistband, which carries everything that hangs from it: the triangles of one sweep carry a
// force over a few edges only and would let it stretch.
typedef struct {
    const uint32_t *edge; // [2 * edges] the vertices along it, in pairs
    uint32_t edges;
    double length, stiffness; // at rest; N for a strain of one
} cloth_band;

typedef struct {
    uint32_t vertices, triangles;
    const uint32_t *triangle; // [3 * triangles]
    const vec2 *rest;         // [3 * triangles] each corner in the pattern, x along the weft, y along the warp
    const vec3 *start;        // [vertices]
    const float *pinned;      // [vertices] 1: never moves; NULL: none
    const float *floor;       // [vertices] height it may not sink below while held; NULL: none
    const float *stiffer;     // [triangles] factor on the tensile stiffness (waistbands, ribs); NULL: 1
    const float *firmer;      // [triangles] factor on the bending stiffness (collars); NULL: 1
    cloth_band band;          // no edges: none
    const uint8_t *crease;    // [vertices] 1: an edge between two of them folds freely; NULL: none
    fabric fabric;
    double spacing;       // of the mesh: sets the time step
    double hanging;       // the greatest length that hangs from one place; 0: 0.55 m
    const collider *body; // stands on the ground y = 0; NULL: neither body nor ground
    bool itself;          // collides with itself
    double thickness;     // kept from the body; 0: 1.2 mm (every millimetre costs 6 mm of ease around)
} cloth_setup;

typedef struct cloth cloth;
cloth *cloth_new(const cloth_setup *s);
void cloth_free(cloth *c);

typedef struct {
    double gravity;  // m/s²
    double damping;  // of velocities, 1/s
    bool held;       // the floors hold
    bool slippery;   // without friction, as when one tugs a garment into place
    double seconds;  // how long
    bool until_rest; // or until it rests
} cloth_phase;

// Runs a phase; true when it ended at rest.
bool cloth_run(cloth *c, const cloth_phase *p);

// Between two runs: the body moved, and takes the cloth along by move [vertices] for each of its vertices.
void cloth_carry(cloth *c, const collider *body, const vec3 *move);

// Pushes every vertex and edge's middle out to 1 mm over the body.
void cloth_settle(cloth *c);

const vec3 *cloth_position(const cloth *c); // [vertices]

typedef struct {
    double max_penetration;                // metres, of vertices and middles of edges
    uint32_t deep;                         // vertices more than 1 mm inside
    uint32_t crossing;                     // edges whose middle is inside
    uint32_t self_crossing;                // vertices on the wrong side of a triangle by more than the mesh is fine
    double self_depth;                     // the worst of them, metres
    double rms_speed;                      // m/s
    double strain_weft[3], strain_warp[3]; // mean, 95th percentile, 99th of the triangles
    double artefact;                       // the solver's own strain under gravity, at most
    double over_limit;                     // share of triangles beyond the fabric's limit
    uint32_t substeps;
    double seconds; // simulated
    bool rested;
    uint64_t hash; // of all positions
} cloth_quality;

void cloth_judge(const cloth *c, cloth_quality *out);

// Strain of each triangle along weft and warp [2 * triangles].
void cloth_strain(const cloth *c, float *out);
double cloth_step(const cloth *c); // seconds
