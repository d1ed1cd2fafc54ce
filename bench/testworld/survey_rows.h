// Real people from a survey's tables (ANSUR II's csv files, which are not part of this repository) against mode A.
#pragma once
#include "base/parallel.h"
#include "estimate/estimate.h"

typedef struct {
    body_sex sex;
    double truth[SURVEY_MEASURES], value[SURVEY_MEASURES], sd[SURVEY_MEASURES]; // metres
} survey_row;

// Reads female.csv and male.csv in folder, every step-th row, and estimates each from height, weight, sex and age.
// model [2] by body_sex. Rows the estimator refuses are counted in *refused. The result is owned: mem_free.
survey_row *survey_rows(const char *folder, int step, body_model *const *model, pool *threads, int *count, int *refused,
                        err *e) MUST_USE;
