// Events and what is counted from them. Funnel: sessions (a try-on each) that reached each step; conversion relates
// purchases to try-ons, both of the same time window.
#include "db/domain.h"
#include "common/text.h"

#include <string.h>

bool event_insert(sql_txn *t, const char *brand, const db_event *v, bool *added, err *e)
{
    uuid_text id;
    uuid_new(id);
    sql_rows r;
    // References to rows that are not there (any more), or are another brand's, become null rather than a failure of
    // the whole batch: an event is a fact the sender saw.
    if (!sql_run(
            t, &r, e,
            "INSERT INTO events (id, brand_id, user_id, session_id, garment_id, event_type, dedupe_key, metadata, "
            "created_at) VALUES ($1, $2, (SELECT id FROM users WHERE id = $3), (SELECT id FROM tryon_sessions WHERE "
            "id = $4 AND brand_id = $2), (SELECT id FROM garments WHERE id = $5 AND brand_id = $2), $6, $7, $8, "
            "@ts($9)) ON CONFLICT DO NOTHING",
            "tttttttti", id, brand, v->user_id, v->session_id, v->garment_id, v->type, v->dedupe_key,
            v->metadata ? v->metadata : "{}", v->created_at))
        return false;
    *added = r.changed > 0;
    return true;
}

// All of them in one transaction. False: one's event was refused, and nothing was written.
static bool add_together(db *d, arena *a, db_event_batch *v, int count)
{
    sql_txn *t;
    err e;
    bool ok = sql_begin(d, db_service, SQL_WRITE_FAST, a, &t, &e), refused = false;
    if (ok) {
        for (int k = 0; ok && k < count; k++) {
            v[k].added = 0;
            for (int i = 0; ok && i < v[k].count; i++) {
                bool one = false;
                ok = event_insert(t, v[k].brand, &v[k].events[i], &one, &e);
                v[k].added += one;
            }
        }
        refused = !ok;
        ok = sql_end(t, ok, &e);
    }
    for (int k = 0; k < count; k++) {
        v[k].ok = ok;
        if (!ok) v[k].e = e;
    }
    return !refused;
}

void db_events_add_all(db *d, arena *a, db_event_batch *v, int count)
{
    // A commit that failed may have happened and is not tried again; a refused event is its own batch's fault only.
    if (count < 1 || add_together(d, a, v, count) || count == 1) return;
    for (int k = 0; k < count; k++) (void)add_together(d, a, &v[k], 1); // alone it says what became of it
}

bool db_events_add(db *d, arena *a, const char *brand, const db_event *v, int count, int *added, err *e)
{
    db_event_batch b = { .brand = brand, .events = v, .count = count };
    db_events_add_all(d, a, &b, 1);
    *added = b.ok ? b.added : 0;
    if (!b.ok) *e = b.e;
    return b.ok;
}

static bool too_long(bool ok, err *e) { return ok || fail(e, ERR_LIMIT, "the report is too long for one answer"); }

bool db_analytics_funnel(db *d, arena *a, const char *brand, int64_t from, int64_t to, buf *json, err *e)
{
    sql_rows r;
    if (!sql_once(
            d, db_as_brand(brand), SQL_READ, a, &r, e,
            "SELECT event_type, count(*), count(DISTINCT coalesce(user_id, id)) FROM events WHERE brand_id = $1 AND "
            "created_at >= @ts($2) AND created_at < @ts($3) GROUP BY event_type",
            "tii", brand, from, to))
        return false;
    static const char *const steps[] = { "avatar_created", "tryon_started", "size_switched", "added_to_cart",
                                         "purchase_completed" };
    int64_t tryons = 0, purchases = 0;
    bool ok = buf_printf(json, "{\"steps\":[");
    for (size_t s = 0; ok && s < sizeof steps / sizeof *steps; s++) {
        int64_t events = 0, shoppers = 0;
        for (int i = 0; i < r.count; i++)
            if (!strcmp(sql_cell(&r, i, 0), steps[s])) {
                events = sql_int(&r, i, 1);
                shoppers = sql_int(&r, i, 2);
            }
        if (s == 1) tryons = events;
        if (s == 4) purchases = events;
        ok = buf_printf(json, "%s{\"event_type\":\"%s\",\"events\":%lld,\"shoppers\":%lld}", s ? "," : "", steps[s],
                        (long long)events, (long long)shoppers);
    }
    ok = ok && buf_printf(json, "],\"conversion\":%.4f}", tryons ? (double)purchases / (double)tryons : 0.0);
    return too_long(ok, e);
}

