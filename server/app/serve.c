#include "app/app.h"
#include "app/demo.h"
#include "app/lines.h"
#include "app/open.h"
#include "api/api.h"
#include "base/log.h"
#include "base/mem.h"
#include "common/json_scratch.h"
#include "jobs/worker.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

enum {
    MAX_WORKERS = 64,
    DRAIN_MS = 25000,
    SWEEP_MS = 1000,
    CLEAR_MS = 1000,
    TELL_MS = 10000,
    BLOBS_EVERY = 60,
    GRACE_MS = 3600000
};

static const char *env(const char *name)
{
    const char *v = getenv(name);
    return v && *v ? v : NULL;
}

static void say(void *ctx, log_level level, const char *text)
{
    (void)ctx;
    static const char *const words[] = { "debug", "info", "warn", "error" };
    if (level == LOG_DEBUG) return;
    if (*text == '{') { // a line that is JSON already
        lines_say(text, level == LOG_INFO);
        return;
    }
    json_t *j = json_pack("{s:s, s:s}", "level", words[level], "message", text);
    char *line = j ? json_dumps(j, JSON_COMPACT) : NULL;
    lines_say(line ? line : "{\"level\":\"error\",\"message\":\"(a message that is not UTF-8)\"}", false);
    mem_free(line);
    json_decref(j);
}

static int complain(const err *e)
{
    fprintf(stderr, "tryon: %s\n", e->msg);
    return e->code == ERR_INPUT ? 2 : 1;
}

typedef struct {
    pthread_t thread;
    worker_config c;
} worker_thread;

static void *work(void *ctx)
{
    worker_run(&((worker_thread *)ctx)->c);
    return NULL;
}

static worker_thread *hire(const worker_config *c, int n)
{
    worker_thread *w = mem_array(worker_thread, (size_t)n + 1);
    for (int i = 0; i < n; i++) {
        w[i].c = *c;
        if (*c->id && n > 1) snprintf(w[i].c.id, sizeof w[i].c.id, "%.50s-%d", c->id, i);
        if (pthread_create(&w[i].thread, NULL, work, &w[i])) {
            fprintf(stderr, "tryon: cannot start a worker thread\n");
            exit(1);
        }
    }
    return w;
}

typedef struct {
    api *p;
    int64_t grace_ms;
    int every; // rounds between two looks for unwanted objects
    atomic_bool *stop;
    pthread_mutex_t lock;
    pthread_cond_t wake;
} sweeper;

// One round. Objects that are left over go on in the next, so that jobs never wait long for theirs.
static void sweep_once(const sweeper *s, bool due, bool *more)
{
    const job_plane *p = &s->p->plane;
    err e = { 0 };
    int64_t moved = 0, removed = 0;
    if (!plane_sweep(p, api_tell, s->p, clock_mono_ms() + TELL_MS, &moved, &e)) log_say(LOG_WARN, "sweep: %s", e.msg);
    if (moved && s->p->http) http_wake(s->p->http);
    if (due && !plane_expire(p, &e)) log_say(LOG_WARN, "sweep: %s", e.msg); // its objects go with the next lines
    if ((due || *more) && !plane_clear(p, s->grace_ms, clock_mono_ms() + CLEAR_MS, &removed, more, &e))
        log_say(LOG_WARN, "sweep: %s", e.msg);
    if (removed) log_say(LOG_INFO, "sweep: %lld objects removed", (long long)removed);
    db_rest(p->d);
}

static void *sweep(void *ctx)
{
    sweeper *s = ctx;
    bool more = false;
    pthread_mutex_lock(&s->lock);
    for (int round = 0; !atomic_load(s->stop); round++) {
        pthread_mutex_unlock(&s->lock);
        sweep_once(s, round % s->every == 0, &more);
        pthread_mutex_lock(&s->lock);
        if (!atomic_load(s->stop)) clock_wait(&s->wake, &s->lock, clock_mono_ms() + SWEEP_MS);
    }
    pthread_mutex_unlock(&s->lock);
    return NULL;
}

static jwt_verifier *verifier(void)
{
    const char *url = env("SUPABASE_URL"), *secret = env("SUPABASE_JWT_SECRET");
    if (!url && !secret) return NULL;
    char jwks[600], issuer[600];
    snprintf(jwks, sizeof jwks, "%s/auth/v1/.well-known/jwks.json", url ? url : "");
    snprintf(issuer, sizeof issuer, "%s/auth/v1", url ? url : "");
    return jwt_new(&(jwt_config){
        .hs256_secret = secret, .jwks_url = url ? jwks : NULL, .issuer = url ? issuer : env("SUPABASE_JWT_ISSUER") });
}

