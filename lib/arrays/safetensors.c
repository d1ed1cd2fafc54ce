#include "arrays/safetensors.h"
#include "base/limits.h"
#include "base/mem.h"

#include <assert.h>
#include <jansson.h>
#include <string.h>

enum { HEADER_MAX = 8 << 20, ALIGN = 64 }; // bytes of JSON we accept; where the tensors of a written file begin

static const struct {
    const char *name;
    size_t size;
} types[] = {
    [ST_F32] = { "F32", 4 },   [ST_F16] = { "F16", 2 }, [ST_BF16] = { "BF16", 2 }, [ST_F64] = { "F64", 8 },
    [ST_U8] = { "U8", 1 },     [ST_I8] = { "I8", 1 },   [ST_U16] = { "U16", 2 },   [ST_I16] = { "I16", 2 },
    [ST_U32] = { "U32", 4 },   [ST_I32] = { "I32", 4 }, [ST_I64] = { "I64", 8 },   [ST_U64] = { "U64", 8 },
    [ST_BOOL] = { "BOOL", 1 },
};
enum { TYPES = sizeof types / sizeof *types };

size_t st_type_size(st_type type) { return types[type].size; }

struct safetensors {
    json_t *header; // owns the metadata strings
    st_tensor *tensor;
    int count;
};

void st_free(safetensors *s)
{
    if (!s) return;
    json_decref(s->header);
    mem_free(s->tensor);
    mem_free(s);
}

int st_count(const safetensors *s) { return s->count; }
const st_tensor *st_at(const safetensors *s, int i) { return &s->tensor[i]; }

const st_tensor *st_find(const safetensors *s, const char *name)
{
    for (int i = 0; i < s->count; i++)
        if (strcmp(s->tensor[i].name, name) == 0) return &s->tensor[i];
    return NULL;
}

const char *st_metadata(const safetensors *s, const char *key)
{
    return json_string_value(json_object_get(json_object_get(s->header, "__metadata__"), key));
}

static bool read_u64(const json_t *v, uint64_t *out)
{
    if (!json_is_integer(v) || json_integer_value(v) < 0) return false;
    *out = (uint64_t)json_integer_value(v);
    return true;
}

static bool read_shape(const json_t *shape, st_tensor *t)
{
    if (!json_is_array(shape) || json_array_size(shape) > ST_MAX_DIMS) return false;
    t->dims = (int)json_array_size(shape);
    size_t count = 1;
    for (int i = 0; i < t->dims; i++) {
        if (!read_u64(json_array_get(shape, (size_t)i), &t->dim[i])) return false;
        if (__builtin_mul_overflow(count, t->dim[i], &count)) return false;
    }
    t->count = count;
    return !__builtin_mul_overflow(count, types[t->type].size, &t->bytes);
}

static bool read_type(const json_t *dtype, st_type *out)
{
    const char *name = json_string_value(dtype);
    for (int i = 0; name && i < TYPES; i++) {
        if (strcmp(types[i].name, name) == 0) return *out = (st_type)i, true;
    }
    return false;
}

// room: the bytes after the header.
static bool read_tensor(const char *name, const json_t *entry, const uint8_t *base, size_t room, st_tensor *t, err *e)
{
    if (strlen(name) >= ST_MAX_NAME) {
        return fail(e, ERR_LIMIT, "a tensor's name is longer than %d bytes: %.40s…", ST_MAX_NAME - 1, name);
    }
    snprintf(t->name, sizeof t->name, "%s", name);
    if (!read_type(json_object_get(entry, "dtype"), &t->type)) {
        return fail(e, ERR_INPUT, "tensor %s has no known dtype", name);
    }
    if (!read_shape(json_object_get(entry, "shape"), t)) {
        return fail(e, ERR_INPUT, "tensor %s has no usable shape (at most %d sizes)", name, ST_MAX_DIMS);
    }
    const json_t *offsets = json_object_get(entry, "data_offsets");
    uint64_t begin, end;
    if (json_array_size(offsets) != 2 || !read_u64(json_array_get(offsets, 0), &begin) ||
        !read_u64(json_array_get(offsets, 1), &end) || begin > end || end > room) {
        return fail(e, ERR_INPUT, "tensor %s has data_offsets outside the file", name);
    }
    if (end - begin != t->bytes) {
        return fail(e, ERR_INPUT, "tensor %s has %llu bytes where its shape needs %zu", name,
                    (unsigned long long)(end - begin), t->bytes);
    }
    t->data = base + begin;
    if ((uintptr_t)t->data % types[t->type].size != 0) {
        return fail(e, ERR_INPUT, "tensor %s is not aligned to its element size", name);
    }
    return true;
}

