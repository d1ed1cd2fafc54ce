// On the built asset (script/build): the model, the tape and the prior.
#include "base/mem.h"
#include "body/prior.h"
#include "test.h"

#include <stdlib.h>

static body_model *model[3];
static tape *measure[3];

static void the_asset_loads_for_each_sex_and_a_missing_one_says_so(void)
{
    err e = { 0 };
    for (int sex = 0; sex < 3; sex++) {
        model[sex] = body_load(ASSETS "/open_body.safetensors", (body_sex)sex, &e);
        CHECK(model[sex] != NULL);
        if (!model[sex]) exit((printf("%s: run script/build\n", e.msg), 1));
        measure[sex] = tape_new(model[sex]);
        CHECK(model[sex]->vertices == 13380 && model[sex]->triangles == 26756);
    }
    CHECK(model[SEX_FEMALE]->betas == 24 && model[SEX_NEUTRAL]->betas == 30);
    CHECK(!body_load("/nonexistent", SEX_FEMALE, &e) && e.code == ERR_NOT_FOUND);
    CHECK(!body_load(SOURCE_ROOT "/CMakeLists.txt", SEX_FEMALE, &e) && e.code == ERR_INPUT);
}

static void parts_have_the_triangles_of_the_landmark_table(void)
{
    static const uint32_t count[PART_COUNT] = { 4424, 3874, 1937, 4243, 8124 };
    for (int p = 0; p < PART_COUNT; p++) CHECK(model[0]->part[p].count == count[p]);
}

static void the_zero_pose_moves_nothing(void)
{
    const body_model *m = model[SEX_MALE];
    vec3 *a = mem_array(vec3, m->vertices), *b = mem_array(vec3, m->vertices), joints[BODY_JOINTS];
    float betas[BODY_MAX_BETAS] = { 1, -1 };
    rigid world[BODY_JOINTS];
    body_shape(m, betas, a, joints);
    body_joint_transforms(joints, &(body_pose){ 0 }, world);
    body_skin(m, a, world, b);
    float most = 0;
    for (uint32_t v = 0; v < m->vertices; v++) most = fmaxf(most, v3_dist(a[v], b[v]));
    CHECK_NEAR(most, 0, 1e-6); // rounding of a sum of weights
    mem_free(a);
    mem_free(b);
}

static void the_body_is_symmetric_and_stands_in_an_a_pose(void)
{
    const body_model *m = model[SEX_FEMALE];
    vec3 *a = mem_array(vec3, m->vertices), joints[BODY_JOINTS];
    float betas[BODY_MAX_BETAS] = { 0 };
    body_shape(m, betas, a, joints);
    for (int j = 1; j < BODY_JOINTS; j++) {
        if (body_joint_name[j][0] != 'L') continue;
        vec3 mirrored = v3(-joints[j + 1].x, joints[j + 1].y, joints[j + 1].z);
        CHECK_NEAR(v3_dist(joints[j], mirrored), 0, 0.002); // targets are symmetric to a tenth of a millimetre each
        CHECK(joints[j].x > 0);                             // her left is +x
    }
    vec3 arm = v3_unit(v3_sub(joints[JOINT_L_ELBOW], joints[JOINT_L_SHOULDER]));
    CHECK_NEAR(acosf(-arm.y), 0.733, 0.01); // 42 degrees from vertical
    vec3 nose_side = a[m->mark[MARK_SUPRASTERNALE].id[0]];
    CHECK(nose_side.z > joints[JOINT_NECK].z); // she faces +z
    mem_free(a);
}

static void people_of_the_space_have_no_broken_skin(void)
{
    // No edge of the mesh may stretch to several times its length on the mean body for ordinary people.
    const body_model *m = model[SEX_FEMALE];
    vec3 *mean = mem_array(vec3, m->vertices), *a = mem_array(vec3, m->vertices), joints[BODY_JOINTS];
    float betas[BODY_MAX_BETAS] = { 0 };
    body_shape(m, betas, mean, joints);
    for (int k = 0; k < 8; k++) {
        memset(betas, 0, sizeof betas);
        betas[k] = k % 2 ? 2.5f : -2.5f;
        body_shape(m, betas, a, joints);
        float worst = 0;
        for (uint32_t i = 0; i < 3 * m->triangles; i++) {
            uint32_t p = m->triangle[i], q = m->triangle[i % 3 == 2 ? i - 2 : i + 1];
            float before = v3_dist(mean[p], mean[q]);
            if (before > 0.004f) worst = fmaxf(worst, v3_dist(a[p], a[q]) / before);
        }
        CHECK(worst < 3);
    }
    mem_free(mean);
    mem_free(a);
}

