// Events of many requests, committed together: what comes while one commit runs is in the next. The one thread that
// writes them is started by the first event.
#pragma once
#include "db/db.h"
#include "http/http.h"

typedef struct ingest ingest;
ingest *ingest_new(db *d);
void ingest_free(ingest *g); // no request may be waiting any more; NULL is fine
// Leaves the response for later (r->later) and answers it when the events are committed. Events live in q's arena.
void ingest_add(ingest *g, http_request *q, http_response *r, const char *brand, const db_event *v, int count);
