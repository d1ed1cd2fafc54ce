#include "api/api.h"
#include "api/stats.h"
#include "base/mem.h"
#include "common/embed.h"
#include "common/text.h"

#include <string.h>

extern const embedded_file api_documents[];

void healthz(http_request *q, http_response *r) { api_send(q, r, 200, json_pack("{s:s}", "status", "ok")); }

void readyz(http_request *q, http_response *r)
{
    api *p = api_of(q);
    err e = { 0 };
    bool current = false;
    const char *why = NULL;
    if (atomic_load(&p->draining))
        why = "shutting down";
    else if (!db_schema_current(p->d, q->a, &current, &e))
        why = "the database cannot be reached";
    else if (!current)
        why = "the database lacks a migration: run tryon migrate";
    else if (!blob_ready(p->blobs, &e))
        why = "the storage cannot be reached";
    if (why)
        http_problem(q, r, 503, "unavailable", NULL, "%s", why);
    else
        api_send(q, r, 200, json_pack("{s:s}", "status", "ready"));
}

void metrics(http_request *q, http_response *r)
{
    r->status = 200;
    r->type = "text/plain; version=0.0.4; charset=utf-8";
    if (!stats_print(api_of(q), &r->body)) r->status = 0;
}

static const embedded_file *document(const char *name)
{
    for (const embedded_file *f = api_documents; f->name; f++)
        if (!strcmp(f->name, name)) return f;
    return NULL;
}

void openapi_json(http_request *q, http_response *r)
{
    const embedded_file *f = document("openapi.json");
    (void)q;
    r->status = 200;
    r->type = "application/json";
    r->fixed = f->data;
    r->fixed_len = f->size;
    http_set(r, "Cache-Control", "public, max-age=300");
}

static bool html(buf *b, const char *s)
{
    bool ok = true;
    for (; s && *s && ok; s++) {
        const char *e = *s == '<' ? "&lt;" : *s == '>' ? "&gt;" : *s == '&' ? "&amp;" : *s == '"' ? "&quot;" : NULL;
        ok = e ? buf_printf(b, "%s", e) : buf_append(b, s, 1);
    }
    return ok;
}

static const char *text_of(const json_t *j, const char *key)
{
    const char *s = json_string_value(json_object_get(j, key));
    return s ? s : "";
}

// What is sent or answered, by media type, with the schema's place on this page.
static bool contents(buf *b, const json_t *holder)
{
    const char *type;
    json_t *one;
    bool ok = true, some = false;
    json_object_foreach((json_t *)(uintptr_t)json_object_get(holder, "content"), type, one)
    {
        const char *schema = text_of(json_object_get(one, "schema"), "$ref"), *name = strrchr(schema, '/');
        ok = ok && buf_join(b, some ? ", " : "", "<code>", type, "</code>", NULL);
        if (name) ok = ok && buf_join(b, " <a href=\"#", name + 1, "\">", name + 1, "</a>", NULL);
        some = true;
    }
    return ok;
}

// The names of who may call; anyone, when the description asks for nobody.
static bool callers(buf *b, const json_t *op)
{
    size_t i;
    json_t *one, *value;
    const char *name;
    bool ok = true, some = false;
    json_array_foreach(json_object_get(op, "security"), i, one)
    {
        json_object_foreach(one, name, value)
        {
            ok = ok && buf_join(b, some ? " or " : "<p>With ", "<a href=\"#", name, "\">", name, "</a>", NULL);
            some = true;
        }
    }
    return ok && (!some || buf_text(b, "</p>"));
}

