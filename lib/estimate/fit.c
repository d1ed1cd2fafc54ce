#include "estimate/fit.h"
#include "base/mem.h"
#include "estimate/consensus.h"
#include "estimate/doubt.h"
#include "estimate/hint.h"
#include "estimate/robust.h"
#include "estimate/tied.h"
#include "math/linalg.h"

#include <string.h>

enum {
    MAX_UNKNOWNS = BODY_MAX_BETAS + FIT_MAX_VIEWS * VIEW_UNKNOWNS,
    POSE_ROUNDS = 12,
    SHAPE_ROUNDS = 30,
    LEAST_ROUNDS = 5,
    SETTLING = 5 // looks at the outline until its mean begins
};

// What one observation is believed to within, metres at the person. Set for the capture room's networks on the test
// world (bench_accuracy --look): the errors of an outline run along it for about 10 cm, so that a metre of it is worth
// ten observations, not hundreds.
static const double OUTLINE_CORRELATION = 0.10;
static const double SLACK = 0.05;  // of the cost: a step may seem to lose so much, since bones and poses are linearised
static const double ENOUGH = 1e-3; // squared standard deviations: a step expected to move the mode by less is the last
static const double BONE_SD = 0.25; // of a bone's direction in the networks' rough 3D, per component
// In a side view the arms hang before the trunk: so near to their bones the outline may be theirs, metres.
static const float ARM_REACH = 0.075f;
// Where the outline runs more level than this (its normal's share upwards or downwards) under a crotch or an armpit,
// it is the clothes': a seam hangs below the body by more than a thickness.
static const float LEVEL = 0.6f;

// Bones whose direction the networks' 3D tells: from landmark, to landmark, from joint, to joint.
static const int bone[][4] = {
    { LM_LEFT_SHOULDER, LM_LEFT_ELBOW, JOINT_L_SHOULDER, JOINT_L_ELBOW },
    { LM_RIGHT_SHOULDER, LM_RIGHT_ELBOW, JOINT_R_SHOULDER, JOINT_R_ELBOW },
    { LM_LEFT_ELBOW, LM_LEFT_WRIST, JOINT_L_ELBOW, JOINT_L_WRIST },
    { LM_RIGHT_ELBOW, LM_RIGHT_WRIST, JOINT_R_ELBOW, JOINT_R_WRIST },
    { LM_LEFT_HIP, LM_LEFT_KNEE, JOINT_L_HIP, JOINT_L_KNEE },
    { LM_RIGHT_HIP, LM_RIGHT_KNEE, JOINT_R_HIP, JOINT_R_KNEE },
    { LM_LEFT_KNEE, LM_LEFT_ANKLE, JOINT_L_KNEE, JOINT_L_ANKLE },
    { LM_RIGHT_KNEE, LM_RIGHT_ANKLE, JOINT_R_KNEE, JOINT_R_ANKLE },
};

typedef struct {
    fit_problem *p;
    int k, n; // betas; all unknowns
    contour *outline;
    vec3 *shaped, *posed; // [vertices]
    float shaped_by[BODY_MAX_BETAS];
    bool has_shape; // shaped and joint are the body of shaped_by
    vec2 *pixel;
    float *depth;
    contour_point *point[FIT_MAX_VIEWS]; // of the outline, where the normal equations were last made
    int points[FIT_MAX_VIEWS];
    contour_point *seen;                // scratch, as long
    contour_point *kept[FIT_MAX_VIEWS]; // by edge: the mean over the last looks
    int looks[FIT_MAX_VIEWS];
    struct motion *moves; // [vertices] of the current view, of those that moved
    uint32_t *moved;      // [vertices] the round in which moves was last made
    uint32_t round;
    vec3 joint[BODY_JOINTS];
    // of the current view
    rigid world[BODY_JOINTS];
    vec3 posed_joint[BODY_JOINTS];
    vec3 joint_motion[BODY_MAX_BETAS][BODY_JOINTS]; // d world[j].t / d beta
    // normal equations: hessian x = gradient, both negated where Gauss-Newton wants it
    double *hessian, *gradient;
    double *kept_hessian, *kept_gradient; // of the state before a step that may be refused
    double cost;
} fit_work;

// Derivatives of one point of the body in camera axes with respect to betas, free joints and shift.
typedef struct motion {
    vec3 beta[BODY_MAX_BETAS], pose[3 * VIEW_JOINTS];
} motion;

