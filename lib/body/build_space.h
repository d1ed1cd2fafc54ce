// Principal components of a set of bodies: the linear shape space. Internal to the builder.
#pragma once
#include "base/parallel.h"
#include "body/body.h"

typedef struct {
    int bodies, betas;
    uint32_t vertices;
    float *mean; // [3 * vertices]
    float *dirs; // [betas][3 * vertices], metres per standard deviation
    vec3 joint_mean[BODY_JOINTS];
    vec3 *joint_dirs; // [betas][BODY_JOINTS]
    double *score;    // [bodies][betas], unit variance
} body_space;

// position [bodies][3 * vertices] and joint [bodies][BODY_JOINTS]; both are centred in place. weight [vertices] says
// how much a vertex counts. Components are ordered by variance; a positive one makes the person taller.
body_space *body_space_fit(pool *p, float *position, vec3 *joint, int bodies, uint32_t vertices, const float *weight,
                           int betas);
void body_space_free(body_space *s);