static void the_mean_bodies_have_the_surveys_mean_measurements(void)
{
    // Means of ANSUR II, centimetres; the calibrated table's own means lie within 0.2 standard deviations of them.
    static const struct {
        tape_measure k;
        double female, male, tolerance;
    } want[] = { { TAPE_HEIGHT, 162.8, 175.6, 1.5 },
                 { TAPE_CHEST_GIRTH, 94.7, 105.9, 2 },
                 { TAPE_WAIST_OMPHALION_GIRTH, 86.1, 94.1, 2 },
                 { TAPE_HIP_GIRTH, 102.1, 102.0, 2 },
                 { TAPE_NECK_GIRTH, 33.0, 39.8, 0.6 },
                 { TAPE_CALF_GIRTH, 37.3, 39.2, 0.7 },
                 { TAPE_UPPER_ARM_GIRTH, 28.7, 33.7, 0.8 },
                 { TAPE_INSEAM, 78.2, 84.6, 2 },
                 { TAPE_BACK_NECK_TO_WAIST, 42.6, 47.8, 1.5 } };
    double out[2][TAPE_COUNT];
    float betas[BODY_MAX_BETAS] = { 0 };
    for (int sex = 0; sex < 2; sex++) tape_read_betas(measure[sex], betas, out[sex]);
    for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
        CHECK_NEAR(100 * out[SEX_FEMALE][want[i].k], want[i].female, want[i].tolerance);
        CHECK_NEAR(100 * out[SEX_MALE][want[i].k], want[i].male, want[i].tolerance);
    }
}

static void the_tapes_jacobian_predicts_what_a_small_change_of_shape_does(void)
{
    const body_model *m = model[SEX_MALE];
    float betas[BODY_MAX_BETAS] = { 0.3f, -0.5f, 0.2f, 0.4f }, moved[BODY_MAX_BETAS];
    double at[TAPE_COUNT], then[TAPE_COUNT], jacobian[TAPE_COUNT * BODY_MAX_BETAS];
    tape_jacobian(measure[SEX_MALE], betas, at, jacobian);
    for (int k = 0; k < m->betas; k += 5) {
        memcpy(moved, betas, sizeof moved);
        moved[k] += 0.1f;
        tape_read_betas(measure[SEX_MALE], moved, then);
        for (int i = 0; i < TAPE_COUNT; i++) {
            // A tenth of a standard deviation moves a girth by up to 1 cm; the tape may jump between two neighbouring
            // stations or vertices of the seat, which is worth 2 mm.
            CHECK_NEAR(then[i] - at[i], 0.1 * jacobian[i * m->betas + k], 0.0021);
        }
    }
}

static void a_girth_does_not_change_when_an_unrelated_joint_moves(void)
{
    const body_model *m = model[SEX_FEMALE];
    vec3 *a = mem_array(vec3, m->vertices), *b = mem_array(vec3, m->vertices), joints[BODY_JOINTS], posed[BODY_JOINTS];
    float betas[BODY_MAX_BETAS] = { 0 };
    double still[TAPE_COUNT], out[TAPE_COUNT];
    rigid world[BODY_JOINTS];
    body_shape(m, betas, a, joints);
    tape_read(measure[SEX_FEMALE], a, joints, still);
    body_pose pose = { 0 };
    pose.rotation[JOINT_R_ELBOW] = v3(0, 0.5f, 0);
    pose.rotation[JOINT_R_SHOULDER] = v3(0, 0.2f, 0.2f);
    pose.rotation[JOINT_HEAD] = v3(0, 0.4f, 0);
    body_joint_transforms(joints, &pose, world);
    body_skin(m, a, world, b);
    for (int j = 0; j < BODY_JOINTS; j++) posed[j] = rigid_apply(&world[j], joints[j]);
    tape_read(measure[SEX_FEMALE], b, posed, out);
    static const tape_measure unrelated[] = {
        TAPE_WAIST_NATURAL_GIRTH, TAPE_WAIST_OMPHALION_GIRTH, TAPE_HIP_GIRTH,       TAPE_THIGH_GIRTH, TAPE_KNEE_GIRTH,
        TAPE_CALF_GIRTH,          TAPE_ANKLE_GIRTH,           TAPE_UPPER_ARM_GIRTH, TAPE_WRIST_GIRTH, TAPE_INSEAM,
        TAPE_CROTCH_LENGTH
    };
    for (size_t i = 0; i < sizeof unrelated / sizeof *unrelated; i++)
        CHECK_NEAR(out[unrelated[i]], still[unrelated[i]], 0.002); // the promise: 2 mm
    mem_free(a);
    mem_free(b);
}

