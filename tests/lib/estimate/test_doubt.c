// Which outlines lose weight, on the built asset (script/build).
#include "base/mem.h"
#include "estimate/doubt.h"
#include "estimate/estimate.h"
#include "photographed.h"
#include "test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static body_model *m;
static tape *t;
static const survey_answers someone = { .height = 1.68 };

static void load(void)
{
    err e = { 0 };
    m = body_load(ASSETS "/open_body.safetensors", SEX_FEMALE, &e);
    if (!m) exit((printf("%s: run script/build\n", e.msg), 1));
    t = tape_new(m);
}

static capture_evidence somebody(void)
{
    float betas[BODY_MAX_BETAS] = { 0 };
    body_gaussian g;
    body_prior_given(m, t, &someone, 0.002, &g);
    for (int k = 0; k < g.betas; k++) betas[k] = (float)g.mean[k];
    body_pose pose = photographed_stance(0);
    return photographed(m, betas, &pose);
}

static estimate_result run(const capture_evidence *front)
{
    estimate_result r;
    err e = { 0 };
    estimate_input in = { .answers = someone, .front = front };
    if (!estimate_body(m, t, &in, &r, &e)) exit((printf("%s\n", e.msg), 1));
    return r;
}

static void rendered_outlines_keep_their_weight_and_stranger_ones_lose_it_gradually(void)
{
    CHECK(doubt_kept(VIEW_FRONT, 0) == 1);
    CHECK(doubt_kept(VIEW_FRONT, 0.3f) == 1);
    CHECK(doubt_kept(VIEW_SIDE, 0.7f) == 1);
    float before = 1;
    for (float misfit = 0.4f; misfit < 25; misfit *= 1.2f) {
        float kept = doubt_kept(VIEW_FRONT, misfit);
        CHECK(kept > 0 && kept < before && kept > before / 1.5f);
        CHECK(kept <= doubt_kept(VIEW_SIDE, misfit));
        before = kept;
    }
}

static void the_pose_of_someone_upright_is_believed_and_of_someone_bent_not(void)
{
    capture_evidence front = somebody();
    photo_view v;
    view_open(&v, &front, VIEW_FRONT, 0, 1.68f, 0);
    float betas[BODY_MAX_BETAS] = { 0 };
    vec3 *shaped = mem_array(vec3, m->vertices), joint[BODY_JOINTS];
    body_shape(m, betas, shaped, joint);
    float upright = doubt_pose(&v, joint);
    v.rotation[JOINT_SPINE2] = m3_from_axis_angle(v3(0.8f, 0, 0));
    v.rotation[JOINT_L_HIP] = m3_from_axis_angle(v3(-0.8f, 0, 0));
    CHECK(doubt_pose(&v, joint) > 2 * upright);
    mem_free(shaped);
    view_close(&v);
    capture_evidence_free(&front);
}

// From the waist to the shins, ever wider: nothing that betas and the thickness of clothes could explain.
static void in_a_wide_skirt_the_photo_says_less_of_the_hips(void)
{
    const float metre = photographer.focal / photographer.shift.z;
    capture_evidence front = somebody(), skirted = front;
    skirted.mask = image_copy(&front.mask);
    const capture_landmark *hip = &front.at[LM_LEFT_HIP], *other = &front.at[LM_RIGHT_HIP],
                           *ankle = &front.at[LM_LEFT_ANKLE];
    float top = hip->y - 0.1f * metre, middle = (hip->x + other->x) / 2;
    for (float y = top; y < ankle->y - 0.1f * metre; y++) {
        float half = 0.18f * metre + 0.35f * (y - top);
        memset(image_at(&skirted.mask, (uint32_t)(middle - half), (uint32_t)y), 255, (size_t)(2 * half));
    }
    estimate_result naked = run(&front), dressed = run(&skirted);
    double wider = dressed.sd[TAPE_HIP_GIRTH] / naked.sd[TAPE_HIP_GIRTH],
           moved = dressed.value[TAPE_HIP_GIRTH] / naked.value[TAPE_HIP_GIRTH] - 1;
    printf("     a skirt widens the hips' range %.2f times and moves them by %.1f %%\n", wider, 100 * moved);
    CHECK(wider > 1.3);
    CHECK(fabs(moved) < 0.02);
    image_free(&skirted.mask);
    capture_evidence_free(&front);
}

static void release(void)
{
    tape_free(t);
    body_free(m);
}

TEST_MAIN(load(); RUN(rendered_outlines_keep_their_weight_and_stranger_ones_lose_it_gradually);
          RUN(the_pose_of_someone_upright_is_believed_and_of_someone_bent_not);
          RUN(in_a_wide_skirt_the_photo_says_less_of_the_hips); release();)
