// Buffers, views and accessors of a GLB file that nobody has checked yet. Within the gltf room.
#pragma once
#include "base/arena.h"
#include "base/err.h"

#include <jansson.h>
#include <stdint.h>

typedef struct {
    uint8_t *bytes; // NULL: not unpacked yet
} unpacked_view;

// The file being read. Everything is borrowed but for what memory holds.
typedef struct {
    const json_t *top;
    const uint8_t *bin; // [bin_len]: the binary chunk, buffer 0
    size_t bin_len;
    arena *memory;           // of the result and of unpacked views: the ceiling of both
    unpacked_view *unpacked; // [views]
    err *e;
} glb_file;

// A number of a JSON object: absent gives fallback; false (and an error) when it is there and is no integer in lo..hi.
bool glb_int(const glb_file *f, const json_t *object, const char *key, int64_t lo, int64_t hi, int64_t fallback,
             int64_t *out) MUST_USE;
// n numbers of an array member; absent leaves out as it is.
bool glb_floats(const glb_file *f, const json_t *object, const char *key, int n, double *out) MUST_USE;

typedef struct {
    const uint8_t *data; // the first element, NULL: all zero
    size_t stride, count;
    int component, components; // 5120 … 5126; numbers in an element
    bool normalized;
} glb_accessor;

// Everything that is later read through the accessor lies within its view: checked here, once. what names it in errors.
bool glb_accessor_open(glb_file *f, int64_t index, const char *what, glb_accessor *out) MUST_USE;
// Component k of element i, normalized if the accessor says so.
double glb_number(const glb_accessor *a, size_t i, int k);
// The same of an accessor of unsigned integers that are not normalized.
uint32_t glb_integer(const glb_accessor *a, size_t i, int k);
