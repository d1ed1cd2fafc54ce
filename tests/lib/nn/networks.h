// The four BlazePose networks, converted from the npm package into a folder of their own for the time of a test.
#pragma once
#include "base/buf.h"

enum { NETWORKS = 4 };
extern const char *const NETWORK_NAMES[NETWORKS]; // "pose_detection", …

// Appends the .tflite bytes of network i.
bool network_tflite(int i, buf *out, err *e) MUST_USE;
// Converts network i into dir/<name>.onnx and tells the path in out [size].
bool network_write(int i, const char *dir, char *out, size_t size, err *e) MUST_USE;
