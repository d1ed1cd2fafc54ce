// How drapes come out over bodies, categories and sizes, and how long they take on one core.
//   bench_drape [--bodies N] [--category WORD] [--sheets DIR] [--json]
// Bodies are the mean people of heights, weights and sexes; the charts are the built-in letters. Times are the
// thread's own, so that a busy machine does not count.
#include "base/io.h"
#include "base/mem.h"
#include "body/prior.h"
#include "garment/show.h"
#include "garment/stance.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const struct {
    const char *name;
    body_sex sex;
    double height, weight; // m, kg
} people[12] = {
    { "f163_62", SEX_FEMALE, 1.63, 62 }, { "m182_125", SEX_MALE, 1.82, 125 },   { "f150_42", SEX_FEMALE, 1.50, 42 },
    { "m195_95", SEX_MALE, 1.95, 95 },   { "f168_105", SEX_FEMALE, 1.68, 105 }, { "m176_55", SEX_MALE, 1.76, 55 },
    { "f158_72", SEX_FEMALE, 1.58, 72 }, { "m178_78", SEX_MALE, 1.78, 78 },     { "f165_50", SEX_FEMALE, 1.65, 50 },
    { "m170_90", SEX_MALE, 1.70, 90 },   { "f180_75", SEX_FEMALE, 1.80, 75 },   { "m160_58", SEX_MALE, 1.60, 58 },
};

