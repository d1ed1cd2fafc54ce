// Events: facts their sender saw. What is counted from them: analytics.c.
#include "db/domain.h"

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

bool db_events_add(db *d, arena *a, const char *brand, const db_event *v, int count, int *added, err *e)
{
    *added = 0;
    sql_txn *t;
    if (!sql_begin(d, db_service, SQL_WRITE_FAST, a, &t, e)) return false;
    bool ok = true;
    for (int i = 0; ok && i < count; i++) {
        bool one = false;
        ok = event_insert(t, brand, &v[i], &one, e);
        *added += one;
    }
    return sql_end(t, ok, e);
}
