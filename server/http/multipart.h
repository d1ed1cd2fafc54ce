// multipart/form-data (RFC 7578) as it streams in: bytes pushed, parts handed out. Pure; refuses what two readers could
// read differently (missing final boundary, bare line feeds in part heads, preamble longer than a line).
#pragma once
#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

typedef struct {
    void *ctx;
    // A part begins; filename and type are "" when absent. False stops the parse with *e.
    bool (*begin)(void *ctx, const char *name, const char *filename, const char *type, err *e);
    bool (*data)(void *ctx, const uint8_t *bytes, size_t n, err *e);
} multipart_sink;

typedef struct {
    multipart_sink sink;
    int state;
    char boundary[80]; // "\r\n--" and the boundary
    size_t boundary_len, matched;
    char head[1024];
    size_t head_len;
    int parts;
} multipart;

// content_type: the header's value. False when it is not multipart/form-data with a boundary of 1 to 70 characters.
bool multipart_init(multipart *m, const char *content_type, const multipart_sink *sink, err *e) MUST_USE;
bool multipart_push(multipart *m, const uint8_t *bytes, size_t n, err *e) MUST_USE;
bool multipart_end(multipart *m, err *e) MUST_USE; // the body is over: was it whole?
