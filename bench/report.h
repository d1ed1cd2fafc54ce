// What the measuring programs share: runs in turn, so that a machine whose speed drifts is fair to all, medians, and
// one table (or JSON document) of rows. A figure is for reading: no test depends on it.
#pragma once
#include "base/err.h"

double bench_now(void); // milliseconds of a steady clock
double bench_cpu(void); // milliseconds that all threads of this process have computed: other work hardly moves them

typedef struct {
    bool json;
    int runs;          // --runs, 0: the program's own choice
    const char *photo; // --photo, NULL: the program's own choice
} bench_options;
// Ends the program with status 2 and a usage line on words it does not know.
bench_options bench_parse(int argc, char **argv);
// Ends the program with e's sentence.
void bench_die(const err *e) __attribute__((noreturn));

double bench_median(double *values, int count); // sorts them

// One figure: the median and the least of values [count], which are sorted. by: whose (ours or a peer's). target: at
// most this, 0: none.
void bench_row(const char *what, const char *by, const char *unit, double *values, int count, double target);
// The last row's median in processor time, cpu [count] being milliseconds of the same runs.
void bench_row_cpu(double *cpu, int count);
void bench_value(const char *what, const char *by, const char *unit, double value, double target);
// A sentence about the rows.
void bench_note(const char *text);

typedef struct {
    const char *what, *by;
    void (*run)(void *ctx);
    void *ctx;
    double target; // milliseconds, 0: none
} bench_runner;
// Runs all once unmeasured and then `runs` times in turn (A B A B ...), and adds a row in milliseconds for each.
void bench_race(const bench_runner *runner, int count, int runs);

// Prints the rows added so far and forgets them.
void bench_print(const char *title, const bench_options *o);
