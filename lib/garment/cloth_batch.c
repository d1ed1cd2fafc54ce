#include "garment/cloth_batch.h"
#include "base/mem.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

// Constraints in one group share no vertex, so a processor may work on several at a time; a constraint that fits into
// none of the open groups closes the oldest.
enum { GROUP = 32, OPEN = 16 };

typedef struct {
    uint32_t member[GROUP];
    uint32_t count, number;
} group;

typedef struct {
    const uint32_t *vertex; // [each] of constraint i at vertex + i * stride
    size_t stride;
    uint32_t each, count, vertices;
} constraint_list;

static const uint32_t *vertices_of(const constraint_list *l, uint32_t i)
{
    return (const uint32_t *)((const char *)l->vertex + i * l->stride);
}

typedef struct {
    const constraint_list *list;
    uint32_t *taken; // for each vertex a bit for each open group in which a constraint of it already is
    uint32_t *order, filled;
    group slot[OPEN];
} packer;

static void close_group(packer *p, uint32_t s)
{
    group *g = &p->slot[s];
    for (uint32_t k = 0; k < g->count; k++) {
        const uint32_t *v = vertices_of(p->list, g->member[k]);
        p->order[p->filled++] = g->member[k];
        for (uint32_t j = 0; j < p->list->each; j++) p->taken[v[j]] &= ~(1u << s);
    }
    while (p->filled % 4 != 0) p->order[p->filled++] = UINT32_MAX;
    g->count = 0;
}

static uint32_t oldest(const packer *p)
{
    uint32_t found = OPEN;
    for (uint32_t s = 0; s < OPEN; s++)
        if (p->slot[s].count > 0 && (found == OPEN || p->slot[s].number < p->slot[found].number)) found = s;
    return found;
}

// order [4 * count]: numbers of constraints in groups, each filled with UINT32_MAX to whole fours. Returns its length.
static uint32_t pack(const constraint_list *l, uint32_t *order)
{
    packer *p = mem_new(1, sizeof *p);
    p->list = l;
    p->order = order;
    p->taken = mem_array(uint32_t, l->vertices);
    for (uint32_t i = 0; i < l->count; i++) {
        const uint32_t *v = vertices_of(l, i);
        uint32_t used = 0, s = 0;
        for (uint32_t k = 0; k < l->each; k++) used |= p->taken[v[k]];
        while (s < OPEN && used >> s & 1) s++;
        if (s == OPEN) close_group(p, s = oldest(p));
        group *g = &p->slot[s];
        if (g->count == 0) g->number = i;
        g->member[g->count++] = i;
        for (uint32_t k = 0; k < l->each; k++) p->taken[v[k]] |= 1u << s;
        if (g->count == GROUP) close_group(p, s);
    }
    for (uint32_t s = oldest(p); s < OPEN; s = oldest(p)) close_group(p, s);
    uint32_t n = p->filled;
    mem_free(p->taken);
    mem_free(p);
    return n;
}

cloth_batches cloth_batch(const membrane *m, uint32_t membranes, const hinge *h, uint32_t hinges, uint32_t vertices)
{
    uint32_t most = membranes > hinges ? membranes : hinges, *order = mem_array(uint32_t, 4 * (size_t)most + 4);
    cloth_batches b = { 0 };
    constraint_list l = { m->v, sizeof *m, 3, membranes, vertices };
    uint32_t n = pack(&l, order);
    b.membranes = n / 4;
    b.membrane = mem_array(membrane4, b.membranes + 1);
    for (uint32_t i = 0; i < n; i++) {
        membrane4 *q = &b.membrane[i / 4];
        // Nothing happens to a triangle whose corners have no mass to move and whose gradient is nil.
        membrane none = { { vertices, vertices, vertices }, 0, 0, 0, 0, 1, 1, 1, 1, 1 };
        const membrane *from = order[i] == UINT32_MAX ? &none : &m[order[i]];
        for (int k = 0; k < 3; k++) q->v[k][i % 4] = from->v[k];
        const float *value = &from->a;
        lane4 *to = &q->a;
        for (int k = 0; k < 9; k++) to[k][i % 4] = value[k];
    }
    l = (constraint_list){ h->v, sizeof *h, 4, hinges, vertices };
    n = pack(&l, order);
    b.hinge = mem_array(hinge, hinges + 1);
    for (uint32_t i = 0; i < n; i++)
        if (order[i] != UINT32_MAX) b.hinge[b.hinges++] = h[order[i]];
    mem_free(order);
    return b;
}

void cloth_batch_free(cloth_batches *b)
{
    mem_free(b->membrane);
    mem_free(b->hinge);
    memset(b, 0, sizeof *b);
}

static inline lane4 root(lane4 a)
{
    lane4 r;
    for (int l = 0; l < 4; l++) r[l] = sqrtf(a[l]);
    return r;
}

typedef int32_t mask4 __attribute__((vector_size(16)));

static inline lane4 choose(mask4 m, lane4 yes, lane4 no) { return (lane4)((m & (mask4)yes) | (~m & (mask4)no)); }

// Four corners: x, y, z and inverse mass of each triangle.
typedef struct {
    lane4 x, y, z, w;
} corner4;

