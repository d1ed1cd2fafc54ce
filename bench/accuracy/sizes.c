#include "accuracy/sizes.h"
#include "base/rng.h"
#include "garment/fit.h"
#include "math/linalg.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { BANDS = 12 };

// A body chart in bands of 8 cm: the chest for tops; waist and hips for trousers, which go with the waist's band.
static garment banded(garment_category c, body_sex sex)
{
    garment g = { .name = "banded", .category = c, .silhouette = SILHOUETTE_REGULAR };
    g.fabric = *fabric_preset(c == GARMENT_TSHIRT ? "jersey" : "denim");
    g.chart.count = BANDS;
    for (int i = 0; i < BANDS; i++) {
        chart_size *s = &g.chart.size[i];
        snprintf(s->name, sizeof s->name, "%d", i);
        double from = (c == GARMENT_TSHIRT ? 70 : 58) + 8 * i;
        if (c == GARMENT_TSHIRT) {
            s->value[DIM_CHEST] = (chart_range){ from, from + 8 };
        } else {
            // Hips go with waists by 0.75 and are wider by so much (the survey's means).
            double hip = sex == SEX_FEMALE ? 36 + 0.75 * from + 2 : 27 + 0.8 * from;
            s->value[DIM_WAIST] = (chart_range){ from, from + 8 };
            s->value[DIM_HIP] = (chart_range){ hip, hip + 8 };
        }
    }
    return g;
}

// A body known exactly.
static fit_body exact(const double *value)
{
    fit_body b = { 0 };
    for (int i = 0; i < TAPE_COUNT; i++) {
        b.value[i] = 100 * value[i];
        b.sd[i] = 0.01;
        b.correlation[i * TAPE_COUNT + i] = 1;
    }
    return b;
}

static fit_body estimated(const trial_result *t)
{
    fit_body b = exact(t->value);
    for (int i = 0; i < TAPE_COUNT; i++) b.sd[i] = 100 * t->sd[i];
    for (int i = 0; i < TAPE_COUNT * TAPE_COUNT; i++) b.correlation[i] = (double)t->correlation[i];
    return b;
}

// Whether the sewn garment lets the true body move and is not loose anywhere, in the terms the estimate was judged in.
static bool comes_true(const fit_size *s, const fit_body *estimate, const double *truth, rng *r)
{
    for (int i = 0; i < s->regions; i++) {
        const fit_region_result *q = &s->region[i];
        int site = (int)q->region.site;
        double sewn2 = q->spread * q->spread - estimate->sd[site] * estimate->sd[site];
        double ease = q->garment + sqrt(fmax(sewn2, 0)) * rng_normal(r) - 100 * truth[site];
        if (ease < q->region.least || (ease > q->region.most && q->source != MEASURE_BLOCK)) return false;
    }
    return true;
}

// What the estimate itself says of the right size, from bodies drawn as it describes them: of the size most of them
// have, and of the one recommended, the share that has it. The first half of the bodies chooses the size, the second
// tells its share.
static void foretell(const garment *g, const fit_body *b, int recommended, rng *r, size_agreement *out)
{
    enum { BODIES = 120, N = TAPE_COUNT };
    double l[N * N];
    int has[2][CHART_MAX_SIZES] = { 0 }, n[2] = { 0 };
    memcpy(l, b->correlation, sizeof l);
    for (int i = 0; i < N; i++) l[i * N + i] += 0.02; // 20 betas cannot fill 21 dimensions
    if (!chol_factor(l, N)) return;
    for (int k = 0; k < BODIES; k++) {
        double z[N], value[N];
        for (int i = 0; i < N; i++) z[i] = rng_normal(r);
        for (int i = 0; i < N; i++) {
            double sum = 0;
            for (int j = 0; j <= i; j++) sum += l[i * N + j] * z[j];
            value[i] = (b->value[i] + b->sd[i] * sum / sqrt(1.02)) / 100;
        }
        fit_body body = exact(value);
        fit_result right;
        fit_judge(g, &body, PREFER_REGULAR, &right);
        if (right.recommended >= 0) has[k % 2][right.recommended]++, n[k % 2]++;
    }
    if (n[0] == 0 || n[1] == 0) return;
    int best = 0;
    for (int i = 1; i < g->chart.count; i++)
        if (has[0][i] > has[0][best]) best = i;
    out->best += (double)has[1][best] / n[1];
    if (recommended >= 0) out->own += (double)has[1][recommended] / n[1];
    out->foretold++;
}