// {"key": count, …} from rows of (key, count).
static bool counts(buf *json, const sql_rows *r, err *e)
{
    bool ok = buf_printf(json, "{");
    for (int i = 0; ok && i < r->count; i++) {
        const char *key = sql_cell(r, i, 0);
        ok = buf_printf(json, "%s", i ? "," : "") && json_put_string(json, key ? key : "none") &&
             buf_printf(json, ":%lld", (long long)sql_int(r, i, 1));
    }
    return too_long(ok && buf_printf(json, "}"), e);
}

bool db_analytics_sizes(db *d, arena *a, const char *brand, int64_t from, int64_t to, buf *json, err *e)
{
    sql_rows r;
    return sql_once(d, db_as_brand(brand), SQL_READ, a, &r, e,
                    "SELECT selected_size, count(*) FROM tryon_sessions WHERE brand_id = $1 AND created_at >= @ts($2) "
                    "AND created_at < @ts($3) GROUP BY selected_size ORDER BY 2 DESC, 1",
                    "tii", brand, from, to) &&
           counts(json, &r, e);
}

bool db_analytics_fit(db *d, arena *a, const char *brand, int64_t from, int64_t to, buf *json, err *e)
{
    sql_rows r;
    return sql_once(
               d, db_as_brand(brand), SQL_READ, a, &r, e,
               "SELECT CASE WHEN fit_result IS NULL THEN 'not_scored' WHEN fit_result->>'recommended' IS NULL THEN "
               "'no_size_fits' WHEN fit_result->>'recommended' = selected_size THEN 'took_recommended' WHEN "
               "selected_size IS NULL THEN 'none_chosen' ELSE 'took_another' END AS outcome, count(*) FROM "
               "tryon_sessions WHERE brand_id = $1 AND created_at >= @ts($2) AND created_at < @ts($3) GROUP BY 1 "
               "ORDER BY 2 DESC, 1",
               "tii", brand, from, to) &&
           counts(json, &r, e);
}

bool db_analytics_days(db *d, arena *a, const char *brand, int64_t from, int64_t to, buf *json, err *e)
{
    sql_rows r;
    if (!sql_once(d, db_as_brand(brand), SQL_READ, a, &r, e,
                  "SELECT @day(created_at), event_type, count(*) FROM events WHERE brand_id = $1 AND created_at >= "
                  "@ts($2) AND created_at < @ts($3) GROUP BY 1, 2 ORDER BY 1, 2",
                  "tii", brand, from, to))
        return false;
    bool ok = buf_printf(json, "[");
    for (int i = 0; ok && i < r.count; i++)
        ok = buf_printf(json, "%s{\"day\":\"%s\",\"event_type\":", i ? "," : "", sql_cell(&r, i, 0)) &&
             json_put_string(json, sql_cell(&r, i, 1)) &&
             buf_printf(json, ",\"events\":%lld}", (long long)sql_int(&r, i, 2));
    return too_long(ok && buf_printf(json, "]"), e);
}

bool db_analytics_garments(db *d, arena *a, const char *brand, int64_t from, int64_t to, buf *json, err *e)
{
    sql_rows r;
    if (!sql_once(
            d, db_as_brand(brand), SQL_READ, a, &r, e,
            "SELECT g.id, g.name, sum(CASE WHEN v.event_type = 'tryon_started' THEN 1 ELSE 0 END), sum(CASE WHEN "
            "v.event_type = 'size_switched' THEN 1 ELSE 0 END), sum(CASE WHEN v.event_type = 'purchase_completed' "
            "THEN 1 ELSE 0 END) FROM events v JOIN garments g ON g.id = v.garment_id WHERE v.brand_id = $1 AND "
            "v.created_at >= @ts($2) AND v.created_at < @ts($3) GROUP BY g.id, g.name ORDER BY 3 DESC, 1 LIMIT 500",
            "tii", brand, from, to))
        return false;
    bool ok = buf_printf(json, "[");
    for (int i = 0; ok && i < r.count; i++)
        ok = buf_printf(json, "%s{\"garment_id\":\"%s\",\"name\":", i ? "," : "", sql_cell(&r, i, 0)) &&
             json_put_string(json, sql_cell(&r, i, 1)) &&
             buf_printf(json, ",\"tryons\":%lld,\"size_switches\":%lld,\"purchases\":%lld}",
                        (long long)sql_int(&r, i, 2), (long long)sql_int(&r, i, 3), (long long)sql_int(&r, i, 4));
    return too_long(ok && buf_printf(json, "]"), e);
}
