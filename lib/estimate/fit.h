// The photo estimator: betas shared by all views, a pose, a camera and clothes' thickness for each, found together by
// damped Gauss-Newton from a Gaussian prior over betas; the inverse Hessian is the posterior. Internal to lib/estimate.
#pragma once
#include "body/prior.h"
#include "estimate/view.h"

enum { FIT_MAX_VIEWS = 2 };

typedef struct {
    const body_model *m;
    body_gaussian prior;
    photo_view view[FIT_MAX_VIEWS];
    int views;
    float betas[BODY_MAX_BETAS];
} fit_problem;

// Finds the mode, leaving it in betas and the views, and writes the posterior over betas (its mean is the mode).
// False when the normal equations stay singular (the prior alone is then the answer).
bool fit_solve(fit_problem *p, body_gaussian *posterior);
