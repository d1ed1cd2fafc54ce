// SMPL in the layout lib/import writes (smpl.safetensors): the same abstraction, with pose-dependent corrections and
// without marks, parts and prior.
#include "arrays/safetensors.h"
#include "base/io.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/sum.h"
#include "body/body.h"
#include "import/seal.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { INFLUENCES = 4 };

typedef struct {
    const float *template, *shapedirs, *posedirs, *joint_template, *joint_dirs, *weight;
    const uint32_t *triangle;
} arrays;

static const void *tensor(const safetensors *file, const char *name, st_type type, int dims, const uint64_t *dim,
                          err *e)
{
    const st_tensor *t = st_require(file, name, type, dims, dim, e);
    return t ? t->data : NULL;
}

static bool read_arrays(const safetensors *file, body_model *m, arrays *a, err *e)
{
    const st_tensor *dirs = st_require(file, "shapedirs", ST_F32, 3, (uint64_t[]){ 0, 0, 3 }, e);
    const st_tensor *triangle = dirs ? st_require(file, "triangle", ST_U32, 2, (uint64_t[]){ 0, 3 }, e) : NULL;
    if (!triangle) return false;
    uint64_t k = dirs->dim[0], v = dirs->dim[1];
    if (v == 0 || v > 1000000 || triangle->dim[0] > 2000000) {
        return fail(e, ERR_LIMIT, "the body has too many vertices or triangles");
    }
    if (k < (uint64_t)m->betas) {
        return fail(e, ERR_INPUT, "the body has %llu betas, fewer than the %d the network tells", (unsigned long long)k,
                    m->betas);
    }
    m->vertices = (uint32_t)v;
    m->triangles = (uint32_t)triangle->dim[0];
    *a = (arrays){ .shapedirs = dirs->data, .triangle = triangle->data };
    a->template = tensor(file, "template", ST_F32, 2, (uint64_t[]){ v, 3 }, e);
    a->posedirs = a->template ? tensor(file, "posedirs", ST_F32, 3, (uint64_t[]){ BODY_POSE_FEATURES, v, 3 }, e) : NULL;
    a->joint_template =
        a->posedirs ? tensor(file, "joint_template", ST_F32, 2, (uint64_t[]){ BODY_JOINTS, 3 }, e) : NULL;
    a->joint_dirs =
        a->joint_template ? tensor(file, "joint_dirs", ST_F32, 3, (uint64_t[]){ k, BODY_JOINTS, 3 }, e) : NULL;
    a->weight = a->joint_dirs ? tensor(file, "weight", ST_F32, 2, (uint64_t[]){ v, BODY_JOINTS }, e) : NULL;
    return a->weight != NULL;
}

static void *copied(const void *data, size_t count, size_t size)
{
    return memcpy(mem_new(count, size), data, count * size);
}

// The four heaviest joints of each vertex; returns whether some vertex has more.
static bool read_skin(const float *weight, body_model *m)
{
    bool more = false;
    m->skin_joint = mem_array(uint8_t, (size_t)m->vertices * INFLUENCES);
    m->skin_weight = mem_array(float, (size_t)m->vertices *INFLUENCES);
    m->label = mem_array(uint8_t, m->vertices);
    for (size_t v = 0; v < m->vertices; v++, weight += BODY_JOINTS) {
        bool taken[BODY_JOINTS] = { false };
        float sum = 0;
        for (size_t k = 0; k < INFLUENCES; k++) {
            int best = -1;
            for (int j = 0; j < BODY_JOINTS; j++)
                if (!taken[j] && weight[j] > 0 && (best < 0 || weight[j] > weight[best])) best = j;
            if (best < 0) break;
            taken[best] = true;
            m->skin_joint[v * INFLUENCES + k] = (uint8_t)best;
            m->skin_weight[v * INFLUENCES + k] = weight[best];
            sum += weight[best];
        }
        for (int j = 0; j < BODY_JOINTS; j++) more |= !taken[j] && weight[j] > 0;
        for (size_t k = 0; k < INFLUENCES && sum > 0; k++) m->skin_weight[v * INFLUENCES + k] /= sum;
        m->label[v] = m->skin_joint[v * INFLUENCES];
    }
    return more;
}

