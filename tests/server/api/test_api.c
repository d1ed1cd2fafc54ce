// The service as its users meet it: a process of its own, over HTTP, each answer checked against the description.
#include "api/api.h"
#include "api/chart.h"
#include "client.h"
#include "common/embed.h"
#include "common/ids.h"
#include "test.h"

#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static char data[64], guest[2][64], user[2][40], brand_id[2][40], secret[2][64], publishable[2][64], worker_key[80],
    operator_key[80];
static char avatar[2][40], garment[2][40], tryon[2][40], key[2][40], handoff[2][80];
static int pid;

static const unsigned char GLB[24] = "glTF\2\0\0\0\30\0\0\0\4\0\0\0JSON{}  ";

static void sleep_ms(int ms)
{
    struct timespec t = { ms / 1000, ms % 1000 * 1000000L };
    nanosleep(&t, NULL);
}

static void put_text(char *out, size_t size, const char *s) { snprintf(out, size, "%s", s); }

static void make_brand(int i)
{
    char name[20], origin[40];
    snprintf(name, sizeof name, "Brand%d", i);
    snprintf(origin, sizeof origin, "https://shop%d.example", i);
    json_t *j = make_brand_of(data, name, origin);
    put_text(brand_id[i], 40, json_string_value(json_object_get(j, "id")));
    put_text(secret[i], 64, json_string_value(json_object_get(j, "secret_key")));
    put_text(publishable[i], 64, json_string_value(json_object_get(j, "publishable_key")));
    json_decref(j);
}

static void begin(void)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    put_text(data, sizeof data, "/tmp/tryon-api-XXXXXX");
    if (!mkdtemp(data)) exit(1);
    setenv("SUPABASE_JWT_SECRET", "a-shared-secret-of-thirty-two-bytes!", 1);
    setenv("TRYON_RATE", "1000", 1);
    for (int i = 0; i < 2; i++) make_brand(i);
    pid = server_start(data, 2);
    char path[100];
    snprintf(path, sizeof path, "%s/secrets.json", data);
    json_t *j = json_load_file(path, 0, NULL);
    put_text(worker_key, sizeof worker_key, json_string_value(json_object_get(j, "worker_key")));
    put_text(operator_key, sizeof operator_key, json_string_value(json_object_get(j, "operator_key")));
    json_decref(j);
}

// What README's lines do with curl.
static void from_guest_to_analytics(void)
{
    for (int i = 0; i < 2; i++) {
        const answer *a = ask("POST", "/v1/guests", NULL, NULL, NULL, 0, NULL);
        CHECK(a->status == 201);
        put_text(guest[i], 64, text_of(a, "token"));
        put_text(user[i], 40, text_of(a, "user_id"));
        char with_key[100];
        snprintf(with_key, sizeof with_key, "X-TryOn-Key: %s", publishable[i]);
        static const char answers[] = "{\"height_cm\":170,\"weight_kg\":65.5,\"sex\":\"female\",\"tape\":{\"chest_"
                                      "girth\":94},\"consent_version\":\"2026-01\"}";
        a = ask("POST", "/v1/avatars", guest[i], NULL, answers, sizeof answers - 1, with_key);
        CHECK(a->status == 202);
        CHECK_STR(text_of(a, "status"), "pending");
        put_text(avatar[i], 40, text_of(a, "id"));
        a = wait_ready(avatar[i], guest[i]);
        CHECK_STR(text_of(a, "status"), "ready");
        const json_t *files = json_object_get(a->json, "files");
        CHECK(json_object_size(files) == 4);
        char url[2048];
        put_text(url, sizeof url, json_string_value(json_object_get(files, "avatar.glb")));
        a = get(url, NULL);
        CHECK(a->status == 200 && !memcmp(a->text, "glTF", 4));
        a = send_json(
            "POST", "/v1/garments", secret[i],
            "{\"name\":\"Tee\",\"category\":\"tshirt\",\"shopify_product_id\":\"p1\",\"size_chart\":{\"unit\":\"cm\","
            "\"basis\":\"body\",\"sizes\":{\"S\":{\"chest\":[88,92]},\"M\":{\"chest\":96}}}}");
        CHECK(a->status == 201);
        put_text(garment[i], 40, text_of(a, "id"));
        a = send_json("POST", "/v1/tryons", guest[i], "{\"avatar_id\":\"%s\",\"garment_id\":\"%s\"}", avatar[i],
                      garment[i]);
        CHECK(a->status == 201);
        CHECK_STR(text_of(a, "selected_size"), "M");
        CHECK(json_object_size(json_object_get(a->json, "fit")) == 2);
        put_text(tryon[i], 40, text_of(a, "id"));
        char path[120];
        snprintf(path, sizeof path, "/v1/tryons/%s", tryon[i]);
        const char *state = "";
        for (int k = 0; k < 100 && strcmp(state, "ready") != 0; k++, sleep_ms(100)) {
            a = get(path, guest[i]);
            state = json_string_value(json_object_get(json_object_get(a->json, "drape"), "status"));
        }
        a = get(path, guest[i]);
        put_text(url, sizeof url, json_string_value(json_object_get(json_object_get(a->json, "drape"), "url")));
        CHECK(get(url, NULL)->status == 200);
        a = get(path, guest[i]);
        const json_t *medium = json_object_get(json_object_get(a->json, "drapes"), "M");
        CHECK(json_object_size(json_object_get(a->json, "drapes")) == 2);
        CHECK(json_is_object(json_object_get(medium, "quality")));
        put_text(url, sizeof url, json_string_value(json_object_get(medium, "bin_url")));
        a = get(url, NULL);
        CHECK(a->status == 200 && !memcmp(a->text, "TDRP M", 6));
        char file[160];
        static const char *const files_of_m[] = { "tryon.glb?size=M", "garment.glb?size=M", "drape.bin",
                                                  "tryon.glb?size=Q" };
        for (int k = 0; k < 4; k++) {
            snprintf(file, sizeof file, "/v1/tryons/%s/files/%s", tryon[i], files_of_m[k]);
            CHECK(get(file, guest[i])->status == (k < 3 ? 302 : 404));
        }
        a = send_json("PATCH", path, guest[i], "{\"size\":\"S\"}");
        CHECK(a->status == 200);
        CHECK_STR(text_of(a, "selected_size"), "S");
        CHECK(send_json("PATCH", path, guest[i], "{\"size\":\"XXL\"}")->status == 422);
        CHECK(send_json("POST", "/v1/tryons", guest[i],
                        "{\"avatar_id\":\"%s\",\"garment_id\":\"%s\",\"preference\":\"tight\"}", avatar[i], garment[i])
                  ->status == 422);
        a = send_json("POST", "/v1/events", secret[i],
                      "{\"events\":[{\"event_type\":\"purchase_completed\",\"id\":\"o1\",\"session_id\":\"%s\","
                      "\"garment_id\":\"%s\"},{\"event_type\":\"x_seen\"}]}",
                      tryon[i], garment[i]);
        CHECK(a->status == 202 && json_integer_value(json_object_get(a->json, "accepted")) == 2);
        a = send_json("POST", "/v1/events", publishable[i], "{\"event_type\":\"purchase_completed\",\"id\":\"o1\"}");
        CHECK(a->status == 202 && json_integer_value(json_object_get(a->json, "repeated")) == 1);
        a = get("/v1/analytics/funnel", secret[i]);
        CHECK(a->status == 200);
        CHECK(strstr(a->text, "\"avatar_created\",\"events\":1,") &&
              strstr(a->text, "\"purchase_completed\",\"events\":1,") && strstr(a->text, "\"conversion\":1.0000"));
        static const char *const reports[] = { "sizes", "fit", "days", "garments" };
        for (int k = 0; k < 4; k++) {
            snprintf(path, sizeof path, "/v1/analytics/%s?from=2026-01-01&to=2099-01-01", reports[k]);
            CHECK(get(path, secret[i])->status == 200);
        }
        a = get("/v1/keys", secret[i]);
        put_text(key[i], 40,
                 json_string_value(json_object_get(json_array_get(json_object_get(a->json, "items"), 0), "id")));
        put_text(handoff[i], 80, text_of(send_json("POST", "/v1/handoffs", guest[i], " "), "id"));
    }
}

