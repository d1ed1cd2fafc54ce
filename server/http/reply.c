// The response's way out: its head, and where its bytes come from.
#include "http/wire.h"
#include "http/gzip.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { REPLY_SECONDS = 120 };

static const struct {
    const char *name, *value;
} ALWAYS[] = { { "X-Content-Type-Options", "nosniff" }, { "Referrer-Policy", "no-referrer" } };

static ssize_t stream_more(void *ctx, uint64_t pos, char *out, size_t max)
{
    (void)pos;
    wire *w = ctx;
    http_server *s = w->server;
    pthread_mutex_lock(&s->lock);
    ssize_t n = 0;
    if (w->sent < w->r.body.len) {
        size_t rest = w->r.body.len - w->sent;
        n = (ssize_t)(rest < max ? rest : max);
        memcpy(out, w->r.body.data + w->sent, (size_t)n);
        w->sent += (size_t)n;
        if (w->sent == w->r.body.len) w->sent = w->r.body.len = 0;
    } else if (w->complete) {
        n = MHD_CONTENT_READER_END_OF_STREAM;
    } else {
        MHD_suspend_connection(w->c);
        w->suspended = true;
    }
    pthread_mutex_unlock(&s->lock);
    return n;
}

static void cors(wire *w, struct MHD_Response *m)
{
    // A 304 says what the answer it stands for would have said.
    bool coded = w->r.compress || w->r.status == 304;
    MHD_add_response_header(m, "Vary", coded ? "Origin, Accept-Encoding" : "Origin");
    const char *origin = http_header(&w->q, "Origin");
    if (!origin || !w->server->c.origin_allowed || !w->server->c.origin_allowed(w->server->c.app, origin)) return;
    MHD_add_response_header(m, "Access-Control-Allow-Origin", origin);
    MHD_add_response_header(
        m, "Access-Control-Expose-Headers",
        "ETag, Location, Content-Range, Accept-Ranges, Retry-After, RateLimit, RateLimit-Policy, X-Request-Id");
    if (strcmp(w->q.method, "OPTIONS") != 0) return;
    MHD_add_response_header(m, "Access-Control-Allow-Methods", "GET, POST, PUT, PATCH, DELETE");
    MHD_add_response_header(
        m, "Access-Control-Allow-Headers",
        "Authorization, Content-Type, Idempotency-Key, If-None-Match, If-Match, If-Range, Range, X-TryOn-Key");
    MHD_add_response_header(m, "Access-Control-Max-Age", "600");
}

enum MHD_Result wire_reply(wire *w)
{
    http_response *r = &w->r;
    struct MHD_Response *m;
    bool zipped = false;
    if (r->stream) {
        m = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, 4096, stream_more, w, NULL);
    } else if (r->fd >= 0) {
        m = MHD_create_response_from_fd_at_offset64(r->file_size, r->fd, r->file_from);
        r->fd = -1;
    } else if (r->fixed) {
        m = MHD_create_response_from_buffer(r->fixed_len, (void *)(uintptr_t)r->fixed, MHD_RESPMEM_PERSISTENT);
    } else {
        if (r->compress && r->body.len > 1024 && http_accepts(&w->q, "gzip")) zipped = gzip(&r->body);
        // The body stays the request's, which outlives the response.
        m = MHD_create_response_from_buffer(r->body.len, r->body.data, MHD_RESPMEM_PERSISTENT);
    }
    if (!m) return MHD_NO;
    bool ok = true;
    for (size_t i = 0; i < sizeof ALWAYS / sizeof *ALWAYS; i++)
        ok = ok && MHD_add_response_header(m, ALWAYS[i].name, ALWAYS[i].value);
    bool cache = false;
    for (int i = 0; i < r->header_count; i++) {
        ok = ok && MHD_add_response_header(m, r->header[i].name, r->header[i].value);
        cache = cache || !strcasecmp(r->header[i].name, "Cache-Control");
    }
    if (!cache) ok = ok && MHD_add_response_header(m, "Cache-Control", "no-store");
    if (r->type) ok = ok && MHD_add_response_header(m, "Content-Type", r->type);
    if (zipped) ok = ok && MHD_add_response_header(m, "Content-Encoding", "gzip");
    ok = ok && MHD_add_response_header(m, "X-Request-Id", w->q.id);
    if (w->refused && !w->whole) ok = ok && MHD_add_response_header(m, "Connection", "close");
    cors(w, m);
    if (!r->stream) wire_deadline(w, REPLY_SECONDS * 1000);
    ok = ok && MHD_queue_response(w->c, (unsigned)r->status, m) == MHD_YES;
    MHD_destroy_response(m);
    w->queued = true;
    return ok ? MHD_YES : MHD_NO;
}
