#include "import/smpl.h"
#include "arrays/safetensors.h"
#include "base/mem.h"
#include "import/numpy.h"

#include <math.h>
#include <stdio.h>

enum { JOINTS = 24, POSE_FEATURES = 9 * (JOINTS - 1), VERTICES_MAX = 1 << 17, BETAS_MAX = 300 };

// The tree every SMPL file tells; the rest of the program knows these joints by name.
static const int parent[JOINTS] = { -1, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 9, 9, 12, 13, 14, 16, 17, 18, 19, 20, 21 };

typedef struct {
    numpy_array template, shapedirs, posedirs, weights, regressor, tree, faces;
} model;

static void model_free(model *m)
{
    numpy_array *const all[] = { &m->template,  &m->shapedirs, &m->posedirs, &m->weights,
                                 &m->regressor, &m->tree,      &m->faces };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) numpy_free(all[i]);
}

// Reads an array of these sizes; 0 matches any from 1 on.
static bool read(const pickle_value *root, const char *name, int dims, const size_t *dim, numpy_array *out, err *e)
{
    bool ok = numpy_read(pickle_get(root, name), out, e);
    if (ok && out->dims != dims) ok = fail(e, ERR_INPUT, "has %d dimensions where SMPL has %d", out->dims, dims);
    for (int i = 0; ok && i < dims; i++) {
        if (dim[i] ? out->dim[i] == dim[i] : out->dim[i] >= 1) continue;
        ok = fail(e, ERR_INPUT, "has the size %zu where SMPL has %zu", out->dim[i], dim[i]);
    }
    for (size_t i = 0; ok && i < out->count; i++)
        if (!isfinite(out->data[i])) ok = fail(e, ERR_INPUT, "holds a number that is not finite");
    char prefix[64];
    snprintf(prefix, sizeof prefix, "SMPL's %s", name);
    return ok || fail_within(e, prefix);
}

static bool check(const model *m, err *e)
{
    size_t vertices = m->template.dim[0], roots = 0;
    for (size_t j = 0; j < JOINTS; j++) {
        double p = m->tree.data[j];
        // The root's parent is 2^32 - 1, or -1 in files that were saved again.
        bool root = p == 4294967295. || p == -1;
        roots += root;
        if (m->tree.data[JOINTS + j] != (double)j || (root ? -1 : p) != parent[j]) {
            return fail(e, ERR_INPUT, "SMPL's kintree_table is not that of SMPL's 24 joints");
        }
    }
    for (size_t i = 0; i < m->faces.count; i++) {
        double v = m->faces.data[i];
        if (!(v >= 0 && v < (double)vertices && v == floor(v))) {
            return fail(e, ERR_INPUT, "SMPL's f has an index out of range");
        }
    }
    for (size_t v = 0; v < vertices; v++) {
        double sum = 0;
        for (size_t j = 0; j < JOINTS; j++) {
            double w = m->weights.data[v * JOINTS + j];
            if (w < -1e-9) return fail(e, ERR_INPUT, "SMPL's weights hold a negative number");
            sum += w;
        }
        if (fabs(sum - 1) > 1e-3) return fail(e, ERR_INPUT, "SMPL's weights of vertex %zu do not add up to 1", v);
    }
    return roots == 1 || fail(e, ERR_INPUT, "SMPL's kintree_table has %zu roots", roots);
}

// [V, 3, K] to [K, V, 3].
static float *directions(const numpy_array *a)
{
    size_t n = a->dim[0] * 3, k = a->dim[2];
    float *out = mem_array(float, n *k);
    for (size_t i = 0; i < n; i++)
        for (size_t d = 0; d < k; d++) out[d * n + i] = (float)a->data[i * k + d];
    return out;
}

static float *narrowed(const numpy_array *a)
{
    float *out = mem_array(float, a->count);
    for (size_t i = 0; i < a->count; i++) out[i] = (float)a->data[i];
    return out;
}

