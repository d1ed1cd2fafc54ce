// First byte: how the rest is cut. The same bytes cut differently must come out the same.
#include "base/buf.h"
#include "http/multipart.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool begin(void *ctx, const char *name, const char *filename, const char *type, err *e)
{
    (void)e;
    return buf_printf(ctx, "[%s|%s|%s]", name, filename, type);
}

static bool bytes(void *ctx, const uint8_t *p, size_t n, err *e)
{
    (void)e;
    return buf_append(ctx, p, n);
}

static bool parse(const uint8_t *data, size_t size, size_t step, buf *out)
{
    multipart m;
    multipart_sink sink = { out, begin, bytes };
    err e;
    bool ok = multipart_init(&m, "multipart/form-data; boundary=x", &sink, &e);
    for (size_t i = 0; ok && i < size; i += step)
        ok = multipart_push(&m, data + i, size - i < step ? size - i : step, &e);
    return ok && multipart_end(&m, &e);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!size) return 0;
    // The content type is outside text too: try the input as one.
    char type[256];
    size_t n = size < sizeof type - 1 ? size : sizeof type - 1;
    memcpy(type, data, n);
    type[n] = 0;
    multipart m;
    err e;
    buf one = buf_new(1 << 20), two = buf_new(1 << 20);
    multipart_sink sink = { &one, begin, bytes };
    if (multipart_init(&m, type, &sink, &e) && (m.boundary_len < 5 || m.boundary_len > 74)) abort();
    size_t step = data[0] % 16 + 1u;
    bool a = parse(data + 1, size - 1, size, &one), b = parse(data + 1, size - 1, step, &two);
    if (a != b || (a && (one.len != two.len || (one.len && memcmp(one.data, two.data, one.len) != 0)))) abort();
    buf_free(&one);
    buf_free(&two);
    return 0;
}
