// The HTTP server over real sockets: what it refuses, what it survives, what it answers.
#include "base/mem.h"
#include "http/bucket.h"
#include "http/http.h"
#include "common/text.h"
#include "test.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

static http_server *S;
static unsigned PORT;
static atomic_int ready_flag, events_left;

static void ping(http_request *q, http_response *r)
{
    (void)q;
    http_json(r, 200);
    CHECK(buf_printf(&r->body, "{\"pong\":true}"));
}

static void echo(http_request *q, http_response *r)
{
    http_json(r, 200);
    bool ok = buf_printf(&r->body, "{\"bytes\":%zu,\"parts\":%d", q->body.len, q->part_count);
    for (int i = 0; i < q->part_count; i++)
        ok = ok && buf_printf(&r->body, ",\"%s\":%zu", q->part[i].name, q->part[i].data.len);
    CHECK(ok && buf_printf(&r->body, "}"));
}

static void thing(http_request *q, http_response *r)
{
    if (http_not_modified(q, r, "\"v1\"")) return;
    http_json(r, 200);
    CHECK(json_put_string(&r->body, q->param[0]));
    CHECK(buf_printf(&r->body, "%s", http_query(q, "x") ? http_query(q, "x") : ""));
}

static bool when_ready(http_request *q, http_response *r, bool last)
{
    (void)q;
    if (!atomic_load(&ready_flag) && !last) return false;
    http_json(r, atomic_load(&ready_flag) ? 200 : 204);
    return true;
}

static void wait_for(http_request *q, http_response *r)
{
    (void)q;
    r->poll = when_ready;
    r->poll_until_ms = clock_mono_ms() + 3000;
}

static bool next_event(http_request *q, http_response *r, bool last)
{
    (void)q;
    int left = atomic_fetch_sub(&events_left, 1);
    CHECK(buf_printf(&r->body, "data: %d\n\n", left));
    return left <= 1 || last;
}

static void stream(http_request *q, http_response *r)
{
    (void)q;
    r->status = 200;
    r->type = "text/event-stream";
    r->stream = true;
    r->poll = next_event;
    r->poll_until_ms = clock_mono_ms() + 10000;
}

static void big(http_request *q, http_response *r)
{
    (void)q;
    http_json(r, 200);
    r->compress = true;
    for (int i = 0; i < 1000; i++) CHECK(buf_printf(&r->body, "0123456789"));
}

static bool origin_allowed(void *app, const char *origin)
{
    (void)app;
    return !strcmp(origin, "https://shop.example");
}

static bool gate(http_request *q, http_response *r)
{
    if (q->route->who && !http_header(q, "Authorization")) {
        http_problem(q, r, 401, "unauthorized", NULL, "sign in first");
        return false;
    }
    if (http_header(q, "X-Name")) q->caller = http_header(q, "X-Name");
    if (http_header(q, "X-House")) q->caller = NULL;
    return true;
}

// What one thread's round has come upon, as a handler would gather it that does something for several at once.
static _Thread_local struct {
    http_request *q[64];
    http_response *r[64];
    int count;
} gathered;
static atomic_int finished, most_at_once;

static void finish_all(http_request *q, http_response *r, bool last)
{
    (void)q, (void)r, (void)last;
    int n = gathered.count, most = atomic_load(&most_at_once);
    gathered.count = 0;
    for (int i = 0; i < n; i++) {
        http_json(gathered.r[i], 200);
        CHECK(buf_printf(&gathered.r[i]->body, "{\"path\":\"%s\"}", gathered.q[i]->param[0]));
        gathered.r[i]->finish = NULL;
    }
    while (n > most && !atomic_compare_exchange_weak(&most_at_once, &most, n)) continue;
    atomic_fetch_add(&finished, n);
}

static void gather(http_request *q, http_response *r)
{
    if (gathered.count == 64) finish_all(q, r, true);
    gathered.q[gathered.count] = q;
    gathered.r[gathered.count++] = r;
    r->finish = finish_all;
}

