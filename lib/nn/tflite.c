// TensorFlow Lite computes on [N, H, W, C], ONNX on [N, C, H, W]. Each tensor is kept in the form its operator makes
// and turned only when an operator wants the other one; the network's ends stay as TensorFlow Lite has them.
#include "nn/tflite.h"
#include "base/limits.h"
#include "base/mem.h"
#include "nn/onnx_writer.h"
#include "nn/tflite_graph.h"

#include <stdio.h>
#include <string.h>

enum { OPSET = 17 };

typedef enum {
    FORM_PLAIN,     // as TensorFlow Lite has it
    FORM_NCHW,      // four dimensions; also turns weights [O, H, W, I] into [O, I, H, W]
    FORM_DEPTHWISE, // weights [1, H, W, C] into [C, 1, H, W]
    FORMS
} form;

// Dimension i of the form is dimension FROM[form][i] of TensorFlow Lite's tensor.
static const int FROM[FORMS][TFL_MAX_DIMS] = { { 0, 1, 2, 3 }, { 0, 3, 1, 2 }, { 3, 0, 1, 2 } };
static const char *const FORM_NAME[FORMS] = { "", ".nchw", ".depthwise" };

typedef struct {
    bool has[FORMS]; // the ONNX graph has it in this form
    int stored;      // the constant tensor whose values it has, or -1 for a computed one
    bool wants_pads; // used, and only as the picture a VALID convolution runs over
    bool folded;     // a PAD left to those convolutions:
    int pad_of;      // what it pads
    int pad[4];      // by how much: top, left, bottom, right
} value;

typedef struct {
    tfl_graph g;
    value *v; // [g.tensors]
    onnx_model *m;
    bool clips, sigmoids; // their shared constants are written
} converter;

typedef struct {
    char s[48];
} name;

static name name_of(int tensor, form f, const char *suffix)
{
    name n;
    snprintf(n.s, sizeof n.s, "%%%d%s%s", tensor, FORM_NAME[f], suffix);
    return n;
}

static const tfl_tensor *tensor_of(const converter *c, int t) { return &c->g.tensor[t]; }

static bool same_shape(const tfl_tensor *a, const tfl_tensor *b)
{
    return a->dims == b->dims && memcmp(a->dim, b->dim, sizeof a->dim) == 0;
}

static bool wrong_shape(const converter *c, const tfl_op *op, err *e)
{
    return fail(e, ERR_INPUT, "the shapes of %s making tensor \"%s\" do not fit together", tfl_code_name(op->code),
                tensor_of(c, op->out)->name);
}

// --- constants ---

static void densify(const tfl_tensor *t, uint8_t *dense, size_t size)
{
    size_t columns = (size_t)t->dim[t->dims - 1];
    for (uint32_t r = 0; r < t->sparse.rows; r++) {
        uint32_t from = tfl_number(t->sparse.segments, t->sparse.segment_size, r);
        uint32_t to = tfl_number(t->sparse.segments, t->sparse.segment_size, r + 1);
        for (uint32_t j = from; j < to; j++) {
            size_t at = r * columns + tfl_number(t->sparse.indices, t->sparse.index_size, j);
            memcpy(dense + at * size, t->data + j * size, size);
        }
    }
}

