// Objects of the local disk through signed links: what a bucket's own server does where there is one.
#include "api/api.h"
#include "common/text.h"
#include "http/range.h"

#include <string.h>
#include <unistd.h>

static const char *type_of(const char *path)
{
    static const char *const types[][2] = { { ".glb", "model/gltf-binary" }, { ".png", "image/png" },
                                            { ".jpg", "image/jpeg" },        { ".webp", "image/webp" },
                                            { ".heic", "image/heic" },       { ".json", "application/json" } };
    const char *dot = strrchr(path, '.');
    for (size_t i = 0; dot && i < sizeof types / sizeof *types; i++)
        if (!strcmp(dot, types[i][0])) return types[i][1];
    return "application/octet-stream";
}

bool blob_link_opens(const http_request *q)
{
    const char *method = q->route->method, *bucket = q->param[0];
    return (!strcmp(method, "GET") && !strcmp(bucket, "garments")) ||
           blob_link_ok(api_of(q)->blobs, method, bucket, q->param[1], http_query(q, "expires"),
                        http_query(q, "signature"));
}

// The whole file as a body to compress; false leaves it to be sent from the disk.
static bool packed(http_response *r, int fd, uint64_t size)
{
    buf_reuse(&r->body, (size_t)size); // it may have the memory of an earlier answer
    bool ok = buf_append_zeros(&r->body, (size_t)size);
    for (size_t at = 0; ok && at < size;) {
        ssize_t n = pread(fd, r->body.data + at, (size_t)size - at, (off_t)at);
        if (n <= 0)
            ok = false;
        else
            at += (size_t)n;
    }
    if (ok) {
        close(fd);
        r->compress = true;
    } else {
        buf_free(&r->body);
    }
    return ok;
}

void blob_read(http_request *q, http_response *r)
{
    api *p = api_of(q);
    const char *bucket = q->param[0], *path = q->param[1];
    bool open = !strcmp(bucket, "garments"); // public
    err e = { 0 };
    uint64_t size;
    int fd = blob_path_ok(bucket, path) ? blob_file(p->blobs, bucket, path, &size, &e) : -1;
    if (fd < 0) {
        http_problem(q, r, 404, "not-found", NULL, "there is no such object");
        return;
    }
    http_set(r, "Cross-Origin-Resource-Policy", "cross-origin");
    http_set(r, "Content-Security-Policy", "default-src 'none'; sandbox");
    http_set(r, "Accept-Ranges", "bytes");
    r->type = type_of(path);
    const char *asked = http_header(q, "Range"), *unless = http_header(q, "If-Range"), *name = strrchr(path, '/'),
               *tag = NULL;
    // Meshes of plain floats shrink by half; small enough ones are worth the milliseconds. A part is of the plain
    // bytes.
    bool zip =
        !asked && http_accepts(q, "gzip") && size > 1024 && size < (4u << 20) && !strcmp(r->type, "model/gltf-binary");
    // Results' names carry their content's hash, so the name is the tag; a photo's does not. Two encodings are two
    // sequences of bytes: with one tag for both, a part of the one could be put to the other.
    if (strcmp(bucket, "photos") != 0) {
        tag = arena_printf(q->a, "\"%s%s\"", name ? name + 1 : path, zip ? ".gz" : "");
        if (http_not_modified(q, r, tag)) {
            close(fd);
            return;
        }
    }
    uint64_t from, count;
    range_kind kind = !unless || (tag && !strcmp(unless, tag)) ? range_parse(asked, size, &from, &count) : RANGE_NONE;
    if (kind == RANGE_OUTSIDE) {
        close(fd);
        http_set(r, "Content-Range", arena_printf(q->a, "bytes */%llu", (unsigned long long)size));
        http_problem(q, r, 416, "range", NULL, "the object has %llu bytes", (unsigned long long)size);
        return;
    }
    if (tag) http_set(r, "Cache-Control", open ? "public, max-age=31536000, immutable" : "private, max-age=300");
    r->status = 200;
    if (zip && packed(r, fd, size)) return;
    r->fd = fd;
    r->file_size = size;
    if (kind == RANGE_SOME) {
        r->status = 206;
        r->file_from = from;
        r->file_size = count;
        http_set(r, "Content-Range",
                 arena_printf(q->a, "bytes %llu-%llu/%llu", (unsigned long long)from,
                              (unsigned long long)(from + count - 1), (unsigned long long)size));
    }
}

void blob_write(http_request *q, http_response *r)
{
    api *p = api_of(q);
    const char *bucket = q->param[0], *path = q->param[1];
    err e = { 0 };
    const char *extension;
    if (!strcmp(bucket, "photos") && !photo_type(q->body.data, q->body.len, &extension)) {
        http_problem(q, r, 415, "media-type", NULL, "the photo must be a JPEG, PNG, WebP or HEIC picture");
        return;
    }
    // A link outlives what it was for when its job is given to another worker, or its avatar deleted.
    bool expected;
    if (!db_blob_touch(p->d, q->a, bucket, path, &expected, &e)) return http_fail(q, r, &e);
    if (!expected) {
        http_problem(q, r, 403, "forbidden", NULL, "nothing is expected here any more");
        return;
    }
    if (!blob_put(p->blobs, bucket, path, type_of(path), q->body.data, q->body.len, &e)) return http_fail(q, r, &e);
    api_send(q, r, 200, json_pack("{s:s, s:s}", "bucket", bucket, "path", path));
}
