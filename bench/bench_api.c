// What a request costs: the service against a FastAPI + uvicorn twin (bench/api/twin.py) of three routes, over the same
// rows of SQLite and then of PostgreSQL, loaded by wrk in turn. Requests per second of the server's own processor time
// is the figure that other work on the machine hardly moves.
//   bench_api [--seconds N] [--rounds N]
#include "base/io.h"
#include "base/mem.h"
#include "db/sql.h"
#include "net/fetch.h"
#include "servers.h"
#include "common/text.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { PEOPLE = 2000, CONNECTIONS = 32, MAX_ROUNDS = 20 };

static char folder[64], database[600];
static uuid_text garment;
static int seconds = 4, rounds = 3;

// --- the rows -------------------------------------------------------------------------------------------------------

static const struct {
    const char *name;
    double cm;
} TAPES[] = { { "height", 172 },
              { "neck_girth", 36 },
              { "shoulder_breadth", 40 },
              { "chest_girth", 96 },
              { "underbust_girth", 84 },
              { "waist_natural_girth", 80 },
              { "waist_omphalion_girth", 85 },
              { "hip_girth", 102 },
              { "thigh_girth", 58 },
              { "knee_girth", 38 },
              { "calf_girth", 37 },
              { "ankle_girth", 23 },
              { "upper_arm_girth", 30 },
              { "wrist_girth", 16 },
              { "arm_length", 60 },
              { "shoulder_to_wrist", 60 },
              { "inseam", 79 },
              { "head_girth", 57 } };

static const char *measurements(arena *a, int i)
{
    buf b = buf_new(64 << 10);
    bool ok = buf_printf(&b, "{\"measurements\":{");
    for (size_t k = 0; k < sizeof TAPES / sizeof *TAPES; k++) {
        double v = TAPES[k].cm * (1 + ((i * 7 + (int)k * 13) % 21 - 10) / 120.0);
        ok = ok && buf_printf(&b,
                              "%s\"%s\":{\"value_cm\":%.1f,\"sd_cm\":1.8,\"lo_cm\":%.1f,\"hi_cm\":%.1f,"
                              "\"source\":\"photo\"}",
                              k ? "," : "", TAPES[k].name, v, v - 3, v + 3);
    }
    ok = ok && buf_printf(&b, "},\"mode\":\"B\",\"verdict\":[{\"code\":\"loose_clothes\",\"text\":\"The clothes are "
                              "loose; girths are less sure.\"}]}");
    const char *text = ok ? arena_textn(a, (const char *)b.data, b.len) : NULL;
    buf_free(&b);
    return text;
}

// What the hoodie measures all around, by size.
static const char CHART[] =
    "{\"unit\":\"cm\",\"basis\":\"garment_circ\",\"sizes\":{"
    "\"XS\":{\"chest\":102,\"shoulder\":42,\"waist\":98,\"hem\":96,\"biceps\":38,\"sleeve\":58},"
    "\"S\":{\"chest\":107,\"shoulder\":44,\"waist\":103,\"hem\":101,\"biceps\":40,\"sleeve\":59},"
    "\"M\":{\"chest\":112,\"shoulder\":46,\"waist\":108,\"hem\":106,\"biceps\":42,\"sleeve\":60},"
    "\"L\":{\"chest\":118,\"shoulder\":48,\"waist\":114,\"hem\":112,\"biceps\":44,\"sleeve\":61},"
    "\"XL\":{\"chest\":124,\"shoulder\":50,\"waist\":120,\"hem\":118,\"biceps\":46,\"sleeve\":62},"
    "\"XXL\":{\"chest\":130,\"shoulder\":52,\"waist\":126,\"hem\":124,\"biceps\":48,\"sleeve\":63}}}";

