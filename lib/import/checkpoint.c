#include "import/checkpoint.h"
#include "arrays/safetensors.h"
#include "base/limits.h"
#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *storage;
    ckpt_type type;
    size_t size;
} types[] = {
    { "FloatStorage", CKPT_F32, 4 },  { "HalfStorage", CKPT_F16, 2 }, { "BFloat16Storage", CKPT_BF16, 2 },
    { "DoubleStorage", CKPT_F64, 8 }, { "LongStorage", CKPT_I64, 8 }, { "IntStorage", CKPT_I32, 4 },
    { "ShortStorage", CKPT_I16, 2 },  { "CharStorage", CKPT_I8, 1 },  { "ByteStorage", CKPT_U8, 1 },
    { "BoolStorage", CKPT_BOOL, 1 },
};

// The folder every member's name begins with: that of the one named …/data.pkl.
static const zip_member *find_tree(const zip_archive *z, size_t *folder_len)
{
    static const char tail[] = "/data.pkl";
    for (size_t i = 0; i < z->count; i++) {
        const zip_member *m = &z->member[i];
        size_t len = sizeof tail - 1;
        if (m->name_len < len || memcmp(m->name + m->name_len - len, tail, len) != 0) continue;
        *folder_len = m->name_len - len;
        if (!memchr(m->name, '/', *folder_len)) return m;
    }
    return NULL;
}

typedef struct {
    const checkpoint *c;
    const char *folder;
    size_t folder_len;
} place;

// id: ('storage', torch.FloatStorage, key, location, elements) of torch/serialization.py.
// *known is false for element types without a use here (complex and quantized numbers).
static bool read_storage(const place *p, const pickle_value *id, ckpt_tensor *t, size_t *elements, bool *known, err *e)
{
    const pickle_value *kind = pickle_item(id, 1), *key = pickle_item(id, 2);
    if (!pickle_is_text(pickle_item(id, 0), "storage") || !key ||
        (key->kind != PICKLE_TEXT && key->kind != PICKLE_BYTES)) {
        return fail(e, ERR_INPUT, "has its storage told in a way that is not understood");
    }
    size_t size = 0;
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        if (!pickle_is_class(kind, "torch", types[i].storage)) continue;
        t->type = types[i].type;
        size = types[i].size;
    }
    *known = size > 0;
    if (!size) return true;
    char name[256];
    int len = snprintf(name, sizeof name, "%.*s/data/%.*s", (int)(p->folder_len < 200 ? p->folder_len : 200), p->folder,
                       (int)(key->len < 40 ? key->len : 40), (const char *)key->data);
    t->storage = len > 0 ? zip_find(&p->c->zip, name) : NULL;
    if (!t->storage) return fail(e, ERR_INPUT, "has a storage that is not in the file");
    *elements = t->storage->size / size;
    t->data = t->storage->data;
    return true;
}

// Whether every element lies within the storage.
static bool lay_out(const pickle_value *shape, const pickle_value *stride, size_t offset, size_t elements,
                    ckpt_tensor *t, err *e)
{
    if (!shape || !stride || shape->kind != PICKLE_TUPLE || stride->kind != PICKLE_TUPLE ||
        shape->count != stride->count || shape->count > CKPT_MAX_DIMS) {
        return fail(e, ERR_INPUT, "has a shape that is not understood");
    }
    t->dims = (int)shape->count;
    t->count = 1;
    size_t last = offset, reach;
    bool fits = true;
    for (int i = 0; i < t->dims; i++) {
        fits = fits && pickle_size(shape->item[i], &t->dim[i]) && pickle_size(stride->item[i], &t->stride[i]) &&
               !__builtin_mul_overflow(t->count, t->dim[i], &t->count);
        if (!fits) break;
        size_t steps = t->dim[i] ? t->dim[i] - 1 : 0;
        fits = !__builtin_mul_overflow(steps, t->stride[i], &reach) && !__builtin_add_overflow(last, reach, &last);
    }
    if (!fits || (t->count && last >= elements)) return fail(e, ERR_INPUT, "reaches past the end of its storage");
    // An expanded tensor (stride 0) may have more elements than its storage.
    if (t->count > LIMIT_TENSOR_ELEMENTS) {
        return fail(e, ERR_LIMIT, "has more than %zu elements", LIMIT_TENSOR_ELEMENTS);
    }
    t->data += (t->count ? offset : 0) * types[t->type].size;
    return true;
}

// Calls of torch/_utils.py: _rebuild_tensor_v2(storage, offset, size, stride, …), _rebuild_parameter(tensor, …).
static bool read_tensor(const place *p, const pickle_value *v, ckpt_tensor *t, bool *is_one, err *e)
{
    if (v->kind == PICKLE_OBJECT && pickle_is_class(v->class_of, "torch._utils", "_rebuild_parameter")) {
        v = pickle_item(v->args, 0);
    }
    *is_one = v && v->kind == PICKLE_OBJECT &&
              (pickle_is_class(v->class_of, "torch._utils", "_rebuild_tensor_v2") ||
               pickle_is_class(v->class_of, "torch._utils", "_rebuild_tensor"));
    if (!*is_one) return true;
    const pickle_value *id = pickle_item(v->args, 0);
    size_t offset = 0, elements = 0;
    if (!id || id->kind != PICKLE_PERSISTENT || !pickle_size(pickle_item(v->args, 1), &offset)) {
        return fail(e, ERR_INPUT, "is told in a way that is not understood");
    }
    return read_storage(p, id->args, t, &elements, is_one, e) &&
           (!*is_one || lay_out(pickle_item(v->args, 2), pickle_item(v->args, 3), offset, elements, t, e));
}

