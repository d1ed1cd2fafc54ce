// What a population survey says of a person's measurements given her answers: regressions and residual covariances,
// fitted by tools/survey_stats from ANSUR II (US Army 2012, public release) and kept as small tables; no survey row is.
#pragma once
#include "base/buf.h"
#include "body/tape.h"

// Which answers are known; height always is.
typedef enum { GIVEN_HEIGHT, GIVEN_WEIGHT, GIVEN_AGE, GIVEN_WEIGHT_AGE, GIVEN_COUNT } survey_given;

typedef struct {
    double height; // metres
    double weight; // kilograms, 0 unknown
    double age;    // years, 0 unknown
} survey_answers;

survey_given survey_known(const survey_answers *a);

enum { SURVEY_FEATURES = 7 };

// Features of the regressions. With g = sqrt(weight / height), the scale of a girth of a body of that volume, girths
// are nearly linear in g; features of unknown answers are left out. Returns their number. x [SURVEY_FEATURES].
int survey_features(const survey_answers *a, double *x);

// The measurements the survey has (the first is not the height: that is an answer).
enum { SURVEY_MEASURES = 13 };
extern const tape_measure survey_measure[SURVEY_MEASURES];

typedef struct {
    double coefficient[SURVEY_FEATURES][SURVEY_MEASURES]; // metres per feature
    double sd[SURVEY_MEASURES];                           // residual at g = SURVEY_G0, metres
    double sd_growth[SURVEY_MEASURES];                    // sd * (g / g0)^growth
    double correlation[SURVEY_MEASURES][SURVEY_MEASURES];
} survey_table;

typedef struct {
    survey_table table[3][GIVEN_COUNT]; // by body_sex
} survey_stats;

// mean [SURVEY_MEASURES] and covariance [SURVEY_MEASURES^2] of the measurements of people who give these answers.
void survey_condition(const survey_stats *s, body_sex sex, const survey_answers *a, double *mean, double *covariance);

// The committed tables as JSON text.
bool survey_parse(const char *json, size_t n, survey_stats *out, err *e) MUST_USE;
bool survey_print(const survey_stats *s, buf *json) MUST_USE;
