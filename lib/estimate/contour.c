#include "estimate/contour.h"
#include "base/mem.h"

#include <string.h>

enum { RASTER = 320 }; // cells of the coverage raster along the longer side of the window

typedef struct {
    uint32_t a, b;        // vertices, a < b
    uint32_t left, right; // triangles, right = UINT32_MAX at a border
} edge;

struct contour {
    const body_model *m;
    edge *edge;
    uint32_t edges;
    uint32_t (*side)[3]; // [triangles] the edges of each
    float *facing;       // [vertices] how much of the surface around turns towards the camera, less what turns away
    float *length;       // [edges]
    uint8_t *cover;      // [RASTER * RASTER]
};

contour *contour_new(const body_model *m)
{
    contour *c = mem_new(1, sizeof *c);
    c->m = m;
    // Half edges in buckets by their lower vertex; an edge's second half is looked for in the few of its bucket.
    uint32_t *first = mem_array(uint32_t, (size_t)m->vertices + 1), *used = mem_array(uint32_t, m->vertices);
    for (uint32_t i = 0; i < 3 * m->triangles; i++) {
        uint32_t a = m->triangle[i], b = m->triangle[i % 3 == 2 ? i - 2 : i + 1];
        first[(a < b ? a : b) + 1]++;
    }
    for (uint32_t v = 0; v < m->vertices; v++) first[v + 1] += first[v];
    edge *bucket = mem_array(edge, (size_t)m->triangles * 3);
    for (uint32_t i = 0; i < 3 * m->triangles; i++) {
        uint32_t a = m->triangle[i], b = m->triangle[i % 3 == 2 ? i - 2 : i + 1], low = a < b ? a : b,
                 high = a < b ? b : a, k = 0;
        edge *e = bucket + first[low];
        while (k < used[low] && (e[k].b != high || e[k].right != UINT32_MAX)) k++;
        if (k < used[low])
            e[k].right = i / 3;
        else
            e[used[low]++] = (edge){ low, high, i / 3, UINT32_MAX };
    }
    for (uint32_t v = 0; v < m->vertices; v++)
        for (uint32_t k = 0; k < used[v]; k++) bucket[c->edges++] = bucket[first[v] + k];
    mem_free(first);
    mem_free(used);
    c->edge = bucket;
    c->side = mem_new(m->triangles, sizeof *c->side);
    uint8_t *known = mem_array(uint8_t, m->triangles);
    for (uint32_t i = 0; i < c->edges; i++) {
        const edge *e = &bucket[i];
        c->side[e->left][known[e->left]++] = i;
        if (e->right != UINT32_MAX) c->side[e->right][known[e->right]++] = i;
    }
    mem_free(known);
    c->facing = mem_array(float, m->vertices);
    c->length = mem_array(float, c->edges);
    c->cover = mem_array(uint8_t, (size_t)RASTER * RASTER);
    return c;
}

void contour_free(contour *c)
{
    if (!c) return;
    mem_free(c->edge);
    mem_free(c->side);
    mem_free(c->facing);
    mem_free(c->length);
    mem_free(c->cover);
    mem_free(c);
}

static float turn(vec2 o, vec2 a, vec2 b) { return (a.x - o.x) * (b.y - o.y) - (a.y - o.y) * (b.x - o.x); }

static void cover_triangle(uint8_t *cover, vec2 a, vec2 b, vec2 c)
{
    int y0 = (int)ceilf(f_max(f_min(a.y, f_min(b.y, c.y)) - 0.5f, 0)),
        y1 = (int)floorf(f_min(f_max(a.y, f_max(b.y, c.y)) - 0.5f, RASTER - 1));
    const vec2 corner[4] = { a, b, c, a };
    for (int y = y0; y <= y1; y++) {
        float at = (float)y + 0.5f, lo = 1e9f, hi = -1e9f;
        for (int k = 0; k < 3; k++) {
            vec2 p = corner[k], q = corner[k + 1];
            if ((p.y <= at) == (q.y <= at)) continue;
            float x = p.x + (q.x - p.x) * (at - p.y) / (q.y - p.y);
            lo = f_min(lo, x);
            hi = f_max(hi, x);
        }
        int x0 = (int)ceilf(f_max(lo - 0.5f, 0)), x1 = (int)floorf(f_min(hi - 0.5f, RASTER - 1));
        if (x1 >= x0) memset(cover + y * RASTER + x0, 1, (size_t)(x1 - x0 + 1));
    }
}

