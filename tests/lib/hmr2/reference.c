#include "reference.h"
#include "base/mem.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { TOKENS = 192, JOINTS = 24, SIDE = 256 };

// --- weights by name ---

typedef struct {
    const char *name;
    double *out;
} wanted;

static void take(void *ctx, const char *name, int dims, const size_t *dim)
{
    wanted *w = ctx;
    if (strcmp(name, w->name) != 0) return;
    size_t count = 1;
    for (int i = 0; i < dims; i++) count *= dim[i];
    float *v = mem_array(float, count);
    fixture_values(name, dims, dim, v);
    w->out = mem_array(double, count);
    for (size_t i = 0; i < count; i++) w->out[i] = (double)v[i];
    mem_free(v);
}

static double *weight(const hmr2_sizes *s, const char *prefix, const char *name)
{
    char full[160];
    snprintf(full, sizeof full, "%s%s", prefix, name);
    wanted w = { full, NULL };
    fixture_each(s, take, &w);
    return w.out;
}

// --- layers ---

// y [rows][out] = x [rows][in] W^T + b; b may be missing.
static void linear(const hmr2_sizes *s, const char *prefix, const char *name, const double *x, int rows, int in,
                   int out, double *y)
{
    char part[160];
    snprintf(part, sizeof part, "%s.weight", name);
    double *w = weight(s, prefix, part);
    snprintf(part, sizeof part, "%s.bias", name);
    double *b = weight(s, prefix, part);
    for (int r = 0; r < rows; r++)
        for (int o = 0; o < out; o++) {
            double sum = b ? b[o] : 0;
            for (int i = 0; i < in; i++) sum += w[o * in + i] * x[r * in + i];
            y[r * out + o] = sum;
        }
    mem_free(w);
    mem_free(b);
}

static void layer_norm(const hmr2_sizes *s, const char *prefix, const char *name, const double *x, int rows, int n,
                       double epsilon, double *y)
{
    char part[160];
    snprintf(part, sizeof part, "%s.weight", name);
    double *g = weight(s, prefix, part);
    snprintf(part, sizeof part, "%s.bias", name);
    double *b = weight(s, prefix, part);
    for (int r = 0; r < rows; r++, x += n, y += n) {
        double mean = 0, variance = 0;
        for (int i = 0; i < n; i++) mean += x[i] / n;
        for (int i = 0; i < n; i++) variance += (x[i] - mean) * (x[i] - mean) / n;
        for (int i = 0; i < n; i++) y[i] = (x[i] - mean) / sqrt(variance + epsilon) * g[i] + b[i];
    }
    mem_free(g);
    mem_free(b);
}

// q [rows][stride_q], k and v [keys][stride_kv]: heads of `size` lie side by side. out [rows][heads * size].
static void attend(const double *q, int rows, int stride_q, const double *k, const double *v, int keys, int stride_kv,
                   int heads, int size, double *out)
{
    double *p = mem_array(double, (size_t)keys);
    for (int h = 0; h < heads; h++)
        for (int r = 0; r < rows; r++) {
            double total = 0;
            for (int j = 0; j < keys; j++) {
                double dot = 0;
                for (int i = 0; i < size; i++) dot += q[r * stride_q + h * size + i] * k[j * stride_kv + h * size + i];
                total += p[j] = exp(dot / sqrt(size)); // small numbers: no overflow to guard against
            }
            for (int i = 0; i < size; i++) {
                double sum = 0;
                for (int j = 0; j < keys; j++) sum += p[j] / total * v[j * stride_kv + h * size + i];
                out[r * heads * size + h * size + i] = sum;
            }
        }
    mem_free(p);
}

static void gelu(double *x, size_t n)
{
    for (size_t i = 0; i < n; i++) x[i] = x[i] / 2 * (1 + erf(x[i] / sqrt(2)));
}

static void add(double *x, const double *y, size_t n)
{
    for (size_t i = 0; i < n; i++) x[i] += y[i];
}

