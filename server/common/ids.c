#include "common/ids.h"

#define OPENSSL_SUPPRESS_DEPRECATED // of sha.h: see digest_begin
#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

int64_t clock_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int64_t clock_mono_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

bool clock_wait(pthread_cond_t *c, pthread_mutex_t *lock, int64_t until_ms)
{
    struct timespec t = { .tv_sec = until_ms / 1000, .tv_nsec = until_ms % 1000 * 1000000 };
    return pthread_cond_clockwait(c, lock, CLOCK_MONOTONIC, &t) != ETIMEDOUT;
}

void clock_iso(int64_t ms, char out[25])
{
    int64_t seconds = ms / 1000, left = ms % 1000;
    if (left < 0) left += 1000, seconds--;
    int64_t days = seconds / 86400, second = seconds % 86400;
    if (second < 0) second += 86400, days--;
    // The civil date of a count of days (H. Hinnant, "chrono-compatible low-level date algorithms"): years begin in
    // March, so that the leap day is the last. gmtime_r does the same behind the time zone's lock.
    int64_t z = days + 719468, era = (z >= 0 ? z : z - 146096) / 146097, doe = z - era * 146097;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365, doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    int64_t mp = (5 * doy + 2) / 153, day = doy - (153 * mp + 2) / 5 + 1, month = mp < 10 ? mp + 3 : mp - 9;
    int64_t year = yoe + era * 400 + (month <= 2);
    memcpy(out, "0000-00-00T00:00:00.000Z", 25);
    const struct {
        int at, digits;
        int64_t value;
    } part[] = {
        { 0, 4, year },         { 5, 2, month }, { 8, 2, day }, { 11, 2, second / 3600 }, { 14, 2, second / 60 % 60 },
        { 17, 2, second % 60 }, { 20, 3, left }
    };
    for (size_t i = 0; i < sizeof part / sizeof *part; i++) {
        int64_t v = part[i].value;
        for (int k = part[i].at + part[i].digits - 1; k >= part[i].at; k--, v /= 10) out[k] = (char)('0' + v % 10);
    }
}

void random_bytes(void *out, size_t n)
{
    if (RAND_bytes(out, (int)n) != 1) {
        fprintf(stderr, "tryon: the system has no random bytes to give\n");
        abort();
    }
}

void hex_encode(const uint8_t *in, size_t n, char *out)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < n; i++) {
        out[2 * i] = digits[in[i] >> 4];
        out[2 * i + 1] = digits[in[i] & 15];
    }
    out[2 * n] = 0;
}

// Ids are made by the thousand, and asking OpenSSL costs several times the rest: each thread asks for many at once.
// (Ids are no secrets; tokens are drawn one by one.)
static void id_bytes(uint8_t out[16])
{
    enum { IDS = 64 };
    static _Thread_local uint8_t pool[16 * IDS];
    static _Thread_local int left;
    if (!left) {
        random_bytes(pool, sizeof pool);
        left = IDS;
    }
    memcpy(out, pool + 16 * --left, 16);
}

void uuid_new(uuid_text out)
{
    uint8_t b[16];
    id_bytes(b);
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    uint64_t ms = (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
    uint64_t part =
        (uint64_t)t.tv_nsec % 1000000 * 4096 / 1000000; // of the millisecond: RFC 9562 section 6.2, method 3
    for (int i = 0; i < 6; i++) b[i] = (uint8_t)(ms >> (40 - 8 * i));
    b[6] = (uint8_t)(0x70 | part >> 8);
    b[7] = (uint8_t)part;
    b[8] = (uint8_t)(0x80 | (b[8] & 0x3f));
    char hex[33];
    hex_encode(b, 16, hex);
    static const struct {
        int to, from, n;
    } group[] = { { 0, 0, 8 }, { 9, 8, 4 }, { 14, 12, 4 }, { 19, 16, 4 }, { 24, 20, 12 } };
    memset(out, '-', 36);
    for (int i = 0; i < 5; i++) memcpy(out + group[i].to, hex + group[i].from, (size_t)group[i].n);
    out[36] = 0;
}

bool uuid_parse(const char *s, uuid_text out)
{
    uuid_text text;
    if (!s || strlen(s) != 36) return false;
    for (int i = 0; i < 36; i++) {
        char c = s[i];
        if (i == 8 || i == 13 || i == 18 || i == 23) {
            if (c != '-') return false;
        } else if (c >= 'A' && c <= 'F') {
            c = (char)(c + 32);
        } else if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'))) {
            return false;
        }
        text[i] = c;
    }
    text[36] = 0;
    if (out) memcpy(out, text, sizeof text);
    return true;
}

// OpenSSL's own SHA-256 without the layer that finds an algorithm by name: for the short texts of a request that layer
// costs as much as the digest, and only here is a half-done digest a plain value that can be copied.
static void digest_begin(SHA256_CTX *c)
{
    if (!SHA256_Init(c)) abort();
}

