#include "garment/sewn.h"
#include "base/mem.h"
#include "garment/triangulate.h"

#include <math.h>
#include <string.h>

static uint32_t outline(const pattern_panel *p, vec2 *point)
{
    uint32_t n = 0;
    for (int k = 0; k < p->edges; k++)
        for (int s = 0; s < p->edge[k].segments; s++)
            point[n++] = panel_edge_at(&p->edge[k], (double)s / p->edge[k].segments);
    return n;
}

static uint32_t root(uint32_t *parent, uint32_t i)
{
    while (parent[i] != i) i = parent[i] = parent[parent[i]];
    return i;
}

static void join(uint32_t *parent, uint32_t a, uint32_t b)
{
    a = root(parent, a), b = root(parent, b);
    if (a < b)
        parent[b] = a;
    else
        parent[a] = b;
}

static bool mesh_panels(const pattern *p, double spacing, const sewn *base, flat_mesh *mesh, err *e)
{
    for (int i = 0; i < p->panels; i++) {
        uint32_t most = 0;
        for (int k = 0; k < p->panel[i].edges; k++) most += (uint32_t)p->panel[i].edge[k].segments;
        vec2 *border = mem_array(vec2, most);
        uint32_t n = outline(&p->panel[i], border);
        bool ok = true;
        if (base) {
            uint32_t from = base->first[i], count = base->first[i + 1] - from, triangles = 0;
            flat_mesh old = { base->flat + from, mem_array(uint32_t, 3 * (size_t)base->triangles), count, 0 };
            for (uint32_t t = 0; t < base->triangles; t++)
                if (base->corner[3 * t] >= from && base->corner[3 * t] < from + count) {
                    for (uint32_t k = 0; k < 3; k++) old.triangle[3 * triangles + k] = base->corner[3 * t + k] - from;
                    triangles++;
                }
            old.triangles = triangles;
            mesh[i] = flat_mesh_moved(&old, border, n);
            mem_free(old.triangle);
        } else {
            ok = triangulate(border, n, (float)spacing, &mesh[i], e);
        }
        mem_free(border);
        if (!ok) return false;
    }
    return true;
}

static void number_edges(const pattern *p, sewn *s)
{
    for (int i = 0; i < p->panels; i++) {
        uint32_t at = s->first[i], border = 0;
        for (int k = 0; k < p->panel[i].edges; k++) border += (uint32_t)p->panel[i].edge[k].segments;
        for (int k = 0; k < p->panel[i].edges; k++) {
            uint32_t n = (uint32_t)p->panel[i].edge[k].segments;
            s->edge_point[i][k] = mem_array(uint32_t, n + 1);
            for (uint32_t j = 0; j <= n; j++) s->edge_point[i][k][j] = s->first[i] + (at - s->first[i] + j) % border;
            at += n;
        }
    }
}

bool sewn_make(const pattern *p, double spacing, const sewn *base, sewn *s, err *e)
{
    flat_mesh mesh[PATTERN_MAX_PANELS] = { 0 };
    memset(s, 0, sizeof *s);
    if (!mesh_panels(p, spacing, base, mesh, e)) {
        for (int i = 0; i < p->panels; i++) flat_mesh_free(&mesh[i]);
        return false;
    }
    s->panels = p->panels;
    for (int i = 0; i < p->panels; i++) {
        s->first[i] = s->points;
        s->points += mesh[i].points;
        s->triangles += mesh[i].triangles;
    }
    s->first[p->panels] = s->points;
    s->flat = mem_array(vec2, s->points);
    s->panel = mem_array(uint8_t, s->points);
    s->corner = mem_array(uint32_t, 3 * (size_t)s->triangles);
    s->triangle = mem_array(uint32_t, 3 * (size_t)s->triangles);
    s->vertex = mem_array(uint32_t, s->points);
    uint32_t t = 0;
    for (int i = 0; i < p->panels; i++) {
        memcpy(s->flat + s->first[i], mesh[i].point, mesh[i].points * sizeof *s->flat);
        memset(s->panel + s->first[i], i, mesh[i].points);
        for (uint32_t k = 0; k < 3 * mesh[i].triangles; k++) s->corner[t++] = s->first[i] + mesh[i].triangle[k];
        flat_mesh_free(&mesh[i]);
    }
    number_edges(p, s);
    uint32_t *parent = mem_array(uint32_t, s->points);
    for (uint32_t i = 0; i < s->points; i++) parent[i] = i;
    for (int k = 0; k < p->seams; k++) {
        const pattern_seam *q = &p->seam[k];
        int n = p->panel[q->panel_a].edge[q->edge_a].segments;
        for (int j = 0; j <= n; j++)
            join(parent, s->edge_point[q->panel_a][q->edge_a][j], s->edge_point[q->panel_b][q->edge_b][n - j]);
    }
    for (uint32_t i = 0; i < s->points; i++) {
        uint32_t r = root(parent, i);
        s->vertex[i] = r == i ? s->vertices++ : s->vertex[r]; // the root is the smallest of its set: already numbered
    }
    for (uint32_t i = 0; i < 3 * s->triangles; i++) s->triangle[i] = s->vertex[s->corner[i]];
    mem_free(parent);
    return true;
}

