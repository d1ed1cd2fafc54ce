// The outline of a posed body in a picture: the vertices where its surface turns away from the camera and nothing of
// the body lies behind them. Internal to the estimator.
#pragma once
#include "body/body.h"

typedef struct contour contour; // adjacency of one model and scratch

contour *contour_new(const body_model *m);
void contour_free(contour *c);

typedef struct {
    uint32_t vertex;
    float length; // of outline this vertex stands for, pixels
} contour_point;

// projected [vertices] pixels; depth [vertices] camera z. left, top, width, height: the window of the picture that can
// matter, in pixels. Returns the number of points written to out [m->vertices].
int contour_find(contour *c, const vec2 *projected, const float *depth, float left, float top, float width,
                 float height, contour_point *out);
