// The tape on shapes whose girths are known: the trunk and the leg of the open body, bent into analytic ones.
#include "base/mem.h"
#include "body/tape.h"
#include "test.h"

#include <stdlib.h>
#include <string.h>

static body_model *m;         // the body
static body_model fine[2];    // the same with every triangle of the trunk, or of the left leg, cut in sixteen
static uint32_t *fine_ids[2]; // of the part that was cut
static tape *t, *fine_tape[2];
enum { TRUNK, LEG };
static const body_part cut_part[2] = { PART_TORSO, PART_L_LEG };

// Cuts the triangles of a part in four. Each gets corners of its own: sections look at one triangle at a time.
static uint32_t *cut(body_model *b, body_part part)
{
    uint32_t n = b->part[part].count, *ids = mem_array(uint32_t, 4 * (size_t)n);
    b->template_position = mem_grow(b->template_position, b->vertices + 3 * (size_t)n, sizeof *b->template_position);
    b->triangle = mem_grow(b->triangle, 3 * (b->triangles + 3 * (size_t)n), sizeof *b->triangle);
    for (uint32_t i = 0; i < n; i++) {
        uint32_t id = b->part[part].id[i], *v = b->triangle + 3 * (size_t)id, a[3] = { v[0], v[1], v[2] }, mid[3];
        for (uint32_t k = 0; k < 3; k++) {
            mid[k] = b->vertices++;
            b->template_position[mid[k]] =
                v3_lerp(b->template_position[a[k]], b->template_position[a[(k + 1) % 3]], 0.5f);
        }
        memcpy(v, mid, sizeof mid);
        ids[4 * i] = id;
        for (uint32_t k = 0; k < 3; k++) {
            uint32_t corner[3] = { a[k], mid[k], mid[(k + 2) % 3] };
            memcpy(b->triangle + 3 * (size_t)b->triangles, corner, sizeof corner);
            ids[4 * i + k + 1] = b->triangles++;
        }
    }
    return ids;
}

static void load(void)
{
    err e = { 0 };
    m = body_load(ASSETS "/open_body.safetensors", SEX_FEMALE, &e);
    if (!m) exit((printf("%s: run script/build\n", e.msg), 1));
    t = tape_new(m);
    for (int k = 0; k < 2; k++) {
        body_model *f = &fine[k];
        *f = *m;
        f->template_position = mem_array(vec3, m->vertices);
        memcpy(f->template_position, m->template_position, m->vertices * sizeof *m->template_position);
        f->triangle = mem_array(uint32_t, 3 * (size_t)m->triangles);
        memcpy(f->triangle, m->triangle, 3 * (size_t)m->triangles * sizeof *m->triangle);
        for (int round = 0; round < 2; round++) {
            uint32_t *ids = cut(f, cut_part[k]);
            mem_free(fine_ids[k]);
            fine_ids[k] = ids;
            f->part[cut_part[k]] = (body_ids){ ids, 4 * f->part[cut_part[k]].count };
        }
        fine_tape[k] = tape_new(f);
    }
}

// Half axes of the section at a height: x and z.
typedef struct {
    double x, z;
} ellipse;

static ellipse cylinder(double y) { return (void)y, (ellipse){ 0.15, 0.15 }; }
static ellipse cone(double y) { return (ellipse){ 0.16 - 0.1 * y, 0.16 - 0.1 * y }; }
static ellipse oval(double y) { return (void)y, (ellipse){ 0.17, 0.11 }; }
static ellipse ellipsoid(double y)
{
    double s = sqrt(1 - y * y / (0.9 * 0.9)); // of half height 0.9 m about the pelvis
    return (ellipse){ 0.19 * s, 0.13 * s };
}

// Perimeter by summing a fine polygon: exact to 1e-7.
static double around(ellipse e)
{
    enum { N = 20000 };
    double sum = 0, last_x = e.x, last_z = 0;
    for (int i = 1; i <= N; i++) {
        double a = 6.283185307179586 * i / N, x = e.x * cos(a), z = e.z * sin(a);
        sum += hypot(x - last_x, z - last_z);
        last_x = x, last_z = z;
    }
    return sum;
}

