#include "common/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

// Length of the well-formed UTF-8 sequence at s (RFC 3629: no overlong forms, no surrogates), or 0.
static size_t utf8_len(const unsigned char *s)
{
    if (s[0] < 0x80) return 1;
    if (s[0] >= 0xc2 && s[0] <= 0xdf) return (s[1] & 0xc0) == 0x80 ? 2 : 0;
    if ((s[0] & 0xf0) == 0xe0) {
        if ((s[1] & 0xc0) != 0x80 || (s[2] & 0xc0) != 0x80) return 0;
        if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f)) return 0;
        return 3;
    }
    if (s[0] >= 0xf0 && s[0] <= 0xf4) {
        if ((s[1] & 0xc0) != 0x80 || (s[2] & 0xc0) != 0x80 || (s[3] & 0xc0) != 0x80) return 0;
        if ((s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f)) return 0;
        return 4;
    }
    return 0;
}

// Does one of eight bytes need more than copying: a control character, a quote, a backslash, a byte of a longer
// sequence? (x - n) & ~x has the top bit of a byte set if any byte is less than n: Hacker's Delight, 6-1.
static bool odd_one_of_eight(const char *p)
{
    const uint64_t ones = 0x0101010101010101u, tops = ones << 7;
    uint64_t x, quote, slash;
    memcpy(&x, p, sizeof x);
    quote = x ^ ones * '"';
    slash = x ^ ones * '\\';
    return (((x - ones * 0x20) & ~x) | ((quote - ones) & ~quote) | ((slash - ones) & ~slash) | x) & tops;
}

// How many bytes from s on, of n, stand in a JSON string as they are.
static size_t plain_run(const char *s, size_t n)
{
    size_t run = 0;
    while (n - run >= 8 && !odd_one_of_eight(s + run)) run += 8;
    for (; run < n; run++) {
        unsigned char c = (unsigned char)s[run];
        if (c < 0x20 || c >= 0x80 || c == '"' || c == '\\') break;
    }
    return run;
}

bool json_put_string(buf *b, const char *s)
{
    if (!s) return buf_append(b, "null", 4);
    bool ok = buf_append(b, "\"", 1);
    const unsigned char *p = (const unsigned char *)s, *end = p + strlen(s);
    while (ok && p < end) {
        size_t run = plain_run((const char *)p, (size_t)(end - p));
        if (run) {
            ok = buf_append(b, p, run);
            p += run;
        } else if (*p == '"' || *p == '\\') {
            ok = buf_append(b, (char[2]){ '\\', (char)*p++ }, 2);
        } else if (*p < 0x20) {
            ok = buf_printf(b, "\\u%04x", *p++);
        } else {
            size_t n = utf8_len(p);
            ok = n ? buf_append(b, p, n) : buf_append(b, "\xef\xbf\xbd", 3);
            p += n ? n : 1;
        }
    }
    return ok && buf_append(b, "\"", 1);
}

bool percent_encode(buf *b, const char *s, size_t n, bool keep_slash)
{
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)s[i];
        bool plain = (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z') || c == '-' || c == '.' ||
                     c == '_' || c == '~' || (keep_slash && c == '/');
        bool ok = plain ? buf_append(b, &c, 1) : buf_printf(b, "%%%02X", c);
        if (!ok) return false;
    }
    return true;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if ((c | 32) >= 'a' && (c | 32) <= 'f') return (c | 32) - 'a' + 10;
    return -1;
}

long percent_decode(char *s, size_t n)
{
    size_t out = 0;
    for (size_t i = 0; i < n; i++) {
        char c = s[i];
        if (c == '%') {
            if (n - i < 3) return -1;
            int hi = hex_digit(s[i + 1]), lo = hex_digit(s[i + 2]);
            if (hi < 0 || lo < 0 || (hi | lo) == 0) return -1;
            c = (char)(hi << 4 | lo);
            i += 2;
        }
        s[out++] = c;
    }
    return (long)out;
}