static void block_signals(sigset_t *set)
{
    sigemptyset(set);
    sigaddset(set, SIGTERM);
    sigaddset(set, SIGINT);
    pthread_sigmask(SIG_BLOCK, set, NULL); // every thread inherits it; one waits for them
    signal(SIGPIPE, SIG_IGN);
}

static bool seed(app_stores *st, err *e)
{
    char secret[64];
    uuid_text brand;
    arena *a = arena_new(16 << 20);
    bool ok = demo_seed(st, a, secret, brand, e);
    if (ok && *secret)
        fprintf(stderr, "tryon: the demo shop is made; its secret key, for the console, is shown this once: %s\n",
                secret);
    arena_free(a);
    return ok;
}

// The origin of an address, after a blank when another stands in out already; one that is there is not put again.
static void add_origin(const char *url, char *out, size_t size)
{
    const char *host = url ? strstr(url, "://") : NULL;
    size_t n = host ? (size_t)(host + 3 - url) + strcspn(host + 3, "/") : 0, had = strlen(out);
    if (!n || (had == n && !memcmp(out, url, n))) return;
    if (had + 1 + n < size) snprintf(out + had, size - had, "%s%.*s", had ? " " : "", (int)n, url);
}

// Where pages must be allowed to fetch from beside this server: signed links, when objects are not on this machine, and
// the sign-in service.
static const char *other_origins(app_stores *st, char *out, size_t size)
{
    buf url = buf_new(8192);
    err e = { 0 };
    *out = 0;
    if (blob_link(st->blobs, "GET", "avatars", "probe/probe", 60, &url, &e) && buf_append(&url, "", 1))
        add_origin((const char *)url.data, out, size);
    buf_free(&url);
    add_origin(env("SUPABASE_URL"), out, size);
    return *out ? out : NULL;
}

// With RUNPOD_ENDPOINT_ID and RUNPOD_API_KEY, jobs are done there; *hold then keeps this program's own workers back.
static bool at_runpod(api *p, const app_stores *st, atomic_bool *hold, err *e)
{
    const char *endpoint = env("RUNPOD_ENDPOINT_ID"), *key = env("RUNPOD_API_KEY"), *wait = env("RUNPOD_QUEUE_SECONDS"),
               *rest = env("RUNPOD_REST_SECONDS"), *most = env("RUNPOD_CONCURRENCY"),
               *base = env("RUNPOD_ENDPOINT_BASE_URL");
    if (!endpoint || !key) return true;
    if (!p->c.public_url && blob_is_local(st->blobs))
        return fail(e, ERR_INPUT,
                    "RUNPOD_ENDPOINT_ID needs PUBLIC_URL: RunPod's workers fetch photos and bring results there");
    cloud_config c = { .plane = p->plane,
                       .queue = "avatar",
                       .base = base ? base : "https://api.runpod.ai/v2",
                       .endpoint = endpoint,
                       .key = key,
                       .public_url = p->c.public_url,
                       .secret = st->link_key,
                       .at_once = most ? (int)strtol(most, NULL, 10) : 0,
                       .queue_ms = wait ? strtoll(wait, NULL, 10) * 1000 : 0,
                       .rest_ms = rest ? strtoll(rest, NULL, 10) * 1000 : 0,
                       .ended = api_tell,
                       .ended_ctx = p,
                       .hold = hold,
                       .stopping = &p->draining };
    c.plane.link_base = p->c.public_url;
    atomic_store(hold, true); // from the first job on
    return cloud_start(&c, &p->cloud, e);
}

// Threads that take requests. Where database and objects are this machine's a handler waits for next to nothing, and
// fewer threads have more requests in a round. One that waits for another machine holds up the others of its thread.
static unsigned listeners(const app_stores *st)
{
    enum { FEWEST = 2, MOST = 8 };
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    unsigned n = cores < FEWEST ? FEWEST : cores > MOST ? MOST : (unsigned)cores;
    return db_is_far(st->d) || !blob_is_local(st->blobs) ? 2 * n : n;
}

