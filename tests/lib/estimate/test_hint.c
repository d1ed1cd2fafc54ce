// The photo estimator on a body in SMPL's layout (made of the open body), with what another network is said to have
// seen. What HMR2.0 itself sees is simulated: betas, pose and joints of the truth with errors.
#include "base/mem.h"
#include "body/stand.h"
#include "estimate/hint.h"
#include "photographed.h"
#include "smpl_like.h"
#include "test.h"

#include <stdlib.h>
#include <unistd.h>

enum { BETAS = 10 };
static body_model *smpl, *m;
static tape *t;
static const survey_answers someone = { 1.72, 0, 0 };

static void load(void)
{
    char folder[] = "/tmp/tryon_hint_XXXXXX", path[64];
    err e = { 0 };
    body_model *open = body_load(ASSETS "/open_body.safetensors", SEX_NEUTRAL, &e);
    if (!open || !mkdtemp(folder)) exit((printf("%s: run script/build\n", e.msg), 1));
    smpl_like_write(open, 6890, BETAS, folder);
    smpl = body_find_smpl(folder, BETAS, &e);
    m = smpl ? body_stand(smpl, SEX_NEUTRAL, &open->prior->survey, &e) : NULL;
    if (!m) exit((printf("%s\n", e.msg), 1));
    t = tape_new(m);
    snprintf(path, sizeof path, "%s/smpl.safetensors", folder);
    unlink(path);
    rmdir(folder);
    body_free(open);
}

static body_pose standing_pose(void)
{
    body_pose p = { 0 };
    p.rotation[JOINT_L_SHOULDER] = v3(0, 0, -0.38f);
    p.rotation[JOINT_R_SHOULDER] = v3(0, 0, 0.38f);
    return p;
}

// Somebody of 1.72 m who is not the average: 1.5 deviations wider at the waist, and whatever goes with it.
static void somebody(float *betas)
{
    body_gaussian g;
    body_prior_given(m, t, &someone, 0.002, &g);
    double value[TAPE_COUNT], jacobian[TAPE_COUNT * BETAS], direction[BETAS] = { 0 }, variance = 0;
    for (int k = 0; k < BETAS; k++) betas[k] = (float)g.mean[k];
    tape_jacobian(t, betas, value, jacobian);
    const double *waist = jacobian + TAPE_WAIST_OMPHALION_GIRTH * BETAS;
    for (int a = 0; a < BETAS; a++)
        for (int b = 0; b < BETAS; b++) {
            direction[a] += g.covariance[a * BETAS + b] * waist[b];
            variance += waist[a] * g.covariance[a * BETAS + b] * waist[b];
        }
    for (int k = 0; k < BETAS; k++) betas[k] += (float)(1.5 * direction[k] / sqrt(variance));
}

// As a network of perfect sight would say it.
static estimate_hint told(const float *betas, const body_pose *pose)
{
    estimate_hint h = { .count = BETAS };
    vec3 rest[BODY_JOINTS], *shape = mem_array(vec3, m->vertices);
    rigid world[BODY_JOINTS];
    memcpy(h.betas, betas, BETAS * sizeof *betas);
    body_shape(m, betas, shape, rest);
    body_joint_transforms(rest, pose, world);
    for (int j = 0; j < BODY_JOINTS; j++) {
        vec3 p = rigid_apply(&world[j], rest[j]);
        vec3 c = v3_add(v3(p.x, -p.y, -p.z), photographer.shift);
        h.rotation[j] = m3_from_axis_angle(pose->rotation[j]);
        h.joint_at[j] = (vec2){ photographer.cx + photographer.focal * c.x / c.z,
                                photographer.cy + photographer.focal * c.y / c.z };
    }
    mem_free(shape);
    return h;
}

static estimate_result run(const capture_evidence *front, const estimate_hint *hint)
{
    estimate_result r;
    err e = { 0 };
    estimate_input in = { .answers = someone, .front = front, .hint = hint };
    if (!estimate_body(m, t, &in, &r, &e)) exit((printf("%s\n", e.msg), 1));
    return r;
}

// Root mean square over the girths of trunk and limbs, metres.
static double miss(const estimate_result *r, const double *truth)
{
    double sum = 0;
    int n = 0;
    for (int i = TAPE_CHEST_GIRTH; i <= TAPE_WRIST_GIRTH; i++, n++)
        sum += (r->value[i] - truth[i]) * (r->value[i] - truth[i]);
    return sqrt(sum / n);
}

