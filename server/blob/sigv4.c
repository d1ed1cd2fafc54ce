// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html (S3: the path is encoded
// once and not normalised).
#include "blob/sigv4.h"
#include "base/mem.h"
#include "common/ids.h"
#include "common/text.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_PAIRS = 64, TEXT_MAX = 1 << 16 };

typedef struct {
    char *name, *value;
} pair;

static int by_name(const void *a, const void *b)
{
    const pair *x = a, *y = b;
    int c = strcmp(x->name, y->name);
    return c ? c : strcmp(x->value, y->value);
}

static char *encoded(const char *s)
{
    buf b = buf_new(TEXT_MAX);
    bool ok = percent_encode(&b, s, strlen(s), false) && buf_append(&b, "", 1);
    char *text = mem_strdup(ok ? (char *)b.data : "");
    buf_free(&b);
    return text;
}

static bool put_query(const sigv4_request *q, const char *const (*extra)[2], int extra_count, buf *out)
{
    pair p[MAX_PAIRS];
    int n = 0;
    if (q->query_count + extra_count > MAX_PAIRS) return false;
    for (int i = 0; i < q->query_count; i++) p[n++] = (pair){ encoded(q->query[i][0]), encoded(q->query[i][1]) };
    for (int i = 0; i < extra_count; i++) p[n++] = (pair){ encoded(extra[i][0]), encoded(extra[i][1]) };
    qsort(p, (size_t)n, sizeof *p, by_name);
    bool ok = true;
    for (int i = 0; i < n; i++) {
        ok = ok && buf_printf(out, "%s%s=%s", i ? "&" : "", p[i].name, p[i].value);
        mem_free(p[i].name);
        mem_free(p[i].value);
    }
    return ok;
}

static char *lower(const char *s)
{
    char *t = mem_strdup(s);
    for (char *p = t; *p; p++) *p = (char)tolower((unsigned char)*p);
    return t;
}

// Runs of blanks become one, none at the ends.
static char *trimmed(const char *s)
{
    char *t = mem_strdup(s), *out = t;
    for (const char *p = s; *p; p++)
        if (*p != ' ' || (out > t && out[-1] != ' ')) *out++ = *p;
    while (out > t && out[-1] == ' ') out--;
    *out = 0;
    return t;
}

// Canonical headers and the list of their names.
static bool put_headers(const sigv4_request *q, const char *const (*extra)[2], int extra_count, buf *canonical,
                        buf *names)
{
    pair p[MAX_PAIRS];
    int n = 0;
    if (q->header_count + extra_count + 1 > MAX_PAIRS) return false;
    p[n++] = (pair){ lower("host"), trimmed(q->host) };
    for (int i = 0; i < q->header_count; i++) p[n++] = (pair){ lower(q->headers[i][0]), trimmed(q->headers[i][1]) };
    for (int i = 0; i < extra_count; i++) p[n++] = (pair){ lower(extra[i][0]), trimmed(extra[i][1]) };
    qsort(p, (size_t)n, sizeof *p, by_name);
    bool ok = true;
    for (int i = 0; i < n; i++) {
        ok = ok && buf_printf(canonical, "%s:%s\n", p[i].name, p[i].value) &&
             buf_printf(names, "%s%s", i ? ";" : "", p[i].name);
        mem_free(p[i].name);
        mem_free(p[i].value);
    }
    return ok && buf_append(names, "", 1) && (names->len--, true);
}

static void scope_of(const sigv4_request *q, char out[128])
{
    snprintf(out, 128, "%.8s/%s/%s/aws4_request", q->date, q->region, q->service);
}

static void sign(const sigv4_request *q, const buf *canonical_request, char signature[65])
{
    sha256_hex hash;
    sha256_text(canonical_request->data, canonical_request->len, hash);
    char scope[128], text[512], key[256];
    scope_of(q, scope);
    int n = snprintf(text, sizeof text, "AWS4-HMAC-SHA256\n%s\n%s\n%s", q->date, scope, hash);
    uint8_t k[32];
    int kn = snprintf(key, sizeof key, "AWS4%s", q->secret_key);
    hmac_sha256(key, (size_t)kn, q->date, 8, k);
    hmac_sha256(k, 32, q->region, strlen(q->region), k);
    hmac_sha256(k, 32, q->service, strlen(q->service), k);
    hmac_sha256(k, 32, "aws4_request", 12, k);
    hmac_sha256(k, 32, text, (size_t)n, k);
    hex_encode(k, 32, signature);
}

