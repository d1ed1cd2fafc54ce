// Fewer vertices for a triangle mesh, by giving up edges: what is left is some of its vertices under other triangles.
#pragma once
#include "math/vec.h"

#include <stdint.h>

typedef struct {
    uint32_t *kept;     // [vertices] of the original, owned
    uint32_t *triangle; // [3 * triangles], owned
    uint32_t vertices, triangles;
} thinned;

thinned thin(const vec3 *position, const uint32_t *triangle, uint32_t vertices, uint32_t triangles, uint32_t wanted);
