#include "jobs/plane.h"
#include "jobs/preview.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "common/text.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

enum { LEASE_MS = 60000, LINK_SECONDS = 600, RESULT_MAX = 64 << 20, AWAY_MS = 10000, SWEEP_BATCH = 500 };

static const struct {
    const char *name, *stem, *extension, *type;
} RESULTS[] = { { "avatar.glb", "avatar", "glb", "model/gltf-binary" },
                { "params.npz", "params", "npz", "application/octet-stream" },
                { "measurements.json", "measurements", "json", "application/json" },
                { "preview.png", "preview", "png", "image/png" },
                { "avatar.web.glb", "avatar.web", "glb", "model/gltf-binary" },
                { "tryon.glb", "tryon", "glb", "model/gltf-binary" },
                { "garment.glb", "garment", "glb", "model/gltf-binary" },
                { "drape.bin", "drape", "bin", "application/octet-stream" },
                { "fit.json", "fit", "json", "application/json" } };
enum {
    GLB,
    PARAMS,
    MEASUREMENTS,
    PREVIEW,
    WEB_GLB,
    TRYON,
    GARMENT,
    DRAPE,
    FIT,
    AVATAR_RESULTS = TRYON,
    ALL_RESULTS = FIT + 1
};

const char *photo_type(const uint8_t *p, size_t n, const char **extension)
{
    *extension = NULL;
    if (n > 3 && !memcmp(p, "\xff\xd8\xff", 3)) return *extension = "jpg", "image/jpeg";
    if (n > 8 && !memcmp(p, "\x89PNG\r\n\x1a\n", 8)) return *extension = "png", "image/png";
    if (n > 12 && !memcmp(p, "RIFF", 4) && !memcmp(p + 8, "WEBP", 4)) return *extension = "webp", "image/webp";
    if (n > 12 && !memcmp(p + 4, "ftyp", 4) &&
        (!memcmp(p + 8, "heic", 4) || !memcmp(p + 8, "heix", 4) || !memcmp(p + 8, "mif1", 4)))
        return *extension = "heic", "image/heic";
    return NULL;
}

// Where an attempt's results are put before they are accepted: in the avatar's own folder, so that its deletion takes
// them along.
static const char *staging(arena *a, const db_job *j, const char *folder, int64_t attempt, const char *name)
{
    return arena_printf(a, "%s/%s/work-%s-%lld/%s", j->user_id, folder, j->id, (long long)attempt, name);
}

// The avatar a job is about: the one it makes, or the one it drapes something on.
static bool folder_of(const job_plane *p, arena *a, const db_job *j, const char **folder, err *e)
{
    db_drape v;
    *folder = j->avatar_id;
    if (*j->avatar_id || strcmp(j->kind, "drape") != 0) return true;
    if (!db_drape_of_job(p->d, a, j->id, &v, e)) return false;
    *folder = arena_text(a, v.avatar_id);
    return true;
}

bool plane_link(const job_plane *p, buf *json, const char *key, const char *method, const char *bucket,
                const char *path, err *e)
{
    buf url = buf_new(8192), full = buf_new(8192);
    bool ok = blob_link(p->blobs, method, bucket, path, p->link_seconds ? p->link_seconds : LINK_SECONDS, &url, e) &&
              buf_append(&url, "", 1) &&
              buf_printf(&full, "%s%s", p->link_base && url.data[0] == '/' ? p->link_base : "", (char *)url.data) &&
              buf_append(&full, "", 1) && json_put_string(json, key) && buf_append(json, ":", 1) &&
              json_put_string(json, (char *)full.data);
    buf_free(&full);
    buf_free(&url);
    return ok;
}

static bool uploads(const job_plane *p, arena *a, const db_job *j, const char *folder, int first, int last, buf *json,
                    err *e)
{
    const char *paths[ALL_RESULTS];
    for (int i = first; i < last; i++) paths[i] = staging(a, j, folder, j->attempts, RESULTS[i].name);
    if (!db_blobs_intend(p->d, a, "avatars", paths + first, last - first, j->user_id, e) ||
        !buf_printf(json, ",\"upload\":{"))
        return false;
    for (int i = first; i < last; i++)
        if ((i > first && !buf_append(json, ",", 1)) ||
            !plane_link(p, json, RESULTS[i].name, "PUT", "avatars", paths[i], e))
            return false;
    return buf_append(json, "}", 1);
}

