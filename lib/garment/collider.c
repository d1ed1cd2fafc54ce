#include "garment/collider.h"
#include "base/mem.h"

#include <string.h>

#define CELL 0.02f // metres: one or two vertices of a body's surface a cell

struct collider {
    vec3 *position, *normal; // [vertices]
    uint32_t *triangle;
    uint32_t *around_first, *around; // triangles at each vertex
    vec3 lo;
    int nx, ny, nz;
    uint32_t *cell_first; // [cells + 1]
    uint32_t *cell_vertex;
    vec3 *cell_position; // of each of cell_vertex, from lo on
    uint32_t vertices;
};

static int clampi(int v, int n) { return v < 0 ? 0 : v >= n ? n - 1 : v; }

static size_t cell_of(const collider *c, vec3 p)
{
    int x = clampi((int)((p.x - c->lo.x) / CELL), c->nx), y = clampi((int)((p.y - c->lo.y) / CELL), c->ny),
        z = clampi((int)((p.z - c->lo.z) / CELL), c->nz);
    return ((size_t)y * (size_t)c->nz + (size_t)z) * (size_t)c->nx + (size_t)x;
}

collider *collider_new(const mesh_view *m, const uint8_t *skip)
{
    collider *c = mem_new(1, sizeof *c);
    c->vertices = m->vertex_count;
    c->position = mem_array(vec3, m->vertex_count);
    c->normal = mem_array(vec3, m->vertex_count);
    c->triangle = mem_array(uint32_t, 3 * (size_t)m->triangle_count);
    memcpy(c->position, m->position, m->vertex_count * sizeof *c->position);
    memcpy(c->triangle, m->triangle, 3 * (size_t)m->triangle_count * sizeof *c->triangle);
    mesh_normals(m, c->normal);
    vec3 hi = c->lo = m->position[0];
    c->around_first = mem_array(uint32_t, (size_t)m->vertex_count + 2);
    for (uint32_t i = 0; i < 3 * m->triangle_count; i++) c->around_first[m->triangle[i] + 2]++;
    for (uint32_t v = 0; v < m->vertex_count; v++) {
        vec3 p = m->position[v];
        c->around_first[v + 2] += c->around_first[v + 1];
        c->lo = v3(fminf(c->lo.x, p.x), fminf(c->lo.y, p.y), fminf(c->lo.z, p.z));
        hi = v3(fmaxf(hi.x, p.x), fmaxf(hi.y, p.y), fmaxf(hi.z, p.z));
    }
    c->around = mem_array(uint32_t, 3 * (size_t)m->triangle_count);
    for (uint32_t i = 0; i < 3 * m->triangle_count; i++) c->around[c->around_first[m->triangle[i] + 1]++] = i / 3;
    c->nx = (int)((hi.x - c->lo.x) / CELL) + 1;
    c->ny = (int)((hi.y - c->lo.y) / CELL) + 1;
    c->nz = (int)((hi.z - c->lo.z) / CELL) + 1;
    size_t cells = (size_t)c->nx * (size_t)c->ny * (size_t)c->nz;
    c->cell_first = mem_array(uint32_t, cells + 2);
    c->cell_vertex = mem_array(uint32_t, m->vertex_count);
    for (uint32_t v = 0; v < m->vertex_count; v++)
        if (!(skip && skip[v]) && c->around_first[v + 1] > c->around_first[v])
            c->cell_first[cell_of(c, m->position[v]) + 2]++;
    for (size_t i = 0; i < cells; i++) c->cell_first[i + 2] += c->cell_first[i + 1];
    for (uint32_t v = 0; v < m->vertex_count; v++)
        if (!(skip && skip[v]) && c->around_first[v + 1] > c->around_first[v])
            c->cell_vertex[c->cell_first[cell_of(c, m->position[v]) + 1]++] = v;
    c->cell_position = mem_array(vec3, m->vertex_count);
    for (uint32_t i = 0; i < c->cell_first[cells]; i++)
        c->cell_position[i] = v3_sub(c->position[c->cell_vertex[i]], c->lo);
    return c;
}

void collider_free(collider *c)
{
    if (!c) return;
    mem_free(c->position);
    mem_free(c->normal);
    mem_free(c->triangle);
    mem_free(c->around_first);
    mem_free(c->around);
    mem_free(c->cell_first);
    mem_free(c->cell_vertex);
    mem_free(c->cell_position);
    mem_free(c);
}

static float length2(vec3 a) { return v3_dot(a, a); }

// How far p lies outside of a cell that begins at lo.
static float beyond(float p, float lo) { return p < lo ? lo - p : p > lo + CELL ? p - lo - CELL : 0; }

