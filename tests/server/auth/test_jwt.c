// Tokens that another implementation minted (tokens.mjs), read from the file named by the first argument.
#include "auth/jwt.h"
#include "base/mem.h"
#include "test.h"

#include <jansson.h>
#include <stdlib.h>

static const char *path;
static json_t *rows[128];
static int count;

static void load(void)
{
    FILE *f = fopen(path, "r");
    char *line = NULL;
    size_t cap = 0;
    while (f && count < 128 && getline(&line, &cap, f) > 0) rows[count++] = json_loads(line, 0, NULL);
    if (f) fclose(f);
    mem_free(line);
}

static bool set_keys(jwt_verifier *v, int row, const char *name, err *e)
{
    char *text = json_dumps(json_object_get(rows[row], name), 0);
    bool ok = jwt_set_jwks(v, text, strlen(text), e);
    mem_free(text);
    return ok;
}

static void good_tokens_pass_and_forgeries_do_not(void)
{
    jwt_verifier *v = jwt_new(&(jwt_config){ .hs256_secret = "a-shared-secret-of-thirty-two-bytes!",
                                             .issuer = "https://x.supabase.co/auth/v1" });
    err e;
    jwt_claims c;
    CHECK(count > 30);
    CHECK(set_keys(v, 0, "jwks", &e));
    int good = 0, bad = 0;
    for (int i = 2; i < count; i++) {
        bool want = json_is_true(json_object_get(rows[i], "good"));
        bool got = jwt_verify(v, json_string_value(json_object_get(rows[i], "token")), clock_ms() / 1000, &c, &e);
        if (got != want)
            printf("  %s: %s\n", json_string_value(json_object_get(rows[i], "name")), got ? "accepted" : e.msg);
        CHECK(got == want);
        if (want) CHECK_STR(c.sub, "0b6d1f5e-8f3a-4b4e-9d7e-2f6a3c1d5e70");
        good += want;
        bad += !want;
    }
    printf("  %d good, %d forged\n", good, bad);
    CHECK(good >= 5 && bad >= 15);
    // Rotation: the new key's tokens pass once its set is known, and the old keys' still do.
    CHECK(set_keys(v, 1, "rotated", &e));
    CHECK(jwt_verify(v, json_string_value(json_object_get(rows[count - 1], "token")), clock_ms() / 1000, &c, &e));
    CHECK(jwt_verify(v, json_string_value(json_object_get(rows[3], "token")), clock_ms() / 1000, &c, &e));
    jwt_free(v);
}

static void without_a_secret_shared_keys_mean_nothing(void)
{
    jwt_verifier *v = jwt_new(&(jwt_config){ .issuer = "https://x.supabase.co/auth/v1" });
    err e;
    jwt_claims c;
    CHECK(!jwt_verify(v, json_string_value(json_object_get(rows[2], "token")), clock_ms() / 1000, &c, &e) &&
          e.code == ERR_DENIED);
    jwt_free(v);
}

int main(int argc, char **argv)
{
    path = argc > 1 ? argv[1] : "/dev/null";
    load();
    RUN(good_tokens_pass_and_forgeries_do_not);
    RUN(without_a_secret_shared_keys_mean_nothing);
    for (int i = 0; i < count; i++) json_decref(rows[i]);
    printf("%d passed, %d failed\n", test_passed, test_failed);
    return test_failed != 0;
}
