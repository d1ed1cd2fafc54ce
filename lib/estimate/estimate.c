#include "estimate/estimate.h"
#include "base/mem.h"
#include "estimate/fit.h"
#include "estimate/hint.h"
#include "estimate/learned.h"
#include "math/linalg.h"

#include <string.h>

enum { K = BODY_MAX_BETAS, TAPE_ROUNDS = 3 };
const double estimate_height_sd = 0.004;
static const double TAPE_SD = 0.005;       // her own reading of a tape
static const double UNMODELLED_SD = 0.004; // of the real body about the shape space, by measurement
static const double NINETY = 1.6449;       // half of a 90 % interval, standard deviations
static const double LEAST_LEFT = 0.05;     // of a variance, whatever was learned
static const double PHOTO_SAYS = 0.9;      // a photo is the source where it shrinks the interval below this

const char *estimate_source_word(estimate_source s)
{
    return s == SOURCE_TAPE ? "tape" : s == SOURCE_PHOTO ? "photo" : "prior";
}

bool estimate_check_answers(const survey_answers *a, const double *given, err *e)
{
    if (!(a->height >= 1.30 && a->height <= 2.20)) {
        return fail(e, ERR_INPUT, "the height is %.0f cm; bodies of 130 to 220 cm are known: give it in centimetres",
                    100 * a->height);
    }
    if (a->weight != 0 && !(a->weight >= 30 && a->weight <= 250)) {
        return fail(e, ERR_INPUT,
                    "the weight is %.0f kg; 30 to 250 kg are known: give it in kilograms, or leave it out", a->weight);
    }
    if (a->age != 0 && !(a->age >= 16 && a->age <= 100)) {
        return fail(e, ERR_INPUT,
                    "the age is %.0f years; adults of 16 to 100 are measured: correct it, or leave it out", a->age);
    }
    double bmi = a->weight / (a->height * a->height);
    if (a->weight != 0 && (bmi < 13 || bmi > 60)) {
        return fail(e, ERR_INPUT, "%.0f cm with %.0f kg can't both be right: check the height and the weight",
                    100 * a->height, a->weight);
    }
    for (int i = 0; given && i < TAPE_COUNT; i++) {
        if (given[i] == 0) continue;
        if (i == TAPE_HEIGHT)
            return fail(e, ERR_INPUT, "the height is an answer of its own: leave it out of the tape values");
        if (!(given[i] > 0.05 && given[i] < 2.5)) {
            return fail(e, ERR_INPUT, "the %s is %.1f cm; 5 to 250 cm are possible: give it in centimetres",
                        tape_name[i], 100 * given[i]);
        }
    }
    return true;
}

static void to_floats(const body_gaussian *g, float *betas)
{
    for (int k = 0; k < g->betas; k++) betas[k] = (float)g->mean[k];
}

// Standard deviations of all measurements at the mean of g. unfollowed: what the body model cannot follow, or NULL.
static void spread(tape *t, const body_gaussian *g, const double *unfollowed, double *value, double *sd)
{
    float betas[K];
    double jacobian[TAPE_COUNT * K];
    to_floats(g, betas);
    tape_jacobian(t, betas, value, jacobian);
    for (int i = 0; i < TAPE_COUNT; i++) {
        double variance = UNMODELLED_SD * UNMODELLED_SD + (unfollowed ? unfollowed[i] * unfollowed[i] : 0);
        const double *row = jacobian + i * g->betas;
        for (int a = 0; a < g->betas; a++)
            for (int b = 0; b < g->betas; b++) variance += row[a] * g->covariance[a * g->betas + b] * row[b];
        sd[i] = sqrt(variance);
    }
}

// The tape values against what the answers alone lead to expect.
static bool check_tape(const double *given, const double *value, const double *sd, err *e)
{
    for (int i = 0; i < TAPE_COUNT; i++) {
        if (given[i] <= 0 || fabs(given[i] - value[i]) < 5 * sd[i] + 0.01) continue;
        return fail(e, ERR_INPUT,
                    "a %s of %.1f cm does not go with the other answers, which lead to expect %.0f to %.0f cm: measure "
                    "it again",
                    tape_name[i], 100 * given[i], 100 * (value[i] - 3 * sd[i]), 100 * (value[i] + 3 * sd[i]));
    }
    return true;
}