static const http_route ROUTES[] = { { "GET", "/v1/ping", "ping", ping, 0, NULL, 0, HTTP_NO_BODY, 0 },
                                     { "POST", "/v1/measure", "measure", echo, 0, NULL, 0, HTTP_FORM_OR_JSON, 1 << 20 },
                                     { "POST", "/v1/unread", "unread", echo, 0, NULL, 0, HTTP_UNREAD, 1 << 20 },
                                     { "POST", "/v1/private", "private", echo, 1, NULL, 0, HTTP_JSON, 1 << 20 },
                                     { "GET", "/v1/things/{id}", "thing", thing, 0, NULL, 0, HTTP_NO_BODY, 0 },
                                     { "DELETE", "/v1/things/{id}", "thing_gone", thing, 0, NULL, 0, HTTP_NO_BODY, 0 },
                                     { "GET", "/v1/wait", "wait", wait_for, 0, NULL, 0, HTTP_NO_BODY, 0 },
                                     { "GET", "/v1/stream", "stream", stream, 0, NULL, 0, HTTP_NO_BODY, 0 },
                                     { "GET", "/v1/big", "big", big, 0, NULL, 0, HTTP_NO_BODY, 0 },
                                     { "GET", "/v1/gather/{id}", "gather", gather, 0, NULL, 0, HTTP_NO_BODY, 0 },
                                     { 0 } };

static int dial(void)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in a = { .sin_family = AF_INET,
                             .sin_port = htons((uint16_t)PORT),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    struct timeval t = { 5, 0 };
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof t);
    if (connect(fd, (struct sockaddr *)&a, sizeof a)) {
        close(fd);
        return -1;
    }
    return fd;
}

// All that the server says until it closes or is silent for the time.
static size_t listen_to(int fd, char *out, size_t size, int silence_ms)
{
    struct timeval t = { silence_ms / 1000, silence_ms % 1000 * 1000 };
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof t);
    size_t n = 0;
    ssize_t got;
    while (n + 1 < size && (got = recv(fd, out + n, size - 1 - n, 0)) > 0) n += (size_t)got;
    out[n] = 0;
    return n;
}

static int statuses(const char *text, int out[8])
{
    int n = 0;
    for (const char *p = text; n < 8 && (p = strstr(p, "HTTP/1.1 ")); p += 9) out[n++] = (int)strtol(p + 9, NULL, 10);
    return n;
}

static char answer[1 << 20];

static int talk(const void *request, size_t n)
{
    int fd = dial(), s[8];
    if (fd < 0 || send(fd, request, n, MSG_NOSIGNAL) != (ssize_t)n) printf("  cannot talk: %s\n", strerror(errno));
    listen_to(fd, answer, sizeof answer, 700);
    close(fd);
    int count = statuses(answer, s);
    return count == 0 ? 0 : count == 1 ? s[0] : 1000 + s[1]; // a second answer means it saw a second request
}
#define TALK(text) talk(text, sizeof(text) - 1)

