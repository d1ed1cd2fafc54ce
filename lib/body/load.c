#include "arrays/safetensors.h"
#include "base/io.h"
#include "base/limits.h"
#include "base/mem.h"
#include "body/body.h"
#include "body/prior.h"

#include <stdio.h>
#include <string.h>

typedef struct {
    const safetensors *file;
    const char *sex;
    err *e;
} reader;

// A tensor named after the sex ("female.template") or common to all (sex NULL), of the given shape.
static const void *tensor(const reader *r, bool of_sex, const char *name, st_type type, int dims, const uint64_t *dim)
{
    char full[ST_MAX_NAME];
    snprintf(full, sizeof full, "%s%s%s", of_sex ? r->sex : "", of_sex ? "." : "", name);
    const st_tensor *t = st_require(r->file, full, type, dims, dim, r->e);
    return t ? t->data : NULL;
}

static bool read_ids(const reader *r, const char *prefix, const char *name, uint32_t bound, body_ids *out)
{
    char full[ST_MAX_NAME];
    snprintf(full, sizeof full, "%s.%s", prefix, name);
    const st_tensor *t = st_require(r->file, full, ST_U32, 1, (uint64_t[]){ 0 }, r->e);
    if (!t) return false;
    if (t->count == 0) return fail(r->e, ERR_INPUT, "%s is empty", full);
    *out = (body_ids){ mem_array(uint32_t, t->count), (uint32_t)t->count };
    memcpy(out->id, t->data, t->bytes);
    for (uint32_t i = 0; i < out->count; i++)
        if (out->id[i] >= bound) return fail(r->e, ERR_INPUT, "%s has an index out of range", full);
    return true;
}

static bool read_indices(const reader *r, const char *name, uint32_t triangles, uint32_t bound, uint32_t **out)
{
    const uint32_t *from = tensor(r, false, name, ST_U32, 2, (uint64_t[]){ triangles, 3 });
    if (!from) return false;
    *out = mem_array(uint32_t, (size_t)triangles * 3);
    memcpy(*out, from, (size_t)triangles * 3 * sizeof **out);
    for (size_t i = 0; i < (size_t)triangles * 3; i++)
        if ((*out)[i] >= bound) return fail(r->e, ERR_INPUT, "%s has an index out of range", name);
    return true;
}

static bool read_topology(const reader *r, body_model *m)
{
    const st_tensor *triangle = st_require(r->file, "triangle", ST_U32, 2, (uint64_t[]){ 0, 3 }, r->e);
    const st_tensor *label = st_require(r->file, "label", ST_U8, 1, (uint64_t[]){ 0 }, r->e);
    const st_tensor *uv = st_require(r->file, "uv", ST_F32, 2, (uint64_t[]){ 0, 2 }, r->e);
    if (!triangle || !label || !uv) return false;
    if (label->count == 0 || label->count > 1000000 || triangle->dim[0] > 2000000 || uv->dim[0] > 4000000) {
        return fail(r->e, ERR_LIMIT, "the body has too many vertices or triangles");
    }
    m->vertices = (uint32_t)label->count;
    m->triangles = (uint32_t)triangle->dim[0];
    m->uvs = (uint32_t)uv->dim[0];
    if (!read_indices(r, "triangle", m->triangles, m->vertices, &m->triangle)) return false;
    if (!read_indices(r, "uv_triangle", m->triangles, m->uvs, &m->uv_triangle)) return false;
    m->uv = mem_array(vec2, m->uvs);
    memcpy(m->uv, uv->data, uv->bytes);
    m->label = mem_array(uint8_t, m->vertices);
    memcpy(m->label, label->data, label->bytes);
    return true;
}

static bool read_skin(const reader *r, body_model *m)
{
    const uint8_t *joint = tensor(r, false, "skin.joint", ST_U8, 2, (uint64_t[]){ m->vertices, 4 });
    const uint16_t *weight = tensor(r, false, "skin.weight", ST_U16, 2, (uint64_t[]){ m->vertices, 4 });
    if (!joint || !weight) return false;
    size_t n = (size_t)m->vertices * 4;
    m->skin_joint = mem_array(uint8_t, n);
    m->skin_weight = mem_array(float, n);
    for (size_t i = 0; i < n; i++) {
        if (joint[i] >= BODY_JOINTS) return fail(r->e, ERR_INPUT, "skin.joint has an index out of range");
        m->skin_joint[i] = joint[i];
        m->skin_weight[i] = (float)weight[i] / 65535.f;
    }
    return true;
}

