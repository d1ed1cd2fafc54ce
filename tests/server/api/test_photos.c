// An avatar's photos: in the request or by signed link from a browser straight to storage, checked, and gone when they
// are measured; what corrections make of the avatar then.
#include "client.h"
#include "test.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static char data[64], guest[64];
static int pid;

static void put_text(char *out, size_t size, const char *s) { snprintf(out, size, "%s", s); }

static void begin(void)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    snprintf(data, sizeof data, "/tmp/tryon-upload-XXXXXX");
    if (!mkdtemp(data)) exit(1);
    setenv("TRYON_RATE", "1000", 1);
    pid = server_start(data, 1);
    snprintf(guest, sizeof guest, "%s", text_of(ask("POST", "/v1/guests", NULL, NULL, NULL, 0, NULL), "token"));
}

static void end(void)
{
    server_stop(pid, SIGTERM);
    char log[80];
    snprintf(log, sizeof log, "%s.log", data);
    buf out = buf_new(1 << 10);
    CHECK(run_program((const char *const[]){ "/bin/rm", "-rf", data, log, NULL }, &out));
    buf_free(&out);
}

static const answer *want_links(const char *key)
{
    static const char body[] = "{\"height_cm\":173,\"consent_version\":\"1\",\"upload\":true}";
    char header[100];
    snprintf(header, sizeof header, "Idempotency-Key: %s", key);
    return ask("POST", "/v1/avatars", guest, NULL, body, sizeof body - 1, header);
}

static void link_of(const answer *a, const char *name, char out[2048])
{
    const char *url = json_string_value(json_object_get(json_object_get(a->json, "upload"), name));
    snprintf(out, 2048, "%s", url ? url : "");
}

static int put_photo(const char *url)
{
    return ask("PUT", url, NULL, "image/jpeg", "\xff\xd8\xff\xe0 jpeg", 9, NULL)->status;
}

static int start(const char *id)
{
    char path[100];
    snprintf(path, sizeof path, "/v1/avatars/%s/start", id);
    return ask("POST", path, guest, NULL, NULL, 0, NULL)->status;
}

static void a_request_told_again_gives_links_of_the_same_avatar_until_it_is_started(void)
{
    char first[2048], again[2048];
    const answer *a = want_links("upload-again");
    CHECK(a->status == 202);
    const char *id = text_of(a, "id");
    link_of(a, "front", first);
    a = want_links("upload-again");
    CHECK(a->status == 202);
    CHECK_STR(text_of(a, "id"), id);
    link_of(a, "front", again);
    CHECK(strstr(first, id) != NULL && strstr(again, id) != NULL);
    CHECK(put_photo(again) == 200);
    CHECK(start(id) == 202);
    CHECK_STR(text_of(wait_ready(id, guest), "mode"), "B");
    a = want_links("upload-again");
    CHECK(a->status == 202 && json_object_get(a->json, "upload") == NULL);
    CHECK_STR(text_of(a, "id"), id);
}

static void an_avatar_that_waits_for_photos_starts_with_the_front_one_and_not_before(void)
{
    char front[2048], side[2048];
    const answer *a = want_links("upload-later");
    const char *id = text_of(a, "id");
    link_of(a, "front", front);
    link_of(a, "side", side);
    CHECK(start(id) == 409);
    CHECK(put_photo(side) == 200);
    CHECK(start(id) == 409);
    CHECK(put_photo(front) == 200);
    CHECK(start(id) == 202);
    CHECK(start(id) == 409);
    CHECK_STR(text_of(wait_ready(id, guest), "mode"), "C");
}

static const char FORM_TYPE[] = "multipart/form-data; boundary=zz";

