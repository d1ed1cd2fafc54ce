// Whether a job costs the same however long the queue's history is: 10,000 avatar jobs, submitted, taken, reported on
// and finished with a stub for their body, while the table of jobs grows to five million rows; on SQLite and on
// PostgreSQL.
//   bench_queue [--rows N] [--jobs N]
#include "base/mem.h"
#include "db/sql.h"
#include "servers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { STAGES = 5, AVATARS = 5000, BULK = 250000 };

static char folder[64], database[600];
static int64_t rows = 5000000, jobs = 10000;
static err E;

static void must(bool ok, const char *what)
{
    if (!ok) servers_die("bench_queue", what, E.msg);
}

static double own_cpu(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void people(db *d, uuid_text user)
{
    arena *a = arena_new((size_t)256 << 20);
    db_user u;
    sha256_hex hash;
    sha256_text("bench", 5, hash);
    must(db_guest_new(d, a, hash, clock_ms() + 86400000, &u, &E), "guest");
    memcpy(user, u.id, sizeof u.id);
    sql_txn *t;
    must(sql_begin(d, db_service, SQL_WRITE, a, &t, &E), "avatars");
    for (int i = 0; i < AVATARS; i++) {
        char id[40];
        snprintf(id, sizeof id, "00000000-0000-7000-8000-%012d", i);
        must(sql_run(t, NULL, &E,
                     "INSERT INTO avatars (id, user_id, status, created_at, updated_at) VALUES ($1, $2, 'ready', "
                     "@ts($3), @ts($3))",
                     "tti", id, user, clock_ms()),
             "avatar");
    }
    must(sql_commit(t, &E), "avatars");
    arena_free(a);
}

// Jobs that ended long ago, [from, to).
static void history(db *d, const char *user, int64_t from, int64_t to)
{
    for (; from < to; from += BULK) {
        int64_t end = from + BULK < to ? from + BULK : to;
        char text[1400];
        bool pg = db_is_postgres(d);
        snprintf(text, sizeof text,
                 "%s INSERT INTO jobs (id, queue, kind, tenant, user_id, avatar_id, turn, state, input, output, "
                 "attempts, lease_owner, created_at, expires_at, started_at, finished_at) SELECT %s, 'avatar', "
                 "'avatar', '', %s'%s'%s, %s, i, CASE WHEN i %% 50 = 0 THEN 'failed' ELSE 'completed' END, '{}', "
                 "'{\"status\":\"success\"}', 1, 'w' || i %% 8, %s, %s, %s, %s FROM %s",
                 pg ? "" : "WITH RECURSIVE n(i) AS (SELECT $1 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < $2)",
                 pg ? "lpad(to_hex(i), 8, '0') || '-0000-7000-8000-000000000000'"
                    : "printf('%08x-0000-7000-8000-000000000000', i)",
                 pg ? "CAST(" : "", user, pg ? " AS uuid)" : "",
                 pg ? "CAST('00000000-0000-7000-8000-' || lpad((i % 5000)::text, 12, '0') AS uuid)"
                    : "printf('00000000-0000-7000-8000-%012d', i % 5000)",
                 pg ? "to_timestamp(1.7e9 + i)" : "1700000000000 + i * 1000",
                 pg ? "to_timestamp(1.7e9 + i + 86400)" : "1700086400000 + i * 1000",
                 pg ? "to_timestamp(1.7e9 + i + 1)" : "1700000001000 + i * 1000",
                 pg ? "to_timestamp(1.7e9 + i + 5)" : "1700000005000 + i * 1000",
                 pg ? "generate_series($1::bigint, $2::bigint - 1) AS s(i)" : "n");
        arena *a = arena_new(1 << 20);
        sql_txn *t;
        // A driver that keeps prepared statements knows them by their address: a text of its own for each.
        const char *sql = mem_strdup(text);
        must(sql_begin(d, db_service, SQL_WRITE, a, &t, &E) && sql_run(t, NULL, &E, sql, "ii", from, end), "history");
        must(sql_commit(t, &E), "history");
        arena_free(a);
    }
}

// One avatar from the request to ready, as the service does it without the body.
static void one_job(db *d, const char *user, int i)
{
    arena *a = arena_new(16 << 20);
    uuid_text id;
    db_avatar v;
    db_job j;
    bool repeat, found, applied;
    uuid_new(id);
    char path[160];
    snprintf(path, sizeof path, "%s/%s/avatar-0123456789abcdef.glb", user, id);
    const char *paths[] = { path };
    db_blob blob = { .bucket = "avatars", .path = path, .sha256 = "00", .size = 1000 };
    must(db_avatar_create(
             d, a,
             &(db_avatar_new){
                 .id = id, .user_id = user, .answers = "{\"height_cm\":170}", .consent_version = "1", .start = true },
             &v, &repeat, &E),
         "create");
    must(db_job_take(d, a, "avatar", "w1", 60000, &j, &found, &E) && found, "take");
    must(db_job_beat(d, a, "avatar", "w1", j.id, 60000, &E), "beat");
    must(db_job_progress(d, a, j.id, "w1", "{\"fraction\":0.5}", 0.5, &E), "progress");
    must(db_blobs_intend(d, a, "avatars", paths, 1, user, &E), "intend");
    must(db_job_finish(d, a, j.id, "w1",
                       &(db_job_effect){ .output = "{\"status\":\"success\"}",
                                         .glb_path = path,
                                         .measurements = "{\"measurements\":{}}",
                                         .blobs = &blob,
                                         .blob_count = 1,
                                         .photo_doom = "photos" },
                       &applied, &E) &&
             applied,
         "finish");
    must(db_avatar_get(d, a, db_service, id, &v, &E), "get");
    if (i % 20 == 0) { // the sweeper's round and a health check, as often as they come in twenty jobs' time
        db_swept swept;
        db_queue_health h;
        must(db_jobs_sweep(d, a, &swept, &E) && db_queue_look(d, a, "avatar", &h, &E), "sweep");
    }
    arena_free(a);
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static bool one_engine(const char *engine)
{
    db *d = NULL;
    int applied;
    uuid_text user;
    must(db_open(database, 2, &d, &E) && db_migrate(d, &applied, &E), "database");
    people(d, user);
    int each = (int)(jobs / STAGES), began = 0;
    double first = 0, last = 0, *ms = mem_array(double, (size_t)each);
    for (int s = 0; s < STAGES; s++) {
        int64_t from = rows * (s - 1) / (STAGES - 1), to = rows * s / (STAGES - 1);
        if (s) history(d, user, from, to);
        if (db_is_postgres(d)) { // what the bulk leaves for the background is done now, not while jobs are measured
            arena *a = arena_new(1 << 20);
            must(sql_once(d, db_service, SQL_WRITE, a, NULL, &E, "VACUUM (ANALYZE) jobs", "") &&
                     sql_once(d, db_service, SQL_WRITE, a, NULL, &E, "CHECKPOINT", ""),
                 "vacuum");
            arena_free(a);
        }
        for (int i = 0; i < 50; i++) one_job(d, user, i); // caches fill again after the bulk
        double cpu = own_cpu(), theirs = servers_database_cpu();
        for (int i = 0; i < each; i++, began++) {
            struct timespec t0, t1;
            clock_gettime(CLOCK_MONOTONIC, &t0);
            one_job(d, user, i);
            clock_gettime(CLOCK_MONOTONIC, &t1);
            ms[i] = (double)(t1.tv_sec - t0.tv_sec) * 1e3 + (double)(t1.tv_nsec - t0.tv_nsec) * 1e-6;
        }
        double per_job = (own_cpu() - cpu + servers_database_cpu() - theirs) / each * 1e3;
        qsort(ms, (size_t)each, sizeof *ms, by_size);
        printf("%-10s %12lld %10d %12.3f %12.3f %12.3f\n", engine, (long long)(to + began), each, per_job, ms[each / 2],
               ms[each * 99 / 100]);
        fflush(stdout);
        if (!s) first = per_job;
        last = per_job;
    }
    // Processor time, not the clock: syncing waits for whatever else the disk does. A third is what it moves by itself.
    bool ok = last <= first * 1.33;
    printf("%-10s %.2fx the processor time per job with the whole history (goal: constant: %s)\n", engine, last / first,
           ok ? "met" : "MISSED");
    mem_free(ms);
    db_close(d);
    return ok;
}

int main(int argc, char **argv)
{
    bool postgres = false, ok;
    for (int i = 1; i < argc; i++) {
        if (!strcmp(argv[i], "--rows") && i + 1 < argc)
            rows = strtoll(argv[++i], NULL, 10);
        else if (!strcmp(argv[i], "--jobs") && i + 1 < argc)
            jobs = strtoll(argv[++i], NULL, 10);
        else if (!strcmp(argv[i], "--postgres")) // inside tests/server/postgres.sh
            postgres = true;
        else
            servers_die("bench_queue", "usage", "bench_queue [--rows N] [--jobs N]");
    }
    if (rows < STAGES || jobs < STAGES * 10 || jobs > 1000000)
        servers_die("bench_queue", "usage", "at least 5 rows and 50 jobs");
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (postgres) {
        snprintf(database, sizeof database, "%s", getenv("TRYON_TEST_DATABASE_URL"));
        return !one_engine("postgres");
    }
    printf("%-10s %12s %10s %12s %12s %12s\n", "database", "rows", "jobs", "cpu ms/job", "median ms", "p99 ms");
    servers_folder(folder);
    snprintf(database, sizeof database, "sqlite:%s/tryon.db", folder);
    ok = one_engine("sqlite");
    servers_remove(folder);
    if (servers_can_run("ls /usr/lib/postgresql/*/bin/initdb")) {
        char n[2][24];
        snprintf(n[0], sizeof n[0], "%lld", (long long)rows);
        snprintf(n[1], sizeof n[1], "%lld", (long long)jobs);
        ok = servers_under_postgres((const char *const[]){ "--rows", n[0], "--jobs", n[1], NULL }) && ok;
    } else {
        printf("postgres   not measured; this needs the Debian package postgresql\n");
    }
    return !ok;
}
