#include "base/label.h"

#include <stdint.h>

// Bytes of the character at s, 0 when they are no UTF-8 (RFC 3629: neither overlong nor a surrogate).
static size_t character(const uint8_t *s)
{
    static const struct {
        uint8_t from, to; // the first byte
        size_t bytes;
        uint8_t least, most; // the second
    } form[] = { { 0x01, 0x7f, 1, 0, 0 },       { 0xc2, 0xdf, 2, 0x80, 0xbf }, { 0xe0, 0xe0, 3, 0xa0, 0xbf },
                 { 0xe1, 0xec, 3, 0x80, 0xbf }, { 0xed, 0xed, 3, 0x80, 0x9f }, { 0xee, 0xef, 3, 0x80, 0xbf },
                 { 0xf0, 0xf0, 4, 0x90, 0xbf }, { 0xf1, 0xf3, 4, 0x80, 0xbf }, { 0xf4, 0xf4, 4, 0x80, 0x8f } };
    for (size_t i = 0; i < sizeof form / sizeof *form; i++) {
        if (*s < form[i].from || *s > form[i].to) continue;
        if (form[i].bytes > 1 && (s[1] < form[i].least || s[1] > form[i].most)) return 0;
        for (size_t k = 2; k < form[i].bytes; k++)
            if ((s[k] & 0xc0) != 0x80) return 0;
        return form[i].bytes;
    }
    return 0;
}

void label_copy(char *out, size_t size, const char *from)
{
    const uint8_t *s = (const uint8_t *)from;
    size_t at = 0;
    while (*s) {
        size_t n = character(s), step = n ? n : 1;
        if (at + step >= size) break;
        if (n == 0 || *s < 0x20 || *s == 0x7f || *s == '"' || *s == '\\')
            out[at] = ' ';
        else
            for (size_t k = 0; k < n; k++) out[at + k] = (char)s[k];
        at += step, s += step;
    }
    out[at] = 0;
}
