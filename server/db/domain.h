// Inside the room: what one verb's file lends another's.
#pragma once
#include "db/sql.h"

// Several callers' writes in one transaction, so that they share its commit. write does one of them; a pointer to each
// is in work, its db_fate so many bytes behind it.
typedef bool write_one(sql_txn *t, void *work, err *e);
void write_together(db *d, sql_mode mode, arena *a, write_one *write, void *const *work, size_t fate, int count);
// What sql_each is asked for an avatar of the user's own, or a garment; and what it found.
sql_ask avatar_ask(arena *a, const char *user, const char *id);
bool avatar_answer(const sql_ask *v, db_avatar *out, err *e) MUST_USE;
sql_ask garment_ask(arena *a, const char *id);
bool garment_answer(const sql_ask *v, db_garment *out, err *e) MUST_USE;
// Queues a job inside a transaction.
bool job_insert(sql_txn *t, const db_job_new *n, err *e) MUST_USE;
bool preview_done(sql_txn *t, const char *job, const char *sheet, const char *report, err *e) MUST_USE;
// A token of this user, good until expires_at.
bool token_insert(sql_txn *t, const char *hash, const char *user, int64_t expires_at, err *e) MUST_USE;
// By sql_later. added, unless it is NULL: 1, or 0 for an event that is there already.
bool event_insert(sql_txn *t, const char *brand, const db_event *v, int64_t *added, err *e) MUST_USE;
// The same of an event that refers to rows this transaction has seen, or to none.
bool event_insert_known(sql_txn *t, const char *brand, const db_event *v, int64_t *added, err *e) MUST_USE;
bool blob_live(sql_txn *t, const db_blob *b, err *e) MUST_USE;
bool blob_doom(sql_txn *t, const char *bucket, const char *path, err *e) MUST_USE; // path NULL: nothing
// Commits when ok, else rolls back; returns whether all went well.
bool sql_end(sql_txn *t, bool ok, err *e) MUST_USE;
