#include "testworld/trial.h"
#include "base/io.h"
#include "base/limits.h"
#include "base/mem.h"
#include "capture/looseness.h"
#include "estimate/fit.h"
#include "garment/fit.h"
#include "image/decode.h"
#include "image/encode.h"

#include <malloc.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

const char *const trial_landmark_name[TIED / 2] = { "shoulder", "elbow", "wrist", "hip", "knee", "ankle" };

// --- what was seen, kept between runs: a kept_look, a bit a pixel of the mask, the soft mask as PNG ---

typedef struct {
    capture_landmark at[CAPTURE_LANDMARKS];
    float world[CAPTURE_LANDMARKS][3];
    uint32_t width, height, left, top, right, bottom, verdict;
    int32_t people;
    float facing_deg, score, looseness;
} kept_look;

static bool read_soft_mask(const uint8_t *png, size_t n, image *out, err *e)
{
    image rgb = { 0 };
    if (!image_decode_unguarded(png, n, 0, &rgb, NULL, e)) return false;
    *out = image_new(rgb.width, rgb.height, 1);
    for (size_t i = 0; i < (size_t)rgb.width * rgb.height; i++) out->px[i] = rgb.px[3 * i];
    image_free(&rgb);
    return true;
}

static bool read_look(const char *path, capture_evidence *out, err *e)
{
    buf b = buf_new(16 * MIB);
    kept_look k;
    bool ok = io_read(path, &b, e);
    if (ok && b.len < sizeof k) ok = fail(e, ERR_INPUT, "%s is too short: empty the cache", path);
    if (ok) memcpy(&k, b.data, sizeof k);
    size_t pixels = ok ? (size_t)k.width * k.height : 0, bits = (pixels + 7) / 8;
    if (ok && (k.width > 4096 || k.height > 4096 || b.len < sizeof k + bits)) {
        ok = fail(e, ERR_INPUT, "%s is too short: empty the cache", path);
    }
    image soft = { 0 };
    ok = ok && read_soft_mask(b.data + sizeof k + bits, b.len - sizeof k - bits, &soft, e);
    if (ok && (soft.width != k.width || soft.height != k.height)) {
        image_free(&soft);
        ok = fail(e, ERR_INPUT, "%s has masks of two sizes: empty the cache", path);
    }
    if (ok) {
        *out = (capture_evidence){ .score = k.score,
                                   .people = k.people,
                                   .facing_deg = k.facing_deg,
                                   .verdict = k.verdict,
                                   .looseness = k.looseness,
                                   .left = k.left,
                                   .top = k.top,
                                   .right = k.right,
                                   .bottom = k.bottom,
                                   .mask = image_new(k.width, k.height, 1),
                                   .soft_mask = soft };
        memcpy(out->at, k.at, sizeof k.at);
        memcpy(out->world, k.world, sizeof k.world);
        for (size_t i = 0; i < pixels; i++) out->mask.px[i] = b.data[sizeof k + i / 8] >> i % 8 & 1 ? 255 : 0;
    }
    buf_free(&b);
    return ok;
}

static bool write_look(const char *path, const capture_evidence *ev, err *e)
{
    kept_look k = { .width = ev->mask.width,
                    .height = ev->mask.height,
                    .left = ev->left,
                    .top = ev->top,
                    .right = ev->right,
                    .bottom = ev->bottom,
                    .verdict = ev->verdict,
                    .people = ev->people,
                    .facing_deg = ev->facing_deg,
                    .score = ev->score,
                    .looseness = ev->looseness };
    memcpy(k.at, ev->at, sizeof k.at);
    memcpy(k.world, ev->world, sizeof k.world);
    size_t pixels = (size_t)k.width * k.height, bits = (pixels + 7) / 8;
    uint8_t *mask = mem_new(bits, 1);
    for (size_t i = 0; i < pixels; i++)
        if (ev->mask.px[i]) mask[i / 8] |= (uint8_t)(1u << i % 8);
    buf b = buf_new(16 * MIB), png = buf_new(8 * MIB);
    bool ok = image_encode_png(&ev->soft_mask, &png, e) && buf_append(&b, &k, sizeof k) && buf_append(&b, mask, bits) &&
              buf_append(&b, png.data, png.len) && io_write(path, b.data, b.len, e);
    buf_free(&png);
    buf_free(&b);
    mem_free(mask);
    return ok;
}

