#include "body/build.h"
#include "arrays/safetensors.h"
#include "base/arena.h"
#include "base/limits.h"
#include "base/mem.h"
#include "body/build_detail.h"
#include "body/build_space.h"
#include "body/makehuman.h"
#include "body/prior.h"
#include "math/linalg.h"

#include <stdio.h>
#include <string.h>

enum { V = MH_BODY_VERTICES, T = 2 * MH_BODY_QUADS, BETAS_ONE_SEX = 24, BETAS_NEUTRAL = 30 };
static const double DENSITY = 1040;    // kg / m^3: a person's weight over her mesh's volume
static const float ARM_ANGLE = 0.733f; // 42 degrees from vertical, MakeHuman's own: the least deformation

typedef struct {
    mh_source *source;
    body_detail *detail;
    st_writer *file;
    float *position; // [people][3 * V], A-pose, pelvis at the origin
    vec3 *joint;     // [people][BODY_JOINTS]
    uint8_t *skin_joint;
    float *skin_weight;
    uint16_t *skin_weight16;
    uint32_t *triangle, *uv_triangle;
    float *importance; // [V] weight of a vertex in the principal components
    const char *survey_json;
    survey_stats *survey;
    arena *kept; // what the writer borrows until it writes
} build;

// --- skeleton and A-pose ---

static vec3 mean_point(const body_ids *ids, const vec3 *point)
{
    vec3 sum = { 0 };
    for (uint32_t i = 0; i < ids->count; i++) sum = v3_add(sum, point[ids->id[i]]);
    return v3_scale(sum, 1 / (float)ids->count);
}

static float limb_factor(int label)
{
    // Thin parts have little area but as many tape measures; without these factors the space forgets necks and arms.
    switch (label) {
    case JOINT_NECK:
        return 6;
    case JOINT_L_SHOULDER:
    case JOINT_R_SHOULDER:
    case JOINT_L_ELBOW:
    case JOINT_R_ELBOW:
        return 4.5f;
    case JOINT_L_WRIST:
    case JOINT_R_WRIST:
        return 2;
    case JOINT_L_KNEE:
    case JOINT_R_KNEE:
        return 4;
    case JOINT_HEAD:
    case JOINT_L_HAND:
    case JOINT_R_HAND:
        return 0.4f;
    case JOINT_L_ANKLE:
    case JOINT_R_ANKLE:
    case JOINT_L_FOOT:
    case JOINT_R_FOOT:
        return 0.5f;
    default:
        return 1;
    }
}

static void pack_skin(build *b)
{
    const float *dense = mh_weights(b->source);
    for (int v = 0; v < V; v++) {
        float w[BODY_JOINTS], sum = 0;
        memcpy(w, dense + v * BODY_JOINTS, sizeof w);
        for (int k = 0; k < 4; k++) {
            int best = 0;
            for (int j = 1; j < BODY_JOINTS; j++)
                if (w[j] > w[best]) best = j;
            b->skin_joint[4 * v + k] = (uint8_t)(w[best] > 0 ? best : 0);
            b->skin_weight[4 * v + k] = w[best] > 0 ? w[best] : 0;
            sum += b->skin_weight[4 * v + k];
            w[best] = 0;
        }
        int left = 65535; // the stored weights sum exactly to one
        for (int k = 3; k >= 0; k--) {
            int q = k ? (int)lrintf(b->skin_weight[4 * v + k] / sum * 65535) : left;
            b->skin_weight16[4 * v + k] = (uint16_t)q;
            left -= q;
        }
        for (int k = 0; k < 4; k++) b->skin_weight[4 * v + k] = (float)b->skin_weight16[4 * v + k] / 65535.f;
    }
}

