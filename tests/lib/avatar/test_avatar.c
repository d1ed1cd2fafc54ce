// On the built assets (script/build): a photo and answers in, files out.
#include "arrays/npz.h"
#include "avatar/avatar.h"
#include "avatar/parts.h"
#include "base/io.h"
#include "base/limits.h"
#include "base/mem.h"
#include "gltf/glb.h"
#include "test.h"

#include <jansson.h>
#include <stdlib.h>

static avatar_studio *open_studio(int threads)
{
    err e = { 0 };
    avatar_studio *s = avatar_studio_open(ASSETS, threads, &e);
    if (!s) exit((printf("%s\n", e.msg), 1));
    return s;
}

static avatar_request request(const buf *photo)
{
    return (avatar_request){
        .sex = SEX_FEMALE, .answers = { 1.70, 64, 31 }, .front = photo->data, .front_bytes = photo->len
    };
}

static buf fixture(const char *name)
{
    buf b = buf_new(LIMIT_IMAGE_BYTES);
    char path[512];
    err e = { 0 };
    if (!io_join(path, sizeof path, FIXTURES, name) || !io_read(path, &b, &e)) exit((printf("%s\n", e.msg), 1));
    return b;
}

static bool same(const buf *a, const buf *b) { return a->len == b->len && memcmp(a->data, b->data, a->len) == 0; }

static void the_same_photo_gives_the_same_files_on_any_thread_count(void)
{
    buf photo = fixture("capture/mannequin_front.jpg");
    avatar_request q = request(&photo);
    avatar_files first = { 0 }, again = { 0 };
    err e = { 0 };
    avatar_studio *one = open_studio(1), *two = open_studio(2);
    CHECK(avatar_make(one, &q, &first, &e));
    CHECK(avatar_make(two, &q, &again, &e));
    CHECK(first.estimate.mode == 'B');
    CHECK(same(&first.glb, &again.glb) && same(&first.web_glb, &again.web_glb) &&
          same(&first.measurements, &again.measurements));
    CHECK(same(&first.params, &again.params) && same(&first.preview, &again.preview));
    CHECK(first.web_glb.len <= 400000);
    avatar_files_free(&first);
    avatar_files_free(&again);
    avatar_studio_close(one);
    avatar_studio_close(two);
    buf_free(&photo);
}

static void the_files_hold_what_they_promise(void)
{
    avatar_studio *s = open_studio(1);
    avatar_request q = { .sex = SEX_MALE, .answers = { 1.82, 0, 0 } };
    avatar_files f = { 0 };
    err e = { 0 };
    CHECK(avatar_make(s, &q, &f, &e));
    CHECK(f.estimate.mode == 'A');

    glb_model g;
    CHECK(glb_parse(f.glb.data, f.glb.len, &g, &e));
    CHECK(g.joints == BODY_JOINTS && strcmp(g.joint[JOINT_L_KNEE].name, "L_knee") == 0);
    float low = 10, high = 0;
    for (uint32_t v = 0; v < g.mesh[0].vertex_count; v++) {
        low = fminf(low, g.mesh[0].position[v].y);
        high = fmaxf(high, g.mesh[0].position[v].y);
    }
    CHECK_NEAR(low, 0, 1e-6);
    CHECK_NEAR(high, 1.82, 0.01); // standing in an A-pose costs a few millimetres
    glb_model_free(&g);

    npz *z = npz_parse(f.params.data, f.params.len, &e);
    CHECK(z && npz_find(z, "betas") && npz_find(z, "body_pose") && npz_find(z, "global_orient") &&
          npz_find(z, "transl"));
    npz_free(z);

    json_t *report = json_loadb((const char *)f.measurements.data, f.measurements.len, JSON_REJECT_DUPLICATES, NULL);
    const json_t *chest = json_object_get(json_object_get(report, "measurements"), "chest_girth");
    CHECK(json_object_size(json_object_get(report, "measurements")) == TAPE_COUNT);
    CHECK(json_number_value(json_object_get(chest, "lo_cm")) < json_number_value(json_object_get(chest, "value_cm")));
    CHECK_STR(json_string_value(json_object_get(chest, "source")), "prior");
    json_decref(report);

    double value[TAPE_COUNT];
    CHECK(avatar_measure_params(s, f.params.data, f.params.len, value, &e));
    for (int i = 0; i < TAPE_COUNT; i++) CHECK_NEAR(value[i], f.estimate.value[i], 1e-9);
    avatar_files_free(&f);
    avatar_studio_close(s);
}

static void an_avatar_is_corrected_without_its_photo(void)
{
    buf photo = fixture("capture/mannequin_front.jpg");
    avatar_request q = request(&photo);
    avatar_studio *s = open_studio(1);
    avatar_files first = { 0 }, with = { 0 }, without = { 0 }, broken = { 0 };
    err e = { 0 };
    CHECK(avatar_make(s, &q, &first, &e));
    q.tape[TAPE_WAIST_NATURAL_GIRTH] = first.estimate.value[TAPE_WAIST_NATURAL_GIRTH] + 0.03;
    CHECK(avatar_make(s, &q, &with, &e));
    avatar_request later = { .sex = q.sex, .answers = q.answers, .params = first.params.data };
    later.params_bytes = first.params.len;
    memcpy(later.tape, q.tape, sizeof later.tape);
    CHECK(avatar_make(s, &later, &without, &e));
    CHECK(without.estimate.mode == 'B' && same(&with.measurements, &without.measurements));
    CHECK(same(&with.glb, &without.glb));
    later.params = without.params.data, later.params_bytes = without.params.len; // a second time
    CHECK(avatar_make(s, &later, &broken, &e) && same(&with.measurements, &broken.measurements));
    avatar_files_free(&broken);
    later.sex = SEX_MALE;
    CHECK(!avatar_make(s, &later, &broken, &e) && e.code == ERR_INPUT && strstr(e.msg, "not this person's"));
    avatar_files_free(&first);
    avatar_files_free(&with);
    avatar_files_free(&without);
    avatar_studio_close(s);
    buf_free(&photo);
}

