#include "common/ids.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <pthread.h>
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

// Looking an algorithm up by name and making its context costs several times what a short digest does: both are done
// once, the contexts once a thread.
static EVP_MD *digest;
static pthread_key_t context_key;
static pthread_once_t digest_once = PTHREAD_ONCE_INIT;

static void free_context(void *c) { EVP_MD_CTX_free(c); }

static void fetch_digest(void)
{
    digest = EVP_MD_fetch(NULL, "SHA256", NULL);
    if (!digest || pthread_key_create(&context_key, free_context)) abort();
}

// The digest of two pieces, one after the other.
static void sha256_two(const void *a, size_t an, const void *b, size_t bn, uint8_t out[32])
{
    pthread_once(&digest_once, fetch_digest);
    EVP_MD_CTX *c = pthread_getspecific(context_key);
    if (!c) {
        c = EVP_MD_CTX_new();
        if (!c || pthread_setspecific(context_key, c) || !EVP_DigestInit_ex2(c, digest, NULL)) abort();
    }
    // Without a type it begins anew with the algorithm it has.
    if (!EVP_DigestInit_ex2(c, NULL, NULL) || !EVP_DigestUpdate(c, a, an) || !EVP_DigestUpdate(c, b, bn) ||
        !EVP_DigestFinal_ex(c, out, NULL))
        abort();
}

void sha256(const void *data, size_t n, uint8_t out[32]) { sha256_two(data, n, "", 0, out); }

void sha256_text(const void *data, size_t n, sha256_hex out)
{
    uint8_t d[32];
    sha256(data, n, d);
    hex_encode(d, 32, out);
}

void hmac_sha256(const void *key, size_t key_len, const void *data, size_t n, uint8_t out[32])
{
    uint8_t block[64] = { 0 }, inner[32]; // RFC 2104
    if (key_len > sizeof block)
        sha256(key, key_len, block);
    else
        memcpy(block, key, key_len);
    for (size_t i = 0; i < sizeof block; i++) block[i] ^= 0x36;
    sha256_two(block, sizeof block, data, n, inner);
    for (size_t i = 0; i < sizeof block; i++) block[i] ^= 0x36 ^ 0x5c;
    sha256_two(block, sizeof block, inner, sizeof inner, out);
    OPENSSL_cleanse(block, sizeof block);
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
