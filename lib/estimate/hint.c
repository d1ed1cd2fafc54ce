#include "estimate/hint.h"
#include "base/mem.h"
#include "math/linalg.h"

#include <math.h>
#include <string.h>

enum { K = BODY_MAX_BETAS };
// Of a beta, whose spread over people is 1. Regressors of this kind meet a chest or a waist no better than to the
// survey's own spread at a known height (on HBW even SHAPY, which was trained on measurements, misses by 6.5 and 6.9
// cm), so that they may say less than the population does, not more.
static const double BETA_SD = 1.5;
static const double SIZE_SD = 10;  // along the direction of size
static const float POSE_SD = 0.2f; // radians about each axis: 45 mm of an aligned skeleton (HMR2.0 on 3DPW)
static const float AGREES = 0.08f; // median distance of joints from landmarks, shares of the person's height

// The betas that come nearest to making the whole mean body larger, of unit length.
static bool size_direction(const body_model *m, double *u)
{
    int k = m->betas;
    size_t n = m->vertices;
    double a[K * K] = { 0 }, length = 0, centre[3] = { 0 }, drift[K][3] = { { 0 } };
    const float *mean = &m->template_position->x;
    for (size_t i = 0; i < 3 * n; i++) {
        centre[i % 3] += (double)mean[i] / (double)n;
        for (int q = 0; q < k; q++) drift[q][i % 3] += (double)m->shapedirs[(size_t)q * 3 * n + i] / (double)n;
    }
    memset(u, 0, (size_t)k * sizeof *u);
    for (size_t i = 0; i < 3 * n; i++) {
        double row[K];
        for (int q = 0; q < k; q++) row[q] = (double)m->shapedirs[(size_t)q * 3 * n + i] - drift[q][i % 3];
        for (int q = 0; q < k; q++) {
            u[q] += row[q] * ((double)mean[i] - centre[i % 3]);
            for (int r = 0; r <= q; r++) a[q * k + r] += row[q] * row[r];
        }
    }
    for (int q = 0; q < k; q++) a[q * k + q] += 1e-9;
    if (!chol_factor(a, k)) return false;
    chol_solve(a, k, u);
    for (int q = 0; q < k; q++) length += u[q] * u[q];
    for (int q = 0; q < k; q++) u[q] /= sqrt(length);
    return length > 0;
}

static bool inverse(const double *a, int k, double *out)
{
    double factor[K * K];
    memcpy(factor, a, (size_t)(k * k) * sizeof *factor);
    if (!chol_factor(factor, k)) return false;
    chol_inverse(factor, k, out);
    return true;
}

void hint_shape(const body_model *m, const estimate_hint *hint, body_gaussian *g)
{
    int k = g->betas;
    double u[K], noise[K * K], both[K * K], gap[K], solved[K], prior[K * K], said[K * K], sum[K * K];
    if (hint->count != k || !size_direction(m, u)) return;
    for (int i = 0; i < k; i++) {
        gap[i] = solved[i] = (double)hint->betas[i] - g->mean[i];
        for (int j = 0; j < k; j++) {
            noise[i * k + j] = (i == j ? BETA_SD * BETA_SD : 0) + SIZE_SD * SIZE_SD * u[i] * u[j];
            both[i * k + j] = noise[i * k + j] + g->covariance[i * k + j];
        }
    }
    if (!chol_factor(both, k)) return;
    chol_solve(both, k, solved);
    double distance = 0; // squared, k on average
    for (int i = 0; i < k; i++) distance += gap[i] * solved[i] / k;
    for (int i = 0; distance > 1 && i < k * k; i++) noise[i] *= distance;
    if (!inverse(g->covariance, k, prior) || !inverse(noise, k, said)) return;
    for (int i = 0; i < k * k; i++) sum[i] = prior[i] + said[i];
    if (!inverse(sum, k, g->covariance)) return;
    double pull[K];
    mat_vec(pull, said, gap, k, k);
    mat_vec(solved, g->covariance, pull, k, k);
    for (int i = 0; i < k; i++) g->mean[i] += solved[i];
}

