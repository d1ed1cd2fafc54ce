// A garment judged and shown on a row of bodies, for its brand.
#include "api/api.h"

#include <string.h>

enum { LINK_SECONDS = 1800 };

static json_t *render(http_request *q, const db_preview *v)
{
    db_job j = { 0 };
    err e = { 0 };
    const char *status = "ready", *error = NULL;
    double progress = 1;
    if (!v->report) {
        bool found = db_job_get(api_of(q)->d, q->a, v->job_id, &j, &e);
        bool waits = found && (!strcmp(j.state, "queued") || !strcmp(j.state, "delayed"));
        status = waits ? "pending" : found && !strcmp(j.state, "running") ? "processing" : "failed";
        json_t *told = api_parse(found ? j.progress : NULL);
        progress = json_number_value(json_object_get(told, "fraction"));
        json_decref(told);
        if (!strcmp(status, "failed")) error = found && j.error ? j.error : "it could not be made; please try again";
    }
    return json_pack("{s:s, s:s, s:f, s:o, s:o, s:o, s:o, s:s}", "garment_id", v->garment_id, "status", status,
                     "progress", progress, "size", api_text(*v->size ? v->size : NULL), "error", api_text(error),
                     "sheet_url", api_text(v->sheet_url ? api_link(q, "avatars", v->sheet_url, LINK_SECONDS) : NULL),
                     "report", api_parse(v->report), "created_at", api_time(q, v->created_at));
}

static bool show(http_request *q, http_response *r, const char *id, int status)
{
    db_preview v;
    err e = { 0 };
    if (db_preview_get(api_of(q)->d, q->a, api_who(q)->brand, id, &v, &e)) {
        api_send(q, r, status, render(q, &v));
        return true;
    }
    http_fail(q, r, &e);
    return false;
}

void preview_start(http_request *q, http_response *r)
{
    api *p = api_of(q);
    const char *id = api_id(q, r, 0), *brand = api_who(q)->brand;
    json_t *j = id ? api_body(q, r) : NULL;
    if (!j) return;
    const json_t *given = json_object_get(j, "size");
    const char *size = json_string_value(given);
    db_garment g = { 0 };
    uuid_text job;
    err e = { 0 };
    bool ok = db_garment_get(p->d, q->a, db_as_brand(brand), id, &g, &e);
    if (!ok) http_fail(q, r, &e);
    if (ok && !g.category)
        ok = api_invalid(q, r, "category", "say first what kind of garment it is: it has no category");
    if (ok && !g.size_chart)
        ok = api_invalid(q, r, "size_chart", "give the garment a size chart first: bodies are chosen by it");
    if (ok && given && !json_is_null(given)) {
        json_t *chart = api_parse(g.size_chart);
        if (!size || strlen(size) > 20 || !json_object_get(json_object_get(chart, "sizes"), size))
            ok = api_invalid(q, r, "size", "the chart has no such size");
        json_decref(chart);
    }
    if (ok && !db_preview_start(p->d, q->a, brand, id, size ? size : "", job, &e)) {
        http_fail(q, r, &e);
        ok = false;
    }
    json_decref(j);
    if (ok && show(q, r, id, 202) && p->http) http_wake(p->http);
}

void preview_get(http_request *q, http_response *r)
{
    const char *id = api_id(q, r, 0);
    db_preview v;
    db_garment g;
    err e;
    if (!id) return;
    if (db_preview_get(api_of(q)->d, q->a, api_who(q)->brand, id, &v, &e)) return api_send(q, r, 200, render(q, &v));
    // Not asked for yet is a state like the others, as long as there is such a garment.
    if (e.code != ERR_NOT_FOUND || !db_garment_get(api_of(q)->d, q->a, db_as_brand(api_who(q)->brand), id, &g, &e))
        return http_fail(q, r, &e);
    api_send(q, r, 200,
             json_pack("{s:s, s:s, s:i, s:n, s:n, s:n, s:n, s:n}", "garment_id", id, "status", "none", "progress", 0,
                       "size", "error", "sheet_url", "report", "created_at"));
}

void preview_sheet(http_request *q, http_response *r)
{
    const char *id = api_id(q, r, 0);
    db_preview v;
    err e = { 0 };
    if (!id) return;
    if (!db_preview_get(api_of(q)->d, q->a, api_who(q)->brand, id, &v, &e)) return http_fail(q, r, &e);
    if (!v.sheet_url) {
        http_problem(q, r, 404, "not-found", NULL, "this preview has no picture (yet)");
        return;
    }
    r->status = 302;
    http_set(r, "Location", api_link(q, "avatars", v.sheet_url, LINK_SECONDS));
}
