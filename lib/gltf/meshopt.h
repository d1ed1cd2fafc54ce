// What we use of meshoptimizer: the order of triangles and vertices, and the two codecs of EXT_meshopt_compression.
// Within the gltf room.
#pragma once
#include "base/buf.h"

// Reorders the triangles of each run for the vertex cache. out [count], not index; run [runs + 1]: where each begins in
// index, and the end.
void meshopt_order_triangles(uint32_t *out, const uint32_t *index, const size_t *run, int runs, uint32_t vertex_count);

// Numbers vertices in the order index first uses them, and rewrites index so. remap [vertex_count]: the new number,
// UINT32_MAX for an unused vertex. Returns the number of used vertices.
uint32_t meshopt_order_vertices(uint32_t *index, size_t count, uint32_t vertex_count, uint32_t *remap);

// Append the encoded bytes; false when out is full. stride: a multiple of 4, at most 256.
bool meshopt_pack_vertices(const void *data, size_t count, size_t stride, buf *out) MUST_USE;
bool meshopt_pack_triangles(const uint32_t *index, size_t count, uint32_t vertex_count, buf *out) MUST_USE;

typedef enum { MESHOPT_ATTRIBUTES, MESHOPT_TRIANGLES, MESHOPT_INDICES } meshopt_mode;
typedef enum { MESHOPT_NONE, MESHOPT_OCTAHEDRAL, MESHOPT_QUATERNION, MESHOPT_EXPONENTIAL } meshopt_filter;

// Decodes packed [n] into out [count * stride]; false when the bytes are not what mode, count and stride say, or these
// break the extension's rules.
bool meshopt_unpack(meshopt_mode mode, meshopt_filter filter, const uint8_t *packed, size_t n, size_t count,
                    size_t stride, void *out) MUST_USE;
