#include "arrays/npy.h"

#include <assert.h>
#include <string.h>

static const struct {
    const char *descr;
    size_t size;
} types[] = {
    [NPZ_F32] = { "<f4", 4 }, [NPZ_F64] = { "<f8", 8 },  [NPZ_I32] = { "<i4", 4 }, [NPZ_I64] = { "<i8", 8 },
    [NPZ_U8] = { "|u1", 1 },  [NPZ_BOOL] = { "|b1", 1 }, [NPZ_TEXT] = { "<U", 1 },
};
enum { NUMBERS = NPZ_TEXT, PREFIX = 10, HEADER_ALIGN = 64, HEADER_MAX = 64 << 10 };
static const char magic[] = "\x93NUMPY";

size_t npz_type_size(npz_type type) { return types[type].size; }

// A cursor over the header's text.
typedef struct {
    const char *at, *end;
} text;

static void skip_spaces(text *t)
{
    while (t->at < t->end && (*t->at == ' ' || *t->at == '\n' || *t->at == '\t')) t->at++;
}

static bool take(text *t, char c)
{
    skip_spaces(t);
    if (t->at == t->end || *t->at != c) return false;
    t->at++;
    return true;
}

static bool take_word(text *t, const char *word)
{
    skip_spaces(t);
    size_t n = strlen(word);
    if ((size_t)(t->end - t->at) < n || memcmp(t->at, word, n) != 0) return false;
    t->at += n;
    return true;
}

// A quoted string without escapes; none of the format's own has any.
static bool take_string(text *t, char *out, size_t size)
{
    skip_spaces(t);
    if (t->at == t->end || (*t->at != '\'' && *t->at != '"')) return false;
    char quote = *t->at++;
    for (size_t n = 0; n < size && t->at < t->end; n++) {
        char c = *t->at++;
        if (c == quote) return out[n] = 0, true;
        if (c == '\\' || c == 0) return false;
        out[n] = c;
    }
    return false;
}

static bool take_number(text *t, size_t *out)
{
    skip_spaces(t);
    size_t v = 0;
    const char *start = t->at;
    for (; t->at < t->end && *t->at >= '0' && *t->at <= '9'; t->at++) {
        if (__builtin_mul_overflow(v, 10, &v) || __builtin_add_overflow(v, (size_t)(*t->at - '0'), &v)) return false;
    }
    *out = v;
    return t->at > start;
}

static bool take_shape(text *t, npz_array *a)
{
    if (!take(t, '(')) return false;
    a->dims = 0;
    while (!take(t, ')')) {
        if (a->dims == NPZ_MAX_DIMS || !take_number(t, &a->dim[a->dims])) return false;
        a->dims++;
        if (!take(t, ',')) return take(t, ')');
    }
    return true;
}

typedef struct {
    char descr[24];
    bool fortran;
} layout;

// {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }, each key once, in any order.
static bool take_header(text *t, npz_array *a, layout *l)
{
    unsigned seen = 0;
    if (!take(t, '{')) return false;
    while (!take(t, '}')) {
        char key[16];
        if (!take_string(t, key, sizeof key) || !take(t, ':')) return false;
        unsigned bit = 0;
        if (strcmp(key, "descr") == 0) {
            bit = 1;
            if (!take_string(t, l->descr, sizeof l->descr)) return false;
        } else if (strcmp(key, "fortran_order") == 0) {
            bit = 2;
            l->fortran = take_word(t, "True");
            if (!l->fortran && !take_word(t, "False")) return false;
        } else if (strcmp(key, "shape") == 0) {
            bit = 4;
            if (!take_shape(t, a)) return false;
        }
        if (!bit || seen & bit) return false;
        seen |= bit;
        if (take(t, ',')) continue;
        if (!take(t, '}')) return false;
        break;
    }
    skip_spaces(t);
    return seen == 7 && t->at == t->end;
}

