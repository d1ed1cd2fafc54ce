#include "api/api.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "common/text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINK_SECONDS = 1800, UPLOAD_SECONDS = 600, WATCH_MS = 300000 };

static bool put_name(buf *b, const char *name) { return buf_join(b, ",\"", name, "\":", NULL); }

static bool put_text(buf *b, const char *name, const char *text)
{
    return put_name(b, name) && json_put_string(b, text);
}

// What the report (measurements.json, NULL for none yet) says that the answer repeats.
static bool put_report(buf *b, const char *report)
{
    json_member m[] = { { .name = "measurements" }, { .name = "mode" }, { .name = "verdict" } };
    if (report) json_members(report, m, 3);
    bool ok = true;
    for (int i = 0; ok && i < 3; i++)
        ok = put_name(b, m[i].name) && (m[i].at ? buf_append(b, m[i].at, m[i].len) : buf_append(b, "null", 4));
    return ok;
}

// Written straight into the answer: what is stored as JSON is JSON already. uploads: links to put photos to, or NULL.
static bool render(http_request *q, const db_avatar *v, const json_t *uploads, buf *b)
{
    const struct {
        const char *name, *path;
    } files[] = { { "avatar.glb", v->glb_url },
                  { "avatar.web.glb", v->web_glb_url },
                  { "params.npz", v->params_url },
                  { "preview.png", v->preview_url } };
    bool ready = !strcmp(v->status, "ready"), some = false;
    bool ok = buf_join(b, "{\"id\":\"", v->id, "\",\"status\":\"", v->status, "\",\"progress\":", NULL) &&
              buf_fixed(b, v->progress, 3) && put_text(b, "failure", v->failure) && put_name(b, "answers") &&
              buf_text(b, v->answers) && put_report(b, v->measurements) && buf_text(b, ",\"files\":{");
    for (size_t i = 0; ok && ready && i < sizeof files / sizeof *files; i++) {
        if (!files[i].path) continue;
        ok = buf_join(b, some ? ",\"" : "\"", files[i].name, "\":", NULL) &&
             json_put_string(b, api_link(q, "avatars", files[i].path, LINK_SECONDS));
        some = true;
    }
    ok = ok && buf_text(b, "}") && put_text(b, "job_id", v->job_id) &&
         put_text(b, "created_at", api_time(q, v->created_at)) && put_text(b, "updated_at", api_time(q, v->updated_at));
    if (ok && uploads) {
        char *text = json_dumps(uploads, JSON_COMPACT);
        ok = buf_printf(b, ",\"upload\":%s", text);
        mem_free(text);
    }
    return ok && buf_append(b, "}", 1);
}

static void send_avatar(http_request *q, http_response *r, int status, const db_avatar *v, const json_t *uploads)
{
    http_json(r, status);
    r->compress = true;
    if (!render(q, v, uploads, &r->body)) r->status = 0;
}

// --- what the shopper says ------------------------------------------------------------------------------------------

static bool number_in(http_request *q, http_response *r, const json_t *j, const char *name, double lo, double hi)
{
    if (!j) return true;
    double x = json_number_value(j);
    if (json_is_number(j) && x >= lo && x <= hi) return true;
    return api_invalid(q, r, name, "%s must be a number from %g to %g", name, lo, hi);
}

