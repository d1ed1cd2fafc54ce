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

void body_gaussian_retell(const body_model *m, tape *t, const body_gaussian *start, int rounds, int n,
                          const tape_measure *row, const double *target, const double *wanted, body_gaussian *out)
{
    double noise[TAPE_COUNT * TAPE_COUNT] = { 0 }, jacobian[TAPE_COUNT * K], gain[K * TAPE_COUNT];
    for (int i = 0; i < n; i++) noise[i * n + i] = 1e-6; // 1 mm: keeps the system regular where shape space is thin
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
        row[i] = survey_measure[i];
        for (int j = 0; j < SURVEY_MEASURES; j++) wanted[i * N + j] = survey_covariance[i * SURVEY_MEASURES + j];
    }
    row[N - 1] = TAPE_HEIGHT;
    target[N - 1] = a->height;
    wanted[N * N - 1] = height_sd * height_sd;
    body_gaussian_retell(m, t, &start, ROUNDS, N, row, target, wanted, out);
}
