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
    f->head = mem_array(uint32_t, f->buckets);
    f->next = mem_array(uint32_t, triangles);
}

void self_finder_fini(self_finder *f)
{
    mem_free(f->pair);
    mem_free(f->near_first);
    mem_free(f->near);
    mem_free(f->head);
    mem_free(f->next);
}

static bool neighbours(const self_finder *f, uint32_t v, uint32_t o)
{
    uint32_t lo = f->near_first[v], hi = f->near_first[v + 1];
    while (lo < hi) {
        uint32_t mid = lo + (hi - lo) / 2;
        if (f->near[mid] < o)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo < f->near_first[v + 1] && f->near[lo] == o;
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

void self_find(self_finder *f, const vec3 *x, float reach, float cell)
{
    uint32_t old_count = f->count, at = 0;
    self_pair *old = mem_array(self_pair, old_count + 1);
    if (old_count) memcpy(old, f->pair, old_count * sizeof *old);
    f->count = 0;
    memset(f->head, 0xff, f->buckets * sizeof *f->head);
    float inv = 1 / cell, far = reach + cell, far2 = far * far;
    vec3 *centre = mem_array(vec3, f->triangles);
    for (uint32_t t = f->triangles; t-- > 0;) {
        const uint32_t *v = f->triangle + 3 * (size_t)t;
        centre[t] = v3_scale(v3_add(v3_add(x[v[0]], x[v[1]]), x[v[2]]), 1.0f / 3);
        uint32_t h =
            hash((int)floorf(centre[t].x * inv), (int)floorf(centre[t].y * inv), (int)floorf(centre[t].z * inv)) &
            (f->buckets - 1);
        f->next[t] = f->head[h];
        f->head[h] = t;
    }
    for (uint32_t v = 0; v < f->vertices; v++) {
        int cx = (int)floorf(x[v].x * inv), cy = (int)floorf(x[v].y * inv), cz = (int)floorf(x[v].z * inv);
        uint32_t begin = f->count;
        for (int k = 0; k < 27; k++) {
            uint32_t h = hash(cx + k % 3 - 1, cy + k / 3 % 3 - 1, cz + k / 9 - 1) & (f->buckets - 1);
            for (uint32_t t = f->head[h]; t != UINT32_MAX; t = f->next[t]) {
                vec3 d = v3_sub(x[v], centre[t]);
                const uint32_t *c = f->triangle + 3 * (size_t)t;
                vec3 w, n;
                float height;
                if (v3_dot(d, d) > far2 || !self_weights(x[v], x[c[0]], x[c[1]], x[c[2]], &w, &n, &height) ||
                    fabsf(height) > reach)
                    continue;
                bool twice = false; // two of the 27 cells may share a bucket
                for (uint32_t i = begin; i < f->count && !twice; i++)
                    twice = f->pair[i].a == c[0] && f->pair[i].b == c[1] && f->pair[i].c == c[2];
                if (twice || neighbours(f, v, c[0]) || neighbours(f, v, c[1]) || neighbours(f, v, c[2])) continue;
                float side = known_side(old, old_count, &at, v, c);
                add_pair(f, v, c, side != 0 ? side : height >= 0 ? 1.0f : -1.0f);
            }
        }
    }
    mem_free(centre);
    mem_free(old);
}
