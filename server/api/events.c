#include "api/api.h"
#include "common/json_scratch.h"
#include "common/text.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

enum { BATCH = 1000, METADATA = 4096 };

static const char *const TYPES[] = { "avatar_created", "tryon_started",      "size_switched",
                                     "added_to_cart",  "purchase_completed", "widget_opened",
                                     "fit_viewed",     "item_returned",      NULL };

static const char *known_id(const json_t *j, const char *key, arena *a)
{
    char *id = arena_alloc(a, sizeof(uuid_text), 1);
    return id && uuid_parse(json_string_value(json_object_get(j, key)), id) ? id : NULL;
}

// What an event alone says beside its type stands in the body, which is known to be JSON: it need not be written anew.
static const char *text_of(const http_request *q, const json_t *meta, bool alone)
{
    json_member m = { .name = "metadata" };
    if (alone) json_members((const char *)q->body.data, &m, 1);
    if (!m.at) return arena_text(q->a, json_dumps(meta, JSON_COMPACT)); // what is copied goes with the tree
    char *text = arena_textn(q->a, m.at, m.len);
    json_compact(text);
    return text;
}

// alone: the body is this event, not a list.
static bool one(http_request *q, http_response *r, const json_t *j, db_event *v, size_t i, bool alone)
{
    const api_caller *who = api_who(q);
    const char *type = json_string_value(json_object_get(j, "event_type")),
               *dedupe = json_string_value(json_object_get(j, "id"));
    bool known = false;
    for (int k = 0; TYPES[k] && type && !known; k++) known = !strcmp(TYPES[k], type);
    // A type of the brand's own begins with "x_".
    if (type && !known)
        known = !strncmp(type, "x_", 2) && strlen(type) <= 40 &&
                strspn(type, "abcdefghijklmnopqrstuvwxyz0123456789_") == strlen(type);
    if (!known)
        return api_invalid(q, r, "event_type",
                           "event %zu has no event_type that we know; one of your own begins with x_", i);
    if (dedupe && strlen(dedupe) > 100) return api_invalid(q, r, "id", "event %zu: an id has at most 100 bytes", i);
    *v = (db_event){ .type = arena_text(q->a, type),
                     .dedupe_key = arena_text(q->a, dedupe),
                     .session_id = known_id(j, "session_id", q->a),
                     .garment_id = known_id(j, "garment_id", q->a),
                     .created_at = clock_ms() };
    // Whose event it is: the shopper who speaks; a shop's server may name one.
    v->user_id = *who->user ? who->user : who->secret ? known_id(j, "user_id", q->a) : NULL;
    const json_t *meta = json_object_get(j, "metadata");
    if (meta) {
        const char *text = json_is_object(meta) ? text_of(q, meta, alone) : NULL;
        bool ok = text && strlen(text) <= METADATA;
        if (ok) v->metadata = text;
        if (!ok)
            return api_invalid(q, r, "metadata", "event %zu: metadata is an object of at most %d bytes", i, METADATA);
    }
    return true;
}

// The events of the body; NULL when it answered.
static db_event *read_events(http_request *q, http_response *r, size_t *count)
{
    json_t *j = api_body(q, r);
    if (!j) return NULL;
    const json_t *list = json_object_get(j, "events");
    size_t n = list ? json_array_size(list) : 1;
    bool ok = true;
    if (list && (!json_is_array(list) || !n || n > BATCH))
        ok = api_invalid(q, r, "events", "events is a list of 1 to %d events", BATCH);
    if (ok && !*api_who(q)->brand) {
        http_problem(q, r, 401, "unauthorized", NULL, "events need a brand's key");
        ok = false;
    }
    db_event *v = ok ? arena_array(q->a, db_event, n) : NULL;
    for (size_t i = 0; ok && i < n; i++) ok = one(q, r, list ? json_array_get(list, i) : j, &v[i], i, !list);
    json_decref(j);
    *count = n;
    return ok ? v : NULL;
}

// {"event_type": …} or {"events": [ … ]}, at most a thousand.
void events_add(http_request *q, http_response *r)
{
    // An arena of its own: a tree is many times as long as the body, which bounds it, and would leave no room for what
    // the request itself keeps.
    arena *tree = arena_new(SIZE_MAX);
    size_t n;
    json_scratch(tree);
    db_event *v = read_events(q, r, &n);
    json_scratch(NULL);
    arena_free(tree);
    if (!v) return;
    db_event_batch *batch = arena_surely(q->a, sizeof *batch);
    *batch = (db_event_batch){ .brand = api_who(q)->brand, .events = v, .count = (int)n };
    together_add(api_of(q)->events, q, r, batch, (int)n);
}

