#include "testworld/tailor.h"
#include "base/mem.h"
#include "garment/drape.h"
#include "garment/stance.h"
#include "testworld/outfit.h"

#include <stdio.h>
#include <string.h>

// Metres; a third coarser than what shoppers see is fine enough for a picture in which a pixel is two millimetres.
#define SPACING 0.02

// --- cutting ---

// A size chart of one size, which says what this garment measures around.
static void say(size_chart *c, chart_dim d, double cm)
{
    c->basis[d] = BASIS_CIRC;
    c->size[0].value[d] = (chart_range){ cm, cm };
}

static void begin(garment *g, garment_category c, bool roomy)
{
    *g = (garment){ .category = c,
                    .silhouette = roomy ? SILHOUETTE_LOOSE : SILHOUETTE_REGULAR,
                    .fabric = *garment_usual_fabric(c) };
    g->chart.count = 1;
    snprintf(g->chart.size[0].name, sizeof g->chart.size[0].name, "M");
}

// Her measurement in centimetres with some ease.
static double eased(const person *p, tape_measure m, rng *r, double least, double most)
{
    return 100 * p->truth[m] + rng_between(r, least, most);
}

// Fitted is what follows her at chest, waist and hips; a top that hangs straight down from the chest is roomy. Somebody
// broader at the navel than above has either cut over it.
static void cut_top(const person *p, rng *r, bool roomy, garment *g)
{
    static const garment_category kinds[4] = { GARMENT_TSHIRT, GARMENT_TSHIRT, GARMENT_SHIRT, GARMENT_HOODIE };
    // A shirt or a hoodie that fits closely is none.
    begin(g, roomy ? kinds[rng_below(r, 4)] : GARMENT_TSHIRT, roomy);
    size_chart *c = &g->chart;
    double chest = eased(p, TAPE_CHEST_GIRTH, r, roomy ? 9 : 0.5, roomy ? 24 : 4.5);
    double belly = eased(p, TAPE_WAIST_OMPHALION_GIRTH, r, roomy ? 9 : 0, roomy ? 20 : 3);
    double hips = eased(p, TAPE_HIP_GIRTH, r, roomy ? 5 : 0, roomy ? 18 : 4);
    double waist = roomy ? chest - rng_between(r, 0, 6) : eased(p, TAPE_WAIST_NATURAL_GIRTH, r, 2, 7);
    say(c, DIM_CHEST, chest);
    say(c, DIM_WAIST, fmax(waist, belly));
    say(c, DIM_HEM, fmax(hips, belly));
    say(c, DIM_SHOULDER, eased(p, TAPE_SHOULDER_BREADTH, r, roomy ? 2 : 0, roomy ? 7 : 2));
    say(c, DIM_BICEPS, eased(p, TAPE_UPPER_ARM_GIRTH, r, roomy ? 6 : 2, roomy ? 14 : 5));
    bool brief = g->category == GARMENT_TSHIRT && rng_uniform(r) < 0.6;
    say(c, DIM_SLEEVE, brief ? rng_between(r, 15, 26) : eased(p, TAPE_SHOULDER_TO_WRIST, r, -1, roomy ? 3 : 1));
    double neck = 100 * (p->truth[TAPE_WAIST_HEIGHT] + p->truth[TAPE_BACK_NECK_TO_WAIST]);
    double over = rng_between(r, roomy ? -2 : 2, roomy ? 6 : 8); // the crotch
    say(c, DIM_LENGTH, neck - 100 * p->truth[TAPE_INSEAM] - over);
}

static void cut_trousers(const person *p, rng *r, bool roomy, garment *g)
{
    begin(g, GARMENT_TROUSERS, roomy);
    size_chart *c = &g->chart;
    say(c, DIM_WAIST, eased(p, TAPE_WAIST_NATURAL_GIRTH, r, 0, 1)); // so that they stay up
    say(c, DIM_HIP, eased(p, TAPE_HIP_GIRTH, r, roomy ? 7 : 1, roomy ? 16 : 4));
    say(c, DIM_THIGH, eased(p, TAPE_THIGH_GIRTH, r, roomy ? 9 : 2.5, roomy ? 18 : 5));
    say(c, DIM_KNEE, eased(p, TAPE_KNEE_GIRTH, r, roomy ? 9 : 3, roomy ? 18 : 5));
    say(c, DIM_LEG_HEM, eased(p, TAPE_CALF_GIRTH, r, roomy ? 4 : -3, roomy ? 14 : 1));
    say(c, DIM_INSEAM, eased(p, TAPE_INSEAM, r, -9, -3));
}

static bool can_be_cut(const garment *g)
{
    err why = { 0 };
    pattern *draft = mem_new(1, sizeof *draft);
    bool ok = pattern_draft(g, 0, draft, &why);
    mem_free(draft);
    return ok;
}

tailored *tailor_cut(const person *p, rng *r, bool roomy)
{
    tailored *t = mem_new(1, sizeof *t);
    bool ok = true;
    t->count = 2;
    cut_trousers(p, r, roomy, &t->of[0]);
    cut_top(p, r, roomy, &t->of[1]);
    for (int i = 0; i < t->count; i++) {
        t->cloth[i] = outfit_cloth(r, i == 1);
        ok = ok && can_be_cut(&t->of[i]);
    }
    if (ok) return t;
    tailored_free(t);
    return NULL;
}

void tailored_free(tailored *t)
{
    if (!t) return;
    for (int i = 0; i < t->count; i++) image_free(&t->cloth[i]);
    mem_free(t);
}

// --- hanging ---