// Writes the constant's values in the form; float16 stays so in the file and is widened (exactly) by a Cast, which the
// runtime folds when it loads.
static bool write_constant(converter *c, int tensor, form f, err *e)
{
    const tfl_tensor *t = tensor_of(c, c->v[tensor].stored);
    if (t->type == TFL_INT32)
        return fail(e, ERR_INPUT, "tensor \"%s\" holds integers where values are wanted", t->name);
    size_t size = t->type == TFL_FLOAT16 ? 2 : 4;
    const uint8_t *from = t->data;
    uint8_t *dense = NULL;
    if (t->sparse.rows) {
        dense = mem_try(t->count, size);
        if (!dense) return fail(e, ERR_MEMORY, "tensor \"%s\" does not fit into memory", t->name);
        densify(t, dense, size);
        from = dense;
    }
    int64_t dim[TFL_MAX_DIMS];
    size_t n[TFL_MAX_DIMS] = { 1, 1, 1, 1 }, stride[TFL_MAX_DIMS] = { 0 }, plain_stride[TFL_MAX_DIMS] = { 0 };
    for (int i = t->dims - 1, s = 1; i >= 0; s *= t->dim[i--]) plain_stride[i] = (size_t)s;
    for (int i = 0; i < t->dims; i++) {
        int k = FROM[f][i];
        dim[i] = t->dim[k];
        n[i] = (size_t)t->dim[k];
        stride[i] = plain_stride[k];
    }
    name out = name_of(tensor, f, ""), half = name_of(tensor, f, ".half");
    onnx_type type = size == 2 ? ONNX_F16 : ONNX_F32;
    uint8_t *to = onnx_constant(c->m, size == 2 ? half.s : out.s, type, dim, t->dims, NULL);
    if (to) { // NULL: the file is full, which onnx_finish tells
        for (size_t i = 0; i < n[0]; i++)
            for (size_t j = 0; j < n[1]; j++)
                for (size_t k = 0; k < n[2]; k++)
                    for (size_t l = 0; l < n[3]; l++, to += size) {
                        size_t at = i * stride[0] + j * stride[1] + k * stride[2] + l * stride[3];
                        memcpy(to, from + at * size, size);
                    }
    }
    mem_free(dense);
    if (size == 2) {
        onnx_node1(c->m, "Cast", out.s, half.s);
        onnx_attr_int(c->m, "to", ONNX_F32);
    }
    return true;
}

// --- values ---

// The name of tensor t in form f, which is made when the graph has only the other one.
static bool want(converter *c, int t, form f, name *out, err *e)
{
    value *v = &c->v[t];
    *out = name_of(t, f, "");
    if (v->has[f]) return true;
    if (f != FORM_PLAIN && tensor_of(c, t)->dims != 4) {
        return fail(e, ERR_INPUT, "tensor \"%s\" must have 4 dimensions", tensor_of(c, t)->name);
    }
    if (v->stored >= 0) {
        if (!write_constant(c, t, f, e)) return false;
    } else {
        static const int64_t TO_NCHW[] = { 0, 3, 1, 2 }, TO_PLAIN[] = { 0, 2, 3, 1 };
        name other = name_of(t, f == FORM_PLAIN ? FORM_NCHW : FORM_PLAIN, "");
        onnx_node1(c->m, "Transpose", out->s, other.s);
        onnx_attr_ints(c->m, "perm", f == FORM_PLAIN ? TO_PLAIN : TO_NCHW, 4);
    }
    v->has[f] = true;
    return true;
}

static name make(converter *c, int t, form f, const char *suffix)
{
    c->v[t].has[f] = true;
    return name_of(t, f, suffix);
}

// The form in which an operator that works element by element leaves four-dimensional tensors alone.
static form natural_form(const tfl_tensor *t) { return t->dims == 4 ? FORM_NCHW : FORM_PLAIN; }

// The node before has written its result under suffixed; this applies the operator's activation to make the final name.
static void activate(converter *c, const tfl_op *op, form f, name suffixed)
{
    name out = name_of(op->out, f, "");
    if (op->activation == TFL_RELU) {
        onnx_node1(c->m, "Relu", out.s, suffixed.s);
    } else if (op->activation == TFL_RELU6) {
        if (!c->clips) {
            onnx_constant_f32(c->m, "%zero", 0);
            onnx_constant_f32(c->m, "%six", 6);
        }
        c->clips = true;
        onnx_node1(c->m, "Clip", out.s, suffixed.s, "%zero", "%six");
    }
}

static const char *raw_suffix(const tfl_op *op) { return op->activation == TFL_LINEAR ? "" : ".raw"; }

// --- operators ---

// TensorFlow's padding of one direction. SAME: as much as makes ceil(in / stride) results, the odd pixel behind.
static bool window(bool same, int in, int k, int stride, int dilation, int out, int *before, int *after)
{
    int span = (k - 1) * dilation + 1; // at most (2^20 - 1) * 64 + 1
    int want_out = same ? (in - 1) / stride + 1 : in < span ? 0 : (in - span) / stride + 1;
    int total = same ? (out - 1) * stride + span - in : 0;
    if (total < 0) total = 0;
    *before = total / 2;
    *after = total - total / 2;
    return out == want_out;
}