// The answers as we keep them, or NULL after answering. given: an object with any of our fields and others.
static json_t *answers_of(http_request *q, http_response *r, const json_t *given)
{
    const json_t *height = json_object_get(given, "height_cm"), *sex = json_object_get(given, "sex"),
                 *tape = json_object_get(given, "tape");
    const char *word = json_string_value(sex);
    if (!height)
        return (void)api_invalid(q, r, "height_cm", "height_cm is needed: the height without shoes, in centimetres"),
               NULL;
    if (!number_in(q, r, height, "height_cm", 100, 250) ||
        !number_in(q, r, json_object_get(given, "weight_kg"), "weight_kg", 20, 350) ||
        !number_in(q, r, json_object_get(given, "age"), "age", 13, 120))
        return NULL;
    if (sex && !(word && (!strcmp(word, "female") || !strcmp(word, "male"))))
        return (void)api_invalid(q, r, "sex", "sex is \"female\" or \"male\", or left out"), NULL;
    if (tape && !json_is_object(tape))
        return (void)api_invalid(q, r, "tape", "tape is an object of measurements in centimetres"), NULL;
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)tape, key, value)
    {
        if (strlen(key) > 40 || strspn(key, "abcdefghijklmnopqrstuvwxyz_") != strlen(key))
            return (void)api_invalid(q, r, "tape", "\"%.40s\" is no measurement", key), NULL;
        if (!number_in(q, r, value, key, 5, 250)) return NULL;
    }
    json_t *out = json_object();
    static const char *const kept[] = { "height_cm", "weight_kg", "sex", "age", "tape" };
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
        if (json_object_get(given, kept[i])) json_object_set(out, kept[i], json_object_get(given, kept[i]));
    return out;
}

// A form's text fields as JSON values; numbers where the name says so.
static json_t *form_fields(const http_request *q)
{
    json_t *j = json_object();
    for (int i = 0; i < q->part_count; i++) {
        const http_part *p = &q->part[i];
        if (*p->filename || p->data.len > 4096 || !strcmp(p->name, "photo") || !strcmp(p->name, "front") ||
            !strcmp(p->name, "side"))
            continue;
        char *text = arena_textn(q->a, p->data.data ? (const char *)p->data.data : "", p->data.len), *end;
        json_t *v = NULL;
        if (!strcmp(p->name, "tape")) {
            v = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
            if (!v) v = json_string("not JSON");
        } else if (*text) {
            double x = strtod(text, &end);
            v = !*end && isfinite(x) && strcmp(p->name, "consent_version") != 0 ? json_real(x) : json_string(text);
        }
        if (v) json_object_set_new(j, p->name, v); // an empty field is one left out
    }
    return j;
}

static void fingerprint(const http_request *q, sha256_hex out)
{
    // Of what was sent: every part's name and bytes, or the body.
    buf b = buf_new(64 << 10);
    bool ok = true;
    for (int i = 0; i < q->part_count; i++) {
        sha256_hex h;
        sha256_text(q->part[i].data.data ? (void *)q->part[i].data.data : "", q->part[i].data.len, h);
        ok = ok && buf_printf(&b, "%s=%s\n", q->part[i].name, h);
    }
    if (!q->is_form) {
        sha256_hex h;
        sha256_text(q->body.data, q->body.len, h);
        ok = ok && buf_printf(&b, "%s", h);
    }
    sha256_text(ok && b.data ? (void *)b.data : "", ok ? b.len : 0, out);
    buf_free(&b);
}

// Puts one photo where its avatar's owner has it; *path stays NULL when the form has none. The note of the object comes
// before its bytes, so that a crash between leaves nothing that the sweeper does not know of.
static bool store_photo(http_request *q, http_response *r, const http_part *part, const char *id, const char *stem,
                        const char **path)
{
    *path = NULL;
    if (!part || !part->data.len) return true;
    const char *extension, *type = photo_type(part->data.data, part->data.len, &extension), *user = api_who(q)->user;
    err e = { 0 };
    if (part->data.len > LIMIT_IMAGE_BYTES) {
        http_problem(q, r, 413, "too-large", part->name, "a photo may have at most %zu MB", LIMIT_IMAGE_BYTES / MIB);
        return false;
    }
    if (!type) {
        http_problem(q, r, 415, "media-type", part->name, "the photo must be a JPEG, PNG, WebP or HEIC picture");
        return false;
    }
    const char *at = arena_printf(q->a, "%s/%s/%s.%s", user, id, stem, extension);
    if (!db_blob_intend(api_of(q)->d, q->a, "photos", at, user, NULL, &e) ||
        !blob_put(api_of(q)->blobs, "photos", at, type, part->data.data, part->data.len, &e)) {
        http_fail(q, r, &e);
        return false;
    }
    *path = at;
    return true;
}