// A path of the table with ids of side i put in; false for a parameter we have nothing for, which a new route must
// bring.
static bool fill(const char *tpl, int i, char *out, size_t size)
{
    const char *id = !strncmp(tpl, "/v1/avatars/", 12)    ? avatar[i]
                     : !strncmp(tpl, "/v1/tryons/", 11)   ? tryon[i]
                     : !strncmp(tpl, "/v1/keys/", 9)      ? key[i]
                     : !strncmp(tpl, "/v1/garments/", 13) ? garment[i]
                     : !strncmp(tpl, "/v1/handoffs/", 13) ? handoff[i]
                                                          : NULL;
    size_t n = 0;
    for (const char *p = tpl; *p;) {
        if (*p != '{') {
            out[n++] = *p++;
            continue;
        }
        char name[20];
        snprintf(name, sizeof name, "%.*s", (int)(strchr(p, '}') - p - 1), p + 1);
        const char *v = !strcmp(name, "id")         ? (strncmp(tpl, "/v2/", 4) ? id : "some-job")
                        : !strcmp(name, "name")     ? "avatar.glb"
                        : !strcmp(name, "size")     ? "M"
                        : !strcmp(name, "report")   ? "funnel"
                        : !strcmp(name, "bucket")   ? "avatars"
                        : !strcmp(name, "*path")    ? "x/y.glb"
                        : !strcmp(name, "endpoint") ? "avatar"
                        : !strcmp(name, "worker")   ? "w1"
                        : !strcmp(name, "job")      ? "some-job"
                        : !strcmp(name, "token")    ? "x"
                                                    : NULL;
        if (!v) return false;
        n += (size_t)snprintf(out + n, size - n, "%s", v);
        p = strchr(p, '}') + 1;
    }
    out[n] = 0;
    return true;
}

static int call(const http_route *route, const char *path, const char *token)
{
    bool body = strcmp(route->method, "GET") != 0 && strcmp(route->method, "DELETE") != 0;
    return ask(route->method, path, token, "application/json", body ? "{}" : NULL, body ? 2 : 0, NULL)->status;
}

static void no_route_opens_without_its_key(void)
{
    int checked = 0;
    for (const http_route *r = api_routes; r->method; r++) {
        char path[300];
        CHECK(fill(r->path, 0, path, sizeof path));
        if (!r->who) continue;
        static const char *const wrong[] = { NULL, "nonsense", "try_guest_0000000000000000000000000000000000000",
                                             "try_live_00000000000000000000000000000000000000", "a.b.c" };
        for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
            int s = call(r, path, wrong[i]);
            bool local = r->who == WHO_METRICS && !wrong[i]; // from this machine without a token: allowed
            if (!(s == 401 || s == 403 || local))
                printf("  %s %s with %s: %d\n", r->method, path, wrong[i] ? wrong[i] : "nothing", s);
            CHECK(s == 401 || s == 403 || local);
            checked++;
        }
        // Everyone else's good keys are no good here.
        const struct {
            unsigned who;
            const char *token;
        } others[] = { { WHO_SHOPPER, guest[0] },
                       { WHO_SECRET, secret[0] },
                       { WHO_PUBLISHABLE, publishable[0] },
                       { WHO_OPERATOR, operator_key },
                       { WHO_WORKER, worker_key } };
        for (size_t i = 0; i < 5; i++) {
            if (r->who & others[i].who) continue;
            int s = call(r, path, others[i].token);
            if (!(s == 401 || s == 403)) printf("  %s %s with another's key %zu: %d\n", r->method, path, i, s);
            CHECK(s == 401 || s == 403);
            checked++;
        }
    }
    printf("  %d calls refused\n", checked);
}

