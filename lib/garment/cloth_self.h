// Where cloth meets itself: pairs of a vertex and a triangle near it, with the side the vertex is on. Internal to
// cloth.
#pragma once
#include "garment/cloth_batch.h"
#include "math/vec.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct {
    uint32_t vertex, a, b, c;
    float side; // +1: on the side the triangle's normal points to
} self_pair;

// A ball that holds a triangle.
typedef struct {
    vec3 centre;
    float radius;
} self_ball;

typedef struct {
    self_pair *pair; // [count], room grows
    uint32_t count, room;
    self_pair *before; // the pairs of the last time
    uint32_t before_room;
    uint32_t vertices, triangles;
    const uint32_t *triangle;
    uint32_t *near_first, *near; // each vertex's neighbours over two edges: they never collide
    uint32_t *mark;              // [vertices] the vertex + 1 that last named it a neighbour
    self_ball *ball;             // [triangles]
    self_ball *sorted;           // [triangles] by the cell of their centre, cells along x next to each other
    uint32_t *member;            // [triangles] number of each of sorted
    uint32_t *cell, *first;      // [triangles] each triangle's; [cells + 2] where a cell's begin
    size_t room_cells;           // that first has room for
    vec3 lo;
    int nx, ny, nz;
    vec3 *from; // [vertices] where they were the last time
    bool known;
} self_finder;

void self_finder_init(self_finder *f, const uint32_t *triangle, uint32_t triangles, uint32_t vertices);
void self_finder_fini(self_finder *f);

// Finds the pairs nearer than reach; keeps the side of those known before. Nothing is done while no vertex has moved
// far enough since for an unknown pair to meet: two layers that were 8 mm apart and came 3 mm nearer each are still not
// through each other. radius: of the largest triangle that counts.
void self_find(self_finder *f, const lane4 *x, float reach, float radius);

// The point of the triangle nearest to p: weights; false when p lies beyond its edges.
bool self_weights(vec3 p, vec3 a, vec3 b, vec3 c, vec3 *weights, vec3 *normal, float *height);
