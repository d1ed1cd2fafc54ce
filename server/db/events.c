// Events: facts their sender saw. What is counted from them: analytics.c.
#include "db/domain.h"

#include <stddef.h>

bool event_insert(sql_txn *t, const char *brand, const db_event *v, bool *added, err *e)
{
    uuid_text id;
    uuid_new(id);
    // References to rows that are not there (any more), or are another brand's, become null rather than a failure of
    // the whole batch: an event is a fact the sender saw.
    static const char insert[] =
        "INSERT INTO events (id, brand_id, user_id, session_id, garment_id, event_type, dedupe_key, metadata, "
        "created_at) VALUES ($1, $2, (SELECT id FROM users WHERE id = $3), (SELECT id FROM tryon_sessions WHERE "
        "id = $4 AND brand_id = $2), (SELECT id FROM garments WHERE id = $5 AND brand_id = $2), $6, $7, $8, "
        "@ts($9)) ON CONFLICT DO NOTHING";
    const char *metadata = v->metadata ? v->metadata : "{}";
    if (!added)
        return sql_later(t, e, insert, "tttttttti", id, brand, v->user_id, v->session_id, v->garment_id, v->type,
                         v->dedupe_key, metadata, v->created_at);
    sql_rows r;
    if (!sql_run(t, &r, e, insert, "tttttttti", id, brand, v->user_id, v->session_id, v->garment_id, v->type,
                 v->dedupe_key, metadata, v->created_at))
        return false;
    *added = r.changed > 0;
    return true;
}

static bool add(sql_txn *t, void *work, err *e)
{
    db_event_batch *b = work;
    b->added = 0;
    for (int i = 0; i < b->count; i++) {
        bool one;
        if (!event_insert(t, b->brand, &b->events[i], &one, e)) return false;
        b->added += one;
    }
    return true;
}

void db_events_add_all(db *d, arena *a, db_event_batch *const *v, int count)
{
    write_together(d, SQL_WRITE_FAST, a, add, (void *const *)v, offsetof(db_event_batch, fate), count);
}

bool db_events_add(db *d, arena *a, const char *brand, const db_event *v, int count, int *added, err *e)
{
    db_event_batch b = { .brand = brand, .events = v, .count = count };
    db_events_add_all(d, a, &(db_event_batch *){ &b }, 1);
    *added = b.fate.ok ? b.added : 0;
    if (!b.fate.ok) *e = b.fate.e;
    return b.fate.ok;
}