// The table of ../reference measurements: every request that two parties could read differently.
#define H "Host: x\r\n"
#define J "{\"name\":\"Ada\",\"age\":36,\"height_cm\":1,\"weight_kg\":2}"
#define POST "POST /v1/measure HTTP/1.1\r\n" H "Content-Type: application/json\r\n"
static void every_ambiguous_request_is_refused(void)
{
    static const struct {
        const char *what, *bytes;
        size_t n;
    } table[] = {
#define ROW(what, bytes) { what, bytes, sizeof(bytes) - 1 }
        ROW("dup CL same", POST "Content-Length: 51\r\nContent-Length: 51\r\n\r\n" J),
        ROW("dup CL differ", POST "Content-Length: 51\r\nContent-Length: 5\r\n\r\n" J),
        ROW("CL list", POST "Content-Length: 51, 51\r\n\r\n" J),
        ROW("CL + TE chunked", POST "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n33\r\n" J "\r\n0\r\n\r\n"),
        ROW("TE gzip, chunked", POST "Transfer-Encoding: gzip, chunked\r\nContent-Length: 51\r\n\r\n" J),
        ROW("TE xchunked + CL", POST "Transfer-Encoding: xchunked\r\nContent-Length: 51\r\n\r\n" J),
        ROW("TE twice", POST "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        ROW("TE xchunked", POST "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n"),
        ROW("CL +N", POST "Content-Length: +51\r\n\r\n" J),
        ROW("CL negative", POST "Content-Length: -1\r\n\r\n"),
        ROW("CL empty", POST "Content-Length: \r\n\r\n"),
        ROW("CL hex", POST "Content-Length: 0x33\r\n\r\n" J),
        ROW("CL overflow", POST "Content-Length: 18446744073709551620\r\n\r\n" J),
        ROW("CL with space", POST "Content-Length: 5 1\r\n\r\n" J),
        ROW("bare LF lines", "GET /v1/ping HTTP/1.1\nHost: x\n\n"),
        ROW("bare LF in one header", "GET /v1/ping HTTP/1.1\r\nHost: x\nX-A: b\r\n\r\n"),
        ROW("bare LF after request line", "GET /v1/ping HTTP/1.1\nHost: x\r\n\r\n"),
        ROW("bare LF at the end", "GET /v1/ping HTTP/1.1\r\nHost: x\r\n\n"),
        ROW("bare LF in last header", "GET /v1/ping HTTP/1.1\r\nHost: x\n\r\n"),
        ROW("space before colon", "GET /v1/ping HTTP/1.1\r\n" H "Content-Length : 5\r\n\r\nhello"),
        ROW("empty header name", "GET /v1/ping HTTP/1.1\r\n" H ": v\r\n\r\n"),
        ROW("empty name in the middle", "GET /v1/ping HTTP/1.1\r\n: v\r\n" H "\r\n"),
        ROW("no colon", "GET /v1/ping HTTP/1.1\r\n" H "Foo\r\n\r\n"),
        ROW("NUL in header", "GET /v1/ping HTTP/1.1\r\n" H "X-User: adm\0in\r\n\r\n"),
        ROW("NUL in name", "GET /v1/ping HTTP/1.1\r\n" H "X-U\0ser: admin\r\n\r\n"),
        ROW("NUL at end of value", "GET /v1/ping HTTP/1.1\r\n" H "X-User: admin\0\r\n\r\n"),
        ROW("NUL in path", "GET /v1/pi\0ng HTTP/1.1\r\n" H "\r\n"),
        ROW("bare CR in header", "GET /v1/ping HTTP/1.1\r\n" H "X-User: adm\rin\r\n\r\n"),
        ROW("obs-fold", "GET /v1/ping HTTP/1.1\r\n" H "X-A: b\r\n c\r\n\r\n"),
        ROW("obs-fold first", "GET /v1/ping HTTP/1.1\r\n X-A: b\r\n" H "\r\n"),
        ROW("obs-fold with tab", "GET /v1/ping HTTP/1.1\r\n" H "Content-Length: 1\r\n\t2\r\n\r\n"),
        ROW("no Host", "GET /v1/ping HTTP/1.1\r\n\r\n"),
        ROW("two Hosts", "GET /v1/ping HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"),
        ROW("bad Host", "GET /v1/ping HTTP/1.1\r\nHost: a/b\r\n\r\n"),
        ROW("chunk size 0x", POST "Transfer-Encoding: chunked\r\n\r\n0x33\r\n" J "\r\n0\r\n\r\n"),
        ROW("chunk ext LF", POST "Transfer-Encoding: chunked\r\n\r\n33;a\nb\r\n" J "\r\n0\r\n\r\n"),
        ROW("HTTP/1.1x version", "GET /v1/ping HTTP/1.1x\r\n" H "\r\n"),
        ROW("HTTP/2.0 version", "GET /v1/ping HTTP/2.0\r\n" H "\r\n"),
        ROW("no version", "GET /v1/ping\r\n" H "\r\n"),
        ROW("space in path", "GET /v1/ping x HTTP/1.1\r\n" H "\r\n"),
        ROW("absolute form", "GET http://evil/v1/ping HTTP/1.1\r\n" H "\r\n"),
        ROW("lower-case chunked trick", POST "Transfer-Encoding:\x0b"
                                             "chunked\r\n\r\n0\r\n\r\n"),
        ROW("bad escape in path", "GET /v1/things/%zz HTTP/1.1\r\n" H "\r\n"),
        ROW("encoded NUL in path", "GET /v1/things/a%00b HTTP/1.1\r\n" H "\r\n"),
        ROW("dots in path", "GET /v1/things/%2e%2e HTTP/1.1\r\n" H "\r\n"),
        ROW("bad escape in query", "GET /v1/things/a?x=%4 HTTP/1.1\r\n" H "\r\n"),
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        int got = talk(table[i].bytes, table[i].n);
        // Closed without a word is a refusal too; libmicrohttpd says the heads of its own refusals twice.
        int said[8], n = statuses(answer, said);
        bool refused = true;
        for (int k = 0; k < n; k++) refused = refused && said[k] >= 400 && said[k] < 600;
        if (!refused) printf("  %s: %d\n", table[i].what, got);
        CHECK(refused);
    }
}

static void proper_requests_pass(void)
{
    CHECK(TALK("GET /v1/ping HTTP/1.1\r\n" H "\r\n") == 200);
    CHECK(TALK("GET /v1/ping HTTP/1.1\r\nHost:x\r\nX-A:\t b \t\r\nX-Empty:\r\nX-Last: 1\r\n\r\n") == 200);
    CHECK(TALK("GET /v1/ping HTTP/1.1\r\n" H "X-Empty:\r\n\r\n") == 200);
    CHECK(TALK("GET /v1/ping?a=1&b=%20c HTTP/1.1\r\n" H "\r\n") == 200);
    CHECK(TALK("HEAD /v1/ping HTTP/1.1\r\n" H "\r\n") == 200);
    CHECK(TALK("GET /v1/ping HTTP/1.0\r\n" H "\r\n") == 200);
    CHECK(TALK(POST "Content-Length: 51\r\n\r\n" J) == 200);
    CHECK(strstr(answer, "{\"bytes\":51,") != NULL);
    CHECK(TALK(POST "Transfer-Encoding: chunked\r\n\r\n33\r\n" J "\r\n0\r\n\r\n") ==
          411); // chunks: told why, not guessed
    CHECK(TALK("GET /v1/things/a%20b?x=%3D HTTP/1.1\r\n" H "\r\n") == 200);
    CHECK(strstr(answer, "\"a b\"=") != NULL);
    // Two in one go are answered in order.
    CHECK(TALK("GET /v1/ping HTTP/1.1\r\n" H "\r\nGET /v1/nowhere HTTP/1.1\r\n" H "\r\n") == 1404);
    CHECK(TALK("GET /v1/nowhere HTTP/1.1\r\n" H "\r\n") == 404);
    CHECK(strstr(answer, "application/problem+json") && strstr(answer, "urn:tryon:problem:not-found"));
    CHECK(TALK("PATCH /v1/things/a HTTP/1.1\r\n" H "Content-Length: 0\r\n\r\n") == 405);
    CHECK(strstr(answer, "Allow: GET, DELETE\r\n") != NULL);
    CHECK(TALK("GET /v1/things/a HTTP/1.1\r\n" H "If-None-Match: W/\"v0\", \"v1\"\r\n\r\n") == 304);
    CHECK(TALK("GET /v1/things/a HTTP/1.1\r\n" H "If-None-Match: \"v12\"\r\n\r\n") == 200);
}

static void forms_and_limits(void)
{
    static const char form[] =
        "--b\r\nContent-Disposition: form-data; name=\"photo\"; filename=\"x\"\r\n\r\nabc\r\n--b--\r\n";
    char req[1024];
    int n =
        snprintf(req, sizeof req,
                 "POST /v1/measure HTTP/1.1\r\n" H "Content-Type: multipart/form-data; boundary=b\r\nContent-Length: "
                 "%zu\r\n\r\n%s",
                 sizeof form - 1, form);
    CHECK(talk(req, (size_t)n) == 200);
    CHECK(strstr(answer, "\"parts\":1,\"photo\":3}") != NULL);
    CHECK(TALK("POST /v1/measure HTTP/1.1\r\n" H
               "Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 5\r\n\r\n--b--") == 200);
    CHECK(TALK("POST /v1/measure HTTP/1.1\r\n" H
               "Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 5\r\n\r\nhello") == 400);
    CHECK(TALK("POST /v1/measure HTTP/1.1\r\n" H "Content-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello") == 415);
    CHECK(TALK(POST "Content-Length: 2000000\r\n\r\n") == 413); // on its head, before a byte of the body
    CHECK(TALK("POST /v1/private HTTP/1.1\r\n" H "Content-Type: application/json\r\nContent-Length: 100\r\n\r\n") ==
          401);
    CHECK(TALK(POST "Expect: 100-continue\r\nContent-Length: 51\r\n\r\n" J) != 0);
    // An oversized head.
    buf b = buf_new(1 << 20);
    CHECK(buf_printf(&b, "GET /v1/ping HTTP/1.1\r\n" H "X-Big: %0100000d\r\n\r\n", 1));
    int got = talk(b.data, b.len);
    CHECK(got == 431 || got == 400 || got == 0);
    b.len = 0;
    CHECK(buf_printf(&b, "GET /v1/ping HTTP/1.1\r\n" H));
    for (int i = 0; i < 200; i++) CHECK(buf_printf(&b, "X-%d: 1\r\n", i));
    CHECK(buf_printf(&b, "\r\n"));
    CHECK(talk(b.data, b.len) == 400);
    buf_free(&b);
}

// A connection from 127.0.0.N that says such a head, asks whether its body is wanted, and sends nothing of it.
static int promise(int n, const char *path, const char *header, size_t bytes)
{
    char head[400];
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in from = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7f000000u + (unsigned)n) }, to = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)PORT), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)
    };
    int k =
        snprintf(head, sizeof head,
                 "POST %s HTTP/1.1\r\n" H "Content-Type: application/json\r\nExpect: 100-continue\r\n%sContent-Length: "
                 "%zu\r\n\r\n",
                 path, header, bytes);
    bool ok = !bind(fd, (struct sockaddr *)&from, sizeof from) && !connect(fd, (struct sockaddr *)&to, sizeof to) &&
              send(fd, head, (size_t)k, MSG_NOSIGNAL) == k;
    CHECK(ok);
    return fd;
}

