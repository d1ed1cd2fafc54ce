#include "api/api.h"
#include "api/chart.h"
#include "base/limits.h"
#include "base/mem.h"
#include "common/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PAGE = 50, PAGE_MAX = 200, TRIES = 8 };

static const char *const CATEGORIES[] = { "tshirt", "shirt", "dress", "skirt", "trousers", "hoodie", NULL };

static const char *const FABRICS[] = { "jersey",         "rib",   "shirting", "twill", "denim",
                                       "denim_elastane", "satin", "fleece",   "wool",  NULL };

static json_t *render(http_request *q, const db_garment *g)
{
    json_t *sizes = api_parse(g->sizes), *links = json_object(), *path;
    const char *size;
    json_object_foreach(sizes, size, path)
    {
        json_object_set_new(links, size, api_text(api_link(q, "garments", json_string_value(path), 86400)));
    }
    json_decref(sizes);
    return json_pack("{s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:s, s:s}", "id", g->id, "brand_id", g->brand_id, "name",
                     g->name, "category", api_text(g->category), "fabric", api_text(g->fabric), "shopify_product_id",
                     api_text(g->product_id), "sizes", links, "size_chart", api_parse(g->size_chart), "created_at",
                     api_time(q, g->created_at), "updated_at", api_time(q, g->updated_at));
}

static const char *tag_of(http_request *q, const db_garment *g)
{
    return arena_printf(q->a, "\"%lld\"", (long long)g->updated_at);
}

bool api_garment_of(http_request *q, const char *brand, const char *product, db_garment *g, bool *has, err *e)
{
    db_garment *list;
    int n;
    // Shopify writes an id both as a number and as gid://shopify/Product/number.
    const char *slash = strrchr(product, '/');
    const char *forms[] = { product, slash ? slash + 1 : arena_printf(q->a, "gid://shopify/Product/%s", product) };
    *has = false;
    for (int i = 0; i < 2 && !*has; i++) {
        if (!db_garment_list(api_of(q)->d, q->a, brand, NULL, NULL, forms[i], 1, &list, &n, e)) return false;
        if (n) *g = list[0], *has = true;
    }
    return true;
}

void garment_list(http_request *q, http_response *r)
{
    const char *cursor = http_query(q, "cursor"), *limit_text = http_query(q, "limit"),
               *search = http_query(q, "search");
    uuid_text after;
    if (cursor && !uuid_parse(cursor, after))
        return (void)api_invalid(q, r, "cursor", "this cursor is not one we gave");
    long limit = limit_text ? strtol(limit_text, NULL, 10) : PAGE;
    if (limit < 1 || limit > PAGE_MAX) return (void)api_invalid(q, r, "limit", "limit is from 1 to %d", PAGE_MAX);
    if (search && strlen(search) > 200) return (void)api_invalid(q, r, "search", "search has at most 200 characters");
    db_garment *list;
    int n;
    err e = { 0 };
    if (!db_garment_list(api_of(q)->d, q->a, api_who(q)->brand, cursor ? after : NULL, search,
                         http_query(q, "shopify_product_id"), (int)limit + 1, &list, &n, &e))
        return http_fail(q, r, &e);
    json_t *items = json_array();
    for (int i = 0; i < n && i < limit; i++) json_array_append_new(items, render(q, &list[i]));
    http_set(r, "Cache-Control", "private, max-age=10");
    api_send(q, r, 200,
             json_pack("{s:o, s:o}", "items", items, "next_cursor",
                       n > limit ? json_string(list[limit - 1].id) : json_null()));
}

// Fields of a body into g; false after answering. Texts live as long as j. null takes out what a garment can do
// without: the database is told so by an empty text.
static bool fields(http_request *q, http_response *r, const json_t *j, db_garment *g)
{
    static const struct {
        const char *name;
        size_t max;
        bool spare;
    } texts[] = {
        { "name", 200, false }, { "category", 40, false }, { "fabric", 80, true }, { "shopify_product_id", 80, true }
    };
    const char **out[] = { &g->name, &g->category, &g->fabric, &g->product_id };
    for (size_t i = 0; i < 4; i++) {
        const json_t *v = json_object_get(j, texts[i].name);
        if (!v) continue;
        if (texts[i].spare && json_is_null(v)) {
            *out[i] = "";
            continue;
        }
        const char *s = json_string_value(v);
        if (!s || !*s || strlen(s) > texts[i].max)
            return api_invalid(q, r, texts[i].name, "%s is a text of 1 to %zu bytes", texts[i].name, texts[i].max);
        *out[i] = s;
    }
    if (g->category && !api_among(CATEGORIES, g->category))
        return api_invalid(q, r, "category", "category is one of tshirt, shirt, dress, skirt, trousers, hoodie");
    if (g->fabric && *g->fabric && !api_among(FABRICS, g->fabric))
        return api_invalid(q, r, "fabric",
                           "fabric is one of jersey, rib, shirting, twill, denim, denim_elastane, satin, fleece, wool");
    const json_t *chart = json_object_get(j, "size_chart");
    err e = { 0 };
    if (chart && !chart_check(chart, &e)) return api_invalid(q, r, "size_chart", "%s", e.msg);
    if (chart) {
        char *text = json_dumps(chart, JSON_COMPACT);
        g->size_chart = arena_text(q->a, text);
        mem_free(text);
    }
    return true;
}

