#include "smpl_like.h"
#include "base/io.h"
#include "base/limits.h"
#include "base/mem.h"
#include "import/smpl.h"
#include "math/linalg.h"
#include "thinned.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { JOINTS = BODY_JOINTS, FEATURES = BODY_POSE_FEATURES };

// T-pose to A-pose, each joint relative to its parent: arms from level to 42 degrees from the vertical, legs apart.
static void turns(mat3 *local, mat3 *world)
{
    for (int j = 0; j < JOINTS; j++) local[j] = m3_identity();
    for (int side = 0; side < 2; side++) {
        float sign = side ? -1 : 1;
        local[JOINT_L_SHOULDER + side] = m3_from_axis_angle(v3(0, 0, -0.838f * sign));
        local[JOINT_L_HIP + side] = m3_from_axis_angle(v3(0, 0, 0.05f * sign));
        local[JOINT_L_ANKLE + side] = m3_from_axis_angle(v3(0, 0, -0.05f * sign));
    }
    for (int j = 0; j < JOINTS; j++) {
        world[j] = local[j];
        if (j) world[j] = m3_mul(&world[body_joint_parent[j]], &local[j]);
    }
}

// Joints of the T-pose from those of the A-pose; linear, so that it serves the directions too.
static void raised(const mat3 *world, const vec3 *joint, vec3 *out)
{
    for (int j = 0; j < JOINTS; j++) {
        int p = body_joint_parent[j];
        if (p < 0) {
            out[j] = joint[j];
            continue;
        }
        mat3 back = m3_transpose(&world[p]);
        out[j] = v3_add(out[p], m3_apply(&back, v3_sub(joint[j], joint[p])));
    }
}

static mat3 inverse(const mat3 *a)
{
    const float(*m)[3] = a->m;
    mat3 out;
    float det = 0;
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 3; j++) {
            int r = (j + 1) % 3, s = (j + 2) % 3, p = (i + 1) % 3, q = (i + 2) % 3;
            out.m[i][j] = m[r][p] * m[s][q] - m[r][q] * m[s][p];
        }
    for (int k = 0; k < 3; k++) det += m[0][k] * out.m[k][0];
    for (int i = 0; i < 9; i++) out.m[i / 3][i % 3] /= det;
    return out;
}

// Undoes linear blend skinning exactly: the point that the blend of the joints takes to p.
static vec3 unskinned(const body_model *open, uint32_t v, const mat3 *world, const vec3 *low, const vec3 *high, vec3 p)
{
    mat3 blend = { 0 };
    for (uint32_t k = 0; k < 4; k++) {
        float w = open->skin_weight[4 * v + k];
        int j = open->skin_joint[4 * v + k];
        for (int i = 0; i < 9; i++) blend.m[i / 3][i % 3] += w * world[j].m[i / 3][i % 3];
        p = v3_mad(p, v3_sub(low[j], m3_apply(&world[j], high[j])), -w);
    }
    mat3 back = inverse(&blend);
    return m3_apply(&back, p);
}

// Weights of the nearest vertices whose sum moves as joint j does, in every direction of shape: ridge regression.
static void regress(const fixture_body *b, int j, const vec3 *high, const vec3 *high_dirs, double *row)
{
    enum { NEAR = 80 };
    uint32_t near[NEAR];
    double reach[NEAR];
    int n = 0;
    for (uint32_t v = 0; v < b->vertices; v++) {
        const double *p = b->template + 3 * v;
        double d = 0;
        const float at[3] = { high[j].x, high[j].y, high[j].z };
        for (int c = 0; c < 3; c++) d += (p[c] - (double)at[c]) * (p[c] - (double)at[c]);
        int k = n < NEAR ? n++ : NEAR - 1;
        if (n == NEAR && k == NEAR - 1 && near[k] != v && reach[k] <= d && v >= NEAR) continue;
        for (; k > 0 && reach[k - 1] > d; k--) near[k] = near[k - 1], reach[k] = reach[k - 1];
        near[k] = v, reach[k] = d;
    }
    double a[NEAR * NEAR] = { 0 }, rhs[NEAR] = { 0 }, x[NEAR];
    for (int i = 0; i < NEAR; i++) a[i * NEAR + i] = 1e-7;
    for (int e = -1; e < 3 * (int)(b->betas + 1); e++) { // e < 0: the weights add up to 1
        double want = 10;
        for (int i = 0; i < NEAR; i++) {
            size_t at = (size_t)(e < 0 ? 0 : e % 3) + 3 * (size_t)near[i];
            x[i] = e < 0 ? 10 : e < 3 ? b->template[at] : b->shapedirs[at * b->betas + (size_t)(e / 3 - 1)];
        }
        if (e >= 0) {
            vec3 p = e < 3 ? high[j] : high_dirs[(e / 3 - 1) * JOINTS + j];
            want = (double)(e % 3 == 0 ? p.x : e % 3 == 1 ? p.y : p.z);
        }
        for (int i = 0; i < NEAR; i++) {
            rhs[i] += x[i] * want;
            for (int k = 0; k < NEAR; k++) a[i * NEAR + k] += x[i] * x[k];
        }
    }
    if (!chol_factor(a, NEAR)) exit((printf("no regressor for joint %d\n", j), 1));
    chol_solve(a, NEAR, rhs);
    for (int i = 0; i < NEAR; i++) row[near[i]] = rhs[i];
}

