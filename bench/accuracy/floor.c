#include "accuracy/floor.h"
#include "accuracy/doc.h"
#include "base/mem.h"
#include "math/linalg.h"

#include <stdio.h>
#include <string.h>

// Of the trunk, from the thighs to the neck: so many levels at which it is measured across, as shares of the height.
enum { LEVELS = 56, PIECES = 4 };
static const double LOWEST = 0.40, HIGHEST = 0.85;

typedef struct {
    survey_answers answers;
    double truth[GIRTHS];
    double across[2][2][LEVELS]; // [as it is, as it is seen][from the front, from the side]; metres
} subject;

// Outlines as they are seen: the width off at each level, as errors of 3 mm along 10 cm of outline on either side make
// it, and wider or narrower by clothes whose thickness nobody knows, in each quarter of the trunk.
static const double SEEN_SD = 0.010, CLOTHES_SD = 0.010;

// What is known of a subject.
typedef struct {
    const char *title;
    bool weight, seen; // seen: outlines as they are seen
    int outlines;
} knowledge;
static const knowledge known[] = {
    { "height, weight, age", true, false, 0 },
    { "and the outline from the front as it is seen", true, true, 1 },
    { "and the outline from the side as it is seen", true, true, 2 },
    { "height, weight, age; exact naked outlines, front", true, false, 1 },
    { "exact naked outlines, front and side", true, false, 2 },
    { "height, age", false, false, 0 },
    { "and the outline from the front as it is seen", false, true, 1 },
    { "and the outline from the side as it is seen", false, true, 2 },
};
enum { ANSWERS = 10, COLUMNS = ANSWERS + 2 * LEVELS };

typedef struct {
    const wardrobe *wardrobe;
    body_model *const *model;
    uint64_t seed;
    int people, jobs;
    subject *of; // [people]
} crowd;

// The trunk's extent in x or z at each level of her height, from the triangles that cross it.
static void measure_across(const person *p, subject *s)
{
    const body_model *m = p->model;
    float low[2][LEVELS], high[2][LEVELS], ground = body_ground(m, p->shaped);
    double tall = p->truth[TAPE_HEIGHT], step = (HIGHEST - LOWEST) / (LEVELS - 1);
    for (int l = 0; l < LEVELS; l++) low[0][l] = low[1][l] = 1, high[0][l] = high[1][l] = -1;
    for (uint32_t i = 0; i < 3 * m->triangles; i++) {
        uint32_t a = m->triangle[i], b = m->triangle[i % 3 == 2 ? i - 2 : i + 1];
        int region = view_cloth_region(m->label[a]), other = view_cloth_region(m->label[b]);
        if (region < 0 || region > CLOTH_THIGHS || other < 0 || other > CLOTH_THIGHS) continue;
        const float *q = &p->shaped[a].x, *r = &p->shaped[b].x;
        if (r[1] < q[1]) q = &p->shaped[b].x, r = &p->shaped[a].x;
        double from = ((double)(q[1] - ground) / tall - LOWEST) / step,
               to = ((double)(r[1] - ground) / tall - LOWEST) / step;
        for (int l = (int)fmax(ceil(from), 0); l <= (int)fmin(floor(to), LEVELS - 1); l++) {
            float t = to > from ? (float)((l - from) / (to - from)) : 0;
            for (int k = 0; k < 2; k++) {
                float at = q[2 * k] + (r[2 * k] - q[2 * k]) * t;
                low[k][l] = fminf(low[k][l], at), high[k][l] = fmaxf(high[k][l], at);
            }
        }
    }
    for (int k = 0; k < 2; k++)
        for (int l = 0; l < LEVELS; l++) s->across[0][k][l] = fmax((double)(high[k][l] - low[k][l]), 0);
}

static void see_across(rng *r, subject *s)
{
    for (int k = 0; k < 2; k++) {
        double clothes = 0;
        for (int l = 0; l < LEVELS; l++) {
            if (l % (LEVELS / PIECES) == 0) clothes = CLOTHES_SD * rng_normal(r);
            s->across[1][k][l] = s->across[0][k][l] + clothes + SEEN_SD * rng_normal(r);
        }
    }
}

static void meet(void *ctx, int job)
{
    crowd *c = ctx;
    tape *t[2] = { tape_new(c->model[0]), tape_new(c->model[1]) };
    trial_lab lab = { .wardrobe = c->wardrobe, .model = { c->model[0], c->model[1] }, .tape = { t[0], t[1] } };
    for (int i = job; i < c->people; i += c->jobs) {
        person *p = trial_person(&lab, c->seed, i);
        subject *s = &c->of[i];
        s->answers = p->answers;
        for (int k = 0; k < GIRTHS; k++) s->truth[k] = p->truth[girths[k]];
        measure_across(p, s);
        rng r = trial_stream(c->seed, i, 15);
        see_across(&r, s);
        person_free(p);
    }
    for (int k = 0; k < 2; k++) tape_free(t[k]);
}