static void show(http_request *q, http_response *r, const char *id, int status)
{
    db_garment g;
    err e = { 0 };
    if (!db_garment_get(api_of(q)->d, q->a, db_as_brand(api_who(q)->brand), id, &g, &e)) return http_fail(q, r, &e);
    if (status == 200 && !strcmp(q->route->method, "GET") && http_not_modified(q, r, tag_of(q, &g))) return;
    if (strcmp(q->route->method, "GET") != 0) http_set(r, "ETag", tag_of(q, &g));
    api_send(q, r, status, render(q, &g));
}

void garment_create(http_request *q, http_response *r)
{
    json_t *j = api_body(q, r);
    if (!j) return;
    db_garment g = { 0 };
    uuid_text id;
    err e = { 0 };
    if (fields(q, r, j, &g)) {
        if (!g.name)
            api_invalid(q, r, "name", "name is needed");
        else if (!db_garment_create(api_of(q)->d, q->a, api_who(q)->brand, &g, id, &e))
            e.code == ERR_CONFLICT ? http_problem(q, r, 409, "conflict", "shopify_product_id",
                                                  "another garment has this shopify_product_id")
                                   : http_fail(q, r, &e);
        else
            show(q, r, id, 201);
    }
    json_decref(j);
}

void garment_get(http_request *q, http_response *r)
{
    const char *id = api_id(q, r, 0);
    if (!id) return;
    http_set(r, "Cache-Control", "private, no-cache");
    show(q, r, id, 200);
}

void garment_patch(http_request *q, http_response *r)
{
    const char *id = api_id(q, r, 0), *match = http_header(q, "If-Match");
    json_t *j = id ? api_body(q, r) : NULL;
    if (!j) return;
    db_garment g = { 0 };
    err e = { 0 };
    int64_t expected = match && match[0] == '"' ? strtoll(match + 1, NULL, 10) : 0;
    if (fields(q, r, j, &g)) {
        if (db_garment_update(api_of(q)->d, q->a, api_who(q)->brand, id, &g, expected, &e))
            show(q, r, id, 200);
        else if (e.code == ERR_CONFLICT && expected)
            http_problem(q, r, 412, "conflict", NULL, "%s", e.msg);
        else if (e.code == ERR_CONFLICT)
            http_problem(q, r, 409, "conflict", "shopify_product_id", "another garment has this shopify_product_id");
        else
            http_fail(q, r, &e);
    }
    json_decref(j);
}

void garment_delete(http_request *q, http_response *r)
{
    const char *id = api_id(q, r, 0);
    err e = { 0 };
    if (!id) return;
    if (!db_garment_delete(api_of(q)->d, q->a, api_who(q)->brand, id, &e)) return http_fail(q, r, &e);
    r->status = 204;
}

static bool size_ok(http_request *q, http_response *r, const char *size)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_./ ";
    if (strlen(size) <= 20 && strspn(size, plain) == strlen(size)) return true;
    return api_invalid(q, r, "size", "a size's name has at most 20 letters, digits, blanks and -_./");
}

// One size's file is set to path, or taken out with NULL; *old is what was there. Two uploads of different sizes at
// once both change the same row: whoever comes second reads again.
static bool change_size(http_request *q, const char *id, const char *size, const char *path, const char **old, err *e)
{
    const char *brand = api_who(q)->brand;
    for (int i = 0; i < TRIES; i++) {
        db_garment g;
        if (!db_garment_get(api_of(q)->d, q->a, db_as_brand(brand), id, &g, e)) return false;
        json_t *sizes = api_parse(g.sizes);
        const char *was = json_string_value(json_object_get(sizes, size));
        *old = was ? arena_text(q->a, was) : NULL;
        if (path)
            json_object_set_new(sizes, size, json_string(path));
        else
            json_object_del(sizes, size);
        char *text = json_dumps(sizes, JSON_COMPACT | JSON_SORT_KEYS);
        bool ok = (path || *old || fail(e, ERR_NOT_FOUND, "this garment has no file for this size")) &&
                  db_garment_update(api_of(q)->d, q->a, brand, id, &(db_garment){ .sizes = text }, g.updated_at, e);
        mem_free(text);
        json_decref(sizes);
        if (ok || e->code != ERR_CONFLICT) return ok;
    }
    return false;
}

