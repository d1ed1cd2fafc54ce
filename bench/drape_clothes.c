#include "drape_clothes.h"
#include "base/io.h"
#include "base/limits.h"
#include "base/mem.h"
#include "drape_people.h"
#include "garment/import.h"
#include "garment/show.h"

#include <glob.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static double cpu(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void wear(const wearer *w, const char *who, const garment *g, const imported *m, drape *d)
{
    collider *body = drape_collider(w);
    double begin = cpu();
    import_drape(w, body, g, m, d);
    double took = cpu() - begin;
    printf("    on %-9s %s: in the body %.2f mm, through itself %.2f mm, strain p95 %.1f/%.1f %%, %s%.2f s%s%s\n", who,
           d->degraded ? "DEGRADED" : "ok", 1000 * d->quality.max_penetration, 1000 * d->quality.self_depth,
           100 * d->quality.strain_weft[1], 100 * d->quality.strain_warp[1], d->slides ? "slides, " : "", took,
           d->degraded ? ": " : "", d->why);
    collider_free(body);
}

static bool save(const wearer *w, const garment *g, const drape *d, const char *folder, const char *name, err *e)
{
    char path[512];
    show_column column = { d, NULL, name, d->why };
    buf png = buf_new((size_t)64 << 20);
    snprintf(path, sizeof path, "%s/%s.png", folder, name);
    bool ok = io_make_dirs(folder, e) && show_sheet(w, g, &column, 1, &png, e) && io_write(path, png.data, png.len, e);
    buf_free(&png);
    return ok;
}

static bool try_on(const char *assets, const imported *m, garment *g, body_sex sex, const char *name,
                   const char *sheets, err *e)
{
    static const int heavier[2] = { 4, 9 }; // of the twelve: a woman, a man
    bool ok = true;
    for (int k = 0; ok && k < 2; k++) {
        wearer w;
        float mean[BODY_MAX_BETAS] = { 0 };
        int other = heavier[sex == SEX_MALE];
        drape d;
        ok = k ? drape_person_open(assets, other, &w, e) : wearer_of_betas(assets, sex, mean, &w, e);
        if (!ok) break;
        wear(&w, k ? drape_people[other].name : "the mean", g, m, &d);
        char title[128];
        snprintf(title, sizeof title, "%s-%d", name, k);
        ok = !sheets || save(&w, g, &d, sheets, title, e);
        drape_free(&d);
        wearer_close(&w);
    }
    return ok;
}

// What a file is refused for is a result, not an error.
static bool one_file(const char *assets, const char *path, const char *sheets, int *draped, err *e)
{
    char category[32], sex[16];
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    garment g = { .silhouette = SILHOUETTE_REGULAR, .fabric = *fabric_preset("shirting"), .imported = true };
    if (sscanf(name, "%31[^-]-%15[^-]-", category, sex) != 2 || !garment_category_read(category, &g.category))
        return fail(e, ERR_INPUT, "%.80s is not named CATEGORY-SEX-NAME.glb", name);
    body_sex who = strcmp(sex, "male") == 0 ? SEX_MALE : SEX_FEMALE;
    chart_standard(who == SEX_MALE, &g.chart);
    buf bytes = buf_new(LIMIT_GLB_BYTES);
    imported m;
    import_report r;
    bool ok = io_read(path, &bytes, e);
    err refused = { 0 };
    if (ok && !import_read(bytes.data, bytes.len, &m, &r, &refused)) {
        printf("%s: refused: %s\n", name, refused.msg);
    } else if (ok) {
        printf("%s: %u vertices, %.1f mm apart, %u pieces, %u open edges, %u where more than two triangles meet\n",
               name, r.vertices, 1000 * r.edge, r.pieces, r.open_edges, r.crowded_edges);
        ok = try_on(assets, &m, &g, who, name, sheets, e);
        *draped += ok;
        imported_free(&m);
    }
    fflush(stdout);
    buf_free(&bytes);
    return ok;
}

bool drape_clothes(const char *assets, const char *folder, const char *sheets, err *e)
{
    char every[512];
    glob_t files;
    int draped = 0;
    snprintf(every, sizeof every, "%s/*.glb", folder);
    if (glob(every, 0, NULL, &files) != 0) return fail(e, ERR_INPUT, "there are no GLB files in %.200s", folder);
    bool ok = true;
    for (size_t i = 0; ok && i < files.gl_pathc; i++) ok = one_file(assets, files.gl_pathv[i], sheets, &draped, e);
    if (ok) printf("%d of %zu garments taken\n", draped, files.gl_pathc);
    globfree(&files);
    return ok;
}
