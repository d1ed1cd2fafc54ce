// The queue. A job is queued (takeable), delayed (takeable from run_at), running under a lease, or at an end. Order
// within a priority is start-time fair queueing (Goyal, Vin & Cheng 1996) with equal weights: a tenant's jobs get
// consecutive turns beginning at the queue's clock, so that one brand's thousand jobs cannot hold back another's first.
#include "db/domain.h"
#include "common/text.h"

#include <string.h>

// A worker that was not heard of for SEEN_MS is not there.
enum { BACKOFF_FIRST_MS = 2000, BACKOFF_MAX_MS = 300000, SEEN_MS = 60000 };

#define JOB_COLUMNS                                                                                                    \
    "id, queue, kind, tenant, state, input, output, progress, error, webhook, lease_owner, user_id, avatar_id, "       \
    "session_id, attempts, max_attempts, execution_ms, @ms(created_at), @ms(started_at), @ms(finished_at)"

static void read_job(const sql_rows *r, int i, db_job *j)
{
    *j = (db_job){ .id = sql_cell(r, i, 0),
                   .queue = sql_cell(r, i, 1),
                   .kind = sql_cell(r, i, 2),
                   .tenant = sql_cell(r, i, 3),
                   .state = sql_cell(r, i, 4),
                   .input = sql_cell(r, i, 5),
                   .output = sql_cell(r, i, 6),
                   .progress = sql_cell(r, i, 7),
                   .error = sql_cell(r, i, 8),
                   .webhook = sql_cell(r, i, 9),
                   .lease_owner = sql_cell(r, i, 10),
                   .attempts = sql_int(r, i, 14),
                   .max_attempts = sql_int(r, i, 15),
                   .execution_ms = sql_int(r, i, 16),
                   .created_at = sql_int(r, i, 17),
                   .started_at = sql_int(r, i, 18),
                   .finished_at = sql_int(r, i, 19) };
    sql_copy(r, i, 11, j->user_id, sizeof j->user_id);
    sql_copy(r, i, 12, j->avatar_id, sizeof j->avatar_id);
    sql_copy(r, i, 13, j->session_id, sizeof j->session_id);
}

bool job_insert(sql_txn *t, const db_job_new *n, err *e)
{
    int64_t now = clock_ms(), ttl = n->ttl_ms ? n->ttl_ms : 86400000;
    sql_rows r;
    if (!sql_run(
            t, &r, e,
            "INSERT INTO job_turns (queue, tenant, turn) VALUES ($1, $2, (SELECT coalesce(max(turn), 0) + 1 FROM "
            "job_turns WHERE queue = $1 AND tenant = '*')) ON CONFLICT (queue, tenant) DO UPDATE SET turn = CASE "
            "WHEN job_turns.turn + 1 > excluded.turn THEN job_turns.turn + 1 ELSE excluded.turn END RETURNING turn",
            "tt", n->queue, n->tenant))
        return false;
    return sql_run(t, NULL, e,
                   "INSERT INTO jobs (id, queue, kind, tenant, user_id, avatar_id, session_id, priority, turn, input, "
                   "webhook, max_attempts, execution_ms, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, "
                   "$8, $9, $10, $11, $12, $13, @ts($14), @ts($15))",
                   "tttttttiittiiii", n->id, n->queue, n->kind, n->tenant, n->user_id, n->avatar_id, n->session_id,
                   (int64_t)n->priority, sql_int(&r, 0, 0), n->input, n->webhook,
                   (int64_t)(n->max_attempts ? n->max_attempts : 3), n->execution_ms ? n->execution_ms : 600000, now,
                   now + ttl);
}

bool db_job_submit(db *d, arena *a, const db_job_new *n, err *e)
{
    sql_txn *t;
    return sql_begin(d, db_service, SQL_WRITE, a, &t, e) && sql_end(t, job_insert(t, n, e), e);
}

static bool seen(sql_txn *t, const char *queue, const char *worker, err *e)
{
    return sql_run(t, NULL, e,
                   "INSERT INTO workers (id, queue, seen_at) VALUES ($1, $2, @ts($3)) ON CONFLICT (id) DO UPDATE SET "
                   "seen_at = excluded.seen_at, queue = excluded.queue",
                   "tti", worker, queue, clock_ms());
}

