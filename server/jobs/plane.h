// The control plane's side of a job: what a worker is told when it takes one, and what becomes of its answer. Workers
// hold no key to database or storage: links, each to one object for a short time, are all they get.
#pragma once
#include "blob/blob.h"
#include "db/db.h"

typedef struct {
    db *d;
    blob_store *blobs;
    int64_t lease_ms;      // 0: sixty seconds
    int link_seconds;      // 0: ten minutes
    const char *link_base; // put before links to this server, for workers elsewhere; NULL: workers know where it is
    bool keep_photos;      // else they are deleted when the avatar is ready
} job_plane;

// The next job for this worker as RunPod's job-take answers it: {"id", "input", …}; *found false when there is none.
// ERR_IO while storage cannot be reached: no job is worse off for it.
bool plane_take(const job_plane *p, arena *a, const char *queue, const char *worker, buf *json, bool *found,
                err *e) MUST_USE;

// What job-done brings: {"output": …}, {"error": …}, or a progress report. Repeats change nothing. ERR_INPUT when it is
// no such JSON. *ended: the job is at an end now (its webhook may be told).
bool plane_done(const job_plane *p, arena *a, const char *worker, const char *id, const char *body, size_t n,
                bool *ended, err *e) MUST_USE;

// Hears of a job that came to its end and has a webhook.
typedef void plane_teller(void *ctx, const char *job);
// Housekeeping of jobs: leases, retries, expiry. *moved: how many are to be had now, or came to an end. tell hears of
// them until clock_mono_ms() says until_ms; false when some did not get that far (e): their webhooks will not be told.
bool plane_sweep(const job_plane *p, plane_teller *tell, void *ctx, int64_t until_ms, int64_t *moved, err *e) MUST_USE;
// And of rows that are not kept any longer (db/retention.c).
bool plane_expire(const job_plane *p, err *e) MUST_USE;
// And of objects nobody wants any more, those abandoned while being written since before grace_ms ago included, until
// none is left or clock_mono_ms() says until_ms: then *more.
bool plane_clear(const job_plane *p, int64_t grace_ms, int64_t until_ms, int64_t *removed, bool *more, err *e) MUST_USE;
// Deletes these objects, which nobody wants since before, until that time; *removed counts them on. False when one
// could not be: the others are gone all the same. What is left is plane_clear's.
bool plane_delete(const job_plane *p, arena *a, const db_blob *list, int count, int64_t before, int64_t until_ms,
                  int64_t *removed, err *e) MUST_USE;

// "front.jpg" … : the type of an uploaded photo by its first bytes, or NULL: not a photo we take.
const char *photo_type(const uint8_t *p, size_t n, const char **extension);
