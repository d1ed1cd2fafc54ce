#include "import/numpy.h"
#include "arrays/safetensors.h"
#include "base/limits.h"
#include "base/mem.h"

#include <string.h>

enum { SPARSE_MAX = 4 << 20 }; // elements, zeros counted; SMPL's joint regressor has 165,360

void numpy_free(numpy_array *a)
{
    mem_free(a->data);
    *a = (numpy_array){ 0 };
}

// --- the bytes of an array ---

// Python 3 writes bytes into pickles of old protocols as _codecs.encode(text, "latin1"): each character is a byte.
static bool is_encoded(const pickle_value *v)
{
    return v && v->kind == PICKLE_OBJECT && pickle_is_class(v->class_of, "_codecs", "encode") &&
           (pickle_is_text(pickle_item(v->args, 1), "latin1") || pickle_is_text(pickle_item(v->args, 1), "latin-1"));
}

// No bytes at all are written as a call of bytes without arguments.
static bool is_empty(const pickle_value *v)
{
    return v && v->kind == PICKLE_OBJECT && v->args->kind == PICKLE_TUPLE && v->args->count == 0 &&
           (pickle_is_class(v->class_of, "__builtin__", "bytes") || pickle_is_class(v->class_of, "builtins", "bytes"));
}

// UTF-8 of characters below 256 into out [at most len]; false when it is something else.
static bool to_latin1(const uint8_t *s, size_t len, uint8_t *out, size_t *n)
{
    *n = 0;
    for (size_t i = 0; i < len;) {
        if (s[i] < 0x80) {
            out[(*n)++] = s[i++];
            continue;
        }
        if ((s[i] != 0xc2 && s[i] != 0xc3) || i + 1 == len || (s[i + 1] & 0xc0) != 0x80) return false;
        out[(*n)++] = (uint8_t)(s[i] << 6 | (s[i + 1] & 63));
        i += 2;
    }
    return true;
}

typedef struct {
    const uint8_t *data; // [len]
    size_t len;
    uint8_t *owned;
} raw;

static bool read_raw(const pickle_value *v, raw *out, err *e)
{
    *out = (raw){ 0 };
    bool encoded = is_encoded(v);
    if (is_empty(v)) return true;
    if (encoded) v = pickle_item(v->args, 0);
    if (v && v->kind == PICKLE_BYTES && !encoded) {
        *out = (raw){ v->data, v->len, NULL };
        return true;
    }
    if (!v || v->kind != PICKLE_TEXT) return fail(e, ERR_INPUT, "has no bytes of elements");
    out->owned = mem_try(v->len, 1);
    if (!out->owned) return fail(e, ERR_MEMORY, "is larger than the memory at hand");
    out->data = out->owned;
    return to_latin1(v->data, v->len, out->owned, &out->len) ||
           fail(e, ERR_INPUT, "has elements that are text, not bytes");
}

// --- numpy.dtype ---

typedef struct {
    char kind; // 'f', 'i', 'u', 'b'
    size_t size;
} dtype;

static bool read_dtype(const pickle_value *v, dtype *t, err *e)
{
    const pickle_value *name = v && v->kind == PICKLE_OBJECT && pickle_is_class(v->class_of, "numpy", "dtype")
                                   ? pickle_item(v->args, 0)
                                   : NULL;
    if (!name || (name->kind != PICKLE_TEXT && name->kind != PICKLE_BYTES)) return fail(e, ERR_INPUT, "has no dtype");
    const uint8_t *s = name->data;
    *t = name->len == 2 ? (dtype){ (char)s[0], (size_t)(s[1] - '0') } : (dtype){ 0 };
    bool known =
        (t->kind == 'f' && (t->size == 2 || t->size == 4 || t->size == 8)) ||
        ((t->kind == 'i' || t->kind == 'u') && (t->size == 1 || t->size == 2 || t->size == 4 || t->size == 8)) ||
        (t->kind == 'b' && t->size == 1);
    if (!known) {
        return fail(e, ERR_INPUT, "has elements of the type %.*s; numbers are needed",
                    (int)(name->len < 8 ? name->len : 8), (const char *)s);
    }
    if (pickle_is_text(pickle_item(v->state, 1), ">")) return fail(e, ERR_INPUT, "has its bytes in big-endian order");
    return true;
}

