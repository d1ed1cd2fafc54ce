#include "db/domain.h"
#include "base/mem.h"
#include "common/text.h"

#include <assert.h>
#include <string.h>

#define AVATAR_COLUMNS                                                                                                 \
    "SELECT v.id, v.user_id, v.brand_id, v.status, v.failure, v.photo_url, v.side_photo_url, v.glb_url, "              \
    "v.preview_url, v.smpl_params_url, v.measurements, v.answers, v.consent_version, v.progress, @ms(v.created_at), "  \
    "@ms(v.updated_at), v.web_glb_url, (SELECT j.id FROM jobs j WHERE j.avatar_id = v.id ORDER BY j.created_at DESC, " \
    "j.id DESC "                                                                                                       \
    "LIMIT 1) FROM avatars v "

static void read_avatar(const sql_rows *r, int i, db_avatar *v)
{
    *v = (db_avatar){ .status = sql_cell(r, i, 3),
                      .failure = sql_cell(r, i, 4),
                      .photo_url = sql_cell(r, i, 5),
                      .side_photo_url = sql_cell(r, i, 6),
                      .glb_url = sql_cell(r, i, 7),
                      .preview_url = sql_cell(r, i, 8),
                      .params_url = sql_cell(r, i, 9),
                      .measurements = sql_cell(r, i, 10),
                      .answers = sql_cell(r, i, 11),
                      .consent_version = sql_cell(r, i, 12),
                      .progress = sql_real(r, i, 13),
                      .created_at = sql_int(r, i, 14),
                      .updated_at = sql_int(r, i, 15),
                      .web_glb_url = sql_cell(r, i, 16),
                      .job_id = sql_cell(r, i, 17) };
    sql_copy(r, i, 0, v->id, sizeof v->id);
    sql_copy(r, i, 1, v->user_id, sizeof v->user_id);
    sql_copy(r, i, 2, v->brand_id, sizeof v->brand_id);
}

// jobs are the server's own: the job's id is asked for only where it may be seen
static const char OWN_AVATAR[] =
    "SELECT id, user_id, brand_id, status, failure, photo_url, side_photo_url, glb_url, "
    "preview_url, smpl_params_url, measurements, answers, consent_version, progress, "
    "@ms(created_at), @ms(updated_at), web_glb_url, NULL FROM avatars WHERE id = $1 AND user_id = $2";

sql_ask avatar_ask(arena *a, const char *user, const char *id)
{
    return (sql_ask){
        .scope = db_as_user(user), .sql = OWN_AVATAR, .value = { sql_text(id), sql_text(user) }, .count = 2, .a = a
    };
}

bool avatar_answer(const sql_ask *v, db_avatar *out, err *e)
{
    if (!v->rows.count) return fail(e, ERR_NOT_FOUND, "there is no such avatar");
    read_avatar(&v->rows, 0, out);
    return true;
}

void db_avatars_get(db *d, db_avatar_ask *const *v, int count)
{
    err e = { 0 };
    assert(count > 0);
    sql_ask *ask = mem_array(sql_ask, (size_t)count);
    for (int i = 0; i < count; i++) ask[i] = avatar_ask(v[i]->a, v[i]->user, v[i]->id);
    // What spoils one of them spoils all: then each is asked for by itself.
    bool ok = sql_each(d, ask, count, &e);
    for (int i = 0; i < count; i++) {
        db_avatar_ask *one = v[i];
        one->fate.ok = ok ? avatar_answer(&ask[i], &one->avatar, &one->fate.e)
                          : db_avatar_get(d, one->a, db_as_user(one->user), one->id, &one->avatar, &one->fate.e);
    }
    mem_free(ask);
}

bool db_avatar_get(db *d, arena *a, db_scope who, const char *id, db_avatar *out, err *e)
{
    sql_rows r;
    bool ok = who.as == DB_SERVICE ? sql_once(d, who, SQL_READ, a, &r, e, AVATAR_COLUMNS "WHERE v.id = $1", "t", id)
                                   : sql_once(d, who, SQL_READ, a, &r, e, OWN_AVATAR, "tt", id, who.id);
    if (!ok) return false;
    if (!r.count) return fail(e, ERR_NOT_FOUND, "there is no such avatar");
    read_avatar(&r, 0, out);
    return true;
}