static bool follows(int joint, int ancestor)
{
    for (; joint >= 0; joint = body_joint_parent[joint])
        if (joint == ancestor) return true;
    return false;
}

// A point fixed to joints with weights: `rest` is its place in the unposed shape, `direction(k)` its motion there.
static void point_motion(const fit_work *w, const uint8_t *joint, const float *weight, int influences, vec3 rest,
                         const float *direction, size_t stride, motion *out)
{
    mat3 blend = { 0 };
    for (int i = 0; i < influences; i++)
        for (int r = 0; r < 3; r++)
            for (int c = 0; c < 3; c++) blend.m[r][c] += weight[i] * w->world[joint[i]].r.m[r][c];
    for (int k = 0; k < w->k; k++) {
        const float *d = direction + (size_t)k * stride;
        vec3 move = m3_apply(&blend, v3(d[0], d[1], d[2]));
        for (int i = 0; i < influences; i++) move = v3_mad(move, w->joint_motion[k][joint[i]], weight[i]);
        out->beta[k] = view_flip(move);
    }
    for (int f = 0; f < VIEW_JOINTS; f++) {
        int j = view_joint[f];
        vec3 arm = { 0 };
        float share = 0;
        for (int i = 0; i < influences; i++) {
            if (weight[i] == 0 || !follows(joint[i], j)) continue;
            arm = v3_mad(arm, v3_sub(rigid_apply(&w->world[joint[i]], rest), w->posed_joint[j]), weight[i]);
            share += weight[i];
        }
        for (int axis = 0; axis < 3; axis++) {
            const mat3 *r = &w->world[j].r;
            vec3 omega = v3(r->m[0][axis], r->m[1][axis], r->m[2][axis]);
            out->pose[3 * f + axis] = share > 0 ? view_flip(v3_cross(omega, arm)) : v3(0, 0, 0);
        }
    }
}

static void joint_motion_of(const fit_work *w, int j, motion *out)
{
    uint8_t id = (uint8_t)j;
    float one = 1;
    point_motion(w, &id, &one, 1, w->joint[j], &w->p->m->joint_dirs[j].x, BODY_JOINTS * 3, out);
}

// Adds one residual with the given row [n] to the normal equations; weight is 1 / variance, robust factor included.
static void add_row(fit_work *w, const double *row, int base, double residual, double weight)
{
    // A row touches betas and one view.
    double *g = w->gradient;
    int n = w->n, k = w->k;
    for (int part = 0; part < 2; part++) {
        int from = part ? base : 0, to = part ? base + VIEW_UNKNOWNS : k;
        for (int i = from; i < to; i++) {
            double s = weight * row[i];
            if (s == 0) continue;
            g[i] -= s * residual;
            double *h = w->hessian + i * n;
            for (int j = 0; j < k && j <= i; j++) h[j] += s * row[j];
            if (part)
                for (int j = base; j <= i; j++) h[j] += s * row[j];
        }
    }
}

// Row of a scalar that is the point's displacement along `along` (camera axes, per metre), with the focal's derivative.
static void point_row(const fit_work *w, double *row, int base, const motion *m, vec3 along, double per_log_focal)
{
    memset(row, 0, (size_t)w->n * sizeof *row);
    for (int k = 0; k < w->k; k++) row[k] = (double)v3_dot(along, m->beta[k]);
    for (int i = 0; i < 3 * VIEW_JOINTS; i++) row[base + VIEW_POSE + i] = (double)v3_dot(along, m->pose[i]);
    row[base + VIEW_SHIFT] = (double)along.x;
    row[base + VIEW_SHIFT + 1] = (double)along.y;
    row[base + VIEW_SHIFT + 2] = (double)along.z;
    row[base + VIEW_FOCAL] = per_log_focal;
}

// d (gx u + gy v) / d camera point, for pixels u, v.
static vec3 pixel_gradient(const photo_view *v, vec3 camera, float gx, float gy)
{
    float s = v->focal / camera.z;
    return v3(s * gx, s * gy, -s * (gx * camera.x + gy * camera.y) / camera.z);
}

