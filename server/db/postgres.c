// PostgreSQL behind sql.h. Only unnamed statements and settings local to a transaction, so that a pooler in transaction
// mode (pgbouncer, Supavisor) may hand each transaction another server process.
#include "db/sql.h"
#include "base/mem.h"
#include "common/text.h"

#include "common/ids.h"

#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KNOWN = 256 }; // power of two; more than the statements there are

struct sql_conn {
    PGconn *pg;
    // What goes before the next statement, in the same packet: a transaction's beginning and its settings cost no round
    // trip of their own.
    char before[2][400];
    int before_count;
    bool in_txn, begun; // begun: the server has heard of it
    int unread;         // statements sent whose answers were not waited for
    int64_t **changed;  // [changed_room]: who wants to know how many rows the unread ones changed, or NULL
    int changed_room;
    struct {
        const char *sql; // the literal's address is its name
        char *text;      // with its macros expanded
    } known[KNOWN];
};

static const sql_macro MACROS[] = { { "ms", "(extract(epoch from ", ")*1000)::bigint" },
                                    { "ts", "to_timestamp((", ")::bigint/1000.0)" },
                                    { "day", "to_char((", ") AT TIME ZONE 'UTC','YYYY-MM-DD')" },
                                    { "lock", "FOR UPDATE SKIP LOCKED", "" },
                                    { "each", "jsonb_each(", ")" },
                                    { "items", "jsonb_array_elements(", ")" },
                                    { NULL, NULL, NULL } };

static bool failed(sql_conn *c, PGresult *r, err *e)
{
    char state[6] = "", text[240];
    if (r) {
        const char *s = PQresultErrorField(r, PG_DIAG_SQLSTATE), *m = PQresultErrorField(r, PG_DIAG_MESSAGE_PRIMARY);
        snprintf(state, sizeof state, "%s", s ? s : "");
        snprintf(text, sizeof text, "%s", m ? m : PQerrorMessage(c->pg));
        PQclear(r);
    } else {
        snprintf(text, sizeof text, "%s", PQerrorMessage(c->pg));
    }
    text[strcspn(text, "\r\n")] = 0;
    err_code code = ERR_IO;
    if (!strcmp(state, "23503"))
        code = ERR_NOT_FOUND;
    else if (!strncmp(state, "23", 2))
        code = ERR_CONFLICT;
    else if (!strncmp(state, "22", 2))
        code = ERR_INPUT;
    else if (!strcmp(state, "42501"))
        code = ERR_DENIED;
    else if (!strcmp(state, "40001") || !strcmp(state, "40P01") || !strcmp(state, "55P03"))
        code = ERR_BUSY;
    return fail(e, code, "database: %s%s%s%s", text, *state ? " (" : "", state, *state ? ")" : "");
}

static bool simple(sql_conn *c, const char *sql, err *e)
{
    PGresult *r = PQexec(c->pg, sql);
    ExecStatusType s = PQresultStatus(r);
    if (s != PGRES_COMMAND_OK && s != PGRES_TUPLES_OK) return failed(c, r, e);
    PQclear(r);
    return true;
}

static void pg_close(sql_conn *c)
{
    PQfinish(c->pg);
    for (int i = 0; i < KNOWN; i++) mem_free(c->known[i].text);
    mem_free(c->changed);
    mem_free(c);
}

// The statement as PostgreSQL reads it, or NULL.
static const char *expanded(sql_conn *c, const char *sql, arena *a, err *e)
{
    if (!strchr(sql, '@')) return sql;
    size_t at = ((uintptr_t)sql >> 3) * 0x9e3779b97f4a7c15u >> 56 & (KNOWN - 1);
    for (size_t i = 0; i < KNOWN; i++, at = (at + 1) & (KNOWN - 1)) {
        if (c->known[at].sql == sql) return c->known[at].text;
        if (c->known[at].sql) continue;
        const char *text = sql_expand(sql, MACROS, a);
        if (!text) break;
        c->known[at].sql = sql;
        return c->known[at].text = mem_strdup(text);
    }
    const char *text = sql_expand(sql, MACROS, a);
    if (!text) fail(e, ERR_MEMORY, "database: no memory for a statement");
    return text;
}