// Emits pads, strides and dilations of a convolution or pooling over in making out.
static bool window_attrs(converter *c, const tfl_op *op, const tfl_tensor *in, int kh, int kw, int64_t pads[4])
{
    const tfl_tensor *out = tensor_of(c, op->out);
    int top, left, bottom, right;
    if (in->dims != 4 || out->dims != 4 || in->dim[0] != out->dim[0] ||
        !window(op->same_padding, in->dim[1], kh, op->stride_h, op->dilation_h, out->dim[1], &top, &bottom) ||
        !window(op->same_padding, in->dim[2], kw, op->stride_w, op->dilation_w, out->dim[2], &left, &right)) {
        return false;
    }
    pads[0] = top, pads[1] = left, pads[2] = bottom, pads[3] = right;
    return true;
}

static void write_window(converter *c, const tfl_op *op, int kh, int kw, const int64_t pads[4])
{
    onnx_attr_ints(c->m, "kernel_shape", (const int64_t[]){ kh, kw }, 2);
    onnx_attr_ints(c->m, "strides", (const int64_t[]){ op->stride_h, op->stride_w }, 2);
    onnx_attr_ints(c->m, "pads", pads, 4);
    if (op->dilation_h != 1 || op->dilation_w != 1) {
        onnx_attr_ints(c->m, "dilations", (const int64_t[]){ op->dilation_h, op->dilation_w }, 2);
    }
}

static bool convolve(converter *c, const tfl_op *op, err *e)
{
    if (op->in_count != 3) return fail(e, ERR_INPUT, "%s has %d inputs, not 3", tfl_code_name(op->code), op->in_count);
    bool depthwise = op->code == TFL_DEPTHWISE_CONV_2D;
    const tfl_tensor *in = tensor_of(c, op->in[0]), *w = tensor_of(c, op->in[1]), *bias = tensor_of(c, op->in[2]);
    const tfl_tensor *out = tensor_of(c, op->out);
    if (c->v[op->in[1]].stored < 0 || c->v[op->in[2]].stored < 0) {
        return fail(e, ERR_INPUT, "the weights of %s making \"%s\" are not constant", tfl_code_name(op->code),
                    out->name);
    }
    int64_t pads[4];
    if (w->dims != 4 || bias->dims != 1 || !window_attrs(c, op, in, w->dim[1], w->dim[2], pads) ||
        w->dim[3] != in->dim[3] || w->dim[0] != (depthwise ? 1 : out->dim[3]) || bias->dim[0] != out->dim[3] ||
        (depthwise && out->dim[3] != in->dim[3])) {
        return wrong_shape(c, op, e);
    }
    const value *v = &c->v[op->in[0]];
    int source = op->in[0];
    if (v->folded) {
        source = v->pad_of;
        for (int i = 0; i < 4; i++) pads[i] += v->pad[i];
    }
    name x, weights, biases;
    if (!want(c, source, FORM_NCHW, &x, e) || !want(c, op->in[2], FORM_PLAIN, &biases, e) ||
        !want(c, op->in[1], depthwise ? FORM_DEPTHWISE : FORM_NCHW, &weights, e)) {
        return false;
    }
    name raw = make(c, op->out, FORM_NCHW, raw_suffix(op));
    onnx_node1(c->m, "Conv", raw.s, x.s, weights.s, biases.s);
    write_window(c, op, w->dim[1], w->dim[2], pads);
    if (depthwise) onnx_attr_int(c->m, "group", in->dim[3]);
    activate(c, op, FORM_NCHW, raw);
    return true;
}

static bool pool(converter *c, const tfl_op *op, err *e)
{
    const tfl_tensor *in = tensor_of(c, op->in[0]), *out = tensor_of(c, op->out);
    int64_t pads[4];
    if (op->in_count != 1 || !window_attrs(c, op, in, op->filter_h, op->filter_w, pads) || in->dim[3] != out->dim[3] ||
        pads[0] >= op->filter_h || pads[1] >= op->filter_w) {
        return wrong_shape(c, op, e);
    }
    name x;
    if (!want(c, op->in[0], FORM_NCHW, &x, e)) return false;
    name raw = make(c, op->out, FORM_NCHW, raw_suffix(op));
    onnx_node1(c->m, "MaxPool", raw.s, x.s);
    write_window(c, op, op->filter_h, op->filter_w, pads);
    activate(c, op, FORM_NCHW, raw);
    return true;
}