// Was it turned away on its head?
static bool turned_away(int fd)
{
    char text[2048];
    struct timeval t = { 3, 0 }; // silent connections are cut after four seconds
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof t);
    ssize_t n = recv(fd, text, sizeof text - 1, 0);
    CHECK(n > 0);
    text[n > 0 ? n : 0] = 0;
    return !strncmp(text, "HTTP/1.1 503", 12) && strstr(text, "Retry-After: 2");
}

static void one_callers_promises_do_not_take_the_room_of_all(void)
{
    enum { MANY = 12 };
    int fd[MANY], away = 0;
    for (int i = 0; i < MANY; i++) fd[i] = promise(2, "/v1/measure", "", 1 << 20);
    for (int i = 0; i < MANY; i++) away += turned_away(fd[i]);
    CHECK(away == MANY - 1); // an eighth of the room is one of these
    int other = promise(3, "/v1/measure", "", 1 << 20);
    CHECK(!turned_away(other));
    int again = promise(3, "/v1/measure", "", 100);
    CHECK(turned_away(again));
    // Who is known by name answers for herself, wherever she comes from.
    int ada = promise(2, "/v1/measure", "X-Name: Ada\r\n", 1 << 20);
    CHECK(!turned_away(ada));
    int ada_too = promise(4, "/v1/measure", "X-Name: Ada\r\n", 100),
        bob = promise(2, "/v1/measure", "X-Name: Bob\r\n", 100);
    CHECK(turned_away(ada_too) && !turned_away(bob));
    // The house itself may have all there is, but no more.
    int house[MANY];
    away = 0;
    for (int i = 0; i < MANY; i++) house[i] = promise(5, "/v1/measure", "X-House: 1\r\n", 1 << 20);
    for (int i = 0; i < MANY; i++) away += turned_away(house[i]);
    CHECK(away == MANY - 4);
    for (int i = 0; i < MANY; i++) {
        close(fd[i]);
        close(house[i]);
    }
    const int named[] = { other, again, ada, ada_too, bob };
    for (int i = 0; i < 5; i++) close(named[i]);
    // What was promised and never came is let go of with its connection.
    for (int i = 0, status = 0; i < 20 && status != 200; i++) {
        status = TALK(POST "Content-Length: 51\r\n\r\n" J);
        CHECK(status == 200 || i < 19);
    }
    int after = promise(2, "/v1/measure", "", 1 << 20);
    CHECK(!turned_away(after));
    close(after);
}