bool db_avatar_list(db *d, arena *a, const char *user, db_avatar **out, int *count, err *e)
{
    sql_rows r;
    if (!sql_once(d, db_as_user(user), SQL_READ, a, &r, e,
                  "SELECT id, user_id, brand_id, status, failure, photo_url, side_photo_url, glb_url, preview_url, "
                  "smpl_params_url, measurements, answers, consent_version, progress, @ms(created_at), "
                  "@ms(updated_at), web_glb_url, NULL FROM avatars WHERE user_id = $1 ORDER BY id DESC LIMIT 100",
                  "t", user))
        return false;
    *out = arena_array(a, db_avatar, (size_t)r.count + 1);
    if (!*out) return fail(e, ERR_LIMIT, "too many avatars for one answer");
    for (int i = 0; i < r.count; i++) read_avatar(&r, i, &(*out)[i]);
    *count = r.count;
    return true;
}

static bool quota_left(sql_txn *t, const char *brand, int64_t now, err *e)
{
    char day[25];
    clock_iso(now, day);
    day[10] = 0;
    sql_rows r;
    if (!sql_run(t, &r, e,
                 "INSERT INTO usage_days (brand_id, day, avatars) VALUES ($1, $2, 1) ON CONFLICT (brand_id, day) DO "
                 "UPDATE SET avatars = usage_days.avatars + 1 RETURNING avatars, (SELECT avatar_quota_per_day FROM "
                 "brands WHERE id = $1)",
                 "tt", brand, day))
        return false;
    if (sql_cell(&r, 0, 1) && sql_int(&r, 0, 0) > sql_int(&r, 0, 1))
        return fail(e, ERR_LIMIT, "this brand's quota of %lld avatars a day is used up; it starts anew at midnight UTC",
                    (long long)sql_int(&r, 0, 1));
    return true;
}

static bool submit(sql_txn *t, const char *avatar, const char *user, const char *brand, int priority, err *e)
{
    uuid_text job;
    uuid_new(job);
    return job_insert(t,
                      &(db_job_new){ .id = job,
                                     .queue = "avatar",
                                     .kind = "avatar",
                                     .tenant = brand ? brand : "",
                                     .input = "{}",
                                     .user_id = user,
                                     .avatar_id = avatar,
                                     .priority = priority },
                      e);
}

static bool insert(sql_txn *t, const db_avatar_new *n, err *e)
{
    int64_t now = clock_ms();
    if (n->brand_id && !quota_left(t, n->brand_id, now, e)) return false;
    if (n->consent_version) {
        uuid_text id;
        uuid_new(id);
        if (!sql_run(
                t, NULL, e,
                "INSERT INTO consents (id, user_id, version, purpose, ip_hash, created_at) VALUES ($1, $2, $3, $4, "
                "$5, @ts($6))",
                "ttttti", id, n->user_id, n->consent_version, "avatar", n->ip_hash, now))
            return false;
    }
    if (!sql_run(t, NULL, e,
                 "INSERT INTO avatars (id, user_id, brand_id, photo_url, side_photo_url, answers, consent_version, "
                 "created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, @ts($8), @ts($8))",
                 "ttttttti", n->id, n->user_id, n->brand_id, n->photo_path, n->side_photo_path, n->answers,
                 n->consent_version, now))
        return false;
    const char *photos[] = { n->photo_path, n->side_photo_path };
    for (int i = 0; i < 2; i++)
        if (photos[i] && n->start &&
            !sql_run(t, NULL, e,
                     "UPDATE blobs SET state = 'live', updated_at = @ts($2) WHERE bucket = 'photos' AND path = $1",
                     "ti", photos[i], now))
            return false;
    if (n->idempotency_key &&
        !sql_run(t, NULL, e,
                 "INSERT INTO idempotency_keys (owner, key, fingerprint, resource_id, created_at) VALUES ($1, $2, $3, "
                 "$4, @ts($5))",
                 "tttti", n->user_id, n->idempotency_key, n->fingerprint, n->id, now))
        return false;
    return !n->start || submit(t, n->id, n->user_id, n->brand_id, n->priority, e);
}