static bool add(converter *c, const tfl_op *op, err *e)
{
    const tfl_tensor *out = tensor_of(c, op->out);
    if (op->in_count != 2 || !same_shape(tensor_of(c, op->in[0]), out) || !same_shape(tensor_of(c, op->in[1]), out)) {
        return wrong_shape(c, op, e);
    }
    form f = natural_form(out);
    name a, b;
    if (!want(c, op->in[0], f, &a, e) || !want(c, op->in[1], f, &b, e)) return false;
    name raw = make(c, op->out, f, raw_suffix(op));
    onnx_node1(c->m, "Add", raw.s, a.s, b.s);
    activate(c, op, f, raw);
    return true;
}

static bool logistic(converter *c, const tfl_op *op, err *e)
{
    const tfl_tensor *in = tensor_of(c, op->in[0]);
    if (op->in_count != 1 || !same_shape(in, tensor_of(c, op->out))) return wrong_shape(c, op, e);
    form f = natural_form(in);
    name x;
    if (!want(c, op->in[0], f, &x, e)) return false;
    // e^x / (1 + e^x) keeps the relative accuracy of small probabilities as TensorFlow Lite does; the runtime's own
    // Sigmoid is a fraction that is only good to 1e-8. Past x = 20 the result is 1 in float32.
    name low = name_of(op->out, f, ".low"), power = name_of(op->out, f, ".exp"), sum = name_of(op->out, f, ".sum");
    if (!c->sigmoids) {
        onnx_constant_f32(c->m, "%one", 1);
        onnx_constant_f32(c->m, "%twenty", 20);
    }
    c->sigmoids = true;
    onnx_node1(c->m, "Clip", low.s, x.s, "", "%twenty");
    onnx_node1(c->m, "Exp", power.s, low.s);
    onnx_node1(c->m, "Add", sum.s, power.s, "%one");
    onnx_node1(c->m, "Div", make(c, op->out, f, "").s, power.s, sum.s);
    return true;
}

// The int32 constant of count numbers at input k.
static bool numbers_at(const converter *c, const tfl_op *op, int k, size_t count, int32_t *out, err *e)
{
    const tfl_tensor *t = op->in_count > k ? tensor_of(c, op->in[k]) : NULL;
    if (!t || !t->data || t->type != TFL_INT32 || t->count != count) {
        return fail(e, ERR_INPUT, "%s making \"%s\" wants %zu constant numbers", tfl_code_name(op->code),
                    tensor_of(c, op->out)->name, count);
    }
    for (size_t i = 0; i < count; i++) out[i] = (int32_t)tfl_number(t->data, 4, i);
    return true;
}

static bool pad(converter *c, const tfl_op *op, err *e)
{
    const tfl_tensor *in = tensor_of(c, op->in[0]), *out = tensor_of(c, op->out);
    int32_t p[8] = { 0 };
    if (in->dims != 4 || out->dims != 4 || op->in_count != 2) return wrong_shape(c, op, e);
    if (!numbers_at(c, op, 1, 8, p, e)) return false;
    for (int i = 0; i < 4; i++) {
        if (p[2 * i] < 0 || p[2 * i] > TFL_MAX_DIM || p[2 * i + 1] < 0 || p[2 * i + 1] > TFL_MAX_DIM ||
            in->dim[i] + p[2 * i] + p[2 * i + 1] != out->dim[i]) {
            return wrong_shape(c, op, e);
        }
    }
    value *v = &c->v[op->out];
    bool spatial = !(p[0] | p[1] | p[6] | p[7]);
    if (spatial && v->wants_pads) {
        v->folded = true;
        v->pad_of = op->in[0];
        v->pad[0] = p[2], v->pad[1] = p[4], v->pad[2] = p[3], v->pad[3] = p[5];
        return true;
    }
    name x;
    if (!want(c, op->in[0], FORM_NCHW, &x, e)) return false;
    name pads = name_of(op->out, FORM_PLAIN, ".pads");
    onnx_constant_i64(c->m, pads.s, (const int64_t[]){ p[0], p[6], p[2], p[4], p[1], p[7], p[3], p[5] }, 8);
    onnx_node1(c->m, "Pad", make(c, op->out, FORM_NCHW, "").s, x.s, pads.s);
    return true;
}

