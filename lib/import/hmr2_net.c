#include "import/hmr2_net.h"
#include "base/io.h"
#include "base/mem.h"
#include "nn/onnx_writer.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { OPSET = 17, TOKENS = HMR2_TOKENS_Y * HMR2_TOKENS_X, DEPTH_MAX = 256, HEAD = 64, SIDE_MAX = 1 << 14 };
#define MICROSOFT "com.microsoft"
#define WEIGHTS "hmr2.weights"

// --- tensors ---

static const ckpt_tensor *find(const checkpoint *c, const char *fmt, va_list args, char *name, size_t size)
{
    vsnprintf(name, size, fmt, args);
    return ckpt_find(c, name);
}

// The tensor of that name with these dims sizes (0: any up to SIDE_MAX); fmt and what follows spell the name.
static const ckpt_tensor *need(const checkpoint *c, err *e, int dims, const size_t *dim, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));

static const ckpt_tensor *need_v(const checkpoint *c, err *e, int dims, const size_t *dim, const char *fmt,
                                 va_list args)
{
    char name[160];
    const ckpt_tensor *t = find(c, fmt, args, name, sizeof name);
    if (!t) return fail(e, ERR_INPUT, "this is no HMR2.0 checkpoint: it has no tensor %s", name), NULL;
    bool ok = t->dims == dims && t->type <= CKPT_F64;
    for (int i = 0; ok && i < dims; i++) ok = dim[i] ? t->dim[i] == dim[i] : t->dim[i] >= 1 && t->dim[i] <= SIDE_MAX;
    if (!ok) return fail(e, ERR_INPUT, "tensor %s has not the shape or type that HMR2.0's has", name), NULL;
    return t;
}

static const ckpt_tensor *need(const checkpoint *c, err *e, int dims, const size_t *dim, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    const ckpt_tensor *t = need_v(c, e, dims, dim, fmt, args);
    va_end(args);
    return t;
}

#define BACKBONE "backbone."
#define HEAD_OF "smpl_head."
#define DECODER "smpl_head.transformer."
#define LAYER "smpl_head.transformer.transformer.layers.%d."

static int count_layers(const checkpoint *c, const char *fmt)
{
    int n = 0;
    char name[160];
    for (; n < DEPTH_MAX; n++) {
        const char *digits = strstr(fmt, "%d");
        snprintf(name, sizeof name, "%.*s%d%s", (int)(digits - fmt), fmt, n, digits + 2);
        if (!ckpt_find(c, name)) break;
    }
    return n;
}

bool hmr2_read_sizes(const checkpoint *c, hmr2_sizes *s, err *e)
{
    *s = (hmr2_sizes){ 0 };
    const ckpt_tensor *pos = need(c, e, 3, (size_t[]){ 1, TOKENS + 1, 0 }, BACKBONE "pos_embed");
    const ckpt_tensor *fc1 =
        pos ? need(c, e, 2, (size_t[]){ 0, pos->dim[2] }, BACKBONE "blocks.0.mlp.fc1.weight") : NULL;
    const ckpt_tensor *token = fc1 ? need(c, e, 2, (size_t[]){ 0, 1 }, DECODER "to_token_embedding.weight") : NULL;
    const ckpt_tensor *q = token ? need(c, e, 2, (size_t[]){ 0, token->dim[0] }, LAYER "1.fn.to_q.weight", 0) : NULL;
    const ckpt_tensor *net = q ? need(c, e, 2, (size_t[]){ 0, token->dim[0] }, LAYER "2.fn.net.0.weight", 0) : NULL;
    const ckpt_tensor *shape = net ? need(c, e, 2, (size_t[]){ 0, token->dim[0] }, HEAD_OF "decshape.weight") : NULL;
    if (!shape) return false;
    s->embed = (int)pos->dim[2];
    s->mlp = (int)fc1->dim[0];
    s->depth = count_layers(c, BACKBONE "blocks.%d.norm1.weight");
    s->dim = (int)token->dim[0];
    s->inner = (int)q->dim[0];
    s->decoder_mlp = (int)net->dim[0];
    s->decoder_depth = count_layers(c, LAYER "0.norm.weight");
    s->betas = (int)shape->dim[0];
    // The number of heads leaves no trace in the tensors. ViT-H has heads of 80, the smaller ones of 64.
    int head = s->embed % 80 == 0 ? 80 : HEAD;
    s->heads = s->embed / head;
    if (s->embed % head || s->inner % HEAD) {
        return fail(e, ERR_INPUT, "the network's widths %d and %d are no multiples of a head's", s->embed, s->inner);
    }
    if (!s->depth || !s->decoder_depth) return fail(e, ERR_INPUT, "the checkpoint has a network without layers");
    return s->betas <= HMR2_MAX_BETAS ||
           fail(e, ERR_LIMIT, "the network tells %d betas; %d are the most", s->betas, HMR2_MAX_BETAS);
}

