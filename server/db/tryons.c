#include "db/domain.h"
#include "common/text.h"

#include <stddef.h>
#include <string.h>

#define TRYON_COLUMNS                                                                                                  \
    "SELECT id, user_id, brand_id, avatar_id, garment_id, selected_size, fit_result, @ms(created_at), "                \
    "@ms(updated_at) FROM tryon_sessions "
#define DRAPE_COLUMNS                                                                                                  \
    "d.id, d.size, d.status, d.glb_url, d.garment_url, d.bin_url, d.quality, d.failure, @ms(d.updated_at), "           \
    "d.avatar_id"

static void read_tryon(const sql_rows *r, db_tryon *t)
{
    sql_copy(r, 0, 0, t->id, sizeof t->id);
    sql_copy(r, 0, 1, t->user_id, sizeof t->user_id);
    sql_copy(r, 0, 2, t->brand_id, sizeof t->brand_id);
    sql_copy(r, 0, 3, t->avatar_id, sizeof t->avatar_id);
    sql_copy(r, 0, 4, t->garment_id, sizeof t->garment_id);
    t->selected_size = sql_cell(r, 0, 5);
    t->fit_result = sql_cell(r, 0, 6);
    t->created_at = sql_int(r, 0, 7);
    t->updated_at = sql_int(r, 0, 8);
}

static void read_drape(const sql_rows *r, int i, db_drape *v)
{
    *v = (db_drape){ .size = sql_cell(r, i, 1),
                     .status = sql_cell(r, i, 2),
                     .glb_url = sql_cell(r, i, 3),
                     .garment_url = sql_cell(r, i, 4),
                     .bin_url = sql_cell(r, i, 5),
                     .quality = sql_cell(r, i, 6),
                     .failure = sql_cell(r, i, 7),
                     .updated_at = sql_int(r, i, 8) };
    sql_copy(r, i, 0, v->id, sizeof v->id);
    sql_copy(r, i, 9, v->avatar_id, sizeof v->avatar_id);
}

static const char *or_null(const char *s) { return s && *s ? s : NULL; }

// The drape of this content becomes the session's. Unless it is there or being made, a job is queued for it; one that
// failed is tried again, because it was asked for again.
static bool want_drape(sql_txn *t, const db_tryon *n, const db_drape_wish *w, int place, err *e)
{
    sql_rows r;
    int64_t now = clock_ms();
    uuid_text fresh, job;
    uuid_new(fresh);
    uuid_new(job);
    if (!sql_run(t, &r, e,
                 "INSERT INTO drapes (id, user_id, avatar_id, garment_id, size, content_key, created_at, updated_at) "
                 "VALUES ($1, $2, $3, $4, $5, $6, @ts($7), @ts($7)) ON CONFLICT (avatar_id, content_key) DO UPDATE SET "
                 "status = CASE WHEN drapes.status = 'failed' THEN 'pending' ELSE drapes.status END, job_id = CASE "
                 "WHEN drapes.status = 'failed' THEN NULL ELSE drapes.job_id END RETURNING id, job_id",
                 "tttttti", fresh, n->user_id, n->avatar_id, n->garment_id, w->size, w->key, now))
        return false;
    const char *id = sql_cell(&r, 0, 0);
    bool make = !sql_cell(&r, 0, 1);
    if (!sql_run(t, NULL, e, "INSERT INTO tryon_drapes (session_id, drape_id, place) VALUES ($1, $2, $3)", "tti", n->id,
                 id, (int64_t)place))
        return false;
    if (!make) return true;
    bool chosen = n->selected_size && !strcmp(n->selected_size, w->size);
    return sql_run(t, NULL, e, "UPDATE drapes SET job_id = $2, failure = NULL WHERE id = $1", "tt", id, job) &&
           job_insert(t,
                      &(db_job_new){ .id = job,
                                     .queue = "avatar",
                                     .kind = "drape",
                                     .tenant = n->brand_id,
                                     .input = "{}",
                                     .user_id = n->user_id,
                                     .session_id = n->id,
                                     .priority = chosen ? 0 : -1 },
                      e);
}

static bool create(sql_txn *t, void *work, err *e)
{
    db_tryon_new *n = work;
    db_tryon *made = &n->t;
    uuid_new(made->id);
    made->created_at = made->updated_at = clock_ms();
    if (!sql_later(
            t, NULL, e,
            "INSERT INTO tryon_sessions (id, user_id, brand_id, avatar_id, garment_id, selected_size, fit_result, "
            "created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, @ts($8), @ts($8))",
            "ttttttti", made->id, or_null(made->user_id), made->brand_id, or_null(made->avatar_id),
            or_null(made->garment_id), made->selected_size, made->fit_result, made->created_at))
        return false;
    for (int i = 0; i < n->wishes; i++)
        if (!want_drape(t, made, &n->wish[i], i, e)) return false;
    buf meta = buf_new(4096);
    bool ok =
        (buf_printf(&meta, "{\"size\":") && json_put_string(&meta, made->selected_size) && buf_append(&meta, "}", 2)) ||
        fail(e, ERR_LIMIT, "the size's name is too long");
    ok = ok && event_insert_known(t, made->brand_id,
                                  &(db_event){ .type = "tryon_started",
                                               .metadata = (const char *)meta.data,
                                               .user_id = or_null(made->user_id),
                                               .session_id = made->id,
                                               .garment_id = or_null(made->garment_id),
                                               .created_at = made->created_at },
                                  NULL, e);
    buf_free(&meta);
    return ok;
}

