#include "jobs/worker.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "common/ids.h"
#include "common/text.h"
#include "net/fetch.h"

#include <jansson.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { TAKE_TIMEOUT_MS = 95000, REPLY_MAX = 4 << 20, REPORT_TRIES = 12, PARAMS_BYTES = 64 << 20 };

// What the helper thread (pings, cancellations) shares with the job's thread.
typedef struct {
    const worker_config *c;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    char job[128]; // "" when idle
    atomic_bool cancelled, over;
} shift;

void worker_urls(worker_config *c, const char *origin, const char *queue)
{
    snprintf(c->origin, sizeof c->origin, "%s", origin);
    snprintf(c->take_url, sizeof c->take_url, "%s/v2/%s/job-take/$RUNPOD_POD_ID?", origin, queue);
    snprintf(c->done_url, sizeof c->done_url, "%s/v2/%s/job-done/$RUNPOD_POD_ID/$ID?", origin, queue);
    snprintf(c->ping_url, sizeof c->ping_url, "%s/v2/%s/ping/$RUNPOD_POD_ID?", origin, queue);
}

bool worker_from_environment(worker_config *c)
{
    const char *take = getenv("RUNPOD_WEBHOOK_GET_JOB"), *done = getenv("RUNPOD_WEBHOOK_POST_OUTPUT");
    const char *ping = getenv("RUNPOD_WEBHOOK_PING"), *key = getenv("RUNPOD_AI_API_KEY"), *id = getenv("RUNPOD_POD_ID");
    const char *every = getenv("RUNPOD_PING_INTERVAL");
    if (!take || !done) return false;
    snprintf(c->take_url, sizeof c->take_url, "%s", take);
    snprintf(c->done_url, sizeof c->done_url, "%s", done);
    snprintf(c->ping_url, sizeof c->ping_url, "%s", ping ? ping : "");
    snprintf(c->key, sizeof c->key, "%s", key ? key : "");
    if (id) snprintf(c->id, sizeof c->id, "%s", id);
    if (every) c->ping_ms = (int)strtol(every, NULL, 10);
    if (c->ping_ms < 1000) c->ping_ms = 10000;
    return true;
}

// The template with its names filled in and parameters added, whether or not it has a '?' already. In a take URL $ID is
// the worker's id, elsewhere the job's.
static bool expand(buf *out, const char *template, const char *worker, const char *job, const char *parameters)
{
    bool ok = true;
    for (const char *p = template; ok && *p;) {
        if (!strncmp(p, "$RUNPOD_POD_ID", 14)) {
            ok = percent_encode(out, worker, strlen(worker), false);
            p += 14;
        } else if (!strncmp(p, "$ID", 3)) {
            const char *id = job ? job : worker;
            ok = percent_encode(out, id, strlen(id), false);
            p += 3;
        } else {
            ok = buf_append(out, p++, 1);
        }
    }
    char last = out->len ? (char)out->data[out->len - 1] : 0;
    bool has = strchr(template, '?') != NULL;
    return ok &&
           (!*parameters || buf_printf(out, "%s%s",
                                       !has                         ? "?"
                                       : last == '?' || last == '&' ? ""
                                                                    : "&",
                                       parameters)) &&
           buf_append(out, "", 1);
}

static bool call(const worker_config *c, const char *method, const char *url, const char *body, size_t n,
                 long timeout_ms, bool (*cancelled)(void *), void *ctx, fetch_response *r, err *e)
{
    char authorization[300];
    snprintf(authorization, sizeof authorization, "Authorization: %s", c->key);
    const char *headers[] = {
        authorization, body ? "Content-Type: application/x-www-form-urlencoded" : "Content-Type: application/json", NULL
    };
    return fetch(&(fetch_request){ .method = method,
                                   .url = url,
                                   .headers = headers,
                                   .body = body,
                                   .body_len = n,
                                   .timeout_ms = timeout_ms,
                                   .cancelled = cancelled,
                                   .cancelled_ctx = ctx },
                 r, e);
}

// --- links ----------------------------------------------------------------------------------------------------------

static bool trusted(const worker_config *c, const char *url)
{
    size_t n = strlen(c->origin);
    if (n && !strncmp(url, c->origin, n) && url[n] == '/') return true;
    for (const char *p = c->trusted; p && *p;) {
        size_t k = strcspn(p, " ");
        if (k && !strncmp(url, p, k) && url[k] == '/') return true;
        p += k;
        while (*p == ' ') p++;
    }
    return false;
}