static int by_place(const void *a, const void *b)
{
    const st_tensor *x = *(const st_tensor *const *)a, *y = *(const st_tensor *const *)b;
    if (x->data != y->data) return (uintptr_t)x->data < (uintptr_t)y->data ? -1 : 1;
    return (x->bytes > y->bytes) - (x->bytes < y->bytes); // empty tensors first
}

// The format allows neither holes nor overlaps: the tensors tile the bytes after the header.
static bool tiles(const safetensors *s, const uint8_t *base, size_t room, err *e)
{
    const st_tensor **order = mem_array(const st_tensor *, (size_t)s->count);
    for (int i = 0; i < s->count; i++) order[i] = &s->tensor[i];
    qsort(order, (size_t)s->count, sizeof *order, by_place);
    const uint8_t *at = base;
    bool ok = true;
    for (int i = 0; ok && i < s->count; i++) {
        if (order[i]->data != at) {
            ok = fail(e, ERR_INPUT, "tensor %s leaves a hole before it or overlaps another", order[i]->name);
        }
        at += order[i]->bytes;
    }
    if (ok && at != base + room) ok = fail(e, ERR_INPUT, "bytes after the last tensor belong to none");
    mem_free(order);
    return ok;
}

static bool read_header(safetensors *s, const uint8_t *base, size_t room, err *e)
{
    const char *name, *key;
    json_t *entry, *value;
    if (json_object_size(s->header) > LIMIT_ARRAYS + 1) {
        return fail(e, ERR_LIMIT, "the file holds more than %d tensors", LIMIT_ARRAYS);
    }
    s->tensor = mem_array(st_tensor, json_object_size(s->header));
    json_object_foreach(s->header, name, entry)
    {
        if (strcmp(name, "__metadata__") != 0) {
            if (!read_tensor(name, entry, base, room, &s->tensor[s->count], e)) return false;
            s->count++;
            continue;
        }
        if (!json_is_object(entry)) return fail(e, ERR_INPUT, "__metadata__ is not a table");
        json_object_foreach(entry, key, value)
        {
            if (!json_is_string(value)) return fail(e, ERR_INPUT, "metadata %.60s is not a text", key);
        }
    }
    return tiles(s, base, room, e);
}

safetensors *st_parse(const uint8_t *data, size_t n, err *e)
{
    assert((uintptr_t)data % 8 == 0);
    uint64_t header = 0;
    if (n >= 8) memcpy(&header, data, 8); // little-endian, as every machine we build for
    if (n < 8 || header > n - 8) return fail(e, ERR_INPUT, "this is not a safetensors file, or it is cut short"), NULL;
    if (header > HEADER_MAX) {
        return fail(e, ERR_LIMIT, "the header has %llu bytes; at most %d are accepted", (unsigned long long)header,
                    HEADER_MAX),
               NULL;
    }
    safetensors *s = mem_new(1, sizeof *s);
    json_error_t why;
    s->header = json_loadb((const char *)data + 8, header, JSON_REJECT_DUPLICATES, &why);
    bool ok = json_is_object(s->header);
    if (!ok) fail(e, ERR_INPUT, "the header of the safetensors file is not a JSON table: %s", why.text);
    if (ok) ok = read_header(s, data + 8 + header, n - 8 - header, e);
    if (ok) return s;
    st_free(s);
    return NULL;
}

const st_tensor *st_require(const safetensors *s, const char *name, st_type type, int dims, const uint64_t *dim, err *e)
{
    const st_tensor *t = st_find(s, name);
    if (!t) return fail(e, ERR_INPUT, "tensor %s is missing", name), NULL;
    if (t->type != type) {
        return fail(e, ERR_INPUT, "tensor %s is %s, want %s", name, types[t->type].name, types[type].name), NULL;
    }
    if (t->dims != dims) return fail(e, ERR_INPUT, "tensor %s has %d dimensions, want %d", name, t->dims, dims), NULL;
    for (int i = 0; i < dims; i++) {
        if (dim[i] == 0 || dim[i] == t->dim[i]) continue;
        return fail(e, ERR_INPUT, "tensor %s has %llu in dimension %d, want %llu", name, (unsigned long long)t->dim[i],
                    i, (unsigned long long)dim[i]),
               NULL;
    }
    return t;
}

// --- writing ---

typedef struct {
    const char *name;
    st_type type;
    int dims;
    uint64_t dim[ST_MAX_DIMS];
    const void *data;
} pending;

struct st_writer {
    pending *tensor;
    const char **text; // key, value, key, value …
    size_t tensors, texts;
};

