// On the built asset (script/build). Photos are perfect ones: the mask and landmarks of a known body, projected.
#include "base/mem.h"
#include "base/rng.h"
#include "estimate/learned.h"
#include "image/resample.h"
#include "photographed.h"
#include "test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static body_model *m;
static tape *t;
static const survey_answers someone = { 1.68, 66, 34 };

static void load(void)
{
    err e = { 0 };
    m = body_load(ASSETS "/open_body.safetensors", SEX_FEMALE, &e);
    if (!m) exit((printf("%s: run script/build\n", e.msg), 1));
    t = tape_new(m);
}

static estimate_result run(const estimate_input *in)
{
    estimate_result r;
    err e = { 0 };
    if (!estimate_body(m, t, in, &r, &e)) exit((printf("%s\n", e.msg), 1));
    return r;
}

static capture_evidence photograph(const float *betas, float yaw)
{
    body_pose pose = photographed_stance(yaw);
    return photographed(m, betas, &pose);
}

// A body of these answers that is not the average one: larger in one direction of the prior's own spread.
static void unusual_body(float *betas, double size)
{
    body_gaussian g;
    body_prior_given(m, t, &someone, 0.002, &g);
    double value[TAPE_COUNT], jacobian[TAPE_COUNT * BODY_MAX_BETAS], direction[BODY_MAX_BETAS] = { 0 }, variance = 0;
    for (int k = 0; k < g.betas; k++) betas[k] = (float)g.mean[k];
    tape_jacobian(t, betas, value, jacobian);
    const double *waist = jacobian + TAPE_WAIST_OMPHALION_GIRTH * g.betas;
    for (int a = 0; a < g.betas; a++)
        for (int b = 0; b < g.betas; b++) {
            direction[a] += g.covariance[a * g.betas + b] * waist[b];
            variance += waist[a] * g.covariance[a * g.betas + b] * waist[b];
        }
    for (int k = 0; k < g.betas; k++) betas[k] += (float)(size * direction[k] / sqrt(variance));
}

static void without_a_photo_the_answers_speak(void)
{
    estimate_input in = { .answers = someone };
    estimate_result r = run(&in);
    CHECK(r.mode == 'A');
    CHECK_NEAR(r.value[TAPE_HEIGHT], 1.68, 0.003);
    for (int i = 0; i < TAPE_COUNT; i++) {
        CHECK(r.lo[i] < r.value[i] && r.value[i] < r.hi[i] && r.sd[i] > 0);
        CHECK(r.source[i] == SOURCE_PRIOR);
    }
}

static void more_answers_narrow_the_intervals(void)
{
    estimate_input in = { .answers = { 1.68, 0, 0 } };
    estimate_result little = run(&in);
    in.answers = someone;
    estimate_result more = run(&in);
    CHECK(more.sd[TAPE_CHEST_GIRTH] < 0.8 * little.sd[TAPE_CHEST_GIRTH]);
    CHECK(more.sd[TAPE_HIP_GIRTH] < 0.8 * little.sd[TAPE_HIP_GIRTH]);
}

static void a_tape_value_is_met_and_pulls_its_neighbours_along(void)
{
    estimate_input in = { .answers = someone };
    estimate_result without = run(&in);
    in.tape[TAPE_WAIST_OMPHALION_GIRTH] = without.value[TAPE_WAIST_OMPHALION_GIRTH] + 0.06;
    estimate_result with = run(&in);
    CHECK_NEAR(with.value[TAPE_WAIST_OMPHALION_GIRTH], in.tape[TAPE_WAIST_OMPHALION_GIRTH], 0.005); // its own error
    CHECK(with.source[TAPE_WAIST_OMPHALION_GIRTH] == SOURCE_TAPE);
    CHECK(with.value[TAPE_WAIST_NATURAL_GIRTH] > without.value[TAPE_WAIST_NATURAL_GIRTH] + 0.03);
    CHECK_NEAR(with.value[TAPE_HEIGHT], 1.68, 0.003);
}

static void answers_that_cannot_be_are_refused_with_the_reason(void)
{
    err e = { 0 };
    estimate_result r;
    estimate_input in = { .answers = { 0.5, 0, 0 } };
    CHECK(!estimate_body(m, t, &in, &r, &e) && e.code == ERR_INPUT && strstr(e.msg, "130 to 220"));
    in.answers = (survey_answers){ 1.9, 35, 0 };
    CHECK(!estimate_body(m, t, &in, &r, &e) && strstr(e.msg, "can't both be right"));
    in.answers = someone;
    in.tape[TAPE_HIP_GIRTH] = 1.60;
    CHECK(!estimate_body(m, t, &in, &r, &e) && strstr(e.msg, "hip girth of 160.0 cm does not go with"));
}