static bool resize(converter *c, const tfl_op *op, err *e)
{
    const tfl_tensor *in = tensor_of(c, op->in[0]), *out = tensor_of(c, op->out);
    int32_t size[2] = { 0 };
    if (in->dims != 4 || out->dims != 4 || op->in_count != 2) return wrong_shape(c, op, e);
    if (!numbers_at(c, op, 1, 2, size, e)) return false;
    if (in->dim[0] != out->dim[0] || in->dim[3] != out->dim[3] || size[0] != out->dim[1] || size[1] != out->dim[2]) {
        return wrong_shape(c, op, e);
    }
    name x;
    if (!want(c, op->in[0], FORM_NCHW, &x, e)) return false;
    name sizes = name_of(op->out, FORM_PLAIN, ".sizes");
    onnx_constant_i64(c->m, sizes.s, (const int64_t[]){ out->dim[0], out->dim[3], size[0], size[1] }, 4);
    onnx_node1(c->m, "Resize", make(c, op->out, FORM_NCHW, "").s, x.s, "", "", sizes.s);
    onnx_attr_string(c->m, "mode", "linear");
    onnx_attr_string(c->m, "coordinate_transformation_mode", "half_pixel");
    return true;
}

static bool depth_to_space(converter *c, const tfl_op *op, err *e)
{
    const tfl_tensor *in = tensor_of(c, op->in[0]), *out = tensor_of(c, op->out);
    int64_t b = op->block;
    if (op->in_count != 1 || in->dims != 4 || out->dims != 4 || in->dim[0] != out->dim[0] ||
        in->dim[1] * b != out->dim[1] || in->dim[2] * b != out->dim[2] || out->dim[3] * b * b != in->dim[3]) {
        return wrong_shape(c, op, e);
    }
    name x;
    if (!want(c, op->in[0], FORM_NCHW, &x, e)) return false;
    onnx_node1(c->m, "DepthToSpace", make(c, op->out, FORM_NCHW, "").s, x.s);
    onnx_attr_int(c->m, "blocksize", b);
    onnx_attr_string(c->m, "mode", "DCR"); // depth first, as TensorFlow orders its channels
    return true;
}

static bool reshape(converter *c, const tfl_op *op, err *e)
{
    const tfl_tensor *in = tensor_of(c, op->in[0]), *out = tensor_of(c, op->out);
    if (in->count != out->count) return wrong_shape(c, op, e);
    name x;
    if (!want(c, op->in[0], FORM_PLAIN, &x, e)) return false;
    int64_t dim[TFL_MAX_DIMS];
    for (int i = 0; i < out->dims; i++) dim[i] = out->dim[i];
    name shape = name_of(op->out, FORM_PLAIN, ".shape");
    onnx_constant_i64(c->m, shape.s, dim, out->dims);
    onnx_node1(c->m, "Reshape", make(c, op->out, FORM_PLAIN, "").s, x.s, shape.s);
    return true;
}

static bool concatenate(converter *c, const tfl_op *op, err *e)
{
    const tfl_tensor *out = tensor_of(c, op->out);
    int axis = op->axis < 0 ? op->axis + out->dims : op->axis;
    if (axis < 0 || axis >= out->dims) return wrong_shape(c, op, e);
    int64_t sum = 0;
    for (int k = 0; k < op->in_count; k++) {
        const tfl_tensor *in = tensor_of(c, op->in[k]);
        if (in->dims != out->dims) return wrong_shape(c, op, e);
        for (int i = 0; i < out->dims; i++) {
            if (i != axis && in->dim[i] != out->dim[i]) return wrong_shape(c, op, e);
        }
        sum += in->dim[axis];
    }
    if (sum != out->dim[axis]) return wrong_shape(c, op, e);
    form f = natural_form(out);
    name x[TFL_MAX_INPUTS];
    const char *in[TFL_MAX_INPUTS];
    for (int k = 0; k < op->in_count; k++) {
        if (!want(c, op->in[k], f, &x[k], e)) return false;
        in[k] = x[k].s;
    }
    name raw = make(c, op->out, f, raw_suffix(op));
    onnx_node(c->m, "Concat", in, op->in_count, &(const char *){ raw.s }, 1);
    int nchw_axis = 0;
    while (FROM[f][nchw_axis] != axis) nchw_axis++;
    onnx_attr_int(c->m, "axis", nchw_axis);
    activate(c, op, f, raw);
    return true;
}

