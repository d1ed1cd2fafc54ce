// RFC 7515, 7517, 7519, with the best practice of RFC 8725: a fixed list of algorithms, keys bound to theirs, no
// "crit", no keys taken from the token.
#include "auth/jwt.h"
#include "base/log.h"
#include "base/mem.h"
#include "net/fetch.h"

#include <jansson.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { MAX_TOKEN = 8192, MAX_KEYS = 32, MAX_JWKS = 64 << 10 };

typedef struct {
    char kid[128];
    bool ec; // ES256, else RS256
    EVP_PKEY *key;
} public_key;

struct jwt_verifier {
    jwt_config c;
    pthread_mutex_t lock;
    public_key keys[MAX_KEYS];
    int count;
    int64_t fetched_ms;
    bool ever;
    bool fetching, stale; // a request is asking for the keys now; the last who asked got none
};

static const char *copy(const char *s) { return s && *s ? mem_strdup(s) : NULL; }

jwt_verifier *jwt_new(const jwt_config *c)
{
    jwt_verifier *v = mem_new(1, sizeof *v);
    v->c = *c;
    v->c.hs256_secret = copy(c->hs256_secret);
    v->c.jwks_url = copy(c->jwks_url);
    v->c.issuer = copy(c->issuer);
    v->c.audience = copy(c->audience ? c->audience : "authenticated");
    if (!v->c.leeway_seconds) v->c.leeway_seconds = 10;
    if (!v->c.refetch_seconds) v->c.refetch_seconds = 30;
    pthread_mutex_init(&v->lock, NULL);
    return v;
}

static void drop_keys(jwt_verifier *v)
{
    for (int i = 0; i < v->count; i++) EVP_PKEY_free(v->keys[i].key);
    v->count = 0;
}

void jwt_free(jwt_verifier *v)
{
    if (!v) return;
    drop_keys(v);
    pthread_mutex_destroy(&v->lock);
    mem_free((void *)(uintptr_t)v->c.hs256_secret);
    mem_free((void *)(uintptr_t)v->c.jwks_url);
    mem_free((void *)(uintptr_t)v->c.issuer);
    mem_free((void *)(uintptr_t)v->c.audience);
    mem_free(v);
}

static long member(const json_t *jwk, const char *name, uint8_t *out, size_t max)
{
    const char *s = json_string_value(json_object_get(jwk, name));
    return s ? base64url_decode(s, strlen(s), out, max) : -1;
}

static EVP_PKEY *build(const char *type, OSSL_PARAM_BLD *b)
{
    OSSL_PARAM *p = OSSL_PARAM_BLD_to_param(b);
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    EVP_PKEY *key = NULL;
    if (!p || !ctx || EVP_PKEY_fromdata_init(ctx) != 1 || EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, p) != 1)
        key = NULL;
    EVP_PKEY_CTX_free(ctx);
    OSSL_PARAM_free(p);
    return key;
}

