// The preview behind the service's one door: a brand's garment judged, and shown on a row of people as the survey
// expects them at a height and a weight. They are nobody.
#include "base/limits.h"
#include "base/mem.h"
#include "cli/service.h"
#include "garment/import.h"
#include "garment/pattern.h"
#include "garment/show.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

// Slender, usual and full, so that a row shows most of a chart: near the survey's 10th, 50th and 90th percentiles.
static const struct {
    body_sex sex;
    double height, weight;
    const char *label;
} PEOPLE[] = { { SEX_FEMALE, 1.60, 54, "Woman 160 cm 54 kg" }, { SEX_FEMALE, 1.65, 67, "Woman 165 cm 67 kg" },
               { SEX_FEMALE, 1.68, 84, "Woman 168 cm 84 kg" }, { SEX_MALE, 1.72, 68, "Man 172 cm 68 kg" },
               { SEX_MALE, 1.77, 82, "Man 177 cm 82 kg" },     { SEX_MALE, 1.81, 102, "Man 181 cm 102 kg" } };
enum { MOST = 6, WOMEN = 3 };

typedef struct {
    const job_preview_in *in;
    const char *assets;
    garment g;
    imported mesh[CHART_MAX_SIZES];
    import_report judged[CHART_MAX_SIZES];
    bool has[CHART_MAX_SIZES]; // a mesh of the brand's
    int meshes;
    wearer w[MOST];
    drape drape[MOST];
    int person[MOST], size[MOST], people;
    json_t *findings, *sizes, *bodies;
} work;

static void find_fault(work *k, const char *size, const char *text)
{
    char line[400];
    snprintf(line, sizeof line, "%s: %s", size, text);
    json_array_append_new(k->findings, json_string(line));
}

static bool go_on(const work *k, double fraction, const char *stage, err *e)
{
    return k->in->progress(k->in->progress_ctx, fraction, stage) || fail(e, ERR_CONFLICT, "called off");
}

// Every mesh the brand gave, each looked at by itself. A mesh that cannot be read is a finding, not the end.
static bool read_meshes(work *k, err *e)
{
    for (int m = 0; m < k->in->mesh_count; m++) {
        const char *name = k->in->mesh_size[m];
        int i = chart_find(&k->g.chart, name);
        if (i < 0) {
            find_fault(k, name, "there is a file for this size, but the size chart does not have it");
            continue;
        }
        buf bytes = buf_new(LIMIT_GLB_BYTES);
        err why;
        bool came = k->in->mesh(k->in->mesh_ctx, m, &bytes, e);
        k->has[i] = came && import_read(bytes.data, bytes.len, &k->mesh[i], &k->judged[i], &why);
        buf_free(&bytes);
        if (!came) return false;
        if (!k->has[i]) find_fault(k, name, why.msg);
        k->meshes += k->has[i];
    }
    return true;
}

static bool judge(work *k, err *e)
{
    buf list = buf_new(MIB);
    k->g.imported = k->meshes > 0;
    // Sizes can be compared with one another only when all are there.
    if (k->meshes == k->g.chart.count && import_findings(&k->g, k->judged, k->mesh, &list)) {
        json_t *told = json_loadb((const char *)list.data, list.len, 0, NULL);
        json_array_extend(k->findings, told);
        json_decref(told);
    }
    buf_free(&list);
    pattern *p = mem_new(1, sizeof *p);
    for (int i = 0; i < k->g.chart.count; i++) {
        const char *name = k->g.chart.size[i].name;
        const import_report *r = &k->judged[i];
        err why;
        if (k->has[i]) {
            json_object_set_new(k->sizes, name,
                                json_pack("{s:s, s:I, s:I, s:f, s:f, s:f}", "from", "file", "triangles",
                                          (json_int_t)r->triangles, "open_edges", (json_int_t)r->open_edges,
                                          "height_cm", 100 * r->height, "chest_cm", r->chest, "hem_cm", r->hem));
            continue;
        }
        bool drafted = pattern_draft(&k->g, i, p, &why);
        if (!drafted) find_fault(k, name, why.msg);
        if (k->meshes) find_fault(k, name, "no file yet: it is drafted from the size chart");
        json_object_set_new(k->sizes, name, json_pack("{s:s, s:b}", "from", "chart", "drafted", drafted));
    }
    mem_free(p);
    return go_on(k, 0.1, "bodies", e);
}

