// What becomes of objects: no deletion meets one that is wanted, a backlog of deletions is worked off, and a person's
// own go when she does.
#include "api/api.h"
#include "common/text.h"
#include "server/db/stage.h"

#include <sys/wait.h>

static char objects[128];
static blob_store *B;
static job_plane P;
static const uint8_t GLB[20] = "glTF\2\0\0\0\24\0\0\0\0\0\0\0JSON";

static void open_objects(void)
{
    open_database();
    int applied;
    snprintf(objects, sizeof objects, "%s/blobs", folder);
    OK(db_migrate(D, &applied, &E) &&
       blob_open(&(blob_config){ .kind = BLOB_DISK, .root = objects, .link_key = "signs links" }, &B, &E) &&
       blob_ready(B, &E));
    P = (job_plane){ .d = D, .blobs = B };
}

static void close_objects(void)
{
    blob_close(B);
    pid_t child = fork();
    if (!child) {
        execl("/bin/rm", "rm", "-rf", objects, (char *)NULL);
        _exit(1);
    }
    waitpid(child, NULL, 0);
    close_database();
}

// Puts one result where its worker would, and says so in *files.
static void bring(const char *at, const char *name, const void *data, size_t n, buf *files)
{
    sha256_hex hash;
    sha256_text(data, n, hash);
    const char *path = arena_printf(A, "%s/%s", at, name);
    OK(blob_put(B, "avatars", path, "application/octet-stream", data, n, &E));
    CHECK(buf_printf(files, "%s\"%s\":{\"sha256\":\"%s\"}", files->len ? "," : "", name, hash));
}

// The avatar's next job, done: a fit that found this height.
static void fit(const char *user, const char *id, int height, db_avatar *v)
{
    buf taken = buf_new(1 << 20), files = buf_new(4096);
    bool found, ended;
    db_job j;
    OK(plane_take(&P, A, "avatar", "w", &taken, &found, &E));
    CHECK(found && buf_append(&taken, "", 1));
    const char *job = arena_textn(A, strstr((char *)taken.data, "\"id\":\"") + 6, 36);
    OK(db_job_get(D, A, job, &j, &E));
    CHECK_STR(j.avatar_id, id);
    const char *at = arena_printf(A, "%s/%s/work-%s-%lld", user, id, job, (long long)j.attempts),
               *measured = arena_printf(A, "{\"measurements\":{\"height\":%d}}", height);
    bring(at, "avatar.glb", GLB, sizeof GLB, &files);
    bring(at, "measurements.json", measured, strlen(measured), &files);
    bring(at, "params.npz", measured, strlen(measured), &files);
    const char *done = arena_printf(A, "{\"output\":{\"files\":{%.*s}}}", (int)files.len, (char *)files.data);
    OK(plane_done(&P, A, "w", job, done, strlen(done), &ended, &E));
    CHECK(ended);
    OK(db_avatar_get(D, A, db_service, id, v, &E));
    CHECK_STR(v->status, "ready");
    buf_free(&taken);
    buf_free(&files);
}

static bool there(const char *path)
{
    uint64_t size;
    return blob_size(B, "avatars", path, &size, &E);
}

static void a_deletion_that_was_decided_on_misses_what_is_written_meanwhile(void)
{
    const char *user = guest(), *id = avatar(user, NULL, true);
    db_avatar first, second, third;
    db_blob *doomed;
    int count;
    int64_t removed = 0;
    fit(user, id, 170, &first);
    OK(db_avatar_refit(D, A, user, id, "{\"height_cm\":171}", &E));
    fit(user, id, 171, &second);
    // The sweeper has looked, and is about to delete; then the first answers come again, and with them the same files.
    OK(db_blob_unwanted(D, A, clock_ms() - 3600000, 1000, &doomed, &count, &E));
    OK(db_avatar_refit(D, A, user, id, "{\"height_cm\":170}", &E));
    fit(user, id, 170, &third);
    OK(plane_delete(&P, A, doomed, count, clock_ms(), clock_mono_ms() + 60000, &removed, &E));
    CHECK(removed == count && count > 0);
    CHECK(there(third.glb_url) && there(third.params_url) && !there(first.params_url));
}

static void pause_ms(int ms) { nanosleep(&(struct timespec){ 0, ms * 1000000L }, NULL); }

