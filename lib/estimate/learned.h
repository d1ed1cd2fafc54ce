// What the linear estimator misses, learned on the test world: from what was fitted and how the outline differs from it
// to the error of each measurement. Internal to the estimator; bench/train_learned.c trains it and writes
// learned_table.c.
#pragma once
#include "capture/looseness.h"
#include "estimate/estimate.h"
#include "estimate/profile.h"

enum {
    LEARNED_LOOSE = 3, // the feature that is the looseness of the clothes, 0..1
    LEARNED_ANSWERS = 4,
    LEARNED_VIEW = CLOTH_REGIONS + 5,
    LEARNED_B = LEARNED_ANSWERS + LOOSE_SIGNS + 2 * (TAPE_COUNT - 1) + PROFILE_FRONT + LEARNED_VIEW,
    LEARNED_EXPLAINED = LEARNED_B - 1, // the front photo's photo_view.explained, 0..1
    LEARNED_C = LEARNED_B + PROFILE_SIDE + LEARNED_VIEW
};

typedef struct {
    int count; // LEARNED_B or LEARNED_C
    double x[LEARNED_C];
} learned_features;

// views [1 or 2] in the state they were fitted to with betas; fitted, prior [TAPE_COUNT]: measurements with and without
// the photos.
void learned_read(const body_model *m, const survey_answers *a, const float *betas, const photo_view *view, int views,
                  const double *fitted, const double *prior, learned_features *out);

// A feature in standard deviations from its mean, scale being 1 / standard deviation; farther out nothing was learned.
static inline double learned_z(double x, double mean, double scale)
{
    return fmin(fmax((x - mean) * scale, -3.5), 3.5);
}

// Beside the features themselves the regression takes cosines of sums of them all, their signs drawn at random: with so
// many it is nearly one with a Gaussian kernel (Rahimi & Recht 2007, Random features for large-scale kernel machines;
// signs do as well as the normal deviates there, because so many are added).
enum { LEARNED_WAVES = 768 };
// z [n]: the features in standard deviations, and twice the sign of the sex, 0 when it is not told.
// out [LEARNED_WAVES].
void learned_waves(const double *z, int n, double *out);

// How far the correction is followed, 0..1, for features z [n] as above. That of one photo wholly for what looks like
// the people it learned from, less the stranger the picture is and the worse the fit explains its outline, real ones
// more often than rendered ones. That of two always: of loose clothes the fit to two outlines alone makes bodies of
// twice the error, so that there is nothing to fall back to.
double learned_trust(const double *z, int n, double explained);
// By which the fit's standard deviations change, spread being that of a correction followed wholly: the fit alone is
// not surer than itself.
static inline double learned_widen(double spread, double trust)
{
    return trust * spread + (1 - trust) * fmax(spread, 1);
}

// What training leaves. Features are taken in standard deviations from their mean; their effects come in three blocks:
// for everybody, with how loose the clothes are (0..1), and, when it is told, with the sign of the sex (-1 women, +1
// men), each with a constant as its last row; then come those of the waves. A few scores carry all measurements.
enum { LEARNED_BLOCKS = 3, LEARNED_UNTOLD_BLOCKS = 2, LEARNED_RANK = 8 };
#define LEARNED_MOST_SHIFT 2.0 // standard deviations that the correction may move a measurement
// At most so much of a shift, n being the features'. One photo's is held back gradually, the more the farther it would
// go, because it leaps with the photo's size there; two photos' is followed to the end, for the reason at
// learned_trust.
static inline double learned_held(double shift, double most, int n)
{
    return n > LEARNED_B ? fmin(fmax(shift, -most), most) : most * tanh(shift / most);
}
typedef struct {
    const float (*norm)[2]; // [count] mean, 1 / standard deviation
    // [LEARNED_BLOCKS or LEARNED_UNTOLD_BLOCKS][count + 1][LEARNED_RANK], and [LEARNED_WAVES][LEARNED_RANK]
    const int16_t *weight;
    float unit;                        // of the weights
    const float (*shape)[TAPE_COUNT];  // [LEARNED_RANK] metres per score
    const float (*spread)[TAPE_COUNT]; // [2] looseness 0, 1: standard deviation of what remains over the fit's own
} learned_table;
extern const learned_table learned_tables[2][2][2]; // [C][weight known][sex not told]

// The error of the fitted measurements as far as f tells it: shift [TAPE_COUNT] metres to add, and the factor by which
// their standard deviations change.
void learned_shift(const learned_features *f, body_sex sex, bool weighed, double *shift, double *spread);

// estimate_body in its stages, for those who look at them.
typedef struct {
    const body_gaussian *prior; // body_prior_given with estimate_height_sd; NULL: made here
    bool raw;                   // without the learned correction
    learned_features *seen;     // what that reads; may be NULL
} estimate_stages;
extern const double estimate_height_sd; // a person's own reading of the wall, metres
bool estimate_by_stages(const body_model *m, tape *t, const estimate_input *in, const estimate_stages *stages,
                        estimate_result *out, err *e) MUST_USE;