static void add_landmarks(fit_work *w, const photo_view *v, int base, double *row, bool derivatives)
{
    for (int i = 0; i < TIED; i++) {
        const capture_landmark *lm = &v->evidence->at[tied[i].landmark];
        double seen = (double)(lm->visibility * lm->presence);
        if (seen < 0.1) continue;
        vec3 camera = view_to_camera(v, w->posed_joint[tied[i].joint]);
        vec2 at = view_project(v, camera);
        landmark_place place = tied_place(i, v->side, v->yaw > 0);
        double scale = (double)(v->focal / camera.z), sd = place.sd / sqrt(seen), cut = 4 * sd;
        motion m;
        if (derivatives) joint_motion_of(w, tied[i].joint, &m);
        for (int axis = 0; axis < 2; axis++) {
            double r =
                (axis ? (double)(at.y - lm->y) : (double)(at.x - lm->x)) / scale + (double)(axis ? place.y : place.x);
            w->cost += robust_cost(r, cut) / (sd * sd);
            if (!derivatives) continue;
            vec3 along = v3_scale(pixel_gradient(v, camera, axis ? 0 : 1, axis ? 1 : 0), (float)(1 / scale));
            double focal = (axis ? (double)(at.y - v->cy) : (double)(at.x - v->cx)) / scale;
            point_row(w, row, base, &m, along, focal);
            add_row(w, row, base, r, robust(r, cut) / (sd * sd));
        }
    }
}

static void add_bones(fit_work *w, const photo_view *v, int base, double *row, bool derivatives)
{
    for (size_t i = 0; i < sizeof bone / sizeof *bone; i++) {
        const float *from = v->evidence->world[bone[i][0]], *to = v->evidence->world[bone[i][1]];
        vec3 want = v3_unit(v3(to[0] - from[0], to[1] - from[1], to[2] - from[2]));
        vec3 have = view_flip(v3_sub(w->posed_joint[bone[i][3]], w->posed_joint[bone[i][2]]));
        float length = v3_len(have);
        if (length < 1e-3f || v3_len(want) < 0.5f) continue;
        vec3 unit = v3_scale(have, 1 / length), gap = v3_sub(unit, want);
        double weight = 1 / (BONE_SD * BONE_SD), residual[3] = { (double)gap.x, (double)gap.y, (double)gap.z };
        motion a, b;
        if (derivatives) {
            joint_motion_of(w, bone[i][2], &a);
            joint_motion_of(w, bone[i][3], &b);
            for (int q = 0; q < 3 * VIEW_JOINTS; q++) b.pose[q] = v3_sub(b.pose[q], a.pose[q]);
            memset(b.beta, 0, sizeof b.beta); // directions speak of the pose, not of the shape
        }
        for (int axis = 0; axis < 3; axis++) {
            w->cost += weight * residual[axis] * residual[axis];
            if (!derivatives) continue;
            vec3 e = v3((float)(axis == 0), (float)(axis == 1), (float)(axis == 2));
            vec3 along = v3_scale(v3_mad(e, unit, -v3_dot(e, unit)), 1 / length);
            point_row(w, row, base, &b, along, 0);
            for (int q = 0; q < 3; q++) row[base + VIEW_SHIFT + q] = 0;
            add_row(w, row, base, residual[axis], weight);
        }
    }
}

// How far from level the outlines run at a point, 0..1.
static float uprightness(const photo_view *v, vec2 at)
{
    float sum = 0;
    for (int o = 0; o < v->outlines; o++) {
        float gx, gy;
        distance_at(v->outline[o], at.x, at.y, &gx, &gy);
        sum += view_fade(fabsf(gy), LEVEL - 0.1f, LEVEL + 0.1f);
    }
    return sum / (float)v->outlines;
}

