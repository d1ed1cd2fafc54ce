// Tokens that another implementation minted (tokens.mjs), read from the file named by the first argument.
#include "auth/jwt.h"
#include "base/mem.h"
#include "test.h"

#include <arpa/inet.h>
#include <jansson.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

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

// An issuer that takes one question after another and answers each when it is told to.
static struct {
    int listener, status;
    char url[64];
    char *keys;
    atomic_int asked, may_answer; // so many questions came; so many may be answered
} issuer;

static void *answer_questions(void *ctx)
{
    (void)ctx;
    for (;;) {
        int fd = accept(issuer.listener, NULL, NULL);
        if (fd < 0) return NULL;
        char head[4096];
        size_t n = 0;
        ssize_t got;
        while (n + 1 < sizeof head && (got = recv(fd, head + n, sizeof head - 1 - n, 0)) > 0) {
            head[n += (size_t)got] = 0;
            if (strstr(head, "\r\n\r\n")) break;
        }
        int mine = atomic_fetch_add(&issuer.asked, 1) + 1;
        while (atomic_load(&issuer.may_answer) < mine) usleep(1000);
        dprintf(fd, "HTTP/1.1 %d X\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n%s", issuer.status,
                strlen(issuer.keys), issuer.keys);
        close(fd);
    }
}

static void open_issuer(pthread_t *thread)
{
    struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t n = sizeof a;
    issuer.listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CHECK(!bind(issuer.listener, (struct sockaddr *)&a, n) && !listen(issuer.listener, 4) &&
          !getsockname(issuer.listener, (struct sockaddr *)&a, &n));
    snprintf(issuer.url, sizeof issuer.url, "http://127.0.0.1:%d/keys", ntohs(a.sin_port));
    issuer.keys = json_dumps(json_object_get(rows[0], "jwks"), 0);
    atomic_store(&issuer.asked, 0);
    atomic_store(&issuer.may_answer, 0);
    CHECK(!pthread_create(thread, NULL, answer_questions, NULL));
}

static void close_issuer(pthread_t thread)
{
    shutdown(issuer.listener, SHUT_RDWR);
    pthread_join(thread, NULL);
    close(issuer.listener);
    mem_free(issuer.keys);
}

static const char *token_named(const char *name)
{
    for (int i = 2; i < count; i++)
        if (!strcmp(json_string_value(json_object_get(rows[i], "name")), name))
            return json_string_value(json_object_get(rows[i], "token"));
    return "";
}

// What the token is good for: ERR_NONE when it passes.
static err_code verdict(jwt_verifier *v, const char *name)
{
    err e = { 0 };
    jwt_claims c;
    return jwt_verify(v, token_named(name), clock_ms() / 1000, &c, &e) ? ERR_NONE : e.code;
}

static void *ask_first(void *v) { return (void *)(intptr_t)verdict(v, "ES256"); }

static void while_the_keys_are_being_fetched_nobody_is_told_that_her_token_is_bad(void)
{
    pthread_t thread, first;
    void *got;
    open_issuer(&thread);
    issuer.status = 200;
    jwt_verifier *v = jwt_new(&(jwt_config){ .jwks_url = issuer.url, .issuer = "https://x.supabase.co/auth/v1" });
    CHECK(!pthread_create(&first, NULL, ask_first, v));
    while (!atomic_load(&issuer.asked)) usleep(1000);
    CHECK(verdict(v, "ES256") == ERR_IO && verdict(v, "RS256") == ERR_IO);
    atomic_store(&issuer.may_answer, 1);
    pthread_join(first, &got);
    CHECK((intptr_t)got == ERR_NONE);
    CHECK(verdict(v, "RS256") == ERR_NONE);
    CHECK(verdict(v, "unknown kid") == ERR_DENIED); // the issuer's set is here, and lacks it
    CHECK(atomic_load(&issuer.asked) == 1);
    jwt_free(v);
    close_issuer(thread);
}

static void when_the_keys_cannot_be_fetched_nobody_is_told_that_her_token_is_bad(void)
{
    pthread_t thread;
    open_issuer(&thread);
    issuer.status = 500;
    atomic_store(&issuer.may_answer, 100);
    jwt_verifier *v = jwt_new(
        &(jwt_config){ .jwks_url = issuer.url, .issuer = "https://x.supabase.co/auth/v1", .refetch_seconds = 1 });
    CHECK(verdict(v, "ES256") == ERR_IO);
    CHECK(verdict(v, "ES256") == ERR_IO && atomic_load(&issuer.asked) == 1); // too soon to ask again
    issuer.status = 200;
    usleep(1100000);
    CHECK(verdict(v, "ES256") == ERR_NONE && atomic_load(&issuer.asked) == 2);
    CHECK(verdict(v, "unknown kid") == ERR_DENIED);
    issuer.status = 500;
    usleep(1100000);
    CHECK(verdict(v, "ES256") == ERR_NONE); // what is known stays known
    CHECK(verdict(v, "unknown kid") == ERR_IO && atomic_load(&issuer.asked) == 3);
    CHECK(verdict(v, "unknown kid") == ERR_IO && atomic_load(&issuer.asked) == 3);
    jwt_free(v);
    close_issuer(thread);
}

int main(int argc, char **argv)
{
    path = argc > 1 ? argv[1] : "/dev/null";
    load();
    RUN(good_tokens_pass_and_forgeries_do_not);
    RUN(without_a_secret_shared_keys_mean_nothing);
    RUN(while_the_keys_are_being_fetched_nobody_is_told_that_her_token_is_bad);
    RUN(when_the_keys_cannot_be_fetched_nobody_is_told_that_her_token_is_bad);
    for (int i = 0; i < count; i++) json_decref(rows[i]);
    printf("%d passed, %d failed\n", test_passed, test_failed);
    return test_failed != 0;
}
