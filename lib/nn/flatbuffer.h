// Bounded reading of FlatBuffers (the container of .tflite files). Every offset is checked against the file; the first
// one that points outside sets bad, and every later read yields nothing, so that a caller may check bad once per table.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct {
    const uint8_t *data;
    size_t len;
    bool bad;
} flatbuffer;

// pos 0 means absent: a field left out reads as its default.
typedef struct {
    size_t pos, vtable;
    uint16_t vtable_len, table_len;
} fb_table;

// count elements from pos on; a vector left out has count 0.
typedef struct {
    size_t pos;
    uint32_t count;
} fb_vector;

// The root table; bad when the four bytes of identifier are not there.
fb_table fb_root(flatbuffer *f, const char identifier[4]);

// Fields by their number in the schema.
uint8_t fb_u8(flatbuffer *f, fb_table t, unsigned field, uint8_t missing);
uint32_t fb_u32(flatbuffer *f, fb_table t, unsigned field, uint32_t missing);
int32_t fb_i32(flatbuffer *f, fb_table t, unsigned field, int32_t missing);
fb_table fb_child(flatbuffer *f, fb_table t, unsigned field);
// size is that of an element in bytes (4 for a vector of tables); the whole vector lies inside the file.
fb_vector fb_list(flatbuffer *f, fb_table t, unsigned field, size_t size);

// Elements; i must be less than v.count.
uint16_t fb_u16_at(const flatbuffer *f, fb_vector v, uint32_t i);
int32_t fb_i32_at(const flatbuffer *f, fb_vector v, uint32_t i);
fb_table fb_table_at(flatbuffer *f, fb_vector v, uint32_t i);
