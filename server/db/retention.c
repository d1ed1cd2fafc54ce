// What a brand does not want kept. In small steps, so that no sweep holds the writer for long; the next one goes on.
#include "db/domain.h"

enum { EVENTS_STEP = 2000 };
static const int64_t DAY = 86400000;

static bool old_avatars(db *d, arena *a, int64_t now, int64_t *removed, err *e)
{
    sql_rows r;
    if (!sql_once(d, db_service, SQL_READ, a, &r, e,
                  "SELECT v.user_id, v.id FROM avatars v JOIN brands b ON b.id = v.brand_id WHERE b.avatar_days IS NOT "
                  "NULL AND @ms(v.updated_at) < CAST($1 AS bigint) - b.avatar_days * CAST($2 AS bigint) AND NOT EXISTS "
                  "(SELECT 1 FROM tryon_sessions s WHERE s.avatar_id = v.id AND @ms(s.updated_at) >= CAST($1 AS "
                  "bigint) - b.avatar_days * CAST($2 AS bigint)) LIMIT 50",
                  "ii", now, DAY))
        return false;
    for (int i = 0; i < r.count; i++) {
        if (!db_avatar_delete(d, a, sql_cell(&r, i, 0), sql_cell(&r, i, 1), e) && e->code != ERR_NOT_FOUND)
            return false;
        ++*removed;
    }
    return true;
}

// A try-on outlives its avatar (whose drapes went with it) as a count of sizes: what points at the person goes.
static bool loose_tryons(db *d, arena *a, int64_t now, int64_t *removed, err *e)
{
    sql_rows r;
    sql_txn *t;
    if (!sql_once(d, db_service, SQL_READ, a, &r, e,
                  "SELECT s.id FROM tryon_sessions s JOIN brands b ON b.id = s.brand_id WHERE s.user_id IS NOT NULL "
                  "AND b.avatar_days IS NOT NULL AND @ms(s.updated_at) < CAST($1 AS bigint) - b.avatar_days * CAST($2 "
                  "AS bigint) LIMIT 50",
                  "ii", now, DAY))
        return false;
    if (!r.count) return true;
    if (!sql_begin(d, db_service, SQL_WRITE, a, &t, e)) return false;
    bool ok = true;
    for (int i = 0; ok && i < r.count; i++)
        ok = sql_run(t, NULL, e, "UPDATE events SET user_id = NULL WHERE session_id = $1", "t", sql_cell(&r, i, 0)) &&
             sql_run(t, NULL, e, "UPDATE tryon_sessions SET user_id = NULL, avatar_id = NULL WHERE id = $1", "t",
                     sql_cell(&r, i, 0));
    *removed += r.count;
    return sql_end(t, ok, e);
}

static bool old_events(db *d, arena *a, int64_t now, int64_t *removed, err *e)
{
    sql_rows r;
    if (!sql_once(d, db_service, SQL_READ, a, &r, e, "SELECT id, event_days FROM brands WHERE event_days IS NOT NULL",
                  ""))
        return false;
    for (int i = 0; i < r.count; i++) {
        int64_t before = now - sql_int(&r, i, 1) * DAY;
        sql_rows gone;
        if (!sql_once(d, db_service, SQL_WRITE, a, &gone, e,
                      "DELETE FROM events WHERE id IN (SELECT id FROM events WHERE brand_id = $1 AND created_at < "
                      "@ts($2) LIMIT CAST($3 AS bigint))",
                      "tii", sql_cell(&r, i, 0), before, (int64_t)EVENTS_STEP))
            return false;
        *removed += gone.changed;
        if (!sql_once(d, db_service, SQL_WRITE, a, &gone, e,
                      "DELETE FROM tryon_sessions WHERE id IN (SELECT id FROM tryon_sessions WHERE brand_id = $1 AND "
                      "created_at < @ts($2) LIMIT CAST($3 AS bigint))",
                      "tii", sql_cell(&r, i, 0), before, (int64_t)EVENTS_STEP))
            return false;
        *removed += gone.changed;
    }
    return true;
}

bool db_retention_sweep(db *d, arena *a, int64_t now, int64_t *removed, err *e)
{
    *removed = 0;
    return old_avatars(d, a, now, removed, e) && loose_tryons(d, a, now, removed, e) &&
           old_events(d, a, now, removed, e);
}
