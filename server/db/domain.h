// Inside the room: what one verb's file lends another's.
#pragma once
#include "db/sql.h"

// Queues a job inside a transaction.
bool job_insert(sql_txn *t, const db_job_new *n, err *e) MUST_USE;
bool preview_done(sql_txn *t, const char *job, const char *sheet, const char *report, err *e) MUST_USE;
bool event_insert(sql_txn *t, const char *brand, const db_event *v, bool *added, err *e) MUST_USE;
bool blob_live(sql_txn *t, const db_blob *b, err *e) MUST_USE;
bool blob_doom(sql_txn *t, const char *bucket, const char *path, err *e) MUST_USE; // path NULL: nothing
// Commits when ok, else rolls back; returns whether all went well.
bool sql_end(sql_txn *t, bool ok, err *e) MUST_USE;
