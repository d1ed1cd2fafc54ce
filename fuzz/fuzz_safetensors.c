// Any bytes: refused, or every tensor readable to its last byte and the file written back parses to the same.
#include "arrays/safetensors.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    err e = { 0 };
    safetensors *s = st_parse(data, size, &e);
    if (!s) {
        assert(e.msg[0] && e.code != ERR_NONE);
        return 0;
    }
    st_writer *w = st_writer_new();
    unsigned sum = 0;
    for (int i = 0; i < st_count(s); i++) {
        const st_tensor *t = st_at(s, i);
        for (size_t k = 0; k < t->bytes; k++) sum += ((const uint8_t *)t->data)[k];
        st_writer_add(w, t->name, t->type, t->dims, t->dim, t->data);
    }
    buf b = buf_new(1 << 24);
    bool ok = st_write(w, &b, &e);
    assert(ok);
    safetensors *again = st_parse(b.data, b.len, &e);
    assert(again && st_count(again) == st_count(s));
    for (int i = 0; i < st_count(s); i++) {
        const st_tensor *t = st_at(s, i), *u = st_find(again, t->name);
        assert(u && u->bytes == t->bytes && (sum += u->dims == t->dims, true));
        assert(t->bytes == 0 || memcmp(u->data, t->data, t->bytes) == 0);
    }
    st_free(again);
    buf_free(&b);
    st_writer_free(w);
    st_free(s);
    return sum == 12345 ? -1 : 0; // keeps the reads; -1 only keeps the input out of the corpus
}
