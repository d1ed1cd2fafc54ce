// The solver's inside, shared by its files. Internal to cloth.
#pragma once
#include "garment/cloth.h"
#include "garment/cloth_batch.h"
#include "garment/cloth_self.h"

// Fitted on strips hanging from one end, over mesh sizes and steps.
#define CLOTH_ARTEFACT 0.5

// What a vertex knows of the body: the plane that stands for its surface, true near the place where it was looked up.
typedef struct {
    collider_plane plane;
    vec3 from;  // where the vertex was then
    float good; // metres it may move before looking again
    bool known, near;
} body_contact;

struct cloth {
    uint32_t vertices, triangles;
    vec3 *x;      // [vertices] between runs
    lane4 *p;     // [vertices + 1] during a run: x, y, z, inverse mass
    lane4 *was;   // [vertices + 1] before the substep
    lane4 *v;     // [vertices]
    float *floor; // [vertices] or NULL
    membrane *membrane;
    cloth_batches batches;
    const collider *body;
    body_contact *contact;
    uint32_t *touching, touches; // the vertices near the body
    bool itself;
    self_finder self;
    uint32_t *triangle;
    uint32_t *band, bands;                // [2 * bands] edges
    uint32_t *band_vertex, band_vertices; // each once
    lane4 *band_pull; // [vertices] how each lengthens it; and how far its friction holds a vertex, metres a substep
    double band_length;
    float band_give; // compliance / dt²
    double dt, spacing, hanging, simulated, limit;
    float thickness, friction;
    uint32_t substeps;
    bool rested;
    double rms;
};