// --- constants ---

typedef struct {
    const checkpoint *c;
    onnx_model *m;
    io_writer file;
    const zip_member *checked; // the storage whose checksum was looked at last
    err *e;
    bool ok; // false: e tells what went wrong first, and the rest does nothing
    bool int8;
} net;

// The tensor's elements in C order (mem_free), or NULL when w is no longer ok.
static float *floats(net *w, int dims, const size_t *dim, const char *fmt, ...) __attribute__((format(printf, 4, 5)));
static float *floats(net *w, int dims, const size_t *dim, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    const ckpt_tensor *t = w->ok ? need_v(w->c, w->e, dims, dim, fmt, args) : NULL;
    va_end(args);
    w->ok = t != NULL;
    if (!t) return NULL;
    if (t->storage != w->checked && !zip_intact(t->storage)) {
        w->ok = fail(w->e, ERR_INPUT, "the checkpoint is damaged: %.*s is not what its checksum says", (int)t->name_len,
                     (const char *)t->name);
        return NULL;
    }
    w->checked = t->storage;
    float *out = mem_try(t->count, sizeof *out);
    w->ok = out && ckpt_floats(t, out);
    if (!w->ok) mem_free(out);
    if (!w->ok) return fail(w->e, ERR_MEMORY, "a tensor is larger than the memory at hand"), NULL;
    return out;
}

// Lays data into the weights file and names it. Large ones begin at a page, so that each can be mapped by itself.
static void put(net *w, const char *name, onnx_type type, const int64_t *dim, int dims, const void *data)
{
    static const uint8_t zeros[4096];
    size_t bytes = onnx_type_size(type);
    for (int i = 0; i < dims; i++) bytes *= (size_t)dim[i];
    size_t align = bytes >= 65536 ? 4096 : 64, gap = (align - w->file.len % align) % align;
    if (!w->ok) return;
    w->ok = io_put(&w->file, zeros, gap, w->e);
    uint64_t at = w->file.len;
    w->ok = w->ok && io_put(&w->file, data, bytes, w->e);
    onnx_constant_external(w->m, name, type, dim, dims, WEIGHTS, at, bytes);
}

static void put_floats(net *w, const char *name, int count, const float *data)
{
    put(w, name, ONNX_F32, &(int64_t){ count }, 1, data);
}

// A vector of the checkpoint as it is.
static void vector(net *w, const char *name, int count, const char *fmt, ...) __attribute__((format(printf, 4, 5)));
static void vector(net *w, const char *name, int count, const char *fmt, ...)
{
    char tensor[160];
    va_list args;
    va_start(args, fmt);
    vsnprintf(tensor, sizeof tensor, fmt, args);
    va_end(args);
    float *v = floats(w, 1, (size_t[]){ (size_t)count }, "%s", tensor);
    if (v) put_floats(w, name, count, v);
    mem_free(v);
}