// Rotations that take MakeHuman's rest pose (elbows bent forward) to a straight A-pose, arms in the frontal plane.
static body_pose straighten_arms(const vec3 *joint)
{
    body_pose pose = { 0 };
    for (int side = 0; side < 2; side++) {
        int shoulder = JOINT_L_SHOULDER + side, elbow = JOINT_L_ELBOW + side, wrist = JOINT_L_WRIST + side,
            hand = JOINT_L_HAND + side;
        float out = side == 0 ? 1 : -1;
        vec3 arm = v3(out * sinf(ARM_ANGLE), -cosf(ARM_ANGLE), 0);
        vec3 forearm = v3_unit(v3_mad(arm, v3(0, 0, 1), 0.07f)); // 4 degrees of flexion: a relaxed elbow is not locked
        mat3 r_shoulder = m3_between(v3_sub(joint[elbow], joint[shoulder]), arm), back = m3_transpose(&r_shoulder);
        vec3 bent = v3_sub(joint[wrist], joint[elbow]);
        mat3 r_elbow = m3_between(bent, m3_apply(&back, forearm));
        mat3 both = m3_mul(&r_shoulder, &r_elbow), both_back = m3_transpose(&both);
        mat3 r_wrist = m3_between(v3_sub(joint[hand], joint[wrist]), m3_apply(&both_back, forearm));
        pose.rotation[shoulder] = m3_to_axis_angle(&r_shoulder);
        pose.rotation[elbow] = m3_to_axis_angle(&r_elbow);
        pose.rotation[wrist] = m3_to_axis_angle(&r_wrist);
    }
    return pose;
}

static void make_person(void *ctx, int i)
{
    build *b = ctx;
    int people;
    vec3 *point = mem_array(vec3, MH_POINTS), joint[BODY_JOINTS];
    mh_blend(b->source, &mh_people(b->source, &people)[i], point);
    for (int j = 0; j < BODY_JOINTS; j++) joint[j] = mean_point(&mh_joint_points(b->source)[j], point);
    vec3 pelvis = joint[JOINT_PELVIS];
    for (int v = 0; v < V; v++) point[v] = v3_sub(point[v], pelvis);
    for (int j = 0; j < BODY_JOINTS; j++) joint[j] = v3_sub(joint[j], pelvis);

    body_pose pose = straighten_arms(joint);
    rigid world[BODY_JOINTS];
    body_joint_transforms(joint, &pose, world);
    body_model skin = { .vertices = V, .skin_joint = b->skin_joint, .skin_weight = b->skin_weight };
    body_skin(&skin, point, world, (vec3 *)(void *)(b->position + (size_t)i * V * 3));
    for (int j = 0; j < BODY_JOINTS; j++) b->joint[i * BODY_JOINTS + j] = rigid_apply(&world[j], joint[j]);
    mem_free(point);
}

// --- topology ---

static void split_quads(build *b)
{
    static const int corner[6] = { 0, 1, 2, 0, 2, 3 };
    for (int f = 0; f < MH_BODY_QUADS; f++)
        for (int k = 0; k < 6; k++) {
            b->triangle[6 * f + k] = mh_quads(b->source)[4 * f + corner[k]];
            b->uv_triangle[6 * f + k] = mh_uv_quads(b->source)[4 * f + corner[k]];
        }
}

static void weigh_vertices(build *b)
{
    const vec3 *base = mh_base(b->source);
    for (int t = 0; t < T; t++) {
        const uint32_t *v = b->triangle + 3 * t;
        float area = v3_len(v3_cross(v3_sub(base[v[1]], base[v[0]]), v3_sub(base[v[2]], base[v[0]]))) / 2;
        for (int k = 0; k < 3; k++) b->importance[v[k]] += area / 3;
    }
    for (int v = 0; v < V; v++) b->importance[v] *= limb_factor(mh_labels(b->source)[v]);
}

static bool in_set(int label, const int *set)
{
    for (; *set >= 0; set++)
        if (*set == label) return true;
    return false;
}

