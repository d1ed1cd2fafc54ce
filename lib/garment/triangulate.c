#include "garment/triangulate.h"
#include "base/mem.h"

#include <math.h>
#include <string.h>

// Delaunay by insertion (Bowyer 1981, Watson 1981), triangles with neighbours, points found by walking.
typedef struct {
    uint32_t v[3], next[3]; // next[i]: the triangle across the edge opposite v[i]
    bool dead;
} tri;

enum { NONE = 0xffffffff };

typedef struct {
    const double (*p)[2];
    tri *t;
    uint32_t count, last;
    uint32_t *stack, *hole; // triangles of the cavity
} delaunay;

static double side(const double *a, const double *b, const double *c)
{
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]);
}

static bool in_circle(const delaunay *d, const tri *t, const double *q)
{
    const double *a = d->p[t->v[0]], *b = d->p[t->v[1]], *c = d->p[t->v[2]];
    double ax = a[0] - q[0], ay = a[1] - q[1], bx = b[0] - q[0], by = b[1] - q[1], cx = c[0] - q[0], cy = c[1] - q[1];
    double det = (ax * ax + ay * ay) * (bx * cy - cx * by) - (bx * bx + by * by) * (ax * cy - cx * ay) +
                 (cx * cx + cy * cy) * (ax * by - bx * ay);
    return det > 1e-14; // metres^4: points on one circle to a tenth of a micrometre count as outside
}

static uint32_t locate(const delaunay *d, const double *q)
{
    uint32_t at = d->last;
    for (uint32_t steps = 0; steps < d->count; steps++) {
        const tri *t = &d->t[at];
        uint32_t go = NONE;
        for (int i = 0; i < 3 && go == NONE; i++)
            if (side(d->p[t->v[(i + 1) % 3]], d->p[t->v[(i + 2) % 3]], q) < 0) go = t->next[i];
        if (go == NONE) return at;
        at = go;
    }
    return at;
}

static void insert(delaunay *d, uint32_t point)
{
    const double *q = d->p[point];
    uint32_t n = 0, hole = 0;
    d->stack[n++] = locate(d, q);
    d->t[d->stack[0]].dead = true;
    while (n > 0) {
        uint32_t at = d->stack[--n];
        d->hole[hole++] = at;
        for (int i = 0; i < 3; i++) {
            uint32_t o = d->t[at].next[i];
            if (o == NONE || d->t[o].dead || !in_circle(d, &d->t[o], q)) continue;
            d->t[o].dead = true;
            d->stack[n++] = o;
        }
    }
    // A fan from the point to the cavity's border; fans are linked over their shared vertices.
    uint32_t first = d->count;
    for (uint32_t h = 0; h < hole; h++)
        for (int i = 0; i < 3; i++) {
            uint32_t o = d->t[d->hole[h]].next[i];
            if (o != NONE && d->t[o].dead) continue;
            uint32_t a = d->t[d->hole[h]].v[(i + 1) % 3], b = d->t[d->hole[h]].v[(i + 2) % 3];
            d->t[d->count] = (tri){ { point, a, b }, { o, NONE, NONE }, false };
            if (o != NONE)
                for (int k = 0; k < 3; k++)
                    if (d->t[o].next[k] == d->hole[h]) d->t[o].next[k] = d->count;
            d->count++;
        }
    for (uint32_t i = first; i < d->count; i++)
        for (uint32_t k = first; k < d->count; k++)
            if (d->t[i].v[2] == d->t[k].v[1]) d->t[i].next[1] = k, d->t[k].next[2] = i;
    d->last = first;
}

static bool inside(const vec2 *poly, uint32_t n, double x, double y)
{
    bool in = false;
    for (uint32_t i = 0, j = n - 1; i < n; j = i++) {
        double xi = (double)poly[i].x, yi = (double)poly[i].y, xj = (double)poly[j].x, yj = (double)poly[j].y;
        if ((yi > y) != (yj > y) && x < (xj - xi) * (y - yi) / (yj - yi) + xi) in = !in;
    }
    return in;
}

