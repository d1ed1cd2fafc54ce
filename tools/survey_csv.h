// People of ANSUR II's public tables (female.csv, male.csv; not part of this repository), for fitting the survey's
// statistics and for measuring against real people.
#pragma once
#include "body/survey.h"

typedef struct {
    survey_answers answers;
    double value[SURVEY_MEASURES]; // metres
} survey_person;

// Reads every step-th row of folder/<sex>.csv. The result is the caller's: mem_free.
survey_person *survey_csv_read(const char *folder, body_sex sex, int step, int *count, err *e) MUST_USE;