static size_t form(char *out, size_t size, const char *photo, size_t n, const char *height)
{
    int k =
        snprintf(out, size,
                 "--zz\r\nContent-Disposition: form-data; name=\"height_cm\"\r\n\r\n%s\r\n--zz\r\nContent-Disposition: "
                 "form-data; name=\"consent_version\"\r\n\r\n1\r\n--zz\r\n"
                 "Content-Disposition: form-data; name=\"photo\"; filename=\"../../etc/passwd\"\r\nContent-Type: "
                 "image/jpeg\r\n\r\n",
                 height);
    memcpy(out + k, photo, n);
    return (size_t)k + n + (size_t)snprintf(out + k + n, size - (size_t)k - n, "\r\n--zz--\r\n");
}

static void photos_are_taken_checked_and_gone_when_the_avatar_is_ready(void)
{
    char body[4096], path[200];
    size_t n = form(body, sizeof body, "\xff\xd8\xff\xe0 jpeg", 9, "171");
    const answer *a = ask("POST", "/v1/avatars", guest, FORM_TYPE, body, n, "Idempotency-Key: one-two-three");
    CHECK(a->status == 202);
    const char *id = text_of(a, "id");
    a = ask("POST", "/v1/avatars", guest, FORM_TYPE, body, n, "Idempotency-Key: one-two-three");
    CHECK(a->status == 202);
    CHECK_STR(text_of(a, "id"), id); // the same request gives the same avatar
    size_t m = form(body, sizeof body, "\xff\xd8\xff\xe0 jpeg", 9, "172");
    CHECK(ask("POST", "/v1/avatars", guest, FORM_TYPE, body, m, "Idempotency-Key: one-two-three")->status == 409);
    a = wait_ready(id, guest);
    CHECK_STR(text_of(a, "status"), "ready");
    CHECK_STR(text_of(a, "mode"), "B");
    m = form(body, sizeof body, "GIF89a not a photo", 18, "172");
    CHECK(ask("POST", "/v1/avatars", guest, FORM_TYPE, body, m, NULL)->status == 415);
    m = form(body, sizeof body, "\xff\xd8\xff\xe0 jpeg", 9, "17");
    a = ask("POST", "/v1/avatars", guest, FORM_TYPE, body, m, NULL);
    CHECK(a->status == 422);
    CHECK_STR(text_of(a, "field"), "height_cm");
    CHECK(send_json("POST", "/v1/avatars", guest, "{\"height_cm\":170}")->status == 422); // no consent
    CHECK(send_json("POST", "/v1/avatars", guest, "{\"height_cm\":170,\"height_cm\":171,\"consent_version\":\"1\"}")
              ->status == 400);
    snprintf(path, sizeof path, "/v1/avatars/%s", id);
    a = get(path, guest);
    char etag[160];
    snprintf(etag, sizeof etag, "If-None-Match: %s", a->etag);
    CHECK(ask("GET", path, guest, NULL, NULL, 0, etag)->status == 304);
}

static void no_photo_is_left_on_the_disk(void)
{
    if (getenv("TRYON_TEST_S3_ENDPOINT")) return;
    char folder[100];
    snprintf(folder, sizeof folder, "%s/blobs/photos", data);
    buf b = buf_new(1 << 20);
    CHECK(run_program((const char *const[]){ "/usr/bin/find", folder, "-type", "f", NULL }, &b));
    size_t n = b.len;
    buf_free(&b);
    CHECK(n == 0); // those of ready avatars, and those of requests that were refused
}

