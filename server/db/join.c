// One person, several ways in: a guest who signs in, and a second device of hers.
#include "db/domain.h"

#include <string.h>

bool db_user_join(db *d, arena *a, const char *user, const char *guest_hash, int64_t *avatars, err *e)
{
    *avatars = 0;
    sql_txn *t;
    if (!sql_begin(d, db_service, SQL_WRITE, a, &t, e)) return false;
    sql_rows r;
    bool ok = sql_run(t, &r, e,
                      "SELECT u.id, u.is_guest FROM guest_tokens g JOIN users u ON u.id = g.user_id WHERE g.hash = $1 "
                      "AND g.expires_at > @ts($2)",
                      "ti", guest_hash, clock_ms());
    if (ok && !(r.count && sql_true(&r, 0, 1))) ok = fail(e, ERR_NOT_FOUND, "this guest is not known or has expired");
    const char *guest = ok ? sql_cell(&r, 0, 0) : NULL;
    if (ok && !strcmp(guest, user)) { // joined already, as far as there is anything to do
        sql_abort(t);
        return true;
    }
    ok = ok && sql_run(t, &r, e, "UPDATE avatars SET user_id = $2 WHERE user_id = $1", "tt", guest, user);
    if (ok) *avatars = r.changed;
    ok = ok && sql_run(t, NULL, e, "UPDATE tryon_sessions SET user_id = $2 WHERE user_id = $1", "tt", guest, user) &&
         sql_run(t, NULL, e, "UPDATE drapes SET user_id = $2 WHERE user_id = $1", "tt", guest, user) &&
         sql_run(t, NULL, e, "UPDATE consents SET user_id = $2 WHERE user_id = $1", "tt", guest, user) &&
         // A worker that is at one would look for its results' places where the guest's were: it is begun anew.
         sql_run(t, NULL, e,
                 "UPDATE jobs SET user_id = $2, state = CASE WHEN state = 'running' THEN 'queued' ELSE state END, "
                 "lease_owner = CASE WHEN state = 'running' THEN NULL ELSE lease_owner END, lease_until = NULL, "
                 "max_attempts = CASE WHEN state = 'running' THEN max_attempts + 1 ELSE max_attempts END WHERE "
                 "user_id = $1",
                 "tt", guest, user) &&
         sql_run(t, NULL, e, "UPDATE blobs SET user_id = $2 WHERE user_id = $1", "tt", guest, user) &&
         sql_run(t, NULL, e, "UPDATE events SET user_id = $2 WHERE user_id = $1", "tt", guest, user) &&
         // A request that is repeated after the join is still a repeat.
         sql_run(t, NULL, e,
                 "UPDATE idempotency_keys SET owner = $2 WHERE owner = $1 AND NOT EXISTS (SELECT 1 FROM "
                 "idempotency_keys k WHERE k.owner = $2 AND k.key = idempotency_keys.key)",
                 "tt", guest, user) &&
         sql_run(t, NULL, e, "DELETE FROM idempotency_keys WHERE owner = $1", "t", guest) &&
         // Tokens go with the guest by their foreign key.
         sql_run(t, NULL, e, "DELETE FROM users WHERE id = $1", "t", guest);
    return sql_end(t, ok, e);
}

// A code stands among the guests' tokens: it is one that can only be changed for another, and only once.
bool db_handoff_new(db *d, arena *a, const char *user, const char *code_hash, int64_t expires_at, err *e)
{
    sql_txn *t;
    if (!sql_begin(d, db_service, SQL_WRITE, a, &t, e)) return false;
    bool ok = sql_run(t, NULL, e, "DELETE FROM guest_tokens WHERE user_id = $1 AND expires_at < @ts($2)", "ti", user,
                      clock_ms()) &&
              token_insert(t, code_hash, user, expires_at, e);
    return sql_end(t, ok, e);
}

bool db_handoff_get(db *d, arena *a, const char *user, const char *code_hash, int64_t *expires_at, err *e)
{
    sql_rows r;
    if (!sql_once(d, db_service, SQL_READ, a, &r, e,
                  "SELECT @ms(expires_at) FROM guest_tokens WHERE hash = $1 AND user_id = $2 AND expires_at > @ts($3)",
                  "tti", code_hash, user, clock_ms()))
        return false;
    if (!r.count) return fail(e, ERR_NOT_FOUND, "this code was used or has expired");
    *expires_at = sql_int(&r, 0, 0);
    return true;
}

bool db_handoff_take(db *d, arena *a, const char *code_hash, const char *token_hash, int64_t guest_until,
                     int64_t account_until, db_user *out, int64_t *expires_at, err *e)
{
    sql_txn *t;
    if (!sql_begin(d, db_service, SQL_WRITE, a, &t, e)) return false;
    sql_rows r;
    bool ok = sql_run(t, &r, e, "DELETE FROM guest_tokens WHERE hash = $1 AND expires_at > @ts($2) RETURNING user_id",
                      "ti", code_hash, clock_ms());
    if (ok && !r.count) ok = fail(e, ERR_NOT_FOUND, "this code was used or has expired; please make a new one");
    if (ok) sql_copy(&r, 0, 0, out->id, sizeof out->id);
    ok = ok && sql_run(t, &r, e, "SELECT email, is_guest, @ms(created_at) FROM users WHERE id = $1", "t", out->id);
    if (ok) {
        out->email = sql_cell(&r, 0, 0);
        out->is_guest = sql_true(&r, 0, 1);
        out->created_at = sql_int(&r, 0, 2);
        *expires_at = out->is_guest ? guest_until : account_until;
    }
    ok = ok && token_insert(t, token_hash, out->id, *expires_at, e);
    return sql_end(t, ok, e);
}
