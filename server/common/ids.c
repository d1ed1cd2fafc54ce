#include "common/ids.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
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
    time_t s = (time_t)(ms / 1000);
    struct tm tm;
    gmtime_r(&s, &tm);
    char text[80];
    snprintf(text, sizeof text, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday,
             tm.tm_hour, tm.tm_min, tm.tm_sec, (int)(ms % 1000));
    memcpy(out, text, 24);
    out[24] = 0;
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

void uuid_new(uuid_text out)
{
    uint8_t b[16];
    random_bytes(b, sizeof b);
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
    snprintf(out, sizeof(uuid_text), "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12, hex + 16, hex + 20);
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

void sha256(const void *data, size_t n, uint8_t out[32])
{
    unsigned len = 32;
    if (!EVP_Digest(data, n, out, &len, EVP_sha256(), NULL)) abort();
}

void sha256_text(const void *data, size_t n, sha256_hex out)
{
    uint8_t d[32];
    sha256(data, n, d);
    hex_encode(d, 32, out);
}

void hmac_sha256(const void *key, size_t key_len, const void *data, size_t n, uint8_t out[32])
{
    unsigned len = 32;
    if (!HMAC(EVP_sha256(), key, (int)key_len, data, n, out, &len)) abort();
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
