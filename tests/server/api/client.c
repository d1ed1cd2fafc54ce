#include "client.h"
#include "api/api.h"
#include "base/mem.h"
#include "common/embed.h"
#include "common/ids.h"
#include "net/fetch.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern const embedded_file api_documents[];

char server_url[64];
int schema_faults;
static json_t *document;
static answer last;

static int free_port(void)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t n = sizeof a;
    if (bind(fd, (struct sockaddr *)&a, n) || getsockname(fd, (struct sockaddr *)&a, &n)) exit(1);
    close(fd);
    return ntohs(a.sin_port);
}

bool run_program(const char *const *argv, buf *out)
{
    int pipe_[2], status = 1;
    if (pipe2(pipe_, O_CLOEXEC)) return false;
    pid_t pid = fork();
    if (!pid) {
        dup2(pipe_[1], 1);
        close(pipe_[0]);
        execv(argv[0], (char *const *)(uintptr_t)argv);
        _exit(127);
    }
    close(pipe_[1]);
    char piece[4096];
    ssize_t n;
    bool ok = true;
    while ((n = read(pipe_[0], piece, sizeof piece)) > 0) ok = ok && buf_append(out, piece, (size_t)n);
    close(pipe_[0]);
    return waitpid(pid, &status, 0) == pid && ok && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

json_t *make_brand_of(const char *data, const char *name, const char *origin)
{
    if (getenv("TRYON_TEST_DATABASE_URL")) setenv("DATABASE_URL", getenv("TRYON_TEST_DATABASE_URL"), 1);
    buf b = buf_new(64 << 10);
    bool ok = run_program((const char *const[]){ TEST_SERVER, "brand", data, "create", name, origin, NULL }, &b);
    json_t *j = ok ? json_loadb((const char *)b.data, b.len, 0, NULL) : NULL;
    buf_free(&b);
    if (!j) exit(1);
    return j;
}

int server_start(const char *data, int workers)
{
    char listen[40], count[8];
    int port =
        *server_url ? (int)strtol(strrchr(server_url, ':') + 1, NULL, 10) : free_port(); // the same again after a crash
    snprintf(listen, sizeof listen, "127.0.0.1:%d", port);
    snprintf(server_url, sizeof server_url, "http://%s", listen);
    snprintf(count, sizeof count, "%d", workers);
    pid_t pid = fork();
    if (!pid) {
        if (getenv("TRYON_TEST_DATABASE_URL")) setenv("DATABASE_URL", getenv("TRYON_TEST_DATABASE_URL"), 1);
        if (getenv("TRYON_TEST_S3_ENDPOINT")) {
            setenv("S3_ENDPOINT", getenv("TRYON_TEST_S3_ENDPOINT"), 1);
            setenv("S3_BUCKET", "tryon", 1);
            setenv("S3_ACCESS_KEY_ID", "S3RVER", 1);
            setenv("S3_SECRET_ACCESS_KEY", "S3RVER", 1);
        }
        char log[300];
        snprintf(log, sizeof log, "%s.log", data);
        int fd = open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);
        dup2(fd, 2);
        execl(TEST_SERVER, "test_server", "serve", data, listen, count, (char *)NULL);
        _exit(127);
    }
    for (int i = 0; i < 150; i++) {
        fetch_response r = { .body = buf_new(64 << 10) };
        char url[100];
        err e;
        snprintf(url, sizeof url, "%s/readyz", server_url);
        bool ok = fetch(&(fetch_request){ .url = url, .timeout_ms = 1000 }, &r, &e) && r.status == 200;
        buf_free(&r.body);
        if (ok) return pid;
        if (waitpid(pid, NULL, WNOHANG) == pid) break;
        struct timespec t = { 0, 100000000 };
        nanosleep(&t, NULL);
    }
    printf("  the server did not start; see %s.log\n", data);
    exit(1);
}

void server_stop(int pid, int how)
{
    int status;
    kill(pid, how);
    waitpid(pid, &status, 0);
    if (how == SIGTERM && !(WIFEXITED(status) && WEXITSTATUS(status) == 0))
        printf("  the server ended with %d\n", status);
}

