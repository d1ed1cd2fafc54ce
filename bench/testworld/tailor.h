// Clothes of the test world that are really draped: garments of lib/garment, cut for a person with so much ease, sewn,
// and hung on her as she stands.
#pragma once
#include "base/rng.h"
#include "garment/garment.h"
#include "image/image.h"
#include "testworld/person.h"

enum { TAILORED_MOST = 2 };

typedef struct {
    int count;
    garment of[TAILORED_MOST];  // each of one size; the first lies under the second
    image cloth[TAILORED_MOST]; // RGB, half a metre square
} tailored;

// roomy: hangs loose. NULL when no garment can be cut for such a body. tailored_free it.
tailored *tailor_cut(const person *p, rng *r, bool roomy);
void tailored_free(tailored *t); // NULL is fine

// A garment as it hangs. What another one covers of it has no triangles.
typedef struct {
    uint32_t points, triangles;
    vec3 *position, *normal; // [points]
    vec2 *uv;                // [points]
    uint32_t *triangle;      // [3 * triangles]
    uint32_t *under;         // [points] the vertex of the body nearest to it; UINT32_MAX: none is near
} hung;

// pose: as photo_pose took it, which moved her pelvis so. out [t->count]; hung_free each, also after a failure.
bool tailor_hang(const tailored *t, const person *p, const body_pose *pose, const rigid *pelvis, hung *out,
                 err *e) MUST_USE;
void hung_free(hung *h); // a zeroed one is fine