static void a_body_nobody_reads_takes_no_room(void)
{
    enum { MANY = 12, LONG = 300000 };
    int fd[MANY], away = 0;
    for (int i = 0; i < MANY; i++) fd[i] = promise(2, "/v1/unread", "", 1 << 20);
    for (int i = 0; i < MANY; i++) away += turned_away(fd[i]);
    CHECK(away == 0);
    for (int i = 0; i < MANY; i++) close(fd[i]);
    buf b = buf_new(1 << 20);
    CHECK(buf_printf(&b, "POST /v1/unread HTTP/1.1\r\n" H "Content-Length: %d\r\n\r\n", LONG) &&
          buf_append_zeros(&b, LONG));
    CHECK(talk(b.data, b.len) == 200 && strstr(answer, "{\"bytes\":0,"));
    CHECK(TALK("POST /v1/unread HTTP/1.1\r\n" H "Content-Length: 2000000\r\n\r\n") == 413);
    CHECK(TALK("POST /v1/unread HTTP/1.1\r\n" H "Content-Length: 2\r\n\r\n{}GET /v1/nowhere HTTP/1.1\r\n" H "\r\n") ==
          1404);
    buf_free(&b);
}

static void cors_answers_only_who_is_on_the_list(void)
{
    CHECK(TALK("OPTIONS /v1/measure HTTP/1.1\r\n" H
               "Origin: https://shop.example\r\nAccess-Control-Request-Method: POST\r\n\r\n") == 204);
    CHECK(strstr(answer, "Access-Control-Allow-Origin: https://shop.example\r\n") != NULL);
    CHECK(TALK("OPTIONS /v1/measure HTTP/1.1\r\n" H "Origin: https://shop.example.evil\r\n\r\n") == 204);
    CHECK(strstr(answer, "Access-Control-Allow-Origin") == NULL);
    CHECK(strstr(answer, "Vary: Origin\r\n") != NULL);
    CHECK(TALK("GET /v1/things/a HTTP/1.1\r\n" H "If-None-Match: \"v1\"\r\n\r\n") == 304);
    CHECK(strstr(answer, "Vary: Origin, Accept-Encoding\r\n") != NULL);
}

