// Files: whole reads with a bound, and writes that leave either the old file or the whole new one.
#pragma once
#include "base/buf.h"

// Appends the file's bytes to out (which carries the bound). ERR_NOT_FOUND, ERR_LIMIT, ERR_IO.
bool io_read(const char *path, buf *out, err *e) MUST_USE;

// A file mapped read-only. io_unmap accepts a zeroed view.
typedef struct {
    const uint8_t *data; // [len]
    size_t len;
} io_view;
bool io_map(const char *path, size_t max, io_view *out, err *e) MUST_USE;
void io_unmap(io_view *v);

// Writes path.tmp-<pid>, fsyncs, renames over path, fsyncs the folder.
bool io_write(const char *path, const void *data, size_t n, err *e) MUST_USE;

// The same for a file too large to hold in memory: bytes are put one run after another, and the file comes into being
// under its name only when io_finish succeeds. Everything else removes what was written.
typedef struct {
    int fd;
    size_t len; // put so far
    char path[1024], tmp[1060];
} io_writer;
bool io_begin(io_writer *w, const char *path, err *e) MUST_USE;
bool io_put(io_writer *w, const void *data, size_t n, err *e) MUST_USE;
bool io_finish(io_writer *w, err *e) MUST_USE;
void io_abandon(io_writer *w); // after io_finish, or on a zeroed writer: nothing

// mkdir -p.
bool io_make_dirs(const char *path, err *e) MUST_USE;
bool io_exists(const char *path);

// dir and name joined by one '/', in out [size]; false when it does not fit.
bool io_join(char *out, size_t size, const char *dir, const char *name) MUST_USE;
