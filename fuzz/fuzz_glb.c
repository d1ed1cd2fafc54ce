// Any bytes as a GLB file: refused, or a sound model that, written again in both flavours, reads back with the same
// triangles and joints. A first byte of 'J' takes the rest as JSON, NUL, then the binary chunk, so that the fuzzer need
// not keep the container's lengths right.
#include "gltf/glb.h"
#include "base/mem.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_sound(const glb_model *m)
{
    for (int i = 0; i < m->joints; i++) assert(m->joint[i].parent < i && m->joint[i].parent >= -1);
    for (int i = 0; i < m->meshes; i++) {
        const glb_read_mesh *r = &m->mesh[i];
        for (size_t k = 0; k < 3 * (size_t)r->triangle_count; k++) assert(r->triangle[k] < r->vertex_count);
        for (size_t k = 0; k < r->vertex_count; k++) {
            assert(isfinite(r->position[k].x) && isfinite(r->position[k].y) && isfinite(r->position[k].z));
            for (size_t j = 0; r->joint && j < 4; j++) assert(r->joint[4 * k + j] < m->joints);
            for (size_t j = 0; r->joint && j < 4; j++) assert(r->weight[4 * k + j] >= 0);
        }
        uint32_t covered = 0;
        for (int k = 0; k < r->parts; k++) {
            assert(r->part[k].first_triangle == covered && r->part[k].material < m->materials);
            covered += r->part[k].triangle_count;
        }
        assert(covered == r->triangle_count);
    }
}

static void check_round_trip(const glb_model *m, glb_flavour flavour)
{
    glb_mesh *mesh = mem_array(glb_mesh, (size_t)m->meshes);
    glb_joint *joint = mem_array(glb_joint, (size_t)m->joints);
    for (int i = 0; i < m->joints; i++)
        joint[i] = (glb_joint){ m->joint[i].name, m->joint[i].parent, m->joint[i].origin };
    for (int i = 0; i < m->meshes; i++) {
        const glb_read_mesh *r = &m->mesh[i];
        mesh_view view = { r->position, r->triangle, r->vertex_count, r->triangle_count };
        mesh[i] = (glb_mesh){ r->name, view, r->normal, r->uv, r->color, r->joint, r->weight, r->part, r->parts, NULL };
    }
    glb_scene s = { "fuzz", mesh, m->meshes, joint, m->joints, m->material, m->materials, m->extras_json, NULL, 0 };
    buf b = buf_new(64 << 20);
    glb_model again;
    err e = { 0 };
    if (glb_write(&s, flavour, &b, &e)) {
        bool ok = glb_parse(b.data, b.len, &again, &e);
        assert(ok && again.meshes == m->meshes && again.materials == m->materials);
        for (int i = 0; i < m->meshes; i++) {
            const glb_read_mesh *x = &m->mesh[i], *y = &again.mesh[i];
            assert(x->triangle_count == y->triangle_count && x->parts == y->parts && !x->joint == !y->joint);
            if (flavour == GLB_WEB) continue;
            assert(x->vertex_count == y->vertex_count && strcmp(x->name, y->name) == 0);
            assert(memcmp(x->triangle, y->triangle, 12 * (size_t)x->triangle_count) == 0);
        }
        glb_model_free(&again);
    }
    buf_free(&b);
    mem_free(mesh);
    mem_free(joint);
}

static void check(const uint8_t *data, size_t size)
{
    glb_model m;
    err e = { 0 };
    if (!glb_parse(data, size, &m, &e)) {
        assert(e.msg[0] && !m.memory);
        return;
    }
    check_sound(&m);
    check_round_trip(&m, GLB_PLAIN);
    check_round_trip(&m, GLB_WEB);
    glb_model_free(&m);
}

// A container around the JSON before the first NUL and the bytes after it.
static void check_wrapped(const uint8_t *data, size_t size)
{
    const uint8_t *nul = memchr(data, 0, size);
    size_t json = nul ? (size_t)(nul - data) : size, bin = nul ? size - json - 1 : 0;
    size_t json_padded = (json + 3) / 4 * 4, bin_padded = (bin + 3) / 4 * 4, total = 28 + json_padded + bin_padded;
    uint8_t *glb = mem_new(total, 1);
    const uint32_t head[5] = { 0x46546C67, 2, (uint32_t)total, (uint32_t)json_padded, 0x4E4F534A };
    const uint32_t chunk[2] = { (uint32_t)bin_padded, 0x004E4942 };
    memcpy(glb, head, 20);
    memset(glb + 20, ' ', json_padded);
    memcpy(glb + 20, data, json);
    memcpy(glb + 20 + json_padded, chunk, 8);
    if (bin) memcpy(glb + 28 + json_padded, nul + 1, bin);
    check(glb, total);
    mem_free(glb);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size && data[0] == 'J')
        check_wrapped(data + 1, size - 1);
    else
        check(data, size);
    return 0;
}
