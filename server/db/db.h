// The service's memory, as verbs of its domain. SQLite and PostgreSQL answer them alike; nobody above this room writes
// SQL. Times are milliseconds since 1970. Strings in results live in the caller's arena; NULL means the column is null.
//
// A scope says on whose behalf: a user or a brand sees only its own rows (the statement says so, and on PostgreSQL
// row-level security says it again); the service itself sees all.
#pragma once
#include "base/arena.h"
#include "base/buf.h"
#include "common/ids.h"

typedef struct db db;

typedef struct {
    enum { DB_SERVICE, DB_USER, DB_BRAND } as;
    uuid_text id;
} db_scope;
extern const db_scope db_service;
db_scope db_as_user(const char *id);
db_scope db_as_brand(const char *id);

// url: "sqlite:/path/file.db" or "postgres://…" (libpq's). connections bounds the pool. One db serves all threads.
bool db_open(const char *url, int connections, db **out, err *e) MUST_USE;
void db_close(db *d); // NULL is fine
// To be called now and then: what connections last looked at is let go of where nobody uses them. SQLite's log would
// grow for ever when another process writes while this one has nothing to do.
void db_rest(db *d);

// What became of one of several writes with one commit: each fares as if it had come alone.
typedef struct {
    bool ok;
    err e; // when not ok
} db_fate;

// PostgreSQL: a statement is a message to another process, which is waited for.
bool db_is_far(const db *d);
bool db_migrate(db *d, int *applied, err *e) MUST_USE; // safe from any number of instances at once
int db_schema_version(const db *d);                    // the newest this program knows
bool db_schema_current(db *d, arena *a, bool *current, err *e) MUST_USE;

// --- users.c: shoppers -------------------------------------------------------------------------------------------

typedef struct {
    uuid_text id;
    const char *email;
    bool is_guest;
    int64_t created_at;
} db_user;

bool db_guest_new(db *d, arena *a, const char *token_hash, int64_t expires_at, db_user *out, err *e) MUST_USE;
// ERR_NOT_FOUND. expires_at may be NULL.
bool db_guest_find(db *d, arena *a, const char *token_hash, uuid_text user, int64_t *expires_at, err *e) MUST_USE;
// A user whose identity another issuer vouches for: made at first sight. email may be NULL.
bool db_user_ensure(db *d, arena *a, const char *id, const char *email, err *e) MUST_USE;
bool db_user_get(db *d, arena *a, const char *id, db_user *out, err *e) MUST_USE;
// Everything we hold about the user as one JSON document.
bool db_user_export(db *d, arena *a, const char *id, buf *json, err *e) MUST_USE;
// Rows go at once, blobs are doomed (the sweeper deletes them), events lose all that points at the person.
bool db_user_erase(db *d, arena *a, const char *id, err *e) MUST_USE;

// --- join.c: one person, several ways in ---------------------------------------------------------------------------

// All that is the guest's (whose token has this hash) becomes the user's, and the guest is no more. *avatars: how many
// came. ERR_NOT_FOUND for a token that is not a guest's, an account's among them.
bool db_user_join(db *d, arena *a, const char *user, const char *guest_hash, int64_t *avatars, err *e) MUST_USE;
// A code with which another device becomes this user, once. Its hash names it.
bool db_handoff_new(db *d, arena *a, const char *user, const char *code_hash, int64_t expires_at, err *e) MUST_USE;
// ERR_NOT_FOUND once it was taken or has expired, and for a code of somebody else's.
bool db_handoff_get(db *d, arena *a, const char *user, const char *code_hash, int64_t *expires_at, err *e) MUST_USE;
// Changes the code for a token, good until the one time for a guest and the other for an account.
bool db_handoff_take(db *d, arena *a, const char *code_hash, const char *token_hash, int64_t guest_until,
                     int64_t account_until, db_user *out, int64_t *expires_at, err *e) MUST_USE;

// --- avatars.c ---------------------------------------------------------------------------------------------------

typedef struct {
    uuid_text id, user_id, brand_id; // brand_id "" for none
    const char *status, *failure, *photo_url, *side_photo_url, *glb_url, *web_glb_url, *preview_url, *params_url;
    const char *measurements, *answers; // JSON
    const char *consent_version, *job_id;
    double progress;
    int64_t created_at, updated_at;
} db_avatar;