// weight [out][in] as PyTorch keeps it to [in][out] as MatMul wants it, in tiles that fit the first-level cache.
static float *transpose(const float *weight, size_t out, size_t in)
{
    enum { TILE = 32 };
    float *t = mem_new(out * in, sizeof *t);
    for (size_t r = 0; r < out; r += TILE)
        for (size_t c = 0; c < in; c += TILE)
            for (size_t j = c; j < in && j < c + TILE; j++)
                for (size_t i = r; i < out && i < r + TILE; i++) t[j * out + i] = weight[i * in + j];
    return t;
}

static void put_matrix(net *w, const char *name, size_t out, size_t in, const float *weight)
{
    float *t = transpose(weight, out, in);
    put(w, name, ONNX_F32, (int64_t[]){ (int64_t)in, (int64_t)out }, 2, t);
    mem_free(t);
}

// name: 8 bits around zero, [in][out]; name.scale: one per output channel.
static void put_quantized(net *w, const char *name, size_t out, size_t in, const float *weight)
{
    enum { TILE = 64 };
    char scale_name[64];
    float *scale = mem_array(float, out);
    int8_t *q = mem_new(out * in, 1);
    for (size_t i = 0; i < out; i++) {
        float most = 0;
        for (size_t j = 0; j < in; j++) most = fmaxf(most, fabsf(weight[i * in + j]));
        scale[i] = most > 0 ? most / 127 : 1;
    }
    for (size_t c = 0; c < in; c += TILE)
        for (size_t i = 0; i < out; i++)
            for (size_t j = c; j < in && j < c + TILE; j++)
                q[j * out + i] = (int8_t)lrintf(weight[i * in + j] / scale[i]);
    put(w, name, ONNX_I8, (int64_t[]){ (int64_t)in, (int64_t)out }, 2, q);
    snprintf(scale_name, sizeof scale_name, "%s.scale", name);
    put_floats(w, scale_name, (int)out, scale);
    mem_free(scale);
    mem_free(q);
}

// --- nodes ---

// out = in times the checkpoint's matrix [rows][columns], of which rows [from, from + rows) are taken; the tensor has
// all of them.
typedef struct {
    int all, from, rows, columns;
} slice;

static void matmul(net *w, const char *out, const char *in, slice s, bool int8, const char *fmt, ...)
    __attribute__((format(printf, 6, 7)));
static void matmul(net *w, const char *out, const char *in, slice s, bool int8, const char *fmt, ...)
{
    char tensor[160], name[64], scale[80];
    va_list args;
    va_start(args, fmt);
    vsnprintf(tensor, sizeof tensor, fmt, args);
    va_end(args);
    float *v = floats(w, 2, (size_t[]){ (size_t)s.all, (size_t)s.columns }, "%s", tensor);
    snprintf(name, sizeof name, "%.48s.weight", out);
    snprintf(scale, sizeof scale, "%s.scale", name);
    if (v) {
        const float *rows = v + (size_t)s.from * (size_t)s.columns;
        (int8 ? put_quantized : put_matrix)(w, name, (size_t)s.rows, (size_t)s.columns, rows);
    }
    mem_free(v);
    if (int8) {
        onnx_node1(w->m, "DynamicQuantizeMatMul", out, in, name, scale);
        onnx_node_domain(w->m, MICROSOFT);
    } else {
        onnx_node1(w->m, "MatMul", out, in, name);
    }
}

// The names of what one layer makes; each call gives the next of a few rotating buffers.
static const char *named(const char *prefix, int layer, const char *what)
{
    static _Thread_local char text[16][48];
    static _Thread_local unsigned next;
    char *t = text[next++ % 16];
    snprintf(t, sizeof text[0], "%s%d.%s", prefix, layer, what);
    return t;
}

static void norm(net *w, const char *out, const char *in, const char *gamma, const char *beta, float epsilon)
{
    onnx_node1(w->m, "LayerNormalization", out, in, gamma, beta);
    onnx_attr_float(w->m, "epsilon", epsilon);
}

