// The memory that bodies take. They are counted when their length is told, before a byte of them is here: a caller
// could reserve all there is with a few sockets and a promise each. So one gets a part of it.
#include "http/wire.h"

enum { CALLERS_PART = 8 };

static atomic_size_t *share_of(http_server *s, const char *caller)
{
    uint64_t h = 14695981039346656037u ^ s->share_key; // FNV-1a
    for (const char *p = caller; *p; p++) h = (h ^ (unsigned char)*p) * 1099511628211u;
    return &s->shares[(h ^ h >> 32) % SHARES];
}

// Adds n to the count unless that would pass most; what is longer than that alone is let in when nothing else is.
static bool add(atomic_size_t *count, size_t n, size_t most, bool alone)
{
    size_t had = atomic_fetch_add(count, n);
    if (had + n <= most || (alone && !had)) return true;
    atomic_fetch_sub(count, n);
    return false;
}

bool wire_hold(wire *w, size_t n)
{
    http_server *s = w->server;
    atomic_size_t *share = n && w->q.caller ? share_of(s, w->q.caller) : NULL;
    if (share && !add(share, n, s->c.body_budget / CALLERS_PART, true)) return false;
    if (!add(&s->bodies, n, s->c.body_budget, false)) {
        if (share) atomic_fetch_sub(share, n);
        return false;
    }
    w->held = n;
    w->share = share;
    return true;
}

void wire_let_go(wire *w)
{
    atomic_fetch_sub(&w->server->bodies, w->held);
    if (w->share) atomic_fetch_sub(w->share, w->held);
}