static void the_note_of_what_is_being_written_late_is_kept(void)
{
    const char *user = guest(), *path = arena_printf(A, "%s/late/work/params.npz", user);
    db_blob *list;
    int count;
    int64_t removed = 0;
    bool expected;
    OK(db_blob_intend(D, A, "avatars", path, user, NULL, &E));
    pause_ms(3);
    int64_t before = clock_ms();
    OK(db_blob_unwanted(D, A, before, 1000, &list, &count, &E)); // abandoned, as it seems
    pause_ms(3);
    OK(db_blob_touch(D, A, "avatars", path, &expected, &E)); // and now it comes
    CHECK(expected);
    OK(plane_delete(&P, A, list, count, before, clock_mono_ms() + 60000, &removed, &E));
    OK(blob_put(B, "avatars", path, "application/octet-stream", GLB, sizeof GLB, &E));
    OK(db_blob_unwanted(D, A, clock_ms() + 1, 1000, &list, &count, &E));
    bool noted = false;
    for (int i = 0; i < count; i++) noted |= !strcmp(list[i].path, path);
    CHECK(noted); // or the file would lie there for ever
    OK(plane_delete(&P, A, list, count, clock_ms() + 1, clock_mono_ms() + 60000, &removed, &E));
    CHECK(!there(path));
}

// Objects that are doomed: noted, and not even there.
static void doom_many(int n)
{
    const char **paths = mem_array(const char *, (size_t)n);
    uuid_text owner;
    uuid_new(owner);
    for (int i = 0; i < n; i++) paths[i] = arena_printf(A, "%s/%d/x.glb", owner, i);
    OK(db_blobs_intend(D, A, "avatars", paths, n, NULL, &E) && db_blobs_doom(D, A, "avatars", paths, n, &E));
    mem_free(paths);
}

static void a_backlog_of_deletions_is_worked_off(void)
{
    enum { MANY = 620 };
    int64_t removed;
    bool more;
    OK(plane_clear(&P, 3600000, clock_mono_ms() + 60000, &removed, &more, &E)); // of the tests before
    CHECK(!more);
    doom_many(MANY);
    OK(plane_clear(&P, 3600000, clock_mono_ms(), &removed, &more, &E)); // out of time at once
    CHECK(removed == 0 && more);
    OK(plane_clear(&P, 3600000, clock_mono_ms() + 60000, &removed, &more, &E));
    CHECK(removed == MANY && !more);
}

static void who_leaves_takes_her_files_along_however_many_wait_to_be_deleted(void)
{
    const char *user = guest(), *id = avatar(user, NULL, true), *photo = arena_printf(A, "%s/%s/front", user, id);
    db_avatar v;
    doom_many(510);
    fit(user, id, 170, &v);
    OK(db_blob_intend(D, A, "photos", photo, user, NULL, &E) &&
       blob_put(B, "photos", photo, "image/jpeg", GLB, sizeof GLB, &E));
    CHECK(there(v.glb_url) && there(v.params_url));
    api *p = api_new(&(api_config){ 0 }, D, B, NULL, NULL);
    api_caller who = { 0 };
    memcpy(who.user, user, sizeof who.user);
    http_request q = { .a = A, .app = p, .who = &who };
    http_response r = { 0 };
    me_delete(&q, &r);
    CHECK(r.status == 204);
    uint64_t size;
    CHECK(!there(v.glb_url) && !there(v.params_url) && !blob_size(B, "photos", photo, &size, &E));
    db_user u;
    REFUSED(db_user_get(D, A, user, &u, &E), ERR_NOT_FOUND);
    // The others' are left to the sweeper.
    db_blob *left;
    int count;
    OK(db_blob_unwanted(D, A, clock_ms() - 3600000, 1000, &left, &count, &E));
    CHECK(count >= 510);
    buf_free(&r.body);
    api_free(p);
}

TEST_MAIN(open_objects(); RUN(a_deletion_that_was_decided_on_misses_what_is_written_meanwhile);
          RUN(the_note_of_what_is_being_written_late_is_kept); RUN(a_backlog_of_deletions_is_worked_off);
          RUN(who_leaves_takes_her_files_along_however_many_wait_to_be_deleted); close_objects();)
