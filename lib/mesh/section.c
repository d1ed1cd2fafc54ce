#include "mesh/section.h"

#include <assert.h>
#include <stdbool.h>

// Two directions that span the plane, with normal n of unit length: (u, v, n) right-handed.
static void span(const double n[3], double u[3], double v[3])
{
    // Start from the axis most perpendicular to n.
    int axis = fabs(n[0]) <= fabs(n[1]) && fabs(n[0]) <= fabs(n[2]) ? 0 : fabs(n[1]) <= fabs(n[2]) ? 1 : 2;
    double length = sqrt(1 - n[axis] * n[axis]);
    for (int i = 0; i < 3; i++) u[i] = ((i == axis) - n[axis] * n[i]) / length;
    for (int i = 0; i < 3; i++) v[i] = n[(i + 1) % 3] * u[(i + 2) % 3] - n[(i + 2) % 3] * u[(i + 1) % 3];
}

typedef struct {
    double p[3], n[3], u[3], v[3];
} frame;

static frame plane_frame(mesh_plane plane)
{
    frame f = { .p = { plane.point.x, plane.point.y, plane.point.z },
                .n = { plane.normal.x, plane.normal.y, plane.normal.z } };
    double length = sqrt(f.n[0] * f.n[0] + f.n[1] * f.n[1] + f.n[2] * f.n[2]);
    assert(length > 0);
    for (int i = 0; i < 3; i++) f.n[i] /= length;
    span(f.n, f.u, f.v);
    return f;
}

static double along(const frame *f, const double axis[3], vec3 q)
{
    return (q.x - f->p[0]) * axis[0] + (q.y - f->p[1]) * axis[1] + (q.z - f->p[2]) * axis[2];
}

static vec3 to_world(const frame *f, double u, double v)
{
    return v3((float)(f->p[0] + u * f->u[0] + v * f->v[0]), (float)(f->p[1] + u * f->u[1] + v * f->v[1]),
              (float)(f->p[2] + u * f->u[2] + v * f->v[2]));
}

// Always from the lower vertex number to the higher, so that two triangles find the same point on their common edge.
static mesh_section_point cross_edge(const mesh_view *m, const frame *f, uint32_t a, uint32_t b, double da, double db)
{
    if (a > b) {
        uint32_t c = a;
        double dc = da;
        a = b, b = c, da = db, db = dc;
    }
    double t = da / (da - db);
    vec3 p = m->position[a], q = m->position[b];
    double pu = along(f, f->u, p), pv = along(f, f->v, p);
    return (mesh_section_point){
        .u = pu + t * (along(f, f->u, q) - pu), .v = pv + t * (along(f, f->v, q) - pv), .t = t, .a = a, .b = b
    };
}

static uint32_t cut_triangle(const mesh_view *m, const frame *f, const uint32_t *corner, mesh_section_point *out)
{
    double d[3];
    int above = 0;
    for (int i = 0; i < 3; i++) {
        d[i] = along(f, f->n, m->position[corner[i]]);
        above += d[i] >= 0;
    }
    if (above == 0 || above == 3) return 0;
    uint32_t n = 0;
    for (int i = 0; i < 3; i++) {
        int j = (i + 1) % 3;
        if ((d[i] >= 0) != (d[j] >= 0)) out[n++] = cross_edge(m, f, corner[i], corner[j], d[i], d[j]);
    }
    return n; // 2
}

static bool before(const mesh_section_point *a, const mesh_section_point *b)
{
    return a->u < b->u || (a->u == b->u && a->v < b->v);
}

static void sift_down(mesh_section_point *p, uint32_t i, uint32_t n)
{
    mesh_section_point moved = p[i];
    for (uint32_t child; (child = 2 * i + 1) < n; i = child) {
        if (child + 1 < n && before(&p[child], &p[child + 1])) child++;
        if (!before(&moved, &p[child])) break;
        p[i] = p[child];
    }
    p[i] = moved;
}

// Heap sort: in place, n log n always.
static void sort_points(mesh_section_point *p, uint32_t n)
{
    for (uint32_t i = n / 2; i-- > 0;) sift_down(p, i, n);
    for (uint32_t end = n; end > 1;) {
        mesh_section_point last = p[--end];
        p[end] = p[0];
        p[0] = last;
        sift_down(p, 0, end);
    }
}

static double turn(const mesh_section_point *o, const mesh_section_point *a, const mesh_section_point *b)
{
    return (a->u - o->u) * (b->v - o->v) - (a->v - o->v) * (b->u - o->u);
}

// Monotone chain (Andrew 1979) over sorted points; hull has room for n + 1. Counter-clockwise, corners only.
static uint32_t convex_hull(const mesh_section_point *p, uint32_t n, mesh_section_point *hull)
{
    uint32_t k = 0;
    for (uint32_t i = 0; i < n; i++) {
        while (k >= 2 && turn(&hull[k - 2], &hull[k - 1], &p[i]) <= 0) k--;
        hull[k++] = p[i];
    }
    for (uint32_t i = n - 1, lower = k + 1; i-- > 0;) {
        while (k >= lower && turn(&hull[k - 2], &hull[k - 1], &p[i]) <= 0) k--;
        hull[k++] = p[i];
    }
    return k - 1; // the first point was met again
}

static double distance(const mesh_section_point *a, const mesh_section_point *b)
{
    double du = a->u - b->u, dv = a->v - b->v;
    return sqrt(du * du + dv * dv);
}

mesh_section mesh_section_hull(const mesh_view *m, const uint32_t *index, uint32_t count, mesh_plane plane,
                               mesh_section_point *scratch, mesh_hull_point *hull, uint32_t max)
{
    frame f = plane_frame(plane);
    mesh_section s = { .centre = plane.point };
    if (!index) count = m->triangle_count;
    double contour = 0, u = 0, v = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t triangle = index ? index[i] : i;
        assert(triangle < m->triangle_count);
        mesh_section_point *at = scratch + s.points;
        uint32_t n = cut_triangle(m, &f, &m->triangle[3 * (size_t)triangle], at);
        if (!n) continue;
        double length = distance(&at[0], &at[1]);
        contour += length;
        u += length * (at[0].u + at[1].u) / 2;
        v += length * (at[0].v + at[1].v) / 2;
        s.points += n;
    }
    s.contour = (float)contour;
    if (!(contour > 0)) return s; // missed, or touched in a single point
    s.centre = to_world(&f, u / contour, v / contour);

    sort_points(scratch, s.points);
    mesh_section_point *corner = scratch + s.points;
    s.hull = convex_hull(scratch, s.points, corner);
    double girth = 0;
    for (uint32_t i = 0; i < s.hull; i++) girth += distance(&corner[i], &corner[(i + 1) % s.hull]);
    s.girth = (float)girth;
    for (uint32_t i = 0; i < s.hull && i < max; i++) {
        hull[i] =
            (mesh_hull_point){ to_world(&f, corner[i].u, corner[i].v), corner[i].a, corner[i].b, (float)corner[i].t };
    }
    return s;
}

mesh_section mesh_section_girth(const mesh_view *m, const uint32_t *index, uint32_t count, mesh_plane plane,
                                mesh_section_point *scratch)
{
    return mesh_section_hull(m, index, count, plane, scratch, NULL, 0);
}
