// Numbered, forward-only migrations in one transaction under a lock: however many instances start at once, each
// migration is applied once, and a failed one leaves the database as it was.
#include "db/sql.h"
#include "common/embed.h"
#include "common/ids.h"

#include <stdlib.h>
#include <string.h>

extern const embedded_file migrations_sqlite[], migrations_postgres[];

static const char TABLE_SQLITE[] =
    "CREATE TABLE IF NOT EXISTS schema_migrations (version INTEGER PRIMARY KEY, name TEXT "
    "NOT NULL, sha256 TEXT NOT NULL, applied_at INTEGER NOT NULL) STRICT";
static const char TABLE_POSTGRES[] =
    "CREATE TABLE IF NOT EXISTS schema_migrations (version bigint PRIMARY KEY, name text NOT NULL, sha256 text NOT "
    "NULL, applied_at timestamptz NOT NULL)";

static const embedded_file *all(const db *d) { return db_is_postgres(d) ? migrations_postgres : migrations_sqlite; }

int db_schema_version(const db *d)
{
    int version = 0;
    for (const embedded_file *f = all(d); f->name; f++) version = (int)strtol(f->name, NULL, 10);
    return version;
}

bool db_schema_current(db *d, arena *a, bool *current, err *e)
{
    sql_rows r;
    if (!sql_once(d, db_service, SQL_READ, a, &r, e, "SELECT max(version) FROM schema_migrations", "")) return false;
    *current = sql_int(&r, 0, 0) >= db_schema_version(d);
    return true;
}

static bool apply(sql_txn *t, const embedded_file *f, int *applied, err *e)
{
    int64_t version = strtol(f->name, NULL, 10);
    sha256_hex sum;
    sha256_text(f->data, f->size, sum);
    sql_rows r;
    if (!sql_run(t, &r, e, "SELECT sha256 FROM schema_migrations WHERE version = $1", "i", version)) return false;
    if (r.count) {
        if (!strcmp(sql_cell(&r, 0, 0), sum)) return true;
        return fail(e, ERR_CONFLICT,
                    "migration %s was changed after it was applied: restore the file and add a new one instead",
                    f->name);
    }
    if (!sql_script(t, (const char *)f->data, e)) return fail_within(e, f->name);
    ++*applied;
    return sql_run(t, NULL, e,
                   "INSERT INTO schema_migrations (version, name, sha256, applied_at) VALUES ($1, $2, $3, @ts($4))",
                   "itti", version, f->name, sum, clock_ms());
}

bool db_migrate(db *d, int *applied, err *e)
{
    *applied = 0;
    arena *a = arena_new(4 << 20);
    sql_txn *t;
    if (!sql_begin(d, db_service, SQL_WRITE, a, &t, e)) {
        arena_free(a);
        return false;
    }
    bool ok = sql_lock_migrations(t, e) && sql_script(t, db_is_postgres(d) ? TABLE_POSTGRES : TABLE_SQLITE, e);
    for (const embedded_file *f = all(d); ok && f->name; f++) ok = apply(t, f, applied, e);
    if (ok)
        ok = sql_commit(t, e);
    else
        sql_abort(t);
    arena_free(a);
    return ok;
}