// What the server says to a head whose body never comes.
static int say_head(const char *head)
{
    char text[64] = "";
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in a = { .sin_family = AF_INET,
                             .sin_port = htons((uint16_t)strtol(strrchr(server_url, ':') + 1, NULL, 10)),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    struct timeval t = { 5, 0 };
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof t);
    bool ok = !connect(fd, (struct sockaddr *)&a, sizeof a) &&
              send(fd, head, strlen(head), MSG_NOSIGNAL) == (ssize_t)strlen(head) &&
              recv(fd, text, sizeof text - 1, 0) > 12;
    close(fd);
    return ok ? (int)strtol(text + 9, NULL, 10) : 0;
}

static void a_link_that_is_none_is_refused_before_the_body_comes(void)
{
    CHECK(say_head("PUT /v1/blobs/avatars/x/y.glb?expires=99999999999&signature=x HTTP/1.1\r\nHost: x\r\n"
                   "Content-Length: 60000000\r\n\r\n") == 403);
    CHECK(say_head("PUT /v1/blobs/garments/x/y.glb HTTP/1.1\r\nHost: x\r\nContent-Length: 60000000\r\n\r\n") == 403);
}

// Side 0 asks for side 1's things, on every route that names one.
static void nobody_reaches_anothers_things(void)
{
    int checked = 0;
    for (const http_route *r = api_routes; r->method; r++) {
        if (!strstr(r->path, "{id}") || !strncmp(r->path, "/v2/", 4)) continue;
        char path[300];
        CHECK(fill(r->path, 1, path, sizeof path));
        const char *tokens[] = { r->who & WHO_SHOPPER ? guest[0] : NULL, r->who & WHO_SECRET ? secret[0] : NULL,
                                 r->who & WHO_PUBLISHABLE ? publishable[0] : NULL };
        for (int i = 0; i < 3; i++) {
            if (!tokens[i]) continue;
            static const char body[] =
                "{\"size\":\"M\",\"name\":\"x\",\"unit\":\"cm\",\"basis\":\"body\",\"sizes\":{\"M\":{\"chest\":90}}}";
            bool has = strcmp(r->method, "GET") != 0 && strcmp(r->method, "DELETE") != 0;
            int s =
                ask(r->method, path, tokens[i], "application/json", has ? body : NULL, has ? sizeof body - 1 : 0, NULL)
                    ->status;
            if (s != 404) printf("  %s %s: %d\n", r->method, path, s);
            CHECK(s == 404);
            checked++;
        }
    }
    CHECK(checked > 15);
    // Nor through lists, nor by trying on another's avatar, nor another brand's garment under a brand's key.
    CHECK(strstr(get("/v1/avatars", guest[0])->text, avatar[1]) == NULL);
    CHECK(strstr(get("/v1/garments", secret[0])->text, garment[1]) == NULL);
    CHECK(strstr(get("/v1/keys", secret[0])->text, key[1]) == NULL);
    CHECK(strstr(get("/v1/me/export", guest[0])->text, user[1]) == NULL);
    CHECK(
        send_json("POST", "/v1/tryons", guest[0], "{\"avatar_id\":\"%s\",\"garment_id\":\"%s\"}", avatar[1], garment[0])
            ->status == 404);
    char with_key[100], body[200];
    snprintf(with_key, sizeof with_key, "X-TryOn-Key: %s", publishable[0]);
    snprintf(body, sizeof body, "{\"avatar_id\":\"%s\",\"garment_id\":\"%s\"}", avatar[0], garment[1]);
    CHECK(ask("POST", "/v1/tryons", guest[0], NULL, body, strlen(body), with_key)->status == 404);
    // An event's references to another brand's things are dropped.
    CHECK(send_json("POST", "/v1/events", secret[0],
                    "{\"event_type\":\"x_probe\",\"session_id\":\"%s\",\"garment_id\":\"%s\"}", tryon[1], garment[1])
              ->status == 202);
    printf("  %d calls, all 404\n", checked);
}

// A list of numbers takes two bytes each to send and fifty to hold.
static void a_batch_much_longer_in_memory_than_on_the_wire_is_taken_whole(void)
{
    enum { EVENTS = 480, NUMBERS = 2000 };
    buf b = buf_new(2 << 20);
    bool ok = buf_text(&b, "{\"events\":[");
    for (int i = 0; i < EVENTS; i++) {
        ok = ok && buf_text(&b, i ? "," : "") && buf_text(&b, "{\"event_type\":\"x_long\",\"metadata\":{\"a\":[");
        for (int k = 0; k < NUMBERS; k++) ok = ok && buf_text(&b, k ? ",1" : "1");
        ok = ok && buf_text(&b, "]}}");
    }
    CHECK(ok && buf_text(&b, "]}"));
    const answer *a = ask("POST", "/v1/events", secret[0], "application/json", b.data, b.len, NULL);
    CHECK(a->status == 202 && strstr(a->text, "\"accepted\":480"));
    buf_free(&b);
}

