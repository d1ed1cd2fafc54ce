#include "db/domain.h"

static db_fate *fate_of(void *work, size_t at) { return (db_fate *)(void *)((char *)work + at); }

// False: one of the writes was refused, and nothing was written.
static bool in_one(db *d, sql_mode mode, arena *a, write_one *write, void *const *work, size_t fate, int count)
{
    sql_txn *t;
    err e = { 0 };
    bool ok = sql_begin(d, db_service, mode, a, &t, &e), refused = false;
    if (ok) {
        for (int i = 0; ok && i < count; i++) ok = write(t, work[i], &e);
        ok = ok && sql_settle(t, &e);
        refused = !ok;
        ok = sql_end(t, ok, &e);
    }
    for (int i = 0; i < count; i++) *fate_of(work[i], fate) = (db_fate){ .ok = ok, .e = e };
    return !refused;
}

void write_together(db *d, sql_mode mode, arena *a, write_one *write, void *const *work, size_t fate, int count)
{
    // A commit that failed may have happened and is not tried again; a refused write is its own caller's fault only.
    if (count < 1 || in_one(d, mode, a, write, work, fate, count) || count == 1) return;
    for (int i = 0; i < count; i++)
        (void)in_one(d, mode, a, write, &work[i], fate, 1); // alone: it says what became of it
}