// The row of the regression: the answers' quadratic form and the outlines. Returns its length.
static int row_of(const subject *s, const knowledge *k, double *row)
{
    const survey_answers *a = &s->answers;
    double x[3] = { 10 * (a->height - 1.7), log(a->age / 35), k->weight ? 4 * log(a->weight / 70) : 0 };
    int n = 0, facts = k->weight ? 3 : 2;
    row[n++] = 1;
    for (int i = 0; i < facts; i++) {
        row[n++] = x[i];
        for (int j = 0; j <= i; j++) row[n++] = x[i] * x[j];
    }
    for (int o = 0; o < k->outlines; o++)
        for (int l = 0; l < LEVELS; l++) row[n++] = 10 * s->across[k->seen][o][l];
    return n;
}

// Errors of one sex: of the regression that crowd a gives, on crowd b.
static bool judge(const crowd *a, const crowd *b, int sex, const knowledge *k, tally error[GIRTHS])
{
    double *gram = mem_array(double, COLUMNS *COLUMNS), *c = mem_array(double, COLUMNS *GIRTHS), row[COLUMNS];
    int columns = 0;
    for (int i = sex; i < a->people; i += 2) {
        columns = row_of(&a->of[i], k, row);
        normal_add(row, a->of[i].truth, columns, GIRTHS, gram, c);
    }
    bool ok = normal_solve(gram, c, columns, GIRTHS, 1e-3);
    for (int i = sex; ok && i < b->people; i += 2) {
        double found[GIRTHS];
        row_of(&b->of[i], k, row);
        mat_mul(found, row, c, 1, columns, GIRTHS);
        for (int g = 0; g < GIRTHS; g++) tally_add(&error[g], found[g] - b->of[i].truth[g], 0, 0);
    }
    mem_free(gram);
    mem_free(c);
    return ok;
}

bool floor_run(const wardrobe *w, body_model *const *model, int people, uint64_t learning_seed, uint64_t judging_seed,
               pool *threads, const char *page, err *e)
{
    int jobs = pool_threads(threads);
    crowd c[2];
    for (int k = 0; k < 2; k++) {
        c[k] = (crowd){ .wardrobe = w,
                        .model = model,
                        .seed = k ? judging_seed : learning_seed,
                        .people = people,
                        .jobs = jobs,
                        .of = mem_array(subject, (size_t)people) };
        pool_run(threads, jobs, meet, &c[k]);
    }
    buf b = buf_new(1 << 16);
    doc_put(
        &b,
        "By a regression for each sex, quadratic in the answers, linear in how wide the trunk is at %d levels. As it\n"
        "is seen: the width off by %.0f mm at each level, and wider or narrower by clothes of unknown thickness,\n"
        "%.0f mm in each quarter of the trunk. Learned from %d people of seed %llu, judged on %d of seed %llu: no\n"
        "networks, pose or camera. Exact outlines tell more here than of real people, who differ in more ways. Mean\n"
        "absolute error, cm.\n\n"
        "| known | chest women | men | natural waist women | men | hip women | men |\n|---|---|---|---|---|---|---|\n",
        LEVELS, 1000 * SEEN_SD, 1000 * CLOTHES_SD, people, (unsigned long long)learning_seed, people,
        (unsigned long long)judging_seed);
    bool ok = true;
    for (size_t k = 0; ok && k < sizeof known / sizeof *known; k++) {
        tally error[2][GIRTHS] = { 0 };
        ok = (judge(&c[0], &c[1], 0, &known[k], error[0]) && judge(&c[0], &c[1], 1, &known[k], error[1])) ||
             fail(e, ERR_INTERNAL, "the regression is singular: more people are needed");
        if (!ok) break;
        doc_put(&b, "| %s |", known[k].title);
        for (int g = 0; g < GIRTHS; g++)
            doc_put(&b, " %.2f | %.2f |", tally_mae(&error[0][g]), tally_mae(&error[1][g]));
        doc_put(&b, "\n");
    }
    if (ok) printf("%.*s", (int)b.len, (const char *)b.data);
    ok = ok && (!page || doc_write(page, DOC_FLOOR, &b, e));
    buf_free(&b);
    for (int k = 0; k < 2; k++) mem_free(c[k].of);
    return ok;
}
