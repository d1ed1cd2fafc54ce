// A brand and its keys. A key's text is shown once; we keep its hash.
#include "api/api.h"
#include "base/mem.h"
#include "common/text.h"

#include <stdio.h>
#include <string.h>

static const char *const SCOPES[] = { "garments", "events", "analytics", "keys" };
enum { SCOPE_COUNT = 4, PREFIX = 14 };

bool api_key_make(api *p, arena *a, const char *brand, bool secret, const char *scopes, const char *origins,
                  char text[64], uuid_text id, err *e)
{
    sha256_hex hash;
    token_new(secret ? "try_live_" : "try_pub_", text);
    sha256_text(text, strlen(text), hash);
    db_key k = { .secret = secret, .prefix = arena_textn(a, text, PREFIX), .scopes = scopes, .origins = origins };
    snprintf(k.brand_id, sizeof k.brand_id, "%s", brand);
    return db_key_create(p->d, a, &k, hash, id, e);
}

static json_t *days(int64_t n) { return n ? json_integer(n) : json_null(); }

void brand_get(http_request *q, http_response *r)
{
    db_brand b;
    err e = { 0 };
    if (!db_brand_get(api_of(q)->d, q->a, api_who(q)->brand, &b, &e)) return http_fail(q, r, &e);
    api_send(q, r, 200,
             json_pack("{s:s, s:s, s:o, s:o, s:o, s:o, s:s}", "id", b.id, "name", b.name, "shopify_shop_domain",
                       api_text(b.shop_domain), "avatar_quota_per_day",
                       b.quota < 0 ? json_null() : json_integer(b.quota), "avatar_days", days(b.avatar_days),
                       "event_days", days(b.event_days), "created_at", api_time(q, b.created_at)));
}

// A number of days, null for "until deleted" (0), absent for "as it is" (-1).
static bool days_of(http_request *q, http_response *r, const json_t *j, const char *name, int64_t *out)
{
    const json_t *v = json_object_get(j, name);
    *out = !v ? -1 : json_is_null(v) ? 0 : json_integer_value(v);
    if (!v || json_is_null(v) || (json_is_integer(v) && *out >= 1 && *out <= 3650)) return true;
    return api_invalid(q, r, name, "%s is from 1 to 3650 days, or null for no limit", name);
}

void brand_patch(http_request *q, http_response *r)
{
    json_t *j = api_body(q, r);
    if (!j) return;
    const json_t *given = json_object_get(j, "name");
    const char *name = json_string_value(given);
    int64_t avatar_days, event_days;
    err e = { 0 };
    bool ok = !given || (name && *name && strlen(name) <= 200) ||
              api_invalid(q, r, "name", "name is a text of 1 to 200 bytes");
    ok = ok && days_of(q, r, j, "avatar_days", &avatar_days) && days_of(q, r, j, "event_days", &event_days);
    if (ok && db_brand_update(api_of(q)->d, q->a, api_who(q)->brand, name, avatar_days, event_days, &e))
        brand_get(q, r);
    else if (ok)
        http_fail(q, r, &e);
    json_decref(j);
}

static json_t *render(http_request *q, const db_key *k, const char *text)
{
    json_t *j = json_pack("{s:s, s:s, s:s, s:o, s:o, s:s, s:o, s:o, s:o}", "id", k->id, "kind",
                          k->secret ? "secret" : "publishable", "prefix", k->prefix, "scopes", api_parse(k->scopes),
                          "origins", api_parse(k->origins), "created_at", api_time(q, k->created_at), "expires_at",
                          api_text(api_time(q, k->expires_at)), "last_used_at", api_text(api_time(q, k->last_used_at)),
                          "revoked_at", api_text(api_time(q, k->revoked_at)));
    if (text) json_object_set_new(j, "key", json_string(text));
    return j;
}

void key_list(http_request *q, http_response *r)
{
    db_key *list;
    int n;
    err e = { 0 };
    if (!db_key_list(api_of(q)->d, q->a, api_who(q)->brand, &list, &n, &e)) return http_fail(q, r, &e);
    json_t *items = json_array();
    for (int i = 0; i < n; i++) json_array_append_new(items, render(q, &list[i], NULL));
    api_send(q, r, 200, json_pack("{s:o}", "items", items));
}

static bool origin_ok(const char *s)
{
    if (!s || strlen(s) > 200) return false;
    const char *host = !strncmp(s, "https://", 8) ? s + 8 : !strncmp(s, "http://localhost", 16) ? s + 7 : NULL;
    return host && *host && strspn(host, "abcdefghijklmnopqrstuvwxyz0123456789.-:") == strlen(host);
}

enum { MAX_ORIGINS = 50 };

static bool origins_ok(http_request *q, http_response *r, json_t *origins)
{
    size_t i;
    json_t *one;
    if (origins && (!json_is_array(origins) || json_array_size(origins) > MAX_ORIGINS))
        return api_invalid(q, r, "origins", "origins is a list of at most %d addresses", MAX_ORIGINS);
    json_array_foreach(origins, i, one)
    {
        if (!origin_ok(json_string_value(one)))
            return api_invalid(q, r, "origins", "an origin looks like https://www.shop.example, without a path");
    }
    return true;
}

