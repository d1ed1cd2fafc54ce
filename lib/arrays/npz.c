#include "arrays/npz.h"
#include "arrays/npy.h"
#include "base/limits.h"
#include "base/mem.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <zlib.h>

// PKWARE APPNOTE.TXT, sections 4.3.7 (local header), 4.3.12 (central directory), 4.3.16 (its end).
enum { LOCAL = 0x04034b50, CENTRAL = 0x02014b50, END = 0x06054b50 };
enum { LOCAL_SIZE = 30, CENTRAL_SIZE = 46, END_SIZE = 22, COMMENT_MAX = 65535 };
enum { STORED = 0, DEFLATED = 8, ENCRYPTED = 1 };
enum { DATE = 0x21 };      // 1 January 1980, the oldest a zip can say
enum { EXPANSION = 1032 }; // deflate's largest ratio (zlib's technical notes)

struct npz {
    npz_array *array; // data owned, one block each
    int count;
};

void npz_free(npz *z)
{
    if (!z) return;
    for (int i = 0; i < z->count; i++) mem_free((void *)(uintptr_t)z->array[i].data);
    mem_free(z->array);
    mem_free(z);
}

int npz_count(const npz *z) { return z->count; }
const npz_array *npz_at(const npz *z, int i) { return &z->array[i]; }

const npz_array *npz_find(const npz *z, const char *name)
{
    for (int i = 0; i < z->count; i++)
        if (strcmp(z->array[i].name, name) == 0) return &z->array[i];
    return NULL;
}

// --- UTF-32 <-> UTF-8 ---

static size_t utf8_put(uint32_t c, uint8_t *out)
{
    if (c < 0x80) return out[0] = (uint8_t)c, 1;
    if (c < 0x800) return out[0] = (uint8_t)(0xc0 | c >> 6), out[1] = (uint8_t)(0x80 | (c & 63)), 2;
    if (c < 0x10000) {
        out[0] = (uint8_t)(0xe0 | c >> 12), out[1] = (uint8_t)(0x80 | (c >> 6 & 63)),
        out[2] = (uint8_t)(0x80 | (c & 63));
        return 3;
    }
    out[0] = (uint8_t)(0xf0 | c >> 18), out[1] = (uint8_t)(0x80 | (c >> 12 & 63));
    out[2] = (uint8_t)(0x80 | (c >> 6 & 63)), out[3] = (uint8_t)(0x80 | (c & 63));
    return 4;
}

// The next character of s [n], n > 0; 0 bytes taken when it is not UTF-8 (RFC 3629).
static size_t utf8_take(const uint8_t *s, size_t n, uint32_t *c)
{
    size_t len = s[0] < 0x80 ? 1 : s[0] >= 0xc2 && s[0] < 0xe0 ? 2 : s[0] >= 0xe0 && s[0] < 0xf0 ? 3 : 4;
    if (len > n || (len == 4 && (s[0] < 0xf0 || s[0] > 0xf4))) return 0;
    *c = len == 1 ? s[0] : s[0] & (0xffu >> (len + 1));
    for (size_t i = 1; i < len; i++) {
        if ((s[i] & 0xc0) != 0x80) return 0;
        *c = *c << 6 | (s[i] & 63);
    }
    bool overlong = (len == 3 && *c < 0x800) || (len == 4 && *c < 0x10000);
    return overlong || *c > 0x10ffff || (*c >= 0xd800 && *c < 0xe000) ? 0 : len;
}

// numpy pads texts with NUL characters, which do not count.
static bool text_from_utf32(const uint8_t *src, size_t count, npz_array *a, err *e)
{
    uint8_t *out = mem_try(count + 1, 4);
    if (!out) return fail(e, ERR_MEMORY, "is larger than the memory at hand");
    a->data = out;
    size_t n = 0, kept = 0;
    for (size_t i = 0; i < count; i++) {
        uint32_t c;
        memcpy(&c, src + 4 * i, 4);
        if (c > 0x10ffff || (c >= 0xd800 && c < 0xe000)) return fail(e, ERR_INPUT, "holds text that is not Unicode");
        n += utf8_put(c, out + n);
        if (c) kept = n;
    }
    a->count = kept;
    return true;
}

