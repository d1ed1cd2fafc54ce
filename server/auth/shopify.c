#include "auth/shopify.h"
#include "common/ids.h"
#include "common/text.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_PAIRS = 32, MAC = 32, MAC_HEX = 64, MOST_SECRET = 200 };

typedef struct {
    const char *name, *value; // decoded
} pair;

bool shopify_shop_ok(const char *shop)
{
    static const char ending[] = ".myshopify.com";
    size_t n = shop ? strlen(shop) : 0, end = sizeof ending - 1;
    return n > end && n <= 100 && !strcmp(shop + n - end, ending) && shop[0] != '-' &&
           strspn(shop, "abcdefghijklmnopqrstuvwxyz0123456789-") == n - end;
}

// The next secret of the list, as [length] bytes from where it is returned; NULL at the end.
static const char *next_secret(const char **list, size_t *length)
{
    const char *at = *list ? *list + strspn(*list, " ") : "";
    *length = strcspn(at, " ");
    *list = at + *length;
    return *length && *length <= MOST_SECRET ? at : NULL;
}

static const char *decoded(arena *a, const char *from, size_t n)
{
    char *s = arena_textn(a, from, n);
    for (char *p = s; *p; p++)
        if (*p == '+') *p = ' ';
    long end = percent_decode(s, n);
    if (end < 0) return NULL;
    s[end] = 0;
    return s;
}

// The pairs of a query, or -1 for one that cannot be read.
static int split(arena *a, const char *query, pair out[MOST_PAIRS])
{
    int count = 0;
    for (const char *p = query; *p;) {
        size_t n = strcspn(p, "&");
        const char *equals = memchr(p, '=', n);
        if (n) {
            size_t name = equals ? (size_t)(equals - p) : n;
            if (count == MOST_PAIRS) return -1;
            out[count] = (pair){ decoded(a, p, name), equals ? decoded(a, equals + 1, n - name - 1) : "" };
            if (!out[count].name || !out[count].value) return -1;
            count++;
        }
        p += n + (p[n] == '&');
    }
    return count;
}

static int by_name(const void *a, const void *b) { return strcmp(((const pair *)a)->name, ((const pair *)b)->name); }

const char *shopify_query_get(arena *a, const char *query, const char *name)
{
    pair v[MOST_PAIRS];
    const char *found = NULL;
    int n = split(a, query, v);
    for (int i = 0; i < n; i++) {
        if (strcmp(v[i].name, name) != 0) continue;
        if (found) return NULL;
        found = v[i].value;
    }
    return found;
}

bool shopify_query_ok(arena *a, const char *query, const char *secrets)
{
    pair v[MOST_PAIRS];
    int n = split(a, query, v);
    const char *given = shopify_query_get(a, query, "hmac");
    if (n < 0 || !given || strlen(given) != MAC_HEX) return false;
    qsort(v, (size_t)n, sizeof *v, by_name);
    buf text = buf_new(8192);
    bool ok = true;
    for (int i = 0; ok && i < n; i++) {
        if (!strcmp(v[i].name, "hmac") || !strcmp(v[i].name, "signature")) continue;
        ok = (!text.len || buf_append(&text, "&", 1)) && percent_encode(&text, v[i].name, strlen(v[i].name), false) &&
             buf_append(&text, "=", 1) && percent_encode(&text, v[i].value, strlen(v[i].value), false);
    }
    bool good = false;
    size_t length;
    for (const char *s; ok && (s = next_secret(&secrets, &length));) {
        uint8_t mac[MAC];
        char hex[MAC_HEX + 1];
        hmac_sha256(s, length, text.data ? (const void *)text.data : "", text.len, mac);
        hex_encode(mac, MAC, hex);
        good |= equal_secret(hex, given, MAC_HEX);
    }
    buf_free(&text);
    return good;
}

bool shopify_body_ok(const void *body, size_t n, const char *signature, const char *secrets)
{
    enum { BASE64 = 44 }; // of 32 bytes, with one character of padding
    if (!signature || strlen(signature) != BASE64) return false;
    bool good = false;
    size_t length;
    for (const char *s; (s = next_secret(&secrets, &length));) {
        uint8_t mac[MAC];
        char text[BASE64 + 1];
        hmac_sha256(s, length, body ? body : "", n, mac);
        base64url_encode(mac, MAC, text);
        for (char *p = text; *p; p++) *p = *p == '-' ? '+' : *p == '_' ? '/' : *p;
        memcpy(text + BASE64 - 1, "=", 2);
        good |= equal_secret(text, signature, BASE64);
    }
    return good;
}
