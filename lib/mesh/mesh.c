#include "mesh/mesh.h"
#include "base/mem.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

void mesh_normals(const mesh_view *m, vec3 *out)
{
    memset(out, 0, m->vertex_count * sizeof *out);
    for (size_t i = 0; i < m->triangle_count; i++) {
        const uint32_t *c = &m->triangle[3 * i];
        vec3 a = m->position[c[0]], n = v3_cross(v3_sub(m->position[c[1]], a), v3_sub(m->position[c[2]], a));
        for (int k = 0; k < 3; k++) out[c[k]] = v3_add(out[c[k]], n); // twice the area long
    }
    for (size_t i = 0; i < m->vertex_count; i++) out[i] = v3_unit(out[i]);
}

// --- volume ---

typedef struct {
    uint32_t from, to;
} half_edge;

static uint64_t edge_key(const half_edge *h)
{
    uint32_t lo = h->from < h->to ? h->from : h->to, hi = h->from < h->to ? h->to : h->from;
    return (uint64_t)lo << 32 | hi;
}

static int by_edge(const void *a, const void *b)
{
    uint64_t x = edge_key(a), y = edge_key(b);
    if (x != y) return x < y ? -1 : 1;
    uint32_t p = ((const half_edge *)a)->from, q = ((const half_edge *)b)->from;
    return (p > q) - (p < q);
}

// The half-edges without a partner that runs the other way, in edge [3 * triangle_count]. Returns their number.
static size_t find_border(const mesh_view *m, half_edge *edge)
{
    size_t n = 3 * (size_t)m->triangle_count, kept = 0;
    for (size_t i = 0; i < n; i++) {
        edge[i] = (half_edge){ m->triangle[i], m->triangle[i % 3 == 2 ? i - 2 : i + 1] };
    }
    qsort(edge, n, sizeof *edge, by_edge);
    for (size_t i = 0, end; i < n; i = end) {
        size_t up = 0;
        for (end = i; end < n && edge_key(&edge[end]) == edge_key(&edge[i]); end++) up += edge[end].from < edge[end].to;
        // Sorted by start, the ones from the lower vertex come first.
        size_t down = end - i - up, pairs = up < down ? up : down;
        for (size_t k = i; k < i + up - pairs; k++) edge[kept++] = edge[k];
        for (size_t k = i + up; k < end - pairs; k++) edge[kept++] = edge[k];
    }
    return kept;
}

static uint32_t root_of(uint32_t *parent, uint32_t v)
{
    while (parent[v] != v) v = parent[v] = parent[parent[v]];
    return v;
}

typedef struct {
    double sum[3];
    uint32_t count;
} hole;

// Six times the signed volume of the tetrahedron to the origin o.
static double six_volumes(const double a[3], const double b[3], const double c[3])
{
    return a[0] * (b[1] * c[2] - b[2] * c[1]) + a[1] * (b[2] * c[0] - b[0] * c[2]) + a[2] * (b[0] * c[1] - b[1] * c[0]);
}

// Fans from the centroid of each hole's border: six times their volume. Which edges border one hole is told by
// connectivity alone, so no walk along the border is needed.
static double close_holes(const mesh_view *m, const double (*p)[3])
{
    half_edge *edge = mem_array(half_edge, 3 * (size_t)m->triangle_count);
    size_t border = find_border(m, edge);
    double sum = 0;
    if (border) {
        uint32_t *parent = mem_array(uint32_t, m->vertex_count);
        hole *holes = mem_array(hole, m->vertex_count);
        for (uint32_t i = 0; i < m->vertex_count; i++) parent[i] = i;
        for (size_t i = 0; i < border; i++) parent[root_of(parent, edge[i].from)] = root_of(parent, edge[i].to);
        for (size_t i = 0; i < border; i++) {
            hole *h = &holes[root_of(parent, edge[i].from)];
            for (int k = 0; k < 3; k++) h->sum[k] += p[edge[i].from][k] / 2 + p[edge[i].to][k] / 2;
            h->count++;
        }
        for (size_t i = 0; i < border; i++) {
            const hole *h = &holes[root_of(parent, edge[i].from)];
            double centre[3];
            for (int k = 0; k < 3; k++) centre[k] = h->sum[k] / h->count;
            sum += six_volumes(p[edge[i].to], p[edge[i].from], centre);
        }
        mem_free(holes);
        mem_free(parent);
    }
    mem_free(edge);
    return sum;
}

double mesh_volume(const mesh_view *m)
{
    // About the first vertex: small numbers lose little when they cancel.
    double(*p)[3] = mem_new(m->vertex_count, sizeof *p);
    for (size_t i = 0; i < m->vertex_count; i++) {
        p[i][0] = (double)m->position[i].x - m->position[0].x;
        p[i][1] = (double)m->position[i].y - m->position[0].y;
        p[i][2] = (double)m->position[i].z - m->position[0].z;
    }
    double sum = 0;
    for (size_t i = 0; i < m->triangle_count; i++) {
        const uint32_t *c = &m->triangle[3 * i];
        sum += six_volumes(p[c[0]], p[c[1]], p[c[2]]);
    }
    sum += close_holes(m, (const double(*)[3])p);
    mem_free(p);
    return sum / 6;
}
