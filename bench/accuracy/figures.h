// Errors of many estimates put together, and the groups of people they are told for.
#pragma once
#include "testworld/trial.h"

enum { GIRTHS = 3 };
extern const tape_measure girths[GIRTHS]; // those that goals are set for: chest, natural waist, hip

typedef struct {
    int n, held;
    double sum, sum_abs, sum_sd, sum_gain; // metres; gain: how much closer than mode A
    double sum_gain2;
} tally;

void tally_add(tally *t, double off, double sd, double off_a);
double tally_mean(double sum, int n);                                                         // 0 of none
static inline double tally_mae(const tally *t) { return 100 * tally_mean(t->sum_abs, t->n); } // cm
double tally_worst(const tally by_sex[2]);        // the larger mean absolute error of the two sexes, cm
double tally_coverage(const tally *t, int count); // of count tallies, 0..1

typedef struct {
    const char *name, *title;
    char mode;
    bool weighed, baggy, snug; // whose clothes count
    bool untold;               // the sex
} stratum;
enum { TOLD_STRATA = 10, STRATA = 16 }; // those of people who tell their sex come first
extern const stratum strata[STRATA];

// The people of trials who belong to s: by measurement and sex.
void stratum_tally(const stratum *s, const trial *trials, int people, tally t[TAPE_COUNT][2]);
bool stratum_has(const stratum *s, const trial *t);
// Her estimate with so many photos, otherwise as s has it.
const trial_result *stratum_result(const stratum *s, const trial *t, int photos);

// People who have something in common; group 0 is everybody.
enum { GROUPS = 19 };
extern const char *const group_name[GROUPS];
bool group_has(int group, const trial *t);
