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

// folder: with measurements.json and params.npz; assets: with the open body.
bool wearer_open(const char *folder, const char *assets, wearer *out, err *e) MUST_USE;
// The same from the files' bytes.
bool wearer_read(const uint8_t *params, size_t params_bytes, const char *measurements, size_t measurements_bytes,
                 const char *assets, wearer *out, err *e) MUST_USE;
// A body of these betas without uncertainty.
bool wearer_of_betas(const char *assets, body_sex sex, const float *betas, wearer *out, err *e) MUST_USE;
void wearer_close(wearer *w); // a zeroed one is fine
