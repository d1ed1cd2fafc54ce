#include "http/http.h"
#include "common/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void http_set(http_response *r, const char *name, const char *value)
{
    if (r->header_count < HTTP_MAX_HEADERS) r->header[r->header_count++] = (http_pair){ name, value };
}

void http_json(http_response *r, int status)
{
    r->status = status;
    r->type = "application/json";
}

static const char *title_of(int status)
{
    switch (status) {
    case 400:
        return "Bad request";
    case 401:
        return "Not signed in";
    case 402:
        return "Quota used up";
    case 403:
        return "Not allowed";
    case 404:
        return "Not found";
    case 405:
        return "Method not allowed";
    case 409:
        return "Conflict";
    case 411:
        return "Length required";
    case 412:
        return "Precondition failed";
    case 413:
        return "Too large";
    case 416:
        return "Range not satisfiable";
    case 415:
        return "Unsupported media type";
    case 422:
        return "Cannot be processed";
    case 429:
        return "Too many requests";
    case 503:
        return "Not available now";
    default:
        return "Internal error";
    }
}

void http_problem(http_request *q, http_response *r, int status, const char *kind, const char *field, const char *fmt,
                  ...)
{
    char detail[512];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(detail, sizeof detail, fmt, ap);
    va_end(ap);
    buf_free(&r->body);
    r->body = buf_new(8192);
    r->fixed = NULL;
    r->poll = NULL;
    r->status = status;
    r->type = "application/problem+json";
    bool ok =
        buf_printf(&r->body, "{\"type\":\"urn:tryon:problem:%s\",\"title\":\"%s\",\"status\":%d,\"detail\":", kind,
                   title_of(status), status) &&
        json_put_string(&r->body, detail);
    if (ok && field) ok = buf_printf(&r->body, ",\"field\":") && json_put_string(&r->body, field);
    ok = ok && buf_printf(&r->body, ",\"request_id\":\"%s\"}", q->id);
    if (!ok) r->body.len = 0; // cannot be: the parts are bounded above
}

void http_fail(http_request *q, http_response *r, const err *e)
{
    static const struct {
        int status;
        const char *kind;
    } map[] = { [ERR_NONE] = { 500, "internal" },     [ERR_INPUT] = { 422, "invalid" },
                [ERR_LIMIT] = { 413, "too-large" },   [ERR_NOT_FOUND] = { 404, "not-found" },
                [ERR_CONFLICT] = { 409, "conflict" }, [ERR_DENIED] = { 403, "forbidden" },
                [ERR_BUSY] = { 503, "busy" },         [ERR_IO] = { 503, "unavailable" },
                [ERR_MEMORY] = { 503, "busy" },       [ERR_INTERNAL] = { 500, "internal" } };
    const char *text = e->msg;
    // What went wrong inside is for the log, not for the caller.
    if (e->code == ERR_IO || e->code == ERR_BUSY) {
        text = "the service cannot reach something it needs; please try again in a moment";
        http_set(r, "Retry-After", "2");
    }
    if (e->code == ERR_INTERNAL || e->code == ERR_NONE) text = "something went wrong on our side; it has been noted";
    http_problem(q, r, map[e->code].status, map[e->code].kind, NULL, "%s", text);
}

bool http_not_modified(http_request *q, http_response *r, const char *etag)
{
    http_set(r, "ETag", etag);
    const char *has = http_header(q, "If-None-Match");
    if (!has) return false;
    size_t n = strlen(etag);
    bool match = !strcmp(has, "*");
    for (const char *p = has; !match && (p = strstr(p, etag)); p += n)
        match = (p == has || p[-1] == ' ' || p[-1] == ',' || p[-1] == '/') && (!p[n] || p[n] == ',' || p[n] == ' ');
    if (match) r->status = 304;
    return match;
}

bool http_accepts(const http_request *q, const char *coding)
{
    const char *v = http_header(q, "Accept-Encoding");
    size_t n = strlen(coding);
    for (const char *at = v; at && (at = strstr(at, coding)); at += n) {
        bool whole = (at == v || at[-1] == ' ' || at[-1] == ',') && strchr(" ,;", at[n]);
        if (!whole) continue;
        const char *end = at + n + strcspn(at + n, ","), *weight = strstr(at + n, "q=");
        return !weight || weight > end || strtod(weight + 2, NULL) > 0;
    }
    return false;
}

const char *http_query(const http_request *q, const char *name)
{
    for (int i = 0; i < q->query_count; i++)
        if (!strcmp(q->query[i].name, name)) return q->query[i].value;
    return NULL;
}

const http_part *http_find_part(const http_request *q, const char *name)
{
    for (int i = 0; i < q->part_count; i++)
        if (!strcmp(q->part[i].name, name)) return &q->part[i];
    return NULL;
}
