// SQLite behind sql.h: WAL, STRICT tables, one writer.
//
// A reader that begins takes locks in the file system, under one mutex of the whole process: that costs more than most
// reads. So a reading connection keeps its view, a read transaction, as long as nobody here has written; then single
// reads are memory alone. What another process writes is seen VIEW_MS later at most.
#include "db/sql.h"
#include "base/mem.h"
#include "common/text.h"
#include "db/sqlite_log.h"

#include <fcntl.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { CACHE = 256 }; // power of two; more than the statements there are
enum { VIEW_MS = 5 };
// Pages of the log: so many are carried back into the file at once, and of so many the disk is told beforehand.
enum { CARRIED = 4000, TOLD = 1000 };
enum { FRAME = 4096 + 24, LOG_HEAD = 32 }; // bytes of a page in the log, and before the first (SQLite's file format)

struct sql_conn {
    sqlite3 *s;
    bool broken, writer;
    int synchronous;       // 1 NORMAL, 2 FULL: as last set
    atomic_uint *writes;   // of the database: commits of this process
    bool viewing;          // a read transaction is open that no caller asked for
    unsigned seen;         // writes when it began
    int64_t view_until_ms; // of clock_mono_ms
    int log;               // the log's file; -1: not open
    int pages;             // of the log
    int told, tried; // of its pages: those that the disk has been told of; how many they were when it was carried back
    struct {
        const char *sql; // the literal's address is its name
        sqlite3_stmt *stmt;
        uint8_t place[SQL_MAX_ARGS]; // where SQLite has $1, $2, …; 0: it has no such parameter
    } cache[CACHE];
};

// Named once: the cache knows a statement by its address.
static const char BEGIN[] = "BEGIN", BEGIN_WRITE[] = "BEGIN IMMEDIATE", COMMIT[] = "COMMIT";

static const sql_macro MACROS[] = { { "ms", "", "" },
                                    { "ts", "", "" },
                                    { "day", "date((", ")/1000,'unixepoch')" },
                                    { "lock", "", "" },
                                    { "each", "json_each(", ")" },
                                    { "items", "json_each(", ")" },
                                    { NULL, NULL, NULL } };

static bool failed(sql_conn *c, err *e)
{
    int code = sqlite3_extended_errcode(c->s), primary = code & 0xff;
    const char *text = sqlite3_errmsg(c->s);
    if (code == SQLITE_CONSTRAINT_FOREIGNKEY) return fail(e, ERR_NOT_FOUND, "database: %s", text);
    if (primary == SQLITE_CONSTRAINT) return fail(e, ERR_CONFLICT, "database: %s", text);
    if (primary == SQLITE_BUSY || primary == SQLITE_LOCKED) return fail(e, ERR_BUSY, "database: %s", text);
    if (primary == SQLITE_FULL) return fail(e, ERR_IO, "database: the disk is full");
    return fail(e, ERR_IO, "database: %s", text);
}

static bool exec(sql_conn *c, const char *sql, err *e)
{
    return sqlite3_exec(c->s, sql, NULL, NULL, NULL) == SQLITE_OK || failed(c, e);
}

static void lite_close(sql_conn *c)
{
    for (int i = 0; i < CACHE; i++) sqlite3_finalize(c->cache[i].stmt);
    sqlite3_close(c->s);
    if (c->log >= 0) close(c->log);
    mem_free(c);
}

static pthread_once_t configured = PTHREAD_ONCE_INIT;

// SQLite's count of its memory takes a lock at each allocation, for figures that nobody asks for.
static void configure(void) { sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0); }

// After each commit. Before the log is carried back it has to be on the disk, while writers wait; what the disk was
// told of on the way is there by then.
static int committed(void *ctx, sqlite3 *s, const char *name, int pages)
{
    sql_conn *c = ctx;
    if (pages < c->pages) c->told = c->tried = 0; // it was carried back and begins anew
    c->pages = pages;
    if (pages - c->told >= TOLD) {
        if (c->log < 0) c->log = open(sqlite3_filename_wal(sqlite3_db_filename(s, name)), O_RDONLY | O_CLOEXEC);
        // A head start and no more: what must be on the disk, SQLite itself sees to.
        if (c->log >= 0)
            (void)sync_file_range(c->log, LOG_HEAD + (off64_t)c->told * FRAME, (off64_t)(pages - c->told) * FRAME,
                                  SYNC_FILE_RANGE_WRITE);
        c->told = pages;
    }
    return SQLITE_OK;
}

static sql_log lite_log(const sql_conn *c)
{
    return c->pages < CARRIED || c->pages - c->tried < TOLD ? LOG_SHORT : c->tried ? LOG_HELD : LOG_LONG;
}

