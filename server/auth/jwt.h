// Tokens another issuer signed (Supabase Auth): HS256 with the shared secret, ES256 and RS256 with the keys of its
// JWKS. The algorithm is the key's, never the token's: a token whose header says otherwise is refused.
#pragma once
#include "base/buf.h"
#include "common/ids.h"

typedef struct jwt_verifier jwt_verifier;

typedef struct {
    const char *hs256_secret; // NULL: HS256 tokens are refused
    const char *jwks_url;     // NULL: ES256 and RS256 are refused, unless keys are given with jwt_set_jwks
    const char *issuer;       // required when not NULL
    const char *audience;     // required; NULL: "authenticated"
    int leeway_seconds;       // for clocks that differ; 0: 10
    int refetch_seconds;      // a kid we do not know makes us ask for the keys again, not sooner than this; 0: 30
} jwt_config;

typedef struct {
    uuid_text sub;
    char email[256]; // "" when there is none
    bool anonymous;
} jwt_claims;

jwt_verifier *jwt_new(const jwt_config *c);
void jwt_free(jwt_verifier *v); // NULL is fine

// ERR_DENIED with a sentence for a token that is not to be trusted; ERR_IO when its keys cannot be had now.
bool jwt_verify(jwt_verifier *v, const char *token, int64_t now_seconds, jwt_claims *out, err *e) MUST_USE;
// Replaces the keys (what a fetch of jwks_url does).
bool jwt_set_jwks(jwt_verifier *v, const char *json, size_t n, err *e) MUST_USE;
