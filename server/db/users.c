#include "db/domain.h"
#include "common/text.h"

#include <stdio.h>
#include <string.h>

db_scope db_as_user(const char *id)
{
    db_scope s = { .as = DB_USER };
    snprintf(s.id, sizeof s.id, "%s", id);
    return s;
}

db_scope db_as_brand(const char *id)
{
    db_scope s = { .as = DB_BRAND };
    snprintf(s.id, sizeof s.id, "%s", id);
    return s;
}

bool sql_end(sql_txn *t, bool ok, err *e)
{
    if (ok) return sql_commit(t, e);
    sql_abort(t);
    return false;
}

bool token_insert(sql_txn *t, const char *hash, const char *user, int64_t expires_at, err *e)
{
    return sql_run(t, NULL, e,
                   "INSERT INTO guest_tokens (hash, user_id, created_at, expires_at) VALUES ($1, $2, @ts($3), @ts($4))",
                   "ttii", hash, user, clock_ms(), expires_at);
}

bool db_guest_new(db *d, arena *a, const char *token_hash, int64_t expires_at, db_user *out, err *e)
{
    int64_t now = clock_ms();
    uuid_new(out->id);
    out->email = arena_printf(a, "guest-%s@guests.invalid", out->id); // RFC 2606: no mail is ever sent there
    out->is_guest = true;
    out->created_at = now;
    sql_txn *t;
    if (!sql_begin(d, db_service, SQL_WRITE, a, &t, e)) return false;
    bool ok = sql_run(t, NULL, e,
                      "INSERT INTO users (id, email, is_guest, created_at, updated_at) VALUES ($1, $2, $3, @ts($4), "
                      "@ts($4))",
                      "ttbi", out->id, out->email, 1, now) &&
              token_insert(t, token_hash, out->id, expires_at, e);
    return sql_end(t, ok, e);
}

bool db_guest_find(db *d, arena *a, const char *token_hash, uuid_text user, int64_t *expires_at, err *e)
{
    sql_rows r;
    if (!sql_once(d, db_service, SQL_READ, a, &r, e,
                  "SELECT user_id, @ms(expires_at) FROM guest_tokens WHERE hash = $1 AND expires_at > @ts($2)", "ti",
                  token_hash, clock_ms()))
        return false;
    if (!r.count) return fail(e, ERR_NOT_FOUND, "this token is not known or has expired");
    sql_copy(&r, 0, 0, user, sizeof(uuid_text));
    if (expires_at) *expires_at = sql_int(&r, 0, 1);
    return true;
}

bool db_user_ensure(db *d, arena *a, const char *id, const char *email, err *e)
{
    sql_rows r;
    if (!sql_once(d, db_service, SQL_READ, a, &r, e, "SELECT email FROM users WHERE id = $1", "t", id)) return false;
    if (r.count) return true;
    const char *address = email && *email ? email : arena_printf(a, "user-%s@users.invalid", id);
    if (sql_once(
            d, db_service, SQL_WRITE, a, NULL, e,
            "INSERT INTO users (id, email, is_guest, created_at, updated_at) VALUES ($1, $2, $3, @ts($4), @ts($4)) "
            "ON CONFLICT (id) DO NOTHING",
            "ttbi", id, address, 0, clock_ms()))
        return true;
    if (e->code != ERR_CONFLICT) return false;
    // The address belongs to another account here (a project that was restored, an address that changed hands): the
    // id is what identifies, so the account gets a placeholder instead.
    return sql_once(d, db_service, SQL_WRITE, a, NULL, e,
                    "INSERT INTO users (id, email, is_guest, created_at, updated_at) VALUES ($1, $2, $3, @ts($4), "
                    "@ts($4)) ON CONFLICT (id) DO NOTHING",
                    "ttbi", id, arena_printf(a, "user-%s@users.invalid", id), 0, clock_ms());
}

bool db_user_get(db *d, arena *a, const char *id, db_user *out, err *e)
{
    sql_rows r;
    if (!sql_once(d, db_as_user(id), SQL_READ, a, &r, e,
                  "SELECT id, email, is_guest, @ms(created_at) FROM users WHERE id = $1", "t", id))
        return false;
    if (!r.count) return fail(e, ERR_NOT_FOUND, "there is no such user");
    sql_copy(&r, 0, 0, out->id, sizeof out->id);
    out->email = sql_cell(&r, 0, 1);
    out->is_guest = sql_true(&r, 0, 2);
    out->created_at = sql_int(&r, 0, 3);
    return true;
}

