// EXIF 2.32 section 4.6: a TIFF file (TIFF 6.0 section 2) of directories, each a count of 12-byte entries: tag, type,
// number of values, and the value itself when it fits four bytes. Both tags we want are single SHORTs, so no offset
// but those of the two directories is ever followed: IFD0 and the EXIF directory it points to.
#include "image/exif.h"

#include <stdbool.h>
#include <string.h>

enum {
    TAG_ORIENTATION = 0x0112,
    TAG_EXIF_DIRECTORY = 0x8769,
    TAG_FOCAL_35MM = 0xA405,
    TYPE_SHORT = 3,
    TYPE_LONG = 4,
    ENTRY = 12
};

typedef struct {
    const uint8_t *data;
    size_t n;
    bool big_endian;
} tiff;

static uint32_t u16_at(const tiff *t, size_t at)
{
    uint32_t a = t->data[at], b = t->data[at + 1];
    return t->big_endian ? a << 8 | b : b << 8 | a;
}

static uint32_t u32_at(const tiff *t, size_t at)
{
    uint32_t a = u16_at(t, at), b = u16_at(t, at + 2);
    return t->big_endian ? a << 16 | b : b << 16 | a;
}

// The single value of tag in the directory at offset dir, when it has the type asked for.
static bool find(const tiff *t, uint32_t dir, uint32_t tag, uint32_t type, uint32_t *value)
{
    if (t->n < 2 || dir > t->n - 2) return false;
    size_t room = (t->n - dir - 2) / ENTRY;
    size_t count = u16_at(t, dir);
    if (count > room) count = room;
    for (size_t i = 0; i < count; i++) {
        size_t at = (size_t)dir + 2 + i * ENTRY;
        if (u16_at(t, at) != tag) continue;
        if (u16_at(t, at + 2) != type || u32_at(t, at + 4) != 1) return false;
        *value = type == TYPE_SHORT ? u16_at(t, at + 8) : u32_at(t, at + 8);
        return true;
    }
    return false;
}

exif_info exif_parse(const uint8_t *data, size_t n)
{
    exif_info info = { .orientation = 1 };
    static const uint8_t prefix[6] = "Exif\0";
    if (n >= sizeof prefix && memcmp(data, prefix, sizeof prefix) == 0) data += sizeof prefix, n -= sizeof prefix;
    if (n < 8) return info;
    tiff t = { data, n, data[0] == 'M' };
    if (memcmp(data, "II*\0", 4) != 0 && memcmp(data, "MM\0*", 4) != 0) return info;

    uint32_t ifd0 = u32_at(&t, 4), exif = 0, value = 0;
    if (find(&t, ifd0, TAG_ORIENTATION, TYPE_SHORT, &value) && value >= 1 && value <= 8) info.orientation = value;
    if (find(&t, ifd0, TAG_EXIF_DIRECTORY, TYPE_LONG, &exif) && find(&t, exif, TAG_FOCAL_35MM, TYPE_SHORT, &value)) {
        info.focal_35mm = (float)value;
    }
    return info;
}