static EVP_PKEY *ec_key(const json_t *jwk)
{
    uint8_t point[65] = { 4 };
    const char *curve = json_string_value(json_object_get(jwk, "crv"));
    if (!curve || strcmp(curve, "P-256") != 0 || member(jwk, "x", point + 1, 32) != 32 ||
        member(jwk, "y", point + 33, 32) != 32)
        return NULL;
    OSSL_PARAM_BLD *b = OSSL_PARAM_BLD_new();
    EVP_PKEY *key = NULL;
    if (b && OSSL_PARAM_BLD_push_utf8_string(b, OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1", 0) &&
        OSSL_PARAM_BLD_push_octet_string(b, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point))
        key = build("EC", b);
    OSSL_PARAM_BLD_free(b);
    return key;
}

static EVP_PKEY *rsa_key(const json_t *jwk)
{
    uint8_t n[1024], e[8];
    long nn = member(jwk, "n", n, sizeof n), en = member(jwk, "e", e, sizeof e);
    if (nn < 256 || en < 1) return NULL; // less than 2048 bits is no key
    BIGNUM *bn = BN_bin2bn(n, (int)nn, NULL), *be = BN_bin2bn(e, (int)en, NULL);
    OSSL_PARAM_BLD *b = OSSL_PARAM_BLD_new();
    EVP_PKEY *key = NULL;
    if (bn && be && b && OSSL_PARAM_BLD_push_BN(b, OSSL_PKEY_PARAM_RSA_N, bn) &&
        OSSL_PARAM_BLD_push_BN(b, OSSL_PKEY_PARAM_RSA_E, be))
        key = build("RSA", b);
    OSSL_PARAM_BLD_free(b);
    BN_free(bn);
    BN_free(be);
    return key;
}

bool jwt_set_jwks(jwt_verifier *v, const char *json, size_t n, err *e)
{
    json_t *root = json_loadb(json, n, JSON_REJECT_DUPLICATES, NULL), *jwk, *list = json_object_get(root, "keys");
    size_t i;
    if (!json_is_array(list)) {
        json_decref(root);
        return fail(e, ERR_IO, "the issuer's key set is not a JWKS");
    }
    pthread_mutex_lock(&v->lock);
    drop_keys(v);
    json_array_foreach(list, i, jwk)
    {
        const char *kty = json_string_value(json_object_get(jwk, "kty")),
                   *kid = json_string_value(json_object_get(jwk, "kid"));
        const char *alg = json_string_value(json_object_get(jwk, "alg")),
                   *use = json_string_value(json_object_get(jwk, "use"));
        if (!kty || !kid || strlen(kid) >= sizeof v->keys[0].kid || v->count == MAX_KEYS ||
            (use && strcmp(use, "sig") != 0))
            continue;
        public_key k = { .ec = !strcmp(kty, "EC") };
        snprintf(k.kid, sizeof k.kid, "%s", kid);
        if (k.ec && (!alg || !strcmp(alg, "ES256"))) k.key = ec_key(jwk);
        if (!strcmp(kty, "RSA") && (!alg || !strcmp(alg, "RS256"))) k.key = rsa_key(jwk);
        if (k.key) v->keys[v->count++] = k;
    }
    v->stale = false;
    pthread_mutex_unlock(&v->lock);
    json_decref(root);
    return true;
}

// Replaces the keys by the issuer's.
static bool fetch_keys(jwt_verifier *v, err *e)
{
    fetch_response r = { .body = buf_new(MAX_JWKS) };
    bool ok = fetch(&(fetch_request){ .url = v->c.jwks_url, .timeout_ms = 5000, .follow = true }, &r, e);
    if (ok && r.status != 200) ok = fail(e, ERR_IO, "the issuer's keys were answered %d", r.status);
    ok = ok && jwt_set_jwks(v, (const char *)r.body.data, r.body.len, e);
    buf_free(&r.body);
    if (!ok) log_say(LOG_WARN, "jwks: %s", e->msg);
    pthread_mutex_lock(&v->lock);
    v->fetching = false;
    if (!ok) v->stale = true;
    pthread_mutex_unlock(&v->lock);
    return ok;
}

// The key of this kid, with a reference of its own. Asks the issuer when it is not known, at most so often. A token is
// only refused for a kid that the issuer's own set lacks: who is told that a token is bad throws it away.
static bool find_key(jwt_verifier *v, const char *kid, public_key *out, err *e)
{
    bool unsure = false;
    for (int attempt = 0; attempt < 2 && !unsure; attempt++) {
        pthread_mutex_lock(&v->lock);
        for (int i = 0; i < v->count; i++)
            if (!strcmp(v->keys[i].kid, kid) && EVP_PKEY_up_ref(v->keys[i].key)) {
                *out = v->keys[i];
                pthread_mutex_unlock(&v->lock);
                return true;
            }
        int64_t now = clock_mono_ms();
        bool ask = attempt == 0 && v->c.jwks_url && !v->fetching &&
                   (!v->ever || now - v->fetched_ms >= (int64_t)v->c.refetch_seconds * 1000);
        if (ask) {
            v->ever = v->fetching = true;
            v->fetched_ms = now;
        }
        unsure = !ask && (v->fetching || v->stale);
        pthread_mutex_unlock(&v->lock);
        if (!ask) break;
        unsure = !fetch_keys(v, e);
    }
    if (unsure) return fail(e, ERR_IO, "the keys to check this token with cannot be had at the moment");
    return fail(e, ERR_DENIED, "this token is signed with a key its issuer does not have");
}

static bool check_public(const public_key *k, const char *signed_text, size_t n, const uint8_t *sig, size_t sig_len)
{
    uint8_t der[80];
    const uint8_t *raw = sig;
    if (k->ec) { // r and s side by side in a JWS; DER for OpenSSL
        if (sig_len != 64) return false;
        ECDSA_SIG *s = ECDSA_SIG_new();
        BIGNUM *r = BN_bin2bn(sig, 32, NULL), *ss = BN_bin2bn(sig + 32, 32, NULL);
        if (!s || !r || !ss || !ECDSA_SIG_set0(s, r, ss)) abort();
        uint8_t *p = der;
        int len = i2d_ECDSA_SIG(s, NULL);
        if (len < 0 || len > (int)sizeof der) abort();
        sig_len = (size_t)i2d_ECDSA_SIG(s, &p);
        ECDSA_SIG_free(s);
        raw = der;
    }
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool ok = ctx && EVP_DigestVerifyInit(ctx, NULL, EVP_sha256(), NULL, k->key) == 1 &&
              EVP_DigestVerify(ctx, raw, sig_len, (const unsigned char *)signed_text, n) == 1;
    EVP_MD_CTX_free(ctx);
    return ok;
}

static json_t *part(const char *s, size_t n)
{
    uint8_t *text = mem_new(n + 1, 1);
    long len = base64url_decode(s, n, text, n);
    json_t *j = len < 0 ? NULL : json_loadb((const char *)text, (size_t)len, JSON_REJECT_DUPLICATES, NULL);
    mem_free(text);
    if (j && !json_is_object(j)) {
        json_decref(j);
        j = NULL;
    }
    return j;
}

static bool check_signature(jwt_verifier *v, const json_t *header, const char *token, size_t signed_len,
                            const char *sig64, err *e)
{
    const char *alg = json_string_value(json_object_get(header, "alg")),
               *kid = json_string_value(json_object_get(header, "kid"));
    const char *typ = json_string_value(json_object_get(header, "typ"));
    if (json_object_get(header, "crit") || (typ && strcasecmp(typ, "JWT") != 0))
        return fail(e, ERR_DENIED, "this is not a token we understand");
    uint8_t sig[1024];
    long n = base64url_decode(sig64, strlen(sig64), sig, sizeof sig);
    if (n <= 0 || !alg) return fail(e, ERR_DENIED, "this token has no signature");
    if (!strcmp(alg, "HS256")) {
        uint8_t want[32];
        if (!v->c.hs256_secret) return fail(e, ERR_DENIED, "tokens signed with HS256 are not accepted here");
        hmac_sha256(v->c.hs256_secret, strlen(v->c.hs256_secret), token, signed_len, want);
        return (n == 32 && equal_secret(want, sig, 32)) || fail(e, ERR_DENIED, "this token's signature is wrong");
    }
    bool ec = !strcmp(alg, "ES256");
    if ((!ec && strcmp(alg, "RS256") != 0) || !kid)
        return fail(e, ERR_DENIED, "tokens signed this way are not accepted here");
    public_key k = { 0 };
    if (!find_key(v, kid, &k, e)) return false;
    bool ok = k.ec == ec && check_public(&k, token, signed_len, sig, (size_t)n);
    EVP_PKEY_free(k.key);
    return ok || fail(e, ERR_DENIED, "this token's signature is wrong");
}

static bool has_audience(const json_t *aud, const char *want)
{
    if (json_is_string(aud)) return !strcmp(json_string_value(aud), want);
    for (size_t i = 0; i < json_array_size(aud); i++) {
        const char *s = json_string_value(json_array_get(aud, i));
        if (s && !strcmp(s, want)) return true;
    }
    return false;
}

static bool check_claims(const jwt_verifier *v, const json_t *c, int64_t now, jwt_claims *out, err *e)
{
    const json_t *exp = json_object_get(c, "exp"), *nbf = json_object_get(c, "nbf"), *iat = json_object_get(c, "iat");
    if (!json_is_number(exp) || json_number_value(exp) + v->c.leeway_seconds <= (double)now)
        return fail(e, ERR_DENIED, "this token has expired; sign in again");
    if (nbf && (!json_is_number(nbf) || json_number_value(nbf) - v->c.leeway_seconds > (double)now))
        return fail(e, ERR_DENIED, "this token is not valid yet");
    if (iat && (!json_is_number(iat) || json_number_value(iat) - v->c.leeway_seconds > (double)now))
        return fail(e, ERR_DENIED, "this token was issued in the future");
    const char *iss = json_string_value(json_object_get(c, "iss")),
               *role = json_string_value(json_object_get(c, "role"));
    if (v->c.issuer && (!iss || strcmp(iss, v->c.issuer) != 0))
        return fail(e, ERR_DENIED, "this token is from another issuer");
    if (!has_audience(json_object_get(c, "aud"), v->c.audience))
        return fail(e, ERR_DENIED, "this token is for another audience");
    if (role && strcmp(role, "authenticated") != 0) return fail(e, ERR_DENIED, "this token is not a shopper's");
    if (!uuid_parse(json_string_value(json_object_get(c, "sub")), out->sub))
        return fail(e, ERR_DENIED, "this token names no user");
    const char *email = json_string_value(json_object_get(c, "email"));
    snprintf(out->email, sizeof out->email, "%s", email ? email : "");
    out->anonymous = json_is_true(json_object_get(c, "is_anonymous"));
    return true;
}

bool jwt_verify(jwt_verifier *v, const char *token, int64_t now, jwt_claims *out, err *e)
{
    const char *dot = strchr(token, '.'), *dot2 = dot ? strchr(dot + 1, '.') : NULL;
    if (!dot2 || strchr(dot2 + 1, '.') || strlen(token) > MAX_TOKEN) return fail(e, ERR_DENIED, "this is not a token");
    json_t *header = part(token, (size_t)(dot - token)), *claims = NULL;
    bool ok = (header && check_signature(v, header, token, (size_t)(dot2 - token), dot2 + 1, e)) ||
              (!header && fail(e, ERR_DENIED, "this is not a token"));
    if (ok) {
        claims = part(dot + 1, (size_t)(dot2 - dot - 1));
        ok = claims ? check_claims(v, claims, now, out, e) : fail(e, ERR_DENIED, "this is not a token");
    }
    json_decref(header);
    json_decref(claims);
    return ok;
}