typedef struct {
    const char *id, *user_id, *brand_id; // brand_id may be NULL
    const char *answers, *consent_version, *ip_hash;
    const char *photo_path, *side_photo_path;  // NULL for none; blobs noted by db_blob_intend before
    const char *idempotency_key, *fingerprint; // both or neither
    bool start;                                // false: photos come later by signed link; db_avatar_start follows
    int priority;
} db_avatar_new;

// ERR_LIMIT: the brand's quota of the day is used up. ERR_CONFLICT: the key was used for another request.
// *repeat: the same request was accepted before and *out is what it made.
bool db_avatar_create(db *d, arena *a, const db_avatar_new *n, db_avatar *out, bool *repeat, err *e) MUST_USE;
// front, side: whether these photos have come. ERR_CONFLICT without the front one (the avatar stays as it was), and for
// an avatar that was started before.
bool db_avatar_start(db *d, arena *a, const char *user, const char *id, bool front, bool side, err *e) MUST_USE;
bool db_avatar_get(db *d, arena *a, db_scope who, const char *id, db_avatar *out, err *e) MUST_USE;
// The same for several users, each asking for one of her own: together they cost little more than one.
typedef struct {
    const char *user, *id;
    arena *a; // where what is found goes
    db_avatar avatar;
    db_fate fate;
} db_avatar_ask;
void db_avatars_get(db *d, db_avatar_ask *const *v, int count);
bool db_avatar_list(db *d, arena *a, const char *user, db_avatar **out, int *count, err *e) MUST_USE;
// New answers (JSON) and a new fit with them.
bool db_avatar_refit(db *d, arena *a, const char *user, const char *id, const char *answers, err *e) MUST_USE;
bool db_avatar_delete(db *d, arena *a, const char *user, const char *id, err *e) MUST_USE;

// --- brands.c ----------------------------------------------------------------------------------------------------

typedef struct {
    uuid_text id;
    const char *name, *shop_domain;
    int64_t quota, created_at;       // quota -1: none
    int64_t avatar_days, event_days; // how long they are kept; 0: until they are deleted
} db_brand;

typedef struct {
    uuid_text id, brand_id;
    bool secret;                                              // else publishable
    const char *prefix, *scopes, *origins;                    // JSON arrays of strings
    int64_t created_at, expires_at, last_used_at, revoked_at; // 0 for never
} db_key;

bool db_brand_create(db *d, arena *a, const char *name, const char *shop_domain, int64_t quota, uuid_text id,
                     err *e) MUST_USE;
bool db_brand_get(db *d, arena *a, const char *id, db_brand *out, err *e) MUST_USE;
// By the domain its shop was connected with. ERR_NOT_FOUND.
bool db_brand_by_shop(db *d, arena *a, const char *shop_domain, db_brand *out, err *e) MUST_USE;
bool db_brand_list(db *d, arena *a, db_brand **out, int *count, err *e) MUST_USE;
// A NULL name stays as it is; days as in db_brand, -1 stays.
bool db_brand_update(db *d, arena *a, const char *id, const char *name, int64_t avatar_days, int64_t event_days,
                     err *e) MUST_USE;
// The shop whose brand it is; NULL: none any more. ERR_CONFLICT: the shop is another brand's.
bool db_brand_connect(db *d, arena *a, const char *id, const char *shop_domain, err *e) MUST_USE;
bool db_key_create(db *d, arena *a, const db_key *k, const char *hash, uuid_text id, err *e) MUST_USE;
bool db_key_find(db *d, arena *a, const char *hash, db_key *out, err *e) MUST_USE; // valid now, else ERR_NOT_FOUND
bool db_key_list(db *d, arena *a, const char *brand, db_key **out, int *count, err *e) MUST_USE;
// The key stops working at the time given (rotation with overlap), or now when at is in the past.
bool db_key_retire(db *d, arena *a, const char *brand, const char *id, int64_t at, err *e) MUST_USE;
// The origins lists (JSON) of all publishable keys that work; brand NULL: of all brands.
bool db_key_origins(db *d, arena *a, const char *brand, const char ***lists, int *count, err *e) MUST_USE;
// Other pages for a publishable key (JSON array).
bool db_key_set_origins(db *d, arena *a, const char *brand, const char *id, const char *origins, err *e) MUST_USE;
bool db_key_used(db *d, arena *a, const char *id, err *e) MUST_USE;

