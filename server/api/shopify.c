// A Shopify shop and its brand: connecting the two, and what the shop reports afterwards. The app asks nothing of
// Shopify's Admin API, so the token that an installation gives is not kept.
#include "api/api.h"
#include "auth/shopify.h"
#include "base/log.h"
#include "base/mem.h"
#include "common/text.h"
#include "net/fetch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { STATE_SECONDS = 600, MAC_HEX = 32, ANSWER_MAX = 64 << 10, MOST_LINES = 500 };
#define SCOPES "read_orders,read_products"

static bool configured(http_request *q, http_response *r)
{
    const api_config *c = &api_of(q)->c;
    if (c->shopify_id && c->shopify_secrets && c->page_key) return true;
    http_problem(q, r, 404, "not-found", NULL, "this server is not set up as a Shopify app");
    return false;
}

// "EXPIRY.MAC": says that this brand asked for this shop, not long ago.
static const char *state_of(http_request *q, const char *brand, const char *shop, const char *expiry)
{
    const char *text = arena_printf(q->a, "shopify:%s:%s:%s", brand, shop, expiry);
    uint8_t mac[32];
    char hex[65];
    hmac_sha256(api_of(q)->c.page_key, strlen(api_of(q)->c.page_key), text, strlen(text), mac);
    hex_encode(mac, sizeof mac, hex);
    return arena_printf(q->a, "%s.%.*s", expiry, MAC_HEX, hex);
}

static bool state_ok(http_request *q, const char *brand, const char *shop, const char *state)
{
    const char *dot = state ? strchr(state, '.') : NULL;
    if (!dot || dot - state > 15) return false;
    const char *expiry = arena_textn(q->a, state, (size_t)(dot - state)), *want = state_of(q, brand, shop, expiry);
    return strlen(want) == strlen(state) && equal_secret(want, state, strlen(want)) &&
           strtoll(expiry, NULL, 10) > clock_ms() / 1000;
}

static const char *shopify_url(http_request *q, const char *shop, const char *path)
{
    const char *other = api_of(q)->c.shopify_base; // for tests: in place of every shop's own address
    return other ? arena_printf(q->a, "%s%s", other, path) : arena_printf(q->a, "https://%s%s", shop, path);
}

// The console that asked, which is where Shopify sends the owner back to. Shopify knows the address, too, and refuses
// others.
static const char *console_of(http_request *q)
{
    const char *origin = http_header(q, "Origin");
    return arena_printf(q->a, "%s/console", origin && api_origin_allowed(q->app, origin) ? origin : api_base(q));
}

void shopify_authorize(http_request *q, http_response *r)
{
    json_t *j = api_body(q, r);
    if (!j) return;
    const char *given = json_string_value(json_object_get(j, "shop")), *shop = given ? arena_text(q->a, given) : NULL;
    json_decref(j);
    if (!shopify_shop_ok(shop)) {
        api_invalid(q, r, "shop", "shop looks like my-shop.myshopify.com");
        return;
    }
    if (!configured(q, r)) return;
    const char *expiry = arena_printf(q->a, "%lld", (long long)(clock_ms() / 1000 + STATE_SECONDS)),
               *back = console_of(q);
    buf url = buf_new(4096);
    bool ok = buf_printf(&url, "%s?client_id=%s&scope=" SCOPES "&redirect_uri=",
                         shopify_url(q, shop, "/admin/oauth/authorize"), api_of(q)->c.shopify_id) &&
              percent_encode(&url, back, strlen(back), false) &&
              buf_printf(&url, "&state=%s", state_of(q, api_who(q)->brand, shop, expiry)) && buf_append(&url, "", 1);
    if (ok)
        api_send(q, r, 200, json_pack("{s:s}", "url", (const char *)url.data));
    else
        r->status = 0;
    buf_free(&url);
}

// The code for a token: Shopify gives one only to this app, for a code of this shop's owner.
static bool exchange(http_request *q, const char *shop, const char *code, err *e)
{
    const api_config *c = &api_of(q)->c;
    const char *secret = arena_textn(q->a, c->shopify_secrets, strcspn(c->shopify_secrets, " "));
    json_t *ask = json_pack("{s:s, s:s, s:s}", "client_id", c->shopify_id, "client_secret", secret, "code", code);
    char *text = ask ? json_dumps(ask, JSON_COMPACT) : NULL;
    json_decref(ask);
    if (!text) return fail(e, ERR_INPUT, "the code cannot be read");
    static const char *const headers[] = { "Content-Type: application/json", "Accept: application/json", NULL };
    fetch_response answer = { .body = buf_new(ANSWER_MAX) };
    bool ok = fetch(&(fetch_request){ .method = "POST",
                                      .url = shopify_url(q, shop, "/admin/oauth/access_token"),
                                      .headers = headers,
                                      .body = text,
                                      .body_len = strlen(text),
                                      .timeout_ms = 10000,
                                      .guarded = !c->shopify_base },
                    &answer, e);
    mem_free(text);
    json_t *j =
        ok && answer.status == 200 ? json_loadb((const char *)answer.body.data, answer.body.len, 0, NULL) : NULL;
    if (ok && !json_string_value(json_object_get(j, "access_token")))
        ok = fail(e, ERR_DENIED, "Shopify did not confirm the connection (status %d); please begin again",
                  answer.status);
    json_decref(j);
    buf_free(&answer.body);
    return ok;
}

