#include "garment/drape.h"
#include "base/io.h"
#include "base/limits.h"
#include "base/mem.h"
#include "cli/commands.h"
#include "cli/garment.h"
#include "cli/hmr2.h"
#include "cli/options.h"
#include "garment/outfit.h"
#include "garment/show.h"
#include "garment/stance.h"

#include <stdio.h>
#include <string.h>

typedef struct {
    const char *avatar, *garment, *size, *out, *assets, *model, *pose;
    double spacing_mm, threads;
    bool all, json;
} arguments;

typedef struct {
    const arguments *a;
    wearer w;
    garment g;
    collider *body;
    const char *assets;
    imported mesh[CHART_MAX_SIZES];
    fit_result fit;
    drape drape[CHART_MAX_SIZES];
    bool made[CHART_MAX_SIZES];
    err failed[CHART_MAX_SIZES];
    int wanted[CHART_MAX_SIZES], count;
} work;

// The largest size first: wide clothes take longest to come to rest, and what begins last should be short.
static void drape_one(void *ctx, int i)
{
    work *k = ctx;
    int size = k->wanted[k->count - 1 - i];
    drape_options o = { .spacing = k->a->spacing_mm / 1000 };
    k->made[size] = true;
    if (k->g.imported)
        import_drape(&k->w, k->body, &k->g, &k->mesh[size], &k->drape[size]);
    else
        k->made[size] = drape_make(&k->w, k->body, &k->g, size, &o, &k->drape[size], &k->failed[size]);
}

static bool write_file(const char *folder, const char *name, buf *b, err *e)
{
    char path[4096];
    bool ok = io_join(path, sizeof path, folder, name) || fail(e, ERR_LIMIT, "the path %.80s… is too long", folder);
    return ok && io_write(path, b->data, b->len, e);
}

static bool write_size(work *k, int size, const char *suffix, err *e)
{
    char name[64];
    buf bin = buf_new(LIMIT_GLB_BYTES);
    snprintf(name, sizeof name, "drape%s.bin", suffix);
    bool ok = (drape_bin(&k->drape[size], &bin) || fail(e, ERR_LIMIT, "the drape is too large")) &&
              write_file(k->a->out, name, &bin, e);
    buf_free(&bin);
    return ok;
}

static bool draw_sheet(work *k, buf *png, err *e)
{
    show_column column[CHART_MAX_SIZES];
    char note[CHART_MAX_SIZES][128];
    for (int i = 0; i < k->count; i++) {
        int size = k->wanted[i];
        fit_sentence(&k->fit.size[size], note[i], 36); // as wide as the column
        column[i] = (show_column){ &k->drape[size], NULL, k->g.chart.size[size].name, note[i] };
    }
    return show_sheet(&k->w, &k->g, column, k->count, png, e);
}

static bool print_fit(work *k, int size, buf *json, err *e)
{
    buf quality = buf_new(MIB);
    bool ok = (drape_print(&k->drape[size], &k->g, &k->fit.size[size], &quality) && buf_append(&quality, "", 1) &&
               fit_print(&k->g, &k->fit, PREFER_REGULAR, (const char *)quality.data, false, json)) ||
              fail(e, ERR_LIMIT, "the verdict is too long");
    buf_free(&quality);
    return ok;
}

static bool dress(work *k, int size, buf *glb, err *e)
{
    char path[4096];
    buf avatar = buf_new(LIMIT_GLB_BYTES);
    bool ok = (io_join(path, sizeof path, k->a->avatar, "avatar.glb") ||
               fail(e, ERR_LIMIT, "the avatar's path is too long")) &&
              io_read(path, &avatar, e) && outfit_glb(avatar.data, avatar.len, &k->g, &k->drape[size], glb, e);
    buf_free(&avatar);
    return ok;
}

// The folder comes into being only when all that goes into it is there.
static bool write_all(work *k, int chosen, err *e)
{
    const arguments *a = k->a;
    buf glb = buf_new(LIMIT_GLB_BYTES), json = buf_new(MIB), png = buf_new(LIMIT_IMAGE_BYTES);
    bool ok = dress(k, chosen, &glb, e) && print_fit(k, chosen, &json, e) && draw_sheet(k, &png, e);
    ok = ok && io_make_dirs(a->out, e) && write_size(k, chosen, "", e) && write_file(a->out, "tryon.glb", &glb, e) &&
         write_file(a->out, "fit.json", &json, e) && write_file(a->out, "sheet.png", &png, e);
    for (int i = 0; ok && a->all && i < k->count; i++) {
        char suffix[40];
        snprintf(suffix, sizeof suffix, ".%s", k->g.chart.size[k->wanted[i]].name);
        ok = write_size(k, k->wanted[i], suffix, e);
    }
    if (ok && a->json) ok = cli_print(json.data, json.len, e);
    buf_free(&glb);
    buf_free(&json);
    buf_free(&png);
    return ok;
}