static void perfect_photos_move_the_estimate_towards_the_truth(void)
{
    float betas[BODY_MAX_BETAS] = { 0 };
    double truth[TAPE_COUNT];
    for (int sign = -1; sign <= 1; sign += 2) {
        unusual_body(betas, 1.5 * sign);
        tape_read_betas(t, betas, truth);
        capture_evidence front = photograph(betas, 0), side = photograph(betas, 1.5708f);
        estimate_input in = { .answers = someone };
        estimate_result a = run(&in);
        in.front = &front;
        estimate_result b = run(&in);
        in.side = &side;
        estimate_result c = run(&in);
        double off_a = fabs(a.value[TAPE_WAIST_OMPHALION_GIRTH] - truth[TAPE_WAIST_OMPHALION_GIRTH]);
        double off_b = fabs(b.value[TAPE_WAIST_OMPHALION_GIRTH] - truth[TAPE_WAIST_OMPHALION_GIRTH]);
        double off_c = fabs(c.value[TAPE_WAIST_OMPHALION_GIRTH] - truth[TAPE_WAIST_OMPHALION_GIRTH]);
        printf("     waist off by %.1f, %.1f, %.1f cm with no, one, two photos\n", 100 * off_a, 100 * off_b,
               100 * off_c);
        CHECK(b.mode == 'B' && c.mode == 'C');
        CHECK(off_b < off_a && off_c < off_a);
        CHECK(b.sd[TAPE_WAIST_OMPHALION_GIRTH] < a.sd[TAPE_WAIST_OMPHALION_GIRTH]);
        CHECK(c.sd[TAPE_CHEST_GIRTH] < b.sd[TAPE_CHEST_GIRTH]);
        for (int i = 0; i < TAPE_COUNT; i++) CHECK_NEAR(c.value[i], truth[i], 4 * c.sd[i] + 0.005);
        capture_evidence_free(&front);
        capture_evidence_free(&side);
    }
}

static void the_same_photo_gives_the_same_numbers(void)
{
    float betas[BODY_MAX_BETAS] = { 0 };
    unusual_body(betas, 1);
    capture_evidence front = photograph(betas, 0);
    estimate_input in = { .answers = someone, .front = &front };
    estimate_result a = run(&in), b = run(&in);
    CHECK(memcmp(a.value, b.value, sizeof a.value) == 0 && memcmp(a.sd, b.sd, sizeof a.sd) == 0);
    capture_evidence_free(&front);
}

// The largest change of a measurement, share of it.
static double change(const estimate_result *a, const estimate_result *b, double scale)
{
    double worst = 0;
    for (int i = 1; i < TAPE_COUNT; i++) worst = fmax(worst, fabs(b->value[i] / (a->value[i] * scale) - 1));
    return worst;
}

static void a_person_measures_the_same_in_the_mirror(void)
{
    float betas[BODY_MAX_BETAS] = { 0 };
    unusual_body(betas, 1);
    capture_evidence front = photograph(betas, 0.12f), side = photograph(betas, 1.5f), mirrored[2];
    capture_mirror(&front, &mirrored[0]);
    capture_mirror(&side, &mirrored[1]);
    CHECK(mirrored[0].left == front.mask.width - front.right);
    CHECK_NEAR(mirrored[0].at[LM_LEFT_WRIST].x, (float)front.mask.width - front.at[LM_RIGHT_WRIST].x, 1e-4);
    estimate_input in = { .answers = someone, .front = &front }, turned = { .answers = someone, .front = mirrored };
    for (int mode = 0; mode < 2; mode++) {
        estimate_result a = run(&in), b = run(&turned);
        CHECK(change(&a, &b, 1) < 2e-4); // floats, over some hundred steps
        in.side = &side;
        turned.side = &mirrored[1];
    }
    for (int i = 0; i < 2; i++) capture_evidence_free(&mirrored[i]);
    capture_evidence_free(&front);
    capture_evidence_free(&side);
}