// What the thing a job works on is called in its own table while the job is at this stage.
static bool show_stage(sql_txn *t, const db_job *j, const char *stage, const char *failure, err *e)
{
    int64_t now = clock_ms();
    if (*j->avatar_id)
        return sql_run(t, NULL, e,
                       "UPDATE avatars SET status = $2, failure = $3, updated_at = @ts($4) WHERE id = $1 AND status <> "
                       "'ready'",
                       "ttti", j->avatar_id, stage, failure, now);
    if (*j->session_id)
        return sql_run(t, NULL, e,
                       "UPDATE drapes SET status = $2, failure = $3, updated_at = @ts($4) WHERE job_id = $1 AND status "
                       "<> 'ready'",
                       "ttti", j->id, stage, failure, now);
    return true;
}

// What may be taken now: on a busy service previews of merchants leave half of the workers to shoppers.
#define TAKEABLE                                                                                                       \
    "queue = $1 AND state = 'queued' AND (kind <> 'plain' OR priority >= 0 OR (SELECT 2 * count(*) FROM jobs b WHERE " \
    "b.queue = $1 AND b.state = 'running' AND b.kind = 'plain' AND b.priority < 0) < (SELECT CASE WHEN count(*) > 1 "  \
    "THEN count(*) ELSE 1 END FROM workers w WHERE w.queue = $1 AND w.seen_at > @ts($2)))"

bool db_job_take(db *d, arena *a, const char *queue, const char *worker, int64_t lease_ms, db_job *out, bool *found,
                 err *e)
{
    *found = false;
    sql_rows r;
    // A look without a lock first: an idle worker's polling costs no write.
    int64_t now = clock_ms();
    if (!sql_once(d, db_service, SQL_READ, a, &r, e, "SELECT 1 FROM jobs WHERE " TAKEABLE " LIMIT 1", "ti", queue,
                  now - SEEN_MS))
        return false;
    if (!r.count) return true;
    sql_txn *t;
    if (!sql_begin(d, db_service, SQL_WRITE, a, &t, e)) return false;
    bool ok =
        sql_run(t, &r, e,
                "UPDATE jobs SET state = 'running', lease_owner = $3, lease_until = @ts($4), attempts = attempts + "
                "1, started_at = coalesce(started_at, @ts($5)), progress = NULL, run_at = NULL WHERE id = (SELECT "
                "id FROM jobs WHERE " TAKEABLE
                " ORDER BY priority DESC, turn, id LIMIT 1 @lock()) RETURNING " JOB_COLUMNS ", turn",
                "titii", queue, now - SEEN_MS, worker, now + lease_ms, now);
    if (ok && r.count) {
        read_job(&r, 0, out);
        *found = true;
        ok =
            show_stage(t, out, "processing", NULL, e) && seen(t, queue, worker, e) &&
            sql_run(t, NULL, e,
                    "INSERT INTO job_turns (queue, tenant, turn) VALUES ($1, '*', $2) ON CONFLICT (queue, tenant) DO "
                    "UPDATE SET turn = CASE WHEN job_turns.turn > excluded.turn THEN job_turns.turn ELSE excluded.turn "
                    "END",
                    "ti", queue, sql_int(&r, 0, 20));
    }
    if (!ok) *found = false;
    if (sql_end(t, ok, e)) return true;
    *found = false;
    return false;
}

bool db_job_beat(db *d, arena *a, const char *queue, const char *worker, const char *ids, int64_t lease_ms, err *e)
{
    sql_txn *t;
    if (!sql_begin(d, db_service, SQL_WRITE_FAST, a, &t, e)) return false;
    bool ok = seen(t, queue, worker, e);
    for (const char *p = ids; ok && p && *p;) {
        size_t n = strcspn(p, ",");
        if (n)
            ok = sql_run(
                t, NULL, e,
                "UPDATE jobs SET lease_until = @ts($3) WHERE id = $1 AND lease_owner = $2 AND state = 'running'", "tti",
                arena_textn(a, p, n), worker, clock_ms() + lease_ms);
        p += n + (p[n] == ',');
    }
    return sql_end(t, ok, e);
}

bool db_job_progress(db *d, arena *a, const char *id, const char *worker, const char *json, double fraction, err *e)
{
    sql_txn *t;
    if (!sql_begin(d, db_service, SQL_WRITE_FAST, a, &t, e)) return false;
    sql_rows r;
    bool ok =
        sql_run(t, &r, e,
                "UPDATE jobs SET progress = $3 WHERE id = $1 AND lease_owner = $2 AND state = 'running' RETURNING "
                "avatar_id",
                "ttt", id, worker, json);
    if (ok && r.count && sql_cell(&r, 0, 0))
        ok = sql_run(t, NULL, e, "UPDATE avatars SET progress = $2, updated_at = @ts($3) WHERE id = $1", "tdi",
                     sql_cell(&r, 0, 0), fraction, clock_ms());
    return sql_end(t, ok, e);
}