static void judge(const garment *g, const trial_result *result, const double *truth, rng *r, size_agreement *out)
{
    fit_body estimate = estimated(result), real = exact(truth);
    fit_result guess, right;
    fit_judge(g, &estimate, PREFER_REGULAR, &guess);
    fit_judge(g, &real, PREFER_REGULAR, &right);
    if (right.recommended < 0) return;
    bool same = guess.recommended == right.recommended;
    out->n++;
    out->same += same;
    out->same_or_runner_up += same || (guess.between && guess.runner_up == right.recommended);
    foretell(g, &estimate, guess.recommended, r, out);
    // Of every size, not only the best, so that all probabilities come up.
    for (int i = 0; i < guess.count; i++) {
        const fit_size *s = &guess.size[i];
        int bin = (int)(s->probability * SIZES_BINS);
        if (s->regions == 0) continue;
        if (bin >= SIZES_BINS) bin = SIZES_BINS - 1;
        out->bin[bin].n++;
        out->bin[bin].stated += s->probability;
        out->bin[bin].fits += comes_true(s, &estimate, truth, r);
    }
}

void sizes_agree(const stratum *s, const trial *trials, int people, size_agreement *out)
{
    memset(out, 0, sizeof *out);
    rng r = rng_new(5);
    for (int sex = 0; sex < 2; sex++)
        for (int c = 0; c < 2; c++) {
            garment g = banded(c ? GARMENT_TROUSERS : GARMENT_TSHIRT, (body_sex)sex);
            for (int i = 0; i < people; i++) {
                const trial *t = &trials[i];
                if ((int)t->sex != sex || !stratum_has(s, t)) continue;
                judge(&g, &t->result[s->mode - 'A'][s->weighed], t->truth, &r, out);
            }
        }
}

void sizes_by_tape(const trial *trials, int people, size_agreement *out)
{
    // Mean absolute differences that the survey allowed two measurers, metres; those of other sites do not matter here.
    static const struct {
        tape_measure site;
        double off;
    } allowed[] = { { TAPE_CHEST_GIRTH, 0.014 },
                    { TAPE_WAIST_NATURAL_GIRTH, 0.012 },
                    { TAPE_WAIST_OMPHALION_GIRTH, 0.012 },
                    { TAPE_HIP_GIRTH, 0.012 } };
    memset(out, 0, sizeof *out);
    rng r = rng_new(6);
    for (int sex = 0; sex < 2; sex++)
        for (int c = 0; c < 2; c++) {
            garment g = banded(c ? GARMENT_TROUSERS : GARMENT_TSHIRT, (body_sex)sex);
            for (int i = 0; i < people; i++) {
                if ((int)trials[i].sex != sex) continue;
                trial_result measured = { 0 };
                for (int m = 0; m < TAPE_COUNT; m++) {
                    measured.value[m] = trials[i].truth[m];
                    measured.sd[m] = 0.005;
                    measured.correlation[m * TAPE_COUNT + m] = 1;
                }
                for (size_t k = 0; k < sizeof allowed / sizeof *allowed; k++) {
                    double sd = allowed[k].off * sqrt(M_PI / 2);
                    measured.value[allowed[k].site] += sd * rng_normal(&r);
                    measured.sd[allowed[k].site] = sd;
                }
                judge(&g, &measured, trials[i].truth, &r, out);
            }
        }
}
