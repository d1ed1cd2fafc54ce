// Arrays as they lie in pickles: numpy's, scipy's sparse matrices and chumpy's variables, all of them read into dense
// doubles. Untrusted values.
#pragma once
#include "import/pickle.h"

enum { NUMPY_MAX_DIMS = 4 };

typedef struct {
    double *data; // [count], C order, owned
    size_t count, dim[NUMPY_MAX_DIMS];
    int dims;
} numpy_array;

// v is a numpy.ndarray of bool, integers or floats, a scipy.sparse csc or csr matrix, or an object that keeps one of
// them under "x" (chumpy.Ch). ERR_INPUT otherwise, the sentence beginning "is …" or "has …". NULL is "is missing".
bool numpy_read(const pickle_value *v, numpy_array *out, err *e) MUST_USE;
void numpy_free(numpy_array *a);