static bool count_end(sql_txn *t, const char *queue, const char *state, err *e)
{
    return sql_run(
        t, NULL, e,
        "INSERT INTO job_counts (queue, state, count) VALUES ($1, $2, 1) ON CONFLICT (queue, state) DO UPDATE "
        "SET count = job_counts.count + 1",
        "tt", queue, state);
}

// They show a body that is no longer hers. Jobs still making one find nothing to put their results to.
static bool forget_drapes(sql_txn *t, const char *avatar, err *e)
{
    sql_rows r;
    if (!sql_run(t, &r, e, "DELETE FROM drapes WHERE avatar_id = $1 RETURNING glb_url, garment_url, bin_url", "t",
                 avatar))
        return false;
    for (int i = 0; i < r.count; i++)
        for (int k = 0; k < 3; k++)
            if (!blob_doom(t, "avatars", sql_cell(&r, i, k), e)) return false;
    return true;
}

static bool avatar_done(sql_txn *t, const db_job *j, const db_job_effect *x, err *e)
{
    sql_rows r;
    int64_t now = clock_ms();
    // What an earlier fit left is replaced.
    if (!sql_run(t, &r, e,
                 "SELECT glb_url, preview_url, smpl_params_url, photo_url, side_photo_url, user_id, brand_id, "
                 "web_glb_url FROM avatars "
                 "WHERE id = $1",
                 "t", j->avatar_id))
        return false;
    if (!r.count) return fail(e, ERR_NOT_FOUND, "the avatar was deleted meanwhile");
    static const int columns[] = { 0, 1, 2, 7 };
    for (int i = 0; i < 4; i++)
        if (!blob_doom(t, "avatars", sql_cell(&r, 0, columns[i]), e)) return false;
    if (x->photo_doom)
        for (int i = 3; i < 5; i++)
            if (!blob_doom(t, x->photo_doom, sql_cell(&r, 0, i), e)) return false;
    if (!forget_drapes(t, j->avatar_id, e)) return false;
    if (!sql_run(t, NULL, e,
                 "UPDATE avatars SET status = 'ready', failure = NULL, progress = 1, glb_url = $2, preview_url = $3, "
                 "smpl_params_url = $4, measurements = $5, photo_url = CASE WHEN $6 = 1 THEN NULL ELSE photo_url END, "
                 "side_photo_url = CASE WHEN $6 = 1 THEN NULL ELSE side_photo_url END, updated_at = @ts($7), "
                 "web_glb_url = $8 WHERE id = $1",
                 "tttttbit", j->avatar_id, x->glb_path, x->preview_path, x->params_path, x->measurements,
                 x->photo_doom != NULL, now, x->web_glb_path))
        return false;
    return !sql_cell(&r, 0, 6) || event_insert(t, sql_cell(&r, 0, 6),
                                               &(db_event){ .type = "avatar_created",
                                                            .dedupe_key = j->avatar_id,
                                                            .user_id = sql_cell(&r, 0, 5),
                                                            .created_at = now },
                                               NULL, e);
}

bool db_job_finish(db *d, arena *a, const char *id, const char *worker, const db_job_effect *x, bool *applied, err *e)
{
    *applied = false;
    sql_txn *t;
    if (!sql_begin(d, db_service, SQL_WRITE, a, &t, e)) return false;
    sql_rows r;
    int64_t now = clock_ms();
    // A lease that ran out but was given to nobody else is still this worker's: its work counts.
    bool ok =
        sql_run(t, &r, e,
                "UPDATE jobs SET state = 'completed', output = $3, error = NULL, lease_until = NULL, finished_at = "
                "@ts($4) WHERE id = $1 AND lease_owner = $2 AND state IN ('running', 'queued', 'delayed') "
                "RETURNING " JOB_COLUMNS,
                "ttti", id, worker, x->output, now);
    if (ok && !r.count) {
        sql_abort(t);
        return true;
    }
    db_job j;
    if (ok) read_job(&r, 0, &j);
    for (int i = 0; ok && i < x->blob_count; i++) ok = blob_live(t, &x->blobs[i], e);
    if (ok && !strcmp(j.kind, "avatar")) ok = avatar_done(t, &j, x, e);
    if (ok && !strcmp(j.kind, "drape")) {
        ok =
            sql_run(t, &r, e,
                    "UPDATE drapes SET status = 'ready', failure = NULL, glb_url = $2, garment_url = $3, bin_url = $4, "
                    "quality = $5, updated_at = @ts($6) WHERE job_id = $1",
                    "ttttti", j.id, x->drape_path, x->drape_garment_path, x->drape_bin_path, x->drape_quality, now);
        if (ok && !r.changed) ok = fail(e, ERR_NOT_FOUND, "the avatar was deleted or made anew meanwhile");
    }
    if (ok && x->report) ok = preview_done(t, j.id, x->sheet_path, x->report, e);
    ok = ok && count_end(t, j.queue, "completed", e);
    *applied = sql_end(t, ok, e);
    return *applied;
}

