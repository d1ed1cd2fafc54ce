#include "api/api.h"
#include "base/log.h"
#include "base/mem.h"
#include "common/text.h"

#include <stdio.h>
#include <string.h>

enum { LINK_SECONDS = 1800, MOST_SIZES = 64 };

static const char *const PREFERENCES[] = { "snug", "regular", "loose", NULL };

static json_t *id_or_null(const char *id) { return api_text(*id ? id : NULL); }

// What each size looks like on her, by name; *chosen is the drape of the size selected, or NULL.
static json_t *render_drapes(http_request *q, const db_tryon *t, const db_drape *v, int n, const db_drape **chosen)
{
    json_t *all = json_object();
    *chosen = NULL;
    for (int i = 0; i < n; i++) {
        const char *const path[] = { v[i].glb_url, v[i].garment_url, v[i].bin_url };
        const char *link[3];
        for (int k = 0; k < 3; k++)
            link[k] = path[k] && !strcmp(v[i].status, "ready") ? api_link(q, "avatars", path[k], LINK_SECONDS) : NULL;
        json_object_set_new(all, v[i].size,
                            json_pack("{s:s, s:o, s:o, s:o, s:o, s:o}", "status", v[i].status, "glb_url",
                                      api_text(link[0]), "garment_url", api_text(link[1]), "bin_url", api_text(link[2]),
                                      "quality", api_parse(v[i].quality), "failure", api_text(v[i].failure)));
        if (t->selected_size && !strcmp(v[i].size, t->selected_size)) *chosen = &v[i];
    }
    return all;
}

static void show(http_request *q, http_response *r, int status, const db_tryon *t, bool draped)
{
    db_drape *v = NULL;
    int n = 0;
    err e = { 0 };
    if (draped && !db_tryon_drapes(api_of(q)->d, q->a, t->id, &v, &n, &e)) return http_fail(q, r, &e);
    // Links run out: a copy is good for half their life at most.
    int64_t latest = clock_ms() / (500 * LINK_SECONDS);
    for (int i = 0; i < n; i++) latest += v[i].updated_at;
    const char *tag = arena_printf(q->a, "\"%lld-%lld\"", (long long)t->updated_at, (long long)latest);
    if (status == 200 && !strcmp(q->route->method, "GET") && http_not_modified(q, r, tag)) return;
    const db_drape *chosen;
    json_t *drapes = render_drapes(q, t, v, n, &chosen);
    bool ready = chosen && !strcmp(chosen->status, "ready");
    api_send(q, r, status,
             json_pack("{s:s, s:o, s:o, s:o, s:o, s:{s:s, s:o}, s:o, s:s, s:s}", "id", t->id, "avatar_id",
                       id_or_null(t->avatar_id), "garment_id", id_or_null(t->garment_id), "brand_id",
                       id_or_null(t->brand_id), "selected_size", api_text(t->selected_size), "drape", "status",
                       chosen ? chosen->status : "none", "url",
                       api_text(ready ? api_link(q, "avatars", chosen->glb_url, LINK_SECONDS) : NULL), "drapes", drapes,
                       "created_at", api_time(q, t->created_at), "updated_at", api_time(q, t->updated_at)));
    if (r->status != status) return;
    // The verdict is JSON as it is stored: put in as it is, before the closing brace.
    const char *fit = t->fit_result ? t->fit_result : "null";
    r->body.len--;
    if (!buf_text(&r->body, ",\"fit\":") || !buf_text(&r->body, fit) || !buf_text(&r->body, "}")) r->status = 0;
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
    const char *text =
        arena_printf(q->a, "%s|%s|%s|%s|%s|%s|%s", g->id, v->params_url, g->sizes, g->size_chart ? g->size_chart : "",
                     g->category ? g->category : "", g->fabric ? g->fabric : "", size);
    sha256_hex h;
    sha256_text(text, strlen(text), h);
    return arena_text(q->a, h);
}