// Of what the betas are told in.
static uint64_t fingerprint_of(const arrays *a, const body_model *m)
{
    const uint64_t part[3] = { sum64(NULL, a->template, m->vertices * sizeof(vec3)),
                               sum64(NULL, a->shapedirs, (size_t)m->betas * m->vertices * sizeof(vec3)),
                               sum64(NULL, a->triangle, (size_t)m->triangles * 3 * sizeof *a->triangle) };
    return sum64(NULL, part, sizeof part);
}

static bool all_finite(const float *x, size_t n, const char *name, err *e)
{
    for (size_t i = 0; i < n; i++)
        if (!isfinite(x[i])) return fail(e, ERR_INPUT, "%s holds a number that is not finite", name);
    return true;
}

static bool fill(body_model *m, const arrays *a, err *e)
{
    size_t v = m->vertices, k = (size_t)m->betas, joints = (size_t)BODY_JOINTS * 3;
    if (!all_finite(a->template, 3 * v, "template", e) || !all_finite(a->shapedirs, 3 * v * k, "shapedirs", e) ||
        !all_finite(a->posedirs, 3 * v * BODY_POSE_FEATURES, "posedirs", e) ||
        !all_finite(a->joint_template, joints, "joint_template", e) ||
        !all_finite(a->joint_dirs, k * joints, "joint_dirs", e) || !all_finite(a->weight, v * BODY_JOINTS, "weight", e))
        return false;
    for (size_t i = 0; i < (size_t)m->triangles * 3; i++)
        if (a->triangle[i] >= v) return fail(e, ERR_INPUT, "triangle has an index out of range");
    m->template_position = copied(a->template, v, sizeof(vec3));
    m->shapedirs = copied(a->shapedirs, k * v, sizeof(vec3)); // the first betas of however many there are
    m->posedirs = copied(a->posedirs, BODY_POSE_FEATURES * v, sizeof(vec3));
    m->joint_dirs = copied(a->joint_dirs, k * BODY_JOINTS, sizeof(vec3));
    m->triangle = copied(a->triangle, (size_t)m->triangles * 3, sizeof *m->triangle);
    memcpy(m->joint_template, a->joint_template, sizeof m->joint_template);
    m->fingerprint = fingerprint_of(a, m);
    if (read_skin(a->weight, m)) m->skin_dense = copied(a->weight, v * BODY_JOINTS, sizeof *m->skin_dense);
    return true;
}

void body_id(const body_model *m, char out[BODY_ID_SIZE])
{
    snprintf(out, BODY_ID_SIZE, "%016llx", (unsigned long long)m->fingerprint);
}

bool body_is(const body_model *m, const char *id, size_t n, err *e)
{
    char own[BODY_ID_SIZE];
    body_id(m, own);
    if (n == strlen(own) && memcmp(id, own, n) == 0) return true;
    return fail(e, ERR_INPUT, "the betas were made with another SMPL file than the one that is imported now");
}

body_model *body_load_smpl(const char *path, body_sex sex, int betas, err *e)
{
    io_view view;
    if (betas < 1 || betas > BODY_MAX_BETAS) {
        return fail(e, ERR_LIMIT, "a body of %d betas is asked for; %d are the most", betas, BODY_MAX_BETAS), NULL;
    }
    if (!io_map(path, LIMIT_ARRAY_FILE_BYTES, &view, e)) return NULL;
    body_model *m = mem_new(1, sizeof *m);
    m->name = BODY_SMPL;
    m->sex = sex;
    m->betas = betas;
    arrays a = { 0 };
    safetensors *file = st_parse(view.data, view.len, e);
    bool ok = file && seal_check_body(file, e) && read_arrays(file, m, &a, e) && fill(m, &a, e);
    if (!ok) fail_within(e, path);
    st_free(file);
    io_unmap(&view);
    if (ok) return m;
    body_free(m);
    return NULL;
}