// A relative link is of our own server. Others come from whoever wrote the job: only public addresses, unless trusted.
static bool open_link(const worker_config *c, const char *method, const char *url, const void *body, size_t n,
                      fetch_response *r, err *e)
{
    char full[4096];
    bool ours = url[0] == '/';
    if (snprintf(full, sizeof full, "%s%s", ours ? c->origin : "", url) >= (int)sizeof full)
        return fail(e, ERR_INPUT, "the link is too long");
    const char *headers[] = { "Content-Type: application/octet-stream", NULL };
    return fetch(&(fetch_request){ .method = method,
                                   .url = full,
                                   .headers = body ? headers : NULL,
                                   .body = body,
                                   .body_len = n,
                                   .timeout_ms = 60000,
                                   .guarded = !ours && !trusted(c, full),
                                   .follow = !body },
                 r, e);
}

static bool download(const worker_config *c, const json_t *input, const char *member, buf *out, err *e)
{
    const char *url = json_string_value(json_object_get(input, member));
    if (!url) return true;
    fetch_response r = { .body = *out };
    bool ok = open_link(c, "GET", url, NULL, 0, &r, e);
    *out = r.body;
    if (!ok) {
        if (e->code == ERR_DENIED || e->code == ERR_INPUT || e->code == ERR_LIMIT)
            e->code = ERR_INPUT; // the job's own fault
        return fail_within(e, member);
    }
    if (r.status == 200) return true;
    return fail(e, r.status == 404 || r.status == 403 || r.status == 410 ? ERR_INPUT : ERR_IO, "%s was answered %d",
                member, r.status);
}

static bool upload(const worker_config *c, const json_t *links, const char *name, const buf *data, json_t *files,
                   err *e)
{
    const char *url = json_string_value(json_object_get(links, name));
    if (!url || !data->len) return true;
    sha256_hex hash;
    sha256_text(data->data, data->len, hash);
    for (int attempt = 1;; attempt++) {
        fetch_response r = { .body = buf_new(64 << 10) };
        bool ok = open_link(c, "PUT", url, data->data, data->len, &r, e);
        int status = r.status;
        buf_free(&r.body);
        if (ok && status >= 200 && status < 300) break;
        if (attempt == 4 || (ok && status < 500 && status != 429))
            return ok ? fail(e, ERR_IO, "putting %s was answered %d", name, status) : false;
        struct timespec t = { attempt, 0 };
        nanosleep(&t, NULL);
    }
    json_object_set_new(files, name, json_pack("{s:s, s:I}", "sha256", hash, "size", (json_int_t)data->len));
    return true;
}

// --- the bodies -----------------------------------------------------------------------------------------------------

typedef struct {
    const worker_config *c;
    const char *job;
    shift *s; // NULL when nobody asks
    int64_t told_ms;
} teller;

static bool progress(void *ctx, double fraction, const char *stage)
{
    teller *t = ctx;
    if (t->s && atomic_load(&t->s->cancelled)) return false;
    int64_t now = clock_mono_ms();
    if (!t->s || now - t->told_ms < 300) return true;
    t->told_ms = now;
    buf url = buf_new(4096), body = buf_new(4096);
    fetch_response r = { .body = buf_new(64 << 10) };
    err e = { 0 };
    // A report that does not arrive costs nothing but a picture of the way: the next one will.
    if (!(expand(&url, t->c->done_url, t->c->id, t->job, "isStream=false") &&
          buf_printf(&body, "{\"status\":\"IN_PROGRESS\",\"output\":{\"fraction\":%.3f,\"stage\":", fraction) &&
          json_put_string(&body, stage) && buf_printf(&body, "}}") &&
          call(t->c, "POST", (char *)url.data, (char *)body.data, body.len, 5000, NULL, NULL, &r, &e)))
        log_say(LOG_DEBUG, "worker: progress not told");
    buf_free(&url);
    buf_free(&body);
    buf_free(&r.body);
    return true;
}

