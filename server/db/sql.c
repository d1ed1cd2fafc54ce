// The pool of connections, transactions, and the binding of parameters: what both engines share.
#include "db/sql.h"
#include "base/mem.h"
#include "common/text.h"

#include <assert.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_IDLE = 16 };
enum { REST_MS = 20 }; // what reads longer is not waited for

struct db {
    const sql_driver *driver;
    char *location;
    int limit; // connections at once
    pthread_mutex_t lock;
    pthread_cond_t freed;
    sql_conn *idle[MAX_IDLE];
    int idle_count, open_count;
    bool resting; // nobody is to begin reading for a moment
    // SQLite has one writer at a time: a second connection would only wait inside the library.
    pthread_mutex_t writer_lock;
    sql_conn *writer;
    atomic_uint *writes;
};

struct sql_txn {
    db *d;
    sql_conn *c;
    arena *a;
    db_scope scope;
    sql_mode mode;
    bool writer, open; // open: begun
    bool fresh;        // nothing was done in it yet
};

const db_scope db_service = { .as = DB_SERVICE, .id = "" };

const char *db_location(const db *d) { return d->location; }
atomic_uint *db_writes(const db *d) { return d->writes; }
bool db_is_postgres(const db *d) { return d->driver == &sql_postgres; }
bool db_is_far(const db *d) { return db_is_postgres(d); }

bool db_open(const char *url, int connections, db **out, err *e)
{
    bool postgres = !strncmp(url, "postgres://", 11) || !strncmp(url, "postgresql://", 13);
    if (!postgres && strncmp(url, "sqlite:", 7) != 0)
        return fail(e, ERR_INPUT, "database: \"%.40s\" is neither sqlite:FILE nor postgres://…", url);
    db *d = mem_new(1, sizeof *d);
    d->driver = postgres ? &sql_postgres : &sql_sqlite;
    d->location = mem_strdup(postgres ? url : url + 7);
    d->writes = mem_new(1, sizeof *d->writes);
    d->limit = connections < 1 ? 1 : connections > MAX_IDLE ? MAX_IDLE : connections;
    pthread_mutex_init(&d->lock, NULL);
    pthread_mutex_init(&d->writer_lock, NULL);
    pthread_cond_init(&d->freed, NULL);
    // One connection at once, so that a wrong address or a missing folder is said at start.
    sql_conn *first;
    if (!d->driver->open(d, !postgres, &first, e)) {
        db_close(d);
        return false;
    }
    if (postgres) {
        d->idle[d->idle_count++] = first;
        d->open_count = 1;
    } else {
        d->writer = first;
    }
    *out = d;
    return true;
}

void db_close(db *d)
{
    if (!d) return;
    for (int i = 0; i < d->idle_count; i++) d->driver->close(d->idle[i]);
    if (d->writer) d->driver->close(d->writer);
    pthread_mutex_destroy(&d->lock);
    pthread_mutex_destroy(&d->writer_lock);
    pthread_cond_destroy(&d->freed);
    mem_free(d->location);
    mem_free(d->writes);
    mem_free(d);
}

// Under d->lock, after a connection came back or was lost: for one that wants it, or for all who wait for different
// things.
static void tell(db *d)
{
    if (d->resting)
        pthread_cond_broadcast(&d->freed);
    else
        pthread_cond_signal(&d->freed);
}

static bool borrow(db *d, sql_conn **out, err *e)
{
    pthread_mutex_lock(&d->lock);
    while (d->resting || (!d->idle_count && d->open_count >= d->limit)) pthread_cond_wait(&d->freed, &d->lock);
    if (d->idle_count) {
        *out = d->idle[--d->idle_count];
        pthread_mutex_unlock(&d->lock);
        return true;
    }
    d->open_count++;
    pthread_mutex_unlock(&d->lock);
    if (d->driver->open(d, false, out, e)) return true;
    pthread_mutex_lock(&d->lock);
    d->open_count--;
    tell(d);
    pthread_mutex_unlock(&d->lock);
    return false;
}

static void give_back(db *d, sql_conn *c)
{
    bool keep = d->driver->alive(c);
    if (!keep) d->driver->close(c);
    pthread_mutex_lock(&d->lock);
    if (keep)
        d->idle[d->idle_count++] = c;
    else
        d->open_count--;
    tell(d);
    pthread_mutex_unlock(&d->lock);
}

// What an idle connection still looks at could not be written back, and the log would grow for ever. alone: those at
// work are waited for first, and nobody begins until resting is false again.
static void rest_all(db *d, bool alone)
{
    pthread_mutex_lock(&d->lock);
    d->resting = alone;
    int64_t until = alone ? clock_mono_ms() + REST_MS : 0;
    while (alone && d->idle_count < d->open_count && clock_wait(&d->freed, &d->lock, until)) continue;
    for (int i = 0; i < d->idle_count; i++) d->driver->rest(d->idle[i]);
    pthread_mutex_unlock(&d->lock);
}

