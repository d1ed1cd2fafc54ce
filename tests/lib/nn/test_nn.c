#include "base/io.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/rng.h"
#include "networks.h"
#include "nn/onnx_writer.h"
#include "nn/session.h"
#include "nn/tflite.h"
#include "test.h"

#include <stdlib.h>
#include <unistd.h>

static char dir[] = "/tmp/tryon-nn-XXXXXX";

static const char *file_in_dir(const char *name)
{
    static char path[256];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    return path;
}

// Finishes m into dir/name and opens it.
static nn_session *open_model(onnx_model *m, const char *name, err *e)
{
    buf b = buf_new(1 << 20);
    bool ok = onnx_finish(m, &b, e) && io_write(file_in_dir(name), b.data, b.len, e);
    onnx_free(m);
    buf_free(&b);
    return ok ? nn_open(file_in_dir(name), 1, e) : NULL;
}

static void a_written_network_computes_with_every_kind_of_constant(void)
{
    // y = (x * w + b) * 2 + dequantized(q), with w float16, b float32 in another file, q int8.
    err e = { 0 };
    const float b_values[] = { 0.5f, -0.5f, 1 };
    CHECK(io_write(file_in_dir("b.bin"), b_values, sizeof b_values, &e));
    const uint16_t w_halves[] = { 0x3c00, 0x4000, 0xc000, 0x3800, 0x0000, 0x4200 }; // 1 2 -2 / 0.5 0 3
    const int8_t q[] = { -4, 0, 127 };
    onnx_model *m = onnx_new(17, 1 << 20);
    onnx_input(m, "x", ONNX_F32, (const int64_t[]){ -1, 2 }, 2);
    onnx_constant(m, "w16", ONNX_F16, (const int64_t[]){ 2, 3 }, 2, w_halves);
    onnx_constant_external(m, "b", ONNX_F32, (const int64_t[]){ 3 }, 1, "b.bin", 0, sizeof b_values);
    onnx_constant(m, "q", ONNX_I8, (const int64_t[]){ 3 }, 1, q);
    onnx_constant_f32(m, "half", 0.5f);
    onnx_constant_f32(m, "two", 2);
    onnx_constant_i64(m, "shape", (const int64_t[]){ -1, 3, 1 }, 3);
    onnx_node1(m, "Cast", "w", "w16");
    onnx_attr_int(m, "to", ONNX_F32);
    onnx_node1(m, "MatMul", "xw", "x", "w");
    onnx_node1(m, "Add", "xwb", "xw", "b");
    onnx_node1(m, "Mul", "scaled", "xwb", "two");
    onnx_node1(m, "DequantizeLinear", "dq", "q", "half");
    onnx_node1(m, "Add", "sum", "scaled", "dq");
    onnx_node1(m, "LeakyRelu", "y", "sum");
    onnx_attr_float(m, "alpha", 1);
    onnx_node1(m, "Reshape", "z", "y", "shape");
    onnx_output(m, "y", ONNX_F32, (const int64_t[]){ -1, 3 }, 2);
    onnx_output(m, "z", ONNX_F32, (const int64_t[]){ -1, 3, 1 }, 3);
    nn_session *s = open_model(m, "kinds.onnx", &e);
    CHECK_STR(e.msg, "");
    CHECK(s != NULL);
    if (!s) return;
    CHECK(nn_input_count(s) == 1 && nn_output_count(s) == 2);
    CHECK(nn_input(s, 0)->dims == 2 && nn_input(s, 0)->dim[0] == -1 && nn_input(s, 0)->dim[1] == 2);
    CHECK(nn_output_index(s, "z") == 1 && nn_output_index(s, "none") == -1);

    float x[] = { 1, 2, -1, 0 }, y[6], z[6];
    nn_tensor in = { x, 4, { 2, 2 }, 2 }, out[] = { { y, 6, { 0 }, 0 }, { z, 6, { 0 }, 0 } };
    CHECK(nn_run(s, &in, 1, out, 2, &e));
    // Exact: every value is a small multiple of 1/2.
    const float want[] = { 3, 3, 73.5f, -3, -5, 69.5f };
    for (int i = 0; i < 6; i++) CHECK(y[i] == want[i] && z[i] == want[i]);
    CHECK(out[1].dims == 3 && out[1].dim[0] == 2 && out[1].dim[1] == 3 && out[1].dim[2] == 1);

    out[0].data = NULL; // not asked for
    memset(z, 0, sizeof z);
    CHECK(nn_run(s, &in, 1, out, 2, &e) && z[0] == 3);
    out[1].count = 5;
    CHECK(!nn_run(s, &in, 1, out, 2, &e) && e.code == ERR_INPUT);
    in.dim[1] = 1, in.dim[0] = 4; // a shape the network does not take
    out[1].count = 6;
    CHECK(!nn_run(s, &in, 1, out, 2, &e));
    nn_close(s);
    unlink(file_in_dir("kinds.onnx"));
    unlink(file_in_dir("b.bin"));
}