static bool avatar_input(const job_plane *p, arena *a, const db_job *j, buf *json, err *e)
{
    db_avatar v;
    if (!db_avatar_get(p->d, a, db_service, j->avatar_id, &v, e)) return false;
    bool ok = buf_printf(json, "{\"kind\":\"avatar\",\"avatar_id\":\"%s\",\"answers\":%s", v.id, v.answers);
    if (ok && v.photo_url)
        ok = buf_append(json, ",", 1) && plane_link(p, json, "image_url", "GET", "photos", v.photo_url, e);
    if (ok && v.side_photo_url)
        ok = buf_append(json, ",", 1) && plane_link(p, json, "side_image_url", "GET", "photos", v.side_photo_url, e);
    // A correction after the photos are gone: what they said stands in the earlier fit's parameters.
    if (ok && !v.photo_url && v.params_url)
        ok = buf_append(json, ",", 1) && plane_link(p, json, "params_url", "GET", "avatars", v.params_url, e);
    return ok && uploads(p, a, j, j->avatar_id, 0, AVATAR_RESULTS, json, e) && buf_append(json, "}", 1);
}

static bool drape_input(const job_plane *p, arena *a, const db_job *j, buf *json, err *e)
{
    db_tryon t;
    db_drape x;
    db_avatar v;
    db_garment g;
    if (!db_tryon_get(p->d, a, db_service, j->session_id, &t, e) || !db_drape_of_job(p->d, a, j->id, &x, e) ||
        !db_avatar_get(p->d, a, db_service, x.avatar_id, &v, e) ||
        !db_garment_get(p->d, a, db_service, t.garment_id, &g, e))
        return false;
    bool ok = buf_printf(json, "{\"kind\":\"drape\",\"session_id\":\"%s\",\"category\":", t.id) &&
              json_put_string(json, g.category) && buf_printf(json, ",\"fabric\":") &&
              json_put_string(json, g.fabric) && buf_printf(json, ",\"size\":") && json_put_string(json, x.size) &&
              buf_printf(json, ",\"size_chart\":%s", g.size_chart ? g.size_chart : "null") &&
              buf_printf(json, ",\"measurements\":%s", v.measurements ? v.measurements : "null");
    if (ok && v.params_url)
        ok = buf_append(json, ",", 1) && plane_link(p, json, "params_url", "GET", "avatars", v.params_url, e);
    if (ok && v.glb_url)
        ok = buf_append(json, ",", 1) && plane_link(p, json, "avatar_url", "GET", "avatars", v.glb_url, e);
    json_t *sizes = json_loads(g.sizes, 0, NULL);
    const char *path = json_string_value(json_object_get(sizes, x.size));
    if (ok && path) ok = buf_append(json, ",", 1) && plane_link(p, json, "garment_url", "GET", "garments", path, e);
    json_decref(sizes);
    return ok && uploads(p, a, j, x.avatar_id, AVATAR_RESULTS, ALL_RESULTS, json, e) && buf_append(json, "}", 1);
}

// Storage or database cannot be reached: no fault of this job's, and the next one would fare no better. It waits a
// little, so that one whose objects alone cannot be reached does not stand before all the others. False.
static bool not_now(const job_plane *p, arena *a, const db_job *j, const char *worker, bool *found)
{
    err late = { 0 };
    *found = false;
    if (!db_job_put_back(p->d, a, j->id, worker, AWAY_MS, &late)) // then its lease runs out
        log_say(LOG_WARN, "job %s: %s", j->id, late.msg);
    return false;
}

bool plane_take(const job_plane *p, arena *a, const char *queue, const char *worker, buf *json, bool *found, err *e)
{
    db_job j;
    for (;;) {
        size_t start = json->len;
        *e = (err){ 0 };
        if (!db_job_take(p->d, a, queue, worker, p->lease_ms ? p->lease_ms : LEASE_MS, &j, found, e)) return false;
        if (!*found) return true;
        bool ok = buf_printf(json, "{\"id\":\"%s\",\"input\":", j.id);
        if (ok && !strcmp(j.kind, "avatar"))
            ok = avatar_input(p, a, &j, json, e);
        else if (ok && !strcmp(j.kind, "drape"))
            ok = drape_input(p, a, &j, json, e);
        else if (ok && preview_is(&j))
            ok = preview_input(p, a, &j, json, e);
        else if (ok)
            ok = buf_printf(json, "%s", j.input);
        if (ok && buf_append(json, "}", 1)) return true;
        json->len = start;
        log_say(LOG_WARN, "job %s cannot be handed out: %s", j.id, e->msg);
        if (e->code == ERR_IO || e->code == ERR_BUSY) return not_now(p, a, &j, worker, found);
        // What it works on is gone, or it cannot be told to anybody: the next one is looked at.
        bool applied, gone = e->code == ERR_NOT_FOUND;
        if (!db_job_fail(p->d, a, j.id, worker, gone ? "what it was for was deleted" : "it could not be handed out",
                         !gone, &applied, e))
            return false;
    }
}