// Triangle t belongs to a part by the dominant joints of its corners (reference: the builder's landmark table).
static bool in_part(const build *b, body_part part, const uint32_t *v)
{
    static const int torso[] = { JOINT_PELVIS, JOINT_SPINE1,   JOINT_SPINE2,
                                 JOINT_SPINE3, JOINT_L_COLLAR, JOINT_R_COLLAR,
                                 JOINT_L_HIP,  JOINT_R_HIP,    -1 };
    static const int arms[] = { JOINT_L_SHOULDER, JOINT_R_SHOULDER, JOINT_L_ELBOW,
                                JOINT_R_ELBOW,    JOINT_L_WRIST,    JOINT_R_WRIST,
                                JOINT_L_HAND,     JOINT_R_HAND,     -1 };
    static const int neck[] = { JOINT_NECK, JOINT_HEAD, JOINT_SPINE3, JOINT_L_COLLAR, JOINT_R_COLLAR, -1 };
    static const int leg[] = { JOINT_L_HIP, JOINT_L_KNEE, JOINT_L_ANKLE, JOINT_PELVIS, -1 };
    static const int arm[] = { JOINT_L_SHOULDER, JOINT_L_ELBOW, JOINT_L_WRIST, JOINT_L_HAND, -1 };
    const uint8_t *label = mh_labels(b->source);
    const vec3 *base = mh_base(b->source);
    int any_torso = 0, any_arm = 0, all_neck = 1, all_leg = 1, all_arm = 1, all_head = 1;
    for (int k = 0; k < 3; k++) {
        int l = label[v[k]];
        vec3 p = base[v[k]];
        any_torso |= in_set(l, torso);
        any_arm |= in_set(l, arms);
        all_neck &= in_set(l, neck) && p.y > 0.52f && p.y < 0.70f;
        all_leg &= in_set(l, leg) && p.x >= 0;
        all_arm &= in_set(l, arm);
        all_head &= l == JOINT_HEAD;
    }
    switch (part) {
    case PART_TORSO:
        return any_torso && !any_arm;
    case PART_NECK:
        return all_neck;
    case PART_L_LEG:
        return all_leg;
    case PART_L_ARM:
        return all_arm;
    default:
        return all_head;
    }
}

// The writer borrows names, too: they are kept until it writes.
static const char *kept_name(build *b, const char *prefix, const char *name)
{
    char *full = arena_alloc(b->kept, 1, ST_MAX_NAME);
    snprintf(full, ST_MAX_NAME, "%s.%s", prefix, name);
    return full;
}

static void add_ids(build *b, const char *prefix, const char *name, const uint32_t *id, uint32_t count)
{
    uint64_t dim = count;
    st_writer_add(b->file, kept_name(b, prefix, name), ST_U32, 1, &dim, id);
}

static void add_parts_and_marks(build *b)
{
    for (int part = 0; part < PART_COUNT; part++) {
        uint32_t *id = arena_array(b->kept, uint32_t, T), n = 0;
        for (uint32_t t = 0; t < T; t++)
            if (in_part(b, (body_part)part, b->triangle + 3 * t)) id[n++] = t;
        add_ids(b, "part", body_part_name[part], id, n);
    }
    for (int m = 0; m < MARK_COUNT; m++) {
        add_ids(b, "mark", body_mark_name[m], mh_marks(b->source)[m].id, mh_marks(b->source)[m].count);
    }
}

static void add_topology(build *b)
{
    uint32_t uvs;
    const vec2 *uv = mh_uvs(b->source, &uvs);
    st_writer_add(b->file, "triangle", ST_U32, 2, (uint64_t[]){ T, 3 }, b->triangle);
    st_writer_add(b->file, "uv", ST_F32, 2, (uint64_t[]){ uvs, 2 }, uv);
    st_writer_add(b->file, "uv_triangle", ST_U32, 2, (uint64_t[]){ T, 3 }, b->uv_triangle);
    st_writer_add(b->file, "skin.joint", ST_U8, 2, (uint64_t[]){ V, 4 }, b->skin_joint);
    st_writer_add(b->file, "skin.weight", ST_U16, 2, (uint64_t[]){ V, 4 }, b->skin_weight16);
    st_writer_add(b->file, "label", ST_U8, 1, (uint64_t[]){ V }, mh_labels(b->source));
    add_parts_and_marks(b);
}

// --- one sex ---

static const void *keep(build *b, const void *data, size_t bytes)
{
    void *copy = arena_alloc(b->kept, bytes, 1);
    return memcpy(copy, data, bytes);
}

static void add_space(build *b, const char *sex, const body_space *s)
{
    uint64_t k = (uint64_t)s->betas;
    size_t n = (size_t)V * 3;
    st_writer_add(b->file, kept_name(b, sex, "template"), ST_F32, 2, (uint64_t[]){ V, 3 },
                  keep(b, s->mean, n * sizeof(float)));
    uint16_t *half = arena_array(b->kept, uint16_t, k * n);
    for (size_t i = 0; i < k * n; i++) half[i] = f16_from_f32(s->dirs[i]);
    st_writer_add(b->file, kept_name(b, sex, "shapedirs"), ST_F16, 3, (uint64_t[]){ k, V, 3 }, half);
    st_writer_add(b->file, kept_name(b, sex, "joint_template"), ST_F32, 2, (uint64_t[]){ BODY_JOINTS, 3 },
                  keep(b, s->joint_mean, sizeof s->joint_mean));
    st_writer_add(b->file, kept_name(b, sex, "joint_dirs"), ST_F32, 3, (uint64_t[]){ k, BODY_JOINTS, 3 },
                  keep(b, s->joint_dirs, k * BODY_JOINTS * sizeof(vec3)));
}

