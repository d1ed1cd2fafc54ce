// What a brand does not want kept, and what nobody needs any more. In small steps, so that no sweep holds the writer
// for long; the next one goes on.
#include "db/domain.h"

enum { EVENTS_STEP = 2000, ROWS_STEP = 2000 };
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

// Photos are deleted when their avatar is ready. Those of one that failed, or was never started, are kept for a day, in
// which it may be tried again.
static bool unused_photos(db *d, arena *a, int64_t now, int64_t *removed, err *e)
{
    sql_rows r, taken;
    sql_txn *t;
    if (!sql_once(d, db_service, SQL_READ, a, &r, e,
                  "SELECT v.id, v.photo_url, v.side_photo_url FROM avatars v WHERE v.photo_url IS NOT NULL AND "
                  "v.status IN ('pending', 'failed') AND v.updated_at < @ts($1) AND (v.status = 'failed' OR NOT EXISTS "
                  "(SELECT 1 FROM jobs j WHERE j.avatar_id = v.id)) LIMIT 50",
                  "i", now - DAY))
        return false;
    if (!r.count) return true;
    if (!sql_begin(d, db_service, SQL_WRITE, a, &t, e)) return false;
    bool ok = true;
    for (int i = 0; ok && i < r.count; i++) {
        // Unless it was begun meanwhile.
        ok =
            sql_run(t, &taken, e,
                    "UPDATE avatars SET photo_url = NULL, side_photo_url = NULL WHERE id = $1 AND updated_at < @ts($2)",
                    "ti", sql_cell(&r, i, 0), now - DAY);
        for (int k = 1; ok && taken.changed && k < 3; k++) ok = blob_doom(t, "photos", sql_cell(&r, i, k), e);
        if (ok) *removed += taken.changed;
    }
    return sql_end(t, ok, e);
}

// A guest whose last token has run out can neither see nor delete what is hers. Her try-ons outlive her as old_avatars'
// do.
static bool lost_guests(db *d, arena *a, int64_t now, int64_t *removed, err *e)
{
    sql_rows r;
    if (!sql_once(d, db_service, SQL_READ, a, &r, e,
                  "SELECT g.user_id FROM guest_tokens g JOIN users u ON u.id = g.user_id WHERE u.is_guest AND "
                  "g.expires_at < @ts($1) AND NOT EXISTS (SELECT 1 FROM guest_tokens k WHERE k.user_id = g.user_id AND "
                  "k.expires_at >= @ts($1)) LIMIT 50",
                  "i", now - DAY))
        return false;
    for (int i = 0; i < r.count; i++) {
        const char *guest = sql_cell(&r, i, 0);
        sql_txn *t;
        if (!sql_begin(d, db_service, SQL_WRITE, a, &t, e)) return false;
        bool ok = sql_run(t, NULL, e, "UPDATE events SET user_id = NULL WHERE user_id = $1 AND session_id IS NOT NULL",
                          "t", guest) &&
                  sql_run(t, NULL, e, "UPDATE tryon_sessions SET user_id = NULL, avatar_id = NULL WHERE user_id = $1",
                          "t", guest);
        if (!sql_end(t, ok, e)) return false;
        if (db_user_erase(d, a, guest, e))
            ++*removed;
        else if (e->code != ERR_NOT_FOUND) // she comes once for each of her tokens
            return false;
    }
    return true;
}

// Rows that served their purpose, and how long they are kept after it. The last token of a guest goes with her.
static bool spent_rows(db *d, arena *a, int64_t now, int64_t *removed, err *e)
{
    static const struct {
        const char *sql;
        int days;
    } SPENT[] = {
        { "DELETE FROM idempotency_keys WHERE (owner, key) IN (SELECT owner, key FROM idempotency_keys WHERE "
          "created_at < @ts($1) LIMIT CAST($2 AS bigint))",
          1 },
        { "DELETE FROM guest_tokens WHERE hash IN (SELECT g.hash FROM guest_tokens g JOIN users u ON u.id = g.user_id "
          "WHERE g.expires_at < @ts($1) AND (NOT u.is_guest OR EXISTS (SELECT 1 FROM guest_tokens k WHERE k.user_id = "
          "g.user_id AND k.expires_at >= @ts($1))) LIMIT CAST($2 AS bigint))",
          1 },
        { "DELETE FROM webhooks_received WHERE (source, id) IN (SELECT source, id FROM webhooks_received WHERE "
          "received_at < @ts($1) LIMIT CAST($2 AS bigint))",
          7 },
        { "DELETE FROM jobs WHERE id IN (SELECT id FROM jobs WHERE finished_at < @ts($1) LIMIT CAST($2 AS bigint))",
          30 },
    };
    for (size_t i = 0; i < sizeof SPENT / sizeof *SPENT; i++) {
        sql_rows gone;
        if (!sql_once(d, db_service, SQL_WRITE, a, &gone, e, SPENT[i].sql, "ii", now - SPENT[i].days * DAY,
                      (int64_t)ROWS_STEP))
            return false;
        *removed += gone.changed;
    }
    return true;
}

bool db_retention_sweep(db *d, arena *a, int64_t now, int64_t *removed, err *e)
{
    *removed = 0;
    return old_avatars(d, a, now, removed, e) && loose_tryons(d, a, now, removed, e) &&
           old_events(d, a, now, removed, e) && unused_photos(d, a, now, removed, e) &&
           lost_guests(d, a, now, removed, e) && spent_rows(d, a, now, removed, e);
}
