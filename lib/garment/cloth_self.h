// Where cloth meets itself: pairs of a vertex and a triangle near it, with the side the vertex is on. Internal to
// cloth.
#pragma once
#include "math/vec.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct {
    uint32_t vertex, a, b, c;
    float side; // +1: on the side the triangle's normal points to
} self_pair;

typedef struct {
    self_pair *pair; // [count], room grows
    uint32_t count, room;
    uint32_t vertices, triangles;
    const uint32_t *triangle;
    uint32_t *near_first, *near; // each vertex's neighbours over two edges, sorted: they never collide
    uint32_t *head, *next;       // hash of triangles by the cell of their centre
    uint32_t buckets;
} self_finder;

void self_finder_init(self_finder *f, const uint32_t *triangle, uint32_t triangles, uint32_t vertices);
void self_finder_fini(self_finder *f);

// Finds the pairs nearer than reach; keeps the side of those known before.
void self_find(self_finder *f, const vec3 *x, float reach, float cell);

// The point of the triangle nearest to p: weights; false when p lies beyond its edges.
bool self_weights(vec3 p, vec3 a, vec3 b, vec3 c, vec3 *weights, vec3 *normal, float *height);
