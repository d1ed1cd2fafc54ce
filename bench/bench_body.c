// The body's own work: posing, shaping, measuring, the prior, and an avatar's GLB files. Beside posing and shaping
// stands the plain loop after the formula, compiled with the same flags.
#include "base/limits.h"
#include "base/mem.h"
#include "body/body.h"
#include "body/tape.h"
#include "avatar/parts.h"
#include "gltf/glb.h"
#include "report.h"

#include <string.h>

static const char OURS[] = "tryon", NAIVE[] = "plain loop";

typedef struct {
    body_model *m;
    tape *t;
    float betas[BODY_MAX_BETAS];
    vec3 *shaped, *posed, joint[BODY_JOINTS];
    body_pose pose;
    survey_answers answers;
    double value[TAPE_COUNT], *jacobian;
    body_gaussian prior;
    estimate_result estimate;
    glb_model file;
    glb_scene scene;
    buf plain, web;
    err e;
} work;

static void run_shape(void *ctx)
{
    work *w = ctx;
    body_shape(w->m, w->betas, w->shaped, w->joint);
}

static void run_skin(void *ctx)
{
    work *w = ctx;
    rigid world[BODY_JOINTS];
    body_joint_transforms(w->joint, &w->pose, world);
    body_skin(w->m, w->shaped, world, w->posed);
}

// template + sum of direction * beta, vertex by vertex.
static void naive_shape(void *ctx)
{
    work *w = ctx;
    const body_model *m = w->m;
    for (size_t v = 0; v < m->vertices; v++) {
        vec3 p = m->template_position[v];
        for (size_t k = 0; k < (size_t)m->betas; k++) {
            const float *d = m->shapedirs + 3 * (k * m->vertices + v);
            p = v3_mad(p, v3(d[0], d[1], d[2]), w->betas[k]);
        }
        w->shaped[v] = p;
    }
}

// sum of weight * (transform * point) over all four influences.
static void naive_skin(void *ctx)
{
    work *w = ctx;
    const body_model *m = w->m;
    rigid world[BODY_JOINTS];
    body_joint_transforms(w->joint, &w->pose, world);
    for (size_t v = 0; v < m->vertices; v++) {
        vec3 sum = { 0 };
        for (size_t k = 4 * v; k < 4 * v + 4; k++)
            sum = v3_mad(sum, rigid_apply(&world[m->skin_joint[k]], w->shaped[v]), m->skin_weight[k]);
        w->posed[v] = sum;
    }
}

static void run_tape(void *ctx)
{
    work *w = ctx;
    tape_read(w->t, w->shaped, w->joint, w->value);
}

static void run_jacobian(void *ctx)
{
    work *w = ctx;
    tape_jacobian(w->t, w->betas, w->value, w->jacobian);
}

static void run_prior(void *ctx)
{
    work *w = ctx;
    body_prior_given(w->m, w->t, &w->answers, 0.004, &w->prior);
}

static void run_estimate(void *ctx)
{
    work *w = ctx;
    estimate_input in = { .answers = w->answers };
    if (!estimate_body(w->m, w->t, &in, &w->estimate, &w->e)) bench_die(&w->e);
}

static void write_flavour(work *w, glb_flavour flavour, buf *out)
{
    out->len = 0;
    if (!glb_write(&w->scene, flavour, out, &w->e)) bench_die(&w->e);
}

static void run_plain(void *ctx) { write_flavour(ctx, GLB_PLAIN, &((work *)ctx)->plain); }
static void run_web(void *ctx) { write_flavour(ctx, GLB_WEB, &((work *)ctx)->web); }