static void photos_can_come_by_signed_link(void)
{
    const answer *a =
        send_json("POST", "/v1/avatars", guest, "{\"height_cm\":173,\"consent_version\":\"1\",\"upload\":true}");
    CHECK(a->status == 202);
    const char *id = text_of(a, "id");
    char link[2048], path[200];
    put_text(link, sizeof link, json_string_value(json_object_get(json_object_get(a->json, "upload"), "front")));
    a = ask("PUT", link, NULL, "image/jpeg", "\xff\xd8\xff\xe0 jpeg", 9, NULL);
    CHECK(a->status == 200);
    if (!getenv("TRYON_TEST_S3_ENDPOINT")) { // a link of ours: changed in any way it opens nothing
        char bent[2048];
        put_text(bent, sizeof bent, link);
        bent[strlen(bent) - 5] ^= 1;
        CHECK(ask("PUT", bent, NULL, "image/jpeg", "\xff\xd8\xff\xe0", 4, NULL)->status == 403);
        CHECK(get(link, NULL)->status == 403);
    }
    snprintf(path, sizeof path, "/v1/avatars/%s/start", id);
    CHECK(ask("POST", path, guest, NULL, NULL, 0, NULL)->status == 202);
    CHECK(ask("POST", path, guest, NULL, NULL, 0, NULL)->status == 409);
    a = wait_ready(id, guest);
    CHECK_STR(text_of(a, "mode"), "B");
}

static void a_correction_refits_and_deletion_deletes(void)
{
    const answer *a = send_json("POST", "/v1/avatars", guest, "{\"height_cm\":174,\"consent_version\":\"1\"}");
    const char *id = text_of(a, "id");
    char path[200], url[2048];
    snprintf(path, sizeof path, "/v1/avatars/%s", id);
    wait_ready(id, guest);
    a = send_json("PATCH", path, guest, "{\"tape\":{\"waist_natural_girth\":80},\"weight_kg\":70}");
    CHECK(a->status == 202);
    a = wait_ready(id, guest);
    CHECK(json_number_value(json_object_get(json_object_get(json_object_get(a->json, "answers"), "tape"),
                                            "waist_natural_girth")) == 80);
    put_text(url, sizeof url, json_string_value(json_object_get(json_object_get(a->json, "files"), "avatar.glb")));
    CHECK(get(url, NULL)->status == 200);
    CHECK(send_json("PATCH", path, guest, "{\"height_cm\":null}")->status == 422);
    CHECK(ask("DELETE", path, guest, NULL, NULL, 0, NULL)->status == 204);
    CHECK(get(path, guest)->status == 404);
}

static void a_correction_keeps_what_photos_said_that_are_gone(void)
{
    char body[4096], path[200];
    size_t n = form(body, sizeof body, "\xff\xd8\xff\xe0 jpeg", 9, "174");
    const answer *a = ask("POST", "/v1/avatars", guest, FORM_TYPE, body, n, NULL);
    const char *id = text_of(a, "id");
    snprintf(path, sizeof path, "/v1/avatars/%s", id);
    CHECK_STR(text_of(wait_ready(id, guest), "mode"), "B");
    for (int i = 0; i < 2; i++) { // and once more
        a = send_json("PATCH", path, guest, "{\"tape\":{\"chest_girth\":%d},\"height_cm\":175}", 95 + i);
        CHECK(a->status == 202);
        CHECK_STR(text_of(wait_ready(id, guest), "mode"), "B");
    }
    a = send_json("PATCH", path, guest, "{\"weight_kg\":70}");
    CHECK(a->status == 409 && strstr(a->text, "make a new avatar"));
    CHECK_STR(text_of(get(path, guest), "status"), "ready");
    CHECK(ask("DELETE", path, guest, NULL, NULL, 0, NULL)->status == 204);
}

static void every_answer_was_as_described(void) { CHECK(schema_faults == 0); }

TEST_MAIN(begin(); RUN(a_request_told_again_gives_links_of_the_same_avatar_until_it_is_started);
          RUN(an_avatar_that_waits_for_photos_starts_with_the_front_one_and_not_before);
          RUN(photos_are_taken_checked_and_gone_when_the_avatar_is_ready); RUN(no_photo_is_left_on_the_disk);
          RUN(photos_can_come_by_signed_link); RUN(a_correction_refits_and_deletion_deletes);
          RUN(a_correction_keeps_what_photos_said_that_are_gone); RUN(every_answer_was_as_described); end();)
