#include "body/stand.h"
#include "base/io.h"
#include "base/mem.h"

#include <string.h>

// The open body's A-pose, from the vertical: upper arms, and legs (hip to ankle), radians.
static const float ARM = 0.733f, LEG = 0.097f;

// The turn about z that takes the bone from joint a to joint b to an angle from straight down, to the side of sign.
static mat3 lowered(const body_model *m, int a, int b, float angle, float sign)
{
    vec3 bone = v3_sub(m->joint_template[b], m->joint_template[a]);
    float now = atan2f(sign * bone.x, -bone.y); // 0 down, a quarter turn to the side
    return m3_from_axis_angle(v3(0, 0, sign * (angle - now)));
}

// Each joint relative to its parent.
static void local_turns(const body_model *m, mat3 *local)
{
    for (int j = 0; j < BODY_JOINTS; j++) local[j] = m3_identity();
    for (int side = 0; side < 2; side++) {
        float sign = side ? -1 : 1;
        local[JOINT_L_SHOULDER + side] = lowered(m, JOINT_L_SHOULDER + side, JOINT_L_ELBOW + side, ARM, sign);
        local[JOINT_L_HIP + side] = lowered(m, JOINT_L_HIP + side, JOINT_L_ANKLE + side, LEG, sign);
        local[JOINT_L_ANKLE + side] = m3_transpose(&local[JOINT_L_HIP + side]); // feet stay flat
    }
}

void body_stand_turns(const body_model *smpl, mat3 *out)
{
    mat3 local[BODY_JOINTS];
    local_turns(smpl, local);
    for (int j = 0; j < BODY_JOINTS; j++) {
        out[j] = local[j];
        if (j) out[j] = m3_mul(&out[body_joint_parent[j]], &local[j]);
    }
}

void body_stand_pose(const mat3 *turns, mat3 *rotation)
{
    // A joint's rotation in the world, less the one it has in the A-pose: A_p R_j A_j^T.
    for (int j = BODY_JOINTS - 1; j > 0; j--) {
        mat3 back = m3_transpose(&turns[j]), turned = m3_mul(&rotation[j], &back);
        rotation[j] = m3_mul(&turns[body_joint_parent[j]], &turned);
    }
    mat3 back = m3_transpose(&turns[0]);
    rotation[0] = m3_mul(&rotation[0], &back);
}

static void *copied(const void *from, size_t count, size_t size)
{
    return from ? memcpy(mem_new(count, size), from, count * size) : NULL;
}

// Template and joints moved so that the mean pelvis is the origin; each shape direction carried by the same blend of
// joints. Transforms are linear in where the joints are, so those of a direction are the transforms of its joints.
static void pose_space(const body_model *smpl, body_model *m)
{
    mat3 local[BODY_JOINTS];
    rigid world[BODY_JOINTS];
    size_t n = smpl->vertices;
    vec3 *corrected = copied(smpl->template_position, n, sizeof *corrected);
    local_turns(smpl, local);
    body_pose_correct(smpl, local, corrected);
    body_joint_transforms_of(smpl->joint_template, local, v3(0, 0, 0), world);
    m->template_position = mem_array(vec3, n);
    body_skin(smpl, corrected, world, m->template_position);
    mem_free(corrected);
    // The plane of symmetry is x = 0, wherever the file has it.
    float left = m->template_position[0].x, right = left;
    for (size_t v = 1; v < n; v++) {
        left = fmaxf(left, m->template_position[v].x);
        right = fminf(right, m->template_position[v].x);
    }
    vec3 pelvis = smpl->joint_template[JOINT_PELVIS], origin = v3((left + right) / 2, pelvis.y, pelvis.z);
    for (size_t v = 0; v < n; v++) m->template_position[v] = v3_sub(m->template_position[v], origin);
    for (int j = 0; j < BODY_JOINTS; j++)
        m->joint_template[j] = v3_sub(rigid_apply(&world[j], smpl->joint_template[j]), origin);
    size_t betas = (size_t)smpl->betas;
    m->shapedirs = mem_array(float, betas *n * 3);
    m->joint_dirs = mem_array(vec3, betas * BODY_JOINTS);
    vec3 *direction = mem_array(vec3, n), *turned = mem_array(vec3, n);
    for (size_t k = 0; k < betas; k++) {
        const vec3 *joints = smpl->joint_dirs + k * BODY_JOINTS;
        memcpy(direction, smpl->shapedirs + k * n * 3, n * sizeof *direction);
        body_joint_transforms_of(joints, local, v3(0, 0, 0), world);
        body_skin(smpl, direction, world, turned);
        memcpy(m->shapedirs + k * n * 3, turned, n * sizeof *turned);
        for (int j = 0; j < BODY_JOINTS; j++)
            m->joint_dirs[k * BODY_JOINTS + (size_t)j] = rigid_apply(&world[j], joints[j]);
    }
    mem_free(direction);
    mem_free(turned);
}