bool trial_cache(const char *cache, err *e)
{
    char photos[4096], looks[4096];
    return (io_join(photos, sizeof photos, cache, "photos") && io_join(looks, sizeof looks, cache, "looks"))
               ? io_make_dirs(photos, e) && io_make_dirs(looks, e)
               : fail(e, ERR_INPUT, "the path of the cache is too long");
}

void trial_keep_memory(void)
{
    const int gigabyte = 1 << 30;
    // One arena: those of other threads take large pieces from the kernel all the same.
    mallopt(M_ARENA_MAX, 1);
    mallopt(M_MMAP_THRESHOLD, gigabyte);
    mallopt(M_TRIM_THRESHOLD, gigabyte);
}

// --- one photo ---

typedef struct {
    photo_stance stance;
    photo_camera camera;
    capture_evidence evidence;
} shot;

static void shot_free(shot *s)
{
    photo_stance_free(&s->stance);
    capture_evidence_free(&s->evidence);
}

// The cache's file of one photo; "" without a cache.
static void cache_path(const trial_lab *lab, const char *folder, const char *name, char *path, size_t size)
{
    path[0] = 0;
    if (lab->cache) snprintf(path, size, "%s/%s/%s", lab->cache, folder, name);
}

static void photo_name(uint64_t seed, int index, int view, char *name, size_t size)
{
    snprintf(name, size, "%llu-%d-%c", (unsigned long long)seed, index, view ? 's' : 'f');
}

// Whether both photos of a person are in the cache.
static bool photos_kept(const trial_lab *lab, uint64_t seed, int index)
{
    char name[64], path[4096];
    for (int v = 0; v < 2; v++) {
        photo_name(seed, index, v, name, sizeof name);
        cache_path(lab, "photos", name, path, sizeof path);
        if (!io_exists(path)) return false;
    }
    return true;
}

// A photo as it arrives, compressed; kept in the cache when there is one.
static bool arrive(const trial_lab *lab, const person *p, const outfit *o, rng *r, const char *name, shot *s, buf *jpeg,
                   err *e)
{
    char path[4096];
    cache_path(lab, "photos", name, path, sizeof path);
    if (lab->cache && io_exists(path)) return lab->only_photos || io_read(path, jpeg, e);
    if (!photo_dress(&s->stance, p, o, e)) return false;
    image photo = photo_take(lab->wardrobe, p, o, &s->stance, &s->camera, r);
    bool ok = image_encode_jpeg(&photo, 70 + (int)rng_below(r, 25), jpeg, e);
    image_free(&photo);
    return ok && (!lab->cache || io_write(path, jpeg->data, jpeg->len, e));
}

bool trial_shrink(const image *photo, double size, image *out, err *e)
{
    image small = image_resize(photo, (uint32_t)(photo->width * size + 0.5), (uint32_t)(photo->height * size + 0.5));
    buf jpeg = buf_new(LIMIT_IMAGE_BYTES);
    bool ok = image_encode_jpeg(&small, 60, &jpeg, e) && image_decode_unguarded(jpeg.data, jpeg.len, 0, out, NULL, e);
    image_free(&small);
    buf_free(&jpeg);
    return ok;
}

// What arrives of a photo, decoded.
static bool unpack(const trial_lab *lab, const buf *jpeg, image *out, err *e)
{
    if (!image_decode_unguarded(jpeg->data, jpeg->len, 0, out, NULL, e)) return false;
    if (!lab->halved) return true;
    image whole = *out;
    bool ok = trial_shrink(&whole, 0.5, out, e);
    image_free(&whole);
    return ok;
}

// Looks outlive a new training of what tells loose clothes: that is judged again.
static void judge_clothes(capture_evidence *ev)
{
    ev->looseness = loose_judge_photo(ev);
    ev->verdict &= ~(unsigned)VERDICT_LOOSE_CLOTHES;
    if (ev->looseness > LOOSE_ENOUGH) ev->verdict |= VERDICT_LOOSE_CLOTHES;
}

static const trial_sources all_sources = { true, true, true, true, true, true, true, true };