// Conditions a body on the tape values the person gave; the rest of it follows.
static bool hold_to_tape(tape *t, const double *given, body_gaussian *g, err *e)
{
    int row[TAPE_COUNT], n = 0;
    for (int i = 0; i < TAPE_COUNT; i++)
        if (given[i] > 0) row[n++] = i;
    if (n == 0) return true;
    double value[TAPE_COUNT];
    body_gaussian start = *g;
    for (int round = 0; round < TAPE_ROUNDS; round++) { // relinearised at the mean found so far
        float betas[K];
        double all[TAPE_COUNT * K], jacobian[TAPE_COUNT * K], predicted[TAPE_COUNT], wanted[TAPE_COUNT],
            noise[TAPE_COUNT * TAPE_COUNT] = { 0 };
        to_floats(g, betas);
        tape_jacobian(t, betas, value, all);
        for (int i = 0; i < n; i++) {
            memcpy(jacobian + i * g->betas, all + row[i] * g->betas, (size_t)g->betas * sizeof *all);
            predicted[i] = value[row[i]];
            for (int k = 0; k < g->betas; k++)
                predicted[i] += jacobian[i * g->betas + k] * (start.mean[k] - g->mean[k]);
            wanted[i] = given[row[i]];
            noise[i * n + i] = TAPE_SD * TAPE_SD;
        }
        body_gaussian next = start;
        if (!body_gaussian_update(&next, n, jacobian, predicted, wanted, noise)) {
            return fail(e, ERR_INPUT, "the tape values contradict each other: measure them again");
        }
        *g = next;
    }
    return true;
}

static void keep_view(const photo_view *v, estimate_view *out)
{
    *out = (estimate_view){ .camera_shift = v->shift, .focal = v->focal, .cx = v->cx, .cy = v->cy };
    for (int j = 0; j < BODY_JOINTS; j++) out->pose.rotation[j] = m3_to_axis_angle(&v->rotation[j]);
}

// What the fit of one look at the photos leaves.
typedef struct {
    body_gaussian posterior;
    estimate_view view[FIT_MAX_VIEWS];
    learned_features seen;
} fitted;

// view [views]: as they were opened.
static void fit_look(const body_model *m, tape *t, const estimate_input *in, const photo_view *view, int views,
                     const estimate_hint *hint, const body_gaussian *prior, const double *prior_value, fitted *out)
{
    fit_problem *p = mem_new(1, sizeof *p);
    p->m = m;
    p->prior = *prior;
    p->views = views;
    memcpy(p->view, view, (size_t)views * sizeof *view);
    if (hint) hint_view(&p->view[0], hint);
    if (!fit_solve(p, &out->posterior)) out->posterior = *prior;
    for (int q = 0; q < p->views; q++) keep_view(&p->view[q], &out->view[q]);
    float betas[K];
    double value[TAPE_COUNT];
    to_floats(&out->posterior, betas);
    tape_read_betas(t, betas, value);
    learned_read(m, &in->answers, betas, p->view, p->views, value, prior_value, &out->seen);
    mem_free(p);
}

// The mean of two posteriors of equal weight, with what lies between them.
static void merge(const body_gaussian *a, const body_gaussian *b, body_gaussian *out)
{
    int k = a->betas;
    *out = *a;
    for (int i = 0; i < k; i++) {
        out->mean[i] = (a->mean[i] + b->mean[i]) / 2;
        for (int j = 0; j < k; j++) {
            double apart = (a->mean[i] - b->mean[i]) * (a->mean[j] - b->mean[j]) / 4;
            out->covariance[i * k + j] = (a->covariance[i * k + j] + b->covariance[i * k + j]) / 2 + apart;
        }
    }
}

