#include "base/io.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/rng.h"
#include "hmr2/hmr2.h"
#include "hmr2_fixture.h"
#include "import/smpl.h"
#include "reference.h"
#include "test.h"

#include <stdlib.h>
#include <unistd.h>

// As in the official network but smaller: heads of 80 in the backbone and of 64 in the decoder.
static const hmr2_sizes small = { .embed = 160,
                                  .heads = 2,
                                  .depth = 2,
                                  .mlp = 320,
                                  .dim = 96,
                                  .decoder_depth = 2,
                                  .inner = 128,
                                  .decoder_mlp = 64,
                                  .betas = 10 };
enum { PATCH = 3 * HMR2_SIDE * HMR2_SIDE };

static char folder[64];
static fixture_body body;

static const char *in_folder(const char *name)
{
    static char path[4][128];
    static int next;
    snprintf(path[next % 4], sizeof path[0], "%s/%s", folder, name);
    return path[next++ % 4];
}

static bool import_network(const hmr2_sizes *s, fixture_kind kind, bool crossed, bool int8, err *e)
{
    io_view v = { 0 };
    checkpoint c = { 0 };
    hmr2_sizes read;
    bool ok = fixture_checkpoint(in_folder("test.ckpt"), s, kind, crossed, e) &&
              io_map(in_folder("test.ckpt"), LIMIT_CHECKPOINT_BYTES, &v, e) && ckpt_open(v.data, v.len, &c, e) &&
              hmr2_read_sizes(&c, &read, e);
    if (ok) CHECK(memcmp(&read, s, sizeof read) == 0);
    ok = ok && hmr2_write_network(&c, &read, int8, folder, e);
    ckpt_close(&c);
    io_unmap(&v);
    return ok;
}

static hmr2 *opened(fixture_kind kind, bool crossed, bool int8, int threads)
{
    err e = { 0 };
    hmr2 *h = NULL;
    if (import_network(&small, kind, crossed, int8, &e)) h = hmr2_open(&(hmr2_options){ folder, threads, false }, &e);
    CHECK(h != NULL);
    if (!h) printf("%s\n", e.msg), exit(1);
    return h;
}

static float *noise_patch(void)
{
    rng r = rng_new(3);
    float *p = mem_array(float, PATCH);
    for (int i = 0; i < PATCH; i++) p[i] = (float)rng_normal(&r);
    return p;
}

static double distance(const float *a, const double *b, size_t n)
{
    double worst = 0;
    for (size_t i = 0; i < n; i++) worst = fmax(worst, fabs((double)a[i] - b[i]));
    return worst;
}

static void the_network_agrees_with_plain_loops(void)
{
    size_t n = (size_t)small.embed * HMR2_TOKENS;
    float *patch = noise_patch(), *features = mem_array(float, n);
    double *want = mem_array(double, n), params[157], r[3][3];
    hmr2_person p;
    err e = { 0 };
    hmr2 *h = opened(FIXTURE_F32, false, false, 2);
    CHECK(hmr2_channels(h) == small.embed);
    CHECK(hmr2_forward(h, patch, &p, features, &e));
    reference_network(&small, patch, want, params);
    // Sums of up to 768 floats with numbers around 1: a hundred times their rounding.
    CHECK_NEAR(distance(features, want, n), 0, 3e-5);
    for (int j = 0; j < BODY_JOINTS; j++) {
        reference_rotation(params + 6 * j, r);
        CHECK_NEAR(distance(&p.rotation[j].m[0][0], &r[0][0], 9), 0, 3e-5);
    }
    CHECK(p.beta_count == 10);
    CHECK_NEAR(distance(p.betas, params + 144, 10), 0, 3e-5);
    CHECK_NEAR(distance(p.camera, params + 154, 3), 0, 3e-5);
    hmr2_close(h);
    mem_free(patch);
    mem_free(features);
    mem_free(want);
}

static void forward(hmr2 *h, const float *patch, float *features, hmr2_person *p)
{
    err e = { 0 };
    *p = (hmr2_person){ 0 };
    CHECK(hmr2_forward(h, patch, p, features, &e));
    hmr2_close(h);
}

static void threads_and_layouts_change_no_bit(void)
{
    size_t n = (size_t)small.embed * HMR2_TOKENS;
    float *patch = noise_patch(), *features[3];
    hmr2_person p[3];
    for (int i = 0; i < 3; i++) features[i] = mem_array(float, n);
    forward(opened(FIXTURE_F32, false, false, 2), patch, features[0], &p[0]);
    forward(opened(FIXTURE_F32, false, false, 1), patch, features[1], &p[1]);
    forward(opened(FIXTURE_F32, true, false, 2), patch, features[2], &p[2]);
    for (int i = 1; i < 3; i++) {
        CHECK(memcmp(features[0], features[i], n * sizeof(float)) == 0);
        CHECK(memcmp(&p[0], &p[i], sizeof p[0]) == 0);
    }
    for (int i = 0; i < 3; i++) mem_free(features[i]);
    mem_free(patch);
}

