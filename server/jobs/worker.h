// A worker: takes jobs over RunPod's protocol, from our own server or from RunPod, runs their bodies, puts the results
// where the job's links say, and reports. Holds nothing but the key of its endpoint.
#pragma once
#include "jobs/handlers.h"

#include <stdatomic.h>

typedef struct {
    // RunPod's templates; $ID and $RUNPOD_POD_ID are filled in. worker_urls makes them for a server of ours.
    char take_url[512], done_url[512], ping_url[512];
    char key[256];       // sent as it is in Authorization
    char id[64];         // worker id
    char origin[256];    // of our own server: links there, and relative ones, are trusted
    const char *trusted; // further origins, separated by blanks (object storage inside the network); may be NULL
    int ping_ms;         // 0: ten seconds
    const job_handlers *handlers;
    atomic_bool *hold; // while it is true no job is asked for; may be NULL
    atomic_bool *stop; // turn true to end after the job in hand
} worker_config;

void worker_urls(worker_config *c, const char *origin, const char *queue);
// From RUNPOD_WEBHOOK_GET_JOB and its siblings; false when they are not set.
bool worker_from_environment(worker_config *c);

// Until *stop: then returns when the job in hand is reported.
void worker_run(const worker_config *c);

// One job's body, for tests and one-shot use: input JSON in, the body of job-done out.
bool worker_handle(const worker_config *c, const char *job_id, const char *input, buf *done, err *e) MUST_USE;
