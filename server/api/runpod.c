// RunPod's two interfaces: the client's (run, status, …, with the operator's key) and the worker's (job-take, job-done,
// …, with the workers' key). Facts: RunPod's documents and the traffic of its own client and worker.
#include "api/api.h"
#include "base/log.h"
#include "base/mem.h"
#include "common/text.h"
#include "net/fetch.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TAKE_HOLD_MS = 25000, STOP_HOLD_MS = 10000, SYNC_MS = 90000 };

// The client knows other names for the states.
static const char *state_word(const char *state)
{
    static const char *const map[][2] = { { "queued", "IN_QUEUE" },     { "delayed", "IN_QUEUE" },
                                          { "running", "IN_PROGRESS" }, { "completed", "COMPLETED" },
                                          { "failed", "FAILED" },       { "cancelled", "CANCELLED" },
                                          { "timed_out", "TIMED_OUT" } };
    for (size_t i = 0; i < sizeof map / sizeof *map; i++)
        if (!strcmp(state, map[i][0])) return map[i][1];
    return "IN_QUEUE";
}

static bool ended(const db_job *j) { return j->finished_at != 0; }

static json_t *describe(const db_job *j)
{
    json_t *o = json_pack("{s:s, s:s}", "id", j->id, "status", state_word(j->state));
    if (j->started_at) json_object_set_new(o, "delayTime", json_integer(j->started_at - j->created_at));
    if (j->started_at && j->finished_at)
        json_object_set_new(o, "executionTime", json_integer(j->finished_at - j->started_at));
    if (!strcmp(j->state, "completed") && j->output) json_object_set_new(o, "output", api_parse(j->output));
    if (!strcmp(j->state, "running") && j->progress) json_object_set_new(o, "output", api_parse(j->progress));
    if (j->error && (!strcmp(j->state, "failed") || !strcmp(j->state, "timed_out")))
        json_object_set_new(o, "error", api_text(j->error));
    return o;
}