void db_rest(db *d) { rest_all(d, false); }

// After a commit. Readers may go on while the log is carried back. But among many there is always one that looks at an
// older state: alone, those at work are waited for, and new ones wait for the few milliseconds that it takes.
static void carry_back(db *d, sql_conn *writer, bool alone)
{
    rest_all(d, alone);
    d->driver->carry_back(writer);
    if (!alone) return;
    pthread_mutex_lock(&d->lock);
    d->resting = false;
    pthread_cond_broadcast(&d->freed);
    pthread_mutex_unlock(&d->lock);
}

static bool txn_open(db *d, db_scope scope, sql_mode mode, arena *a, bool bare, sql_txn *t, err *e)
{
    *t = (sql_txn){
        .d = d, .a = a, .scope = scope, .mode = mode, .writer = !db_is_postgres(d) && mode != SQL_READ, .fresh = true
    };
    if (t->writer) {
        pthread_mutex_lock(&d->writer_lock);
        t->c = d->writer;
    } else if (!borrow(d, &t->c, e)) {
        return false;
    }
    if (bare && !(db_is_postgres(d) && scope.as != DB_SERVICE)) return true;
    t->open = d->driver->begin(t->c, scope, bare ? SQL_ALONE : mode, e);
    if (t->open) {
        t->open = !bare;
        return true;
    }
    if (t->writer)
        pthread_mutex_unlock(&d->writer_lock);
    else
        give_back(d, t->c);
    return false;
}

static bool txn_close(sql_txn *t, bool commit, err *e)
{
    bool ok = true;
    if (!t->c) return fail(e, ERR_IO, "database: the connection was lost"); // and no other was to be had
    if (t->open) {
        if (commit && t->writer) rest_all(t->d, false);
        if (commit)
            ok = t->d->driver->commit(t->c, e);
        else
            t->d->driver->rollback(t->c);
    }
    sql_log log = t->writer ? t->d->driver->log(t->c) : LOG_SHORT;
    if (log != LOG_SHORT) carry_back(t->d, t->c, log == LOG_HELD);
    if (t->writer)
        pthread_mutex_unlock(&t->d->writer_lock);
    else
        give_back(t->d, t->c);
    return ok;
}

bool sql_begin(db *d, db_scope scope, sql_mode mode, arena *a, sql_txn **out, err *e)
{
    sql_txn *t = mem_new(1, sizeof *t);
    if (!txn_open(d, scope, mode, a, false, t, e)) {
        mem_free(t);
        return false;
    }
    *out = t;
    return true;
}

bool sql_commit(sql_txn *t, err *e)
{
    bool ok = txn_close(t, true, e);
    mem_free(t);
    return ok;
}

void sql_abort(sql_txn *t)
{
    (void)txn_close(t, false, NULL);
    mem_free(t);
}

bool sql_script(sql_txn *t, const char *sql, err *e) { return t->d->driver->script(t->c, sql, e); }
bool sql_lock_migrations(sql_txn *t, err *e) { return t->d->driver->lock_migrations(t->c, e); }

static bool bind_va(sql_value *v, int *n, err *e, const char *types, va_list ap)
{
    for (*n = 0; types[*n]; ++*n) {
        if (*n == SQL_MAX_ARGS) return fail(e, ERR_INTERNAL, "sql: more than %d parameters", SQL_MAX_ARGS);
        sql_value *one = &v[*n];
        *one = (sql_value){ .type = SQL_INT };
        if (types[*n] == 't') {
            one->text = va_arg(ap, const char *);
            one->type = one->text ? SQL_TEXT : SQL_NULL;
        } else if (types[*n] == 'i') {
            one->number = va_arg(ap, int64_t);
        } else if (types[*n] == 'd') {
            one->real = va_arg(ap, double);
            one->type = SQL_REAL;
        } else {
            one->number = va_arg(ap, int) != 0;
        }
    }
    return true;
}

static bool run_va(sql_txn *t, sql_rows *rows, err *e, const char *sql, const char *types, va_list ap)
{
    sql_value v[SQL_MAX_ARGS];
    int n;
    if (!bind_va(v, &n, e, types, ap)) return false;
    sql_rows ignored;
    const sql_driver *driver = t->d->driver;
    bool first = t->fresh && t->open && !t->writer;
    t->fresh = false;
    if (!rows) rows = &ignored;
    if (driver->run(t->c, sql, v, n, t->a, rows, e)) return true;
    if (!first || !driver->lost(t->c)) return false;
    // A connection that died while idle (the server restarted, a pooler timed it out) is replaced once: nothing of this
    // transaction was committed.
    give_back(t->d, t->c);
    t->c = NULL;
    return borrow(t->d, &t->c, e) && driver->begin(t->c, t->scope, t->mode, e) &&
           driver->run(t->c, sql, v, n, t->a, rows, e);
}

