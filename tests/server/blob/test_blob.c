// One set of tests for every store: the local disk, or the S3 server that TRYON_TEST_S3_ENDPOINT names.
#include "base/mem.h"
#include "blob/blob.h"
#include "common/ids.h"
#include "net/fetch.h"
#include "test.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static blob_store *S;
static err E;
static char folder[64];

#define OK(x)                                                                                                          \
    do {                                                                                                               \
        bool ok_ = (x);                                                                                                \
        if (!ok_) printf("  error: %s\n", E.msg);                                                                      \
        CHECK(ok_);                                                                                                    \
    } while (0)

static void open_store(void)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    const char *s3 = getenv("TRYON_TEST_S3_ENDPOINT");
    snprintf(folder, sizeof folder, "/tmp/tryon-blob-XXXXXX");
    CHECK(mkdtemp(folder) != NULL);
    blob_config c = { .kind = s3 ? BLOB_S3 : BLOB_DISK,
                      .root = folder,
                      .link_key = "k",
                      .endpoint = s3,
                      .region = "us-east-1",
                      .access_key = "S3RVER",
                      .secret_key = "S3RVER",
                      .bucket = "tryon",
                      .part_bytes = (size_t)5 << 20 };
    OK(blob_open(&c, &S, &E));
    OK(blob_ready(S, &E));
}

static void what_was_put_is_got_and_replaced_whole(void)
{
    uint64_t n;
    buf b = buf_new(1 << 20);
    OK(blob_put(S, "avatars", "u1/a1/avatar.glb", "model/gltf-binary", "glTFxyz", 7, &E));
    OK(blob_get(S, "avatars", "u1/a1/avatar.glb", &b, &E));
    CHECK(b.len == 7 && !memcmp(b.data, "glTFxyz", 7));
    OK(blob_size(S, "avatars", "u1/a1/avatar.glb", &n, &E));
    CHECK(n == 7);
    OK(blob_put(S, "avatars", "u1/a1/avatar.glb", "model/gltf-binary", "ab", 2, &E));
    b.len = 0;
    OK(blob_get(S, "avatars", "u1/a1/avatar.glb", &b, &E));
    CHECK(b.len == 2);
    OK(blob_put(S, "photos", "u1/a1/front.jpg", "image/jpeg", "", 0, &E));
    b.len = 0;
    OK(blob_get(S, "photos", "u1/a1/front.jpg", &b, &E));
    CHECK(b.len == 0);
    buf_free(&b);
}

static void what_is_absent_is_told_apart_from_a_failure(void)
{
    buf b = buf_new(1 << 20);
    uint64_t n;
    CHECK(!blob_get(S, "avatars", "nobody/nothing.glb", &b, &E) && E.code == ERR_NOT_FOUND);
    CHECK(!blob_size(S, "avatars", "nobody/nothing.glb", &n, &E) && E.code == ERR_NOT_FOUND);
    CHECK(!blob_size(S, "avatars", "u1/a1/avatar.gl", &n, &E) && E.code == ERR_NOT_FOUND);
    OK(blob_delete(S, "avatars", "nobody/nothing.glb", &E));
    buf small = buf_new(1);
    CHECK(!blob_get(S, "avatars", "u1/a1/avatar.glb", &small, &E) && E.code == ERR_LIMIT);
    buf_free(&small);
    buf_free(&b);
}

static void count_one(void *ctx, const char *path)
{
    (void)path;
    ++*(int *)ctx;
}

static void a_list_has_what_begins_with_the_prefix_and_deletion_takes_it_out(void)
{
    char path[80];
    for (int i = 0; i < 25; i++) {
        snprintf(path, sizeof path, "u2/x%d/f-%d.bin", i % 5, i);
        OK(blob_put(S, "avatars", path, "application/octet-stream", "1", 1, &E));
    }
    int n = 0;
    OK(blob_list(S, "avatars", "u2/", count_one, &n, &E));
    CHECK(n == 25);
    n = 0;
    OK(blob_list(S, "avatars", "u2/x3/", count_one, &n, &E));
    CHECK(n == 5);
    n = 0;
    OK(blob_list(S, "avatars", "u2/x", count_one, &n, &E));
    CHECK(n == 25);
    for (int i = 0; i < 25; i++) {
        snprintf(path, sizeof path, "u2/x%d/f-%d.bin", i % 5, i);
        OK(blob_delete(S, "avatars", path, &E));
    }
    n = 0;
    OK(blob_list(S, "avatars", "u2/", count_one, &n, &E));
    CHECK(n == 0);
    if (blob_is_local(S)) {
        char left[128];
        struct stat st;
        snprintf(left, sizeof left, "%s/avatars/u2", folder);
        CHECK(stat(left, &st) != 0); // no folder named after a person outlives the files
    }
}

static void names_that_could_lead_elsewhere_are_refused(void)
{
    static const char *const bad[] = { "",        "/",    "a/",  "/a",   "a//b", "../x", "a/../b",
                                       ".hidden", "a/.b", "a b", "a\\b", "a?b",  "ü",    "a%2e" };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        CHECK(!blob_put(S, "avatars", bad[i], "x/y", "1", 1, &E) && E.code == ERR_INPUT);
    CHECK(!blob_put(S, "../etc", "x", "x/y", "1", 1, &E) && E.code == ERR_INPUT);
}