static void gzip_is_sent_to_who_takes_it(void)
{
    CHECK(TALK("GET /v1/big HTTP/1.1\r\n" H "Accept-Encoding: br, gzip\r\n\r\n") == 200);
    CHECK(strstr(answer, "Content-Encoding: gzip\r\n") != NULL);
    CHECK(TALK("GET /v1/big HTTP/1.1\r\n" H "Accept-Encoding: gzip;q=0\r\n\r\n") == 200);
    CHECK(strstr(answer, "Content-Encoding") == NULL && strstr(answer, "Content-Length: 10000\r\n") != NULL);
    // A weight belongs to the coding it follows.
    CHECK(TALK("GET /v1/big HTTP/1.1\r\n" H "Accept-Encoding: gzip; q=1, br;q=0\r\n\r\n") == 200);
    CHECK(strstr(answer, "Content-Encoding: gzip\r\n") != NULL);
    CHECK(TALK("GET /v1/big HTTP/1.1\r\n" H "Accept-Encoding: xgzip\r\n\r\n") == 200);
    CHECK(strstr(answer, "Content-Encoding") == NULL);
}

static void a_long_poll_waits_and_others_go_on(void)
{
    atomic_store(&ready_flag, 0);
    int waiters[50];
    static const char req[] = "GET /v1/wait HTTP/1.1\r\n" H "\r\n";
    for (int i = 0; i < 50; i++) {
        waiters[i] = dial();
        CHECK(send(waiters[i], req, sizeof req - 1, 0) > 0);
    }
    int64_t t = clock_mono_ms();
    for (int i = 0; i < 20; i++) {
        int fd = dial(); // comes and goes without waiting for its answer
        CHECK(send(fd, "GET /v1/ping HTTP/1.1\r\n" H "\r\n", 35, MSG_NOSIGNAL) > 0);
        close(fd);
    }
    CHECK(TALK("GET /v1/ping HTTP/1.1\r\n" H "Connection: close\r\n\r\n") == 200);
    CHECK(clock_mono_ms() - t < 2500); // the waiters hold nobody up
    close(waiters[7]);                 // one goes away while it waits
    atomic_store(&ready_flag, 1);
    http_wake(S);
    for (int i = 0; i < 50; i++) {
        if (i == 7) continue;
        char text[2048];
        struct timeval tv = { 3, 0 };
        setsockopt(waiters[i], SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof tv);
        ssize_t n = recv(waiters[i], text, sizeof text - 1, 0);
        CHECK(n > 12 && !strncmp(text, "HTTP/1.1 200", 12));
        close(waiters[i]);
    }
}

