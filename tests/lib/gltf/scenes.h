// Scenes to write: a skinned, textured, coloured tube and a plain ball.
#pragma once
#include "../mesh/shapes.h"
#include "gltf/glb.h"

#include <math.h>

typedef struct {
    shape tube, ball;
    vec3 *normal;
    vec2 *uv;
    uint8_t *color, *joint;
    float *weight;
    glb_joint bone[3];
    glb_material material[2];
    glb_part part[2];
    glb_mesh mesh[2];
    glb_scene scene;
} sample;

// Filled in place: the scene points into it. sides x rows quads.
static inline void sample_init(sample *s, uint32_t sides, uint32_t rows)
{
    s->tube = shape_tube(0.1f, 1.6f, sides, rows);
    s->ball = shape_ball(0.25f, 8);
    for (uint32_t i = 0; i < s->ball.view.vertex_count; i++) s->ball.position[i].x += 1;
    const mesh_view *m = &s->tube.view;
    uint32_t n = m->vertex_count;
    s->normal = mem_array(vec3, n);
    mesh_normals(m, s->normal);
    s->uv = mem_array(vec2, n);
    s->color = mem_new(n, 4);
    s->joint = mem_new(n, 4);
    s->weight = mem_array(float, (size_t)4 * n);
    for (uint32_t i = 0; i < n; i++) {
        float up = m->position[i].y / 1.6f;
        uint8_t low = up < 0.5f ? 0 : 1;
        float share = 2 * up - (float)low;
        s->uv[i] = (vec2){ (float)(i % sides) / (float)sides, 1 - up };
        const uint8_t color[4] = { (uint8_t)(255 * up), 10, (uint8_t)i, 255 };
        for (int k = 0; k < 4; k++) s->color[4 * i + (uint32_t)k] = color[k];
        s->joint[4 * i] = share < 1 ? low : 0, s->joint[4 * i + 1] = (uint8_t)(share > 0 ? low + 1 : 0);
        s->weight[4 * i] = 1 - share, s->weight[4 * i + 1] = share;
    }
    const char *names[3] = { "pelvis", "spine", "head" };
    for (int i = 0; i < 3; i++) s->bone[i] = (glb_joint){ names[i], i - 1, v3(0.01f, 0.8f * (float)i, -0.02f) };
    s->material[0] = (glb_material){ "skin", { 0.5f, 0.45f, 0.4f, 1 }, 0, 0.6f, 0 };
    s->material[1] = (glb_material){ "suit", { 0.1f, 0.1f, 0.12f, 1 }, 0, 0.8f, 1 };
    uint32_t half = m->triangle_count / 2;
    s->part[0] = (glb_part){ 0, half, 1 };
    s->part[1] = (glb_part){ half, m->triangle_count - half, 0 };
    s->mesh[0] = (glb_mesh){ "tube", *m, s->normal, s->uv, s->color, s->joint, s->weight, s->part, 2, NULL };
    s->mesh[1] = (glb_mesh){ .name = "ball", .mesh = s->ball.view };
    s->scene = (glb_scene){ .generator = "TryOn",
                            .mesh = s->mesh,
                            .meshes = 2,
                            .joint = s->bone,
                            .joints = 3,
                            .material = s->material,
                            .materials = 2,
                            .extras_json = "{\"height_cm\":160.5,\"name\":\"é\"}" };
}

static inline void sample_free(sample *s)
{
    shape_free(&s->tube);
    shape_free(&s->ball);
    mem_free(s->normal);
    mem_free(s->uv);
    mem_free(s->color);
    mem_free(s->joint);
    mem_free(s->weight);
}