static double element(const uint8_t *p, dtype t)
{
    uint64_t bits = 0;
    memcpy(&bits, p, t.size); // little-endian, as everywhere in this program
    if (t.kind == 'f') {
        float f;
        double d;
        if (t.size == 2) return (double)f16_to_f32((uint16_t)bits);
        if (t.size == 8) return memcpy(&d, p, 8), d;
        return memcpy(&f, p, 4), (double)f;
    }
    if (t.kind != 'i' || t.size == 8) return t.kind == 'i' ? (double)(int64_t)bits : (double)bits;
    uint64_t sign = (uint64_t)1 << (8 * t.size - 1);
    return (double)(int64_t)((bits ^ sign) - sign);
}

// --- numpy.ndarray ---

static bool read_shape(const pickle_value *v, numpy_array *out, err *e)
{
    if (!v || v->kind != PICKLE_TUPLE) return fail(e, ERR_INPUT, "has no shape");
    if (v->count > NUMPY_MAX_DIMS) return fail(e, ERR_INPUT, "has %u dimensions; 4 are the most", v->count);
    out->dims = (int)v->count;
    out->count = 1;
    for (int i = 0; i < out->dims; i++) {
        if (!pickle_size(v->item[i], &out->dim[i]) || __builtin_mul_overflow(out->count, out->dim[i], &out->count)) {
            return fail(e, ERR_INPUT, "has an impossible shape");
        }
    }
    if (out->count > LIMIT_PICKLE_ELEMENTS) {
        return fail(e, ERR_LIMIT, "has more than %zu elements", LIMIT_PICKLE_ELEMENTS);
    }
    return true;
}

// Element i in C order, of an array in Fortran order.
static size_t fortran_place(const numpy_array *a, size_t i)
{
    size_t place = 0, step[NUMPY_MAX_DIMS], s = 1;
    for (int d = 0; d < a->dims; d++) step[d] = s, s *= a->dim[d];
    for (int d = a->dims; d-- > 0; i /= a->dim[d]) place += i % a->dim[d] * step[d];
    return place;
}

static bool fill(numpy_array *out, const raw *bytes, dtype t, bool fortran, err *e)
{
    if (bytes->len != out->count * t.size) {
        return fail(e, ERR_INPUT, "has %zu bytes of elements where its shape tells another number", bytes->len);
    }
    out->data = mem_try(out->count, sizeof *out->data);
    if (!out->data) return fail(e, ERR_MEMORY, "is larger than the memory at hand");
    for (size_t i = 0; i < out->count; i++) {
        out->data[i] = element(bytes->data + (fortran ? fortran_place(out, i) : i) * t.size, t);
    }
    return true;
}

// State (numpy/core/src/multiarray/methods.c): (version, shape, dtype, is_fortran, bytes); very old ones lack the
// first.
static bool read_dense(const pickle_value *state, numpy_array *out, err *e)
{
    size_t first = state->count >= 5;
    const pickle_value *order = pickle_item(state, first + 2);
    dtype t = { 0 };
    raw bytes;
    if (!read_shape(pickle_item(state, first), out, e) || !read_dtype(pickle_item(state, first + 1), &t, e))
        return false;
    bool fortran = order && (order->kind == PICKLE_BOOL || order->kind == PICKLE_INT) && order->number;
    bool ok = read_raw(pickle_item(state, first + 3), &bytes, e) && fill(out, &bytes, t, fortran, e);
    mem_free(bytes.owned);
    return ok;
}

// --- scipy.sparse ---

static const char *const sparse_modules[] = { "scipy.sparse.csc", "scipy.sparse._csc", "scipy.sparse.csr",
                                              "scipy.sparse._csr" };