// Links to put the photos of these paths to; a path that is NULL has none. NULL after answering.
static json_t *upload_links(http_request *q, http_response *r, const char *front, const char *side)
{
    json_t *links = json_object();
    const char *const paths[] = { front, side };
    static const char *const names[] = { "front", "side" };
    for (int i = 0; i < 2; i++) {
        const char *path = paths[i];
        if (!path) continue;
        buf url = buf_new(8192);
        err e = { 0 };
        if (!db_blob_intend(api_of(q)->d, q->a, "photos", path, api_who(q)->user, NULL, &e) ||
            !blob_link(api_of(q)->blobs, "PUT", "photos", path, UPLOAD_SECONDS, &url, &e) || !buf_append(&url, "", 1)) {
            http_fail(q, r, &e);
            buf_free(&url);
            json_decref(links);
            return NULL;
        }
        const char *text = (char *)url.data;
        json_object_set_new(links, names[i],
                            api_text(text[0] == '/' ? arena_printf(q->a, "%s%s", api_base(q), text) : text));
        buf_free(&url);
    }
    return links;
}

void avatar_create(http_request *q, http_response *r)
{
    api *p = api_of(q);
    const api_caller *who = api_who(q);
    json_t *given = q->is_form ? form_fields(q) : api_body(q, r), *links = NULL;
    json_t *answers = given ? answers_of(q, r, given) : NULL;
    const http_part *front = http_find_part(q, "photo"), *side = http_find_part(q, "side");
    if (!front) front = http_find_part(q, "front");
    bool by_link = json_is_true(json_object_get(given, "upload"));
    const char *consent = json_string_value(json_object_get(given, "consent_version")),
               *key = http_header(q, "Idempotency-Key");
    consent = consent ? arena_text(q->a, consent) : NULL;
    bool ok = answers != NULL;
    if (ok && (!consent || !*consent || strlen(consent) > 40))
        ok = api_invalid(q, r, "consent_version",
                         "consent_version is needed: which text the shopper agreed to (at most 40 characters)");
    if (ok && side && side->data.len && !(front && front->data.len))
        ok = api_invalid(q, r, "photo", "a side photo needs a front photo");
    if (ok && key && (strlen(key) < 8 || strlen(key) > 128))
        ok = api_invalid(q, r, "Idempotency-Key", "an Idempotency-Key has 8 to 128 characters");
    char *text = ok ? json_dumps(answers, JSON_COMPACT) : NULL;
    sha256_hex print, address;
    fingerprint(q, print);
    const char *salted = arena_printf(q->a, "%s%s", p->c.pepper ? p->c.pepper : "", q->ip);
    sha256_text(salted, strlen(salted), address);
    uuid_text id;
    uuid_new(id);
    db_avatar_new n = { .id = id,
                        .user_id = who->user,
                        .brand_id = *who->brand ? who->brand : NULL,
                        .answers = text,
                        .consent_version = consent,
                        .ip_hash = address,
                        .idempotency_key = key,
                        .fingerprint = print,
                        .start = !by_link };
    db_avatar v;
    bool repeat = false;
    err e = { 0 };
    ok = ok && store_photo(q, r, front, id, "front", &n.photo_path) &&
         store_photo(q, r, side, id, "side", &n.side_photo_path);
    if (ok && by_link) {
        n.photo_path = arena_printf(q->a, "%s/%s/front.jpg", who->user, id);
        n.side_photo_path = arena_printf(q->a, "%s/%s/side.jpg", who->user, id);
        links = upload_links(q, r, n.photo_path, n.side_photo_path);
        ok = links != NULL;
    }
    if (ok && !db_avatar_create(p->d, q->a, &n, &v, &repeat, &e)) {
        if (e.code == ERR_LIMIT)
            http_problem(q, r, 402, "quota", NULL, "%s", e.msg);
        else
            http_fail(q, r, &e);
        ok = false;
    }
    if (!ok || repeat) { // the photos just stored, or expected, belong to no avatar
        const char *stored[] = { n.photo_path, n.side_photo_path };
        for (int i = 0; i < 2; i++)
            if (stored[i] && (!db_blob_doom(p->d, q->a, "photos", stored[i], &e) ||
                              (!by_link && !blob_delete(p->blobs, "photos", stored[i], &e))))
                log_say(LOG_WARN, "photo: %s", e.msg); // never settled, or doomed: the sweeper takes it
    }
    if (ok && repeat && links) { // its photos go where the first request said, as long as they are waited for
        json_decref(links);
        links = NULL;
        if (!strcmp(v.status, "pending") && !v.job_id) {
            links = upload_links(q, r, v.photo_url, v.side_photo_url);
            ok = links != NULL;
        }
    }
    if (ok) {
        http_set(r, "Location", arena_printf(q->a, "/v1/avatars/%s", v.id));
        send_avatar(q, r, 202, &v, links);
        if (p->http) http_wake(p->http);
    }
    mem_free(text);
    json_decref(links);
    json_decref(answers);
    json_decref(given);
}

