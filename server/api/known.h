// Whom a token or key was found to name moments ago, so that a caller's stream of requests asks the database now and
// then only. What this process revokes or erases is forgotten here at once; another process hears of it when its own
// memory runs out: of a key KNOWN_KEY_MS later at most, of a guest's token KNOWN_GUEST_MS. The one opens a shop; the
// other nothing but one guest's own rows, and when she is erased those are gone from every process at once.
#pragma once
#include "db/db.h"

enum { KNOWN_KEY_MS = 5000, KNOWN_GUEST_MS = 30000 };

typedef struct known_callers known_callers;
known_callers *known_new(void);
void known_free(known_callers *k); // NULL is fine

// A guest's token; a key. False: not known (any more), ask the database. Texts come in the arena.
bool known_guest(known_callers *k, const char *hash, uuid_text user);
bool known_key(known_callers *k, arena *a, const char *hash, db_key *out);
void known_note_guest(known_callers *k, const char *hash, const char *user, int64_t expires_at);
void known_note_key(known_callers *k, const char *hash, const db_key *key);
void known_forget_all(known_callers *k);
