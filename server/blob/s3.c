// S3's REST interface, path style, signed by sigv4.c. Our buckets are folders of one S3 bucket, so that an operator
// makes one bucket and one policy.
#include "blob/sigv4.h"
#include "blob/store.h"
#include "base/mem.h"
#include "common/ids.h"
#include "common/text.h"
#include "net/fetch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { ATTEMPTS = 4 };

static void amz_date(char out[17])
{
    time_t t = (time_t)(clock_ms() / 1000);
    struct tm tm;
    gmtime_r(&t, &tm);
    strftime(out, 17, "%Y%m%dT%H%M%SZ", &tm);
}

typedef struct {
    const char *method, *key; // key: after the bucket, "" for the bucket itself
    const char *query[6][2];
    int query_count;
    const char *type;
    const void *data;
    size_t n;
} call;

static void describe(const blob_store *s, const call *c, char path[700], char date[17], sigv4_request *q)
{
    amz_date(date);
    snprintf(path, 700, "%s/%s%s%s", s->base, s->c.bucket, *c->key ? "/" : "", c->key);
    *q = (sigv4_request){ .method = c->method,
                          .host = s->host,
                          .path = path,
                          .query = (const char *const(*)[2])c->query,
                          .query_count = c->query_count,
                          .region = s->c.region,
                          .service = "s3",
                          .access_key = s->c.access_key,
                          .secret_key = s->c.secret_key,
                          .session_token = s->c.session_token,
                          .date = date };
}

static bool scheme(const blob_store *s, buf *url)
{
    return buf_printf(url, "%.*s%s", (int)(strstr(s->c.endpoint, "://") + 3 - s->c.endpoint), s->c.endpoint, s->host);
}

static bool once(blob_store *s, const call *c, fetch_response *out, err *e)
{
    char path[700], date[17];
    sigv4_request q;
    describe(s, c, path, date, &q);
    sha256_hex hash;
    sha256_text(c->data ? c->data : "", c->n, hash);
    q.payload_sha256 = hash;
    buf url = buf_new(4096), lines = buf_new(8192);
    bool ok = (scheme(s, &url) && sigv4_target(&q, &url) && buf_append(&url, "", 1) && sigv4_headers(&q, &lines)) ||
              fail(e, ERR_LIMIT, "storage: the request is too long");
    const char *headers[8];
    char type[160];
    int k = 0;
    for (const char *p = (const char *)lines.data; ok && *p && k < 6; p += strlen(p) + 1) headers[k++] = p;
    if (c->type) {
        snprintf(type, sizeof type, "Content-Type: %s", c->type);
        headers[k++] = type;
    }
    headers[k] = NULL;
    ok = ok && fetch(&(fetch_request){ .method = c->method,
                                       .url = (char *)url.data,
                                       .headers = headers,
                                       .body = c->data,
                                       .body_len = c->n,
                                       .timeout_ms = 60000 },
                     out, e);
    buf_free(&url);
    buf_free(&lines);
    return ok;
}

// Once, and again after a while when the fault may pass: S3 asks its clients to (503 SlowDown, 500).
static bool request(blob_store *s, const call *c, fetch_response *out, err *e)
{
    for (int attempt = 1;; attempt++) {
        bool ok = once(s, c, out, e);
        bool passing = ok ? out->status >= 500 || out->status == 429 : e->code == ERR_IO;
        if (!passing || attempt == ATTEMPTS) return ok;
        out->body.len = 0;
        struct timespec t = { 0, 100000000L << (attempt - 1) };
        nanosleep(&t, NULL);
    }
}

static bool refused(const char *what, const fetch_response *r, err *e)
{
    char code[80] = "";
    const char *body = (const char *)r->body.data;
    size_t n = r->body.len;
    const char *at = n ? memmem(body, n, "<Code>", 6) : NULL;
    if (at) {
        at += 6;
        size_t k = 0;
        while (at + k < body + n && at[k] != '<' && k < sizeof code - 1) k++;
        snprintf(code, sizeof code, " (%.*s)", (int)k, at);
    }
    if (r->status == 404) return fail(e, ERR_NOT_FOUND, "storage: there is no such object%s", code);
    return fail(e, ERR_IO, "storage: %s was answered %d%s", what, r->status, code);
}