void events_write(db *d, arena *a, const together_one *v, int count)
{
    db_event_batch *batch[TOGETHER_MOST] = { 0 };
    for (int i = 0; i < count; i++) batch[i] = v[i].work;
    db_events_add_all(d, a, batch, count);
    for (int i = 0; i < count; i++) {
        const db_event_batch *b = batch[i];
        http_response *r = v[i].r;
        if (!b->fate.ok) {
            http_fail(v[i].q, r, &b->fate.e);
            continue;
        }
        http_json(r, 202);
        char fresh[INT_TEXT], again[INT_TEXT];
        if (!buf_join(&r->body, "{\"accepted\":", int_text(b->added, fresh),
                      ",\"repeated\":", int_text(b->count - b->added, again), "}", NULL))
            r->status = 0;
    }
}

// "2026-11-22" as milliseconds, -1 for anything else.
static int64_t day_ms(const char *s)
{
    struct tm tm = { 0 };
    const char *end = s ? strptime(s, "%Y-%m-%d", &tm) : NULL;
    return end && !*end && strlen(s) == 10 ? (int64_t)timegm(&tm) * 1000 : -1;
}

typedef bool report(db *, arena *, const char *brand, int64_t from, int64_t to, buf *, err *);
typedef bool garment_report(db *, arena *, const char *brand, const char *garment, int64_t from, int64_t to, buf *,
                            err *);

void analytics_get(http_request *q, http_response *r)
{
    static const struct {
        const char *name;
        report *report;
        garment_report *of_garment; // takes garment_id
        bool needed;
    } reports[] = { { .name = "funnel", .report = db_analytics_funnel },
                    { .name = "sizes", .report = db_analytics_sizes },
                    { .name = "fit", .report = db_analytics_fit },
                    { .name = "days", .report = db_analytics_days },
                    { .name = "garments", .report = db_analytics_garments },
                    { .name = "tryons", .report = db_analytics_tryons },
                    { .name = "size_flow", .of_garment = db_analytics_size_flow },
                    { .name = "regions", .of_garment = db_analytics_regions, .needed = true } };
    const char *garment = http_query(q, "garment_id");
    uuid_text garment_id;
    if (garment && !uuid_parse(garment, garment_id))
        return (void)api_invalid(q, r, "garment_id", "garment_id is a garment's id");
    const char *from_text = http_query(q, "from"), *to_text = http_query(q, "to");
    int64_t now = clock_ms(), from = from_text ? day_ms(from_text) : now - (int64_t)30 * 86400000,
            to = to_text ? day_ms(to_text) : now;
    if (from < 0) return (void)api_invalid(q, r, "from", "from is a day, like 2026-11-01");
    if (to < 0) return (void)api_invalid(q, r, "to", "to is a day, like 2026-11-30, and counted in");
    if (to_text)
        to += 86400000;
    else
        to += 1000;
    if (from >= to) return (void)api_invalid(q, r, "from", "from comes before to");
    for (size_t i = 0; i < sizeof reports / sizeof *reports; i++) {
        if (strcmp(q->param[0], reports[i].name) != 0) continue;
        if (reports[i].needed && !garment)
            return (void)api_invalid(q, r, "garment_id", "this report is of one garment: garment_id is needed");
        err e = { 0 };
        char a[25], b[25];
        clock_iso(from, a);
        clock_iso(to, b);
        if (!buf_printf(&r->body, "{\"report\":\"%s\",\"from\":\"%s\",\"to\":\"%s\",\"data\":", reports[i].name, a,
                        b) ||
            !(reports[i].report ? reports[i].report(api_of(q)->d, q->a, api_who(q)->brand, from, to, &r->body, &e)
                                : reports[i].of_garment(api_of(q)->d, q->a, api_who(q)->brand,
                                                        garment ? garment_id : NULL, from, to, &r->body, &e)) ||
            !buf_printf(&r->body, "}")) {
            r->body.len = 0;
            return http_fail(q, r, &e);
        }
        http_json(r, 200);
        r->compress = true;
        return;
    }
    http_problem(q, r, 404, "not-found", NULL,
                 "reports are funnel, sizes, fit, days, garments, tryons, size_flow and regions");
}