static bool text_from_bytes(const uint8_t *src, size_t count, npz_array *a, err *e)
{
    while (count && src[count - 1] == 0) count--;
    for (size_t i = 0, step; i < count; i += step) {
        uint32_t c;
        step = utf8_take(src + i, count - i, &c);
        if (!step) return fail(e, ERR_INPUT, "holds text that is not UTF-8");
    }
    uint8_t *out = mem_try(count + 1, 1);
    if (!out) return fail(e, ERR_MEMORY, "is larger than the memory at hand");
    memcpy(out, src, count);
    a->data = out;
    a->count = count;
    return true;
}

// --- reading ---

static uint32_t u16_at(const uint8_t *p) { return (uint32_t)(p[0] | p[1] << 8); }
static uint32_t u32_at(const uint8_t *p) { return u16_at(p) | u16_at(p + 2) << 16; }

typedef struct {
    const uint8_t *data; // packed [packed]
    uint32_t packed, size, crc, method;
} member;

static bool unpack(const member *m, uint8_t *out)
{
    if (m->method == STORED) return memcpy(out, m->data, m->size), true;
    z_stream z = {
        .next_in = (Bytef *)(uintptr_t)m->data, .avail_in = m->packed, .next_out = out, .avail_out = m->size
    };
    if (inflateInit2(&z, -MAX_WBITS) != Z_OK) return false;
    int end = inflate(&z, Z_FINISH);
    bool whole = end == Z_STREAM_END && z.total_out == m->size && z.total_in == m->packed;
    inflateEnd(&z);
    return whole;
}

// Takes over bytes (unpacked [size]) and moves the elements to their front: one block an array, aligned.
static bool keep(uint8_t *bytes, size_t size, npz_array *a, err *e)
{
    size_t unit;
    bool ok = npy_parse(bytes, size, a, &unit, e);
    const uint8_t *elements = a->data;
    a->data = NULL;
    if (ok && a->type == NPZ_TEXT) {
        ok = unit == 4 ? text_from_utf32(elements, a->count, a, e) : text_from_bytes(elements, a->count, a, e);
    } else if (ok) {
        memmove(bytes, elements, a->count * npz_type_size(a->type));
        a->data = bytes;
        return true;
    }
    mem_free(bytes);
    return ok;
}

static bool read_member(const member *m, npz_array *a, err *e)
{
    if (m->method != STORED && m->method != DEFLATED) {
        return fail(e, ERR_INPUT, "is packed by method %u; stored and deflated are accepted", m->method);
    }
    // Before anything is allocated: a size that its packed bytes can produce.
    if (m->method == STORED ? m->size != m->packed : m->size / EXPANSION > m->packed) {
        return fail(e, ERR_INPUT, "claims more bytes than it packs");
    }
    uint8_t *bytes = mem_try(m->size, 1);
    if (!bytes) return fail(e, ERR_MEMORY, "is larger than the memory at hand");
    if (!unpack(m, bytes) || crc32(0, bytes, m->size) != m->crc) {
        mem_free(bytes);
        return fail(e, ERR_INPUT, "is damaged: it does not unpack to what its checksum says");
    }
    return keep(bytes, m->size, a, e);
}

static bool read_name(const uint8_t *s, size_t n, char *out, err *e)
{
    if (n < 5 || n - 4 >= NPZ_MAX_NAME || memcmp(s + n - 4, ".npy", 4) != 0) {
        return fail(e, ERR_INPUT, "a member's name is not NAME.npy with 1 to %d bytes", NPZ_MAX_NAME - 1);
    }
    for (size_t i = 0; i < n - 4; i++) {
        if (s[i] < ' ' || s[i] == 127) return fail(e, ERR_INPUT, "a member's name holds a control character");
        out[i] = (char)s[i];
    }
    return true;
}

