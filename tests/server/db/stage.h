// What the tests of the database share: one set for both engines, SQLite in a temporary folder or what
// TRYON_TEST_DATABASE_URL names, and the people and things they are about.
#pragma once
#include "base/mem.h"
#include "db/db.h"
#include "db/sql.h"
#include "test.h"

#include <stdlib.h>
#include <unistd.h>

static db *D;
static arena *A;
static err E;

#define OK(x)                                                                                                          \
    do {                                                                                                               \
        bool ok_ = (x);                                                                                                \
        if (!ok_) printf("  error: %s\n", E.msg);                                                                      \
        CHECK(ok_);                                                                                                    \
    } while (0)
#define REFUSED(x, why)                                                                                                \
    do {                                                                                                               \
        bool ok_ = (x);                                                                                                \
        CHECK(!ok_ && E.code == (why));                                                                                \
        if (!ok_ && E.code != (why)) printf("  error: %d %s\n", E.code, E.msg);                                        \
    } while (0)

static char url[512], folder[64];

static inline void open_database(void)
{
    const char *given = getenv("TRYON_TEST_DATABASE_URL");
    snprintf(folder, sizeof folder, "/tmp/tryon-db-XXXXXX");
    CHECK(mkdtemp(folder) != NULL);
    if (given)
        snprintf(url, sizeof url, "%s", given);
    else
        snprintf(url, sizeof url, "sqlite:%s/test.db", folder);
    A = arena_new(256 << 20);
    OK(db_open(url, 8, &D, &E));
}

static inline const char *fresh_hash(void)
{
    sha256_hex h;
    uuid_text u;
    uuid_new(u);
    sha256_text(u, 36, h);
    char *copy = arena_alloc(A, sizeof h, 1);
    memcpy(copy, h, sizeof h);
    return copy;
}

static inline const char *guest(void)
{
    db_user *u = arena_alloc(A, 1, sizeof *u);
    OK(db_guest_new(D, A, fresh_hash(), clock_ms() + 60000, u, &E));
    return u->id;
}

static inline const char *brand(void)
{
    char *id = arena_alloc(A, 37, 1);
    OK(db_brand_create(D, A, "Brand", NULL, -1, id, &E));
    return id;
}

static inline const char *avatar(const char *user, const char *of_brand, bool start)
{
    char *id = arena_alloc(A, 37, 1);
    uuid_new(id);
    db_avatar v;
    bool repeat;
    OK(db_avatar_create(D, A,
                        &(db_avatar_new){ .id = id,
                                          .user_id = user,
                                          .brand_id = of_brand,
                                          .answers = "{\"height_cm\":170}",
                                          .consent_version = "1",
                                          .start = start },
                        &v, &repeat, &E));
    return id;
}

// A try-on that comes alone; *out as it is stored.
static inline bool tryon_alone(const db_tryon *t, const db_drape_wish *wish, int wishes, db_tryon *out)
{
    db_tryon_new n = { .t = *t, .wish = wish, .wishes = wishes };
    db_tryons_create(D, A, &(db_tryon_new *){ &n }, 1);
    *out = n.t;
    E = n.fate.e;
    return n.fate.ok;
}

// Takes from the shared queue until this job comes; others are finished on the way.
static inline bool take_until(const char *worker, const char *avatar_id, db_job *j)
{
    bool found = true;
    while (found) {
        OK(db_job_take(D, A, "avatar", worker, 60000, j, &found, &E));
        if (!found) return false;
        if (!strcmp(j->avatar_id, avatar_id)) return true;
        bool applied;
        OK(db_job_fail(D, A, j->id, worker, "not this test's", false, &applied, &E));
    }
    return false;
}

static inline const char *path_of(const char *user, const char *avatar_id, const char *name)
{
    char *p = arena_alloc(A, 200, 1);
    snprintf(p, 200, "%s/%s/%s", user, avatar_id, name);
    return p;
}

static inline void close_database(void)
{
    db_close(D);
    arena_free(A);
    static const char *const names[] = { "test.db", "test.db-wal", "test.db-shm",
                                         "twin.db", "twin.db-wal", "twin.db-shm" };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char path[128];
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        unlink(path);
    }
    rmdir(folder);
}