// Every size of the garment, unless the caller wants none or this program cannot.
static int wishes(http_request *q, const db_avatar *v, const db_garment *g, db_drape_wish *out)
{
    const job_handlers *h = api_of(q)->handlers;
    if (!h || !h->drape || !v->params_url) return 0;
    json_t *sizes = api_parse(g->sizes), *chart = api_parse(g->size_chart), *value;
    const char *name;
    int n = 0;
    // Drafted from the chart, or the brand's own meshes; judging either needs the chart.
    json_object_foreach(json_object_get(chart, "sizes"), name, value)
    {
        if (n == MOST_SIZES || (json_object_size(sizes) && !json_object_get(sizes, name))) continue;
        const char *own = arena_text(q->a, name);
        out[n++] = (db_drape_wish){ own, drape_key(q, v, g, own) };
    }
    json_decref(sizes);
    json_decref(chart);
    return n;
}

// NULL: it cannot be judged. The response's buffer, which is large already, serves to print it in.
static const char *score(http_request *q, http_response *r, const db_avatar *v, const db_garment *g,
                         const char *preference)
{
    const job_handlers *h = api_of(q)->handlers;
    if (!h || !h->fit || !v->measurements || !g->size_chart) return NULL;
    err e = { 0 };
    char *text = NULL;
    if (h->fit(h->ctx, v->measurements, g->category, g->fabric, g->size_chart, preference, &r->body, &e))
        text = arena_textn(q->a, (const char *)r->body.data, r->body.len);
    else
        log_say(LOG_WARN, "fit: %s", e.msg); // a chart that cannot be scored still can be tried on
    r->body.len = 0;
    return text;
}

