// Memory that runs out at every place in turn where it may: each request, and each step of a job, meets a refusal of
// its first allocation, its second, … until one run has none. The server answers with a problem or cuts the connection;
// it neither crashes nor leaks (the sanitizers' build says so), and answers the next request as if nothing had been.
#include "api/api.h"
#include "base/log.h"
#include "base/mem.h"
#include "common/ids.h"
#include "jobs/worker.h"
#include "net/fetch.h"
#include "test.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static atomic_int left, refused;  // allocations until the refusal, 0: none is refused; how many were
static atomic_bool all_the_rest;  // and none is granted after it
static _Thread_local bool exempt; // the test's own thread

bool mem_may(size_t bytes)
{
    (void)bytes;
    if (exempt || atomic_load(&left) <= 0) return true;
    int n = atomic_fetch_sub(&left, 1);
    if (n > 1) return true;
    if (atomic_load(&all_the_rest)) atomic_store(&left, 1);
    atomic_fetch_add(&refused, 1);
    return false;
}

static bool make(void *ctx, const job_avatar_in *in, job_avatar_out *out, err *e)
{
    (void)ctx;
    static const unsigned char glb[20] = "glTF\2\0\0\0\24\0\0\0\0\0\0\0JSON";
    return (buf_append(&out->glb, glb, sizeof glb) && buf_printf(&out->params, "npz of %s", in->answers) &&
            buf_printf(&out->measurements, "{\"measurements\":{},\"mode\":\"A\",\"verdict\":[]}")) ||
           fail(e, ERR_MEMORY, "no memory for the avatar");
}

static char folder[64], url[600], origin[64], guest[64], key[64], worker_key[] = "a worker's key, long enough";
static uuid_text avatar, garment, brand;
static db *D;
static blob_store *B;
static api *P;
static const job_handlers handlers = { .avatar = make };
static fetch_response last;

static int ask(const char *method, const char *path, const char *token, const char *body)
{
    char full[2400], authorization[120];
    const char *headers[] = { authorization, "Content-Type: application/json", NULL };
    err e;
    snprintf(full, sizeof full, "%s%s", *path == '/' ? origin : "", path);
    snprintf(authorization, sizeof authorization, "Authorization: %s%s", token == worker_key ? "" : "Bearer ",
             token ? token : "");
    buf_free(&last.body);
    last = (fetch_response){ .body = buf_new(4 << 20) };
    fetch_request q = { .method = method, .url = full, .headers = token ? headers : headers + 1, .timeout_ms = 5000 };
    if (body) q.body = body, q.body_len = strlen(body);
    return fetch(&q, &last, &e) ? last.status : 0;
}

static void text_of(const char *name, char *out, size_t size)
{
    json_t *j = json_loadb((const char *)last.body.data, last.body.len, 0, NULL);
    const char *s = json_string_value(json_object_get(j, name));
    snprintf(out, size, "%s", s ? s : "");
    json_decref(j);
}

// The request with each allocation refused in turn, once alone and once with all that follow. Returns how many there
// are.
static int starve(const char *method, const char *path, const char *token, const char *body, int good)
{
    int n = 0;
    for (int rest = 0; rest < 2; rest++) {
        for (n = 1; n < 500; n++) {
            atomic_store(&all_the_rest, rest == 1);
            atomic_store(&refused, 0);
            atomic_store(&left, n);
            int status = ask(method, path, token, body);
            atomic_store(&left, 0);
            CHECK(status == 0 || (status >= 200 && status < 600));
            if (!atomic_load(&refused)) { // it came to its end before
                CHECK(status == good);
                break;
            }
        }
        CHECK(n > 1 && n < 500);
        int healthy = ask("GET", "/healthz", NULL, NULL);
        CHECK(healthy == 200);
    }
    return n - 1;
}

static void begin(void)
{
    exempt = true;
    setvbuf(stdout, NULL, _IOLBF, 0);
    snprintf(folder, sizeof folder, "/tmp/tryon-memory-XXXXXX");
    if (!mkdtemp(folder)) exit(1);
    char root[100];
    int applied;
    err e;
    uuid_text id;
    snprintf(url, sizeof url, "sqlite:%s/test.db", folder);
    snprintf(root, sizeof root, "%s/blobs", folder);
    blob_config c = { .kind = BLOB_DISK, .root = root, .link_key = "the key that links are signed with" };
    arena *a = arena_new(16 << 20);
    bool ok = db_open(url, 4, &D, &e) && db_migrate(D, &applied, &e) && blob_open(&c, &B, &e) && blob_ready(B, &e) &&
              db_brand_create(D, a, "Brand", NULL, -1, brand, &e);
    static api_config config = { .worker_key = worker_key, .operator_key = "an operator's key", .pepper = "pepper" };
    if (ok) P = api_new(&config, D, B, &handlers, NULL);
    ok = ok && api_key_make(P, a, brand, true, "[\"garments\",\"events\",\"analytics\",\"keys\"]", "[]", key, id, &e);
    http_config h = { .listen = "127.0.0.1:0",
                      .routes = api_routes,
                      .app = P,
                      .gate = api_gate,
                      .origin_allowed = api_origin_allowed,
                      .done = api_done,
                      .own_memory = true };
    ok = ok && http_start(&h, &P->http, &e);
    arena_free(a);
    if (!ok) {
        printf("%s\n", e.msg);
        exit(1);
    }
    snprintf(origin, sizeof origin, "http://127.0.0.1:%u", http_port(P->http));
}

