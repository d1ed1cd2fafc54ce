#include "body/build_space.h"
#include "base/mem.h"
#include "math/linalg.h"

#include <string.h>

typedef struct {
    const float *row; // [bodies][numbers] deviations times the square root of the weight
    int bodies;
    size_t numbers;
    double *gram;
} gram_job;

// Sixteen lanes in single precision within blocks, blocks in double: fast, and the same on every machine.
static double dot(const float *a, const float *b, size_t n)
{
    enum { LANES = 16, BLOCK = 4096 };
    double sum = 0;
    for (size_t from = 0; from < n; from += BLOCK) {
        size_t to = from + BLOCK < n ? from + BLOCK : n, i = from;
        float lane[LANES] = { 0 };
        for (; i + LANES <= to; i += LANES)
            for (size_t l = 0; l < LANES; l++) lane[l] += a[i + l] * b[i + l];
        for (; i < to; i++) lane[0] += a[i] * b[i];
        for (int l = 0; l < LANES; l++) sum += (double)lane[l];
    }
    return sum;
}

static void gram_row(void *ctx, int i)
{
    gram_job *g = ctx;
    for (int j = 0; j <= i; j++) {
        double d = dot(g->row + (size_t)i * g->numbers, g->row + (size_t)j * g->numbers, g->numbers);
        g->gram[i * g->bodies + j] = g->gram[j * g->bodies + i] = d;
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
           *value = mem_array(double, (size_t)bodies), *scratch = mem_array(double, (size_t)bodies);
    float *weighted = mem_array(float, numbers *(size_t)bodies), *root = mem_array(float, vertices);
    for (uint32_t v = 0; v < vertices; v++) root[v] = sqrtf(weight[v]);
    for (size_t i = 0; i < numbers * (size_t)bodies; i++) weighted[i] = position[i] * root[i % numbers / 3];
    gram_job job = { weighted, bodies, numbers, gram };
    pool_run(p, bodies, gram_row, &job);
    mem_free(weighted);
    mem_free(root);
    eigen_symmetric(gram, bodies, value, vector, scratch);
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
    mem_free(scratch);
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
