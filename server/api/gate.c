// Who is asking, and may they, and how often. Runs on a request's head, before its body is read.
#include "api/api.h"
#include "api/stats.h"
#include "base/log.h"
#include "base/mem.h"
#include "common/text.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

// Requests of each cost: so many at once, so many a second. By API key or user; COST_AUTH and anonymous calls by
// address.
static const bucket_rule RULES[] = {
    [COST_READ] = { 120, 20 }, [COST_WRITE] = { 40, 4 },     [COST_UPLOAD] = { 12, 0.2 },
    [COST_AUTH] = { 30, 0.5 }, [COST_INGEST] = { 600, 100 }, [COST_FREE] = { 0, 0 }
};
static const char *const CLASSES[] = { "read", "write", "upload", "auth", "ingest", "free" };
// A brand's secret key speaks for a whole shop.
enum { SHOP_FACTOR = 10 };

static bool same_secret(const char *given, const char *want)
{
    size_t n = strlen(given);
    return want && *want && n == strlen(want) && equal_secret(given, want, n);
}

static bool lists(const char *json_array, const char *word)
{
    json_t *j = api_parse(json_array);
    bool found = false;
    for (size_t i = 0; i < json_array_size(j) && !found; i++) {
        const char *s = json_string_value(json_array_get(j, i));
        found = s && !strcmp(s, word);
    }
    json_decref(j);
    return found;
}

// Is the word among a key's scopes? They are words of ours in a JSON array: nothing in it is escaped.
static bool good_for(const char *scopes, const char *word)
{
    size_t n = strlen(word);
    for (const char *p = scopes; (p = strstr(p, word)); p += n)
        if (p > scopes && p[-1] == '"' && p[n] == '"') return true;
    return false;
}

static bool denied(http_request *q, http_response *r, const char *why)
{
    http_set(r, "WWW-Authenticate", "Bearer");
    http_problem(q, r, 401, "unauthorized", NULL, "%s", why);
    return false;
}

// Does the request come from a page of this server (or of the operator's list), or from no page at all?
static bool from_own_page(const http_request *q)
{
    const char *origin = http_header(q, "Origin"), *host = http_header(q, "Host");
    if (!origin) return true;
    const char *name = strstr(origin, "://");
    return (name && host && !strcmp(name + 3, host)) || api_origin_allowed(q->app, origin);
}

static bool as_brand(http_request *q, http_response *r, api_caller *who, const char *key)
{
    api *p = api_of(q);
    err e = { 0 };
    db_key k;
    sha256_hex hash;
    if (!strncmp(key, EMBED_PREFIX, strlen(EMBED_PREFIX))) {
        // What our own page was given for this brand; it is worth nothing on the pages of others.
        if (!embed_context_ok(p, key, who->brand))
            return denied(q, r, "this page has been open for too long; please load it again");
        if (!from_own_page(q)) {
            http_problem(q, r, 403, "origin", NULL, "this context belongs to the fitting room's own page");
            return false;
        }
        who->scopes = "[\"events\"]";
        return true;
    }
    bool secret = token_looks_right("try_live_", key);
    if (!secret && !token_looks_right("try_pub_", key))
        return denied(q, r, "this API key is not complete; copy it whole");
    sha256_text(key, strlen(key), hash);
    if (!known_key(p->known, q->a, hash, &k)) {
        if (!db_key_find(p->d, q->a, hash, &k, &e)) {
            if (e.code == ERR_NOT_FOUND) return denied(q, r, e.msg);
            http_fail(q, r, &e);
            return false;
        }
        if (clock_ms() - k.last_used_at > 60000 && !db_key_used(p->d, q->a, k.id, &e))
            log_say(LOG_WARN, "api key: %s", e.msg);
        known_note_key(p->known, hash, &k);
    }
    const char *origin = http_header(q, "Origin");
    // A publishable key is in every shopper's browser: it works only on the pages it was made for.
    if (!k.secret && origin && !lists(k.origins, origin)) {
        http_problem(q, r, 403, "origin", NULL, "this key may not be used on %.100s", origin);
        return false;
    }
    memcpy(who->brand, k.brand_id, sizeof who->brand);
    who->secret = k.secret;
    who->scopes = k.scopes;
    return true;
}

