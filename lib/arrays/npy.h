// The .npy format (numpy/lib/format.py): a short Python literal that tells type and shape, then the elements.
#pragma once
#include "arrays/npz.h"

// Parses one .npy file: fills out's type, shape and count and points out->data into the bytes (unaligned).
// Text is left encoded; *text_unit says how: 4 for UTF-32 ('<U'), 1 for bytes ('|S').
bool npy_parse(const uint8_t *data, size_t n, npz_array *out, size_t *text_unit, err *e) MUST_USE;

// The header for an array of this type and shape, text being a 0-d '<U' of text_chars characters; 64-byte aligned.
bool npy_header(const npz_array *a, size_t text_chars, buf *out) MUST_USE;

size_t npz_type_size(npz_type type); // bytes of an element; 1 for text