static void backbone(const hmr2_sizes *s, const float *patch, double *x)
{
    int c = s->embed;
    double *kernel = weight(s, "", "backbone.patch_embed.proj.weight"),
           *bias = weight(s, "", "backbone.patch_embed.proj.bias");
    double *pos = weight(s, "", "backbone.pos_embed");
    for (int t = 0; t < TOKENS; t++)
        for (int o = 0; o < c; o++) {
            double sum = bias[o] + pos[o] + pos[(1 + t) * c + o];
            for (int k = 0; k < 3 * 256; k++) {
                int row = t / 12 * 16 + k / 16 % 16 - 2, column = t % 12 * 16 + k % 16 - 2;
                if (row < 0 || column < 0 || row >= 256 || column >= 192) continue; // padded with zeros
                sum += kernel[o * 768 + k] * (double)patch[(k / 256 * SIDE + row) * SIDE + 32 + column];
            }
            x[t * c + o] = sum;
        }
    mem_free(kernel);
    mem_free(bias);
    mem_free(pos);
    size_t n = (size_t)TOKENS * (size_t)c;
    double *y = mem_array(double, n), *z = mem_array(double, n), *qkv = mem_array(double, 3 * n);
    double *wide = mem_array(double, (size_t)TOKENS *(size_t)s->mlp);
    for (int l = 0; l < s->depth; l++) {
        char b[64];
        snprintf(b, sizeof b, "backbone.blocks.%d.", l);
        layer_norm(s, b, "norm1", x, TOKENS, c, 1e-6, y);
        linear(s, b, "attn.qkv", y, TOKENS, c, 3 * c, qkv);
        attend(qkv, TOKENS, 3 * c, qkv + c, qkv + 2 * c, TOKENS, 3 * c, s->heads, c / s->heads, y);
        linear(s, b, "attn.proj", y, TOKENS, c, c, z);
        add(x, z, n);
        layer_norm(s, b, "norm2", x, TOKENS, c, 1e-6, y);
        linear(s, b, "mlp.fc1", y, TOKENS, c, s->mlp, wide);
        gelu(wide, (size_t)TOKENS * (size_t)s->mlp);
        linear(s, b, "mlp.fc2", wide, TOKENS, s->mlp, c, z);
        add(x, z, n);
    }
    layer_norm(s, "backbone.", "last_norm", x, TOKENS, c, 1e-6, y);
    memcpy(x, y, n * sizeof *x);
    mem_free(y);
    mem_free(z);
    mem_free(qkv);
    mem_free(wide);
}

static void decoder(const hmr2_sizes *s, const double *tokens, double *x)
{
    int d = s->dim, in = s->inner, heads = in / 64;
    double zero = 0, *y = mem_array(double, (size_t)d), *z = mem_array(double, (size_t)d);
    double *qkv = mem_array(double, (size_t)in * 3), *out = mem_array(double, (size_t)in);
    double *kv = mem_array(double, (size_t)TOKENS *(size_t)in * 2), *wide = mem_array(double, (size_t)s->decoder_mlp);
    double *pos = weight(s, "", "smpl_head.transformer.pos_embedding");
    linear(s, "smpl_head.transformer.", "to_token_embedding", &zero, 1, 1, d, x);
    add(x, pos, (size_t)d);
    for (int l = 0; l < s->decoder_depth; l++) {
        char b[96];
        snprintf(b, sizeof b, "smpl_head.transformer.transformer.layers.%d.", l);
        layer_norm(s, b, "0.norm", x, 1, d, 1e-5, y);
        linear(s, b, "0.fn.to_qkv", y, 1, d, 3 * in, qkv);
        attend(qkv, 1, 3 * in, qkv + in, qkv + 2 * in, 1, 3 * in, heads, 64, out);
        linear(s, b, "0.fn.to_out.0", out, 1, in, d, z);
        add(x, z, (size_t)d);
        layer_norm(s, b, "1.norm", x, 1, d, 1e-5, y);
        linear(s, b, "1.fn.to_q", y, 1, d, in, qkv);
        linear(s, b, "1.fn.to_kv", tokens, TOKENS, s->embed, 2 * in, kv);
        attend(qkv, 1, in, kv, kv + in, TOKENS, 2 * in, heads, 64, out);
        linear(s, b, "1.fn.to_out.0", out, 1, in, d, z);
        add(x, z, (size_t)d);
        layer_norm(s, b, "2.norm", x, 1, d, 1e-5, y);
        linear(s, b, "2.fn.net.0", y, 1, d, s->decoder_mlp, wide);
        gelu(wide, (size_t)s->decoder_mlp);
        linear(s, b, "2.fn.net.3", wide, 1, s->decoder_mlp, d, z);
        add(x, z, (size_t)d);
    }
    double *const scratch[] = { y, z, qkv, out, kv, wide, pos };
    for (size_t i = 0; i < sizeof scratch / sizeof *scratch; i++) mem_free(scratch[i]);
}

