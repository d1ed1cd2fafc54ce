// The queue: leases, retries, turns, cancellation, and effects that happen once.
#include "stage.h"

#include <pthread.h>
#include <time.h>

static void a_finished_job_makes_the_avatar_ready_exactly_once(void)
{
    const char *user = guest(), *of_brand = brand(), *id = avatar(user, of_brand, true);
    const char *glb = path_of(user, id, "a.glb");
    OK(db_blob_intend(D, A, "avatars", glb, user, NULL, &E));
    db_job j;
    CHECK(take_until("w1", id, &j));
    db_avatar v;
    OK(db_avatar_get(D, A, db_as_user(user), id, &v, &E));
    CHECK_STR(v.status, "processing");
    db_blob blob = { .bucket = "avatars", .path = glb, .sha256 = "ab", .size = 12 };
    db_job_effect x = { .output = "{\"status\":\"success\"}",
                        .glb_path = glb,
                        .measurements = "{\"chest_girth\":{}}",
                        .blobs = &blob,
                        .blob_count = 1,
                        .photo_doom = "photos" };
    bool applied;
    OK(db_job_finish(D, A, j.id, "w2", &x, &applied, &E));
    CHECK(!applied);
    OK(db_job_finish(D, A, j.id, "w1", &x, &applied, &E));
    CHECK(applied);
    OK(db_job_finish(D, A, j.id, "w1", &x, &applied, &E));
    CHECK(!applied);
    OK(db_avatar_get(D, A, db_as_user(user), id, &v, &E));
    CHECK_STR(v.status, "ready");
    CHECK_STR(v.glb_url, glb);
    CHECK(v.photo_url == NULL);
    OK(db_job_get(D, A, j.id, &j, &E));
    CHECK_STR(j.state, "completed");
    CHECK(j.finished_at >= j.started_at && j.started_at >= j.created_at);
    // The brand's funnel saw it, once.
    buf json = buf_new(4096);
    OK(db_analytics_funnel(D, A, of_brand, 0, clock_ms() + 1000, &json, &E));
    OK(buf_append(&json, "", 1));
    CHECK(strstr((char *)json.data, "\"avatar_created\",\"events\":1,") != NULL);
    buf_free(&json);
}

static void a_failed_job_is_tried_again_and_then_dead_with_its_reason(void)
{
    const char *user = guest(), *id = avatar(user, NULL, true);
    db_job j;
    bool applied;
    for (int attempt = 1; attempt <= 3; attempt++) {
        CHECK(take_until("w", id, &j));
        CHECK(j.attempts == attempt);
        OK(db_job_fail(D, A, j.id, "w", "the photo is dark", true, &applied, &E));
        CHECK(applied);
        if (attempt == 3) break;
        OK(db_job_get(D, A, j.id, &j, &E));
        CHECK_STR(j.state, "delayed");
        db_swept swept;
        OK(db_jobs_sweep(D, A, &swept, &E)); // not due yet
        bool found;
        db_job none;
        OK(db_job_take(D, A, "avatar", "w", 1000, &none, &found, &E));
        CHECK(!found);
        OK(sql_once(D, db_service, SQL_WRITE, A, NULL, &E, "UPDATE jobs SET run_at = @ts($2) WHERE id = $1", "ti", j.id,
                    clock_ms() - 1));
        OK(db_jobs_sweep(D, A, &swept, &E));
        CHECK(swept.moved == 1);
    }
    OK(db_job_get(D, A, j.id, &j, &E));
    CHECK_STR(j.state, "failed");
    CHECK_STR(j.error, "the photo is dark");
    db_avatar v;
    OK(db_avatar_get(D, A, db_as_user(user), id, &v, &E));
    CHECK_STR(v.status, "failed");
    CHECK_STR(v.failure, "the photo is dark");
    bool retried;
    OK(db_job_retry(D, A, j.id, &retried, &E));
    CHECK(retried);
    CHECK(take_until("w", id, &j));
    OK(db_job_fail(D, A, j.id, "w", "again", false, &applied, &E));
}

