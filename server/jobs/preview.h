// Inside the room: the job that shows a garment on a row of bodies. A plain job whose input says {"kind": "preview"};
// what it is about stands in the garment's preview row.
#pragma once
#include "jobs/plane.h"

#include <jansson.h>

bool preview_is(const db_job *j);
bool preview_input(const job_plane *p, arena *a, const db_job *j, buf *json, err *e) MUST_USE;
// Takes over what the worker put: fills blobs[0] and the effect's sheet and report.
bool preview_accept(const job_plane *p, arena *a, const db_job *j, const json_t *output, db_job_effect *x,
                    db_blob *blobs, err *e) MUST_USE;
bool preview_doom(const job_plane *p, arena *a, const db_job *j, err *e) MUST_USE;

// "key": "a link to the object" appended.
bool plane_link(const job_plane *p, buf *json, const char *key, const char *method, const char *bucket,
                const char *path, err *e) MUST_USE;