static void files_are_sent_in_parts_to_who_asks_for_them(void)
{
    if (getenv("TRYON_TEST_S3_ENDPOINT")) return; // there the bucket's own server sends them
    char path[100], url[2048], whole[4096], header[200], tag[128];
    snprintf(path, sizeof path, "/v1/avatars/%s", avatar[0]);
    put_text(url, sizeof url,
             json_string_value(json_object_get(json_object_get(get(path, guest[0])->json, "files"), "avatar.glb")));
    const answer *a = get(url, NULL);
    size_t size = a->len;
    CHECK(a->status == 200 && size > 20 && size < sizeof whole);
    memcpy(whole, a->text, size);
    put_text(tag, sizeof tag, a->etag);
    a = ask("GET", url, NULL, NULL, NULL, 0, "Range: bytes=4-9");
    CHECK(a->status == 206 && a->len == 6 && !memcmp(a->text, whole + 4, 6));
    a = ask("GET", url, NULL, NULL, NULL, 0, "Range: bytes=-5");
    CHECK(a->status == 206 && a->len == 5 && !memcmp(a->text, whole + size - 5, 5));
    a = ask("GET", url, NULL, NULL, NULL, 0, "Range: bytes=8-999999");
    CHECK(a->status == 206 && a->len == size - 8);
    CHECK(ask("GET", url, NULL, NULL, NULL, 0, "Range: bytes=999999-")->status == 416);
    static const char *const ignored[] = { "Range: bytes=9-4", "Range: bytes=0-1,4-5", "Range: lines=1-2",
                                           "Range: bytes=x-" };
    for (size_t i = 0; i < sizeof ignored / sizeof *ignored; i++) {
        a = ask("GET", url, NULL, NULL, NULL, 0, ignored[i]);
        CHECK(a->status == 200 && a->len == size);
    }
    snprintf(header, sizeof header, "If-Range: %s\r\nRange: bytes=0-3", tag);
    CHECK(ask("GET", url, NULL, NULL, NULL, 0, header)->status == 206);
    a = ask("GET", url, NULL, NULL, NULL, 0, "If-Range: \"another\"\r\nRange: bytes=0-3");
    CHECK(a->status == 200 && a->len == size); // it changed meanwhile: all of it
}

// The answer before on the same connection was JSON: its memory goes on to this one (the sanitizers' build says if it
// is lost).
static void a_mesh_is_packed_for_who_takes_gzip(void)
{
    enum { SIZE = 8192 };
    if (getenv("TRYON_TEST_S3_ENDPOINT")) return; // there the bucket's own server sends them
    static unsigned char glb[SIZE] = "glTF\2\0\0\0\0\x20\0\0\4\0\0\0JSON{}  ";
    char path[300], url[2048], tag[128];
    snprintf(path, sizeof path, "/v1/garments/%s/sizes/S", garment[1]);
    const answer *a = ask("PUT", path, secret[1], "model/gltf-binary", glb, SIZE, NULL);
    CHECK(a->status == 200);
    put_text(url, sizeof url, json_string_value(json_object_get(json_object_get(a->json, "sizes"), "S")));
    a = get(url, NULL);
    CHECK(a->status == 200 && a->len == SIZE);
    put_text(tag, sizeof tag, a->etag);
    for (int i = 0; i < 4; i++) {
        CHECK(get("/v1/garments", secret[1])->status == 200);
        a = ask("GET", url, NULL, NULL, NULL, 0, "Accept-Encoding: gzip");
        CHECK(a->status == 200 && a->len < SIZE && !memcmp(a->text, "\x1f\x8b", 2) && strcmp(a->etag, tag) != 0);
    }
}

static void progress_streams_and_failures_are_told(void)
{
    const answer *a = send_json("POST", "/v1/avatars", guest[0], "{\"height_cm\":113,\"consent_version\":\"1\"}");
    char path[200];
    snprintf(path, sizeof path, "/v1/avatars/%s/events", text_of(a, "id"));
    a = get(path, guest[0]); // ends with the stream
    CHECK(a->status == 200);
    CHECK(strstr(a->text, "event: progress\n") && strstr(a->text, "\"status\":\"processing\"") &&
          strstr(a->text, "event: ready\n"));
    if (test_broken) printf("%s\n", a->text);
    a = send_json("POST", "/v1/avatars", guest[0], "{\"height_cm\":111,\"consent_version\":\"1\"}");
    a = wait_ready(text_of(a, "id"), guest[0]);
    CHECK_STR(text_of(a, "status"), "failed");
    CHECK_STR(text_of(a, "failure"), "the photo shows nobody");
}

