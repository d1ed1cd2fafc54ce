// NumPy's .npz: a zip of .npy arrays. Written stored (not compressed) with a fixed date, so the same arrays give the
// same bytes; read with stored and deflated members. Untrusted bytes.
#pragma once
#include "base/buf.h"

enum { NPZ_MAX_DIMS = 8, NPZ_MAX_NAME = 128 };
typedef enum { NPZ_F32, NPZ_F64, NPZ_I32, NPZ_I64, NPZ_U8, NPZ_BOOL, NPZ_TEXT } npz_type;

typedef struct {
    char name[NPZ_MAX_NAME]; // without ".npy"
    npz_type type;
    int dims;
    size_t dim[NPZ_MAX_DIMS];
    const void *data; // C order; NPZ_TEXT: one UTF-8 string of count bytes
    size_t count;
} npz_array;

typedef struct npz npz;
npz *npz_parse(const uint8_t *data, size_t n, err *e) MUST_USE; // copies what it keeps
void npz_free(npz *z);
int npz_count(const npz *z);
const npz_array *npz_at(const npz *z, int i);
const npz_array *npz_find(const npz *z, const char *name);

bool npz_write(const npz_array *arrays, int count, buf *out, err *e) MUST_USE;
