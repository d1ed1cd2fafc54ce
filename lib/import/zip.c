#include "import/zip.h"
#include "base/limits.h"
#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

// PKWARE APPNOTE.TXT, sections 4.3.7 (local header), 4.3.12 (directory), 4.3.14 and 4.3.15 (zip64 end and its locator),
// 4.3.16 (end), 4.5.3 (zip64 extra field).
enum { LOCAL = 0x04034b50, CENTRAL = 0x02014b50, END = 0x06054b50, END64 = 0x06064b50, LOCATOR = 0x07064b50 };
enum { LOCAL_SIZE = 30, CENTRAL_SIZE = 46, END_SIZE = 22, END64_SIZE = 56, LOCATOR_SIZE = 20, COMMENT_MAX = 65535 };
enum { ENCRYPTED = 1, EXTRA_ZIP64 = 1 };

static uint32_t u16_at(const uint8_t *p) { return (uint32_t)(p[0] | p[1] << 8); }
static uint32_t u32_at(const uint8_t *p) { return u16_at(p) | u16_at(p + 2) << 16; }
static uint64_t u64_at(const uint8_t *p) { return u32_at(p) | (uint64_t)u32_at(p + 4) << 32; }

typedef struct {
    uint64_t at, size, entries; // of the directory
} directory;

static bool find_directory(const uint8_t *data, size_t n, directory *d, err *e)
{
    if (n < END_SIZE) return fail(e, ERR_INPUT, "this is not a zip file");
    // The end record is the last thing but for a comment whose length it tells.
    size_t end = n - END_SIZE, lowest = end > COMMENT_MAX ? end - COMMENT_MAX : 0;
    while (end > lowest && !(u32_at(data + end) == END && u16_at(data + end + 20) == n - end - END_SIZE)) end--;
    const uint8_t *tail = data + end;
    if (u32_at(tail) != END || u16_at(tail + 20) != n - end - END_SIZE) {
        return fail(e, ERR_INPUT, "this is not a zip file, or it is cut short");
    }
    *d = (directory){ u32_at(tail + 16), u32_at(tail + 12), u16_at(tail + 10) };
    uint64_t before = end; // the directory ends here at the latest
    if (end >= LOCATOR_SIZE && u32_at(tail - LOCATOR_SIZE) == LOCATOR) {
        uint64_t at = u64_at(tail - LOCATOR_SIZE + 8);
        if (at > end || end - at < END64_SIZE + LOCATOR_SIZE || u32_at(data + at) != END64) {
            return fail(e, ERR_INPUT, "the zip64 end record is not where its locator says");
        }
        *d = (directory){ u64_at(data + at + 48), u64_at(data + at + 40), u64_at(data + at + 32) };
        before = at;
    }
    if (d->at > before || d->size > before - d->at) {
        return fail(e, ERR_INPUT, "the zip directory is not where the file says");
    }
    if (d->entries > LIMIT_ZIP_MEMBERS) {
        return fail(e, ERR_LIMIT, "the zip file has more than %d members", LIMIT_ZIP_MEMBERS);
    }
    return true;
}

// What the directory tells of one member, after the 64-bit values that replace 0xffffffff.
typedef struct {
    uint64_t packed, size, at;
} place;

static bool read_place(const uint8_t *entry, const uint8_t *extra, size_t extra_len, place *p)
{
    uint64_t *const field[] = { &p->size, &p->packed, &p->at }; // in the extra field's order
    *p = (place){ u32_at(entry + 20), u32_at(entry + 24), u32_at(entry + 42) };
    while (extra_len >= 4) {
        size_t kind = u16_at(extra), len = u16_at(extra + 2);
        if (len > extra_len - 4) return false;
        const uint8_t *at = extra + 4, *end = at + len;
        for (int i = 0; kind == EXTRA_ZIP64 && i < 3; i++) {
            if (*field[i] != UINT32_MAX) continue;
            if (end - at < 8) return false;
            *field[i] = u64_at(at);
            at += 8;
        }
        if (kind == EXTRA_ZIP64) return true;
        extra += 4 + len;
        extra_len -= 4 + len;
    }
    return true;
}