// The photos' part: out's mode, posterior, views and verdict. The photos are fitted as they are and mirrored: where a
// fit comes to rest depends a little on the mesh, which is not quite symmetric, and a person must measure the same in
// the mirror.
static void fit_photos(const body_model *m, tape *t, const estimate_input *in, const estimate_hint *hint,
                       const body_gaussian *prior, const double *prior_value, estimate_result *out,
                       learned_features *seen)
{
    const capture_evidence *look[FIT_MAX_VIEWS] = { in->front, in->side };
    const float focal[FIT_MAX_VIEWS] = { in->front_focal_35mm, in->side_focal_35mm };
    capture_evidence mirrored[FIT_MAX_VIEWS] = { 0 };
    photo_view *view = mem_new(2 * FIT_MAX_VIEWS, sizeof *view), *turned = view + FIT_MAX_VIEWS;
    int views = 0;
    for (; views < FIT_MAX_VIEWS && look[views]; views++) {
        capture_mirror(look[views], &mirrored[views]);
        // Only the front view tells loose clothes: a side view's outline is as broad at the knees as at the hips.
        view_open(&view[views], look[views], views == 0 ? VIEW_FRONT : VIEW_SIDE, focal[views],
                  (float)in->answers.height, in->front->looseness);
        view_mirror(&turned[views], &view[views], &mirrored[views]);
    }
    estimate_hint turned_hint;
    if (hint) hint_mirror(hint, (float)in->front->mask.width, &turned_hint);
    fitted *one = mem_new(2, sizeof *one), *other = one + 1;
    fit_look(m, t, in, view, views, hint, prior, prior_value, one);
    fit_look(m, t, in, turned, views, hint ? &turned_hint : NULL, prior, prior_value, other);
    merge(&one->posterior, &other->posterior, &out->posterior);
    to_floats(&out->posterior, out->betas);
    *seen = one->seen;
    for (int i = 0; i < seen->count; i++) seen->x[i] = (one->seen.x[i] + other->seen.x[i]) / 2;
    out->front = one->view[0];
    if (in->side) out->side = one->view[1];
    out->verdict =
        in->front->verdict |
        (in->side ? in->side->verdict & ~(unsigned)(VERDICT_NOT_FACING | VERDICT_LOOSE_CLOTHES | VERDICT_ARMS_TIGHT)
                  : 0);
    for (int q = 0; q < views; q++) {
        view_close(&view[q]);
        view_close(&turned[q]);
        capture_evidence_free(&mirrored[q]);
    }
    mem_free(view);
    mem_free(one);
}

// Puts what was learned of the fit's errors into the posterior.
static void correct_photos(const body_model *m, tape *t, const learned_features *f, bool weighed, estimate_result *out)
{
    enum { N = TAPE_COUNT, ROUNDS = 2 };
    double value[N], jacobian[N * K], cj[K * N], wanted[N * N], shift[N], spread[N];
    int k = m->betas;
    to_floats(&out->posterior, out->betas);
    tape_jacobian(t, out->betas, value, jacobian);
    mat_mul_bt(cj, out->posterior.covariance, jacobian, k, k, N);
    mat_mul(wanted, jacobian, cj, N, k, N);
    learned_shift(f, m->sex, weighed, shift, spread);
    tape_measure row[N];
    double target[N], factor[N];
    for (int i = 0; i < N; i++) {
        row[i] = (tape_measure)i;
        double linear = fmax(wanted[i * N + i], 1e-10), own = UNMODELLED_SD * UNMODELLED_SD,
               left = spread[i] * spread[i] * (linear + own) - own;
        factor[i] = sqrt(fmax(left / linear, LEAST_LEFT));
        double most = LEARNED_MOST_SHIFT * sqrt(linear + own);
        target[i] = value[i] + learned_held(shift[i], most, f->count);
    }
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++) wanted[i * N + j] *= factor[i] * factor[j];
    body_gaussian start = out->posterior;
    body_gaussian_retell(m, t, &start, ROUNDS, N, row, target, wanted, &out->posterior);
}