st_writer *st_writer_new(void) { return mem_new(1, sizeof(st_writer)); }

void st_writer_free(st_writer *w)
{
    if (!w) return;
    mem_free(w->tensor);
    mem_free(w->text);
    mem_free(w);
}

void st_writer_add(st_writer *w, const char *name, st_type type, int dims, const uint64_t *dim, const void *data)
{
    assert(dims >= 0 && dims <= ST_MAX_DIMS && (unsigned)type < TYPES && strlen(name) < ST_MAX_NAME);
    w->tensor = mem_grow(w->tensor, w->tensors + 1, sizeof *w->tensor);
    pending *p = &w->tensor[w->tensors++];
    *p = (pending){ .name = name, .type = type, .dims = dims, .data = data };
    for (int i = 0; i < dims; i++) p->dim[i] = dim[i];
}

void st_writer_metadata(st_writer *w, const char *key, const char *value)
{
    w->text = mem_grow(w->text, w->texts + 2, sizeof *w->text);
    w->text[w->texts++] = key;
    w->text[w->texts++] = value;
}

static size_t pending_bytes(const pending *p)
{
    size_t n = types[p->type].size;
    for (int i = 0; i < p->dims; i++) n *= p->dim[i];
    return n;
}

// Adds a new key; a name said twice is the caller's mistake and would lose data silently.
static bool put(json_t *table, const char *key, json_t *value, err *e)
{
    if (json_object_get(table, key)) {
        json_decref(value);
        return fail(e, ERR_CONFLICT, "%s is in the file twice", key);
    }
    if (!value || json_object_set_new(table, key, value) != 0) {
        return fail(e, ERR_INPUT, "%s has a name or text that is not UTF-8", key);
    }
    return true;
}

static json_t *describe(const pending *p, size_t begin)
{
    json_t *shape = json_array();
    for (int i = 0; i < p->dims; i++) json_array_append_new(shape, json_integer((json_int_t)p->dim[i]));
    return json_pack("{s:s, s:o, s:[I, I]}", "dtype", types[p->type].name, "shape", shape, "data_offsets",
                     (json_int_t)begin, (json_int_t)(begin + pending_bytes(p)));
}

static bool write_header(const st_writer *w, const size_t *order, json_t *header, err *e)
{
    if (w->texts) {
        json_t *metadata = json_object();
        json_object_set_new(header, "__metadata__", metadata);
        for (size_t i = 0; i < w->texts; i += 2) {
            if (!put(metadata, w->text[i], json_string(w->text[i + 1]), e)) return false;
        }
    }
    size_t at = 0;
    for (size_t i = 0; i < w->tensors; i++) {
        const pending *p = &w->tensor[order[i]];
        if (!put(header, p->name, describe(p, at), e)) return false;
        at += pending_bytes(p);
    }
    return true;
}

static bool write_file(const st_writer *w, const size_t *order, const char *text, buf *out, err *e)
{
    size_t length = strlen(text), pad = (ALIGN - (8 + length) % ALIGN) % ALIGN, start = out->len;
    uint64_t header = length + pad;
    if (header > HEADER_MAX) return fail(e, ERR_LIMIT, "the header would have more than %d bytes", HEADER_MAX);
    bool ok = buf_append(out, &header, 8) && buf_append(out, text, length);
    for (size_t i = 0; ok && i < pad; i++) ok = buf_append(out, " ", 1);
    for (size_t i = 0; ok && i < w->tensors; i++) {
        const pending *p = &w->tensor[order[i]];
        ok = buf_append(out, p->data, pending_bytes(p));
    }
    if (ok) return true;
    out->len = start;
    return fail(e, ERR_LIMIT, "the safetensors file would be larger than %zu bytes", out->max);
}

bool st_write(const st_writer *w, buf *out, err *e)
{
    // Wide elements first keeps every tensor aligned without the holes that the format forbids.
    size_t *order = mem_array(size_t, w->tensors), n = 0;
    for (size_t size = 8; size; size /= 2)
        for (size_t i = 0; i < w->tensors; i++)
            if (types[w->tensor[i].type].size == size) order[n++] = i;
    json_t *header = json_object();
    char *text = NULL;
    bool ok = write_header(w, order, header, e);
    if (ok) {
        text = json_dumps(header, JSON_COMPACT);
        ok = text ? write_file(w, order, text, out, e) : fail(e, ERR_MEMORY, "no memory for the safetensors header");
    }
    mem_free(text); // jansson's allocator is the heap's
    json_decref(header);
    mem_free(order);
    return ok;
}
