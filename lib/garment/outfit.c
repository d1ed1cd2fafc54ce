#include "garment/outfit.h"
#include "base/mem.h"
#include "body/body.h"
#include "garment/show.h"
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

static glb_material cloth_material(const garment *g)
{
    const float *c = g->fabric.color;
    return (glb_material){
        .name = g->fabric.name, .base_color = { c[0], c[1], c[2], 1 }, .roughness = 0.9f, .double_sided = 1
    };
}

bool outfit_garment_glb(const garment *g, const drape *d, buf *out, err *e)
{
    vec2 *uv = mem_array(vec2, d->mesh.points);
    lay_out(d, uv);
    glb_material material = cloth_material(g);
    glb_part part = { 0, d->mesh.triangles, 0 };
    glb_mesh mesh = { .name = "garment",
                      .mesh = { d->position, d->mesh.corner, d->mesh.points, d->mesh.triangles },
                      .normal = d->normal,
                      .uv = uv,
                      .part = &part,
                      .parts = 1 };
    glb_scene scene = { .generator = "TryOn", .mesh = &mesh, .meshes = 1, .material = &material, .materials = 1 };
    bool ok = glb_write(&scene, GLB_PLAIN, out, e);
    mem_free(uv);
    return ok;
}

// The avatar takes the stance in which the garment was draped; its skeleton with it, which then rests in that stance.
static void take_stance(glb_model *avatar, const drape *d)
{
    for (int i = 0; i < avatar->meshes; i++) {
        glb_read_mesh *m = &avatar->mesh[i];
        for (uint32_t v = 0; m->joint && v < m->vertex_count; v++) {
            vec3 p = v3(0, 0, 0), n = p;
            for (int k = 0; k < 4; k++) {
                const rigid *r = &d->world[m->joint[4 * v + (uint32_t)k] % BODY_JOINTS];
                float w = m->weight[4 * v + (uint32_t)k];
                p = v3_mad(p, rigid_apply(r, m->position[v]), w);
                if (m->normal) n = v3_mad(n, m3_apply(&r->r, m->normal[v]), w);
            }
            m->position[v] = p;
            if (m->normal) m->normal[v] = v3_unit(n);
        }
    }
    for (int j = 0; j < avatar->joints; j++)
        avatar->joint[j].origin = rigid_apply(&d->world[j % BODY_JOINTS], avatar->joint[j].origin);
}

bool outfit_glb(const uint8_t *bytes, size_t n, const garment *g, const drape *d, buf *out, err *e)
{
    glb_model avatar;
    if (!glb_load_bytes(bytes, n, &avatar, e)) return fail_within(e, "avatar.glb");
    if (avatar.meshes < 1 || avatar.meshes > 4 || avatar.materials > MOST_MATERIALS - 3 ||
        avatar.joints > MOST_JOINTS || (d->posed && avatar.joints != BODY_JOINTS)) {
        glb_model_free(&avatar);
        return fail(e, ERR_INPUT, "avatar.glb is not an avatar of ours");
    }
    if (d->posed) take_stance(&avatar, d);
    glb_joint joint[MOST_JOINTS];
    for (int i = 0; i < avatar.joints; i++)
        joint[i] = (glb_joint){ avatar.joint[i].name, avatar.joint[i].parent, avatar.joint[i].origin };
    glb_material material[MOST_MATERIALS];
    memcpy(material, avatar.material, (size_t)avatar.materials * sizeof *material);
    material[avatar.materials] = cloth_material(g);
    glb_mesh mesh[6];
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
    // Vertex colours tint whatever material is on, so the strain is a second mesh in the same place; each variant hides
    // one of the two.
    int plain = avatar.materials, bands = plain + 1, hidden = plain + 2;
    material[bands] =
        (glb_material){ .name = "strain", .base_color = { 1, 1, 1, 1 }, .roughness = 1, .double_sided = 1 };
    material[hidden] = (glb_material){ .name = "hidden", .base_color = { 1, 1, 1, 0 }, .roughness = 1 };
    const int as_cloth[2] = { plain, hidden }, as_strain[2] = { hidden, bands };
    static const char *const variant[2] = { "plain", "strain" };
    uint8_t *color = mem_array(uint8_t, 4 * (size_t)d->mesh.points);
    for (uint32_t i = 0; i < d->mesh.points; i++) {
        vec3 band = show_strain_color(d->strain[i], g->fabric.limit);
        for (int k = 0; k < 3; k++) color[4 * i + (uint32_t)k] = (uint8_t)((&band.x)[k] * 255 + 0.5f);
        color[4 * i + 3] = 255;
    }
    glb_part cloth_part = { 0, d->mesh.triangles, plain }, strain_part = { 0, d->mesh.triangles, hidden };
    mesh[avatar.meshes] = (glb_mesh){ .name = "garment",
                                      .mesh = { d->position, d->mesh.corner, d->mesh.points, d->mesh.triangles },
                                      .normal = d->normal,
                                      .uv = uv,
                                      .part = &cloth_part,
                                      .parts = 1,
                                      .variant = as_cloth };
    mesh[avatar.meshes + 1] = mesh[avatar.meshes];
    mesh[avatar.meshes + 1].name = "garment strain";
    mesh[avatar.meshes + 1].uv = NULL;
    mesh[avatar.meshes + 1].color = color;
    mesh[avatar.meshes + 1].part = &strain_part;
    mesh[avatar.meshes + 1].variant = as_strain;
    glb_scene scene = { .generator = "TryOn",
                        .mesh = mesh,
                        .meshes = avatar.meshes + 2,
                        .joint = joint,
                        .joints = avatar.joints,
                        .material = material,
                        .materials = avatar.materials + 3,
                        .variant = variant,
                        .variants = 2 };
    bool ok = glb_write(&scene, GLB_PLAIN, out, e);
    mem_free(uv);
    mem_free(color);
    glb_model_free(&avatar);
    return ok;
}
