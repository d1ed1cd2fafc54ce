#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>

static log_sink *the_sink;
static void *the_ctx;

void log_set_sink(log_sink *sink, void *ctx)
{
    the_sink = sink;
    the_ctx = ctx;
}

void log_line(log_level level, const char *text)
{
    if (the_sink) the_sink(the_ctx, level, text);
}

void log_say(log_level level, const char *fmt, ...)
{
    if (!the_sink) return;
    char text[1024];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    the_sink(the_ctx, level, text);
}
