// Events: facts their sender saw. What is counted from them: analytics.c.
#include "db/domain.h"

#include <assert.h>
#include <stddef.h>

bool event_insert_known(sql_txn *t, const char *brand, const db_event *v, int64_t *added, err *e)
{
    uuid_text id;
    uuid_new(id);
    return sql_later(t, added, e,
                     "INSERT INTO events (id, brand_id, user_id, session_id, garment_id, event_type, dedupe_key, "
                     "metadata, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, @ts($9)) ON CONFLICT DO NOTHING",
                     "tttttttti", id, brand, v->user_id, v->session_id, v->garment_id, v->type, v->dedupe_key,
                     v->metadata ? v->metadata : "{}", v->created_at);
}

bool event_insert(sql_txn *t, const char *brand, const db_event *v, int64_t *added, err *e)
{
    if (!v->user_id && !v->session_id && !v->garment_id) // most of a shop's own: nothing to look up
        return event_insert_known(t, brand, v, added, e);
    uuid_text id;
    uuid_new(id);
    // References to rows that are not there (any more), or are another brand's, become null rather than a failure of
    // the whole batch: an event is a fact the sender saw. Shops report what was bought by its session alone: the
    // garment is then what was tried on in it.
    return sql_later(
        t, added, e,
        "INSERT INTO events (id, brand_id, user_id, session_id, garment_id, event_type, dedupe_key, metadata, "
        "created_at) VALUES ($1, $2, (SELECT id FROM users WHERE id = $3), (SELECT id FROM tryon_sessions WHERE "
        "id = $4 AND brand_id = $2), coalesce((SELECT id FROM garments WHERE id = $5 AND brand_id = $2), (SELECT "
        "garment_id FROM tryon_sessions WHERE id = $4 AND brand_id = $2)), $6, $7, $8, @ts($9)) ON CONFLICT DO "
        "NOTHING",
        "tttttttti", id, brand, v->user_id, v->session_id, v->garment_id, v->type, v->dedupe_key,
        v->metadata ? v->metadata : "{}", v->created_at);
}

// A batch being written, and how many rows each of its events became.
typedef struct {
    db_event_batch *b;
    int64_t *added;
    db_fate fate;
} writing;

static bool add(sql_txn *t, void *work, err *e)
{
    const writing *w = work;
    for (int i = 0; i < w->b->count; i++)
        if (!event_insert(t, w->b->brand, &w->b->events[i], &w->added[i], e)) return false;
    return true;
}

void db_events_add_all(db *d, arena *a, db_event_batch *const *v, int count)
{
    size_t all = 0;
    assert(count > 0);
    for (int i = 0; i < count; i++) all += (size_t)v[i]->count;
    writing *w = arena_surely(a, sizeof *w * (size_t)count);
    void **work = arena_surely(a, sizeof *work * (size_t)count);
    int64_t *added = arena_surely(a, sizeof *added * all), *at = added;
    for (int i = 0; i < count; at += v[i++]->count) {
        w[i] = (writing){ .b = v[i], .added = at };
        work[i] = &w[i];
    }
    write_together(d, SQL_WRITE_FAST, a, add, work, offsetof(writing, fate), count);
    for (int i = 0; i < count; i++) {
        v[i]->fate = w[i].fate;
        v[i]->added = 0;
        for (int k = 0; w[i].fate.ok && k < v[i]->count; k++) v[i]->added += w[i].added[k] > 0;
    }
}

bool db_events_add(db *d, arena *a, const char *brand, const db_event *v, int count, int *added, err *e)
{
    db_event_batch b = { .brand = brand, .events = v, .count = count };
    db_events_add_all(d, a, &(db_event_batch *){ &b }, 1);
    *added = b.added;
    if (!b.fate.ok) *e = b.fate.e;
    return b.fate.ok;
}
