// How drapes come out over bodies, categories and sizes, and how long they take on one core.
//   bench_drape [--bodies N] [--category WORD] [--pose WORD] [--sheets DIR] [--matrix FILE.png] [--verbose] [--json]
//   bench_drape --clothes DIR [--sheets DIR]   garments imported from GLB files, see bench/drape_clothes.h
//   bench_drape --blender         the same cloth on the same body in Blender's solver, when Blender is installed
// Bodies are the mean people of heights, weights and sexes; the charts are the built-in letters. Times are the
// thread's own, so that a busy machine does not count; "five sizes" is what the busier of two threads computes.
//   --matrix FILE.png  everything in one picture: a row a body, five columns a category
//   --sheets DIR       a sheet for each body and category: front, side, strain
// Ends with status 1 when a bar is not held: in the body less than 2 mm and less than one vertex in a thousand deeper
// than 1 mm, through itself less than 5 mm, artefact below 0.005, at most one drape in a hundred degraded, and no
// bottom that slides although its waist is hardly wider than its wearer's.
#include "base/io.h"
#include "base/mem.h"
#include "base/parallel.h"
#include "drape_clothes.h"
#include "drape_peer.h"
#include "drape_people.h"
#include "garment/show.h"
#include "garment/stance.h"
#include "image/draw.h"
#include "image/encode.h"
#include "image/resample.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { THUMB_WIDE = 84, THUMB_TALL = 150, LABEL = 70 };

typedef struct {
    int bodies;
    const char *only, *sheets, *matrix, *clothes;
    stance pose;
    bool json, verbose;
    image picture;
} plan;