// sum = a + b + bias; out = LayerNorm(sum).
static void sum_norm(net *w, const char *out, const char *sum, const char *a, const char *b, const char *bias,
                     const char *gamma, const char *beta, float epsilon)
{
    onnx_node(w->m, "SkipLayerNormalization", (const char *const[]){ a, b, gamma, beta, bias }, 5,
              (const char *const[]){ out, "", "", sum }, 4);
    onnx_node_domain(w->m, MICROSOFT);
    onnx_attr_float(w->m, "epsilon", epsilon);
}

// in [1, n, parts * width] into parts.
static void split(net *w, const char *in, const char *const *out, int parts)
{
    onnx_node(w->m, "Split", &in, 1, out, parts);
    onnx_attr_int(w->m, "axis", 2);
}

// bias: of queries, keys and values in one vector, or NULL.
static void attention(net *w, const char *out, const char *q, const char *k, const char *v, const char *bias, int heads)
{
    onnx_node(w->m, "MultiHeadAttention", (const char *const[]){ q, k, v, bias }, bias ? 4 : 3, &out, 1);
    onnx_node_domain(w->m, MICROSOFT);
    onnx_attr_int(w->m, "num_heads", heads);
}

static void bias_gelu(net *w, const char *out, const char *in, const char *bias)
{
    onnx_node1(w->m, "BiasGelu", out, in, bias); // by the error function, not by tanh
    onnx_node_domain(w->m, MICROSOFT);
}

// --- backbone ---

// image to tokens: a convolution with one step a patch, plus the place of each; the leading token's place is added to
// all of them, as ViTPose does.
static void embed(net *w, const hmr2_sizes *s)
{
    size_t c = (size_t)s->embed;
    float *kernel = floats(w, 4, (size_t[]){ c, 3, HMR2_PATCH, HMR2_PATCH }, BACKBONE "patch_embed.proj.weight");
    if (kernel) {
        put(w, "embed.weight", ONNX_F32, (int64_t[]){ s->embed, 3, HMR2_PATCH, HMR2_PATCH }, 4, kernel);
    }
    mem_free(kernel);
    vector(w, "embed.bias", s->embed, BACKBONE "patch_embed.proj.bias");
    float *pos = floats(w, 3, (size_t[]){ 1, TOKENS + 1, c }, BACKBONE "pos_embed");
    for (size_t i = 0; pos && i < TOKENS * c; i++) pos[c + i] += pos[i % c];
    if (pos) put(w, "place", ONNX_F32, (int64_t[]){ 1, TOKENS, s->embed }, 3, pos + c);
    mem_free(pos);
    onnx_node1(w->m, "Conv", "embed.grid", "image", "embed.weight", "embed.bias");
    onnx_attr_ints(w->m, "strides", (int64_t[]){ HMR2_PATCH, HMR2_PATCH }, 2);
    onnx_attr_ints(w->m, "pads", (int64_t[]){ 2, 2, 2, 2 }, 4);
    onnx_constant_i64(w->m, "shape.tokens", (int64_t[]){ 1, s->embed, TOKENS }, 3);
    onnx_node1(w->m, "Reshape", "embed.flat", "embed.grid", "shape.tokens");
    onnx_node1(w->m, "Transpose", "embed.tokens", "embed.flat");
    onnx_attr_ints(w->m, "perm", (int64_t[]){ 0, 2, 1 }, 3);
    onnx_node1(w->m, "Add", "block0.sum", "embed.tokens", "place");
}

