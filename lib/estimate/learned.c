#include "estimate/learned.h"
#include "base/rng.h"

static double *read_view(const body_model *m, const float *betas, const photo_view *v, double *x)
{
    profile_read(m, betas, v, x);
    x += v->side == VIEW_SIDE ? PROFILE_SIDE : PROFILE_FRONT;
    for (int i = 0; i < CLOTH_REGIONS; i++) *x++ = (double)v->cloth[i];
    const mat3 *root = &v->rotation[JOINT_PELVIS];
    float turned = atan2f(root->m[0][2], root->m[2][2]);
    *x++ = fabs((double)(turned - v->yaw));
    *x++ = log((double)(v->focal / v->focal_prior));
    *x++ = v->focal_sd < 0.1f; // the lens is known
    *x++ = (double)v->trust;
    *x++ = (double)v->explained; // the front view's last: LEARNED_EXPLAINED
    return x;
}

void learned_read(const body_model *m, const survey_answers *a, const float *betas, const photo_view *view, int views,
                  const double *fitted, const double *prior, learned_features *out)
{
    double *x = out->x;
    *x++ = a->height;
    *x++ = a->age > 0 ? log(a->age / 35) : 0;
    *x++ = a->weight > 0 ? sqrt(a->weight / a->height) : 0;
    *x++ = (double)view[0].looseness;
    loose_signs clothes;
    float sign[LOOSE_SIGNS];
    loose_look(view[0].evidence, &clothes);
    loose_scale(&clothes, sign);
    for (int i = 0; i < LOOSE_SIGNS; i++) *x++ = (double)sign[i];
    for (int i = 1; i < TAPE_COUNT; i++) *x++ = fitted[i];
    for (int i = 1; i < TAPE_COUNT; i++) *x++ = fitted[i] - prior[i];
    for (int q = 0; q < views; q++) x = read_view(m, betas, &view[q], x);
    out->count = (int)(x - out->x);
}

void learned_waves(const double *z, int n, double *out)
{
    const double length = 1.2; // root mean square difference of two people who are half alike
    rng r = rng_new(1);
    for (int i = 0; i < LEARNED_WAVES; i++) {
        double sum = 0, phase = 6.283185307179586 * rng_uniform(&r);
        uint64_t signs = 0;
        for (int k = 0; k < n; k++, signs >>= 1) {
            if (k % 64 == 0) signs = rng_next(&r);
            sum += signs & 1 ? z[k] : -z[k];
        }
        out[i] = sqrt(2.0 / LEARNED_WAVES) * cos(sum / (length * sqrt(n)) + phase);
    }
}

double learned_trust(const double *z, int n, double explained)
{
    // Mean square of the features: 1 on the average of those learned from, who reach 1.7 and in loose clothes 2.3 (nine
    // of ten people); the real photos at hand have 0.8 to 2.5. Half is followed at 1.7: beyond, what is followed moves
    // with the photo's size more than it is worth.
    const double familiar = 1.2, width = 0.5;
    if (n > LEARNED_B) return 1;
    double mean = 0;
    for (int i = 0; i < n; i++) mean += z[i] * z[i] / n;
    double over = fmax(mean - familiar, 0) / width;
    // Squared, since training makes up for it where it learned: it costs rendered people little.
    return explained * explained / (1 + over * over);
}

void learned_shift(const learned_features *f, body_sex sex, bool weighed, double *shift, double *spread)
{
    bool untold = sex == SEX_NEUTRAL;
    const learned_table *t = &learned_tables[f->count == LEARNED_C][weighed][untold];
    double loose = f->x[LEARNED_LOOSE], sign = untold ? 0 : sex == SEX_FEMALE ? -1 : 1;
    double z[LEARNED_C + 1], wave[LEARNED_WAVES];
    for (int i = 0; i < f->count; i++) z[i] = learned_z(f->x[i], (double)t->norm[i][0], (double)t->norm[i][1]);
    z[f->count] = 2 * sign;
    learned_waves(z, f->count + 1, wave);
    double trust = learned_trust(z, f->count, f->x[LEARNED_EXPLAINED]);
    const double share[LEARNED_BLOCKS] = { 1, loose, sign };
    int blocks = untold ? LEARNED_UNTOLD_BLOCKS : LEARNED_BLOCKS;
    double score[LEARNED_RANK] = { 0 };
    const int16_t *w = t->weight;
    for (int b = 0; b < blocks; b++)
        for (int i = 0; i <= f->count; i++, w += LEARNED_RANK) {
            double x = share[b] * (i < f->count ? z[i] : 1);
            for (int r = 0; r < LEARNED_RANK; r++) score[r] += x * w[r];
        }
    for (int i = 0; i < LEARNED_WAVES; i++, w += LEARNED_RANK)
        for (int r = 0; r < LEARNED_RANK; r++) score[r] += wave[i] * w[r];
    for (int i = 0; i < TAPE_COUNT; i++) {
        shift[i] = 0;
        for (int r = 0; r < LEARNED_RANK; r++) shift[i] += trust * (double)t->unit * score[r] * (double)t->shape[r][i];
        spread[i] = learned_widen((1 - loose) * (double)t->spread[0][i] + loose * (double)t->spread[1][i], trust);
    }
}
