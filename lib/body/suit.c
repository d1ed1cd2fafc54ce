#include "body/suit.h"

const float body_suit_color[3] = { 0.105f, 0.135f, 0.175f };
const float body_mannequin_color[3] = { 0.62f, 0.56f, 0.50f };

// How far p lies along the bone from joint a to joint b of the mean body, 0 at a, 1 at b.
static float along(const body_model *m, int a, int b, vec3 p)
{
    vec3 bone = v3_sub(m->joint_template[b], m->joint_template[a]);
    return v3_dot(v3_sub(p, m->joint_template[a]), bone) / v3_dot(bone, bone);
}

// The suit ends in planes across the neck, the wrists and the ankles, so that its hems are straight.
static bool shows_mannequin(const body_model *m, uint32_t vertex)
{
    vec3 p = m->template_position[vertex];
    switch (m->label[vertex]) {
    case JOINT_HEAD:
    case JOINT_L_HAND:
    case JOINT_R_HAND:
    case JOINT_L_FOOT:
    case JOINT_R_FOOT:
        return true;
    case JOINT_NECK:
    case JOINT_SPINE3:
    case JOINT_L_COLLAR:
    case JOINT_R_COLLAR:
        return along(m, JOINT_NECK, JOINT_HEAD, p) > 0.05f;
    case JOINT_L_WRIST:
    case JOINT_L_ELBOW:
        return along(m, JOINT_L_ELBOW, JOINT_L_WRIST, p) > 0.97f;
    case JOINT_R_WRIST:
    case JOINT_R_ELBOW:
        return along(m, JOINT_R_ELBOW, JOINT_R_WRIST, p) > 0.97f;
    case JOINT_L_ANKLE:
    case JOINT_L_KNEE:
        return along(m, JOINT_L_KNEE, JOINT_L_ANKLE, p) > 0.90f;
    case JOINT_R_ANKLE:
    case JOINT_R_KNEE:
        return along(m, JOINT_R_KNEE, JOINT_R_ANKLE, p) > 0.90f;
    default:
        return false;
    }
}

uint32_t body_suit(const body_model *m, uint8_t *out)
{
    uint32_t n = 0;
    for (uint32_t t = 0; t < m->triangles; t++) {
        int bare = 0;
        for (int k = 0; k < 3; k++) bare += shows_mannequin(m, m->triangle[3 * t + (uint32_t)k]);
        out[t] = bare == 0;
        n += out[t];
    }
    return n;
}