static void a_catalogue_takes_files_and_charts(void)
{
    char path[300], url[2048];
    snprintf(path, sizeof path, "/v1/garments/%s/sizes/M", garment[0]);
    CHECK(ask("PUT", path, secret[0], "model/gltf-binary", "not a glb at all....", 20, NULL)->status == 415);
    const answer *a = ask("PUT", path, secret[0], "model/gltf-binary", GLB, sizeof GLB, NULL);
    CHECK(a->status == 200);
    put_text(url, sizeof url, json_string_value(json_object_get(json_object_get(a->json, "sizes"), "M")));
    a = get(url, NULL);
    CHECK(a->status == 200 && a->len == sizeof GLB);
    // The same again changes nothing; the same after another is another object.
    char name[2048], *end;
    put_text(name, sizeof name, strrchr(url, '/'));
    if ((end = strchr(name, '?'))) *end = 0; // a link's signature
    a = ask("PUT", path, secret[0], "model/gltf-binary", GLB, sizeof GLB, NULL);
    CHECK(a->status == 200 && strstr(a->text, name));
    static const unsigned char other[24] = "glTF\2\0\0\0\30\0\0\0\4\0\0\0JSON{}\n\n";
    a = ask("PUT", path, secret[0], "model/gltf-binary", other, sizeof other, NULL);
    CHECK(a->status == 200 && !strstr(a->text, name));
    a = ask("PUT", path, secret[0], "model/gltf-binary", GLB, sizeof GLB, NULL);
    CHECK(a->status == 200 && !strstr(a->text, name));
    snprintf(path, sizeof path, "/v1/garments/%s/size-chart", garment[0]);
    static const char csv[] = "# basis: garment_flat\nSize;Chest;Body Length\nS;\"48,5\";70\nM;50-52;72\n";
    a = ask("PUT", path, secret[0], "text/csv", csv, sizeof csv - 1, NULL);
    CHECK(a->status == 200);
    const json_t *chart = json_object_get(a->json, "size_chart"), *sizes = json_object_get(chart, "sizes");
    CHECK(json_number_value(json_object_get(json_object_get(sizes, "S"), "chest")) == 48.5);
    CHECK(json_array_size(json_object_get(json_object_get(sizes, "M"), "chest")) == 2);
    CHECK(json_number_value(json_object_get(json_object_get(sizes, "M"), "body_length")) == 72);
    CHECK(ask("PUT", path, secret[0], "text/csv", "Size,Chest\nS,wide\n", 18, NULL)->status == 422);
    CHECK(send_json("POST", "/v1/garments", secret[0], "{\"name\":\"Second\",\"shopify_product_id\":\"p1\"}")->status ==
          409);
    for (int i = 0; i < 5; i++)
        CHECK(send_json("POST", "/v1/garments", secret[0], "{\"name\":\"Skirt %d\"}", i)->status == 201);
    a = get("/v1/garments?limit=4", publishable[0]);
    CHECK(json_array_size(json_object_get(a->json, "items")) == 4);
    snprintf(path, sizeof path, "/v1/garments?limit=4&cursor=%s", text_of(a, "next_cursor"));
    a = get(path, publishable[0]);
    CHECK(json_array_size(json_object_get(a->json, "items")) == 2 &&
          json_is_null(json_object_get(a->json, "next_cursor")));
    a = get("/v1/garments?search=skirt%202", secret[0]);
    CHECK(json_array_size(json_object_get(a->json, "items")) == 1);
    snprintf(path, sizeof path, "/v1/garments/%s", garment[0]);
    a = get(path, secret[0]);
    char match[160];
    snprintf(match, sizeof match, "If-Match: %s", a->etag);
    CHECK(ask("PATCH", path, secret[0], NULL, "{\"name\":\"New\"}", 14, match)->status == 200);
    CHECK(ask("PATCH", path, secret[0], NULL, "{\"name\":\"Old\"}", 14, match)->status == 412);
    a = send_json("POST", "/v1/garments", secret[0],
                  "{\"name\":\"Coat\",\"fabric\":\"wool\",\"shopify_product_id\":\"p9\"}");
    snprintf(path, sizeof path, "/v1/garments/%s", text_of(a, "id"));
    a = send_json("PATCH", path, secret[0], "{\"fabric\":null,\"shopify_product_id\":null}");
    CHECK(a->status == 200 && json_is_null(json_object_get(a->json, "fabric")) &&
          json_is_null(json_object_get(a->json, "shopify_product_id")));
    CHECK_STR(text_of(a, "name"), "Coat");
    CHECK(send_json("PATCH", path, secret[0], "{\"name\":null}")->status == 422);
    CHECK(ask("DELETE", path, secret[0], NULL, NULL, 0, NULL)->status == 204);
}

static void keys_rotate_and_scopes_hold(void)
{
    const answer *a = send_json("POST", "/v1/keys", secret[0], "{\"kind\":\"secret\",\"scopes\":[\"events\"]}");
    CHECK(a->status == 201);
    const char *narrow = text_of(a, "key"), *id = text_of(a, "id");
    CHECK(send_json("POST", "/v1/events", narrow, "{\"event_type\":\"x_a\"}")->status == 202);
    CHECK(get("/v1/analytics/funnel", narrow)->status == 403);
    CHECK(send_json("POST", "/v1/keys", narrow, "{\"kind\":\"secret\"}")->status == 403);
    char path[100];
    snprintf(path, sizeof path, "/v1/keys/%s/rotate", id);
    int64_t began = clock_mono_ms();
    a = send_json("POST", path, secret[0], "{\"overlap_seconds\":3}");
    CHECK(a->status == 201);
    int64_t over = clock_mono_ms() + 3000;
    const char *fresh = text_of(a, "key");
    CHECK(send_json("POST", "/v1/events", fresh, "{\"event_type\":\"x_a\"}")->status == 202);
    int status = send_json("POST", "/v1/events", narrow, "{\"event_type\":\"x_a\"}")->status; // the overlap
    CHECK(status == 202 || clock_mono_ms() - began >= 3000); // unless the machine was too busy to ask within it
    while (clock_mono_ms() <= over) sleep_ms(100);
    CHECK(send_json("POST", "/v1/events", narrow, "{\"event_type\":\"x_a\"}")->status == 401);
    CHECK(
        ask("POST", "/v1/events", publishable[0], NULL, "{\"event_type\":\"x_a\"}", 20, "Origin: https://evil.example")
            ->status == 403);
    CHECK(
        ask("POST", "/v1/events", publishable[0], NULL, "{\"event_type\":\"x_a\"}", 20, "Origin: https://shop0.example")
            ->status == 202);
    CHECK(send_json("POST", "/v1/keys", secret[0], "{\"kind\":\"publishable\",\"origins\":[\"https://*\"]}")->status ==
          422);
    a = get("/v1/keys", secret[0]);
    CHECK(strstr(a->text, "try_live_") && !strstr(a->text, secret[0] + 20));
}

