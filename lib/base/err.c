#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>

bool fail(err *e, err_code code, const char *fmt, ...)
{
    if (!e) return false;
    e->code = code;
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(e->msg, sizeof e->msg, fmt, ap);
    va_end(ap);
    return false;
}

bool fail_within(err *e, const char *prefix)
{
    if (!e) return false;
    char inner[sizeof e->msg];
    snprintf(inner, sizeof inner, "%s", e->msg);
    // Truncating a sentence that is too long is what the fixed size is for.
    int n = snprintf(e->msg, sizeof e->msg, "%.100s: ", prefix);
    snprintf(e->msg + n, sizeof e->msg - (size_t)n, "%s", inner);
    return false;
}
