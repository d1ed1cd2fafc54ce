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
    f->buckets = 1;
    while (f->buckets < triangles) f->buckets *= 2;
    f->first = mem_array(uint32_t, (size_t)f->buckets + 2);
    f->bucket = mem_array(uint32_t, triangles);
    f->entry = mem_array(self_entry, triangles);
    f->unsorted = mem_array(self_entry, triangles);
    f->mark = mem_array(uint32_t, vertices);
    f->from = mem_array(vec3, vertices);
}

void self_finder_fini(self_finder *f)
{
    mem_free(f->pair);
    mem_free(f->before);
    mem_free(f->near_first);
    mem_free(f->near);
    mem_free(f->first);
    mem_free(f->bucket);
    mem_free(f->entry);
    mem_free(f->unsorted);
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

static uint32_t hash(int x, int y, int z)
{
    uint32_t h = (uint32_t)x * 73856093u ^ (uint32_t)y * 19349663u ^ (uint32_t)z * 83492791u;
    return h ^ h >> 15;
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

static bool all_near(const self_finder *f, const lane4 *x)
{
    for (uint32_t v = 0; v < f->vertices; v++) {
        vec3 d = v3_sub(v3(x[v][0], x[v][1], x[v][2]), f->from[v]);
        if (v3_dot(d, d) > MAY_MOVE * MAY_MOVE) return false;
    }
    return true;
}

// Triangles by the cell of their centre: entry and first.
static void sort_triangles(self_finder *f, float inv)
{
    memset(f->first, 0, ((size_t)f->buckets + 2) * sizeof *f->first);
    for (uint32_t t = 0; t < f->triangles; t++) {
        const uint32_t *v = f->triangle + 3 * (size_t)t;
        vec3 a = f->from[v[0]], b = f->from[v[1]], c = f->from[v[2]], m = v3_scale(v3_add(v3_add(a, b), c), 1.0f / 3);
        vec3 p = v3_sub(a, m), q = v3_sub(b, m), r = v3_sub(c, m);
        self_entry *e = &f->unsorted[t];
        e->centre = m;
        e->radius = sqrtf(fmaxf(v3_dot(p, p), fmaxf(v3_dot(q, q), v3_dot(r, r))));
        e->triangle = t;
        e->x = (int)floorf(m.x * inv), e->y = (int)floorf(m.y * inv), e->z = (int)floorf(m.z * inv);
        f->bucket[t] = hash(e->x, e->y, e->z) & (f->buckets - 1);
        f->first[f->bucket[t] + 2]++;
    }
    for (uint32_t i = 0; i < f->buckets; i++) f->first[i + 2] += f->first[i + 1];
    for (uint32_t t = 0; t < f->triangles; t++) f->entry[f->first[f->bucket[t] + 1]++] = f->unsorted[t];
}

// The pairs of vertex v with the triangles of one cell.
static void meet(self_finder *f, uint32_t v, int x, int y, int z, float reach, uint32_t old_count, uint32_t *at)
{
    vec3 p = f->from[v];
    uint32_t h = hash(x, y, z) & (f->buckets - 1);
    for (uint32_t i = f->first[h]; i < f->first[h + 1]; i++) {
        const self_entry *e = &f->entry[i];
        vec3 d = v3_sub(p, e->centre);
        // The margin: a point a little beyond an edge counts too.
        float far = reach + 1.1f * e->radius;
        if (v3_dot(d, d) > far * far || e->x != x || e->y != y || e->z != z) continue;
        const uint32_t *c = f->triangle + 3 * (size_t)e->triangle;
        if (f->mark[c[0]] == v + 1 || f->mark[c[1]] == v + 1 || f->mark[c[2]] == v + 1) continue;
        vec3 w, n;
        float height;
        if (!self_weights(p, f->from[c[0]], f->from[c[1]], f->from[c[2]], &w, &n, &height) || fabsf(height) > reach)
            continue;
        float side = known_side(f->before, old_count, at, v, c);
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
    uint32_t old_count = f->count, at = 0;
    if (old_count) memcpy(f->before, f->pair, old_count * sizeof *f->before);
    f->count = 0;
    for (uint32_t v = 0; v < f->vertices; v++) f->from[v] = v3(x[v][0], x[v][1], x[v][2]);
    // Cells so wide that whatever a vertex can meet has its centre in one of the eight cells next to it.
    float inv = 1 / (2 * (reach + 1.1f * radius));
    sort_triangles(f, inv);
    memset(f->mark, 0, f->vertices * sizeof *f->mark);
    for (uint32_t v = 0; v < f->vertices; v++) {
        vec3 p = v3_scale(f->from[v], inv);
        int cx = (int)floorf(p.x - 0.5f), cy = (int)floorf(p.y - 0.5f), cz = (int)floorf(p.z - 0.5f);
        for (uint32_t i = f->near_first[v]; i < f->near_first[v + 1]; i++) f->mark[f->near[i]] = v + 1;
        for (int k = 0; k < 8; k++) meet(f, v, cx + (k & 1), cy + (k >> 1 & 1), cz + (k >> 2), reach, old_count, &at);
    }
}
