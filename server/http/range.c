#include "http/range.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

// Digits at *p; false when there are none. A number too large for the type is the largest there is.
static bool number(const char **p, uint64_t *out)
{
    const char *start = *p;
    for (*out = 0; **p >= '0' && **p <= '9'; ++*p)
        if (__builtin_mul_overflow(*out, 10, out) || __builtin_add_overflow(*out, (uint64_t)(**p - '0'), out))
            *out = UINT64_MAX;
    return *p != start;
}

range_kind range_parse(const char *header, uint64_t size, uint64_t *from, uint64_t *count)
{
    if (!header || strncasecmp(header, "bytes=", 6) != 0) return RANGE_NONE;
    const char *p = header + 6;
    uint64_t first, last;
    bool has_first = number(&p, &first);
    if (*p++ != '-') return RANGE_NONE;
    bool has_last = number(&p, &last);
    if (*p || (!has_first && !has_last) || (has_first && has_last && last < first)) return RANGE_NONE;
    if (!has_first) { // the last so many
        if (!last || !size) return RANGE_OUTSIDE;
        *count = last < size ? last : size;
        *from = size - *count;
        return RANGE_SOME;
    }
    if (first >= size) return RANGE_OUTSIDE;
    *from = first;
    *count = has_last && last - first < size - first - 1 ? last - first + 1 : size - first;
    return RANGE_SOME;
}
