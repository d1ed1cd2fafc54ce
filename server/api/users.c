// Guests, and what a shopper may do with everything we hold about them.
#include "api/api.h"
#include "base/log.h"
#include "common/text.h"

#include <stdio.h>
#include <string.h>

void guest_create(http_request *q, http_response *r)
{
    api *p = api_of(q);
    char token[64];
    sha256_hex hash;
    db_user u;
    err e = { 0 };
    token_new("try_guest_", token);
    sha256_text(token, strlen(token), hash);
    int64_t until = clock_ms() + (int64_t)(p->c.guest_days ? p->c.guest_days : 30) * 86400000;
    if (!db_guest_new(p->d, q->a, hash, until, &u, &e)) return http_fail(q, r, &e);
    api_send(q, r, 201,
             json_pack("{s:s, s:s, s:s}", "token", token, "user_id", u.id, "expires_at", api_time(q, until)));
}

void me_get(http_request *q, http_response *r)
{
    db_user u;
    err e = { 0 };
    if (!db_user_get(api_of(q)->d, q->a, api_who(q)->user, &u, &e)) return http_fail(q, r, &e);
    api_send(q, r, 200,
             json_pack("{s:s, s:o, s:b, s:s}", "id", u.id, "email", u.is_guest ? json_null() : api_text(u.email),
                       "is_guest", u.is_guest, "created_at", api_time(q, u.created_at)));
}

void me_export(http_request *q, http_response *r)
{
    err e = { 0 };
    if (!db_user_export(api_of(q)->d, q->a, api_who(q)->user, &r->body, &e)) {
        r->body.len = 0;
        return http_fail(q, r, &e);
    }
    http_json(r, 200);
    http_set(r, "Content-Disposition", "attachment; filename=\"tryon-export.json\"");
}

void me_delete(http_request *q, http_response *r)
{
    enum { AT_MOST_MS = 5000 };
    const api *p = api_of(q);
    err e = { 0 };
    db_blob *list;
    int count;
    int64_t removed = 0;
    // Asked for first: afterwards nothing says whose they were.
    if (!db_user_objects(p->d, q->a, api_who(q)->user, &list, &count, &e) ||
        !db_user_erase(p->d, q->a, api_who(q)->user, &e))
        return http_fail(q, r, &e);
    known_forget_all(p->known);
    // The files go now, not at the next round of the sweeper; what fails or takes too long is still doomed and goes
    // then.
    if (!plane_delete(&p->plane, q->a, list, count, clock_ms(), clock_mono_ms() + AT_MOST_MS, &removed, &e))
        log_say(LOG_WARN, "erasure: %s", e.msg);
    r->status = 204;
}