static bool dress(work *k, int person, err *e)
{
    int at = k->people;
    wearer *w = &k->w[at];
    survey_answers a = { .height = PEOPLE[person].height, .weight = PEOPLE[person].weight };
    if (!wearer_expected(k->assets, PEOPLE[person].sex, &a, 0.004, w, e)) return false;
    k->people++;
    fit_result *fit = mem_new(1, sizeof *fit);
    fit_judge(&k->g, &w->fit, PREFER_REGULAR, fit);
    int size = k->in->size ? chart_find(&k->g.chart, k->in->size) : fit->recommended;
    bool fits = size >= 0;
    if (!k->in->size && size < 0) { // nothing fits: the nearest to it is shown, and said
        size = 0;
        for (int i = 1; i < fit->count; i++)
            if (fit->size[i].score > fit->size[size].score) size = i;
    }
    if (size < 0) {
        mem_free(fit);
        return fail(e, ERR_INPUT, "the size chart has no size \"%.24s\"", k->in->size);
    }
    k->size[at] = size;
    k->person[at] = person;
    const char *name = k->g.chart.size[size].name;
    char says[128];
    fit_sentence(&fit->size[size], says, sizeof says);
    collider *body = drape_collider(w);
    drape_options o = { 0 };
    err why = { 0 };
    bool made = true;
    if (k->has[size])
        import_drape(w, body, &k->g, &k->mesh[size], &k->drape[at]);
    else
        made = drape_make(w, body, &k->g, size, &o, &k->drape[at], &why);
    collider_free(body);
    if (!made) find_fault(k, name, why.msg);
    const drape *d = &k->drape[at];
    bool degraded = made && d->degraded;
    if (degraded) find_fault(k, name, d->why);
    if (made && d->slides) find_fault(k, name, "too large to stay at the waist of the body it is shown on");
    json_array_append_new(k->bodies,
                          json_pack("{s:s, s:s, s:b, s:s, s:s, s:f, s:b}", "label", PEOPLE[person].label, "size", name,
                                    "fits", fits, "class", fit_class_word[fit->size[size].verdict], "says", says,
                                    "probability", fit->size[size].probability, "ok", made && !degraded));
    mem_free(fit);
    return true;
}

static bool show(work *k, job_preview_out *out, err *e)
{
    show_column column[MOST];
    for (int i = 0; i < k->people; i++)
        column[i] = (show_column){ k->drape[i].mesh.points ? &k->drape[i] : NULL, &k->w[i],
                                   k->g.chart.size[k->size[i]].name, PEOPLE[k->person[i]].label };
    if (!show_sheet(&k->w[0], &k->g, column, k->people, &out->sheet, e)) return false;
    json_t *all = json_pack("{s:O, s:O, s:O}", "findings", k->findings, "sizes", k->sizes, "bodies", k->bodies);
    char *text = all ? json_dumps(all, JSON_COMPACT | JSON_REAL_PRECISION(6)) : NULL;
    bool ok = (text && buf_text(&out->report, text)) || fail(e, ERR_LIMIT, "the report is too long");
    mem_free(text);
    json_decref(all);
    return ok;
}

bool cli_preview(void *ctx, const job_preview_in *in, job_preview_out *out, err *e)
{
    (void)ctx;
    work *k = mem_new(1, sizeof *k);
    *k = (work){ .in = in, .findings = json_array(), .sizes = json_object(), .bodies = json_array() };
    k->assets = cli_job_assets(e);
    bool ok = k->assets && cli_garment_of(in->category, in->fabric, in->size_chart, &k->g, e) && read_meshes(k, e) &&
              judge(k, e);
    bool women = ok && (k->g.category == GARMENT_DRESS || k->g.category == GARMENT_SKIRT);
    int people = women ? WOMEN : MOST;
    for (int i = 0; ok && i < people; i++) ok = dress(k, i, e) && go_on(k, 0.15 + 0.8 * (i + 1) / people, "draping", e);
    ok = ok && show(k, out, e);
    for (int i = 0; i < MOST; i++) {
        drape_free(&k->drape[i]);
        wearer_close(&k->w[i]);
    }
    for (int i = 0; i < CHART_MAX_SIZES; i++) imported_free(&k->mesh[i]);
    json_decref(k->findings);
    json_decref(k->sizes);
    json_decref(k->bodies);
    mem_free(k);
    return ok;
}