// The points of the body's outline that can be compared with the mask's in the current state; their lengths in metres.
// What of it is free of the rest of the body changes by small leaps as the body moves by less than a pixel, and with it
// the sum of what is compared: the mean over the looks at this body so far makes them smaller from step to step, so
// that the descent comes to rest.
static void find_outline(fit_work *w, const photo_view *v, int q)
{
    const body_model *m = w->p->m;
    const capture_evidence *ev = v->evidence;
    float tall = (float)(ev->bottom - ev->top), wide = (float)(ev->right - ev->left), margin = 0.1f * tall;
    int n = contour_find(w->outline, w->pixel, w->depth, (float)ev->left - margin, (float)ev->top - margin,
                         wide + 2 * margin, tall + 2 * margin, w->seen);
    int look = w->looks[q]++;
    uint32_t most = contour_most(w->outline);
    float fresh = look < SETTLING ? 1 : 1 / (float)(look - SETTLING + 1);
    for (uint32_t i = 0; i < most; i++) w->kept[q][i].length *= 1 - fresh;
    vec2 joint[BODY_JOINTS];
    for (int j = 0; j < BODY_JOINTS; j++) joint[j] = view_project(v, view_to_camera(v, w->posed_joint[j]));
    for (int i = 0; i < n; i++) {
        contour_point p = w->seen[i], *kept = &w->kept[q][p.edge];
        uint32_t vertex = contour_nearest(&p);
        int region = view_outline_region(m, vertex);
        if (region < 0) continue;
        bool arm = region == CLOTH_UPPER_ARMS || region == CLOTH_FOREARMS;
        float scale = v->focal / w->depth[vertex];
        vec2 at = contour_at(&p, w->pixel);
        p.length /= scale;
        if (v->side == VIEW_SIDE && !arm)
            p.length *= view_fade(-view_arm_distance(joint, at) / scale, -1.15f * ARM_REACH, -0.85f * ARM_REACH);
        if (region != CLOTH_WAIST && region != CLOTH_SHANKS) p.length *= uprightness(v, at);
        p.length *= fresh;
        if (p.length <= 0) continue;
        p.t = (kept->t * kept->length + p.t * p.length) / (kept->length + p.length);
        p.length += kept->length;
        *kept = p;
    }
    w->points[q] = 0;
    for (uint32_t i = 0; i < most; i++)
        if (w->kept[q][i].length > 1e-4f) w->point[q][w->points[q]++] = w->kept[q][i];
}

// The motion of a vertex of the current view, made once a round.
static const motion *vertex_motion(fit_work *w, uint32_t vertex)
{
    const body_model *m = w->p->m;
    motion *out = &w->moves[vertex];
    if (w->moved[vertex] != w->round) {
        w->moved[vertex] = w->round;
        point_motion(w, m->skin_joint + 4 * (size_t)vertex, m->skin_weight + 4 * (size_t)vertex, 4, w->shaped[vertex],
                     m->shapedirs + 3 * (size_t)vertex, 3 * (size_t)m->vertices, out);
    }
    return out;
}

static void mix(const motion *a, const motion *b, float t, int k, motion *out)
{
    for (int i = 0; i < k; i++) out->beta[i] = v3_mad(v3_scale(a->beta[i], 1 - t), b->beta[i], t);
    for (int i = 0; i < 3 * VIEW_JOINTS; i++) out->pose[i] = v3_mad(v3_scale(a->pose[i], 1 - t), b->pose[i], t);
}

// With derivatives the outline is found anew; without, the points last found are looked at where they are now, so that
// the costs before and after a step are of the same points.
static void add_outline(fit_work *w, const photo_view *v, int q, int base, double *row, bool derivatives)
{
    const body_model *m = w->p->m;
    for (uint32_t i = 0; i < m->vertices; i++) {
        vec3 camera = view_to_camera(v, w->posed[i]);
        w->depth[i] = camera.z;
        w->pixel[i] = camera.z > 0.1f ? view_project(v, camera) : (vec2){ 0, 0 };
    }
    if (derivatives) find_outline(w, v, q);
    w->round++;
    for (int i = 0; i < w->points[q]; i++) {
        const contour_point *p = &w->point[q][i];
        int region = view_cloth_region(m->label[contour_nearest(p)]);
        vec3 a = w->posed[p->a], camera = view_to_camera(v, v3_mad(a, v3_sub(w->posed[p->b], a), p->t));
        vec2 at = view_project(v, camera);
        float scale = v->focal / camera.z;
        double cut = view_outline_cut(v, region), sd = (double)v->outline_sd;
        double weight = (double)(p->length * v->trust * v->explained) / (sd * sd * OUTLINE_CORRELATION * v->outlines);
        outline_reading reading[VIEW_OUTLINES];
        for (int o = 0; o < v->outlines; o++) {
            float gx, gy;
            // Clothes push the mask's outline outwards: the body lies inside it by their thickness.
            double r = view_outline_off(v, o, at, scale, region, &gx, &gy);
            w->cost += robust_cost(r, cut) * weight;
            reading[o] = (outline_reading){ r, (double)gx, (double)gy, robust(r, cut) * weight };
        }
        if (!derivatives) continue;
        motion mo;
        mix(vertex_motion(w, p->a), vertex_motion(w, p->b), p->t, w->k, &mo);
        consensus_row said[CONSENSUS_ROWS];
        int rows = consensus_of(reading, v->outlines, said);
        for (int k = 0; k < rows; k++) {
            float gx = (float)said[k].gx, gy = (float)said[k].gy;
            vec3 along = v3_scale(pixel_gradient(v, camera, gx, gy), 1 / scale);
            point_row(w, row, base, &mo, along, (double)((gx * (at.x - v->cx) + gy * (at.y - v->cy)) / scale));
            row[base + VIEW_CLOTH + region] = said[k].cloth;
            add_row(w, row, base, said[k].residual, said[k].weight);
        }
    }
}

