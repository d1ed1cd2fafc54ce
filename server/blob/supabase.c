// Supabase Storage's REST interface. Nearly every error comes as HTTP 400 with the real status as a string in the body,
// so the body is looked at first.
#include "blob/store.h"
#include "base/mem.h"
#include "common/text.h"
#include "net/fetch.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool request(blob_store *s, const char *method, const char *type, const char *extra, const void *data, size_t n,
                    fetch_response *r, err *e, const char *fmt, ...) __attribute__((format(printf, 9, 10)));

static bool request(blob_store *s, const char *method, const char *type, const char *extra, const void *data, size_t n,
                    fetch_response *r, err *e, const char *fmt, ...)
{
    char path[512], url[1024], key[2100], bearer[2100], content[160];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(path, sizeof path, fmt, ap);
    va_end(ap);
    snprintf(url, sizeof url, "%s%s", s->c.endpoint, path);
    snprintf(key, sizeof key, "apikey: %s", s->c.service_key);
    snprintf(bearer, sizeof bearer, "Authorization: Bearer %s", s->c.service_key);
    snprintf(content, sizeof content, "Content-Type: %s", type ? type : "application/json");
    const char *headers[] = { key, bearer, content, extra, NULL };
    return fetch(
        &(fetch_request){
            .method = method, .url = url, .headers = headers, .body = data, .body_len = n, .timeout_ms = 60000 },
        r, e);
}

static bool answered(const fetch_response *r, err *e)
{
    if (r->status >= 200 && r->status < 300) return true;
    int status = r->status;
    char what[160] = "";
    json_t *j = r->body.len ? json_loadb((const char *)r->body.data, r->body.len, JSON_REJECT_DUPLICATES, NULL) : NULL;
    const char *code = json_string_value(json_object_get(j, "statusCode")),
               *text = json_string_value(json_object_get(j, "message"));
    if (code) status = (int)strtol(code, NULL, 10);
    if (text) snprintf(what, sizeof what, ": %s", text);
    json_decref(j);
    err_code c = status == 404 ? ERR_NOT_FOUND : status == 409 ? ERR_CONFLICT : status == 413 ? ERR_LIMIT : ERR_IO;
    return fail(e, c, "storage answered %d%s", status, what);
}

static bool put(blob_store *s, const char *bucket, const char *path, const char *type, const void *data, size_t n,
                err *e)
{
    fetch_response r = { .body = buf_new(64 << 10) };
    // With upsert a repeated attempt replaces instead of failing as a duplicate.
    bool ok = request(s, "POST", type, "x-upsert: true", n ? data : "", n, &r, e, "/object/%s/%s", bucket, path) &&
              answered(&r, e);
    buf_free(&r.body);
    return ok;
}

static bool get(blob_store *s, const char *bucket, const char *path, buf *out, err *e)
{
    fetch_response r = { .body = *out };
    bool ok =
        request(s, "GET", NULL, NULL, NULL, 0, &r, e, "/object/authenticated/%s/%s", bucket, path) && answered(&r, e);
    *out = r.body;
    if (!ok) out->len = 0;
    return ok;
}

static bool size(blob_store *s, const char *bucket, const char *path, uint64_t *out, err *e)
{
    fetch_response r = { .body = buf_new(64 << 10) };
    bool ok = request(s, "GET", NULL, NULL, NULL, 0, &r, e, "/object/info/%s/%s", bucket, path) && answered(&r, e);
    if (ok) {
        json_t *j = json_loadb((const char *)r.body.data, r.body.len, JSON_REJECT_DUPLICATES, NULL);
        const json_t *v = json_object_get(j, "size");
        if (!v) v = json_object_get(json_object_get(j, "metadata"), "size"); // older servers
        ok = json_is_integer(v) || fail(e, ERR_IO, "storage told no size");
        if (ok) *out = (uint64_t)json_integer_value(v);
        json_decref(j);
    }
    buf_free(&r.body);
    return ok;
}