static int compare(const uint8_t *a, size_t a_len, const uint8_t *b, size_t b_len)
{
    size_t n = a_len < b_len ? a_len : b_len;
    int order = n ? memcmp(a, b, n) : 0;
    return order ? order : (a_len > b_len) - (a_len < b_len);
}

static int by_name(const void *a, const void *b)
{
    const ckpt_tensor *x = a, *y = b;
    return compare(x->name, x->name_len, y->name, y->name_len);
}

static bool read_tensors(const place *p, const pickle_value *dict, checkpoint *c, err *e)
{
    if (!dict || (dict->kind != PICKLE_DICT && dict->kind != PICKLE_OBJECT)) {
        return fail(e, ERR_INPUT, "the checkpoint holds no dict of tensors");
    }
    c->tensor = mem_array(ckpt_tensor, dict->count / 2);
    for (uint32_t i = 0; i + 1 < dict->count; i += 2) {
        const pickle_value *key = dict->item[i];
        if (key->kind != PICKLE_TEXT && key->kind != PICKLE_BYTES) continue;
        ckpt_tensor t = { .name = key->data, .name_len = key->len };
        bool is_one;
        if (!read_tensor(p, dict->item[i + 1], &t, &is_one, e)) {
            char prefix[160];
            snprintf(prefix, sizeof prefix, "tensor %.*s", (int)(t.name_len < 120 ? t.name_len : 120),
                     (const char *)t.name);
            return fail_within(e, prefix);
        }
        if (is_one) c->tensor[c->count++] = t;
    }
    if (c->count) qsort(c->tensor, c->count, sizeof *c->tensor, by_name);
    return true;
}

bool ckpt_open(const uint8_t *data, size_t n, checkpoint *out, err *e)
{
    *out = (checkpoint){ 0 };
    place p = { .c = out };
    if (!zip_open(data, n, &out->zip, e)) return fail_within(e, "the checkpoint cannot be read");
    const zip_member *tree = find_tree(&out->zip, &p.folder_len);
    if (!tree) return fail(e, ERR_INPUT, "this zip file is no PyTorch checkpoint: it has no data.pkl");
    p.folder = tree->name;
    out->tree = pickle_parse(tree->data, tree->size, e);
    if (!out->tree) return false;
    const pickle_value *root = pickle_root(out->tree), *dict = pickle_get(root, "state_dict");
    return read_tensors(&p, dict ? dict : root, out, e);
}

void ckpt_close(checkpoint *c)
{
    mem_free(c->tensor);
    pickle_free(c->tree);
    zip_close(&c->zip);
    *c = (checkpoint){ 0 };
}

const ckpt_tensor *ckpt_find(const checkpoint *c, const char *name)
{
    size_t lo = 0, hi = c->count, len = strlen(name);
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        int order = compare((const uint8_t *)name, len, c->tensor[mid].name, c->tensor[mid].name_len);
        if (order == 0) return &c->tensor[mid];
        if (order < 0)
            hi = mid;
        else
            lo = mid + 1;
    }
    return NULL;
}

bool ckpt_is_contiguous(const ckpt_tensor *t)
{
    size_t step = 1;
    for (int i = t->dims; i-- > 0; step *= t->dim[i])
        if (t->dim[i] != 1 && t->stride[i] != step) return false;
    return true;
}

static float float_at(const uint8_t *p, ckpt_type type)
{
    uint16_t half;
    uint32_t bits;
    float f;
    double d;
    switch (type) {
    case CKPT_F16:
        memcpy(&half, p, 2);
        return f16_to_f32(half);
    case CKPT_BF16: // the upper half of a float
        memcpy(&half, p, 2);
        bits = (uint32_t)half << 16;
        memcpy(&f, &bits, 4);
        return f;
    case CKPT_F64:
        memcpy(&d, p, 8);
        return (float)d;
    default:
        memcpy(&f, p, 4);
        return f;
    }
}

bool ckpt_floats(const ckpt_tensor *t, float *out)
{
    if (t->type > CKPT_F64) return false;
    size_t size = types[t->type].size, index[CKPT_MAX_DIMS] = { 0 }, at = 0;
    if (t->type == CKPT_F32 && ckpt_is_contiguous(t)) {
        if (t->count) memcpy(out, t->data, t->count * sizeof *out);
        return true;
    }
    for (size_t i = 0; i < t->count; i++) {
        out[i] = float_at(t->data + at * size, t->type);
        for (int d = t->dims; d-- > 0;) {
            at += t->stride[d];
            if (++index[d] < t->dim[d]) break;
            at -= t->stride[d] * t->dim[d];
            index[d] = 0;
        }
    }
    return true;
}
