#include "api/api.h"
#include "base/mem.h"
#include "common/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

json_t *api_body(http_request *q, http_response *r)
{
    json_error_t je;
    json_t *j = json_loadb((const char *)q->body.data, q->body.len, JSON_REJECT_DUPLICATES, &je);
    if (json_is_object(j)) return j;
    json_decref(j);
    http_problem(q, r, 400, "malformed-json", NULL, "the body is not a JSON object (%s, line %d)",
                 j ? "another value" : je.text, je.line);
    return NULL;
}

const char *api_id(http_request *q, http_response *r, int which)
{
    char *id = arena_alloc(q->a, sizeof(uuid_text), 1);
    if (id && uuid_parse(q->param[which], id)) return id;
    http_problem(q, r, 404, "not-found", NULL, "there is nothing at this address");
    return NULL;
}

bool api_among(const char *const *list, const char *word)
{
    while (*list && strcmp(*list, word) != 0) list++;
    return *list != NULL;
}

const char *api_time(http_request *q, int64_t ms)
{
    if (!ms) return NULL;
    char *t = arena_alloc(q->a, 25, 1);
    if (t) clock_iso(ms, t);
    return t;
}

const char *api_base(http_request *q)
{
    const api *p = api_of(q);
    if (p->c.public_url) return p->c.public_url;
    const char *proto = http_header(q, "X-Forwarded-Proto");
    return arena_join(q->a, proto && !strcmp(proto, "https") ? "https://" : "http://", http_header(q, "Host"), NULL);
}

const char *api_link(http_request *q, const char *bucket, const char *path, int seconds)
{
    if (!path) return NULL;
    buf url = buf_new(8192);
    err e = { 0 };
    const char *text = NULL;
    if (blob_link(api_of(q)->blobs, "GET", bucket, path, seconds, &url, &e) && buf_append(&url, "", 1))
        text = arena_join(q->a, url.data[0] == '/' ? api_base(q) : "", (char *)url.data, NULL);
    buf_free(&url);
    return text;
}

static int put(const char *p, size_t n, void *ctx) { return buf_append(ctx, p, n) ? 0 : -1; }

void api_send(http_request *q, http_response *r, int status, json_t *j)
{
    http_json(r, status);
    r->compress = true;
    if (!j || json_dump_callback(j, put, &r->body, JSON_COMPACT | JSON_REAL_PRECISION(10)))
        http_problem(q, r, 500, "internal", NULL, "something went wrong on our side; it has been noted");
    json_decref(j);
}

json_t *api_parse(const char *text)
{
    json_t *j = text ? json_loads(text, JSON_DECODE_ANY, NULL) : NULL;
    return j ? j : json_null();
}

json_t *api_text(const char *s)
{
    json_t *j = s ? json_string(s) : NULL; // not UTF-8: null rather than a broken document
    return j ? j : json_null();
}

bool api_invalid(http_request *q, http_response *r, const char *field, const char *fmt, ...)
{
    char text[300];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    http_problem(q, r, 422, "invalid", field, "%s", text);
    return false;
}