static void requests_survive(void)
{
    int places = starve("POST", "/v1/guests", NULL, "", 201);
    CHECK(ask("POST", "/v1/guests", NULL, "") == 201);
    text_of("token", guest, sizeof guest);
    places += starve("POST", "/v1/avatars", guest, "{\"height_cm\":170,\"consent_version\":\"1\"}", 202);
    CHECK(ask("POST", "/v1/avatars", guest, "{\"height_cm\":171,\"consent_version\":\"1\"}") == 202);
    text_of("id", avatar, sizeof avatar);
    char path[200];
    snprintf(path, sizeof path, "/v1/avatars/%s", avatar);
    places += starve("GET", path, guest, NULL, 200);
    places += starve("PATCH", path, guest, "{\"tape\":{\"chest_girth\":95}}", 202);
    places += starve("GET", "/v1/avatars", guest, NULL, 200);
    places += starve("GET", "/v1/me/export", guest, NULL, 200);
    places += starve("POST", "/v1/garments", key,
                     "{\"name\":\"Tee\",\"category\":\"tshirt\",\"size_chart\":{\"unit\":\"cm\",\"basis\":\"body\","
                     "\"sizes\":{\"S\":{\"chest\":90},\"M\":{\"chest\":96}}}}",
                     201);
    CHECK(ask("POST", "/v1/garments", key, "{\"name\":\"Tee\",\"category\":\"tshirt\"}") == 201);
    text_of("id", garment, sizeof garment);
    places += starve("GET", "/v1/garments", key, NULL, 200);
    places += starve("POST", "/v1/events", key, "{\"event_type\":\"x_seen\",\"metadata\":{\"a\":[1,2,3]}}", 202);
    places += starve("GET", "/v1/analytics/funnel", key, NULL, 200);
    places += starve("GET", "/v1/keys", key, NULL, 200);
    places += starve("GET", "/docs", NULL, NULL, 200);
    places += starve("GET", "/nowhere?a=b&c=%20d", NULL, NULL, 404);
    printf("  %d places\n", places);
    CHECK(places > 50);
}

static void a_jobs_steps_survive(void)
{
    int n = 0, rounds = 0;
    // Take, work, deliver and report, with the worker's own allocations refused too.
    for (n = 1; n < 400; n++, rounds++) {
        CHECK(ask("POST", "/v1/avatars", guest, "{\"height_cm\":172,\"consent_version\":\"1\"}") == 202);
        atomic_store(&all_the_rest, false);
        atomic_store(&refused, 0);
        atomic_store(&left, n);
        int status = ask("GET", "/v2/avatar/job-take/w1", worker_key, NULL);
        CHECK(status == 0 || status == 200 || status >= 400 || status == 204);
        if (status == 200) {
            json_t *j = json_loadb((const char *)last.body.data, last.body.len, 0, NULL);
            char *input = json_dumps(json_object_get(j, "input"), JSON_COMPACT), path[200];
            atomic_bool stop = false;
            worker_config w = { .handlers = &handlers, .stop = &stop };
            buf done = buf_new(1 << 20);
            err e;
            worker_urls(&w, origin, "avatar");
            snprintf(w.key, sizeof w.key, "%s", worker_key);
            snprintf(w.id, sizeof w.id, "w1");
            exempt = false;
            bool ok = worker_handle(&w, json_string_value(json_object_get(j, "id")), input, &done, &e);
            exempt = true;
            snprintf(path, sizeof path, "/v2/avatar/job-done/w1/%s", json_string_value(json_object_get(j, "id")));
            if (ok && buf_append(&done, "", 1)) status = ask("POST", path, worker_key, (char *)done.data);
            CHECK(status == 0 || (status >= 200 && status < 600));
            buf_free(&done);
            mem_free(input);
            json_decref(j);
        }
        atomic_store(&left, 0);
        if (!atomic_load(&refused)) break;
    }
    printf("  %d places\n", rounds);
    CHECK(n > 20 && n < 400);
    CHECK(ask("GET", "/readyz", NULL, NULL) == 200);
}

static void end(void)
{
    http_stop(P->http, 2000);
    P->http = NULL;
    api_free(P);
    blob_close(B);
    db_close(D);
    buf_free(&last.body);
    pid_t child = test_failed ? -1 : fork();
    if (!child) {
        execl("/bin/rm", "rm", "-rf", folder, (char *)NULL);
        _exit(1);
    }
    if (child > 0) waitpid(child, NULL, 0);
}

TEST_MAIN(begin(); RUN(requests_survive); RUN(a_jobs_steps_survive); end();)
