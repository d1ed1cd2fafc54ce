// The program put together: stores, server, workers and sweeper from options and environment. Each returns an exit
// code and says on stderr what is wrong.
#pragma once
#include "jobs/handlers.h"

typedef struct {
    const char *data;   // folder of the SQLite file, the objects and the secrets; NULL: "./data"
    const char *listen; // NULL: 0.0.0.0:$PORT, or :8080
    int workers;        // in this process; -1: one
    const job_handlers *handlers;
    const char *web; // folder of the pages (build/web); NULL: none are served
    bool demo;       // the demo shop's brand and garments are made at start, if they are not there
} app_options;

// Environment, all optional: DATABASE_URL; S3_ENDPOINT S3_REGION S3_BUCKET S3_ACCESS_KEY_ID S3_SECRET_ACCESS_KEY
// S3_SESSION_TOKEN; SUPABASE_URL SUPABASE_SERVICE_KEY SUPABASE_JWT_SECRET; PUBLIC_URL CORS_ORIGINS TRUST_PROXY
// TRYON_WORKER_KEY TRYON_OPERATOR_KEY TRYON_METRICS_TOKEN TRYON_RATE TRYON_KEEP_PHOTOS TRYON_LEASE_MS PORT.
// TRYON_GRACE_MS (an hour): how long an object may be in the making before it counts as abandoned; longer than any
// link.
int app_serve(const app_options *o);
// server: URL of the control plane; NULL: what RunPod's environment says, else http://127.0.0.1:8080.
int app_worker(const char *server, const char *key, int threads, const job_handlers *handlers);
int app_migrate(const char *data);
// tryon brand create NAME [ORIGIN…] | tryon brand list | tryon brand demo: prints JSON.
int app_brand(const char *data, int argc, const char *const *argv);