static void add_prior(fit_work *w, int i, double residual, double sd)
{
    w->cost += residual * residual / (sd * sd);
    w->hessian[i * w->n + i] += 1 / (sd * sd);
    w->gradient[i] -= residual / (sd * sd);
}

static void add_view_priors(fit_work *w, const photo_view *v, int base)
{
    for (int f = 0; f < VIEW_JOINTS; f++) {
        mat3 mean;
        float sd[3];
        view_pose_prior(v, f, &mean, sd);
        hint_pose(v, f, &mean, sd);
        mat3 back = m3_transpose(&mean), off = m3_mul(&back, &v->rotation[view_joint[f]]);
        vec3 a = m3_to_axis_angle(&off);
        const float angle[3] = { a.x, a.y, a.z };
        for (int k = 0; k < 3; k++) add_prior(w, base + VIEW_POSE + 3 * f + k, (double)angle[k], (double)sd[k]);
    }
    add_prior(w, base + VIEW_FOCAL, log((double)(v->focal / v->focal_prior)), (double)v->focal_sd);
    for (int c = 0; c < CLOTH_REGIONS; c++)
        add_prior(w, base + VIEW_CLOTH + c, (double)(v->cloth[c] - v->cloth_mean[c]), (double)v->cloth_sd[c]);
    for (int k = 0; k < 3; k++) add_prior(w, base + VIEW_SHIFT + k, 0, 100); // free; keeps the system regular
}

// The body of the current betas, unless it is there: as long as only the pose is looked for they stay.
static void shape_body(fit_work *w)
{
    const float *betas = w->p->betas;
    size_t size = (size_t)w->k * sizeof *betas;
    if (w->has_shape && memcmp(w->shaped_by, betas, size) == 0) return;
    body_shape(w->p->m, betas, w->shaped, w->joint);
    memcpy(w->shaped_by, betas, size);
    w->has_shape = true;
}

// Normal equations (or the cost alone) of the current state. precision [k * k]: inverse of the prior covariance.
static void assemble(fit_work *w, const double *precision, bool shape, bool derivatives)
{
    fit_problem *p = w->p;
    int n = w->n, k = w->k;
    double row[MAX_UNKNOWNS];
    memset(w->hessian, 0, (size_t)(n * n) * sizeof(double));
    memset(w->gradient, 0, (size_t)n * sizeof(double));
    w->cost = 0;
    shape_body(w);
    for (int i = 0; i < k; i++)
        for (int j = 0; j < k; j++) {
            double off = (double)p->betas[j] - p->prior.mean[j];
            w->gradient[i] -= precision[i * k + j] * off;
            w->cost += ((double)p->betas[i] - p->prior.mean[i]) * precision[i * k + j] * off;
            if (j <= i) w->hessian[i * n + j] += precision[i * k + j];
        }
    for (int q = 0; q < p->views; q++) {
        photo_view *v = &p->view[q];
        int base = k + q * VIEW_UNKNOWNS;
        view_transforms(v, w->joint, w->world);
        for (int j = 0; j < BODY_JOINTS; j++) w->posed_joint[j] = rigid_apply(&w->world[j], w->joint[j]);
        for (int b = 0; derivatives && b < k; b++) {
            rigid moved[BODY_JOINTS]; // transforms are linear in the joints
            view_transforms(v, p->m->joint_dirs + b * BODY_JOINTS, moved);
            for (int j = 0; j < BODY_JOINTS; j++) w->joint_motion[b][j] = moved[j].t;
        }
        add_landmarks(w, v, base, row, derivatives);
        add_bones(w, v, base, row, derivatives);
        if (shape) {
            body_skin(p->m, w->shaped, w->world, w->posed);
            add_outline(w, v, q, base, row, derivatives);
        }
        add_view_priors(w, v, base);
    }
}