static void files_in_which_nobody_stands_are_not_measured(void)
{
    avatar_studio *s = open_studio(1);
    avatar_request q = { .sex = SEX_FEMALE, .answers = { 1.62, 70, 45 } };
    avatar_files f = { 0 };
    err e = { 0 };
    double value[TAPE_COUNT];
    CHECK(avatar_make(s, &q, &f, &e));
    float betas[BODY_MAX_BETAS];
    memcpy(betas, f.estimate.betas, sizeof betas);
    size_t k = (size_t)f.estimate.posterior.betas;
    betas[3] = NAN;
    npz_array changed[] = { { "betas", NPZ_F32, 1, { k }, betas, k }, { "gender", NPZ_TEXT, 0, { 0 }, "female", 6 } };
    buf params = buf_new(MIB), glb = buf_new(LIMIT_GLB_BYTES), web = buf_new(LIMIT_GLB_BYTES);
    CHECK(npz_write(changed, 2, &params, &e) && !avatar_measure_params(s, params.data, params.len, value, &e));
    CHECK(strstr(e.msg, "betas are not a person's"));
    body_model *m = body_load(ASSETS "/open_body.safetensors", SEX_FEMALE, &e);
    for (int what = 0; what < 2; what++) { // a vertex a kilometre away, a head in its neck
        avatar_shape shape = avatar_shape_of(m, f.estimate.betas);
        if (what == 0) shape.position[m->triangle[0]].y = 1000;
        if (what == 1) shape.joint[JOINT_HEAD] = shape.joint[JOINT_NECK];
        glb.len = web.len = 0;
        char path[] = "/tmp/tryon-avatar-XXXXXX";
        CHECK(mkstemp(path) >= 0);
        CHECK(avatar_glb(m, &shape, &glb, &web, &e) && io_write(path, glb.data, glb.len, &e));
        CHECK(!avatar_measure_glb(s, path, value, &e) && strstr(e.msg, "does not stand in it"));
        avatar_shape_free(&shape);
        remove(path);
    }
    body_free(m);
    buf_free(&params);
    buf_free(&glb);
    buf_free(&web);
    avatar_files_free(&f);
    avatar_studio_close(s);
}

static void a_mesh_measures_as_its_parameters_do(void)
{
    avatar_studio *s = open_studio(1);
    avatar_request q = { .sex = SEX_FEMALE, .answers = { 1.62, 70, 45 } };
    avatar_files f = { 0 };
    err e = { 0 };
    double value[TAPE_COUNT];
    char path[] = "/tmp/tryon-avatar-XXXXXX";
    CHECK(mkstemp(path) >= 0);
    CHECK(avatar_make(s, &q, &f, &e) && io_write(path, f.glb.data, f.glb.len, &e));
    CHECK(avatar_measure_glb(s, path, value, &e));
    for (int i = 0; i < TAPE_COUNT; i++)
        CHECK_NEAR(value[i], f.estimate.value[i], 1e-4); // standing on y = 0 rounds differently
    CHECK(io_write(path, f.web_glb.data, f.web_glb.len, &e));
    CHECK(!avatar_measure_glb(s, path, value, &e) && e.code == ERR_INPUT);
    CHECK(io_write(path, "glTF", 4, &e));
    CHECK(!avatar_measure_glb(s, path, value, &e) && e.code == ERR_INPUT);
    remove(path);
    avatar_files_free(&f);
    avatar_studio_close(s);
}

static void what_is_no_photo_of_a_person_is_refused_in_one_sentence(void)
{
    avatar_studio *s = open_studio(1);
    static const char *const names[] = { "images/text.jpg", "images/bomb.png", "images/rgb.png" };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        buf photo = fixture(names[i]);
        avatar_request q = request(&photo);
        avatar_files f = { 0 };
        err e = { 0 };
        CHECK(!avatar_make(s, &q, &f, &e));
        CHECK((e.code == ERR_INPUT || e.code == ERR_LIMIT) && strlen(e.msg) > 20 && !strchr(e.msg, '\n'));
        CHECK(f.glb.data == NULL && f.preview.data == NULL);
        buf_free(&photo);
    }
    avatar_request alone = {
        .sex = SEX_FEMALE, .answers = { 1.7, 0, 0 }, .side = (const uint8_t *)"x", .side_bytes = 1
    };
    avatar_files f = { 0 };
    err e = { 0 };
    CHECK(!avatar_make(s, &alone, &f, &e) && strstr(e.msg, "front photo"));
    avatar_studio_close(s);
}

TEST_MAIN(RUN(the_same_photo_gives_the_same_files_on_any_thread_count); RUN(the_files_hold_what_they_promise);
          RUN(an_avatar_is_corrected_without_its_photo); RUN(files_in_which_nobody_stands_are_not_measured);
          RUN(a_mesh_measures_as_its_parameters_do); RUN(what_is_no_photo_of_a_person_is_refused_in_one_sentence);)