static void events_stream_until_they_end(void)
{
    atomic_store(&events_left, 4);
    int fd = dial();
    static const char req[] = "GET /v1/stream HTTP/1.1\r\n" H "\r\n";
    CHECK(send(fd, req, sizeof req - 1, 0) > 0);
    listen_to(fd, answer, sizeof answer, 1500);
    close(fd);
    CHECK(strstr(answer, "text/event-stream") != NULL);
    CHECK(strstr(answer, "data: 4\n\n") && strstr(answer, "data: 1\n\n"));
}

static long resident_kb(void)
{
    long pages = 0;
    FILE *f = fopen("/proc/self/statm", "r");
    if (!f || fscanf(f, "%*d %ld", &pages) != 1) pages = 0;
    if (f) fclose(f);
    return pages * 4;
}

static void slow_senders_are_cut_and_do_not_hurt_others(void)
{
    enum { N = 40 };
    int slow[N];
    for (int i = 0; i < N; i++) {
        slow[i] = dial();
        CHECK(send(slow[i], "GET /v1/ping HTTP/1.1\r\nX: ", 26, MSG_NOSIGNAL) > 0);
    }
    int slow_body = dial();
    static const char head[] = POST "Content-Length: 51\r\n\r\n{";
    CHECK(send(slow_body, head, sizeof head - 1, 0) > 0);
    int64_t start = clock_mono_ms();
    int alive = N;
    // One byte each 200 ms keeps any timeout of inactivity away; the head's own deadline (2 s in this test) must cut.
    while (alive && clock_mono_ms() - start < 8000) {
        struct timespec t = { 0, 200000000 };
        nanosleep(&t, NULL);
        alive = 0;
        for (int i = 0; i < N; i++) {
            char c;
            if (slow[i] >= 0 && (send(slow[i], "a", 1, MSG_NOSIGNAL) < 0 || recv(slow[i], &c, 1, MSG_DONTWAIT) == 0)) {
                close(slow[i]);
                slow[i] = -1;
            }
            alive += slow[i] >= 0;
        }
    }
    CHECK(alive == 0);
    char c;
    CHECK(recv(slow_body, &c, 1, 0) <= 0);
    close(slow_body);
    CHECK(TALK("GET /v1/ping HTTP/1.1\r\n" H "Connection: close\r\n\r\n") == 200);
}

static void ten_thousand_idle_connections_cost_bounded_memory(void)
{
    struct rlimit files = { 0, 0 };
    getrlimit(RLIMIT_NOFILE, &files);
    int n = files.rlim_cur > 20300 ? 10000 : (int)(files.rlim_cur - 300) / 2; // both ends live in this process
    int *fd = mem_array(int, (size_t)n);
    long before = resident_kb();
    int open = 0;
    for (int i = 0; i < n; i++) {
        fd[i] = dial();
        open += fd[i] >= 0;
    }
    CHECK(open == n);
    CHECK(TALK("GET /v1/ping HTTP/1.1\r\n" H "Connection: close\r\n\r\n") == 200);
    long grew = resident_kb() - before;
    printf("  %d idle connections: %ld kB more\n", open, grew);
#ifndef __SANITIZE_ADDRESS__
    CHECK(grew < 400 * 1024); // 24 kB of library memory each and change
#endif
    for (int i = 0; i < n; i++)
        if (fd[i] >= 0) close(fd[i]);
    mem_free(fd);
}

static void a_bucket_lets_bursts_through_and_then_the_rate(void)
{
    bucket_table *t = buckets_new(8);
    bucket_rule rule = { .capacity = 10, .per_second = 2 };
    double left;
    int64_t wait;
    for (int i = 0; i < 10; i++) CHECK(bucket_take(t, &rule, 42, 1, 1000, &left, &wait));
    CHECK(!bucket_take(t, &rule, 42, 1, 1000, &left, &wait) && wait == 500);
    CHECK(bucket_take(t, &rule, 43, 1, 1000, &left, &wait)); // another key has its own
    CHECK(bucket_take(t, &rule, 42, 1, 1500, &left, &wait));
    CHECK(!bucket_take(t, &rule, 42, 5, 2500, &left, &wait) && wait == 1500);
    // However many keys come, memory is the table's, and a key in use is not the one forgotten.
    for (uint64_t k = 100; k < 50000; k++) bucket_take(t, &rule, k, 1, 2500, &left, &wait);
    buckets_free(t);
}