// One table of the export: rows as objects. A column's name says what it is: "#n" a number, "{n" JSON, "@n" a time,
// else text.
static bool export_rows(buf *b, const char *title, const sql_rows *r, const char *const *names)
{
    bool ok = buf_printf(b, ",\n\"%s\":[", title);
    for (int i = 0; ok && i < r->count; i++) {
        ok = buf_printf(b, "%s{", i ? ",\n" : "");
        for (int k = 0; ok && k < r->columns; k++) {
            const char *cell = sql_cell(r, i, k), *name = names[k];
            char mark = name[0];
            if (mark == '#' || mark == '{' || mark == '@') name++;
            ok = buf_printf(b, "%s\"%s\":", k ? "," : "", name);
            if (!ok) break;
            if (!cell) {
                ok = buf_printf(b, "null");
            } else if (mark == '#' || mark == '{') {
                ok = buf_printf(b, "%s", cell);
            } else if (mark == '@') {
                char iso[25];
                clock_iso(sql_int(r, i, k), iso);
                ok = json_put_string(b, iso);
            } else {
                ok = json_put_string(b, cell);
            }
        }
        ok = ok && buf_printf(b, "}");
    }
    return ok && buf_printf(b, "]");
}

bool db_user_export(db *d, arena *a, const char *id, buf *json, err *e)
{
    sql_txn *t;
    if (!sql_begin(d, db_as_user(id), SQL_READ, a, &t, e)) return false;
    sql_rows user, consents, avatars, sessions;
    bool ok =
        sql_run(t, &user, e, "SELECT id, email, @ms(created_at) FROM users WHERE id = $1", "t", id) &&
        sql_run(t, &consents, e,
                "SELECT version, purpose, @ms(created_at) FROM consents WHERE user_id = $1 ORDER BY created_at", "t",
                id) &&
        sql_run(t, &avatars, e,
                "SELECT id, status, answers, measurements, photo_url, side_photo_url, glb_url, smpl_params_url, "
                "preview_url, consent_version, @ms(created_at), @ms(updated_at) FROM avatars WHERE user_id = $1 ORDER "
                "BY created_at",
                "t", id) &&
        sql_run(t, &sessions, e,
                "SELECT id, brand_id, avatar_id, garment_id, selected_size, fit_result, @ms(created_at) "
                "FROM tryon_sessions WHERE user_id = $1 ORDER BY created_at",
                "t", id);
    if (!sql_end(t, ok, e)) return false;
    sql_rows events;
    if (!sql_once(
            d, db_service, SQL_READ, a, &events, e,
            "SELECT id, brand_id, session_id, garment_id, event_type, metadata, @ms(created_at) FROM events WHERE "
            "user_id = $1 ORDER BY created_at",
            "t", id))
        return false;
    if (!user.count) return fail(e, ERR_NOT_FOUND, "there is no such user");
    static const char *const U[] = { "id", "email", "@created_at" };
    static const char *const C[] = { "version", "purpose", "@created_at" };
    static const char *const A[] = {
        "id",  "status",      "{answers", "{measurements",   "photo",       "side_photo",
        "glb", "smpl_params", "preview",  "consent_version", "@created_at", "@updated_at"
    };
    static const char *const S[] = { "id",          "brand_id",   "avatar_id", "garment_id", "selected_size",
                                     "{fit_result", "@created_at" };
    static const char *const V[] = { "id",         "brand_id",  "session_id", "garment_id",
                                     "event_type", "{metadata", "@created_at" };
    char now[25];
    clock_iso(clock_ms(), now);
    ok = buf_printf(json, "{\"exported_at\":\"%s\"", now) && export_rows(json, "user", &user, U) &&
         export_rows(json, "consents", &consents, C) && export_rows(json, "avatars", &avatars, A) &&
         export_rows(json, "tryons", &sessions, S) && export_rows(json, "events", &events, V) &&
         buf_printf(json, "}\n");
    return ok || fail(e, ERR_LIMIT, "the export is larger than %zu bytes", json->max);
}

bool db_user_erase(db *d, arena *a, const char *id, err *e)
{
    sql_txn *t;
    if (!sql_begin(d, db_service, SQL_WRITE, a, &t, e)) return false;
    int64_t now = clock_ms();
    sql_rows gone;
    bool ok = sql_run(t, NULL, e, "UPDATE blobs SET state = 'doomed', updated_at = @ts($2) WHERE user_id = $1", "ti",
                      id, now) &&
              sql_run(t, NULL, e,
                      "UPDATE events SET user_id = NULL, session_id = NULL, dedupe_key = NULL, metadata = '{}' WHERE "
                      "user_id = $1",
                      "t", id) &&
              sql_run(t, NULL, e, "DELETE FROM idempotency_keys WHERE owner = $1", "t", id) &&
              // Jobs, avatars, sessions, consents and tokens go with the user by their foreign keys.
              sql_run(t, &gone, e, "DELETE FROM users WHERE id = $1", "t", id);
    if (ok && !gone.changed) ok = fail(e, ERR_NOT_FOUND, "there is no such user");
    return sql_end(t, ok, e);
}
