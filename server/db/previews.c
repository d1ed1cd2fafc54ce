// Pictures of a garment on a row of bodies: the latest of each, and the job that makes it.
#include "db/domain.h"

bool db_preview_start(db *d, arena *a, const char *brand, const char *garment, const char *size, uuid_text job, err *e)
{
    sql_txn *t;
    if (!sql_begin(d, db_service, SQL_WRITE, a, &t, e)) return false;
    uuid_new(job);
    int64_t now = clock_ms();
    sql_rows r;
    bool ok = sql_run(t, &r, e, "SELECT 1 FROM garments WHERE id = $1 AND brand_id = $2", "tt", garment, brand);
    if (ok && !r.count) ok = fail(e, ERR_NOT_FOUND, "there is no such garment");
    ok = ok && sql_run(t, &r, e, "SELECT sheet_url, job_id FROM garment_previews WHERE garment_id = $1", "t", garment);
    if (ok && r.count) // what an earlier one left, and what it may still be about to make, is of no use any more
        ok = blob_doom(t, "avatars", sql_cell(&r, 0, 0), e) &&
             sql_run(t, NULL, e,
                     "UPDATE jobs SET stop_told = CASE WHEN state = 'running' THEN $3 = 1 ELSE $4 = 1 END, state = "
                     "'cancelled', lease_until = NULL, finished_at = @ts($2) WHERE id = $1 AND state IN ('queued', "
                     "'delayed', 'running')",
                     "tibb", sql_cell(&r, 0, 1), now, 0, 1);
    ok = ok && sql_run(t, NULL, e,
                       "INSERT INTO garment_previews (garment_id, brand_id, job_id, size, created_at, updated_at) "
                       "VALUES ($1, $2, $3, $4, @ts($5), @ts($5)) ON CONFLICT (garment_id) DO UPDATE SET job_id = "
                       "excluded.job_id, size = excluded.size, sheet_url = NULL, report = NULL, created_at = "
                       "excluded.created_at, updated_at = excluded.updated_at",
                       "tttti", garment, brand, job, size, now);
    ok = ok && job_insert(t,
                          &(db_job_new){ .id = job,
                                         .queue = "avatar",
                                         .kind = "plain",
                                         .tenant = brand,
                                         .input = "{\"kind\":\"preview\"}",
                                         .execution_ms = 900000,
                                         .priority = -1, // a shopper who waits goes first
                                         .max_attempts = 2 },
                          e);
    return sql_end(t, ok, e);
}

static void read_preview(const sql_rows *r, db_preview *out)
{
    sql_copy(r, 0, 0, out->garment_id, sizeof out->garment_id);
    sql_copy(r, 0, 1, out->brand_id, sizeof out->brand_id);
    out->job_id = sql_cell(r, 0, 2);
    out->size = sql_cell(r, 0, 3);
    out->sheet_url = sql_cell(r, 0, 4);
    out->report = sql_cell(r, 0, 5);
    out->created_at = sql_int(r, 0, 6);
    out->updated_at = sql_int(r, 0, 7);
}

#define PREVIEW_COLUMNS                                                                                                \
    "SELECT garment_id, brand_id, job_id, size, sheet_url, report, @ms(created_at), @ms(updated_at) FROM "             \
    "garment_previews "

bool db_preview_get(db *d, arena *a, const char *brand, const char *garment, db_preview *out, err *e)
{
    sql_rows r;
    if (!sql_once(d, db_as_brand(brand), SQL_READ, a, &r, e, PREVIEW_COLUMNS "WHERE garment_id = $1 AND brand_id = $2",
                  "tt", garment, brand))
        return false;
    if (!r.count) return fail(e, ERR_NOT_FOUND, "no preview of this garment was asked for yet");
    read_preview(&r, out);
    return true;
}

bool db_preview_of_job(db *d, arena *a, const char *job, db_preview *out, err *e)
{
    sql_rows r;
    if (!sql_once(d, db_service, SQL_READ, a, &r, e, PREVIEW_COLUMNS "WHERE job_id = $1", "t", job)) return false;
    if (!r.count) return fail(e, ERR_NOT_FOUND, "the preview is no longer wanted");
    read_preview(&r, out);
    return true;
}

bool preview_done(sql_txn *t, const char *job, const char *sheet, const char *report, err *e)
{
    sql_rows r;
    if (!sql_run(t, &r, e,
                 "UPDATE garment_previews SET sheet_url = $2, report = $3, updated_at = @ts($4) WHERE job_id = $1",
                 "ttti", job, sheet, report, clock_ms()))
        return false;
    return r.changed || fail(e, ERR_NOT_FOUND, "the garment was deleted meanwhile");
}