// The nearest vertex within reach; UINT32_MAX when there is none. Rows of cells along x, those at hand first; a row
// farther than what is found already is left out, and so is what of a row lies too far to the side.
static uint32_t nearest_vertex(const collider *c, vec3 p, float reach)
{
    p = v3_sub(p, c->lo);
    int cy = (int)floorf(p.y / CELL), cz = (int)floorf(p.z / CELL), rings = (int)(reach / CELL) + 1;
    uint32_t found = UINT32_MAX;
    float best = reach * reach;
    for (int r = 0; r <= rings; r++) {
        // A cell of ring r is at least r - 1 cells away.
        float least = (float)(r - 1) * CELL;
        if (r > 1 && best <= least * least) break;
        for (int y = cy - r; y <= cy + r; y++) {
            if (y < 0 || y >= c->ny) continue;
            float dy = beyond(p.y, (float)y * CELL);
            for (int z = cz - r; z <= cz + r; z += y == cy - r || y == cy + r || r == 0 ? 1 : 2 * r) {
                if (z < 0 || z >= c->nz) continue;
                float dz = beyond(p.z, (float)z * CELL), side = best - dy * dy - dz * dz;
                if (side < 0) continue;
                side = sqrtf(side);
                float left = (p.x - side) / CELL, right = (p.x + side) / CELL;
                if (right < 0 || left >= (float)c->nx) continue;
                int x0 = left > 0 ? (int)left : 0, x1 = right < (float)c->nx ? (int)right : c->nx - 1;
                size_t row = ((size_t)y * (size_t)c->nz + (size_t)z) * (size_t)c->nx;
                uint32_t end = c->cell_first[row + (size_t)x1 + 1];
                for (uint32_t i = c->cell_first[row + (size_t)x0]; i < end; i++) {
                    float d = length2(v3_sub(p, c->cell_position[i]));
                    if (d < best) best = d, found = c->cell_vertex[i];
                }
            }
        }
    }
    return found;
}

// Barycentric weights of the point of triangle a, b, c nearest to p (Ericson, Real-Time Collision Detection, 5.1.5).
static vec3 closest(vec3 p, vec3 a, vec3 b, vec3 c)
{
    vec3 ab = v3_sub(b, a), ac = v3_sub(c, a), ap = v3_sub(p, a);
    float d1 = v3_dot(ab, ap), d2 = v3_dot(ac, ap);
    if (d1 <= 0 && d2 <= 0) return v3(1, 0, 0);
    vec3 bp = v3_sub(p, b);
    float d3 = v3_dot(ab, bp), d4 = v3_dot(ac, bp);
    if (d3 >= 0 && d4 <= d3) return v3(0, 1, 0);
    float vc = d1 * d4 - d3 * d2;
    if (vc <= 0 && d1 >= 0 && d3 <= 0) {
        float t = d1 / (d1 - d3 + 1e-20f);
        return v3(1 - t, t, 0);
    }
    vec3 cp = v3_sub(p, c);
    float d5 = v3_dot(ab, cp), d6 = v3_dot(ac, cp);
    if (d6 >= 0 && d5 <= d6) return v3(0, 0, 1);
    float vb = d5 * d2 - d1 * d6;
    if (vb <= 0 && d2 >= 0 && d6 <= 0) {
        float t = d2 / (d2 - d6 + 1e-20f);
        return v3(1 - t, 0, t);
    }
    float va = d3 * d6 - d5 * d4;
    if (va <= 0 && d4 - d3 >= 0 && d5 - d6 >= 0) {
        float t = (d4 - d3) / (d4 - d3 + d5 - d6 + 1e-20f);
        return v3(0, 1 - t, t);
    }
    float s = 1 / (va + vb + vc);
    return v3(va * s, vb * s, vc * s);
}

// vertex: where the search ended. The nearest point among the triangles around it.
static void surface(const collider *c, vec3 p, uint32_t vertex, vec3 *point, vec3 *normal)
{
    float best = 1e9f;
    for (uint32_t k = c->around_first[vertex]; k < c->around_first[vertex + 1]; k++) {
        const uint32_t *v = c->triangle + 3 * (size_t)c->around[k];
        vec3 a = c->position[v[0]], b = c->position[v[1]], d = c->position[v[2]], w = closest(p, a, b, d);
        vec3 q = v3_add(v3_add(v3_scale(a, w.x), v3_scale(b, w.y)), v3_scale(d, w.z));
        float far = length2(v3_sub(p, q));
        if (far >= best) continue;
        best = far;
        *point = q;
        *normal = v3_add(v3_add(v3_scale(c->normal[v[0]], w.x), v3_scale(c->normal[v[1]], w.y)),
                         v3_scale(c->normal[v[2]], w.z));
    }
    *normal = v3_unit(*normal);
}

uint32_t collider_vertex(const collider *c, vec3 p, float reach) { return nearest_vertex(c, p, reach); }

bool collider_near(const collider *c, vec3 p, float reach, collider_plane *out)
{
    uint32_t v = nearest_vertex(c, p, reach);
    if (v == UINT32_MAX) return false;
    vec3 q, n;
    surface(c, p, v, &q, &n);
    *out = (collider_plane){ n, v3_dot(n, q) };
    return true;
}

float collider_height(const collider *c, vec3 p)
{
    uint32_t v = nearest_vertex(c, p, COLLIDER_REACH);
    if (v == UINT32_MAX) return COLLIDER_REACH;
    vec3 q, n;
    surface(c, p, v, &q, &n);
    vec3 d = v3_sub(p, q);
    float far = v3_len(d);
    return v3_dot(d, n) < 0 ? -far : far;
}
