// Triangle meshes. Positions in metres, +Y up; counter-clockwise triangles seen from outside.
#pragma once
#include "math/vec.h"

#include <stdint.h>

// Borrows everything; never owns.
typedef struct {
    const vec3 *position;     // [vertex_count]
    const uint32_t *triangle; // [3 * triangle_count], each < vertex_count
    uint32_t vertex_count, triangle_count;
} mesh_view;

// Area-weighted vertex normals, unit length (zero for an unused vertex). out [vertex_count].
void mesh_normals(const mesh_view *m, vec3 *out);
// Volume in cubic metres of a closed mesh (divergence theorem); holes are closed by fans from their own centroid.
double mesh_volume(const mesh_view *m);
