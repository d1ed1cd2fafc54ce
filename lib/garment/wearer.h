// The person who tries something on: an avatar's folder opened, with body, measurements and what is uncertain.
#pragma once
#include "body/body.h"
#include "body/prior.h"
#include "garment/fit.h"

typedef struct {
    body_model *model;
    float betas[BODY_MAX_BETAS];
    vec3 *position; // [model->vertices] A-pose, feet on y = 0
    vec3 joint[BODY_JOINTS];
    fit_body fit;
    // Another stance (garment/stance.h): where each joint turns, and the body in it; stood is NULL in the A-pose.
    body_pose pose;
    vec3 *stood;              // [model->vertices]
    rigid world[BODY_JOINTS]; // of the stance, feet on y = 0
} wearer;

// The body as it stands.
static inline const vec3 *wearer_body(const wearer *w) { return w->stood ? w->stood : w->position; }

// folder: with measurements.json and params.npz; assets: with the open body; smpl: NULL, or the folder that tryon
// import hmr2 wrote, for avatars that stand on SMPL.
bool wearer_open(const char *folder, const char *assets, const char *smpl, wearer *out, err *e) MUST_USE;
// The same from the files' bytes.
bool wearer_read(const uint8_t *params, size_t params_bytes, const char *measurements, size_t measurements_bytes,
                 const char *assets, const char *smpl, wearer *out, err *e) MUST_USE;
// A body of these betas without uncertainty.
bool wearer_of_betas(const char *assets, body_sex sex, const float *betas, wearer *out, err *e) MUST_USE;
// Whoever the survey expects at these answers (body_prior_given), without uncertainty.
bool wearer_expected(const char *assets, body_sex sex, const survey_answers *a, double height_sd, wearer *out,
                     err *e) MUST_USE;
void wearer_close(wearer *w); // a zeroed one is fine
