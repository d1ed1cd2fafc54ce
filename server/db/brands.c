#include "db/domain.h"

bool db_brand_create(db *d, arena *a, const char *name, const char *shop_domain, int64_t quota, uuid_text id, err *e)
{
    uuid_new(id);
    return sql_once(
        d, db_service, SQL_WRITE, a, NULL, e,
        "INSERT INTO brands (id, name, shopify_shop_domain, avatar_quota_per_day, created_at, updated_at) "
        "VALUES ($1, $2, $3, CASE WHEN CAST($4 AS bigint) >= 0 THEN CAST($4 AS bigint) END, @ts($5), @ts($5))",
        "tttii", id, name, shop_domain, quota, clock_ms());
}

static void read_brand(const sql_rows *r, int i, db_brand *b)
{
    sql_copy(r, i, 0, b->id, sizeof b->id);
    b->name = sql_cell(r, i, 1);
    b->shop_domain = sql_cell(r, i, 2);
    b->quota = sql_cell(r, i, 3) ? sql_int(r, i, 3) : -1;
    b->created_at = sql_int(r, i, 4);
    b->avatar_days = sql_int(r, i, 5);
    b->event_days = sql_int(r, i, 6);
}

#define BRAND_COLUMNS                                                                                                  \
    "SELECT id, name, shopify_shop_domain, avatar_quota_per_day, @ms(created_at), avatar_days, event_days FROM "       \
    "brands "

bool db_brand_get(db *d, arena *a, const char *id, db_brand *out, err *e)
{
    sql_rows r;
    if (!sql_once(d, db_as_brand(id), SQL_READ, a, &r, e, BRAND_COLUMNS "WHERE id = $1", "t", id)) return false;
    if (!r.count) return fail(e, ERR_NOT_FOUND, "there is no such brand");
    read_brand(&r, 0, out);
    return true;
}

bool db_brand_by_shop(db *d, arena *a, const char *shop_domain, db_brand *out, err *e)
{
    sql_rows r;
    if (!sql_once(d, db_service, SQL_READ, a, &r, e,
                  "SELECT id, name, shopify_shop_domain, avatar_quota_per_day, @ms(created_at) FROM brands WHERE "
                  "shopify_shop_domain = $1",
                  "t", shop_domain))
        return false;
    if (!r.count) return fail(e, ERR_NOT_FOUND, "no shop of this name is connected here");
    read_brand(&r, 0, out);
    return true;
}

bool db_brand_list(db *d, arena *a, db_brand **out, int *count, err *e)
{
    sql_rows r;
    if (!sql_once(d, db_service, SQL_READ, a, &r, e, BRAND_COLUMNS "ORDER BY id", "")) return false;
    *out = arena_array(a, db_brand, (size_t)r.count + 1);
    if (!*out) return fail(e, ERR_LIMIT, "too many brands for one answer");
    for (int i = 0; i < r.count; i++) read_brand(&r, i, &(*out)[i]);
    *count = r.count;
    return true;
}

bool db_brand_update(db *d, arena *a, const char *id, const char *name, int64_t avatar_days, int64_t event_days, err *e)
{
    sql_rows r;
    if (!sql_once(d, db_service, SQL_WRITE, a, &r, e,
                  "UPDATE brands SET name = coalesce($2, name), avatar_days = CASE WHEN CAST($3 AS bigint) < 0 THEN "
                  "avatar_days WHEN CAST($3 AS bigint) > 0 THEN CAST($3 AS bigint) END, event_days = CASE WHEN CAST($4 "
                  "AS bigint) < 0 THEN event_days WHEN CAST($4 AS bigint) > 0 THEN CAST($4 AS bigint) END, updated_at "
                  "= @ts($5) WHERE id = $1",
                  "ttiii", id, name, avatar_days, event_days, clock_ms()))
        return false;
    return r.changed || fail(e, ERR_NOT_FOUND, "there is no such brand");
}

bool db_brand_connect(db *d, arena *a, const char *id, const char *shop_domain, err *e)
{
    sql_rows r;
    if (!sql_once(d, db_service, SQL_WRITE, a, &r, e,
                  "UPDATE brands SET shopify_shop_domain = $2, updated_at = @ts($3) WHERE id = $1", "tti", id,
                  shop_domain, clock_ms()))
        return e->code == ERR_CONFLICT ? fail(e, ERR_CONFLICT, "this shop is connected to another brand") : false;
    return r.changed || fail(e, ERR_NOT_FOUND, "there is no such brand");
}