// A token of another issuer, signed with the secret of begin().
static void account_token(const char *sub, char *token, size_t size)
{
    char head[100], claims[500], text[900], c[300], sig[44];
    uint8_t mac[32];
    static const char h[] = "{\"alg\":\"HS256\",\"typ\":\"JWT\"}", shared[] = "a-shared-secret-of-thirty-two-bytes!";
    snprintf(c, sizeof c,
             "{\"aud\":\"authenticated\",\"exp\":%lld,\"sub\":\"%s\",\"role\":\"authenticated\",\"email\":\"%s@example."
             "org\"}",
             (long long)(clock_ms() / 1000 + 600), sub, sub);
    base64url_encode((const uint8_t *)h, strlen(h), head);
    base64url_encode((const uint8_t *)c, strlen(c), claims);
    int n = snprintf(text, sizeof text, "%s.%s", head, claims);
    hmac_sha256(shared, sizeof shared - 1, text, (size_t)n, mac);
    base64url_encode(mac, 32, sig);
    snprintf(token, size, "%s.%s", text, sig);
}

static void a_liking_changes_the_verdict_and_not_the_session(void)
{
    char path[120];
    snprintf(path, sizeof path, "/v1/tryons/%s", tryon[0]);
    const answer *a = send_json("PATCH", path, guest[0], "{\"preference\":\"loose\"}");
    CHECK(a->status == 200);
    CHECK_STR(text_of(a, "id"), tryon[0]);
    CHECK_STR(json_string_value(json_object_get(json_object_get(a->json, "fit"), "preference")), "loose");
    CHECK_STR(text_of(a, "selected_size"), "S"); // chosen before, and still
    CHECK(send_json("PATCH", path, guest[0], "{\"preference\":\"tight\"}")->status == 422);
    CHECK(send_json("PATCH", path, guest[0], "{}")->status == 422);
    CHECK(send_json("PATCH", path, guest[1], "{\"preference\":\"snug\"}")->status == 404);
    a = send_json("PATCH", path, guest[0], "{\"preference\":\"regular\",\"size\":\"M\"}");
    CHECK(a->status == 200);
    CHECK_STR(text_of(a, "selected_size"), "M");
}

static const char *new_guest(void) { return text_of(ask("POST", "/v1/guests", NULL, NULL, NULL, 0, NULL), "token"); }

static const char *new_avatar(const char *token, int height)
{
    return text_of(send_json("POST", "/v1/avatars", token, "{\"height_cm\":%d,\"consent_version\":\"1\"}", height),
                   "id");
}

static int avatars_of(const char *token)
{
    return (int)json_array_size(json_object_get(get("/v1/avatars", token)->json, "items"));
}

static void a_code_hands_a_visit_to_another_device_once(void)
{
    const char *desktop = new_guest();
    const answer *a = send_json("POST", "/v1/handoffs", desktop, " ");
    CHECK(a->status == 201);
    const char *id = text_of(a, "id"), *code = text_of(a, "code");
    char path[120];
    snprintf(path, sizeof path, "/v1/handoffs/%s", id);
    CHECK(get(path, desktop)->status == 200);
    CHECK(get(path, guest[0])->status == 404); // somebody else's
    CHECK(get("/v1/me", code)->status == 401); // a code is no token
    CHECK(get("/v1/me", id)->status == 401);
    CHECK(send_json("POST", "/v1/handoffs/take", NULL, "{\"code\":\"%s\"}", id)->status == 422);
    CHECK(send_json("POST", "/v1/handoffs/take", NULL, "{\"code\":\"%.20s\"}", code)->status == 422);
    a = send_json("POST", "/v1/handoffs/take", NULL, "{\"code\":\"%s\"}", code);
    CHECK(a->status == 201);
    const char *phone = text_of(a, "token");
    CHECK_STR(text_of(get("/v1/me", phone), "id"), text_of(get("/v1/me", desktop), "id"));
    CHECK(send_json("POST", "/v1/handoffs/take", NULL, "{\"code\":\"%s\"}", code)->status == 404);
    CHECK(get(path, desktop)->status == 404); // which tells the first device that the second is there
    const char *made = new_avatar(phone, 171);
    CHECK_STR(text_of(wait_ready(made, desktop), "status"), "ready");
}

