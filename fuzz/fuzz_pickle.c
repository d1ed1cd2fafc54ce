// Pickles: the first byte chooses the values themselves ('p') or a whole SMPL file. Refused with a sentence, or every
// value can be looked at and every array read to its end.
#include "base/mem.h"
#include "import/numpy.h"
#include "import/smpl.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static volatile uint64_t sink;

static void touch(const uint8_t *p, size_t n)
{
    if (n) sink += p[0] + p[n - 1];
}

static void look(const pickle_value *v, int depth)
{
    numpy_array a;
    err e = { 0 };
    if (!v || depth > 6) return;
    if (v->kind == PICKLE_OBJECT) {
        if (numpy_read(v, &a, &e)) {
            touch((const uint8_t *)a.data, a.count * sizeof *a.data);
            numpy_free(&a);
        } else {
            assert(e.msg[0]);
        }
        look(v->class_of, depth + 1);
        look(v->args, depth + 1);
        look(v->state, depth + 1);
    }
    if (v->kind == PICKLE_TEXT || v->kind == PICKLE_BYTES || v->kind == PICKLE_BIGINT || v->kind == PICKLE_CLASS)
        touch(v->data, v->len);
    if (v->kind == PICKLE_CLASS) touch(v->name, v->name_len);
    if (v->kind == PICKLE_PERSISTENT) look(v->args, depth + 1);
    for (uint32_t i = 0; i < v->count && i < 24; i++) look(v->item[i], depth + 1);
    sink += pickle_get(v, "x") != NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    err e = { 0 };
    if (size == 0) return 0;
    if (data[0] != 'p') {
        buf out = buf_new(1 << 24);
        if (!smpl_import(data + 1, size - 1, &out, &e)) assert(e.msg[0]);
        buf_free(&out);
        return 0;
    }
    pickle *p = pickle_parse(data + 1, size - 1, &e);
    if (p)
        look(pickle_root(p), 0);
    else
        assert(e.msg[0]);
    pickle_free(p);
    return 0;
}