static bool serve(const app_options *o, app_stores *st, sigset_t *set, err *e)
{
    char listen[80], origin[120];
    snprintf(listen, sizeof listen, "0.0.0.0:%s", env("PORT") ? env("PORT") : "8080");
    const char *rate = env("TRYON_RATE"), *lease = env("TRYON_LEASE_MS");
    api_config c = { .public_url = env("PUBLIC_URL"),
                     .worker_key = st->worker_key,
                     .operator_key = st->operator_key,
                     .metrics_token = env("TRYON_METRICS_TOKEN"),
                     .origins = env("CORS_ORIGINS"),
                     .rate = rate ? strtod(rate, NULL) : 1,
                     .pepper = st->pepper,
                     .shopify_id = env("SHOPIFY_API_KEY"),
                     .shopify_secrets = env("SHOPIFY_API_SECRET"),
                     .shopify_base = env("SHOPIFY_BASE_URL"),
                     .page_key = st->link_key };
    int applied;
    if (!db_migrate(st->d, &applied, e) || (o->demo && !seed(st, e))) return false;
    char others[300];
    site *pages = NULL;
    if (o->web && !site_open(o->web, other_origins(st, others, sizeof others), &pages, e)) return false;
    jwt_verifier *jwt = verifier();
    api *p = api_new(&c, st->d, st->blobs, o->handlers, jwt);
    p->site = pages;
    p->plane.keep_photos = env("TRYON_KEEP_PHOTOS") != NULL;
    if (lease) p->plane.lease_ms = strtoll(lease, NULL, 10);
    http_config h = { .listen = o->listen ? o->listen : listen,
                      .routes = api_routes,
                      .app = p,
                      .gate = api_gate,
                      .origin_allowed = api_origin_allowed,
                      .fallback = api_page,
                      .done = api_done,
                      .threads = listeners(st),
                      .trust_proxy = env("TRUST_PROXY") != NULL };
    atomic_bool hold = false;
    bool ok = at_runpod(p, st, &hold, e) && http_start(&h, &p->http, e);
    if (ok) {
        atomic_bool stop = false;
        const char *grace = env("TRYON_GRACE_MS");
        sweeper s = { .p = p,
                      .stop = &stop,
                      .grace_ms = grace ? strtoll(grace, NULL, 10) : GRACE_MS,
                      .every = grace ? 1 : BLOBS_EVERY };
        pthread_mutex_init(&s.lock, NULL);
        pthread_cond_init(&s.wake, NULL);
        pthread_t sweep_thread;
        bool sweeping = pthread_create(&sweep_thread, NULL, sweep, &s) == 0;
        int n = o->workers < 0 ? 1 : o->workers > MAX_WORKERS ? MAX_WORKERS : o->workers;
        worker_config w = { .handlers = o->handlers,
                            .stop = &stop,
                            .hold = &hold,
                            .trusted = env("S3_ENDPOINT") ? env("S3_ENDPOINT") : env("SUPABASE_URL") };
        snprintf(origin, sizeof origin, "http://127.0.0.1:%u", http_port(p->http));
        worker_urls(&w, origin, "avatar");
        snprintf(w.key, sizeof w.key, "%s", st->worker_key);
        worker_thread *threads = hire(&w, n);
        fprintf(stderr, "tryon: serving on http://127.0.0.1:%u with %d worker%s\n", http_port(p->http), n,
                n == 1 ? "" : "s");
        int got;
        sigwait(set, &got);
        // Drain: say not ready, take no new jobs, let requests and the jobs in hand end, then go.
        log_say(LOG_INFO, "stopping: no new requests; those running may end");
        atomic_store(&p->draining, true);
        pthread_mutex_lock(&s.lock);
        atomic_store(&stop, true);
        pthread_cond_broadcast(&s.wake);
        pthread_mutex_unlock(&s.lock);
        for (int i = 0; i < n; i++) pthread_join(threads[i].thread, NULL);
        if (sweeping) pthread_join(sweep_thread, NULL);
        http_stop(p->http, DRAIN_MS);
        p->http = NULL;
        mem_free(threads);
        pthread_mutex_destroy(&s.lock);
        pthread_cond_destroy(&s.wake);
    }
    cloud_stop(p->cloud);
    api_free(p);
    site_close(pages);
    jwt_free(jwt);
    return ok;
}

int app_serve(const app_options *o)
{
    err e = { 0 };
    app_stores st;
    sigset_t set;
    log_set_sink(say, NULL);
    json_scratch_begin();
    block_signals(&set);
    prctl(PR_SET_DUMPABLE, 0); // memory holds photos of people: no core files
    if (!app_open(o->data ? o->data : "data", &st, &e)) return complain(&e);
    lines_start();
    bool ok = serve(o, &st, &set, &e);
    lines_stop();
    app_close(&st);
    return ok ? 0 : complain(&e);
}

static atomic_bool worker_stop;
static void on_signal(int s)
{
    (void)s;
    atomic_store(&worker_stop, true);
}

