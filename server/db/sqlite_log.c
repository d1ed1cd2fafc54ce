#include "db/sqlite_log.h"

#include <pthread.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

// SQLite's file format: before each page of the log stands a head, and pages are this long unless somebody asks for
// others, which are then written as usual.
enum { HEAD = 24, PAGE = 4096 };

static const char NAME[] = "tryon-log";

// Followed in memory by the usual file.
typedef struct {
    sqlite3_file base;
    bool held; // a head that is not yet written, at
    sqlite3_int64 at;
    uint8_t bytes[HEAD + PAGE];
} log_file;

static sqlite3_vfs vfs, *usual;

static sqlite3_file *file_of(sqlite3_file *f) { return (sqlite3_file *)((log_file *)f + 1); }

// Whatever is asked of the file but the page that belongs to the head: it is to find everything written.
static int let_go(sqlite3_file *f)
{
    log_file *l = (log_file *)f;
    if (!l->held) return SQLITE_OK;
    l->held = false;
    return file_of(f)->pMethods->xWrite(file_of(f), l->bytes, HEAD, l->at);
}

static int log_write(sqlite3_file *f, const void *from, int n, sqlite3_int64 at)
{
    log_file *l = (log_file *)f;
    if (l->held && n == PAGE && at == l->at + HEAD) {
        l->held = false;
        memcpy(l->bytes + HEAD, from, PAGE);
        return file_of(f)->pMethods->xWrite(file_of(f), l->bytes, HEAD + PAGE, l->at);
    }
    int code = let_go(f);
    if (code != SQLITE_OK || n != HEAD)
        return code != SQLITE_OK ? code : file_of(f)->pMethods->xWrite(file_of(f), from, n, at);
    memcpy(l->bytes, from, HEAD);
    l->at = at;
    l->held = true;
    return SQLITE_OK;
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
    int code = let_go(f), closed = file_of(f)->pMethods->xClose(file_of(f));
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

static int open_file(sqlite3_vfs *v, sqlite3_filename path, sqlite3_file *f, int flags, int *got)
{
    (void)v;
    if (!(flags & SQLITE_OPEN_WAL)) return usual->xOpen(usual, path, f, flags, got);
    memset(f, 0, sizeof(log_file));
    int code = usual->xOpen(usual, path, file_of(f), flags, got);
    // Without methods nobody closes it: what failed to open has closed itself.
    if (file_of(f)->pMethods) f->pMethods = &LOG;
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
    vfs.szOsFile = usual->szOsFile + (int)sizeof(log_file);
    vfs.xOpen = open_file;
    if (sqlite3_vfs_register(&vfs, 0) != SQLITE_OK) vfs.zName = NULL;
}

const char *sqlite_log_vfs(void)
{
    pthread_once(&made, make);
    return vfs.zName;
}