bool sql_run(sql_txn *t, sql_rows *rows, err *e, const char *sql, const char *types, ...)
{
    va_list ap;
    va_start(ap, types);
    bool ok = run_va(t, rows, e, sql, types, ap);
    va_end(ap);
    return ok;
}

bool sql_later(sql_txn *t, int64_t *changed, err *e, const char *sql, const char *types, ...)
{
    va_list ap;
    va_start(ap, types);
    bool ok;
    if (t->fresh) { // the first is waited for: it may have to be asked of another connection
        sql_rows r;
        ok = run_va(t, &r, e, sql, types, ap);
        if (ok && changed) *changed = r.changed;
    } else {
        sql_value v[SQL_MAX_ARGS];
        int n;
        ok = bind_va(v, &n, e, types, ap) && t->d->driver->later(t->c, sql, v, n, t->a, changed, e);
    }
    va_end(ap);
    return ok;
}

bool sql_settle(sql_txn *t, err *e) { return t->d->driver->settle(t->c, e); }

bool sql_once(db *d, db_scope scope, sql_mode mode, arena *a, sql_rows *rows, err *e, const char *sql,
              const char *types, ...)
{
    bool bare = db_is_postgres(d) || mode == SQL_READ; // a transaction by itself
    for (int attempt = 0;; attempt++) {
        sql_txn t;
        if (!txn_open(d, scope, mode, a, bare, &t, e)) return false;
        va_list ap;
        va_start(ap, types);
        bool ok = run_va(&t, rows, e, sql, types, ap);
        va_end(ap);
        bool lost = !ok && bare && !t.writer && d->driver->lost(t.c);
        if (!ok) {
            txn_close(&t, false, NULL);
            // A read lost with its connection may simply be asked again; a write may have happened.
            if (lost && mode == SQL_READ && attempt == 0) continue;
            return false;
        }
        return txn_close(&t, true, e);
    }
}

bool sql_each(db *d, sql_ask *v, int count, err *e)
{
    for (int i = 1; i < count; i++) assert(v[i].scope.as != DB_SERVICE || v[i - 1].scope.as == DB_SERVICE);
    for (int attempt = 0;; attempt++) {
        sql_txn t;
        if (!txn_open(d, db_service, SQL_READ, v->a, true, &t, e)) return false;
        bool ok = d->driver->each(t.c, v, count, e), again = !ok && d->driver->lost(t.c) && attempt == 0;
        if (ok || !again) return txn_close(&t, ok, ok ? e : NULL) && ok;
        (void)txn_close(&t, false, NULL);
    }
}

const char *sql_expand(const char *sql, const sql_macro *macros, arena *a)
{
    if (!strchr(sql, '@')) return sql;
    buf out = buf_new(1 << 20);
    bool ok = true, replaced = false;
    for (const char *p = sql; *p && ok;) {
        const sql_macro *m = NULL;
        size_t len = 0;
        if (*p == '@')
            for (m = macros; m->name; m++) {
                len = strlen(m->name);
                if (!strncmp(p + 1, m->name, len) && p[1 + len] == '(') break;
            }
        if (!m || !m->name) {
            ok = buf_append(&out, p++, 1);
            continue;
        }
        const char *arg = p + len + 2, *end = arg;
        for (int depth = 1; *end; end++) {
            if (*end == '(') depth++;
            if (*end == ')' && --depth == 0) break;
        }
        ok = buf_printf(&out, "%s%.*s%s", m->before, (int)(end - arg), arg, m->after);
        p = *end ? end + 1 : end;
        replaced = true;
    }
    const char *text = ok ? arena_textn(a, (const char *)out.data, out.len) : NULL;
    buf_free(&out);
    return replaced && ok ? sql_expand(text, macros, a) : text; // a macro inside another's argument
}

const char *sql_keep(arena *a, const char *text, size_t n, err *e)
{
    char *copy = arena_alloc(a, n + 1, 1);
    if (!copy) {
        fail(e, ERR_LIMIT, "database: the answer is larger than this request may hold");
        return NULL;
    }
    memcpy(copy, text, n);
    return copy;
}

const char *sql_cell(const sql_rows *r, int row, int column) { return r->cell[row * r->columns + column]; }

int64_t sql_int(const sql_rows *r, int row, int column)
{
    const char *s = sql_cell(r, row, column);
    return s ? strtoll(s, NULL, 10) : 0;
}

double sql_real(const sql_rows *r, int row, int column)
{
    const char *s = sql_cell(r, row, column);
    return s ? strtod(s, NULL) : 0;
}

bool sql_true(const sql_rows *r, int row, int column)
{
    const char *s = sql_cell(r, row, column);
    return s && (s[0] == 't' || s[0] == '1');
}

void sql_copy(const sql_rows *r, int row, int column, char *out, size_t size)
{
    const char *s = sql_cell(r, row, column);
    snprintf(out, size, "%s", s ? s : "");
}
