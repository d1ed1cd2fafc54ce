#include "body/body.h"
#include "base/mem.h"

#include <string.h>

const char *const body_joint_name[BODY_JOINTS] = { "pelvis",  "L_hip",      "R_hip",      "spine1",   "L_knee",
                                                   "R_knee",  "spine2",     "L_ankle",    "R_ankle",  "spine3",
                                                   "L_foot",  "R_foot",     "neck",       "L_collar", "R_collar",
                                                   "head",    "L_shoulder", "R_shoulder", "L_elbow",  "R_elbow",
                                                   "L_wrist", "R_wrist",    "L_hand",     "R_hand" };

const int body_joint_parent[BODY_JOINTS] = { -1, 0, 0, 0,  1,  2,  3,  4,  5,  6,  7,  8,
                                             9,  9, 9, 12, 13, 14, 16, 17, 18, 19, 20, 21 };

const char *const body_mark_name[MARK_COUNT] = { "cervicale",   "suprasternale", "neck_front", "bustpoint_L",
                                                 "bustpoint_R", "navel",         "crotch",     "underbust_L",
                                                 "underbust_R", "acromion_L",    "acromion_R", "buttock" };

const char *const body_part_name[PART_COUNT] = { "torso", "neck", "left_leg", "left_arm", "head" };

const char *body_sex_word(body_sex sex) { return sex == SEX_FEMALE ? "female" : sex == SEX_MALE ? "male" : "neutral"; }

void body_shape(const body_model *m, const float *betas, vec3 *out, vec3 *joints)
{
    // In blocks that stay in the first-level cache while every direction is added to them.
    enum { BLOCK = 2048 };
    size_t n = (size_t)m->vertices * 3;
    float *o = &out->x;
    const float *t = &m->template_position->x;
    for (size_t from = 0; from < n; from += BLOCK) {
        size_t count = n - from < BLOCK ? n - from : BLOCK;
        memcpy(o + from, t + from, count * sizeof *o);
        for (int k = 0; k < m->betas; k++) {
            const float *d = m->shapedirs + (size_t)k * n + from;
            float b = betas[k];
            for (size_t i = 0; i < count; i++) o[from + i] += b * d[i];
        }
    }
    for (int j = 0; j < BODY_JOINTS; j++) {
        vec3 p = m->joint_template[j];
        for (int k = 0; k < m->betas; k++) p = v3_mad(p, m->joint_dirs[k * BODY_JOINTS + j], betas[k]);
        joints[j] = p;
    }
}

void body_joint_transforms_of(const vec3 *joints, const mat3 *rotation, vec3 translation, rigid *world)
{
    for (int j = 0; j < BODY_JOINTS; j++) {
        const mat3 *r = &rotation[j];
        rigid local = { *r, v3_sub(joints[j], m3_apply(r, joints[j])) }; // rotation about the joint
        if (j == 0) {
            local.t = v3_add(local.t, translation);
            world[0] = local;
        } else {
            world[j] = rigid_mul(&world[body_joint_parent[j]], &local);
        }
    }
}

void body_joint_transforms(const vec3 *joints, const body_pose *pose, rigid *world)
{
    mat3 rotation[BODY_JOINTS];
    for (int j = 0; j < BODY_JOINTS; j++) rotation[j] = m3_from_axis_angle(pose->rotation[j]);
    body_joint_transforms_of(joints, rotation, pose->translation, world);
}

void body_pose_correct(const body_model *m, const mat3 *rotation, vec3 *shaped)
{
    if (!m->posedirs) return;
    size_t n = (size_t)m->vertices * 3;
    float *out = &shaped->x;
    for (int f = 0; f < BODY_POSE_FEATURES; f++) {
        int row = f % 9 / 3, column = f % 3;
        float w = rotation[1 + f / 9].m[row][column] - (row == column ? 1.f : 0.f);
        const float *d = m->posedirs + (size_t)f * n;
        for (size_t i = 0; w != 0 && i < n; i++) out[i] += w * d[i];
    }
}

static void skin_dense(const body_model *m, const vec3 *shaped, const rigid *world, vec3 *out)
{
    for (size_t v = 0; v < m->vertices; v++) {
        const float *weight = m->skin_dense + v * BODY_JOINTS;
        vec3 sum = { 0 };
        for (int j = 0; j < BODY_JOINTS; j++)
            if (weight[j] != 0) sum = v3_mad(sum, rigid_apply(&world[j], shaped[v]), weight[j]);
        out[v] = sum;
    }
}

void body_skin(const body_model *m, const vec3 *shaped, const rigid *world, vec3 *out)
{
    if (m->skin_dense) {
        skin_dense(m, shaped, world, out);
        return;
    }
    for (size_t v = 0; v < m->vertices; v++) {
        const uint8_t *joint = m->skin_joint + 4 * v;
        const float *weight = m->skin_weight + 4 * v;
        if (weight[0] >= 1) { // most vertices follow one joint
            out[v] = rigid_apply(&world[joint[0]], shaped[v]);
            continue;
        }
        vec3 sum = { 0 };
        for (int k = 0; k < 4 && weight[k] > 0; k++) {
            sum = v3_mad(sum, rigid_apply(&world[joint[k]], shaped[v]), weight[k]);
        }
        out[v] = sum;
    }
}

float body_ground(const body_model *m, const vec3 *position)
{
    float lowest = position[0].y;
    for (size_t v = 1; v < m->vertices; v++) lowest = fminf(lowest, position[v].y);
    return lowest;
}

float body_shape_standing(const body_model *m, const float *betas, vec3 *position, vec3 joints[BODY_JOINTS])
{
    body_shape(m, betas, position, joints);
    float ground = body_ground(m, position);
    for (uint32_t v = 0; v < m->vertices; v++) position[v].y -= ground;
    for (int j = 0; j < BODY_JOINTS; j++) joints[j].y -= ground;
    return ground;
}

mesh_view body_mesh(const body_model *m, const vec3 *position)
{
    return (mesh_view){ position, m->triangle, m->vertices, m->triangles };
}