static void block(net *w, const hmr2_sizes *s, int i)
{
    static const float epsilon = 1e-6f;
    const char *const b = "block";
#define AT(what) named(b, i, what)
#define FROM BACKBONE "blocks.%d."
    vector(w, AT("norm1.gamma"), s->embed, FROM "norm1.weight", i);
    vector(w, AT("norm1.beta"), s->embed, FROM "norm1.bias", i);
    if (i == 0)
        norm(w, "block0.norm1", "block0.sum", "block0.norm1.gamma", "block0.norm1.beta", epsilon);
    else
        sum_norm(w, AT("norm1"), AT("sum"), named(b, i - 1, "middle"), named(b, i - 1, "fc2"),
                 named(b, i - 1, "fc2.bias"), AT("norm1.gamma"), AT("norm1.beta"), epsilon);
    matmul(w, AT("qkv"), AT("norm1"), (slice){ 3 * s->embed, 0, 3 * s->embed, s->embed }, w->int8,
           FROM "attn.qkv.weight", i);
    vector(w, AT("qkv.bias"), 3 * s->embed, FROM "attn.qkv.bias", i);
    split(w, AT("qkv"), (const char *const[]){ AT("q"), AT("k"), AT("v") }, 3);
    attention(w, AT("heads"), AT("q"), AT("k"), AT("v"), AT("qkv.bias"), s->heads);
    matmul(w, AT("proj"), AT("heads"), (slice){ s->embed, 0, s->embed, s->embed }, w->int8, FROM "attn.proj.weight", i);
    vector(w, AT("proj.bias"), s->embed, FROM "attn.proj.bias", i);
    vector(w, AT("norm2.gamma"), s->embed, FROM "norm2.weight", i);
    vector(w, AT("norm2.beta"), s->embed, FROM "norm2.bias", i);
    sum_norm(w, AT("norm2"), AT("middle"), AT("sum"), AT("proj"), AT("proj.bias"), AT("norm2.gamma"), AT("norm2.beta"),
             epsilon);
    matmul(w, AT("fc1"), AT("norm2"), (slice){ s->mlp, 0, s->mlp, s->embed }, w->int8, FROM "mlp.fc1.weight", i);
    vector(w, AT("fc1.bias"), s->mlp, FROM "mlp.fc1.bias", i);
    bias_gelu(w, AT("gelu"), AT("fc1"), AT("fc1.bias"));
    matmul(w, AT("fc2"), AT("gelu"), (slice){ s->embed, 0, s->embed, s->mlp }, w->int8, FROM "mlp.fc2.weight", i);
    vector(w, AT("fc2.bias"), s->embed, FROM "mlp.fc2.bias", i);
#undef FROM
}

static void backbone(net *w, const hmr2_sizes *s)
{
    embed(w, s);
    for (int i = 0; w->ok && i < s->depth; i++) block(w, s, i);
    const char *const b = "block";
    int last = s->depth - 1;
    vector(w, "last.gamma", s->embed, BACKBONE "last_norm.weight");
    vector(w, "last.beta", s->embed, BACKBONE "last_norm.bias");
    sum_norm(w, "tokens", "", named(b, last, "middle"), named(b, last, "fc2"), named(b, last, "fc2.bias"), "last.gamma",
             "last.beta", 1e-6f);
    onnx_node1(w->m, "Transpose", "features.flat", "tokens");
    onnx_attr_ints(w->m, "perm", (int64_t[]){ 0, 2, 1 }, 3);
    onnx_constant_i64(w->m, "shape.features", (int64_t[]){ 1, s->embed, HMR2_TOKENS_Y, HMR2_TOKENS_X }, 4);
    onnx_node1(w->m, "Reshape", "features", "features.flat", "shape.features");
}

// --- decoder ---

// The token that goes in is zero, so its embedding is the bias.
static void token(net *w, const hmr2_sizes *s)
{
    size_t d = (size_t)s->dim;
    float *bias = floats(w, 1, (size_t[]){ d }, DECODER "to_token_embedding.bias");
    float *pos = floats(w, 3, (size_t[]){ 1, 1, d }, DECODER "pos_embedding");
    for (size_t i = 0; pos && i < d; i++) bias[i] += pos[i];
    if (pos) put(w, "layer0.sum", ONNX_F32, (int64_t[]){ 1, 1, s->dim }, 3, bias);
    mem_free(bias);
    mem_free(pos);
}