// Every vertex of the part keeps its height and its direction from the axis through (x0, z0).
static void bend(vec3 *p, int k, double x0, double z0, ellipse (*shape)(double))
{
    const body_model *f = &fine[k];
    const body_ids *ids = &f->part[cut_part[k]];
    uint8_t *done = mem_array(uint8_t, f->vertices);
    for (uint32_t i = 0; i < ids->count; i++)
        for (uint32_t c = 0; c < 3; c++) {
            uint32_t v = f->triangle[3 * ids->id[i] + c];
            if (done[v]) continue;
            done[v] = 1;
            double a = atan2((double)p[v].z - z0, (double)p[v].x - x0);
            ellipse e = shape((double)p[v].y);
            p[v].x = (float)(x0 + e.x * cos(a));
            p[v].z = (float)(z0 + e.z * sin(a));
        }
    mem_free(done);
}

static double level(const vec3 *p, body_mark a, body_mark b)
{
    return ((double)p[m->mark[a].id[0]].y + (double)p[m->mark[b].id[0]].y) / 2;
}

static double buttock_level(const vec3 *p)
{
    const body_ids *seat = &m->mark[MARK_BUTTOCK];
    uint32_t best = seat->id[0];
    for (uint32_t i = 1; i < seat->count; i++)
        if (p[seat->id[i]].z < p[best].z) best = seat->id[i];
    return (double)p[best].y;
}

static const double SHARE = 0.001; // the promise; the polygon of 160 corners around is 0.007 % too short itself

static vec3 *mean_body(int k, vec3 *joints)
{
    vec3 *p = mem_array(vec3, fine[k].vertices);
    memcpy(p, fine[k].template_position, fine[k].vertices * sizeof *p);
    memcpy(joints, m->joint_template, BODY_JOINTS * sizeof *joints);
    return p;
}

static void trunk(const char *name, ellipse (*shape)(double))
{
    vec3 joints[BODY_JOINTS], *p = mean_body(TRUNK, joints);
    double out[TAPE_COUNT];
    bend(p, TRUNK, 0, (double)joints[JOINT_SPINE2].z, shape);
    tape_read(fine_tape[TRUNK], p, joints, out);
    const struct {
        tape_measure k;
        double y;
    } at[] = { { TAPE_CHEST_GIRTH, level(p, MARK_BUST_L, MARK_BUST_R) },
               { TAPE_UNDERBUST_GIRTH, level(p, MARK_UNDERBUST_L, MARK_UNDERBUST_R) },
               { TAPE_WAIST_OMPHALION_GIRTH, level(p, MARK_NAVEL, MARK_NAVEL) },
               { TAPE_HIP_GIRTH, buttock_level(p) } };
    for (size_t i = 0; i < sizeof at / sizeof *at; i++) {
        double want = around(shape(at[i].y));
        printf("     %s, %s: %.2f cm, %+.3f %%\n", name, tape_name[at[i].k], 100 * out[at[i].k],
               100 * (out[at[i].k] / want - 1));
        CHECK_NEAR(out[at[i].k] / want, 1, SHARE);
    }
    mem_free(p);
}

static void a_cylinders_girth_is_its_circumference(void) { trunk("cylinder", cylinder); }
static void a_cones_girth_is_that_of_its_level(void) { trunk("cone", cone); }
static void an_oval_trunk_is_measured_around(void) { trunk("oval", oval); }
static void an_ellipsoid_trunk_is_measured_around(void) { trunk("ellipsoid", ellipsoid); }

static ellipse thick(double y) { return (void)y, (ellipse){ 0.06, 0.06 }; }

// The leg's bone is slanted and its planes lie across it, so that the joints are put upright over each other first.
static void an_upright_leg_is_measured_across_its_bone(void)
{
    vec3 joints[BODY_JOINTS], *p = mean_body(LEG, joints);
    double out[TAPE_COUNT];
    double x = (double)joints[JOINT_L_KNEE].x, z = (double)joints[JOINT_L_KNEE].z;
    static const int leg[] = { JOINT_L_HIP, JOINT_L_ANKLE };
    for (int i = 0; i < 2; i++) joints[leg[i]] = v3((float)x, joints[leg[i]].y, (float)z);
    bend(p, LEG, x, z, thick);
    tape_read(fine_tape[LEG], p, joints, out);
    static const tape_measure k[] = { TAPE_KNEE_GIRTH, TAPE_CALF_GIRTH };
    for (int i = 0; i < 2; i++) {
        double want = around(thick(0));
        printf("     %s: %+.3f %%\n", tape_name[k[i]], 100 * (out[k[i]] / want - 1));
        CHECK_NEAR(out[k[i]] / want, 1, SHARE);
    }
    mem_free(p);
}

