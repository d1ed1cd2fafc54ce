// The Range header of RFC 9110 section 14, for one run of bytes.
#pragma once
#include <stdint.h>

typedef enum {
    RANGE_NONE, // absent, another unit, several runs, or nonsense: the whole is sent, as the RFC has it
    RANGE_SOME, // [*from, *from + *count) of the size bytes
    RANGE_OUTSIDE
} range_kind;
range_kind range_parse(const char *header, uint64_t size, uint64_t *from, uint64_t *count); // header may be NULL