// DENSIFY and DEQUANTIZE only appear between a stored constant and its use: they vanish.
static bool unfold_constant(converter *c, const tfl_op *op, err *e)
{
    if (c->v[op->in[0]].stored < 0 || !same_shape(tensor_of(c, op->in[0]), tensor_of(c, op->out))) {
        return fail(e, ERR_INPUT, "%s making \"%s\" is only understood on a constant", tfl_code_name(op->code),
                    tensor_of(c, op->out)->name);
    }
    c->v[op->out].stored = c->v[op->in[0]].stored;
    return true;
}

static bool convert_op(converter *c, const tfl_op *op, err *e)
{
    switch (op->code) {
    case TFL_CONV_2D:
    case TFL_DEPTHWISE_CONV_2D:
        return convolve(c, op, e);
    case TFL_MAX_POOL_2D:
        return pool(c, op, e);
    case TFL_ADD:
        return add(c, op, e);
    case TFL_LOGISTIC:
        return logistic(c, op, e);
    case TFL_PAD:
        return pad(c, op, e);
    case TFL_RESIZE_BILINEAR:
        return resize(c, op, e);
    case TFL_DEPTH_TO_SPACE:
        return depth_to_space(c, op, e);
    case TFL_RESHAPE:
        return reshape(c, op, e);
    case TFL_CONCATENATION:
        return concatenate(c, op, e);
    case TFL_DEQUANTIZE:
    case TFL_DENSIFY:
        return unfold_constant(c, op, e);
    }
    return fail(e, ERR_INTERNAL, "operator %d has no conversion", (int)op->code);
}

static void find_uses(converter *c)
{
    const tfl_graph *g = &c->g;
    for (int t = 0; t < g->tensors; t++) {
        c->v[t].stored = g->tensor[t].data ? t : -1;
        c->v[t].wants_pads = true;
    }
    for (int i = 0; i < g->ops; i++) {
        const tfl_op *op = &g->op[i];
        bool conv = op->code == TFL_CONV_2D || op->code == TFL_DEPTHWISE_CONV_2D;
        for (int k = 0; k < op->in_count; k++) {
            if (!conv || k > 0 || op->same_padding) c->v[op->in[k]].wants_pads = false;
        }
    }
    for (int i = 0; i < g->outputs; i++) c->v[g->output[i]].wants_pads = false;
}

static bool write_io(converter *c, int t, bool input, err *e)
{
    const tfl_tensor *at = tensor_of(c, t);
    int64_t dim[TFL_MAX_DIMS];
    for (int i = 0; i < at->dims; i++) dim[i] = at->dim[i];
    if (input) {
        onnx_input(c->m, at->name, ONNX_F32, dim, at->dims);
        onnx_node1(c->m, "Identity", make(c, t, FORM_PLAIN, "").s, at->name);
        return true;
    }
    name x;
    if (!want(c, t, FORM_PLAIN, &x, e)) return false;
    onnx_output(c->m, at->name, ONNX_F32, dim, at->dims);
    onnx_node1(c->m, "Identity", at->name, x.s);
    return true;
}

bool tflite_to_onnx(const uint8_t *data, size_t n, buf *onnx, err *e)
{
    converter c = { 0 };
    bool ok = tfl_parse(data, n, &c.g, e);
    if (ok) {
        c.v = mem_array(value, (size_t)c.g.tensors);
        c.m = onnx_new(OPSET, LIMIT_TFLITE_BYTES);
        find_uses(&c);
        for (int i = 0; i < c.g.inputs; i++) ok = ok && write_io(&c, c.g.input[i], true, e);
        for (int i = 0; i < c.g.ops; i++) ok = ok && convert_op(&c, &c.g.op[i], e);
        for (int i = 0; i < c.g.outputs; i++) ok = ok && write_io(&c, c.g.output[i], false, e);
        ok = ok && onnx_finish(c.m, onnx, e);
        onnx_free(c.m);
    }
    mem_free(c.v);
    tfl_free(&c.g);
    return ok;
}
