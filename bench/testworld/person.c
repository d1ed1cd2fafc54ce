#include "testworld/person.h"
#include "base/mem.h"
#include "math/linalg.h"

#include <string.h>

enum { K = BODY_MAX_BETAS, BUMPS = 14 };

// Moments of ANSUR II (US Army 2012, public release) by sex: height in metres, logarithm of the weight in kilograms,
// logarithm of the age less 16 years; correlations of height with weight and of weight with age (height and age: none).
static const struct {
    double height, height_sd, weight, weight_sd, age, age_sd, height_weight, weight_age;
} moments[2] = { { 1.6291, 0.0648, 4.2046, 0.1616, 2.347, 0.70, 0.54, 0.21 },
                 { 1.7556, 0.0692, 4.4339, 0.1648, 2.433, 0.68, 0.47, 0.28 } };

static double within(double x, double lo, double hi) { return fmin(fmax(x, lo), hi); }

survey_answers person_somebody(rng *r, body_sex sex)
{
    double a = rng_normal(r), b = rng_normal(r), c = rng_normal(r), hw = moments[sex].height_weight,
           wa = moments[sex].weight_age;
    double weight = hw * a + wa * b + sqrt(1 - hw * hw - wa * wa) * c;
    survey_answers s = { .height = moments[sex].height + moments[sex].height_sd * within(a, -2.5, 2.5),
                         .weight = exp(moments[sex].weight + moments[sex].weight_sd * within(weight, -2.5, 2.5)),
                         .age = within(16 + exp(moments[sex].age + moments[sex].age_sd * b), 17, 65) };
    return s;
}

static void to_floats(const body_gaussian *g, float *betas)
{
    for (int k = 0; k < g->betas; k++) betas[k] = (float)g->mean[k];
}

// Somebody with these answers: drawn's mean from g, and the tape as it should then read (wanted [TAPE_COUNT]). Girths
// of hulls are convex in betas: of bodies drawn with the prior's mean betas, the mean tape is larger than the tape of
// the mean. So the tape's linear reading is drawn, and the body is fitted to it later: measurements are as the survey
// has them.
static void draw_betas(tape *t, rng *r, const body_gaussian *g, body_gaussian *drawn, double *wanted)
{
    double factor[K * K], slope[TAPE_COUNT * K];
    float betas[K];
    int k = g->betas;
    *drawn = *g;
    memcpy(factor, g->covariance, (size_t)(k * k) * sizeof *factor);
    for (int i = 0; i < k; i++) factor[i * k + i] += 1e-9;
    bool ok = chol_factor(factor, k);
    for (int j = 0; ok && j < k; j++) {
        double z = rng_normal(r);
        for (int i = j; i < k; i++) drawn->mean[i] += factor[i * k + j] * z;
    }
    to_floats(g, betas);
    tape_jacobian(t, betas, wanted, slope);
    for (int i = 0; i < TAPE_COUNT; i++)
        for (int j = 0; j < k; j++) wanted[i] += slope[i * k + j] * (drawn->mean[j] - g->mean[j]);
}

static void shape_with(person *p, const vec3 *detail)
{
    body_shape(p->model, p->betas, p->shaped, p->joints);
    for (uint32_t v = 0; v < p->model->vertices; v++) p->shaped[v] = v3_add(p->shaped[v], detail[v]);
}

// Moves the betas until the tape reads what is wanted on the body with its detail. Hills widen a girth, whose tape
// bridges the hollows beside them, and let it vary: fitted without them, the world's people would be wider and more
// various than the survey's.
static void meet_tape(tape *t, person *p, body_gaussian *drawn, const double *wanted, const vec3 *detail)
{
    enum { ROUNDS = 4, N = SURVEY_MEASURES + 1 }; // the fourth moves a girth by under a millimetre
    int k = drawn->betas;
    for (int round = 0; round < ROUNDS; round++) {
        double some[N * K], have[N], want[N], noise[N * N] = { 0 }, value[TAPE_COUNT], slope[TAPE_COUNT * K];
        to_floats(drawn, p->betas);
        tape_jacobian(t, p->betas, value, slope); // of the smooth body: near enough for the direction
        shape_with(p, detail);
        tape_read(t, p->shaped, p->joints, value);
        for (int i = 0; i < N; i++) {
            int row = i < SURVEY_MEASURES ? (int)survey_measure[i] : (int)TAPE_HEIGHT;
            memcpy(some + i * k, slope + row * k, (size_t)k * sizeof *slope);
            have[i] = value[row];
            want[i] = wanted[row];
            noise[i * N + i] = 4e-6; // 2 mm
        }
        body_gaussian next = { .betas = k };
        memcpy(next.mean, drawn->mean, sizeof next.mean);
        memcpy(next.covariance, drawn->covariance, sizeof next.covariance);
        if (body_gaussian_update(&next, N, some, have, want, noise)) memcpy(drawn->mean, next.mean, sizeof next.mean);
    }
    to_floats(drawn, p->betas);
    shape_with(p, detail);
}

