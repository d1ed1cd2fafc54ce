// Objects by bucket and path: on a local disk, in S3, or in Supabase Storage. A put that returned true is durable and
// whole; a reader sees the old object or the new one.
//
// Buckets: photos (private), avatars (private), garments (public). Paths are ours: segments of letters, digits, '-',
// '_' and '.', joined by '/', at most 200 bytes, never beginning with '.'.
#pragma once
#include "base/buf.h"

#include <stdint.h>

typedef struct blob_store blob_store;

typedef struct {
    enum { BLOB_DISK, BLOB_S3, BLOB_SUPABASE } kind;
    const char *root;     // disk: folder
    const char *link_key; // disk: secret for signing links
    const char *endpoint; // S3: "https://s3.eu-west-1.amazonaws.com"; Supabase: "https://x.supabase.co/storage/v1"
    const char *region, *access_key, *secret_key, *session_token; // S3; token may be NULL
    const char *bucket;                                           // S3: one bucket; ours are folders in it
    const char *service_key;                                      // Supabase
    size_t part_bytes; // S3: larger objects go in parts of this size; 0: 16 MiB
} blob_config;

bool blob_open(const blob_config *c, blob_store **out, err *e) MUST_USE;
void blob_close(blob_store *s); // NULL is fine

bool blob_put(blob_store *s, const char *bucket, const char *path, const char *type, const void *data, size_t n,
              err *e) MUST_USE;
bool blob_get(blob_store *s, const char *bucket, const char *path, buf *out, err *e) MUST_USE; // out has the bound
bool blob_size(blob_store *s, const char *bucket, const char *path, uint64_t *size, err *e) MUST_USE; // ERR_NOT_FOUND
bool blob_delete(blob_store *s, const char *bucket, const char *path, err *e) MUST_USE; // absent already: true
// Calls each(ctx, path) for every object whose path begins with prefix ("" for all), in no order.
bool blob_list(blob_store *s, const char *bucket, const char *prefix, void (*each)(void *ctx, const char *path),
               void *ctx, err *e) MUST_USE;

// A link that lets its holder read (GET) or write (PUT) this one object for so long. On disk it is a path of our own
// server ("/v1/blobs/…"), which checks it with blob_link_ok.
bool blob_link(blob_store *s, const char *method, const char *bucket, const char *path, int seconds, buf *url,
               err *e) MUST_USE;
bool blob_link_ok(const blob_store *s, const char *method, const char *bucket, const char *path, const char *expires,
                  const char *signature);
// Disk only: the file to send, or -1 with ERR_NOT_FOUND. For other stores ERR_INTERNAL: use a link.
int blob_file(blob_store *s, const char *bucket, const char *path, uint64_t *size, err *e);
bool blob_is_local(const blob_store *s);

bool blob_ready(blob_store *s, err *e) MUST_USE; // can it be reached and written?
bool blob_path_ok(const char *bucket, const char *path);
