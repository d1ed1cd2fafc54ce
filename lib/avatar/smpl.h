// Avatars on SMPL's body, for operators who hold its file. Internal to lib/avatar.
#pragma once
#include "avatar/avatar.h"

// One SMPL file, standing for each sex's tables of the survey (the mesh and its betas are the file's).
typedef struct {
    body_model *file; // T-pose
    mat3 turn[BODY_JOINTS];
    body_model *standing[3];
    tape *tape[3];
} smpl_bodies;

// survey: of a body of that sex. ERR_INPUT: no tape can be laid on the file's body.
bool smpl_need(smpl_bodies *b, const char *folder, int betas, body_sex sex, const survey_stats *survey,
               err *e) MUST_USE;
void smpl_free(smpl_bodies *b);

// What HMR2.0 said, as the estimator of the standing body takes it; width: of the photo that the estimator sees.
void smpl_hint(const smpl_bodies *b, const avatar_sight *seen, uint32_t width, estimate_hint *out);
