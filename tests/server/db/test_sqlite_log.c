// The log's file system: what SQLite reads through its own is what was written through ours.
#include "base/buf.h"
#include "base/io.h"
#include "db/sqlite_log.h"
#include "test.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <unistd.h>

static char folder[64];

static void path(char out[128], const char *name) { snprintf(out, 128, "%s/%s", folder, name); }

static bool run(sqlite3 *s, const char *sql)
{
    char *why = NULL;
    bool ok = sqlite3_exec(s, sql, NULL, NULL, &why) == SQLITE_OK;
    if (!ok) printf("  %s: %s\n", sql, why);
    sqlite3_free(why);
    return ok;
}

static sqlite3 *open_by(const char *name, const char *vfs)
{
    char file[128];
    sqlite3 *s = NULL;
    path(file, name);
    CHECK(sqlite3_open_v2(file, &s, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, vfs) == SQLITE_OK);
    return s;
}

static void ask(sqlite3 *s, const char *sql, char out[64])
{
    sqlite3_stmt *q = NULL;
    out[0] = 0;
    CHECK(sqlite3_prepare_v2(s, sql, -1, &q, NULL) == SQLITE_OK && sqlite3_step(q) == SQLITE_ROW);
    if (q && sqlite3_column_text(q, 0)) snprintf(out, 64, "%s", (const char *)sqlite3_column_text(q, 0));
    sqlite3_finalize(q);
}

static void copy(const char *from, const char *to)
{
    char a[128], b[128];
    buf bytes = buf_new(64 << 20);
    err e;
    path(a, from);
    path(b, to);
    CHECK(io_read(a, &bytes, &e) && io_write(b, bytes.data, bytes.len, &e));
    buf_free(&bytes);
}

// As after a fall of the machine: file and log as they lie there, read by SQLite's own file system.
static void holds(const char *rows)
{
    char got[64];
    copy("a.db", "b.db");
    copy("a.db-wal", "b.db-wal");
    sqlite3 *s = open_by("b.db", NULL);
    ask(s, "SELECT count(*) || ' ' || ifnull(sum(length(t)), 0) FROM v", got);
    CHECK_STR(got, rows);
    ask(s, "PRAGMA integrity_check", got);
    CHECK_STR(got, "ok");
    sqlite3_close(s);
}

static void clear(void)
{
    static const char *const end[] = { "", "-wal", "-shm" };
    char name[16], file[128];
    for (int base = 'a'; base <= 'd'; base++)
        for (size_t i = 0; i < sizeof end / sizeof *end; i++) {
            snprintf(name, sizeof name, "%c.db%s", base, end[i]);
            path(file, name);
            unlink(file);
        }
}

static void write_and_look(const char *setting)
{
    char got[64];
    clear();
    sqlite3 *s = open_by("a.db", sqlite_log_vfs());
    CHECK(run(s, setting) && run(s, "PRAGMA journal_mode=WAL; PRAGMA wal_autocheckpoint=0; CREATE TABLE v (t TEXT)"));
    CHECK(run(s, "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500) "
                 "INSERT INTO v SELECT printf('%.*c', 100 + i * 7, 'x') FROM n"));
    holds("500 926750");
    // Taken back, a transaction that was too large for the cache has written pages all the same.
    CHECK(run(s, "PRAGMA cache_size=10; BEGIN; UPDATE v SET t = t || t; ROLLBACK"));
    holds("500 926750");
    sqlite3 *reader = open_by("a.db", sqlite_log_vfs()); // another connection sees each commit
    CHECK(run(s, "DELETE FROM v WHERE length(t) > 1000"));
    ask(reader, "SELECT count(*) FROM v", got);
    CHECK_STR(got, "128");
    sqlite3_close(reader);
    holds("128 70592");
    CHECK(run(s, "PRAGMA wal_checkpoint(TRUNCATE); INSERT INTO v VALUES ('last')")); // the log begins anew
    holds("129 70596");
    sqlite3_close(s);
}

static void what_is_written_is_what_sqlite_reads(void) { write_and_look("PRAGMA synchronous=FULL"); }
static void without_waiting_for_the_disk_too(void) { write_and_look("PRAGMA synchronous=NORMAL"); }
static void pages_of_another_length_are_written_as_usual(void) { write_and_look("PRAGMA page_size=8192"); }

static void pages_taken_back_are_not_written_over_those_of_another(void)
{
    char got[64], sql[300];
    clear();
    sqlite3 *a = open_by("a.db", sqlite_log_vfs()), *b = open_by("a.db", sqlite_log_vfs());
    CHECK(
        run(a, "PRAGMA journal_mode=WAL; PRAGMA wal_autocheckpoint=0; PRAGMA cache_size=10; CREATE TABLE v (t TEXT)"));
    CHECK(run(b, "PRAGMA wal_autocheckpoint=0"));
    CHECK(run(a, "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200) "
                 "INSERT INTO v SELECT printf('%.*c', 3000, 'x') FROM n"));
    for (int k = 1; k <= 40; k++) { // so many rows do not fit into the cache of ten pages: some go to the log
        snprintf(sql, sizeof sql,
                 "PRAGMA wal_checkpoint(TRUNCATE); BEGIN IMMEDIATE; WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT "
                 "i + 1 FROM n WHERE i < %d) INSERT INTO v SELECT printf('%%.*c', 3000, 'y') FROM n; ROLLBACK",
                 10 + k);
        CHECK(run(a, sql));
        CHECK(run(b, "UPDATE v SET t = printf('%.*c', 3000, 'z') WHERE rowid > 100 AND rowid <= 130"));
        ask(a, "SELECT group_concat(n || k, ' ') FROM (SELECT count(*) AS n, substr(t, 1, 1) AS k FROM v GROUP BY 2)",
            got);
        CHECK_STR(got, "170x 30z");
    }
    holds("200 600000");
    sqlite3_close(a);
    sqlite3_close(b);
}

// Writes of this process, which Linux counts.
static long writes(void)
{
    char line[100];
    long n = -1;
    FILE *f = fopen("/proc/self/io", "r");
    while (f && fgets(line, sizeof line, f)) (void)sscanf(line, "syscw: %ld", &n);
    if (f) fclose(f);
    return n;
}

static void sixteen_pages_of_the_log_are_one_write(void)
{
    long n[2];
    for (int k = 0; k < 2; k++) {
        sqlite3 *s = open_by(k ? "c.db" : "d.db", k ? sqlite_log_vfs() : NULL);
        CHECK(run(s, "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; CREATE TABLE v (t TEXT)"));
        n[k] = writes();
        CHECK(run(s, "INSERT INTO v VALUES (zeroblob(400000))")); // a hundred pages
        n[k] = writes() - n[k];
        sqlite3_close(s);
    }
    printf("  %ld writes by SQLite alone, %ld so\n", n[0], n[1]);
    CHECK(n[0] > 190 && n[1] > 0 && n[1] <= n[0] / 16 + 3);
}

int main(void)
{
    snprintf(folder, sizeof folder, "/tmp/tryon-log-XXXXXX");
    if (!mkdtemp(folder)) return 1;
    RUN(what_is_written_is_what_sqlite_reads);
    RUN(without_waiting_for_the_disk_too);
    RUN(pages_of_another_length_are_written_as_usual);
    RUN(pages_taken_back_are_not_written_over_those_of_another);
    RUN(sixteen_pages_of_the_log_are_one_write);
    clear();
    CHECK(rmdir(folder) == 0);
    printf("%d passed, %d failed\n", test_passed, test_failed);
    return test_failed != 0;
}