// Sets the type and, for text, the unit and the number of units.
static bool read_descr(const char *descr, npz_type *type, size_t *unit, size_t *units)
{
    *unit = 0;
    for (int i = 0; i < NUMBERS; i++) {
        if (strcmp(descr, types[i].descr) == 0) return *type = (npz_type)i, true;
    }
    bool wide = strncmp(descr, "<U", 2) == 0;
    if (!wide && strncmp(descr, "|S", 2) != 0) return false;
    text t = { descr + 2, descr + strlen(descr) };
    *type = NPZ_TEXT;
    *unit = wide ? 4 : 1;
    return take_number(&t, units) && t.at == t.end;
}

bool npy_parse(const uint8_t *data, size_t n, npz_array *out, size_t *text_unit, err *e)
{
    if (n < 12 || memcmp(data, magic, 6) != 0 || data[6] < 1 || data[6] > 3) {
        return fail(e, ERR_INPUT, "is not a .npy array of version 1 to 3");
    }
    // Version 1 has a 16-bit length; 2 and 3 a 32-bit one.
    size_t prefix = data[6] == 1 ? PREFIX : 12, length = (size_t)(data[8] | data[9] << 8);
    if (prefix == 12) length |= (size_t)data[10] << 16 | (size_t)data[11] << 24;
    if (length > HEADER_MAX || length > n - prefix) return fail(e, ERR_INPUT, "has a header longer than the array");

    text t = { (const char *)data + prefix, (const char *)data + prefix + length };
    layout l = { 0 };
    size_t units = 0, count = 1, bytes;
    if (!take_header(&t, out, &l)) return fail(e, ERR_INPUT, "has a header that cannot be read");
    if (!read_descr(l.descr, &out->type, text_unit, &units)) {
        return fail(e, ERR_INPUT, "has the type %s; float32, float64, int32, int64, uint8, bool and text are accepted",
                    l.descr);
    }
    if (l.fortran && out->dims > 1) {
        return fail(e, ERR_INPUT, "is in Fortran order; save numpy.ascontiguousarray(a)");
    }
    for (int i = 0; i < out->dims; i++) {
        if (__builtin_mul_overflow(count, out->dim[i], &count)) return fail(e, ERR_INPUT, "has an impossible shape");
    }
    if (out->type == NPZ_TEXT && count != 1) return fail(e, ERR_INPUT, "holds %zu texts; one is accepted", count);
    size_t size = out->type == NPZ_TEXT ? *text_unit : types[out->type].size;
    if (out->type == NPZ_TEXT) count = units;
    if (__builtin_mul_overflow(count, size, &bytes) || bytes != n - prefix - length) {
        return fail(e, ERR_INPUT, "has %zu bytes of elements where its shape tells another number",
                    n - prefix - length);
    }
    out->data = data + prefix + length;
    out->count = count;
    return true;
}

bool npy_header(const npz_array *a, size_t text_chars, buf *out)
{
    buf h = buf_new(HEADER_MAX);
    bool ok = a->type == NPZ_TEXT ? buf_printf(&h, "{'descr': '<U%zu'", text_chars)
                                  : buf_printf(&h, "{'descr': '%s'", types[a->type].descr);
    ok = ok && buf_printf(&h, ", 'fortran_order': False, 'shape': (");
    // Python's tuples: (), (3,), (3, 4).
    int dims = a->type == NPZ_TEXT ? 0 : a->dims;
    for (int i = 0; ok && i < dims; i++) {
        ok = buf_printf(&h, "%zu%s", a->dim[i], dims == 1 ? "," : i + 1 < dims ? ", " : "");
    }
    ok = ok && buf_printf(&h, "), }");
    while (ok && (PREFIX + h.len + 1) % HEADER_ALIGN) ok = buf_append(&h, " ", 1);
    ok = ok && buf_append(&h, "\n", 1);
    const uint8_t version_and_length[] = { 1, 0, (uint8_t)h.len, (uint8_t)(h.len >> 8) };
    ok = ok && buf_append(out, magic, 6) && buf_append(out, version_and_length, 4) && buf_append(out, h.data, h.len);
    buf_free(&h);
    return ok;
}
