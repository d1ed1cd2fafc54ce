#include "api/stats.h"
#include "base/log.h"
#include "base/mem.h"
#include "common/text.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

enum { MAX_ROUTES = 128, BUCKETS = 10, ORIGINS_MS = 30000, MAX_ORIGINS = 2000 };
static const double BOUNDS[BUCKETS - 1] = { 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10 }; // seconds

struct api_stats {
    struct {
        atomic_ulong code[6]; // by hundreds
        atomic_ulong bucket[BUCKETS];
        atomic_ulong micros;
    } route[MAX_ROUTES + 1]; // the last: no route
    pthread_mutex_t lock;
    char *origins[MAX_ORIGINS];
    int origin_count;
    int64_t origins_at;
};

struct api_stats *stats_new(void)
{
    struct api_stats *s = mem_new(1, sizeof *s);
    pthread_mutex_init(&s->lock, NULL);
    s->origins_at = -ORIGINS_MS;
    return s;
}

void stats_free(struct api_stats *s)
{
    for (int i = 0; i < s->origin_count; i++) mem_free(s->origins[i]);
    pthread_mutex_destroy(&s->lock);
    mem_free(s);
}

void stats_count(struct api_stats *s, const http_request *q, int status, int64_t micros)
{
    long i = q->route ? q->route - api_routes : MAX_ROUTES;
    if (i < 0 || i > MAX_ROUTES) i = MAX_ROUTES;
    int hundred = status / 100;
    atomic_fetch_add(&s->route[i].code[hundred >= 1 && hundred <= 5 ? hundred : 0], 1);
    int b = 0;
    while (b < BUCKETS - 1 && (double)micros / 1e6 > BOUNDS[b]) b++;
    atomic_fetch_add(&s->route[i].bucket[b], 1);
    atomic_fetch_add(&s->route[i].micros, (unsigned long)micros);
}

void api_done(const http_request *q, int status, int64_t micros)
{
    stats_count(api_of(q)->stats, q, status, micros);
    // The template, not the path: no ids of people in the log, and no signed link's query.
    char code[INT_TEXT], ms[INT_TEXT], line[512];
    const char *const part[] = { "{\"at\":\"request\",\"id\":\"",
                                 q->id,
                                 "\",\"method\":\"",
                                 q->route ? q->route->method : "-",
                                 "\",\"route\":\"",
                                 q->route ? q->route->path : "-",
                                 "\",\"status\":",
                                 int_text(status, code),
                                 ",\"ms\":",
                                 int_text(micros / 1000, ms),
                                 "}" };
    char *at = line; // routes are ours, and short
    for (size_t i = 0; i < sizeof part / sizeof *part; i++) at = stpcpy(at, part[i]);
    log_line(LOG_INFO, line);
}

static bool routes(const struct api_stats *s, buf *b)
{
    bool ok = buf_printf(b, "# HELP http_requests_total Requests answered.\n# TYPE http_requests_total counter\n");
    for (int i = 0; ok && (i == MAX_ROUTES || api_routes[i].method); i++)
        for (int k = 0; ok && k < 6; k++) {
            unsigned long n = atomic_load(&s->route[i].code[k]);
            if (n)
                ok = buf_printf(b, "http_requests_total{method=\"%s\",route=\"%s\",code=\"%dxx\"} %lu\n",
                                api_routes[i].method, api_routes[i].path, k, n);
        }
    ok = ok && buf_printf(b, "# HELP http_request_duration_seconds Time from head to last byte queued.\n# TYPE "
                             "http_request_duration_seconds histogram\n");
    for (int i = 0; ok && api_routes[i].method; i++) {
        unsigned long total = 0;
        for (int k = 0; k < BUCKETS; k++) total += atomic_load(&s->route[i].bucket[k]);
        if (!total) continue;
        unsigned long sum = 0;
        for (int k = 0; ok && k < BUCKETS; k++) {
            sum += atomic_load(&s->route[i].bucket[k]);
            ok = k < BUCKETS - 1
                     ? buf_printf(b, "http_request_duration_seconds_bucket{route=\"%s %s\",le=\"%g\"} %lu\n",
                                  api_routes[i].method, api_routes[i].path, BOUNDS[k], sum)
                     : buf_printf(b, "http_request_duration_seconds_bucket{route=\"%s %s\",le=\"+Inf\"} %lu\n",
                                  api_routes[i].method, api_routes[i].path, sum);
        }
        ok = ok && buf_printf(b,
                              "http_request_duration_seconds_sum{route=\"%s %s\"} "
                              "%.6f\nhttp_request_duration_seconds_count{route=\"%s %s\"} %lu\n",
                              api_routes[i].method, api_routes[i].path, (double)atomic_load(&s->route[i].micros) / 1e6,
                              api_routes[i].method, api_routes[i].path, sum);
    }
    return ok;
}