static void a_lost_workers_lease_runs_out_and_its_late_result_still_counts_if_nobody_else_began(void)
{
    const char *user = guest(), *id = avatar(user, NULL, true), *id2 = avatar(user, NULL, true);
    db_job j, k;
    CHECK(take_until("slow", id, &j));
    CHECK(take_until("lost", id2, &k));
    OK(db_job_beat(D, A, "avatar", "slow", j.id, -1, &E)); // as if the time had passed
    OK(db_job_beat(D, A, "avatar", "lost", k.id, -1, &E));
    db_swept swept;
    OK(db_jobs_sweep(D, A, &swept, &E));
    CHECK(swept.moved == 2);
    bool applied;
    OK(db_job_finish(D, A, j.id, "slow", &(db_job_effect){ .output = "{}", .measurements = "{}" }, &applied, &E));
    CHECK(applied);
    OK(sql_once(D, db_service, SQL_WRITE, A, NULL, &E, "UPDATE jobs SET run_at = @ts($2) WHERE id = $1", "ti", k.id,
                clock_ms() - 1));
    OK(db_jobs_sweep(D, A, &swept, &E));
    CHECK(take_until("next", id2, &k));
    OK(db_job_finish(D, A, k.id, "lost", &(db_job_effect){ .output = "{}", .measurements = "{}" }, &applied, &E));
    CHECK(!applied);
    OK(db_job_finish(D, A, k.id, "next", &(db_job_effect){ .output = "{}", .measurements = "{}" }, &applied, &E));
    CHECK(applied);
}

static void one_brands_rush_does_not_hold_back_another(void)
{
    const char *big = brand(), *small = brand();
    char id[64];
    for (int i = 0; i < 50; i++) {
        snprintf(id, sizeof id, "big-%02d-%s", i, big);
        OK(db_job_submit(
            D, A, &(db_job_new){ .id = id, .queue = "fair", .kind = "plain", .tenant = big, .input = "{}" }, &E));
    }
    db_job j;
    bool found;
    for (int i = 0; i < 10; i++) OK(db_job_take(D, A, "fair", "w", 60000, &j, &found, &E));
    for (int i = 0; i < 3; i++) {
        snprintf(id, sizeof id, "small-%d-%s", i, small);
        OK(db_job_submit(
            D, A, &(db_job_new){ .id = id, .queue = "fair", .kind = "plain", .tenant = small, .input = "{}" }, &E));
    }
    int of_small = 0;
    for (int i = 0; i < 6; i++) {
        OK(db_job_take(D, A, "fair", "w", 60000, &j, &found, &E));
        of_small += !strcmp(j.tenant, small);
    }
    CHECK(of_small == 3); // every other turn, though 40 were waiting before
    snprintf(id, sizeof id, "urgent-%s", big);
    OK(db_job_submit(
        D, A, &(db_job_new){ .id = id, .queue = "fair", .kind = "plain", .tenant = big, .input = "{}", .priority = 5 },
        &E));
    OK(db_job_take(D, A, "fair", "w", 60000, &j, &found, &E));
    CHECK_STR(j.id, id);
}

// Beside a shopper's job each of these would be a preview of half a minute.
static void submit_preview(const char *queue, int i)
{
    char id[64];
    snprintf(id, sizeof id, "%s-preview-%d", queue, i);
    OK(db_job_submit(
        D, A, &(db_job_new){ .id = id, .queue = queue, .kind = "plain", .tenant = "", .input = "{}", .priority = -1 },
        &E));
}