static void digest_add(SHA256_CTX *c, const void *data, size_t n)
{
    if (!SHA256_Update(c, data, n)) abort();
}

static void digest_end(SHA256_CTX *c, uint8_t out[32])
{
    if (!SHA256_Final(out, c)) abort();
}

void sha256(const void *data, size_t n, uint8_t out[32])
{
    SHA256_CTX c;
    digest_begin(&c);
    digest_add(&c, data, n);
    digest_end(&c, out);
}

void sha256_text(const void *data, size_t n, sha256_hex out)
{
    uint8_t d[32];
    sha256(data, n, d);
    hex_encode(d, 32, out);
}

_Static_assert(sizeof(SHA256_CTX) <= HMAC_STATE, "a key has room for what it was begun with");

void hmac_begin(hmac_key *k, const void *key, size_t key_len)
{
    uint8_t block[64] = { 0 }; // RFC 2104
    if (key_len > sizeof block)
        sha256(key, key_len, block);
    else
        memcpy(block, key, key_len);
    for (int side = 0; side < 2; side++) {
        for (size_t i = 0; i < sizeof block; i++) block[i] ^= side ? 0x36 ^ 0x5c : 0x36;
        SHA256_CTX c;
        digest_begin(&c);
        digest_add(&c, block, sizeof block);
        memcpy(k->begun[side], &c, sizeof c);
        OPENSSL_cleanse(&c, sizeof c);
    }
    OPENSSL_cleanse(block, sizeof block);
}

void hmac_sign(const hmac_key *k, const void *data, size_t n, uint8_t out[32])
{
    SHA256_CTX c;
    uint8_t inner[32];
    memcpy(&c, k->begun[0], sizeof c);
    digest_add(&c, data, n);
    digest_end(&c, inner);
    memcpy(&c, k->begun[1], sizeof c);
    digest_add(&c, inner, sizeof inner);
    digest_end(&c, out);
}

void hmac_sha256(const void *key, size_t key_len, const void *data, size_t n, uint8_t out[32])
{
    hmac_key k;
    hmac_begin(&k, key, key_len);
    hmac_sign(&k, data, n, out);
    OPENSSL_cleanse(&k, sizeof k);
}

bool equal_secret(const void *a, const void *b, size_t n) { return CRYPTO_memcmp(a, b, n) == 0; }

static const char URL64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

void base64url_encode(const uint8_t *in, size_t n, char *out)
{
    uint32_t acc = 0;
    int bits = 0;
    for (size_t i = 0; i < n; i++) {
        acc = (acc << 8 | in[i]) & 0xffffff;
        for (bits += 8; bits >= 6; bits -= 6) *out++ = URL64[(acc >> (bits - 6)) & 63];
    }
    if (bits) *out++ = URL64[(acc << (6 - bits)) & 63];
    *out = 0;
}

long base64url_decode(const char *in, size_t n, uint8_t *out, size_t max)
{
    if (n % 4 == 1) return -1;
    uint32_t acc = 0;
    int bits = 0;
    size_t len = 0;
    for (size_t i = 0; i < n; i++) {
        const char *at = in[i] ? strchr(URL64, in[i]) : NULL;
        if (!at) return -1;
        acc = (acc << 6 | (uint32_t)(at - URL64)) & 0xffffff;
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            if (len == max) return -1;
            out[len++] = (uint8_t)(acc >> bits);
        }
    }
    // Left-over bits that are not zero would let two texts mean the same bytes.
    if (bits && (acc & ((1u << bits) - 1))) return -1;
    return (long)len;
}

static const char B62[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
enum { TOKEN_SECRET = 32, TOKEN_CHECK = 6 };

static void token_check(const char *text, size_t n, char out[TOKEN_CHECK])
{
    uint8_t d[32];
    sha256(text, n, d);
    uint64_t v = 0;
    for (int i = 0; i < 8; i++) v = v << 8 | d[i];
    for (int i = 0; i < TOKEN_CHECK; i++, v /= 62) out[i] = B62[v % 62];
}

void token_new(const char *prefix, char *out)
{
    size_t at = strlen(prefix);
    memcpy(out, prefix, at);
    for (size_t end = at + TOKEN_SECRET; at < end;) {
        uint8_t b;
        random_bytes(&b, 1);
        if (b < 248) out[at++] = B62[b % 62]; // 248 = 4 * 62: every character equally likely
    }
    token_check(out, at, out + at);
    out[at + TOKEN_CHECK] = 0;
}

bool token_looks_right(const char *prefix, const char *token)
{
    size_t p = strlen(prefix);
    if (strncmp(token, prefix, p) != 0 || strlen(token) != p + TOKEN_SECRET + TOKEN_CHECK) return false;
    char check[TOKEN_CHECK];
    token_check(token, p + TOKEN_SECRET, check);
    return memcmp(check, token + p + TOKEN_SECRET, TOKEN_CHECK) == 0;
}