static bool put_request(const sigv4_request *q, const buf *query, const buf *headers, const buf *names, buf *out)
{
    return buf_printf(out, "%s\n", q->method) && percent_encode(out, q->path, strlen(q->path), true) &&
           buf_append(out, "\n", 1) && buf_append(out, query->data, query->len) && buf_append(out, "\n", 1) &&
           buf_append(out, headers->data, headers->len) && buf_append(out, "\n", 1) &&
           buf_append(out, names->data, names->len) && buf_printf(out, "\n%s", q->payload_sha256);
}

bool sigv4_headers(const sigv4_request *q, buf *lines)
{
    const char *extra[3][2] = { { "x-amz-date", q->date }, { "x-amz-content-sha256", q->payload_sha256 } };
    int n = 2;
    if (q->session_token) {
        extra[n][0] = "x-amz-security-token";
        extra[n++][1] = q->session_token;
    }
    buf query = buf_new(TEXT_MAX), headers = buf_new(TEXT_MAX), names = buf_new(TEXT_MAX),
        request = buf_new(TEXT_MAX * 4);
    bool ok = put_query(q, NULL, 0, &query) && put_headers(q, (const char *const(*)[2])extra, n, &headers, &names) &&
              put_request(q, &query, &headers, &names, &request);
    if (ok) {
        char signature[65], scope[128];
        sign(q, &request, signature);
        scope_of(q, scope);
        ok = buf_printf(lines, "Authorization: AWS4-HMAC-SHA256 Credential=%s/%s, SignedHeaders=%s, Signature=%s",
                        q->access_key, scope, (char *)names.data, signature) &&
             buf_append(lines, "", 1);
        for (int i = 0; ok && i < n; i++)
            ok = buf_printf(lines, "%s: %s", extra[i][0], extra[i][1]) && buf_append(lines, "", 1);
        ok = ok && buf_append(lines, "", 1);
    }
    buf_free(&query);
    buf_free(&headers);
    buf_free(&names);
    buf_free(&request);
    return ok;
}

bool sigv4_presign(const sigv4_request *q, int seconds, buf *target)
{
    char scope[128], credential[256], expires[16], signature[65];
    scope_of(q, scope);
    snprintf(credential, sizeof credential, "%s/%s", q->access_key, scope);
    snprintf(expires, sizeof expires, "%d", seconds);
    buf query = buf_new(TEXT_MAX), headers = buf_new(TEXT_MAX), names = buf_new(TEXT_MAX),
        request = buf_new(TEXT_MAX * 4);
    bool ok = put_headers(q, NULL, 0, &headers, &names);
    const char *extra[7][2] = { { "X-Amz-Algorithm", "AWS4-HMAC-SHA256" },
                                { "X-Amz-Credential", credential },
                                { "X-Amz-Date", q->date },
                                { "X-Amz-Expires", expires },
                                { "X-Amz-SignedHeaders", ok ? (char *)names.data : "" } };
    int n = 5;
    if (q->session_token) {
        extra[n][0] = "X-Amz-Security-Token";
        extra[n++][1] = q->session_token;
    }
    ok = ok && put_query(q, (const char *const(*)[2])extra, n, &query) &&
         put_request(q, &query, &headers, &names, &request);
    if (ok) {
        sign(q, &request, signature);
        ok = percent_encode(target, q->path, strlen(q->path), true) && buf_append(target, "?", 1) &&
             buf_append(target, query.data, query.len) && buf_printf(target, "&X-Amz-Signature=%s", signature);
    }
    buf_free(&query);
    buf_free(&headers);
    buf_free(&names);
    buf_free(&request);
    return ok;
}

bool sigv4_target(const sigv4_request *q, buf *target)
{
    return percent_encode(target, q->path, strlen(q->path), true) &&
           (!q->query_count || (buf_append(target, "?", 1) && put_query(q, NULL, 0, target)));
}
