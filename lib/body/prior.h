// The population's prior: betas given what a person answers, as a Gaussian.
//
// Two sources meet. The calibrated people of the builder give betas | answers (a regression with full covariance over
// the shape space); the survey gives measurements | answers from ten times as many people. The survey's conditional
// mean and covariance replace those that the first implies for the measurements (Jeffrey's rule), so that the mesh of
// the mean body has the survey's expected measurements and the spread of the mesh's measurements is the survey's.
#pragma once
#include "body/survey.h"

typedef struct {
    int betas;
    double mean[BODY_MAX_BETAS];
    double covariance[BODY_MAX_BETAS * BODY_MAX_BETAS]; // [betas * betas]
} body_gaussian;

typedef struct body_prior {
    // betas = sum of feature * coefficient, residual covariance; one for each subset of answers
    double coefficient[GIVEN_COUNT][SURVEY_FEATURES][BODY_MAX_BETAS];
    double covariance[GIVEN_COUNT][BODY_MAX_BETAS * BODY_MAX_BETAS]; // [betas * betas]
    survey_stats survey;
    // How well this body can have a survey's measurement, metres (standard deviation of its own tape about it); 0: to
    // the millimetre, as the open body, which was made from the survey's people.
    double rough;
} body_prior;

// t is the tape of m. The stated height is met to within height_sd metres (a person's own reading of the wall).
void body_prior_given(const body_model *m, tape *t, const survey_answers *a, double height_sd, body_gaussian *out);

// What the survey's people vary in that this body cannot follow, given the answers: standard deviations [TAPE_COUNT],
// metres, at the mean of g. For measurements the survey lacks, the mean of the others'. Zeros where rough is 0.
void body_prior_unfollowed(const body_model *m, tape *t, const survey_answers *a, const body_gaussian *g, double *sd);

// Conditions g on y = values + noise, where y is linear in betas: jacobian [n * betas], predicted [n] at g's mean,
// noise covariance [n * n]. false: the matrix is singular.
bool body_gaussian_update(body_gaussian *g, int n, const double *jacobian, const double *predicted, const double *value,
                          const double *noise);

// Jeffrey's rule: of start, the mean and covariance of the n tape measurements in row become target [n] and wanted
// [n * n], and what was known of the body given them stays. rounds: how often the tape is linearised anew.
void body_gaussian_retell(const body_model *m, tape *t, const body_gaussian *start, int rounds, int n,
                          const tape_measure *row, const double *target, const double *wanted, body_gaussian *out);