static void previews_leave_half_of_the_workers_to_shoppers(void)
{
    db_job j;
    bool found;
    for (int i = 0; i < 4; i++) submit_preview("half", i);
    static const char *const workers[] = { "half-1", "half-2", "half-3" };
    for (int i = 0; i < 3; i++) OK(db_job_beat(D, A, "half", workers[i], NULL, 60000, &E));
    int taken = 0;
    for (int i = 0; i < 3; i++) {
        OK(db_job_take(D, A, "half", workers[i], 60000, &j, &found, &E));
        taken += found;
    }
    CHECK(taken == 2); // of three workers one is left
    OK(db_job_submit(
        D, A, &(db_job_new){ .id = "half-shopper", .queue = "half", .kind = "plain", .tenant = "", .input = "{}" },
        &E));
    OK(db_job_take(D, A, "half", workers[2], 60000, &j, &found, &E));
    CHECK(found && !strcmp(j.id, "half-shopper"));
    bool applied;
    OK(db_job_fail(D, A, "half-preview-0", "half-1", "done", false, &applied, &E));
    OK(db_job_take(D, A, "half", "half-1", 60000, &j, &found, &E));
    CHECK(found && !strcmp(j.id, "half-preview-2"));
}

static void an_only_worker_takes_previews_too(void)
{
    db_job j;
    bool found;
    submit_preview("alone", 0);
    OK(db_job_take(D, A, "alone", "alone-1", 60000, &j, &found, &E)); // not heard of before
    CHECK(found);
}

static int takes[4];
static void *take_all(void *arg)
{
    arena *a = arena_new(64 << 20);
    int me = *(int *)arg;
    char name[8];
    snprintf(name, sizeof name, "t%d", me);
    for (bool found = true; found;) {
        db_job j;
        err e = { 0 };
        bool applied;
        if (!db_job_take(D, a, "crowd", name, 60000, &j, &found, &e)) {
            printf("  take: %s\n", e.msg);
            takes[me] = -1000;
            break;
        }
        if (!found) break;
        if (!db_job_finish(D, a, j.id, name, &(db_job_effect){ .output = "{}" }, &applied, &e) || !applied) {
            printf("  finish: %s\n", e.msg);
            takes[me] = -1000;
            break;
        }
        takes[me]++;
    }
    arena_free(a);
    return NULL;
}

static void many_workers_share_a_queue_without_loss_or_repeat(void)
{
    char id[32];
    for (int i = 0; i < 200; i++) {
        snprintf(id, sizeof id, "crowd-%d", i);
        OK(db_job_submit(
            D, A, &(db_job_new){ .id = id, .queue = "crowd", .kind = "plain", .tenant = "", .input = "{}" }, &E));
    }
    pthread_t t[4];
    int who[4] = { 0, 1, 2, 3 }, total = 0;
    for (int i = 0; i < 4; i++) pthread_create(&t[i], NULL, take_all, &who[i]);
    for (int i = 0; i < 4; i++) {
        pthread_join(t[i], NULL);
        total += takes[i];
    }
    // A worker may see an empty queue while another is inside a transaction: never a job too many or too few in the
    // end.
    int rest = 0;
    takes[0] = 0;
    take_all(&who[0]);
    rest = takes[0];
    CHECK(total + rest == 200);
    db_queue_health h;
    OK(db_queue_look(D, A, "crowd", &h, &E));
    CHECK(h.completed == 200 && h.queued == 0 && h.running == 0);
}

static void a_cancelled_running_job_reaches_its_worker_once(void)
{
    OK(db_job_submit(D, A, &(db_job_new){ .id = "c1", .queue = "stop", .kind = "plain", .tenant = "", .input = "{}" },
                     &E));
    db_job j;
    bool found, cancelled;
    OK(db_job_take(D, A, "stop", "w9", 60000, &j, &found, &E));
    CHECK(found);
    OK(db_job_cancel(D, A, "c1", &cancelled, &E));
    CHECK(cancelled);
    const char **ids;
    int n;
    OK(db_job_stops(D, A, "w9", &ids, &n, &E));
    CHECK(n == 1);
    if (n == 1) CHECK_STR(ids[0], "c1");
    OK(db_job_stops(D, A, "w9", &ids, &n, &E));
    CHECK(n == 0);
    bool applied;
    OK(db_job_finish(D, A, "c1", "w9", &(db_job_effect){ .output = "{}" }, &applied, &E));
    CHECK(!applied);
}

