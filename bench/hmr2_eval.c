// How far we are from the official code: hmr2_eval FOLDER, with hmr2.ckpt, SMPL_NEUTRAL.pkl, image.png and what the
// official code computes from them, expected.npz (bbox, patch, features, rotmats, betas, cam, cam_t_full, vertices,
// joints). Imports into a folder of its own, in 32 and in 8 bits, and prints a table. Exit 1 when the 32-bit numbers
// are further off than an implementation in single precision has to be.
#include "arrays/npz.h"
#include "base/io.h"
#include "base/limits.h"
#include "base/mem.h"
#include "hmr2/hmr2.h"
#include "image/decode.h"
#include "import/hmr2_net.h"
#include "import/smpl.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void die(const err *e)
{
    fprintf(stderr, "hmr2_eval: %s\n", e->msg);
    exit(1);
}

static const char *join(const char *folder, const char *name)
{
    static char path[8][1024];
    static int next;
    char *out = path[next++ % 8];
    if (!io_join(out, sizeof path[0], folder, name)) exit(2);
    return out;
}

static void import(const char *from, const char *to, bool int8)
{
    err e = { 0 };
    io_view ckpt, pkl;
    checkpoint c;
    hmr2_sizes s;
    buf body = buf_new(LIMIT_ARRAY_FILE_BYTES);
    if (!io_map(join(from, "hmr2.ckpt"), LIMIT_CHECKPOINT_BYTES, &ckpt, &e) ||
        !io_map(join(from, "SMPL_NEUTRAL.pkl"), LIMIT_PICKLE_BYTES, &pkl, &e) ||
        !ckpt_open(ckpt.data, ckpt.len, &c, &e) || !hmr2_read_sizes(&c, &s, &e) ||
        !hmr2_write_network(&c, &s, int8, to, &e) || !smpl_import(pkl.data, pkl.len, &body, &e) ||
        !io_write(join(to, "smpl.safetensors"), body.data, body.len, &e))
        die(&e);
    ckpt_close(&c);
    buf_free(&body);
    io_unmap(&ckpt);
    io_unmap(&pkl);
}

static double number(const npz_array *a, size_t i)
{
    return a->type == NPZ_F64 ? ((const double *)a->data)[i] : (double)((const float *)a->data)[i];
}

static const npz_array *array(const npz *z, const char *name, size_t count)
{
    const npz_array *a = npz_find(z, name);
    err e = { 0 };
    if (a && a->count == count && (a->type == NPZ_F32 || a->type == NPZ_F64)) return a;
    fail(&e, ERR_INPUT, "expected.npz has no %s of %zu numbers", name, count);
    die(&e);
    return NULL;
}

// Prints the largest difference and the one relative to the whole; absolute, relative: the most it may be, 0: no bound.
static bool compare(const npz *z, const char *name, const float *got, size_t count, double absolute, double relative)
{
    const npz_array *want = array(z, name, count);
    double worst = 0, sum = 0, all = 0;
    for (size_t i = 0; i < count; i++) {
        double w = number(want, i), d = fabs(w - (double)got[i]);
        worst = fmax(worst, d);
        sum += d * d;
        all += w * w;
    }
    double part = sqrt(sum / all);
    bool ok = (absolute == 0 || worst <= absolute) && (relative == 0 || part <= relative);
    printf("  %-11s at worst %.2e, relative %.2e%s\n", name, worst, part, ok ? "" : "  TOO FAR");
    return ok;
}

static bool compare_all(const npz *z, const char *from, const char *model, bool bounded)
{
    err e = { 0 };
    image im;
    hmr2 *h = hmr2_open(&(hmr2_options){ model, 2, false }, &e);
    if (!h || !image_load(join(from, "image.png"), 0, &im, NULL, &e)) die(&e);
    const npz_array *bbox = array(z, "bbox", 4);
    double box[4];
    for (size_t i = 0; i < 4; i++) box[i] = number(bbox, i);
    size_t pixels = (size_t)3 * HMR2_SIDE * HMR2_SIDE, features = (size_t)hmr2_channels(h) * HMR2_TOKENS;
    size_t n = hmr2_body(h)->vertices;
    float *patch = mem_array(float, pixels), *feature = mem_array(float, features), full[3];
    vec3 *vertices = mem_array(vec3, n), joints[BODY_JOINTS];
    hmr2_person p;
    if (!hmr2_see(h, &im, box, &p, patch, feature, &e)) die(&e);
    hmr2_pose_body(h, &p, vertices, joints);
    for (int i = 0; i < 3; i++) full[i] = (float)p.translation[i];
    double near = bounded ? 1e-3 : 0, close = bounded ? 1e-4 : 0;
    // 2/255 before a normalisation that divides by 0.225.
    bool ok = compare(z, "patch", patch, pixels, bounded ? 2 / 255. / 0.225 : 0, 0);
    ok &= compare(z, "features", feature, features, 0, near);
    ok &= compare(z, "rotmats", &p.rotation[0].m[0][0], BODY_JOINTS * 9, 0, near);
    ok &= compare(z, "betas", p.betas, (size_t)p.beta_count, 0, near);
    ok &= compare(z, "cam", p.camera, 3, 0, near);
    ok &= compare(z, "cam_t_full", full, 3, 0, near);
    ok &= compare(z, "vertices", &vertices->x, n * 3, close, 0);
    ok &= compare(z, "joints", &joints->x, BODY_JOINTS * 3, close, 0);
    mem_free(patch);
    mem_free(feature);
    mem_free(vertices);
    image_free(&im);
    hmr2_close(h);
    return ok;
}

int main(int argc, char **argv)
{
    err e = { 0 };
    char folder[64];
    if (argc != 2) return fprintf(stderr, "usage: hmr2_eval FOLDER\n"), 2;
    snprintf(folder, sizeof folder, "/tmp/tryon-hmr2-eval-XXXXXX");
    buf file = buf_new(LIMIT_NPZ_BYTES);
    if (!mkdtemp(folder) || !io_read(join(argv[1], "expected.npz"), &file, &e)) die(&e);
    npz *z = npz_parse(file.data, file.len, &e);
    if (!z) die(&e);
    bool ok = true;
    for (int int8 = 0; int8 < 2; int8++) {
        printf("%s\n", int8 ? "8 bits" : "32 bits");
        import(argv[1], folder, int8);
        ok &= compare_all(z, argv[1], folder, !int8);
    }
    static const char *const names[] = { "hmr2.onnx", "hmr2.weights", "smpl.safetensors" };
    for (int i = 0; i < 3; i++) unlink(join(folder, names[i]));
    rmdir(folder);
    npz_free(z);
    buf_free(&file);
    return !ok;
}
