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
    int8_t *facing; // [triangles] +1 towards the camera
    float *length;  // [vertices]
    uint8_t *cover; // [RASTER * RASTER]
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
    c->facing = mem_array(int8_t, m->triangles);
    c->length = mem_array(float, m->vertices);
    c->cover = mem_array(uint8_t, (size_t)RASTER * RASTER);
    return c;
}

void contour_free(contour *c)
{
    if (!c) return;
    mem_free(c->edge);
    mem_free(c->facing);
    mem_free(c->length);
    mem_free(c->cover);
    mem_free(c);
}

static float turn(vec2 o, vec2 a, vec2 b) { return (a.x - o.x) * (b.y - o.y) - (a.y - o.y) * (b.x - o.x); }

static void cover_triangle(uint8_t *cover, vec2 a, vec2 b, vec2 c)
{
    int y0 = (int)ceilf(fmaxf(fminf(a.y, fminf(b.y, c.y)) - 0.5f, 0)),
        y1 = (int)floorf(fminf(fmaxf(a.y, fmaxf(b.y, c.y)) - 0.5f, RASTER - 1));
    const vec2 corner[4] = { a, b, c, a };
    for (int y = y0; y <= y1; y++) {
        float at = (float)y + 0.5f, lo = 1e9f, hi = -1e9f;
        for (int k = 0; k < 3; k++) {
            vec2 p = corner[k], q = corner[k + 1];
            if ((p.y <= at) == (q.y <= at)) continue;
            float x = p.x + (q.x - p.x) * (at - p.y) / (q.y - p.y);
            lo = fminf(lo, x);
            hi = fmaxf(hi, x);
        }
        int x0 = (int)ceilf(fmaxf(lo - 0.5f, 0)), x1 = (int)floorf(fminf(hi - 0.5f, RASTER - 1));
        if (x1 >= x0) memset(cover + y * RASTER + x0, 1, (size_t)(x1 - x0 + 1));
    }
}

static bool covered(const uint8_t *cover, float x, float y)
{
    int i = (int)floorf(x), j = (int)floorf(y);
    return i >= 0 && j >= 0 && i < RASTER && j < RASTER && cover[j * RASTER + i];
}

int contour_find(contour *c, const vec2 *projected, const float *depth, float left, float top, float width,
                 float height, contour_point *out)
{
    const body_model *m = c->m;
    float scale = RASTER / fmaxf(width, height);
    memset(c->cover, 0, (size_t)RASTER * RASTER);
    memset(c->length, 0, m->vertices * sizeof *c->length);
    for (uint32_t t = 0; t < m->triangles; t++) {
        const uint32_t *v = m->triangle + 3 * t;
        if (depth[v[0]] <= 0 || depth[v[1]] <= 0 || depth[v[2]] <= 0) {
            c->facing[t] = 0;
            continue;
        }
        vec2 p[3];
        for (int k = 0; k < 3; k++)
            p[k] = (vec2){ (projected[v[k]].x - left) * scale, (projected[v[k]].y - top) * scale };
        float area = turn(p[0], p[1], p[2]); // y runs down: counter-clockwise from outside is negative here
        c->facing[t] = area < 0 ? 1 : -1;
        if (area < 0) cover_triangle(c->cover, p[0], p[1], p[2]);
    }
    for (uint32_t i = 0; i < c->edges; i++) {
        const edge *e = &c->edge[i];
        if (e->right == UINT32_MAX || c->facing[e->left] * c->facing[e->right] >= 0) continue;
        // The front-facing triangle lies on the inner side: look two cells to the other.
        uint32_t front = c->facing[e->left] > 0 ? e->left : e->right;
        const uint32_t *v = m->triangle + 3 * front;
        uint32_t apex = v[0] != e->a && v[0] != e->b ? v[0] : v[1] != e->a && v[1] != e->b ? v[1] : v[2];
        vec2 a = projected[e->a], b = projected[e->b], o = projected[apex];
        float dx = b.x - a.x, dy = b.y - a.y, length = hypotf(dx, dy);
        if (length < 1e-6f) continue;
        vec2 normal = { dy / length, -dx / length };
        if (normal.x * (o.x - a.x) + normal.y * (o.y - a.y) > 0) normal = (vec2){ -normal.x, -normal.y };
        float x = ((a.x + b.x) / 2 - left) * scale + 2 * normal.x, y = ((a.y + b.y) / 2 - top) * scale + 2 * normal.y;
        if (covered(c->cover, x, y)) continue;
        c->length[e->a] += length / 2;
        c->length[e->b] += length / 2;
    }
    int n = 0;
    for (uint32_t v = 0; v < m->vertices; v++)
        if (c->length[v] > 0) out[n++] = (contour_point){ v, c->length[v] };
    return n;
}