void reference_network(const hmr2_sizes *s, const float *patch, double *features, double *params)
{
    static const char *const head[] = { "decpose", "decshape", "deccam" };
    static const char *const start[] = { "init_body_pose", "init_betas", "init_cam" };
    const int rows[] = { 144, s->betas, 3 };
    double *tokens = mem_array(double, (size_t)TOKENS *(size_t)s->embed), *x = mem_array(double, (size_t)s->dim);
    backbone(s, patch, tokens);
    for (int t = 0; t < TOKENS; t++)
        for (int c = 0; c < s->embed; c++) features[c * TOKENS + t] = tokens[t * s->embed + c];
    decoder(s, tokens, x);
    for (int k = 0; k < 3; params += rows[k++]) {
        double *mean = weight(s, "smpl_head.", start[k]);
        linear(s, "smpl_head.", head[k], x, 1, s->dim, rows[k], params);
        add(params, mean, (size_t)rows[k]);
        mem_free(mean);
    }
    mem_free(tokens);
    mem_free(x);
}

void reference_rotation(const double six[6], double r[3][3])
{
    double a = hypot(hypot(six[0], six[1]), six[2]), dot = 0, b[3];
    for (int i = 0; i < 3; i++) dot += six[i] / a * six[3 + i];
    for (int i = 0; i < 3; i++) b[i] = six[3 + i] - dot * six[i] / a;
    double n = hypot(hypot(b[0], b[1]), b[2]);
    for (int i = 0; i < 3; i++) r[i][0] = six[i] / a, r[i][1] = b[i] / n;
    r[0][2] = r[1][0] * r[2][1] - r[2][0] * r[1][1];
    r[1][2] = r[2][0] * r[0][1] - r[0][0] * r[2][1];
    r[2][2] = r[0][0] * r[1][1] - r[1][0] * r[0][1];
}

// --- SMPL (Loper et al. 2015, equations 2 to 11) ---

typedef struct {
    double m[4][4];
} transform;

void reference_body(const fixture_body *b, const double (*rotation)[3][3], const double *betas, double *vertices,
                    double *joints)
{
    static const int parent[JOINTS] = {
        -1, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 9, 9, 12, 13, 14, 16, 17, 18, 19, 20, 21
    };
    double *shaped = mem_array(double, b->vertices * 3), rest[JOINTS][3] = { { 0 } };
    for (size_t i = 0; i < b->vertices * 3; i++) {
        shaped[i] = b->template[i];
        for (size_t k = 0; k < b->betas; k++) shaped[i] += b->shapedirs[i * b->betas + k] * betas[k];
    }
    for (size_t j = 0; j < JOINTS; j++)
        for (size_t v = 0; v < b->vertices; v++)
            for (size_t c = 0; c < 3; c++) rest[j][c] += b->regressor[j * b->vertices + v] * shaped[v * 3 + c];
    transform world[JOINTS] = { 0 };
    for (size_t j = 0; j < JOINTS; j++) {
        transform local = { 0 };
        const double *from = parent[j] < 0 ? (const double[3]){ 0 } : rest[parent[j]];
        for (int r = 0; r < 3; r++) {
            for (int c = 0; c < 3; c++) local.m[r][c] = rotation[j][r][c];
            local.m[r][3] = rest[j][r] - from[r];
        }
        local.m[3][3] = 1;
        if (parent[j] < 0) world[j] = local;
        for (int r = 0; parent[j] >= 0 && r < 4; r++)
            for (int c = 0; c < 4; c++)
                for (int k = 0; k < 4; k++) world[j].m[r][c] += world[parent[j]].m[r][k] * local.m[k][c];
        for (int r = 0; r < 3; r++) joints[j * 3 + (size_t)r] = world[j].m[r][3];
    }
    for (size_t v = 0; v < b->vertices; v++) {
        double p[3], at[3] = { 0 };
        for (size_t c = 0; c < 3; c++) {
            p[c] = shaped[v * 3 + c];
            for (size_t f = 0; f < 207; f++) {
                double feature = rotation[1 + f / 9][f % 9 / 3][f % 3] - (f % 9 / 3 == f % 3);
                p[c] += b->posedirs[(v * 3 + c) * 207 + f] * feature;
            }
        }
        for (size_t j = 0; j < JOINTS; j++)
            for (int r = 0; r < 3; r++) {
                double to = world[j].m[r][3];
                for (int c = 0; c < 3; c++) to += world[j].m[r][c] * (p[c] - rest[j][c]);
                at[r] += b->weights[v * JOINTS + j] * to;
            }
        memcpy(vertices + v * 3, at, sizeof at);
    }
    mem_free(shaped);
}

