#include "api/api.h"
#include "base/log.h"
#include "base/mem.h"
#include "common/text.h"

#include <stdio.h>
#include <string.h>

enum { LINK_SECONDS = 1800, FIT_MAX = 1 << 20 };

static json_t *id_or_null(const char *id) { return api_text(*id ? id : NULL); }

static json_t *render(http_request *q, const db_tryon *t)
{
    bool ready = !strcmp(t->drape_status, "ready");
    return json_pack("{s:s, s:o, s:o, s:o, s:o, s:o, s:{s:s, s:o}, s:s, s:s}", "id", t->id, "avatar_id",
                     id_or_null(t->avatar_id), "garment_id", id_or_null(t->garment_id), "brand_id",
                     id_or_null(t->brand_id), "selected_size", api_text(t->selected_size), "fit",
                     api_parse(t->fit_result), "drape", "status", t->drape_status, "url",
                     api_text(ready ? api_link(q, "avatars", t->drape_url, LINK_SECONDS) : NULL), "created_at",
                     api_time(q, t->created_at), "updated_at", api_time(q, t->updated_at));
}

static bool size_known(const db_garment *g, const char *size)
{
    json_t *sizes = api_parse(g->sizes), *chart = api_parse(g->size_chart);
    bool known = json_object_get(sizes, size) || json_object_get(json_object_get(chart, "sizes"), size);
    json_decref(sizes);
    json_decref(chart);
    return known;
}

// What a drape depends on, so that the same one is made once.
static const char *drape_key(http_request *q, const db_avatar *v, const db_garment *g, const char *size)
{
    const char *text = arena_printf(q->a, "%s|%s|%s|%s|%s|%s", v->params_url ? v->params_url : "", g->sizes,
                                    g->size_chart ? g->size_chart : "", g->category ? g->category : "",
                                    g->fabric ? g->fabric : "", size);
    sha256_hex h;
    sha256_text(text, strlen(text), h);
    return arena_text(q->a, h);
}

static const char *score(http_request *q, const db_avatar *v, const db_garment *g)
{
    const job_handlers *h = api_of(q)->handlers;
    if (!h || !h->fit || !v->measurements || !g->size_chart) return NULL;
    buf b = buf_new(FIT_MAX);
    err e;
    const char *text = NULL;
    if (h->fit(h->ctx, v->measurements, g->category, g->fabric, g->size_chart, &b, &e))
        text = arena_textn(q->a, (const char *)b.data, b.len);
    else
        log_say(LOG_WARN, "fit: %s", e.msg); // a chart that cannot be scored still can be tried on
    buf_free(&b);
    return text;
}