// Where a result goes: a name that says its content, and that is written once only. A deletion that was decided on
// before, of an earlier object with this content, must not meet this one.
static const char *name_of(arena *a, const db_job *j, const char *folder, int which, const char *hash, const char *mark)
{
    return arena_printf(a, "%s/%s/%s-%.16s-%s.%s", j->user_id, folder, RESULTS[which].stem, hash, mark,
                        RESULTS[which].extension);
}

// One result, whose name is noted already: what the worker put at the staging place must be what it says it put.
static bool accept_result(const job_plane *p, arena *a, const db_job *j, const char *folder, int which,
                          const json_t *told, const char *name, db_blob *out, buf *bytes, err *e)
{
    const char *hash = json_string_value(json_object_get(told, "sha256"));
    const char *path = staging(a, j, folder, j->attempts, RESULTS[which].name);
    *bytes = buf_new(RESULT_MAX);
    if (!blob_get(p->blobs, "avatars", path, bytes, e)) return false;
    sha256_hex is;
    sha256_text(bytes->data ? (void *)bytes->data : "", bytes->len, is);
    if (strcmp(is, hash) != 0) return fail(e, ERR_IO, "the result %s arrived damaged", RESULTS[which].name);
    if (!blob_put(p->blobs, "avatars", name, RESULTS[which].type, bytes->data ? (void *)bytes->data : "", bytes->len,
                  e))
        return false;
    *out = (db_blob){ .bucket = "avatars", .path = name, .sha256 = arena_text(a, is), .size = (int64_t)bytes->len };
    return true;
}

static bool is_json_object(const buf *b)
{
    json_t *j = json_loadb((const char *)b->data, b->len, JSON_REJECT_DUPLICATES, NULL);
    bool ok = json_is_object(j);
    json_decref(j);
    return ok;
}

// What fit.json says of the drape itself.
static const char *quality_of(arena *a, const char *fit)
{
    json_t *j = json_loads(fit, 0, NULL), *quality = json_object_get(j, "quality");
    char *text = quality ? json_dumps(quality, JSON_COMPACT) : NULL;
    const char *kept = text ? arena_text(a, text) : NULL;
    mem_free(text);
    json_decref(j);
    return kept;
}