bool db_avatar_create(db *d, arena *a, const db_avatar_new *n, db_avatar *out, bool *repeat, err *e)
{
    *repeat = false;
    // Two identical requests may race: the second to commit meets the first's key, and looks again.
    for (int attempt = 0; attempt < 2; attempt++) {
        sql_rows r = { 0 };
        if (n->idempotency_key &&
            !sql_once(d, db_service, SQL_READ, a, &r, e,
                      "SELECT fingerprint, resource_id FROM idempotency_keys WHERE owner = $1 AND key = $2", "tt",
                      n->user_id, n->idempotency_key))
            return false;
        if (r.count) {
            if (strcmp(sql_cell(&r, 0, 0), n->fingerprint) != 0)
                return fail(e, ERR_CONFLICT, "this Idempotency-Key was used for a different request");
            *repeat = true;
            return db_avatar_get(d, a, db_service, sql_cell(&r, 0, 1), out, e);
        }
        sql_txn *t;
        if (!sql_begin(d, db_service, SQL_WRITE, a, &t, e)) return false;
        if (sql_end(t, insert(t, n, e), e)) return db_avatar_get(d, a, db_service, n->id, out, e);
        if (e->code != ERR_CONFLICT || !n->idempotency_key) return false;
    }
    return false;
}

bool db_avatar_start(db *d, arena *a, const char *user, const char *id, bool front, bool side, err *e)
{
    sql_txn *t;
    if (!sql_begin(d, db_service, SQL_WRITE, a, &t, e)) return false;
    sql_rows r, job = { 0 };
    // The row first, and in a statement of its own: who starts it at the same time waits for it, and then finds the
    // job.
    bool ok = sql_run(t, &r, e,
                      "UPDATE avatars SET updated_at = @ts($3) WHERE id = $1 AND user_id = $2 AND status = 'pending' "
                      "RETURNING brand_id, side_photo_url",
                      "tti", id, user, clock_ms()) &&
              (!r.count || sql_run(t, &job, e, "SELECT 1 FROM jobs WHERE avatar_id = $1 LIMIT 1", "t", id));
    if (ok && (!r.count || job.count))
        ok = fail(e, ERR_CONFLICT, "this avatar was started before, or there is no such avatar");
    if (ok && !front) ok = fail(e, ERR_CONFLICT, "the front photo has not been uploaded yet");
    if (ok && !side) // nothing came through this link, and nothing shall any more
        ok = blob_doom(t, "photos", sql_cell(&r, 0, 1), e) &&
             sql_run(t, NULL, e, "UPDATE avatars SET side_photo_url = NULL WHERE id = $1", "t", id);
    ok = ok && submit(t, id, user, sql_cell(&r, 0, 0), 0, e);
    return sql_end(t, ok, e);
}

bool db_avatar_refit(db *d, arena *a, const char *user, const char *id, const char *answers, err *e)
{
    sql_txn *t;
    if (!sql_begin(d, db_service, SQL_WRITE, a, &t, e)) return false;
    sql_rows r;
    bool ok = sql_run(t, &r, e,
                      "UPDATE avatars SET answers = $3, status = 'pending', failure = NULL, progress = 0, updated_at = "
                      "@ts($4) WHERE id = $1 AND user_id = $2 RETURNING brand_id",
                      "ttti", id, user, answers, clock_ms());
    if (ok && !r.count) ok = fail(e, ERR_NOT_FOUND, "there is no such avatar");
    // An older fit that has not ended would overwrite the newer one's result: it is called off.
    ok = ok &&
         sql_run(t, NULL, e,
                 "UPDATE jobs SET state = 'cancelled', stop_told = CASE WHEN state = 'running' THEN $3 = 1 ELSE $4 "
                 "= 1 END, finished_at = @ts($2) WHERE avatar_id = $1 AND state IN ('queued', 'delayed', "
                 "'running')",
                 "tibb", id, clock_ms(), 0, 1);
    ok = ok && submit(t, id, user, sql_cell(&r, 0, 0), 1, e);
    return sql_end(t, ok, e);
}

bool db_avatar_delete(db *d, arena *a, const char *user, const char *id, err *e)
{
    sql_txn *t;
    if (!sql_begin(d, db_service, SQL_WRITE, a, &t, e)) return false;
    sql_rows r;
    // Every object of an avatar lies under its own folder, below whoever she was when it was written (db_user_join);
    // what a worker is still writing is doomed with the rest.
    const char *folder = arena_printf(a, "%%/%s/%%", id);
    bool ok = sql_run(t, &r, e, "DELETE FROM avatars WHERE id = $1 AND user_id = $2", "tt", id, user);
    if (ok && !r.changed) ok = fail(e, ERR_NOT_FOUND, "there is no such avatar");
    ok = ok && sql_run(t, NULL, e,
                       "UPDATE blobs SET state = 'doomed', updated_at = @ts($3) WHERE user_id = $2 AND path LIKE $1",
                       "tti", folder, user, clock_ms());
    return sql_end(t, ok, e);
}