void tryon_create(http_request *q, http_response *r)
{
    api *p = api_of(q);
    const api_caller *who = api_who(q);
    json_t *j = api_body(q, r);
    if (!j) return;
    const char *avatar = json_string_value(json_object_get(j, "avatar_id")),
               *garment = json_string_value(json_object_get(j, "garment_id"));
    const char *size = json_string_value(json_object_get(j, "size"));
    bool drape = !json_is_false(json_object_get(j, "drape"));
    uuid_text avatar_id, garment_id;
    db_avatar v;
    db_garment g;
    err e = { 0 };
    bool ok = true;
    if (!uuid_parse(avatar, avatar_id)) ok = api_invalid(q, r, "avatar_id", "avatar_id is needed");
    if (ok && !uuid_parse(garment, garment_id)) ok = api_invalid(q, r, "garment_id", "garment_id is needed");
    if (ok && (!db_avatar_get(p->d, q->a, db_as_user(who->user), avatar_id, &v, &e) ||
               !db_garment_get(p->d, q->a, db_service, garment_id, &g, &e))) {
        http_fail(q, r, &e);
        ok = false;
    }
    if (ok && *who->brand && strcmp(who->brand, g.brand_id) != 0) {
        http_problem(q, r, 404, "not-found", NULL, "there is no such garment");
        ok = false;
    }
    if (ok && strcmp(v.status, "ready") != 0) {
        http_problem(q, r, 409, "conflict", "avatar_id", "the avatar is %s; it can be used when it is ready", v.status);
        ok = false;
    }
    db_tryon n = { 0 }, t;
    if (ok) {
        n.fit_result = score(q, &v, &g);
        if (!size && n.fit_result) { // the size that fits best, when none was asked for
            json_t *fit = api_parse(n.fit_result);
            const char *best = json_string_value(json_object_get(fit, "recommended"));
            size = best ? arena_text(q->a, best) : NULL;
            json_decref(fit);
        }
        if (size && (strlen(size) > 40 || !size_known(&g, size)))
            ok = api_invalid(q, r, "size", "this garment has no size \"%.40s\"", size);
    }
    if (ok) {
        memcpy(n.user_id, who->user, sizeof n.user_id);
        memcpy(n.brand_id, g.brand_id, sizeof n.brand_id);
        memcpy(n.avatar_id, v.id, sizeof n.avatar_id);
        memcpy(n.garment_id, g.id, sizeof n.garment_id);
        n.selected_size = size;
        drape = drape && size && v.params_url && p->handlers && p->handlers->drape;
        n.drape_key = drape ? drape_key(q, &v, &g, size) : NULL;
        if (db_tryon_create(p->d, q->a, &n, drape, &t, &e)) {
            http_set(r, "Location", arena_printf(q->a, "/v1/tryons/%s", t.id));
            api_send(q, r, 201, render(q, &t));
            if (p->http && drape) http_wake(p->http);
        } else {
            http_fail(q, r, &e);
        }
    }
    json_decref(j);
}

static bool find(http_request *q, http_response *r, db_tryon *t)
{
    const char *id = api_id(q, r, 0);
    const api_caller *who = api_who(q);
    err e;
    if (!id) return false;
    if (db_tryon_get(api_of(q)->d, q->a, *who->user ? db_as_user(who->user) : db_as_brand(who->brand), id, t, &e))
        return true;
    http_fail(q, r, &e);
    return false;
}

void tryon_get(http_request *q, http_response *r)
{
    db_tryon t;
    if (!find(q, r, &t)) return;
    http_set(r, "Cache-Control", "private, no-cache");
    if (http_not_modified(q, r, arena_printf(q->a, "\"%s-%lld\"", t.drape_status, (long long)t.updated_at))) return;
    api_send(q, r, 200, render(q, &t));
}

void tryon_patch(http_request *q, http_response *r)
{
    db_tryon t;
    db_garment g;
    err e;
    json_t *j = api_body(q, r);
    if (!j) return;
    const char *size = json_string_value(json_object_get(j, "size"));
    bool ok = find(q, r, &t);
    if (ok && !size) ok = api_invalid(q, r, "size", "size is needed");
    if (ok &&
        (strlen(size) > 40 || (*t.garment_id && db_garment_get(api_of(q)->d, q->a, db_service, t.garment_id, &g, &e) &&
                               !size_known(&g, size))))
        ok = api_invalid(q, r, "size", "this garment has no size \"%.40s\"", size);
    if (ok) {
        if (db_tryon_switch(api_of(q)->d, q->a, api_who(q)->user, t.id, size, &e) &&
            db_tryon_get(api_of(q)->d, q->a, db_service, t.id, &t, &e))
            api_send(q, r, 200, render(q, &t));
        else
            http_fail(q, r, &e);
    }
    json_decref(j);
}

void tryon_file(http_request *q, http_response *r)
{
    db_tryon t;
    if (!find(q, r, &t)) return;
    const char *url = !strcmp(t.drape_status, "ready") ? api_link(q, "avatars", t.drape_url, 300) : NULL;
    if (!url) {
        http_problem(q, r, 404, "not-found", NULL, "this try-on has no drape (yet)");
        return;
    }
    r->status = 302;
    http_set(r, "Location", url);
}