static void a_guest_who_signs_in_keeps_what_is_hers(void)
{
    char account[1000];
    uuid_text sub;
    uuid_new(sub);
    account_token(sub, account, sizeof account);
    const char *visitor = new_guest(), *made = new_avatar(visitor, 171);
    CHECK_STR(text_of(wait_ready(made, visitor), "status"), "ready");
    const char *busy = new_avatar(visitor, 113); // takes a second
    sleep_ms(300);                               // in a worker's hands now
    CHECK(get("/v1/me", account)->status == 200 && avatars_of(account) == 0);
    CHECK(send_json("POST", "/v1/me/join", account, "{}")->status == 422);
    CHECK(send_json("POST", "/v1/me/join", account, "{\"guest_token\":\"%s\"}", account)->status == 422);
    const answer *a = send_json("POST", "/v1/me/join", account, "{\"guest_token\":\"%s\"}", visitor);
    CHECK(a->status == 200 && json_integer_value(json_object_get(a->json, "avatars")) == 2);
    CHECK(get("/v1/me", visitor)->status == 401); // the guest is no more
    CHECK(avatars_of(account) == 2);
    CHECK_STR(text_of(wait_ready(busy, account), "status"), "ready");
    a = wait_ready(made, account);
    char url[2048];
    put_text(url, sizeof url, json_string_value(json_object_get(json_object_get(a->json, "files"), "avatar.glb")));
    CHECK(get(url, NULL)->status == 200);
    // A device that the account was handed to is no guest: it cannot be joined to anybody.
    a = send_json("POST", "/v1/handoffs", account, " ");
    a = send_json("POST", "/v1/handoffs/take", NULL, "{\"code\":\"%s\"}", text_of(a, "code"));
    const char *second = text_of(a, "token");
    CHECK(avatars_of(second) == 2);
    CHECK(send_json("POST", "/v1/me/join", new_guest(), "{\"guest_token\":\"%s\"}", second)->status == 404);
    CHECK(ask("DELETE", "/v1/me", account, NULL, NULL, 0, NULL)->status == 204);
    CHECK(get("/v1/me", second)->status == 401);
    CHECK(get(url, NULL)->status == 404);
}

static void another_issuers_tokens_are_the_same_users(void)
{
    char token[1000];
    uuid_text sub;
    uuid_new(sub);
    account_token(sub, token, sizeof token);
    const answer *a = get("/v1/me", token);
    CHECK(a->status == 200);
    CHECK_STR(text_of(a, "id"), sub);
    CHECK(json_is_false(json_object_get(a->json, "is_guest")));
    token[strlen(token) - 3] ^= 1;
    CHECK(get("/v1/me", token)->status == 401);
}

static void jobs_run_over_the_runpod_client_interface(void)
{
    const answer *a = send_json("POST", "/v2/avatar/runsync?wait=10000", operator_key,
                                "{\"input\":{\"avatar_id\":\"x1\",\"answers\":{\"height_cm\":181}}}");
    CHECK(a->status == 200);
    CHECK_STR(text_of(a, "status"), "COMPLETED");
    const json_t *o = json_object_get(a->json, "output");
    CHECK_STR(json_string_value(json_object_get(o, "status")), "success");
    CHECK_STR(json_string_value(json_object_get(o, "avatar_id")), "x1");
    CHECK(json_number_value(
              json_object_get(json_object_get(json_object_get(o, "measurements"), "height"), "value_cm")) == 181);
    a = send_json("POST", "/v2/avatar/runsync?wait=10000", operator_key,
                  "{\"input\":{\"avatar_id\":\"x1\",\"image_url\":\"http://127.0.0.1:1/photo.jpg\"}}");
    CHECK_STR(text_of(a, "status"), "FAILED"); // the guard: a caller's address inside our network
    CHECK(strstr(text_of(a, "error"), "public internet") != NULL);
    a = send_json("POST", "/v2/avatar/run", operator_key, "{\"input\":{\"answers\":{\"height_cm\":113}}}");
    char path[200];
    snprintf(path, sizeof path, "/v2/avatar/cancel/%s", text_of(a, "id"));
    sleep_ms(400);
    a = ask("POST", path, operator_key, NULL, "{}", 2, NULL);
    CHECK_STR(text_of(a, "status"), "CANCELLED");
    CHECK(get("/v2/avatar/health", operator_key)->status == 200);
    CHECK(get("/v2/avatar/status/none", operator_key)->status == 404);
    CHECK(ask("POST", "/v2/avatar/purge-queue", operator_key, NULL, "{}", 2, NULL)->status == 200);
}

static void health_and_papers_are_open(void)
{
    CHECK(get("/healthz", NULL)->status == 200);
    const answer *a = get("/readyz", NULL);
    if (a->status != 200) printf("  %s\n", a->text);
    CHECK(a->status == 200);
    a = get("/metrics", NULL);
    CHECK(a->status == 200 &&
          strstr(a->text, "http_requests_total{method=\"POST\",route=\"/v1/avatars\",code=\"2xx\"}") &&
          strstr(a->text, "tryon_job_queue_depth"));
    // This machine's only: what a proxy beside passes on is not.
    CHECK(ask("GET", "/metrics", NULL, NULL, NULL, 0, "X-Forwarded-For: 203.0.113.9")->status == 401);
    CHECK(get("/openapi.json", NULL)->status == 200);
    a = get("/docs", NULL);
    CHECK(a->status == 200 && strstr(a->text, "<code>POST /v1/avatars</code>"));
    CHECK(strstr(a->text, "<p>With <a href=\"#shopper\">shopper</a></p><p>Body: <code>application/json</code> <a "
                          "href=\"#NewTryon\">NewTryon</a></p>") != NULL);
}

extern const embedded_file api_documents[];
static void the_description_and_the_route_table_are_the_same(void)
{
    json_t *doc = json_loadb((const char *)api_documents[0].data, api_documents[0].size, 0, NULL),
           *paths = json_object_get(doc, "paths"), *item;
    const char *path;
    size_t described = 0, routed = 0;
    json_object_foreach(paths, path, item) described += json_object_size(item);
    for (const http_route *r = api_routes; r->method; r++, routed++) {
        char plain[200], lower[8] = "";
        size_t n = 0;
        for (const char *p = r->path; *p; p++)
            if (*p != '*') plain[n++] = *p;
        plain[n] = 0;
        for (int i = 0; r->method[i]; i++) lower[i] = (char)(r->method[i] | 32);
        const json_t *op = json_object_get(json_object_get(paths, plain), lower);
        const char *name = json_string_value(json_object_get(op, "operationId"));
        if (!name) printf("  %s %s is not described\n", r->method, r->path);
        CHECK(name && !strcmp(name, r->name));
    }
    CHECK(routed == described);
    json_decref(doc);
}