static void a_little_taller_all_grows_a_little(void)
{
    float betas[BODY_MAX_BETAS] = { 0 };
    unusual_body(betas, 1);
    capture_evidence front = photograph(betas, 0.05f);
    estimate_input in = { .answers = { .height = 1.68 }, .front = &front };
    estimate_result a = run(&in);
    in.answers.height = 1.69;
    estimate_result b = run(&in);
    // The prior does not scale: people a centimetre taller are 0.1 to 0.3 % leaner for their height.
    CHECK(change(&a, &b, 1.69 / 1.68) < 0.006);
    capture_evidence_free(&front);
}

static void what_photos_said_holds_when_they_are_gone(void)
{
    float betas[BODY_MAX_BETAS] = { 0 };
    unusual_body(betas, 1.5);
    capture_evidence front = photograph(betas, 0.05f);
    estimate_input with = { .answers = someone, .front = &front }, after = { .answers = someone };
    estimate_result seen = run(&with);
    with.tape[TAPE_CHEST_GIRTH] = after.tape[TAPE_CHEST_GIRTH] = seen.value[TAPE_CHEST_GIRTH] + 0.02;
    estimate_result corrected = run(&with);
    after.remembered = &seen.photos;
    estimate_result recalled = run(&after);
    CHECK(recalled.mode == 'B' && recalled.verdict == seen.verdict);
    for (int i = 0; i < TAPE_COUNT; i++) {
        CHECK_NEAR(recalled.value[i], corrected.value[i], 1e-9);
        CHECK_NEAR(recalled.sd[i], corrected.sd[i], 1e-9);
        CHECK(recalled.source[i] == corrected.source[i]);
    }
    // The tape is no part of what is remembered: taken back, all is as before.
    after = (estimate_input){ .answers = someone, .remembered = &recalled.photos };
    estimate_result back = run(&after);
    for (int i = 0; i < TAPE_COUNT; i++) CHECK_NEAR(back.value[i], seen.value[i], 1e-9);
    after.answers.height = 1.01 * someone.height;
    estimate_result taller = run(&after);
    CHECK(change(&seen, &taller, 1.01) < 0.001);
    for (int i = 1; i < TAPE_COUNT; i++) CHECK_NEAR(taller.sd[i] / seen.sd[i], 1.01, 0.02);
    capture_evidence_free(&front);
}

static void half_the_pixels_measure_the_same(void)
{
    float betas[BODY_MAX_BETAS] = { 0 };
    unusual_body(betas, -1);
    capture_evidence front = photograph(betas, 0), half = front;
    half.mask = image_resize(&front.mask, front.mask.width / 2, front.mask.height / 2);
    for (size_t i = 0; i < (size_t)half.mask.width * half.mask.height; i++)
        half.mask.px[i] = half.mask.px[i] > 127 ? 255 : 0;
    half.left = front.left / 2, half.top = front.top / 2;
    half.right = (front.right + 1) / 2, half.bottom = (front.bottom + 1) / 2;
    for (int k = 0; k < CAPTURE_LANDMARKS; k++) half.at[k].x /= 2, half.at[k].y /= 2;
    estimate_input in = { .answers = someone, .front = &front };
    estimate_result a = run(&in);
    in.front = &half;
    estimate_result b = run(&in);
    CHECK(change(&a, &b, 1) < 0.01); // half a pixel of the smaller mask is 2.4 mm
    capture_evidence_free(&front);
    capture_evidence_free(&half);
}

// Long hair, or a dark wall taken for it, fills the corners between the head and the shoulders.
static void hair_beside_the_neck_measures_nothing(void)
{
    const float half_a_head = 0.09f * photographer.focal / photographer.shift.z;
    float betas[BODY_MAX_BETAS] = { 0 };
    unusual_body(betas, 1);
    capture_evidence front = photograph(betas, 0), haired = front;
    haired.mask = image_copy(&front.mask);
    const capture_landmark *head = &front.at[LM_LEFT_EAR], *left = &front.at[LM_LEFT_SHOULDER],
                           *right = &front.at[LM_RIGHT_SHOULDER];
    for (float y = head->y; y < left->y; y++) {
        float share = (y - head->y) / (left->y - head->y),
              half = half_a_head + share * ((left->x - right->x) / 2 - half_a_head);
        memset(image_at(&haired.mask, (uint32_t)(head->x - half), (uint32_t)y), 255, (size_t)(2 * half));
    }
    estimate_input in = { .answers = { .height = someone.height }, .front = &front };
    estimate_result a = run(&in);
    in.front = &haired;
    estimate_result b = run(&in);
    CHECK(change(&a, &b, 1) < 0.003);
    capture_evidence_free(&front);
    capture_evidence_free(&haired);
}