static bool read_space(const reader *r, body_model *m)
{
    char full[ST_MAX_NAME];
    snprintf(full, sizeof full, "%s.shapedirs", r->sex);
    const st_tensor *dirs = st_require(r->file, full, ST_F16, 3, (uint64_t[]){ 0, m->vertices, 3 }, r->e);
    if (!dirs) return false;
    if (dirs->dim[0] < 1 || dirs->dim[0] > BODY_MAX_BETAS) {
        return fail(r->e, ERR_INPUT, "%s has %llu betas; 1 to %d are possible", full, (unsigned long long)dirs->dim[0],
                    BODY_MAX_BETAS);
    }
    uint64_t k = dirs->dim[0];
    m->betas = (int)k;
    const void *mean = tensor(r, true, "template", ST_F32, 2, (uint64_t[]){ m->vertices, 3 });
    const void *joint = tensor(r, true, "joint_template", ST_F32, 2, (uint64_t[]){ BODY_JOINTS, 3 });
    const void *joint_dirs = tensor(r, true, "joint_dirs", ST_F32, 3, (uint64_t[]){ k, BODY_JOINTS, 3 });
    if (!mean || !joint || !joint_dirs) return false;
    m->template_position = mem_array(vec3, m->vertices);
    memcpy(m->template_position, mean, m->vertices * sizeof(vec3));
    memcpy(m->joint_template, joint, sizeof m->joint_template);
    m->joint_dirs = mem_array(vec3, k * BODY_JOINTS);
    memcpy(m->joint_dirs, joint_dirs, k * BODY_JOINTS * sizeof(vec3));
    m->shapedirs = mem_array(float, dirs->count);
    const uint16_t *half = dirs->data;
    for (size_t i = 0; i < dirs->count; i++) m->shapedirs[i] = f16_to_f32(half[i]);
    return true;
}

static bool read_prior(const reader *r, body_model *m)
{
    body_prior *p = m->prior = mem_new(1, sizeof *p);
    size_t k = (size_t)m->betas;
    for (int given = 0; given < GIVEN_COUNT; given++) {
        char name[64];
        double x[SURVEY_FEATURES];
        survey_answers a = { 1.7, given & GIVEN_WEIGHT ? 70 : 0, given & GIVEN_AGE ? 30 : 0 };
        size_t features = (size_t)survey_features(&a, x);
        snprintf(name, sizeof name, "prior.%d.coefficient", given);
        const double *c = tensor(r, true, name, ST_F64, 2, (uint64_t[]){ features, k });
        snprintf(name, sizeof name, "prior.%d.covariance", given);
        const double *covariance = tensor(r, true, name, ST_F64, 2, (uint64_t[]){ k, k });
        if (!c || !covariance) return false;
        for (size_t i = 0; i < features; i++) memcpy(p->coefficient[given][i], c + i * k, k * sizeof *c);
        memcpy(p->covariance[given], covariance, k * k * sizeof *covariance);
    }
    const char *survey = st_metadata(r->file, "survey");
    if (!survey) return fail(r->e, ERR_INPUT, "the asset has no survey tables");
    return survey_parse(survey, strlen(survey), &p->survey, r->e);
}

body_model *body_load(const char *path, body_sex sex, err *e)
{
    io_view view;
    if (!io_map(path, LIMIT_ARRAY_FILE_BYTES, &view, e)) return NULL;
    body_model *m = mem_new(1, sizeof *m);
    m->name = BODY_OPEN;
    m->sex = sex;
    safetensors *file = st_parse(view.data, view.len, e);
    reader r = { file, body_sex_word(sex), e };
    bool ok = file && read_topology(&r, m) && read_skin(&r, m) && read_space(&r, m) && read_prior(&r, m);
    for (int i = 0; ok && i < MARK_COUNT; i++) ok = read_ids(&r, "mark", body_mark_name[i], m->vertices, &m->mark[i]);
    for (int i = 0; ok && i < PART_COUNT; i++) ok = read_ids(&r, "part", body_part_name[i], m->triangles, &m->part[i]);
    if (!ok) fail_within(e, path);
    st_free(file);
    io_unmap(&view);
    if (ok) return m;
    body_free(m);
    return NULL;
}

void body_free(body_model *m)
{
    if (!m) return;
    for (int i = 0; i < MARK_COUNT; i++) mem_free(m->mark[i].id);
    for (int i = 0; i < PART_COUNT; i++) mem_free(m->part[i].id);
    mem_free(m->template_position);
    mem_free(m->shapedirs);
    mem_free(m->joint_dirs);
    mem_free(m->triangle);
    mem_free(m->uv);
    mem_free(m->uv_triangle);
    mem_free(m->skin_joint);
    mem_free(m->skin_weight);
    mem_free(m->label);
    mem_free(m->posedirs);
    mem_free(m->skin_dense);
    mem_free(m->prior);
    mem_free(m);
}
