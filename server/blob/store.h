// Inside the room: what a backend gives.
#pragma once
#include "blob/blob.h"
#include "common/ids.h"

typedef struct {
    bool (*put)(blob_store *s, const char *bucket, const char *path, const char *type, const void *data, size_t n,
                err *e);
    bool (*get)(blob_store *s, const char *bucket, const char *path, buf *out, err *e);
    bool (*size)(blob_store *s, const char *bucket, const char *path, uint64_t *size, err *e);
    bool (*remove)(blob_store *s, const char *bucket, const char *path, err *e);
    bool (*list)(blob_store *s, const char *bucket, const char *prefix, void (*each)(void *, const char *), void *ctx,
                 err *e);
    bool (*link)(blob_store *s, const char *method, const char *bucket, const char *path, int seconds, buf *url,
                 err *e);
    bool (*ready)(blob_store *s, err *e);
} blob_backend;

struct blob_store {
    const blob_backend *backend;
    blob_config c;  // strings are the store's own
    hmac_key link;  // of c.link_key, on disk
    char host[256]; // S3: of the endpoint, with its port
    char base[256]; // S3: path of the endpoint, "" or "/storage/v1/s3"
};

extern const blob_backend blob_disk, blob_s3, blob_supabase;
