// Inside the room: the stores as options and environment name them.
#pragma once
#include "blob/blob.h"
#include "db/db.h"

typedef struct {
    db *d;
    blob_store *blobs;
    char worker_key[80], operator_key[80], link_key[80], pepper[80]; // made once, kept in data/secrets.json
} app_stores;

bool app_open(const char *data, app_stores *out, err *e) MUST_USE;
void app_close(app_stores *s);