static bool as_shopper(http_request *q, http_response *r, api_caller *who, const char *token)
{
    api *p = api_of(q);
    err e = { 0 };
    if (!strncmp(token, "try_guest_", 10)) {
        who->guest = true;
        sha256_hex hash;
        sha256_text(token, strlen(token), hash);
        if (!token_looks_right("try_guest_", token)) return denied(q, r, "this guest token is not complete");
        if (known_guest(p->known, hash, who->user)) return true;
        int64_t expires_at;
        if (db_guest_find(p->d, q->a, hash, who->user, &expires_at, &e)) {
            known_note_guest(p->known, hash, who->user, expires_at);
            return true;
        }
    } else {
        jwt_claims c;
        if (!p->jwt) return denied(q, r, "this token is not known here");
        if (jwt_verify(p->jwt, token, clock_ms() / 1000, &c, &e) && db_user_ensure(p->d, q->a, c.sub, c.email, &e)) {
            memcpy(who->user, c.sub, sizeof who->user);
            return true;
        }
    }
    if (e.code == ERR_DENIED || e.code == ERR_NOT_FOUND) return denied(q, r, e.msg);
    http_fail(q, r, &e);
    return false;
}

static bool identify(http_request *q, http_response *r, api_caller *who)
{
    api *p = api_of(q);
    unsigned may = q->route->who;
    const char *a = http_header(q, "Authorization"), *key = http_header(q, "X-TryOn-Key");
    const char *token = a && !strncasecmp(a, "Bearer ", 7) ? a + 7 : a;
    if (a && (may & (WHO_WORKER | WHO_OPERATOR | WHO_METRICS))) {
        who->worker = same_secret(token, p->c.worker_key);
        who->operator_ = same_secret(token, p->c.operator_key);
        if ((who->worker && (may & WHO_WORKER)) || (who->operator_ && (may & WHO_OPERATOR)) ||
            ((may & WHO_METRICS) && same_secret(token, p->c.metrics_token)))
            return true;
        return denied(q, r, "this key does not open this address");
    }
    // Without a token metrics are this machine's; what a proxy on it passes on comes from elsewhere.
    if ((may & WHO_METRICS) && !p->c.metrics_token && (!strcmp(q->ip, "127.0.0.1") || !strcmp(q->ip, "::1")) &&
        !http_header(q, "X-Forwarded-For") && !http_header(q, "Forwarded") && !http_header(q, "Via"))
        return true;
    if (may & WHO_LINK) {
        if (blob_link_opens(q)) return true;
        http_problem(q, r, 403, "forbidden", NULL, "this link is not valid, or no longer");
        return false;
    }
    if (!may) {
        // Anyone may; a brand's publishable key beside it says for whose shop.
        return !key || as_brand(q, r, who, key);
    }
    if (key && !as_brand(q, r, who, key)) return false;
    if (a) {
        bool brand = !strncmp(token, "try_live_", 9) || !strncmp(token, "try_pub_", 8);
        if (brand ? !as_brand(q, r, who, token) : !as_shopper(q, r, who, token)) return false;
    }
    if (((may & WHO_SHOPPER) && *who->user) || ((may & WHO_SECRET) && *who->brand && who->secret) ||
        ((may & WHO_PUBLISHABLE) && *who->brand && !who->secret)) {
        if (q->route->scope && *who->brand && who->secret && !*who->user && !good_for(who->scopes, q->route->scope)) {
            http_problem(q, r, 403, "scope", NULL, "this key is not good for \"%s\"", q->route->scope);
            return false;
        }
        return true;
    }
    if (*who->user || *who->brand) {
        http_problem(q, r, 403, "forbidden", NULL, "%s",
                     (may & WHO_SECRET) ? "this needs a brand's secret key" : "this needs a shopper's token");
        return false;
    }
    return denied(q, r,
                  (may & WHO_SHOPPER) ? "this needs a shopper's token: POST /v1/guests gives one"
                                      : "this needs an API key");
}