// Landmarks from the geometry lie where the networks' lie on the average: the estimator expects them there.
static void perfect_landmarks(const shot *s, capture_view view, const capture_evidence *perfect, capture_landmark *at)
{
    memcpy(at, perfect->at, sizeof perfect->at);
    bool right = perfect->at[LM_NOSE].x > (perfect->at[LM_LEFT_EAR].x + perfect->at[LM_RIGHT_EAR].x) / 2;
    for (int i = 0; i < TIED; i++) {
        vec3 joint = rigid_apply(&s->camera.camera.world_to_camera, s->stance.joints[tied[i].joint]);
        float pixels = s->camera.camera.focal / joint.z;
        landmark_place off = tied_place(i, view, right);
        at[tied[i].landmark].x += off.x * pixels;
        at[tied[i].landmark].y += off.y * pixels;
    }
}

// What the networks see, or saw when the cache knows it.
static bool real_look(const trial_lab *lab, const person *p, const outfit *o, capture_view view, rng *r,
                      const char *name, shot *out, err *e)
{
    char path[4096], look[80];
    snprintf(look, sizeof look, "%s%s", name, lab->halved ? "-half" : "");
    cache_path(lab, "looks", look, path, sizeof path);
    if (lab->cache && !lab->only_photos && io_exists(path)) {
        if (!read_look(path, &out->evidence, e)) return false;
        if (view == VIEW_FRONT && !(out->evidence.verdict & VERDICT_REFUSED)) judge_clothes(&out->evidence);
        return true;
    }
    buf jpeg = buf_new(LIMIT_IMAGE_BYTES);
    image photo = { 0 };
    bool ok = arrive(lab, p, o, r, name, out, &jpeg, e);
    if (ok && !lab->only_photos) {
        ok = unpack(lab, &jpeg, &photo, e) && capture_examine(lab->camera, &photo, view, &out->evidence, e);
        ok = ok && (!lab->cache || write_look(path, &out->evidence, e));
    }
    image_free(&photo);
    buf_free(&jpeg);
    return ok;
}

bool trial_front(const trial_lab *lab, uint64_t seed, int index, capture_evidence *out, err *e)
{
    char name[64], path[4096];
    photo_name(seed, index, 0, name, sizeof name);
    cache_path(lab, "photos", name, path, sizeof path);
    if (!io_exists(path)) return fail(e, ERR_NOT_FOUND, "%s is not there: prepare the photos first", path);
    shot s = { 0 };
    bool ok = real_look(lab, NULL, NULL, VIEW_FRONT, NULL, name, &s, e);
    *out = s.evidence;
    return ok;
}

static bool look_at(const trial_lab *lab, const person *p, const outfit *o, capture_view view, rng *r, float bend,
                    const char *name, shot *out, err *e)
{
    const trial_sources *from = lab->sources ? lab->sources : &all_sources;
    float yaw = (float)(0.06 * rng_normal(r)) * (float)from->pose;
    if (view == VIEW_SIDE) yaw += rng_uniform(r) < 0.5 ? 1.5708f : -1.5708f;
    body_pose pose = person_stand(r, yaw, from->pose);
    out->stance = photo_pose(p, &pose);
    out->camera = photo_aim(r, p, TRIAL_WIDTH, TRIAL_HEIGHT);
    out->camera.bend = from->lens ? bend : 0;
    bool networks = lab->only_photos || (lab->camera && (from->judged || from->landmarks || from->mask));
    if (networks && !real_look(lab, p, o, view, r, name, out, e)) return false;
    if (networks && from->judged && from->landmarks && from->mask) return true;
    capture_evidence perfect;
    if (from->clothes && !photo_dress(&out->stance, p, o, e)) return false;
    photo_perfect(lab->wardrobe, p, from->clothes ? o : NULL, &out->stance, &out->camera, &perfect);
    perfect_landmarks(out, view, &perfect, perfect.at);
    if (o->kind == OUTFIT_LOOSE && from->clothes) perfect.verdict = VERDICT_LOOSE_CLOTHES, perfect.looseness = 1;
    if (networks) { // some of it is the networks'
        if (from->judged) {
            perfect.verdict = out->evidence.verdict;
            perfect.looseness = out->evidence.looseness;
        }
        if (from->landmarks) {
            memcpy(perfect.at, out->evidence.at, sizeof perfect.at);
            memcpy(perfect.world, out->evidence.world, sizeof perfect.world);
        }
        if (from->mask) {
            image mask = perfect.mask;
            perfect.mask = out->evidence.mask;
            out->evidence.mask = mask;
            perfect.soft_mask = out->evidence.soft_mask;
            out->evidence.soft_mask = (image){ 0 };
            perfect.left = out->evidence.left, perfect.right = out->evidence.right;
            perfect.top = out->evidence.top, perfect.bottom = out->evidence.bottom;
        }
        capture_evidence_free(&out->evidence);
    }
    out->evidence = perfect;
    return true;
}

