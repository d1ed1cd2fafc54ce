#include "avatar/parts.h"
#include "base/limits.h"
#include "base/mem.h"
#include "body/suit.h"
#include "gltf/glb.h"

#include <stdio.h>
#include <string.h>

avatar_shape avatar_shape_of(const body_model *m, const float *betas)
{
    avatar_shape s = { .position = mem_array(vec3, m->vertices) };
    s.ground = body_shape_standing(m, betas, s.position, s.joint);
    return s;
}

void avatar_shape_free(avatar_shape *s)
{
    mem_free(s->position);
    s->position = NULL;
}

// A GLB vertex is a body vertex with one texture coordinate. Body vertices keep their numbers; where a vertex lies on a
// seam, its copies with the other coordinates are appended.
typedef struct {
    uint32_t *body, *uv; // [count] of each GLB vertex
    uint32_t *next;      // [count] next copy of the same body vertex, 0: none
    uint32_t count;
    uint32_t *triangle; // [3 * triangles], suit first
    uint32_t suit;      // triangles of the suit
} seam_mesh;

static uint32_t copy_with_uv(seam_mesh *s, uint32_t vertex, uint32_t uv)
{
    uint32_t at = vertex;
    for (;;) {
        if (s->uv[at] == UINT32_MAX) s->uv[at] = uv;
        if (s->uv[at] == uv) return at;
        if (!s->next[at]) break;
        at = s->next[at];
    }
    uint32_t copy = s->count++;
    s->next[at] = copy;
    s->body[copy] = vertex;
    s->uv[copy] = uv;
    return copy;
}

static seam_mesh cut_seams(const body_model *m)
{
    size_t most = (size_t)m->vertices + 3 * (size_t)m->triangles;
    seam_mesh s = { mem_array(uint32_t, most),
                    mem_array(uint32_t, most),
                    mem_array(uint32_t, most),
                    m->vertices,
                    mem_array(uint32_t, 3 * (size_t)m->triangles),
                    0 };
    for (uint32_t v = 0; v < m->vertices; v++) s.body[v] = v;
    memset(s.uv, 0xff, most * sizeof *s.uv);
    uint8_t *suit = mem_array(uint8_t, m->triangles);
    s.suit = body_suit(m, suit);
    uint32_t at[2] = { s.suit, 0 };
    for (uint32_t t = 0; t < m->triangles; t++) {
        uint32_t to = at[suit[t]]++;
        for (uint32_t k = 0; k < 3; k++)
            s.triangle[3 * to + k] = copy_with_uv(&s, m->triangle[3 * t + k], m->uv_triangle[3 * t + k]);
    }
    for (uint32_t v = 0; v < s.count; v++)
        if (s.uv[v] == UINT32_MAX) s.uv[v] = 0; // a vertex of no triangle
    mem_free(suit);
    return s;
}

// Says in asset.extras whose body it is; only the plain flavour keeps the body's order of vertices, which the tape
// needs.
static bool write_flavour(const body_model *m, glb_scene *scene, glb_flavour flavour, buf *out, err *e)
{
    char extras[160];
    const char *order = flavour == GLB_PLAIN ? "true" : "false", *sex = body_sex_word(m->sex);
    if (m->fingerprint)
        snprintf(extras, sizeof extras,
                 "{\"tryon\":{\"body\":\"" BODY_SMPL "\",\"sex\":\"%s\",\"body_order\":%s,\"betas\":%d}}", sex, order,
                 m->betas);
    else
        snprintf(extras, sizeof extras, "{\"tryon\":{\"body\":\"open body 1\",\"sex\":\"%s\",\"body_order\":%s}}", sex,
                 order);
    scene->extras_json = extras;
    return glb_write(scene, flavour, out, e);
}

bool avatar_glb(const body_model *m, const avatar_shape *shape, buf *plain, buf *web, err *e)
{
    seam_mesh s = cut_seams(m);
    vec3 *position = mem_array(vec3, s.count), *normal = mem_array(vec3, s.count),
         *body_normal = mem_array(vec3, m->vertices);
    vec2 *uv = mem_array(vec2, s.count);
    uint8_t *joint = mem_array(uint8_t, 4 * (size_t)s.count);
    float *weight = mem_array(float, 4 * (size_t)s.count);
    mesh_view body = body_mesh(m, shape->position);
    mesh_normals(&body, body_normal); // of the closed body, so that seams do not show
    for (uint32_t v = 0; v < s.count; v++) {
        position[v] = shape->position[s.body[v]];
        normal[v] = body_normal[s.body[v]];
        if (v3_len(normal[v]) == 0) normal[v] = v3(0, 1, 0); // a vertex of no triangle
        uv[v] = m->uv[s.uv[v]];
        memcpy(joint + 4 * (size_t)v, m->skin_joint + 4 * (size_t)s.body[v], 4);
        memcpy(weight + 4 * (size_t)v, m->skin_weight + 4 * (size_t)s.body[v], 4 * sizeof *weight);
    }
    glb_joint skeleton[BODY_JOINTS];
    for (int j = 0; j < BODY_JOINTS; j++)
        skeleton[j] = (glb_joint){ body_joint_name[j], body_joint_parent[j], shape->joint[j] };
    const float *c = body_suit_color, *d = body_mannequin_color;
    glb_material material[2] = { { .name = "body suit", .base_color = { c[0], c[1], c[2], 1 }, .roughness = 0.75f },
                                 { .name = "mannequin", .base_color = { d[0], d[1], d[2], 1 }, .roughness = 0.6f } };
    glb_part part[2] = { { 0, s.suit, 0 }, { s.suit, m->triangles - s.suit, 1 } };
    glb_mesh mesh = { .name = "avatar",
                      .mesh = { position, s.triangle, s.count, m->triangles },
                      .normal = normal,
                      .uv = uv,
                      .joint = joint,
                      .weight = weight,
                      .part = part,
                      .parts = 2 };
    glb_scene scene = { .generator = "TryOn",
                        .mesh = &mesh,
                        .meshes = 1,
                        .joint = skeleton,
                        .joints = BODY_JOINTS,
                        .material = material,
                        .materials = 2 };
    bool ok = write_flavour(m, &scene, GLB_PLAIN, plain, e) && write_flavour(m, &scene, GLB_WEB, web, e);
    mem_free(position);
    mem_free(normal);
    mem_free(body_normal);
    mem_free(uv);
    mem_free(joint);
    mem_free(weight);
    mem_free(s.body);
    mem_free(s.uv);
    mem_free(s.next);
    mem_free(s.triangle);
    return ok;
}