// --- JSON Schema, as much of it as our description uses
// ---------------------------------------------------------------

static bool is_type(const json_t *v, const char *t)
{
    return (!strcmp(t, "object") && json_is_object(v)) || (!strcmp(t, "array") && json_is_array(v)) ||
           (!strcmp(t, "string") && json_is_string(v)) || (!strcmp(t, "integer") && json_is_integer(v)) ||
           (!strcmp(t, "number") && json_is_number(v)) || (!strcmp(t, "boolean") && json_is_boolean(v)) ||
           (!strcmp(t, "null") && json_is_null(v));
}

static bool fits(const json_t *v, const json_t *s, const char *where, bool tell)
{
    const char *ref = json_string_value(json_object_get(s, "$ref"));
    if (ref)
        return fits(
            v,
            json_object_get(json_object_get(json_object_get(document, "components"), "schemas"), strrchr(ref, '/') + 1),
            where, tell);
    json_t *any = json_object_get(s, "anyOf"), *type = json_object_get(s, "type"), *list = json_object_get(s, "enum"),
           *one;
    size_t i;
    bool ok = !any;
    json_array_foreach(any, i, one) ok = ok || fits(v, one, where, false);
    bool typed = !type || (json_is_string(type) && is_type(v, json_string_value(type)));
    if (json_is_array(type)) json_array_foreach(type, i, one) typed = typed || is_type(v, json_string_value(one));
    bool listed = !list;
    json_array_foreach(list, i, one) listed = listed || json_equal(v, one);
    ok = ok && typed && listed;
    const char *format = json_string_value(json_object_get(s, "format"));
    if (ok && json_is_string(v) && format && !strcmp(format, "uuid")) ok = uuid_parse(json_string_value(v), NULL);
    if (ok && json_is_string(v) && format && !strcmp(format, "date-time")) ok = strlen(json_string_value(v)) == 24;
    if (ok && json_is_object(v)) {
        const json_t *properties = json_object_get(s, "properties"), *more = json_object_get(s, "additionalProperties");
        json_array_foreach(json_object_get(s, "required"), i, one)
        {
            if (json_object_get(v, json_string_value(one))) continue;
            if (tell) printf("  %s: %s is missing\n", where, json_string_value(one));
            return false;
        }
        const char *key;
        json_t *item;
        json_object_foreach((json_t *)(uintptr_t)v, key, item)
        {
            const json_t *p = json_object_get(properties, key);
            if (!p && json_is_object(more)) p = more;
            if ((!p && json_is_false(more)) || (p && !fits(item, p, key, tell))) {
                if (tell) printf("  %s: %s is not as described\n", where, key);
                return false;
            }
        }
    }
    if (ok && json_is_array(v) && json_object_get(s, "items"))
        json_array_foreach((json_t *)(uintptr_t)v, i, one) ok =
            ok && fits(one, json_object_get(s, "items"), where, tell);
    if (!ok && tell) printf("  %s: a value that is not as described\n", where);
    return ok;
}

static bool path_matches(const char *tpl, const char *path)
{
    while (*tpl && *path && *path != '?') {
        if (*tpl == '{') {
            bool rest = !strcmp(tpl, "{path}");
            path += rest ? strcspn(path, "?") : strcspn(path, "/?");
            tpl = strchr(tpl, '}') + 1;
        } else if (*tpl++ != *path++) {
            return false;
        }
    }
    return !*tpl && (!*path || *path == '?');
}

