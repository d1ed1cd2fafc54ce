// Requests that share a commit, or a packet to the database. Where a commit waits for a disk or a database elsewhere, a
// thread of the kind's own writes, started by the first request, and what comes while one commit runs is in the next:
// nobody else waits. Where it waits for nothing, and for reads, handing requests to another thread and back would cost
// more than the work: then the thread that took them does what came in one round of its own.
#pragma once
#include "db/db.h"
#include "http/http.h"

typedef struct {
    http_request *q;
    http_response *r;
    void *work; // the kind's own; in q's arena
} together_one;

// Does what they all ask for and completes each one's response. What is in a is gone afterwards.
typedef void together_work(db *d, arena *a, const together_one *v, int count);

enum { TOGETHER_MOST = 256 }; // requests of one commit

typedef struct together together;
// heaviest: what the weights of one commit's requests may add up to; a heavier one comes alone. waits: see above.
together *together_new(db *d, together_work *work, int heaviest, bool waits);
void together_free(together *g); // no request may be waiting any more; NULL is fine
// Leaves the response for later (r->later, r->finish): it is complete when what it asks for is committed, or could not
// be. The handler does nothing after it.
void together_add(together *g, http_request *q, http_response *r, void *work, int weight);
