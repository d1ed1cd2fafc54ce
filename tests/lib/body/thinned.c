#include "thinned.h"
#include "base/mem.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { AROUND = 24 }; // triangles at a vertex at most

typedef struct {
    const vec3 *p;
    uint32_t (*t)[3]; // dead ones begin with UINT32_MAX
    uint32_t triangles, vertices;
    uint32_t (*at)[AROUND]; // triangles of each vertex
    uint8_t *count, *touched;
} work;

typedef struct {
    uint32_t from, to;
    float cost;
} edge;

static int by_cost(const void *pa, const void *pb)
{
    const edge *a = pa, *b = pb;
    if (a->cost != b->cost) return a->cost < b->cost ? -1 : 1;
    if (a->from != b->from) return a->from < b->from ? -1 : 1;
    return (a->to > b->to) - (a->to < b->to);
}

static vec3 normal_of(const work *w, const uint32_t *t)
{
    return v3_cross(v3_sub(w->p[t[1]], w->p[t[0]]), v3_sub(w->p[t[2]], w->p[t[0]]));
}

static bool in_triangle(const uint32_t *t, uint32_t v) { return t[0] == v || t[1] == v || t[2] == v; }

static void index_triangles(work *w)
{
    memset(w->count, 0, w->vertices);
    memset(w->touched, 0, w->vertices);
    for (uint32_t i = 0; i < w->triangles; i++)
        for (int k = 0; k < 3 && w->t[i][0] != UINT32_MAX; k++) {
            uint32_t v = w->t[i][k];
            if (w->count[v] < AROUND)
                w->at[v][w->count[v]++] = i;
            else
                w->touched[v] = 1;
        }
}

// Height of `from` over the planes that would be left out, and a little for long edges.
static float cost_of(const work *w, uint32_t from, uint32_t to)
{
    bool middle_from = fabsf(w->p[from].x) < 1e-4f, middle_to = fabsf(w->p[to].x) < 1e-4f;
    if (middle_from && !middle_to) return INFINITY; // the plane of symmetry keeps its vertices
    vec3 along = v3_sub(w->p[to], w->p[from]);
    float most = 0;
    for (int i = 0; i < w->count[from]; i++)
        most = fmaxf(most, fabsf(v3_dot(v3_unit(normal_of(w, w->t[w->at[from][i]])), along)));
    return most + 0.05f * v3_len(along);
}

// Exactly two vertices see both ends, no triangle turns over, and nothing around has changed in this round.
static bool can_merge(const work *w, uint32_t from, uint32_t to)
{
    if (w->touched[from] || w->touched[to]) return false;
    uint32_t seen[2 * AROUND];
    int n = 0, common = 0, shared = 0;
    for (int i = 0; i < w->count[from]; i++) {
        const uint32_t *t = w->t[w->at[from][i]];
        shared += in_triangle(t, to);
        for (int k = 0; k < 3; k++) {
            bool known = t[k] == from || t[k] == to;
            for (int q = 0; q < n && !known; q++) known = seen[q] == t[k];
            if (!known) seen[n++] = t[k];
        }
    }
    for (int q = 0; q < n; q++) {
        bool meets = false;
        for (int i = 0; i < w->count[to]; i++) meets |= in_triangle(w->t[w->at[to][i]], seen[q]);
        common += meets;
        if (w->touched[seen[q]]) return false;
    }
    if (common != 2 || shared != 2) return false;
    for (int i = 0; i < w->count[from]; i++) {
        const uint32_t *t = w->t[w->at[from][i]];
        if (in_triangle(t, to)) continue;
        uint32_t moved[3];
        for (int k = 0; k < 3; k++) moved[k] = t[k] == from ? to : t[k];
        vec3 before = normal_of(w, t), after = normal_of(w, moved);
        if (v3_dot(v3_unit(before), v3_unit(after)) < 0.5f) return false;
    }
    return true;
}

static void merge(work *w, uint32_t from, uint32_t to)
{
    for (int i = 0; i < w->count[from]; i++) {
        uint32_t *t = w->t[w->at[from][i]];
        for (int k = 0; k < 3; k++) w->touched[t[k]] = 1;
        bool gone = in_triangle(t, to);
        for (int k = 0; k < 3; k++)
            if (t[k] == from) t[k] = to;
        if (gone) t[0] = UINT32_MAX;
    }
}

// One round over all edges; returns how many vertices it gave up, at most `most`.
static uint32_t thin_once(work *w, uint32_t most)
{
    index_triangles(w);
    edge *all = mem_array(edge, (size_t)w->triangles * 3);
    size_t n = 0;
    for (uint32_t i = 0; i < w->triangles; i++)
        for (int k = 0; k < 3 && w->t[i][0] != UINT32_MAX; k++) {
            edge e = { w->t[i][k], w->t[i][(k + 1) % 3], 0 };
            e.cost = cost_of(w, e.from, e.to);
            if (isfinite(e.cost)) all[n++] = e;
        }
    qsort(all, n, sizeof *all, by_cost);
    uint32_t gone = 0;
    for (size_t i = 0; i < n / 2 && gone < most; i++) { // the cheaper half: the rest may become cheaper
        if (!can_merge(w, all[i].from, all[i].to)) continue;
        merge(w, all[i].from, all[i].to);
        gone++;
    }
    mem_free(all);
    return gone;
}

thinned thin(const vec3 *position, const uint32_t *triangle, uint32_t vertices, uint32_t triangles, uint32_t wanted)
{
    work w = { .p = position, .triangles = triangles, .vertices = vertices };
    w.t = mem_new(triangles, sizeof *w.t);
    memcpy(w.t, triangle, triangles * sizeof *w.t);
    w.at = mem_new(vertices, sizeof *w.at);
    w.count = mem_array(uint8_t, vertices);
    w.touched = mem_array(uint8_t, vertices);
    uint32_t left = vertices;
    for (uint32_t gone = 1; gone && left > wanted; left -= gone) gone = thin_once(&w, left - wanted);
    index_triangles(&w);
    thinned out = { mem_array(uint32_t, vertices), mem_array(uint32_t, 3 * (size_t)triangles), 0, 0 };
    uint32_t *number = mem_array(uint32_t, vertices);
    for (uint32_t v = 0; v < vertices; v++)
        if (w.count[v]) out.kept[number[v] = out.vertices++] = v;
    for (uint32_t i = 0; i < triangles; i++) {
        if (w.t[i][0] == UINT32_MAX) continue;
        for (int k = 0; k < 3; k++) out.triangle[3 * out.triangles + (uint32_t)k] = number[w.t[i][k]];
        out.triangles++;
    }
    mem_free(w.t);
    mem_free(w.at);
    mem_free(w.count);
    mem_free(w.touched);
    mem_free(number);
    return out;
}
