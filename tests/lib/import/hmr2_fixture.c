#include "hmr2_fixture.h"
#include "arrays/safetensors.h"
#include "base/buf.h"
#include "base/io.h"
#include "base/mem.h"
#include "base/rng.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <zlib.h>

const hmr2_sizes fixture_official = { .embed = 1280,
                                      .heads = 16,
                                      .depth = 32,
                                      .mlp = 5120,
                                      .dim = 1024,
                                      .decoder_depth = 6,
                                      .inner = 512,
                                      .decoder_mlp = 1024,
                                      .betas = 10 };

// --- values ---

static bool ends(const char *name, const char *tail)
{
    size_t n = strlen(name), k = strlen(tail);
    return n >= k && strcmp(name + n - k, tail) == 0;
}

static uint64_t seed_of(const char *name)
{
    uint64_t h = 14695981039346656037u; // FNV-1a
    for (; *name; name++) h = (h ^ (uint8_t)*name) * 1099511628211u;
    return h;
}

void fixture_values(const char *name, int dims, const size_t *dim, float *out)
{
    rng r = rng_new(seed_of(name));
    size_t count = 1, inputs = 1;
    for (int i = 0; i < dims; i++) count *= dim[i];
    for (int i = 1; i < dims; i++) inputs *= dim[i];
    double mean = 0, deviation = 1 / sqrt((double)inputs);
    // What is added to the residual stream adds little to it; heads tell some tenths of a radian.
    if (ends(name, "proj.weight") || ends(name, "fc2.weight") || ends(name, "to_out.0.weight") ||
        ends(name, "net.3.weight"))
        deviation *= 0.3;
    else if (strstr(name, ".dec"))
        deviation *= 0.1;
    bool norm = strstr(name, "norm") != NULL;
    if (dims == 1) mean = norm && ends(name, "weight"), deviation = norm ? 0.1 : 0.02;
    if (strstr(name, "pos_embed")) deviation = 0.5;
    if (ends(name, "patch_embed.proj.weight")) deviation = 1 / sqrt((double)inputs);
    for (size_t i = 0; i < count; i++) out[i] = (float)(mean + deviation * rng_normal(&r));
    if (ends(name, "init_body_pose")) // nearly upright: the first two columns of the identity
        for (size_t i = 0; i < count; i++) out[i] = (i % 6 == 0 || i % 6 == 4 ? 1.f : 0.f) + 0.1f * out[i];
    if (ends(name, "init_cam")) out[0] = 0.9f;
}

