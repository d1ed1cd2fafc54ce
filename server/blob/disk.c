// Objects as files under root/bucket/path. A put writes beside, syncs, renames over, and syncs the folder, so that what
// was answered with success is there after a power cut and a reader never sees half a file.
#include "blob/store.h"
#include "base/io.h"
#include "base/mem.h"
#include "common/ids.h"
#include "common/text.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_BYTES = 4096 };

static bool full(const blob_store *s, const char *bucket, const char *path, char out[PATH_BYTES], err *e)
{
    return snprintf(out, PATH_BYTES, "%s/%s/%s", s->c.root, bucket, path) < PATH_BYTES ||
           fail(e, ERR_LIMIT, "the storage folder's name is too long");
}

static bool write_all(int fd, const char *p, size_t n)
{
    while (n) {
        ssize_t k = write(fd, p, n);
        if (k < 0 && errno == EINTR) continue;
        if (k <= 0) return false;
        p += k;
        n -= (size_t)k;
    }
    return true;
}

static bool sync_folder(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool ok = fd >= 0 && fsync(fd) == 0;
    if (fd >= 0) close(fd);
    return ok;
}

// Makes the folders above a file, each made durable in its parent.
static bool make_parents(char *file, size_t root_len, err *e)
{
    for (char *p = file + root_len; (p = strchr(p + 1, '/'));) {
        *p = 0;
        int made = mkdir(file, 0700);
        bool ok = made == 0 || errno == EEXIST;
        if (made == 0) {
            char *up = strrchr(file, '/');
            *up = 0;
            ok = sync_folder(file) || errno == ENOENT; // gone again already: the write below will tell
            *up = '/';
        }
        int code = errno;
        if (!ok) fail(e, ERR_IO, "storage: cannot make %s: %s", file, strerror(code));
        *p = '/';
        errno = code;
        if (!ok) return false;
    }
    return true;
}