char *arena_textn(arena *a, const char *s, size_t n)
{
    char *p = arena_surely(a, n + 1);
    memcpy(p, s, n);
    p[n] = 0;
    return p;
}

char *arena_text(arena *a, const char *s) { return s ? arena_textn(a, s, strlen(s)) : NULL; }

char *arena_join(arena *a, ...)
{
    size_t n = 0;
    va_list ap;
    va_start(ap, a);
    for (const char *s; (s = va_arg(ap, const char *));) n += strlen(s);
    va_end(ap);
    char *text = arena_surely(a, n + 1), *at = text;
    va_start(ap, a);
    for (const char *s; (s = va_arg(ap, const char *));) at = stpcpy(at, s);
    va_end(ap);
    return text;
}

char *int_text(int64_t v, char out[INT_TEXT])
{
    char digits[INT_TEXT], *at = digits + INT_TEXT;
    uint64_t n = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
    *--at = 0;
    do *--at = (char)('0' + n % 10);
    while (n /= 10);
    if (v < 0) *--at = '-';
    return memcpy(out, at, (size_t)(digits + INT_TEXT - at));
}

char *arena_printf(arena *a, const char *fmt, ...)
{
    char brief[512]; // most are: then formatting once is enough
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(brief, sizeof brief, fmt, ap);
    va_end(ap);
    if (n < 0) return arena_textn(a, "", 0);
    if ((size_t)n < sizeof brief) return arena_textn(a, brief, (size_t)n);
    char *text = arena_surely(a, (size_t)n + 1);
    va_start(ap, fmt);
    vsnprintf(text, (size_t)n + 1, fmt, ap);
    va_end(ap);
    return text;
}

static const char *past_string(const char *p) // p at the opening quote
{
    for (p++; *p && *p != '"'; p++)
        if (*p == '\\' && p[1]) p++;
    return *p ? p + 1 : p;
}

// Past an object or array; p at its opening bracket. Texts of kilobytes are looked through so: a table tells in one
// step what is of no interest.
static const char *past_brackets(const char *p)
{
    static const bool marks[256] = { [0] = true, ['"'] = true, ['{'] = true, ['}'] = true, ['['] = true, [']'] = true };
    for (int depth = 0;;) {
        while (!marks[(unsigned char)*p]) p++;
        if (*p == '"') {
            p = past_string(p);
            continue;
        }
        if (!*p) return p;
        depth += *p == '{' || *p == '[' ? 1 : -1;
        p++;
        if (!depth) return p;
    }
}

static bool blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

static const char *past_blanks(const char *p)
{
    while (blank(*p)) p++;
    return p;
}

void json_compact(char *text)
{
    char *out = text;
    for (const char *p = text; *p;) {
        if (blank(*p)) {
            p++;
            continue;
        }
        const char *end = *p == '"' ? past_string(p) : p + 1;
        memmove(out, p, (size_t)(end - p));
        out += end - p;
        p = end;
    }
    *out = 0;
}

void json_members(const char *object, json_member *want, int count)
{
    for (int i = 0; i < count; i++) want[i].at = NULL;
    int left = count;
    const char *p = past_blanks(object);
    if (*p != '{') return;
    p = past_blanks(p + 1);
    while (*p == '"' && left) {
        const char *name = p + 1, *end = past_string(p);
        size_t len = (size_t)(end - name) - 1;
        p = past_blanks(end);
        if (*p != ':') return;
        const char *value = p = past_blanks(p + 1), *last = value;
        while (*p && *p != ',' && *p != '}') {
            if (*p == '"' || *p == '{' || *p == '[')
                last = p = *p == '"' ? past_string(p) : past_brackets(p);
            else if (blank(*p++))
                continue;
            else
                last = p;
        }
        for (int i = 0; i < count; i++)
            if (!want[i].at && strlen(want[i].name) == len && !memcmp(name, want[i].name, len)) {
                want[i].at = value;
                want[i].len = (size_t)(last - value);
                left--;
            }
        if (*p != ',') return;
        p = past_blanks(p + 1);
    }
}
