// The makers of an avatar's single files. Internal to lib/avatar.
#pragma once
#include "avatar/avatar.h"

// The avatar's shape, feet on y = 0.
typedef struct {
    vec3 *position; // [m->vertices], A-pose
    vec3 joint[BODY_JOINTS];
    float ground; // y of the soles before they were set on 0
} avatar_shape;
avatar_shape avatar_shape_of(const body_model *m, const float *betas);
void avatar_shape_free(avatar_shape *s);

bool avatar_glb(const body_model *m, const avatar_shape *shape, buf *plain, buf *web, err *e) MUST_USE;
bool avatar_params(const body_model *m, const estimate_result *r, buf *out, err *e) MUST_USE;
// What is kept in params.npz of the photos of an avatar of body m; mode 'A' when it was made without.
bool avatar_recall(const body_model *m, const uint8_t *npz, size_t n, estimate_memory *out, err *e) MUST_USE;
bool avatar_report(const body_model *m, const avatar_request *request, const estimate_result *r, buf *out,
                   err *e) MUST_USE;

typedef struct {
    const image *photo; // NULL: none
    const capture_evidence *evidence;
    const estimate_view *view;
} avatar_photo;

// Front, side and back of the avatar with the tape's lines, beside the photos with what was seen in them; faces
// blurred.
bool avatar_preview(const body_model *m, tape *t, const avatar_shape *shape, const estimate_result *r,
                    const avatar_photo *photos, int count, buf *png, err *e) MUST_USE;