static long resident_bytes(void)
{
    long pages = 0;
    FILE *f = fopen("/proc/self/statm", "r");
    if (!f) return 0;
    if (fscanf(f, "%*d %ld", &pages) != 1) pages = 0;
    fclose(f);
    return pages * 4096;
}

bool stats_print(api *p, buf *b)
{
    bool ok = buf_printf(b, "# HELP tryon_build_info The program that answers.\n# TYPE tryon_build_info "
                            "gauge\ntryon_build_info{version=\"0.1.0\"} 1\n") &&
              routes(p->stats, b) &&
              buf_printf(b,
                         "# HELP http_requests_in_flight Requests being answered.\n# TYPE http_requests_in_flight "
                         "gauge\nhttp_requests_in_flight %d\n",
                         p->http ? http_in_flight(p->http) : 0) &&
              buf_printf(b,
                         "# HELP process_resident_memory_bytes Resident memory.\n# TYPE process_resident_memory_bytes "
                         "gauge\nprocess_resident_memory_bytes %ld\n",
                         resident_bytes());
    arena *a = arena_new(1 << 20);
    db_queue_health h;
    err e = { 0 };
    if (ok && db_queue_look(p->d, a, "avatar", &h, &e))
        ok = buf_printf(b,
                        "# HELP tryon_job_queue_depth Jobs by state.\n# TYPE tryon_job_queue_depth gauge\n"
                        "tryon_job_queue_depth{queue=\"avatar\",state=\"queued\"} "
                        "%lld\ntryon_job_queue_depth{queue=\"avatar\",state=\"running\"} %lld\n"
                        "# HELP tryon_jobs_total Jobs that ended, and attempts that will be repeated.\n# TYPE "
                        "tryon_jobs_total counter\n"
                        "tryon_jobs_total{queue=\"avatar\",outcome=\"completed\"} "
                        "%lld\ntryon_jobs_total{queue=\"avatar\",outcome=\"failed\"} %lld\n"
                        "tryon_jobs_total{queue=\"avatar\",outcome=\"retried\"} %lld\n"
                        "# HELP tryon_job_oldest_age_seconds How long the oldest queued job has waited.\n# TYPE "
                        "tryon_job_oldest_age_seconds gauge\n"
                        "tryon_job_oldest_age_seconds{queue=\"avatar\"} %.3f\n",
                        (long long)h.queued, (long long)h.running, (long long)h.completed, (long long)h.failed,
                        (long long)h.retried, (double)h.oldest_ms / 1000);
    arena_free(a);
    return ok;
}

static void reload_origins(api *p) // under the lock
{
    struct api_stats *s = p->stats;
    arena *a = arena_new(8 << 20);
    const char **list;
    int n;
    err e = { 0 };
    if (db_key_origins(p->d, a, NULL, &list, &n, &e)) {
        for (int i = 0; i < s->origin_count; i++) mem_free(s->origins[i]);
        s->origin_count = 0;
        for (int i = 0; i < n; i++) {
            json_t *j = api_parse(list[i]);
            for (size_t k = 0; k < json_array_size(j) && s->origin_count < MAX_ORIGINS; k++) {
                const char *o = json_string_value(json_array_get(j, k));
                if (o) s->origins[s->origin_count++] = mem_strdup(o);
            }
            json_decref(j);
        }
    } else {
        log_say(LOG_WARN, "origins: %s", e.msg); // the list of before stays in force
    }
    arena_free(a);
}

bool stats_origin_known(api *p, const char *origin)
{
    struct api_stats *s = p->stats;
    pthread_mutex_lock(&s->lock);
    int64_t now = clock_mono_ms();
    if (now - s->origins_at >= ORIGINS_MS) {
        s->origins_at = now;
        reload_origins(p);
    }
    bool known = false;
    for (int i = 0; i < s->origin_count && !known; i++) known = !strcmp(s->origins[i], origin);
    pthread_mutex_unlock(&s->lock);
    return known;
}