void avatar_start(http_request *q, http_response *r)
{
    api *p = api_of(q);
    const char *id = api_id(q, r, 0), *user = api_who(q)->user;
    db_avatar v;
    err e = { 0 };
    if (!id) return;
    if (!db_avatar_get(p->d, q->a, db_as_user(user), id, &v, &e)) return http_fail(q, r, &e);
    const char *paths[] = { v.photo_url, v.side_photo_url };
    bool there[2] = { false, false };
    uint64_t size[2] = { 0, 0 };
    for (int i = 0; i < 2; i++) {
        if (!paths[i]) continue;
        there[i] = blob_size(p->blobs, "photos", paths[i], &size[i], &e);
        if (!there[i] && e.code != ERR_NOT_FOUND) return http_fail(q, r, &e);
        if (there[i] && size[i] > LIMIT_IMAGE_BYTES) {
            http_problem(q, r, 413, "too-large", NULL, "a photo may have at most %zu MB", LIMIT_IMAGE_BYTES / MIB);
            return;
        }
    }
    for (int i = 0; i < 2; i++) // without a front photo all stays as it is: it may still come
        if (there[0] && there[i] &&
            !db_blob_settle(p->d, q->a, &(db_blob){ .bucket = "photos", .path = paths[i], .size = (int64_t)size[i] },
                            &e))
            return http_fail(q, r, &e);
    if (!db_avatar_start(p->d, q->a, user, id, there[0], there[1], &e) ||
        !db_avatar_get(p->d, q->a, db_service, id, &v, &e))
        return http_fail(q, r, &e);
    send_avatar(q, r, 202, &v, NULL);
    if (p->http) http_wake(p->http);
}

static bool find(http_request *q, http_response *r, db_avatar *v)
{
    const char *id = api_id(q, r, 0);
    err e = { 0 };
    if (!id) return false;
    if (db_avatar_get(api_of(q)->d, q->a, db_as_user(api_who(q)->user), id, v, &e)) return true;
    http_fail(q, r, &e);
    return false;
}

static const char *tag_of(http_request *q, const db_avatar *v)
{
    char at[INT_TEXT];
    return arena_join(q->a, "\"", v->status, "-", int_text(v->updated_at, at), "\"", NULL);
}

static void show(http_request *q, http_response *r, const db_avatar *v)
{
    http_set(r, "Cache-Control", "private, no-cache");
    if (!http_not_modified(q, r, tag_of(q, v))) send_avatar(q, r, 200, v, NULL);
}