// What the photos said, had she told another height than before: photos tell shapes, the height makes lengths of them,
// so that all grows with it, from people of the one height to people of the other. How sure it is stays.
static void grow(const body_model *m, tape *t, const survey_answers *answers, double before, body_gaussian *g)
{
    enum { N = TAPE_COUNT - 1, ROUNDS = 2 }; // all but the height, which the answers bring along
    const double unused[N * N] = { 0 };      // of the covariance, which is not taken over
    survey_answers now = { .height = answers->height, .age = answers->age },
                   then = { .height = before, .age = now.age };
    body_gaussian was, start, grown;
    float betas[K];
    double target[TAPE_COUNT];
    tape_measure row[N];
    to_floats(g, betas);
    tape_read_betas(t, betas, target);
    for (int i = 0; i < N; i++) {
        row[i] = (tape_measure)(i + 1);
        target[i] = target[i + 1] * now.height / before;
    }
    body_prior_given(m, t, &then, estimate_height_sd, &was);
    body_prior_given(m, t, &now, estimate_height_sd, &start);
    for (int i = 0; i < g->betas; i++) start.mean[i] += g->mean[i] - was.mean[i];
    body_gaussian_retell(m, t, &start, ROUNDS, N, row, target, unused, &grown);
    memcpy(g->mean, grown.mean, sizeof g->mean);
}

bool estimate_by_stages(const body_model *m, tape *t, const estimate_input *in, const estimate_stages *stages,
                        estimate_result *out, err *e)
{
    if (!estimate_check_answers(&in->answers, in->tape, e)) return false;
    memset(out, 0, sizeof *out);
    body_gaussian prior;
    if (stages->prior)
        prior = *stages->prior;
    else
        body_prior_given(m, t, &in->answers, estimate_height_sd, &prior);
    double prior_value[TAPE_COUNT], prior_sd[TAPE_COUNT];
    body_prior_unfollowed(m, t, &in->answers, &prior, out->unfollowed);
    for (int i = 0; i < TAPE_COUNT; i++)
        if (in->tape[i] > 0) out->unfollowed[i] = 0; // measured
    spread(t, &prior, out->unfollowed, prior_value, prior_sd);
    if (!check_tape(in->tape, prior_value, prior_sd, e)) return false;
    const estimate_hint *hint = in->front && in->hint && hint_agrees(in->front, in->hint) ? in->hint : NULL;
    out->hinted = hint != NULL;
    if (hint) hint_shape(m, hint, &prior);
    out->mode = in->front ? (in->side ? 'C' : 'B') : 'A';
    out->posterior = prior;
    if (in->front) {
        learned_features *f = mem_new(1, sizeof *f);
        fit_photos(m, t, in, hint, &prior, prior_value, out, f);
        if (stages->seen) *stages->seen = *f;
        // What was learned is about the built-in body.
        if (!stages->raw && m->fingerprint == 0) correct_photos(m, t, f, in->answers.weight > 0, out);
        mem_free(f);
    } else if (in->remembered && in->remembered->mode != 'A') {
        out->mode = in->remembered->mode;
        out->verdict = in->remembered->verdict;
        out->posterior = in->remembered->posterior;
        if (in->answers.height != in->remembered->height)
            grow(m, t, &in->answers, in->remembered->height, &out->posterior);
    }
    out->photos = (estimate_memory){ out->mode, out->verdict, in->answers.height, out->posterior };
    // The tape has the last word: what it says of one place moves the others as far as they go together.
    if (!hold_to_tape(t, in->tape, &out->posterior, e)) return false;
    to_floats(&out->posterior, out->betas);
    spread(t, &out->posterior, out->unfollowed, out->value, out->sd);
    for (int i = 0; i < TAPE_COUNT; i++) {
        out->lo[i] = out->value[i] - NINETY * out->sd[i];
        out->hi[i] = out->value[i] + NINETY * out->sd[i];
        out->source[i] = in->tape[i] > 0                                             ? SOURCE_TAPE
                         : out->mode != 'A' && out->sd[i] < PHOTO_SAYS * prior_sd[i] ? SOURCE_PHOTO
                                                                                     : SOURCE_PRIOR;
    }
    return true;
}

bool estimate_body(const body_model *m, tape *t, const estimate_input *in, estimate_result *out, err *e)
{
    return estimate_by_stages(m, t, in, &(estimate_stages){ 0 }, out, e);
}
