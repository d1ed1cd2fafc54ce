// What a taken-over child may send: refused, or a sound model whose flat bytes give the same model again.
#include "base/mem.h"
#include "gltf/flat.h"

#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    glb_model m, again;
    if (!glb_unflatten(data, size, &m)) return 0;
    for (int i = 0; i < m.meshes; i++) {
        const glb_read_mesh *r = &m.mesh[i];
        for (size_t k = 0; k < 3 * (size_t)r->triangle_count; k++) assert(r->triangle[k] < r->vertex_count);
        for (size_t k = 0; r->joint && k < 4 * (size_t)r->vertex_count; k++) assert(r->joint[k] < m.joints);
        assert(memchr(r->name, 0, sizeof r->name));
    }
    uint8_t *out = mem_new(size, 1);
    size_t len;
    bool ok = glb_flatten(&m, out, size, &len) && len <= size && glb_unflatten(out, len, &again);
    assert(ok && again.meshes == m.meshes && again.joints == m.joints && again.materials == m.materials);
    glb_model_free(&again);
    mem_free(out);
    glb_model_free(&m);
    return 0;
}
