// Zip archives whose members lie uncompressed, as PyTorch writes its checkpoints: a directory over mapped bytes,
// nothing is copied. Sizes and places may be of 64 bits (zip64). Untrusted bytes.
#pragma once
#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

typedef struct {
    const char *name; // [name_len] within the file, not terminated
    size_t name_len;
    const uint8_t *data; // [size] within the file
    size_t size;
    uint32_t crc;
} zip_member;

typedef struct {
    zip_member *member; // [count], sorted by name, owned
    size_t count;
} zip_archive;

// data [n] must outlive the archive. ERR_INPUT when it is no zip file, is cut short, or a member is compressed,
// encrypted, named twice or reaches outside the file. zip_close also after a failure.
bool zip_open(const uint8_t *data, size_t n, zip_archive *out, err *e) MUST_USE;
void zip_close(zip_archive *z);

// NULL when there is none.
const zip_member *zip_find(const zip_archive *z, const char *name);

// Whether the member's bytes are those its checksum was made of. A checksum of 0 is one that was never made.
bool zip_intact(const zip_member *m);
