// Fit and drape behind the service's one door (server/jobs/handlers.h).
#include "base/limits.h"
#include "base/mem.h"
#include "cli/service.h"
#include "common/text.h"
#include "garment/import.h"
#include "garment/outfit.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

// Many shoppers try the same few garments on, and reading a chart costs more than judging by it: the last ones read
// are kept, by their text.
enum { CHARTS = 16 };
static struct {
    pthread_mutex_t lock;
    struct {
        char *text;
        size_chart chart;
    } row[CHARTS];
    int next;
} charts = { .lock = PTHREAD_MUTEX_INITIALIZER };

static bool read_chart(const char *text, size_chart *out, err *e)
{
    bool known = false;
    pthread_mutex_lock(&charts.lock);
    for (int i = 0; i < CHARTS && charts.row[i].text && !known; i++)
        if ((known = !strcmp(charts.row[i].text, text))) *out = charts.row[i].chart;
    pthread_mutex_unlock(&charts.lock);
    if (known) return true;
    if (!chart_parse_json(text, strlen(text), out, e)) return false;
    char *own = mem_strdup(text);
    pthread_mutex_lock(&charts.lock);
    int at = charts.next++ % CHARTS;
    char *old = charts.row[at].text;
    charts.row[at].text = own;
    charts.row[at].chart = *out;
    charts.next %= CHARTS;
    pthread_mutex_unlock(&charts.lock);
    mem_free(old);
    return true;
}

bool cli_garment_of(const char *category, const char *made_of, const char *chart, garment *g, err *e)
{
    memset(g, 0, sizeof *g);
    g->silhouette = SILHOUETTE_REGULAR;
    if (!category || !garment_category_read(category, &g->category))
        return fail(e, ERR_INPUT, "the garment needs a category: tshirt, shirt, dress, skirt, trousers or hoodie");
    const fabric *f = made_of ? fabric_preset(made_of) : garment_usual_fabric(g->category);
    if (!f) return fail(e, ERR_INPUT, "there is no fabric \"%.40s\"", made_of);
    g->fabric = *f;
    if (!chart) return fail(e, ERR_INPUT, "the garment needs a size chart");
    return read_chart(chart, &g->chart, e);
}

// The measurements as they are stored, which was ours to write: looked through rather than parsed, because a try-on
// waits for it.
static bool read_body(const char *measurements, fit_body *out, err *e)
{
    memset(out, 0, sizeof *out);
    json_member all = { .name = "measurements" }, site[TAPE_COUNT];
    json_members(measurements, &all, 1);
    if (!all.at) return fail(e, ERR_INPUT, "these are not an avatar's measurements");
    for (int i = 0; i < TAPE_COUNT; i++) site[i].name = tape_key[i];
    json_members(all.at, site, TAPE_COUNT);
    for (int i = 0; i < TAPE_COUNT; i++) {
        json_member number[] = { { .name = "value_cm" }, { .name = "sd_cm" } };
        if (!site[i].at) continue;
        json_members(site[i].at, number, 2);
        double value = number[0].at ? strtod(number[0].at, NULL) : 0,
               sd = number[1].at ? strtod(number[1].at, NULL) : 0;
        if (!fit_body_set(out, (tape_measure)i, value, sd, e)) return false;
    }
    return true;
}

bool cli_fit(void *ctx, const char *measurements, const char *category, const char *made_of, const char *chart,
             const char *preference, buf *fit_json, err *e)
{
    (void)ctx;
    fit_body body;
    fit_preference p = PREFER_REGULAR;
    if (preference && !fit_preference_read(preference, &p))
        return fail(e, ERR_INPUT, "a preference is snug, regular or loose");
    garment *g = mem_grow(NULL, 1, sizeof *g); // both are large, and filled in below
    fit_result *r = mem_grow(NULL, 1, sizeof *r);
    bool ok = cli_garment_of(category, made_of, chart, g, e) && read_body(measurements, &body, e);
    if (ok) {
        fit_judge(g, &body, p, r);
        ok = fit_print(g, r, p, NULL, true, fit_json) || fail(e, ERR_LIMIT, "the verdict is too long");
    }
    mem_free(g);
    mem_free(r);
    return ok;
}

typedef struct {
    wearer w;
    garment g;
    imported mesh;
    drape drape;
    fit_result fit;
    collider *body;
} work;

static bool put_on(const job_drape_in *in, int size, work *k, err *e)
{
    if (!in->garment_len) {
        drape_options o = { 0 };
        return drape_make(&k->w, k->body, &k->g, size, &o, &k->drape, e);
    }
    import_report report;
    k->g.imported = true;
    if (!import_read(in->garment, in->garment_len, &k->mesh, &report, e)) return false;
    import_drape(&k->w, k->body, &k->g, &k->mesh, &k->drape);
    return true;
}

static bool write_out(const job_drape_in *in, const work *k, int size, job_drape_out *out, err *e)
{
    buf quality = buf_new(MIB);
    bool ok = outfit_glb(in->avatar, in->avatar_len, &k->g, &k->drape, &out->glb, e) &&
              outfit_garment_glb(&k->g, &k->drape, &out->garment, e);
    // A brand's meshes may differ from size to size: then each is shown from its own garment.glb.
    ok = ok && (k->g.imported || drape_bin(&k->drape, &out->bin) || fail(e, ERR_LIMIT, "the drape is too large"));
    ok = ok && ((drape_print(&k->drape, &k->g, &k->fit.size[size], &quality) && buf_append(&quality, "", 1) &&
                 fit_print(&k->g, &k->fit, PREFER_REGULAR, (const char *)quality.data, false, &out->fit)) ||
                fail(e, ERR_LIMIT, "the verdict is too long"));
    buf_free(&quality);
    return ok;
}

bool cli_drape(void *ctx, const job_drape_in *in, job_drape_out *out, err *e)
{
    (void)ctx;
    const char *assets = cli_job_assets(e);
    if (!assets) return false;
    if (!in->params_len || !in->avatar_len || !in->measurements)
        return fail(e, ERR_INPUT, "a drape needs the avatar's params.npz, avatar.glb and measurements");
    work *k = mem_new(1, sizeof *k);
    bool ok = cli_garment_of(in->category, in->fabric, in->size_chart, &k->g, e);
    int size = ok && in->size ? chart_find(&k->g.chart, in->size) : -1;
    if (ok && size < 0) ok = fail(e, ERR_INPUT, "the size chart has no size \"%.24s\"", in->size ? in->size : "");
    ok = ok &&
         wearer_read(in->params, in->params_len, in->measurements, strlen(in->measurements), assets, NULL, &k->w, e);
    ok = ok && (in->progress(in->progress_ctx, 0.1, "draping") || fail(e, ERR_CONFLICT, "called off"));
    if (ok) {
        k->body = drape_collider(&k->w);
        fit_judge(&k->g, &k->w.fit, PREFER_REGULAR, &k->fit);
    }
    ok = ok && put_on(in, size, k, e) && write_out(in, k, size, out, e);
    drape_free(&k->drape);
    imported_free(&k->mesh);
    collider_free(k->body);
    wearer_close(&k->w);
    mem_free(k);
    return ok;
}