// The verdict, and the size: the one asked for, or the one that fits best. False when it answered.
static bool judge(http_request *q, http_response *r, const db_avatar *v, const db_garment *g, const char *preference,
                  const char *size, db_tryon *n)
{
    n->fit_result = score(q, r, v, g, preference);
    if (size) {
        if (strlen(size) > 40 || !size_known(g, size))
            return api_invalid(q, r, "size", "this garment has no size \"%.40s\"", size);
        n->selected_size = arena_text(q->a, size);
    } else if (n->fit_result) {
        json_member best = { .name = "recommended" };
        json_members(n->fit_result, &best, 1);
        json_t *word = best.at ? api_parse(arena_textn(q->a, best.at, best.len)) : NULL;
        if (json_is_string(word)) n->selected_size = arena_text(q->a, json_string_value(word));
        json_decref(word);
    }
    return true;
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
    const char *preference = json_string_value(json_object_get(j, "preference"));
    bool drape = !json_is_false(json_object_get(j, "drape"));
    uuid_text avatar_id, garment_id;
    db_avatar v;
    db_garment g;
    err e = { 0 };
    bool ok = true;
    if (!uuid_parse(avatar, avatar_id)) ok = api_invalid(q, r, "avatar_id", "avatar_id is needed");
    if (ok && !uuid_parse(garment, garment_id)) ok = api_invalid(q, r, "garment_id", "garment_id is needed");
    if (ok && preference && !api_among(PREFERENCES, preference))
        ok = api_invalid(q, r, "preference", "preference is snug, regular or loose");
    if (ok && !db_tryon_needs(p->d, q->a, who->user, avatar_id, garment_id, &v, &g, &e)) {
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
    db_tryon n = { 0 };
    if (ok && judge(q, r, &v, &g, preference, size, &n)) {
        memcpy(n.user_id, who->user, sizeof n.user_id);
        memcpy(n.brand_id, g.brand_id, sizeof n.brand_id);
        memcpy(n.avatar_id, v.id, sizeof n.avatar_id);
        memcpy(n.garment_id, g.id, sizeof n.garment_id);
        db_tryon_new *made = arena_surely(q->a, sizeof *made);
        db_drape_wish *wish = arena_surely(q->a, sizeof *wish * MOST_SIZES);
        *made = (db_tryon_new){ .t = n, .wish = wish, .wishes = drape ? wishes(q, &v, &g, wish) : 0 };
        together_add(p->tryons, q, r, made, 1);
    }
    json_decref(j);
}

void tryons_write(db *d, arena *a, const together_one *v, int count)
{
    db_tryon_new *made[TOGETHER_MOST] = { 0 };
    http_server *waiting = NULL; // workers, for jobs
    for (int i = 0; i < count; i++) made[i] = v[i].work;
    db_tryons_create(d, a, made, count);
    for (int i = 0; i < count; i++) {
        http_request *q = v[i].q;
        if (!made[i]->fate.ok) {
            http_fail(q, v[i].r, &made[i]->fate.e);
            continue;
        }
        http_set(v[i].r, "Location", arena_printf(q->a, "/v1/tryons/%s", made[i]->t.id));
        show(q, v[i].r, 201, &made[i]->t, made[i]->wishes > 0);
        if (made[i]->wishes) waiting = api_of(q)->http;
    }
    if (waiting) http_wake(waiting);
}

static bool find(http_request *q, http_response *r, db_tryon *t)
{
    const char *id = api_id(q, r, 0);
    const api_caller *who = api_who(q);
    err e = { 0 };
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
    show(q, r, 200, &t, true);
}

// The verdict for one who likes it closer or easier. g NULL: the garment is gone.
static bool judge_again(http_request *q, http_response *r, const db_garment *g, const db_tryon *t,
                        const char *preference, err *e)
{
    db *d = api_of(q)->d;
    db_avatar v;
    if (!g || !*t->avatar_id) return fail(e, ERR_CONFLICT, "the garment or the avatar of this try-on is gone");
    if (!db_avatar_get(d, q->a, db_as_user(api_who(q)->user), t->avatar_id, &v, e)) return false;
    const char *fit = score(q, r, &v, g, preference);
    return fit ? db_tryon_judge(d, q->a, api_who(q)->user, t->id, fit, e)
               : fail(e, ERR_CONFLICT, "this garment cannot be judged: it has no size chart");
}

void tryon_patch(http_request *q, http_response *r)
{
    db_tryon t;
    db_garment g;
    err e = { 0 };
    json_t *j = api_body(q, r);
    if (!j) return;
    const char *size = json_string_value(json_object_get(j, "size")),
               *preference = json_string_value(json_object_get(j, "preference")), *user = api_who(q)->user;
    db *d = api_of(q)->d;
    bool ok = find(q, r, &t);
    if (ok && !size && !preference) ok = api_invalid(q, r, "size", "size or preference is needed");
    if (ok && preference && !api_among(PREFERENCES, preference))
        ok = api_invalid(q, r, "preference", "preference is snug, regular or loose");
    bool garment = ok && *t.garment_id && db_garment_get(d, q->a, db_service, t.garment_id, &g, &e);
    if (ok && size && (strlen(size) > 40 || (garment && !size_known(&g, size))))
        ok = api_invalid(q, r, "size", "this garment has no size \"%.40s\"", size);
    if (ok && preference && !judge_again(q, r, garment ? &g : NULL, &t, preference, &e)) {
        http_fail(q, r, &e);
        ok = false;
    }
    if (ok) {
        if ((!size || db_tryon_switch(d, q->a, user, t.id, size, &e)) &&
            db_tryon_get(d, q->a, db_service, t.id, &t, &e))
            show(q, r, 200, &t, true);
        else
            http_fail(q, r, &e);
    }
    json_decref(j);
}

void tryon_file(http_request *q, http_response *r)
{
    static const char *const FILES[] = { "tryon.glb", "garment.glb", "drape.bin" };
    db_tryon t;
    db_drape *v;
    int n;
    err e = { 0 };
    if (!find(q, r, &t)) return;
    if (!db_tryon_drapes(api_of(q)->d, q->a, t.id, &v, &n, &e)) return http_fail(q, r, &e);
    const char *size = http_query(q, "size");
    if (!size) size = t.selected_size;
    const char *path = NULL;
    for (int i = 0; i < n && size; i++) {
        const char *const of[] = { v[i].glb_url, v[i].garment_url, v[i].bin_url };
        for (int k = 0; k < 3; k++)
            if (!strcmp(v[i].size, size) && !strcmp(v[i].status, "ready") && !strcmp(q->param[1], FILES[k]))
                path = of[k];
    }
    const char *url = path ? api_link(q, "avatars", path, 300) : NULL;
    if (!url) {
        http_problem(q, r, 404, "not-found", NULL, "this try-on has no such file (yet)");
        return;
    }
    r->status = 302;
    http_set(r, "Location", url);
}
