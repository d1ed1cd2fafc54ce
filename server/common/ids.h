// Names and secrets the service hands out: UUIDs, bearer tokens, and the hashes that are all we keep of a secret.
#pragma once
#include "base/arena.h"
#include "base/err.h"

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

typedef char uuid_text[37]; // lower-case, with dashes
typedef char sha256_hex[65];

// Milliseconds since 1970 (wall clock), and milliseconds of the monotonic clock for waits and deadlines.
int64_t clock_ms(void);
int64_t clock_mono_ms(void);
// Waits for c, with lock held, until clock_mono_ms() says until_ms; false: it does.
bool clock_wait(pthread_cond_t *c, pthread_mutex_t *lock, int64_t until_ms);
// "2026-11-22T13:05:00.123Z"
void clock_iso(int64_t ms, char out[25]);

// Bytes from the system's generator; aborts when there are none to be had.
void random_bytes(void *out, size_t n);

// A version 7 UUID (RFC 9562): sorts by the quarter microsecond it was made, 62 random bits. A name, never a secret.
void uuid_new(uuid_text out);
// True for exactly the canonical 8-4-4-4-12 form; upper case is accepted and lowered into out (may be NULL).
bool uuid_parse(const char *s, uuid_text out);

void sha256(const void *data, size_t n, uint8_t out[32]);
void sha256_text(const void *data, size_t n, sha256_hex out);
void hmac_sha256(const void *key, size_t key_len, const void *data, size_t n, uint8_t out[32]);
// A key made ready, for signing many texts: half of what a short one costs is the key. A secret, as the key itself.
enum { HMAC_STATE = 112 };
typedef struct {
    _Alignas(8) uint8_t begun[2][HMAC_STATE];
} hmac_key;
void hmac_begin(hmac_key *k, const void *key, size_t key_len);
void hmac_sign(const hmac_key *k, const void *data, size_t n, uint8_t out[32]);
void hex_encode(const uint8_t *in, size_t n, char *out);   // out [2n + 1]
bool equal_secret(const void *a, const void *b, size_t n); // in constant time

// Base64url without padding (RFC 4648 section 5). Encode: out [(n * 4 + 2) / 3 + 1]. Decode returns the length, or
// -1 for a character outside the alphabet, a length no encoder makes, or more than max bytes.
void base64url_encode(const uint8_t *in, size_t n, char *out);
long base64url_decode(const char *in, size_t n, uint8_t *out, size_t max);

// prefix + 32 random base62 characters + 6 characters of check sum, so that a cut or mistyped key is told from a wrong
// one without a look-up. out [strlen(prefix) + 39].
void token_new(const char *prefix, char *out);
bool token_looks_right(const char *prefix, const char *token);