// entry: CENTRAL_SIZE bytes and more; name_len bytes of name and extra_len of extra fields follow.
static bool read_member(const uint8_t *data, uint64_t files, const uint8_t *entry, zip_member *m, err *e)
{
    size_t name_len = u16_at(entry + 28), extra_len = u16_at(entry + 30);
    place p;
    m->name = (const char *)entry + CENTRAL_SIZE;
    m->name_len = name_len;
    m->crc = u32_at(entry + 16);
    if (!read_place(entry, entry + CENTRAL_SIZE + name_len, extra_len, &p)) {
        return fail(e, ERR_INPUT, "has a zip64 field that is cut short");
    }
    if (u16_at(entry + 8) & ENCRYPTED) return fail(e, ERR_INPUT, "is encrypted");
    if (u16_at(entry + 10) != 0 || p.packed != p.size) {
        return fail(e, ERR_INPUT, "is compressed; checkpoints store their members as they are");
    }
    if (p.at > files || files - p.at < LOCAL_SIZE || u32_at(data + p.at) != LOCAL) {
        return fail(e, ERR_INPUT, "has its place outside the file");
    }
    uint64_t skip = LOCAL_SIZE + u16_at(data + p.at + 26) + u16_at(data + p.at + 28), room = files - p.at;
    if (skip > room || p.size > room - skip) return fail(e, ERR_INPUT, "reaches past the end of the file");
    m->data = data + p.at + skip;
    m->size = p.size;
    return true;
}

static int compare(const char *a, size_t a_len, const char *b, size_t b_len)
{
    size_t n = a_len < b_len ? a_len : b_len;
    int order = n ? memcmp(a, b, n) : 0;
    return order ? order : (a_len > b_len) - (a_len < b_len);
}

static int by_name(const void *a, const void *b)
{
    const zip_member *x = a, *y = b;
    return compare(x->name, x->name_len, y->name, y->name_len);
}

bool zip_open(const uint8_t *data, size_t n, zip_archive *out, err *e)
{
    *out = (zip_archive){ 0 };
    directory d = { 0 };
    if (!find_directory(data, n, &d, e)) return false;
    if (d.entries > d.size / CENTRAL_SIZE) return fail(e, ERR_INPUT, "the zip directory is cut short");
    out->member = mem_array(zip_member, d.entries);
    const uint8_t *at = data + d.at, *end = at + d.size;
    for (uint64_t i = 0; i < d.entries; i++) {
        size_t room = (size_t)(end - at);
        if (room < CENTRAL_SIZE || u32_at(at) != CENTRAL) return fail(e, ERR_INPUT, "the zip directory is cut short");
        size_t length = CENTRAL_SIZE + u16_at(at + 28) + u16_at(at + 30) + u16_at(at + 32);
        if (length > room) return fail(e, ERR_INPUT, "the zip directory is cut short");
        if (!read_member(data, d.at, at, &out->member[out->count], e)) {
            char prefix[64];
            snprintf(prefix, sizeof prefix, "member %llu of the zip file", (unsigned long long)i + 1);
            return fail_within(e, prefix);
        }
        out->count++;
        at += length;
    }
    qsort(out->member, out->count, sizeof *out->member, by_name);
    for (size_t i = 1; i < out->count; i++) {
        if (by_name(&out->member[i - 1], &out->member[i]) == 0) {
            return fail(e, ERR_INPUT, "the zip file has two members of one name");
        }
    }
    return true;
}

void zip_close(zip_archive *z)
{
    mem_free(z->member);
    *z = (zip_archive){ 0 };
}

const zip_member *zip_find(const zip_archive *z, const char *name)
{
    size_t lo = 0, hi = z->count, len = strlen(name);
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        int order = compare(name, len, z->member[mid].name, z->member[mid].name_len);
        if (order == 0) return &z->member[mid];
        if (order < 0)
            hi = mid;
        else
            lo = mid + 1;
    }
    return NULL;
}

bool zip_intact(const zip_member *m) { return m->crc == 0 || crc32_z(0, m->data, m->size) == m->crc; }
