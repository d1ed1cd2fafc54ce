// TensorFlow Lite files to ONNX, for the operators the BlazePose networks use. The bytes are untrusted.
#pragma once
#include "base/buf.h"

// data [n] is a .tflite flatbuffer (schema 3, one subgraph). Appends the ONNX file (opset 17) to onnx. Weights stay as
// they are stored (float16). ERR_INPUT names the operator or tensor that is not understood.
bool tflite_to_onnx(const uint8_t *data, size_t n, buf *onnx, err *e) MUST_USE;
