#include "db/sqlite_log.h"

#include <pthread.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

// SQLite's file format: before each page of the log stands a head, and pages are this long unless somebody asks for
// others, which are then written as usual. The head of a commit's last page says so.
enum { HEAD = 24, PAGE = 4096, FRAME = HEAD + PAGE, ROOM = 16 * FRAME, COMMIT_AT = 4, COMMIT_LEN = 4 };
enum { WRITE_LOCK = 0 }; // among the locks of SQLite's shared memory, the writer's

static const char NAME[] = "tryon-log";

// Followed in memory by the usual file.
typedef struct {
    sqlite3_file base;
    uint8_t *bytes;         // [ROOM], once something was written
    int held;               // of them: not yet written
    sqlite3_int64 at;       // where they belong
    sqlite3_file *database; // which tells when the writer's lock ends; NULL: each page is written by itself
} log_file;

static sqlite3_vfs vfs, *usual;

static sqlite3_file *file_of(sqlite3_file *f) { return (sqlite3_file *)((log_file *)f + 1); }

// The log of an open database, which stands behind SQLite's own file of it; NULL as long as there is none.
static log_file **log_of(sqlite3_file *database)
{
    return (log_file **)(void *)((char *)database + (usual->szOsFile + 7) / 8 * 8);
}

// Whatever is asked of the file but the next page: it is to find everything written.
static int let_go(sqlite3_file *f)
{
    log_file *l = (log_file *)f;
    int n = l->held;
    l->held = 0;
    return n ? file_of(f)->pMethods->xWrite(file_of(f), l->bytes, n, l->at) : SQLITE_OK;
}

static bool commits(const uint8_t *head)
{
    static const uint8_t no[COMMIT_LEN] = { 0 };
    return memcmp(head + COMMIT_AT, no, COMMIT_LEN) != 0;
}

static bool has_room(log_file *l) { return l->bytes || (l->bytes = sqlite3_malloc(ROOM)); }

// A commit's pages are gathered until its last, behind which nobody looks before SQLite has been told that it is
// written.
static int log_write(sqlite3_file *f, const void *from, int n, sqlite3_int64 at)
{
    log_file *l = (log_file *)f;
    bool next = l->held && at == l->at + l->held && n == (l->held % FRAME ? PAGE : HEAD);
    int code = next ? SQLITE_OK : let_go(f);
    if (code != SQLITE_OK) return code;
    if (!next && (n != HEAD || !has_room(l))) return file_of(f)->pMethods->xWrite(file_of(f), from, n, at);
    if (!next) l->at = at;
    memcpy(l->bytes + l->held, from, (size_t)n);
    l->held += n;
    bool whole = n == PAGE && (!l->database || l->held == ROOM || commits(l->bytes + l->held - FRAME));
    return whole ? let_go(f) : SQLITE_OK;
}

static int log_read(sqlite3_file *f, void *to, int n, sqlite3_int64 at)
{
    int code = let_go(f);
    return code != SQLITE_OK ? code : file_of(f)->pMethods->xRead(file_of(f), to, n, at);
}

static int log_truncate(sqlite3_file *f, sqlite3_int64 size)
{
    int code = let_go(f);
    return code != SQLITE_OK ? code : file_of(f)->pMethods->xTruncate(file_of(f), size);
}

static int log_sync(sqlite3_file *f, int flags)
{
    int code = let_go(f);
    return code != SQLITE_OK ? code : file_of(f)->pMethods->xSync(file_of(f), flags);
}

static int log_size(sqlite3_file *f, sqlite3_int64 *size)
{
    int code = let_go(f);
    return code != SQLITE_OK ? code : file_of(f)->pMethods->xFileSize(file_of(f), size);
}

static int log_close(sqlite3_file *f)
{
    log_file *l = (log_file *)f;
    int code = let_go(f), closed = file_of(f)->pMethods->xClose(file_of(f));
    sqlite3_free(l->bytes);
    l->bytes = NULL;
    if (l->database) *log_of(l->database) = NULL;
    return code != SQLITE_OK ? code : closed;
}

static int log_lock(sqlite3_file *f, int level) { return file_of(f)->pMethods->xLock(file_of(f), level); }