// SMPL's file has no texture coordinates: the T-pose seen from the front, over 2 m.
static void flat_texture(const body_model *smpl, body_model *m)
{
    m->uvs = m->vertices;
    m->uv = mem_array(vec2, m->uvs);
    for (size_t v = 0; v < m->vertices; v++) {
        vec3 p = v3_sub(smpl->template_position[v], smpl->joint_template[JOINT_PELVIS]);
        m->uv[v] = (vec2){ 0.5f + p.x / 2, 0.5f - p.y / 2 };
    }
    m->uv_triangle = copied(m->triangle, (size_t)m->triangles * 3, sizeof *m->triangle);
}

// SMPL's betas are components with unit variance: independent, whatever a person answers. What the answers say comes
// from the survey.
static body_prior *plain_prior(int betas, const survey_stats *survey)
{
    body_prior *p = mem_new(1, sizeof *p);
    for (int given = 0; given < GIVEN_COUNT; given++)
        for (int k = 0; k < betas; k++) p->covariance[given][k * betas + k] = 1;
    p->survey = *survey;
    p->rough = 0.010;
    return p;
}

// Everything of a person lies within metres, and a beta moves it by centimetres.
static bool of_human_size(const body_model *m, err *e)
{
    const float far = 3, most = 0.5f;
    const float *p = &m->template_position->x;
    bool ok = true;
    for (size_t i = 0; i < 3 * (size_t)m->vertices; i++) ok &= fabsf(p[i]) < far;
    for (int j = 0; j < BODY_JOINTS; j++) ok &= v3_len(m->joint_template[j]) < far;
    for (size_t i = 0; i < 3 * (size_t)m->vertices * (size_t)m->betas; i++) ok &= fabsf(m->shapedirs[i]) < most;
    for (int i = 0; i < BODY_JOINTS * m->betas; i++) ok &= v3_len(m->joint_dirs[i]) < most;
    return ok || fail(e, ERR_INPUT, "the SMPL file's mean body is not a person's: it is larger than people are");
}

// A tape that finds something everywhere, of lengths that people have.
static bool measurable(const body_model *m, err *e)
{
    float mean[BODY_MAX_BETAS] = { 0 };
    double value[TAPE_COUNT];
    tape *t = tape_new(m);
    tape_read_betas(t, mean, value);
    tape_free(t);
    for (int i = 0; i < TAPE_COUNT; i++) {
        if (value[i] > 0.08 && value[i] < 2.2) continue;
        return fail(e, ERR_INPUT, "the SMPL file's mean body is not a person's: its %s would be %.0f cm", tape_name[i],
                    100 * value[i]);
    }
    return true;
}

body_model *body_find_smpl(const char *folder, int betas, err *e)
{
    char path[4096];
    if (!folder) return fail(e, ERR_NOT_FOUND, "the avatar stands on SMPL's body: name its folder with --model"), NULL;
    if (!io_join(path, sizeof path, folder, "smpl.safetensors"))
        return fail(e, ERR_LIMIT, "the path %.80s… is too long", folder), NULL;
    if (!io_exists(path)) {
        return fail(e, ERR_NOT_FOUND,
                    "SMPL's body is not in %s: name the folder that tryon import hmr2 wrote (--model)", folder),
               NULL;
    }
    return body_load_smpl(path, SEX_NEUTRAL, betas, e);
}

body_model *body_stand(const body_model *smpl, body_sex sex, const survey_stats *survey, err *e)
{
    body_model *m = mem_new(1, sizeof *m);
    size_t n = smpl->vertices;
    m->name = smpl->name;
    m->fingerprint = smpl->fingerprint;
    m->sex = sex;
    m->vertices = smpl->vertices;
    m->triangles = smpl->triangles;
    m->betas = smpl->betas;
    m->triangle = copied(smpl->triangle, (size_t)m->triangles * 3, sizeof *m->triangle);
    m->skin_joint = copied(smpl->skin_joint, 4 * n, sizeof *m->skin_joint);
    m->skin_weight = copied(smpl->skin_weight, 4 * n, sizeof *m->skin_weight);
    m->label = copied(smpl->label, n, sizeof *m->label);
    pose_space(smpl, m);
    flat_texture(smpl, m);
    if (survey) m->prior = plain_prior(m->betas, survey);
    if (of_human_size(m, e) && body_find_marks(m, e) && measurable(m, e)) return m;
    body_free(m);
    return NULL;
}
