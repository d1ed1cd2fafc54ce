#include "base/io.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static bool open_for_reading(const char *path, int *fd, size_t *size, err *e)
{
    *fd = open(path, O_RDONLY | O_CLOEXEC);
    if (*fd < 0) {
        return fail(e, errno == ENOENT ? ERR_NOT_FOUND : ERR_IO, "%s cannot be opened: %s", path, strerror(errno));
    }
    struct stat st;
    if (fstat(*fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        close(*fd);
        return fail(e, ERR_INPUT, "%s is not a file", path);
    }
    *size = (size_t)st.st_size;
    return true;
}

bool io_read(const char *path, buf *out, err *e)
{
    int fd;
    size_t size = 0;
    if (!open_for_reading(path, &fd, &size, e)) return false;
    if (size > out->max - out->len) {
        close(fd);
        return fail(e, ERR_LIMIT, "%s has %zu bytes; at most %zu are accepted", path, size, out->max);
    }
    uint8_t block[64 << 10];
    bool ok = true;
    for (ssize_t n; ok && (n = read(fd, block, sizeof block)) != 0;) {
        if (n < 0 && errno == EINTR) continue;
        if (n < 0)
            ok = fail(e, ERR_IO, "%s cannot be read: %s", path, strerror(errno));
        else if (!buf_append(out, block, (size_t)n))
            ok = fail(e, ERR_LIMIT, "%s grew while it was read", path);
    }
    close(fd);
    return ok;
}

bool io_map(const char *path, size_t max, io_view *out, err *e)
{
    int fd;
    size_t size = 0;
    *out = (io_view){ 0 };
    if (!open_for_reading(path, &fd, &size, e)) return false;
    if (size == 0 || size > max) {
        close(fd);
        return fail(e, ERR_LIMIT, "%s has %zu bytes; 1 to %zu are accepted", path, size, max);
    }
    void *p = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
    close(fd);
    if (p == MAP_FAILED) return fail(e, ERR_IO, "%s cannot be mapped: %s", path, strerror(errno));
    *out = (io_view){ p, size };
    return true;
}

void io_unmap(io_view *v)
{
    if (v->data) munmap((void *)(uintptr_t)v->data, v->len);
    *v = (io_view){ 0 };
}

static bool write_all(int fd, const uint8_t *data, size_t n)
{
    while (n) {
        ssize_t w = write(fd, data, n);
        if (w < 0 && errno == EINTR) continue;
        if (w < 0) return false;
        data += w;
        n -= (size_t)w;
    }
    return true;
}

static void sync_folder_of(const char *path)
{
    char dir[PATH_MAX];
    const char *slash = strrchr(path, '/');
    int len = slash ? (int)(slash - path) : 0;
    snprintf(dir, sizeof dir, "%.*s", len ? len : 1, slash ? (len ? path : "/") : ".");
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return; // a folder that cannot be opened for reading cannot be synced; the file itself is
    fsync(fd);
    close(fd);
}

bool io_begin(io_writer *w, const char *path, err *e)
{
    *w = (io_writer){ .fd = -1 };
    int len = snprintf(w->path, sizeof w->path, "%s", path);
    if (len < 0 || (size_t)len >= sizeof w->path) return fail(e, ERR_LIMIT, "the path %.80s… is too long", path);
    snprintf(w->tmp, sizeof w->tmp, "%s.tmp-%ld", path, (long)getpid());
    w->fd = open(w->tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    return w->fd >= 0 || fail(e, ERR_IO, "%s cannot be written: %s", path, strerror(errno));
}

bool io_put(io_writer *w, const void *data, size_t n, err *e)
{
    w->len += n;
    return write_all(w->fd, data, n) || fail(e, ERR_IO, "%s cannot be written: %s", w->path, strerror(errno));
}

bool io_finish(io_writer *w, err *e)
{
    bool ok = fsync(w->fd) == 0;
    int why = errno;
    if (close(w->fd) != 0 && ok) ok = false, why = errno;
    w->fd = -1;
    if (ok && rename(w->tmp, w->path) != 0) ok = false, why = errno;
    if (!ok) {
        unlink(w->tmp);
        return fail(e, ERR_IO, "%s cannot be written: %s", w->path, strerror(why));
    }
    w->tmp[0] = 0;
    sync_folder_of(w->path);
    return true;
}

void io_abandon(io_writer *w)
{
    if (!w->tmp[0] || w->fd < 0) return;
    close(w->fd);
    unlink(w->tmp);
    *w = (io_writer){ .fd = -1 };
}

bool io_write(const char *path, const void *data, size_t n, err *e)
{
    io_writer w;
    bool ok = io_begin(&w, path, e) && io_put(&w, data, n, e) && io_finish(&w, e);
    io_abandon(&w);
    return ok;
}

bool io_make_dirs(const char *path, err *e)
{
    char partial[PATH_MAX];
    size_t n = strlen(path);
    if (n == 0 || n >= sizeof partial) return fail(e, ERR_INPUT, "the folder name is empty or too long");
    memcpy(partial, path, n + 1);
    for (size_t i = 1; i <= n; i++) {
        if (partial[i] != '/' && partial[i] != 0) continue;
        char kept = partial[i];
        partial[i] = 0;
        if (mkdir(partial, 0755) != 0 && errno != EEXIST) {
            return fail(e, ERR_IO, "the folder %s cannot be made: %s", partial, strerror(errno));
        }
        partial[i] = kept;
    }
    struct stat st;
    if (stat(path, &st) != 0 || !S_ISDIR(st.st_mode)) return fail(e, ERR_INPUT, "%s is not a folder", path);
    return true;
}

bool io_exists(const char *path) { return access(path, F_OK) == 0; }

bool io_join(char *out, size_t size, const char *dir, const char *name)
{
    size_t n = strlen(dir);
    int len = snprintf(out, size, "%s%s%s", dir, n && dir[n - 1] == '/' ? "" : "/", name);
    return len >= 0 && (size_t)len < size;
}