// A brand with its key and people with a ready avatar each; the lists that wrk goes through.
static void make_rows(void)
{
    err e;
    db *d = NULL;
    int applied;
    arena *a = arena_new((size_t)256 << 20);
    char path[128], token[64];
    uuid_text brand, id;
    sha256_hex hash;
    if (!db_open(database, 4, &d, &e) || !db_migrate(d, &applied, &e) ||
        !db_brand_create(d, a, "Bench", NULL, -1, brand, &e))
        servers_die("bench_api", "database", e.msg);
    token_new("try_live_", token);
    sha256_text(token, strlen(token), hash);
    db_key k = { .secret = true, .prefix = "try_live_", .scopes = "[\"garments\",\"events\"]", .origins = "[]" };
    memcpy(k.brand_id, brand, sizeof brand);
    db_garment hoodie = { .name = "Hoodie", .category = "hoodie", .sizes = "{}", .size_chart = CHART };
    if (!db_key_create(d, a, &k, hash, id, &e) || !db_garment_create(d, a, brand, &hoodie, garment, &e))
        servers_die("bench_api", "key", e.msg);
    buf keys = buf_new(1 << 20), people = buf_new(4 << 20);
    bool ok = buf_printf(&keys, "%s -\n", token);
    sql_txn *t;
    if (!sql_begin(d, db_service, SQL_WRITE, a, &t, &e)) servers_die("bench_api", "database", e.msg);
    for (int i = 0; ok && i < PEOPLE; i++) {
        uuid_text user, avatar;
        int64_t now = clock_ms();
        uuid_new(user);
        uuid_new(avatar);
        token_new("try_guest_", token);
        sha256_text(token, strlen(token), hash);
        const char *stem = arena_printf(a, "%s/%s", user, avatar);
        ok = sql_run(t, NULL, &e,
                     "INSERT INTO users (id, email, is_guest, created_at, updated_at) VALUES ($1, $2, $3, @ts($4), "
                     "@ts($4))",
                     "ttbi", user, user, 1, now) &&
             sql_run(t, NULL, &e,
                     "INSERT INTO guest_tokens (hash, user_id, created_at, expires_at) VALUES ($1, $2, @ts($3), "
                     "@ts($4))",
                     "ttii", hash, user, now, now + 86400000) &&
             sql_run(t, NULL, &e,
                     "INSERT INTO avatars (id, user_id, brand_id, status, progress, answers, measurements, glb_url, "
                     "web_glb_url, smpl_params_url, preview_url, created_at, updated_at) VALUES ($1, $2, $3, 'ready', "
                     "1, $4, $5, $6, $7, $8, $9, @ts($10), @ts($10))",
                     "ttttttttti", avatar, user, brand, "{\"height_cm\":172,\"weight_kg\":68,\"sex\":\"female\"}",
                     measurements(a, i), arena_printf(a, "%s/avatar-0123456789abcdef.glb", stem),
                     arena_printf(a, "%s/avatar.web-0123456789abcdef.glb", stem),
                     arena_printf(a, "%s/params-0123456789abcdef.npz", stem),
                     arena_printf(a, "%s/preview-0123456789abcdef.png", stem), now) &&
             buf_printf(&people, "%s %s\n", token, avatar);
    }
    if (!ok || !sql_commit(t, &e)) servers_die("bench_api", "rows", e.msg);
    snprintf(path, sizeof path, "%s/keys", folder);
    if (!io_write(path, keys.data, keys.len, &e)) servers_die("bench_api", "keys", e.msg);
    snprintf(path, sizeof path, "%s/people", folder);
    if (!io_write(path, people.data, people.len, &e)) servers_die("bench_api", "people", e.msg);
    buf_free(&keys);
    buf_free(&people);
    arena_free(a);
    db_close(d);
}

// --- the servers ----------------------------------------------------------------------------------------------------

typedef struct {
    const char *name;
    pid_t pid;
    char url[64];
} server;

static int free_port(void)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t n = sizeof a;
    if (bind(fd, (struct sockaddr *)&a, n) || getsockname(fd, (struct sockaddr *)&a, &n))
        servers_die("bench_api", "port", "none is free");
    close(fd);
    return ntohs(a.sin_port);
}

static void wait_until_it_answers(const server *s, const char *path)
{
    char url[128];
    snprintf(url, sizeof url, "%s%s", s->url, path);
    for (int i = 0; i < 600; i++) { // a busy machine takes its time to start a Python program
        fetch_response r = { .body = buf_new(4 << 20) };
        err e;
        bool ok = fetch(&(fetch_request){ .url = url, .timeout_ms = 1000 }, &r, &e) && r.status == 200;
        buf_free(&r.body);
        if (ok) return;
        if (waitpid(s->pid, NULL, WNOHANG) == s->pid) break;
        struct timespec t = { 0, 100000000 };
        nanosleep(&t, NULL);
    }
    char log[100];
    snprintf(log, sizeof log, "it does not answer; see %s/%s.log", folder, s->name);
    servers_die("bench_api", s->name, log);
}