static void step(fit_problem *p, const double *delta, bool shape)
{
    int k = p->m->betas;
    for (int i = 0; shape && i < k; i++) p->betas[i] += (float)delta[i];
    for (int q = 0; q < p->views; q++) {
        photo_view *v = &p->view[q];
        const double *d = delta + k + q * VIEW_UNKNOWNS;
        for (int f = 0; f < VIEW_JOINTS; f++) {
            const double *a = d + VIEW_POSE + 3 * f;
            mat3 turn = m3_from_axis_angle(v3((float)a[0], (float)a[1], (float)a[2]));
            v->rotation[view_joint[f]] = m3_mul(&v->rotation[view_joint[f]], &turn);
        }
        v->shift = v3_add(v->shift, v3((float)d[VIEW_SHIFT], (float)d[VIEW_SHIFT + 1], (float)d[VIEW_SHIFT + 2]));
        v->focal *= (float)exp(d[VIEW_FOCAL]);
        for (int c = 0; c < CLOTH_REGIONS; c++) v->cloth[c] = fmaxf(v->cloth[c] + (float)d[VIEW_CLOTH + c], 0);
    }
}

// Solves (hessian + damping) delta = gradient, where no thickness of clothes may become negative: those that would are
// held at nothing and the rest solved again, or what they cannot follow would pull at everything else for ever.
static bool solve_step(const fit_work *w, double damping, bool shape, double *factor, double *delta)
{
    enum { TRIES = 4 };
    const double rigid_hold = 1e9;
    int n = w->n;
    bool held[MAX_UNKNOWNS] = { 0 };
    for (int try = 0; try < TRIES; try++) {
        memcpy(factor, w->hessian, (size_t)(n * n) * sizeof *factor);
        memcpy(delta, w->gradient, (size_t)n * sizeof *delta);
        for (int i = 0; i < n; i++) factor[i * n + i] *= 1 + damping;
        for (int i = 0; !shape && i < w->k; i++) factor[i * n + i] += 1e6;
        for (int q = 0; q < w->p->views; q++)
            for (int c = 0; c < CLOTH_REGIONS; c++) {
                int i = w->k + q * VIEW_UNKNOWNS + VIEW_CLOTH + c;
                if (!held[i]) continue;
                factor[i * n + i] += rigid_hold;
                delta[i] -= rigid_hold * (double)w->p->view[q].cloth[c];
            }
        if (!chol_factor(factor, n)) return false;
        chol_solve(factor, n, delta);
        bool more = false;
        for (int q = 0; q < w->p->views; q++)
            for (int c = 0; c < CLOTH_REGIONS; c++) {
                int i = w->k + q * VIEW_UNKNOWNS + VIEW_CLOTH + c;
                if (held[i] || (double)w->p->view[q].cloth[c] + delta[i] > -1e-6) continue;
                held[i] = more = true;
            }
        if (!more) break;
    }
    return true;
}

// How far a step moves the mode, in squared standard deviations of the posterior.
static double moved_by(const fit_work *w, const double *delta)
{
    double sum = 0;
    for (int i = 0; i < w->n; i++) {
        const double *h = w->hessian + i * w->n; // its lower half
        sum += h[i] * delta[i] * delta[i];
        for (int j = 0; j < i; j++) sum += 2 * h[j] * delta[i] * delta[j];
    }
    return sum;
}

// Levenberg-Marquardt. In the first stage only landmarks speak and the shape stays. Leaves the normal equations of the
// state it ends in.
static void descend(fit_work *w, const double *precision, bool shape, int rounds, double *factor, double *delta)
{
    double damping = 1e-3;
    int n = w->n;
    size_t square = (size_t)(n * n) * sizeof(double);
    assemble(w, precision, shape, true);
    // Late refusals mean that it rests.
    for (int round = 0; round < rounds && damping < (round > LEAST_ROUNDS ? 1e-3 : 1e3); round++) {
        fit_problem before = *w->p;
        double cost = w->cost;
        if (!solve_step(w, damping, shape, factor, delta)) {
            damping *= 10;
            continue;
        }
        memcpy(w->kept_hessian, w->hessian, square);
        memcpy(w->kept_gradient, w->gradient, (size_t)n * sizeof *delta);
        double expected = moved_by(w, delta);
        step(w->p, delta, shape);
        assemble(w, precision, shape, false);
        if (w->cost <= cost + SLACK) {
            damping = fmax(damping * 0.2, 1e-6);
            assemble(w, precision, shape, true);
            if (expected < ENOUGH) break;
            continue;
        }
        *w->p = before;
        w->cost = cost;
        memcpy(w->hessian, w->kept_hessian, square);
        memcpy(w->gradient, w->kept_gradient, (size_t)n * sizeof *delta);
        damping *= 8;
    }
}

