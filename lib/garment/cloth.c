#include "garment/cloth.h"
#include "base/mem.h"
#include "garment/cloth_state.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

// One sweep of constraints a step carries a force over a few edges only, so the solver adds a strain of its own:
// CLOTH_ARTEFACT g L (dt / spacing)² at a hanging length L. The step keeps it below 0.45 %, and is never more than 0.04
// s/m of spacing, beyond which contacts get rough.
#define STEP_PER_SPACING 0.04
#define ARTEFACT_MOST 0.0045
#define COMPRESSED 0.05f // of the tensile stiffness: cloth buckles rather than resist

// As the meshes of others have them: less than a degree or so in a corner.
static bool is_sliver(const vec2 *r)
{
    double longest = 0, twice = fabs((double)(r[1].x - r[0].x) * (double)(r[2].y - r[0].y) -
                                     (double)(r[1].y - r[0].y) * (double)(r[2].x - r[0].x));
    for (int i = 0; i < 3; i++) {
        double x = (double)(r[(i + 1) % 3].x - r[i].x), y = (double)(r[(i + 1) % 3].y - r[i].y);
        longest = fmax(longest, x * x + y * y);
    }
    return twice <= 0.02 * longest || twice < 1e-8; // a hundredth of a square millimetre
}

static membrane triangle_of(const cloth *c, const cloth_setup *s, uint32_t t, double *mass)
{
    const uint32_t *v = s->triangle + 3 * (size_t)t;
    const vec2 *r = s->rest + 3 * (size_t)t;
    double x1 = (double)(r[1].x - r[0].x), y1 = (double)(r[1].y - r[0].y), x2 = (double)(r[2].x - r[0].x),
           y2 = (double)(r[2].y - r[0].y), det = x1 * y2 - x2 * y1, area = fabs(det) / 2;
    // A sliver carries nothing but its mass: what it would say of strain is far beyond its own precision.
    bool sliver = is_sliver(r);
    if (sliver) area = fmax(area, 1e-9), det = INFINITY;
    double step2 = c->dt * c->dt, k = s->stiffer ? (double)s->stiffer[t] : 1;
    double u = 1 / (k * s->fabric.weft * area * step2), w = 1 / (k * s->fabric.warp * area * step2);
    for (int i = 0; i < 3; i++) mass[v[i]] += area * s->fabric.weight / 3;
    return (membrane){ { v[0], v[1], v[2] },
                       (float)(y2 / det),
                       (float)(-y1 / det),
                       (float)(-x2 / det),
                       (float)(x1 / det),
                       (float)u,
                       (float)w,
                       (float)u / COMPRESSED,
                       (float)w / COMPRESSED,
                       (float)(1 / (s->fabric.shear * area * step2)) };
}

typedef struct {
    uint32_t a, b, t, corner;
} half_edge;

static int by_edge(const void *p, const void *q)
{
    const half_edge *x = p, *y = q;
    if (x->a != y->a) return x->a < y->a ? -1 : 1;
    if (x->b != y->b) return x->b < y->b ? -1 : 1;
    return x->t < y->t ? -1 : x->t > y->t;
}

// Cotangent of the angle at corner k of triangle t in the pattern, and its area.
static double cot(const cloth_setup *s, uint32_t t, uint32_t k, double *area)
{
    const vec2 *r = s->rest + 3 * (size_t)t;
    vec2 o = r[k], a = r[(k + 1) % 3], b = r[(k + 2) % 3];
    double ax = (double)(a.x - o.x), ay = (double)(a.y - o.y), bx = (double)(b.x - o.x), by = (double)(b.y - o.y);
    double cross = fabs(ax * by - ay * bx);
    *area = cross / 2;
    return (ax * bx + ay * by) / fmax(cross, 1e-12);
}

static hinge *hinges_of(const cloth *c, const cloth_setup *s, uint32_t *count)
{
    half_edge *h = mem_array(half_edge, 3 * (size_t)s->triangles);
    for (uint32_t t = 0; t < s->triangles; t++)
        for (uint32_t k = 0; k < 3; k++) {
            uint32_t a = s->triangle[3 * t + (k + 1) % 3], b = s->triangle[3 * t + (k + 2) % 3];
            h[3 * t + k] = (half_edge){ a < b ? a : b, a < b ? b : a, t, k };
        }
    qsort(h, 3 * (size_t)s->triangles, sizeof *h, by_edge);
    hinge *out = mem_array(hinge, 3 * (size_t)s->triangles / 2 + 1);
    *count = 0;
    for (uint32_t i = 0; i + 1 < 3 * s->triangles; i++) {
        const half_edge *p = &h[i], *q = &h[i + 1];
        if (p->a != q->a || p->b != q->b) continue;
        if (s->crease && s->crease[p->a] && s->crease[p->b]) continue;
        if (is_sliver(s->rest + 3 * (size_t)p->t) || is_sliver(s->rest + 3 * (size_t)q->t)) continue;
        // The angles at both ends of the edge, in both triangles.
        double area[2], at_a[2], at_b[2], unused;
        for (int n = 0; n < 2; n++) {
            const half_edge *e = n ? q : p;
            uint32_t first = (e->corner + 1) % 3, second = (e->corner + 2) % 3;
            bool order = s->triangle[3 * e->t + first] == e->a;
            at_a[n] = cot(s, e->t, order ? first : second, &area[n]);
            at_b[n] = cot(s, e->t, order ? second : first, &unused);
        }
        hinge *g = &out[(*count)++];
        *g = (hinge){ { p->a, p->b, s->triangle[3 * p->t + p->corner], s->triangle[3 * q->t + q->corner] },
                      { (float)(at_b[0] + at_b[1]), (float)(at_a[0] + at_a[1]), (float)(-at_a[0] - at_b[0]),
                        (float)(-at_a[1] - at_b[1]) },
                      { 0 } };
        double firm = s->firmer ? (double)fminf(s->firmer[p->t], s->firmer[q->t]) : 1;
        double below = (area[0] + area[1]) / (3 * firm * s->fabric.bending * c->dt * c->dt);
        for (int n = 0; n < 4; n++) below += (double)(c->p[g->v[n]][3] * g->c[n] * g->c[n]);
        for (int n = 0; n < 4; n++) g->step[n] = (float)(-(double)(c->p[g->v[n]][3] * g->c[n]) / below);
        i++;
    }
    mem_free(h);
    return out;
}

