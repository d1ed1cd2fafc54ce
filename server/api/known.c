#include "api/known.h"
#include "base/mem.h"
#include "common/text.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

enum { SETS = 1024, WAYS = 4, STRIPES = 32, LISTS = 400 };

typedef struct {
    char hash[64]; // hexadecimal, without an end
    int64_t until_ms;
    bool is_key;
    uuid_text user;
    db_key key;        // its texts are below
    char texts[LISTS]; // prefix, scopes, origins, each with its zero
} row;

struct known_callers {
    pthread_mutex_t lock[STRIPES];
    row rows[SETS][WAYS]; // pages that nobody came to need are never touched
};

known_callers *known_new(void)
{
    known_callers *k = mem_new(1, sizeof *k);
    for (int i = 0; i < STRIPES; i++) pthread_mutex_init(&k->lock[i], NULL);
    return k;
}

void known_free(known_callers *k)
{
    if (!k) return;
    for (int i = 0; i < STRIPES; i++) pthread_mutex_destroy(&k->lock[i]);
    mem_free(k);
}

// The hash is SHA-256: any of its digits scatter.
static unsigned set_of(const char *hash)
{
    unsigned h = 0;
    for (int i = 0; i < 4; i++) h = h * 16 + (unsigned)(hash[i] <= '9' ? hash[i] - '0' : hash[i] - 'a' + 10);
    return h % SETS;
}

static bool find(known_callers *k, arena *a, const char *hash, bool key, row *out)
{
    unsigned s = set_of(hash);
    int64_t now = clock_mono_ms();
    bool found = false;
    pthread_mutex_lock(&k->lock[s % STRIPES]);
    for (int i = 0; i < WAYS && !found; i++) {
        const row *r = &k->rows[s][i];
        found = r->until_ms > now && r->is_key == key && !memcmp(r->hash, hash, sizeof r->hash);
        if (!found) continue;
        memcpy(out->user, r->user, sizeof out->user);
        if (!key) continue;
        if (r->key.expires_at && r->key.expires_at <= clock_ms()) {
            found = false;
            break;
        }
        out->key = r->key;
        const char *text = r->texts;
        const char **to[] = { &out->key.prefix, &out->key.scopes, &out->key.origins };
        for (int t = 0; t < 3; t++, text += strlen(text) + 1) *to[t] = arena_text(a, text);
    }
    pthread_mutex_unlock(&k->lock[s % STRIPES]);
    return found;
}

bool known_guest(known_callers *k, const char *hash, uuid_text user)
{
    row r;
    if (!find(k, NULL, hash, false, &r)) return false;
    memcpy(user, r.user, sizeof r.user);
    return true;
}

bool known_key(known_callers *k, arena *a, const char *hash, db_key *out)
{
    row r;
    if (!find(k, a, hash, true, &r)) return false;
    *out = r.key;
    return true;
}

static void note(known_callers *k, const char *hash, const char *user, const db_key *key, int64_t for_ms)
{
    unsigned s = set_of(hash);
    pthread_mutex_lock(&k->lock[s % STRIPES]);
    row *r = k->rows[s];
    for (int i = 1; i < WAYS; i++)
        if (k->rows[s][i].until_ms < r->until_ms) r = &k->rows[s][i];
    r->until_ms = clock_mono_ms() + for_ms;
    r->is_key = key != NULL;
    memcpy(r->hash, hash, sizeof r->hash);
    if (user) memcpy(r->user, user, sizeof r->user);
    if (key) {
        r->key = *key;
        const char *from[] = { key->prefix, key->scopes, key->origins };
        char *to = r->texts;
        for (int i = 0; i < 3; i++) {
            size_t n = strlen(from[i]) + 1;
            memcpy(to, from[i], n);
            to += n;
        }
    }
    pthread_mutex_unlock(&k->lock[s % STRIPES]);
}

void known_note_guest(known_callers *k, const char *hash, const char *user, int64_t expires_at)
{
    int64_t left = expires_at - clock_ms();
    note(k, hash, user, NULL, left < KNOWN_GUEST_MS ? left : KNOWN_GUEST_MS);
}

void known_note_key(known_callers *k, const char *hash, const db_key *key)
{
    // A key with more origins than there is room for asks the database each time.
    if (strlen(key->prefix) + strlen(key->scopes) + strlen(key->origins) + 3 <= LISTS)
        note(k, hash, NULL, key, KNOWN_KEY_MS);
}

void known_forget_all(known_callers *k)
{
    for (int s = 0; s < SETS; s++) {
        pthread_mutex_lock(&k->lock[s % STRIPES]);
        for (int i = 0; i < WAYS; i++)
            if (k->rows[s][i].until_ms) k->rows[s][i].until_ms = 0;
        pthread_mutex_unlock(&k->lock[s % STRIPES]);
    }
}
