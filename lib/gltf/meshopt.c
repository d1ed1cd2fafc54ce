#include "gltf/meshopt.h"
#include "base/mem.h"

#include <meshoptimizer.h>
#include <pthread.h>

void meshopt_order_triangles(uint32_t *out, const uint32_t *index, const size_t *run, int runs, uint32_t vertex_count)
{
    for (int i = 0; i < runs; i++) {
        size_t first = run[i], count = run[i + 1] - run[i];
        if (count) meshopt_optimizeVertexCache(out + first, index + first, count, vertex_count);
    }
}

uint32_t meshopt_order_vertices(uint32_t *index, size_t count, uint32_t vertex_count, uint32_t *remap)
{
    size_t used = meshopt_optimizeVertexFetchRemap(remap, index, count, vertex_count);
    for (size_t i = 0; i < count; i++) index[i] = remap[index[i]];
    return (uint32_t)used;
}

bool meshopt_pack_vertices(const void *data, size_t count, size_t stride, buf *out)
{
    size_t bound = meshopt_encodeVertexBufferBound(count, stride);
    uint8_t *bytes = mem_new(bound, 1);
    size_t n = meshopt_encodeVertexBuffer(bytes, bound, data, count, stride);
    bool ok = n && buf_append(out, bytes, n);
    mem_free(bytes);
    return ok;
}

// EXT_meshopt_compression wants version 1 of the index codec; the library's default, a global, is 0.
static void choose_version(void) { meshopt_encodeIndexVersion(1); }

bool meshopt_pack_triangles(const uint32_t *index, size_t count, uint32_t vertex_count, buf *out)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, choose_version);
    size_t bound = meshopt_encodeIndexBufferBound(count, vertex_count);
    uint8_t *bytes = mem_new(bound, 1);
    size_t n = meshopt_encodeIndexBuffer(bytes, bound, index, count);
    bool ok = n && buf_append(out, bytes, n);
    mem_free(bytes);
    return ok;
}

// The library asserts what the extension's specification demands of these; a file must not reach its asserts.
static bool legal(meshopt_mode mode, meshopt_filter filter, size_t count, size_t stride)
{
    if (count == 0) return false;
    switch (mode) {
    case MESHOPT_TRIANGLES:
        return filter == MESHOPT_NONE && count % 3 == 0 && (stride == 2 || stride == 4);
    case MESHOPT_INDICES:
        return filter == MESHOPT_NONE && (stride == 2 || stride == 4);
    case MESHOPT_ATTRIBUTES:
        break;
    }
    switch (filter) {
    case MESHOPT_OCTAHEDRAL:
        return stride == 4 || stride == 8;
    case MESHOPT_QUATERNION:
        return stride == 8;
    case MESHOPT_NONE:
    case MESHOPT_EXPONENTIAL:
        break;
    }
    return stride > 0 && stride <= 256 && stride % 4 == 0;
}

bool meshopt_unpack(meshopt_mode mode, meshopt_filter filter, const uint8_t *packed, size_t n, size_t count,
                    size_t stride, void *out)
{
    if (!legal(mode, filter, count, stride)) return false;
    if (mode == MESHOPT_TRIANGLES) return meshopt_decodeIndexBuffer(out, count, stride, packed, n) == 0;
    if (mode == MESHOPT_INDICES) return meshopt_decodeIndexSequence(out, count, stride, packed, n) == 0;
    if (meshopt_decodeVertexBuffer(out, count, stride, packed, n) != 0) return false;
    if (filter == MESHOPT_OCTAHEDRAL) meshopt_decodeFilterOct(out, count, stride);
    if (filter == MESHOPT_QUATERNION) meshopt_decodeFilterQuat(out, count, stride);
    if (filter == MESHOPT_EXPONENTIAL) meshopt_decodeFilterExp(out, count, stride);
    return true;
}