// data [n]: the file up to the central directory. Sizes come from the directory; numpy's local headers defer to it.
static bool find_member(const uint8_t *data, size_t n, const uint8_t *entry, member *m, err *e)
{
    *m = (member){ NULL, u32_at(entry + 20), u32_at(entry + 24), u32_at(entry + 16), u16_at(entry + 10) };
    size_t at = u32_at(entry + 42);
    if (u16_at(entry + 8) & ENCRYPTED) return fail(e, ERR_INPUT, "is encrypted");
    if (at > n || n - at < LOCAL_SIZE || u32_at(data + at) != LOCAL) {
        return fail(e, ERR_INPUT, "has its place outside the file");
    }
    size_t skip = LOCAL_SIZE + u16_at(data + at + 26) + u16_at(data + at + 28);
    if (skip > n - at || m->packed > n - at - skip) return fail(e, ERR_INPUT, "reaches past the end of the file");
    m->data = data + at + skip;
    return true;
}

static bool read_directory(npz *z, const uint8_t *data, size_t at, size_t end, int entries, err *e)
{
    const size_t files = at;
    size_t total = 0;
    for (int i = 0; i < entries; i++) {
        const uint8_t *entry = data + at;
        if (end - at < CENTRAL_SIZE || u32_at(entry) != CENTRAL)
            return fail(e, ERR_INPUT, "the directory is cut short");
        size_t name = u16_at(entry + 28), length = CENTRAL_SIZE + name + u16_at(entry + 30) + u16_at(entry + 32);
        if (length > end - at) return fail(e, ERR_INPUT, "the directory is cut short");
        at += length;

        npz_array a = { 0 };
        if (!read_name(entry + CENTRAL_SIZE, name, a.name, e)) return false;
        if (npz_find(z, a.name)) return fail(e, ERR_INPUT, "array %s is in the file twice", a.name);
        member m;
        bool ok = find_member(data, files, entry, &m, e);
        if (ok && (total += m.size) > LIMIT_NPZ_BYTES) {
            ok = fail(e, ERR_LIMIT, "makes all arrays together larger than %zu bytes", LIMIT_NPZ_BYTES);
        }
        if (!ok || !read_member(&m, &a, e)) {
            char prefix[NPZ_MAX_NAME + 8];
            snprintf(prefix, sizeof prefix, "array %s", a.name);
            mem_free((void *)(uintptr_t)a.data);
            return fail_within(e, prefix);
        }
        z->array[z->count++] = a;
    }
    return at == end || fail(e, ERR_INPUT, "bytes follow the directory's last entry");
}

npz *npz_parse(const uint8_t *data, size_t n, err *e)
{
    if (n < END_SIZE || n > LIMIT_ARRAY_FILE_BYTES) return fail(e, ERR_INPUT, "this is not an .npz file"), NULL;
    // The end record is the last thing but for a comment whose length it tells.
    size_t end = n - END_SIZE, lowest = end > COMMENT_MAX ? end - COMMENT_MAX : 0;
    while (end > lowest && !(u32_at(data + end) == END && u16_at(data + end + 20) == n - end - END_SIZE)) end--;
    if (u32_at(data + end) != END || u16_at(data + end + 20) != n - end - END_SIZE) {
        return fail(e, ERR_INPUT, "this is not an .npz file, or it is cut short"), NULL;
    }
    const uint8_t *tail = data + end;
    size_t entries = u16_at(tail + 10), size = u32_at(tail + 12), at = u32_at(tail + 16);
    if (u32_at(tail + 4) != 0 || u16_at(tail + 8) != entries || at > end || size != end - at) {
        return fail(e, ERR_INPUT, "the zip directory of the .npz file is not where it says"), NULL;
    }
    if (entries > LIMIT_ARRAYS) return fail(e, ERR_LIMIT, "the file holds more than %d arrays", LIMIT_ARRAYS), NULL;
    npz *z = mem_new(1, sizeof *z);
    z->array = mem_array(npz_array, entries);
    if (read_directory(z, data, at, end, (int)entries, e)) return z;
    npz_free(z);
    return NULL;
}

// --- writing ---

// A record of little-endian fields.
typedef struct {
    uint8_t at[CENTRAL_SIZE];
    size_t n;
} record;

static void put16(record *r, size_t v)
{
    r->at[r->n++] = (uint8_t)v;
    r->at[r->n++] = (uint8_t)(v >> 8);
}