void fixture_each(const hmr2_sizes *s, fixture_visit *visit, void *ctx)
{
    char n[160];
    const size_t c = (size_t)s->embed, d = (size_t)s->dim, in = (size_t)s->inner;
#define TELL(dims, ...) visit(ctx, n, dims, (const size_t[]){ __VA_ARGS__ })
#define NAME(...) snprintf(n, sizeof n, __VA_ARGS__)
    NAME("backbone.pos_embed"), TELL(3, 1, 193, c);
    NAME("backbone.patch_embed.proj.weight"), TELL(4, c, 3, 16, 16);
    NAME("backbone.patch_embed.proj.bias"), TELL(1, c);
    for (int i = 0; i < s->depth; i++) {
        const struct {
            const char *name;
            size_t out, in;
        } part[] = { { "attn.qkv", 3 * c, c },
                     { "attn.proj", c, c },
                     { "mlp.fc1", (size_t)s->mlp, c },
                     { "mlp.fc2", c, (size_t)s->mlp } };
        for (int k = 1; k <= 2; k++) {
            NAME("backbone.blocks.%d.norm%d.weight", i, k), TELL(1, c);
            NAME("backbone.blocks.%d.norm%d.bias", i, k), TELL(1, c);
        }
        for (int k = 0; k < 4; k++) {
            NAME("backbone.blocks.%d.%s.weight", i, part[k].name), TELL(2, part[k].out, part[k].in);
            NAME("backbone.blocks.%d.%s.bias", i, part[k].name), TELL(1, part[k].out);
        }
    }
    NAME("backbone.last_norm.weight"), TELL(1, c);
    NAME("backbone.last_norm.bias"), TELL(1, c);
    NAME("smpl_head.transformer.pos_embedding"), TELL(3, 1, 1, d);
    NAME("smpl_head.transformer.to_token_embedding.weight"), TELL(2, d, 1);
    NAME("smpl_head.transformer.to_token_embedding.bias"), TELL(1, d);
    for (int i = 0; i < s->decoder_depth; i++) {
        const struct {
            const char *name;
            size_t out, in;
        } part[] = { { "0.fn.to_qkv", 3 * in, d },
                     { "0.fn.to_out.0", d, in },
                     { "1.fn.to_kv", 2 * in, c },
                     { "1.fn.to_q", in, d },
                     { "1.fn.to_out.0", d, in },
                     { "2.fn.net.0", (size_t)s->decoder_mlp, d },
                     { "2.fn.net.3", d, (size_t)s->decoder_mlp } };
        for (int k = 0; k < 3; k++) {
            NAME("smpl_head.transformer.transformer.layers.%d.%d.norm.weight", i, k), TELL(1, d);
            NAME("smpl_head.transformer.transformer.layers.%d.%d.norm.bias", i, k), TELL(1, d);
        }
        for (int k = 0; k < 7; k++) {
            NAME("smpl_head.transformer.transformer.layers.%d.%s.weight", i, part[k].name);
            TELL(2, part[k].out, part[k].in);
            if (strstr(part[k].name, "to_q") || strstr(part[k].name, "to_kv")) continue; // these have none
            NAME("smpl_head.transformer.transformer.layers.%d.%s.bias", i, part[k].name), TELL(1, part[k].out);
        }
    }
    static const char *const head[] = { "decpose", "decshape", "deccam" };
    static const char *const start[] = { "init_body_pose", "init_betas", "init_cam" };
    const size_t rows[] = { 144, (size_t)s->betas, 3 };
    for (int k = 0; k < 3; k++) {
        NAME("smpl_head.%s.weight", head[k]), TELL(2, rows[k], d);
        NAME("smpl_head.%s.bias", head[k]), TELL(1, rows[k]);
        NAME("smpl_head.%s", start[k]), TELL(2, 1, rows[k]);
    }
    NAME("discriminator.fc.weight"), TELL(2, 3, 5); // of no use to us, but in the file
#undef TELL
#undef NAME
}

// --- the checkpoint: a zip file ---

typedef struct {
    io_writer file;
    buf directory, tree;
    int members, tensors;
    fixture_kind kind;
    bool crossed, ok;
    err *e;
} ckpt;

static void op(ckpt *k, const void *bytes, size_t n) { k->ok = k->ok && buf_append(&k->tree, bytes, n); }
static void ops(ckpt *k, const char *text) { op(k, text, strlen(text)); }
static void op_int(ckpt *k, size_t v)
{
    int32_t narrow = (int32_t)v;
    ops(k, "J");
    op(k, &narrow, 4);
}
static void op_text(ckpt *k, const char *text)
{
    uint32_t n = (uint32_t)strlen(text);
    ops(k, "X");
    op(k, &n, 4);
    op(k, text, n);
}

static void put16(buf *b, size_t v) { (void)!buf_append(b, &(uint16_t){ (uint16_t)v }, 2); }
static void put32(buf *b, size_t v) { (void)!buf_append(b, &(uint32_t){ (uint32_t)v }, 4); }

// A member whose bytes begin at a multiple of 64, as PyTorch pads them.
static void member(ckpt *k, const char *name, const void *data, size_t n)
{
    size_t len = strlen(name), at = k->file.len, pad = (64 - (at + 30 + len + 4) % 64) % 64;
    uint32_t crc = (uint32_t)crc32_z(0, data, n);
    buf local = buf_new(4096), *d = &k->directory;
    put32(&local, 0x04034b50), put16(&local, 0), put16(&local, 2048), put16(&local, 0), put32(&local, 0);
    put32(&local, crc), put32(&local, n), put32(&local, n), put16(&local, len), put16(&local, pad + 4);
    k->ok = k->ok && buf_append(&local, name, len);
    put16(&local, 0x4246), put16(&local, pad);
    k->ok = k->ok && buf_append_zeros(&local, pad) && io_put(&k->file, local.data, local.len, k->e) &&
            io_put(&k->file, data, n, k->e);
    buf_free(&local);
    put32(d, 0x02014b50), put16(d, 0), put16(d, 0), put16(d, 2048), put16(d, 0), put32(d, 0);
    put32(d, crc), put32(d, n), put32(d, n), put16(d, len), put16(d, 0), put16(d, 0), put16(d, 0), put16(d, 0);
    put32(d, 0), put32(d, at);
    k->ok = k->ok && buf_append(d, name, len);
    k->members++;
}