// --- garments.c --------------------------------------------------------------------------------------------------

typedef struct {
    uuid_text id, brand_id;
    const char *name, *category, *fabric, *product_id, *sizes, *size_chart; // the last two JSON
    int64_t created_at, updated_at;
} db_garment;

bool db_garment_create(db *d, arena *a, const char *brand, const db_garment *g, uuid_text id, err *e) MUST_USE;
bool db_garment_get(db *d, arena *a, db_scope who, const char *id, db_garment *out, err *e) MUST_USE;
// NULL fields stay; an empty fabric or product_id is taken out. expected (updated_at as read) other than 0 and no
// longer true: ERR_CONFLICT.
bool db_garment_update(db *d, arena *a, const char *brand, const char *id, const db_garment *g, int64_t expected,
                       err *e) MUST_USE;
bool db_garment_delete(db *d, arena *a, const char *brand, const char *id, err *e) MUST_USE;
// Ids ascending, after the cursor (an id, or NULL). search (may be NULL): a part of the name, in any case.
bool db_garment_list(db *d, arena *a, const char *brand, const char *after, const char *search, const char *product,
                     int limit, db_garment **out, int *count, err *e) MUST_USE;

// --- previews.c: a garment on a row of bodies, the latest of each ---------------------------------------------------

typedef struct {
    uuid_text garment_id, brand_id;
    const char *job_id, *size, *sheet_url, *report; // the last two NULL until it is done; report is JSON
    int64_t created_at, updated_at;
} db_preview;

// Queues the job that makes it; one under way is called off.
bool db_preview_start(db *d, arena *a, const char *brand, const char *garment, const char *size, uuid_text job,
                      err *e) MUST_USE;
bool db_preview_get(db *d, arena *a, const char *brand, const char *garment, db_preview *out, err *e) MUST_USE;
bool db_preview_of_job(db *d, arena *a, const char *job, db_preview *out, err *e) MUST_USE;

// --- retention.c -------------------------------------------------------------------------------------------------

// Deletes some of what is not kept any longer; *removed counts rows. What a brand's days say; photos of avatars that
// failed or were never started, after a day; guests a day after their last token ran out (their try-ons stay, as
// nobody's); Idempotency-Keys after a day, tokens a day after they ran out, webhooks' ids after a week, ended jobs
// after thirty days.
bool db_retention_sweep(db *d, arena *a, int64_t now, int64_t *removed, err *e) MUST_USE;

// --- tryons.c ----------------------------------------------------------------------------------------------------

typedef struct {
    uuid_text id, user_id, brand_id, avatar_id, garment_id; // "" for null
    const char *selected_size, *fit_result;
    int64_t created_at, updated_at;
} db_tryon;

// One size of a try-on as it is draped: pending, processing, ready (the URLs are set; bin_url may be NULL), failed.
typedef struct {
    uuid_text id, avatar_id;
    const char *size, *status, *glb_url, *garment_url, *bin_url, *quality, *failure; // quality JSON
    int64_t updated_at;
} db_drape;

typedef struct {
    const char *size, *key; // key: all it depends on, by content
} db_drape_wish;

// A try-on to be: gets its id and times. Records tryon_started. Each wish becomes a drape of the session: the avatar's
// drape of the same key when there is one, else a job is queued, the selected size's before the others.
typedef struct {
    db_tryon t;
    const db_drape_wish *wish;
    int wishes;
    db_fate fate;
} db_tryon_new;
// The user's avatar and the garment that a try-on is of, asked for at once.
bool db_tryon_needs(db *d, arena *a, const char *user, const char *avatar, const char *garment, db_avatar *v,
                    db_garment *g, err *e) MUST_USE;
void db_tryons_create(db *d, arena *a, db_tryon_new *const *v, int count); // with one commit
// In the order they were wished.
bool db_tryon_drapes(db *d, arena *a, const char *session, db_drape **out, int *count, err *e) MUST_USE;
bool db_drape_of_job(db *d, arena *a, const char *job, db_drape *out, err *e) MUST_USE;
bool db_tryon_get(db *d, arena *a, db_scope who, const char *id, db_tryon *out, err *e) MUST_USE;
// Records size_switched with both sizes when the size is another one.
bool db_tryon_switch(db *d, arena *a, const char *user, const char *id, const char *size, err *e) MUST_USE;
// Another verdict on the same garment and body (JSON), because it was asked for differently.
bool db_tryon_judge(db *d, arena *a, const char *user, const char *id, const char *fit_result, err *e) MUST_USE;