// The calibrated people's answers, read off their bodies in the finished space, and the regression of betas on them.
static bool add_prior(build *b, const char *sex, const body_space *s, const int *row, err *e)
{
    int people, n = s->bodies, k = s->betas;
    const mh_person *table = mh_people(b->source, &people);
    survey_answers *answers = mem_array(survey_answers, (size_t)n);
    vec3 *shape = mem_array(vec3, V), joints[BODY_JOINTS];
    body_model m = { .vertices = V,
                     .triangles = T,
                     .betas = k,
                     .triangle = b->triangle,
                     .template_position = (vec3 *)(void *)s->mean,
                     .shapedirs = s->dirs,
                     .joint_dirs = s->joint_dirs };
    memcpy(m.joint_template, s->joint_mean, sizeof m.joint_template);
    for (int i = 0; i < n; i++) {
        float betas[BODY_MAX_BETAS], high = -10;
        for (int j = 0; j < k; j++) betas[j] = (float)s->score[i * k + j];
        body_shape(&m, betas, shape, joints);
        for (int v = 0; v < V; v++) high = fmaxf(high, shape[v].y);
        mesh_view mesh = body_mesh(&m, shape);
        vec3 leg = v3_sub(joints[JOINT_L_HIP], joints[JOINT_L_ANKLE]); // the tape's height: legs closed
        high += v3_len(leg) - leg.y;
        answers[i] = (survey_answers){ (double)(high - body_ground(&m, shape)), DENSITY * mesh_volume(&mesh),
                                       (double)table[row[i]].age };
    }
    mem_free(shape);

    bool ok = true;
    double *x = mem_array(double, (size_t)n *SURVEY_FEATURES), *y = mem_array(double, (size_t)(n * k));
    double gram[SURVEY_FEATURES * SURVEY_FEATURES], coefficient[SURVEY_FEATURES * BODY_MAX_BETAS],
        covariance[BODY_MAX_BETAS * BODY_MAX_BETAS];
    for (int given = 0; ok && given < GIVEN_COUNT; given++) {
        int f = 0;
        for (int i = 0; i < n; i++) {
            survey_answers a = answers[i];
            if (!(given & GIVEN_WEIGHT)) a.weight = 0;
            if (!(given & GIVEN_AGE)) a.age = 0;
            double feature[SURVEY_FEATURES];
            f = survey_features(&a, feature);
            memcpy(x + i * f, feature, (size_t)f * sizeof *x);
        }
        memcpy(y, s->score, (size_t)(n * k) * sizeof *y);
        ok = least_squares(x, y, n, f, k, 0.1, gram, coefficient);
        if (!ok) fail(e, ERR_INPUT, "the calibration table has too few different people");
        memset(covariance, 0, sizeof covariance);
        for (int i = 0; i < n; i++) {
            for (int c = 0; c < k; c++)
                for (int q = 0; q < f; q++) y[i * k + c] -= x[i * f + q] * coefficient[q * k + c];
            for (int c = 0; c < k; c++)
                for (int d = 0; d < k; d++) covariance[c * k + d] += y[i * k + c] * y[i * k + d] / (n - f);
        }
        char name[64];
        snprintf(name, sizeof name, "prior.%d.coefficient", given);
        st_writer_add(b->file, kept_name(b, sex, name), ST_F64, 2, (uint64_t[]){ (uint64_t)f, (uint64_t)k },
                      keep(b, coefficient, (size_t)(f * k) * sizeof(double)));
        snprintf(name, sizeof name, "prior.%d.covariance", given);
        st_writer_add(b->file, kept_name(b, sex, name), ST_F64, 2, (uint64_t[]){ (uint64_t)k, (uint64_t)k },
                      keep(b, covariance, (size_t)(k * k) * sizeof(double)));
    }
    mem_free(x);
    mem_free(y);
    mem_free(answers);
    return ok;
}