// --- the patch ---

static double pixel(const double *px, int w, int h, int x, int y, int c, int clamp)
{
    if (clamp) {
        x = x < 0 ? 0 : x >= w ? w - 1 : x;
        y = y < 0 ? 0 : y >= h ? h - 1 : y;
    }
    return x < 0 || y < 0 || x >= w || y >= h ? 0 : px[(y * w + x) * 3 + c];
}

static void blur(double *px, int w, int h, double sigma, int dx, int dy)
{
    int radius = (int)(4 * sigma + 0.5);
    double *out = mem_array(double, (size_t)w *(size_t)h * 3), total = 0;
    for (int t = -radius; t <= radius; t++) total += exp(-t * t / (2 * sigma * sigma));
    for (int i = 0; i < w * h * 3; i++)
        for (int t = -radius; t <= radius; t++)
            out[i] += exp(-t * t / (2 * sigma * sigma)) / total *
                      pixel(px, w, h, i / 3 % w + t * dx, i / 3 / w + t * dy, i % 3, 1);
    memcpy(px, out, (size_t)w * (size_t)h * 3 * sizeof *px);
    mem_free(out);
}

void reference_patch(const image *im, double cx, double cy, double size, double *out)
{
    static const double mean[] = { .485, .456, .406 }, deviation[] = { .229, .224, .225 };
    int w = (int)im->width, h = (int)im->height;
    double *px = mem_array(double, (size_t)w *(size_t)h * 3), factor = size / 512;
    for (int i = 0; i < w * h * 3; i++) px[i] = im->px[i];
    if (factor > 1.1) {
        blur(px, w, h, (factor - 1) / 2, 0, 1);
        blur(px, w, h, (factor - 1) / 2, 1, 0);
    }
    for (int i = 0; i < 3 * SIDE * SIDE; i++) {
        int c = i / (SIDE * SIDE);
        double x = cx + (i % SIDE - 128) * size / 256, y = cy + (i / SIDE % SIDE - 128) * size / 256;
        // OpenCV takes positions to 1/32 pixel: at the picture's edge, where colours jump to black, it shows.
        x = floor(x * 32 + 0.5) / 32, y = floor(y * 32 + 0.5) / 32;
        int x0 = (int)floor(x), y0 = (int)floor(y);
        double u = x - x0, v = y - y0;
        double value = (1 - v) * ((1 - u) * pixel(px, w, h, x0, y0, c, 0) + u * pixel(px, w, h, x0 + 1, y0, c, 0)) +
                       v * ((1 - u) * pixel(px, w, h, x0, y0 + 1, c, 0) + u * pixel(px, w, h, x0 + 1, y0 + 1, c, 0));
        out[i] = (value / 255 - mean[c]) / deviation[c];
    }
    mem_free(px);
}
