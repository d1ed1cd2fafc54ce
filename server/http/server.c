// libmicrohttpd underneath: a few threads with epoll, each running handlers to their end. Only waiting requests (long
// polls, event streams) are suspended; one ticker thread asks on their behalf. The same ticker cuts connections that
// stay in one phase too long, however busily they trickle.
#include "http/guard.h"
#include "http/router.h"
#include "http/wire.h"
#include "base/log.h"
#include "base/mem.h"
#include "common/text.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { TICK_MS = 200, CONNECTION_MEMORY = 24 << 10, BODY_BYTES_PER_SECOND = 32 << 10 };
enum { SPARES = 64, SPARE_BUFFER = 32 << 10 };

const char *http_header(const http_request *q, const char *name)
{
    return MHD_lookup_connection_value(((wire *)q->wire)->c, MHD_HEADER_KIND, name);
}

bool http_gone(const http_request *q)
{
    const union MHD_ConnectionInfo *i =
        MHD_get_connection_info(((wire *)q->wire)->c, MHD_CONNECTION_INFO_CONNECTION_FD);
    char c;
    return i && recv(i->connect_fd, &c, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

void wire_deadline(wire *w, int64_t ms)
{
    const union MHD_ConnectionInfo *i = MHD_get_connection_info(w->c, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    link_ *l = i ? i->socket_context : NULL;
    if (!l) return;
    atomic_store(&l->deadline_ms, ms ? clock_mono_ms() + ms : 0);
}

static void on_connection(void *ctx, struct MHD_Connection *c, void **slot, enum MHD_ConnectionNotificationCode code)
{
    http_server *s = ctx;
    pthread_mutex_lock(&s->lock);
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        link_ *l = mem_new(1, sizeof *l);
        l->fd = MHD_get_connection_info(c, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
        atomic_store(&l->deadline_ms, clock_mono_ms() + s->c.head_seconds * 1000);
        l->next = s->links;
        if (l->next) l->next->prev = l;
        s->links = l;
        *slot = l;
    } else if (*slot) {
        link_ *l = *slot;
        if (l->prev)
            l->prev->next = l->next;
        else
            s->links = l->next;
        if (l->next) l->next->prev = l->prev;
        mem_free(l);
        *slot = NULL;
    }
    pthread_mutex_unlock(&s->lock);
}

// --- waiting --------------------------------------------------------------------------------------------------------

static void wait_begin(wire *w)
{
    http_server *s = w->server;
    wire_deadline(w, 0);
    pthread_mutex_lock(&s->lock);
    w->waiting = true;
    w->next_waiting = s->waiting;
    w->prev_waiting = NULL;
    if (s->waiting) s->waiting->prev_waiting = w;
    s->waiting = w;
    if (!w->r.stream) {
        MHD_suspend_connection(w->c);
        w->suspended = true;
    }
    pthread_mutex_unlock(&s->lock);
}

// False: the other thread was quicker, and the response is complete.
static bool wait_for_answer(wire *w)
{
    http_server *s = w->server;
    pthread_mutex_lock(&s->lock);
    bool wait = !w->complete;
    if (wait) {
        MHD_suspend_connection(w->c);
        w->suspended = w->deferred = true;
        s->deferred++;
    }
    pthread_mutex_unlock(&s->lock);
    return wait;
}

void http_answer(http_request *q)
{
    wire *w = q->wire;
    http_server *s = w->server;
    pthread_mutex_lock(&s->lock);
    w->complete = true;
    if (w->deferred) {
        w->deferred = w->suspended = false;
        s->deferred--;
        MHD_resume_connection(w->c);
        if (s->stopping) pthread_cond_broadcast(&s->tick);
    }
    pthread_mutex_unlock(&s->lock);
}

static void wait_end(wire *w) // under the lock
{
    if (!w->waiting) return;
    if (w->prev_waiting)
        w->prev_waiting->next_waiting = w->next_waiting;
    else
        w->server->waiting = w->next_waiting;
    if (w->next_waiting) w->next_waiting->prev_waiting = w->prev_waiting;
    w->waiting = false;
}

// Asks one waiting request, without the lock while its handler looks at the database.
static void ask(http_server *s, wire *w, int64_t now)
{
    bool last = s->stopping || now >= w->r.poll_until_ms;
    // A stream's buffer is read under the lock by the library's threads: what the handler adds goes to a copy.
    http_response copy = w->r;
    copy.body = w->r.stream ? buf_new(1 << 20) : w->r.body;
    w->asking = true;
    pthread_mutex_unlock(&s->lock);
    bool done = w->r.poll(&w->q, &copy, last) || last;
    pthread_mutex_lock(&s->lock);
    w->asking = false;
    if (w->r.stream) {
        w->r.poll_until_ms = copy.poll_until_ms;
        if (!buf_append(&w->r.body, copy.body.data, copy.body.len)) done = true; // the reader is too slow for us
        buf_free(&copy.body);
    } else {
        w->r = copy;
    }
    w->complete = done;
    if (done) wait_end(w);
    if (w->suspended && (done || (w->r.stream && w->sent < w->r.body.len))) {
        w->suspended = false;
        MHD_resume_connection(w->c);
    }
    pthread_cond_broadcast(&s->tick);
}

static void *ticker(void *ctx)
{
    http_server *s = ctx;
    pthread_mutex_lock(&s->lock);
    for (;;) {
        if (!s->woken) clock_wait(&s->tick, &s->lock, clock_mono_ms() + TICK_MS);
        s->woken = false;
        int64_t now = clock_mono_ms();
        for (link_ *l = s->links; l; l = l->next) {
            int64_t until = atomic_load(&l->deadline_ms);
            if (until && now > until && atomic_compare_exchange_strong(&l->deadline_ms, &until, 0))
                shutdown(l->fd, SHUT_RDWR); // the library sees the end and cleans up
        }
        // Asking lets go of the lock, and the list may change meanwhile: go by a snapshot and look each one up again.
        int n = 0;
        for (wire *w = s->waiting; w; w = w->next_waiting) n++;
        wire **all = mem_array(wire *, (size_t)n + 1);
        n = 0;
        for (wire *w = s->waiting; w; w = w->next_waiting) all[n++] = w;
        for (int i = 0; i < n; i++) {
            wire *w = s->waiting;
            while (w && w != all[i]) w = w->next_waiting;
            if (w) ask(s, w, now);
        }
        mem_free(all);
        if (s->stopping && !s->daemon) break;
    }
    pthread_mutex_unlock(&s->lock);
    return NULL;
}

void http_wake(http_server *s)
{
    pthread_mutex_lock(&s->lock);
    s->woken = true;
    pthread_cond_broadcast(&s->tick);
    pthread_mutex_unlock(&s->lock);
}

// --- the request ----------------------------------------------------------------------------------------------------

static size_t raw_text(void *ctx, struct MHD_Connection *c, char *s)
{
    (void)ctx, (void)c;
    return strlen(s); // we decode escapes ourselves, strictly, after the path was split
}

static enum MHD_Result one_argument(void *ctx, enum MHD_ValueKind kind, const char *k, const char *v)
{
    (void)kind;
    wire *w = ctx;
    if (w->q.query_count == HTTP_MAX_QUERY) return MHD_NO;
    char *name = arena_text(w->q.a, k), *value = arena_text(w->q.a, v ? v : "");
    long kn = percent_decode(name, strlen(name)), vn = percent_decode(value, strlen(value));
    if (kn < 0 || vn < 0) {
        w->q.query_count = -1;
        return MHD_NO;
    }
    name[kn] = value[vn] = 0;
    w->q.query[w->q.query_count++] = (http_pair){ name, value };
    return MHD_YES;
}

static const char *client_address(wire *w)
{
    char text[INET6_ADDRSTRLEN] = "?";
    if (w->server->c.trust_proxy) {
        // Each proxy appends whom it talked to: the last entry is what our own proxy saw.
        const char *f = http_header(&w->q, "X-Forwarded-For"), *last = f ? strrchr(f, ',') : NULL;
        if (f) {
            f = last ? last + 1 : f;
            while (*f == ' ') f++;
            unsigned char parsed[16];
            if (inet_pton(AF_INET, f, parsed) == 1 || inet_pton(AF_INET6, f, parsed) == 1) return arena_text(w->q.a, f);
        }
    }
    const union MHD_ConnectionInfo *i = MHD_get_connection_info(w->c, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    const struct sockaddr *a = i ? i->client_addr : NULL;
    if (a && a->sa_family == AF_INET)
        inet_ntop(AF_INET, &((const struct sockaddr_in *)(const void *)a)->sin_addr, text, sizeof text);
    else if (a && a->sa_family == AF_INET6)
        inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)(const void *)a)->sin6_addr, text, sizeof text);
    return arena_text(w->q.a, text);
}

static bool part_begin(void *ctx, const char *name, const char *filename, const char *type, err *e)
{
    wire *w = ctx;
    if (w->q.part_count == HTTP_MAX_PARTS) return fail(e, ERR_LIMIT, "the form has too many parts");
    if (http_find_part(&w->q, name)) return fail(e, ERR_INPUT, "the form has two parts named \"%.40s\"", name);
    w->q.part[w->q.part_count++] = (http_part){ .name = arena_text(w->q.a, name),
                                                .filename = arena_text(w->q.a, filename),
                                                .type = arena_text(w->q.a, type),
                                                .data = buf_new(w->q.route->body_max) };
    return true;
}

static bool part_data(void *ctx, const uint8_t *p, size_t n, err *e)
{
    wire *w = ctx;
    return buf_append(&w->q.part[w->q.part_count - 1].data, p, n) ||
           fail(e, ERR_LIMIT, "a part of the form is too long");
}

// The body's form and length are told by the head; false when they were refused.
static bool expect_body(wire *w)
{
    http_request *q = &w->q;
    http_response *r = &w->r;
    const char *length = http_header(q, "Content-Length"), *type = http_header(q, "Content-Type");
    unsigned long long n = length ? strtoull(length, NULL, 10) : 0;
    if (n > q->route->body_max) {
        http_problem(q, r, 413, "too-large", NULL, "the body has %llu bytes; at most %zu are taken here", n,
                     q->route->body_max);
        return false;
    }
    if (q->route->body == HTTP_UNREAD) return true;
    if (!wire_hold(w, (size_t)n)) {
        http_set(r, "Retry-After", "2");
        http_problem(q, r, 503, "busy", NULL, "too many uploads at this moment; please try again");
        return false;
    }
    buf_reuse(&q->body, q->route->body_max + 1);
    if (!n) return true;
    bool json = type && !strncasecmp(type, "application/json", 16);
    q->is_form = type && !strncasecmp(type, "multipart/form-data", 19) && q->route->body == HTTP_FORM_OR_JSON;
    if (q->is_form) {
        err e = { 0 };
        multipart_sink sink = { w, part_begin, part_data };
        if (multipart_init(&w->form, type, &sink, &e)) return true;
        http_problem(q, r, 400, "malformed-form", NULL, "%s", e.msg);
        return false;
    }
    if ((q->route->body == HTTP_JSON || q->route->body == HTTP_FORM_OR_JSON) && !json) {
        http_problem(q, r, 415, "media-type", NULL, "send the body as application/json%s",
                     q->route->body == HTTP_FORM_OR_JSON ? " or multipart/form-data" : "");
        return false;
    }
    return true;
}

// The first look: everything that can be decided on the head. False: w->r answers.
static bool admit(wire *w, const char *method, const char *url, const char *version)
{
    http_request *q = &w->q;
    http_response *r = &w->r;
    bool needs_length;
    if (!guard_head_is_sane(w->c, method, url, version, &needs_length)) {
        http_problem(q, r, 400, "malformed-request", NULL, "the request's head is not proper HTTP/1.1");
        return false;
    }
    if (needs_length) {
        http_problem(q, r, 411, "length-required", NULL, "send the body with a Content-Length, not in chunks");
        return false;
    }
    q->ip = q->caller = client_address(w);
    MHD_get_connection_values(w->c, MHD_GET_ARGUMENT_KIND, one_argument, w);
    if (q->query_count < 0) {
        q->query_count = 0;
        http_problem(q, r, 400, "malformed-request", NULL, "the query has a malformed %%-escape");
        return false;
    }
    if (!strcmp(method, "OPTIONS")) {
        r->status = 204;
        http_set(r, "Allow", "GET, POST, PUT, PATCH, DELETE, OPTIONS");
        return false;
    }
    const char *allow = NULL;
    int found = route_find(w->server->c.routes, q, &allow);
    if (found == 200) return (!w->server->c.gate || w->server->c.gate(q, r)) && expect_body(w);
    if (found == 400) {
        http_problem(q, r, 400, "malformed-request", NULL, "the path is malformed");
    } else if (found == 405) {
        http_set(r, "Allow", allow);
        http_problem(q, r, 405, "method", NULL, "this address answers to %s", allow);
    } else if (!w->server->c.fallback || !w->server->c.fallback(q, r)) {
        http_problem(q, r, 404, "not-found", NULL, "there is nothing at this address");
    }
    return false;
}

static bool take_body(wire *w, const char *data, size_t n)
{
    http_request *q = &w->q;
    err e = { 0 };
    if (q->route->body == HTTP_UNREAD) return true;
    if (q->is_form) {
        if (multipart_push(&w->form, (const uint8_t *)data, n, &e)) return true;
        http_problem(q, &w->r, e.code == ERR_LIMIT ? 413 : 400, "malformed-form", NULL, "%s", e.msg);
        return false;
    }
    if (buf_append(&q->body, data, n)) return true;
    http_problem(q, &w->r, 413, "too-large", NULL, "the body is longer than it said");
    return false;
}

static void run(wire *w)
{
    err e = { 0 };
    if (w->q.is_form && !multipart_end(&w->form, &e)) {
        http_problem(&w->q, &w->r, 400, "malformed-form", NULL, "%s", e.msg);
        return;
    }
    if (buf_append(&w->q.body, "", 1)) w->q.body.len--;
    wire_deadline(w, 0);
    w->q.route->handler(&w->q, &w->r);
    // What is left for later may be in another thread's hands by now: nothing else of it is looked at.
    if (!w->r.later && !w->r.status && !w->r.poll && !w->r.finish)
        http_problem(&w->q, &w->r, 500, "internal", NULL, "something went wrong on our side; it has been noted");
}

// A request costs a dozen allocations if each is made for it; so its memory goes on to the next.
static wire *take_wire(http_server *s)
{
    pthread_mutex_lock(&s->spare_lock);
    wire *w = s->spare;
    if (w) {
        s->spare = w->next_spare;
        s->spares--;
    }
    pthread_mutex_unlock(&s->spare_lock);
    if (!w) {
        w = mem_new(1, sizeof *w);
        w->q.a = arena_new(s->c.request_memory);
        return w;
    }
    arena *a = w->q.a;
    buf body = w->q.body, answer = w->r.body;
    buf_reuse(&body, 0); // until its head is admitted a request has no body
    *w = (wire){ .q = { .a = a, .body = body }, .r.body = answer };
    return w;
}

static void free_wire(wire *w)
{
    buf_free(&w->q.body);
    buf_free(&w->r.body);
    arena_free(w->q.a);
    mem_free(w);
}

static void give_wire(http_server *s, wire *w)
{
    if (w->q.body.cap > SPARE_BUFFER) buf_free(&w->q.body);
    if (w->r.body.cap > SPARE_BUFFER) buf_free(&w->r.body);
    arena_reset(w->q.a);
    pthread_mutex_lock(&s->spare_lock);
    bool keep = s->spares < SPARES && !s->c.own_memory;
    if (keep) {
        w->next_spare = s->spare;
        s->spare = w;
        s->spares++;
    }
    pthread_mutex_unlock(&s->spare_lock);
    if (!keep) free_wire(w);
}

// False: it is to be asked again. Nothing is left of finish when another request's did it.
static bool finish(wire *w, bool last)
{
    if (w->r.finish) w->r.finish(&w->q, &w->r, last);
    return !w->r.finish;
}

static enum MHD_Result on_request(void *ctx, struct MHD_Connection *c, const char *url, const char *method,
                                  const char *version, const char *data, size_t *size, void **slot)
{
    http_server *s = ctx;
    wire *w = *slot;
    if (!w) {
        w = take_wire(s);
        *slot = w;
        w->server = s;
        w->c = c;
        w->r.fd = -1;
        w->q.wire = w;
        w->q.app = s->c.app;
        w->q.began_ms = clock_mono_ms();
        // A name for the log, not a secret: a count from a random beginning, scattered (Steele, Lea & Flood 2014).
        uint64_t id = atomic_fetch_add(&s->request_id, 0x9e3779b97f4a7c15u);
        id = (id ^ id >> 30) * 0xbf58476d1ce4e5b9u;
        id = (id ^ id >> 27) * 0x94d049bb133111ebu;
        id ^= id >> 31;
        hex_encode((uint8_t *)&id, sizeof id, w->q.id);
        atomic_fetch_add(&s->in_flight, 1);
        w->q.method = arena_text(w->q.a, method);
        w->q.path = arena_text(w->q.a, url);
        buf_reuse(&w->r.body, 64 << 20);
        if (!admit(w, method, url, version)) {
            w->refused = true;
            const char *length = http_header(&w->q, "Content-Length");
            w->whole = !http_header(&w->q, "Transfer-Encoding") && (!length || !strcmp(length, "0"));
            return wire_reply(w);
        }
        wire_deadline(w, s->c.head_seconds * 1000 + (int64_t)(w->held / BODY_BYTES_PER_SECOND) * 1000);
        return MHD_YES;
    }
    if (*size) {
        if (!w->refused && !take_body(w, data, *size)) w->refused = true;
        *size = 0;
        return MHD_YES;
    }
    if (w->queued) return MHD_YES;
    if (!w->whole) {
        w->whole = true;
        if (!w->refused) run(w);
        if (w->r.later) {
            w->polled = true;
            return wait_for_answer(w) ? MHD_YES : wire_reply(w);
        }
        w->round = w->r.finish != NULL;
        // Without an answer the library goes on to the others that are ready, and then asks again.
        if (w->round) return MHD_YES;
        if (w->r.poll) {
            bool stream = w->r.stream;
            w->polled = true;
            wait_begin(w);
            return stream ? wire_reply(w) : MHD_YES;
        }
        return wire_reply(w);
    }
    if (w->round) return finish(w, false) ? wire_reply(w) : MHD_YES;
    pthread_mutex_lock(&s->lock);
    bool waiting = w->waiting || w->deferred;
    pthread_mutex_unlock(&s->lock);
    return waiting ? MHD_YES : wire_reply(w); // resumed: the poll has an answer
}

static void on_completed(void *ctx, struct MHD_Connection *c, void **slot, enum MHD_RequestTerminationCode code)
{
    (void)c, (void)code;
    http_server *s = ctx;
    wire *w = *slot;
    if (!w) return;
    *slot = NULL;
    (void)finish(w, true);                      // its client left meanwhile: what it wanted is done all the same
    wire_deadline(w, s->c.head_seconds * 1000); // for the next request on this connection
    if (w->polled) {
        pthread_mutex_lock(&s->lock);
        while (w->asking) pthread_cond_wait(&s->tick, &s->lock);
        wait_end(w);
        pthread_mutex_unlock(&s->lock);
    }
    if (s->c.done) s->c.done(&w->q, w->r.status, (clock_mono_ms() - w->q.began_ms) * 1000);
    wire_let_go(w);
    for (int i = 0; i < w->q.part_count; i++) buf_free(&w->q.part[i].data);
    if (w->r.fd >= 0) close(w->r.fd);
    give_wire(s, w);
    atomic_fetch_sub(&s->in_flight, 1);
}

static void complain(void *ctx, const char *fmt, va_list ap)
{
    (void)ctx;
    char text[300];
    vsnprintf(text, sizeof text, fmt, ap);
    text[strcspn(text, "\n")] = 0;
    log_say(LOG_DEBUG, "http: %s", text);
}

bool http_start(const http_config *config, http_server **out, err *e)
{
    http_server *s = mem_new(1, sizeof *s);
    s->c = *config;
    if (!s->c.threads) s->c.threads = 4;
    if (!s->c.connections) s->c.connections = 12000;
    if (!s->c.body_budget) s->c.body_budget = (size_t)256 << 20;
    if (!s->c.head_seconds) s->c.head_seconds = 15;
    if (!s->c.request_memory) s->c.request_memory = (size_t)32 << 20;
    struct rlimit files;
    if (!getrlimit(RLIMIT_NOFILE, &files) && files.rlim_cur < files.rlim_max) {
        files.rlim_cur = files.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &files); // fewer connections if it may not be
    }
    pthread_mutex_init(&s->lock, NULL);
    pthread_mutex_init(&s->spare_lock, NULL);
    pthread_cond_init(&s->tick, NULL);
    uint64_t first_id;
    random_bytes(&first_id, sizeof first_id);
    atomic_init(&s->request_id, first_id);
    random_bytes(&s->share_key, sizeof s->share_key);
    int fd = -1;
    if (!listen_on(config->listen, &fd, &s->port, e)) {
        mem_free(s);
        return false;
    }
    s->daemon = MHD_start_daemon(
        MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG | MHD_USE_ITC, 0, NULL, NULL,
        on_request, s, MHD_OPTION_EXTERNAL_LOGGER, complain, NULL, MHD_OPTION_LISTEN_SOCKET, fd,
        MHD_OPTION_THREAD_POOL_SIZE, s->c.threads, MHD_OPTION_CONNECTION_LIMIT, s->c.connections,
        MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)s->c.head_seconds * 2, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        (size_t)CONNECTION_MEMORY, MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_UNESCAPE_CALLBACK, raw_text, NULL,
        MHD_OPTION_NOTIFY_COMPLETED, on_completed, s, MHD_OPTION_NOTIFY_CONNECTION, on_connection, s, MHD_OPTION_END);
    if (!s->daemon) {
        close(fd);
        mem_free(s);
        return fail(e, ERR_IO, "the HTTP server cannot start on %s", config->listen);
    }
    if (pthread_create(&s->ticker, NULL, ticker, s)) {
        MHD_stop_daemon(s->daemon);
        mem_free(s);
        return fail(e, ERR_IO, "the HTTP server cannot start a thread");
    }
    *out = s;
    return true;
}