// One request whose only interesting answer is whether it went well. body_max: of the answer that is kept.
static bool simple(blob_store *s, const call *c, const char *what, buf *keep, err *e)
{
    fetch_response r = { .body = buf_new(64 << 10) };
    bool ok = request(s, c, &r, e);
    if (ok && (r.status < 200 || r.status > 299)) ok = refused(what, &r, e);
    if (ok && keep)
        *keep = r.body;
    else
        buf_free(&r.body);
    return ok;
}

static bool tag_text(const buf *xml, const char *open, char *out, size_t size)
{
    const char *at = xml->len ? memmem(xml->data, xml->len, open, strlen(open)) : NULL,
               *end = (const char *)xml->data + xml->len;
    if (!at) return false;
    at += strlen(open);
    size_t n = 0;
    while (at + n < end && at[n] != '<') n++;
    if (n >= size) return false;
    memcpy(out, at, n);
    out[n] = 0;
    return true;
}

// Large objects in parts; a failure calls the upload off, so that no parts are kept and paid for.
static bool put_parts(blob_store *s, const char *key, const char *type, const char *data, size_t n, err *e)
{
    buf xml = buf_new(64 << 10), list = buf_new(1 << 20);
    char upload[512] = "";
    bool ok = simple(
        s, &(call){ .method = "POST", .key = key, .query = { { "uploads", "" } }, .query_count = 1, .type = type },
        "starting an upload", &xml, e);
    if (ok && !tag_text(&xml, "<UploadId>", upload, sizeof upload))
        ok = fail(e, ERR_IO, "storage: no upload id came back");
    buf_free(&xml);
    if (!ok) return false;
    ok = buf_printf(&list, "<CompleteMultipartUpload>");
    int part = 1;
    for (size_t at = 0; ok && at < n; at += s->c.part_bytes, part++) {
        char number[12];
        snprintf(number, sizeof number, "%d", part);
        size_t len = n - at < s->c.part_bytes ? n - at : s->c.part_bytes;
        fetch_response r = { .body = buf_new(64 << 10) };
        ok = request(s,
                     &(call){ .method = "PUT",
                              .key = key,
                              .query = { { "partNumber", number }, { "uploadId", upload } },
                              .query_count = 2,
                              .data = data + at,
                              .n = len },
                     &r, e);
        if (ok && r.status != 200) ok = refused("a part", &r, e);
        ok = ok && buf_printf(&list, "<Part><PartNumber>%d</PartNumber><ETag>%s</ETag></Part>", part, r.etag);
        buf_free(&r.body);
    }
    ok = ok && buf_printf(&list, "</CompleteMultipartUpload>");
    if (ok) {
        // A 200 may still carry an error in its body.
        buf answer = buf_new(64 << 10);
        ok = simple(s,
                    &(call){ .method = "POST",
                             .key = key,
                             .query = { { "uploadId", upload } },
                             .query_count = 1,
                             .type = "application/xml",
                             .data = list.data,
                             .n = list.len },
                    "completing an upload", &answer, e);
        if (ok && answer.len && memmem(answer.data, answer.len, "<Error>", 7))
            ok = fail(e, ERR_IO, "storage: the upload was not completed");
        buf_free(&answer);
    }
    buf_free(&list);
    if (!ok) {
        err ignored; // the first failure is the one to tell
        if (!simple(s, &(call){ .method = "DELETE", .key = key, .query = { { "uploadId", upload } }, .query_count = 1 },
                    "calling off an upload", NULL, &ignored))
            return false;
    }
    return ok;
}

static void key_of(const char *bucket, const char *path, char out[300]) { snprintf(out, 300, "%s/%s", bucket, path); }

static bool put(blob_store *s, const char *bucket, const char *path, const char *type, const void *data, size_t n,
                err *e)
{
    char key[300];
    key_of(bucket, path, key);
    if (n > s->c.part_bytes) return put_parts(s, key, type, data, n, e);
    return simple(s, &(call){ .method = "PUT", .key = key, .type = type, .data = n ? data : "", .n = n }, "an upload",
                  NULL, e);
}

