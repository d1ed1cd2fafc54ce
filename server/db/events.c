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
