#include "blob/store.h"
#include "base/mem.h"
#include "common/ids.h"
#include "common/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool blob_path_ok(const char *bucket, const char *path)
{
    if (strcmp(bucket, "photos") != 0 && strcmp(bucket, "avatars") != 0 && strcmp(bucket, "garments") != 0)
        return false;
    size_t n = strlen(path);
    if (!n || n > 200 || path[n - 1] == '/') return false;
    for (size_t i = 0; i < n; i++) {
        char c = path[i];
        if ((c | 32) >= 'a' && (c | 32) <= 'z') continue;
        if ((c >= '0' && c <= '9') || c == '-' || c == '_') continue;
        bool first = !i || path[i - 1] == '/';
        if (first || (c != '.' && c != '/')) return false;
    }
    return true;
}

static const char **strings(blob_config *c, const char **out[10])
{
    out[0] = &c->root, out[1] = &c->link_key, out[2] = &c->endpoint, out[3] = &c->region, out[4] = &c->access_key;
    out[5] = &c->secret_key, out[6] = &c->session_token, out[7] = &c->bucket, out[8] = &c->service_key, out[9] = NULL;
    return NULL;
}

bool blob_open(const blob_config *c, blob_store **out, err *e)
{
    const char *missing = NULL;
    if (c->kind == BLOB_DISK && (!c->root || !c->link_key)) missing = "a folder and a link key";
    if (c->kind == BLOB_S3 && (!c->endpoint || !c->region || !c->access_key || !c->secret_key || !c->bucket))
        missing = "S3_ENDPOINT, S3_REGION, S3_BUCKET, S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY";
    if (c->kind == BLOB_SUPABASE && (!c->endpoint || !c->service_key))
        missing = "SUPABASE_URL and SUPABASE_SERVICE_KEY";
    if (missing) return fail(e, ERR_INPUT, "storage needs %s", missing);
    blob_store *s = mem_new(1, sizeof *s);
    s->c = *c;
    const char **field[10];
    strings(&s->c, field);
    for (int i = 0; field[i]; i++)
        if (*field[i]) *field[i] = mem_strdup(*field[i]);
    if (c->link_key) hmac_begin(&s->link, c->link_key, strlen(c->link_key));
    s->backend = c->kind == BLOB_DISK ? &blob_disk : c->kind == BLOB_S3 ? &blob_s3 : &blob_supabase;
    if (c->kind == BLOB_S3) {
        const char *at = strstr(c->endpoint, "://");
        if (!at) {
            blob_close(s);
            return fail(e, ERR_INPUT, "S3_ENDPOINT must be an http or https address");
        }
        at += 3;
        size_t n = strcspn(at, "/");
        snprintf(s->host, sizeof s->host, "%.*s", (int)n, at);
        snprintf(s->base, sizeof s->base, "%s", at + n);
        n = strlen(s->base);
        if (n && s->base[n - 1] == '/') s->base[n - 1] = 0;
    }
    if (!s->c.part_bytes) s->c.part_bytes = (size_t)16 << 20;
    *out = s;
    return true;
}

void blob_close(blob_store *s)
{
    if (!s) return;
    const char **field[10];
    strings(&s->c, field);
    for (int i = 0; field[i]; i++) mem_free((void *)(uintptr_t)*field[i]);
    mem_free(s);
}

static bool checked(const char *bucket, const char *path, err *e)
{
    return blob_path_ok(bucket, path) || fail(e, ERR_INPUT, "\"%.40s/%.80s\" is no name for an object", bucket, path);
}

bool blob_put(blob_store *s, const char *bucket, const char *path, const char *type, const void *data, size_t n, err *e)
{
    return checked(bucket, path, e) && s->backend->put(s, bucket, path, type, data, n, e);
}

bool blob_get(blob_store *s, const char *bucket, const char *path, buf *out, err *e)
{
    return checked(bucket, path, e) && s->backend->get(s, bucket, path, out, e);
}

bool blob_size(blob_store *s, const char *bucket, const char *path, uint64_t *size, err *e)
{
    return checked(bucket, path, e) && s->backend->size(s, bucket, path, size, e);
}

bool blob_delete(blob_store *s, const char *bucket, const char *path, err *e)
{
    return checked(bucket, path, e) && s->backend->remove(s, bucket, path, e);
}

bool blob_list(blob_store *s, const char *bucket, const char *prefix, void (*each)(void *, const char *), void *ctx,
               err *e)
{
    return s->backend->list(s, bucket, prefix, each, ctx, e);
}

bool blob_link(blob_store *s, const char *method, const char *bucket, const char *path, int seconds, buf *url, err *e)
{
    return checked(bucket, path, e) && s->backend->link(s, method, bucket, path, seconds, url, e);
}

bool blob_ready(blob_store *s, err *e) { return s->backend->ready(s, e); }
bool blob_is_local(const blob_store *s) { return s->c.kind == BLOB_DISK; }