// --- the look against the truth ---

static vec2 project(const photo_camera *c, vec3 p, float *z)
{
    vec3 q = rigid_apply(&c->camera.world_to_camera, p);
    *z = q.z;
    return photo_bend(c,
                      (vec2){ c->camera.cx + c->camera.focal * q.x / q.z, c->camera.cy + c->camera.focal * q.y / q.z });
}

static void study_landmarks(const shot *s, capture_view view, trial_look *out)
{
    float z;
    vec2 ankle = project(&s->camera, s->stance.joints[JOINT_L_ANKLE], &z),
         toe = project(&s->camera, s->stance.joints[JOINT_L_FOOT], &z);
    for (int i = 0; i < TIED; i++) {
        const capture_landmark *lm = &s->evidence.at[tied[i].landmark];
        vec2 at = project(&s->camera, s->stance.joints[tied[i].joint], &z);
        float metre = z / s->camera.camera.focal, right = (lm->x - at.x) * metre;
        bool flip = view == VIEW_SIDE ? toe.x < ankle.x : i % 2 == 1; // her left is on the picture's right
        out->landmark[i][0] = flip ? -right : right;
        out->landmark[i][1] = (lm->y - at.y) * metre;
    }
}

static void study_outline(const person *p, const shot *s, trial_look *out)
{
    const capture_evidence *ev = &s->evidence;
    const body_model *m = p->model;
    contour *c = contour_new(m);
    vec2 *pixel = mem_array(vec2, m->vertices);
    float *depth = mem_array(float, m->vertices);
    contour_point *point = mem_array(contour_point, contour_most(c));
    for (uint32_t v = 0; v < m->vertices; v++) pixel[v] = project(&s->camera, s->stance.body[v], &depth[v]);
    distance_field *d = distance_new(&ev->mask, (distance_window){ ev->left, ev->top, ev->right, ev->bottom, 1 });
    int n = contour_find(c, pixel, depth, 0, 0, (float)ev->mask.width, (float)ev->mask.height, point);
    vec2 joint[BODY_JOINTS];
    float z;
    for (int j = 0; j < BODY_JOINTS; j++) joint[j] = project(&s->camera, s->stance.joints[j], &z);
    for (int pass = 0; pass < 2; pass++) {
        float length[TRIAL_REGIONS] = { 0 }, sum[TRIAL_REGIONS] = { 0 };
        for (int i = 0; i < n; i++) {
            uint32_t v = contour_nearest(&point[i]);
            vec2 at = contour_at(&point[i], pixel);
            int region = view_cloth_region(m->label[v]);
            float gx, gy, metre = depth[v] / s->camera.camera.focal, here = point[i].length * metre;
            if (region < 0) continue;
            bool arm = region == CLOTH_UPPER_ARMS || region == CLOTH_FOREARMS;
            if (!arm && view_arm_distance(joint, at) * metre < 0.075f) continue;
            float gap = -distance_at(d, at.x, at.y, &gx, &gy) * metre;
            if (fabsf(gap) > 0.08f) continue; // it would not be believed
            float off = gap - out->gap[region];
            sum[region] += (pass ? off * off : gap) * here;
            length[region] += here;
        }
        for (int k = 0; k < TRIAL_REGIONS; k++) {
            out->length[k] = length[k];
            if (length[k] <= 0) continue;
            if (pass == 0)
                out->gap[k] = sum[k] / length[k];
            else
                out->spread[k] = sqrtf(sum[k] / length[k]);
        }
    }
    contour_free(c);
    distance_free(d);
    mem_free(pixel);
    mem_free(depth);
    mem_free(point);
}

