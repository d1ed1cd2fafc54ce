#include "body/build_space.h"
#include "base/mem.h"
#include "math/linalg.h"

#include <string.h>

typedef struct {
    const float *position, *weight;
    int bodies;
    size_t numbers; // 3 * vertices
    double *gram;
} gram_job;

static void gram_row(void *ctx, int i)
{
    gram_job *g = ctx;
    const float *a = g->position + (size_t)i * g->numbers;
    for (int j = 0; j <= i; j++) {
        const float *b = g->position + (size_t)j * g->numbers;
        double sum = 0;
        for (size_t v = 0; v < g->numbers / 3; v++) {
            const float *p = a + 3 * v, *q = b + 3 * v;
            sum += (double)g->weight[v] *
                   ((double)p[0] * (double)q[0] + (double)p[1] * (double)q[1] + (double)p[2] * (double)q[2]);
        }
        g->gram[i * g->bodies + j] = g->gram[j * g->bodies + i] = sum;
    }
}

static void centre(float *rows, int bodies, size_t numbers, float *mean)
{
    for (size_t i = 0; i < numbers; i++) {
        double sum = 0;
        for (int b = 0; b < bodies; b++) sum += (double)rows[(size_t)b * numbers + i];
        mean[i] = (float)(sum / bodies);
        for (int b = 0; b < bodies; b++) rows[(size_t)b * numbers + i] -= mean[i];
    }
}

// dir = sum over bodies of score * deviation / (bodies - 1): the regression of the shape on a unit-variance score.
static void direction(const float *rows, int bodies, size_t numbers, const double *score, int betas, int k, float *dir)
{
    memset(dir, 0, numbers * sizeof *dir);
    for (int b = 0; b < bodies; b++) {
        float s = (float)(score[b * betas + k] / (bodies - 1));
        const float *row = rows + (size_t)b * numbers;
        for (size_t i = 0; i < numbers; i++) dir[i] += s * row[i];
    }
}

static double mean_height_change(const float *dir, uint32_t vertices, const float *mean)
{
    double sum = 0; // a component that makes the person taller moves high vertices up and low ones down
    for (size_t v = 0; v < vertices; v++) sum += (double)dir[3 * v + 1] * (double)mean[3 * v + 1];
    return sum;
}

body_space *body_space_fit(pool *p, float *position, vec3 *joint, int bodies, uint32_t vertices, const float *weight,
                           int betas)
{
    size_t numbers = (size_t)vertices * 3, joint_numbers = BODY_JOINTS * 3;
    body_space *s = mem_new(1, sizeof *s);
    *s = (body_space){ .bodies = bodies, .betas = betas, .vertices = vertices };
    s->mean = mem_array(float, numbers);
    s->dirs = mem_array(float, numbers *(size_t)betas);
    s->joint_dirs = mem_array(vec3, (size_t)betas * BODY_JOINTS);
    s->score = mem_array(double, (size_t)(bodies * betas));
    centre(position, bodies, numbers, s->mean);
    centre(&joint->x, bodies, joint_numbers, &s->joint_mean->x);

    size_t square = (size_t)(bodies * bodies);
    double *gram = mem_array(double, square), *vector = mem_array(double, square),
           *value = mem_array(double, (size_t)bodies);
    gram_job job = { position, weight, bodies, numbers, gram };
    pool_run(p, bodies, gram_row, &job);
    eigen_symmetric(gram, bodies, value, vector);
    for (int k = 0; k < betas; k++) {
        for (int b = 0; b < bodies; b++) s->score[b * betas + k] = vector[b * bodies + k] * sqrt(bodies - 1);
        float *dir = s->dirs + (size_t)k * numbers;
        direction(position, bodies, numbers, s->score, betas, k, dir);
        if (mean_height_change(dir, vertices, s->mean) < 0) {
            for (int b = 0; b < bodies; b++) s->score[b * betas + k] = -s->score[b * betas + k];
            for (size_t i = 0; i < numbers; i++) dir[i] = -dir[i];
        }
        direction(&joint->x, bodies, joint_numbers, s->score, betas, k, &s->joint_dirs[k * BODY_JOINTS].x);
    }
    mem_free(gram);
    mem_free(vector);
    mem_free(value);
    return s;
}

void body_space_free(body_space *s)
{
    if (!s) return;
    mem_free(s->mean);
    mem_free(s->dirs);
    mem_free(s->joint_dirs);
    mem_free(s->score);
    mem_free(s);
}
