#include "garment/stance.h"
#include "base/mem.h"
#include "garment/collider.h"

#include <math.h>
#include <string.h>

#define DEGREE 0.017453293f
#define LOWEST (18 * DEGREE)
#define APART 0.016f // metres between an arm and the trunk, for the cloth of both
#define FREE 0.03f   // metres between them in the A-pose, outside of the armpit

const char *const stance_word[STANCES] = { "a", "arms-down", "hand-on-hip", "contrapposto" };

bool stance_read(const char *word, stance *out)
{
    for (int i = 0; i < STANCES; i++)
        if (strcmp(word, stance_word[i]) == 0) return *out = (stance)i, true;
    return false;
}

static bool is_arm(int label)
{
    return label == JOINT_L_SHOULDER || label == JOINT_R_SHOULDER || label == JOINT_L_ELBOW || label == JOINT_R_ELBOW ||
           label == JOINT_L_WRIST || label == JOINT_R_WRIST || label == JOINT_L_HAND || label == JOINT_R_HAND;
}

static bool on_side(int label, int side)
{
    return is_arm(label) && (label == JOINT_L_SHOULDER || label == JOINT_L_ELBOW || label == JOINT_L_WRIST ||
                             label == JOINT_L_HAND) == (side == 0);
}

static void pose_body(const wearer *w, const body_pose *p, vec3 *out, rigid *world)
{
    body_joint_transforms(w->joint, p, world);
    body_skin(w->model, w->position, world, out);
    float ground = body_ground(w->model, out);
    for (uint32_t v = 0; v < w->model->vertices; v++) out[v].y -= ground;
    for (int j = 0; j < BODY_JOINTS; j++) world[j].t.y -= ground;
}

void wearer_between(const wearer *w, float share, vec3 *out)
{
    body_pose p = w->pose;
    for (int j = 0; j < BODY_JOINTS; j++) p.rotation[j] = v3_scale(p.rotation[j], share);
    rigid world[BODY_JOINTS];
    pose_body(w, &p, out, world);
}

// Heights of the arms' vertices over the rest of the body. out [vertices]
static void over_trunk(const wearer *w, const vec3 *at, float *out)
{
    uint8_t *skip = mem_array(uint8_t, w->model->vertices);
    for (uint32_t v = 0; v < w->model->vertices; v++) skip[v] = is_arm(w->model->label[v]);
    mesh_view m = body_mesh(w->model, at);
    collider *c = collider_new(&m, skip);
    for (uint32_t v = 0; v < w->model->vertices; v++) out[v] = skip[v] ? collider_height(c, at[v]) : 0;
    collider_free(c);
    mem_free(skip);
}

// The least height over the trunk of what of an arm was free of it in the A-pose: nothing may be pressed together that
// was not, because no cloth would fit in between.
static float arm_gap(const wearer *w, const float *before, const body_pose *p, int side)
{
    // Above the joint there is no armpit, and the trunk's surface is open where the arm begins.
    float top = w->joint[side == 0 ? JOINT_L_SHOULDER : JOINT_R_SHOULDER].y - 0.06f;
    vec3 *at = mem_array(vec3, w->model->vertices);
    float *height = mem_array(float, w->model->vertices), least = 1;
    rigid world[BODY_JOINTS];
    pose_body(w, p, at, world);
    over_trunk(w, at, height);
    for (uint32_t v = 0; v < w->model->vertices; v++)
        if (on_side(w->model->label[v], side) && w->position[v].y < top && before[v] > FREE)
            least = fminf(least, height[v]);
    mem_free(at);
    mem_free(height);
    return least;
}

// Lowers an arm in the plane of the shoulders until it hangs, or as far as the trunk lets it.
static void lower_arm(const wearer *w, const float *before, body_pose *p, int side)
{
    static const int joint[2][3] = { { JOINT_L_SHOULDER, JOINT_L_ELBOW, JOINT_L_WRIST },
                                     { JOINT_R_SHOULDER, JOINT_R_ELBOW, JOINT_R_WRIST } };
    const int *j = joint[side];
    vec3 arm = v3_sub(w->joint[j[2]], w->joint[j[0]]);
    float sign = side == 0 ? -1.0f : 1.0f, off = atan2f(fabsf(arm.x), -arm.y);
    p->rotation[j[1]] = v3(-8 * DEGREE, 0, 0); // nobody's elbows are straight
    for (float angle = LOWEST; angle < off; angle += 2 * DEGREE) {
        p->rotation[j[0]] = v3(0, 0, sign * (off - angle));
        if (arm_gap(w, before, p, side) > APART) return;
    }
    p->rotation[j[0]] = p->rotation[j[1]] = v3(0, 0, 0);
}