static bool add_sex(build *b, pool *p, body_sex sex, err *e)
{
    int people, n = 0;
    const mh_person *table = mh_people(b->source, &people);
    int *row = mem_array(int, (size_t)people);
    for (int i = 0; i < people; i++)
        if (sex == SEX_NEUTRAL || table[i].sex == sex) row[n++] = i;
    int betas = sex == SEX_NEUTRAL ? BETAS_NEUTRAL : BETAS_ONE_SEX;
    bool ok = n > 2 * betas;
    if (!ok)
        fail(e, ERR_INPUT, "the calibration table has %d %s people; at least %d are needed", n, body_sex_word(sex),
             2 * betas + 1);
    if (ok) {
        float *position = mem_array(float, (size_t)n *V * 3);
        vec3 *joint = mem_array(vec3, (size_t)n * BODY_JOINTS);
        for (int i = 0; i < n; i++) {
            memcpy(position + (size_t)i * V * 3, b->position + (size_t)row[i] * V * 3, (size_t)V * 3 * sizeof(float));
            memcpy(joint + i * BODY_JOINTS, b->joint + row[i] * BODY_JOINTS, BODY_JOINTS * sizeof *joint);
        }
        body_space *s = body_space_fit(p, position, joint, n, V, b->importance, betas);
        mem_free(position);
        mem_free(joint);
        body_detail_flatten(b->detail, s->mean);
        for (int k = 0; k < betas; k++) body_detail_flatten(b->detail, s->dirs + (size_t)k * V * 3);
        add_space(b, body_sex_word(sex), s);
        ok = add_prior(b, body_sex_word(sex), s, row, e);
        body_space_free(s);
    }
    mem_free(row);
    return ok;
}

static bool open_build(build *b, const char *makehuman, const char *tables, const char *survey, buf *json, err *e)
{
    b->source = mh_open(makehuman, tables, e);
    if (!b->source || !io_read(survey, json, e) || !survey_parse((const char *)json->data, json->len, b->survey, e))
        return false;
    if (!buf_append(json, "", 1)) return fail(e, ERR_LIMIT, "%s is too long", survey);
    int people;
    mh_people(b->source, &people);
    b->detail = body_detail_new(b->source);
    b->position = mem_array(float, (size_t)people *V * 3);
    b->joint = mem_array(vec3, (size_t)people * BODY_JOINTS);
    return true;
}

bool body_build(const char *makehuman, const char *tables, const char *survey, pool *p, buf *asset, err *e)
{
    build b = { .file = st_writer_new(), .kept = arena_new(256 * MIB) };
    buf json = buf_new(4 * MIB);
    b.survey = mem_new(1, sizeof *b.survey);
    b.skin_joint = mem_array(uint8_t, 4 * V);
    b.skin_weight = mem_array(float, 4 * V);
    b.skin_weight16 = mem_array(uint16_t, 4 * V);
    b.triangle = mem_array(uint32_t, 3 * T);
    b.uv_triangle = mem_array(uint32_t, 3 * T);
    b.importance = mem_array(float, V);
    bool ok = open_build(&b, makehuman, tables, survey, &json, e);
    if (ok) {
        int people;
        mh_people(b.source, &people);
        pack_skin(&b);
        split_quads(&b);
        weigh_vertices(&b);
        pool_run(p, people, make_person, &b);
        add_topology(&b);
        st_writer_metadata(b.file, "name", "tryon open body 1");
        st_writer_metadata(b.file, "origin",
                           "MakeHuman base mesh and targets (assets CC0 by their owners since 2020-09); see NOTICE");
        st_writer_metadata(b.file, "survey", (const char *)json.data);
        for (int sex = 0; ok && sex < 3; sex++) ok = add_sex(&b, p, (body_sex)sex, e);
    }
    ok = ok && st_write(b.file, asset, e);
    st_writer_free(b.file);
    body_detail_free(b.detail);
    mh_close(b.source);
    mem_free(b.survey);
    mem_free(b.position);
    mem_free(b.joint);
    mem_free(b.skin_joint);
    mem_free(b.skin_weight);
    mem_free(b.skin_weight16);
    mem_free(b.triangle);
    mem_free(b.uv_triangle);
    mem_free(b.importance);
    arena_free(b.kept);
    buf_free(&json);
    return ok;
}
