// Simple shapes with known measures, made in memory the caller frees with shape_free.
#pragma once
#include "base/mem.h"
#include "mesh/mesh.h"

typedef struct {
    vec3 *position;
    uint32_t *triangle;
    mesh_view view;
} shape;

static inline void shape_free(shape *s)
{
    mem_free(s->position);
    mem_free(s->triangle);
}

// A tube about +Y from y = 0 to y = height, sides quads around and rows along, open at both ends.
static inline shape shape_tube(float radius, float height, uint32_t sides, uint32_t rows)
{
    shape s = { mem_array(vec3, (size_t)sides * (rows + 1)), mem_array(uint32_t, (size_t)6 * sides * rows), { 0 } };
    uint32_t n = 0;
    for (uint32_t j = 0; j <= rows; j++)
        for (uint32_t i = 0; i < sides; i++) {
            double a = 6.283185307179586 * i / sides;
            s.position[j * sides + i] =
                v3(radius * (float)sin(a), height * (float)j / (float)rows, radius * (float)cos(a));
        }
    for (uint32_t j = 0; j < rows; j++)
        for (uint32_t i = 0; i < sides; i++) {
            uint32_t a = j * sides + i, b = j * sides + (i + 1) % sides;
            const uint32_t quad[6] = { a, b, b + sides, a, b + sides, a + sides };
            for (int k = 0; k < 6; k++) s.triangle[n++] = quad[k];
        }
    s.view = (mesh_view){ s.position, s.triangle, sides * (rows + 1), n / 3 };
    return s;
}

// A closed ball about the origin: rings of 2 * rings sides between two poles.
static inline shape shape_ball(float radius, uint32_t rings)
{
    uint32_t sides = 2 * rings, inner = rings - 1, n = 0, top = inner * sides, bottom = top + 1;
    shape s = { mem_array(vec3, (size_t)bottom + 1), mem_array(uint32_t, (size_t)6 * sides * inner), { 0 } };
    for (uint32_t j = 0; j < inner; j++)
        for (uint32_t i = 0; i < sides; i++) {
            double down = 3.141592653589793 * (j + 1) / rings, a = 6.283185307179586 * i / sides;
            s.position[j * sides + i] =
                v3_scale(v3((float)(sin(down) * sin(a)), (float)cos(down), (float)(sin(down) * cos(a))), radius);
        }
    s.position[top] = v3(0, radius, 0);
    s.position[bottom] = v3(0, -radius, 0);
    for (uint32_t j = 0; j <= inner; j++)
        for (uint32_t i = 0; i < sides; i++) {
            uint32_t k = (i + 1) % sides, above = (j - 1) * sides, below = j * sides;
            const uint32_t up[3] = { j ? above + i : top, below + i, below + k };
            const uint32_t down[3] = { above + i, j < inner ? below + k : bottom, above + k };
            for (int c = 0; j < inner && c < 3; c++) s.triangle[n++] = up[c];
            for (int c = 0; j > 0 && c < 3; c++) s.triangle[n++] = down[c];
        }
    s.view = (mesh_view){ s.position, s.triangle, bottom + 1, n / 3 };
    return s;
}
