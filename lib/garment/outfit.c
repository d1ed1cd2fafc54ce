#include "garment/outfit.h"
#include "base/mem.h"
#include "gltf/glb.h"

#include <string.h>

enum { MOST_MATERIALS = 8, MOST_JOINTS = 64 };

// The pattern laid out side by side, in metres, v downwards as glTF has it.
static void lay_out(const drape *d, vec2 *uv)
{
    float shift = 0;
    for (int i = 0; i < d->mesh.panels; i++) {
        float lo = 1e9f, hi = -1e9f, top = -1e9f;
        for (uint32_t k = d->mesh.first[i]; k < d->mesh.first[i + 1]; k++) {
            vec2 p = d->mesh.flat[k];
            lo = p.x < lo ? p.x : lo, hi = p.x > hi ? p.x : hi, top = p.y > top ? p.y : top;
        }
        for (uint32_t k = d->mesh.first[i]; k < d->mesh.first[i + 1]; k++)
            uv[k] = (vec2){ shift + d->mesh.flat[k].x - lo, top - d->mesh.flat[k].y };
        shift += hi - lo + 0.02f;
    }
}

bool outfit_glb(const uint8_t *bytes, size_t n, const garment *g, const drape *d, buf *out, err *e)
{
    glb_model avatar;
    if (!glb_load_bytes(bytes, n, &avatar, e)) return fail_within(e, "avatar.glb");
    if (avatar.meshes < 1 || avatar.meshes > 4 || avatar.materials > MOST_MATERIALS - 1 ||
        avatar.joints > MOST_JOINTS) {
        glb_model_free(&avatar);
        return fail(e, ERR_INPUT, "avatar.glb is not an avatar of ours");
    }
    glb_joint joint[MOST_JOINTS];
    for (int i = 0; i < avatar.joints; i++)
        joint[i] = (glb_joint){ avatar.joint[i].name, avatar.joint[i].parent, avatar.joint[i].origin };
    glb_material material[MOST_MATERIALS];
    memcpy(material, avatar.material, (size_t)avatar.materials * sizeof *material);
    const float *c = g->fabric.color;
    material[avatar.materials] = (glb_material){
        .name = g->fabric.name, .base_color = { c[0], c[1], c[2], 1 }, .roughness = 0.9f, .double_sided = 1
    };
    glb_mesh mesh[5];
    for (int i = 0; i < avatar.meshes; i++) {
        const glb_read_mesh *m = &avatar.mesh[i];
        mesh[i] = (glb_mesh){ .name = m->name,
                              .mesh = { m->position, m->triangle, m->vertex_count, m->triangle_count },
                              .normal = m->normal,
                              .uv = m->uv,
                              .color = m->color,
                              .joint = m->joint,
                              .weight = m->weight,
                              .part = m->part,
                              .parts = m->parts };
    }
    vec2 *uv = mem_array(vec2, d->mesh.points);
    lay_out(d, uv);
    glb_part whole = { 0, d->mesh.triangles, avatar.materials };
    mesh[avatar.meshes] = (glb_mesh){ .name = "garment",
                                      .mesh = { d->position, d->mesh.corner, d->mesh.points, d->mesh.triangles },
                                      .normal = d->normal,
                                      .uv = uv,
                                      .part = &whole,
                                      .parts = 1 };
    glb_scene scene = { .generator = "TryOn",
                        .mesh = mesh,
                        .meshes = avatar.meshes + 1,
                        .joint = joint,
                        .joints = avatar.joints,
                        .material = material,
                        .materials = avatar.materials + 1 };
    bool ok = glb_write(&scene, GLB_PLAIN, out, e);
    mem_free(uv);
    glb_model_free(&avatar);
    return ok;
}