static bool finish(const job_plane *p, arena *a, const db_job *j, const char *worker, const json_t *output,
                   bool *applied, err *e)
{
    char *text = json_dumps(output ? output : json_null(), JSON_COMPACT | JSON_ENCODE_ANY);
    db_job_effect x = { .output = text ? arena_text(a, text) : "null" };
    mem_free(text);
    db_blob blobs[ALL_RESULTS];
    const json_t *files = json_object_get(output, "files");
    bool avatar = !strcmp(j->kind, "avatar"), drape = !strcmp(j->kind, "drape");
    const char *path[ALL_RESULTS] = { 0 };
    char *text_of[ALL_RESULTS] = { 0 };
    int first = avatar ? 0 : AVATAR_RESULTS, last = avatar ? AVATAR_RESULTS : drape ? ALL_RESULTS : first;
    const char *names[ALL_RESULTS], *folder;
    int name_count = 0;
    uuid_text mark;
    uuid_new(mark);
    if (!folder_of(p, a, j, &folder, e)) return false;
    for (int i = first; i < last; i++) {
        const json_t *told = json_object_get(files, RESULTS[i].name);
        const char *hash = json_string_value(json_object_get(told, "sha256"));
        if (!told && (i == GLB || i == MEASUREMENTS || i == TRYON || i == GARMENT))
            return fail(e, ERR_INPUT, "the result %s is missing", RESULTS[i].name);
        if (told && !(hash && strlen(hash) == 64 && strspn(hash, "0123456789abcdef") == 64))
            return fail(e, ERR_INPUT, "the result %s came without its SHA-256", RESULTS[i].name);
        if (told) names[name_count++] = path[i] = name_of(a, j, folder, i, hash, mark);
    }
    if (name_count && !db_blobs_intend(p->d, a, "avatars", names, name_count, j->user_id, e)) return false;
    for (int i = first; i < last; i++) {
        if (!path[i]) continue;
        buf bytes;
        bool ok = accept_result(p, a, j, folder, i, json_object_get(files, RESULTS[i].name), path[i],
                                &blobs[x.blob_count], &bytes, e);
        if (ok && (i == GLB || i == WEB_GLB || i == TRYON || i == GARMENT) &&
            (bytes.len < 12 || memcmp(bytes.data, "glTF", 4) != 0))
            ok = fail(e, ERR_INPUT, "the result %s is no GLB", RESULTS[i].name);
        if (ok && (i == MEASUREMENTS || i == FIT)) {
            ok = is_json_object(&bytes) || fail(e, ERR_INPUT, "the result %s is no JSON", RESULTS[i].name);
            if (ok) json_compact(text_of[i] = arena_textn(a, (const char *)bytes.data, bytes.len));
        }
        buf_free(&bytes);
        if (!ok) return false;
        x.blob_count++;
    }
    if (preview_is(j) && !preview_accept(p, a, j, output, &x, blobs, e)) return false;
    x.blobs = blobs;
    x.glb_path = path[GLB];
    x.web_glb_path = path[WEB_GLB];
    x.params_path = path[PARAMS];
    x.measurements = text_of[MEASUREMENTS];
    x.preview_path = path[PREVIEW];
    x.drape_path = path[TRYON];
    x.drape_garment_path = path[GARMENT];
    x.drape_bin_path = path[DRAPE];
    if (text_of[FIT]) x.drape_quality = quality_of(a, text_of[FIT]);
    db_avatar v = { 0 };
    if (avatar && !p->keep_photos) {
        x.photo_doom = "photos";
        if (!db_avatar_get(p->d, a, db_service, j->avatar_id, &v, e)) return false;
    }
    if (!db_job_finish(p->d, a, j->id, worker, &x, applied, e)) return false;
    // The photos go this instant; should that fail, they are noted as doomed and the sweeper tries again.
    const char *photos[] = { v.photo_url, v.side_photo_url };
    err late;
    for (int i = 0; i < 2 && *applied; i++)
        if (photos[i] && !blob_delete(p->blobs, "photos", photos[i], &late)) log_say(LOG_WARN, "photo: %s", late.msg);
    return true;
}

static bool doom_staging(const job_plane *p, arena *a, const db_job *j, err *e)
{
    bool avatar = !strcmp(j->kind, "avatar"), drape = !strcmp(j->kind, "drape");
    if (preview_is(j)) return preview_doom(p, a, j, e);
    const char *paths[ALL_RESULTS], *folder;
    int n = 0;
    // Gone with its avatar: so are the notes of what was being written there, or they run out by themselves.
    if (!folder_of(p, a, j, &folder, e)) return e->code == ERR_NOT_FOUND;
    for (int i = avatar ? 0 : AVATAR_RESULTS; (avatar || drape) && i < (avatar ? AVATAR_RESULTS : ALL_RESULTS); i++)
        paths[n++] = staging(a, j, folder, j->attempts, RESULTS[i].name);
    return !n || db_blobs_doom(p->d, a, "avatars", paths, n, e);
}

static bool report_progress(const job_plane *p, arena *a, const char *worker, const char *id, const json_t *body,
                            err *e)
{
    const json_t *output = json_object_get(body, "output");
    double pct = json_number_value(json_object_get(output, "fraction"));
    if (!(pct >= 0 && pct <= 1)) pct = 0;
    char *text = json_dumps(output ? output : json_null(), JSON_COMPACT | JSON_ENCODE_ANY);
    bool ok = db_job_progress(p->d, a, id, worker, text ? text : "null", pct, e);
    mem_free(text);
    return ok;
}