float trial_sureness(const capture_evidence *ev)
{
    static const int at[] = { LM_LEFT_SHOULDER, LM_RIGHT_SHOULDER, LM_LEFT_HIP,   LM_RIGHT_HIP,
                              LM_LEFT_KNEE,     LM_RIGHT_KNEE,     LM_LEFT_ANKLE, LM_RIGHT_ANKLE };
    float sum = 0;
    for (int i = 0; i < 8; i++) sum += ev->at[at[i]].visibility * ev->at[at[i]].presence;
    return sum / 8;
}

float trial_iou(const image *a, const image *b)
{
    size_t both = 0, either = 0, count = (size_t)a->width * a->height;
    for (size_t i = 0; i < count; i++) {
        bool p = a->px[i * a->channels] > 127, q = b->px[i * b->channels] > 127;
        both += p && q;
        either += p || q;
    }
    return either ? (float)((double)both / (double)either) : 0;
}

static bool study(const trial_lab *lab, const person *p, const outfit *o, shot *s, capture_view view, trial_look *out,
                  err *e)
{
    capture_evidence perfect;
    if (!photo_dress(&s->stance, p, o, e)) return false;
    photo_perfect(lab->wardrobe, p, o, &s->stance, &s->camera, &perfect);
    out->iou = trial_iou(&s->evidence.mask, &perfect.mask);
    capture_evidence_free(&perfect);
    study_landmarks(s, view, out);
    study_outline(p, s, out);
    return true;
}

// --- the trial ---

static double processor_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void correlate(tape *measure, const estimate_result *r, trial_result *out)
{
    fit_body *b = mem_new(1, sizeof *b);
    double value[TAPE_COUNT], *slope = mem_array(double, TAPE_COUNT *BODY_MAX_BETAS);
    tape_jacobian(measure, r->betas, value, slope);
    fit_body_correlate(b, slope, r->posterior.covariance, r->posterior.betas);
    for (int i = 0; i < TAPE_COUNT * TAPE_COUNT; i++) out->correlation[i] = (float)b->correlation[i];
    mem_free(slope);
    mem_free(b);
}

// As somebody of that sex, or neutral.
static bool estimate(const trial_lab *lab, body_sex sex, const person *p, const shot *front, const shot *side,
                     bool focal_known, trial_result result[TRIAL_MODES][2], err *e)
{
    const body_model *model = lab->model[sex];
    tape *measure = lab->tape[sex];
    for (int weighed = 0; weighed < 2; weighed++) {
        body_gaussian prior;
        survey_answers answers = p->answers;
        if (!weighed) answers.weight = 0;
        body_prior_given(model, measure, &answers, estimate_height_sd, &prior);
        for (int mode = 0; mode < TRIAL_MODES; mode++) {
            if ((mode > 0 && !front) || (mode > 1 && !side)) continue;
            estimate_input in = { .answers = answers };
            if (mode > 0) in.front = &front->evidence;
            if (mode > 1) in.side = &side->evidence;
            if (mode > 0 && focal_known) in.front_focal_35mm = front->camera.focal_35mm;
            if (mode > 1 && focal_known) in.side_focal_35mm = side->camera.focal_35mm;
            estimate_result *r = mem_new(1, sizeof *r);
            trial_result *out = &result[mode][weighed];
            if (lab->keep_seen) out->seen = mem_new(1, sizeof *out->seen);
            estimate_stages stages = { &prior, lab->raw, out->seen };
            double from = processor_ms();
            out->made = estimate_by_stages(model, measure, &in, &stages, r, e);
            out->ms = processor_ms() - from;
            memcpy(out->value, r->value, sizeof r->value);
            memcpy(out->sd, r->sd, sizeof r->sd);
            if (out->made && weighed && !lab->keep_seen) correlate(measure, r, out);
            mem_free(r);
            if (!out->made) return false;
        }
    }
    return true;
}

rng trial_stream(uint64_t seed, int index, uint64_t which)
{
    return rng_new(seed * 1000003u + (uint64_t)index * 16 + which);
}