static void made(http_request *q, http_response *r, bool secret, const char *scopes, const char *origins)
{
    char text[64];
    uuid_text id;
    err e = { 0 };
    db_key *list;
    int n;
    if (!api_key_make(api_of(q), q->a, api_who(q)->brand, secret, scopes, origins, text, id, &e) ||
        !db_key_list(api_of(q)->d, q->a, api_who(q)->brand, &list, &n, &e))
        return http_fail(q, r, &e);
    for (int i = 0; i < n; i++)
        if (!strcmp(list[i].id, id)) return api_send(q, r, 201, render(q, &list[i], text));
}

void key_create(http_request *q, http_response *r)
{
    json_t *j = api_body(q, r);
    if (!j) return;
    const char *kind = json_string_value(json_object_get(j, "kind"));
    json_t *scopes = json_object_get(j, "scopes"), *origins = json_object_get(j, "origins"), *one;
    bool secret = kind && !strcmp(kind, "secret"), ok = true;
    size_t i;
    if (!kind || (!secret && strcmp(kind, "publishable") != 0))
        ok = api_invalid(q, r, "kind", "kind is \"secret\" or \"publishable\"");
    if (ok && scopes && !json_is_array(scopes)) ok = api_invalid(q, r, "scopes", "scopes is a list of words");
    json_array_foreach(scopes, i, one)
    {
        bool known = false;
        for (int k = 0; k < SCOPE_COUNT; k++)
            known = known || (json_is_string(one) && !strcmp(json_string_value(one), SCOPES[k]));
        if (ok && !known) ok = api_invalid(q, r, "scopes", "scopes are garments, events, analytics and keys");
    }
    ok = ok && origins_ok(q, r, origins);
    if (ok && !secret && !json_array_size(origins))
        ok = api_invalid(q, r, "origins", "a publishable key needs the origins of the pages it is for");
    if (ok) {
        char *s =
            scopes ? json_dumps(scopes, JSON_COMPACT) : mem_strdup("[\"garments\",\"events\",\"analytics\",\"keys\"]");
        char *o = origins ? json_dumps(origins, JSON_COMPACT) : mem_strdup("[]");
        made(q, r, secret, secret ? s : "[]", o);
        mem_free(s);
        mem_free(o);
    }
    json_decref(j);
}

static bool find(http_request *q, http_response *r, const char *id, db_key *out)
{
    db_key *list;
    int n;
    err e = { 0 };
    if (!db_key_list(api_of(q)->d, q->a, api_who(q)->brand, &list, &n, &e)) {
        http_fail(q, r, &e);
        return false;
    }
    for (int i = 0; i < n; i++)
        if (!strcmp(list[i].id, id)) {
            *out = list[i];
            return true;
        }
    http_problem(q, r, 404, "not-found", NULL, "there is no such key");
    return false;
}

// The pages a publishable key is for. Takes effect for new requests at once, for CORS within half a minute.
void key_patch(http_request *q, http_response *r)
{
    const char *id = api_id(q, r, 0);
    db_key k;
    err e = { 0 };
    if (!id || !find(q, r, id, &k)) return;
    json_t *j = api_body(q, r), *origins = json_object_get(j, "origins");
    if (!j) return;
    bool ok = json_array_size(origins) ||
              api_invalid(q, r, "origins", "a publishable key needs the origins of the pages it is for");
    ok = ok && origins_ok(q, r, origins);
    char *text = ok ? json_dumps(origins, JSON_COMPACT) : NULL;
    if (ok && !db_key_set_origins(api_of(q)->d, q->a, api_who(q)->brand, id, text, &e))
        http_fail(q, r, &e);
    else if (ok && find(q, r, id, &k)) {
        known_forget_all(api_of(q)->known);
        api_send(q, r, 200, render(q, &k, NULL));
    }
    mem_free(text);
    json_decref(j);
}

// A new key like the old one; the old one works on for overlap_seconds (an hour when not said, at most thirty days).
void key_rotate(http_request *q, http_response *r)
{
    const char *id = api_id(q, r, 0);
    db_key k;
    err e = { 0 };
    if (!id || !find(q, r, id, &k)) return;
    json_int_t overlap = 3600;
    if (q->body.len) {
        json_t *j = api_body(q, r);
        if (!j) return;
        const json_t *given = json_object_get(j, "overlap_seconds");
        bool ok = !given ||
                  (json_is_integer(given) && json_integer_value(given) >= 0 && json_integer_value(given) <= 2592000);
        if (given) overlap = json_integer_value(given);
        json_decref(j);
        if (!ok)
            return (void)api_invalid(q, r, "overlap_seconds", "overlap_seconds is from 0 to 2592000 (thirty days)");
    }
    // The new one first: should that fail, the shop still has a key.
    made(q, r, k.secret, k.scopes, k.origins);
    if (r->status != 201) return;
    if (!db_key_retire(api_of(q)->d, q->a, api_who(q)->brand, id, clock_ms() + overlap * 1000, &e)) http_fail(q, r, &e);
    known_forget_all(api_of(q)->known);
}

void key_revoke(http_request *q, http_response *r)
{
    const char *id = api_id(q, r, 0);
    err e = { 0 };
    if (!id) return;
    if (!db_key_retire(api_of(q)->d, q->a, api_who(q)->brand, id, 0, &e)) return http_fail(q, r, &e);
    known_forget_all(api_of(q)->known);
    r->status = 204;
}
