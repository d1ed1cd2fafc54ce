// Writes ONNX files (protobuf ModelProto) a node at a time: what the importers draw their graphs with. Names are
// copied. A failure (the file passes its maximum) is kept and told by onnx_finish, so the calls between need no checks.
#pragma once
#include "base/buf.h"

typedef struct onnx_model onnx_model;

// The numbers are TensorProto.DataType's.
typedef enum { ONNX_F32 = 1, ONNX_U8 = 2, ONNX_I8 = 3, ONNX_I32 = 6, ONNX_I64 = 7, ONNX_F16 = 10 } onnx_type;
size_t onnx_type_size(onnx_type type);

// max bounds the bytes of the file; opset is that of the default domain.
onnx_model *onnx_new(int opset, size_t max);
void onnx_free(onnx_model *m); // NULL is fine

// Inputs and outputs of the graph; dim[i] -1 leaves a dimension open.
void onnx_input(onnx_model *m, const char *name, onnx_type type, const int64_t *dim, int dims);
void onnx_output(onnx_model *m, const char *name, onnx_type type, const int64_t *dim, int dims);

// Constants. data holds the product of dim elements, row-major, as this (little-endian) machine stores them; NULL makes
// them zero and returns the room for the caller to fill before the next call on m (NULL when m is full).
uint8_t *onnx_constant(onnx_model *m, const char *name, onnx_type type, const int64_t *dim, int dims, const void *data);
void onnx_constant_i64(onnx_model *m, const char *name, const int64_t *values, int count); // a list
void onnx_constant_f32(onnx_model *m, const char *name, float value);                      // a scalar
// A constant whose bytes lie in another file beside this one (for networks past protobuf's 2 GiB).
void onnx_constant_external(onnx_model *m, const char *name, onnx_type type, const int64_t *dim, int dims,
                            const char *file, uint64_t offset, uint64_t length);

// A node; the onnx_attr calls that follow belong to it until the next node. An empty name is an input left out.
void onnx_node(onnx_model *m, const char *op, const char *const *in, int in_count, const char *const *out,
               int out_count);
void onnx_attr_int(onnx_model *m, const char *name, int64_t value);
void onnx_attr_ints(onnx_model *m, const char *name, const int64_t *values, int count);
void onnx_attr_float(onnx_model *m, const char *name, float value);
void onnx_attr_string(onnx_model *m, const char *name, const char *value);

// Says that the last node's operator is one of another domain ("com.microsoft"), version 1; a model knows one such
// domain beside the default one.
void onnx_node_domain(onnx_model *m, const char *domain);

// A node with one output; the names of its inputs end with a NULL.
#define onnx_node1(m, op, out, ...) onnx_node_list((m), (op), (out), (const char *const[]){ __VA_ARGS__, NULL })
void onnx_node_list(onnx_model *m, const char *op, const char *out, const char *const *in);

// Appends the file to out. ERR_LIMIT when it would pass max or out's own maximum.
bool onnx_finish(onnx_model *m, buf *out, err *e) MUST_USE;