static void check_described(const char *method, const char *path)
{
    if (!document) document = json_loadb((const char *)api_documents[0].data, api_documents[0].size, 0, NULL);
    char lower[8] = "", code[8];
    for (int i = 0; method[i] && i < 7; i++) lower[i] = (char)(method[i] | 32);
    const char *tpl;
    json_t *item, *answer_ = NULL;
    snprintf(code, sizeof code, "%d", last.status);
    json_object_foreach(json_object_get(document, "paths"), tpl, item)
    {
        const json_t *op = path_matches(tpl, path) ? json_object_get(item, lower) : NULL;
        if (!op) continue;
        answer_ = json_object_get(json_object_get(op, "responses"), code);
        if (!answer_ && last.status >= 400) answer_ = json_object_get(json_object_get(op, "responses"), "default");
        if (!answer_) {
            printf("  %s %s answered %d, which is not described\n", method, path, last.status);
            schema_faults++;
            return;
        }
        break;
    }
    if (!answer_) return; // no such operation: the server said so with a problem
    const char *type;
    json_t *content = json_object_get(answer_, "content");
    json_object_foreach(content, type, item)
    {
        if (!strstr(type, "json") || !json_object_get(json_object_get(item, "schema"), "$ref")) return;
        if (last.json && fits(last.json, json_object_get(item, "schema"), path, true)) return;
        printf("  %s %s %d: %.300s\n", method, path, last.status, last.text);
        schema_faults++;
        return;
    }
    if (!content && last.len) {
        printf("  %s %s answered %d with a body nobody expects\n", method, path, last.status);
        schema_faults++;
    }
}

const answer *ask(const char *method, const char *path, const char *token, const char *type, const void *body, size_t n,
                  const char *extra)
{
    char url[4096], authorization[2200], content[200];
    snprintf(url, sizeof url, "%s%s", strncmp(path, "http", 4) ? server_url : "", path);
    snprintf(authorization, sizeof authorization, "Authorization: Bearer %s", token ? token : "");
    snprintf(content, sizeof content, "Content-Type: %s", type ? type : "application/json");
    const char *headers[4];
    int k = 0;
    if (token) headers[k++] = authorization;
    if (body) headers[k++] = content;
    if (extra) headers[k++] = extra;
    headers[k] = NULL;
    fetch_response r = { .body = buf_new(64 << 20) };
    err e;
    mem_free(last.text);
    json_decref(last.json);
    last = (answer){ 0 };
    if (!fetch(&(fetch_request){ .method = method, .url = url, .headers = headers, .body = body, .body_len = n }, &r,
               &e)) {
        buf_free(&r.body);
        last.text = mem_strdup(e.msg);
        return &last; // status 0
    }
    last.status = r.status;
    last.len = r.body.len;
    last.text = mem_new(r.body.len + 1, 1);
    if (r.body.len) memcpy(last.text, r.body.data, r.body.len);
    last.json =
        r.body.len && (last.text[0] == '{' || last.text[0] == '[') ? json_loadb(last.text, last.len, 0, NULL) : NULL;
    snprintf(last.etag, sizeof last.etag, "%s", r.etag);
    snprintf(last.location, sizeof last.location, "%s", r.location);
    buf_free(&r.body);
    if (strncmp(path, "http", 4) != 0) check_described(method, path);
    return &last;
}

const answer *get(const char *path, const char *token) { return ask("GET", path, token, NULL, NULL, 0, NULL); }

const answer *send_json(const char *method, const char *path, const char *token, const char *fmt, ...)
{
    char text[8192];
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    const answer *a = ask(method, path, token, "application/json", text, (size_t)n, NULL);
    return a;
}

const char *text_of(const answer *a, const char *key)
{
    static char kept[64][2048];
    static int next;
    const char *s = json_string_value(json_object_get(a->json, key));
    char *out = kept[next++ % 64];
    snprintf(out, sizeof kept[0], "%s", s ? s : "");
    return out;
}

const answer *wait_ready(const char *avatar, const char *token)
{
    char path[100];
    snprintf(path, sizeof path, "/v1/avatars/%s", avatar);
    const answer *a = NULL;
    for (int i = 0; i < 100; i++) {
        a = get(path, token);
        const char *s = text_of(a, "status");
        if (!strcmp(s, "ready") || !strcmp(s, "failed")) break;
        struct timespec t = { 0, 100000000 };
        nanosleep(&t, NULL);
    }
    return a;
}
