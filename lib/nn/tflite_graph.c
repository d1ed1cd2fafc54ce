// Field numbers are those of TensorFlow Lite's schema.fbs, version 3.
#include "nn/tflite_graph.h"
#include "base/limits.h"
#include "base/mem.h"
#include "nn/flatbuffer.h"

#include <string.h>

static const struct {
    int code;
    const char *name;
    uint8_t options; // the BuiltinOptions member it carries; 0: none, or none that matters
} CODES[] = {
    { TFL_ADD, "ADD", 11 },
    { TFL_CONCATENATION, "CONCATENATION", 10 },
    { TFL_CONV_2D, "CONV_2D", 1 },
    { TFL_DEPTHWISE_CONV_2D, "DEPTHWISE_CONV_2D", 2 },
    { TFL_DEPTH_TO_SPACE, "DEPTH_TO_SPACE", 94 },
    { TFL_DEQUANTIZE, "DEQUANTIZE", 0 },
    { TFL_LOGISTIC, "LOGISTIC", 0 },
    { TFL_MAX_POOL_2D, "MAX_POOL_2D", 5 },
    { TFL_RESHAPE, "RESHAPE", 0 },
    { TFL_RESIZE_BILINEAR, "RESIZE_BILINEAR", 15 },
    { TFL_PAD, "PAD", 0 },
    { TFL_DENSIFY, "DENSIFY", 0 },
};

static int code_index(int code)
{
    for (int i = 0; i < (int)(sizeof CODES / sizeof *CODES); i++) {
        if (CODES[i].code == code) return i;
    }
    return -1;
}

const char *tfl_code_name(tfl_code code)
{
    int i = code_index((int)code);
    return i < 0 ? "unknown" : CODES[i].name;
}

