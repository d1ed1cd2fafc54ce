#include "jobs/cloud.h"
#include "base/log.h"
#include "base/mem.h"
#include "common/text.h"
#include "net/fetch.h"

#include <jansson.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

enum { MOST = 200, TICK_MS = 500, BEAT_MS = 10000, REPLY_MAX = 4 << 20, CALL_MS = 15000, GRACE_S = 60 };

// One job there.
typedef struct {
    char id[128], there[128];           // our name and theirs; there "": free
    int64_t given_ms, ask_ms, heard_ms; // of the monotonic clock: when it was given, when to ask next, last answer
    int64_t wait_ms;                    // between two questions
    bool running;                       // a worker there has it
} errand;

struct cloud {
    cloud_config c;
    char worker[64]; // what we are called in our own queue
    pthread_t thread;
    pthread_mutex_t lock; // of what follows
    pthread_cond_t wake;
    bool stop;
    char news[MOST][128];
    int news_count;
    // The thread's own.
    errand errands[MOST];
    int64_t rest_until_ms, beat_ms;
};

// --- RunPod's client interface ---------------------------------------------------------------------------------------

// True when it answered 200 with a JSON object; *status is 0 when nothing came. Decref *out.
static bool call(const cloud *c, const char *method, const char *verb, const char *id, const char *body, json_t **out,
                 int *status)
{
    buf url = buf_new(2048);
    fetch_response r = { .body = buf_new(REPLY_MAX) };
    char authorization[300];
    const char *headers[] = { authorization, "Content-Type: application/json", NULL };
    err e = { 0 };
    *out = NULL;
    *status = 0;
    snprintf(authorization, sizeof authorization, "Authorization: Bearer %s", c->c.key);
    bool ok = buf_printf(&url, "%s/", c->c.base) && percent_encode(&url, c->c.endpoint, strlen(c->c.endpoint), false) &&
              buf_printf(&url, "/%s", verb) &&
              (!id || (buf_printf(&url, "/") && percent_encode(&url, id, strlen(id), false))) &&
              buf_append(&url, "", 1);
    ok = ok && fetch(&(fetch_request){ .method = method,
                                       .url = (char *)url.data,
                                       .headers = headers,
                                       .body = body,
                                       .body_len = body ? strlen(body) : 0,
                                       .timeout_ms = CALL_MS },
                     &r, &e);
    if (ok) {
        *status = r.status;
        json_t *j = r.status == 200 ? json_loadb((const char *)r.body.data, r.body.len, 0, NULL) : NULL;
        if (json_is_object(j))
            *out = j;
        else
            json_decref(j);
    }
    // The path names no secret; the key is in a header and the links in a body.
    if (!*out && *status != 404) log_say(LOG_WARN, "RunPod: %s was answered %d %s", verb, *status, e.msg);
    buf_free(&url);
    buf_free(&r.body);
    return *out != NULL;
}

static void call_off(const cloud *c, const errand *x)
{
    json_t *j;
    int status;
    if (!call(c, "POST", "cancel", x->there, "{}", &j, &status) && status != 404)
        log_say(LOG_WARN, "RunPod: job %s could not be called off; its result will not be taken", x->id);
    json_decref(j);
}

// --- our side --------------------------------------------------------------------------------------------------------

static void token_of(const cloud *c, const char *job, char out[44])
{
    uint8_t mac[32];
    char text[160];
    int n = snprintf(text, sizeof text, "runpod\n%s", job);
    hmac_sha256(c->c.secret, strlen(c->c.secret), text, (size_t)n, mac);
    base64url_encode(mac, 32, out);
}

bool cloud_news(cloud *c, const char *job, const char *token)
{
    char want[44];
    if (strlen(job) >= sizeof c->news[0] || strlen(token) != 43) return false;
    token_of(c, job, want);
    if (!equal_secret(want, token, 43)) return false;
    pthread_mutex_lock(&c->lock);
    // Should the list be full, the next round asks anyway.
    if (c->news_count < MOST) snprintf(c->news[c->news_count++], sizeof c->news[0], "%s", job);
    pthread_cond_signal(&c->wake);
    pthread_mutex_unlock(&c->lock);
    return true;
}

// RunPod fails us: nothing is given to it for a while, and the workers beside may take jobs.
static void rest(cloud *c, const char *why)
{
    if (clock_mono_ms() >= c->rest_until_ms)
        log_say(LOG_WARN, "RunPod: %s; for %lld s jobs are left to other workers", why,
                (long long)(c->c.rest_ms / 1000));
    c->rest_until_ms = clock_mono_ms() + c->c.rest_ms;
    atomic_store(c->c.hold, false);
}

static void put_back(const cloud *c, const char *id)
{
    arena *a = arena_new(1 << 20);
    err e = { 0 };
    // What fails here is mended by the lease, which runs out.
    if (!db_job_put_back(c->c.plane.d, a, id, c->worker, 0, &e)) log_say(LOG_WARN, "job %s: %s", id, e.msg);
    arena_free(a);
}

