// The converted networks against TensorFlow Lite itself (the C library inside npm tfjs-tflite-node), on random input.
#include "base/io.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/rng.h"
#include "networks.h"
#include "nn/session.h"
#include "nn/tflite.h"
#include "test.h"

#include <stdlib.h>
#include <tensorflow/lite/c/c_api.h>
#include <unistd.h>

static char dir[] = "/tmp/tryon-parity-XXXXXX";

// Two float32 implementations that add in different orders. On noise the logits reach hundreds and the landmark heads
// amplify rounding; TensorFlow Lite's own two kernel sets differ by up to 6e-4 of an output's largest magnitude.
static const double TOLERANCE = 1e-3;

enum { RUNS = 3 };

static void compare(const char *label, double low, TfLiteInterpreter *reference, nn_session *s, uint64_t seed)
{
    const nn_tensor_info *info = nn_input(s, 0);
    TfLiteTensor *in = TfLiteInterpreterGetInputTensor(reference, 0);
    size_t count = TfLiteTensorByteSize(in) / sizeof(float);
    float *x = mem_array(float, count);
    rng r = rng_new(seed);
    for (size_t i = 0; i < count; i++) x[i] = (float)rng_between(&r, low, 1);
    CHECK(TfLiteTensorCopyFromBuffer(in, x, count * sizeof(float)) == kTfLiteOk);
    CHECK(TfLiteInterpreterInvoke(reference) == kTfLiteOk);

    nn_tensor input = { x, count, { 0 }, info->dims }, out[NN_MAX_IO] = { { 0 } };
    for (int i = 0; i < info->dims; i++) input.dim[i] = info->dim[i];
    int outs = nn_output_count(s);
    CHECK(outs == TfLiteInterpreterGetOutputTensorCount(reference));
    for (int i = 0; i < outs; i++) {
        const TfLiteTensor *want = TfLiteInterpreterGetOutputTensor(reference, i);
        out[i].count = TfLiteTensorByteSize(want) / sizeof(float);
        out[i].data = mem_array(float, out[i].count);
    }
    err e = { 0 };
    CHECK(nn_run(s, &input, 1, out, outs, &e));
    for (int i = 0; i < outs; i++) {
        const TfLiteTensor *want = TfLiteInterpreterGetOutputTensor(reference, i);
        CHECK_STR(nn_output(s, i)->name, TfLiteTensorName(want));
        CHECK(out[i].dims == TfLiteTensorNumDims(want));
        for (int d = 0; d < out[i].dims; d++) CHECK(out[i].dim[d] == TfLiteTensorDim(want, d));
        const float *w = TfLiteTensorData(want);
        double worst = 0, largest = 0;
        for (size_t k = 0; k < out[i].count; k++) {
            CHECK(isfinite(out[i].data[k]));
            worst = fmax(worst, fabs((double)w[k] - out[i].data[k]));
            largest = fmax(largest, fabs((double)w[k]));
        }
        CHECK(worst <= TOLERANCE * largest);
        printf("     %s %s: differs by %.2g of %.3g (%.1e)\n", label, TfLiteTensorName(want), worst, largest,
               worst / largest);
        mem_free(out[i].data);
    }
    mem_free(x);
}

// Converts tflite and runs it beside its original on input from low to 1.
static void check(const char *label, const buf *tflite, double low)
{
    err e = { 0 };
    buf onnx = buf_new(LIMIT_TFLITE_BYTES);
    char path[512];
    snprintf(path, sizeof path, "%s/network.onnx", dir);
    bool written = tflite_to_onnx(tflite->data, tflite->len, &onnx, &e) && io_write(path, onnx.data, onnx.len, &e);
    nn_session *s = written ? nn_open(path, 2, &e) : NULL;
    if (e.code) printf("     %s\n", e.msg);
    CHECK(s != NULL);
    TfLiteModel *model = TfLiteModelCreate(tflite->data, tflite->len);
    TfLiteInterpreterOptions *options = TfLiteInterpreterOptionsCreate();
    TfLiteInterpreterOptionsSetNumThreads(options, 1);
    TfLiteInterpreter *reference = TfLiteInterpreterCreate(model, options);
    bool ready = reference && TfLiteInterpreterAllocateTensors(reference) == kTfLiteOk;
    CHECK(ready);
    for (uint64_t i = 0; s && ready && i < RUNS; i++) compare(label, low, reference, s, 100 + i);
    TfLiteInterpreterDelete(reference);
    TfLiteInterpreterOptionsDelete(options);
    TfLiteModelDelete(model);
    nn_close(s);
    buf_free(&onnx);
    unlink(path);
}

static void check_network(int net, double low)
{
    err e = { 0 };
    buf bytes = buf_new(LIMIT_TFLITE_BYTES);
    CHECK(network_tflite(net, &bytes, &e));
    check(NETWORK_NAMES[net], &bytes, low);
    buf_free(&bytes);
}

static void the_detector_computes_what_tensorflow_lite_computes(void) { check_network(0, -1); }
static void the_lite_landmarks_are_what_tensorflow_lite_computes(void) { check_network(1, 0); }
static void the_full_landmarks_are_what_tensorflow_lite_computes(void) { check_network(2, 0); }
static void the_heavy_landmarks_are_what_tensorflow_lite_computes(void) { check_network(3, 0); }

// What the four do not use: dilation, RELU, padded pooling, pads of every kind, small sparse weights.
static void small_networks_of_every_operator_agree_too(void)
{
    static const char *const NAMES[] = { "convolutions", "pads_and_sizes", "sparse_and_shapes" };
    for (int i = 0; i < 3; i++) {
        err e = { 0 };
        char path[512];
        buf bytes = buf_new(LIMIT_TFLITE_BYTES);
        snprintf(path, sizeof path, SOURCE_ROOT "/fuzz/corpus/tflite/%s", NAMES[i]);
        CHECK(io_read(path, &bytes, &e));
        check(NAMES[i], &bytes, -1);
        buf_free(&bytes);
    }
}

static void make_dir(void)
{
    if (!mkdtemp(dir)) abort();
}

TEST_MAIN(make_dir(); RUN(the_detector_computes_what_tensorflow_lite_computes);
          RUN(the_lite_landmarks_are_what_tensorflow_lite_computes);
          RUN(the_full_landmarks_are_what_tensorflow_lite_computes);
          RUN(the_heavy_landmarks_are_what_tensorflow_lite_computes); RUN(small_networks_of_every_operator_agree_too);
          rmdir(dir);)
