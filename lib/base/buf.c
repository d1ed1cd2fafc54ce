#include "base/buf.h"
#include "base/mem.h"

#include <locale.h>
#include <math.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

buf buf_new(size_t max) { return (buf){ .max = max }; }

void buf_free(buf *b)
{
    mem_free(b->data);
    *b = (buf){ .max = b->max };
}

void buf_reuse(buf *b, size_t max)
{
    b->len = 0;
    b->max = max;
}

static bool reserve(buf *b, size_t n)
{
    if (n > b->max - b->len) return false;
    size_t need = b->len + n;
    if (need <= b->cap) return true;
    size_t cap = b->cap < 128 ? 256 : b->cap * 2;
    if (cap < need) cap = need;
    if (cap > b->max) cap = b->max;
    uint8_t *data = mem_try_grow(b->data, cap, 1);
    if (!data) return false;
    b->data = data;
    b->cap = cap;
    return true;
}

bool buf_append(buf *b, const void *data, size_t n)
{
    if (!reserve(b, n)) return false;
    if (n) memcpy(b->data + b->len, data, n);
    b->len += n;
    return true;
}

bool buf_append_zeros(buf *b, size_t n)
{
    if (!reserve(b, n)) return false;
    if (n) memset(b->data + b->len, 0, n);
    b->len += n;
    return true;
}

// A host program may have set a locale with a decimal comma; our texts are for programs to read. A locale that cannot
// be made leaves the host's.
static locale_t plain_numbers;
static void make_plain(void) { plain_numbers = newlocale(LC_ALL_MASK, "C", (locale_t)0); }
static locale_t begin_plain(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, make_plain);
    return uselocale(plain_numbers);
}

static bool print(buf *b, const char *fmt, va_list list)
{
    // Written where it belongs; a text that does not fit there was measured by the attempt.
    va_list ap;
    size_t room = (b->cap < b->max ? b->cap : b->max) - b->len;
    va_copy(ap, list);
    int n = vsnprintf(room ? (char *)b->data + b->len : NULL, room, fmt, ap);
    va_end(ap);
    if (n < 0) return false;
    size_t len = (size_t)n;
    if (len >= room) {
        if (!reserve(b, len)) return false;
        // vsnprintf ends with a zero, for which a buffer at its maximum has no room.
        bool beside = b->cap - b->len == len;
        char *text = beside ? mem_new(len + 1, 1) : (char *)b->data + b->len;
        va_copy(ap, list);
        vsnprintf(text, len + 1, fmt, ap);
        va_end(ap);
        if (beside) {
            if (len) memcpy(b->data + b->len, text, len);
            mem_free(text);
        }
    }
    b->len += len;
    return true;
}

bool buf_printf(buf *b, const char *fmt, ...)
{
    va_list ap;
    locale_t host = begin_plain();
    va_start(ap, fmt);
    bool ok = print(b, fmt, ap);
    va_end(ap);
    uselocale(host);
    return ok;
}

bool buf_text(buf *b, const char *text) { return buf_append(b, text, strlen(text)); }

bool buf_join(buf *b, ...)
{
    size_t before = b->len;
    va_list ap;
    va_start(ap, b);
    bool ok = true;
    for (const char *text; ok && (text = va_arg(ap, const char *));) ok = buf_text(b, text);
    va_end(ap);
    if (!ok) b->len = before;
    return ok;
}

char *fixed_text(char *out, double v, int decimals)
{
    static const double tens[] = { 1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6 };
    double scaled = fabs(v) * tens[decimals], whole = floor(scaled), rest = scaled - whole;
    // The product is off by less than 1e-7 below 1e9. Near a half that could decide; printf knows the exact value.
    if (!(scaled < 1e9) || fabs(rest - 0.5) < 1e-6) {
        locale_t host = begin_plain();
        out += snprintf(out, FIXED_TEXT, "%.*f", decimals, v);
        uselocale(host);
        return out;
    }
    uint32_t n = (uint32_t)whole + (rest > 0.5);
    char text[16], *at = text + sizeof text;
    for (int digits = 0; n || digits <= decimals; digits++, n /= 10) {
        if (decimals && digits == decimals) *--at = '.';
        *--at = (char)('0' + n % 10);
    }
    if (signbit(v)) *--at = '-';
    size_t len = (size_t)(text + sizeof text - at);
    memcpy(out, at, len);
    return out + len;
}

bool buf_fixed(buf *b, double v, int decimals)
{
    char text[FIXED_TEXT];
    return buf_append(b, text, (size_t)(fixed_text(text, v, decimals) - text));
}

bool buf_align(buf *b, size_t alignment, uint8_t fill)
{
    size_t pad = (alignment - b->len % alignment) % alignment;
    if (!buf_append_zeros(b, pad)) return false;
    if (pad) memset(b->data + b->len - pad, fill, pad);
    return true;
}
