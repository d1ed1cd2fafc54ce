// The .safetensors container: named tensors and a string-to-string table in one file. Reading is a pure parse of
// untrusted bytes; tensors stay where they are in the bytes.
#pragma once
#include "base/buf.h"

enum { ST_MAX_DIMS = 8, ST_MAX_NAME = 160 };
typedef enum {
    ST_F32,
    ST_F16,
    ST_BF16,
    ST_F64,
    ST_U8,
    ST_I8,
    ST_U16,
    ST_I16,
    ST_U32,
    ST_I32,
    ST_I64,
    ST_U64,
    ST_BOOL
} st_type;

typedef struct {
    char name[ST_MAX_NAME];
    st_type type;
    int dims;
    uint64_t dim[ST_MAX_DIMS];
    const void *data; // within the bytes that were parsed; bytes long
    size_t bytes, count;
} st_tensor;

typedef struct safetensors safetensors;

// data [n], 8-byte aligned, must outlive the result. Strict: no holes, no overlaps, no duplicate names, every tensor
// aligned to its element size. ERR_INPUT names the tensor whose offsets, shape or type are wrong.
safetensors *st_parse(const uint8_t *data, size_t n, err *e) MUST_USE;
void st_free(safetensors *s); // NULL is fine
int st_count(const safetensors *s);
const st_tensor *st_at(const safetensors *s, int i);
const st_tensor *st_find(const safetensors *s, const char *name); // NULL when there is none
const char *st_metadata(const safetensors *s, const char *key);   // NULL when there is none
size_t st_type_size(st_type type);

// Finds a tensor and checks its type and shape (dims sizes; 0 matches any). ERR_INPUT says which differs.
const st_tensor *st_require(const safetensors *s, const char *name, st_type type, int dims, const uint64_t *dim,
                            err *e) MUST_USE;

// Writing: add tensors and metadata (borrowed until st_write), then append the file to out. Tensors are laid out wide
// elements first, then in the order they were added: each is aligned to its element size with no holes, which the
// format forbids. The same input gives the same bytes.
typedef struct st_writer st_writer;
st_writer *st_writer_new(void);
void st_writer_free(st_writer *w);
void st_writer_add(st_writer *w, const char *name, st_type type, int dims, const uint64_t *dim, const void *data);
void st_writer_metadata(st_writer *w, const char *key, const char *value);
bool st_write(const st_writer *w, buf *out, err *e) MUST_USE;

// IEEE half precision, as the arrays room stores it.
float f16_to_f32(uint16_t h);
uint16_t f16_from_f32(float f); // round to nearest even