fixture_body smpl_like(const body_model *open, uint32_t vertices, int betas)
{
    mat3 local[JOINTS], world[JOINTS];
    vec3 high[JOINTS], *high_dirs = mem_array(vec3, (size_t)betas * JOINTS);
    turns(local, world);
    raised(world, open->joint_template, high);
    for (int k = 0; k < betas; k++) raised(world, open->joint_dirs + k * JOINTS, high_dirs + k * JOINTS);
    thinned mesh = thin(open->template_position, open->triangle, open->vertices, open->triangles, vertices);
    size_t n = mesh.vertices, kb = (size_t)betas;
    fixture_body b = { .vertices = n, .betas = kb, .faces = mesh.triangles, .face = mesh.triangle };
    b.template = mem_array(double, n * 3);
    b.shapedirs = mem_array(double, n * 3 * kb);
    b.posedirs = mem_array(double, n * 3 * FEATURES);
    b.weights = mem_array(double, n *JOINTS);
    b.regressor = mem_array(double, JOINTS *n);
    for (uint32_t i = 0; i < n; i++) {
        uint32_t v = mesh.kept[i];
        double sum = 0;
        for (uint32_t k = 0; k < 4; k++) sum += (double)open->skin_weight[4 * v + k];
        for (uint32_t k = 0; k < 4; k++)
            b.weights[i * JOINTS + open->skin_joint[4 * v + k]] += (double)open->skin_weight[4 * v + k] / sum;
        vec3 p = unskinned(open, v, world, open->joint_template, high, open->template_position[v]);
        double *at = b.template + 3 * (size_t)i;
        at[0] = (double)p.x, at[1] = (double)p.y, at[2] = (double)p.z;
        for (int k = 0; k < betas; k++) {
            const float *d = open->shapedirs + ((size_t)k * open->vertices + v) * 3;
            vec3 s =
                unskinned(open, v, world, open->joint_dirs + k * JOINTS, high_dirs + k * JOINTS, v3(d[0], d[1], d[2]));
            const float move[3] = { s.x, s.y, s.z };
            for (size_t c = 0; c < 3; c++) b.shapedirs[(3 * (size_t)i + c) * kb + (size_t)k] = (double)move[c];
        }
    }
    for (int j = 0; j < JOINTS; j++) regress(&b, j, high, high_dirs, b.regressor + (size_t)j * n);
    // Pose corrections of some millimetres, taken off the T-pose for what they add in the A-pose.
    for (size_t i = 0; i < n * 3; i++)
        for (size_t f = 0; f < FEATURES; f++) {
            double d = 0.002 * sin(0.7 * (double)(i % 3) + 3 * b.template[i] + 0.4 * (double)f);
            int row = (int)(f % 9) / 3, column = (int)(f % 3);
            b.posedirs[i * FEATURES + f] = d;
            b.template[i] -= d * ((double)local[1 + f / 9].m[row][column] - (row == column));
        }
    mem_free(mesh.kept);
    mem_free(high_dirs);
    return b;
}

void smpl_like_write(const body_model *open, uint32_t vertices, int betas, const char *folder)
{
    char path[1024];
    err e = { 0 };
    fixture_body b = smpl_like(open, vertices, betas);
    buf pkl = buf_new(LIMIT_PICKLE_BYTES), body = buf_new(LIMIT_ARRAY_FILE_BYTES);
    bool ok = io_join(path, sizeof path, folder, "smpl.safetensors") && fixture_smpl(&b, PYTHON2, &pkl) &&
              smpl_import(pkl.data, pkl.len, &body, &e) && io_write(path, body.data, body.len, &e);
    if (!ok) exit((printf("%s\n", e.msg), 1));
    buf_free(&pkl);
    buf_free(&body);
    fixture_body_free(&b);
}
