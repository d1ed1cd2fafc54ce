#include "hmr2/files.h"
#include "arrays/npz.h"
#include "base/mem.h"
#include "gltf/glb.h"
#include "mesh/mesh.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const float ARMS_DOWN = 0.8f; // radians from the T-pose

// How much the body of these betas grows to be that tall: standing straight, from sole to crown.
static double scale_to(const body_model *m, const float *betas, double height)
{
    if (height <= 0) return 1;
    vec3 *v = mem_array(vec3, m->vertices), joints[BODY_JOINTS];
    body_shape(m, betas, v, joints);
    float lo = v[0].y, hi = v[0].y;
    for (size_t i = 1; i < m->vertices; i++) lo = fminf(lo, v[i].y), hi = fmaxf(hi, v[i].y);
    mem_free(v);
    return hi > lo ? height / (double)(hi - lo) : 1;
}

bool hmr2_params(const hmr2 *h, const hmr2_person *p, const double box[4], double height, buf *out, err *e)
{
    vec3 turn[BODY_JOINTS];
    for (int j = 0; j < BODY_JOINTS; j++) turn[j] = m3_to_axis_angle(&p->rotation[j]);
    double scale = scale_to(hmr2_body(h), p->betas, height);
    static const char model[] = "smpl";
    const npz_array arrays[] = {
        { "betas", NPZ_F32, 1, { (size_t)p->beta_count }, p->betas, (size_t)p->beta_count },
        { "global_orient", NPZ_F32, 1, { 3 }, &turn[0], 3 },
        { "body_pose", NPZ_F32, 2, { BODY_JOINTS - 1, 3 }, &turn[1], (BODY_JOINTS - 1) * 3 },
        { "transl", NPZ_F64, 1, { 3 }, p->translation, 3 },
        { "focal_length", NPZ_F64, 0, { 0 }, &p->focal, 1 },
        { "pred_cam", NPZ_F32, 1, { 3 }, p->camera, 3 },
        { "bbox", NPZ_F64, 1, { 4 }, box, 4 },
        { "scale", NPZ_F64, 0, { 0 }, &scale, 1 },
        { "model", NPZ_TEXT, 0, { 0 }, model, sizeof model - 1 },
    };
    return npz_write(arrays, (int)(sizeof arrays / sizeof *arrays), out, e);
}

bool hmr2_neutral_glb(const hmr2 *h, const hmr2_person *p, double height, buf *out, err *e)
{
    const body_model *m = hmr2_body(h);
    hmr2_person neutral = { .beta_count = p->beta_count };
    memcpy(neutral.betas, p->betas, sizeof neutral.betas);
    for (int j = 0; j < BODY_JOINTS; j++) neutral.rotation[j] = m3_identity();
    neutral.rotation[JOINT_L_SHOULDER] = m3_from_axis_angle(v3(0, 0, -ARMS_DOWN));
    neutral.rotation[JOINT_R_SHOULDER] = m3_from_axis_angle(v3(0, 0, ARMS_DOWN));
    vec3 *v = mem_array(vec3, m->vertices), *normal = mem_array(vec3, m->vertices), joints[BODY_JOINTS];
    hmr2_pose_body(h, &neutral, v, joints);
    float scale = (float)scale_to(m, p->betas, height), ground = body_ground(m, v);
    for (size_t i = 0; i < m->vertices; i++) v[i] = v3_scale(v3(v[i].x, v[i].y - ground, v[i].z), scale);
    mesh_view mesh = body_mesh(m, v);
    mesh_normals(&mesh, normal);
    for (size_t i = 0; i < m->vertices; i++)
        if (v3_len(normal[i]) == 0) normal[i] = v3(0, 1, 0); // a vertex of no triangle
    glb_joint skeleton[BODY_JOINTS];
    for (int j = 0; j < BODY_JOINTS; j++) {
        vec3 at = v3_scale(v3(joints[j].x, joints[j].y - ground, joints[j].z), scale);
        skeleton[j] = (glb_joint){ body_joint_name[j], body_joint_parent[j], at };
    }
    const glb_material material = { .name = "mannequin", .base_color = { 0.6f, 0.58f, 0.55f, 1 }, .roughness = 0.7f };
    const glb_part part = { 0, m->triangles, 0 };
    const glb_mesh body = { .name = "avatar",
                            .mesh = mesh,
                            .normal = normal,
                            .joint = m->skin_joint,
                            .weight = m->skin_weight,
                            .part = &part,
                            .parts = 1 };
    const glb_scene scene = { .generator = "TryOn",
                              .mesh = &body,
                              .meshes = 1,
                              .joint = skeleton,
                              .joints = BODY_JOINTS,
                              .material = &material,
                              .materials = 1,
                              .extras_json = "{\"tryon\":{\"body\":\"smpl\"}}" };
    bool ok = glb_write(&scene, GLB_PLAIN, out, e);
    mem_free(v);
    mem_free(normal);
    return ok;
}
