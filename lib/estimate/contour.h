// The outline of a posed body in a picture: the points on edges of its mesh where its surface turns away from the
// camera and nothing of the body lies behind. They move and count for more or less gradually as the body moves, so that
// what is summed over them can be descended. Internal to the estimator.
#pragma once
#include "body/body.h"

typedef struct contour contour; // adjacency of one model and scratch

contour *contour_new(const body_model *m);
void contour_free(contour *c);

typedef struct {
    uint32_t a, b; // the edge's vertices
    uint32_t edge; // its number, below contour_most
    float t;       // the point lies at a + (b - a) t
    float length;  // of outline it stands for, pixels
} contour_point;
static inline uint32_t contour_nearest(const contour_point *p) { return p->t < 0.5f ? p->a : p->b; }
static inline vec2 contour_at(const contour_point *p, const vec2 *projected)
{
    vec2 a = projected[p->a], b = projected[p->b];
    return (vec2){ a.x + (b.x - a.x) * p->t, a.y + (b.y - a.y) * p->t };
}

// projected [vertices] pixels; depth [vertices] camera z. left, top, width, height: the window of the picture that can
// matter, in pixels. Returns the number of points written to out [contour_most(c)].
uint32_t contour_most(const contour *c);
int contour_find(contour *c, const vec2 *projected, const float *depth, float left, float top, float width,
                 float height, contour_point *out);