static void quiet(void *arg, const char *message) { (void)arg, (void)message; }

static bool pg_open(const db *d, bool writer, sql_conn **out, err *e)
{
    (void)writer;
    sql_conn *c = mem_new(1, sizeof *c);
    const char *keys[] = {
        "dbname", "connect_timeout", "application_name", "keepalives_idle", "client_encoding", NULL
    };
    const char *values[] = { db_location(d), "10", "tryon", "30", "UTF8", NULL };
    c->pg = PQconnectdbParams(keys, values, 1);
    if (PQstatus(c->pg) != CONNECTION_OK) {
        char text[240];
        snprintf(text, sizeof text, "%s", PQerrorMessage(c->pg));
        text[strcspn(text, "\r\n")] = 0;
        fail(e, ERR_IO, "database: %s", text);
        pg_close(c);
        return false;
    }
    PQsetNoticeProcessor(c->pg, quiet, NULL); // "relation already exists, skipping" is no news
    *out = c;
    return true;
}

static bool pg_alive(sql_conn *c)
{
    return PQstatus(c->pg) == CONNECTION_OK && PQtransactionStatus(c->pg) == PQTRANS_IDLE;
}

static bool pg_lost(sql_conn *c) { return PQstatus(c->pg) != CONNECTION_OK; }

static void pg_rest(sql_conn *c) { (void)c; }

static sql_log pg_log(const sql_conn *c)
{
    (void)c; // the database sees to it itself
    return LOG_SHORT;
}

static bool pg_begin(sql_conn *c, db_scope scope, sql_mode mode, err *e)
{
    if (scope.as != DB_SERVICE && !uuid_parse(scope.id, NULL))
        return fail(e, ERR_INTERNAL, "database: a scope without an id");
    // A statement alone needs no BEGIN: what is sent up to one Sync is a transaction, and settings last as long.
    c->before_count = 0;
    c->in_txn = mode != SQL_ALONE;
    c->begun = false;
    if (c->in_txn) snprintf(c->before[c->before_count++], sizeof c->before[0], "BEGIN");
    if (scope.as != DB_SERVICE)
        snprintf(
            c->before[c->before_count++], sizeof c->before[0],
            "SELECT set_config('request.jwt.claims','{\"role\":\"authenticated\",\"%s\":\"%s\"}',true),"
            "set_config('request.jwt.claim.sub','%s',true),set_config('request.jwt.claim.role','authenticated',true),"
            "set_config('role','authenticated',true)",
            scope.as == DB_USER ? "sub" : "brand_id", scope.id, scope.as == DB_USER ? scope.id : "");
    return true;
}

// Sends what is waiting by itself: before statements that cannot share its packet.
static bool begin_now(sql_conn *c, err *e)
{
    bool ok = true;
    for (int i = 0; ok && i < c->before_count; i++) ok = simple(c, c->before[i], e);
    c->before_count = 0;
    c->begun = c->in_txn;
    return ok;
}

static bool good(const PGresult *r)
{
    ExecStatusType s = PQresultStatus(r);
    return s == PGRES_COMMAND_OK || s == PGRES_TUPLES_OK;
}

static bool send_one(sql_conn *c, const char *sql, int n, const char *const *values, int64_t *changed)
{
    if (PQsendQueryParams(c->pg, sql, n, NULL, values, NULL, NULL, 0) != 1) return false;
    if (c->unread == c->changed_room) {
        c->changed_room = c->changed_room ? 2 * c->changed_room : 16;
        c->changed = mem_grow(c->changed, (size_t)c->changed_room, sizeof *c->changed);
    }
    c->changed[c->unread++] = changed;
    return true;
}