static void start(server *s, const char *name, bool twin)
{
    char port[16], listen[40], log[100];
    s->name = name;
    snprintf(port, sizeof port, "%d", free_port());
    snprintf(listen, sizeof listen, "127.0.0.1:%s", port);
    snprintf(s->url, sizeof s->url, "http://%s", listen);
    snprintf(log, sizeof log, "%s/%s.log", folder, name);
    s->pid = fork();
    if (!s->pid) {
        prctl(PR_SET_PDEATHSIG, SIGTERM); // should the measurement end early
        if (!freopen(log, "w", stderr) || !freopen(log, "a", stdout)) _exit(127);
        setenv("TRYON_RATE", "0", 1);
        setenv("TWIN_DB", database, 1);
        setenv("TWIN_KEY", "a key to sign links with", 1);
        if (strncmp(database, "sqlite:", 7) != 0) setenv("DATABASE_URL", database, 1);
        if (twin)
            execl("/usr/bin/python3", "python3", "-m", "uvicorn", "twin:app", "--app-dir", SOURCE_ROOT "/bench/api",
                  "--port", port, "--no-access-log", "--log-level", "warning", (char *)NULL);
        else
            execl(TRYON, "tryon", "serve", "--data", folder, "--listen", listen, "--workers", "0", (char *)NULL);
        _exit(127);
    }
    wait_until_it_answers(s, twin ? "/openapi.json" : "/readyz");
}

static void stop(const server *s)
{
    kill(s->pid, SIGTERM);
    waitpid(s->pid, NULL, 0);
}

// --- the load -------------------------------------------------------------------------------------------------------

typedef struct {
    double requests, seconds, failures, p50, p99, cpu, database_cpu;
} sight;