static outfit_kind draw_clothes(rng *dress)
{
    double kind = rng_uniform(dress);
    return kind < 0.15 ? OUTFIT_TIGHT : kind < 0.7 ? OUTFIT_FITTED : OUTFIT_LOOSE;
}

outfit_kind trial_clothes(uint64_t seed, int index)
{
    rng dress = trial_stream(seed, index, 1);
    return draw_clothes(&dress);
}

// How she stood in the front photo.
static void note_stance(const shot *s, trial *t)
{
    const float degrees = 57.29578f;
    const vec3 *j = s->stance.joints;
    vec3 hips = v3_sub(j[JOINT_L_HIP], j[JOINT_R_HIP]);
    t->turned = fabsf(atan2f(-hips.z, hips.x)) * degrees;
    t->lean = fabsf(atan2f(hips.y, hypotf(hips.x, hips.z))) * degrees;
    t->eye = s->camera.eye_height;
    t->distance = s->camera.distance;
}

person *trial_person(const trial_lab *lab, uint64_t seed, int index)
{
    const trial_sources *from = lab->sources ? lab->sources : &all_sources;
    int sex = index % 2;
    rng body = trial_stream(seed, index, 0);
    survey_answers real = person_somebody(&body, (body_sex)sex);
    person *p = person_new(lab->wardrobe, lab->model[sex], lab->tape[sex], &body, &real, from->detail ? 0.003 : 0);
    if (!from->answers) p->answers = p->real;
    return p;
}

bool trial_run(const trial_lab *lab, uint64_t seed, int index, trial *t, err *e)
{
    const trial_sources *from = lab->sources ? lab->sources : &all_sources;
    memset(t, 0, sizeof *t);
    t->sex = (body_sex)(index % 2);
    if (lab->only_photos && photos_kept(lab, seed, index)) return true;
    rng dress = trial_stream(seed, index, 1);
    person *p = trial_person(lab, seed, index);
    memcpy(t->truth, p->truth, sizeof p->truth);
    t->bmi = p->real.weight / (p->real.height * p->real.height);
    t->clothes = draw_clothes(&dress);
    t->exif = rng_uniform(&dress) < 0.6 || !from->lens;
    if (lab->only_answers) {
        bool told = estimate(lab, t->sex, p, NULL, NULL, t->exif, t->result, e);
        person_free(p);
        return told;
    }
    outfit o = outfit_any(p, &dress, t->clothes);
    t->draped = o.tailor != NULL;
    shot shots[2] = { 0 };
    bool ok = true;
    for (int v = 0; ok && v < 2; v++) {
        rng r = trial_stream(seed, index, 2 + (uint64_t)v), lens = trial_stream(seed, index, 4 + (uint64_t)v);
        // Phones straighten their pictures; about a hundredth is left in the corners, either way.
        float bend = (float)rng_between(&lens, -0.012, 0.012);
        char name[64];
        photo_name(seed, index, v, name, sizeof name);
        ok = look_at(lab, p, &o, v ? VIEW_SIDE : VIEW_FRONT, &r, bend, name, &shots[v], e);
        if (!ok || lab->only_photos) continue;
        if (v == 0) {
            t->verdict = shots[0].evidence.verdict;
            note_stance(&shots[0], t);
        } else {
            t->side_verdict = shots[1].evidence.verdict;
        }
        if (shots[v].evidence.verdict & VERDICT_REFUSED) continue;
        t->look[v].seen = true;
        t->look[v].sure = trial_sureness(&shots[v].evidence);
        ok = !lab->study || study(lab, p, &o, &shots[v], (capture_view)v, &t->look[v], e);
        t->look[v].loose = shots[0].evidence.verdict & VERDICT_LOOSE_CLOTHES; // only the front tells
    }
    t->refused = ok && !t->look[0].seen;
    const shot *front = t->look[0].seen ? &shots[0] : NULL, *side = t->look[1].seen ? &shots[1] : NULL;
    if (ok && !lab->only_photos)
        ok = estimate(lab, t->sex, p, front, side, t->exif, t->result, e) &&
             (!lab->model[SEX_NEUTRAL] || estimate(lab, SEX_NEUTRAL, p, front, side, t->exif, t->untold, e));
    for (int v = 0; v < 2; v++) shot_free(&shots[v]);
    outfit_free(&o);
    person_free(p);
    return ok;
}
