// An avatar on a body in SMPL's layout (made of the open body): what HMR2.0 is said to have seen is what the estimator
// itself found first, told in HMR2.0's axes, poses and camera.
#include "avatar/avatar.h"
#include "arrays/npz.h"
#include "base/io.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/sandbox.h"
#include "body/stand.h"
#include "smpl_like.h"
#include "test.h"

#include <stdlib.h>
#include <unistd.h>

enum { BETAS = 10, WIDE = 600, TALL = 750 }; // the photo's size
static char folder[] = "/tmp/tryon_smpl_XXXXXX";
static avatar_studio *studio;
static body_model *smpl;
static buf photo;
static hmr2_person person;
static avatar_sight seen = { &person, { 90, 140, 510, 700 }, WIDE, TALL };

static avatar_files made(const avatar_sight *sight)
{
    avatar_request q = {
        .sex = SEX_MALE, .answers = { 1.76, 0, 0 }, .front = photo.data, .front_bytes = photo.len, .seen = sight
    };
    avatar_files f;
    err e = { 0 };
    if (!avatar_make(studio, &q, &f, &e)) exit((printf("%s\n", e.msg), 1));
    return f;
}

// The estimator's account of a photo as HMR2.0 would give it.
static void retell(const estimate_result *r)
{
    mat3 turn[BODY_JOINTS], flip = { { { 1, 0, 0 }, { 0, -1, 0 }, { 0, 0, -1 } } };
    body_stand_turns(smpl, turn);
    memcpy(person.betas, r->betas, sizeof person.betas);
    person.beta_count = BETAS;
    for (int j = 0; j < BODY_JOINTS; j++) {
        mat3 local = m3_from_axis_angle(r->front.pose.rotation[j]);
        mat3 back = m3_transpose(&turn[j ? body_joint_parent[j] : 0]);
        local = m3_mul(&local, &turn[j]);
        person.rotation[j] = j ? m3_mul(&back, &local) : m3_mul(&flip, &local);
    }
    // The root: in SMPL's own coordinates, and where the standing body has it before the camera.
    vec3 root = smpl->joint_template[0], origin = root;
    origin.x = 0; // the plane of symmetry
    for (int k = 0; k < BETAS; k++) root = v3_mad(root, smpl->joint_dirs[k * BODY_JOINTS], r->betas[k]);
    vec3 at = v3_sub(root, origin);
    at = v3_add(v3(at.x, -at.y, -at.z), r->front.camera_shift);
    person.translation[0] = (double)(at.x - root.x);
    person.translation[1] = (double)(at.y - root.y);
    person.translation[2] = (double)(at.z - root.z);
    person.focal = (double)r->front.focal;
}

static void what_hmr2_says_of_somebody_else_is_left_out(void)
{
    person.beta_count = BETAS;
    for (int j = 0; j < BODY_JOINTS; j++) person.rotation[j] = m3_identity();
    person.focal = 5000;
    person.translation[2] = 40;
    avatar_files f = made(&seen);
    CHECK(!f.estimate.hinted && f.estimate.mode == 'B');
    CHECK_NEAR(f.estimate.value[TAPE_HEIGHT], 1.76, 0.004);
    retell(&f.estimate);
    avatar_files_free(&f);
}

static void what_hmr2_says_of_her_is_heard_in_our_axes(void)
{
    avatar_files f = made(&seen);
    CHECK(f.estimate.hinted);
    for (int k = 0; k < BETAS; k++) CHECK_NEAR(f.estimate.betas[k], person.betas[k], 0.25); // it agrees already
    mat3 turn[BODY_JOINTS];
    body_stand_turns(smpl, turn);
    mat3 said[BODY_JOINTS];
    memcpy(said, person.rotation, sizeof said);
    body_stand_pose(turn, said);
    static const int joint[] = { JOINT_L_SHOULDER, JOINT_R_ELBOW, JOINT_L_HIP, JOINT_SPINE2 };
    for (int i = 0; i < 4; i++) {
        mat3 found = m3_from_axis_angle(f.estimate.front.pose.rotation[joint[i]]), back = m3_transpose(&said[joint[i]]);
        mat3 off = m3_mul(&back, &found);
        CHECK_NEAR(v3_len(m3_to_axis_angle(&off)), 0, 0.06); // 0.2 radians is what it is believed to
    }
    avatar_files_free(&f);
}

static void a_larger_picture_says_the_same(void)
{
    // HMR2.0 looked at the photo before it was made smaller.
    avatar_sight twice = seen;
    for (int i = 0; i < 4; i++) twice.box[i] *= 2;
    twice.width *= 2, twice.height *= 2;
    hmr2_person larger = person;
    larger.focal *= 2;
    twice.person = &larger;
    avatar_files a = made(&seen), b = made(&twice);
    CHECK(b.estimate.hinted);
    for (int i = 0; i < TAPE_COUNT; i++) CHECK_NEAR(a.estimate.value[i], b.estimate.value[i], 1e-4); // rounding
    avatar_files_free(&a);
    avatar_files_free(&b);
}

static void its_files_name_the_body_and_are_measured_on_it(void)
{
    avatar_files f = made(&seen);
    double value[TAPE_COUNT];
    err e = { 0 };
    CHECK(avatar_measure_params(studio, f.params.data, f.params.len, value, &e));
    for (int i = 0; i < TAPE_COUNT; i++) CHECK_NEAR(value[i], f.estimate.value[i], 1e-6);
    npz *z = npz_parse(f.params.data, f.params.len, &e);
    const npz_array *model = z ? npz_find(z, "model") : NULL, *id = z ? npz_find(z, "body_id") : NULL;
    CHECK(model && model->count == 4 && memcmp(model->data, "smpl", 4) == 0 && id && id->count == 16);
    npz_free(z);
    avatar_studio_smpl(studio, "/nowhere");
    CHECK(!avatar_measure_params(studio, f.params.data, f.params.len, value, &e) && strstr(e.msg, "--model"));
    avatar_studio_smpl(studio, folder);
    avatar_files_free(&f);
}

static void open_all(void)
{
    err e = { 0 };
    body_model *open = body_load(ASSETS "/open_body.safetensors", SEX_NEUTRAL, &e);
    photo = buf_new(LIMIT_IMAGE_BYTES);
    if (!open || !mkdtemp(folder) || !sandbox_start(&e) ||
        !io_read(SOURCE_ROOT "/tests/fixtures/capture/mannequin_front.jpg", &photo, &e))
        exit((printf("%s: run script/build\n", e.msg), 1));
    smpl_like_write(open, 6890, BETAS, folder);
    body_free(open);
    smpl = body_find_smpl(folder, BETAS, &e);
    studio = avatar_studio_open(ASSETS, 2, &e);
    if (!smpl || !studio) exit((printf("%s\n", e.msg), 1));
    avatar_studio_smpl(studio, folder);
}

static void close_all(void)
{
    char path[64];
    avatar_studio_close(studio);
    body_free(smpl);
    buf_free(&photo);
    snprintf(path, sizeof path, "%s/smpl.safetensors", folder);
    unlink(path);
    rmdir(folder);
}

TEST_MAIN(open_all(); RUN(what_hmr2_says_of_somebody_else_is_left_out); RUN(what_hmr2_says_of_her_is_heard_in_our_axes);
          RUN(a_larger_picture_says_the_same); RUN(its_files_name_the_body_and_are_measured_on_it); close_all();)
