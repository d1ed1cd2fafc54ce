#include "api/together.h"
#include "base/mem.h"

#include <pthread.h>
#include <time.h>

enum { ROUNDS = 10 }; // that a thread looks for more, a microsecond or two each when there is none
// For which the committing thread waits before a commit, when the one before had several: there will be more, and a
// commit costs the processor as much as three of them. Who is alone never waits.
static const struct timespec MOMENT = { .tv_nsec = 700000 };

typedef struct pending {
    struct pending *next;
    together_one one;
    int weight;
} pending;

struct together {
    db *d;
    together_work *work;
    int heaviest;
    bool waits;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    pthread_t thread;
    pending *first, *last;
    bool started, stop;
};

// What this thread's round has come upon so far.
static _Thread_local struct {
    together *g;
    int count, weight;
    int waited; // rounds, for more
    together_one v[TOGETHER_MOST];
} here;

static void do_all(together *g, const together_one *v, int n)
{
    arena *a = arena_new((size_t)64 << 20);
    g->work(g->d, a, v, n);
    arena_free(a);
}

static void do_round(void)
{
    int n = here.count;
    here.count = here.weight = here.waited = 0;
    do_all(here.g, here.v, n);
    for (int i = 0; i < n; i++) here.v[i].r->finish = NULL;
}

// The first of them decides: it is asked once a round. What becomes ready meanwhile comes along, so that a commit has
// twice as many; an only request does not wait.
static void finish(http_request *q, http_response *r, bool last)
{
    (void)r;
    if (!last && (q != here.v[0].q || (here.count > 1 && here.waited++ < ROUNDS))) return;
    do_round();
}

static void add_to_round(together *g, http_request *q, http_response *r, void *work, int weight)
{
    bool full = here.count == TOGETHER_MOST || here.weight + weight > g->heaviest;
    if (here.count && (here.g != g || full)) do_round();
    here.g = g;
    here.v[here.count++] = (together_one){ q, r, work };
    here.weight += weight;
    r->finish = finish;
}

static void *writer(void *ctx)
{
    together *g = ctx;
    together_one v[TOGETHER_MOST];
    int n = 0;
    pthread_mutex_lock(&g->lock);
    while (!g->stop || g->first) {
        if (!g->first) {
            pthread_cond_wait(&g->wake, &g->lock);
            continue;
        }
        if (n > 1) {
            pthread_mutex_unlock(&g->lock);
            nanosleep(&MOMENT, NULL);
            pthread_mutex_lock(&g->lock);
        }
        int weight = 0;
        n = 0;
        while (g->first && n < TOGETHER_MOST && (!n || weight + g->first->weight <= g->heaviest)) {
            weight += g->first->weight;
            v[n++] = g->first->one;
            g->first = g->first->next;
        }
        pthread_mutex_unlock(&g->lock);
        do_all(g, v, n);
        for (int i = 0; i < n; i++) http_answer(v[i].q); // the request is gone then
        pthread_mutex_lock(&g->lock);
    }
    pthread_mutex_unlock(&g->lock);
    return NULL;
}

together *together_new(db *d, together_work *work, int heaviest, bool waits)
{
    together *g = mem_new(1, sizeof *g);
    g->d = d;
    g->work = work;
    g->heaviest = heaviest;
    g->waits = waits;
    pthread_mutex_init(&g->lock, NULL);
    pthread_cond_init(&g->wake, NULL);
    return g;
}

void together_free(together *g)
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

void together_add(together *g, http_request *q, http_response *r, void *work_, int weight)
{
    if (!g->waits) return add_to_round(g, q, r, work_, weight);
    pending *w = arena_array(q->a, pending, 1);
    err e = { 0 };
    bool ok = w || fail(&e, ERR_MEMORY, "no memory for the request");
    if (ok) {
        *w = (pending){ .one = { q, r, work_ }, .weight = weight };
        r->later = true; // from here on the answer may come at any time
        pthread_mutex_lock(&g->lock);
        if (!g->started) g->started = pthread_create(&g->thread, NULL, writer, g) == 0;
        ok = g->started || fail(&e, ERR_BUSY, "no thread to write with");
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