static void the_prior_meets_the_surveys_expectation_and_spread(void)
{
    survey_answers someone = { 1.70, 72, 35 };
    for (int sex = 0; sex < 3; sex++) {
        const body_model *m = model[sex];
        body_gaussian g;
        body_prior_given(m, measure[sex], &someone, 0.003, &g);
        double mean[SURVEY_MEASURES], covariance[SURVEY_MEASURES * SURVEY_MEASURES], value[TAPE_COUNT],
            jacobian[TAPE_COUNT * BODY_MAX_BETAS];
        survey_condition(&m->prior->survey, m->sex, &someone, mean, covariance);
        float betas[BODY_MAX_BETAS];
        for (int k = 0; k < g.betas; k++) betas[k] = (float)g.mean[k];
        tape_jacobian(measure[sex], betas, value, jacobian);
        CHECK_NEAR(value[TAPE_HEIGHT], 1.70, 0.002);
        for (int i = 0; i < SURVEY_MEASURES; i++) {
            CHECK_NEAR(value[survey_measure[i]], mean[i],
                       0.006); // the upper arm may jump a station between rounds; others stay within 1 mm
            const double *row = jacobian + (int)survey_measure[i] * g.betas;
            double variance = 0;
            for (int a = 0; a < g.betas; a++)
                for (int b = 0; b < g.betas; b++) variance += row[a] * g.covariance[a * g.betas + b] * row[b];
            // The spread of the mesh is the survey's, within a fifth where shape space is thin (thighs, wrists).
            CHECK_NEAR(sqrt(variance) / sqrt(covariance[i * SURVEY_MEASURES + i]), 1, 0.2);
        }
    }
}

static void weight_answered_is_the_weight_of_the_mesh(void)
{
    const body_model *m = model[SEX_MALE];
    vec3 *a = mem_array(vec3, m->vertices), joints[BODY_JOINTS];
    for (double kg = 60; kg <= 110; kg += 25) {
        body_gaussian g;
        body_prior_given(m, measure[SEX_MALE], &(survey_answers){ 1.80, kg, 30 }, 0.003, &g);
        float betas[BODY_MAX_BETAS];
        for (int k = 0; k < g.betas; k++) betas[k] = (float)g.mean[k];
        body_shape(m, betas, a, joints);
        mesh_view mesh = body_mesh(m, a);
        CHECK_NEAR(1040 * mesh_volume(&mesh), kg,
                   2.5); // the calibration table's volumes are within 1.3 litres of people's
    }
    mem_free(a);
}

static void an_update_with_an_exact_measurement_meets_it(void)
{
    body_gaussian g = { .betas = 2, .mean = { 0, 0 }, .covariance = { 1, 0.5, 0.5, 1 } };
    double jacobian[2] = { 1, 0 }, predicted = 0, value = 2, noise = 0;
    CHECK(body_gaussian_update(&g, 1, jacobian, &predicted, &value, &noise));
    CHECK_NEAR(g.mean[0], 2, 1e-12);
    CHECK_NEAR(g.mean[1], 1, 1e-12); // the correlated one is pulled along
    CHECK_NEAR(g.covariance[0], 0, 1e-12);
    CHECK_NEAR(g.covariance[3], 0.75, 1e-12);
}

static void release(void)
{
    for (int sex = 0; sex < 3; sex++) {
        tape_free(measure[sex]);
        body_free(model[sex]);
    }
}

TEST_MAIN(RUN(the_asset_loads_for_each_sex_and_a_missing_one_says_so);
          RUN(parts_have_the_triangles_of_the_landmark_table); RUN(the_zero_pose_moves_nothing);
          RUN(the_body_is_symmetric_and_stands_in_an_a_pose); RUN(people_of_the_space_have_no_broken_skin);
          RUN(the_mean_bodies_have_the_surveys_mean_measurements);
          RUN(the_tapes_jacobian_predicts_what_a_small_change_of_shape_does);
          RUN(a_girth_does_not_change_when_an_unrelated_joint_moves);
          RUN(the_prior_meets_the_surveys_expectation_and_spread); RUN(weight_answered_is_the_weight_of_the_mesh);
          RUN(an_update_with_an_exact_measurement_meets_it); release();)
