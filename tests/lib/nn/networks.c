#include "networks.h"
#include "base/io.h"
#include "base/limits.h"
#include "nn/tflite.h"

#include <stdio.h>

const char *const NETWORK_NAMES[NETWORKS] = { "pose_detection", "pose_landmark_lite", "pose_landmark_full",
                                              "pose_landmark_heavy" };

// The packed assets begin with the detector; its own loader names the range.
static const struct {
    const char *file;
    size_t len;
} SOURCES[NETWORKS] = { { "pose_solution_packed_assets.data", 2962288 },
                        { "pose_landmark_lite.tflite", 0 },
                        { "pose_landmark_full.tflite", 0 },
                        { "pose_landmark_heavy.tflite", 0 } };

bool network_tflite(int i, buf *out, err *e)
{
    char path[512];
    snprintf(path, sizeof path, SOURCE_ROOT "/deps/node_modules/@mediapipe/pose/%s", SOURCES[i].file);
    if (!io_read(path, out, e)) return false;
    if (SOURCES[i].len && SOURCES[i].len < out->len) out->len = SOURCES[i].len;
    return true;
}

bool network_write(int i, const char *dir, char *out, size_t size, err *e)
{
    buf tflite = buf_new(LIMIT_TFLITE_BYTES), onnx = buf_new(LIMIT_TFLITE_BYTES);
    int n = snprintf(out, size, "%s/%s.onnx", dir, NETWORK_NAMES[i]);
    bool ok = n > 0 && (size_t)n < size && network_tflite(i, &tflite, e) &&
              tflite_to_onnx(tflite.data, tflite.len, &onnx, e) && io_write(out, onnx.data, onnx.len, e);
    buf_free(&tflite);
    buf_free(&onnx);
    return ok;
}