static double clock_of(clockid_t id)
{
    struct timespec t;
    clock_gettime(id, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

typedef struct {
    int runs, degraded, slides, unexplained, cannot, breaks;
    double penetration, self, artefact, deep, seconds, longest, five, five_longest;
    int fives;
} tally;

typedef struct {
    const wearer *w;
    const collider *body;
    const garment *g;
    int from;
    drape d[DRAPE_SIZES];
    bool made[DRAPE_SIZES];
    double took[DRAPE_SIZES];
    err failed[DRAPE_SIZES];
} job;

static void drape_one(void *ctx, int turn)
{
    job *j = ctx;
    int i = DRAPE_SIZES - 1 - turn; // the largest first, as cli/drape.c does
    double begin = clock_of(CLOCK_THREAD_CPUTIME_ID);
    j->made[i] = drape_make(j->w, j->body, j->g, j->from + i, NULL, &j->d[i], &j->failed[i]);
    j->took[i] = clock_of(CLOCK_THREAD_CPUTIME_ID) - begin;
}

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

// Centimetres by which a size's waist is wider than its wearer's.
static double waist_ease(const fit_size *s)
{
    for (int i = 0; i < s->regions; i++)
        if (s->region[i].region.dim == DIM_WAIST) return s->region[i].ease;
    return 0;
}

// The ease a waist usually has (garment/garment.c); one that is wider sinks to where its wearer is as wide, which on a
// body that is widest at the waist is nowhere.
#define TOO_WIDE 1.5 // cm

static void count(const drape *d, const drape *before, const fit_size *fit, tally *t)
{
    const cloth_quality *q = &d->quality;
    t->runs++;
    t->degraded += d->degraded;
    t->cannot += fit->verdict == FIT_CANNOT_WEAR;
    t->slides += d->slides;
    t->unexplained += d->slides && waist_ease(fit) < TOO_WIDE;
    t->penetration = fmax(t->penetration, 1000 * q->max_penetration);
    t->self = fmax(t->self, 1000 * q->self_depth);
    t->artefact = fmax(t->artefact, q->artefact);
    t->deep = fmax(t->deep, (double)q->deep / d->mesh.vertices);
    // From size to size the cloth is stretched less; 0.2 % is what wrinkles do.
    t->breaks += before && q->strain_weft[0] > before->quality.strain_weft[0] + 0.002;
}

static void show_row(plan *p, int who, const wearer *w, const garment *g, const job *j)
{
    int y = 24 + who * (THUMB_TALL + 4);
    draw_color ink = { 40, 44, 52, 255 }, red = { 200, 30, 20, 255 };
    draw_text(&p->picture, 4, y + THUMB_TALL / 2, 1, ink, drape_people[who].name);
    for (int i = 0; i < DRAPE_SIZES; i++) {
        int x = LABEL + ((int)g->category * DRAPE_SIZES + i) * THUMB_WIDE;
        // Drawn larger: at this size a pixel is wider than the gap between cloth and skin.
        image large = show_one(w, g, &j->d[i], 4 * THUMB_WIDE, 4 * THUMB_TALL, 0.5f);
        image one = image_resize(&large, THUMB_WIDE, THUMB_TALL);
        image_free(&large);
        draw_image(&p->picture, x, y, &one);
        image_free(&one);
        draw_text(&p->picture, x + 3, y + 2, 1, j->d[i].degraded ? red : ink, g->chart.size[j->from + i].name);
    }
}

static bool dress(plan *p, int who, garment_category c, tally *t, err *e)
{
    wearer w;
    if (!drape_person_open(ASSETS, who, &w, e)) return false;
    wearer_stand(&w, p->pose);
    garment g;
    fit_result *fit = mem_new(1, sizeof *fit);
    job *j = mem_new(1, sizeof *j);
    j->from = drape_wardrobe(&w, drape_people[who].sex, c, &g, fit);
    collider *body = drape_collider(&w);
    j->w = &w, j->body = body, j->g = &g;
    pool *two = pool_new(2);
    pool_run(two, DRAPE_SIZES, drape_one, j);
    pool_free(two);
    double busy[2] = { 0, 0 };
    for (int i = DRAPE_SIZES - 1; i >= 0; i--) busy[busy[1] < busy[0]] += j->took[i];
    double five = fmax(busy[0], busy[1]);
    t->five += five;
    t->five_longest = fmax(t->five_longest, five);
    t->fives++;
    show_column column[DRAPE_SIZES];
    char note[DRAPE_SIZES][36];
    bool ok = true;
    for (int i = 0; i < DRAPE_SIZES; i++) ok = ok && (j->made[i] || (*e = j->failed[i], false));
    for (int i = 0; ok && i < DRAPE_SIZES; i++) {
        const drape *d = &j->d[i];
        const fit_size *s = &fit->size[j->from + i];
        const char *size = g.chart.size[j->from + i].name;
        count(d, i ? d - 1 : NULL, s, t);
        t->seconds += j->took[i];
        t->longest = fmax(t->longest, j->took[i]);
        fit_sentence(s, note[i], sizeof note[i]);
        column[i] = (show_column){ d, NULL, size, note[i] };
        if (p->verbose || d->degraded || (d->slides && waist_ease(s) < TOO_WIDE))
            fprintf(stderr,
                    "%-8s %-9s %-4s %s pen %.2f self %.2f mm, clearance %5.1f mm, hem %.1f cm, weft mean %+.3f p95 "
                    "%.3f, slid %.0f mm at %+.1f cm, %.2f s %s\n",
                    garment_category_word[c], drape_people[who].name, size, d->degraded ? "DEGRADED" : "ok",
                    1000 * d->quality.max_penetration, 1000 * d->quality.self_depth, 1000 * d->clearance,
                    100 * d->hem_height, d->quality.strain_weft[0], d->quality.strain_weft[1], 1000 * d->slid,
                    waist_ease(s), j->took[i], d->why);
    }
    if (ok && p->matrix) show_row(p, who, &w, &g, j);
    ok = ok && (!p->sheets || save(&w, &g, column, DRAPE_SIZES, p->sheets, drape_people[who].name, e));
    for (int i = 0; i < DRAPE_SIZES; i++) drape_free(&j->d[i]);
    mem_free(fit);
    mem_free(j);
    collider_free(body);
    wearer_close(&w);
    return ok;
}

static void report(const plan *p, const char *name, const tally *t, bool first)
{
    if (p->json)
        printf("%s\"%s\": {\"runs\": %d, \"degraded\": %d, \"max_penetration_mm\": %.3f, \"max_self_mm\": %.3f, "
               "\"max_deep_share\": %.5f, \"max_artefact\": %.5f, \"slides\": %d, \"slides_unexplained\": %d, "
               "\"mean_s\": %.3f, \"longest_s\": %.3f, \"five_sizes_s\": %.3f, \"five_sizes_longest_s\": %.3f}",
               first ? "" : ",\n ", name, t->runs, t->degraded, t->penetration, t->self, t->deep, t->artefact,
               t->slides, t->unexplained, t->seconds / t->runs, t->longest, t->five / t->fives, t->five_longest);
    else
        printf("%-9s %3d drapes, %d degraded; in the body at most %.2f mm, %.2f per thousand deeper than 1 mm, "
               "through itself %.2f mm, artefact %.4f; %d slide, %d of them unexplained; strain rises with size %d "
               "times; %.2f s each, %.2f s at most on one core; five sizes on two %.2f s, %.2f s at most\n",
               name, t->runs, t->degraded, t->penetration, 1000 * t->deep, t->self, t->artefact, t->slides,
               t->unexplained, t->breaks, t->seconds / t->runs, t->longest, t->five / t->fives, t->five_longest);
    fflush(stdout);
}

static void add(tally *all, const tally *t)
{
    all->runs += t->runs;
    all->degraded += t->degraded;
    all->slides += t->slides;
    all->unexplained += t->unexplained;
    all->cannot += t->cannot;
    all->breaks += t->breaks;
    all->fives += t->fives;
    all->seconds += t->seconds;
    all->five += t->five;
    all->penetration = fmax(all->penetration, t->penetration);
    all->self = fmax(all->self, t->self);
    all->artefact = fmax(all->artefact, t->artefact);
    all->deep = fmax(all->deep, t->deep);
    all->longest = fmax(all->longest, t->longest);
    all->five_longest = fmax(all->five_longest, t->five_longest);
}

static bool held(const tally *t)
{
    return t->penetration < 2 && t->deep < 0.001 && t->self < 5 && t->artefact < 0.005 &&
           100 * t->degraded <= t->runs && t->unexplained == 0;
}

static bool run(plan *p, bool *good, err *e)
{
    tally all = { 0 };
    if (p->matrix) {
        p->picture = image_new(LABEL + GARMENT_CATEGORIES * DRAPE_SIZES * THUMB_WIDE,
                               (uint32_t)(24 + p->bodies * (THUMB_TALL + 4)), 3);
        memset(p->picture.px, 244, (size_t)p->picture.width * p->picture.height * 3);
    }
    if (p->json) printf("{");
    for (int c = 0, first = 1; c < GARMENT_CATEGORIES; c++) {
        if (p->only && strcmp(p->only, garment_category_word[c]) != 0) continue;
        tally t = { 0 };
        for (int i = 0; i < p->bodies; i++)
            if (!dress(p, i, (garment_category)c, &t, e)) return false;
        report(p, garment_category_word[c], &t, first);
        add(&all, &t);
        first = 0;
    }
    if (all.runs == 0) return fail(e, ERR_INPUT, "--category is tshirt, shirt, dress, skirt, trousers or hoodie");
    report(p, "all", &all, false);
    if (p->json) printf("}\n");
    *good = held(&all);
    bool ok = !p->matrix || image_save(&p->picture, p->matrix, e);
    image_free(&p->picture);
    return ok;
}

int main(int argc, char **argv)
{
    plan p = { .bodies = DRAPE_PEOPLE };
    bool peer = false, good = true;
    err e = { 0 };
    for (int i = 1; i < argc; i++) {
        const char *next = i + 1 < argc ? argv[i + 1] : "";
        if (strcmp(argv[i], "--json") == 0)
            p.json = true;
        else if (strcmp(argv[i], "--verbose") == 0)
            p.verbose = true;
        else if (strcmp(argv[i], "--blender") == 0)
            peer = true;
        else if (strcmp(argv[i], "--bodies") == 0)
            p.bodies = (int)strtol(next, NULL, 10), i++;
        else if (strcmp(argv[i], "--category") == 0)
            p.only = next, i++;
        else if (strcmp(argv[i], "--clothes") == 0)
            p.clothes = next, i++;
        else if (strcmp(argv[i], "--sheets") == 0)
            p.sheets = next, i++;
        else if (strcmp(argv[i], "--matrix") == 0)
            p.matrix = next, i++;
        else if (strcmp(argv[i], "--pose") == 0 && stance_read(next, &p.pose))
            i++;
        else {
            fprintf(stderr, "bench_drape: what is %s? The head of bench/bench_drape.c says what there is\n", argv[i]);
            return 2;
        }
    }
    if (p.bodies < 1 || p.bodies > DRAPE_PEOPLE) p.bodies = DRAPE_PEOPLE;
    bool ok = p.clothes ? drape_clothes(ASSETS, p.clothes, p.sheets, &e)
              : peer    ? drape_peer(ASSETS, SOURCE_ROOT, p.only, p.json, &e)
                        : run(&p, &good, &e);
    if (!ok) fprintf(stderr, "bench_drape: %s\n", e.msg);
    if (ok && !good) fprintf(stderr, "bench_drape: a bar was not held\n");
    return ok && good ? 0 : 1;
}