// A bag beside the thigh, of which the mask is as sure as given, 0..1.
static estimate_result with_a_bag(const capture_evidence *front, float sure)
{
    const float metre = photographer.focal / photographer.shift.z;
    const capture_landmark *hip = &front->at[LM_LEFT_HIP], *knee = &front->at[LM_LEFT_KNEE];
    capture_evidence carrying = *front;
    carrying.soft_mask = image_copy(&front->mask);
    for (float y = hip->y; y < knee->y; y++)
        for (float x = hip->x; x < hip->x + 0.2f * metre; x++) {
            uint8_t *px = image_at(&carrying.soft_mask, (uint32_t)x, (uint32_t)y);
            if (!*px) *px = (uint8_t)(255 * sure);
        }
    estimate_input in = { .answers = { .height = someone.height }, .front = &carrying };
    estimate_result r = run(&in);
    image_free(&carrying.soft_mask);
    return r;
}

static void what_the_mask_is_not_sure_of_joins_the_person_by_degrees(void)
{
    float betas[BODY_MAX_BETAS] = { 0 };
    unusual_body(betas, 1);
    capture_evidence front = photograph(betas, 0);
    estimate_result without = with_a_bag(&front, 0), with = with_a_bag(&front, 1), before = without;
    double all = change(&without, &with, 1), most = 0;
    for (float sure = 0.35f; sure < 0.9f; sure += 0.1f) {
        estimate_result r = with_a_bag(&front, sure);
        most = fmax(most, change(&before, &r, 1));
        before = r;
    }
    printf("     a bag moves a measurement by %.1f %%, by %.1f %% at once\n", 100 * all, 100 * most);
    CHECK(all > 0.02);
    CHECK(most < all / 2);
    capture_evidence_free(&front);
}

static void looser_clothes_widen_the_ranges_gradually(void)
{
    float betas[BODY_MAX_BETAS] = { 0 };
    unusual_body(betas, 1);
    capture_evidence front = photograph(betas, 0);
    estimate_input in = { .answers = someone, .front = &front };
    double before = 0, value = 0;
    for (int step = 0; step <= 4; step++) {
        front.looseness = (float)step / 4;
        estimate_result r = run(&in);
        CHECK(r.sd[TAPE_WAIST_OMPHALION_GIRTH] > before);
        // No leap: a quarter of the looseness moves the waist by less than a standard deviation.
        if (step) CHECK_NEAR(r.value[TAPE_WAIST_OMPHALION_GIRTH], value, before);
        before = r.sd[TAPE_WAIST_OMPHALION_GIRTH];
        value = r.value[TAPE_WAIST_OMPHALION_GIRTH];
    }
    capture_evidence_free(&front);
}

static void someone_whose_sex_is_not_told_is_corrected_and_known_less_well(void)
{
    learned_features f = { .count = LEARNED_B, .x[LEARNED_EXPLAINED] = 1 };
    double shift[TAPE_COUNT], spread[TAPE_COUNT], shift_of_told[TAPE_COUNT];
    learned_shift(&f, SEX_NEUTRAL, true, shift, spread);
    learned_shift(&f, SEX_FEMALE, true, shift_of_told, spread);
    bool corrected = false;
    for (int i = 0; i < TAPE_COUNT; i++) corrected = corrected || (shift[i] != 0 && shift[i] != shift_of_told[i]);
    CHECK(corrected);

    float betas[BODY_MAX_BETAS] = { 0 };
    unusual_body(betas, 1);
    capture_evidence front = photograph(betas, 0);
    estimate_input in = { .answers = someone, .front = &front };
    estimate_result told = run(&in), untold;
    err e = { 0 };
    body_model *neutral = body_load(ASSETS "/open_body.safetensors", SEX_NEUTRAL, &e);
    CHECK(neutral);
    tape *around = tape_new(neutral);
    CHECK(estimate_body(neutral, around, &in, &untold, &e));
    double wide = 0, told_wide = 0;
    for (int i = 0; i < TAPE_COUNT; i++) wide += untold.sd[i], told_wide += told.sd[i];
    CHECK(wide > told_wide);
    tape_free(around);
    body_free(neutral);
    capture_evidence_free(&front);
}