static void narrow_weights_differ_by_their_rounding(void)
{
    size_t n = (size_t)small.embed * HMR2_TOKENS;
    float *patch = noise_patch(), *features = mem_array(float, n);
    double *want = mem_array(double, n), params[157];
    hmr2_person p;
    reference_network(&small, patch, want, params);
    // Half keeps 11 bits of each weight, bfloat16 8 (and here cut, not rounded); int8 a 127th of a channel's largest.
    forward(opened(FIXTURE_F16, true, false, 2), patch, features, &p);
    CHECK_NEAR(distance(features, want, n), 0, 0.01);
    CHECK_NEAR(distance(p.betas, params + 144, 10), 0, 0.001);
    forward(opened(FIXTURE_BF16, false, false, 2), patch, features, &p);
    CHECK_NEAR(distance(features, want, n), 0, 0.1);
    CHECK_NEAR(distance(p.betas, params + 144, 10), 0, 0.01);
    forward(opened(FIXTURE_F32, false, true, 2), patch, features, &p);
    CHECK_NEAR(distance(features, want, n), 0, 0.15);
    CHECK_NEAR(distance(p.betas, params + 144, 10), 0, 0.01);
    CHECK(distance(features, want, n) > 1e-4); // it is another network
    mem_free(patch);
    mem_free(features);
    mem_free(want);
}

static void the_body_agrees_with_plain_loops(void)
{
    rng r = rng_new(5);
    double rotation[BODY_JOINTS][3][3], betas[10], joints[BODY_JOINTS * 3];
    hmr2_person p = { .beta_count = 10 };
    for (int j = 0; j < BODY_JOINTS; j++) {
        double six[6];
        for (int i = 0; i < 6; i++) six[i] = rng_normal(&r);
        reference_rotation(six, rotation[j]);
        for (int i = 0; i < 9; i++) p.rotation[j].m[i / 3][i % 3] = (float)rotation[j][i / 3][i % 3];
    }
    for (int i = 0; i < 10; i++) p.betas[i] = (float)(betas[i] = (double)(float)rng_normal(&r));
    double *vertices = mem_array(double, body.vertices * 3);
    vec3 *got = mem_array(vec3, body.vertices), got_joints[BODY_JOINTS];
    hmr2 *h = opened(FIXTURE_F32, false, false, 1);
    CHECK(hmr2_body(h)->vertices == body.vertices && hmr2_body(h)->triangles == body.faces);
    hmr2_pose_body(h, &p, got, got_joints);
    reference_body(&body, (const double(*)[3][3])rotation, betas, vertices, joints);
    // Chains of ten float rotations over a metre.
    CHECK_NEAR(distance(&got->x, vertices, body.vertices * 3), 0, 5e-6);
    CHECK_NEAR(distance(&got_joints->x, joints, BODY_JOINTS * 3), 0, 5e-6);
    hmr2_close(h);
    mem_free(vertices);
    mem_free(got);
}

static image noise_image(uint32_t w, uint32_t h)
{
    rng r = rng_new(9);
    image im = image_new(w, h, 3);
    for (size_t i = 0; i < (size_t)w * h * 3; i++) im.px[i] = (uint8_t)(rng_next(&r) >> 56);
    return im;
}

// How many of the patch's values differ by more than 2/255 before normalisation.
static int far_values(const image *im, const double box[4])
{
    float *got = mem_array(float, PATCH);
    double *want = mem_array(double, PATCH);
    int far = 0;
    hmr2_square s = hmr2_square_of(box);
    hmr2_patch(im, &s, got);
    reference_patch(im, s.x, s.y, s.size, want);
    for (int i = 0; i < PATCH; i++) far += fabs((double)got[i] - want[i]) * 0.225 * 255 > 2;
    mem_free(got);
    mem_free(want);
    return far;
}

static void the_patch_is_the_square_around_the_box(void)
{
    hmr2_square s = hmr2_square_of((double[]){ 60, 10, 180, 310 }); // tall: its height is the side
    CHECK(s.x == 120 && s.y == 160 && s.size == 300);
    s = hmr2_square_of((double[]){ 0, 0, 192, 100 }); // wide: heightened to 192:256 first
    CHECK(s.x == 96 && s.y == 50 && s.size == 256);
    image im = noise_image(300, 200);
    const double boxes[][4] = { { 60, 10, 180, 190 }, { -50, -20, 100.5, 230.25 }, { 10, 10, 40, 60 } };
    for (int i = 0; i < 3; i++) CHECK(far_values(&im, boxes[i]) < PATCH / 1000);
    image_free(&im);
}

static void a_large_person_is_blurred_against_aliasing(void)
{
    // 1.56 and 2.7 pixels of the picture on half a pixel of the patch; noise shows every difference of the filter.
    image im = noise_image(900, 1500);
    CHECK(far_values(&im, (double[]){ 100, 200, 500, 1000 }) < PATCH / 1000);
    CHECK(far_values(&im, (double[]){ 0, 50, 800, 1432 }) < PATCH / 1000);
    image_free(&im);
}

