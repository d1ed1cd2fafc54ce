// A .tflite file as a checked list of operators: every tensor number, shape, constant and option has been looked at, so
// that the conversion (tflite.c) can trust it. Pointers lead into the file's bytes.
#pragma once
#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

enum { TFL_MAX_DIMS = 4, TFL_MAX_INPUTS = 16, TFL_MAX_TENSORS = 8192, TFL_MAX_OPS = 4096, TFL_MAX_DIM = 1 << 20 };
#define TFL_MAX_ELEMENTS ((size_t)1 << 26) // of one tensor; the networks we read have a tenth of that
#define TFL_MAX_DENSE ((size_t)1 << 22)    // of a tensor stored sparse, which costs more memory than file

typedef enum { TFL_FLOAT32 = 0, TFL_FLOAT16 = 1, TFL_INT32 = 2 } tfl_type;

// Rows of the last dimension in compressed form: row r holds values [segment(r), segment(r + 1)) at columns index(j).
typedef struct {
    uint32_t rows;                    // 0: the tensor is stored densely
    const uint8_t *segments;          // [rows + 1], ascending from 0 to the number of values
    const uint8_t *indices;           // [values], each less than the last dimension
    uint8_t segment_size, index_size; // 1, 2 or 4 bytes
} tfl_sparse;

typedef struct {
    char name[64];
    bool plain_name; // printable and whole
    tfl_type type;
    int dims;
    int32_t dim[TFL_MAX_DIMS]; // each 1 or more
    size_t count;              // their product
    const uint8_t *data;       // the constant's values, NULL for a computed tensor
    size_t bytes;
    tfl_sparse sparse;
} tfl_tensor;

// BuiltinOperator's numbers.
typedef enum {
    TFL_ADD = 0,
    TFL_CONCATENATION = 2,
    TFL_CONV_2D = 3,
    TFL_DEPTHWISE_CONV_2D = 4,
    TFL_DEPTH_TO_SPACE = 5,
    TFL_DEQUANTIZE = 6,
    TFL_LOGISTIC = 14,
    TFL_MAX_POOL_2D = 17,
    TFL_RESHAPE = 22,
    TFL_RESIZE_BILINEAR = 23,
    TFL_PAD = 34,
    TFL_DENSIFY = 124
} tfl_code;

typedef enum { TFL_LINEAR = 0, TFL_RELU = 1, TFL_RELU6 = 3 } tfl_activation;

typedef struct {
    tfl_code code;
    int in[TFL_MAX_INPUTS], in_count; // tensor numbers, each defined before this operator runs
    int out;                          // defined by no other operator
    tfl_activation activation;
    bool same_padding; // SAME, else VALID
    int stride_w, stride_h, dilation_w, dilation_h, filter_w, filter_h;
    int axis, block;
} tfl_op;

typedef struct {
    tfl_tensor *tensor;
    int tensors;
    tfl_op *op;
    int ops;
    int input[8], inputs, output[8], outputs;
} tfl_graph;

// Reads data [n], which must outlive the graph. tfl_free also after a failure.
bool tfl_parse(const uint8_t *data, size_t n, tfl_graph *g, err *e) MUST_USE;
void tfl_free(tfl_graph *g);

const char *tfl_code_name(tfl_code code);
// Element i of a vector of size-byte unsigned numbers (a sparse tensor's segments or indices).
uint32_t tfl_number(const uint8_t *p, uint8_t size, size_t i);