bool plane_done(const job_plane *p, arena *a, const char *worker, const char *id, const char *body, size_t n,
                bool *ended, err *e)
{
    *ended = false;
    json_t *root = json_loadb(body, n, JSON_REJECT_DUPLICATES, NULL);
    if (!json_is_object(root)) {
        json_decref(root);
        return fail(e, ERR_INPUT, "the result is not a JSON object");
    }
    db_job j;
    bool ok = db_job_get(p->d, a, id, &j, e), applied = false;
    if (!ok && e->code == ERR_NOT_FOUND) { // gone with its avatar or user: nothing to do, and nothing wrong
        json_decref(root);
        return true;
    }
    // Anything from a worker that no longer holds the job is heard and forgotten.
    bool holds = ok && j.lease_owner && !strcmp(j.lease_owner, worker) &&
                 (!strcmp(j.state, "running") || !strcmp(j.state, "queued") || !strcmp(j.state, "delayed"));
    const char *status = json_string_value(json_object_get(root, "status"));
    const json_t *error = json_object_get(root, "error"), *output = json_object_get(root, "output");
    if (holds && status && !strcmp(status, "IN_PROGRESS")) {
        ok = report_progress(p, a, worker, id, root, e);
    } else if (holds && error) {
        const char *text = json_string_value(error);
        char *dump = text ? NULL : json_dumps(error, JSON_COMPACT | JSON_ENCODE_ANY);
        // A worker of ours says whether another attempt may help; another's error is final, as RunPod has it.
        bool retry = json_is_true(json_object_get(output, "retryable"));
        ok = db_job_fail(p->d, a, id, worker,
                         text   ? text
                         : dump ? dump
                                : "failed",
                         retry, &applied, e) &&
             doom_staging(p, a, &j, e);
        mem_free(dump);
        *ended = ok && applied && !(retry && j.attempts < j.max_attempts);
    } else if (holds) {
        ok = finish(p, a, &j, worker, output, &applied, e);
        if (!ok &&
            (e->code == ERR_INPUT || e->code == ERR_LIMIT || e->code == ERR_NOT_FOUND || e->code == ERR_CONFLICT)) {
            // The answer itself is unusable: asking the worker to send it again would not mend it.
            char reason[320];
            snprintf(reason, sizeof reason, "%s", e->msg);
            log_say(LOG_WARN, "job %s: %s", id, reason);
            ok = db_job_fail(p->d, a, id, worker, reason, true, &applied, e);
            *ended = ok && applied && j.attempts >= j.max_attempts;
        } else {
            *ended = ok && applied;
        }
        ok = ok && doom_staging(p, a, &j, e);
    }
    json_decref(root);
    return ok;
}

bool plane_sweep(const job_plane *p, plane_teller *tell, void *ctx, int64_t until_ms, int64_t *moved, err *e)
{
    arena *a = arena_new(16 << 20);
    db_swept swept;
    bool ok = db_jobs_sweep(p->d, a, &swept, e);
    *moved = ok ? swept.moved : 0;
    for (int i = 0; ok && i < swept.count; i++) {
        if (clock_mono_ms() < until_ms)
            tell(ctx, swept.to_tell[i]);
        else
            ok = fail(e, ERR_LIMIT, "%d webhooks of jobs that ended were not told in time", swept.count - i);
    }
    arena_free(a);
    return ok;
}

bool plane_expire(const job_plane *p, err *e)
{
    arena *a = arena_new(16 << 20);
    int64_t rows = 0;
    bool ok = db_retention_sweep(p->d, a, clock_ms(), &rows, e);
    if (rows) log_say(LOG_INFO, "sweep: %lld rows that are not kept any longer", (long long)rows);
    arena_free(a);
    return ok;
}

bool plane_delete(const job_plane *p, arena *a, const db_blob *list, int count, int64_t before, int64_t until_ms,
                  int64_t *removed, err *e)
{
    err first = { 0 };
    for (int i = 0; i < count && clock_mono_ms() < until_ms; i++) {
        const db_blob *b = &list[i];
        err one = { 0 };
        if (!blob_delete(p->blobs, b->bucket, b->path, &one)) { // one that cannot go does not keep the others
            if (!first.code) first = one;
            continue;
        }
        // Someone may hold a link to write it still: its note is kept until no such link can be alive, and then it is
        // deleted once more.
        if (!(b->final ? db_blob_forget(p->d, a, b->bucket, b->path, before, e)
                       : db_blob_deleted(p->d, a, b->bucket, b->path, e)))
            return false;
        ++*removed;
    }
    if (first.code) *e = first;
    return !first.code;
}

bool plane_clear(const job_plane *p, int64_t grace_ms, int64_t until_ms, int64_t *removed, bool *more, err *e)
{
    arena *a = arena_new(16 << 20);
    int64_t before = clock_ms() - grace_ms;
    bool ok = true;
    *removed = 0;
    *more = true;
    while (ok && *more && clock_mono_ms() < until_ms) {
        db_blob *list;
        int count;
        int64_t done = 0;
        arena_reset(a);
        ok = db_blob_unwanted(p->d, a, before, SWEEP_BATCH, &list, &count, e) &&
             plane_delete(p, a, list, count, before, until_ms, &done, e);
        *more = ok && (count == SWEEP_BATCH || done < count);
        *removed += done;
    }
    arena_free(a);
    return ok;
}