static double cpu(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static bool person(int i, wearer *w, err *e)
{
    const char *assets = ASSETS;
    float zero[BODY_MAX_BETAS] = { 0 }, betas[BODY_MAX_BETAS];
    if (!wearer_of_betas(assets, people[i].sex, zero, w, e)) return false;
    body_gaussian *g = mem_new(1, sizeof *g);
    tape *t = tape_new(w->model);
    survey_answers a = { people[i].height, people[i].weight, 0 };
    body_prior_given(w->model, t, &a, 0.002, g);
    for (int k = 0; k < w->model->betas; k++) betas[k] = (float)g->mean[k];
    tape_free(t);
    mem_free(g);
    wearer_close(w);
    return wearer_of_betas(assets, people[i].sex, betas, w, e);
}

typedef struct {
    int runs, degraded, monotone_breaks, cannot;
    double worst_penetration, worst_self, worst_artefact, worst_deep, seconds, longest;
} tally;

static bool save(const wearer *w, const garment *g, const show_column *column, int n, const char *folder,
                 const char *name, err *e)
{
    char path[512], file[128];
    snprintf(file, sizeof file, "%s_%s.png", garment_category_word[g->category], name);
    buf png = buf_new((size_t)64 << 20);
    bool ok = io_make_dirs(folder, e) && io_join(path, sizeof path, folder, file) &&
              show_sheet(w, g, column, n, &png, e) && io_write(path, png.data, png.len, e);
    buf_free(&png);
    return ok;
}

static bool dress(int who, garment_category c, stance pose, const char *sheets, tally *t, err *e)
{
    static const char *const usual[GARMENT_CATEGORIES] = { "jersey", "shirting", "satin", "twill", "denim", "fleece" };
    wearer w;
    if (!person(who, &w, e)) return false;
    garment g = { .category = c, .silhouette = SILHOUETTE_REGULAR, .fabric = *fabric_preset(usual[c]) };
    chart_standard(people[who].sex == SEX_MALE, &g.chart);
    fit_result *fit = mem_new(1, sizeof *fit);
    fit_judge(&g, &w.fit, PREFER_REGULAR, fit);
    // Five sizes around the one that is recommended, or the nearest.
    int middle = 0;
    for (int i = 0; i < g.chart.count; i++)
        if (fit->size[i].score > fit->size[middle].score) middle = i;
    int from = middle - 2 < 0 ? 0 : middle - 2 > g.chart.count - 5 ? g.chart.count - 5 : middle - 2;
    wearer_stand(&w, pose);
    collider *body = drape_collider(&w);
    drape d[5];
    show_column column[5];
    char note[5][36];
    bool ok = true;
    int made = 0;
    for (int i = 0; ok && i < 5; i++) {
        double begin = cpu();
        ok = drape_make(&w, body, &g, from + i, NULL, &d[i], e);
        if (!ok) break;
        made++;
        double took = cpu() - begin;
        const cloth_quality *q = &d[i].quality;
        fit_sentence(&fit->size[from + i], note[i], sizeof note[i]);
        column[i] = (show_column){ &d[i], NULL, g.chart.size[from + i].name, note[i] };
        t->runs++;
        t->degraded += d[i].degraded;
        t->cannot += fit->size[from + i].verdict == FIT_CANNOT_WEAR;
        t->seconds += took;
        t->longest = fmax(t->longest, took);
        t->worst_penetration = fmax(t->worst_penetration, 1000 * q->max_penetration);
        t->worst_self = fmax(t->worst_self, 1000 * q->self_depth);
        t->worst_artefact = fmax(t->worst_artefact, q->artefact);
        t->worst_deep = fmax(t->worst_deep, (double)q->deep / d[i].mesh.vertices);
        if (i > 0 && d[i].quality.strain_weft[0] > d[i - 1].quality.strain_weft[0] + 0.002) t->monotone_breaks++;
        fprintf(stderr,
                "%-8s %-9s %-4s %s pen %.2f self %.2f mm, clearance %5.1f mm, hem %.1f cm, weft mean %+.3f p95 %.3f, "
                "slid %.0f mm, %.2f s %s\n",
                garment_category_word[c], people[who].name, g.chart.size[from + i].name,
                d[i].degraded ? "DEGRADED" : "ok", 1000 * q->max_penetration, 1000 * q->self_depth,
                1000 * d[i].clearance, 100 * d[i].hem_height, q->strain_weft[0], q->strain_weft[1], 1000 * d[i].slid,
                took, d[i].why);
    }
    ok = ok && (!sheets || save(&w, &g, column, 5, sheets, people[who].name, e));
    for (int i = 0; i < made; i++) drape_free(&d[i]);
    mem_free(fit);
    collider_free(body);
    wearer_close(&w);
    return ok;
}

int main(int argc, char **argv)
{
    int bodies = 12;
    const char *only = NULL, *sheets = NULL;
    bool json = false;
    stance pose = STANCE_A;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--json") == 0) json = true;
        if (i + 1 < argc && strcmp(argv[i], "--bodies") == 0) bodies = (int)strtol(argv[++i], NULL, 10);
        if (i + 1 < argc && strcmp(argv[i], "--category") == 0) only = argv[++i];
        if (i + 1 < argc && strcmp(argv[i], "--pose") == 0 && !stance_read(argv[++i], &pose)) return 2;
        if (i + 1 < argc && strcmp(argv[i], "--sheets") == 0) sheets = argv[++i];
    }
    if (bodies < 1 || bodies > 12) bodies = 12;
    err e = { 0 };
    if (json) printf("{");
    for (int c = 0, first = 1; c < GARMENT_CATEGORIES; c++) {
        if (only && strcmp(only, garment_category_word[c]) != 0) continue;
        tally t = { 0 };
        for (int i = 0; i < bodies; i++)
            if (!dress(i, (garment_category)c, pose, sheets, &t, &e)) {
                fprintf(stderr, "bench_drape: %s\n", e.msg);
                return 1;
            }
        if (json)
            printf("%s\"%s\": {\"runs\": %d, \"degraded\": %d, \"max_penetration_mm\": %.3f, \"max_self_mm\": %.3f, "
                   "\"max_deep_share\": %.5f, \"max_artefact\": %.5f, \"mean_s\": %.3f, \"longest_s\": %.3f}",
                   first ? "" : ",\n ", garment_category_word[c], t.runs, t.degraded, t.worst_penetration, t.worst_self,
                   t.worst_deep, t.worst_artefact, t.seconds / t.runs, t.longest);
        else
            printf("%-9s %3d drapes, %d degraded; in the body at most %.2f mm, through itself %.2f mm, artefact %.4f; "
                   "%.2f s each, %.2f s at most on one core\n",
                   garment_category_word[c], t.runs, t.degraded, t.worst_penetration, t.worst_self, t.worst_artefact,
                   t.seconds / t.runs, t.longest);
        first = 0;
    }
    if (json) printf("}\n");
    return 0;
}