unsigned http_port(const http_server *s) { return s->port; }
int http_in_flight(const http_server *s) { return atomic_load(&s->in_flight); }

void http_stop(http_server *s, int drain_ms)
{
    int listener = MHD_quiesce_daemon(s->daemon);
    if (listener >= 0) close(listener);
    pthread_mutex_lock(&s->lock);
    s->stopping = s->woken = true; // waiting requests are asked for the last time
    pthread_cond_broadcast(&s->tick);
    pthread_mutex_unlock(&s->lock);
    for (int64_t end = clock_mono_ms() + drain_ms; atomic_load(&s->in_flight) && clock_mono_ms() < end;) {
        struct timespec t = { 0, 10000000 };
        nanosleep(&t, NULL);
    }
    // The library must not be stopped with suspended connections: wait for the ticker to have let go of all.
    pthread_mutex_lock(&s->lock);
    while (s->waiting || s->deferred) {
        s->woken = true;
        pthread_cond_broadcast(&s->tick);
        pthread_cond_wait(&s->tick, &s->lock);
    }
    pthread_mutex_unlock(&s->lock);
    MHD_stop_daemon(s->daemon);
    pthread_mutex_lock(&s->lock);
    s->daemon = NULL;
    s->woken = true;
    pthread_cond_broadcast(&s->tick);
    pthread_mutex_unlock(&s->lock);
    pthread_join(s->ticker, NULL);
    for (wire *w = s->spare, *next; w; w = next) {
        next = w->next_spare;
        free_wire(w);
    }
    pthread_mutex_destroy(&s->spare_lock);
    pthread_mutex_destroy(&s->lock);
    pthread_cond_destroy(&s->tick);
    mem_free(s);
}