// A hill goes all the way round a thin limb, so that it must be lower to make the same difference to the tape.
static double slender(int label)
{
    switch (label) {
    case JOINT_L_HIP:
    case JOINT_R_HIP:
        return 0.7;
    case JOINT_L_KNEE:
    case JOINT_R_KNEE:
    case JOINT_NECK:
        return 0.35;
    case JOINT_L_SHOULDER:
    case JOINT_R_SHOULDER:
        return 0.3;
    case JOINT_L_ANKLE:
    case JOINT_R_ANKLE:
    case JOINT_L_ELBOW:
    case JOINT_R_ELBOW:
    case JOINT_L_WRIST:
    case JOINT_R_WRIST:
        return 0.15;
    default:
        return 1;
    }
}

// Smooth hills and hollows, two thirds of them the same on both sides.
static void deviate(const body_model *m, rng *r, double size, vec3 *position)
{
    vec3 *normal = mem_array(vec3, m->vertices);
    mesh_view mesh = body_mesh(m, position);
    mesh_normals(&mesh, normal);
    for (int b = 0; b < BUMPS; b++) {
        uint32_t at = rng_below(r, m->vertices);
        while (m->label[at] == JOINT_HEAD || m->label[at] == JOINT_L_HAND || m->label[at] == JOINT_R_HAND ||
               m->label[at] == JOINT_L_FOOT || m->label[at] == JOINT_R_FOOT) {
            at = rng_below(r, m->vertices);
        }
        vec3 centre = m->template_position[at];
        double height = size * slender(m->label[at]) * rng_normal(r), width = rng_between(r, 0.04, 0.09);
        bool both = rng_uniform(r) < 0.67;
        for (uint32_t v = 0; v < m->vertices; v++) {
            vec3 p = m->template_position[v];
            double d = (double)v3_dist(p, centre), e = (double)v3_dist(v3(-p.x, p.y, p.z), centre);
            if (both) d = fmin(d, e);
            if (d > 3 * width) continue;
            position[v] = v3_mad(position[v], normal[v], (float)(height * exp(-d * d / (2 * width * width))));
        }
    }
    mem_free(normal);
}

static vec3 mean_point(const body_ids *ids, const vec3 *point)
{
    vec3 sum = { 0 };
    for (uint32_t i = 0; i < ids->count; i++) sum = v3_add(sum, point[ids->id[i]]);
    return v3_scale(sum, 1 / (float)ids->count);
}

// The features that the mannequin lacks: the donor's head less the donor's flattened head.
static void give_face(const wardrobe *w, person *p, int donor)
{
    int people;
    size_t n = MH_BODY_VERTICES;
    p->donor = mem_array(vec3, MH_POINTS);
    mh_blend(w->source, &mh_people(w->source, &people)[donor], p->donor);
    vec3 pelvis = mean_point(&mh_joint_points(w->source)[JOINT_PELVIS], p->donor);
    for (int i = 0; i < MH_POINTS; i++) p->donor[i] = v3_sub(p->donor[i], pelvis);
    float *flat = mem_array(float, 3 * n);
    memcpy(flat, p->donor, 3 * n * sizeof *flat);
    body_detail_flatten(w->detail, flat);
    for (size_t v = 0; v < n; v++) {
        if (p->model->label[v] != JOINT_HEAD) continue;
        p->shaped[v] = v3_add(p->shaped[v], v3_sub(p->donor[v], v3(flat[3 * v], flat[3 * v + 1], flat[3 * v + 2])));
    }
    mem_free(flat);
}

static int choose_donor(const wardrobe *w, rng *r, body_sex sex)
{
    int people, i;
    const mh_person *table = mh_people(w->source, &people);
    do i = (int)rng_below(r, (uint32_t)people);
    while (table[i].sex != sex);
    return i;
}

