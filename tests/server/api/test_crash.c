// kill -9 of server, worker or database at random instants under load. Afterwards: every avatar that was accepted is
// ready with its files, or failed with a reason; none was made twice in effect; no object is left that no row knows.
//   test_crash [KILLS] [SEED]
#include "base/mem.h"
#include "base/rng.h"
#include "blob/blob.h"
#include "client.h"
#include "common/ids.h"
#include "db/sql.h"
#include "test.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MAX_AVATARS = 20000 };

static char data[64], token[64], worker_key[80], publishable[64], secret[64];
static char (*accepted)[40];
static int accepted_count, kills = 30;
static uint64_t seed = 1;
static int server, worker, killed[3];

static void sleep_ms(long ms)
{
    struct timespec t = { ms / 1000, ms % 1000 * 1000000L };
    nanosleep(&t, NULL);
}

static int start_worker(void)
{
    pid_t pid = fork();
    if (!pid) {
        if (!freopen("/dev/null", "w", stderr)) _exit(1);
        execl(TEST_SERVER, "test_server", "worker", server_url, worker_key, (char *)NULL);
        _exit(127);
    }
    return pid;
}

static int postmaster(void)
{
    char path[300];
    int pid = 0;
    snprintf(path, sizeof path, "%s/postmaster.pid", getenv("TRYON_TEST_PG_DATA"));
    FILE *f = fopen(path, "r");
    if (f && fscanf(f, "%d", &pid) != 1) pid = 0;
    if (f) fclose(f);
    return pid;
}

static void restart_postgres(void)
{
    char command[900];
    // TRYON_TEST_PG_RUN may be several words ("setpriv --reuid=…"): the shell splits them.
    snprintf(command, sizeof command, "%s %s/pg_ctl -D %s -w -l %s/../log start >/dev/null 2>&1",
             getenv("TRYON_TEST_PG_RUN"), getenv("TRYON_TEST_PG_BIN"), getenv("TRYON_TEST_PG_DATA"),
             getenv("TRYON_TEST_PG_DATA"));
    for (int i = 0; i < 50; i++) { // its orphans hold the shared memory for a moment
        buf b = buf_new(4096);
        bool ok = run_program((const char *const[]){ "/bin/sh", "-c", command, NULL }, &b);
        buf_free(&b);
        if (ok) return;
        sleep_ms(200);
    }
    printf("  PostgreSQL did not come back\n");
    exit(1);
}

// One avatar offered; whether it was accepted is known only when the answer came.
static void offer(int i)
{
    char body[200], header[100];
    snprintf(body, sizeof body, "{\"height_cm\":%d,\"consent_version\":\"1\"}", 150 + i % 40);
    snprintf(header, sizeof header, "X-TryOn-Key: %s", publishable);
    const answer *a = ask("POST", "/v1/avatars", token, NULL, body, strlen(body), header);
    if (a->status == 202 && accepted_count < MAX_AVATARS)
        snprintf(accepted[accepted_count++], 40, "%s", text_of(a, "id"));
    // While it comes back from a crash it may refuse; it may never answer nonsense.
    CHECK(a->status == 202 || a->status == 503 || a->status == 0 || a->status == 500);
}

static void killing_at_random_instants(void)
{
    rng r = rng_new(seed);
    bool postgres = getenv("TRYON_TEST_PG_DATA") != NULL;
    int offered = 0;
    for (int k = 0; k < kills; k++) {
        int target = (int)rng_below(&r, postgres ? 3 : 2), pid = target == 0   ? server
                                                                 : target == 1 ? worker
                                                                               : postmaster();
        long after = (long)rng_below(&r, 250);
        pid_t killer = fork();
        if (!killer) {
            sleep_ms(after);
            kill(pid, SIGKILL);
            _exit(0);
        }
        int64_t end = clock_mono_ms() + after + 30;
        while (clock_mono_ms() < end) {
            offer(offered++);
            sleep_ms(20); // about what one worker keeps up with
        }
        waitpid(killer, NULL, 0);
        killed[target]++;
        if (target == 0) {
            waitpid(server, NULL, 0);
            server = server_start(data, 0);
        } else if (target == 1) {
            waitpid(worker, NULL, 0);
            worker = start_worker();
        } else {
            restart_postgres();
        }
    }
    printf("  %d offered, %d accepted; killed: server %d, worker %d, database %d times\n", offered, accepted_count,
           killed[0], killed[1], killed[2]);
    CHECK(accepted_count > kills); // there was load
}