uint32_t tfl_number(const uint8_t *p, uint8_t size, size_t i)
{
    p += i * size;
    if (size == 1) return p[0];
    if (size == 2) return (uint32_t)(p[0] | p[1] << 8);
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static bool broken(err *e) { return fail(e, ERR_INPUT, "the .tflite file is damaged: an offset points outside it"); }

static size_t type_size(tfl_type type) { return type == TFL_FLOAT16 ? 2 : 4; }

// --- tensors ---

// A union member of SparseIndexVector: a table holding one vector of 4-, 2- or 1-byte numbers.
static bool parse_index_vector(flatbuffer *f, fb_table meta, unsigned field, const uint8_t **data, uint8_t *size,
                               uint32_t *count)
{
    static const uint8_t SIZES[] = { 0, 4, 2, 1 };
    uint8_t kind = fb_u8(f, meta, field, 0);
    if (kind < 1 || kind > 3) return false;
    *size = SIZES[kind];
    fb_vector v = fb_list(f, fb_child(f, meta, field + 1), 0, *size);
    if (f->bad) return false;
    *data = f->data + v.pos;
    *count = v.count;
    return true;
}

// The one sparse form the networks use: dense up to the last dimension, compressed rows along it.
static bool parse_sparse(flatbuffer *f, fb_table s, tfl_tensor *t, err *e)
{
    static const char *const ODD = "tensor \"%s\" is sparse in a way that is not understood";
    fb_vector order = fb_list(f, s, 0, 4), blocks = fb_list(f, s, 1, 4), metas = fb_list(f, s, 2, 4);
    if (f->bad) return broken(e);
    if (t->dims < 1 || order.count != (uint32_t)t->dims || metas.count != order.count || blocks.count ||
        t->type == TFL_INT32) {
        return fail(e, ERR_INPUT, ODD, t->name);
    }
    if (t->count > TFL_MAX_DENSE) {
        return fail(e, ERR_LIMIT, "tensor \"%s\" has %zu elements; a sparse one may have %zu", t->name, t->count,
                    TFL_MAX_DENSE);
    }
    uint32_t last = order.count - 1, values = 0, segments = 0;
    for (uint32_t i = 0; i <= last; i++) {
        if (fb_i32_at(f, order, i) != (int32_t)i) return fail(e, ERR_INPUT, ODD, t->name);
        fb_table meta = fb_table_at(f, metas, i);
        uint8_t compressed = fb_u8(f, meta, 0, 0);
        if (f->bad) return broken(e);
        if (compressed != (i == last)) return fail(e, ERR_INPUT, ODD, t->name);
        if (i < last && fb_i32(f, meta, 1, 0) != t->dim[i]) return fail(e, ERR_INPUT, ODD, t->name);
        if (i == last && (!parse_index_vector(f, meta, 2, &t->sparse.segments, &t->sparse.segment_size, &segments) ||
                          !parse_index_vector(f, meta, 4, &t->sparse.indices, &t->sparse.index_size, &values))) {
            return fail(e, ERR_INPUT, ODD, t->name);
        }
    }
    uint32_t columns = (uint32_t)t->dim[last], rows = (uint32_t)(t->count / columns);
    if (segments != rows + 1 || t->bytes != values * type_size(t->type)) return fail(e, ERR_INPUT, ODD, t->name);
    uint32_t before = 0;
    for (uint32_t r = 0; r <= rows; r++) {
        uint32_t at = tfl_number(t->sparse.segments, t->sparse.segment_size, r);
        if (at < before || at > values || (r == 0 && at) || (r == rows && at != values)) {
            return fail(e, ERR_INPUT, "tensor \"%s\" has sparse rows out of order", t->name);
        }
        before = at;
    }
    for (uint32_t j = 0; j < values; j++) {
        if (tfl_number(t->sparse.indices, t->sparse.index_size, j) >= columns) {
            return fail(e, ERR_INPUT, "tensor \"%s\" has a sparse column outside its %u", t->name, columns);
        }
    }
    t->sparse.rows = rows;
    return true;
}

// Names only matter at the network's ends; inside they serve the messages, so there they may be cut and cleaned.
static void parse_name(const flatbuffer *f, fb_vector v, tfl_tensor *t)
{
    uint32_t n = v.count < sizeof t->name ? v.count : (uint32_t)sizeof t->name - 1;
    t->plain_name = n && n == v.count;
    for (uint32_t i = 0; i < n; i++) {
        uint8_t c = f->data[v.pos + i];
        bool plain = c > ' ' && c <= '~' && c != '"' && c != '%'; // '%' begins the names we make ourselves
        t->name[i] = plain ? (char)c : '_';
        t->plain_name = t->plain_name && plain;
    }
}

static bool parse_tensor(flatbuffer *f, fb_table table, fb_vector buffers, tfl_tensor *t, err *e)
{
    fb_vector shape = fb_list(f, table, 0, 4), name = fb_list(f, table, 3, 1);
    uint8_t type = fb_u8(f, table, 1, 0);
    uint32_t buffer = fb_u32(f, table, 2, 0);
    fb_table sparse = fb_child(f, table, 6);
    if (f->bad) return broken(e);
    parse_name(f, name, t);
    if (type > TFL_INT32) {
        return fail(e, ERR_INPUT, "tensor \"%s\" has type %u; float32, float16 and int32 are understood", t->name,
                    type);
    }
    t->type = (tfl_type)type;
    if (shape.count > TFL_MAX_DIMS) {
        return fail(e, ERR_INPUT, "tensor \"%s\" has %u dimensions; at most %d are understood", t->name, shape.count,
                    TFL_MAX_DIMS);
    }
    t->dims = (int)shape.count;
    t->count = 1;
    for (int i = 0; i < t->dims; i++) {
        t->dim[i] = fb_i32_at(f, shape, (uint32_t)i);
        if (t->dim[i] < 1 || t->dim[i] > TFL_MAX_DIM || (t->count *= (size_t)t->dim[i]) > TFL_MAX_ELEMENTS) {
            return fail(e, ERR_INPUT, "tensor \"%s\" has a dimension that is open, empty or too large", t->name);
        }
    }
    if (buffer >= buffers.count) return fail(e, ERR_INPUT, "tensor \"%s\" has no buffer", t->name);
    fb_vector data = fb_list(f, fb_table_at(f, buffers, buffer), 0, 1);
    if (f->bad) return broken(e);
    if (!data.count) return true; // computed
    t->data = f->data + data.pos;
    t->bytes = data.count;
    if (sparse.pos) return parse_sparse(f, sparse, t, e);
    if (t->bytes != t->count * type_size(t->type)) {
        return fail(e, ERR_INPUT, "tensor \"%s\" has %zu bytes for %zu elements", t->name, t->bytes, t->count);
    }
    return true;
}

// --- operators ---

static bool parse_numbers(const flatbuffer *f, fb_vector v, const tfl_graph *g, int max, int *out, int *count)
{
    if (v.count > (uint32_t)max) return false;
    for (uint32_t i = 0; i < v.count; i++) {
        out[i] = fb_i32_at(f, v, i);
        if (out[i] < 0 || out[i] >= g->tensors) return false;
    }
    *count = (int)v.count;
    return true;
}

static bool parse_options(flatbuffer *f, fb_table t, tfl_op *op, err *e)
{
    const char *name = tfl_code_name(op->code);
    int padding = 1, activation = 0, multiplier = 1, align = 0, half_pixel = 1;
    op->stride_w = op->stride_h = op->dilation_w = op->dilation_h = op->filter_w = op->filter_h = op->block = 1;
    switch (op->code) {
    case TFL_CONV_2D:
    case TFL_DEPTHWISE_CONV_2D:
    case TFL_MAX_POOL_2D:
        padding = fb_u8(f, t, 0, 0);
        op->stride_w = fb_i32(f, t, 1, 0);
        op->stride_h = fb_i32(f, t, 2, 0);
        if (op->code == TFL_MAX_POOL_2D) {
            op->filter_w = fb_i32(f, t, 3, 0);
            op->filter_h = fb_i32(f, t, 4, 0);
            activation = fb_u8(f, t, 5, 0);
        } else {
            unsigned next = 3;
            if (op->code == TFL_DEPTHWISE_CONV_2D) multiplier = fb_i32(f, t, next++, 0);
            activation = fb_u8(f, t, next, 0);
            op->dilation_w = fb_i32(f, t, next + 1, 1);
            op->dilation_h = fb_i32(f, t, next + 2, 1);
        }
        break;
    case TFL_ADD:
        activation = fb_u8(f, t, 0, 0);
        break;
    case TFL_CONCATENATION:
        op->axis = fb_i32(f, t, 0, 0);
        activation = fb_u8(f, t, 1, 0);
        break;
    case TFL_RESIZE_BILINEAR:
        align = fb_u8(f, t, 2, 0);
        half_pixel = fb_u8(f, t, 3, 0);
        break;
    case TFL_DEPTH_TO_SPACE:
        op->block = fb_i32(f, t, 0, 0);
        break;
    case TFL_DEQUANTIZE:
    case TFL_LOGISTIC:
    case TFL_RESHAPE:
    case TFL_PAD:
    case TFL_DENSIFY:
        break;
    }
    if (f->bad) return broken(e);
    const int sizes[] = { op->stride_w, op->stride_h, op->dilation_w, op->dilation_h,
                          op->filter_w, op->filter_h, op->block };
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        if (sizes[i] < 1 || sizes[i] > 64) return fail(e, ERR_INPUT, "%s has a size of %d", name, sizes[i]);
    }
    if (padding > 1) return fail(e, ERR_INPUT, "%s has padding kind %d, which is not understood", name, padding);
    if (activation != TFL_LINEAR && activation != TFL_RELU && activation != TFL_RELU6) {
        return fail(e, ERR_INPUT, "%s has activation %d; none, RELU and RELU6 are understood", name, activation);
    }
    if (multiplier != 1)
        return fail(e, ERR_INPUT, "%s has a depth multiplier of %d; only 1 is understood", name, multiplier);
    if (align || !half_pixel) return fail(e, ERR_INPUT, "%s must be of the half-pixel kind", name);
    op->same_padding = padding == 0;
    op->activation = (tfl_activation)activation;
    return true;
}