bool hint_agrees(const capture_evidence *evidence, const estimate_hint *hint)
{
    static const int pair[][2] = { { LM_LEFT_SHOULDER, JOINT_L_SHOULDER }, { LM_RIGHT_SHOULDER, JOINT_R_SHOULDER },
                                   { LM_LEFT_ELBOW, JOINT_L_ELBOW },       { LM_RIGHT_ELBOW, JOINT_R_ELBOW },
                                   { LM_LEFT_HIP, JOINT_L_HIP },           { LM_RIGHT_HIP, JOINT_R_HIP },
                                   { LM_LEFT_KNEE, JOINT_L_KNEE },         { LM_RIGHT_KNEE, JOINT_R_KNEE },
                                   { LM_LEFT_ANKLE, JOINT_L_ANKLE },       { LM_RIGHT_ANKLE, JOINT_R_ANKLE } };
    enum { PAIRS = sizeof pair / sizeof *pair };
    float off[PAIRS], tall = (float)(evidence->bottom - evidence->top);
    for (int i = 0; i < PAIRS; i++) {
        const capture_landmark *lm = &evidence->at[pair[i][0]];
        vec2 at = hint->joint_at[pair[i][1]];
        float d = hypotf(at.x - lm->x, at.y - lm->y);
        int q = i;
        for (; q > 0 && !(off[q - 1] <= d); q--) off[q] = off[q - 1];
        off[q] = d;
    }
    return off[PAIRS / 2] < AGREES * tall;
}

static int opposite(int joint)
{
    static const int left[] = { JOINT_L_HIP,      JOINT_L_KNEE,  JOINT_L_ANKLE, JOINT_L_FOOT, JOINT_L_COLLAR,
                                JOINT_L_SHOULDER, JOINT_L_ELBOW, JOINT_L_WRIST, JOINT_L_HAND };
    for (size_t i = 0; i < sizeof left / sizeof *left; i++) { // the right one follows each
        if (joint == left[i]) return joint + 1;
        if (joint == left[i] + 1) return joint - 1;
    }
    return joint;
}

void hint_mirror(const estimate_hint *hint, float width, estimate_hint *out)
{
    *out = *hint;
    for (int j = 0; j < BODY_JOINTS; j++) {
        int from = opposite(j);
        out->joint_at[j] = (vec2){ width - hint->joint_at[from].x, hint->joint_at[from].y };
        for (int r = 0; r < 3; r++)
            for (int c = 0; c < 3; c++)
                out->rotation[j].m[r][c] = hint->rotation[from].m[r][c] * ((r == 0) == (c == 0) ? 1.0f : -1.0f);
    }
}

void hint_view(photo_view *v, const estimate_hint *hint)
{
    v->hint = hint;
    for (int i = 0; i < VIEW_JOINTS; i++) {
        mat3 mean;
        float sd[3];
        view_pose_prior(v, i, &mean, sd);
        hint_pose(v, i, &mean, sd);
        v->rotation[view_joint[i]] = mean;
    }
    vec2 pelvis = hint->joint_at[JOINT_PELVIS];
    float metre = v->shift.z / v->focal;
    v->shift = v3((pelvis.x - v->cx) * metre, (pelvis.y - v->cy) * metre, v->shift.z);
}

void hint_pose(const photo_view *v, int free_joint, mat3 *mean, float sd[3])
{
    if (!v->hint) return;
    mat3 back = m3_transpose(mean), off = m3_mul(&back, &v->hint->rotation[view_joint[free_joint]]);
    vec3 a = m3_to_axis_angle(&off);
    float angle[3] = { a.x, a.y, a.z };
    for (int k = 0; k < 3; k++) {
        float own = sd[k] * sd[k], said = POSE_SD * POSE_SD;
        angle[k] *= own / (own + said);
        sd[k] = sqrtf(own * said / (own + said));
    }
    mat3 turn = m3_from_axis_angle(v3(angle[0], angle[1], angle[2]));
    *mean = m3_mul(mean, &turn);
}