// Reports to the plane as a worker of ours would. body is decreffed.
static bool report(const cloud *c, const errand *x, json_t *body)
{
    arena *a = arena_new(32 << 20);
    char *text = json_dumps(body, JSON_COMPACT);
    bool ended;
    err e = { 0 };
    bool ok = text && plane_done(&c->c.plane, a, c->worker, x->id, text, strlen(text), &ended, &e);
    if (text && !ok) log_say(LOG_WARN, "job %s: %s", x->id, e.msg);
    if (ok && ended && c->c.ended) c->c.ended(c->c.ended_ctx, x->id);
    mem_free(text);
    json_decref(body);
    arena_free(a);
    return ok;
}

// The body of /run: the job's input with links, how long it may take, and where to tell that it ended.
static char *order(const cloud *c, const char *id, const json_t *input, int64_t execution_ms)
{
    char token[44], hook[800];
    json_t *j = json_pack("{s:O, s:{s:I, s:I}}", "input", input, "policy", "executionTimeout", (json_int_t)execution_ms,
                          "ttl", (json_int_t)(c->c.queue_ms + execution_ms));
    token_of(c, id, token);
    if (c->c.public_url &&
        snprintf(hook, sizeof hook, "%s/v1/hooks/runpod/%s/%s", c->c.public_url, id, token) < (int)sizeof hook)
        json_object_set_new(j, "webhook", json_string(hook));
    char *text = json_dumps(j, JSON_COMPACT);
    json_decref(j);
    return text;
}

// One job from the queue to RunPod. False: there was none, or it was not taken there.
static bool give_one(cloud *c, errand *x)
{
    arena *a = arena_new(32 << 20);
    buf taken = buf_new(REPLY_MAX);
    bool found = false, given = false;
    err e = { 0 };
    db_job mine;
    if (!plane_take(&c->c.plane, a, c->c.queue, c->worker, &taken, &found, &e))
        log_say(LOG_WARN, "RunPod: %s", e.msg);
    else if (found) {
        json_t *job = json_loadb((const char *)taken.data, taken.len, 0, NULL), *answer = NULL;
        const char *id = json_string_value(json_object_get(job, "id")), *there = NULL;
        int status = 0;
        char *text = id && strlen(id) < sizeof x->id && db_job_get(c->c.plane.d, a, id, &mine, &e)
                         ? order(c, id, json_object_get(job, "input"), mine.execution_ms)
                         : NULL;
        if (text && call(c, "POST", "run", NULL, text, &answer, &status))
            there = json_string_value(json_object_get(answer, "id"));
        given = there && strlen(there) < sizeof x->there;
        if (given) {
            int64_t now = clock_mono_ms();
            *x = (errand){ .given_ms = now, .heard_ms = now, .ask_ms = now + 1000, .wait_ms = 1000 };
            snprintf(x->id, sizeof x->id, "%s", id);
            snprintf(x->there, sizeof x->there, "%s", there);
        } else if (id) {
            put_back(c, id);
            rest(c, status == 401   ? "it does not accept the key"
                    : status == 404 ? "it knows no such endpoint"
                    : status == 429 ? "it asks for a pause"
                                    : "it takes no jobs");
        }
        mem_free(text);
        json_decref(answer);
        json_decref(job);
    }
    buf_free(&taken);
    arena_free(a);
    return given;
}

// Asks what became of it; true when it is over, one way or the other.
static bool ask(cloud *c, errand *x)
{
    json_t *j;
    int code;
    int64_t now = clock_mono_ms();
    x->wait_ms = x->wait_ms < 5000 ? x->wait_ms + 250 : 5000;
    x->ask_ms = now + x->wait_ms;
    if (!call(c, "GET", "status", x->there, NULL, &j, &code)) {
        bool gone = code == 404 || now - x->heard_ms > c->c.queue_ms; // vanished there, or RunPod is away for long
        if (gone) put_back(c, x->id);
        if (gone && code != 404) rest(c, "it does not answer");
        return gone;
    }
    x->heard_ms = now;
    const char *status = json_string_value(json_object_get(j, "status"));
    json_t *output = json_object_get(j, "output"), *error = json_object_get(j, "error");
    bool over = true;
    if (!status) status = "";
    if (!strcmp(status, "COMPLETED")) {
        // Unreachable storage or database: the report is tried again.
        over = report(c, x, json_pack("{s:O}", "output", output ? output : json_null()));
    } else if (!strcmp(status, "FAILED")) {
        json_t *body = json_pack("{s:O}", "error", error ? error : json_false());
        if (!error) json_object_set_new(body, "error", json_string("RunPod says no more than that it failed"));
        if (output) json_object_set(body, "output", output);
        over = report(c, x, body);
    } else if (!strcmp(status, "TIMED_OUT") || !strcmp(status, "CANCELLED")) {
        over = report(
            c, x,
            json_pack("{s:s, s:{s:b}}", "error", "RunPod gave it up before it was done", "output", "retryable", 1));
    } else if (!strcmp(status, "IN_PROGRESS") || !strcmp(status, "RUNNING")) {
        x->running = true;
        over = false;
        if (output && !report(c, x, json_pack("{s:s, s:O}", "status", "IN_PROGRESS", "output", output)))
            log_say(LOG_DEBUG, "job %s: progress not noted", x->id);
    } else {
        over = !x->running && now - x->given_ms > c->c.queue_ms;
        if (over) {
            call_off(c, x);
            put_back(c, x->id);
            rest(c, "no worker there was free in time");
        }
    }
    json_decref(j);
    return over;
}

