#include "mesh/refine.h"
#include "base/mem.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    uint32_t a, b, corner; // a < b; corner: 3 * triangle + which
} side;

static int by_ends(const void *pa, const void *pb)
{
    const side *a = pa, *b = pb;
    if (a->a != b->a) return a->a < b->a ? -1 : 1;
    if (a->b != b->b) return a->b < b->b ? -1 : 1;
    return (a->corner > b->corner) - (a->corner < b->corner);
}

// half [3 * triangles]: the vertex in the middle of the edge that begins at each corner, or UINT32_MAX.
static uint32_t halve(refined_mesh *r, float longest, uint32_t *half)
{
    size_t corners = 3 * (size_t)r->triangles;
    side *all = mem_array(side, corners);
    size_t n = 0;
    for (uint32_t i = 0; i < corners; i++) {
        uint32_t a = r->triangle[i], b = r->triangle[i % 3 == 2 ? i - 2 : i + 1];
        half[i] = UINT32_MAX;
        if (v3_dist(r->position[a], r->position[b]) > longest) all[n++] = (side){ a < b ? a : b, a < b ? b : a, i };
    }
    if (n) qsort(all, n, sizeof *all, by_ends);
    uint32_t added = 0;
    r->position = mem_grow(r->position, r->vertices + n, sizeof *r->position);
    for (size_t i = 0; i < n; i++) {
        bool known = i > 0 && all[i].a == all[i - 1].a && all[i].b == all[i - 1].b;
        if (!known) r->position[r->vertices + added++] = v3_lerp(r->position[all[i].a], r->position[all[i].b], 0.5f);
        half[all[i].corner] = r->vertices + added - 1;
    }
    mem_free(all);
    r->vertices += added;
    return added;
}

static uint32_t put(uint32_t *out, uint32_t n, uint32_t a, uint32_t b, uint32_t c)
{
    out[3 * n] = a, out[3 * n + 1] = b, out[3 * n + 2] = c;
    return n + 1;
}

// One triangle v, with h on its halved edges, to out from triangle n on.
static uint32_t split(const uint32_t v[3], const uint32_t h[3], uint32_t *out, uint32_t n)
{
    int count = 0, first = 0;
    for (int k = 0; k < 3; k++) count += h[k] != UINT32_MAX;
    if (count == 0) return put(out, n, v[0], v[1], v[2]);
    if (count == 3) {
        for (int k = 0; k < 3; k++) n = put(out, n, v[k], h[k], h[(k + 2) % 3]);
        return put(out, n, h[0], h[1], h[2]);
    }
    // Turned so that the only halved edge is the first, or the only whole one the last.
    while (count == 1 ? h[first] == UINT32_MAX : h[(first + 2) % 3] != UINT32_MAX) first++;
    uint32_t a = v[first % 3], b = v[(first + 1) % 3], c = v[(first + 2) % 3];
    uint32_t ab = h[first % 3], bc = h[(first + 1) % 3];
    if (count == 1) return put(out, put(out, n, a, ab, c), ab, b, c);
    n = put(out, n, ab, b, bc);
    return put(out, put(out, n, a, ab, bc), a, bc, c);
}

refined_mesh mesh_refine(const mesh_view *m, float longest, int rounds)
{
    refined_mesh r = { .vertices = m->vertex_count, .triangles = m->triangle_count };
    r.position = mem_array(vec3, m->vertex_count);
    r.triangle = mem_array(uint32_t, 3 * (size_t)m->triangle_count);
    memcpy(r.position, m->position, m->vertex_count * sizeof *r.position);
    memcpy(r.triangle, m->triangle, 3 * (size_t)m->triangle_count * sizeof *r.triangle);
    for (int round = 0; round < rounds; round++) {
        assert(r.triangles < UINT32_MAX / 16);
        uint32_t *half = mem_array(uint32_t, 3 * (size_t)r.triangles);
        if (halve(&r, longest, half) == 0) round = rounds;
        uint32_t *finer = mem_array(uint32_t, 12 * (size_t)r.triangles), n = 0;
        for (uint32_t t = 0; t < r.triangles; t++) n = split(r.triangle + 3 * t, half + 3 * t, finer, n);
        mem_free(r.triangle);
        mem_free(half);
        r.triangle = finer;
        r.triangles = n;
    }
    return r;
}

void refined_mesh_free(refined_mesh *r)
{
    mem_free(r->position);
    mem_free(r->triangle);
    *r = (refined_mesh){ 0 };
}