// Every joint but those a measurement is about, turned by up to 20 degrees.
static void measurements_do_not_change_when_other_joints_move(void)
{
    static const struct {
        int joint;
        vec3 turn;
        tape_measure not_changed[6];
        int count;
    } moves[] = {
        { JOINT_R_SHOULDER,
          { 0, 0.35f, 0.2f },
          { TAPE_WAIST_NATURAL_GIRTH, TAPE_HIP_GIRTH, TAPE_THIGH_GIRTH, TAPE_UPPER_ARM_GIRTH, TAPE_INSEAM,
            TAPE_WAIST_OMPHALION_GIRTH },
          6 },
        { JOINT_R_ELBOW,
          { 0, 0.35f, 0 },
          { TAPE_CHEST_GIRTH, TAPE_WAIST_NATURAL_GIRTH, TAPE_HIP_GIRTH, TAPE_SHOULDER_BREADTH, TAPE_NECK_GIRTH,
            TAPE_UPPER_ARM_GIRTH },
          6 },
        { JOINT_HEAD,
          { 0, 0.35f, 0 },
          { TAPE_CHEST_GIRTH, TAPE_WAIST_NATURAL_GIRTH, TAPE_HIP_GIRTH, TAPE_SHOULDER_BREADTH, TAPE_ARM_LENGTH,
            TAPE_INSEAM },
          6 },
        { JOINT_R_KNEE,
          { 0.35f, 0, 0 },
          { TAPE_CHEST_GIRTH, TAPE_WAIST_NATURAL_GIRTH, TAPE_HIP_GIRTH, TAPE_THIGH_GIRTH, TAPE_KNEE_GIRTH,
            TAPE_CALF_GIRTH },
          6 },
        { JOINT_L_WRIST,
          { 0.2f, 0, 0.3f },
          { TAPE_CHEST_GIRTH, TAPE_HIP_GIRTH, TAPE_UPPER_ARM_GIRTH, TAPE_ARM_LENGTH, TAPE_SHOULDER_TO_WRIST,
            TAPE_SHOULDER_BREADTH },
          6 },
    };
    vec3 *a = mem_array(vec3, m->vertices), *b = mem_array(vec3, m->vertices), joints[BODY_JOINTS], posed[BODY_JOINTS];
    float betas[BODY_MAX_BETAS] = { 0.7f, -0.5f };
    double still[TAPE_COUNT], out[TAPE_COUNT];
    rigid world[BODY_JOINTS];
    body_shape(m, betas, a, joints);
    tape_read(t, a, joints, still);
    for (size_t i = 0; i < sizeof moves / sizeof *moves; i++) {
        body_pose pose = { 0 };
        pose.rotation[moves[i].joint] = moves[i].turn;
        body_joint_transforms(joints, &pose, world);
        body_skin(m, a, world, b);
        for (int j = 0; j < BODY_JOINTS; j++) posed[j] = rigid_apply(&world[j], joints[j]);
        tape_read(t, b, posed, out);
        for (int k = 0; k < moves[i].count; k++)
            CHECK_NEAR(out[moves[i].not_changed[k]], still[moves[i].not_changed[k]], 0.002); // the promise: 2 mm
    }
    mem_free(a);
    mem_free(b);
}

static void release(void)
{
    tape_free(t);
    for (int k = 0; k < 2; k++) {
        tape_free(fine_tape[k]);
        mem_free(fine[k].template_position);
        mem_free(fine[k].triangle);
        mem_free(fine_ids[k]);
    }
    body_free(m);
}

TEST_MAIN(load(); RUN(a_cylinders_girth_is_its_circumference); RUN(a_cones_girth_is_that_of_its_level);
          RUN(an_oval_trunk_is_measured_around); RUN(an_ellipsoid_trunk_is_measured_around);
          RUN(an_upright_leg_is_measured_across_its_bone); RUN(measurements_do_not_change_when_other_joints_move);
          release();)
