#include "garment/fit.h"
#include "base/rng.h"
#include "math/linalg.h"

#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

const char *const fit_class_word[FIT_CLASSES] = { "cannot_wear", "too_tight", "fitted", "relaxed", "loose" };
const char *const fit_preference_word[3] = { "snug", "regular", "loose" };

bool fit_preference_read(const char *word, fit_preference *out)
{
    for (int i = 0; i < 3; i++)
        if (strcmp(word, fit_preference_word[i]) == 0) return *out = (fit_preference)i, true;
    return false;
}

void fit_body_correlate(fit_body *b, const double *jacobian, const double *covariance, int n)
{
    double c[TAPE_COUNT * TAPE_COUNT], jc[TAPE_COUNT * BODY_MAX_BETAS];
    mat_mul(jc, jacobian, covariance, TAPE_COUNT, n, n);
    mat_mul_bt(c, jc, jacobian, TAPE_COUNT, n, TAPE_COUNT);
    for (int i = 0; i < TAPE_COUNT; i++)
        for (int k = 0; k < TAPE_COUNT; k++) {
            double v = c[i * TAPE_COUNT + i] * c[k * TAPE_COUNT + k];
            // The tape's own error, which betas do not know, is independent from site to site.
            b->correlation[i * TAPE_COUNT + k] = i == k ? 1 : v > 0 ? 0.95 * c[i * TAPE_COUNT + k] / sqrt(v) : 0;
        }
}

static double normal_cdf(double z) { return 0.5 * erfc(-z / sqrt(2)); }

// The share of a body girth that the cloth may be smaller by. A knit hugs with a twentieth of its limit; it must also
// pass over what is wider than where it rests (shoulders, hips), about a quarter wider than a stretched opening can
// give, so beyond a quarter of the limit it cannot be put on. No garment 10 cm too small is worn.
static void limits(const fabric *f, const fit_region *r, double body, double *least, double *hard)
{
    *least = r->least;
    *hard = r->least - 6; // lengths and widths that are short by this much are another garment
    if (!chart_is_girth(r->dim)) return;
    double give = f->limit * body;
    if (fabric_is_knit(f)) *least = fmin(*least, -0.05 * give);
    *hard = -fmin(fabric_is_knit(f) ? 0.25 * give : give, 9.5);
    if (*hard > *least) *hard = *least;
}

static void judge_region(const garment *g, const fit_body *b, fit_preference p, const garment_measures *made,
                         fit_region *region, fit_region_result *out)
{
    double body = b->value[region->site], least, hard;
    limits(&g->fabric, region, body, &least, &hard);
    bool guess = made->source[region->dim] == MEASURE_BLOCK;
    // A block is a guess: it may warn, not forbid.
    if (guess) hard = -INFINITY;
    // Whoever the body chart names fits, at both ends of its range.
    double reach = made->reach[region->dim];
    region->least = least = fmin(least, region->ideal - reach);
    region->most = fmax(region->most, region->ideal + reach);
    hard = fmin(hard, least);
    if (p == PREFER_SNUG) region->ideal -= 0.5 * (region->ideal - fmax(least, fmin(0, region->ideal)));
    if (p == PREFER_LOOSE) region->ideal += 0.4 * (region->most - region->ideal);
    // Only what the chart says can be too loose: a block's guess warns of tightness alone.
    out->region = *region;
    out->hard = hard;
    out->garment = made->cm[region->dim];
    out->body = body;
    out->ease = out->garment - body;
    out->source = made->source[region->dim];
    out->spread =
        sqrt(b->sd[region->site] * b->sd[region->site] + made->spread[region->dim] * made->spread[region->dim]);
    double above = normal_cdf((out->ease - least) / out->spread),
           beyond = guess ? 0 : normal_cdf((out->ease - region->most) / out->spread);
    out->probability = fmax(0, above - beyond);
    double middle = (region->ideal + region->most) / 2;
    out->verdict = out->ease < hard                               ? FIT_CANNOT_WEAR
                   : out->ease < least                            ? FIT_TOO_TIGHT
                   : out->ease <= fmin(middle, region->ideal + 3) ? FIT_FITTED
                   : out->ease <= region->most || guess           ? FIT_RELAXED
                                                                  : FIT_LOOSE;
}

// Samples of the errors of all sites at once: the same for every size, so that sizes are compared on equal people.
enum { SAMPLES = 256 };

typedef struct {
    double z[TAPE_COUNT][SAMPLES];
    double least[TAPE_COUNT], most[TAPE_COUNT]; // of each site's
} errors;

static void find_ends(errors *s)
{
    for (int i = 0; i < TAPE_COUNT; i++) {
        s->least[i] = s->most[i] = s->z[i][0];
        for (int k = 1; k < SAMPLES; k++) {
            s->least[i] = fmin(s->least[i], s->z[i][k]);
            s->most[i] = fmax(s->most[i], s->z[i][k]);
        }
    }
}

static double joint_probability(const fit_size *s, const errors *of)
{
    double fits[SAMPLES], good = 0;
    for (int k = 0; k < SAMPLES; k++) fits[k] = 1;
    for (int i = 0; i < s->regions; i++) {
        const fit_region_result *r = &s->region[i];
        tape_measure site = r->region.site;
        double least = r->region.least, most = r->source == MEASURE_BLOCK ? INFINITY : r->region.most, ease = r->ease,
               spread = r->spread;
        // Rounding keeps the order: when the ends of a region's samples fit, all do.
        if (ease + spread * of->least[site] >= least && ease + spread * of->most[site] <= most) continue;
        const double *z = of->z[site];
        for (int k = 0; k < SAMPLES; k++) {
            double e = ease + spread * z[k];
            bool fit = (e >= least) & (e <= most); // without a branch: several samples at once
            fits[k] = fit ? fits[k] : 0;
        }
    }
    for (int k = 0; k < SAMPLES; k++) good += fits[k];
    return good / SAMPLES;
}

