#include "import/seal.h"
#include "base/io.h"
#include "base/limits.h"
#include "base/sum.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

enum { FILES = 2, SEAL_SIZE = 48 };
static const char *const file_name[FILES] = { "hmr2.onnx", "hmr2.weights" };
static const char BODY[] = "smpl.safetensors";

// In stretches that are given back, so that the whole never counts as this process's memory.
static uint64_t sum_of(pool *p, const io_view *file)
{
    enum { STRETCH = 256 << 20 };
    uint64_t part[2] = { file->len, 0 };
    for (size_t at = 0; at < file->len; at += STRETCH) {
        size_t n = file->len - at < STRETCH ? file->len - at : STRETCH;
        part[1] = sum64(p, file->data + at, n);
        part[0] = sum64(NULL, part, sizeof part);
        madvise((void *)(uintptr_t)(file->data + at), n,
                MADV_DONTNEED); // advice: whether it is taken changes no result
    }
    return part[0];
}

static bool seal_of_file(const char *folder, const char *name, pool *p, char seal[SEAL_SIZE], err *e)
{
    char path[1024];
    io_view file;
    if (!io_join(path, sizeof path, folder, name)) return fail(e, ERR_LIMIT, "the path %.80s… is too long", folder);
    if (!io_map(path, LIMIT_CHECKPOINT_BYTES, &file, e)) return false;
    snprintf(seal, SEAL_SIZE, "%zu %016llx", file.len, (unsigned long long)sum_of(p, &file));
    io_unmap(&file);
    return true;
}

static void seal_of_body(const safetensors *body, char seal[SEAL_SIZE])
{
    uint64_t part[2] = { 0, 0 };
    size_t bytes = 0;
    for (int i = 0; i < st_count(body); i++) {
        const st_tensor *t = st_at(body, i);
        part[1] = sum64(NULL, t->data, t->bytes);
        part[0] = sum64(NULL, part, sizeof part);
        bytes += t->bytes;
    }
    snprintf(seal, SEAL_SIZE, "%zu %016llx", bytes, (unsigned long long)part[0]);
}

bool seal_model(const char *folder, pool *p, const buf *body, buf *out, err *e)
{
    char seal[FILES][SEAL_SIZE], own[SEAL_SIZE];
    for (int i = 0; i < FILES; i++)
        if (!seal_of_file(folder, file_name[i], p, seal[i], e)) return false;
    safetensors *file = st_parse(body->data, body->len, e);
    if (!file) return false;
    seal_of_body(file, own);
    st_writer *w = st_writer_new();
    const char *format = st_metadata(file, "format");
    if (format) st_writer_metadata(w, "format", format);
    for (int i = 0; i < FILES; i++) st_writer_metadata(w, file_name[i], seal[i]);
    st_writer_metadata(w, BODY, own);
    for (int i = 0; i < st_count(file); i++) {
        const st_tensor *t = st_at(file, i);
        st_writer_add(w, t->name, t->type, t->dims, t->dim, t->data);
    }
    bool ok = st_write(w, out, e);
    st_writer_free(w);
    st_free(file);
    return ok;
}

static bool damaged(const char *name, err *e)
{
    return fail(e, ERR_INPUT, "%s is not as tryon import hmr2 wrote it (cut short or damaged): import it again", name);
}

bool seal_check(const char *folder, pool *p, err *e)
{
    char path[1024], found[SEAL_SIZE];
    io_view view;
    if (!io_join(path, sizeof path, folder, BODY)) return fail(e, ERR_LIMIT, "the path %.80s… is too long", folder);
    if (!io_map(path, LIMIT_ARRAY_FILE_BYTES, &view, e)) return false;
    err why = { 0 };
    safetensors *body = st_parse(view.data, view.len, &why);
    bool ok = body || damaged(BODY, e);
    for (int i = 0; ok && i < FILES; i++) {
        const char *seal = st_metadata(body, file_name[i]);
        if (!seal) continue;
        ok = seal_of_file(folder, file_name[i], p, found, e) && (strcmp(seal, found) == 0 || damaged(file_name[i], e));
    }
    st_free(body);
    io_unmap(&view);
    return ok;
}

bool seal_check_body(const safetensors *body, err *e)
{
    char found[SEAL_SIZE];
    const char *seal = st_metadata(body, BODY);
    if (!seal) return true;
    seal_of_body(body, found);
    return strcmp(seal, found) == 0 || damaged(BODY, e);
}
