// Inside the room: a request as it is on the wire, and the server that has it.
#pragma once
#include "http/http.h"
#include "http/multipart.h"

#include <microhttpd.h>
#include <pthread.h>
#include <stdatomic.h>

enum { SHARES = 4096 };

// One connection, from accept to close.
typedef struct link_ {
    struct link_ *prev, *next;
    int fd;
    atomic_int_least64_t deadline_ms; // of the phase it is in; 0: none (a handler of ours has it)
} link_;

// One request on the wire.
typedef struct wire {
    http_request q;
    http_response r;
    struct http_server *server;
    struct MHD_Connection *c;
    multipart form;
    size_t held;          // bytes of body counted against the budget
    atomic_size_t *share; // and against the caller's share of it; NULL: against nobody's
    bool refused;         // answered on its head: the rest is not read
    bool queued;          // the response is with the library
    bool whole;           // the body is here
    bool polled;          // it waits, or waited: the ticker knows it
    bool round;           // it is finished together with others of its thread
    // Waiting: all under server->lock.
    struct wire *next_waiting, *prev_waiting;
    bool waiting, suspended, complete, asking;
    bool deferred;           // another thread answers
    size_t sent;             // of r.body, when streaming
    struct wire *next_spare; // of the server's spare ones
} wire;

struct http_server {
    http_config c;
    struct MHD_Daemon *daemon;
    unsigned port;
    pthread_mutex_t lock;
    pthread_cond_t tick;
    pthread_t ticker;
    bool woken, stopping;
    wire *waiting;
    link_ *links;
    atomic_int in_flight;
    int deferred; // requests that another thread answers
    pthread_mutex_t spare_lock;
    wire *spare; // kept for requests to come, with their arenas and buffers
    int spares;
    atomic_uint_least64_t request_id;
    atomic_size_t bodies;
    // How much of that each caller holds, by a keyed hash of its name: two that meet share a share.
    uint64_t share_key;
    atomic_size_t shares[SHARES];
};

// The phase that the request's connection is in may last so long; 0: as long as it takes.
void wire_deadline(wire *w, int64_t ms);
// Hands the response to the library (reply.c).
enum MHD_Result wire_reply(wire *w);
// Room for n bytes of body until wire_let_go; false: the caller has its part of it already, or all is taken (hold.c).
bool wire_hold(wire *w, size_t n) MUST_USE;
void wire_let_go(wire *w);
// A listening socket at "ADDR:PORT"; *port is the one it got (listen.c).
bool listen_on(const char *where, int *out, unsigned *port, err *e) MUST_USE;