static void put32(record *r, size_t v)
{
    put16(r, v & 0xffff);
    put16(r, v >> 16);
}

// The fields that the local header and the directory share: version 2.0, no flags, stored, date … length of the name.
static void put_common(record *r, uint32_t crc, size_t size, size_t name)
{
    put16(r, 20), put16(r, 0), put16(r, STORED), put16(r, 0), put16(r, DATE);
    put32(r, crc), put32(r, size), put32(r, size), put16(r, name), put16(r, 0);
}

static bool write_npy(const npz_array *a, buf *out, err *e)
{
    if (a->type != NPZ_TEXT) {
        size_t count = 1;
        for (int i = 0; i < a->dims; i++) count *= a->dim[i];
        assert(a->dims >= 0 && a->dims <= NPZ_MAX_DIMS && count == a->count);
        return (npy_header(a, 0, out) && buf_append(out, a->data, count * npz_type_size(a->type))) ||
               fail(e, ERR_LIMIT, "array %s is too large", a->name);
    }
    buf wide = buf_new(out->max);
    const uint8_t *s = a->data;
    bool ok = true;
    for (size_t i = 0, step; ok && i < a->count; i += step) {
        uint32_t c;
        step = utf8_take(s + i, a->count - i, &c);
        if (!step) {
            buf_free(&wide);
            return fail(e, ERR_INPUT, "text %s is not UTF-8", a->name);
        }
        ok = buf_append(&wide, &c, 4);
    }
    if (ok && wide.len == 0) ok = buf_append_zeros(&wide, 4); // as numpy writes '': its types have no length 0
    ok = ok && npy_header(a, wide.len / 4, out) && buf_append(out, wide.data, wide.len);
    buf_free(&wide);
    return ok || fail(e, ERR_LIMIT, "text %s is too large", a->name);
}

static bool write_member(const npz_array *a, size_t start, buf *out, buf *directory, err *e)
{
    buf npy = buf_new(LIMIT_NPZ_BYTES);
    bool ok = write_npy(a, &npy, e);
    if (ok) {
        size_t name = strlen(a->name) + 4, at = out->len - start;
        uint32_t crc = (uint32_t)crc32_z(0, npy.data, npy.len);
        record local = { 0 }, central = { 0 };
        put32(&local, LOCAL);
        put_common(&local, crc, npy.len, name);
        put32(&central, CENTRAL);
        put16(&central, 20);
        put_common(&central, crc, npy.len, name);
        put16(&central, 0), put16(&central, 0), put16(&central, 0), put32(&central, 0), put32(&central, at);
        ok = buf_append(out, local.at, local.n) && buf_printf(out, "%s.npy", a->name) &&
             buf_append(out, npy.data, npy.len) && buf_append(directory, central.at, central.n) &&
             buf_printf(directory, "%s.npy", a->name);
        if (!ok) fail(e, ERR_LIMIT, "the .npz file would be larger than %zu bytes", out->max);
    }
    buf_free(&npy);
    return ok;
}

bool npz_write(const npz_array *arrays, int count, buf *out, err *e)
{
    assert(count >= 0 && count <= LIMIT_ARRAYS);
    size_t start = out->len, total = 0;
    buf directory = buf_new(out->max);
    bool ok = true;
    for (int i = 0; ok && i < count; i++) {
        assert(arrays[i].name[0] && memchr(arrays[i].name, 0, NPZ_MAX_NAME));
        ok = write_member(&arrays[i], start, out, &directory, e);
        total = out->len - start;
        if (ok && total > LIMIT_NPZ_BYTES) ok = fail(e, ERR_LIMIT, "the .npz file would be too large");
    }
    if (ok) {
        record end = { 0 };
        put32(&end, END), put16(&end, 0), put16(&end, 0), put16(&end, (size_t)count), put16(&end, (size_t)count);
        put32(&end, directory.len), put32(&end, total), put16(&end, 0);
        ok = buf_append(out, directory.data, directory.len) && buf_append(out, end.at, end.n);
        if (!ok) fail(e, ERR_LIMIT, "the .npz file would be larger than %zu bytes", out->max);
    }
    if (!ok) out->len = start;
    buf_free(&directory);
    return ok;
}