static void a_job_that_waits_too_long_times_out(void)
{
    db_job_new old = { .id = "old", .queue = "slow", .kind = "plain", .tenant = "", .input = "{}", .ttl_ms = -5 };
    OK(db_job_submit(D, A, &old, &E));
    old.id = "older", old.webhook = "https://example.org/hook";
    OK(db_job_submit(D, A, &old, &E));
    db_swept swept;
    OK(db_jobs_sweep(D, A, &swept, &E));
    db_job j;
    OK(db_job_get(D, A, "old", &j, &E));
    CHECK_STR(j.state, "timed_out");
    CHECK(swept.count == 1); // of the two that ended, the one somebody waits for
    CHECK_STR(swept.to_tell[0], "older");
}

static void of_a_lost_job_its_webhook_hears_when_no_attempt_is_left(void)
{
    OK(db_job_submit(D, A,
                     &(db_job_new){ .id = "unlucky",
                                    .queue = "lonely",
                                    .kind = "plain",
                                    .tenant = "",
                                    .input = "{}",
                                    .webhook = "https://example.org/hook" },
                     &E));
    for (int attempt = 1;; attempt++) {
        db_job j;
        bool found;
        db_swept swept;
        OK(sql_once(D, db_service, SQL_WRITE, A, NULL, &E, "UPDATE jobs SET run_at = @ts($2) WHERE id = $1", "ti",
                    "unlucky", clock_ms() - 1));
        OK(db_jobs_sweep(D, A, &swept, &E));
        OK(db_job_take(D, A, "lonely", "lost", 1000, &j, &found, &E));
        CHECK(found && j.attempts == attempt);
        if (!found) return;
        OK(db_job_beat(D, A, "lonely", "lost", j.id, -1, &E)); // as if the time had passed
        OK(db_jobs_sweep(D, A, &swept, &E));
        if (attempt < j.max_attempts) {
            CHECK(swept.count == 0);
            continue;
        }
        CHECK(swept.count == 1);
        CHECK_STR(swept.to_tell[0], "unlucky");
        return;
    }
}

static void a_blob_written_for_a_deleted_avatar_cannot_become_live(void)
{
    const char *user = guest(), *id = avatar(user, NULL, true), *p = path_of(user, id, "late.glb");
    OK(db_blob_intend(D, A, "avatars", p, user, NULL, &E));
    db_job j;
    CHECK(take_until("w", id, &j));
    OK(db_avatar_delete(D, A, user, id, &E));
    REFUSED(db_blob_settle(D, A, &(db_blob){ .bucket = "avatars", .path = p }, &E), ERR_CONFLICT);
    bool applied;
    OK(db_job_finish(D, A, j.id, "w", &(db_job_effect){ .output = "{}" }, &applied, &E));
    CHECK(!applied); // the job went with its avatar
}

static void a_corrected_measure_calls_off_the_older_fit(void)
{
    const char *user = guest(), *id = avatar(user, NULL, true);
    db_job j, k;
    CHECK(take_until("w", id, &j));
    OK(db_avatar_refit(D, A, user, id, "{\"height_cm\":170,\"tape\":{\"chest_girth\":94}}", &E));
    bool applied;
    OK(db_job_finish(D, A, j.id, "w", &(db_job_effect){ .output = "{}" }, &applied, &E));
    CHECK(!applied);
    CHECK(take_until("w", id, &k));
    CHECK(strcmp(j.id, k.id) != 0);
    OK(db_job_finish(D, A, k.id, "w", &(db_job_effect){ .output = "{}", .measurements = "{}" }, &applied, &E));
    CHECK(applied);
}

static void photos_by_link_start_the_job_later_and_once(void)
{
    const char *user = guest(), *id = avatar(user, NULL, false);
    REFUSED(db_avatar_start(D, A, user, id, false, true, &E), ERR_CONFLICT);
    OK(db_avatar_start(D, A, user, id, true, false, &E));
    REFUSED(db_avatar_start(D, A, user, id, true, false, &E), ERR_CONFLICT);
    db_job j;
    CHECK(take_until("w", id, &j));
}