static void a_large_object_goes_up_in_parts(void)
{
    size_t n = (size_t)12 << 20;
    char *data = mem_new(n, 1);
    for (size_t i = 0; i < n; i++) data[i] = (char)(i * 2654435761u >> 13);
    OK(blob_put(S, "garments", "b1/g1/M.glb", "model/gltf-binary", data, n, &E));
    buf b = buf_new(n);
    OK(blob_get(S, "garments", "b1/g1/M.glb", &b, &E));
    CHECK(b.len == n && !memcmp(b.data, data, n));
    OK(blob_delete(S, "garments", "b1/g1/M.glb", &E));
    buf_free(&b);
    mem_free(data);
}

static void a_link_opens_one_object_for_one_purpose(void)
{
    buf url = buf_new(4096);
    OK(blob_put(S, "avatars", "u3/a/avatar.glb", "model/gltf-binary", "glTF", 4, &E));
    OK(blob_link(S, "GET", "avatars", "u3/a/avatar.glb", 60, &url, &E));
    OK(buf_append(&url, "", 1));
    if (!blob_is_local(S)) {
        fetch_response r = { .body = buf_new(1024) };
        OK(fetch(&(fetch_request){ .url = (char *)url.data }, &r, &E));
        CHECK(r.status == 200 && r.body.len == 4);
        r.body.len = 0;
        url.len = 0;
        OK(blob_link(S, "PUT", "avatars", "u3/a/new.glb", 60, &url, &E));
        OK(buf_append(&url, "", 1));
        OK(fetch(&(fetch_request){ .method = "PUT", .url = (char *)url.data, .body = "12345", .body_len = 5 }, &r, &E));
        CHECK(r.status == 200);
        uint64_t n;
        OK(blob_size(S, "avatars", "u3/a/new.glb", &n, &E));
        CHECK(n == 5);
        buf_free(&r.body);
    } else {
        char expires[32], signature[64];
        CHECK(sscanf((char *)url.data, "/v1/blobs/avatars/u3/a/avatar.glb?expires=%31[0-9]&signature=%63s", expires,
                     signature) == 2);
        CHECK(blob_link_ok(S, "GET", "avatars", "u3/a/avatar.glb", expires, signature));
        CHECK(!blob_link_ok(S, "PUT", "avatars", "u3/a/avatar.glb", expires, signature));
        CHECK(!blob_link_ok(S, "GET", "photos", "u3/a/avatar.glb", expires, signature));
        CHECK(!blob_link_ok(S, "GET", "avatars", "u3/b/avatar.glb", expires, signature));
        CHECK(!blob_link_ok(S, "GET", "avatars", "u3/a/avatar.glb", "9999999999", signature));
        CHECK(!blob_link_ok(S, "GET", "avatars", "u3/a/avatar.glb", expires, NULL));
        url.len = 0;
        OK(blob_link(S, "GET", "avatars", "u3/a/avatar.glb", -1, &url, &E));
        OK(buf_append(&url, "", 1));
        CHECK(sscanf((char *)url.data, "/v1/blobs/avatars/u3/a/avatar.glb?expires=%31[0-9]&signature=%63s", expires,
                     signature) == 2);
        CHECK(!blob_link_ok(S, "GET", "avatars", "u3/a/avatar.glb", expires, signature)); // its time is over
    }
    buf_free(&url);
}

static void *put_and_delete(void *arg)
{
    err e;
    for (int i = 0; i < 50; i++) {
        char path[64];
        snprintf(path, sizeof path, "u4/shared/%d.bin", *(int *)arg);
        if (!blob_put(S, "avatars", path, "x/y", "1", 1, &e) || !blob_delete(S, "avatars", path, &e)) {
            printf("  %s\n", e.msg);
            *(int *)arg = -1;
            break;
        }
    }
    return NULL;
}

static void writers_and_deleters_of_one_folder_do_not_meet(void)
{
    if (!blob_is_local(S)) return; // folders exist only on disk
    pthread_t t[4];
    int id[4] = { 0, 1, 2, 3 };
    for (int i = 0; i < 4; i++) pthread_create(&t[i], NULL, put_and_delete, &id[i]);
    for (int i = 0; i < 4; i++) pthread_join(t[i], NULL);
    for (int i = 0; i < 4; i++) CHECK(id[i] == i);
}