// Sends a statement behind what goes before it and behind what was sent before; nothing is read.
static bool send_behind(sql_conn *c, const char *sql, int n, const char *const *values, int64_t *changed)
{
    bool sent = PQpipelineStatus(c->pg) == PQ_PIPELINE_ON || PQenterPipelineMode(c->pg) == 1;
    for (int i = 0; sent && i < c->before_count; i++) sent = send_one(c, c->before[i], 0, NULL, NULL);
    c->before_count = 0;
    c->begun = c->in_txn;
    return sent && send_one(c, sql, n, values, changed);
}

static int64_t changed_by(const PGresult *r) { return strtoll(PQcmdTuples((PGresult *)(uintptr_t)r), NULL, 10); }

static bool keep_rows(const PGresult *r, arena *a, sql_rows *rows, err *e)
{
    *rows = (sql_rows){ .count = PQntuples(r), .columns = PQnfields(r) };
    rows->changed = changed_by(r);
    if (!rows->count) return true;
    rows->cell = arena_array(a, const char *, (size_t)rows->count *(size_t)rows->columns);
    if (!rows->cell) return fail(e, ERR_LIMIT, "database: the answer is larger than this request may hold");
    for (int i = 0; i < rows->count; i++)
        for (int k = 0; k < rows->columns; k++)
            if (!PQgetisnull(r, i, k) && !(rows->cell[i * rows->columns + k] =
                                               sql_keep(a, PQgetvalue(r, i, k), (size_t)PQgetlength(r, i, k), e)))
                return false;
    return true;
}

// Who asked for which of the answers.
typedef struct {
    sql_ask *v;
    int count, next;
    bool ok;
    err *e;
} reader;

// The answer to what was sent at this place goes to whoever asked for it.
static void hand_out(reader *one, const PGresult *r, int place)
{
    if (!one->ok || one->next == one->count || one->v[one->next].place != place) return;
    sql_ask *v = &one->v[one->next++];
    one->ok = keep_rows(r, v->a, &v->rows, one->e);
}

// Reads the answers to all that was sent: the last one, or the first failure of them all. one NULL: nobody wants more.
static PGresult *read_all(sql_conn *c, reader *one)
{
    bool sent = PQpipelineSync(c->pg) == 1;
    PGresult *answer = NULL, *r;
    for (int i = 1; sent && i <= c->unread; i++)
        while ((r = PQgetResult(c->pg))) {
            if (one && good(r)) hand_out(one, r, i - 1);
            if (c->changed[i - 1] && good(r)) *c->changed[i - 1] = changed_by(r);
            if (!answer && (i == c->unread || !good(r)))
                answer = r;
            else
                PQclear(r);
        }
    c->unread = 0;
    // The Sync's own answer, then nothing; a connection that broke gives nothing at once.
    while (sent && (r = PQgetResult(c->pg))) {
        bool last = PQresultStatus(r) == PGRES_PIPELINE_SYNC || PQstatus(c->pg) != CONNECTION_OK;
        PQclear(r);
        if (last) break;
    }
    if (!PQexitPipelineMode(c->pg) && PQstatus(c->pg) == CONNECTION_OK)
        PQreset(c->pg); // unread answers: no use any more
    return answer;
}

static bool pg_settle(sql_conn *c, err *e)
{
    if (!c->unread) return true;
    PGresult *r = read_all(c, NULL);
    if (!good(r)) return failed(c, r, e);
    PQclear(r);
    return true;
}

static void pg_rollback(sql_conn *c)
{
    // Nothing is lost when these fail: a transaction dies with its connection, which pg_alive then reports.
    if (c->unread) PQclear(read_all(c, NULL));
    if (c->begun) (void)simple(c, "ROLLBACK", NULL);
    c->before_count = 0;
    c->in_txn = c->begun = false;
}

