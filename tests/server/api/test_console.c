// What a brand's console does, over HTTP; each answer checked against the description.
#include "client.h"
#include "test.h"

#include <signal.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static char data[64], secret[2][64], id[2][40], publishable[64], garment[40];
static int pid;

static void keep(char *out, size_t size, const json_t *j, const char *name)
{
    const char *s = json_string_value(json_object_get(j, name));
    snprintf(out, size, "%s", s ? s : "");
}

static void begin(void)
{
    snprintf(data, sizeof data, "/tmp/tryon-console-XXXXXX");
    if (!mkdtemp(data)) exit(1);
    for (int i = 0; i < 2; i++) {
        json_t *j = make_brand_of(data, i ? "Other" : "One", i ? "https://other.example" : "https://shop.example");
        keep(secret[i], sizeof secret[i], j, "secret_key");
        keep(id[i], sizeof id[i], j, "id");
        if (!i) keep(publishable, sizeof publishable, j, "publishable_key");
        json_decref(j);
    }
    pid = server_start(data, 1);
}

static void settings_are_read_changed_and_checked(void)
{
    const answer *a = get("/v1/brand", secret[0]);
    CHECK(a->status == 200 && json_is_null(json_object_get(a->json, "avatar_days")));
    a = send_json("PATCH", "/v1/brand", secret[0], "{\"name\":\"Atelier\",\"avatar_days\":30}");
    CHECK(a->status == 200);
    CHECK_STR(text_of(a, "name"), "Atelier");
    CHECK(json_integer_value(json_object_get(a->json, "avatar_days")) == 30);
    a = send_json("PATCH", "/v1/brand", secret[0], "{\"avatar_days\":null,\"event_days\":365}");
    CHECK(json_is_null(json_object_get(a->json, "avatar_days")));
    CHECK(json_integer_value(json_object_get(a->json, "event_days")) == 365);
    CHECK(send_json("PATCH", "/v1/brand", secret[0], "{\"event_days\":0}")->status == 422);
    CHECK(send_json("PATCH", "/v1/brand", secret[0], "{\"name\":\"\"}")->status == 422);
    CHECK(send_json("PATCH", "/v1/brand", publishable, "{\"name\":\"x\"}")->status == 403);
}

static void a_public_keys_pages_can_be_changed(void)
{
    const answer *a = get("/v1/keys", secret[0]);
    char path[100] = "", secret_path[100] = "";
    size_t i;
    json_t *k;
    json_array_foreach(json_object_get(a->json, "items"), i, k)
    {
        const char *kind = json_string_value(json_object_get(k, "kind"));
        snprintf(*kind == 's' ? secret_path : path, 100, "/v1/keys/%s", json_string_value(json_object_get(k, "id")));
    }
    a = send_json("PATCH", path, secret[0], "{\"origins\":[\"https://new.example\"]}");
    CHECK(a->status == 200 && strstr(a->text, "new.example") && !strstr(a->text, "https://shop.example"));
    CHECK(ask("GET", "/v1/garments", publishable, NULL, NULL, 0, "Origin: https://shop.example")->status == 403);
    CHECK(ask("GET", "/v1/garments", publishable, NULL, NULL, 0, "Origin: https://new.example")->status == 200);
    CHECK(send_json("PATCH", path, secret[0], "{\"origins\":[\"http://plain.example/page\"]}")->status == 422);
    CHECK(send_json("PATCH", path, secret[0], "{\"origins\":[]}")->status == 422);
    CHECK(send_json("PATCH", secret_path, secret[0], "{\"origins\":[\"https://a.example\"]}")->status == 404);
    CHECK(send_json("PATCH", path, secret[1], "{\"origins\":[\"https://a.example\"]}")->status == 404);
}

static void the_widget_learns_whether_a_product_has_a_garment_and_nothing_else(void)
{
    const answer *a =
        send_json("POST", "/v1/garments", secret[0],
                  "{\"name\":\"Tee\",\"category\":\"tshirt\",\"shopify_product_id\":\"p1\",\"size_chart\":{\"unit\":"
                  "\"cm\",\"basis\":\"body\",\"sizes\":{\"M\":{\"chest\":96}}}}");
    CHECK(a->status == 201);
    snprintf(garment, sizeof garment, "%s", text_of(a, "id"));
    char path[160];
    snprintf(path, sizeof path, "/v1/widget?brand=%s&product_id=p1", id[0]);
    a = get(path, NULL);
    CHECK(a->status == 200 && json_object_size(a->json) == 1);
    CHECK_STR(text_of(a, "garment_id"), garment);
    snprintf(path, sizeof path, "/v1/widget?brand=%s&product_id=p2", id[0]);
    CHECK_STR(get(path, NULL)->text, "{\"garment_id\":null}");
    snprintf(path, sizeof path, "/v1/widget?brand=%s&product_id=p1", id[1]);
    CHECK_STR(get(path, NULL)->text, "{\"garment_id\":null}");
    CHECK_STR(get("/v1/widget?shop=none.myshopify.com&product_id=p1", NULL)->text, "{\"garment_id\":null}");
    CHECK(get("/v1/widget?product_id=p1", NULL)->status == 422);
    CHECK(get("/v1/widget?brand=x&product_id=p1", NULL)->status == 422);
}