static void answers_alone_meet_the_height_with_ranges(void)
{
    estimate_result r = run(NULL, NULL);
    CHECK(r.mode == 'A' && !r.hinted);
    CHECK_NEAR(r.value[TAPE_HEIGHT], 1.72, 0.003);
    for (int i = 0; i < TAPE_COUNT; i++) CHECK(r.lo[i] < r.value[i] && r.value[i] < r.hi[i] && r.sd[i] < 0.12);
}

static void a_photo_moves_the_body_towards_the_person(void)
{
    float betas[BODY_MAX_BETAS] = { 0 };
    double truth[TAPE_COUNT];
    body_pose pose = standing_pose();
    somebody(betas);
    tape_read_betas(t, betas, truth);
    capture_evidence front = photographed(m, betas, &pose);
    estimate_result none = run(NULL, NULL), photo = run(&front, NULL);
    printf("     girths off by %.1f, %.1f cm without and with the photo\n", 100 * miss(&none, truth),
           100 * miss(&photo, truth));
    CHECK(photo.mode == 'B' && !photo.hinted);
    CHECK(miss(&photo, truth) < 0.8 * miss(&none, truth));
    for (int i = 0; i < TAPE_COUNT; i++) CHECK_NEAR(photo.value[i], truth[i], 4 * photo.sd[i] + 0.005);
    capture_evidence_free(&front);
}

static void betas_that_are_right_help_and_narrow_the_ranges(void)
{
    float betas[BODY_MAX_BETAS] = { 0 };
    double truth[TAPE_COUNT];
    body_pose pose = standing_pose();
    somebody(betas);
    tape_read_betas(t, betas, truth);
    capture_evidence front = photographed(m, betas, &pose);
    estimate_hint hint = told(betas, &pose);
    estimate_result without = run(&front, NULL), with = run(&front, &hint);
    printf("     girths off by %.2f, %.2f cm without and with the hint\n", 100 * miss(&without, truth),
           100 * miss(&with, truth));
    CHECK(with.hinted);
    CHECK(miss(&with, truth) < miss(&without, truth));
    for (int i = 0; i < TAPE_COUNT; i++) CHECK(with.sd[i] < 1.02 * without.sd[i]); // at another place of the space
    CHECK(with.sd[TAPE_CHEST_GIRTH] < without.sd[TAPE_CHEST_GIRTH]);
    capture_evidence_free(&front);
}

static void betas_say_nothing_of_the_size(void)
{
    float betas[BODY_MAX_BETAS] = { 0 };
    somebody(betas);
    body_gaussian prior, after;
    body_prior_given(m, t, &someone, 0.004, &prior);
    after = prior;
    estimate_hint hint = { .count = BETAS };
    // The same proportions of a person of 2 m: the size is met by the answers and the proportions stay.
    double value[TAPE_COUNT], jacobian[TAPE_COUNT * BETAS];
    tape_jacobian(t, betas, value, jacobian);
    for (int k = 0; k < BETAS; k++) hint.betas[k] = (float)prior.mean[k];
    hint.betas[0] += (float)(0.28 / jacobian[TAPE_HEIGHT * BETAS]); // the first beta is size, nearly
    hint_shape(m, &hint, &after);
    float moved[BODY_MAX_BETAS] = { 0 };
    for (int k = 0; k < BETAS; k++) moved[k] = (float)after.mean[k];
    tape_read_betas(t, moved, value);
    CHECK_NEAR(value[TAPE_HEIGHT], 1.72, 0.004);
    // Unlike the beta, growing as a whole is not one of the space's directions: something is left.
    for (int k = 0; k < BETAS; k++) CHECK_NEAR(after.mean[k], prior.mean[k], 0.5);
}

static void betas_that_are_nobody_s_move_little(void)
{
    float betas[BODY_MAX_BETAS] = { 0 };
    double truth[TAPE_COUNT];
    body_pose pose = standing_pose();
    somebody(betas);
    tape_read_betas(t, betas, truth);
    capture_evidence front = photographed(m, betas, &pose);
    estimate_hint hint = told(betas, &pose);
    for (int k = 0; k < BETAS; k++) hint.betas[k] = k % 2 ? 8 : -8;
    estimate_result without = run(&front, NULL), with = run(&front, &hint);
    for (int i = 0; i < TAPE_COUNT; i++) CHECK_NEAR(with.value[i], without.value[i], 1.3 * without.sd[i]);
    CHECK_NEAR(with.value[TAPE_HEIGHT], 1.72, 0.006);
    capture_evidence_free(&front);
}