static bool avatar(const worker_config *c, teller *t, const json_t *input, json_t *output, err *e)
{
    if (!c->handlers->avatar) return fail(e, ERR_INTERNAL, "this worker was built without the avatar pipeline");
    buf front = buf_new(LIMIT_IMAGE_BYTES), side = buf_new(LIMIT_IMAGE_BYTES), params = buf_new(PARAMS_BYTES);
    job_avatar_out out = { buf_new(LIMIT_GLB_BYTES), buf_new(PARAMS_BYTES), buf_new(1 << 20), buf_new(16 << 20),
                           buf_new(LIMIT_GLB_BYTES) };
    const json_t *told = json_object_get(input, "answers"), *links = json_object_get(input, "upload");
    char *answers = json_dumps(told ? told : json_null(), JSON_COMPACT | JSON_ENCODE_ANY);
    bool ok = download(c, input, "image_url", &front, e) && download(c, input, "side_image_url", &side, e) &&
              download(c, input, "params_url", &params, e);
    job_avatar_in in = { .job_id = t->job,
                         .answers = json_is_object(told) ? answers : "{}",
                         .front = front.data,
                         .front_len = front.len,
                         .side = side.data,
                         .side_len = side.len,
                         .params = params.data,
                         .params_len = params.len,
                         .progress = progress,
                         .progress_ctx = t };
    ok = ok && c->handlers->avatar(c->handlers->ctx, &in, &out, e);
    json_t *files = json_object();
    ok = ok && upload(c, links, "avatar.glb", &out.glb, files, e) &&
         upload(c, links, "params.npz", &out.params, files, e) &&
         upload(c, links, "measurements.json", &out.measurements, files, e) &&
         upload(c, links, "preview.png", &out.preview, files, e) &&
         upload(c, links, "avatar.web.glb", &out.web_glb, files, e);
    if (ok) {
        json_t *m = json_loadb((const char *)out.measurements.data, out.measurements.len, 0, NULL),
               *inner = json_object_get(m, "measurements");
        json_object_set_new(output, "status", json_string("success"));
        json_t *id = json_object_get(input, "avatar_id");
        json_object_set(output, "avatar_id", id ? id : json_null());
        json_object_set(output, "measurements", inner ? inner : m ? m : json_null());
        if (json_object_size(files)) json_object_set(output, "files", files);
        json_decref(m);
    }
    json_decref(files);
    mem_free(answers);
    buf_free(&front);
    buf_free(&side);
    buf_free(&params);
    buf_free(&out.glb);
    buf_free(&out.params);
    buf_free(&out.measurements);
    buf_free(&out.preview);
    buf_free(&out.web_glb);
    return ok;
}

static const char *text_of(const json_t *input, const char *member)
{
    return json_string_value(json_object_get(input, member));
}

static bool drape(const worker_config *c, teller *t, const json_t *input, json_t *output, err *e)
{
    if (!c->handlers->drape) return fail(e, ERR_INTERNAL, "this worker was built without the drape");
    buf params = buf_new(PARAMS_BYTES), body = buf_new(LIMIT_GLB_BYTES), garment = buf_new(LIMIT_GLB_BYTES);
    job_drape_out out = { buf_new(LIMIT_GLB_BYTES), buf_new(LIMIT_GLB_BYTES), buf_new(LIMIT_GLB_BYTES),
                          buf_new(1 << 20) };
    const json_t *links = json_object_get(input, "upload"), *chart = json_object_get(input, "size_chart"),
                 *m = json_object_get(input, "measurements");
    char *chart_text = json_is_object(chart) ? json_dumps(chart, JSON_COMPACT) : NULL,
         *m_text = json_is_object(m) ? json_dumps(m, JSON_COMPACT) : NULL;
    bool ok = download(c, input, "params_url", &params, e) && download(c, input, "avatar_url", &body, e) &&
              download(c, input, "garment_url", &garment, e);
    job_drape_in in = { .job_id = t->job,
                        .params = params.data,
                        .params_len = params.len,
                        .avatar = body.data,
                        .avatar_len = body.len,
                        .garment = garment.data,
                        .garment_len = garment.len,
                        .category = text_of(input, "category"),
                        .fabric = text_of(input, "fabric"),
                        .size = text_of(input, "size"),
                        .size_chart = chart_text,
                        .measurements = m_text,
                        .progress = progress,
                        .progress_ctx = t };
    ok = ok && c->handlers->drape(c->handlers->ctx, &in, &out, e);
    json_t *files = json_object();
    ok = ok && upload(c, links, "tryon.glb", &out.glb, files, e) &&
         upload(c, links, "garment.glb", &out.garment, files, e) && upload(c, links, "drape.bin", &out.bin, files, e) &&
         upload(c, links, "fit.json", &out.fit, files, e);
    if (ok) {
        json_object_set_new(output, "status", json_string("success"));
        json_object_set(output, "files", files);
    }
    json_decref(files);
    mem_free(chart_text);
    mem_free(m_text);
    buf_free(&params);
    buf_free(&body);
    buf_free(&garment);
    buf_free(&out.glb);
    buf_free(&out.garment);
    buf_free(&out.bin);
    buf_free(&out.fit);
    return ok;
}

