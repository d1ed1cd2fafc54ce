#include "api/ingest.h"
#include "base/mem.h"

#include <pthread.h>

enum { REQUESTS = 256, EVENTS = 2000 }; // of one commit

typedef struct pending {
    struct pending *next;
    http_request *q;
    http_response *r;
    const char *brand;
    const db_event *events;
    int count;
} pending;

struct ingest {
    db *d;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    pthread_t thread;
    pending *first, *last;
    bool started, stop;
};

static void answer(const pending *w, const db_event_batch *b)
{
    if (!b->ok) {
        http_fail(w->q, w->r, &b->e);
    } else {
        http_json(w->r, 202);
        if (!buf_printf(&w->r->body, "{\"accepted\":%d,\"repeated\":%d}", b->added, b->count - b->added))
            w->r->status = 0;
    }
    http_answer(w->q);
}

static void commit(ingest *g, pending *list, int count)
{
    arena *a = arena_new((size_t)64 << 20);
    db_event_batch batch[REQUESTS];
    int n = 0;
    for (const pending *w = list; n < count; w = w->next)
        batch[n++] = (db_event_batch){ .brand = w->brand, .events = w->events, .count = w->count };
    db_events_add_all(g->d, a, batch, n);
    for (int i = 0; i < n; i++) {
        pending *next = list->next; // the request, and list with it, is gone once it is answered
        answer(list, &batch[i]);
        list = next;
    }
    arena_free(a);
}

static void *work(void *ctx)
{
    ingest *g = ctx;
    pthread_mutex_lock(&g->lock);
    while (!g->stop || g->first) {
        if (!g->first) {
            pthread_cond_wait(&g->wake, &g->lock);
            continue;
        }
        pending *list = g->first, *end = list;
        int requests = 1, events = list->count;
        for (; end->next && requests < REQUESTS && events + end->next->count <= EVENTS; end = end->next) {
            requests++;
            events += end->next->count;
        }
        g->first = end->next;
        pthread_mutex_unlock(&g->lock);
        commit(g, list, requests);
        pthread_mutex_lock(&g->lock);
    }
    pthread_mutex_unlock(&g->lock);
    return NULL;
}

ingest *ingest_new(db *d)
{
    ingest *g = mem_new(1, sizeof *g);
    g->d = d;
    pthread_mutex_init(&g->lock, NULL);
    pthread_cond_init(&g->wake, NULL);
    return g;
}

void ingest_free(ingest *g)
{
    if (!g) return;
    pthread_mutex_lock(&g->lock);
    g->stop = true;
    bool started = g->started;
    pthread_cond_signal(&g->wake);
    pthread_mutex_unlock(&g->lock);
    if (started) pthread_join(g->thread, NULL);
    pthread_mutex_destroy(&g->lock);
    pthread_cond_destroy(&g->wake);
    mem_free(g);
}

void ingest_add(ingest *g, http_request *q, http_response *r, const char *brand, const db_event *v, int count)
{
    pending *w = arena_array(q->a, pending, 1);
    err e = { 0 };
    bool ok = w || fail(&e, ERR_MEMORY, "no memory for the events");
    if (ok) {
        *w = (pending){ .q = q, .r = r, .brand = brand, .events = v, .count = count };
        r->later = true; // from here on the answer may come at any time
        pthread_mutex_lock(&g->lock);
        if (!g->started) g->started = pthread_create(&g->thread, NULL, work, g) == 0;
        ok = g->started || fail(&e, ERR_BUSY, "no thread for the events");
        if (ok) {
            if (g->first)
                g->last->next = w;
            else
                g->first = w;
            g->last = w;
            pthread_cond_signal(&g->wake);
        }
        pthread_mutex_unlock(&g->lock);
    }
    if (ok) return;
    r->later = false;
    http_fail(q, r, &e);
}