static uint64_t hash_of(const char *what, const char *id)
{
    uint64_t h = 14695981039346656037u; // FNV-1a
    for (const char *p = what; *p; p++) h = (h ^ (unsigned char)*p) * 1099511628211u;
    for (const char *p = id; *p; p++) h = (h ^ (unsigned char)*p) * 1099511628211u;
    return h;
}

static bool within_rate(http_request *q, http_response *r, const api_caller *who)
{
    api *p = api_of(q);
    unsigned c = q->route->cost;
    if (c == COST_FREE || p->c.rate <= 0) return true;
    const char *id = c == COST_AUTH ? q->ip : *who->user ? who->user : *who->brand ? who->brand : q->ip;
    double factor = p->c.rate * (c != COST_AUTH && id == who->brand && who->secret ? SHOP_FACTOR : 1);
    bucket_rule rule = { RULES[c].capacity * factor, RULES[c].per_second * factor };
    double left;
    int64_t wait;
    bool pass = bucket_take(p->buckets, &rule, hash_of(CLASSES[c], id), 1, clock_mono_ms(), &left, &wait);
    int64_t window = (int64_t)(rule.capacity / rule.per_second),
            reset = (int64_t)((rule.capacity - left) / rule.per_second) + 1;
    http_set(r, "RateLimit-Policy",
             arena_printf(q->a, "\"%s\";q=%.0f;w=%lld", CLASSES[c], rule.capacity, (long long)window));
    http_set(r, "RateLimit",
             arena_printf(q->a, "\"%s\";r=%.0f;t=%lld", CLASSES[c], left < 0 ? 0 : left, (long long)reset));
    if (pass) return true;
    http_set(r, "Retry-After", arena_printf(q->a, "%lld", (long long)((wait + 999) / 1000)));
    http_problem(q, r, 429, "rate-limit", NULL, "too many requests of this kind; please wait %lld s",
                 (long long)((wait + 999) / 1000));
    return false;
}

// Whose share of the memory for bodies the request takes. Guests' tokens are had for the asking and a publishable key
// is in every browser, so they say no more than the address does. Workers are the house's own, and only they are given
// links to write anything but photos.
static const char *answers_for(const http_request *q, const api_caller *who)
{
    bool house = who->worker || who->operator_ || ((q->route->who & WHO_LINK) && strcmp(q->param[0], "photos") != 0);
    if (house) return NULL;
    if (*who->user) return who->guest ? q->ip : who->user;
    return *who->brand && who->secret ? who->brand : q->ip;
}

bool api_gate(http_request *q, http_response *r)
{
    api_caller *who = arena_surely(q->a, sizeof *who);
    *who = (api_caller){ 0 };
    q->who = who;
    if (atomic_load(&api_of(q)->draining)) http_set(r, "Connection", "close");
    // Tokens are guessed at by addresses: a failed identification costs the address, whatever the route.
    if (!identify(q, r, who)) {
        double left;
        int64_t wait;
        api *p = api_of(q);
        bucket_rule rule = { 60 * p->c.rate, p->c.rate };
        if (r->status == 401 && p->c.rate > 0 &&
            !bucket_take(p->buckets, &rule, hash_of("guess", q->ip), 1, clock_mono_ms(), &left, &wait)) {
            http_set(r, "Retry-After", "60");
            http_problem(q, r, 429, "rate-limit", NULL, "too many wrong tokens from this address");
        }
        return false;
    }
    q->caller = answers_for(q, who);
    return within_rate(q, r, who);
}

// Origins a brand's publishable keys name, and the operator's list. Brands' lists are re-read each half minute.
bool api_origin_allowed(void *app, const char *origin)
{
    api *p = app;
    size_t n = strlen(origin);
    for (const char *o = p->c.origins; o && *o;) {
        size_t k = strcspn(o, " ");
        if (k == n && !memcmp(o, origin, n)) return true;
        o += k;
        while (*o == ' ') o++;
    }
    return stats_origin_known(p, origin);
}