bool db_key_create(db *d, arena *a, const db_key *k, const char *hash, uuid_text id, err *e)
{
    uuid_new(id);
    int64_t now = clock_ms();
    sql_txn *t;
    if (!sql_begin(d, db_service, SQL_WRITE, a, &t, e)) return false;
    bool ok = sql_run(
        t, NULL, e,
        "INSERT INTO api_keys (id, brand_id, kind, prefix, hash, scopes, origins, created_at) VALUES ($1, "
        "$2, $3, $4, $5, $6, $7, @ts($8))",
        "ttttttti", id, k->brand_id, k->secret ? "secret" : "publishable", k->prefix, hash, k->scopes, k->origins, now);
    if (ok && k->secret)
        ok = sql_run(t, NULL, e, "UPDATE brands SET api_key = $2, updated_at = @ts($3) WHERE id = $1", "tti",
                     k->brand_id, hash, now);
    return sql_end(t, ok, e);
}

#define KEY_COLUMNS                                                                                                    \
    "SELECT id, brand_id, kind, prefix, scopes, origins, @ms(created_at), @ms(expires_at), @ms(last_used_at), "        \
    "@ms(revoked_at) FROM api_keys "

static void read_key(const sql_rows *r, int i, db_key *k)
{
    sql_copy(r, i, 0, k->id, sizeof k->id);
    sql_copy(r, i, 1, k->brand_id, sizeof k->brand_id);
    k->secret = sql_cell(r, i, 2)[0] == 's';
    k->prefix = sql_cell(r, i, 3);
    k->scopes = sql_cell(r, i, 4);
    k->origins = sql_cell(r, i, 5);
    k->created_at = sql_int(r, i, 6);
    k->expires_at = sql_int(r, i, 7);
    k->last_used_at = sql_int(r, i, 8);
    k->revoked_at = sql_int(r, i, 9);
}

bool db_key_find(db *d, arena *a, const char *hash, db_key *out, err *e)
{
    sql_rows r;
    if (!sql_once(d, db_service, SQL_READ, a, &r, e,
                  KEY_COLUMNS "WHERE hash = $1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > @ts($2))",
                  "ti", hash, clock_ms()))
        return false;
    if (!r.count) return fail(e, ERR_NOT_FOUND, "this API key is not known, was revoked, or has expired");
    read_key(&r, 0, out);
    return true;
}

bool db_key_list(db *d, arena *a, const char *brand, db_key **out, int *count, err *e)
{
    sql_rows r;
    if (!sql_once(d, db_as_brand(brand), SQL_READ, a, &r, e, KEY_COLUMNS "WHERE brand_id = $1 ORDER BY id", "t", brand))
        return false;
    *out = arena_array(a, db_key, (size_t)r.count + 1);
    if (!*out) return fail(e, ERR_LIMIT, "too many keys for one answer");
    for (int i = 0; i < r.count; i++) read_key(&r, i, &(*out)[i]);
    *count = r.count;
    return true;
}

bool db_key_retire(db *d, arena *a, const char *brand, const char *id, int64_t at, err *e)
{
    int64_t now = clock_ms();
    sql_rows r;
    bool ok = at > now ? sql_once(d, db_service, SQL_WRITE, a, &r, e,
                                  "UPDATE api_keys SET expires_at = @ts($3) WHERE id = $1 AND brand_id = $2 AND "
                                  "revoked_at IS NULL",
                                  "tti", id, brand, at)
                       : sql_once(d, db_service, SQL_WRITE, a, &r, e,
                                  "UPDATE api_keys SET revoked_at = @ts($3) WHERE id = $1 AND brand_id = $2 AND "
                                  "revoked_at IS NULL",
                                  "tti", id, brand, now);
    if (ok && !r.changed) return fail(e, ERR_NOT_FOUND, "there is no such key, or it was revoked before");
    return ok;
}

bool db_key_set_origins(db *d, arena *a, const char *brand, const char *id, const char *origins, err *e)
{
    sql_rows r;
    if (!sql_once(d, db_service, SQL_WRITE, a, &r, e,
                  "UPDATE api_keys SET origins = $3 WHERE id = $1 AND brand_id = $2 AND kind = 'publishable' AND "
                  "revoked_at IS NULL",
                  "ttt", id, brand, origins))
        return false;
    return r.changed || fail(e, ERR_NOT_FOUND, "there is no such publishable key, or it was revoked before");
}

bool db_key_used(db *d, arena *a, const char *id, err *e)
{
    return sql_once(d, db_service, SQL_WRITE_FAST, a, NULL, e,
                    "UPDATE api_keys SET last_used_at = @ts($2) WHERE id = $1", "ti", id, clock_ms());
}

bool db_key_origins(db *d, arena *a, const char *brand, const char ***lists, int *count, err *e)
{
    sql_rows r;
    if (!sql_once(
            d, db_service, SQL_READ, a, &r, e,
            "SELECT DISTINCT CAST(origins AS text) FROM api_keys WHERE kind = 'publishable' AND revoked_at IS NULL AND "
            "(expires_at IS NULL OR expires_at > @ts($1)) AND (CAST($2 AS text) IS NULL OR CAST(brand_id AS text) = "
            "$2)",
            "it", clock_ms(), brand))
        return false;
    *lists = r.cell;
    *count = r.count;
    return true;
}