// The draws are the same for every person; only what binds them together differs.
static errors drawn, independent;
static pthread_once_t drawn_once = PTHREAD_ONCE_INIT;

// 20 betas cannot fill 21 dimensions: a little independent error makes the matrix definite.
#define OWN_ERROR 1.02

static void draw(void)
{
    rng r = rng_new(1);
    for (int k = 0; k < SAMPLES; k++)
        for (int i = 0; i < TAPE_COUNT; i++) {
            drawn.z[i][k] = rng_normal(&r);
            independent.z[i][k] = sqrt(OWN_ERROR) * drawn.z[i][k] / sqrt(OWN_ERROR);
        }
    find_ends(&independent);
}

// The errors of a person whose sites hang together as b says, in own or, when nothing is known of that, drawn before.
static const errors *errors_of(const fit_body *b, errors *own)
{
    pthread_once(&drawn_once, draw);
    double l[TAPE_COUNT * TAPE_COUNT];
    bool bound = false;
    for (int i = 0; i < TAPE_COUNT; i++)
        for (int k = 0; k < i; k++) bound = bound || b->correlation[i * TAPE_COUNT + k] != 0;
    if (!bound) return &independent;
    memcpy(l, b->correlation, sizeof l);
    for (int i = 0; i < TAPE_COUNT; i++) l[i * TAPE_COUNT + i] = OWN_ERROR;
    bool ok = chol_factor(l, TAPE_COUNT);
    for (int i = 0; i < TAPE_COUNT; i++) {
        double *row = own->z[i];
        for (int k = 0; k < SAMPLES; k++) row[k] = ok ? 0 : drawn.z[i][k];
        for (int j = 0; ok && j <= i; j++)
            for (int k = 0; k < SAMPLES; k++) row[k] += l[i * TAPE_COUNT + j] * drawn.z[j][k];
        for (int k = 0; k < SAMPLES; k++) row[k] /= sqrt(OWN_ERROR);
    }
    find_ends(own);
    return own;
}

static void score(fit_size *s)
{
    double least = 1, logs = 0, near = 0, weights = 0, heaviest = 0;
    fit_class tightest = FIT_CLASSES, loosest = FIT_CANNOT_WEAR, sits = FIT_FITTED;
    for (int i = 0; i < s->regions; i++) {
        const fit_region_result *r = &s->region[i];
        double p = fmax(r->probability, 1e-9), w = r->region.weight;
        if (r->probability < least) least = r->probability, s->worst = i;
        logs += w * log(p);
        if (r->source != MEASURE_BLOCK) {
            double d = (r->ease - r->region.ideal) / ((r->region.most - r->region.least) / 3);
            near -= w * d * d / 2;
        }
        weights += w;
        if (r->verdict < tightest) tightest = r->verdict;
        if (r->verdict > loosest) loosest = r->verdict;
        if (w > heaviest || (w == heaviest && r->verdict > sits)) heaviest = w, sits = r->verdict;
    }
    if (weights == 0) return;
    s->score = pow(fmax(least, 1e-9), 0.6) * exp(0.4 * logs / weights) * exp(near / weights);
    s->verdict = tightest <= FIT_TOO_TIGHT ? tightest : loosest == FIT_LOOSE ? loosest : sits;
}

void fit_judge(const garment *g, const fit_body *b, fit_preference p, fit_result *out)
{
    errors own;
    const errors *of = errors_of(b, &own);
    // Sizes that there are: a result has room for many more.
    out->count = g->chart.count;
    memset(out->size, 0, sizeof *out->size * (size_t)out->count);
    out->recommended = out->runner_up = -1;
    fit_region region[FIT_MOST_REGIONS], own_region;
    int n = garment_regions(g->category, g->silhouette, b->value, region);
    for (int i = 0; i < out->count; i++) {
        garment_measures made;
        fit_size *s = &out->size[i];
        garment_measure(g, i, &made);
        for (int k = 0; k < n; k++) {
            if (made.cm[region[k].dim] <= 0 || b->value[region[k].site] <= 0) continue;
            own_region = region[k]; // the size's chart may widen it
            judge_region(g, b, p, &made, &own_region, &s->region[s->regions++]);
        }
        s->probability = joint_probability(s, of);
        score(s);
    }
    // Sizes nobody can wear, or that hardly anyone with these measurements fits, are not recommended.
    for (int i = 0; i < out->count; i++) {
        const fit_size *s = &out->size[i];
        if (s->regions == 0 || s->verdict == FIT_CANNOT_WEAR || s->score < 0.15) continue;
        if (out->recommended < 0 || s->score > out->size[out->recommended].score) {
            out->runner_up = out->recommended;
            out->recommended = i;
        } else if (out->runner_up < 0 || s->score > out->size[out->runner_up].score) {
            out->runner_up = i;
        }
    }
    out->between = out->runner_up >= 0 && out->size[out->recommended].score - out->size[out->runner_up].score < 0.05;
}
