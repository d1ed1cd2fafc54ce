// A small rasteriser: depth-tested, perspective-correct triangles with soft studio light, anti-aliased by 2x2 or more
// samples. For previews, contact sheets and the project's own renders. Deterministic.
#pragma once
#include "image/image.h"
#include "mesh/mesh.h"

// x right, y down in the picture; the camera looks along its own +Z (x right, y down). World points are metres.
typedef struct {
    rigid world_to_camera;
    float focal;  // pixels; for an orthographic camera: pixels per metre
    float cx, cy; // principal point, pixels
    int orthographic;
} raster_camera;

// A camera that shows the box lo..hi from the direction yaw (radians about +Y; 0 = front, the camera on +Z). margin:
// the part of the picture's shorter side that stays free on each side.
raster_camera raster_frame(vec3 lo, vec3 hi, float yaw, uint32_t width, uint32_t height, float margin);

typedef struct {
    mesh_view mesh;
    const vec3 *normal;   // [vertex_count], NULL: computed
    const vec3 *color;    // [vertex_count] linear RGB 0..1, NULL: base_color
    vec3 base_color;      // linear RGB
    const vec2 *uv;       // [vertex_count] or NULL; with texture. (0, 0) is its upper left corner, as in glTF
    const image *texture; // 3 or 4 channels, sRGB; with 4, alpha under 128 is cut out; NULL: none
    float roughness;      // 0 glossy .. 1 matt
    int two_sided;
} raster_item;

typedef struct {
    vec3 key_direction; // towards the light, world; zero: the studio's, up and to the left of the camera
    float ambient;      // 0: default
    int samples;        // per side of a pixel, at most 8; 0: 2
    int ground_shadow;  // a soft contact shadow on y = 0
} raster_light;

// Draws the items over canvas (3 channels, what is in it stays as background). depth may be NULL; else
// [height * width], camera z in metres of the nearest surface, 0 where nothing was drawn.
void raster_draw(image *canvas, const raster_camera *camera, const raster_item *items, int count,
                 const raster_light *light, float *depth);
