// How far the mask's outline lies outside the fitted body's, place by place: what the learned correction reads of a
// photo. Internal to the estimator.
#pragma once
#include "estimate/view.h"

// Levels of the trunk from the crotch to the shoulders, of the thigh, the shank and the arm's two halves. Seen from the
// side trunk and legs are told apart into front and back, and the arms are left out.
enum {
    PROFILE_TRUNK = 12,
    PROFILE_THIGH = 4,
    PROFILE_SHANK = 3,
    PROFILE_ARM = 4,
    PROFILE_BODY = PROFILE_TRUNK + PROFILE_THIGH + PROFILE_SHANK,
    PROFILE_FRONT = PROFILE_BODY + PROFILE_ARM,
    PROFILE_SIDE = 2 * PROFILE_BODY
};

// v in the state it was fitted to, betas [m->betas]. out: metres [PROFILE_FRONT] or, for a side view, [PROFILE_SIDE].
// Places without a visible outline hold the fitted thickness of the clothes there.
void profile_read(const body_model *m, const float *betas, const photo_view *v, double *out);
