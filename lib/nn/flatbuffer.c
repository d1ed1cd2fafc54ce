#include "nn/flatbuffer.h"

#include <assert.h>
#include <string.h>

static const fb_table NOTHING;

static bool inside(flatbuffer *f, size_t pos, size_t n)
{
    if (!f->bad && pos <= f->len && n <= f->len - pos) return true;
    f->bad = true;
    return false;
}

// The container is little-endian on every machine.
static uint16_t u16(const flatbuffer *f, size_t pos) { return (uint16_t)(f->data[pos] | f->data[pos + 1] << 8); }

static uint32_t u32(const flatbuffer *f, size_t pos) { return (uint32_t)u16(f, pos) | (uint32_t)u16(f, pos + 2) << 16; }

static fb_table table_at(flatbuffer *f, size_t pos)
{
    if (!inside(f, pos, 4)) return NOTHING;
    // A table opens with the signed distance back to its vtable.
    int64_t vtable = (int64_t)pos - (int32_t)u32(f, pos);
    if (vtable < 0 || !inside(f, (size_t)vtable, 4)) {
        f->bad = true;
        return NOTHING;
    }
    fb_table t = { pos, (size_t)vtable, u16(f, (size_t)vtable), u16(f, (size_t)vtable + 2) };
    if (t.vtable_len < 4 || t.vtable_len % 2 || t.table_len < 4 || !inside(f, t.vtable, t.vtable_len) ||
        !inside(f, t.pos, t.table_len)) {
        f->bad = true;
        return NOTHING;
    }
    return t;
}

// Where an offset stored at pos leads to; offsets are unsigned and count from where they are stored.
static size_t follow(flatbuffer *f, size_t pos)
{
    if (!inside(f, pos, 4)) return 0;
    return pos + u32(f, pos);
}

// Position of a field of size bytes, or 0 when the table has none.
static size_t field_at(flatbuffer *f, fb_table t, unsigned field, size_t size)
{
    size_t slot = 4 + 2 * (size_t)field;
    if (f->bad || !t.pos || slot + 2 > t.vtable_len) return 0;
    uint16_t offset = u16(f, t.vtable + slot);
    if (!offset) return 0;
    if (offset < 4 || offset + size > t.table_len) {
        f->bad = true;
        return 0;
    }
    return t.pos + offset;
}

fb_table fb_root(flatbuffer *f, const char identifier[4])
{
    if (!inside(f, 0, 8)) return NOTHING;
    if (memcmp(f->data + 4, identifier, 4) != 0) {
        f->bad = true;
        return NOTHING;
    }
    return table_at(f, u32(f, 0));
}

uint8_t fb_u8(flatbuffer *f, fb_table t, unsigned field, uint8_t missing)
{
    size_t pos = field_at(f, t, field, 1);
    return pos ? f->data[pos] : missing;
}

uint32_t fb_u32(flatbuffer *f, fb_table t, unsigned field, uint32_t missing)
{
    size_t pos = field_at(f, t, field, 4);
    return pos ? u32(f, pos) : missing;
}

int32_t fb_i32(flatbuffer *f, fb_table t, unsigned field, int32_t missing)
{
    return (int32_t)fb_u32(f, t, field, (uint32_t)missing);
}

fb_table fb_child(flatbuffer *f, fb_table t, unsigned field)
{
    size_t pos = field_at(f, t, field, 4);
    return pos ? table_at(f, follow(f, pos)) : NOTHING;
}

fb_vector fb_list(flatbuffer *f, fb_table t, unsigned field, size_t size)
{
    size_t at = field_at(f, t, field, 4);
    if (!at) return (fb_vector){ 0 };
    size_t pos = follow(f, at);
    if (!inside(f, pos, 4)) return (fb_vector){ 0 };
    uint32_t count = u32(f, pos);
    size_t bytes;
    if (__builtin_mul_overflow((size_t)count, size, &bytes) || !inside(f, pos + 4, bytes)) {
        f->bad = true;
        return (fb_vector){ 0 };
    }
    return (fb_vector){ pos + 4, count };
}

uint16_t fb_u16_at(const flatbuffer *f, fb_vector v, uint32_t i)
{
    assert(i < v.count);
    return u16(f, v.pos + 2 * (size_t)i);
}

int32_t fb_i32_at(const flatbuffer *f, fb_vector v, uint32_t i)
{
    assert(i < v.count);
    return (int32_t)u32(f, v.pos + 4 * (size_t)i);
}

fb_table fb_table_at(flatbuffer *f, fb_vector v, uint32_t i)
{
    assert(i < v.count);
    return table_at(f, follow(f, v.pos + 4 * (size_t)i));
}
