// The first pass of the rasteriser: which triangle each sample of the picture sees. Within the mesh room.
#pragma once
#include "mesh/raster.h"

typedef struct {
    uint32_t width, height;  // samples
    float *nearness;         // [height * width], larger is nearer: 1 / z, or for an orthographic camera -z
    uint32_t *seen;          // [height * width], 0: nothing, else 1 + the triangle's number over all items in order
    uint32_t x0, x1, y0, y1; // nothing was drawn outside these samples (x1, y1 exclusive)
} visible;

// camera is in samples. in_camera [item] [vertex_count]: the items' positions in camera space.
visible visible_new(uint32_t width, uint32_t height);
void visible_free(visible *v);
void visible_draw(visible *v, const raster_camera *camera, const raster_item *items, const vec3 *const *in_camera,
                  int count);

// Where the ray through the sample-space point (x, y) meets the plane of the triangle a, b, c (camera space):
// perspective-correct weights of the corners, each at least 0, sum 1.
vec3 visible_weights(const raster_camera *camera, vec3 a, vec3 b, vec3 c, float x, float y);

// Bilinear, repeating, (0, 0) at the picture's upper left corner (glTF); out [channels], 0..255.
void texture_sample(const image *texture, vec2 uv, float *out);

static inline vec2 uv_at(const vec2 *uv, const uint32_t *corner, vec3 w)
{
    vec2 a = uv[corner[0]], b = uv[corner[1]], c = uv[corner[2]];
    return (vec2){ a.x * w.x + b.x * w.y + c.x * w.z, a.y * w.x + b.y * w.y + c.y * w.z };
}
