#include "db/domain.h"

static bool intend(sql_txn *t, const char *bucket, const char *path, const char *user, const char *brand, err *e)
{
    // Written again (a retried attempt, a replaced file): whatever it was, it is being written now.
    return sql_run(
        t, NULL, e,
        "INSERT INTO blobs (bucket, path, user_id, brand_id, state, created_at, updated_at) VALUES ($1, $2, $3, "
        "$4, 'writing', @ts($5), @ts($5)) ON CONFLICT (bucket, path) DO UPDATE SET updated_at = "
        "excluded.updated_at, state = CASE WHEN blobs.state = 'live' THEN 'live' ELSE 'writing' END",
        "tttti", bucket, path, user, brand, clock_ms());
}

bool db_blob_intend(db *d, arena *a, const char *bucket, const char *path, const char *user, const char *brand, err *e)
{
    sql_txn *t;
    return sql_begin(d, db_service, SQL_WRITE, a, &t, e) && sql_end(t, intend(t, bucket, path, user, brand, e), e);
}

bool db_blobs_intend(db *d, arena *a, const char *bucket, const char *const *paths, int count, const char *user, err *e)
{
    sql_txn *t;
    if (!sql_begin(d, db_service, SQL_WRITE, a, &t, e)) return false;
    bool ok = true;
    for (int i = 0; ok && i < count; i++) ok = intend(t, bucket, paths[i], user, NULL, e);
    return sql_end(t, ok, e);
}

bool db_blobs_doom(db *d, arena *a, const char *bucket, const char *const *paths, int count, err *e)
{
    sql_txn *t; // should it be lost with the power, they are swept as never settled
    if (!sql_begin(d, db_service, SQL_WRITE_FAST, a, &t, e)) return false;
    bool ok = true;
    for (int i = 0; ok && i < count; i++) ok = blob_doom(t, bucket, paths[i], e);
    return sql_end(t, ok, e);
}

bool blob_live(sql_txn *t, const db_blob *b, err *e)
{
    sql_rows r;
    if (!sql_run(t, &r, e,
                 "UPDATE blobs SET state = 'live', size = $3, sha256 = $4, updated_at = @ts($5) WHERE bucket = $1 AND "
                 "path = $2 AND state IN ('writing', 'live')",
                 "ttiti", b->bucket, b->path, b->size, b->sha256, clock_ms()))
        return false;
    return r.changed || fail(e, ERR_CONFLICT, "the object %s was deleted while it was written", b->path);
}

bool blob_doom(sql_txn *t, const char *bucket, const char *path, err *e)
{
    return !path || sql_run(t, NULL, e,
                            "UPDATE blobs SET state = 'doomed', updated_at = @ts($3) WHERE bucket = $1 AND path = $2",
                            "tti", bucket, path, clock_ms());
}

bool db_blob_settle(db *d, arena *a, const db_blob *b, err *e)
{
    sql_txn *t;
    return sql_begin(d, db_service, SQL_WRITE, a, &t, e) && sql_end(t, blob_live(t, b, e), e);
}

bool db_blob_doom(db *d, arena *a, const char *bucket, const char *path, err *e)
{
    sql_txn *t;
    return sql_begin(d, db_service, SQL_WRITE, a, &t, e) && sql_end(t, blob_doom(t, bucket, path, e), e);
}

bool db_blob_unwanted(db *d, arena *a, int64_t before, int limit, db_blob **out, int *count, err *e)
{
    sql_rows r;
    if (!sql_once(
            d, db_service, SQL_READ, a, &r, e,
            "SELECT bucket, path, CASE WHEN state = 'doomed' THEN 0 ELSE 1 END FROM blobs WHERE state <> 'live' AND "
            "(state = 'doomed' OR updated_at < @ts($1)) ORDER BY updated_at LIMIT CAST($2 AS bigint)",
            "ii", before, (int64_t)limit))
        return false;
    *out = arena_array(a, db_blob, (size_t)r.count + 1);
    if (!*out) return fail(e, ERR_LIMIT, "too many objects for one answer");
    for (int i = 0; i < r.count; i++)
        (*out)[i] = (db_blob){ .bucket = sql_cell(&r, i, 0), .path = sql_cell(&r, i, 1), .final = sql_int(&r, i, 2) };
    *count = r.count;
    return true;
}

bool db_user_objects(db *d, arena *a, const char *id, db_blob **out, int *count, err *e)
{
    enum { OBJECTS_MOST = 5000 };
    sql_rows r;
    if (!sql_once(d, db_service, SQL_READ, a, &r, e,
                  "SELECT bucket, path FROM blobs WHERE user_id = $1 AND state <> 'deleted' ORDER BY bucket DESC, "
                  "path LIMIT CAST($2 AS bigint)",
                  "ti", id, (int64_t)OBJECTS_MOST))
        return false;
    *out = arena_array(a, db_blob, (size_t)r.count + 1);
    if (!*out) return fail(e, ERR_LIMIT, "too many objects for one answer");
    for (int i = 0; i < r.count; i++) (*out)[i] = (db_blob){ .bucket = sql_cell(&r, i, 0), .path = sql_cell(&r, i, 1) };
    *count = r.count;
    return true;
}

bool db_blob_touch(db *d, arena *a, const char *bucket, const char *path, bool *expected, err *e)
{
    sql_rows r;
    if (!sql_once(d, db_service, SQL_WRITE_FAST, a, &r, e,
                  "UPDATE blobs SET updated_at = @ts($3) WHERE bucket = $1 AND path = $2 AND state = 'writing'", "tti",
                  bucket, path, clock_ms()))
        return false;
    *expected = r.changed > 0;
    return true;
}

bool db_blob_deleted(db *d, arena *a, const char *bucket, const char *path, err *e)
{
    return sql_once(
        d, db_service, SQL_WRITE, a, NULL, e,
        "UPDATE blobs SET state = 'deleted', updated_at = @ts($3) WHERE bucket = $1 AND path = $2 AND state = 'doomed'",
        "tti", bucket, path, clock_ms());
}

bool db_blob_forget(db *d, arena *a, const char *bucket, const char *path, int64_t before, err *e)
{
    return sql_once(d, db_service, SQL_WRITE_FAST, a, NULL, e,
                    "DELETE FROM blobs WHERE bucket = $1 AND path = $2 AND state <> 'live' AND updated_at < @ts($3)",
                    "tti", bucket, path, before);
}

bool db_webhook_first(db *d, arena *a, const char *source, const char *id, bool *first, err *e)
{
    sql_rows r;
    if (!sql_once(d, db_service, SQL_WRITE_FAST, a, &r, e,
                  "INSERT INTO webhooks_received (source, id, received_at) VALUES ($1, $2, @ts($3)) ON CONFLICT DO "
                  "NOTHING",
                  "tti", source, id, clock_ms()))
        return false;
    *first = r.changed > 0;
    return true;
}
