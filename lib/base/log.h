// The library's one way to speak: a hook the program sets. The library never prints by itself.
#pragma once

typedef enum { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR } log_level;
typedef void log_sink(void *ctx, log_level level, const char *text); // text: one line without its newline

// Set once at start, before any thread exists. Without a sink nothing is said.
void log_set_sink(log_sink *sink, void *ctx);
void log_line(log_level level, const char *text); // as it is
void log_say(log_level level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