static void *stored(fixture_kind kind, const float *v, size_t count, size_t *bytes)
{
    *bytes = count * (kind == FIXTURE_F32 ? 4 : 2);
    uint8_t *out = mem_new(*bytes, 1);
    for (size_t i = 0; i < count; i++) {
        uint32_t bits;
        memcpy(&bits, &v[i], 4);
        uint16_t half = kind == FIXTURE_F16 ? f16_from_f32(v[i]) : (uint16_t)(bits >> 16);
        if (kind == FIXTURE_F32)
            memcpy(out + 4 * i, &bits, 4);
        else
            memcpy(out + 2 * i, &half, 2);
    }
    return out;
}

static void write_tensor(void *ctx, const char *name, int dims, const size_t *dim)
{
    static const char *const storage[] = { "FloatStorage", "HalfStorage", "BFloat16Storage" };
    ckpt *k = ctx;
    size_t count = 1, bytes, stride[4], offset = k->crossed && dims == 2 ? 7 : 0;
    for (int i = dims; i-- > 0; count *= dim[i]) stride[i] = count;
    float *values = mem_array(float, count), *laid = mem_array(float, count + offset);
    fixture_values(name, dims, dim, values);
    if (offset) stride[0] = 1, stride[1] = dim[0];
    for (size_t i = 0; i < count; i++) laid[offset + (offset ? i % dim[1] * dim[0] + i / dim[1] : i)] = values[i];
    void *data = stored(k->kind, laid, count + offset, &bytes);
    char key[16], member_name[64], class_line[64];
    snprintf(key, sizeof key, "%d", k->tensors++);
    snprintf(member_name, sizeof member_name, "epoch/data/%s", key);
    snprintf(class_line, sizeof class_line, "ctorch\n%s\n", storage[k->kind]);
    member(k, member_name, data, bytes);
    mem_free(data);
    mem_free(laid);
    mem_free(values);
    op_text(k, name);
    ops(k, "ctorch._utils\n_rebuild_tensor_v2\n((");
    op_text(k, "storage");
    ops(k, class_line);
    op_text(k, key);
    op_text(k, "cpu");
    op_int(k, count + offset);
    ops(k, "tQ");
    op_int(k, offset);
    ops(k, "(");
    for (int i = 0; i < dims; i++) op_int(k, dim[i]);
    ops(k, "t(");
    for (int i = 0; i < dims; i++) op_int(k, stride[i]);
    ops(k, "t\x89"
           "ccollections\nOrderedDict\n)RtR");
}

bool fixture_checkpoint(const char *path, const hmr2_sizes *s, fixture_kind kind, bool crossed, err *e)
{
    ckpt k = { .directory = buf_new(1 << 24), .tree = buf_new(1 << 24), .kind = kind, .crossed = crossed, .e = e };
    k.ok = io_begin(&k.file, path, e);
    ops(&k, "\x80\x02}q");
    op(&k, "", 1);
    ops(&k, "(");
    op_text(&k, "epoch");
    op_int(&k, 35);
    op_text(&k, "state_dict");
    ops(&k, "ccollections\nOrderedDict\n)R(");
    if (k.ok) fixture_each(s, write_tensor, &k);
    ops(&k, "u");
    op_text(&k, "hyper_parameters");
    ops(&k, "comegaconf.dictconfig\nDictConfig\n)\x81}(");
    op_text(&k, "_content");
    ops(&k, "}ub");
    ops(&k, "u.");
    if (k.ok) member(&k, "epoch/data.pkl", k.tree.data, k.tree.len);
    if (k.ok) member(&k, "epoch/version", "3\n", 2);
    size_t at = k.file.len, size = k.directory.len;
    buf *d = &k.directory;
    put32(d, 0x06054b50), put16(d, 0), put16(d, 0), put16(d, (size_t)k.members), put16(d, (size_t)k.members);
    put32(d, size), put32(d, at), put16(d, 0);
    bool ok = k.ok && io_put(&k.file, d->data, d->len, e) && io_finish(&k.file, e);
    io_abandon(&k.file);
    buf_free(&k.directory);
    buf_free(&k.tree);
    return ok;
}