typedef struct {
    const worker_config *c;
    const json_t *links;
    const char *const *size;
} mesh_links;

static bool bring_mesh(void *ctx, int which, buf *glb, err *e)
{
    const mesh_links *m = ctx;
    return download(m->c, m->links, m->size[which], glb, e);
}

static bool preview(const worker_config *c, teller *t, const json_t *input, json_t *output, err *e)
{
    if (!c->handlers->preview) return fail(e, ERR_INTERNAL, "this worker was built without previews of garments");
    json_t *links = json_object_get(input, "meshes"), *link;
    const json_t *chart = json_object_get(input, "size_chart");
    char *chart_text = json_is_object(chart) ? json_dumps(chart, JSON_COMPACT) : NULL;
    const char *key, **size = mem_array(const char *, json_object_size(links) + 1);
    int n = 0;
    json_object_foreach(links, key, link) size[n++] = key;
    mesh_links m = { c, links, size };
    job_preview_in in = { .job_id = t->job,
                          .name = text_of(input, "name"),
                          .category = text_of(input, "category"),
                          .fabric = text_of(input, "fabric"),
                          .size_chart = chart_text,
                          .size = text_of(input, "size"),
                          .mesh_size = size,
                          .mesh_count = n,
                          .mesh = bring_mesh,
                          .mesh_ctx = &m,
                          .progress = progress,
                          .progress_ctx = t };
    job_preview_out out = { buf_new(16 << 20), buf_new(256 << 10) };
    json_t *files = json_object(), *report = NULL;
    bool ok = c->handlers->preview(c->handlers->ctx, &in, &out, e) &&
              upload(c, json_object_get(input, "upload"), "sheet.png", &out.sheet, files, e);
    if (ok) {
        report = json_loadb((const char *)out.report.data, out.report.len, 0, NULL);
        ok = report || fail(e, ERR_INTERNAL, "the preview's report is no JSON");
    }
    if (ok) {
        json_object_set_new(output, "status", json_string("success"));
        json_object_set(output, "files", files);
        json_object_set(output, "report", report);
    }
    json_decref(report);
    json_decref(files);
    buf_free(&out.sheet);
    buf_free(&out.report);
    mem_free(size);
    mem_free(chart_text);
    return ok;
}

static bool handle(const worker_config *c, shift *s, const char *id, const char *input_text, size_t n, buf *done,
                   err *e)
{
    json_t *input = json_loadb(input_text, n, JSON_REJECT_DUPLICATES, NULL), *output = json_object(),
           *body = json_object();
    teller t = { .c = c, .job = id, .s = s };
    const char *kind = text_of(input, "kind");
    err why = { 0 };
    bool ok = json_is_object(input) || fail(&why, ERR_INPUT, "the job's input is not a JSON object");
    if (ok)
        ok = kind && !strcmp(kind, "drape")     ? drape(c, &t, input, output, &why)
             : kind && !strcmp(kind, "preview") ? preview(c, &t, input, output, &why)
                                                : avatar(c, &t, input, output, &why);
    if (ok) {
        json_object_set(body, "output", output);
    } else {
        // As RunPod has it: an "error" makes the job FAILED; a "status":"error" inside an output would not.
        json_object_set_new(body, "error", json_string(why.msg));
        if (why.code != ERR_INPUT && why.code != ERR_LIMIT)
            json_object_set_new(body, "output", json_pack("{s:b}", "retryable", 1));
    }
    char *text = json_dumps(body, JSON_COMPACT);
    ok = (text && buf_text(done, text)) || fail(e, ERR_LIMIT, "the result is too long to report");
    mem_free(text);
    json_decref(input);
    json_decref(output);
    json_decref(body);
    return ok;
}

