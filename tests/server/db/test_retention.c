// What is deleted, by whom it may be and when by itself; and what stays.
#include "stage.h"

static int count_of(const char *sql, const char *value)
{
    sql_rows r;
    OK(sql_once(D, db_service, SQL_READ, A, &r, &E, sql, "t", value));
    return (int)sql_int(&r, 0, 0);
}

static const char DOOMED[] = "SELECT count(*) FROM blobs WHERE path = $1 AND state = 'doomed'";

static void store(const char *bucket, const char *user, const char *path)
{
    OK(db_blob_intend(D, A, bucket, path, user, NULL, &E));
    OK(db_blob_settle(D, A, &(db_blob){ .bucket = bucket, .path = path, .sha256 = "aa", .size = 3 }, &E));
}

static void an_avatar_that_came_with_a_guest_is_deleted_with_its_files_and_no_others(void)
{
    const char *token = fresh_hash();
    db_user u;
    uuid_text account;
    int64_t joined;
    OK(db_guest_new(D, A, token, clock_ms() + 60000, &u, &E));
    const char *id = avatar(u.id, NULL, true), *other = avatar(u.id, NULL, true);
    const char *before[] = { path_of(u.id, id, "front.jpg"), path_of(u.id, id, "avatar-1.glb"),
                             path_of(u.id, other, "avatar-1.glb") };
    for (int i = 0; i < 3; i++) store(i ? "avatars" : "photos", u.id, before[i]);
    uuid_new(account);
    OK(db_user_ensure(D, A, account, NULL, &E));
    OK(db_user_join(D, A, account, token, &joined, &E));
    CHECK(joined == 2);
    const char *after = path_of(account, id, "tryon-1.glb");
    store("avatars", account, after);
    OK(db_avatar_delete(D, A, account, id, &E));
    CHECK(count_of(DOOMED, before[0]) == 1 && count_of(DOOMED, before[1]) == 1 && count_of(DOOMED, after) == 1);
    CHECK(count_of(DOOMED, before[2]) == 0);
}

static const int64_t HOUR = 3600000, DAY = 86400000;

static void sweep(int64_t later)
{
    int64_t removed;
    OK(db_retention_sweep(D, A, clock_ms() + later, &removed, &E));
}

static const char *account(void)
{
    char *id = arena_alloc(A, 37, 1);
    uuid_new(id);
    OK(db_user_ensure(D, A, id, NULL, &E));
    return id;
}

typedef struct {
    const char *id, *front, *side;
} photographed;

static photographed with_photos(const char *user, bool start)
{
    char *id = arena_alloc(A, 37, 1);
    uuid_new(id);
    photographed p = { id, path_of(user, id, "front.jpg"), path_of(user, id, "side.jpg") };
    store("photos", user, p.front);
    store("photos", user, p.side);
    db_avatar v;
    bool repeat;
    OK(db_avatar_create(D, A,
                        &(db_avatar_new){ .id = id,
                                          .user_id = user,
                                          .answers = "{}",
                                          .photo_path = p.front,
                                          .side_photo_path = p.side,
                                          .start = start },
                        &v, &repeat, &E));
    return p;
}

static bool photos_gone(const photographed *p)
{
    db_avatar v;
    OK(db_avatar_get(D, A, db_service, p->id, &v, &E));
    int doomed = count_of(DOOMED, p->front) + count_of(DOOMED, p->side);
    CHECK((doomed == 2 && !v.photo_url && !v.side_photo_url) || (doomed == 0 && v.photo_url && v.side_photo_url));
    return doomed == 2;
}

static void photos_of_an_avatar_that_did_not_come_about_go_after_a_day(void)
{
    const char *user = account();
    photographed failed = with_photos(user, true), waiting = with_photos(user, true), idle = with_photos(user, false),
                 ready = with_photos(user, true);
    db_job j;
    bool applied;
    CHECK(take_until("w", failed.id, &j));
    OK(db_job_fail(D, A, j.id, "w", "the photo shows nobody", false, &applied, &E));
    OK(sql_once(D, db_service, SQL_WRITE, A, NULL, &E, "UPDATE avatars SET status = 'ready' WHERE id = $1", "t",
                ready.id)); // by a service that keeps photos
    sweep(DAY - HOUR);
    CHECK(!photos_gone(&failed) && !photos_gone(&idle));
    sweep(DAY + HOUR);
    CHECK(photos_gone(&failed) && photos_gone(&idle) && !photos_gone(&waiting) && !photos_gone(&ready));
    REFUSED(db_avatar_start(D, A, user, idle.id, false, false, &E), ERR_CONFLICT);
}