// 2 s, 4 s, 8 s, … up to 5 min, by how often it was tried.
static int64_t backoff(int64_t attempts)
{
    int64_t ms = BACKOFF_FIRST_MS;
    for (int64_t i = 1; i < attempts && ms < BACKOFF_MAX_MS; i++) ms *= 2;
    return ms < BACKOFF_MAX_MS ? ms : BACKOFF_MAX_MS;
}

// j was running: put it where it belongs now.
static bool give_up(sql_txn *t, const db_job *j, const char *reason, bool retry, err *e)
{
    int64_t now = clock_ms();
    if (retry && j->attempts < j->max_attempts)
        return sql_run(
                   t, NULL, e,
                   "UPDATE jobs SET state = 'delayed', run_at = @ts($2), lease_until = NULL, error = $3 WHERE id = $1",
                   "tit", j->id, now + backoff(j->attempts), reason) &&
               show_stage(t, j, "pending", NULL, e) && count_end(t, j->queue, "retried", e);
    return sql_run(t, NULL, e,
                   "UPDATE jobs SET state = 'failed', lease_until = NULL, error = $3, finished_at = @ts($2) WHERE id = "
                   "$1",
                   "tit", j->id, now, reason) &&
           show_stage(t, j, "failed", reason, e) && count_end(t, j->queue, "failed", e);
}

// A change of one job: the statement that picks it (returning JOB_COLUMNS), and what follows when it picked one.
// *changed tells whether it did, and is true only once that is committed.
typedef bool job_change(sql_txn *t, const db_job *j, const void *with, err *e);

static bool end_change(sql_txn *t, bool ok, const sql_rows *r, job_change *then, const void *with, bool *changed,
                       err *e)
{
    bool picked = ok && r->count;
    if (picked) {
        db_job j;
        read_job(r, 0, &j);
        ok = then(t, &j, with, e);
    }
    ok = sql_end(t, ok, e);
    *changed = ok && picked;
    return ok;
}

typedef struct {
    const char *reason;
    bool retry;
} failing;

static bool then_give_up(sql_txn *t, const db_job *j, const void *with, err *e)
{
    const failing *f = with;
    return give_up(t, j, f->reason, f->retry, e);
}

bool db_job_fail(db *d, arena *a, const char *id, const char *worker, const char *reason, bool retry, bool *applied,
                 err *e)
{
    *applied = false;
    sql_txn *t;
    sql_rows r;
    if (!sql_begin(d, db_service, SQL_WRITE, a, &t, e)) return false;
    bool ok = sql_run(
        t, &r, e, "SELECT " JOB_COLUMNS " FROM jobs WHERE id = $1 AND lease_owner = $2 AND state = 'running' @lock()",
        "tt", id, worker);
    return end_change(t, ok, &r, then_give_up, &(failing){ reason, retry }, applied, e);
}

static bool then_pending(sql_txn *t, const db_job *j, const void *with, err *e)
{
    (void)with;
    return show_stage(t, j, "pending", NULL, e);
}

bool db_job_put_back(db *d, arena *a, const char *id, const char *worker, int64_t wait_ms, err *e)
{
    sql_txn *t;
    sql_rows r;
    bool changed;
    if (!sql_begin(d, db_service, SQL_WRITE, a, &t, e)) return false;
    // Attempts have numbers, by which their files are told apart: it is the limit that moves.
    bool ok =
        sql_run(t, &r, e,
                "UPDATE jobs SET state = CASE WHEN $3 = 1 THEN 'delayed' ELSE 'queued' END, run_at = @ts($4), "
                "lease_owner = NULL, lease_until = NULL, max_attempts = max_attempts + 1 WHERE id = $1 AND lease_owner "
                "= $2 AND state = 'running' RETURNING " JOB_COLUMNS,
                "ttbi", id, worker, wait_ms > 0, clock_ms() + wait_ms);
    return end_change(t, ok, &r, then_pending, NULL, &changed, e);
}

