// Trains what tells loose clothes (lib/capture/looseness.c) on front photos of the test world and prints its tables.
//   train_looseness [--people N] [--jobs N] [--assets DIR] --cache DIR
// --cache: the folder whose photos/ bench_accuracy --seed 10 --prepare fills. These are not the people of script/learn:
// the correction it learns must find the verdicts as wrong as they are of anybody else. A logistic regression with a
// ridge; some photos teach a second time at half their size. Misses and false alarms are those of five-fold
// cross-validation.
#include "base/mem.h"
#include "base/parallel.h"
#include "capture/looseness.h"
#include "math/linalg.h"
#include "testworld/trial.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FOLDS = 5, N = LOOSE_TERMS + 1, ROUNDS = 25, MOST_JOBS = 64 };
// Of the signs, and of their products: with 10 a sixth fewer are wrong, but what nobody wore is judged wildly.
static const double RIDGE = 3, PRODUCTS_RIDGE = 60;
static const uint64_t SEED = 10;

typedef struct {
    bool seen, loose;
    loose_signs signs;
    double x[N]; // loose_terms, then 1
} sample;

typedef struct {
    int people, jobs;
    const char *assets, *cache;
    sample *at; // [2 * people]: then the photos at half their size, of some
} work;

static const char *const sign_name[LOOSE_SIGNS] = { "LOOSE_THIGH",      "LOOSE_KNEE",      "LOOSE_CALF",
                                                    "LOOSE_SHIN",       "LOOSE_FOREARM",   "LOOSE_WAIST",
                                                    "LOOSE_SHOULDERS",  "LOOSE_LEG_FOLDS", "LOOSE_ARM_FOLDS",
                                                    "LOOSE_TRUNK_FOLDS" };

static _Noreturn void die(const char *sentence)
{
    fprintf(stderr, "train_looseness: %s\n", sentence);
    exit(1);
}

static void look(const trial_lab *lab, int i, sample *s)
{
    err e = { 0 };
    capture_evidence ev;
    if (!trial_front(lab, SEED, i, &ev, &e)) die(e.msg);
    s->loose = trial_clothes(SEED, i) == OUTFIT_LOOSE;
    s->seen = !(ev.verdict & VERDICT_REFUSED);
    if (s->seen) loose_look(&ev, &s->signs);
    capture_evidence_free(&ev);
}

static void look_share(void *ctx, int job)
{
    work *w = ctx;
    err e = { 0 };
    trial_lab lab = { .cache = w->cache, .camera = capture_open(&(capture_options){ w->assets, 1 }, &e) };
    if (!lab.camera) die(e.msg);
    for (int i = job; i < w->people; i += w->jobs) {
        lab.halved = false;
        look(&lab, i, &w->at[i]);
        lab.halved = true;
        if (i % TRIAL_HALVED == 0) look(&lab, i, &w->at[w->people + i]);
        if (job == 0) fprintf(stderr, "\r%d of %d people", i + 1, w->people);
    }
    if (job == 0) fprintf(stderr, "\r\033[K");
    capture_close(lab.camera);
}

// Means and standard deviations of the signs in whole photos, and everybody's terms by them.
static void normalise(work *w, float norm[LOOSE_SIGNS][2])
{
    for (int k = 0; k < LOOSE_SIGNS; k++) {
        double n = 0, sum = 0, sum2 = 0;
        for (int i = 0; i < w->people; i++) {
            const sample *s = &w->at[i];
            if (!s->seen || s->signs.value[k] <= 0) continue;
            double v = (double)loose_reading(&s->signs, k);
            n++, sum += v, sum2 += v * v;
        }
        double mean = sum / n;
        norm[k][0] = (float)mean;
        norm[k][1] = (float)sqrt(sum2 / n - mean * mean);
    }
    for (int i = 0; i < 2 * w->people; i++) {
        sample *s = &w->at[i];
        float term[LOOSE_TERMS];
        if (!s->seen) continue;
        loose_terms(&s->signs, norm, term);
        for (int k = 0; k < LOOSE_TERMS; k++) s->x[k] = (double)term[k];
        s->x[LOOSE_TERMS] = 1;
    }
}