static sight load(const server *s, const char *route, const char *list, int for_seconds)
{
    char command[600], line[200];
    sight v = { 0 };
    snprintf(command, sizeof command,
             "exec wrk -t1 -c%d -d%ds --latency -s '" SOURCE_ROOT "/bench/api/load.lua' %s -- %s %s/%s %s", CONNECTIONS,
             for_seconds, s->url, route, folder, list, garment);
    int pipe_[2], status;
    if (pipe2(pipe_, O_CLOEXEC)) servers_die("bench_api", "wrk", "no pipe");
    double before = servers_cpu(s->pid, NULL), before_database = servers_database_cpu();
    pid_t pid = fork();
    if (!pid) {
        dup2(pipe_[1], 1);
        execl("/bin/sh", "sh", "-c", command, (char *)NULL);
        _exit(127);
    }
    close(pipe_[1]);
    FILE *f = fdopen(pipe_[0], "r");
    while (f && fgets(line, sizeof line, f))
        (void)sscanf(line, "RESULT %lf %lf %lf %lf %lf", &v.requests, &v.seconds, &v.failures, &v.p50, &v.p99);
    if (f) fclose(f);
    waitpid(pid, &status, 0);
    v.cpu = servers_cpu(s->pid, NULL) - before;
    v.database_cpu = servers_database_cpu() - before_database;
    if (v.requests < 1 || v.cpu <= 0) servers_die("bench_api", "wrk", "it reported nothing");
    return v;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double middle(const sight *v, size_t member)
{
    double x[MAX_ROUNDS];
    for (int i = 0; i < rounds; i++) x[i] = *(const double *)((const char *)&v[i] + member);
    qsort(x, (size_t)rounds, sizeof *x, by_size);
    return (x[rounds / 2] + x[(rounds - 1) / 2]) / 2;
}
#define MIDDLE(v, name) middle(v, offsetof(sight, name))

static int misses;

static void race(const char *engine, const server *both, const char *route, const char *what, const char *list)
{
    sight v[2][MAX_ROUNDS];
    double per_cpu[2];
    for (int k = -1; k < rounds; k++) // once unmeasured, then in turn
        for (int i = 0; i < 2; i++) {
            sight one = load(&both[i], route, list, k < 0 ? 1 : seconds);
            if (k >= 0) v[i][k] = one;
        }
    double failures = 0;
    for (int i = 0; i < 2; i++) {
        double cpu = 0, n = 0, database_cpu = 0;
        for (int k = 0; k < rounds; k++) {
            cpu += v[i][k].cpu;
            n += v[i][k].requests;
            database_cpu += v[i][k].database_cpu;
            failures += v[i][k].failures;
        }
        per_cpu[i] = n / cpu;
        printf("%-10s %-16s %-6s %11.0f %11.0f %9.1f %9.1f %8.2f %8.2f\n", engine, what, both[i].name,
               n / MIDDLE(v[i], seconds) / rounds, per_cpu[i], cpu / n * 1e6, database_cpu / n * 1e6, MIDDLE(v[i], p50),
               MIDDLE(v[i], p99));
    }
    bool ok = per_cpu[0] >= 8 * per_cpu[1] && MIDDLE(v[0], p99) < MIDDLE(v[1], p99);
    misses += !ok || failures > 0;
    printf("%-10s %-16s ratio  %22.1fx %s%s\n", engine, what, per_cpu[0] / per_cpu[1],
           ok ? "(goal: 8x and a lower p99: met)" : "(goal: 8x and a lower p99: MISSED)",
           failures > 0 ? " SOME REQUESTS FAILED" : "");
    fflush(stdout);
}

// One route of ours that has no twin: how many requests a second, and what each costs.
static double alone(const char *engine, const server *s, const char *route, const char *what, const char *list)
{
    double cpu = 0, n = 0, time = 0, failures = 0;
    for (int k = -1; k < rounds; k++) {
        sight v = load(s, route, list, k < 0 ? 1 : seconds);
        if (k < 0) continue;
        cpu += v.cpu;
        n += v.requests;
        time += v.seconds;
        failures += v.failures;
    }
    printf("%-10s %-16s %-6s %11.0f %11.0f %9.1f%s\n", engine, what, s->name, n / time, n / cpu, cpu / n * 1e6,
           failures > 0 ? " SOME REQUESTS FAILED" : "");
    fflush(stdout);
    misses += failures > 0;
    return n / time;
}

static void one_engine(const char *engine)
{
    server both[2];
    make_rows();
    start(&both[0], "tryon", false);
    start(&both[1], "twin", true);
    race(engine, both, "avatar", "read an avatar", "people");
    race(engine, both, "event", "ingest an event", "keys");
    race(engine, both, "fit", "fit a garment", "people");
    // What an answer costs that knows nobody and asks no database: the network, libmicrohttpd, our own head and log. No
    // route can cost less.
    (void)alone(engine, &both[0], "floor", "floor (healthz)", "people");
    double events = 100 * alone(engine, &both[0], "batch", "100 events", "keys");
    if (strcmp(engine, "sqlite") == 0) {
        printf("%-10s %-16s %.0f events/s (goal: 5000: %s)\n", engine, "100 events", events,
               events >= 5000 ? "met" : "MISSED");
        misses += events < 5000;
    }
    stop(&both[0]);
    stop(&both[1]);
}

int main(int argc, char **argv)
{
    bool postgres = false;
    for (int i = 1; i < argc; i++) {
        if (!strcmp(argv[i], "--seconds") && i + 1 < argc)
            seconds = (int)strtol(argv[++i], NULL, 10);
        else if (!strcmp(argv[i], "--rounds") && i + 1 < argc)
            rounds = (int)strtol(argv[++i], NULL, 10);
        else if (!strcmp(argv[i], "--postgres")) // inside tests/server/postgres.sh
            postgres = true;
        else
            servers_die("bench_api", "usage", "bench_api [--seconds N] [--rounds N]");
    }
    if (seconds < 1 || rounds < 1 || rounds > MAX_ROUNDS)
        servers_die("bench_api", "usage", "at least one second, 1 to 20 rounds");
    if (!servers_can_run("command -v wrk") ||
        !servers_can_run("exec /usr/bin/python3 -c 'import fastapi, uvicorn, uvloop, httptools, numpy'")) {
        printf("api: not measured; this needs the Debian packages wrk, python3-fastapi, python3-uvicorn, "
               "python3-uvloop, python3-httptools, python3-numpy (and python3-asyncpg for PostgreSQL)\n");
        return 0;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    servers_folder(folder);
    if (postgres) {
        snprintf(database, sizeof database, "%s", getenv("TRYON_TEST_DATABASE_URL"));
        one_engine("postgres");
    } else {
        printf("%-10s %-16s %-6s %11s %11s %9s %9s %8s %8s\n", "database", "route", "by", "req/s", "req/cpu-s",
               "us/req", "db us/req", "p50 ms", "p99 ms");
        snprintf(database, sizeof database, "sqlite:%s/tryon.db", folder);
        one_engine("sqlite");
        if (servers_can_run("ls /usr/lib/postgresql/*/bin/initdb && exec /usr/bin/python3 -c 'import asyncpg'")) {
            char n[2][16];
            snprintf(n[0], sizeof n[0], "%d", seconds);
            snprintf(n[1], sizeof n[1], "%d", rounds);
            misses += !servers_under_postgres((const char *const[]){ "--seconds", n[0], "--rounds", n[1], NULL });
        } else {
            printf("postgres   not measured; this needs the Debian packages postgresql and python3-asyncpg\n");
        }
    }
    servers_remove(folder);
    return misses != 0;
}