// The right hand beside the waist, the elbow out: two bones that meet, then the hand bent to lie along the hip.
static void hand_on_hip(const wearer *w, body_pose *p, float away)
{
    vec3 s = w->joint[JOINT_R_SHOULDER], e = w->joint[JOINT_R_ELBOW], h = w->joint[JOINT_R_WRIST];
    // Not higher: the crease of an elbow bent further has no room for a sleeve.
    float level = w->joint[JOINT_PELVIS].y + 0.03f, side = 0;
    for (uint32_t v = 0; v < w->model->vertices; v++)
        if (!is_arm(w->model->label[v]) && fabsf(w->position[v].y - level) < 0.02f)
            side = fminf(side, w->position[v].x);
    vec3 goal = v3(side - away, level, w->joint[JOINT_SPINE1].z - 0.03f);
    float upper = v3_dist(s, e), fore = v3_dist(e, h), far = v3_dist(s, goal);
    far = fminf(far, 0.98f * (upper + fore));
    vec3 to = v3_unit(v3_sub(goal, s));
    float along = (upper * upper + far * far - fore * fore) / (2 * far),
          out = sqrtf(fmaxf(0, upper * upper - along * along));
    vec3 aside = v3(-1, 0, -0.35f);
    aside = v3_unit(v3_mad(aside, to, -v3_dot(aside, to)));
    vec3 elbow = v3_mad(v3_mad(s, to, along), aside, out), wrist = v3_mad(s, to, far);
    mat3 first = m3_between(v3_unit(v3_sub(e, s)), v3_unit(v3_sub(elbow, s))), back = m3_transpose(&first);
    vec3 carried = m3_apply(&first, v3_unit(v3_sub(h, e)));
    mat3 bend = m3_between(carried, v3_unit(v3_sub(wrist, elbow))), both = m3_mul(&bend, &first);
    mat3 second = m3_mul(&back, &both);
    p->rotation[JOINT_R_SHOULDER] = m3_to_axis_angle(&first);
    p->rotation[JOINT_R_ELBOW] = m3_to_axis_angle(&second);
    vec3 hand = m3_apply(&both, v3_unit(v3_sub(w->joint[JOINT_R_HAND], h)));
    mat3 turn = m3_between(hand, v3_unit(v3(-0.05f, -0.75f, 0.65f))), whole = m3_mul(&turn, &both),
         undo = m3_transpose(&both), third = m3_mul(&undo, &whole);
    p->rotation[JOINT_R_WRIST] = m3_to_axis_angle(&third);
}

// The right knee as far forward as its foot still stands flat on the ground.
static void bend_leg(const wearer *w, body_pose *p)
{
    vec3 *at = mem_array(vec3, w->model->vertices);
    rigid world[BODY_JOINTS];
    for (float knee = 30 * DEGREE; knee >= 0; knee -= 2 * DEGREE) {
        p->rotation[JOINT_R_HIP] = v3(-0.6f * knee, 0, -4 * DEGREE);
        p->rotation[JOINT_R_KNEE] = v3(knee, 0, 0);
        p->rotation[JOINT_R_ANKLE] = v3(-0.4f * knee, 0, 0);
        pose_body(w, p, at, world);
        float low[2] = { 1, 1 };
        for (uint32_t v = 0; v < w->model->vertices; v++) {
            int label = w->model->label[v], side = label == JOINT_R_FOOT || label == JOINT_R_ANKLE;
            if (side || label == JOINT_L_FOOT || label == JOINT_L_ANKLE) low[side] = fminf(low[side], at[v].y);
        }
        if (low[1] < low[0] + 0.003f) break;
    }
    mem_free(at);
}

static void pose_for(const wearer *w, stance s, body_pose *p)
{
    memset(p, 0, sizeof *p);
    if (s == STANCE_A) return;
    if (s == STANCE_CONTRAPPOSTO) {
        // The weight on the left leg: that hip higher, the other knee bent, the shoulders the other way.
        p->rotation[JOINT_PELVIS] = v3(0, 0, 4 * DEGREE);
        p->rotation[JOINT_L_HIP] = v3(2 * DEGREE, 0, -8 * DEGREE);
        p->rotation[JOINT_SPINE1] = v3(0, 0, -3 * DEGREE);
        p->rotation[JOINT_SPINE2] = v3(0, 0, -4 * DEGREE);
        bend_leg(w, p);
    }
    float *before = mem_array(float, w->model->vertices), away = 0.03f;
    over_trunk(w, w->position, before);
    lower_arm(w, before, p, 0);
    if (s != STANCE_HAND_ON_HIP) {
        lower_arm(w, before, p, 1);
        mem_free(before);
        return;
    }
    do hand_on_hip(w, p, away);
    while (arm_gap(w, before, p, 1) < APART && (away += 0.01f) < 0.2f);
    mem_free(before);
}

void wearer_pose(wearer *w, const body_pose *p)
{
    w->pose = *p;
    mem_free(w->stood);
    w->stood = mem_array(vec3, w->model->vertices);
    pose_body(w, p, w->stood, w->world);
}

void wearer_stand(wearer *w, stance s)
{
    body_pose p;
    pose_for(w, s, &p);
    if (s != STANCE_A) {
        wearer_pose(w, &p);
        return;
    }
    w->pose = p;
    mem_free(w->stood);
    w->stood = NULL;
}