void sewn_free(sewn *s)
{
    mem_free(s->flat);
    mem_free(s->panel);
    mem_free(s->corner);
    mem_free(s->triangle);
    mem_free(s->vertex);
    for (int i = 0; i < PATTERN_MAX_PANELS; i++)
        for (int k = 0; k < PANEL_MAX_EDGES; k++) mem_free(s->edge_point[i][k]);
    memset(s, 0, sizeof *s);
}

void sewn_even_out(const sewn *s, int rounds, vec3 *value)
{
    vec3 *sum = mem_array(vec3, s->vertices);
    float *count = mem_array(float, s->vertices);
    for (int round = 0; round < rounds; round++) {
        for (uint32_t i = 0; i < s->vertices; i++) sum[i] = value[i], count[i] = 1;
        for (uint32_t k = 0; k < 3 * s->triangles; k++) {
            uint32_t a = s->triangle[k], b = s->triangle[k % 3 == 2 ? k - 2 : k + 1];
            sum[a] = v3_add(sum[a], value[b]), count[a]++;
            sum[b] = v3_add(sum[b], value[a]), count[b]++;
        }
        for (uint32_t i = 0; i < s->vertices; i++) value[i] = v3_scale(sum[i], 1 / count[i]);
    }
    mem_free(sum);
    mem_free(count);
}

double sewn_edge_rest(const sewn *s, const pattern *p, int panel, int edge)
{
    double sum = 0;
    for (int j = 0; j < p->panel[panel].edge[edge].segments; j++) {
        vec2 a = s->flat[s->edge_point[panel][edge][j]], b = s->flat[s->edge_point[panel][edge][j + 1]];
        sum += hypot((double)(b.x - a.x), (double)(b.y - a.y));
    }
    return sum;
}

float sewn_across(const sewn *s, const pattern *p, int panel, vec2 q, float level, float *whole)
{
    enum { MOST = 16 };
    float cut[MOST], left = 0;
    int n = 0;
    for (int k = 0; k < p->panel[panel].edges; k++)
        for (int j = 0; j < p->panel[panel].edge[k].segments; j++) {
            vec2 a = s->flat[s->edge_point[panel][k][j]], b = s->flat[s->edge_point[panel][k][j + 1]];
            if ((a.y > level) == (b.y > level) || n == MOST) continue;
            float x = a.x + (b.x - a.x) * (level - a.y) / (b.y - a.y);
            int i = n++;
            for (; i > 0 && cut[i - 1] > x; i--) cut[i] = cut[i - 1];
            cut[i] = x;
        }
    *whole = 0;
    for (int i = 0; i + 1 < n; i += 2) {
        *whole += cut[i + 1] - cut[i];
        left += fmaxf(0, fminf(q.x, cut[i + 1]) - cut[i]);
    }
    *whole = fmaxf(*whole, 1e-3f);
    return left;
}

bool sewn_on_trunk(const sewn *s, const pattern *p, uint32_t point)
{
    panel_place at = p->panel[s->panel[point]].place;
    return at == PLACE_FRONT || at == PLACE_BACK;
}
