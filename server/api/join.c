// A shopper who was a guest and signs in, and one who goes on with another device.
#include "api/api.h"

#include <stdio.h>
#include <string.h>

enum { CODE_MS = 10 * 60000, DAY_MS = 86400000 };

static bool hash_of_code(const char *code, sha256_hex out)
{
    if (!code || !token_looks_right("", code)) return false;
    sha256_text(code, strlen(code), out);
    return true;
}

void me_join(http_request *q, http_response *r)
{
    json_t *j = api_body(q, r);
    if (!j) return;
    const char *token = json_string_value(json_object_get(j, "guest_token"));
    sha256_hex hash;
    err e = { 0 };
    int64_t avatars;
    if (!token || !token_looks_right("try_guest_", token)) {
        api_invalid(q, r, "guest_token", "guest_token is the whole token of the guest who becomes you");
    } else {
        sha256_text(token, strlen(token), hash);
        if (db_user_join(api_of(q)->d, q->a, api_who(q)->user, hash, &avatars, &e)) {
            known_forget_all(api_of(q)->known);
            api_send(q, r, 200, json_pack("{s:s, s:I}", "user_id", api_who(q)->user, "avatars", (json_int_t)avatars));
        } else {
            http_fail(q, r, &e);
        }
    }
    json_decref(j);
}

void handoff_create(http_request *q, http_response *r)
{
    char code[64];
    sha256_hex hash;
    err e = { 0 };
    token_new("", code);
    hash_of_code(code, hash);
    int64_t until = clock_ms() + CODE_MS;
    if (!db_handoff_new(api_of(q)->d, q->a, api_who(q)->user, hash, until, &e)) return http_fail(q, r, &e);
    api_send(q, r, 201, json_pack("{s:s, s:s, s:s}", "id", hash, "code", code, "expires_at", api_time(q, until)));
}

void handoff_get(http_request *q, http_response *r)
{
    err e = { 0 };
    int64_t until;
    if (!db_handoff_get(api_of(q)->d, q->a, api_who(q)->user, q->param[0], &until, &e)) return http_fail(q, r, &e);
    api_send(q, r, 200, json_pack("{s:s, s:s}", "id", q->param[0], "expires_at", api_time(q, until)));
}

void handoff_take(http_request *q, http_response *r)
{
    api *p = api_of(q);
    json_t *j = api_body(q, r);
    if (!j) return;
    char token[64];
    sha256_hex code, hash;
    err e = { 0 };
    db_user u;
    int64_t until, now = clock_ms();
    bool whole = hash_of_code(json_string_value(json_object_get(j, "code")), code);
    json_decref(j);
    if (!whole) {
        api_invalid(q, r, "code", "this code is not complete");
        return;
    }
    token_new("try_guest_", token);
    sha256_text(token, strlen(token), hash);
    // Signing out does not reach a token that the account's other device was given: it lives a day only.
    if (!db_handoff_take(p->d, q->a, code, hash, now + (int64_t)(p->c.guest_days ? p->c.guest_days : 30) * DAY_MS,
                         now + DAY_MS, &u, &until, &e))
        return http_fail(q, r, &e);
    api_send(q, r, 201,
             json_pack("{s:s, s:s, s:s}", "token", token, "user_id", u.id, "expires_at", api_time(q, until)));
}
