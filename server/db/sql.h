// Inside the room: one way to run SQL on either engine. Statements are written once, in the dialect both share
// ($1 parameters, RETURNING, ON CONFLICT, ->>), plus a few macros the engine's driver expands:
//   @ms(x)   a stored time as milliseconds       @ts(x)   milliseconds as a stored time
//   @day(x)  a stored time as 'YYYY-MM-DD' UTC   @lock()  FOR UPDATE SKIP LOCKED, where rows have locks
//   @each(x) members of a JSON object as rows of key, value        @items(x)  elements of a JSON array as rows of value
// A statement must be a constant of the program (it names itself in the cache of prepared statements).
#pragma once
#include "db/db.h"

#include <stdatomic.h>

typedef struct sql_conn sql_conn;
typedef struct sql_txn sql_txn;

typedef struct {
    enum { SQL_NULL, SQL_TEXT, SQL_INT, SQL_REAL } type;
    const char *text;
    int64_t number;
    double real;
} sql_value;

static inline sql_value sql_text(const char *text) // NULL is null
{
    return (sql_value){ .type = text ? SQL_TEXT : SQL_NULL, .text = text };
}

typedef struct {
    int count, columns;
    const char **cell; // [count * columns], NULL for null; in the caller's arena
    int64_t changed;   // rows inserted, updated or deleted
} sql_rows;

// One of several reads that go to the database together.
typedef struct {
    db_scope scope;
    const char *sql;
    sql_value value[2];
    int count;
    arena *a; // where its rows go
    sql_rows rows;
    int place; // the driver's own
} sql_ask;

typedef enum {
    SQL_READ,
    SQL_WRITE,      // durable once committed
    SQL_WRITE_FAST, // may be lost with the machine's power, not with the process (SQLite only; for events)
    SQL_ALONE       // of a driver's begin: one statement follows, and there is neither commit nor rollback
} sql_mode;

// What was written and has not been carried back into the file: little; much; much, and readers kept it from being
// carried back whole.
typedef enum { LOG_SHORT, LOG_LONG, LOG_HELD } sql_log;

#define SQL_MAX_ARGS 24

// What a driver gives. Errors: ERR_CONFLICT for a violated unique or check constraint, ERR_NOT_FOUND for a foreign
// key, ERR_BUSY for a conflict worth retrying, ERR_IO for a lost connection.
typedef struct {
    bool (*open)(const db *d, bool writer, sql_conn **out, err *e);
    void (*close)(sql_conn *c);
    bool (*alive)(sql_conn *c);        // false: throw it away
    bool (*lost)(sql_conn *c);         // its connection is gone, and what was begun on it
    void (*rest)(sql_conn *c);         // nobody has it, and something is about to be committed or carried back (SQLite)
    sql_log (*log)(const sql_conn *c); // after a commit (SQLite)
    void (*carry_back)(sql_conn *c);   // what the log holds, as far as nobody looks at what was there before it
    bool (*begin)(sql_conn *c, db_scope scope, sql_mode mode, err *e);
    bool (*commit)(sql_conn *c, err *e);
    void (*rollback)(sql_conn *c);
    bool (*run)(sql_conn *c, const char *sql, const sql_value *args, int count, arena *a, sql_rows *rows, err *e);
    bool (*later)(sql_conn *c, const char *sql, const sql_value *args, int count, arena *a, int64_t *changed, err *e);
    bool (*settle)(sql_conn *c, err *e);
    bool (*each)(sql_conn *c, sql_ask *v, int count, err *e); // outside a transaction
    bool (*script)(sql_conn *c, const char *sql, err *e);     // many statements, no parameters, inside a transaction
    bool (*lock_migrations)(sql_conn *c, err *e);
} sql_driver;

extern const sql_driver sql_sqlite, sql_postgres;

const char *db_location(const db *d); // what follows "sqlite:", or the whole postgres URL
bool db_is_postgres(const db *d);
atomic_uint *db_writes(const db *d); // SQLite: how often this process has written

// The statement with the macros above expanded by the driver's table, in the arena; NULL: no memory.
typedef struct {
    const char *name, *before, *after; // @name(x) becomes before x after
} sql_macro;
const char *sql_expand(const char *sql, const sql_macro *macros, arena *a);

// A cell's text in the arena, or NULL with ERR_LIMIT.
const char *sql_keep(arena *a, const char *text, size_t n, err *e);

// A transaction. a is where rows of sql_run go. After commit or abort t is gone.
bool sql_begin(db *d, db_scope scope, sql_mode mode, arena *a, sql_txn **t, err *e) MUST_USE;
bool sql_commit(sql_txn *t, err *e) MUST_USE;
void sql_abort(sql_txn *t);
bool sql_script(sql_txn *t, const char *sql, err *e) MUST_USE;
bool sql_lock_migrations(sql_txn *t, err *e) MUST_USE;

// types has one letter a parameter: t text (NULL is null), i int64_t, d double, b bool (int). rows may be NULL.
bool sql_run(sql_txn *t, sql_rows *rows, err *e, const char *sql, const char *types, ...) MUST_USE;
// The same for a statement whose rows nobody wants: PostgreSQL's answer is not waited for. A failure is told by a later
// statement of the transaction, by sql_settle or by the commit.
// changed, unless it is NULL, is the number of rows once all is settled.
bool sql_later(sql_txn *t, int64_t *changed, err *e, const char *sql, const char *types, ...) MUST_USE;
bool sql_settle(sql_txn *t, err *e) MUST_USE; // whether all went well so far
// As sql_run, in a transaction of its own.
bool sql_once(db *d, db_scope scope, sql_mode mode, arena *a, sql_rows *rows, err *e, const char *sql,
              const char *types, ...) MUST_USE;

// Several reads that need nothing of one another: PostgreSQL gets them in one packet. Those in the service's scope come
// first. All of them or none.
bool sql_each(db *d, sql_ask *v, int count, err *e) MUST_USE;

// Cells: text ("" for null with sql_text_or), numbers (0 for null), truth.
const char *sql_cell(const sql_rows *r, int row, int column);
int64_t sql_int(const sql_rows *r, int row, int column);
double sql_real(const sql_rows *r, int row, int column);
bool sql_true(const sql_rows *r, int row, int column);
// Copies a cell into a fixed array; null becomes "".
void sql_copy(const sql_rows *r, int row, int column, char *out, size_t size);