static bool parse_op(flatbuffer *f, fb_table t, fb_vector codes, const tfl_graph *g, tfl_op *op, err *e)
{
    uint32_t kind = fb_u32(f, t, 0, 0);
    if (f->bad) return broken(e);
    if (kind >= codes.count) return fail(e, ERR_INPUT, "an operator has no code");
    fb_table entry = fb_table_at(f, codes, kind);
    // Codes past 127 did not fit the old byte field; writers leave 127 there. The larger one is meant.
    int code = (int8_t)fb_u8(f, entry, 0, 0), wide = fb_i32(f, entry, 3, 0);
    if (wide > code) code = wide;
    if (f->bad) return broken(e);
    int known = code_index(code);
    if (known < 0) return fail(e, ERR_INPUT, "operator %d of TensorFlow Lite is not understood", code);
    op->code = (tfl_code)code;
    uint8_t options = fb_u8(f, t, 3, 0);
    fb_vector in = fb_list(f, t, 1, 4), out = fb_list(f, t, 2, 4);
    fb_table option_table = fb_child(f, t, 4);
    if (f->bad) return broken(e);
    int outs = 0;
    if (!parse_numbers(f, in, g, TFL_MAX_INPUTS, op->in, &op->in_count) ||
        !parse_numbers(f, out, g, 1, &op->out, &outs) || outs != 1 || op->in_count < 1) {
        return fail(e, ERR_INPUT, "%s has inputs or outputs that are not understood", CODES[known].name);
    }
    if (CODES[known].options && options != CODES[known].options) {
        return fail(e, ERR_INPUT, "%s has options of kind %u", CODES[known].name, options);
    }
    return parse_options(f, option_table, op, e);
}