static void take_band(cloth *c, const cloth_band *b)
{
    c->bands = b->edges;
    c->band = mem_array(uint32_t, 2 * (size_t)b->edges);
    c->band_vertex = mem_array(uint32_t, 2 * (size_t)b->edges);
    c->band_pull = mem_array(lane4, c->vertices);
    c->band_length = b->length;
    c->band_give = (float)(b->length / b->stiffness / (c->dt * c->dt));
    memcpy(c->band, b->edge, 2 * (size_t)b->edges * sizeof *c->band);
    for (uint32_t i = 0; i < 2 * b->edges; i++) {
        uint32_t k = 0;
        while (k < c->band_vertices && c->band_vertex[k] != b->edge[i]) k++;
        if (k == c->band_vertices) c->band_vertex[c->band_vertices++] = b->edge[i];
    }
}

cloth *cloth_new(const cloth_setup *s)
{
    cloth *c = mem_new(1, sizeof *c);
    c->vertices = s->vertices;
    c->triangles = s->triangles;
    c->spacing = s->spacing;
    c->hanging = s->hanging > 0 ? s->hanging : 0.55;
    c->dt = s->spacing * fmin(STEP_PER_SPACING, sqrt(ARTEFACT_MOST / (CLOTH_ARTEFACT * 9.81 * c->hanging)));
    c->limit = s->fabric.limit;
    c->thickness = (float)(s->thickness > 0 ? s->thickness : 0.0012);
    c->friction = (float)s->fabric.friction;
    c->body = s->body;
    c->itself = s->itself;
    c->x = mem_array(vec3, s->vertices);
    c->p = mem_array(lane4, (size_t)s->vertices + 1);
    c->was = mem_array(lane4, (size_t)s->vertices + 1);
    c->v = mem_array(lane4, s->vertices);
    c->contact = mem_array(body_contact, s->vertices);
    c->touching = mem_array(uint32_t, s->vertices);
    c->triangle = mem_array(uint32_t, 3 * (size_t)s->triangles);
    memcpy(c->triangle, s->triangle, 3 * (size_t)s->triangles * sizeof *c->triangle);
    memcpy(c->x, s->start, s->vertices * sizeof *c->x);
    if (s->floor) {
        c->floor = mem_array(float, s->vertices);
        memcpy(c->floor, s->floor, s->vertices * sizeof *c->floor);
    }
    if (s->band.edges > 0) take_band(c, &s->band);
    double *mass = mem_array(double, s->vertices);
    c->membrane = mem_array(membrane, s->triangles);
    for (uint32_t t = 0; t < s->triangles; t++) c->membrane[t] = triangle_of(c, s, t, mass);
    for (uint32_t i = 0; i < s->vertices; i++)
        c->p[i][3] = (s->pinned && s->pinned[i] > 0) || mass[i] == 0 ? 0 : (float)(1 / mass[i]);
    mem_free(mass);
    uint32_t hinges;
    hinge *h = hinges_of(c, s, &hinges);
    c->batches = cloth_batch(c->membrane, c->triangles, h, hinges, c->vertices);
    mem_free(h);
    if (c->itself) self_finder_init(&c->self, c->triangle, c->triangles, c->vertices);
    return c;
}

void cloth_free(cloth *c)
{
    if (!c) return;
    if (c->itself) self_finder_fini(&c->self);
    cloth_batch_free(&c->batches);
    mem_free(c->x);
    mem_free(c->p);
    mem_free(c->was);
    mem_free(c->v);
    mem_free(c->contact);
    mem_free(c->touching);
    mem_free(c->triangle);
    mem_free(c->floor);
    mem_free(c->band);
    mem_free(c->band_vertex);
    mem_free(c->band_pull);
    mem_free(c->membrane);
    mem_free(c);
}

void cloth_carry(cloth *c, const collider *body, const vec3 *move)
{
    c->body = body;
    for (uint32_t i = 0; i < c->vertices; i++) {
        c->x[i] = v3_add(c->x[i], move[i]);
        c->contact[i].known = false;
    }
}

const vec3 *cloth_position(const cloth *c) { return c->x; }
double cloth_step(const cloth *c) { return c->dt; }