static bool get(blob_store *s, const char *bucket, const char *path, buf *out, err *e)
{
    char key[300];
    key_of(bucket, path, key);
    fetch_response r = { .body = *out };
    bool ok = request(s, &(call){ .method = "GET", .key = key }, &r, e);
    if (ok && r.status != 200) ok = refused("a download", &r, e);
    *out = r.body;
    if (!ok) out->len = 0;
    return ok;
}

static bool size(blob_store *s, const char *bucket, const char *path, uint64_t *out, err *e)
{
    // A list of this one key rather than HEAD: it tells the size in its body, whatever proxies do to HEAD's length.
    char key[300], text[24];
    key_of(bucket, path, key);
    buf xml;
    if (!simple(s,
                &(call){ .method = "GET",
                         .key = "",
                         .query = { { "list-type", "2" }, { "prefix", key }, { "max-keys", "1" } },
                         .query_count = 3 },
                "a look", &xml, e))
        return false;
    char found[300] = "";
    bool ok = tag_text(&xml, "<Key>", found, sizeof found) && !strcmp(found, key) &&
              tag_text(&xml, "<Size>", text, sizeof text);
    buf_free(&xml);
    if (!ok) return fail(e, ERR_NOT_FOUND, "there is no object %s/%s", bucket, path);
    *out = strtoull(text, NULL, 10);
    return true;
}

static bool remove_object(blob_store *s, const char *bucket, const char *path, err *e)
{
    char key[300];
    key_of(bucket, path, key);
    return simple(s, &(call){ .method = "DELETE", .key = key }, "a deletion", NULL, e) || e->code == ERR_NOT_FOUND;
}

static bool list(blob_store *s, const char *bucket, const char *prefix, void (*each)(void *, const char *), void *ctx,
                 err *e)
{
    char full[300], token[1024] = "";
    key_of(bucket, prefix, full);
    size_t skip = strlen(bucket) + 1;
    do {
        fetch_response r = { .body = buf_new(4 << 20) };
        call c = {
            .method = "GET", .key = "", .query = { { "list-type", "2" }, { "prefix", full } }, .query_count = 2
        };
        if (*token) {
            c.query[2][0] = "continuation-token";
            c.query[2][1] = token;
            c.query_count = 3;
        }
        bool ok = request(s, &c, &r, e);
        if (ok && r.status != 200) ok = refused("a list", &r, e);
        ok = ok && (buf_append(&r.body, "", 1) || fail(e, ERR_LIMIT, "storage: the list is too long"));
        if (!ok) {
            buf_free(&r.body);
            return false;
        }
        // Our keys have no character that XML escapes.
        for (char *p = (char *)r.body.data; (p = strstr(p, "<Key>"));) {
            p += 5;
            char *end = strchr(p, '<');
            if (!end) break;
            *end = 0;
            if (strlen(p) > skip) each(ctx, p + skip);
            p = end + 1;
        }
        // The keys were cut off in place above; the token stands before or after them in a tag of its own.
        buf text = { .data = r.body.data, .len = r.body.len };
        if (!tag_text(&text, "<NextContinuationToken>", token, sizeof token)) token[0] = 0;
        buf_free(&r.body);
    } while (*token);
    return true;
}

static bool link_to(blob_store *s, const char *method, const char *bucket, const char *path, int seconds, buf *url,
                    err *e)
{
    char key[300], full[700], date[17];
    key_of(bucket, path, key);
    sigv4_request q;
    describe(s, &(call){ .method = method, .key = key }, full, date, &q);
    q.payload_sha256 = "UNSIGNED-PAYLOAD";
    return (scheme(s, url) && sigv4_presign(&q, seconds, url)) || fail(e, ERR_LIMIT, "the link is too long");
}

static bool ready(blob_store *s, err *e)
{
    return simple(
        s,
        &(call){ .method = "GET", .key = "", .query = { { "list-type", "2" }, { "max-keys", "1" } }, .query_count = 2 },
        "a look", NULL, e);
}

const blob_backend blob_s3 = { put, get, size, remove_object, list, link_to, ready };
