#include "base/limits.h"
#include "nn/tflite.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    err e = { 0 };
    buf out = buf_new(LIMIT_TFLITE_BYTES);
    bool ok = tflite_to_onnx(data, size, &out, &e);
    if (ok ? !out.len : !e.msg[0] || out.len) abort(); // a refusal is told and writes nothing
    buf_free(&out);
    return 0;
}
