#include "api/known.h"
#include "common/ids.h"
#include "test.h"

#include <string.h>
#include <time.h>

static void pause_ms(long ms) { nanosleep(&(struct timespec){ ms / 1000, ms % 1000 * 1000000 }, NULL); }

static void a_guest_is_known_until_her_token_ends_or_all_is_forgotten(void)
{
    known_callers *k = known_new();
    sha256_hex brief, lasting, key_hash;
    uuid_text id, out;
    arena *a = arena_new(1 << 16);
    sha256_text("brief", 5, brief);
    sha256_text("lasting", 7, lasting);
    sha256_text("key", 3, key_hash);
    uuid_new(id);
    CHECK(!known_guest(k, brief, out));
    known_note_guest(k, brief, id, clock_ms() + 60);
    known_note_guest(k, lasting, id, clock_ms() + 86400000);
    CHECK(known_guest(k, brief, out) && !strcmp(out, id));
    pause_ms(80);
    CHECK(!known_guest(k, brief, out)); // its time is over, though what is known is remembered for longer
    CHECK(known_guest(k, lasting, out) && !strcmp(out, id));
    db_key key = { .secret = true, .prefix = "try_live_", .scopes = "[]", .origins = "[]" }, got;
    known_note_key(k, key_hash, &key);
    CHECK(known_key(k, a, key_hash, &got) && got.secret);
    CHECK(!known_guest(k, key_hash, out)); // a key is nobody's token
    known_forget_all(k);
    CHECK(!known_guest(k, lasting, out) && !known_key(k, a, key_hash, &got));
    arena_free(a);
    known_free(k);
}

TEST_MAIN(RUN(a_guest_is_known_until_her_token_ends_or_all_is_forgotten);)
