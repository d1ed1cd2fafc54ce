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

struct sql_conn {
    PGconn *pg;
    bool in_txn;
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
    mem_free(c);
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

static bool pg_begin(sql_conn *c, db_scope scope, sql_mode mode, err *e)
{
    char sql[512];
    if (scope.as == DB_SERVICE) {
        snprintf(sql, sizeof sql, "BEGIN");
    } else {
        if (!uuid_parse(scope.id, NULL)) return fail(e, ERR_INTERNAL, "database: a scope without an id");
        const char *claim = scope.as == DB_USER ? "sub" : "brand_id";
        snprintf(
            sql, sizeof sql,
            "BEGIN;SELECT set_config('request.jwt.claims','{\"role\":\"authenticated\",\"%s\":\"%s\"}',true),"
            "set_config('request.jwt.claim.sub','%s',true),set_config('request.jwt.claim.role','authenticated',true),"
            "set_config('role','authenticated',true)",
            claim, scope.id, scope.as == DB_USER ? scope.id : "");
    }
    (void)mode;
    c->in_txn = simple(c, sql, e);
    if (!c->in_txn && PQtransactionStatus(c->pg) != PQTRANS_IDLE) (void)simple(c, "ROLLBACK", NULL);
    return c->in_txn;
}

static void pg_rollback(sql_conn *c)
{
    // Nothing is lost when this fails: a transaction dies with its connection, which pg_alive then reports.
    (void)simple(c, "ROLLBACK", NULL);
    c->in_txn = false;
}

static bool pg_commit(sql_conn *c, err *e)
{
    c->in_txn = false;
    PGresult *r = PQexec(c->pg, "COMMIT");
    if (PQresultStatus(r) != PGRES_COMMAND_OK) return failed(c, r, e);
    // COMMIT of a transaction in which a statement failed answers ROLLBACK.
    bool ok = !strcmp(PQcmdStatus(r), "COMMIT");
    PQclear(r);
    return ok || fail(e, ERR_INTERNAL, "database: the transaction was rolled back");
}

static bool pg_run(sql_conn *c, const char *sql, const sql_value *v, int n, arena *a, sql_rows *rows, err *e)
{
    char numbers[SQL_MAX_ARGS][32];
    const char *values[SQL_MAX_ARGS];
    for (int i = 0; i < n; i++) {
        values[i] = v[i].text;
        if (v[i].type == SQL_INT) {
            snprintf(numbers[i], sizeof numbers[i], "%lld", (long long)v[i].number);
            values[i] = numbers[i];
        } else if (v[i].type == SQL_REAL) {
            snprintf(numbers[i], sizeof numbers[i], "%.17g", v[i].real);
            values[i] = numbers[i];
        }
    }
    PGresult *r = PQexecParams(c->pg, sql_expand(sql, MACROS, a), n, NULL, values, NULL, NULL, 0);
    ExecStatusType s = PQresultStatus(r);
    if (s != PGRES_COMMAND_OK && s != PGRES_TUPLES_OK) return failed(c, r, e);
    *rows = (sql_rows){ .count = PQntuples(r), .columns = PQnfields(r) };
    rows->changed = strtoll(PQcmdTuples(r), NULL, 10);
    if (rows->count) {
        rows->cell = arena_array(a, const char *, (size_t)rows->count *(size_t)rows->columns);
        if (!rows->cell) {
            PQclear(r);
            return fail(e, ERR_LIMIT, "database: the answer is larger than this request may hold");
        }
        for (int i = 0; i < rows->count; i++)
            for (int k = 0; k < rows->columns; k++)
                rows->cell[i * rows->columns + k] =
                    PQgetisnull(r, i, k) ? NULL : arena_textn(a, PQgetvalue(r, i, k), (size_t)PQgetlength(r, i, k));
    }
    PQclear(r);
    return true;
}

static bool pg_lock(sql_conn *c, err *e)
{
    return simple(c, "SELECT pg_advisory_xact_lock(8242026112213)", e); // a number of ours; any will do
}

const sql_driver sql_postgres = {
    pg_open, pg_close, pg_alive, pg_begin, pg_commit, pg_rollback, pg_run, simple, pg_lock
};