// out [stride of 3] = the regressor applied to one field over the vertices: element (v, c) at field[(v * 3 + c) *
// step].
static void regress(const numpy_array *regressor, const double *field, size_t step, float *out)
{
    size_t vertices = regressor->dim[1];
    for (size_t j = 0; j < JOINTS; j++)
        for (size_t c = 0; c < 3; c++) {
            double sum = 0;
            for (size_t v = 0; v < vertices; v++) {
                double w = regressor->data[j * vertices + v];
                if (w != 0) sum += w * field[(v * 3 + c) * step];
            }
            out[j * 3 + c] = (float)sum;
        }
}

static bool write(const model *m, buf *out, err *e)
{
    size_t v = m->template.dim[0], k = m->shapedirs.dim[2];
    float *template = narrowed(&m->template), *shapedirs = directions(&m->shapedirs);
    float *posedirs = directions(&m->posedirs), *weights = narrowed(&m->weights);
    float *joint_template = mem_array(float, (size_t)JOINTS * 3), *joint_dirs = mem_array(float, k *JOINTS * 3);
    uint32_t *triangle = mem_array(uint32_t, m->faces.count);
    for (size_t i = 0; i < m->faces.count; i++) triangle[i] = (uint32_t)m->faces.data[i];
    regress(&m->regressor, m->template.data, 1, joint_template);
    for (size_t d = 0; d < k; d++) regress(&m->regressor, m->shapedirs.data + d, k, joint_dirs + d * JOINTS * 3);
    st_writer *w = st_writer_new();
    st_writer_metadata(w, "format", "tryon smpl 1");
    st_writer_add(w, "template", ST_F32, 2, (uint64_t[]){ v, 3 }, template);
    st_writer_add(w, "shapedirs", ST_F32, 3, (uint64_t[]){ k, v, 3 }, shapedirs);
    st_writer_add(w, "posedirs", ST_F32, 3, (uint64_t[]){ POSE_FEATURES, v, 3 }, posedirs);
    st_writer_add(w, "joint_template", ST_F32, 2, (uint64_t[]){ JOINTS, 3 }, joint_template);
    st_writer_add(w, "joint_dirs", ST_F32, 3, (uint64_t[]){ k, JOINTS, 3 }, joint_dirs);
    st_writer_add(w, "weight", ST_F32, 2, (uint64_t[]){ v, JOINTS }, weights);
    st_writer_add(w, "triangle", ST_U32, 2, (uint64_t[]){ m->faces.dim[0], 3 }, triangle);
    bool ok = st_write(w, out, e);
    st_writer_free(w);
    mem_free(template);
    mem_free(shapedirs);
    mem_free(posedirs);
    mem_free(weights);
    mem_free(joint_template);
    mem_free(joint_dirs);
    mem_free(triangle);
    return ok;
}

bool smpl_import(const uint8_t *data, size_t n, buf *out, err *e)
{
    pickle *p = pickle_parse(data, n, e);
    if (!p) return fail_within(e, "the SMPL file cannot be read");
    const pickle_value *root = pickle_root(p);
    model m = { 0 };
    bool ok = read(root, "v_template", 2, (size_t[]){ 0, 3 }, &m.template, e);
    size_t v = m.template.dim[0];
    if (ok && v > VERTICES_MAX) ok = fail(e, ERR_LIMIT, "SMPL has %zu vertices; %d are the most", v, VERTICES_MAX);
    ok = ok && read(root, "shapedirs", 3, (size_t[]){ v, 3, 0 }, &m.shapedirs, e);
    if (ok && m.shapedirs.dim[2] > BETAS_MAX) {
        ok = fail(e, ERR_LIMIT, "SMPL has %zu shapes; %d are the most", m.shapedirs.dim[2], BETAS_MAX);
    }
    ok = ok && read(root, "posedirs", 3, (size_t[]){ v, 3, POSE_FEATURES }, &m.posedirs, e) &&
         read(root, "weights", 2, (size_t[]){ v, JOINTS }, &m.weights, e) &&
         read(root, "J_regressor", 2, (size_t[]){ JOINTS, v }, &m.regressor, e) &&
         read(root, "kintree_table", 2, (size_t[]){ 2, JOINTS }, &m.tree, e) &&
         read(root, "f", 2, (size_t[]){ 0, 3 }, &m.faces, e) && check(&m, e) && write(&m, out, e);
    model_free(&m);
    pickle_free(p);
    return ok;
}
