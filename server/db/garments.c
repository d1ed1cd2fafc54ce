#include "db/domain.h"
#include "common/text.h"

#include <string.h>

#define GARMENT_COLUMNS                                                                                                \
    "SELECT id, brand_id, name, category, fabric, shopify_product_id, sizes, size_chart, @ms(created_at), "            \
    "@ms(updated_at) FROM garments "

static void read_garment(const sql_rows *r, int i, db_garment *g)
{
    sql_copy(r, i, 0, g->id, sizeof g->id);
    sql_copy(r, i, 1, g->brand_id, sizeof g->brand_id);
    g->name = sql_cell(r, i, 2);
    g->category = sql_cell(r, i, 3);
    g->fabric = sql_cell(r, i, 4);
    g->product_id = sql_cell(r, i, 5);
    g->sizes = sql_cell(r, i, 6);
    g->size_chart = sql_cell(r, i, 7);
    g->created_at = sql_int(r, i, 8);
    g->updated_at = sql_int(r, i, 9);
}

bool db_garment_create(db *d, arena *a, const char *brand, const db_garment *g, uuid_text id, err *e)
{
    uuid_new(id);
    return sql_once(
        d, db_as_brand(brand), SQL_WRITE, a, NULL, e,
        "INSERT INTO garments (id, brand_id, name, category, fabric, shopify_product_id, sizes, size_chart, "
        "created_at, updated_at) VALUES ($1, $2, $3, $4, nullif($5, ''), nullif($6, ''), $7, $8, @ts($9), @ts($9))",
        "tttttttti", id, brand, g->name, g->category, g->fabric, g->product_id, g->sizes ? g->sizes : "{}",
        g->size_chart, clock_ms());
}

sql_ask garment_ask(arena *a, const char *id)
{
    return (sql_ask){
        .scope = db_service, .sql = GARMENT_COLUMNS "WHERE id = $1", .value = { sql_text(id) }, .count = 1, .a = a
    };
}

bool garment_answer(const sql_ask *v, db_garment *out, err *e)
{
    if (!v->rows.count) return fail(e, ERR_NOT_FOUND, "there is no such garment");
    read_garment(&v->rows, 0, out);
    return true;
}

bool db_garment_get(db *d, arena *a, db_scope who, const char *id, db_garment *out, err *e)
{
    sql_rows r;
    bool ok =
        who.as == DB_BRAND
            ? sql_once(d, who, SQL_READ, a, &r, e, GARMENT_COLUMNS "WHERE id = $1 AND brand_id = $2", "tt", id, who.id)
            : sql_once(d, db_service, SQL_READ, a, &r, e, GARMENT_COLUMNS "WHERE id = $1", "t", id);
    if (!ok) return false;
    if (!r.count) return fail(e, ERR_NOT_FOUND, "there is no such garment");
    read_garment(&r, 0, out);
    return true;
}

bool db_garment_update(db *d, arena *a, const char *brand, const char *id, const db_garment *g, int64_t expected,
                       err *e)
{
    sql_rows r;
    // The new time is never the old one, even within a millisecond: it is what the next update is checked against.
    if (!sql_once(
            d, db_as_brand(brand), SQL_WRITE, a, &r, e,
            "UPDATE garments SET name = coalesce($3, name), category = coalesce($4, category), fabric = "
            "nullif(coalesce($5, fabric), ''), shopify_product_id = nullif(coalesce($6, shopify_product_id), ''), "
            "sizes = coalesce($7, sizes), size_chart = coalesce($8, size_chart), updated_at = CASE WHEN "
            "@ms(updated_at) >= "
            "CAST($9 AS bigint) THEN @ts(@ms(updated_at) + 1) ELSE @ts($9) END WHERE id = $1 AND brand_id = $2 AND "
            "(CAST($10 AS bigint) = 0 OR @ms(updated_at) = CAST($10 AS bigint))",
            "ttttttttii", id, brand, g->name, g->category, g->fabric, g->product_id, g->sizes, g->size_chart,
            clock_ms(), expected))
        return false;
    if (r.changed) return true;
    db_garment now;
    if (!db_garment_get(d, a, db_as_brand(brand), id, &now, e)) return false;
    return fail(e, ERR_CONFLICT, "the garment was changed meanwhile: read it again and repeat the change");
}

bool db_garment_delete(db *d, arena *a, const char *brand, const char *id, err *e)
{
    sql_txn *t;
    if (!sql_begin(d, db_service, SQL_WRITE, a, &t, e)) return false;
    sql_rows r;
    const char *folder = arena_printf(a, "%s/%s/", brand, id), *end = arena_printf(a, "%s/%s0", brand, id);
    // A preview still being made finds its garment gone when it is done.
    bool ok = sql_run(t, &r, e, "DELETE FROM garments WHERE id = $1 AND brand_id = $2", "tt", id, brand);
    if (ok && !r.changed) ok = fail(e, ERR_NOT_FOUND, "there is no such garment");
    ok = ok &&
         sql_run(t, NULL, e,
                 "UPDATE blobs SET state = 'doomed', updated_at = @ts($3) WHERE bucket IN ('garments', 'avatars') AND "
                 "path >= $1 AND path < $2",
                 "tti", folder, end, clock_ms());
    return sql_end(t, ok, e);
}

bool db_garment_list(db *d, arena *a, const char *brand, const char *after, const char *search, const char *product,
                     int limit, db_garment **out, int *count, err *e)
{
    const char *like = NULL;
    if (search) {
        buf b = buf_new(4096);
        bool ok = buf_append(&b, "%", 1);
        for (const char *p = search; ok && *p; p++)
            ok = (!strchr("%_\\", *p) || buf_append(&b, "\\", 1)) && buf_append(&b, p, 1);
        ok = ok && buf_append(&b, "%", 1);
        like = ok ? arena_textn(a, (const char *)b.data, b.len) : NULL;
        buf_free(&b);
        if (!like) return fail(e, ERR_LIMIT, "the search text is too long");
    }
    sql_rows r;
    if (!sql_once(
            d, db_as_brand(brand), SQL_READ, a, &r, e,
            GARMENT_COLUMNS "WHERE brand_id = $1 AND id > $2 AND (CAST($3 AS text) IS NULL OR lower(name) LIKE "
                            "lower($3) ESCAPE '\\') AND (CAST($4 AS text) IS NULL OR shopify_product_id = $4) ORDER "
                            "BY id LIMIT CAST($5 AS bigint)",
            "tttti", brand, after ? after : "00000000-0000-0000-0000-000000000000", like, product, (int64_t)limit))
        return false;
    *out = arena_array(a, db_garment, (size_t)r.count + 1);
    if (!*out) return fail(e, ERR_LIMIT, "too many garments for one answer");
    for (int i = 0; i < r.count; i++) read_garment(&r, i, &(*out)[i]);
    *count = r.count;
    return true;
}
