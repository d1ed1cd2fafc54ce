// A photo of a person of the test world: a room, a camera and its noise; and what a perfect look at it would find.
#pragma once
#include "capture/capture.h"
#include "testworld/outfit.h"

typedef struct {
    raster_camera camera;
    uint32_t width, height;
    float focal_35mm;                     // as EXIF would tell it
    float distance, eye_height, tilt_deg; // metres, degrees
    float bend; // what the phone's correction leaves of the lens: r becomes r (1 + bend r^2), r 1 in the corners
} photo_camera;

// 24-35 mm equivalent, 1.5-3.5 m away, held at 0.8-1.6 m; the person is inside the picture with some room around.
photo_camera photo_aim(rng *r, const person *p, uint32_t width, uint32_t height);

// Where the bent lens shows a point of the straight picture.
vec2 photo_bend(const photo_camera *c, vec2 straight);

typedef struct {
    vec3 *body;               // [vertices] posed, standing on y = 0
    vec3 joints[BODY_JOINTS]; // posed
    rigid world[BODY_JOINTS];
    body_pose pose;
    hung worn[TAILORED_MOST]; // what is sewn of her clothes, after photo_dress
} photo_stance;

photo_stance photo_pose(const person *p, const body_pose *pose);
// Hangs on her what is sewn of her clothes, which takes a second; photo_take and photo_perfect need it.
bool photo_dress(photo_stance *s, const person *p, const outfit *o, err *e) MUST_USE;
void photo_stance_free(photo_stance *s);

// The picture, as a phone would deliver it before JPEG: RGB.
image photo_take(const wardrobe *w, const person *p, const outfit *o, const photo_stance *s, const photo_camera *c,
                 rng *r);

// Evidence straight from the geometry: the exact mask, and the joints as landmarks. o NULL: without clothes.
// capture_evidence_free it.
void photo_perfect(const wardrobe *w, const person *p, const outfit *o, const photo_stance *s, const photo_camera *c,
                   capture_evidence *out);