static void layer(net *w, const hmr2_sizes *s, int i)
{
    static const float epsilon = 1e-5f;
    const char *const b = "layer";
    vector(w, AT("norm0.gamma"), s->dim, LAYER "0.norm.weight", i);
    vector(w, AT("norm0.beta"), s->dim, LAYER "0.norm.bias", i);
    if (i == 0)
        norm(w, "layer0.norm0", "layer0.sum", "layer0.norm0.gamma", "layer0.norm0.beta", epsilon);
    else
        sum_norm(w, AT("norm0"), AT("sum"), named(b, i - 1, "cross"), named(b, i - 1, "fc2"),
                 named(b, i - 1, "fc2.bias"), AT("norm0.gamma"), AT("norm0.beta"), epsilon);
    // One token attends to itself alone, with weight 1: what is left of self-attention is its values.
    matmul(w, AT("self.v"), AT("norm0"), (slice){ 3 * s->inner, 2 * s->inner, s->inner, s->dim }, false,
           LAYER "0.fn.to_qkv.weight", i);
    matmul(w, AT("self.out"), AT("self.v"), (slice){ s->dim, 0, s->dim, s->inner }, false, LAYER "0.fn.to_out.0.weight",
           i);
    vector(w, AT("self.bias"), s->dim, LAYER "0.fn.to_out.0.bias", i);
    vector(w, AT("norm1.gamma"), s->dim, LAYER "1.norm.weight", i);
    vector(w, AT("norm1.beta"), s->dim, LAYER "1.norm.bias", i);
    sum_norm(w, AT("norm1"), AT("self"), AT("sum"), AT("self.out"), AT("self.bias"), AT("norm1.gamma"),
             AT("norm1.beta"), epsilon);
    matmul(w, AT("q"), AT("norm1"), (slice){ s->inner, 0, s->inner, s->dim }, false, LAYER "1.fn.to_q.weight", i);
    matmul(w, AT("kv"), "tokens", (slice){ 2 * s->inner, 0, 2 * s->inner, s->embed }, false, LAYER "1.fn.to_kv.weight",
           i);
    split(w, AT("kv"), (const char *const[]){ AT("k"), AT("v") }, 2);
    attention(w, AT("heads"), AT("q"), AT("k"), AT("v"), NULL, s->inner / HEAD);
    matmul(w, AT("cross.out"), AT("heads"), (slice){ s->dim, 0, s->dim, s->inner }, false, LAYER "1.fn.to_out.0.weight",
           i);
    vector(w, AT("cross.bias"), s->dim, LAYER "1.fn.to_out.0.bias", i);
    vector(w, AT("norm2.gamma"), s->dim, LAYER "2.norm.weight", i);
    vector(w, AT("norm2.beta"), s->dim, LAYER "2.norm.bias", i);
    sum_norm(w, AT("norm2"), AT("cross"), AT("self"), AT("cross.out"), AT("cross.bias"), AT("norm2.gamma"),
             AT("norm2.beta"), epsilon);
    matmul(w, AT("fc1"), AT("norm2"), (slice){ s->decoder_mlp, 0, s->decoder_mlp, s->dim }, false,
           LAYER "2.fn.net.0.weight", i);
    vector(w, AT("fc1.bias"), s->decoder_mlp, LAYER "2.fn.net.0.bias", i);
    bias_gelu(w, AT("gelu"), AT("fc1"), AT("fc1.bias"));
    matmul(w, AT("fc2"), AT("gelu"), (slice){ s->dim, 0, s->dim, s->decoder_mlp }, false, LAYER "2.fn.net.3.weight", i);
    vector(w, AT("fc2.bias"), s->dim, LAYER "2.fn.net.3.bias", i);
#undef AT
}