static double distance(const vec2 *poly, uint32_t n, double x, double y)
{
    double best = 1e9;
    for (uint32_t i = 0, j = n - 1; i < n; j = i++) {
        double ax = (double)poly[j].x, ay = (double)poly[j].y, dx = (double)poly[i].x - ax, dy = (double)poly[i].y - ay;
        double t = ((x - ax) * dx + (y - ay) * dy) / (dx * dx + dy * dy + 1e-30);
        t = t < 0 ? 0 : t > 1 ? 1 : t;
        best = fmin(best, hypot(x - ax - t * dx, y - ay - t * dy));
    }
    return best;
}

// Boundary, then the lattice kept clear of it; centred on the boundary's middle so that a symmetric panel's mesh is
// symmetric. Returns the number of points; p [most][2].
static uint32_t sprinkle(const vec2 *boundary, uint32_t n, double spacing, double clear, double (*p)[2], uint32_t most)
{
    double x0 = 1e9, x1 = -1e9, y0 = 1e9, y1 = -1e9;
    for (uint32_t i = 0; i < n; i++) {
        p[i][0] = (double)boundary[i].x, p[i][1] = (double)boundary[i].y;
        x0 = fmin(x0, p[i][0]), x1 = fmax(x1, p[i][0]), y0 = fmin(y0, p[i][1]), y1 = fmax(y1, p[i][1]);
    }
    double middle = (x0 + x1) / 2, row = spacing * sqrt(3) / 2;
    int rows = (int)((y1 - y0) / row) + 1, half = (int)((x1 - x0) / spacing / 2) + 1;
    uint32_t count = n;
    for (int r = 0; r <= rows; r++)
        for (int i = -half; i <= half; i++) {
            double x = middle + spacing * (i + (r % 2 ? 0.5 : 0)), y = y0 + row * (r + 0.5);
            if (count < most && inside(boundary, n, x, y) && distance(boundary, n, x, y) > clear * spacing) {
                p[count][0] = x, p[count][1] = y;
                count++;
            }
        }
    return count;
}

static bool keeps_boundary(const flat_mesh *m, uint32_t n)
{
    uint8_t *seen = mem_array(uint8_t, n);
    uint32_t found = 0;
    for (uint32_t t = 0; t < m->triangles; t++)
        for (uint32_t k = 0; k < 3; k++) {
            uint32_t a = m->triangle[3 * t + k], b = m->triangle[3 * t + (k + 1) % 3];
            if (a < n && b == (a + 1) % n && !seen[a]) seen[a] = 1, found++;
        }
    mem_free(seen);
    return found == n;
}

static flat_mesh delaunay_inside(const vec2 *boundary, uint32_t n, const double (*p)[2], uint32_t count)
{
    // Three far points hold everything; p has room for them at the end.
    size_t room = 8 * (size_t)count + 64;
    delaunay d = { p, mem_array(tri, 4 * room), 1, 0, mem_array(uint32_t, room), mem_array(uint32_t, room) };
    d.t[0] = (tri){ { count, count + 1, count + 2 }, { NONE, NONE, NONE }, false };
    for (uint32_t i = 0; i < count; i++) insert(&d, i);
    flat_mesh m = { mem_array(vec2, count), mem_array(uint32_t, 3 * (size_t)d.count), count, 0 };
    for (uint32_t i = 0; i < count; i++) m.point[i] = (vec2){ (float)p[i][0], (float)p[i][1] };
    for (uint32_t t = 0; t < d.count; t++) {
        const uint32_t *v = d.t[t].v;
        if (d.t[t].dead || v[0] >= count || v[1] >= count || v[2] >= count) continue;
        double x = (p[v[0]][0] + p[v[1]][0] + p[v[2]][0]) / 3, y = (p[v[0]][1] + p[v[1]][1] + p[v[2]][1]) / 3;
        if (inside(boundary, n, x, y)) memcpy(m.triangle + 3 * m.triangles++, v, 3 * sizeof *v);
    }
    mem_free(d.t);
    mem_free(d.stack);
    mem_free(d.hole);
    return m;
}