static void hear_stops(cloud *c)
{
    arena *a = arena_new(1 << 20);
    const char **ids;
    int n = 0;
    err e = { 0 };
    if (!db_job_stops(c->c.plane.d, a, c->worker, &ids, &n, &e)) log_say(LOG_WARN, "RunPod: %s", e.msg);
    for (int i = 0; i < n; i++)
        for (int k = 0; k < c->c.at_once; k++)
            if (*c->errands[k].there && !strcmp(c->errands[k].id, ids[i])) {
                call_off(c, &c->errands[k]);
                *c->errands[k].there = 0;
            }
    arena_free(a);
}

static void beat(cloud *c)
{
    arena *a = arena_new(1 << 20);
    buf ids = buf_new(MOST * 130);
    bool ok = true;
    err e = { 0 };
    for (int i = 0; ok && i < c->c.at_once; i++)
        if (*c->errands[i].there) ok = buf_printf(&ids, "%s%s", ids.len ? "," : "", c->errands[i].id);
    int64_t lease = c->c.plane.lease_ms ? c->c.plane.lease_ms : 60000;
    if (!ok || !buf_append(&ids, "", 1) ||
        !db_job_beat(c->c.plane.d, a, c->c.queue, c->worker, (char *)ids.data, lease, &e))
        log_say(LOG_WARN, "RunPod: the jobs there could not be kept");
    buf_free(&ids);
    arena_free(a);
}

// Before each call to RunPod, which may take its time: the leases must not run out meanwhile.
static void keep(cloud *c)
{
    int64_t now = clock_mono_ms(), lease = c->c.plane.lease_ms ? c->c.plane.lease_ms : 60000;
    if (now - c->beat_ms < (lease / 4 < BEAT_MS ? lease / 4 : BEAT_MS)) return;
    beat(c);
    c->beat_ms = now;
}

static void round_of(cloud *c)
{
    keep(c);
    hear_stops(c);
    for (int i = 0; i < c->c.at_once; i++) {
        errand *x = &c->errands[i];
        if (!*x->there || clock_mono_ms() < x->ask_ms) continue;
        keep(c);
        if (ask(c, x)) *x->there = 0;
    }
    if (clock_mono_ms() < c->rest_until_ms || atomic_load(c->c.stopping)) return;
    atomic_store(c->c.hold, true);
    for (int i = 0; i < c->c.at_once; i++) {
        keep(c);
        if (!*c->errands[i].there && !give_one(c, &c->errands[i])) break;
    }
}

static void *work(void *ctx)
{
    cloud *c = ctx;
    pthread_mutex_lock(&c->lock);
    while (!c->stop) {
        for (int i = 0; i < c->news_count; i++)
            for (int k = 0; k < c->c.at_once; k++)
                if (!strcmp(c->errands[k].id, c->news[i])) c->errands[k].ask_ms = 0;
        c->news_count = 0;
        pthread_mutex_unlock(&c->lock);
        round_of(c);
        pthread_mutex_lock(&c->lock);
        if (!c->stop && !c->news_count) clock_wait(&c->wake, &c->lock, clock_mono_ms() + TICK_MS);
    }
    pthread_mutex_unlock(&c->lock);
    for (int i = 0; i < c->c.at_once; i++)
        if (*c->errands[i].there) {
            call_off(c, &c->errands[i]);
            put_back(c, c->errands[i].id);
        }
    return NULL;
}

bool cloud_start(const cloud_config *config, cloud **out, err *e)
{
    cloud *c = mem_new(1, sizeof *c);
    c->c = *config;
    if (c->c.at_once < 1) c->c.at_once = 20;
    if (c->c.at_once > MOST) c->c.at_once = MOST;
    if (c->c.queue_ms <= 0) c->c.queue_ms = 120000;
    if (c->c.rest_ms <= 0) c->c.rest_ms = 30000;
    // A link must outlive the wait there and the work.
    c->c.plane.link_seconds = (int)(c->c.queue_ms / 1000) + 600 + GRACE_S;
    uuid_text id;
    uuid_new(id);
    snprintf(c->worker, sizeof c->worker, "runpod-%s", id);
    pthread_mutex_init(&c->lock, NULL);
    pthread_cond_init(&c->wake, NULL);
    if (pthread_create(&c->thread, NULL, work, c)) {
        mem_free(c);
        return fail(e, ERR_IO, "the thread that speaks to RunPod cannot be started");
    }
    *out = c;
    return true;
}

void cloud_stop(cloud *c)
{
    if (!c) return;
    pthread_mutex_lock(&c->lock);
    c->stop = true;
    pthread_cond_signal(&c->wake);
    pthread_mutex_unlock(&c->lock);
    pthread_join(c->thread, NULL);
    pthread_mutex_destroy(&c->lock);
    pthread_cond_destroy(&c->wake);
    mem_free(c);
}
