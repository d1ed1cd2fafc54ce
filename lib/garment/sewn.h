// A garment sewn together: the panels' meshes, and which of their vertices are one after sewing.
#pragma once
#include "garment/pattern.h"

typedef struct {
    // What is shown: every panel's vertices, so that a seam's two sides keep their places in the pattern.
    uint32_t points, triangles;
    vec2 *flat;       // [points] in the pattern, metres: the rest shape
    uint8_t *panel;   // [points]
    uint32_t *corner; // [3 * triangles] points
    uint32_t *vertex; // [points] its vertex after sewing
    // What is simulated.
    uint32_t vertices;
    uint32_t *triangle; // [3 * triangles] vertices
    int panels;
    uint32_t first[PATTERN_MAX_PANELS + 1];                    // points of panel i: first[i] … first[i + 1] - 1
    uint32_t *edge_point[PATTERN_MAX_PANELS][PANEL_MAX_EDGES]; // [segments + 1] points along each edge
} sewn;

// Meshes p, which has its segments set, with triangles of about spacing. base: another size's sewn garment and its
// pattern whose mesh is followed, so that all sizes have the same vertices and triangles; NULL: a mesh of its own.
bool sewn_make(const pattern *p, double spacing, const sewn *base, sewn *out, err *e) MUST_USE;
void sewn_free(sewn *s);

// Evens something said of each vertex [vertices] out over its neighbours, so many times.
void sewn_even_out(const sewn *s, int rounds, vec3 *value);

// How much of a panel's cloth lies left of q at a level, and how much there is: darts are open in the pattern and
// closed on the body. A level on which an edge runs is no use.
float sewn_across(const sewn *s, const pattern *p, int panel, vec2 q, float level, float *whole);

// Whether a point belongs to what covers the trunk: not to a sleeve, a hood or a collar. A mesh without a pattern is
// all trunk.
bool sewn_on_trunk(const sewn *s, const pattern *p, uint32_t point);

// Vertices in which edge a of the pattern ends up, and how long that edge is at rest.
double sewn_edge_rest(const sewn *s, const pattern *p, int panel, int edge);