static bool queue_ok(http_request *q, http_response *r)
{
    const char *name = q->param[0];
    if (strlen(name) <= 64 &&
        strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") == strlen(name))
        return true;
    http_problem(q, r, 404, "not-found", NULL, "there is no such endpoint");
    return false;
}

static const char *submit(http_request *q, http_response *r, const char *prefix)
{
    json_t *j = queue_ok(q, r) ? api_body(q, r) : NULL;
    if (!j) return NULL;
    const json_t *input = json_object_get(j, "input"), *policy = json_object_get(j, "policy");
    const char *webhook = json_string_value(json_object_get(j, "webhook"));
    json_int_t run = json_integer_value(json_object_get(policy, "executionTimeout")),
               ttl = json_integer_value(json_object_get(policy, "ttl"));
    const char *id = NULL;
    uuid_text u;
    err e = { 0 };
    if (!json_is_object(input)) {
        http_problem(q, r, 400, "invalid", "input", "input is needed, an object");
    } else if (webhook && (strlen(webhook) > 1000 ||
                           (strncmp(webhook, "https://", 8) != 0 && strncmp(webhook, "http://", 7) != 0))) {
        http_problem(q, r, 400, "invalid", "webhook", "webhook is an http or https address");
    } else if ((run && (run < 5000 || run > 604800000)) || (ttl && (ttl < 10000 || ttl > 604800000))) {
        http_problem(q, r, 400, "invalid", "policy",
                     "executionTimeout is from 5 s to 7 days, ttl from 10 s to 7 days, in milliseconds");
    } else {
        uuid_new(u);
        id = arena_printf(q->a, "%s%s", prefix, u);
        char *text = json_dumps(input, JSON_COMPACT);
        db_job_new n = { .id = id,
                         .queue = q->param[0],
                         .kind = "plain",
                         .tenant = "",
                         .input = text,
                         .webhook = webhook,
                         .execution_ms = run,
                         .ttl_ms = ttl,
                         .priority = json_is_true(json_object_get(policy, "lowPriority")) ? -1 : 0,
                         .max_attempts = 1 };
        if (!db_job_submit(api_of(q)->d, q->a, &n, &e)) {
            http_fail(q, r, &e);
            id = NULL;
        }
        mem_free(text);
    }
    json_decref(j);
    if (id && api_of(q)->http) http_wake(api_of(q)->http);
    return id;
}

void plane_run(http_request *q, http_response *r)
{
    const char *id = submit(q, r, "");
    if (id) api_send(q, r, 200, json_pack("{s:s, s:s}", "id", id, "status", "IN_QUEUE"));
}

static bool of_queue(http_request *q, http_response *r, db_job *j)
{
    err e = { 0 };
    if (!queue_ok(q, r)) return false;
    if (db_job_get(api_of(q)->d, q->a, q->param[1], j, &e) && !strcmp(j->queue, q->param[0])) return true;
    http_problem(q, r, 404, "not-found", NULL, "there is no such job");
    return false;
}

// Waits for a job's end; q->who is the job's id.
static bool sync_poll(http_request *q, http_response *r, bool last)
{
    db_job j;
    err e = { 0 };
    arena *a = arena_new(32 << 20);
    bool got = db_job_get(api_of(q)->d, a, q->who, &j, &e);
    if (got && (ended(&j) || last))
        api_send(q, r, 200, describe(&j));
    else if (!got && (e.code == ERR_NOT_FOUND || last))
        http_fail(q, r, &e);
    arena_free(a);
    return r->status != 0;
}

static void wait_for(http_request *q, http_response *r, const char *id)
{
    const char *wait = http_query(q, "wait");
    long ms = wait ? strtol(wait, NULL, 10) : SYNC_MS;
    q->who = (void *)(uintptr_t)id;
    r->poll = sync_poll;
    r->poll_until_ms = clock_mono_ms() + (ms < 1000 ? 1000 : ms > 300000 ? 300000 : ms);
    if (sync_poll(q, r, false)) r->poll = NULL;
}

void plane_runsync(http_request *q, http_response *r)
{
    const char *id = submit(q, r, "sync-");
    if (id) wait_for(q, r, id);
}

void plane_status(http_request *q, http_response *r)
{
    db_job j;
    if (of_queue(q, r, &j)) api_send(q, r, 200, describe(&j));
}

void plane_status_sync(http_request *q, http_response *r)
{
    db_job j;
    if (of_queue(q, r, &j)) wait_for(q, r, arena_text(q->a, j.id));
}

void plane_stream(http_request *q, http_response *r)
{
    db_job j;
    if (!of_queue(q, r, &j)) return;
    json_t *stream = json_array();
    if (j.progress && !ended(&j)) json_array_append_new(stream, json_pack("{s:o}", "output", api_parse(j.progress)));
    if (j.output && ended(&j)) json_array_append_new(stream, json_pack("{s:o}", "output", api_parse(j.output)));
    api_send(q, r, 200, json_pack("{s:s, s:o}", "status", state_word(j.state), "stream", stream));
}

void plane_cancel(http_request *q, http_response *r)
{
    db_job j;
    err e = { 0 };
    bool done;
    if (!of_queue(q, r, &j)) return;
    if (!db_job_cancel(api_of(q)->d, q->a, j.id, &done, &e) || !db_job_get(api_of(q)->d, q->a, j.id, &j, &e))
        return http_fail(q, r, &e);
    if (api_of(q)->http) http_wake(api_of(q)->http);
    api_send(q, r, 200, json_pack("{s:s, s:s}", "id", j.id, "status", state_word(j.state)));
}

void plane_retry(http_request *q, http_response *r)
{
    db_job j;
    err e = { 0 };
    bool done;
    if (!of_queue(q, r, &j)) return;
    if (!db_job_retry(api_of(q)->d, q->a, j.id, &done, &e)) return http_fail(q, r, &e);
    if (!done) {
        http_problem(q, r, 409, "conflict", NULL, "only a job that failed or timed out can be retried; this one is %s",
                     state_word(j.state));
        return;
    }
    if (api_of(q)->http) http_wake(api_of(q)->http);
    api_send(q, r, 200, json_pack("{s:s, s:s}", "id", j.id, "status", "IN_QUEUE"));
}

void plane_purge(http_request *q, http_response *r)
{
    int64_t n;
    err e = { 0 };
    if (!queue_ok(q, r)) return;
    if (!db_job_purge(api_of(q)->d, q->a, q->param[0], &n, &e)) return http_fail(q, r, &e);
    api_send(q, r, 200, json_pack("{s:I, s:s}", "removed", (json_int_t)n, "status", "completed"));
}

void plane_health(http_request *q, http_response *r)
{
    db_queue_health h;
    err e = { 0 };
    if (!queue_ok(q, r)) return;
    if (!db_queue_look(api_of(q)->d, q->a, q->param[0], &h, &e)) return http_fail(q, r, &e);
    api_send(q, r, 200,
             json_pack("{s:{s:I, s:I, s:I, s:I, s:I}, s:{s:I, s:I}}", "jobs", "completed", (json_int_t)h.completed,
                       "failed", (json_int_t)h.failed, "inProgress", (json_int_t)h.running, "inQueue",
                       (json_int_t)h.queued, "retried", (json_int_t)h.retried, "workers", "idle",
                       (json_int_t)h.workers_idle, "running", (json_int_t)h.workers_running));
}

// --- workers
// -----------------------------------------------------------------------------------------------------------

static bool worker_ok(http_request *q, http_response *r)
{
    if (!queue_ok(q, r)) return false;
    if (strlen(q->param[1]) <= 64) return true;
    http_problem(q, r, 400, "invalid", NULL, "a worker's id has at most 64 bytes");
    return false;
}

static bool take_poll(http_request *q, http_response *r, bool last)
{
    arena *a = arena_new(32 << 20);
    bool found = false;
    err e = { 0 };
    if (atomic_load(&api_of(q)->draining)) last = true;
    // A worker that hung up while it waited would keep the job for the whole of a lease.
    if (http_gone(q) || (last && atomic_load(&api_of(q)->draining))) {
        r->status = 204;
    } else if (!plane_take(&api_of(q)->plane, a, q->param[0], q->param[1], &r->body, &found, &e)) {
        r->body.len = 0;
        http_fail(q, r, &e);
    } else if (found) {
        http_json(r, 200);
    } else if (last) {
        r->status = 204;
    }
    arena_free(a);
    return r->status != 0;
}

void plane_job_take(http_request *q, http_response *r)
{
    err e = { 0 };
    if (!worker_ok(q, r)) return;
    if (!db_job_beat(api_of(q)->d, q->a, q->param[0], q->param[1], "", 0, &e)) return http_fail(q, r, &e);
    if (take_poll(q, r, false)) return;
    r->poll = take_poll;
    r->poll_until_ms = clock_mono_ms() + TAKE_HOLD_MS;
}

// Tells whoever asked to be told. There is no signature: the body is only a hint to ask for the status.
void api_tell(void *ctx, const char *id)
{
    api *p = ctx;
    arena *a = arena_new(32 << 20);
    db_job j;
    err e = { 0 };
    if (db_job_get(p->d, a, id, &j, &e) && j.webhook) {
        json_t *o = describe(&j);
        json_object_set_new(o, "input", api_parse(j.input));
        json_object_set_new(o, "webhook", api_text(j.webhook));
        char *text = json_dumps(o, JSON_COMPACT);
        const char *headers[] = { "Content-Type: application/json", NULL };
        fetch_response r = { .body = buf_new(64 << 10) };
        if (!fetch(&(fetch_request){ .method = "POST",
                                     .url = j.webhook,
                                     .headers = headers,
                                     .body = text,
                                     .body_len = strlen(text),
                                     .timeout_ms = 5000,
                                     .guarded = true },
                   &r, &e))
            log_say(LOG_WARN, "webhook of job %s: %s", id, e.msg);
        buf_free(&r.body);
        mem_free(text);
        json_decref(o);
    }
    arena_free(a);
}

void plane_job_done(http_request *q, http_response *r)
{
    bool end;
    err e = { 0 };
    if (!worker_ok(q, r)) return;
    if (!plane_done(&api_of(q)->plane, q->a, q->param[1], q->param[2], (const char *)q->body.data, q->body.len, &end,
                    &e))
        return http_fail(q, r, &e);
    if (end) api_tell(api_of(q), q->param[2]);
    if (api_of(q)->http) http_wake(api_of(q)->http);
    api_send(q, r, 200, json_pack("{s:s}", "status", "ok"));
}

static bool stop_poll(http_request *q, http_response *r, bool last)
{
    arena *a = arena_new(1 << 20);
    const char **ids;
    int n;
    err e = { 0 };
    if (!db_job_stops(api_of(q)->d, a, q->param[1], &ids, &n, &e)) {
        http_fail(q, r, &e);
    } else if (n) {
        json_t *list = json_array();
        for (int i = 0; i < n; i++) json_array_append_new(list, json_string(ids[i]));
        api_send(q, r, 200, json_pack("{s:o}", "jobsToStop", list));
    } else if (last) {
        r->status = 204;
    }
    arena_free(a);
    return r->status != 0;
}

void plane_job_stop(http_request *q, http_response *r)
{
    if (!worker_ok(q, r) || stop_poll(q, r, false)) return;
    r->poll = stop_poll;
    r->poll_until_ms = clock_mono_ms() + STOP_HOLD_MS;
}

void plane_ping(http_request *q, http_response *r)
{
    err e = { 0 };
    const char *ids = http_query(q, "job_id");
    int64_t lease = api_of(q)->plane.lease_ms;
    if (!worker_ok(q, r)) return;
    if (!db_job_beat(api_of(q)->d, q->a, q->param[0], q->param[1], ids ? ids : "", lease ? lease : 60000, &e))
        return http_fail(q, r, &e);
    api_send(q, r, 200, json_pack("{s:s}", "status", "ok"));
}

// RunPod's webhook says that a job of ours ended there. It is not signed: the token in the address keeps others out,
// and what the body says is not believed but asked for.
void runpod_news(http_request *q, http_response *r)
{
    api *p = api_of(q);
    if (!p->cloud || !cloud_news(p->cloud, q->param[0], q->param[1])) {
        http_problem(q, r, 404, "not-found", NULL, "there is nothing at this address");
        return;
    }
    api_send(q, r, 200, json_pack("{s:s}", "status", "ok"));
}