void avatar_get(http_request *q, http_response *r)
{
    db_avatar v;
    if (!db_is_far(api_of(q)->d)) {
        if (find(q, r, &v)) show(q, r, &v);
        return;
    }
    const char *id = api_id(q, r, 0);
    if (!id) return;
    db_avatar_ask *ask = arena_surely(q->a, sizeof *ask);
    *ask = (db_avatar_ask){ .user = api_who(q)->user, .id = id, .a = q->a };
    together_add(api_of(q)->avatars, q, r, ask, 1);
}

void avatars_read(db *d, arena *a, const together_one *v, int count)
{
    (void)a; // each has its own
    db_avatar_ask *ask[TOGETHER_MOST] = { 0 };
    for (int i = 0; i < count; i++) ask[i] = v[i].work;
    db_avatars_get(d, ask, count);
    for (int i = 0; i < count; i++)
        if (ask[i]->fate.ok)
            show(v[i].q, v[i].r, &ask[i]->avatar);
        else
            http_fail(v[i].q, v[i].r, &ask[i]->fate.e);
}

void avatar_list(http_request *q, http_response *r)
{
    db_avatar *list;
    int n;
    err e = { 0 };
    if (!db_avatar_list(api_of(q)->d, q->a, api_who(q)->user, &list, &n, &e)) return http_fail(q, r, &e);
    http_json(r, 200);
    r->compress = true;
    bool ok = buf_printf(&r->body, "{\"items\":[");
    for (int i = 0; ok && i < n; i++) ok = (!i || buf_append(&r->body, ",", 1)) && render(q, &list[i], NULL, &r->body);
    if (!ok || !buf_printf(&r->body, "]}")) r->status = 0;
}

// What was read in photos stands on sex, weight and age; with the photos gone only tape values and the height can be
// corrected without losing it.
static bool stands_on_photos(const db_avatar *v, const json_t *before, const json_t *now)
{
    json_member mode = { .name = "mode" };
    if (v->measurements) json_members(v->measurements, &mode, 1);
    if (v->photo_url || !mode.at || !strncmp(mode.at, "\"A\"", 3)) return false;
    static const char *const under[] = { "sex", "weight_kg", "age" };
    for (size_t i = 0; i < sizeof under / sizeof *under; i++) {
        const json_t *a = json_object_get(before, under[i]), *b = json_object_get(now, under[i]);
        if (a != b && !(a && b && json_equal(a, b))) return true;
    }
    return false;
}

// {"tape": {"chest_girth": 94}}, or any other answer: what is given replaces, tape values are merged, null removes.
void avatar_patch(http_request *q, http_response *r)
{
    db_avatar v;
    json_t *change = api_body(q, r);
    if (!change) return;
    if (!find(q, r, &v)) {
        json_decref(change);
        return;
    }
    json_t *now = api_parse(v.answers), *tape = json_object_get(change, "tape"), *old = json_object_get(now, "tape"),
           *value;
    const char *key;
    if (json_is_object(tape)) {
        json_t *merged = json_is_object(old) ? json_copy(old) : json_object();
        json_object_foreach(tape, key, value)
        {
            if (json_is_null(value))
                json_object_del(merged, key);
            else
                json_object_set(merged, key, value);
        }
        json_object_set_new(change, "tape", merged);
    }
    json_object_foreach(change, key, value)
    {
        if (json_is_null(value))
            json_object_del(now, key);
        else
            json_object_set(now, key, value);
    }
    json_t *before = api_parse(v.answers), *answers = NULL;
    if (stands_on_photos(&v, before, now))
        http_problem(q, r, 409, "conflict", NULL,
                     "the photos of this avatar are gone, and sex, weight and age were used to read them: make a new "
                     "avatar with the right ones; tape values and the height can be corrected");
    else
        answers = answers_of(q, r, now);
    json_decref(before);
    char *text = answers ? json_dumps(answers, JSON_COMPACT) : NULL;
    err e = { 0 };
    if (text) {
        if (!db_avatar_refit(api_of(q)->d, q->a, api_who(q)->user, v.id, text, &e) ||
            !db_avatar_get(api_of(q)->d, q->a, db_service, v.id, &v, &e))
            http_fail(q, r, &e);
        else
            send_avatar(q, r, 202, &v, NULL);
        if (api_of(q)->http) http_wake(api_of(q)->http);
    }
    mem_free(text);
    json_decref(answers);
    json_decref(now);
    json_decref(change);
}