static void a_hint_of_somebody_else_changes_nothing(void)
{
    float betas[BODY_MAX_BETAS] = { 0 };
    body_pose pose = standing_pose();
    somebody(betas);
    capture_evidence front = photographed(m, betas, &pose);
    estimate_hint hint = told(betas, &pose);
    for (int j = 0; j < BODY_JOINTS; j++) hint.joint_at[j].x += 150; // a quarter of her height to the side
    estimate_result without = run(&front, NULL), with = run(&front, &hint);
    CHECK(!with.hinted);
    CHECK(memcmp(with.value, without.value, sizeof with.value) == 0);
    for (int j = 0; j < BODY_JOINTS; j++) hint.joint_at[j] = (vec2){ NAN, NAN };
    CHECK(!run(&front, &hint).hinted);
    capture_evidence_free(&front);
}

static void a_pose_that_is_told_is_found_again(void)
{
    float betas[BODY_MAX_BETAS] = { 0 };
    somebody(betas);
    body_pose pose = standing_pose();
    pose.rotation[JOINT_L_ELBOW] = v3(-0.9f, 0, 0); // towards the camera: the outline hardly tells
    pose.rotation[JOINT_NECK] = v3(0, 0.5f, 0);
    capture_evidence front = photographed(m, betas, &pose);
    for (int i = 0; i < CAPTURE_LANDMARKS; i++) front.world[i][2] = 0; // a network that is blind to depth
    estimate_hint hint = told(betas, &pose);
    estimate_result without = run(&front, NULL), with = run(&front, &hint);
    static const int joint[] = { JOINT_L_ELBOW, JOINT_NECK };
    for (int i = 0; i < 2; i++) {
        mat3 truth = m3_from_axis_angle(pose.rotation[joint[i]]), back = m3_transpose(&truth);
        mat3 a = m3_from_axis_angle(without.front.pose.rotation[joint[i]]),
             b = m3_from_axis_angle(with.front.pose.rotation[joint[i]]);
        a = m3_mul(&back, &a), b = m3_mul(&back, &b);
        CHECK(v3_len(m3_to_axis_angle(&b)) < 0.6f * v3_len(m3_to_axis_angle(&a)));
    }
    capture_evidence_free(&front);
}

static void a_hint_of_the_mirror_image_says_the_same(void)
{
    float betas[BODY_MAX_BETAS] = { 0 };
    somebody(betas);
    body_pose pose = standing_pose();
    pose.rotation[JOINT_PELVIS] = v3(0, 0.2f, 0);
    pose.rotation[JOINT_L_ELBOW] = v3(-0.5f, 0.1f, 0);
    capture_evidence front = photographed(m, betas, &pose), mirrored;
    capture_mirror(&front, &mirrored);
    estimate_hint hint = told(betas, &pose), turned, back;
    float width = (float)front.mask.width;
    hint_mirror(&hint, width, &turned);
    CHECK(turned.rotation[JOINT_R_ELBOW].m[1][2] == hint.rotation[JOINT_L_ELBOW].m[1][2]);
    CHECK(turned.rotation[JOINT_PELVIS].m[0][2] == -hint.rotation[JOINT_PELVIS].m[0][2]);
    hint_mirror(&turned, width, &back);
    for (int j = 0; j < BODY_JOINTS; j++) {
        CHECK(memcmp(&back.rotation[j], &hint.rotation[j], sizeof back.rotation[j]) == 0);
        CHECK_NEAR(back.joint_at[j].x, hint.joint_at[j].x, 1e-3);
    }
    estimate_result a = run(&front, &hint), b = run(&mirrored, &turned);
    CHECK(a.hinted && b.hinted);
    for (int i = 0; i < TAPE_COUNT; i++) CHECK_NEAR(b.value[i] / a.value[i], 1, 2e-4); // floats, over many steps
    capture_evidence_free(&front);
    capture_evidence_free(&mirrored);
}

static void release(void)
{
    tape_free(t);
    body_free(m);
    body_free(smpl);
}

TEST_MAIN(load(); RUN(answers_alone_meet_the_height_with_ranges); RUN(a_photo_moves_the_body_towards_the_person);
          RUN(betas_that_are_right_help_and_narrow_the_ranges); RUN(betas_say_nothing_of_the_size);
          RUN(betas_that_are_nobody_s_move_little); RUN(a_hint_of_somebody_else_changes_nothing);
          RUN(a_pose_that_is_told_is_found_again); RUN(a_hint_of_the_mirror_image_says_the_same); release();)