// The log begins anew with the next commit when all of it was carried back and nobody looks at it any more. Whether
// that succeeds is a later commit's matter: what was committed is safe in the log.
static void lite_carry_back(sql_conn *c)
{
    c->tried = c->pages;
    (void)sqlite3_wal_checkpoint_v2(c->s, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
}

static bool lite_open(const db *d, bool writer, sql_conn **out, err *e)
{
    pthread_once(&configured, configure);
    sql_conn *c = mem_new(1, sizeof *c);
    c->writer = writer;
    c->writes = db_writes(d);
    c->log = -1;
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | (writer ? SQLITE_OPEN_CREATE : 0);
    if (sqlite3_open_v2(db_location(d), &c->s, flags, sqlite_log_vfs()) != SQLITE_OK) {
        fail(e, ERR_IO, "database: cannot open %s: %s", db_location(d), sqlite3_errmsg(c->s));
        lite_close(c);
        return false;
    }
    sqlite3_busy_timeout(c->s, 15000);
    sqlite3_extended_result_codes(c->s, 1);
    c->synchronous = 2;
    if (!exec(c,
              "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; PRAGMA trusted_schema=OFF; "
              "PRAGMA cache_size=-8000; PRAGMA mmap_size=268435456; PRAGMA journal_size_limit=67108864;",
              e)) {
        lite_close(c);
        return false;
    }
    sqlite3_wal_hook(c->s, committed, c); // in place of SQLite's own, which carries back 1,000 pages at a time
    *out = c;
    return true;
}

static sqlite3_stmt *prepared(sql_conn *c, const char *sql, arena *a, const uint8_t **place, err *e)
{
    size_t at = ((uintptr_t)sql >> 3) * 0x9e3779b97f4a7c15u >> 56 & (CACHE - 1);
    for (size_t i = 0; i < CACHE; i++, at = (at + 1) & (CACHE - 1)) {
        *place = c->cache[at].place;
        if (c->cache[at].sql == sql) return c->cache[at].stmt;
        if (c->cache[at].sql) continue;
        const char *text = sql_expand(sql, MACROS, a);
        sqlite3_stmt *stmt;
        if (!text) {
            fail(e, ERR_MEMORY, "database: no memory for a statement");
            return NULL;
        }
        if (sqlite3_prepare_v3(c->s, text, -1, SQLITE_PREPARE_PERSISTENT, &stmt, NULL) != SQLITE_OK) {
            failed(c, e);
            return NULL;
        }
        c->cache[at].sql = sql;
        c->cache[at].stmt = stmt;
        for (int k = 0; k < SQL_MAX_ARGS; k++) {
            char name[8];
            snprintf(name, sizeof name, "$%d", k + 1);
            c->cache[at].place[k] = (uint8_t)sqlite3_bind_parameter_index(stmt, name);
        }
        return stmt;
    }
    fail(e, ERR_INTERNAL, "database: more than %d different statements", CACHE);
    return NULL;
}

// One of the few statements without parameters or rows that come with every transaction.
static bool command(sql_conn *c, const char *sql, err *e)
{
    const uint8_t *place;
    sqlite3_stmt *s = prepared(c, sql, NULL, &place, e);
    if (!s) return false;
    bool ok = sqlite3_step(s) == SQLITE_DONE || failed(c, e);
    sqlite3_reset(s);
    return ok;
}

static bool lite_alive(sql_conn *c) { return !c->broken; }

static bool lite_lost(sql_conn *c) { return c->broken; }

static void view_end(sql_conn *c)
{
    if (!c->viewing) return;
    c->viewing = false;
    if (!command(c, COMMIT, NULL)) c->broken = true;
}

// Before a read by itself: a view in which everything is that this process has written.
static bool view_renew(sql_conn *c, err *e)
{
    unsigned writes = atomic_load(c->writes); // before the view begins: it may hold more, never less
    int64_t now = clock_mono_ms();
    if (c->viewing && c->seen == writes && now < c->view_until_ms) return true;
    view_end(c);
    if (!command(c, BEGIN, e)) return false;
    c->viewing = true;
    c->seen = writes;
    c->view_until_ms = now + VIEW_MS;
    return true;
}

static bool lite_begin(sql_conn *c, db_scope scope, sql_mode mode, err *e)
{
    view_end(c);
    (void)scope; // every statement names its owner itself; on PostgreSQL row-level security checks it again
    int want = mode == SQL_WRITE_FAST ? 1 : 2;
    if (mode != SQL_READ && want != c->synchronous) {
        if (!exec(c, want == 1 ? "PRAGMA synchronous=NORMAL" : "PRAGMA synchronous=FULL", e)) return false;
        c->synchronous = want;
    }
    return command(c, mode == SQL_READ ? BEGIN : BEGIN_WRITE, e);
}

static void lite_rollback(sql_conn *c)
{
    if (!sqlite3_get_autocommit(c->s) && sqlite3_exec(c->s, "ROLLBACK", NULL, NULL, NULL) != SQLITE_OK)
        c->broken = true;
}

static bool lite_commit(sql_conn *c, err *e)
{
    bool ok = command(c, COMMIT, e);
    if (!ok) lite_rollback(c);
    if (c->writer) atomic_fetch_add(c->writes, 1); // even if it failed: it may have happened
    return ok;
}

// A whole number as text, sooner than SQLite makes it.
static bool whole_number(sqlite3_stmt *s, int column, char out[INT_TEXT])
{
    int type = sqlite3_column_type(s, column);
    if (type == SQLITE_INTEGER) return int_text(sqlite3_column_int64(s, column), out), true;
    if (type != SQLITE_FLOAT) return false;
    double v = sqlite3_column_double(s, column);
    if (!(v > -1e15 && v < 1e15) || v != (double)(int64_t)v) return false;
    int_text((int64_t)v, out);
    return true;
}

static bool lite_run(sql_conn *c, const char *sql, const sql_value *v, int n, arena *a, sql_rows *rows, err *e)
{
    const uint8_t *place;
    if ((c->viewing || sqlite3_get_autocommit(c->s)) && !c->writer && !view_renew(c, e)) return false;
    sqlite3_stmt *s = prepared(c, sql, a, &place, e);
    if (!s) return false;
    for (int i = 0; i < n; i++) {
        int at = place[i];
        if (!at) continue; // a parameter only the other dialect needs
        if (v[i].type == SQL_TEXT)
            sqlite3_bind_text(s, at, v[i].text, -1, SQLITE_STATIC);
        else if (v[i].type == SQL_INT)
            sqlite3_bind_int64(s, at, v[i].number);
        else if (v[i].type == SQL_REAL)
            sqlite3_bind_double(s, at, v[i].real);
        else
            sqlite3_bind_null(s, at);
    }
    *rows = (sql_rows){ .columns = sqlite3_column_count(s) };
    int cap = 0, step;
    while ((step = sqlite3_step(s)) == SQLITE_ROW) {
        if (rows->count == cap) {
            int bigger = cap ? cap * 2 : 4;
            const char **cell = arena_array(a, const char *, (size_t)(bigger * rows->columns));
            if (!cell) {
                sqlite3_reset(s);
                return fail(e, ERR_LIMIT, "database: the answer is larger than this request may hold");
            }
            if (cap) memcpy(cell, rows->cell, sizeof *cell * (size_t)(cap * rows->columns));
            rows->cell = cell;
            cap = bigger;
        }
        for (int k = 0; k < rows->columns; k++) {
            const char **cell = &rows->cell[rows->count * rows->columns + k], *text;
            char number[INT_TEXT];
            size_t length;
            *cell = NULL;
            if (whole_number(s, k, number)) {
                text = number;
                length = strlen(number);
            } else {
                text = (const char *)sqlite3_column_text(s, k);
                length = (size_t)sqlite3_column_bytes(s, k);
            }
            if (!text || (*cell = sql_keep(a, text, length, e))) continue;
            sqlite3_reset(s);
            return false;
        }
        rows->count++;
    }
    bool ok = step == SQLITE_DONE || failed(c, e);
    rows->changed = sqlite3_changes64(c->s);
    sqlite3_reset(s);
    sqlite3_clear_bindings(s);
    return ok;
}

static bool lite_later(sql_conn *c, const char *sql, const sql_value *v, int n, arena *a, int64_t *changed, err *e)
{
    sql_rows r; // nobody is far away: it is done at once
    if (!lite_run(c, sql, v, n, a, &r, e)) return false;
    if (changed) *changed = r.changed;
    return true;
}

static bool lite_settle(sql_conn *c, err *e)
{
    (void)c, (void)e;
    return true;
}

static bool lite_each(sql_conn *c, sql_ask *v, int count, err *e)
{
    bool ok = true;
    for (int i = 0; ok && i < count; i++) ok = lite_run(c, v[i].sql, v[i].value, v[i].count, v[i].a, &v[i].rows, e);
    return ok;
}

static bool lite_lock(sql_conn *c, err *e)
{
    (void)c, (void)e; // BEGIN IMMEDIATE is the lock
    return true;
}

const sql_driver sql_sqlite = { lite_open,       lite_close, lite_alive,  lite_lost,     view_end, lite_log,
                                lite_carry_back, lite_begin, lite_commit, lite_rollback, lite_run, lite_later,
                                lite_settle,     lite_each,  exec,        lite_lock };