void avatar_delete(http_request *q, http_response *r)
{
    const char *id = api_id(q, r, 0);
    err e = { 0 };
    if (!id) return;
    if (!db_avatar_delete(api_of(q)->d, q->a, api_who(q)->user, id, &e)) return http_fail(q, r, &e);
    r->status = 204;
}

// --- progress as it happens
// ---------------------------------------------------------------------------------------------

typedef struct {
    uuid_text id;
    int64_t seen; // updated_at last told
    double progress;
    int64_t beat_ms;
} watch;

static bool watch_once(http_request *q, http_response *r, bool last)
{
    watch *w = q->who; // the caller's place: see avatar_watch
    arena *a = arena_new(1 << 20);
    db_avatar v;
    err e = { 0 };
    bool done = false;
    if (!db_avatar_get(api_of(q)->d, a, db_service, w->id, &v, &e)) {
        done = e.code == ERR_NOT_FOUND;
        if (done && !buf_printf(&r->body, "event: gone\ndata: {}\n\n")) done = true;
    } else if (v.updated_at != w->seen || fabs(v.progress - w->progress) > 1e-9) {
        w->seen = v.updated_at;
        w->progress = v.progress;
        done = !strcmp(v.status, "ready") || !strcmp(v.status, "failed");
        bool ok =
            buf_printf(&r->body, "event: %s\ndata: {\"id\":\"%s\",\"status\":\"%s\",\"progress\":%.3f,\"failure\":",
                       done ? v.status : "progress", v.id, v.status, v.progress) &&
            json_put_string(&r->body, v.failure) && buf_printf(&r->body, "}\n\n");
        if (!ok) done = true;
        w->beat_ms = clock_mono_ms();
    } else if (clock_mono_ms() - w->beat_ms > 10000) { // keeps proxies from closing a silent stream
        w->beat_ms = clock_mono_ms();
        if (!buf_printf(&r->body, ": waiting\n\n")) done = true;
    }
    arena_free(a);
    return done || last;
}

void avatar_watch(http_request *q, http_response *r)
{
    db_avatar v;
    if (!find(q, r, &v)) return;
    watch *w = arena_surely(q->a, sizeof *w);
    *w = (watch){ 0 };
    memcpy(w->id, v.id, sizeof w->id);
    w->beat_ms = clock_mono_ms();
    q->who = w; // the caller was checked; from here on only the watch is needed
    r->status = 200;
    r->type = "text/event-stream";
    r->stream = true;
    r->poll = watch_once;
    r->poll_until_ms = clock_mono_ms() + WATCH_MS;
    if (!buf_printf(&r->body, "retry: 1000\n\n")) r->status = 0;
}

void avatar_file(http_request *q, http_response *r)
{
    db_avatar v;
    if (!find(q, r, &v)) return;
    const char *name = q->param[1];
    if (!strcmp(name, "measurements.json") && v.measurements) {
        http_json(r, 200);
        r->compress = true;
        if (!buf_printf(&r->body, "%s", v.measurements)) r->status = 0;
        return;
    }
    const char *path = !strcmp(name, "avatar.glb")       ? v.glb_url
                       : !strcmp(name, "avatar.web.glb") ? v.web_glb_url
                       : !strcmp(name, "params.npz")     ? v.params_url
                       : !strcmp(name, "preview.png")    ? v.preview_url
                                                         : NULL;
    const char *url = path ? api_link(q, "avatars", path, 300) : NULL;
    if (!url) {
        http_problem(q, r, 404, "not-found", NULL, "this avatar has no such file (now)");
        return;
    }
    r->status = 302;
    http_set(r, "Location", url);
}
