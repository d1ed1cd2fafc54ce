// The fitting room's page: for which brand, which garment, and who may frame it. Whatever the address says is looked
// up, never trusted: an unknown shop gets a page that nobody else can frame and that shows no garment.
#include "api/api.h"
#include "base/log.h"
#include "base/mem.h"
#include "common/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CONTEXT_SECONDS = 12 * 3600, MAC_HEX = 32, MOST_ORIGINS = 60 };

// The context of a brand: "try_embed_" brand "." expiry in seconds "." 32 hex digits of an HMAC. It says for whose shop
// a shopper acts, as a publishable key does, and is given to whoever opens the page.
static void mac_of(const api *p, const char *brand, const char *expiry, char out[MAC_HEX + 1])
{
    char text[120], hex[65];
    uint8_t mac[32];
    int n = snprintf(text, sizeof text, "embed-context:%s:%s", brand, expiry);
    hmac_sha256(p->c.page_key, strlen(p->c.page_key), text, (size_t)n, mac);
    hex_encode(mac, sizeof mac, hex);
    memcpy(out, hex, MAC_HEX);
    out[MAC_HEX] = 0;
}

static const char *context_new(http_request *q, const char *brand)
{
    const api *p = api_of(q);
    char expiry[24], mac[MAC_HEX + 1];
    if (!p->c.page_key) return NULL;
    snprintf(expiry, sizeof expiry, "%lld", (long long)(clock_ms() / 1000 + CONTEXT_SECONDS));
    mac_of(p, brand, expiry, mac);
    return arena_printf(q->a, EMBED_PREFIX "%s.%s.%s", brand, expiry, mac);
}

bool embed_context_ok(const api *p, const char *context, uuid_text brand)
{
    uuid_text given;
    char expiry[24], mac[MAC_HEX + 1], tail[MAC_HEX + 1];
    int end = 0;
    *brand = 0;
    if (!p->c.page_key ||
        sscanf(context, EMBED_PREFIX "%36[0-9a-f-].%15[0-9].%32[0-9a-f]%n", given, expiry, tail, &end) != 3 ||
        context[end] || strlen(tail) != MAC_HEX || !uuid_parse(given, given))
        return false;
    mac_of(p, given, expiry, mac);
    if (!equal_secret(tail, mac, MAC_HEX) || strtoll(expiry, NULL, 10) < clock_ms() / 1000) return false;
    memcpy(brand, given, sizeof given);
    return true;
}

// The brand an address is about: ?garment=, ?brand= or ?shop=, in this order, or the key's.
static bool find_brand(http_request *q, db_brand *b, db_garment *g, bool *has_garment, err *e)
{
    api *p = api_of(q);
    const char *garment = http_query(q, "garment"), *brand = http_query(q, "brand"), *shop = http_query(q, "shop"),
               *product = http_query(q, "product_id");
    const api_caller *who = q->who;
    uuid_text id;
    *has_garment = false;
    if (garment) {
        if (!uuid_parse(garment, id)) return fail(e, ERR_NOT_FOUND, "there is no such garment");
        *has_garment = db_garment_get(p->d, q->a, db_service, id, g, e);
        return *has_garment && db_brand_get(p->d, q->a, g->brand_id, b, e);
    }
    if (brand) {
        if (!uuid_parse(brand, id)) return fail(e, ERR_NOT_FOUND, "there is no such brand");
        if (!db_brand_get(p->d, q->a, id, b, e)) return false;
    } else if (shop) {
        if (strlen(shop) > 255) return fail(e, ERR_NOT_FOUND, "no shop of this name is connected here");
        if (!db_brand_by_shop(p->d, q->a, shop, b, e)) return false;
    } else if (who && *who->brand) {
        if (!db_brand_get(p->d, q->a, who->brand, b, e)) return false;
    } else {
        return fail(e, ERR_NOT_FOUND, "the address names no shop: ?shop=, ?brand= or ?garment= is needed");
    }
    return !product || strlen(product) > 200 || api_garment_of(q, b->id, product, g, has_garment, e);
}

// Pages of a brand: what its publishable keys name, and its connected shop. [MOST_ORIGINS]; returns how many.
static bool origins_of(http_request *q, const db_brand *b, const char **out, int *count, err *e)
{
    const char **lists;
    int n;
    *count = 0;
    if (!db_key_origins(api_of(q)->d, q->a, b->id, &lists, &n, e)) return false;
    if (b->shop_domain) out[(*count)++] = arena_printf(q->a, "https://%s", b->shop_domain);
    for (int i = 0; i < n; i++) {
        json_t *list = api_parse(lists[i]);
        for (size_t k = 0; k < json_array_size(list) && *count < MOST_ORIGINS; k++) {
            const char *o = json_string_value(json_array_get(list, k));
            // Into a header goes nothing but what an origin may hold.
            if (o && strspn(o, "abcdefghijklmnopqrstuvwxyz0123456789.-:/") == strlen(o))
                out[(*count)++] = arena_text(q->a, o);
        }
        json_decref(list);
    }
    return true;
}

static json_t *sizes_of(const db_garment *g)
{
    json_t *chart = api_parse(g->size_chart), *files = api_parse(g->sizes), *names = json_array(), *value;
    json_t *sizes = json_object_get(chart, "sizes");
    const char *name;
    json_object_foreach(json_object_size(sizes) ? sizes : files, name, value)
        json_array_append_new(names, json_string(name));
    json_decref(chart);
    json_decref(files);
    return names;
}

void embed_get(http_request *q, http_response *r)
{
    db_brand b;
    db_garment g;
    bool has;
    err e = { 0 };
    const char *origins[MOST_ORIGINS + 1];
    int n;
    if (!find_brand(q, &b, &g, &has, &e) || !origins_of(q, &b, origins, &n, &e)) return http_fail(q, r, &e);
    json_t *list = json_array(), *garment = json_null();
    for (int i = 0; i < n; i++) json_array_append_new(list, json_string(origins[i]));
    if (has)
        garment =
            json_pack("{s:s, s:s, s:o, s:o, s:o, s:o}", "id", g.id, "name", g.name, "category", api_text(g.category),
                      "fabric", api_text(g.fabric), "product_id", api_text(g.product_id), "sizes", sizes_of(&g));
    api_send(q, r, 200,
             json_pack("{s:{s:s, s:s}, s:o, s:o, s:o}", "brand", "id", b.id, "name", b.name, "origins", list, "context",
                       api_text(context_new(q, b.id)), "garment", garment));
}

// The fitting room is framed by its brand's pages and ours, the shop page and the console by ours and by nobody.
bool api_page(http_request *q, http_response *r)
{
    const api *p = api_of(q);
    if (!p->site) return false;
    const char *ancestors = !strcmp(q->path, "/") ? "'self'" : "'none'";
    if (!strcmp(q->path, "/embed")) {
        db_brand b;
        db_garment g;
        bool has;
        err e = { 0 };
        const char *origins[MOST_ORIGINS + 1];
        int n = 0;
        buf text = buf_new(16 << 10);
        bool ok = buf_printf(&text, "'self'");
        if (!find_brand(q, &b, &g, &has, &e) || !origins_of(q, &b, origins, &n, &e)) {
            if (e.code != ERR_NOT_FOUND) log_say(LOG_WARN, "embed: %s", e.msg); // the page says it in its own words
            n = 0;
        }
        for (int i = 0; i < n; i++) ok = ok && buf_printf(&text, " %s", origins[i]);
        ancestors = ok ? arena_textn(q->a, (const char *)text.data, text.len) : "'self'";
        buf_free(&text);
    }
    return site_serve(p->site, q, r, ancestors);
}
