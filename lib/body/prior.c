#include "body/prior.h"
#include "math/linalg.h"

#include <math.h>
#include <string.h>

enum { K = BODY_MAX_BETAS, N = SURVEY_MEASURES + 1 }; // the survey's measurements and the height

// gain [k * n] = covariance J^T (J covariance J^T + noise)^-1; also projected = covariance J^T [k * n].
static bool gain_of(const body_gaussian *g, int n, const double *jacobian, const double *noise, double *gain)
{
    int k = g->betas;
    double cj[K * TAPE_COUNT], s[TAPE_COUNT * TAPE_COUNT], solved[TAPE_COUNT * K];
    mat_mul_bt(cj, g->covariance, jacobian, k, k, n); // [k * n]
    mat_mul(s, jacobian, cj, n, k, n);
    for (int i = 0; i < n * n; i++) s[i] += noise[i];
    if (!chol_factor(s, n)) return false;
    for (int i = 0; i < n; i++)
        for (int j = 0; j < k; j++) solved[i * k + j] = cj[j * n + i];
    chol_solve_many(s, n, solved, k);
    for (int i = 0; i < n; i++)
        for (int j = 0; j < k; j++) gain[j * n + i] = solved[i * k + j];
    return true;
}

bool body_gaussian_update(body_gaussian *g, int n, const double *jacobian, const double *predicted, const double *value,
                          const double *noise)
{
    int k = g->betas;
    double gain[K * TAPE_COUNT], gj[K * K], cut[K * K];
    if (!gain_of(g, n, jacobian, noise, gain)) return false;
    for (int i = 0; i < k; i++)
        for (int j = 0; j < n; j++) g->mean[i] += gain[i * n + j] * (value[j] - predicted[j]);
    mat_mul(gj, gain, jacobian, k, n, k);
    mat_mul(cut, gj, g->covariance, k, k, k);
    for (int i = 0; i < k; i++)
        for (int j = 0; j < k; j++) g->covariance[i * k + j] -= (cut[i * k + j] + cut[j * k + i]) / 2;
    return true;
}

static void regression(const body_model *m, const survey_answers *a, body_gaussian *g)
{
    const body_prior *p = m->prior;
    int given = (int)survey_known(a);
    double x[SURVEY_FEATURES];
    int f = survey_features(a, x);
    *g = (body_gaussian){ .betas = m->betas };
    for (int i = 0; i < f; i++)
        for (int k = 0; k < m->betas; k++) g->mean[k] += x[i] * p->coefficient[given][i][k];
    memcpy(g->covariance, p->covariance[given], (size_t)(m->betas * m->betas) * sizeof *g->covariance);
}

// noise [n * n]: 1 mm keeps the system regular where the shape space is thin; the height is always met.
static void tape_noise(const body_prior *p, int n, const tape_measure *row, double *noise)
{
    memset(noise, 0, (size_t)(n * n) * sizeof *noise);
    for (int i = 0; i < n; i++) noise[i * n + i] = 1e-6 + (row[i] != TAPE_HEIGHT ? p->rough * p->rough : 0);
}

static tape_measure row_of(int i) { return i < SURVEY_MEASURES ? survey_measure[i] : TAPE_HEIGHT; }