// The three linear maps off the token as one matrix; the mean person is part of its bias.
static void head(net *w, const hmr2_sizes *s)
{
    static const char *const weight[] = { HEAD_OF "decpose.weight", HEAD_OF "decshape.weight",
                                          HEAD_OF "deccam.weight" };
    static const char *const bias[] = { HEAD_OF "decpose.bias", HEAD_OF "decshape.bias", HEAD_OF "deccam.bias" };
    static const char *const mean[] = { HEAD_OF "init_body_pose", HEAD_OF "init_betas", HEAD_OF "init_cam" };
    const int rows[] = { HMR2_POSE, s->betas, 3 };
    size_t d = (size_t)s->dim, all = (size_t)(HMR2_POSE + s->betas + 3), at = 0;
    float *matrix = mem_array(float, all *d), *offset = mem_array(float, all);
    for (int k = 0; k < 3; k++) {
        size_t n = (size_t)rows[k];
        float *m = floats(w, 2, (size_t[]){ n, d }, "%s", weight[k]);
        float *o = floats(w, 1, (size_t[]){ n }, "%s", bias[k]),
              *start = floats(w, 2, (size_t[]){ 1, n }, "%s", mean[k]);
        if (start) {
            memcpy(matrix + at * d, m, n * d * sizeof *m);
            for (size_t i = 0; i < n; i++) offset[at + i] = o[i] + start[i];
        }
        mem_free(m);
        mem_free(o);
        mem_free(start);
        at += n;
    }
    put_matrix(w, "head.weight", all, d, matrix);
    put_floats(w, "head.bias", (int)all, offset);
    mem_free(matrix);
    mem_free(offset);
    int last = s->decoder_depth - 1;
    onnx_node1(w->m, "Add", "head.a", named("layer", last, "cross"), named("layer", last, "fc2"));
    onnx_node1(w->m, "Add", "head.in", "head.a", named("layer", last, "fc2.bias"));
    onnx_node1(w->m, "MatMul", "head.out", "head.in", "head.weight");
    onnx_node1(w->m, "Add", "params", "head.out", "head.bias");
}

bool hmr2_write_network(const checkpoint *c, const hmr2_sizes *s, bool int8, const char *folder, err *e)
{
    enum { GRAPH_MAX = 64 << 20 };
    char weights[1024], graph[1024];
    if (!io_join(weights, sizeof weights, folder, WEIGHTS) || !io_join(graph, sizeof graph, folder, "hmr2.onnx")) {
        return fail(e, ERR_LIMIT, "the path %.80s… is too long", folder);
    }
    net w = { .c = c, .e = e, .int8 = int8 };
    w.ok = io_begin(&w.file, weights, e);
    w.m = onnx_new(OPSET, GRAPH_MAX);
    onnx_input(w.m, "image", ONNX_F32, (int64_t[]){ 1, 3, HMR2_TOKENS_Y * HMR2_PATCH, HMR2_TOKENS_X * HMR2_PATCH }, 4);
    backbone(&w, s);
    if (w.ok) token(&w, s);
    for (int i = 0; w.ok && i < s->decoder_depth; i++) layer(&w, s, i);
    if (w.ok) head(&w, s);
    onnx_output(w.m, "features", ONNX_F32, (int64_t[]){ 1, s->embed, HMR2_TOKENS_Y, HMR2_TOKENS_X }, 4);
    onnx_output(w.m, "params", ONNX_F32, (int64_t[]){ 1, 1, HMR2_POSE + s->betas + 3 }, 3);
    buf onnx = buf_new(GRAPH_MAX);
    bool ok = w.ok && onnx_finish(w.m, &onnx, e) && io_finish(&w.file, e) && io_write(graph, onnx.data, onnx.len, e);
    io_abandon(&w.file);
    buf_free(&onnx);
    onnx_free(w.m);
    return ok;
}