static bool operation(buf *b, const char *path, const char *method, const json_t *op)
{
    const char *code;
    json_t *answer, *parameter;
    size_t i;
    bool ok =
        buf_printf(b, "<section id=\"%s\"><h3><code>%s %s</code></h3><p>", text_of(op, "operationId"), method, path) &&
        html(b, text_of(op, "summary")) && buf_printf(b, "</p>");
    json_t *list = json_object_get(op, "parameters");
    if (ok && json_array_size(list)) {
        ok = buf_printf(b, "<ul>");
        json_array_foreach(list, i, parameter)
        {
            ok = ok &&
                 buf_printf(b, "<li><code>%s</code> (%s) ", text_of(parameter, "name"), text_of(parameter, "in")) &&
                 html(b, text_of(parameter, "description")) && buf_printf(b, "</li>");
        }
        ok = ok && buf_printf(b, "</ul>");
    }
    ok = ok && callers(b, op);
    const json_t *body = json_object_get(op, "requestBody");
    if (body) ok = ok && buf_text(b, "<p>Body: ") && contents(b, body) && buf_text(b, "</p>");
    ok = ok && buf_text(b, "<table>");
    json_object_foreach(json_object_get(op, "responses"), code, answer)
    {
        ok = ok && buf_join(b, "<tr><td>", code, "</td><td>", NULL) && html(b, text_of(answer, "description")) &&
             buf_text(b, "</td><td>") && contents(b, answer) && buf_text(b, "</td></tr>");
    }
    return ok && buf_printf(b, "</table></section>");
}

// The description as a page a person can read, without a script.
void docs_page(http_request *q, http_response *r)
{
    const embedded_file *f = document("openapi.json");
    json_t *j = json_loadb((const char *)f->data, f->size, 0, NULL), *item, *op, *schema;
    const char *path, *method, *name;
    (void)q;
    buf *b = &r->body;
    bool ok =
        buf_printf(b,
                   "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" "
                   "content=\"width=device-width\"><title>TryOn API</title>"
                   "<style>body{font:16px/1.5 system-ui,sans-serif;max-width:52rem;margin:2rem auto;padding:0 "
                   "1rem;color:#1d2430}code,pre{font:14px ui-monospace,monospace;background:"
                   "#f3f5f8;border-radius:4px;padding:.1em .3em}pre{padding:.8em;overflow:auto}section{border-top:1px "
                   "solid #dfe4ea;padding:.4rem 0}td{padding:.1rem .8rem .1rem 0;"
                   "vertical-align:top}h3{margin:.6rem 0 .2rem}</style><h1>TryOn API</h1><p>") &&
        html(b, text_of(json_object_get(j, "info"), "description")) &&
        buf_printf(b, "</p><p>Machine-readable: <a href=\"/openapi.json\">/openapi.json</a></p>");
    json_object_foreach(json_object_get(j, "paths"), path, item)
    {
        json_object_foreach(item, method, op)
        {
            char upper[8] = "";
            for (size_t i = 0; method[i] && i < 7; i++) upper[i] = (char)(method[i] - 32);
            ok = ok && operation(b, path, upper, op);
        }
    }
    ok = ok && buf_text(b, "<h2>Who may call</h2><table>");
    json_object_foreach(json_object_get(json_object_get(j, "components"), "securitySchemes"), name, schema)
    {
        ok = ok && buf_join(b, "<tr id=\"", name, "\"><td><code>", name, "</code></td><td>", NULL) &&
             html(b, text_of(schema, "description")) && buf_text(b, "</td></tr>");
    }
    ok = ok && buf_text(b, "</table><h2>Schemas</h2>");
    json_object_foreach(json_object_get(json_object_get(j, "components"), "schemas"), name, schema)
    {
        char *text = json_dumps(schema, JSON_INDENT(2));
        ok = ok && buf_printf(b, "<section id=\"%s\"><h3>%s</h3><pre>", name, name) && html(b, text) &&
             buf_printf(b, "</pre></section>");
        mem_free(text);
    }
    json_decref(j);
    r->status = ok && buf_printf(b, "</html>") ? 200 : 0;
    r->type = "text/html; charset=utf-8";
    r->compress = true;
    http_set(
        r, "Content-Security-Policy",
        "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'");
    http_set(r, "Cache-Control", "public, max-age=300");
}