static void erasure_takes_everything(void)
{
    char url[2048], path[120];
    snprintf(path, sizeof path, "/v1/avatars/%s", avatar[0]);
    const answer *a = get(path, guest[0]);
    put_text(url, sizeof url, json_string_value(json_object_get(json_object_get(a->json, "files"), "avatar.glb")));
    CHECK(get(url, NULL)->status == 200);
    a = get("/v1/me/export", guest[0]);
    CHECK(a->status == 200 && strstr(a->text, avatar[0]) && strstr(a->text, tryon[0]));
    CHECK(ask("DELETE", "/v1/me", guest[0], NULL, NULL, 0, NULL)->status == 204);
    CHECK(get("/v1/me", guest[0])->status == 401);
    CHECK(get(url, NULL)->status >= 403); // the link is still signed; the object is gone
    snprintf(path, sizeof path, "/v1/tryons/%s", tryon[0]);
    CHECK(get(path, secret[0])->status == 404);
    CHECK(get("/v1/analytics/funnel", secret[0])->status == 200);
}

static void the_server_stops_when_asked_and_ends_what_it_began(void)
{
    const answer *a = send_json("POST", "/v1/avatars", guest[1], "{\"height_cm\":113,\"consent_version\":\"1\"}");
    const char *id = text_of(a, "id");
    sleep_ms(500); // the job is running now
    int64_t t = clock_ms();
    kill(pid, SIGTERM);
    int status;
    waitpid(pid, &status, 0);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    CHECK(clock_ms() - t < 20000);
    pid = server_start(data, 0); // without workers: what is ready now was finished before the end
    char path[100];
    snprintf(path, sizeof path, "/v1/avatars/%s", id);
    CHECK_STR(text_of(get(path, guest[1]), "status"), "ready");
}

static void every_answer_was_as_described(void) { CHECK(schema_faults == 0); }

static void end(void)
{
    server_stop(pid, SIGTERM);
    pid_t child = fork();
    if (!child) {
        char log[80];
        snprintf(log, sizeof log, "%s.log", data);
        execl("/bin/rm", "rm", "-rf", data, test_failed ? "/nonexistent" : log, (char *)NULL);
        _exit(1);
    }
    waitpid(child, NULL, 0);
}

static int say_event(const char *context)
{
    static const char event[] = "{\"event_type\":\"widget_opened\"}";
    char header[200];
    snprintf(header, sizeof header, "X-TryOn-Key: %s", context);
    return ask("POST", "/v1/events", NULL, NULL, event, sizeof event - 1, header)->status;
}

static void the_fitting_room_is_told_brand_and_garment_and_speaks_for_that_brand(void)
{
    char path[200], context[160];
    snprintf(path, sizeof path, "/v1/embed?brand=%s&product_id=p1", brand_id[0]);
    const answer *a = get(path, NULL);
    CHECK(a->status == 200);
    CHECK_STR(json_string_value(json_object_get(json_object_get(a->json, "brand"), "id")), brand_id[0]);
    CHECK_STR(json_string_value(json_object_get(json_object_get(a->json, "garment"), "id")), garment[0]);
    CHECK(json_array_size(json_object_get(json_object_get(a->json, "garment"), "sizes")) == 2);
    CHECK_STR(json_string_value(json_array_get(json_object_get(a->json, "origins"), 0)), "https://shop0.example");
    put_text(context, sizeof context, text_of(a, "context"));
    CHECK(say_event(context) == 202);
    size_t last = strlen(context) - 1;
    context[last] = context[last] == '0' ? '1' : '0';
    CHECK(say_event(context) == 401);
    CHECK(say_event("try_embed_") == 401);
    snprintf(path, sizeof path, "/v1/embed?brand=%s&product_id=unknown", brand_id[0]);
    a = get(path, NULL);
    CHECK(a->status == 200 && json_is_null(json_object_get(a->json, "garment")));
    CHECK(get("/v1/embed?brand=nobody", NULL)->status == 404);
    CHECK(get("/v1/embed?shop=nobody.example", NULL)->status == 404);
    CHECK(get("/v1/embed", NULL)->status == 404);
}

TEST_MAIN(begin(); RUN(the_description_and_the_route_table_are_the_same); RUN(from_guest_to_analytics);
          RUN(no_route_opens_without_its_key); RUN(nobody_reaches_anothers_things);
          RUN(a_link_that_is_none_is_refused_before_the_body_comes);
          RUN(a_batch_much_longer_in_memory_than_on_the_wire_is_taken_whole);
          RUN(files_are_sent_in_parts_to_who_asks_for_them); RUN(a_mesh_is_packed_for_who_takes_gzip);
          RUN(progress_streams_and_failures_are_told); RUN(a_catalogue_takes_files_and_charts);
          RUN(the_fitting_room_is_told_brand_and_garment_and_speaks_for_that_brand); RUN(keys_rotate_and_scopes_hold);
          RUN(another_issuers_tokens_are_the_same_users); RUN(a_liking_changes_the_verdict_and_not_the_session);
          RUN(a_code_hands_a_visit_to_another_device_once); RUN(a_guest_who_signs_in_keeps_what_is_hers);
          RUN(jobs_run_over_the_runpod_client_interface); RUN(health_and_papers_are_open);
          RUN(erasure_takes_everything); RUN(the_server_stops_when_asked_and_ends_what_it_began);
          RUN(every_answer_was_as_described); end();)