static void a_writer_killed_at_any_instant_leaves_the_old_object_or_the_new(void)
{
    if (!blob_is_local(S)) return; // what S3 does inside is its own affair
    char *one = mem_new(200000, 1), *two = mem_new(200000, 1);
    memset(one, '1', 200000);
    memset(two, '2', 200000);
    OK(blob_put(S, "avatars", "u5/a.bin", "x/y", one, 200000, &E));
    buf b = buf_new(1 << 20);
    for (int i = 0; i < 30; i++) {
        pid_t child = fork();
        if (!child) {
            err e;
            for (;;)
                if (!blob_put(S, "avatars", "u5/a.bin", "x/y", two, 200000, &e) ||
                    !blob_put(S, "avatars", "u5/a.bin", "x/y", one, 200000, &e))
                    _exit(1);
        }
        struct timespec t = { 0, 1000000L + i * 700000L };
        nanosleep(&t, NULL);
        kill(child, 9);
        waitpid(child, NULL, 0);
        b.len = 0;
        OK(blob_get(S, "avatars", "u5/a.bin", &b, &E));
        CHECK(b.len == 200000 && (!memcmp(b.data, one, 200000) || !memcmp(b.data, two, 200000)));
    }
    int n = 0;
    OK(blob_list(S, "avatars", "u5/", count_one, &n, &E));
    CHECK(n == 1); // half-written files are not objects
    buf_free(&b);
    mem_free(one);
    mem_free(two);
}

static void the_guard_knows_public_addresses(void)
{
    static const struct {
        unsigned char a[4];
        bool ok;
    } v4[] = { { { 127, 0, 0, 1 }, false },  { { 10, 1, 2, 3 }, false },        { { 169, 254, 169, 254 }, false },
               { { 172, 31, 0, 1 }, false }, { { 172, 32, 0, 1 }, true },       { { 192, 168, 1, 1 }, false },
               { { 100, 64, 0, 1 }, false }, { { 100, 128, 0, 1 }, true },      { { 0, 0, 0, 0 }, false },
               { { 224, 0, 0, 1 }, false },  { { 255, 255, 255, 255 }, false }, { { 8, 8, 8, 8 }, true },
               { { 198, 18, 0, 1 }, false }, { { 203, 0, 113, 9 }, false } };
    for (size_t i = 0; i < sizeof v4 / sizeof *v4; i++) {
        CHECK(fetch_public_v4(v4[i].a) == v4[i].ok);
        unsigned char six[16] = { [10] = 0xff, [11] = 0xff };
        memcpy(six + 12, v4[i].a, 4);
        CHECK(fetch_public_v6(six) == v4[i].ok); // v4-mapped
    }
    static const struct {
        unsigned char a[16];
        bool ok;
    } v6[] = { { { [15] = 1 }, false },
               { { 0xfe, 0x80 }, false },
               { { 0xfc }, false },
               { { 0xfd, 1 }, false },
               { { 0xff, 2 }, false },
               { { 0x20, 0x01, 0x0d, 0xb8 }, false },
               { { 0x2a, 0x00, 1 }, true },
               { { 0x20, 0x02, 127, 0, 0, 1 }, false },
               { { 0 }, false } };
    for (size_t i = 0; i < sizeof v6 / sizeof *v6; i++) CHECK(fetch_public_v6(v6[i].a) == v6[i].ok);
    static const char *const urls[] = { "http://127.0.0.1:1/", "http://localhost/",  "http://[::1]/",
                                        "http://0/",           "http://2130706433/", "http://[::ffff:10.0.0.1]/" };
    for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
        fetch_response r = { .body = buf_new(100) };
        CHECK(!fetch(&(fetch_request){ .url = urls[i], .guarded = true, .timeout_ms = 2000 }, &r, &E) &&
              E.code == ERR_DENIED);
        buf_free(&r.body);
    }
    fetch_response r = { .body = buf_new(100) };
    CHECK(!fetch(&(fetch_request){ .url = "file:///etc/passwd", .guarded = true }, &r, &E) && E.code == ERR_INPUT);
    CHECK(!fetch(&(fetch_request){ .url = "gopher://127.0.0.1/", .guarded = true }, &r, &E) && E.code == ERR_INPUT);
    buf_free(&r.body);
}

static void close_store(void)
{
    static const char *const left[][2] = { { "avatars", "u1/a1/avatar.glb" },
                                           { "photos", "u1/a1/front.jpg" },
                                           { "avatars", "u3/a/avatar.glb" },
                                           { "avatars", "u3/a/new.glb" },
                                           { "avatars", "u5/a.bin" } };
    for (size_t i = 0; i < sizeof left / sizeof *left; i++) CHECK(blob_delete(S, left[i][0], left[i][1], &E));
    blob_close(S);
    char command[128];
    snprintf(command, sizeof command, "%s", folder);
    pid_t child = fork();
    if (!child) {
        execl("/bin/rm", "rm", "-rf", command, (char *)NULL);
        _exit(1);
    }
    waitpid(child, NULL, 0);
}

TEST_MAIN(open_store(); RUN(what_was_put_is_got_and_replaced_whole); RUN(what_is_absent_is_told_apart_from_a_failure);
          RUN(a_list_has_what_begins_with_the_prefix_and_deletion_takes_it_out);
          RUN(names_that_could_lead_elsewhere_are_refused); RUN(a_large_object_goes_up_in_parts);
          RUN(a_link_opens_one_object_for_one_purpose); RUN(writers_and_deleters_of_one_folder_do_not_meet);
          RUN(a_writer_killed_at_any_instant_leaves_the_old_object_or_the_new); RUN(the_guard_knows_public_addresses);
          close_store();)