static void a_side_photo_that_did_not_come_is_not_waited_for(void)
{
    const char *user = guest();
    uuid_text id;
    uuid_new(id);
    const char *front = path_of(user, id, "front.jpg"), *side = path_of(user, id, "side.jpg");
    db_avatar v;
    bool repeat, expected;
    OK(db_blobs_intend(D, A, "photos", (const char *[]){ front, side }, 2, user, &E));
    OK(db_avatar_create(
        D, A,
        &(db_avatar_new){ .id = id, .user_id = user, .answers = "{}", .photo_path = front, .side_photo_path = side },
        &v, &repeat, &E));
    OK(db_avatar_start(D, A, user, id, true, false, &E));
    OK(db_avatar_get(D, A, db_service, id, &v, &E));
    CHECK(v.photo_url && !strcmp(v.photo_url, front) && !v.side_photo_url && v.job_id);
    OK(db_blob_touch(D, A, "photos", side, &expected, &E));
    CHECK(!expected);
}

typedef struct {
    const char *user, *id;
    bool started;
} starter;

static void *start_one(void *arg)
{
    starter *s = arg;
    arena *a = arena_new(1 << 20);
    err e = { 0 };
    s->started = db_avatar_start(D, a, s->user, s->id, true, false, &e);
    if (!s->started && e.code != ERR_CONFLICT) printf("  start: %s\n", e.msg);
    arena_free(a);
    return NULL;
}

static void of_two_who_start_an_avatar_at_once_one_does(void)
{
    const char *user = guest(), *id = avatar(user, NULL, false);
    starter who[2] = { { .user = user, .id = id }, { .user = user, .id = id } };
    pthread_t thread[2];
    sql_txn *t;
    OK(sql_begin(D, db_service, SQL_WRITE, A, &t, &E));
    OK(sql_run(t, NULL, &E, "UPDATE avatars SET progress = 0 WHERE id = $1", "t", id)); // both have to wait here
    for (int i = 0; i < 2; i++) CHECK(pthread_create(&thread[i], NULL, start_one, &who[i]) == 0);
    nanosleep(&(struct timespec){ .tv_nsec = 300000000 }, NULL);
    OK(sql_commit(t, &E));
    for (int i = 0; i < 2; i++) pthread_join(thread[i], NULL);
    CHECK(who[0].started != who[1].started);
    sql_rows r;
    OK(sql_once(D, db_service, SQL_READ, A, &r, &E, "SELECT count(*) FROM jobs WHERE avatar_id = $1", "t", id));
    CHECK(sql_int(&r, 0, 0) == 1);
}

TEST_MAIN(open_database(); int applied; OK(db_migrate(D, &applied, &E));
          RUN(a_finished_job_makes_the_avatar_ready_exactly_once);
          RUN(a_failed_job_is_tried_again_and_then_dead_with_its_reason);
          RUN(a_lost_workers_lease_runs_out_and_its_late_result_still_counts_if_nobody_else_began);
          RUN(one_brands_rush_does_not_hold_back_another); RUN(previews_leave_half_of_the_workers_to_shoppers);
          RUN(an_only_worker_takes_previews_too); RUN(many_workers_share_a_queue_without_loss_or_repeat);
          RUN(a_cancelled_running_job_reaches_its_worker_once); RUN(a_job_that_waits_too_long_times_out);
          RUN(of_a_lost_job_its_webhook_hears_when_no_attempt_is_left);
          RUN(a_blob_written_for_a_deleted_avatar_cannot_become_live); RUN(a_corrected_measure_calls_off_the_older_fit);
          RUN(photos_by_link_start_the_job_later_and_once); RUN(a_side_photo_that_did_not_come_is_not_waited_for);
          RUN(of_two_who_start_an_avatar_at_once_one_does); close_database();)