static void a_guest_goes_a_day_after_her_last_token_and_her_try_ons_are_nobodys(void)
{
    const char *b = brand(), *gone = guest(), *id = avatar(gone, b, true), *file = path_of(gone, id, "avatar-1.glb");
    const char *token = fresh_hash(), *code = fresh_hash(), *old = fresh_hash(), *signed_in = account();
    db_user stays;
    uuid_text found;
    db_tryon n = { .selected_size = "M" }, t;
    store("avatars", gone, file);
    snprintf(n.user_id, 37, "%s", gone);
    snprintf(n.brand_id, 37, "%s", b);
    snprintf(n.avatar_id, 37, "%s", id);
    OK(tryon_alone(&n, NULL, 0, &t));
    OK(db_guest_new(D, A, token, clock_ms() + 30 * DAY, &stays, &E));
    OK(db_handoff_new(D, A, stays.id, code, clock_ms() + 60000, &E));
    OK(db_handoff_new(D, A, signed_in, old, clock_ms() + 60000, &E));
    static const char tokens[] = "SELECT count(*) FROM guest_tokens WHERE hash = $1",
                      users[] = "SELECT count(*) FROM users WHERE id = $1";
    sweep(DAY - HOUR);
    CHECK(count_of(users, gone) == 1 && count_of(tokens, code) == 1 && count_of(tokens, old) == 1);
    sweep(DAY + HOUR);
    CHECK(count_of(users, gone) == 0 && count_of(users, stays.id) == 1 && count_of(users, signed_in) == 1);
    CHECK(count_of(tokens, code) == 0 && count_of(tokens, old) == 0);
    CHECK(count_of(DOOMED, file) == 1);
    OK(db_guest_find(D, A, token, found, NULL, &E));
    OK(db_tryon_get(D, A, db_as_brand(b), t.id, &t, &E));
    CHECK(!*t.user_id && !*t.avatar_id && !strcmp(t.selected_size, "M"));
    CHECK(count_of("SELECT count(*) FROM events WHERE session_id = $1 AND user_id IS NULL", t.id) == 1);
}

static void what_served_its_purpose_goes_in_steps(void)
{
    const char *user = account();
    uuid_text id;
    uuid_new(id);
    db_avatar v;
    db_job j;
    bool repeat, found, applied;
    db_avatar_new n = { .id = id, .user_id = user, .answers = "{}", .idempotency_key = "k", .fingerprint = "f" };
    OK(db_avatar_create(D, A, &n, &v, &repeat, &E));
    static const char *const job[] = { "spent-ended", "spent-waiting" };
    for (int i = 0; i < 2; i++)
        OK(db_job_submit(
            D, A, &(db_job_new){ .id = job[i], .queue = "spent", .kind = "plain", .tenant = "", .input = "{}" }, &E));
    OK(db_job_take(D, A, "spent", "w", 60000, &j, &found, &E));
    OK(db_job_finish(D, A, job[0], "w", &(db_job_effect){ .output = "{}" }, &applied, &E));
    CHECK(found && applied);
    OK(sql_once(D, db_service, SQL_WRITE, A, NULL, &E,
                "INSERT INTO webhooks_received (source, id, received_at) WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL "
                "SELECT i + 1 FROM n WHERE i < 2500) SELECT 'many', 'no. ' || i, @ts($1) FROM n",
                "i", clock_ms()));
    static const char keys[] = "SELECT count(*) FROM idempotency_keys WHERE owner = $1",
                      hooks[] = "SELECT count(*) FROM webhooks_received WHERE source = $1",
                      jobs[] = "SELECT count(*) FROM jobs WHERE id = $1";
    sweep(DAY - HOUR);
    CHECK(count_of(keys, user) == 1);
    sweep(DAY + HOUR);
    CHECK(count_of(keys, user) == 0);
    sweep(7 * DAY - HOUR);
    CHECK(count_of(hooks, "many") == 2500);
    sweep(7 * DAY + HOUR);
    CHECK(count_of(hooks, "many") == 500);
    sweep(7 * DAY + HOUR);
    CHECK(count_of(hooks, "many") == 0);
    sweep(30 * DAY - HOUR);
    CHECK(count_of(jobs, job[0]) == 1);
    sweep(30 * DAY + HOUR);
    CHECK(count_of(jobs, job[0]) == 0 && count_of(jobs, job[1]) == 1);
}

TEST_MAIN(open_database(); int applied; OK(db_migrate(D, &applied, &E));
          RUN(an_avatar_that_came_with_a_guest_is_deleted_with_its_files_and_no_others);
          RUN(photos_of_an_avatar_that_did_not_come_about_go_after_a_day);
          RUN(a_guest_goes_a_day_after_her_last_token_and_her_try_ons_are_nobodys);
          RUN(what_served_its_purpose_goes_in_steps); close_database();)
