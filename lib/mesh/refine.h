// A mesh with more vertices on the same surface.
#pragma once
#include "mesh/mesh.h"

typedef struct {
    vec3 *position;     // [vertices], the original's first; owned
    uint32_t *triangle; // [3 * triangles], owned
    uint32_t vertices, triangles;
} refined_mesh;

// Halves every edge longer than longest, again and again, at most rounds times; triangles are split to match, so that
// no crack opens. Surface and orientation stay.
refined_mesh mesh_refine(const mesh_view *m, float longest, int rounds);
void refined_mesh_free(refined_mesh *r);