static bool remove_object(blob_store *s, const char *bucket, const char *path, err *e)
{
    // The many-objects form: one that is absent is left out of its answer instead of being an error.
    char body[300];
    int n = snprintf(body, sizeof body, "{\"prefixes\":[\"%s\"]}", path);
    fetch_response r = { .body = buf_new(64 << 10) };
    bool ok = request(s, "DELETE", NULL, NULL, body, (size_t)n, &r, e, "/object/%s", bucket) && answered(&r, e);
    buf_free(&r.body);
    return ok;
}

// The list shows one folder at a time; folders have no id.
static bool list_folder(blob_store *s, const char *bucket, const char *folder, const char *prefix,
                        void (*each)(void *, const char *), void *ctx, int depth, err *e)
{
    enum { PAGE = 100 };
    for (int offset = 0;; offset += PAGE) {
        char body[400];
        int n = snprintf(
            body, sizeof body,
            "{\"prefix\":\"%s\",\"limit\":%d,\"offset\":%d,\"sortBy\":{\"column\":\"name\",\"order\":\"asc\"}}", folder,
            PAGE, offset);
        fetch_response r = { .body = buf_new(4 << 20) };
        bool ok = request(s, "POST", NULL, NULL, body, (size_t)n, &r, e, "/object/list/%s", bucket) && answered(&r, e);
        json_t *j = ok ? json_loadb((const char *)r.body.data, r.body.len, JSON_REJECT_DUPLICATES, NULL) : NULL, *item;
        buf_free(&r.body);
        if (ok && !json_is_array(j)) ok = fail(e, ERR_IO, "storage gave no list");
        size_t i, count = json_array_size(j);
        json_array_foreach(j, i, item)
        {
            const char *name = json_string_value(json_object_get(item, "name"));
            char full[300];
            if (!ok || !name ||
                snprintf(full, sizeof full, "%s%s%s", folder, *folder ? "/" : "", name) >= (int)sizeof full)
                continue;
            if (json_is_null(json_object_get(item, "id")))
                ok = depth > 8 || list_folder(s, bucket, full, prefix, each, ctx, depth + 1, e);
            else if (!strncmp(full, prefix, strlen(prefix)))
                each(ctx, full);
        }
        json_decref(j);
        if (!ok || count < PAGE) return ok;
    }
}

static bool list(blob_store *s, const char *bucket, const char *prefix, void (*each)(void *, const char *), void *ctx,
                 err *e)
{
    char folder[300];
    snprintf(folder, sizeof folder, "%s", prefix);
    char *slash = strrchr(folder, '/');
    *(slash ? slash : folder) = 0;
    return list_folder(s, bucket, folder, prefix, each, ctx, 0, e);
}

static bool link_to(blob_store *s, const char *method, const char *bucket, const char *path, int seconds, buf *url,
                    err *e)
{
    bool up = !strcmp(method, "PUT");
    char body[40];
    int n = up ? snprintf(body, sizeof body, "{}") : snprintf(body, sizeof body, "{\"expiresIn\":%d}", seconds);
    fetch_response r = { .body = buf_new(64 << 10) };
    bool ok = request(s, "POST", NULL, up ? "x-upsert: true" : NULL, body, (size_t)n, &r, e, "/object/%ssign/%s/%s",
                      up ? "upload/" : "", bucket, path) &&
              answered(&r, e);
    if (ok) {
        json_t *j = json_loadb((const char *)r.body.data, r.body.len, JSON_REJECT_DUPLICATES, NULL);
        const char *relative = json_string_value(json_object_get(j, up ? "url" : "signedURL"));
        ok = (relative && buf_printf(url, "%s%s", s->c.endpoint, relative)) || fail(e, ERR_IO, "storage gave no link");
        json_decref(j);
    }
    buf_free(&r.body);
    return ok;
}

static bool ready(blob_store *s, err *e)
{
    fetch_response r = { .body = buf_new(64 << 10) };
    bool ok = request(s, "GET", NULL, NULL, NULL, 0, &r, e, "/bucket/avatars") && answered(&r, e);
    buf_free(&r.body);
    return ok;
}

const blob_backend blob_supabase = { put, get, size, remove_object, list, link_to, ready };
