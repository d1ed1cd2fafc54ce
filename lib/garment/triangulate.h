// Meshes of flat regions: the boundary as given, a hexagonal lattice inside (no direction is favoured, so that cloth
// does not twist), Delaunay triangles.
#pragma once
#include "base/err.h"
#include "math/vec.h"

#include <stdint.h>

typedef struct {
    vec2 *point;        // [points], the boundary first
    uint32_t *triangle; // [3 * triangles] counter-clockwise
    uint32_t points, triangles;
} flat_mesh;

// boundary [n]: a simple counter-clockwise polygon with sides of about spacing. Every side becomes an edge of the mesh.
bool triangulate(const vec2 *boundary, uint32_t n, float spacing, flat_mesh *out, err *e) MUST_USE;
void flat_mesh_free(flat_mesh *m);

// The same mesh for another boundary [n] of as many points: what is inside follows harmonically.
flat_mesh flat_mesh_moved(const flat_mesh *m, const vec2 *boundary, uint32_t n);