// Sets how far the outlines are explained by the state they led to. Returns whether any of them loses weight.
static bool doubt_outlines(fit_work *w)
{
    bool any = false;
    shape_body(w);
    for (int q = 0; q < w->p->views; q++) {
        photo_view *v = &w->p->view[q];
        view_transforms(v, w->joint, w->world);
        body_skin(w->p->m, w->shaped, w->world, w->posed);
        v->explained = doubt_kept(v->side, doubt_outline(w->p->m, v, w->posed, w->point[q], w->points[q]));
        any |= v->explained < 1;
    }
    return any;
}

static bool posterior_of(fit_work *w, double *factor, body_gaussian *out)
{
    int n = w->n, k = w->k;
    memcpy(factor, w->hessian, (size_t)(n * n) * sizeof *factor);
    if (!chol_factor(factor, n)) return false;
    double *inverse = mem_array(double, (size_t)(n * n));
    chol_inverse(factor, n, inverse);
    out->betas = k;
    for (int i = 0; i < k; i++) {
        out->mean[i] = (double)w->p->betas[i];
        for (int j = 0; j < k; j++) out->covariance[i * k + j] = inverse[i * n + j];
    }
    mem_free(inverse);
    return true;
}

bool fit_solve(fit_problem *p, body_gaussian *posterior)
{
    fit_work *w = mem_new(1, sizeof *w);
    uint32_t vertices = p->m->vertices;
    w->p = p;
    w->k = p->m->betas;
    w->n = w->k + p->views * VIEW_UNKNOWNS;
    w->outline = contour_new(p->m);
    w->shaped = mem_array(vec3, vertices);
    w->posed = mem_array(vec3, vertices);
    w->pixel = mem_array(vec2, vertices);
    w->depth = mem_array(float, vertices);
    w->moves = mem_new(vertices, sizeof *w->moves);
    w->moved = mem_array(uint32_t, vertices);
    w->seen = mem_array(contour_point, contour_most(w->outline));
    for (int q = 0; q < p->views; q++) {
        w->point[q] = mem_array(contour_point, contour_most(w->outline));
        w->kept[q] = mem_array(contour_point, contour_most(w->outline));
    }
    size_t square = (size_t)(w->n * w->n), betas = (size_t)(w->k * w->k);
    w->hessian = mem_array(double, square);
    w->gradient = mem_array(double, (size_t)w->n);
    w->kept_hessian = mem_array(double, square);
    w->kept_gradient = mem_array(double, (size_t)w->n);
    double *factor = mem_array(double, square), *delta = mem_array(double, (size_t)w->n),
           *precision = mem_array(double, betas), *prior = mem_array(double, betas);
    memcpy(prior, p->prior.covariance, betas * sizeof *prior);
    bool ok = chol_factor(prior, w->k);
    if (ok) {
        chol_inverse(prior, w->k, precision);
        for (int i = 0; i < w->k; i++) p->betas[i] = (float)p->prior.mean[i];
        descend(w, precision, false, POSE_ROUNDS, factor, delta);
        for (int q = 0; q < p->views; q++) p->view[q].trust = 1 / fmaxf(doubt_pose(&p->view[q], w->joint), 1);
        descend(w, precision, true, SHAPE_ROUNDS, factor, delta);
        if (doubt_outlines(w)) descend(w, precision, true, SHAPE_ROUNDS, factor, delta);
        ok = posterior_of(w, factor, posterior);
    }
    contour_free(w->outline);
    mem_free(w->shaped);
    mem_free(w->posed);
    mem_free(w->pixel);
    mem_free(w->depth);
    mem_free(w->moves);
    mem_free(w->moved);
    mem_free(w->seen);
    for (int q = 0; q < p->views; q++) {
        mem_free(w->point[q]);
        mem_free(w->kept[q]);
    }
    mem_free(w->hessian);
    mem_free(w->gradient);
    mem_free(w->kept_hessian);
    mem_free(w->kept_gradient);
    mem_free(factor);
    mem_free(delta);
    mem_free(precision);
    mem_free(prior);
    mem_free(w);
    return ok;
}