void shopify_connect(http_request *q, http_response *r)
{
    json_t *j = api_body(q, r);
    if (!j) return;
    const char *given = json_string_value(json_object_get(j, "query")), *query = given ? arena_text(q->a, given) : "";
    json_decref(j);
    if (!configured(q, r)) return;
    const char *shop = shopify_query_get(q->a, query, "shop"), *code = shopify_query_get(q->a, query, "code"),
               *state = shopify_query_get(q->a, query, "state"), *brand = api_who(q)->brand;
    if (!shopify_shop_ok(shop) || !code || !shopify_query_ok(q->a, query, api_of(q)->c.shopify_secrets)) {
        http_problem(q, r, 403, "forbidden", "query", "this did not come from Shopify as it stands");
        return;
    }
    if (!state_ok(q, brand, shop, state)) {
        http_problem(q, r, 403, "forbidden", "query",
                     "this connection was begun too long ago or by another brand; please begin again");
        return;
    }
    err e = { 0 };
    if (!exchange(q, shop, code, &e) || !db_brand_connect(api_of(q)->d, q->a, brand, shop, &e))
        return http_fail(q, r, &e);
    brand_get(q, r);
}

// The fitting room's session that a line of an order came from: the theme's block puts it there (shopify/).
static const char *session_of(const json_t *order, const json_t *line, uuid_text out)
{
    const json_t *lists[] = { json_object_get(line, "properties"), json_object_get(order, "note_attributes") };
    for (int k = 0; k < 2; k++) {
        size_t i;
        const json_t *one;
        json_array_foreach(lists[k], i, one)
        {
            const char *name = json_string_value(json_object_get(one, "name")),
                       *value = json_string_value(json_object_get(one, "value"));
            if (name && (!strcmp(name, "_tryon_session") || !strcmp(name, "__tryon_session")) && value &&
                uuid_parse(value, out))
                return out;
        }
    }
    return NULL;
}

// Each line of the order or refund that came out of the fitting room becomes an event, under the line's own name: a
// delivery that is repeated, and another topic about the same order, count once.
static bool count_lines(http_request *q, const char *brand, const json_t *order, bool refund, err *e)
{
    const json_t *lines = json_object_get(order, refund ? "refund_line_items" : "line_items"), *one;
    size_t n = json_array_size(lines), i;
    int count = 0, added;
    if (n > MOST_LINES) return fail(e, ERR_LIMIT, "an order of more than %d lines", MOST_LINES);
    db_event *v = arena_array(q->a, db_event, n + 1);
    if (!v) return fail(e, ERR_LIMIT, "an order of %zu lines", n);
    json_array_foreach(lines, i, one)
    {
        const json_t *line = refund ? json_object_get(one, "line_item") : one;
        json_int_t id = json_integer_value(json_object_get(one, "id"));
        char *session = arena_surely(q->a, sizeof(uuid_text));
        if (!id || !session_of(order, line, session)) continue;
        v[count++] =
            (db_event){ .type = refund ? "item_returned" : "purchase_completed",
                        .dedupe_key = arena_printf(q->a, "shopify-%s-%lld", refund ? "refund" : "line", (long long)id),
                        .metadata = "{\"source\":\"shopify\"}",
                        .session_id = session,
                        .created_at = clock_ms() };
    }
    return !count || db_events_add(api_of(q)->d, q->a, brand, v, count, &added, e);
}

static bool heard(http_request *q, const char *topic, const char *shop, err *e)
{
    api *p = api_of(q);
    db_brand b;
    if (!db_brand_by_shop(p->d, q->a, shop, &b, e)) return e->code == ERR_NOT_FOUND; // nothing of this shop is here
    if (!strcmp(topic, "app/uninstalled") || !strcmp(topic, "shop/redact"))
        return db_brand_connect(p->d, q->a, b.id, NULL, e);
    bool order = !strcmp(topic, "orders/create") || !strcmp(topic, "orders/paid"),
         refund = !strcmp(topic, "refunds/create");
    // customers/data_request and customers/redact: nothing here is kept under a customer of Shopify's. A line is known
    // by its session alone, and the session by the shopper herself, who exports and deletes what is hers (DELETE
    // /v1/me).
    if (!order && !refund) return true;
    json_t *j = json_loadb((const char *)q->body.data, q->body.len, 0, NULL);
    bool ok = j ? count_lines(q, b.id, j, refund, e) : fail(e, ERR_INPUT, "the body is no JSON");
    json_decref(j);
    return ok;
}

void shopify_hook(http_request *q, http_response *r)
{
    if (!configured(q, r)) return;
    const char *topic = http_header(q, "X-Shopify-Topic"), *shop = http_header(q, "X-Shopify-Shop-Domain"),
               *id = http_header(q, "X-Shopify-Webhook-Id");
    err e = { 0 };
    bool first;
    if (!shopify_body_ok(q->body.data, q->body.len, http_header(q, "X-Shopify-Hmac-Sha256"),
                         api_of(q)->c.shopify_secrets)) {
        http_problem(q, r, 401, "unauthorized", NULL, "this is not signed by Shopify");
        return;
    }
    if (!topic || !shopify_shop_ok(shop) || !id || strlen(id) > 100) {
        api_invalid(q, r, "headers", "X-Shopify-Topic, -Shop-Domain and -Webhook-Id are needed");
        return;
    }
    // What is done is done once however often it is told; the id is noted when it is done, so that nothing is lost when
    // it could not be.
    if (!heard(q, topic, shop, &e) || !db_webhook_first(api_of(q)->d, q->a, "shopify", id, &first, &e))
        return http_fail(q, r, &e);
    if (!first) log_say(LOG_INFO, "shopify: %s was told again", topic);
    api_send(q, r, 200, json_pack("{s:b}", "repeated", !first));
}