static bool is_sparse(const pickle_value *class_of, bool *by_column)
{
    for (int i = 0; i < 4; i++) {
        *by_column = i < 2;
        if (pickle_is_class(class_of, sparse_modules[i], i < 2 ? "csc_matrix" : "csr_matrix")) return true;
    }
    return false;
}

// line: a column of csc, a row of csr.
static bool scatter(numpy_array *out, bool by_column, const numpy_array *data, const numpy_array *indices,
                    const numpy_array *start, err *e)
{
    size_t lines = out->dim[by_column], across = out->dim[!by_column];
    if (start->count != lines + 1 || indices->count != data->count) {
        return fail(e, ERR_INPUT, "has index lists of the wrong length");
    }
    double at = 0;
    for (size_t line = 0; line < lines; line++) {
        double end = start->data[line + 1];
        if (start->data[line] != at || !(end >= at) || !(end <= (double)data->count)) {
            return fail(e, ERR_INPUT, "has an indptr that does not ascend");
        }
        for (size_t i = (size_t)at; i < (size_t)end; i++) {
            double k = indices->data[i];
            if (!(k >= 0 && k < (double)across)) return fail(e, ERR_INPUT, "has an index out of range");
            size_t row = by_column ? (size_t)k : line, column = by_column ? line : (size_t)k;
            out->data[row * out->dim[1] + column] += data->data[i];
        }
        at = end;
    }
    return true;
}

static bool is_array(const pickle_value *v)
{
    return v && v->kind == PICKLE_OBJECT && v->state && v->state->kind == PICKLE_TUPLE &&
           (pickle_is_class(v->class_of, "numpy.core.multiarray", "_reconstruct") ||
            pickle_is_class(v->class_of, "numpy._core.multiarray", "_reconstruct"));
}

// A list of a sparse matrix. It is an array itself: a matrix that is its own list would be read for ever.
static bool read_list(const pickle_value *v, numpy_array *out, err *e)
{
    return is_array(v) ? read_dense(v->state, out, e) : fail(e, ERR_INPUT, "is a sparse matrix without its lists");
}

static bool read_sparse(const pickle_value *v, bool by_column, numpy_array *out, err *e)
{
    const pickle_value *shape = pickle_get(v, "_shape");
    if (!read_shape(shape ? shape : pickle_get(v, "shape"), out, e)) return false;
    if (out->dims != 2) return fail(e, ERR_INPUT, "is a sparse matrix without two dimensions");
    // Its few bytes may claim any size.
    if (out->count > SPARSE_MAX) return fail(e, ERR_LIMIT, "is a sparse matrix of more than %d elements", SPARSE_MAX);
    numpy_array data = { 0 }, indices = { 0 }, start = { 0 };
    bool ok = read_list(pickle_get(v, "data"), &data, e) && read_list(pickle_get(v, "indices"), &indices, e) &&
              read_list(pickle_get(v, "indptr"), &start, e);
    if (ok) {
        out->data = mem_try(out->count, sizeof *out->data);
        ok = out->data ? scatter(out, by_column, &data, &indices, &start, e)
                       : fail(e, ERR_MEMORY, "is larger than the memory at hand");
    }
    numpy_free(&data);
    numpy_free(&indices);
    numpy_free(&start);
    return ok;
}

bool numpy_read(const pickle_value *v, numpy_array *out, err *e)
{
    *out = (numpy_array){ 0 };
    bool by_column = false, ok;
    if (!v) return fail(e, ERR_INPUT, "is missing");
    if (v->kind == PICKLE_OBJECT && !is_array(v) && is_array(pickle_get(v, "x"))) v = pickle_get(v, "x");
    if (is_array(v))
        ok = read_dense(v->state, out, e);
    else if (v->kind == PICKLE_OBJECT && is_sparse(v->class_of, &by_column))
        ok = read_sparse(v, by_column, out, e);
    else
        ok = fail(e, ERR_INPUT, "is neither a numpy array, a scipy csc or csr matrix nor a chumpy variable");
    if (!ok) numpy_free(out);
    return ok;
}