static bool then_cancelled(sql_txn *t, const db_job *j, const void *with, err *e)
{
    (void)with;
    return show_stage(t, j, "failed", "cancelled", e) && count_end(t, j->queue, "cancelled", e);
}

bool db_job_cancel(db *d, arena *a, const char *id, bool *cancelled, err *e)
{
    *cancelled = false;
    sql_txn *t;
    sql_rows r;
    if (!sql_begin(d, db_service, SQL_WRITE, a, &t, e)) return false;
    bool ok = sql_run(t, &r, e,
                      "UPDATE jobs SET stop_told = CASE WHEN state = 'running' THEN $3 = 1 ELSE $4 = 1 END, state = "
                      "'cancelled', lease_until = NULL, finished_at = @ts($2) WHERE id = $1 AND state IN ('queued', "
                      "'delayed', 'running') RETURNING " JOB_COLUMNS,
                      "tibb", id, clock_ms(), 0, 1);
    return end_change(t, ok, &r, then_cancelled, NULL, cancelled, e);
}

bool db_job_retry(db *d, arena *a, const char *id, bool *retried, err *e)
{
    *retried = false;
    sql_txn *t;
    sql_rows r;
    if (!sql_begin(d, db_service, SQL_WRITE, a, &t, e)) return false;
    bool ok =
        sql_run(t, &r, e,
                "UPDATE jobs SET state = 'queued', attempts = 0, error = NULL, output = NULL, finished_at = NULL, "
                "started_at = NULL, lease_owner = NULL, expires_at = @ts($2) WHERE id = $1 AND state IN ('failed', "
                "'timed_out') RETURNING " JOB_COLUMNS,
                "ti", id, clock_ms() + 86400000);
    return end_change(t, ok, &r, then_pending, NULL, retried, e);
}

bool db_job_get(db *d, arena *a, const char *id, db_job *out, err *e)
{
    sql_rows r;
    if (!sql_once(d, db_service, SQL_READ, a, &r, e, "SELECT " JOB_COLUMNS " FROM jobs WHERE id = $1", "t", id))
        return false;
    if (!r.count) return fail(e, ERR_NOT_FOUND, "there is no such job");
    read_job(&r, 0, out);
    return true;
}

bool db_job_purge(db *d, arena *a, const char *queue, int64_t *removed, err *e)
{
    sql_rows r;
    // Jobs that make an avatar or a drape are promises to a shopper: only plain ones are purged.
    if (!sql_once(d, db_service, SQL_WRITE, a, &r, e,
                  "DELETE FROM jobs WHERE queue = $1 AND kind = 'plain' AND state IN ('queued', 'delayed')", "t",
                  queue))
        return false;
    *removed = r.changed;
    return true;
}

bool db_job_stops(db *d, arena *a, const char *worker, const char ***ids, int *count, err *e)
{
    sql_rows r;
    *count = 0;
    if (!sql_once(d, db_service, SQL_READ, a, &r, e,
                  "SELECT id FROM jobs WHERE lease_owner = $1 AND NOT stop_told LIMIT 100", "t", worker))
        return false;
    if (!r.count) return true;
    if (!sql_once(
            d, db_service, SQL_WRITE, a, &r, e,
            "UPDATE jobs SET stop_told = CASE WHEN $2 = 1 THEN $2 = 1 ELSE stop_told END WHERE lease_owner = $1 AND "
            "NOT stop_told RETURNING id",
            "tb", worker, 1))
        return false;
    *ids = r.cell;
    *count = r.count;
    return true;
}

