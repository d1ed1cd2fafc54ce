// The first byte chooses: a whole .npz, or one .npy array (whose header a checksum would else hide from the fuzzer).
// Refused, or every element readable and the arrays written back parse to the same.
#include "arrays/npy.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t bytes_of(const npz_array *a) { return a->count * npz_type_size(a->type); }

static void check_npy(const uint8_t *data, size_t size)
{
    npz_array a = { 0 };
    size_t unit = 0;
    err e = { 0 };
    if (!npy_parse(data, size, &a, &unit, &e)) {
        assert(e.msg[0]);
        return;
    }
    size_t bytes = a.count * (a.type == NPZ_TEXT ? unit : npz_type_size(a.type));
    assert((const uint8_t *)a.data + bytes == data + size);
}

static void check_npz(const uint8_t *data, size_t size)
{
    err e = { 0 };
    npz *z = npz_parse(data, size, &e);
    if (!z) {
        assert(e.msg[0]);
        return;
    }
    buf b = buf_new(1 << 24);
    bool ok = npz_write(npz_count(z) ? npz_at(z, 0) : NULL, npz_count(z), &b, &e);
    assert(ok);
    npz *again = npz_parse(b.data, b.len, &e);
    assert(again && npz_count(again) == npz_count(z));
    for (int i = 0; i < npz_count(z); i++) {
        const npz_array *a = npz_at(z, i), *c = npz_at(again, i);
        assert(a->type == c->type && a->count == c->count && strcmp(a->name, c->name) == 0);
        assert(memcmp(a->data, c->data, bytes_of(a)) == 0);
    }
    npz_free(again);
    buf_free(&b);
    npz_free(z);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) return 0;
    if (data[0] == 'y')
        check_npy(data + 1, size - 1);
    else
        check_npz(data + 1, size - 1);
    return 0;
}