static bool run(work *k, err *e)
{
    const arguments *a = k->a;
    if (!a->avatar || !a->garment || !a->size || !a->out)
        return fail(e, ERR_INPUT, "something is missing: tryon drape --avatar DIR --garment DIR --size M --out DIR");
    if (a->spacing_mm != 0 && (a->spacing_mm < 8 || a->spacing_mm > 30))
        return fail(e, ERR_INPUT, "--spacing is 8 to 30 mm");
    const char *assets = cli_assets(a->assets, e);
    const char *smpl = assets ? hmr2_folder(a->model, assets, e) : NULL;
    if (!smpl || !cli_read_garment(a->garment, &k->g, e) || !wearer_open(a->avatar, assets, smpl, &k->w, e))
        return false;
    int chosen = chart_find(&k->g.chart, a->size);
    if (chosen < 0) return fail(e, ERR_INPUT, "the garment has no size \"%.24s\"", a->size);
    for (int i = 0; i < k->g.chart.count; i++)
        if (a->all || i == chosen) k->wanted[k->count++] = i;
    stance pose = STANCE_A;
    if (a->pose && !stance_read(a->pose, &pose))
        return fail(e, ERR_INPUT, "--pose is a, arms-down, hand-on-hip or contrapposto, not \"%.40s\"", a->pose);
    wearer_stand(&k->w, pose);
    k->assets = assets;
    for (int i = 0; k->g.imported && i < k->count; i++)
        if (!cli_read_mesh(a->garment, &k->g, k->wanted[i], &k->mesh[k->wanted[i]], e)) return false;
    k->body = drape_collider(&k->w);
    fit_judge(&k->g, &k->w.fit, PREFER_REGULAR, &k->fit);
    pool *p = pool_new((int)a->threads);
    pool_run(p, k->count, drape_one, k);
    pool_free(p);
    for (int i = 0; i < k->count; i++)
        if (!k->made[k->wanted[i]]) return *e = k->failed[k->wanted[i]], false;
    bool ok = write_all(k, chosen, e);
    for (int i = 0; ok && !a->json && i < k->count; i++) {
        const drape *d = &k->drape[k->wanted[i]];
        const cloth_quality *q = &d->quality;
        printf("%-6s %s: in the body %.2f mm, through itself %.2f mm, clearance %.1f mm, hem at %.1f cm, strain p95 "
               "%.1f/%.1f %%, "
               "%u steps%s%s%s\n",
               k->g.chart.size[k->wanted[i]].name, d->degraded ? "degraded" : "ok", 1000 * q->max_penetration,
               1000 * q->self_depth, 1000 * d->clearance, 100 * d->hem_height, 100 * q->strain_weft[1],
               100 * q->strain_warp[1], q->substeps, d->degraded ? ": " : "", d->why,
               d->slides ? "; it is too large to stay at the waist" : "");
    }
    return ok;
}

int cmd_drape(int argc, char **argv)
{
    arguments a = { 0 };
    const option options[] = {
        { "avatar", OPTION_TEXT, &a.avatar, "DIR", "an avatar's folder (required)" },
        { "garment", OPTION_TEXT, &a.garment, "DIR", "a garment's folder (required)" },
        { "size", OPTION_TEXT, &a.size, "NAME", "the size to wear (required)" },
        { "out", OPTION_TEXT, &a.out, "DIR", "folder for tryon.glb, fit.json, drape.bin, sheet.png" },
        { "all", OPTION_FLAG, &a.all, NULL, "drape every size: all in sheet.png, drape.NAME.bin each" },
        { "pose", OPTION_TEXT, &a.pose, "WORD", "a (default), arms-down, hand-on-hip or contrapposto" },
        { "spacing", OPTION_NUMBER, &a.spacing_mm, "MM", "of the cloth's mesh, 15 when not given" },
        { "threads", OPTION_NUMBER, &a.threads, "N", "sizes at once; the result does not depend on it" },
        { "json", OPTION_FLAG, &a.json, NULL, "print fit.json" },
        { "assets", OPTION_TEXT, &a.assets, "DIR", "folder of the models" },
        { "model", OPTION_TEXT, &a.model, "DIR", "what tryon import hmr2 wrote, for an avatar that stands on SMPL" }
    };
    const option_table table = { "tryon drape --avatar DIR --garment DIR --size NAME --out DIR",
                                 "Drapes a garment on an avatar and judges how it fits.",
                                 options,
                                 sizeof options / sizeof *options,
                                 0,
                                 0 };
    int words;
    err e = { 0 };
    options_outcome outcome = options_parse(&table, argc, argv, NULL, &words, &e);
    if (outcome == OPTIONS_HELP) return 0;
    work *k = mem_new(1, sizeof *k);
    k->a = &a;
    bool ok = outcome == OPTIONS_OK && run(k, &e);
    for (int i = 0; i < CHART_MAX_SIZES; i++) {
        drape_free(&k->drape[i]);
        imported_free(&k->mesh[i]);
    }
    collider_free(k->body);
    wearer_close(&k->w);
    mem_free(k);
    return ok ? 0 : cli_fail(&e);
}
