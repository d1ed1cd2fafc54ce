// Photos that come by signed link, from a browser straight to storage.
#include "client.h"
#include "test.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static char data[64], guest[64];
static int pid;

static void begin(void)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    snprintf(data, sizeof data, "/tmp/tryon-upload-XXXXXX");
    if (!mkdtemp(data)) exit(1);
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

static void every_answer_was_as_described(void) { CHECK(schema_faults == 0); }

TEST_MAIN(begin(); RUN(a_request_told_again_gives_links_of_the_same_avatar_until_it_is_started);
          RUN(an_avatar_that_waits_for_photos_starts_with_the_front_one_and_not_before);
          RUN(every_answer_was_as_described); end();)
