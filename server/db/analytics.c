// What is counted from events and try-ons. Funnel: sessions (a try-on each) that reached each step; conversion relates
// purchases to try-ons, both of the same time window.
#include "db/domain.h"
#include "common/text.h"

#include <string.h>

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

bool db_analytics_tryons(db *d, arena *a, const char *brand, int64_t from, int64_t to, buf *json, err *e)
{
    sql_rows r;
    if (!sql_once(
            d, db_as_brand(brand), SQL_READ, a, &r, e,
            "SELECT s.id, @ms(s.created_at), s.garment_id, g.name, s.fit_result->>'recommended', s.selected_size, "
            "(SELECT count(*) FROM events v WHERE v.session_id = s.id AND v.event_type = 'size_switched'), (SELECT "
            "count(*) FROM events v WHERE v.session_id = s.id AND v.event_type = 'added_to_cart'), (SELECT count(*) "
            "FROM events v WHERE v.session_id = s.id AND v.event_type = 'purchase_completed') FROM tryon_sessions s "
            "LEFT JOIN garments g ON g.id = s.garment_id WHERE s.brand_id = $1 AND s.created_at >= @ts($2) AND "
            "s.created_at < @ts($3) ORDER BY s.created_at DESC, s.id LIMIT 500",
            "tii", brand, from, to))
        return false;
    bool ok = buf_printf(json, "[");
    for (int i = 0; ok && i < r.count; i++) {
        char at[25];
        clock_iso(sql_int(&r, i, 1), at);
        ok = buf_printf(json, "%s{\"session_id\":\"%s\",\"created_at\":\"%s\",\"garment_id\":", i ? "," : "",
                        sql_cell(&r, i, 0), at) &&
             json_put_string(json, sql_cell(&r, i, 2)) && buf_printf(json, ",\"garment\":") &&
             json_put_string(json, sql_cell(&r, i, 3)) && buf_printf(json, ",\"recommended\":") &&
             json_put_string(json, sql_cell(&r, i, 4)) && buf_printf(json, ",\"chosen\":") &&
             json_put_string(json, sql_cell(&r, i, 5)) &&
             buf_printf(json, ",\"size_switches\":%lld,\"added_to_cart\":%lld,\"purchases\":%lld}",
                        (long long)sql_int(&r, i, 6), (long long)sql_int(&r, i, 7), (long long)sql_int(&r, i, 8));
    }
    return too_long(ok && buf_printf(json, "]"), e);
}

enum { FLOWS = 4 };

// Rows of (size, flow, count) as one object a size, in the order they come.
static bool flows(buf *json, const sql_rows *r, err *e)
{
    static const char *const name[FLOWS] = { "recommended", "chosen", "bought", "returned" };
    bool ok = buf_printf(json, "["), some = false;
    for (int i = 0; ok && i < r->count;) {
        const char *size = sql_cell(r, i, 0);
        int64_t n[FLOWS] = { 0 };
        for (; i < r->count && !strcmp(sql_cell(r, i, 0), size); i++) n[sql_int(r, i, 1)] += sql_int(r, i, 2);
        ok = buf_printf(json, "%s{\"size\":", some ? "," : "") && json_put_string(json, size);
        for (int k = 0; ok && k < FLOWS; k++) ok = buf_printf(json, ",\"%s\":%lld", name[k], (long long)n[k]);
        ok = ok && buf_printf(json, "}");
        some = true;
    }
    return too_long(ok && buf_printf(json, "]"), e);
}

bool db_analytics_size_flow(db *d, arena *a, const char *brand, const char *garment, int64_t from, int64_t to,
                            buf *json, err *e)
{
    sql_rows r;
    // What was bought: the size the shop names in the event, else the one chosen last in the fitting room.
    return sql_once(d, db_as_brand(brand), SQL_READ, a, &r, e,
                    "WITH s AS (SELECT id, selected_size, fit_result->>'recommended' AS best FROM tryon_sessions WHERE "
                    "brand_id = $1 AND created_at >= @ts($2) AND created_at < @ts($3) AND (CAST($4 AS text) IS NULL OR "
                    "CAST(garment_id AS text) = $4)), v AS (SELECT v.event_type, coalesce(v.metadata->>'size', "
                    "t.selected_size) AS size FROM events v LEFT JOIN tryon_sessions t ON t.id = v.session_id WHERE "
                    "v.brand_id = $1 AND v.created_at >= @ts($2) AND v.created_at < @ts($3) AND v.event_type IN "
                    "('purchase_completed', 'item_returned') AND (CAST($4 AS text) IS NULL OR CAST(v.garment_id AS "
                    "text) = $4 OR CAST(t.garment_id AS text) = $4)) SELECT size, flow, count(*) FROM (SELECT best AS "
                    "size, 0 AS flow FROM s UNION ALL SELECT selected_size, 1 FROM s UNION ALL SELECT size, CASE WHEN "
                    "event_type = 'purchase_completed' THEN 2 ELSE 3 END FROM v) x WHERE size IS NOT NULL GROUP BY "
                    "size, flow ORDER BY size, flow LIMIT 1600",
                    "tiit", brand, from, to, garment) &&
           flows(json, &r, e);
}

bool db_analytics_regions(db *d, arena *a, const char *brand, const char *garment, int64_t from, int64_t to, buf *json,
                          err *e)
{
    sql_rows r;
    if (!sql_once(
            d, db_as_brand(brand), SQL_READ, a, &r, e,
            "SELECT z.key, p.value->>'region' AS region, p.value->>'class' AS class, count(*) FROM tryon_sessions s, "
            "@each(s.fit_result->'sizes') z, @items(z.value->'regions') p WHERE s.brand_id = $1 AND s.created_at >= "
            "@ts($2) AND s.created_at < @ts($3) AND CAST(s.garment_id AS text) = $4 AND s.fit_result IS NOT NULL AND "
            "(z.key = s.selected_size OR z.key = s.fit_result->>'recommended') GROUP BY 1, 2, 3 ORDER BY 1, 2, 3 LIMIT "
            "4000",
            "tiit", brand, from, to, garment))
        return false;
    bool ok = buf_printf(json, "[");
    for (int i = 0; ok && i < r.count; i++)
        ok = buf_printf(json, "%s{\"size\":", i ? "," : "") && json_put_string(json, sql_cell(&r, i, 0)) &&
             buf_printf(json, ",\"region\":") && json_put_string(json, sql_cell(&r, i, 1)) &&
             buf_printf(json, ",\"class\":") && json_put_string(json, sql_cell(&r, i, 2)) &&
             buf_printf(json, ",\"tryons\":%lld}", (long long)sql_int(&r, i, 3));
    return too_long(ok && buf_printf(json, "]"), e);
}
