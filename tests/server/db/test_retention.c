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

TEST_MAIN(open_database(); int applied; OK(db_migrate(D, &applied, &E));
          RUN(an_avatar_that_came_with_a_guest_is_deleted_with_its_files_and_no_others); close_database();)