bool db_queue_look(db *d, arena *a, const char *queue, db_queue_health *out, err *e)
{
    sql_rows r;
    int64_t now = clock_ms();
    *out = (db_queue_health){ 0 };
    if (!sql_once(
            d, db_service, SQL_READ, a, &r, e,
            "SELECT (SELECT count(*) FROM jobs WHERE queue = $1 AND state = 'queued'), (SELECT count(*) FROM jobs "
            "WHERE queue = $1 AND state = 'running'), (SELECT @ms(min(created_at)) FROM jobs WHERE queue = $1 AND "
            "state = 'queued'), (SELECT count(*) FROM workers WHERE queue = $1 AND seen_at > @ts($2)), (SELECT "
            "count(DISTINCT lease_owner) FROM jobs WHERE queue = $1 AND state = 'running'), (SELECT count(*) FROM "
            "jobs WHERE queue = $1 AND state = 'delayed')",
            "ti", queue, now - SEEN_MS))
        return false;
    out->queued = sql_int(&r, 0, 0) + sql_int(&r, 0, 5);
    out->running = sql_int(&r, 0, 1);
    out->oldest_ms = sql_cell(&r, 0, 2) ? now - sql_int(&r, 0, 2) : 0;
    out->workers_running = sql_int(&r, 0, 4);
    out->workers_idle = sql_int(&r, 0, 3) - out->workers_running;
    if (out->workers_idle < 0) out->workers_idle = 0;
    if (!sql_once(d, db_service, SQL_READ, a, &r, e, "SELECT state, count FROM job_counts WHERE queue = $1", "t",
                  queue))
        return false;
    for (int i = 0; i < r.count; i++) {
        const char *state = sql_cell(&r, i, 0);
        int64_t n = sql_int(&r, i, 1);
        if (!strcmp(state, "completed")) out->completed = n;
        if (!strcmp(state, "failed")) out->failed = n;
        if (!strcmp(state, "retried")) out->retried = n;
    }
    return true;
}

// Room for so many more jobs whose end is to be told.
static void make_room(db_swept *s, arena *a, int more)
{
    const char **room = arena_array(a, const char *, (size_t)(s->count + more));
    for (int i = 0; i < s->count; i++) room[i] = s->to_tell[i];
    s->to_tell = room;
}

bool db_jobs_sweep(db *d, arena *a, db_swept *out, err *e)
{
    *out = (db_swept){ 0 };
    int64_t now = clock_ms();
    sql_rows r;
    if (!sql_once(
            d, db_service, SQL_READ, a, &r, e,
            "SELECT (SELECT count(*) FROM (SELECT 1 FROM jobs WHERE state = 'delayed' AND run_at <= @ts($1) LIMIT 1) "
            "x) + (SELECT count(*) FROM (SELECT 1 FROM jobs WHERE state = 'running' AND lease_until < @ts($1) LIMIT "
            "1) y) + (SELECT count(*) FROM (SELECT 1 FROM jobs WHERE state IN ('queued', 'delayed') AND expires_at < "
            "@ts($1) LIMIT 1) z)",
            "i", now))
        return false;
    if (!sql_int(&r, 0, 0)) return true;
    sql_txn *t;
    if (!sql_begin(d, db_service, SQL_WRITE, a, &t, e)) return false;
    bool ok =
        sql_run(t, &r, e, "UPDATE jobs SET state = 'queued' WHERE state = 'delayed' AND run_at <= @ts($1)", "i", now);
    if (ok) out->moved += r.changed;
    ok = ok && sql_run(t, &r, e,
                       "SELECT " JOB_COLUMNS " FROM jobs WHERE state = 'running' AND lease_until < @ts($1) LIMIT 200 "
                       "@lock()",
                       "i", now);
    if (ok) make_room(out, a, r.count);
    for (int i = 0; ok && i < r.count; i++) {
        db_job j;
        read_job(&r, i, &j);
        ok = give_up(t, &j, "the worker was lost while it worked on this", true, e);
        if (j.webhook && j.attempts >= j.max_attempts) out->to_tell[out->count++] = j.id;
        out->moved++;
    }
    ok = ok && sql_run(t, &r, e,
                       "UPDATE jobs SET state = 'timed_out', error = 'it waited longer than it may', finished_at = "
                       "@ts($1) WHERE state IN ('queued', 'delayed') AND expires_at < @ts($1) RETURNING " JOB_COLUMNS,
                       "i", now);
    if (ok) make_room(out, a, r.count);
    for (int i = 0; ok && i < r.count; i++) {
        db_job j;
        read_job(&r, i, &j);
        ok = show_stage(t, &j, "failed", "no worker was free in time; please try again", e) &&
             count_end(t, j.queue, "failed", e);
        if (j.webhook) out->to_tell[out->count++] = j.id;
        out->moved++;
    }
    return sql_end(t, ok, e);
}