bool worker_handle(const worker_config *c, const char *job_id, const char *input, buf *done, err *e)
{
    return handle(c, NULL, job_id, input, strlen(input), done, e);
}

// --- the loop -------------------------------------------------------------------------------------------------------

static bool asked_to_stop(void *ctx) { return atomic_load(((const worker_config *)ctx)->stop); }
static bool shift_over(void *ctx) { return atomic_load(&((shift *)ctx)->over); }

// Waits, waking early when the shift ends; under s->lock.
static void pause_for(shift *s, int64_t ms) { clock_wait(&s->wake, &s->lock, clock_mono_ms() + ms); }

static void ask_for_stops(shift *s, const char *job)
{
    const worker_config *c = s->c;
    const char *at = strstr(c->take_url, "/job-take/");
    if (!at) return; // a plane without the stop channel
    char template[600];
    snprintf(template, sizeof template, "%.*s/job-stop/%s", (int)(at - c->take_url), c->take_url, at + 10);
    buf url = buf_new(4096);
    fetch_response r = { .body = buf_new(64 << 10) };
    err e = { 0 };
    if (expand(&url, template, c->id, NULL, "") &&
        call(c, "GET", (char *)url.data, NULL, 0, 20000, shift_over, s, &r, &e) && r.status == 200) {
        json_t *j = json_loadb((const char *)r.body.data, r.body.len, 0, NULL),
               *list = json_object_get(j, "jobsToStop"), *one;
        size_t i;
        json_array_foreach(list, i, one)
        {
            if (json_is_string(one) && !strcmp(json_string_value(one), job)) atomic_store(&s->cancelled, true);
        }
        json_decref(j);
    }
    buf_free(&url);
    buf_free(&r.body);
}

// Pings, so that the lease goes on while the job's thread computes, and hears of cancellations.
static void *helper(void *ctx)
{
    shift *s = ctx;
    const worker_config *c = s->c;
    int64_t next_ping = 0;
    pthread_mutex_lock(&s->lock);
    while (!atomic_load(&s->over)) {
        char job[128];
        snprintf(job, sizeof job, "%s", s->job);
        pthread_mutex_unlock(&s->lock);
        if (clock_mono_ms() >= next_ping && *c->ping_url) {
            next_ping = clock_mono_ms() + (c->ping_ms ? c->ping_ms : 10000);
            buf url = buf_new(4096), parameters = buf_new(512);
            fetch_response r = { .body = buf_new(64 << 10) };
            err e = { 0 };
            bool ok = !*job || (buf_printf(&parameters, "job_id=") &&
                                percent_encode(&parameters, job, strlen(job), false) && buf_printf(&parameters, "&"));
            ok = ok && buf_printf(&parameters, "runpod_version=tryon-0.1") && buf_append(&parameters, "", 1) &&
                 expand(&url, c->ping_url, c->id, *job ? job : NULL, (char *)parameters.data) &&
                 call(c, "GET", (char *)url.data, NULL, 0, 10000, shift_over, s, &r, &e);
            if (!ok && !atomic_load(&s->over)) log_say(LOG_DEBUG, "worker %s: ping not answered", c->id);
            buf_free(&url);
            buf_free(&parameters);
            buf_free(&r.body);
        }
        if (*job) ask_for_stops(s, job);
        pthread_mutex_lock(&s->lock);
        if (!atomic_load(&s->over)) pause_for(s, *s->job ? 1000 : 500);
    }
    pthread_mutex_unlock(&s->lock);
    return NULL;
}

// A result is the worth of the work: it is offered again for minutes, with growing pauses.
static void report(const worker_config *c, const char *id, const buf *done)
{
    buf url = buf_new(4096);
    if (!expand(&url, c->done_url, c->id, id, "isStream=false"))
        log_say(LOG_ERROR, "worker: the address to report to is too long");
    int64_t wait = 500;
    for (int attempt = 1; url.len; attempt++, wait = wait * 2 < 30000 ? wait * 2 : 30000) {
        fetch_response r = { .body = buf_new(64 << 10) };
        err e = { 0 };
        bool ok = call(c, "POST", (char *)url.data, (const char *)done->data, done->len, 60000, NULL, NULL, &r, &e);
        int status = r.status;
        buf_free(&r.body);
        if (ok && status >= 200 && status < 300) break;
        if ((ok && (status == 404 || status == 400)) || attempt == REPORT_TRIES) {
            log_say(LOG_ERROR, "worker %s: the result of job %s was not taken (%d %s)", c->id, id, status, e.msg);
            break;
        }
        struct timespec t = { wait / 1000, wait % 1000 * 1000000 };
        nanosleep(&t, NULL);
    }
    buf_free(&url);
}