int app_worker(const char *server, const char *key, int threads, const job_handlers *handlers)
{
    log_set_sink(say, NULL);
    json_scratch_begin();
    prctl(PR_SET_DUMPABLE, 0);
    signal(SIGPIPE, SIG_IGN);
    struct sigaction a = { .sa_handler = on_signal };
    sigaction(SIGTERM, &a, NULL);
    sigaction(SIGINT, &a, NULL);
    worker_config w = { .handlers = handlers, .stop = &worker_stop, .trusted = env("TRYON_TRUSTED_ORIGINS") };
    if (server || !worker_from_environment(&w)) {
        worker_urls(&w, server ? server : "http://127.0.0.1:8080", "avatar");
        if (!key) key = env("TRYON_WORKER_KEY");
        if (!key) {
            fprintf(
                stderr,
                "tryon: a worker needs its server's key: TRYON_WORKER_KEY (worker_key in the server's secrets.json)\n");
            return 2;
        }
        snprintf(w.key, sizeof w.key, "%s", key);
    }
    int n = threads < 1 ? 1 : threads > MAX_WORKERS ? MAX_WORKERS : threads;
    worker_thread *t = hire(&w, n);
    for (int i = 0; i < n; i++) pthread_join(t[i].thread, NULL);
    mem_free(t);
    return 0;
}

int app_migrate(const char *data)
{
    err e = { 0 };
    app_stores st;
    int applied;
    if (!app_open(data ? data : "data", &st, &e)) return complain(&e);
    bool ok = db_migrate(st.d, &applied, &e);
    if (ok)
        printf("%d migration%s applied; the database is at version %d\n", applied, applied == 1 ? "" : "s",
               db_schema_version(st.d));
    app_close(&st);
    return ok ? 0 : complain(&e);
}

static bool brand_create(app_stores *st, arena *a, int argc, const char *const *argv, err *e)
{
    uuid_text id, key_id;
    char secret[64], publishable[64] = "";
    json_t *origins = json_array();
    for (int i = 1; i < argc; i++) json_array_append_new(origins, json_string(argv[i]));
    char *list = json_dumps(origins, JSON_COMPACT);
    api *p = api_new(&(api_config){ 0 }, st->d, st->blobs, NULL, NULL);
    bool ok =
        db_brand_create(st->d, a, argv[0], NULL, -1, id, e) &&
        api_key_make(p, a, id, true, "[\"garments\",\"events\",\"analytics\",\"keys\"]", "[]", secret, key_id, e) &&
        (argc == 1 || api_key_make(p, a, id, false, "[]", list, publishable, key_id, e));
    if (ok) {
        json_t *j = json_pack("{s:s, s:s, s:s, s:o}", "id", id, "name", argv[0], "secret_key", secret,
                              "publishable_key", *publishable ? json_string(publishable) : json_null());
        json_dumpf(j, stdout, JSON_INDENT(2));
        printf("\n");
        json_decref(j);
    }
    api_free(p);
    mem_free(list);
    json_decref(origins);
    return ok;
}

static bool brand_demo(app_stores *st, arena *a, err *e)
{
    char secret[64];
    uuid_text brand;
    if (!demo_seed(st, a, secret, brand, e)) return false;
    json_t *j = json_pack("{s:s, s:s?}", "id", brand, "secret_key", *secret ? secret : NULL);
    json_dumpf(j, stdout, JSON_INDENT(2));
    printf("\n");
    json_decref(j);
    return true;
}

static bool brand_list(app_stores *st, arena *a, err *e)
{
    db_brand *list;
    int n;
    if (!db_brand_list(st->d, a, &list, &n, e)) return false;
    json_t *items = json_array();
    for (int i = 0; i < n; i++)
        json_array_append_new(items, json_pack("{s:s, s:s}", "id", list[i].id, "name", list[i].name));
    json_dumpf(items, stdout, JSON_INDENT(2));
    printf("\n");
    json_decref(items);
    return true;
}

int app_brand(const char *data, int argc, const char *const *argv)
{
    err e = { 0 };
    app_stores st;
    int applied;
    bool create = argc >= 2 && !strcmp(argv[0], "create"), list = argc == 1 && !strcmp(argv[0], "list"),
         demo = argc == 1 && !strcmp(argv[0], "demo");
    if (!create && !list && !demo) {
        fprintf(stderr, "usage: tryon brand create NAME [ORIGIN…] | tryon brand list | tryon brand demo\n");
        return 2;
    }
    if (!app_open(data ? data : "data", &st, &e)) return complain(&e);
    arena *a = arena_new(16 << 20);
    bool ok = db_migrate(st.d, &applied, &e) && (create ? brand_create(&st, a, argc - 1, argv + 1, &e)
                                                 : list ? brand_list(&st, a, &e)
                                                        : brand_demo(&st, a, &e));
    arena_free(a);
    app_close(&st);
    return ok ? 0 : complain(&e);
}