bool triangulate(const vec2 *boundary, uint32_t n, float spacing, flat_mesh *out, err *e)
{
    double area = 0;
    for (uint32_t i = 0, j = n - 1; i < n; j = i++)
        area += (double)boundary[j].x * (double)boundary[i].y - (double)boundary[i].x * (double)boundary[j].y;
    if (n < 3 || area <= 0)
        return fail(e, ERR_INTERNAL, "a panel's outline crosses itself or runs the wrong way round");
    uint32_t most = n + (uint32_t)(area / 2 / (double)(spacing * spacing) * 1.4) + 64;
    double(*p)[2] = mem_new(most + 3, sizeof *p);
    bool ok = false;
    // A lattice point inside the circle over a side of the boundary hides that side: then the lattice keeps off
    // further.
    for (double clear = 0.62; !ok && clear < 1.3; clear += 0.15) {
        uint32_t count = sprinkle(boundary, n, (double)spacing, clear, p, most);
        static const double far[3][2] = { { -1e3, -1e3 }, { 1e3, -1e3 }, { 0, 1.5e3 } };
        memcpy(p[count], far, sizeof far);
        *out = delaunay_inside(boundary, n, (const double(*)[2])p, count);
        ok = keeps_boundary(out, n);
        if (!ok) flat_mesh_free(out);
    }
    mem_free(p);
    return ok || fail(e, ERR_INTERNAL, "a panel could not be meshed: its outline is too thin for the spacing");
}

void flat_mesh_free(flat_mesh *m)
{
    mem_free(m->point);
    mem_free(m->triangle);
    m->point = NULL;
    m->triangle = NULL;
}

flat_mesh flat_mesh_moved(const flat_mesh *m, const vec2 *boundary, uint32_t n)
{
    flat_mesh out = { mem_array(vec2, m->points), mem_array(uint32_t, 3 * (size_t)m->triangles), m->points,
                      m->triangles };
    memcpy(out.triangle, m->triangle, 3 * (size_t)m->triangles * sizeof *m->triangle);
    // The displacement field is harmonic with the graph's Laplacian: swept in place until it rests.
    vec2 *move = mem_array(vec2, m->points), *sum = mem_array(vec2, m->points);
    float *degree = mem_array(float, m->points);
    for (uint32_t i = 0; i < n; i++) move[i] = (vec2){ boundary[i].x - m->point[i].x, boundary[i].y - m->point[i].y };
    for (uint32_t t = 0; t < 3 * m->triangles; t++) degree[m->triangle[t]] += 2;
    for (int round = 0; round < 400; round++) {
        memset(sum, 0, m->points * sizeof *sum);
        for (uint32_t t = 0; t < m->triangles; t++) {
            const uint32_t *v = m->triangle + 3 * (size_t)t;
            for (int k = 0; k < 3; k++) {
                vec2 a = move[v[(k + 1) % 3]], b = move[v[(k + 2) % 3]];
                sum[v[k]].x += a.x + b.x, sum[v[k]].y += a.y + b.y;
            }
        }
        for (uint32_t i = n; i < m->points; i++)
            if (degree[i] > 0) move[i] = (vec2){ sum[i].x / degree[i], sum[i].y / degree[i] };
    }
    for (uint32_t i = 0; i < m->points; i++)
        out.point[i] = (vec2){ m->point[i].x + move[i].x, m->point[i].y + move[i].y };
    for (uint32_t i = 0; i < n; i++) out.point[i] = boundary[i];
    mem_free(move);
    mem_free(sum);
    mem_free(degree);
    return out;
}
