#include "db/domain.h"
#include "common/text.h"

#include <string.h>

#define TRYON_COLUMNS                                                                                                  \
    "SELECT id, user_id, brand_id, avatar_id, garment_id, selected_size, fit_result, drape_url, drape_status, "        \
    "drape_key, @ms(created_at), @ms(updated_at) FROM tryon_sessions "

static void read_tryon(const sql_rows *r, db_tryon *t)
{
    sql_copy(r, 0, 0, t->id, sizeof t->id);
    sql_copy(r, 0, 1, t->user_id, sizeof t->user_id);
    sql_copy(r, 0, 2, t->brand_id, sizeof t->brand_id);
    sql_copy(r, 0, 3, t->avatar_id, sizeof t->avatar_id);
    sql_copy(r, 0, 4, t->garment_id, sizeof t->garment_id);
    t->selected_size = sql_cell(r, 0, 5);
    t->fit_result = sql_cell(r, 0, 6);
    t->drape_url = sql_cell(r, 0, 7);
    t->drape_status = sql_cell(r, 0, 8);
    t->drape_key = sql_cell(r, 0, 9);
    t->created_at = sql_int(r, 0, 10);
    t->updated_at = sql_int(r, 0, 11);
}

static const char *or_null(const char *s) { return s && *s ? s : NULL; }

// A drape that another session of the same shopper already has, or a job for it.
static bool drape(sql_txn *t, const db_tryon *n, err *e)
{
    sql_rows r;
    if (!sql_run(
            t, &r, e,
            "SELECT drape_url FROM tryon_sessions WHERE drape_key = $1 AND drape_status = 'ready' AND user_id = $2 "
            "AND id <> $3 LIMIT 1",
            "ttt", n->drape_key, n->user_id, n->id))
        return false;
    if (r.count)
        return sql_run(t, NULL, e, "UPDATE tryon_sessions SET drape_url = $2, drape_status = 'ready' WHERE id = $1",
                       "tt", n->id, sql_cell(&r, 0, 0));
    uuid_text job;
    uuid_new(job);
    return sql_run(t, NULL, e, "UPDATE tryon_sessions SET drape_status = 'pending' WHERE id = $1", "t", n->id) &&
           job_insert(t,
                      &(db_job_new){ .id = job,
                                     .queue = "avatar",
                                     .kind = "drape",
                                     .tenant = n->brand_id,
                                     .input = "{}",
                                     .user_id = n->user_id,
                                     .session_id = n->id },
                      e);
}

bool db_tryon_create(db *d, arena *a, const db_tryon *n, bool start_drape, db_tryon *out, err *e)
{
    db_tryon made = *n;
    uuid_new(made.id);
    int64_t now = clock_ms();
    sql_txn *t;
    if (!sql_begin(d, db_service, SQL_WRITE, a, &t, e)) return false;
    bool ok = sql_run(t, NULL, e,
                      "INSERT INTO tryon_sessions (id, user_id, brand_id, avatar_id, garment_id, selected_size, "
                      "fit_result, drape_key, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, @ts($9), "
                      "@ts($9))",
                      "tttttttti", made.id, or_null(made.user_id), made.brand_id, or_null(made.avatar_id),
                      or_null(made.garment_id), made.selected_size, made.fit_result, made.drape_key, now);
    ok = ok && (!start_drape || drape(t, &made, e));
    bool added;
    buf meta = buf_new(4096);
    ok =
        ok &&
        ((buf_printf(&meta, "{\"size\":") && json_put_string(&meta, made.selected_size) && buf_append(&meta, "}", 2)) ||
         fail(e, ERR_LIMIT, "the size's name is too long"));
    ok = ok && event_insert(t, made.brand_id,
                            &(db_event){ .type = "tryon_started",
                                         .metadata = (const char *)meta.data,
                                         .user_id = or_null(made.user_id),
                                         .session_id = made.id,
                                         .garment_id = or_null(made.garment_id),
                                         .created_at = now },
                            &added, e);
    buf_free(&meta);
    return sql_end(t, ok, e) && db_tryon_get(d, a, db_service, made.id, out, e);
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
        bool added;
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
                          &added, e);
        buf_free(&meta);
    }
    return sql_end(t, ok, e);
}