bool db_tryon_needs(db *d, arena *a, const char *user, const char *avatar, const char *garment, db_avatar *v,
                    db_garment *g, err *e)
{
    sql_ask ask[] = { garment_ask(a, garment), avatar_ask(a, user, avatar) };
    return sql_each(d, ask, 2, e) && avatar_answer(&ask[1], v, e) && garment_answer(&ask[0], g, e);
}

void db_tryons_create(db *d, arena *a, db_tryon_new *const *v, int count)
{
    write_together(d, SQL_WRITE, a, create, (void *const *)v, offsetof(db_tryon_new, fate), count);
}

bool db_tryon_drapes(db *d, arena *a, const char *session, db_drape **out, int *count, err *e)
{
    sql_rows r;
    if (!sql_once(d, db_service, SQL_READ, a, &r, e,
                  "SELECT " DRAPE_COLUMNS
                  " FROM tryon_drapes s JOIN drapes d ON d.id = s.drape_id WHERE s.session_id = "
                  "$1 ORDER BY s.place",
                  "t", session))
        return false;
    *out = arena_array(a, db_drape, (size_t)r.count + 1);
    *count = r.count;
    for (int i = 0; i < r.count; i++) read_drape(&r, i, &(*out)[i]);
    return true;
}

bool db_drape_of_job(db *d, arena *a, const char *job, db_drape *out, err *e)
{
    sql_rows r;
    if (!sql_once(d, db_service, SQL_READ, a, &r, e, "SELECT " DRAPE_COLUMNS " FROM drapes d WHERE d.job_id = $1", "t",
                  job))
        return false;
    if (!r.count) return fail(e, ERR_NOT_FOUND, "there is no such drape");
    read_drape(&r, 0, out);
    return true;
}

bool db_tryon_get(db *d, arena *a, db_scope who, const char *id, db_tryon *out, err *e)
{
    sql_rows r;
    bool ok =
        who.as == DB_USER
            ? sql_once(d, who, SQL_READ, a, &r, e, TRYON_COLUMNS "WHERE id = $1 AND user_id = $2", "tt", id, who.id)
        : who.as == DB_BRAND
            ? sql_once(d, who, SQL_READ, a, &r, e, TRYON_COLUMNS "WHERE id = $1 AND brand_id = $2", "tt", id, who.id)
            : sql_once(d, who, SQL_READ, a, &r, e, TRYON_COLUMNS "WHERE id = $1", "t", id);
    if (!ok) return false;
    if (!r.count) return fail(e, ERR_NOT_FOUND, "there is no such try-on");
    read_tryon(&r, out);
    return true;
}

bool db_tryon_switch(db *d, arena *a, const char *user, const char *id, const char *size, err *e)
{
    sql_txn *t;
    if (!sql_begin(d, db_service, SQL_WRITE, a, &t, e)) return false;
    sql_rows r;
    int64_t now = clock_ms();
    bool ok = sql_run(t, &r, e,
                      "SELECT selected_size, brand_id, garment_id FROM tryon_sessions WHERE id = $1 AND user_id = $2",
                      "tt", id, user);
    if (ok && !r.count) ok = fail(e, ERR_NOT_FOUND, "there is no such try-on");
    const char *old = ok ? sql_cell(&r, 0, 0) : NULL;
    if (ok && !(old && !strcmp(old, size))) {
        buf meta = buf_new(4096);
        ok = (buf_printf(&meta, "{\"from\":") && json_put_string(&meta, old) && buf_printf(&meta, ",\"to\":") &&
              json_put_string(&meta, size) && buf_append(&meta, "}", 2)) ||
             fail(e, ERR_LIMIT, "the size's name is too long");
        ok = ok &&
             sql_run(t, NULL, e, "UPDATE tryon_sessions SET selected_size = $2, updated_at = @ts($3) WHERE id = $1",
                     "tti", id, size, now) &&
             event_insert(t, sql_cell(&r, 0, 1),
                          &(db_event){ .type = "size_switched",
                                       .metadata = (const char *)meta.data,
                                       .user_id = user,
                                       .session_id = id,
                                       .garment_id = sql_cell(&r, 0, 2),
                                       .created_at = now },
                          NULL, e);
        buf_free(&meta);
    }
    return sql_end(t, ok, e);
}

bool db_tryon_judge(db *d, arena *a, const char *user, const char *id, const char *fit_result, err *e)
{
    sql_rows r;
    if (!sql_once(d, db_service, SQL_WRITE, a, &r, e,
                  "UPDATE tryon_sessions SET fit_result = $3, updated_at = @ts($4) WHERE id = $1 AND user_id = $2",
                  "ttti", id, user, fit_result, clock_ms()))
        return false;
    return r.changed || fail(e, ERR_NOT_FOUND, "there is no such try-on");
}