// What makes a regression on them one with a Gaussian kernel of length 1.2.
static void waves_of_two_people_multiply_to_how_alike_they_are(void)
{
    enum { N = 90 };
    rng r = rng_new(5);
    double one[N], other[N], a[LEARNED_WAVES], b[LEARNED_WAVES], again[LEARNED_WAVES];
    for (int i = 0; i < N; i++) one[i] = rng_normal(&r);
    learned_waves(one, N, a);
    learned_waves(one, N, again);
    CHECK(memcmp(a, again, sizeof a) == 0);
    for (double apart = 0; apart < 3; apart += 0.5) {
        double square = 0, alike = 0;
        for (int i = 0; i < N; i++) {
            other[i] = one[i] + apart * rng_normal(&r);
            square += (other[i] - one[i]) * (other[i] - one[i]) / N;
        }
        learned_waves(other, N, b);
        for (int i = 0; i < LEARNED_WAVES; i++) alike += a[i] * b[i];
        CHECK_NEAR(alike, exp(-square / (2 * 1.2 * 1.2)), 0.15); // 4 of its standard deviations, of 768 waves
    }
}

static void a_picture_like_none_it_learned_from_is_left_to_the_fit(void)
{
    enum { N = LEARNED_B };
    double z[LEARNED_C] = { 0 };
    for (int i = 0; i < N; i++) z[i] = i % 2 ? 1 : -1; // as far from the mean as people are on the average
    CHECK(learned_trust(z, N, 1) == 1);
    CHECK(learned_trust(z, LEARNED_C, 1) == 1);
    double before = 1;
    for (double far = 1.3; far < 3.5; far += 0.1) {
        for (int i = 0; i < N; i++) z[i] = i % 2 ? far : -far;
        double trust = learned_trust(z, N, 1);
        CHECK(trust > 0 && trust < before);
        before = trust;
    }
    for (int weighed = 0; weighed < 2; weighed++) {
        const learned_table *table = &learned_tables[0][weighed][0];
        learned_features f = { .count = LEARNED_B };
        double shift[TAPE_COUNT], spread[TAPE_COUNT];
        for (int i = 0; i < f.count; i++) f.x[i] = (double)table->norm[i][0] + (i % 3 ? 1e3 : -1e3);
        f.x[LEARNED_LOOSE] = 0.5;
        f.x[LEARNED_EXPLAINED] = 1;
        learned_shift(&f, SEX_FEMALE, weighed, shift, spread);
        for (int i = 1; i < TAPE_COUNT; i++) CHECK(fabs(shift[i]) < 0.01 && spread[i] > 0.99);
    }
}

static void a_correction_of_one_photo_is_held_back_gradually(void)
{
    for (double shift = -5; shift <= 5; shift += 0.25) {
        double one = learned_held(shift, 2, LEARNED_B), two = learned_held(shift, 2, LEARNED_C);
        CHECK(fabs(one) <= fmin(fabs(shift), 2) && one * shift >= 0);
        CHECK_NEAR(two, shift < -2 ? -2 : shift > 2 ? 2 : shift, 1e-12);
    }
    CHECK_NEAR(learned_held(0.1, 2, LEARNED_B), 0.1, 1e-3);
    CHECK(learned_held(3, 2, LEARNED_B) > 1.8);
}

static void release(void)
{
    tape_free(t);
    body_free(m);
}

TEST_MAIN(load(); RUN(without_a_photo_the_answers_speak); RUN(more_answers_narrow_the_intervals);
          RUN(a_tape_value_is_met_and_pulls_its_neighbours_along);
          RUN(answers_that_cannot_be_are_refused_with_the_reason);
          RUN(perfect_photos_move_the_estimate_towards_the_truth); RUN(the_same_photo_gives_the_same_numbers);
          RUN(a_person_measures_the_same_in_the_mirror); RUN(a_little_taller_all_grows_a_little);
          RUN(what_photos_said_holds_when_they_are_gone); RUN(half_the_pixels_measure_the_same);
          RUN(hair_beside_the_neck_measures_nothing); RUN(what_the_mask_is_not_sure_of_joins_the_person_by_degrees);
          RUN(looser_clothes_widen_the_ranges_gradually); RUN(waves_of_two_people_multiply_to_how_alike_they_are);
          RUN(a_picture_like_none_it_learned_from_is_left_to_the_fit);
          RUN(a_correction_of_one_photo_is_held_back_gradually);
          RUN(someone_whose_sex_is_not_told_is_corrected_and_known_less_well); release();)