static int log_unlock(sqlite3_file *f, int level) { return file_of(f)->pMethods->xUnlock(file_of(f), level); }

static int log_reserved(sqlite3_file *f, int *out) { return file_of(f)->pMethods->xCheckReservedLock(file_of(f), out); }

static int log_control(sqlite3_file *f, int what, void *arg)
{
    int code = let_go(f);
    return code != SQLITE_OK ? code : file_of(f)->pMethods->xFileControl(file_of(f), what, arg);
}

static int log_sector(sqlite3_file *f) { return file_of(f)->pMethods->xSectorSize(file_of(f)); }

static int log_traits(sqlite3_file *f) { return file_of(f)->pMethods->xDeviceCharacteristics(file_of(f)); }

// A log is neither mapped nor shared memory: version 1.
static const sqlite3_io_methods LOG = { .iVersion = 1,
                                        .xClose = log_close,
                                        .xRead = log_read,
                                        .xWrite = log_write,
                                        .xTruncate = log_truncate,
                                        .xSync = log_sync,
                                        .xFileSize = log_size,
                                        .xLock = log_lock,
                                        .xUnlock = log_unlock,
                                        .xCheckReservedLock = log_reserved,
                                        .xFileControl = log_control,
                                        .xSectorSize = log_sector,
                                        .xDeviceCharacteristics = log_traits };

// The usual files of databases, but for this:
static const sqlite3_io_methods *usual_methods;
static sqlite3_io_methods database_methods;

// Without its lock a connection may write nothing any more, another one does. What it still holds then was not
// committed: pages of a large transaction that was taken back.
static int database_lock(sqlite3_file *f, int first, int n, int flags)
{
    log_file *l = *log_of(f);
    if (l && first == WRITE_LOCK && flags == (SQLITE_SHM_UNLOCK | SQLITE_SHM_EXCLUSIVE)) l->held = 0;
    return usual_methods->xShmLock(f, first, n, flags);
}

static pthread_mutex_t learning = PTHREAD_MUTEX_INITIALIZER;

static int open_database(sqlite3_filename path, sqlite3_file *f, int flags, int *got)
{
    int code = usual->xOpen(usual, path, f, flags, got);
    if (!f->pMethods || f->pMethods->iVersion < 2) return code;
    *log_of(f) = NULL;
    pthread_mutex_lock(&learning);
    if (!usual_methods) {
        usual_methods = f->pMethods;
        database_methods = *usual_methods;
        database_methods.xShmLock = database_lock;
    }
    pthread_mutex_unlock(&learning);
    if (f->pMethods == usual_methods) f->pMethods = &database_methods;
    return code;
}

static int open_file(sqlite3_vfs *v, sqlite3_filename path, sqlite3_file *f, int flags, int *got)
{
    (void)v;
    if (flags & SQLITE_OPEN_MAIN_DB) return open_database(path, f, flags, got);
    if (!(flags & SQLITE_OPEN_WAL)) return usual->xOpen(usual, path, f, flags, got);
    memset(f, 0, sizeof(log_file));
    int code = usual->xOpen(usual, path, file_of(f), flags, got);
    // Without methods nobody closes it: what failed to open has closed itself.
    if (!file_of(f)->pMethods) return code;
    f->pMethods = &LOG;
    sqlite3_file *database = sqlite3_database_file_object(path);
    if (database->pMethods == &database_methods) {
        ((log_file *)f)->database = database;
        *log_of(database) = (log_file *)f;
    }
    return code;
}

static pthread_once_t made = PTHREAD_ONCE_INIT;

static void make(void)
{
    usual = sqlite3_vfs_find(NULL);
    if (!usual) return;
    vfs = *usual; // what concerns no open file
    vfs.zName = NAME;
    vfs.pNext = NULL;
    vfs.szOsFile = usual->szOsFile + 7 + (int)sizeof(log_file); // of a database's file: and a pointer to its log
    vfs.xOpen = open_file;
    if (sqlite3_vfs_register(&vfs, 0) != SQLITE_OK) vfs.zName = NULL;
}

const char *sqlite_log_vfs(void)
{
    pthread_once(&made, make);
    return vfs.zName;
}