static void requests_of_one_round_are_finished_together(void)
{
    enum { CLIENTS = 40, GONE = 40 };
    int fd[CLIENTS];
    char request[100], want[40];
    for (int i = 0; i < CLIENTS; i++) fd[i] = dial();
    for (int round = 0; round < 20; round++) {
        for (int i = 0; i < CLIENTS; i++) {
            int n = snprintf(request, sizeof request, "GET /v1/gather/r%dc%d HTTP/1.1\r\n" H "\r\n", round, i);
            CHECK(send(fd[i], request, (size_t)n, MSG_NOSIGNAL) == n);
        }
        for (int i = 0; i < CLIENTS; i++) {
            ssize_t n = recv(fd[i], answer, sizeof answer - 1, 0);
            answer[n > 0 ? n : 0] = 0;
            snprintf(want, sizeof want, "{\"path\":\"r%dc%d\"}", round, i);
            CHECK(strstr(answer, want) != NULL); // its own answer, whoever finished it
        }
    }
    for (int i = 0; i < CLIENTS; i++) close(fd[i]);
    CHECK(atomic_load(&finished) == 20 * CLIENTS && atomic_load(&most_at_once) > 1);
    // What those wanted who leave at once is done too, and nobody else's answer suffers.
    for (int i = 0; i < GONE; i++) {
        int gone = dial();
        CHECK(send(gone, "GET /v1/gather/x HTTP/1.1\r\n" H "\r\n", sizeof "GET /v1/gather/x HTTP/1.1\r\n" H "\r\n" - 1,
                   MSG_NOSIGNAL) > 0);
        setsockopt(gone, SOL_SOCKET, SO_LINGER, &(struct linger){ .l_onoff = 1 }, sizeof(struct linger));
        if (i % 2)
            close(gone);
        else
            shutdown(gone, SHUT_RDWR), close(gone);
    }
    CHECK(TALK("GET /v1/gather/last HTTP/1.1\r\n" H "\r\n") == 200 && strstr(answer, "{\"path\":\"last\"}"));
}

static void stopping_lets_running_requests_end(void)
{
    atomic_store(&ready_flag, 0);
    int fd = dial();
    static const char req[] = "GET /v1/wait HTTP/1.1\r\n" H "\r\n";
    CHECK(send(fd, req, sizeof req - 1, 0) > 0);
    struct timespec t = { 0, 300000000 };
    nanosleep(&t, NULL);
    int64_t start = clock_mono_ms();
    http_stop(S, 5000);
    CHECK(clock_mono_ms() - start < 6000);
    listen_to(fd, answer, sizeof answer, 500);
    CHECK(!strncmp(answer, "HTTP/1.1 204", 12)); // asked for the last time, it answered
    close(fd);
    CHECK(dial() < 0);
}

static void begin(void)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    http_config c = { .listen = "127.0.0.1:0",
                      .routes = ROUTES,
                      .gate = gate,
                      .origin_allowed = origin_allowed,
                      .head_seconds = 2,
                      .body_budget = 8 << 20 };
    err e;
    if (!http_start(&c, &S, &e)) {
        printf("%s\n", e.msg);
        exit(1);
    }
    PORT = http_port(S);
}

TEST_MAIN(begin(); RUN(every_ambiguous_request_is_refused); RUN(proper_requests_pass); RUN(forms_and_limits);
          RUN(one_callers_promises_do_not_take_the_room_of_all); RUN(a_body_nobody_reads_takes_no_room);
          RUN(cors_answers_only_who_is_on_the_list); RUN(gzip_is_sent_to_who_takes_it);
          RUN(a_long_poll_waits_and_others_go_on); RUN(events_stream_until_they_end);
          RUN(slow_senders_are_cut_and_do_not_hurt_others); RUN(ten_thousand_idle_connections_cost_bounded_memory);
          RUN(requests_of_one_round_are_finished_together); RUN(a_bucket_lets_bursts_through_and_then_the_rate);
          RUN(stopping_lets_running_requests_end);)