// Does this size show a file of this content already, and is the file there?
static bool shown(http_request *q, const db_garment *g, const char *size, const char *content)
{
    json_t *sizes = api_parse(g->sizes);
    const char *path = json_string_value(json_object_get(sizes, size));
    uint64_t bytes;
    err e = { 0 };
    bool same =
        path && !strncmp(path, content, strlen(content)) && blob_size(api_of(q)->blobs, "garments", path, &bytes, &e);
    json_decref(sizes);
    return same;
}

void garment_size_put(http_request *q, http_response *r)
{
    const char *id = api_id(q, r, 0), *size = q->param[1], *brand = api_who(q)->brand, *old;
    db_garment g;
    err e = { 0 };
    if (!id || !size_ok(q, r, size)) return;
    if (!db_garment_get(api_of(q)->d, q->a, db_as_brand(brand), id, &g, &e)) return http_fail(q, r, &e);
    const uint8_t *d = q->body.data;
    // The pipeline reads untrusted GLB in a locked child; here only what is plainly not one is turned away.
    uint32_t length =
        q->body.len >= 12 ? (uint32_t)d[8] | (uint32_t)d[9] << 8 | (uint32_t)d[10] << 16 | (uint32_t)d[11] << 24 : 0;
    if (q->body.len < 20 || memcmp(d, "glTF\2\0\0\0", 8) != 0 || length != q->body.len) {
        http_problem(q, r, 415, "media-type", NULL, "the body must be one GLB file (glTF 2.0 binary)");
        return;
    }
    sha256_hex hash;
    sha256_text(d, q->body.len, hash);
    const char *content = arena_printf(q->a, "%s/%s/%.32s", brand, id, hash);
    if (shown(q, &g, size, content)) return show(q, r, id, 200);
    // Public and cached for long: a new file has a new name. One that comes again has another too, or a deletion that
    // was decided on when it was replaced could meet it.
    uuid_text mark;
    uuid_new(mark);
    const char *path = arena_printf(q->a, "%s-%s.glb", content, mark);
    if (!db_blob_intend(api_of(q)->d, q->a, "garments", path, NULL, brand, &e) ||
        !blob_put(api_of(q)->blobs, "garments", path, "model/gltf-binary", d, q->body.len, &e) ||
        !db_blob_settle(api_of(q)->d, q->a,
                        &(db_blob){ .bucket = "garments", .path = path, .sha256 = hash, .size = (int64_t)q->body.len },
                        &e) ||
        !change_size(q, id, size, path, &old, &e))
        return http_fail(q, r, &e);
    // Another size may show the same file, from when equal files had one name: it is kept while any does.
    if (old && db_garment_get(api_of(q)->d, q->a, db_as_brand(brand), id, &g, &e) && !strstr(g.sizes, old) &&
        !db_blob_doom(api_of(q)->d, q->a, "garments", old, &e))
        return http_fail(q, r, &e);
    show(q, r, id, 200);
}

void garment_size_delete(http_request *q, http_response *r)
{
    const char *id = api_id(q, r, 0), *old;
    db_garment g;
    err e = { 0 };
    if (!id || !size_ok(q, r, q->param[1])) return;
    if (!change_size(q, id, q->param[1], NULL, &old, &e)) return http_fail(q, r, &e);
    if (db_garment_get(api_of(q)->d, q->a, db_as_brand(api_who(q)->brand), id, &g, &e) && !strstr(g.sizes, old) &&
        !db_blob_doom(api_of(q)->d, q->a, "garments", old, &e))
        return http_fail(q, r, &e);
    r->status = 204;
}

void garment_chart_put(http_request *q, http_response *r)
{
    const char *id = api_id(q, r, 0), *type = http_header(q, "Content-Type");
    err e = { 0 };
    if (!id) return;
    json_t *chart;
    if (type && !strncmp(type, "text/csv", 8)) {
        chart = chart_from_csv((const char *)q->body.data, q->body.len, &e);
    } else {
        chart = api_body(q, r);
        if (!chart) return;
        if (!chart_check(chart, &e)) {
            json_decref(chart);
            chart = NULL;
        }
    }
    if (!chart) return (void)api_invalid(q, r, "size_chart", "%s", e.msg);
    char *text = json_dumps(chart, JSON_COMPACT);
    if (db_garment_update(api_of(q)->d, q->a, api_who(q)->brand, id, &(db_garment){ .size_chart = text }, 0, &e))
        show(q, r, id, 200);
    else
        http_fail(q, r, &e);
    mem_free(text);
    json_decref(chart);
}
