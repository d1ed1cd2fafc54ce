// The verdict: how each size of a garment fits a body that is known with some uncertainty. Centimetres.
//
// In each region the ease E is garment minus body. P is the probability that E lies between what lets one move and what
// is loose, E being normal with the variances of body and garment. A size's score is
//     min(P)^0.6 * (prod P^w)^(0.4 / sum w) * (prod C^w)^(1 / sum w),  C = exp(-((E - ideal) / s)^2 / 2),
// so that one region that does not fit cannot be outvoted, and among sizes that fit, the one nearest to what its maker
// meant wins. s is a third of the way from the least to the most ease.
#pragma once
#include "garment/garment.h"

typedef struct {
    double value[TAPE_COUNT], sd[TAPE_COUNT];
    double correlation[TAPE_COUNT * TAPE_COUNT]; // of the errors
} fit_body;

// From the avatar's measurements.json: values and standard deviations; errors uncorrelated.
bool fit_body_parse(const char *measurements_json, size_t n, fit_body *out, err *e) MUST_USE;
// The same, of one site at a time, on a zeroed body; centimetres.
bool fit_body_set(fit_body *b, tape_measure site, double value, double sd, err *e) MUST_USE;
// Correlations of the errors from the covariance of betas [betas * betas] through the tape's Jacobian
// [TAPE_COUNT * betas].
void fit_body_correlate(fit_body *b, const double *jacobian, const double *covariance, int betas);

typedef enum { FIT_CANNOT_WEAR, FIT_TOO_TIGHT, FIT_FITTED, FIT_RELAXED, FIT_LOOSE, FIT_CLASSES } fit_class;
extern const char *const fit_class_word[FIT_CLASSES];

typedef enum { PREFER_SNUG, PREFER_REGULAR, PREFER_LOOSE } fit_preference;
extern const char *const fit_preference_word[3];
bool fit_preference_read(const char *word, fit_preference *out);

typedef struct {
    fit_region region; // eases with the fabric's give and the preference
    double hard;       // below this ease it cannot be worn
    double garment, body, ease, spread;
    measure_source source;
    fit_class verdict;
    double probability; // that the ease lies between least and most
} fit_region_result;

typedef struct {
    int regions;
    fit_region_result region[FIT_MOST_REGIONS];
    int worst;          // the region with the least probability
    fit_class verdict;  // cannot_wear, too_tight or loose when any region is, else as it sits where that matters most
    double probability; // that all regions fit at once, errors correlated as the avatar's are
    double score;       // 0..1
} fit_size;

typedef struct {
    fit_size size[CHART_MAX_SIZES];
    int count;
    int recommended, runner_up; // -1: none
    bool between;               // the two are nearly as good
} fit_result;

void fit_judge(const garment *g, const fit_body *b, fit_preference p, fit_result *out);

// One line of English on a size: "too tight at the chest (-4.0 cm)", without the ease where there is no room for it.
void fit_sentence(const fit_size *s, char *out, size_t size);

// fit.json: recommended (a name or null), runner_up, between_sizes, order (the names, as the chart has them),
// sizes.{name}.{score, probability, class, regions}. brief: without blanks, as it is stored and sent.
bool fit_print(const garment *g, const fit_result *r, fit_preference p, const char *quality_json, bool brief,
               buf *out) MUST_USE;