static inline void transpose(lane4 *a, lane4 *b, lane4 *c, lane4 *d)
{
    lane4 ab = __builtin_shufflevector(*a, *b, 0, 4, 1, 5), cd = __builtin_shufflevector(*c, *d, 0, 4, 1, 5);
    lane4 ef = __builtin_shufflevector(*a, *b, 2, 6, 3, 7), gh = __builtin_shufflevector(*c, *d, 2, 6, 3, 7);
    *a = __builtin_shufflevector(ab, cd, 0, 1, 4, 5);
    *b = __builtin_shufflevector(ab, cd, 2, 3, 6, 7);
    *c = __builtin_shufflevector(ef, gh, 0, 1, 4, 5);
    *d = __builtin_shufflevector(ef, gh, 2, 3, 6, 7);
}

static inline corner4 gather(const lane4 *p, const uint32_t *v)
{
    corner4 c = { p[v[0]], p[v[1]], p[v[2]], p[v[3]] };
    transpose(&c.x, &c.y, &c.z, &c.w);
    return c;
}

static inline void scatter(lane4 *p, const uint32_t *v, corner4 c)
{
    transpose(&c.x, &c.y, &c.z, &c.w);
    p[v[0]] = c.x, p[v[1]] = c.y, p[v[2]] = c.z, p[v[3]] = c.w;
}

static inline void move(corner4 *c, const corner4 *along, lane4 far)
{
    c->x += along->x * far;
    c->y += along->y * far;
    c->z += along->z * far;
}

static inline lane4 dot(const corner4 *a, const corner4 *b) { return a->x * b->x + a->y * b->y + a->z * b->z; }

// e1 a + e2 b of four triangles.
static inline corner4 column(const corner4 *o, const corner4 *p, const corner4 *q, lane4 a, lane4 b)
{
    corner4 g = { (p->x - o->x) * a + (q->x - o->x) * b, (p->y - o->y) * a + (q->y - o->y) * b,
                  (p->z - o->z) * a + (q->z - o->z) * b, a };
    return g;
}

// The constraint |g| = 1 with g = e1 a + e2 b.
static inline void stretch(corner4 *o, corner4 *p, corner4 *q, lane4 a, lane4 b, lane4 pull, lane4 push)
{
    corner4 g = column(o, p, q, a, b);
    lane4 zero = { 0, 0, 0, 0 }, least = zero + 1e-6f, len = root(dot(&g, &g));
    lane4 value = len - 1.0f, both = a + b, sum = o->w * both * both + p->w * a * a + q->w * b * b;
    lane4 below = (sum + choose(value > zero, pull, push)) * choose(len > least, len, least);
    lane4 lambda = choose(len > least, -value / below, zero);
    move(o, &g, -o->w * both * lambda);
    move(p, &g, p->w * a * lambda);
    move(q, &g, q->w * b * lambda);
}

void cloth_solve_membranes(const cloth_batches *b, lane4 *x)
{
    for (uint32_t t = 0; t < b->membranes; t++) {
        const membrane4 *m = &b->membrane[t];
        corner4 o = gather(x, m->v[0]), p = gather(x, m->v[1]), q = gather(x, m->v[2]);
        stretch(&o, &p, &q, m->a, m->b, m->pull_u, m->push_u);
        stretch(&o, &p, &q, m->c, m->d, m->pull_v, m->push_v);
        // Shear: u . v = 0.
        corner4 u = column(&o, &p, &q, m->a, m->b), v = column(&o, &p, &q, m->c, m->d);
        corner4 g1 = { u.x * m->c + v.x * m->a, u.y * m->c + v.y * m->a, u.z * m->c + v.z * m->a, m->a };
        corner4 g2 = { u.x * m->d + v.x * m->b, u.y * m->d + v.y * m->b, u.z * m->d + v.z * m->b, m->a };
        corner4 g0 = { g1.x + g2.x, g1.y + g2.y, g1.z + g2.z, m->a };
        lane4 sum = o.w * dot(&g0, &g0) + p.w * dot(&g1, &g1) + q.w * dot(&g2, &g2);
        lane4 lambda = -dot(&u, &v) / (sum + m->shear);
        move(&o, &g0, -o.w * lambda);
        move(&p, &g1, p.w * lambda);
        move(&q, &g2, q.w * lambda);
        scatter(x, m->v[0], o);
        scatter(x, m->v[1], p);
        scatter(x, m->v[2], q);
    }
}

void cloth_solve_hinges(const cloth_batches *b, lane4 *x)
{
    static const lane4 place = { 1, 1, 1, 0 }; // the fourth is the mass, which stays
    for (uint32_t k = 0; k < b->hinges; k++) {
        const hinge *h = &b->hinge[k];
        lane4 *p0 = x + h->v[0], *p1 = x + h->v[1], *p2 = x + h->v[2], *p3 = x + h->v[3];
        // C = |q|: the step along the unit vector times C is along q itself.
        lane4 q = (*p0 * h->c[0] + *p1 * h->c[1] + *p2 * h->c[2] + *p3 * h->c[3]) * place;
        *p0 += q * h->step[0];
        *p1 += q * h->step[1];
        *p2 += q * h->step[2];
        *p3 += q * h->step[3];
    }
}