static void the_camera_is_placed_in_the_picture(void)
{
    image im = noise_image(640, 480);
    err e = { 0 };
    hmr2_person p;
    hmr2 *h = opened(FIXTURE_F32, false, false, 2);
    CHECK(hmr2_see(h, &im, (double[]){ 300, 100, 420, 400 }, &p, NULL, NULL, &e));
    double s = (double)p.camera[0] * 300;
    CHECK(p.focal == 5000. / 256 * 640);
    CHECK_NEAR(p.translation[0], (double)p.camera[1] + 2 * (360 - 320) / s, 1e-9);
    CHECK_NEAR(p.translation[1], (double)p.camera[2] + 2 * (250 - 240) / s, 1e-9);
    CHECK_NEAR(p.translation[2], 2 * p.focal / s, 1e-6);
    hmr2_close(h);
    image_free(&im);
}

static void a_checkpoint_of_something_else_is_refused(void)
{
    hmr2_sizes odd = small;
    err e = { 0 };
    odd.inner = 100;
    CHECK(!import_network(&odd, FIXTURE_F32, false, false, &e));
    CHECK_STR(e.msg, "the network's widths 160 and 100 are no multiples of a head's");
    odd = small;
    odd.decoder_depth = 0;
    CHECK(!import_network(&odd, FIXTURE_F32, false, false, &e));
    CHECK_STR(
        e.msg,
        "this is no HMR2.0 checkpoint: it has no tensor smpl_head.transformer.transformer.layers.0.1.fn.to_q.weight");
}

static void a_flipped_bit_in_a_weight_is_found(void)
{
    err e = { 0 };
    checkpoint c;
    hmr2_sizes s;
    buf b = buf_new(64 * MIB);
    CHECK(fixture_checkpoint(in_folder("test.ckpt"), &small, FIXTURE_F32, false, &e));
    CHECK(io_read(in_folder("test.ckpt"), &b, &e));
    CHECK(ckpt_open(b.data, b.len, &c, &e) && hmr2_read_sizes(&c, &s, &e));
    const ckpt_tensor *t = ckpt_find(&c, "backbone.blocks.1.mlp.fc1.weight");
    b.data[(size_t)(t->data - b.data) + 1000] ^= 1;
    CHECK(!hmr2_write_network(&c, &s, false, folder, &e));
    CHECK_STR(e.msg, "the checkpoint is damaged: backbone.blocks.1.mlp.fc1.weight is not what its checksum says");
    ckpt_close(&c);
    buf_free(&b);
}

static void a_folder_without_a_network_is_refused(void)
{
    err e = { 0 };
    CHECK(!hmr2_open(&(hmr2_options){ "/nowhere", 1, false }, &e));
    CHECK_STR(e.msg, "there is no hmr2.onnx in /nowhere: tryon import hmr2 writes it");
}

static void set_up(void)
{
    err e = { 0 };
    snprintf(folder, sizeof folder, "/tmp/tryon-test-hmr2-XXXXXX");
    if (!mkdtemp(folder)) exit(1);
    body = fixture_body_new(300, 12);
    body.betas = 12;
    buf pkl = buf_new(64 * MIB), out = buf_new(64 * MIB);
    bool ok = fixture_smpl(&body, PYTHON2, &pkl) && smpl_import(pkl.data, pkl.len, &out, &e) &&
              io_write(in_folder("smpl.safetensors"), out.data, out.len, &e);
    if (!ok) printf("%s\n", e.msg), exit(1);
    buf_free(&pkl);
    buf_free(&out);
    // The network tells ten of the twelve betas; the reference takes as many as it is given.
    double *ten = mem_array(double, body.vertices * 30);
    for (size_t i = 0; i < body.vertices * 3; i++)
        for (size_t k = 0; k < 10; k++) ten[i * 10 + k] = body.shapedirs[i * 12 + k];
    mem_free(body.shapedirs);
    body.shapedirs = ten;
    body.betas = 10;
}

static void tear_down(void)
{
    static const char *const names[] = { "test.ckpt", "hmr2.onnx", "hmr2.weights", "smpl.safetensors" };
    for (int i = 0; i < 4; i++) unlink(in_folder(names[i]));
    rmdir(folder);
    fixture_body_free(&body);
}

TEST_MAIN(set_up(); RUN(the_network_agrees_with_plain_loops); RUN(threads_and_layouts_change_no_bit);
          RUN(narrow_weights_differ_by_their_rounding); RUN(the_body_agrees_with_plain_loops);
          RUN(the_patch_is_the_square_around_the_box); RUN(a_large_person_is_blurred_against_aliasing);
          RUN(the_camera_is_placed_in_the_picture); RUN(a_checkpoint_of_something_else_is_refused);
          RUN(a_flipped_bit_in_a_weight_is_found); RUN(a_folder_without_a_network_is_refused); tear_down();)
