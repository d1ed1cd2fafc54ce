// One neural network, run by ONNX Runtime on the CPU. Tensors are dense float32, row-major.
#pragma once
#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

typedef struct nn_session nn_session;

enum { NN_MAX_DIMS = 6, NN_MAX_IO = 8 };

typedef struct {
    char name[64];
    int64_t dim[NN_MAX_DIMS]; // -1 where the model leaves it open
    int dims;
} nn_tensor_info;

// threads: intra-op threads (1 or more); results do not depend on it. Every input and output must be float32.
nn_session *nn_open(const char *path, int threads, err *e) MUST_USE;
void nn_close(nn_session *s); // NULL is fine

int nn_input_count(const nn_session *s);
int nn_output_count(const nn_session *s);
const nn_tensor_info *nn_input(const nn_session *s, int i);
const nn_tensor_info *nn_output(const nn_session *s, int i);
int nn_output_index(const nn_session *s, const char *name); // -1 when there is none

typedef struct {
    float *data; // inputs: the caller's; outputs: the caller's room for the result
    size_t count;
    int64_t dim[NN_MAX_DIMS];
    int dims;
} nn_tensor;

// Runs the network; output i is written where out[i].data points (count floats, an exact match). An output whose data
// is NULL is not computed when the runtime can spare it. Safe from several threads.
bool nn_run(nn_session *s, const nn_tensor *in, int in_count, nn_tensor *out, int out_count, err *e) MUST_USE;
