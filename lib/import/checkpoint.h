// PyTorch checkpoints (the zip files of torch.save since version 1.6): the tensors of the state dict, each a view of
// the mapped file. Nothing is copied but on request. Untrusted bytes.
#pragma once
#include "import/pickle.h"
#include "import/zip.h"

enum { CKPT_MAX_DIMS = 6 };
typedef enum {
    CKPT_F32,
    CKPT_F16,
    CKPT_BF16,
    CKPT_F64,
    CKPT_I64,
    CKPT_I32,
    CKPT_I16,
    CKPT_I8,
    CKPT_U8,
    CKPT_BOOL
} ckpt_type;

typedef struct {
    const uint8_t *name; // [name_len], in the file
    size_t name_len;
    ckpt_type type;
    int dims;
    size_t dim[CKPT_MAX_DIMS], stride[CKPT_MAX_DIMS]; // in elements
    size_t count;                                     // of elements
    const uint8_t *data;                              // of the first element
    const zip_member *storage;
} ckpt_tensor;

typedef struct {
    zip_archive zip;
    pickle *tree;
    ckpt_tensor *tensor; // [count], sorted by name
    size_t count;
} checkpoint;

// data [n] must outlive the result. Takes the dict "state_dict" (PyTorch Lightning's) or else the root; values in it
// that are no tensors are passed over. ckpt_close also after a failure.
bool ckpt_open(const uint8_t *data, size_t n, checkpoint *out, err *e) MUST_USE;
void ckpt_close(checkpoint *c);

const ckpt_tensor *ckpt_find(const checkpoint *c, const char *name); // NULL when there is none
bool ckpt_is_contiguous(const ckpt_tensor *t);
// All elements of a float tensor in C order. out [t->count]. false: it is not of floats.
bool ckpt_floats(const ckpt_tensor *t, float *out) MUST_USE;