static void work(shift *s, const char *text, size_t n)
{
    json_t *j = json_loadb(text, n, JSON_REJECT_DUPLICATES, NULL);
    json_t *one = json_is_array(j) ? json_array_get(j, 0) : j;
    const char *id = json_string_value(json_object_get(one, "id"));
    const json_t *input = json_object_get(one, "input");
    if (!id || !input || strlen(id) >= sizeof s->job) {
        log_say(LOG_ERROR, "worker: a job without id or input");
        json_decref(j);
        return;
    }
    pthread_mutex_lock(&s->lock);
    snprintf(s->job, sizeof s->job, "%s", id);
    atomic_store(&s->cancelled, false);
    pthread_cond_broadcast(&s->wake);
    pthread_mutex_unlock(&s->lock);
    char *input_text = json_dumps(input, JSON_COMPACT | JSON_ENCODE_ANY);
    buf done = buf_new(20 << 20);
    err e = { 0 };
    if (!handle(s->c, s, id, input_text ? input_text : "null", input_text ? strlen(input_text) : 4, &done, &e)) {
        done.len = 0;
        if (!buf_printf(&done, "{\"error\":\"the result is too long to report\"}")) abort();
    }
    // A cancelled job posts no result.
    if (!atomic_load(&s->cancelled)) report(s->c, id, &done);
    buf_free(&done);
    mem_free(input_text);
    pthread_mutex_lock(&s->lock);
    s->job[0] = 0;
    pthread_mutex_unlock(&s->lock);
    json_decref(j);
}

void worker_run(const worker_config *config)
{
    worker_config c = *config;
    if (!*c.id) uuid_new(c.id);
    shift s = { .c = &c };
    pthread_mutex_init(&s.lock, NULL);
    pthread_cond_init(&s.wake, NULL);
    pthread_t h;
    bool helped = pthread_create(&h, NULL, helper, &s) == 0;
    buf url = buf_new(4096);
    if (!expand(&url, c.take_url, c.id, NULL, "job_in_progress=0")) url.len = 0;
    int failures = 0;
    while (url.len && helped && !atomic_load(c.stop)) {
        if (c.hold && atomic_load(c.hold)) {
            struct timespec t = { 0, 200000000 };
            nanosleep(&t, NULL);
            continue;
        }
        fetch_response r = { .body = buf_new(REPLY_MAX) };
        err e = { 0 };
        bool ok = call(&c, "GET", (char *)url.data, NULL, 0, TAKE_TIMEOUT_MS, asked_to_stop, &c, &r, &e);
        int64_t wait = 0;
        if (ok && r.status == 200 && r.body.len) {
            work(&s, (const char *)r.body.data, r.body.len);
            failures = 0;
        } else if (ok && (r.status == 204 || r.status == 200)) {
            failures = 0;
        } else if (ok && r.status == 429) {
            wait = 5000;
        } else if (!atomic_load(c.stop)) { // the plane is away or says no: ask less and less often, up to ten seconds
            wait = failures < 5 ? 300 << failures : 10000;
            if (failures++ == 3) log_say(LOG_WARN, "worker %s: no jobs to be had (%d %s)", c.id, r.status, e.msg);
        }
        buf_free(&r.body);
        for (; wait > 0 && !atomic_load(c.stop); wait -= 100) {
            struct timespec t = { 0, 100000000 };
            nanosleep(&t, NULL);
        }
    }
    buf_free(&url);
    atomic_store(&s.over, true);
    pthread_mutex_lock(&s.lock);
    pthread_cond_broadcast(&s.wake);
    pthread_mutex_unlock(&s.lock);
    if (helped) pthread_join(h, NULL);
    pthread_cond_destroy(&s.wake);
    pthread_mutex_destroy(&s.lock);
}
