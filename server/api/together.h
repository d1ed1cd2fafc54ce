// Requests whose writes share a commit: what comes while one commit runs is in the next. Each kind has one thread that
// writes, started by the first request.
#pragma once
#include "db/db.h"
#include "http/http.h"

typedef struct {
    http_request *q;
    http_response *r;
    void *work; // the kind's own; in q's arena
} together_one;

// Writes what they all ask for and completes each one's response. What is in a is gone afterwards.
typedef void together_write(db *d, arena *a, const together_one *v, int count);

enum { TOGETHER_MOST = 256 }; // requests of one commit

typedef struct together together;
// heaviest: what the weights of one commit's requests may add up to; a heavier one comes alone.
together *together_new(db *d, together_write *write, int heaviest);
void together_free(together *g); // no request may be waiting any more; NULL is fine
// Leaves the response for later (r->later) and answers when what it asks for is committed, or could not be.
void together_add(together *g, http_request *q, http_response *r, void *work, int weight);