// --- events.c ----------------------------------------------------------------------------------------------------

typedef struct {
    const char *type, *dedupe_key, *metadata; // dedupe_key, metadata may be NULL
    // NULL for none; unknown ids are dropped to null. Without a garment it is the session's.
    const char *user_id, *session_id, *garment_id;
    int64_t created_at;
} db_event;

// All or none; *added leaves out those whose dedupe_key was already there.
bool db_events_add(db *d, arena *a, const char *brand, const db_event *v, int count, int *added, err *e) MUST_USE;
// The same for several callers' events with one commit.
typedef struct {
    const char *brand;
    const db_event *events;
    int count, added;
    db_fate fate;
} db_event_batch;
void db_events_add_all(db *d, arena *a, db_event_batch *const *v, int count);

// --- analytics.c -------------------------------------------------------------------------------------------------

// Each appends one JSON value: counts over [from, to) by what the name says.
bool db_analytics_funnel(db *d, arena *a, const char *brand, int64_t from, int64_t to, buf *json, err *e) MUST_USE;
bool db_analytics_sizes(db *d, arena *a, const char *brand, int64_t from, int64_t to, buf *json, err *e) MUST_USE;
bool db_analytics_fit(db *d, arena *a, const char *brand, int64_t from, int64_t to, buf *json, err *e) MUST_USE;
bool db_analytics_days(db *d, arena *a, const char *brand, int64_t from, int64_t to, buf *json, err *e) MUST_USE;
bool db_analytics_garments(db *d, arena *a, const char *brand, int64_t from, int64_t to, buf *json, err *e) MUST_USE;
// The try-ons one by one, newest first, at most 500; nothing says who they were.
bool db_analytics_tryons(db *d, arena *a, const char *brand, int64_t from, int64_t to, buf *json, err *e) MUST_USE;
// Of one garment, or of all with NULL: how often each size was recommended, chosen last, bought, sent back.
bool db_analytics_size_flow(db *d, arena *a, const char *brand, const char *garment, int64_t from, int64_t to,
                            buf *json, err *e) MUST_USE;
// How each region of each size of one garment fitted the shoppers to whom it was recommended or who chose it.
bool db_analytics_regions(db *d, arena *a, const char *brand, const char *garment, int64_t from, int64_t to, buf *json,
                          err *e) MUST_USE;

// --- jobs.c ------------------------------------------------------------------------------------------------------

typedef struct {
    const char *id, *queue, *kind, *tenant, *state, *input, *output, *progress, *error, *webhook, *lease_owner;
    uuid_text user_id, avatar_id, session_id; // "" for none
    int64_t attempts, max_attempts, execution_ms, created_at, started_at, finished_at;
} db_job;

typedef struct {
    const char *id, *queue, *kind, *tenant, *input, *webhook;
    const char *user_id, *avatar_id, *session_id; // NULL for none
    int priority, max_attempts;                   // 0: three attempts
    int64_t execution_ms, ttl_ms;                 // 0: ten minutes; a day
} db_job_new;

bool db_job_submit(db *d, arena *a, const db_job_new *n, err *e) MUST_USE;
// Leases the next job of the queue. *found false when there is none. Plain jobs of a priority below zero, which nobody
// waits for, run on at most half of the workers at once (on the only one, if there is one).
bool db_job_take(db *d, arena *a, const char *queue, const char *worker, int64_t lease_ms, db_job *out, bool *found,
                 err *e) MUST_USE;
// The worker is alive and holds these jobs (ids separated by commas).
bool db_job_beat(db *d, arena *a, const char *queue, const char *worker, const char *ids, int64_t lease_ms,
                 err *e) MUST_USE;
bool db_job_progress(db *d, arena *a, const char *id, const char *worker, const char *json, double fraction,
                     err *e) MUST_USE;

typedef struct {
    const char *bucket, *path, *sha256;
    int64_t size;
    bool final; // of db_blob_unwanted: nobody can be writing it any more
} db_blob;