void body_gaussian_retell(const body_model *m, tape *t, const body_gaussian *start, int rounds, int n,
                          const tape_measure *row, const double *target, const double *wanted, body_gaussian *out)
{
    double noise[TAPE_COUNT * TAPE_COUNT], jacobian[TAPE_COUNT * K], gain[K * TAPE_COUNT];
    tape_noise(m->prior, n, row, noise);
    *out = *start;
    for (int round = 0; round < rounds; round++) {
        float betas[K];
        double value[TAPE_COUNT], slope[TAPE_COUNT * K], gap[TAPE_COUNT];
        for (int k = 0; k < m->betas; k++) betas[k] = (float)out->mean[k];
        tape_jacobian(t, betas, value, slope);
        for (int i = 0; i < n; i++) {
            memcpy(jacobian + i * m->betas, slope + (int)row[i] * m->betas, (size_t)m->betas * sizeof *slope);
            gap[i] = target[i] - value[row[i]];
            for (int k = 0; k < m->betas; k++) gap[i] += jacobian[i * m->betas + k] * (out->mean[k] - start->mean[k]);
        }
        if (!gain_of(start, n, jacobian, noise, gain)) return; // a singular shape space keeps what it was
        for (int k = 0; k < m->betas; k++) {
            out->mean[k] = start->mean[k];
            for (int i = 0; i < n; i++) out->mean[k] += gain[k * n + i] * gap[i];
        }
    }
    // Jeffrey's rule: covariance - G J covariance + G wanted G^T
    double gj[K * K], cut[K * K], gw[K * TAPE_COUNT], added[K * K];
    int k = m->betas;
    mat_mul(gj, gain, jacobian, k, n, k);
    mat_mul(cut, gj, start->covariance, k, k, k);
    mat_mul(gw, gain, wanted, k, n, n);
    mat_mul_bt(added, gw, gain, k, n, k);
    for (int i = 0; i < k; i++)
        for (int j = 0; j < k; j++) {
            out->covariance[i * k + j] = start->covariance[i * k + j] - (cut[i * k + j] + cut[j * k + i]) / 2 +
                                         (added[i * k + j] + added[j * k + i]) / 2;
        }
}

void body_prior_given(const body_model *m, tape *t, const survey_answers *a, double height_sd, body_gaussian *out)
{
    enum { ROUNDS = 4 }; // the tape is nearly linear in betas: the third round moves the mean by under 0.1 mm
    body_gaussian start;
    regression(m, a, &start);
    tape_measure row[N];
    double target[N], wanted[N * N] = { 0 }, survey_covariance[SURVEY_MEASURES * SURVEY_MEASURES];
    survey_condition(&m->prior->survey, m->sex, a, target, survey_covariance);
    for (int i = 0; i < SURVEY_MEASURES; i++) {
        for (int j = 0; j < SURVEY_MEASURES; j++) wanted[i * N + j] = survey_covariance[i * SURVEY_MEASURES + j];
    }
    for (int i = 0; i < N; i++) row[i] = row_of(i);
    target[N - 1] = a->height;
    wanted[N * N - 1] = height_sd * height_sd;
    body_gaussian_retell(m, t, &start, ROUNDS, N, row, target, wanted, out);
}

void body_prior_unfollowed(const body_model *m, tape *t, const survey_answers *a, const body_gaussian *g, double *sd)
{
    enum { S = SURVEY_MEASURES };
    memset(sd, 0, TAPE_COUNT * sizeof *sd);
    if (m->prior->rough == 0) return;
    body_gaussian start;
    regression(m, a, &start);
    float betas[K];
    int k = m->betas;
    double value[TAPE_COUNT], slope[TAPE_COUNT * K], noise[N * N], jacobian[N * K], gain[K * N], followed[N * N];
    for (int i = 0; i < k; i++) betas[i] = (float)g->mean[i];
    tape_jacobian(t, betas, value, slope);
    tape_measure row[N];
    for (int i = 0; i < N; i++) {
        row[i] = row_of(i);
        memcpy(jacobian + i * k, slope + (int)row[i] * k, (size_t)k * sizeof *slope);
    }
    tape_noise(m->prior, N, row, noise);
    if (!gain_of(&start, N, jacobian, noise, gain)) return;
    // A deviation d of the measurements moves the body's by J G d: (I - J G) d is left.
    mat_mul(followed, jacobian, gain, N, k, N);
    double target[S], covariance[S * S], sum = 0;
    survey_condition(&m->prior->survey, m->sex, a, target, covariance);
    for (int i = 0; i < S; i++) {
        double variance = 0;
        for (int p = 0; p < S; p++)
            for (int q = 0; q < S; q++) {
                double left_p = (double)(p == i) - followed[i * N + p], left_q = (double)(q == i) - followed[i * N + q];
                variance += left_p * covariance[p * S + q] * left_q;
            }
        sd[survey_measure[i]] = sqrt(fmax(variance, 0));
        sum += variance;
    }
    for (int i = 0; i < TAPE_COUNT; i++)
        if (sd[i] == 0 && i != TAPE_HEIGHT) sd[i] = sqrt(fmax(sum, 0) / S);
}
