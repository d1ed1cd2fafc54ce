// The person who tries something on: an avatar's folder opened, with body, measurements and what is uncertain.
#pragma once
#include "garment/fit.h"

typedef struct {
    body_model *model;
    float betas[BODY_MAX_BETAS];
    vec3 *position; // [model->vertices] A-pose, feet on y = 0
    vec3 joint[BODY_JOINTS];
    fit_body fit;
} wearer;

// folder: with measurements.json and params.npz; assets: with the open body; smpl: NULL, or the folder that tryon
// import hmr2 wrote, for avatars that stand on SMPL.
bool wearer_open(const char *folder, const char *assets, const char *smpl, wearer *out, err *e) MUST_USE;
// A body of these betas without uncertainty.
bool wearer_of_betas(const char *assets, body_sex sex, const float *betas, wearer *out, err *e) MUST_USE;
void wearer_close(wearer *w); // a zeroed one is fine