// The avatar's own scene, as its plain file tells it.
static void read_scene(work *w, glb_mesh *mesh, glb_joint *joint)
{
    avatar_shape shape = avatar_shape_of(w->m, w->betas);
    if (!avatar_glb(w->m, &shape, &w->plain, &w->web, &w->e)) bench_die(&w->e);
    if (!glb_parse(w->plain.data, w->plain.len, &w->file, &w->e)) bench_die(&w->e);
    const glb_read_mesh *r = &w->file.mesh[0];
    *mesh = (glb_mesh){ .name = r->name,
                        .mesh = { r->position, r->triangle, r->vertex_count, r->triangle_count },
                        .normal = r->normal,
                        .uv = r->uv,
                        .joint = r->joint,
                        .weight = r->weight,
                        .part = r->part,
                        .parts = r->parts };
    for (int j = 0; j < w->file.joints; j++)
        joint[j] = (glb_joint){ w->file.joint[j].name, w->file.joint[j].parent, w->file.joint[j].origin };
    w->scene = (glb_scene){ .generator = "TryOn",
                            .mesh = mesh,
                            .meshes = 1,
                            .joint = joint,
                            .joints = w->file.joints,
                            .material = w->file.material,
                            .materials = w->file.materials };
    avatar_shape_free(&shape);
}

// How many vertices a second r poses.
static void add_speed(const work *w, const char *by, bench_runner r, int runs)
{
    double *values = mem_array(double, (size_t)runs);
    for (int i = 0; i < runs; i++) {
        double start = bench_now();
        r.run(r.ctx);
        values[i] = w->m->vertices / (bench_now() - start) / 1000;
    }
    bench_value("body_skin, vertices", by, "M/s", bench_median(values, runs), 0);
    mem_free(values);
}

int main(int argc, char **argv)
{
    bench_options o = bench_parse(argc, argv);
    int runs = o.runs ? o.runs : 101, few = o.runs ? o.runs : 21;
    static work w = { .answers = { 1.68, 62, 35 } };
    w.m = body_load(ASSETS "/open_body.safetensors", SEX_FEMALE, &w.e);
    if (!w.m) bench_die(&w.e);
    w.t = tape_new(w.m);
    w.shaped = mem_array(vec3, w.m->vertices);
    w.posed = mem_array(vec3, w.m->vertices);
    w.jacobian = mem_array(double, (size_t)TAPE_COUNT *(size_t)w.m->betas);
    w.plain = buf_new(LIMIT_GLB_BYTES);
    w.web = buf_new(LIMIT_GLB_BYTES);
    for (int k = 0; k < w.m->betas; k++) w.betas[k] = 0.3f * (float)(k % 5 - 2);
    for (int j = 0; j < BODY_JOINTS; j++) w.pose.rotation[j] = v3(0.1f, 0.05f * (float)(j % 3), -0.1f);
    glb_mesh mesh;
    glb_joint joint[BODY_JOINTS];
    read_scene(&w, &mesh, joint);

    bench_race((bench_runner[]){ { "one body shaped (body_shape)", OURS, run_shape, &w, 0 },
                                 { "one body shaped (body_shape)", NAIVE, naive_shape, &w, 0 },
                                 { "one body posed (LBS, body_skin)", OURS, run_skin, &w, 1 },
                                 { "one body posed (LBS, body_skin)", NAIVE, naive_skin, &w, 0 } },
               4, runs);
    add_speed(&w, OURS, (bench_runner){ .run = run_skin, .ctx = &w }, runs);
    add_speed(&w, NAIVE, (bench_runner){ .run = naive_skin, .ctx = &w }, runs);
    run_shape(&w);
    bench_race((bench_runner[]){ { "21 measurements of a mesh (tape_read)", OURS, run_tape, &w, 5 },
                                 { "their Jacobian (tape_jacobian)", OURS, run_jacobian, &w, 0 },
                                 { "prior of the answers (body_prior_given)", OURS, run_prior, &w, 0 },
                                 { "answers to a body (estimate, mode A)", OURS, run_estimate, &w, 0 },
                                 { "avatar.glb written", OURS, run_plain, &w, 0 },
                                 { "avatar.web.glb written", OURS, run_web, &w, 0 } },
               6, few);
    bench_value("avatar.glb", OURS, "kB", (double)w.plain.len / 1000, 0);
    bench_value("avatar.web.glb", OURS, "kB", (double)w.web.len / 1000, 0);
    bench_print("body", &o);
    glb_model_free(&w.file);
    buf_free(&w.plain);
    buf_free(&w.web);
    mem_free(w.shaped);
    mem_free(w.posed);
    mem_free(w.jacobian);
    tape_free(w.t);
    body_free(w.m);
    return 0;
}
