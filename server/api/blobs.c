// Objects of the local disk through signed links: what a bucket's own server does where there is one.
#include "api/api.h"
#include "common/text.h"

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

void blob_read(http_request *q, http_response *r)
{
    api *p = api_of(q);
    const char *bucket = q->param[0], *path = q->param[1];
    bool open = !strcmp(bucket, "garments"); // public
    if (!open && !blob_link_ok(p->blobs, "GET", bucket, path, http_query(q, "expires"), http_query(q, "signature"))) {
        http_problem(q, r, 403, "forbidden", NULL, "this link is not valid, or no longer");
        return;
    }
    err e;
    uint64_t size;
    int fd = blob_path_ok(bucket, path) ? blob_file(p->blobs, bucket, path, &size, &e) : -1;
    if (fd < 0) {
        http_problem(q, r, 404, "not-found", NULL, "there is no such object");
        return;
    }
    // Names carry their content's hash, so the name is the tag; files of a photo's name are not cached at all.
    http_set(r, "Cache-Control", open ? "public, max-age=31536000, immutable" : "private, max-age=300");
    http_set(r, "Cross-Origin-Resource-Policy", "cross-origin");
    http_set(r, "Content-Security-Policy", "default-src 'none'; sandbox");
    const char *name = strrchr(path, '/');
    if (http_not_modified(q, r, arena_printf(q->a, "\"%s\"", name ? name + 1 : path))) {
        close(fd);
        return;
    }
    r->status = 200;
    r->type = type_of(path);
    const char *takes = http_header(q, "Accept-Encoding");
    // Meshes of plain floats shrink by half; small enough ones are worth the milliseconds.
    if (takes && strstr(takes, "gzip") && size > 1024 && size < (4u << 20) && !strcmp(r->type, "model/gltf-binary")) {
        r->body = buf_new((size_t)size);
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
            return;
        }
        buf_free(&r->body);
    }
    r->fd = fd;
    r->file_size = size;
}

void blob_write(http_request *q, http_response *r)
{
    api *p = api_of(q);
    const char *bucket = q->param[0], *path = q->param[1];
    err e;
    if (!blob_link_ok(p->blobs, "PUT", bucket, path, http_query(q, "expires"), http_query(q, "signature"))) {
        http_problem(q, r, 403, "forbidden", NULL, "this link is not valid, or no longer");
        return;
    }
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