static bool pg_commit(sql_conn *c, err *e)
{
    if (!pg_settle(c, e)) {
        pg_rollback(c);
        return false;
    }
    bool begun = c->begun;
    c->before_count = 0;
    c->in_txn = c->begun = false;
    if (!begun) return true;
    PGresult *r = PQexec(c->pg, "COMMIT");
    if (PQresultStatus(r) != PGRES_COMMAND_OK) return failed(c, r, e);
    // COMMIT of a transaction in which a statement failed answers ROLLBACK.
    bool ok = !strcmp(PQcmdStatus(r), "COMMIT");
    PQclear(r);
    return ok || fail(e, ERR_INTERNAL, "database: the transaction was rolled back");
}

typedef struct {
    char number[SQL_MAX_ARGS][32];
    const char *value[SQL_MAX_ARGS];
} arguments;

static void bind(const sql_value *v, int n, arguments *b)
{
    for (int i = 0; i < n; i++) {
        b->value[i] = v[i].text;
        if (v[i].type == SQL_INT) {
            snprintf(b->number[i], sizeof b->number[i], "%lld", (long long)v[i].number);
            b->value[i] = b->number[i];
        } else if (v[i].type == SQL_REAL) {
            snprintf(b->number[i], sizeof b->number[i], "%.17g", v[i].real);
            b->value[i] = b->number[i];
        }
    }
}

static bool pg_later(sql_conn *c, const char *sql, const sql_value *v, int n, arena *a, int64_t *changed, err *e)
{
    arguments b;
    const char *text = expanded(c, sql, a, e);
    if (!text) return false;
    bind(v, n, &b);
    return send_behind(c, text, n, b.value, changed) || failed(c, NULL, e);
}

static bool pg_run(sql_conn *c, const char *sql, const sql_value *v, int n, arena *a, sql_rows *rows, err *e)
{
    arguments b;
    bind(v, n, &b);
    const char *text = expanded(c, sql, a, e);
    if (!text) return false;
    PGresult *r;
    if (c->before_count || c->unread) {
        (void)send_behind(c, text, n, b.value, NULL); // what could not be sent has no good answer
        r = read_all(c, NULL);
    } else {
        r = PQexecParams(c->pg, text, n, NULL, b.value, NULL, NULL, 0);
    }
    if (!good(r)) return failed(c, r, e);
    bool ok = keep_rows(r, a, rows, e);
    PQclear(r);
    return ok;
}

// Each with its settings before it, all in one packet and one implicit transaction: settings last until the next ones.
static bool pg_each(sql_conn *c, sql_ask *v, int count, err *e)
{
    bool ok = true;
    for (int i = 0; ok && i < count; i++) {
        arguments b;
        bind(v[i].value, v[i].count, &b);
        const char *text = expanded(c, v[i].sql, v[i].a, e);
        ok = text && pg_begin(c, v[i].scope, SQL_ALONE, e);
        v[i].place = c->unread + c->before_count;
        ok = ok && (send_behind(c, text, v[i].count, b.value, NULL) || failed(c, NULL, e));
    }
    c->before_count = 0;
    if (!c->unread) return ok;
    reader one = { .v = v, .count = count, .ok = ok, .e = e };
    PGresult *r = read_all(c, &one);
    if (one.ok && !good(r)) return failed(c, r, e);
    PQclear(r);
    return one.ok;
}

static bool pg_script(sql_conn *c, const char *sql, err *e)
{
    return pg_settle(c, e) && begin_now(c, e) && simple(c, sql, e);
}

static bool pg_lock(sql_conn *c, err *e)
{
    return pg_settle(c, e) && begin_now(c, e) &&
           simple(c, "SELECT pg_advisory_xact_lock(8242026112213)", e); // a number of ours; any will do
}

const sql_driver sql_postgres = { pg_open,   pg_close,    pg_alive, pg_lost,  pg_rest,   pg_log,  pg_rest,   pg_begin,
                                  pg_commit, pg_rollback, pg_run,   pg_later, pg_settle, pg_each, pg_script, pg_lock };