static int ready, failed;
static void everything_accepted_is_finished(void)
{
    for (int i = 0; i < accepted_count; i++) {
        char path[100];
        const char *status = "";
        snprintf(path, sizeof path, "/v1/avatars/%s", accepted[i]);
        for (int k = 0; k < 600; k++) {
            const answer *a = get(path, token);
            CHECK(a->status == 200 || a->status == 503);
            status = text_of(a, "status");
            if (!strcmp(status, "ready") || !strcmp(status, "failed")) break;
            sleep_ms(100);
        }
        const answer *a = get(path, token);
        if (!strcmp(status, "ready")) {
            ready++;
            const json_t *files = json_object_get(a->json, "files");
            char url[2048];
            snprintf(url, sizeof url, "%s", json_string_value(json_object_get(files, "avatar.glb")));
            a = get(url, NULL);
            CHECK(a->status == 200 && a->len > 20 && !memcmp(a->text, "glTF", 4));
        } else {
            failed++;
            CHECK_STR(status, "failed");
            CHECK(*text_of(a, "failure"));
        }
        if (test_broken) {
            printf("  avatar %s: %s\n", accepted[i], status);
            return;
        }
    }
    printf("  %d ready, %d failed after three lost attempts\n", ready, failed);
    CHECK(failed * 10 <= ready); // a kill each quarter second may hit the same job three times, seldom
}

static arena *A;
static int live_rows, all_rows, files_seen, files_unknown;
static sql_rows live;

static void one_file(void *ctx, const char *path)
{
    files_seen++;
    for (int i = 0; i < live.count; i++)
        if (!strcmp(sql_cell(&live, i, 0), ctx) && !strcmp(sql_cell(&live, i, 1), path)) return;
    if (files_unknown++ < 5) printf("  orphan: %s/%s\n", (char *)ctx, path);
}