static double probability(const double *weight, const sample *s)
{
    double sum = 0;
    for (int k = 0; k < N; k++) sum += weight[k] * s->x[k];
    return 1 / (1 + exp(-sum));
}

// Newton's method on everybody but the people of one fold (-1: on everybody).
static void fit(const work *w, int without, double *weight)
{
    memset(weight, 0, N * sizeof *weight);
    for (int round = 0; round < ROUNDS; round++) {
        double hessian[N * N] = { 0 }, step[N];
        for (int k = 0; k < N; k++) {
            double hold = k < LOOSE_SIGNS ? RIDGE : k < LOOSE_TERMS ? PRODUCTS_RIDGE : 1e-6; // the constant is free
            step[k] = -hold * weight[k];
            hessian[k * N + k] = hold;
        }
        for (int i = 0; i < 2 * w->people; i++) {
            const sample *s = &w->at[i];
            if (!s->seen || i % w->people % FOLDS == without) continue;
            double p = probability(weight, s);
            for (int k = 0; k < N; k++) {
                step[k] += (s->loose - p) * s->x[k];
                for (int j = 0; j <= k; j++) hessian[k * N + j] += p * (1 - p) * s->x[k] * s->x[j];
            }
        }
        if (!chol_factor(hessian, N)) die("the regression is singular");
        chol_solve(hessian, N, step);
        for (int k = 0; k < N; k++) weight[k] += step[k];
    }
}

static void judge(const work *w)
{
    int loose = 0, missed = 0, others = 0, wrong = 0, turned = 0, pairs = 0;
    for (int fold = 0; fold < FOLDS; fold++) {
        double weight[N];
        fit(w, fold, weight);
        for (int i = fold; i < w->people; i += FOLDS) {
            const sample *s = &w->at[i], *half = &w->at[w->people + i];
            if (!s->seen) continue;
            bool said = probability(weight, s) > 0.5;
            loose += s->loose, missed += s->loose && !said;
            others += !s->loose, wrong += !s->loose && said;
            if (half->seen) pairs++, turned += said != (probability(weight, half) > 0.5);
        }
    }
    printf("// five-fold: misses %d of %d loose outfits, calls %d of %d others loose; at half the size %d of %d turn "
           "out otherwise\n",
           missed, loose, wrong, others, turned, pairs);
}

int main(int argc, char **argv)
{
    work w = { .people = 1000, .jobs = 2, .assets = ASSETS };
    for (int i = 1; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "--people") == 0)
            w.people = (int)strtol(argv[i + 1], NULL, 10);
        else if (strcmp(argv[i], "--jobs") == 0)
            w.jobs = (int)strtol(argv[i + 1], NULL, 10);
        else if (strcmp(argv[i], "--assets") == 0)
            w.assets = argv[i + 1];
        else if (strcmp(argv[i], "--cache") == 0)
            w.cache = argv[i + 1];
        else
            die("unknown option; see the head of bench/train_looseness.c");
    }
    if (!w.cache || w.people < 50 || w.jobs < 1 || w.jobs > MOST_JOBS)
        die("--cache DIR is needed, and 50 people or more");
    w.at = mem_array(sample, 2 * (size_t)w.people);
    pool *threads = pool_new(w.jobs);
    pool_run(threads, w.jobs, look_share, &w);
    pool_free(threads);
    float norm[LOOSE_SIGNS][2];
    double weight[N];
    normalise(&w, norm);
    judge(&w);
    fit(&w, -1, weight);
    for (int k = 0; k < LOOSE_SIGNS; k++)
        printf("[%s] = { %.4ff, %.4ff },\n", sign_name[k], (double)norm[k][0], (double)norm[k][1]);
    for (int k = 0; k < LOOSE_TERMS; k++) printf("%.3ff,%c", weight[k], k % 12 == 11 ? '\n' : ' ');
    printf("\nBASE = %.4ff\n", weight[LOOSE_TERMS]);
    mem_free(w.at);
    return 0;
}