// She as somebody who tries clothes on; her body stays p's.
static wearer wearer_of(const person *p)
{
    const body_model *m = p->model;
    wearer w = { .position = mem_array(vec3, m->vertices) };
    memcpy(&w.model, &m, sizeof m); // only read, and never closed
    float ground = body_ground(m, p->shaped);
    for (uint32_t v = 0; v < m->vertices; v++) w.position[v] = v3_sub(p->shaped[v], v3(0, ground, 0));
    for (int j = 0; j < BODY_JOINTS; j++) w.joint[j] = v3_sub(p->joints[j], v3(0, ground, 0));
    for (int i = 0; i < TAPE_COUNT; i++) w.fit.value[i] = 100 * p->truth[i];
    return w;
}

static void keep(const drape *d, const collider *body, const rigid *turn, hung *out)
{
    const sewn *s = &d->mesh;
    *out = (hung){ .points = s->points,
                   .triangles = s->triangles,
                   .position = mem_array(vec3, s->points),
                   .normal = mem_array(vec3, s->points),
                   .uv = mem_array(vec2, s->points),
                   .under = mem_array(uint32_t, s->points),
                   .triangle = mem_array(uint32_t, 3 * (size_t)s->triangles) };
    memcpy(out->triangle, s->corner, 3 * (size_t)s->triangles * sizeof *s->corner);
    for (uint32_t i = 0; i < s->points; i++) {
        out->under[i] = collider_vertex(body, d->position[i], COLLIDER_REACH);
        out->position[i] = rigid_apply(turn, d->position[i]);
        out->normal[i] = m3_apply(&turn->r, d->normal[i]);
        out->uv[i] = (vec2){ 2 * s->flat[i].x, 2 * s->flat[i].y };
    }
}

enum { SECTORS = 36 };
static int sector_around(vec3 middle, vec3 p)
{
    int s = (int)((atan2f(p.x - middle.x, p.z - middle.z) / 6.2831853f + 0.5f) * SECTORS);
    return s < SECTORS ? s : SECTORS - 1;
}

// Each was draped as if it were worn alone: of what is worn below, only what comes out under the hem is shown, and
// tucked in where it does.
static void cover(const drape *top, const hung *over, const drape *bottom, vec3 middle, hung *below)
{
    float hem[SECTORS];
    for (int k = 0; k < SECTORS; k++) hem[k] = 10;
    for (uint32_t i = 0; i < over->points; i++) {
        if (!sewn_on_trunk(&top->mesh, &top->pattern, i)) continue;
        float *low = &hem[sector_around(middle, over->position[i])];
        *low = fminf(*low, over->position[i].y);
    }
    bool *covered = mem_array(bool, below->points);
    for (uint32_t i = 0; i < below->points; i++) {
        vec3 *q = &below->position[i];
        covered[i] = q->y > hem[sector_around(middle, *q)] + 0.005f;
        float off = fmaxf(bottom->height[i] - 0.001f, 0);
        if (covered[i]) *q = v3_mad(*q, below->normal[i], -fminf(off, 0.012f));
    }
    uint32_t left = 0;
    for (uint32_t t = 0; t < below->triangles; t++) {
        const uint32_t *v = below->triangle + 3 * (size_t)t;
        if (covered[v[0]] && covered[v[1]] && covered[v[2]]) continue;
        memmove(below->triangle + 3 * (size_t)left++, v, 3 * sizeof *v);
    }
    below->triangles = left;
    mem_free(covered);
}

bool tailor_hang(const tailored *t, const person *p, const body_pose *pose, const rigid *pelvis, hung *out, err *e)
{
    // Only where she turns to is left out: on the way there, she would walk around a quarter of a circle.
    body_pose facing = *pose;
    mat3 whole = m3_from_axis_angle(pose->rotation[JOINT_PELVIS]);
    mat3 heading = m3_from_axis_angle(v3(0, atan2f(whole.m[0][2], whole.m[2][2]), 0)), back = m3_transpose(&heading),
         lean = m3_mul(&back, &whole);
    facing.rotation[JOINT_PELVIS] = m3_to_axis_angle(&lean);
    facing.translation = v3(0, 0, 0);
    wearer w = wearer_of(p);
    wearer_pose(&w, &facing);
    // From there to where the photo has her: her pelvis takes all else along.
    const rigid *stood = &w.world[JOINT_PELVIS];
    mat3 undo = m3_transpose(&stood->r);
    vec3 middle = rigid_apply(pelvis, p->joints[JOINT_PELVIS]), from = rigid_apply(stood, w.joint[JOINT_PELVIS]);
    rigid turn = { .r = m3_mul(&pelvis->r, &undo) };
    turn.t = v3_sub(middle, m3_apply(&turn.r, from));
    collider *body = drape_collider(&w);
    drape worn[TAILORED_MOST] = { 0 };
    bool ok = true;
    memset(out, 0, (size_t)t->count * sizeof *out);
    for (int i = 0; ok && i < t->count; i++) {
        ok = drape_make(&w, body, &t->of[i], 0, &(drape_options){ .spacing = SPACING }, &worn[i], e);
        if (ok) keep(&worn[i], body, &turn, &out[i]);
    }
    if (ok && t->count == 2) cover(&worn[1], &out[1], &worn[0], middle, &out[0]);
    for (int i = 0; i < t->count; i++) drape_free(&worn[i]);
    collider_free(body);
    mem_free(w.position);
    mem_free(w.stood);
    return ok;
}

void hung_free(hung *h)
{
    mem_free(h->position);
    mem_free(h->normal);
    mem_free(h->uv);
    mem_free(h->triangle);
    mem_free(h->under);
    memset(h, 0, sizeof *h);
}