person *person_new(const wardrobe *w, const body_model *m, tape *t, rng *r, const survey_answers *real,
                   double deviation)
{
    person *p = mem_new(1, sizeof *p);
    p->model = m;
    p->real = *real;
    body_gaussian g, drawn;
    double wanted[TAPE_COUNT];
    body_prior_given(m, t, real, 0.001, &g);
    draw_betas(t, r, &g, &drawn, wanted);
    to_floats(&drawn, p->betas);
    vec3 *detail = mem_array(vec3, m->vertices);
    p->shaped = mem_array(vec3, m->vertices);
    body_shape(m, p->betas, p->shaped, p->joints);
    memcpy(detail, p->shaped, m->vertices * sizeof *detail);
    deviate(m, r, deviation, p->shaped);
    give_face(w, p, choose_donor(w, r, m->sex));
    for (uint32_t v = 0; v < m->vertices; v++) detail[v] = v3_sub(p->shaped[v], detail[v]);
    meet_tape(t, p, &drawn, wanted, detail);
    mem_free(detail);
    tape_read(t, p->shaped, p->joints, p->truth);
    p->real.height = p->truth[TAPE_HEIGHT];
    p->answers = p->real;
    p->answers.height = round(200 * (p->real.height + 0.003 * rng_normal(r))) / 200;
    p->answers.weight = round(p->real.weight + 0.7 * rng_normal(r));
    p->answers.age = floor(p->real.age);
    p->skin = 3 * (real->age < 33 ? 0 : real->age < 50 ? 1 : 2) + (int)rng_below(r, 3);
    int styles = m->sex == SEX_FEMALE ? HAIR_WOMEN : HAIR_STYLES - HAIR_WOMEN;
    p->hair = (int)rng_below(r, (uint32_t)styles) + (m->sex == SEX_FEMALE ? 0 : HAIR_WOMEN);
    double dark = rng_between(r, 0.15, 0.75);
    p->hair_tint = v3((float)dark, (float)(dark * rng_between(r, 0.8, 1)), (float)(dark * rng_between(r, 0.65, 1)));
    return p;
}

void person_free(person *p)
{
    if (!p) return;
    mem_free(p->shaped);
    mem_free(p->donor);
    mem_free(p);
}

static vec3 turn(rng *r, double x, double y, double z, double sx, double sy, double sz)
{
    const double degree = 0.017453292519943;
    double a = x + sx * rng_normal(r), b = y + sy * rng_normal(r), c = z + sz * rng_normal(r);
    return v3((float)(a * degree), (float)(b * degree), (float)(c * degree));
}

body_pose person_stand(rng *r, float yaw, double s)
{
    body_pose pose = { 0 };
    double away = rng_between(r, 15, 24), shift = s * 1.2 * rng_normal(r), elbow = rng_between(r, 4, 16),
           together = rng_between(r, 0, 5); // the feet of the A-pose are a third of a metre apart
    for (int side = 0; side < 2; side++) {
        double out = side ? -1 : 1; // left first
        vec3 *q = pose.rotation + side;
        // The A-pose holds the arms 42 degrees from vertical.
        q[JOINT_L_SHOULDER] = turn(r, 0, 0, -out * (42 - away), s * 4, s * 8, s * 2);
        q[JOINT_L_ELBOW] = turn(r, -elbow, 0, 0, s * 4, s * 6, s * 2);
        q[JOINT_L_WRIST] = turn(r, 0, 0, 0, s * 5, s * 5, s * 3);
        q[JOINT_L_COLLAR] = turn(r, 0, 0, 0, s, s * 1.5, s * 1.5);
        q[JOINT_L_HIP] = turn(r, 0, out * 4, -out * together - shift, s * 1.5, s * 4, s);
        q[JOINT_L_KNEE] = turn(r, s * 1.5, 0, 0, s, 0, 0);
    }
    pose.rotation[JOINT_SPINE2] = turn(r, 0, 0, -0.7 * shift, s * 2, s * 2, s);
    pose.rotation[JOINT_NECK] = turn(r, 0, 0, 0, s * 3, s * 4, s * 2);
    mat3 lean = m3_from_axis_angle(turn(r, 0, 0, shift, s, s * 3, s * 0.5));
    mat3 heading = m3_from_axis_angle(v3(0, yaw, 0)), both = m3_mul(&heading, &lean);
    pose.rotation[JOINT_PELVIS] = m3_to_axis_angle(&both);
    return pose;
}
