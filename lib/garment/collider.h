// The body that cloth lies on: nearest surface points of a closed mesh, found through a grid. Metres.
#pragma once
#include "mesh/mesh.h"

#include <stdbool.h>

typedef struct collider collider;

// Copies what it needs. skip [vertex_count]: 1 for vertices that cloth never meets (NULL: none).
collider *collider_new(const mesh_view *body, const uint8_t *skip);
void collider_free(collider *c);

typedef struct {
    vec3 normal; // outwards, smoothed over the surface
    float level; // normal . point on the surface: the height of x over it is normal . x - level
} collider_plane;

// The plane that stands for the surface near p. false: nothing within reach metres (at most COLLIDER_REACH).
#define COLLIDER_REACH 0.08f
bool collider_near(const collider *c, vec3 p, float reach, collider_plane *out);

// The vertex of the body nearest to p within reach metres; UINT32_MAX: none.
uint32_t collider_vertex(const collider *c, vec3 p, float reach);

// Signed height of p over the nearest surface, positive outside; COLLIDER_REACH when nothing is near.
float collider_height(const collider *c, vec3 p);