static const answer *wait_preview(const char *path)
{
    const answer *a = NULL;
    for (int k = 0; k < 100; k++) {
        a = get(path, secret[0]);
        const char *s = json_string_value(json_object_get(a->json, "status"));
        if (s && (!strcmp(s, "ready") || !strcmp(s, "failed"))) break;
        nanosleep(&(struct timespec){ 0, 100000000 }, NULL);
    }
    return a;
}

static void a_garment_is_judged_and_shown(void)
{
    static const unsigned char glb[24] = "glTF\2\0\0\0\30\0\0\0\4\0\0\0JSON{}  ";
    char path[120], sheet[140], size[120];
    snprintf(path, sizeof path, "/v1/garments/%s/preview", garment);
    snprintf(sheet, sizeof sheet, "%s/sheet.png", path);
    snprintf(size, sizeof size, "/v1/garments/%s/sizes/M", garment);
    CHECK_STR(text_of(get(path, secret[0]), "status"), "none");
    CHECK(get(path, secret[1])->status == 404);
    CHECK(send_json("POST", path, secret[0], "{\"size\":\"XXL\"}")->status == 422);
    CHECK(send_json("POST", path, secret[1], "{}")->status == 404);
    CHECK(ask("PUT", size, secret[0], "model/gltf-binary", glb, sizeof glb, NULL)->status == 200);
    const answer *a = send_json("POST", path, secret[0], "{\"size\":\"M\"}");
    CHECK(a->status == 202);
    a = wait_preview(path);
    CHECK_STR(text_of(a, "status"), "ready");
    CHECK(strstr(a->text, "1 meshes of 24 bytes") && strstr(a->text, "\"size\":\"M\""));
    char url[1024];
    snprintf(url, sizeof url, "%s", text_of(a, "sheet_url"));
    a = get(url, NULL);
    CHECK(a->status == 200 && !memcmp(a->text, "\x89PNG", 4));
    CHECK(get(sheet, secret[0])->status == 302);
    CHECK(get(sheet, secret[1])->status == 404);
    // A reason that the brand can act on reaches it.
    char change[100];
    snprintf(change, sizeof change, "/v1/garments/%s", garment);
    CHECK(send_json("PATCH", change, secret[0], "{\"name\":\"Broken\"}")->status == 200);
    CHECK(send_json("POST", path, secret[0], "{}")->status == 202);
    a = wait_preview(path);
    CHECK_STR(text_of(a, "status"), "failed");
    CHECK(strstr(text_of(a, "error"), "hole") != NULL);
    a = send_json("POST", "/v1/garments", secret[0], "{\"name\":\"Bare\"}");
    snprintf(path, sizeof path, "/v1/garments/%s/preview", text_of(a, "id"));
    CHECK(send_json("POST", path, secret[0], "{}")->status == 422);
    CHECK(ask("DELETE", change, secret[0], NULL, NULL, 0, NULL)->status == 204);
    CHECK(get(sheet, secret[0])->status == 404);
}

static void reports_are_of_one_garment_where_that_is_asked(void)
{
    CHECK(get("/v1/analytics/tryons", secret[0])->status == 200);
    CHECK(get("/v1/analytics/size_flow", secret[0])->status == 200);
    CHECK(get("/v1/analytics/regions", secret[0])->status == 422);
    CHECK(get("/v1/analytics/size_flow?garment_id=x", secret[0])->status == 422);
    char path[120];
    snprintf(path, sizeof path, "/v1/analytics/regions?garment_id=%s", garment);
    CHECK(get(path, secret[1])->status == 200); // nothing of another's: an empty list
    CHECK(strstr(get(path, secret[1])->text, "\"data\":[]") != NULL);
}

static void every_answer_was_as_described(void) { CHECK(schema_faults == 0); }

static void end(void)
{
    server_stop(pid, SIGTERM);
    char log[80];
    snprintf(log, sizeof log, "%s.log", data);
    const char *const all[] = { "/bin/rm", "-rf", data, test_failed ? "/nonexistent" : log, NULL };
    buf out = buf_new(4096);
    CHECK(run_program(all, &out));
    buf_free(&out);
}

TEST_MAIN(begin(); RUN(settings_are_read_changed_and_checked); RUN(a_public_keys_pages_can_be_changed);
          RUN(the_widget_learns_whether_a_product_has_a_garment_and_nothing_else); RUN(a_garment_is_judged_and_shown);
          RUN(reports_are_of_one_garment_where_that_is_asked); RUN(every_answer_was_as_described); end();)
