// A cloth's constraints, packed so that four triangles are solved at once and neighbours in the order of solving do not
// wait for each other. Internal to cloth.
#pragma once
#include <stdint.h>

// Four single precision numbers in one register of any processor this is built for.
typedef float lane4 __attribute__((vector_size(16)));

// One triangle's strain: the deformation gradient's columns are u = e1 a + e2 b (weft) and v = e1 c + e2 d (warp), e1
// and e2 the edges from its first corner.
typedef struct {
    uint32_t v[3];
    float a, b, c, d;
    float pull_u, pull_v, push_u, push_v, shear; // compliance / dt²: extended, compressed
} membrane;

typedef struct {
    uint32_t v[3][4];
    lane4 a, b, c, d, pull_u, pull_v, push_u, push_v, shear;
} membrane4;

// Two triangles on the edge v0-v1 with the corners v2 and v3 opposite: the isometric bending vector (Bergou et al.
// 2006) of a flat rest shape is the sum of c times position; step is what each corner moves along it.
typedef struct {
    uint32_t v[4];
    float c[4], step[4];
} hinge;

typedef struct {
    membrane4 *membrane;
    hinge *hinge;
    uint32_t membranes, hinges;
} cloth_batches;

// Both lists may come in any order; vertices: their number. Positions have one more at the end, which the filling of
// incomplete batches names and which never moves.
cloth_batches cloth_batch(const membrane *m, uint32_t membranes, const hinge *h, uint32_t hinges, uint32_t vertices);
void cloth_batch_free(cloth_batches *b);

// One sweep of Gauss-Seidel. p [vertices + 1]: x, y, z, inverse mass.
void cloth_solve_membranes(const cloth_batches *b, lane4 *p);
void cloth_solve_hinges(const cloth_batches *b, lane4 *p);
