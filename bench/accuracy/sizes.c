#include "accuracy/sizes.h"
#include "base/rng.h"
#include "garment/fit.h"

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

static fit_body body_of(const double *value, const double *sd)
{
    fit_body b = { 0 };
    for (int i = 0; i < TAPE_COUNT; i++) {
        b.value[i] = 100 * value[i];
        b.sd[i] = sd ? 100 * sd[i] : 0.01;
        b.correlation[i * TAPE_COUNT + i] = 1;
    }
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

static void judge(const garment *g, const trial_result *result, const double *truth, rng *r, size_agreement *out)
{
    fit_body estimate = body_of(result->value, result->sd), real = body_of(truth, NULL);
    fit_result guess, right;
    fit_judge(g, &estimate, PREFER_REGULAR, &guess);
    fit_judge(g, &real, PREFER_REGULAR, &right);
    if (right.recommended < 0 || guess.recommended < 0) return;
    out->n++;
    out->same += guess.recommended == right.recommended;
    out->same_or_runner_up +=
        guess.recommended == right.recommended || (guess.between && guess.runner_up == right.recommended);
    const fit_size *s = &guess.size[guess.recommended];
    int bin = (int)(s->probability * SIZES_BINS);
    if (bin >= SIZES_BINS) bin = SIZES_BINS - 1;
    out->bin[bin].n++;
    out->bin[bin].stated += s->probability;
    out->bin[bin].fits += comes_true(s, &estimate, truth, r);
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