static void a_writer_out_of_room_says_so_at_the_end(void)
{
    err e = { 0 };
    buf b = buf_new(1 << 20);
    onnx_model *m = onnx_new(17, 100);
    CHECK(!onnx_constant(m, "w", ONNX_F32, (const int64_t[]){ 1000 }, 1, NULL));
    onnx_node1(m, "Identity", "y", "w");
    CHECK(!onnx_finish(m, &b, &e) && e.code == ERR_LIMIT && b.len == 0);
    onnx_free(m);
    buf_free(&b);
}

static void a_file_that_is_no_network_is_refused_with_its_name(void)
{
    err e = { 0 };
    CHECK(nn_open(file_in_dir("none.onnx"), 1, &e) == NULL && e.code == ERR_NOT_FOUND);
    CHECK(strstr(e.msg, "none.onnx") != NULL);
    CHECK(io_write(file_in_dir("text.onnx"), "hello", 5, &e));
    CHECK(nn_open(file_in_dir("text.onnx"), 1, &e) == NULL);
    CHECK(strstr(e.msg, "text.onnx") != NULL);
    unlink(file_in_dir("text.onnx"));
}

static float *run_network(int threads, const char *path, const float *x)
{
    err e = { 0 };
    nn_session *s = nn_open(path, threads, &e);
    CHECK(s != NULL);
    if (!s) return NULL;
    nn_tensor in = { (float *)(uintptr_t)x, 256 * 256 * 3, { 1, 256, 256, 3 }, 4 }, out[5] = { { 0 } };
    int heat = nn_output_index(s, "Identity_3");
    size_t count = 64 * 64 * 39;
    float *heatmap = mem_array(float, count);
    out[heat] = (nn_tensor){ heatmap, count, { 0 }, 0 };
    CHECK(nn_run(s, &in, 1, out, 5, &e));
    nn_close(s);
    return heatmap;
}

static void results_do_not_depend_on_the_thread_count(void)
{
    err e = { 0 };
    char path[512];
    CHECK(network_write(1, dir, path, sizeof path, &e));
    float *x = mem_array(float, 256 * 256 * 3);
    rng r = rng_new(5);
    for (int i = 0; i < 256 * 256 * 3; i++) x[i] = (float)rng_uniform(&r);
    float *one = run_network(1, path, x);
    for (int threads = 2; threads <= 4; threads++) {
        float *many = run_network(threads, path, x);
        CHECK(one && many && memcmp(one, many, 64 * 64 * 39 * sizeof(float)) == 0);
        mem_free(many);
    }
    mem_free(one);
    mem_free(x);
    unlink(path);
}

static void conversion_is_the_same_every_time(void)
{
    err e = { 0 };
    buf in = buf_new(LIMIT_TFLITE_BYTES), a = buf_new(LIMIT_TFLITE_BYTES), b = buf_new(LIMIT_TFLITE_BYTES);
    CHECK(network_tflite(0, &in, &e));
    CHECK(tflite_to_onnx(in.data, in.len, &a, &e) && tflite_to_onnx(in.data, in.len, &b, &e));
    CHECK(a.len == b.len && memcmp(a.data, b.data, a.len) == 0);
    // Weights stay float16: the dense detector has about 2.94 million of them.
    CHECK(a.len > 5800000 && a.len < 6300000);
    buf_free(&in);
    buf_free(&a);
    buf_free(&b);
}

static void a_truncated_or_damaged_network_is_refused_in_words(void)
{
    err e = { 0 };
    buf in = buf_new(LIMIT_TFLITE_BYTES), out = buf_new(LIMIT_TFLITE_BYTES);
    CHECK(network_tflite(1, &in, &e));
    CHECK(!tflite_to_onnx(in.data, 0, &out, &e) && e.code == ERR_INPUT);
    CHECK(!tflite_to_onnx((const uint8_t *)"GIF89a..", 8, &out, &e) && strstr(e.msg, "not a TensorFlow Lite file"));
    for (size_t n = 1; n < in.len; n += in.len / 37) {
        e = (err){ 0 };
        CHECK(!tflite_to_onnx(in.data, n, &out, &e) && e.code == ERR_INPUT && e.msg[0] && out.len == 0);
    }
    // One byte changed in the tables behind the weights: never a crash; converted or refused with a sentence.
    rng r = rng_new(9);
    for (int i = 0; i < 200; i++) {
        size_t at = in.len - 1 - rng_below(&r, 20000);
        uint8_t kept = in.data[at];
        in.data[at] = (uint8_t)rng_below(&r, 256);
        e = (err){ 0 };
        out.len = 0;
        CHECK(tflite_to_onnx(in.data, in.len, &out, &e) || e.msg[0]);
        in.data[at] = kept;
    }
    buf_free(&in);
    buf_free(&out);
}

static void make_dir(void)
{
    if (!mkdtemp(dir)) abort();
}

TEST_MAIN(make_dir(); RUN(a_written_network_computes_with_every_kind_of_constant);
          RUN(a_writer_out_of_room_says_so_at_the_end); RUN(a_file_that_is_no_network_is_refused_with_its_name);
          RUN(results_do_not_depend_on_the_thread_count); RUN(conversion_is_the_same_every_time);
          RUN(a_truncated_or_damaged_network_is_refused_in_words); rmdir(dir);)