// The share of the raster covered around (x, y), between the middles of its cells.
static float covered(const uint8_t *cover, float x, float y)
{
    float fx = floorf(x - 0.5f), fy = floorf(y - 0.5f), wx = x - 0.5f - fx, wy = y - 0.5f - fy, sum = 0;
    if (!(fx >= 0) || !(fy >= 0) || fx >= RASTER - 1 || fy >= RASTER - 1) return 0;
    const uint8_t *cell = cover + (int)fy * RASTER + (int)fx;
    sum += (1 - wy) * ((1 - wx) * (float)cell[0] + wx * (float)cell[1]);
    sum += wy * ((1 - wx) * (float)cell[RASTER] + wx * (float)cell[RASTER + 1]);
    return sum;
}

// How free the place before the outline is of the rest of the body, 0..1. (x, y) on it, (nx, ny) across it, in cells.
static float freedom(const uint8_t *cover, float x, float y, float nx, float ny)
{
    enum { PROBES = 4 };
    float one = 0, other = 0;
    for (int k = 0; k < PROBES; k++) {
        float far = 1.5f + 0.5f * (float)k;
        one += covered(cover, x + far * nx, y + far * ny);
        other += covered(cover, x - far * nx, y - far * ny);
    }
    return 1 - fminf(one, other) / PROBES; // on the one side lies the body itself
}

uint32_t contour_most(const contour *c) { return c->edges; }

int contour_find(contour *c, const vec2 *projected, const float *depth, float left, float top, float width,
                 float height, contour_point *out)
{
    const body_model *m = c->m;
    float scale = RASTER / fmaxf(width, height);
    memset(c->cover, 0, (size_t)RASTER * RASTER);
    memset(c->facing, 0, m->vertices * sizeof *c->facing);
    memset(c->length, 0, c->edges * sizeof *c->length);
    for (uint32_t t = 0; t < m->triangles; t++) {
        const uint32_t *v = m->triangle + 3 * t;
        if (depth[v[0]] <= 0 || depth[v[1]] <= 0 || depth[v[2]] <= 0) continue;
        vec2 p[3];
        for (int k = 0; k < 3; k++)
            p[k] = (vec2){ (projected[v[k]].x - left) * scale, (projected[v[k]].y - top) * scale };
        float area = turn(p[0], p[1], p[2]); // y runs down: counter-clockwise from outside is negative here
        for (int k = 0; k < 3; k++) c->facing[v[k]] -= area;
        if (area < 0) cover_triangle(c->cover, p[0], p[1], p[2]);
    }
    for (uint32_t t = 0; t < m->triangles; t++) {
        // The line through the triangle on which the surface is seen from the side, by the normals at its corners.
        vec2 end[2];
        uint32_t on[2];
        int ends = 0;
        for (int k = 0; k < 3; k++) {
            const edge *e = &c->edge[c->side[t][k]];
            float fa = c->facing[e->a], fb = c->facing[e->b];
            if ((fa < 0) == (fb < 0)) continue;
            float u = fa / (fa - fb);
            vec2 a = projected[e->a], b = projected[e->b];
            on[ends] = c->side[t][k];
            end[ends++] = (vec2){ a.x + (b.x - a.x) * u, a.y + (b.y - a.y) * u };
        }
        if (ends != 2) continue;
        float dx = end[1].x - end[0].x, dy = end[1].y - end[0].y, length = hypotf(dx, dy);
        if (length < 1e-6f) continue;
        float x = ((end[0].x + end[1].x) / 2 - left) * scale, y = ((end[0].y + end[1].y) / 2 - top) * scale;
        length *= freedom(c->cover, x, y, dy / length, -dx / length);
        c->length[on[0]] += length / 2;
        c->length[on[1]] += length / 2;
    }
    int n = 0;
    for (uint32_t i = 0; i < c->edges; i++) {
        const edge *e = &c->edge[i];
        if (!(c->length[i] > 0)) continue;
        float fa = c->facing[e->a], fb = c->facing[e->b];
        out[n++] = (contour_point){ e->a, e->b, i, fa / (fa - fb), c->length[i] };
    }
    return n;
}