// What a finished job changes beside its own row, all in one transaction. Fields that do not apply are NULL.
typedef struct {
    const char *output; // JSON
    const char *glb_path, *web_glb_path, *preview_path, *params_path, *measurements;
    const char *drape_path, *drape_garment_path, *drape_bin_path, *drape_quality;
    const db_blob *blobs; // [blob_count] become live
    int blob_count;
    const char *sheet_path, *report; // of a garment's preview
    const char *photo_doom;          // not NULL: the avatar's photos are doomed with this bucket name
} db_job_effect;

// *applied false: this worker no longer holds the job (it was done, cancelled or given to another): nothing changed.
bool db_job_finish(db *d, arena *a, const char *id, const char *worker, const db_job_effect *x, bool *applied,
                   err *e) MUST_USE;
// Tries again later when it may and attempts are left, else the job is dead with its reason.
bool db_job_fail(db *d, arena *a, const char *id, const char *worker, const char *reason, bool retry, bool *applied,
                 err *e) MUST_USE;
// The worker gives it back untouched: it is queued again, after so long a wait, and the attempt does not count.
bool db_job_put_back(db *d, arena *a, const char *id, const char *worker, int64_t wait_ms, err *e) MUST_USE;
bool db_job_cancel(db *d, arena *a, const char *id, bool *cancelled, err *e) MUST_USE;
bool db_job_retry(db *d, arena *a, const char *id, bool *retried, err *e) MUST_USE;
bool db_job_get(db *d, arena *a, const char *id, db_job *out, err *e) MUST_USE;
bool db_job_purge(db *d, arena *a, const char *queue, int64_t *removed, err *e) MUST_USE;
// Cancelled jobs this worker has not been told of; telling marks them told.
bool db_job_stops(db *d, arena *a, const char *worker, const char ***ids, int *count, err *e) MUST_USE;

typedef struct {
    int64_t queued, running, completed, failed, retried, workers_idle, workers_running, oldest_ms;
} db_queue_health;
bool db_queue_look(db *d, arena *a, const char *queue, db_queue_health *out, err *e) MUST_USE;

typedef struct {
    int64_t moved;        // rows
    const char **to_tell; // [count], in the arena: jobs that came to their end and whose webhook is to hear of it
    int count;
} db_swept;
// Housekeeping, from any instance at any time: due retries become takeable, leases that ran out are given up, jobs that
// waited too long expire.
bool db_jobs_sweep(db *d, arena *a, db_swept *out, err *e) MUST_USE;

// --- blobs.c: the write-ahead note of every object ---------------------------------------------------------------

// Before the first byte is written. owner fields may be NULL.
bool db_blob_intend(db *d, arena *a, const char *bucket, const char *path, const char *user, const char *brand,
                    err *e) MUST_USE;
// Many at once, in one bucket.
bool db_blobs_intend(db *d, arena *a, const char *bucket, const char *const *paths, int count, const char *user,
                     err *e) MUST_USE;
bool db_blobs_doom(db *d, arena *a, const char *bucket, const char *const *paths, int count, err *e) MUST_USE;
// Bytes arrive for it now. *expected false: it is not (or no longer) being written, and nothing should be put there.
bool db_blob_touch(db *d, arena *a, const char *bucket, const char *path, bool *expected, err *e) MUST_USE;
bool db_blob_settle(db *d, arena *a, const db_blob *b, err *e) MUST_USE; // it is written and wanted
bool db_blob_doom(db *d, arena *a, const char *bucket, const char *path, err *e) MUST_USE;
// Doomed ones; and, final, those deleted or begun to be written before the time given: links to write them are dead, so
// one more deletion is the last.
bool db_blob_unwanted(db *d, arena *a, int64_t before, int limit, db_blob **out, int *count, err *e) MUST_USE;
// All that a person's objects are kept under, her photos first; thousands at most.
bool db_user_objects(db *d, arena *a, const char *user, db_blob **out, int *count, err *e) MUST_USE;
bool db_blob_deleted(db *d, arena *a, const char *bucket, const char *path, err *e) MUST_USE; // a doomed one: once
// After its deletion, unless somebody began to write it since before: then its note is needed still.
bool db_blob_forget(db *d, arena *a, const char *bucket, const char *path, int64_t before, err *e) MUST_USE;

// A webhook's or request's id seen for the first time?
bool db_webhook_first(db *d, arena *a, const char *source, const char *id, bool *first, err *e) MUST_USE;
