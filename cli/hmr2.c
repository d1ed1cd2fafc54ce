#include "hmr2/hmr2.h"
#include "arrays/npz.h"
#include "base/io.h"
#include "base/limits.h"
#include "base/mem.h"
#include "capture/capture.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "image/decode.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct {
    const char *model, *bbox, *raw, *device, *assets;
    double threads;
} arguments;

static bool read_box(const char *text, double box[4], err *e)
{
    char *end;
    bool ok = true;
    for (int i = 0; ok && i < 4; i++, text = end + 1) {
        box[i] = strtod(text, &end);
        ok = end > text && *end == (i < 3 ? ',' : 0) && fabs(box[i]) < 1e6;
    }
    ok = ok && box[2] - box[0] >= 1 && box[3] - box[1] >= 1;
    return ok || fail(e, ERR_INPUT, "--bbox takes x0,y0,x1,y1 in pixels, x0 < x1 and y0 < y1");
}

// The box of the person the photo is of.
static bool find_person(const char *assets, int threads, const image *photo, double box[4], err *e)
{
    const char *folder = cli_assets(assets, e);
    capture *c = folder ? capture_open(&(capture_options){ folder, threads }, e) : NULL;
    if (!c) return false;
    capture_evidence ev = { 0 };
    bool ok = capture_examine(c, photo, VIEW_FRONT, &ev, e);
    if (ok && (ev.right <= ev.left || ev.bottom <= ev.top)) {
        ok = fail(e, ERR_INPUT, "nobody was found in the picture; tell where the person is with --bbox x0,y0,x1,y1");
    }
    if (ok) memcpy(box, (double[]){ ev.left, ev.top, ev.right, ev.bottom }, 4 * sizeof *box);
    capture_evidence_free(&ev);
    capture_close(c);
    return ok;
}

static npz_array floats(const char *name, const void *data, int dims, size_t a, size_t b, size_t c)
{
    npz_array out = { .type = NPZ_F32, .dims = dims, .dim = { a, b, c }, .data = data, .count = a * b * c };
    snprintf(out.name, sizeof out.name, "%s", name);
    return out;
}

static bool write_raw(const char *path, const hmr2 *h, const hmr2_person *p, const double box[4], const float *patch,
                      const float *features, err *e)
{
    size_t n = hmr2_body(h)->vertices, channels = (size_t)hmr2_channels(h);
    vec3 *vertices = mem_array(vec3, n), joints[BODY_JOINTS];
    hmr2_pose_body(h, p, vertices, joints);
    float corners[4];
    for (int i = 0; i < 4; i++) corners[i] = (float)box[i];
    npz_array arrays[] = {
        floats("bbox", corners, 1, 4, 1, 1),
        floats("patch", patch, 3, 3, HMR2_SIDE, HMR2_SIDE),
        floats("features", features, 3, channels, 16, 12),
        floats("rotmats", p->rotation, 3, BODY_JOINTS, 3, 3),
        floats("betas", p->betas, 1, (size_t)p->beta_count, 1, 1),
        floats("cam", p->camera, 1, 3, 1, 1),
        { .name = "cam_t_full", .type = NPZ_F64, .dims = 1, .dim = { 3 }, .data = p->translation, .count = 3 },
        floats("vertices", vertices, 2, n, 3, 1),
        floats("joints", joints, 2, BODY_JOINTS, 3, 1),
    };
    buf out = buf_new(LIMIT_NPZ_BYTES);
    bool ok = npz_write(arrays, (int)(sizeof arrays / sizeof *arrays), &out, e) && io_write(path, out.data, out.len, e);
    buf_free(&out);
    mem_free(vertices);
    return ok;
}

static bool run(const arguments *a, const char *photo_path, err *e)
{
    double box[4];
    image photo = { 0 };
    bool cuda = a->device && strcmp(a->device, "cuda") == 0;
    if (!a->model || !a->raw) return fail(e, ERR_INPUT, "both are needed: --model DIR and --raw OUT.npz");
    if (a->device && !cuda && strcmp(a->device, "cpu") != 0) {
        return fail(e, ERR_INPUT, "--device is cpu or cuda, not \"%s\"", a->device);
    }
    if ((a->bbox && !read_box(a->bbox, box, e)) || !image_load(photo_path, 0, &photo, NULL, e)) return false;
    int threads = a->threads > 0 ? (int)a->threads : (int)sysconf(_SC_NPROCESSORS_ONLN);
    hmr2 *h = NULL;
    bool ok = (a->bbox || find_person(a->assets, threads, &photo, box, e)) &&
              (h = hmr2_open(&(hmr2_options){ a->model, threads, cuda }, e)) != NULL;
    if (ok) {
        hmr2_person p;
        float *patch = mem_array(float, (size_t)3 * HMR2_SIDE * HMR2_SIDE);
        float *features = mem_array(float, (size_t)hmr2_channels(h) * HMR2_TOKENS);
        ok = hmr2_see(h, &photo, box, &p, patch, features, e) && write_raw(a->raw, h, &p, box, patch, features, e);
        mem_free(patch);
        mem_free(features);
    }
    hmr2_close(h);
    image_free(&photo);
    return ok;
}

int cmd_hmr2(int argc, char **argv)
{
    arguments a = { 0 };
    const char *word[1] = { NULL };
    const option options[] = {
        { "model", OPTION_TEXT, &a.model, "DIR", "what tryon import hmr2 wrote" },
        { "bbox", OPTION_TEXT, &a.bbox, "x0,y0,x1,y1", "where the person is, in pixels (default: found by itself)" },
        { "raw", OPTION_TEXT, &a.raw, "OUT.npz",
          "bbox, patch, features, rotmats, betas, cam, cam_t_full, vertices, joints" },
        { "device", OPTION_TEXT, &a.device, "cpu|cuda", "where the network runs (default: cpu)" },
        { "threads", OPTION_NUMBER, &a.threads, "N", "default: one per processor" },
        { "assets", OPTION_TEXT, &a.assets, "DIR", "the folder of models" },
    };
    const option_table table = { "tryon hmr2 IMAGE --model DIR [--bbox x0,y0,x1,y1] --raw OUT.npz",
                                 "What HMR2.0 and SMPL say of a person in a picture, as the official code does.",
                                 options,
                                 (int)(sizeof options / sizeof *options),
                                 1,
                                 1 };
    int words;
    err e = { 0 };
    options_outcome outcome = options_parse(&table, argc, argv, word, &words, &e);
    if (outcome == OPTIONS_HELP) return 0;
    if (outcome == OPTIONS_WRONG || !run(&a, word[0], &e)) return cli_fail(&e);
    return 0;
}
