#include "http/gzip.h"
#include "base/mem.h"

#include <zlib.h>

bool gzip(buf *body)
{
    z_stream z = { 0 };
    if (deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK) return false;
    size_t bound = deflateBound(&z, (uLong)body->len);
    uint8_t *out = mem_try(bound, 1);
    if (!out) {
        deflateEnd(&z);
        return false;
    }
    z.next_in = body->data;
    z.avail_in = (uInt)body->len;
    z.next_out = out;
    z.avail_out = (uInt)bound;
    bool ok = deflate(&z, Z_FINISH) == Z_STREAM_END && z.total_out < body->len;
    size_t n = z.total_out;
    deflateEnd(&z);
    if (!ok) {
        mem_free(out);
        return false;
    }
    size_t max = body->max;
    buf_free(body);
    *body = (buf){ .data = out, .len = n, .cap = bound, .max = max > bound ? max : bound };
    return true;
}
