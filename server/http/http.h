// The server's face: requests come in checked and whole, responses go out as bytes, files or streams. libmicrohttpd
// does the wire; what it lets pass that could be read in two ways is refused before a handler sees it (guard.c).
#pragma once
#include "base/arena.h"
#include "base/buf.h"
#include "common/ids.h"

typedef struct http_request http_request;
typedef struct http_response http_response;
typedef void http_handler(http_request *q, http_response *r);

enum { HTTP_MAX_PARAMS = 4, HTTP_MAX_QUERY = 32, HTTP_MAX_PARTS = 16, HTTP_MAX_HEADERS = 24 };

typedef struct {
    const char *name, *value;
} http_pair;

typedef struct {
    const char *name, *filename, *type; // filename "" for a plain field; type as the sender says, or ""
    buf data;
} http_part;

typedef enum {
    HTTP_NO_BODY,
    HTTP_JSON,
    HTTP_FORM_OR_JSON, // multipart/form-data or JSON
    HTTP_BYTES,
    HTTP_UNREAD // taken off the wire and not kept: the handler sees an empty body
} http_body;

// One row of the route table. What a request may cost, and who may make it, is said here and nowhere else.
typedef struct {
    const char *method, *path; // "/v1/avatars/{id}"
    const char *name;          // operationId in OpenAPI
    http_handler *handler;
    unsigned who;      // the application's bits: who may call
    const char *scope; // what an API key must be good for, or NULL
    unsigned cost;     // the application's cost class
    http_body body;
    size_t body_max; // bytes
} http_route;

struct http_request {
    arena *a; // all that the request needs, gone with it
    const http_route *route;
    const char *method, *path, *ip;
    const char *caller; // who answers for the memory that the body takes: the address, until the gate knows better;
                        // NULL: the house itself
    const char *param[HTTP_MAX_PARAMS]; // of the path, decoded, in order
    http_pair query[HTTP_MAX_QUERY];
    int query_count;
    buf body; // JSON or bytes as they came; ends with a zero that len leaves out
    http_part part[HTTP_MAX_PARTS];
    int part_count;
    bool is_form;
    char id[17]; // for logs and X-Request-Id
    void *app;   // http_config.app
    void *who;   // what the gate found out about the caller
    void *wire;
    int64_t began_ms;
};

// Header of the request, or NULL. Names in any case.
const char *http_header(const http_request *q, const char *name);
// The decoded value of a query parameter, or NULL.
const char *http_query(const http_request *q, const char *name);
const http_part *http_find_part(const http_request *q, const char *name);

// Called again and again, from another thread and never twice at once, until it returns true (then the response is
// complete) or the deadline passes, when it is called once more with last true.
typedef bool http_poll(http_request *q, http_response *r, bool last);

// Called by the thread that ran the handler when it has looked at every request that was ready with this one: completes
// the response and sets finish to NULL, for others' too if it likes, which are not asked any more then. Or, unless it
// is the last time, leaves that for when the thread has looked at those that became ready meanwhile.
typedef void http_finish(http_request *q, http_response *r, bool last);

struct http_response {
    int status; // 0 until a handler sets it
    const char *type;
    buf body;
    const void *fixed; // instead of body: bytes that outlive the request
    size_t fixed_len;
    int fd;                        // instead of both: a file, -1 for none; closed by the server
    uint64_t file_size, file_from; // bytes to send, and where they begin
    http_pair header[HTTP_MAX_HEADERS];
    int header_count;
    bool compress; // worth gzip when the client takes it
    // Not ready yet: set poll and poll_until. With stream the head goes out at once and each call appends to body what
    // is sent next (Server-Sent Events); without, the response waits (long polling).
    http_poll *poll;
    int64_t poll_until_ms; // of clock_mono_ms
    bool stream;
    // Or: the answer is being made by another thread, which calls http_answer, once, when it is complete.
    bool later;
    // Or: what this request wants is done for several at once.
    http_finish *finish;
};

// Completes a response that the handler left for later. May come before the handler has returned; afterwards the
// request is gone.
void http_answer(http_request *q);

// The client has closed its side: who waits in vain should be given nothing.
bool http_gone(const http_request *q);

void http_set(http_response *r, const char *name, const char *value); // both must outlive the request: arena or literal
// A body of JSON: the text is r->body, built by the handler.
void http_json(http_response *r, int status);
// application/problem+json (RFC 9457). kind is the last part of the stable type URI; field may be NULL.
void http_problem(http_request *q, http_response *r, int status, const char *kind, const char *field, const char *fmt,
                  ...) __attribute__((format(printf, 6, 7)));
// The problem an error of ours maps to.
void http_fail(http_request *q, http_response *r, const err *e);
// Sets ETag and answers 304 when If-None-Match has it: returns true then.
bool http_not_modified(http_request *q, http_response *r, const char *etag);
// Does the client take this coding ("gzip", "br")? A weight of zero refuses it.
bool http_accepts(const http_request *q, const char *coding);

typedef struct {
    const char *listen;       // "ADDR:PORT"; port 0 takes a free one
    const http_route *routes; // ended by a NULL method
    void *app;
    // On the head, before the body is read: authentication, limits. False when it answered.
    bool (*gate)(http_request *q, http_response *r);
    bool (*origin_allowed)(void *app, const char *origin); // CORS, exact
    // For paths no route has (static files); false: 404. May be NULL.
    bool (*fallback)(http_request *q, http_response *r);
    void (*done)(const http_request *q, int status, int64_t micros); // metrics and log; may be NULL
    unsigned threads;                                                // 0: four
    unsigned connections;                                            // at most at once; 0: 12000
    // Bytes of bodies held by all requests; 0: 256 MiB. One caller gets an eighth, or one body if that is longer.
    size_t body_budget;
    int head_seconds;      // a connection may take this long to send a head; 0: 15
    bool trust_proxy;      // take the client's address from the last X-Forwarded-For
    size_t request_memory; // ceiling of a request's arena; 0: 32 MiB
    bool own_memory;       // each request gets memory of its own, not an earlier one's (to test its refusal)
} http_config;

typedef struct http_server http_server;
bool http_start(const http_config *c, http_server **out, err *e) MUST_USE;
unsigned http_port(const http_server *s);
// Ask the pollers now rather than at the next tick (something they may wait for happened).
void http_wake(http_server *s);
int http_in_flight(const http_server *s);
// No new connections; waits for requests to end, at most so long, then stops.
void http_stop(http_server *s, int drain_ms);
