// What a worker is told when it asks for a job, and what becomes of jobs nobody can be told of.
#include "jobs/plane.h"
#include "server/db/stage.h"

#include <time.h>

static blob_store *disk, *away;

static void begin(void)
{
    open_database();
    int applied;
    OK(db_migrate(D, &applied, &E));
    OK(blob_open(&(blob_config){ .kind = BLOB_DISK, .root = folder, .link_key = "the key links are signed with" },
                 &disk, &E));
    // Nobody listens there.
    OK(blob_open(&(blob_config){ .kind = BLOB_SUPABASE, .endpoint = "http://127.0.0.1:1", .service_key = "k" }, &away,
                 &E));
}

static void end(void)
{
    blob_close(disk);
    blob_close(away);
    close_database();
}

static void while_storage_is_away_jobs_wait_and_lose_no_attempt(void)
{
    enum { JOBS = 3 };
    const char *user = guest(), *id[JOBS];
    for (int i = 0; i < JOBS; i++) id[i] = avatar(user, NULL, true);
    job_plane p = { .d = D, .blobs = away };
    buf json = buf_new(64 << 10);
    bool found = true;
    REFUSED(plane_take(&p, A, "avatar", "w", &json, &found, &E), ERR_IO);
    CHECK(!found && json.len == 0);
    sql_rows r;
    OK(sql_once(D, db_service, SQL_READ, A, &r, &E,
                "SELECT sum(attempts), sum(max_attempts - attempts) FROM jobs WHERE user_id = $1", "t", user));
    CHECK(sql_int(&r, 0, 0) == 1 && sql_int(&r, 0, 1) == 3 * JOBS); // one was looked at, and has as many left
    // The one looked at waits; the others are to be had at once, and it too in a while.
    p.blobs = disk;
    for (int i = 1; i < JOBS; i++) {
        OK(plane_take(&p, A, "avatar", "w", &json, &found, &E));
        CHECK(found);
    }
    OK(plane_take(&p, A, "avatar", "w", &json, &found, &E));
    CHECK(!found);
    OK(sql_once(D, db_service, SQL_WRITE, A, NULL, &E, "UPDATE jobs SET run_at = @ts($2) WHERE user_id = $1", "ti",
                user, clock_ms() - 1));
    db_swept swept;
    OK(db_jobs_sweep(D, A, &swept, &E));
    json.len = 0;
    OK(plane_take(&p, A, "avatar", "w", &json, &found, &E));
    CHECK(found && buf_append(&json, "", 1) && strstr((char *)json.data, id[0]));
    buf_free(&json);
}

static void remember(void *heard, const char *job) { snprintf(heard, 40, "%s", job); }

static void whoever_waits_for_a_job_that_expired_is_told(void)
{
    db_job_new late = { .id = "late",
                        .queue = "slow",
                        .kind = "plain",
                        .tenant = "",
                        .input = "{}",
                        .webhook = "https://example.org/hook",
                        .ttl_ms = -5 };
    job_plane p = { .d = D };
    char heard[40] = "";
    int64_t moved;
    OK(db_job_submit(D, A, &late, &E));
    OK(plane_sweep(&p, remember, heard, clock_mono_ms() + 10000, &moved, &E));
    CHECK(moved == 1);
    CHECK_STR(heard, "late");
    // Telling takes its time; jobs do not wait for it for ever.
    late.id = "later";
    OK(db_job_submit(D, A, &late, &E));
    CHECK(!plane_sweep(&p, remember, heard, clock_mono_ms() - 1, &moved, &E));
    CHECK_STR(E.msg, "1 webhooks of jobs that ended were not told in time");
    CHECK_STR(heard, "late");
    db_job j;
    OK(db_job_get(D, A, "later", &j, &E));
    CHECK_STR(j.state, "timed_out");
}

TEST_MAIN(begin(); RUN(whoever_waits_for_a_job_that_expired_is_told);
          RUN(while_storage_is_away_jobs_wait_and_lose_no_attempt); end();)