static void nothing_is_twice_and_nothing_is_orphaned(void)
{
    enum { PATIENCE = 60 };
    char url[600], root[100];
    db *d = NULL;
    blob_store *b = NULL;
    err e;
    const char *given = getenv("TRYON_TEST_DATABASE_URL"), *s3 = getenv("TRYON_TEST_S3_ENDPOINT");
    snprintf(url, sizeof url, "sqlite:%s/tryon.db", data);
    snprintf(root, sizeof root, "%s/blobs", data);
    blob_config c = { .kind = s3 ? BLOB_S3 : BLOB_DISK,
                      .root = root,
                      .link_key = "x",
                      .endpoint = s3,
                      .region = "us-east-1",
                      .access_key = "S3RVER",
                      .secret_key = "S3RVER",
                      .bucket = "tryon" };
    A = arena_new((size_t)512 << 20);
    CHECK(db_open(given ? given : url, 2, &d, &e) && blob_open(&c, &b, &e));
    sql_rows r;
    // The sweeper goes on until it has nothing to do: twice the grace this server was given and a round, when the disk
    // is idle; a busy one gets a minute.
    sleep_ms(6000);
    for (int i = 0; i < PATIENCE; i++, sleep_ms(1000)) {
        CHECK(sql_once(d, db_service, SQL_READ, A, &r, &e, "SELECT count(*) FROM blobs WHERE state <> 'live'", ""));
        if (!sql_int(&r, 0, 0)) break;
    }
    // Each ready avatar was announced once, and only ready ones were.
    CHECK(sql_once(d, db_service, SQL_READ, A, &r, &e,
                   "SELECT count(*), count(DISTINCT dedupe_key) FROM events WHERE event_type = 'avatar_created'", ""));
    int announced = (int)sql_int(&r, 0, 0);
    CHECK(announced == sql_int(&r, 0, 1));
    CHECK(sql_once(d, db_service, SQL_READ, A, &r, &e, "SELECT count(*) FROM avatars WHERE status = 'ready'", ""));
    CHECK(sql_int(&r, 0, 0) == announced);
    CHECK(sql_once(d, db_service, SQL_READ, A, &r, &e, "SELECT count(*) FROM jobs WHERE state = 'completed'", ""));
    CHECK(sql_int(&r, 0, 0) == announced);
    CHECK(sql_once(d, db_service, SQL_READ, A, &r, &e,
                   "SELECT count(*) FROM avatars a WHERE status = 'ready' AND NOT EXISTS (SELECT 1 FROM blobs b WHERE "
                   "b.bucket = 'avatars' AND b.path = a.glb_url AND b.state = 'live')",
                   ""));
    CHECK(sql_int(&r, 0, 0) == 0);
    CHECK(sql_once(d, db_service, SQL_READ, A, &live, &e, "SELECT bucket, path FROM blobs WHERE state = 'live'", ""));
    live_rows = live.count;
    CHECK(sql_once(d, db_service, SQL_READ, A, &r, &e, "SELECT count(*) FROM blobs", ""));
    all_rows = (int)sql_int(&r, 0, 0);
    static char avatars[] = "avatars", photos[] = "photos";
    CHECK(blob_list(b, "avatars", "", one_file, avatars, &e));
    CHECK(blob_list(b, "photos", "", one_file, photos, &e));
    printf("  %d avatars announced; %d live objects of %d noted, %d files, %d orphans\n", announced, live_rows,
           all_rows, files_seen, files_unknown);
    CHECK(files_unknown == 0 && files_seen == live_rows && all_rows == live_rows);
    db_close(d);
    blob_close(b);
    arena_free(A);
}

static void begin(void)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    accepted = mem_new(MAX_AVATARS, sizeof *accepted);
    snprintf(data, sizeof data, "/tmp/tryon-crash-XXXXXX");
    if (!mkdtemp(data)) exit(1);
    setenv("TRYON_RATE", "0", 1);
    setenv("TRYON_LEASE_MS", "2000", 1);
    setenv("TRYON_GRACE_MS", "3000", 1);
    char path[100];
    json_t *j = make_brand_of(data, "Crash", "https://shop.example");
    snprintf(publishable, sizeof publishable, "%s", json_string_value(json_object_get(j, "publishable_key")));
    snprintf(secret, sizeof secret, "%s", json_string_value(json_object_get(j, "secret_key")));
    json_decref(j);
    server = server_start(data, 0);
    snprintf(path, sizeof path, "%s/secrets.json", data);
    j = json_load_file(path, 0, NULL);
    snprintf(worker_key, sizeof worker_key, "%s", json_string_value(json_object_get(j, "worker_key")));
    json_decref(j);
    snprintf(token, sizeof token, "%s", text_of(ask("POST", "/v1/guests", NULL, NULL, NULL, 0, NULL), "token"));
    worker = start_worker();
}

static void end(void)
{
    kill(worker, SIGKILL);
    waitpid(worker, NULL, 0);
    server_stop(server, SIGTERM);
    pid_t child = fork();
    if (!child) {
        char log[80];
        snprintf(log, sizeof log, "%s.log", data);
        execl("/bin/rm", "rm", "-rf", test_failed ? "/nonexistent" : data, test_failed ? "/nonexistent" : log,
              (char *)NULL);
        _exit(1);
    }
    waitpid(child, NULL, 0);
    mem_free(accepted);
}

int main(int argc, char **argv)
{
    if (argc > 1) kills = (int)strtol(argv[1], NULL, 10);
    if (argc > 2) seed = strtoull(argv[2], NULL, 10);
    begin();
    RUN(killing_at_random_instants);
    RUN(everything_accepted_is_finished);
    RUN(nothing_is_twice_and_nothing_is_orphaned);
    end();
    printf("%d passed, %d failed\n", test_passed, test_failed);
    return test_failed != 0;
}