static bool put(blob_store *s, const char *bucket, const char *path, const char *type, const void *data, size_t n,
                err *e)
{
    (void)type; // known from the name when it is served
    static atomic_uint serial;
    char file[PATH_BYTES], temp[PATH_BYTES];
    if (!full(s, bucket, path, file, e)) return false;
    // Begins with a dot, which no object's name may: a list never shows it, and a crash leaves nothing that is read.
    char *slash = strrchr(file, '/');
    if (snprintf(temp, sizeof temp, "%.*s/.%s.%ld-%u", (int)(slash - file), file, slash + 1, (long)getpid(),
                 atomic_fetch_add(&serial, 1)) >= (int)sizeof temp)
        return fail(e, ERR_LIMIT, "the storage folder's name is too long");
    // Whoever deletes the last object of a folder removes the folder, perhaps just now: then it is made again.
    int fd = -1;
    for (int i = 0; i < 50 && fd < 0 && (i == 0 || errno == ENOENT); i++) {
        if (!make_parents(file, strlen(s->c.root), e)) {
            if (errno != ENOENT) return false;
            continue;
        }
        fd = open(temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    }
    if (fd < 0) return fail(e, ERR_IO, "storage: cannot write %s: %s", temp, strerror(errno));
    bool ok = write_all(fd, data, n) && fsync(fd) == 0;
    int code = errno;
    ok = close(fd) == 0 && ok;
    ok = ok && rename(temp, file) == 0;
    if (!ok) {
        if (!code) code = errno;
        unlink(temp);
        return fail(e, ERR_IO, "storage: cannot write %s: %s", file, strerror(code));
    }
    *slash = 0;
    ok = sync_folder(file);
    return ok || fail(e, ERR_IO, "storage: cannot sync %s: %s", file, strerror(errno));
}

static bool get(blob_store *s, const char *bucket, const char *path, buf *out, err *e)
{
    char file[PATH_BYTES];
    return full(s, bucket, path, file, e) && io_read(file, out, e);
}

static bool size(blob_store *s, const char *bucket, const char *path, uint64_t *out, err *e)
{
    char file[PATH_BYTES];
    struct stat st;
    if (!full(s, bucket, path, file, e)) return false;
    if (stat(file, &st)) {
        if (errno == ENOENT || errno == ENOTDIR)
            return fail(e, ERR_NOT_FOUND, "there is no object %s/%s", bucket, path);
        return fail(e, ERR_IO, "storage: cannot look at %s: %s", file, strerror(errno));
    }
    *out = (uint64_t)st.st_size;
    return true;
}

static bool remove_file(blob_store *s, const char *bucket, const char *path, err *e)
{
    char file[PATH_BYTES];
    if (!full(s, bucket, path, file, e)) return false;
    if (unlink(file) && errno != ENOENT && errno != ENOTDIR)
        return fail(e, ERR_IO, "storage: cannot remove %s: %s", file, strerror(errno));
    // Folders named after people should not outlive their files; one that is not empty stays by itself.
    size_t keep = strlen(s->c.root) + 1 + strlen(bucket);
    for (char *slash = strrchr(file, '/'); slash && (size_t)(slash - file) > keep; slash = strrchr(file, '/')) {
        *slash = 0;
        if (rmdir(file)) break;
    }
    return true;
}

static bool walk(char path[PATH_BYTES], size_t base, const char *prefix, void (*each)(void *, const char *), void *ctx,
                 err *e)
{
    DIR *d = opendir(path);
    if (!d) return errno == ENOENT || fail(e, ERR_IO, "storage: cannot list %s: %s", path, strerror(errno));
    size_t n = strlen(path), k = strlen(prefix);
    bool ok = true;
    for (struct dirent *f; ok && (f = readdir(d));) {
        if (f->d_name[0] == '.') continue;
        if (snprintf(path + n, PATH_BYTES - n, "/%s", f->d_name) >= (int)(PATH_BYTES - n)) continue;
        const char *name = path + base;
        size_t len = strlen(name), m = len < k ? len : k;
        struct stat st;
        if (!strncmp(name, prefix, m) && stat(path, &st) == 0) {
            if (S_ISDIR(st.st_mode))
                ok = walk(path, base, prefix, each, ctx, e);
            else if (len >= k)
                each(ctx, name);
        }
        path[n] = 0;
    }
    closedir(d);
    return ok;
}

static bool list(blob_store *s, const char *bucket, const char *prefix, void (*each)(void *, const char *), void *ctx,
                 err *e)
{
    char path[PATH_BYTES];
    int n = snprintf(path, sizeof path, "%s/%s", s->c.root, bucket);
    if (n >= (int)sizeof path) return fail(e, ERR_LIMIT, "the storage folder's name is too long");
    return walk(path, (size_t)n + 1, prefix, each, ctx, e);
}

// HMAC over what the link allows: nothing in it can be changed, and it says until when.
static void link_signature(const blob_store *s, const char *method, const char *bucket, const char *path,
                           const char *expires, char out[44])
{
    const char *const part[] = { method, bucket, path, expires }; // checked: together they are shorter than text
    char text[600], *at = text;
    for (int i = 0; i < 4; i++) {
        if (i) *at++ = '\n';
        at = stpcpy(at, part[i]);
    }
    uint8_t mac[32];
    hmac_sign(&s->link, text, (size_t)(at - text), mac);
    base64url_encode(mac, 32, out);
}

static bool link_to(blob_store *s, const char *method, const char *bucket, const char *path, int seconds, buf *url,
                    err *e)
{
    char expires[INT_TEXT], signature[44];
    int_text(clock_ms() / 1000 + seconds, expires);
    link_signature(s, method, bucket, path, expires, signature);
    return buf_join(url, "/v1/blobs/", bucket, "/", path, "?expires=", expires, "&signature=", signature, NULL) ||
           fail(e, ERR_LIMIT, "the link is too long");
}

bool blob_link_ok(const blob_store *s, const char *method, const char *bucket, const char *path, const char *expires,
                  const char *signature)
{
    char want[44];
    if (s->c.kind != BLOB_DISK || !expires || !signature || strlen(signature) != 43 || strlen(expires) > 20 ||
        !blob_path_ok(bucket, path))
        return false;
    link_signature(s, method, bucket, path, expires, want);
    return equal_secret(want, signature, 43) && strtoll(expires, NULL, 10) >= clock_ms() / 1000;
}

int blob_file(blob_store *s, const char *bucket, const char *path, uint64_t *out, err *e)
{
    char file[PATH_BYTES];
    struct stat st;
    if (s->c.kind != BLOB_DISK || !blob_path_ok(bucket, path) || !full(s, bucket, path, file, e)) {
        fail(e, ERR_NOT_FOUND, "there is no such object here");
        return -1;
    }
    int fd = open(file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) {
        *out = (uint64_t)st.st_size;
        return fd;
    }
    if (fd >= 0) close(fd);
    fail(e, ERR_NOT_FOUND, "there is no object %s/%s", bucket, path);
    return -1;
}

static bool ready(blob_store *s, err *e)
{
    static const char probe[] = "ok";
    if (mkdir(s->c.root, 0700) && errno != EEXIST)
        return fail(e, ERR_IO, "storage: cannot make %s: %s", s->c.root, strerror(errno));
    char path[PATH_BYTES];
    int n = snprintf(path, sizeof path, "%s/.probe-%ld", s->c.root, (long)getpid());
    if (n >= (int)sizeof path) return fail(e, ERR_LIMIT, "the storage folder's name is too long");
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    bool ok = fd >= 0 && write_all(fd, probe, 2);
    if (!ok) fail(e, ERR_IO, "storage: cannot write in %s: %s", s->c.root, strerror(errno));
    if (fd >= 0) close(fd);
    unlink(path);
    return ok;
}

const blob_backend blob_disk = { put, get, size, remove_file, list, link_to, ready };