// Each tensor is a constant, an input, or the output of exactly one earlier operator.
static bool check_order(const tfl_graph *g, err *e)
{
    bool *defined = mem_array(bool, (size_t)g->tensors);
    bool ok = true;
    for (int i = 0; i < g->tensors; i++) defined[i] = g->tensor[i].data != NULL;
    for (int i = 0; ok && i < g->inputs; i++) {
        if (defined[g->input[i]]) ok = fail(e, ERR_INPUT, "input \"%s\" is given twice", g->tensor[g->input[i]].name);
        defined[g->input[i]] = true;
    }
    for (int i = 0; ok && i < g->ops; i++) {
        const tfl_op *op = &g->op[i];
        for (int k = 0; ok && k < op->in_count; k++) {
            if (!defined[op->in[k]]) {
                ok = fail(e, ERR_INPUT, "tensor \"%s\" is used before it is computed", g->tensor[op->in[k]].name);
            }
        }
        if (ok && defined[op->out]) ok = fail(e, ERR_INPUT, "tensor \"%s\" is computed twice", g->tensor[op->out].name);
        defined[op->out] = true;
    }
    for (int i = 0; ok && i < g->outputs; i++) {
        if (!defined[g->output[i]])
            ok = fail(e, ERR_INPUT, "output \"%s\" is not computed", g->tensor[g->output[i]].name);
    }
    mem_free(defined);
    return ok;
}

static bool check_io(const tfl_graph *g, err *e)
{
    if (!g->inputs || !g->outputs) return fail(e, ERR_INPUT, "the network has no inputs or no outputs");
    for (int i = 0; i < g->inputs + g->outputs; i++) {
        const tfl_tensor *t = &g->tensor[i < g->inputs ? g->input[i] : g->output[i - g->inputs]];
        if (t->type != TFL_FLOAT32) return fail(e, ERR_INPUT, "tensor \"%s\" must be float32", t->name);
        if (!t->plain_name) return fail(e, ERR_INPUT, "the name of input or output \"%s\" is not understood", t->name);
        for (int j = 0; j < i; j++) {
            const tfl_tensor *u = &g->tensor[j < g->inputs ? g->input[j] : g->output[j - g->inputs]];
            if (strcmp(t->name, u->name) == 0) return fail(e, ERR_INPUT, "two ends are named \"%s\"", t->name);
        }
    }
    return true;
}

bool tfl_parse(const uint8_t *data, size_t n, tfl_graph *g, err *e)
{
    *g = (tfl_graph){ 0 };
    if (n > LIMIT_TFLITE_BYTES) {
        return fail(e, ERR_LIMIT, "the .tflite file has %zu bytes; at most %zu are accepted", n, LIMIT_TFLITE_BYTES);
    }
    flatbuffer f = { data, n, false };
    fb_table model = fb_root(&f, "TFL3");
    if (f.bad) return fail(e, ERR_INPUT, "this is not a TensorFlow Lite file (.tflite, schema 3)");
    uint32_t version = fb_u32(&f, model, 0, 0);
    fb_vector codes = fb_list(&f, model, 1, 4), graphs = fb_list(&f, model, 2, 4), buffers = fb_list(&f, model, 4, 4);
    if (f.bad) return broken(e);
    if (version != 3) return fail(e, ERR_INPUT, "the .tflite file is of schema version %u; 3 is understood", version);
    if (graphs.count != 1) return fail(e, ERR_INPUT, "the .tflite file has %u graphs; 1 is understood", graphs.count);
    fb_table graph = fb_table_at(&f, graphs, 0);
    fb_vector tensors = fb_list(&f, graph, 0, 4), ins = fb_list(&f, graph, 1, 4), outs = fb_list(&f, graph, 2, 4);
    fb_vector ops = fb_list(&f, graph, 3, 4);
    if (f.bad) return broken(e);
    if (tensors.count > TFL_MAX_TENSORS || ops.count > TFL_MAX_OPS) {
        return fail(e, ERR_LIMIT, "the network has %u tensors and %u operators; at most %d and %d are accepted",
                    tensors.count, ops.count, TFL_MAX_TENSORS, TFL_MAX_OPS);
    }
    g->tensors = (int)tensors.count;
    g->ops = (int)ops.count;
    g->tensor = mem_array(tfl_tensor, tensors.count);
    g->op = mem_array(tfl_op, ops.count);
    for (uint32_t i = 0; i < tensors.count; i++) {
        if (!parse_tensor(&f, fb_table_at(&f, tensors, i), buffers, &g->tensor[i], e)) return false;
    }
    for (uint32_t i = 0; i < ops.count; i++) {
        if (!parse_op(&f, fb_table_at(&f, ops, i), codes, g, &g->op[i], e)) return false;
    }
    if (!parse_numbers(&f, ins, g, 8, g->input, &g->inputs) || !parse_numbers(&f, outs, g, 8, g->output, &g->outputs)) {
        return fail(e, ERR_INPUT, "the network's inputs or outputs are not understood (at most 8 of each)");
    }
    return check_io(g, e) && check_order(g, e);
}

void tfl_free(tfl_graph *g)
{
    mem_free(g->tensor);
    mem_free(g->op);
    *g = (tfl_graph){ 0 };
}
