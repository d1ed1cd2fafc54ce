#include "body/build_detail.h"
#include "base/mem.h"

#include <string.h>

enum { V = MH_BODY_VERTICES, MAX_NEIGHBOURS = 16, SMOOTHING_STEPS = 60, MEMBRANE_STEPS = 400, LID_RINGS = 2 };

struct body_detail {
    uint16_t neighbour[V][MAX_NEIGHBOURS];
    uint8_t neighbours[V];
    uint8_t hidden[V];
    float amount[V]; // 0: left alone, 1: smoothed at full rate
};

static void connect(body_detail *d, uint32_t a, uint32_t b)
{
    for (int i = 0; i < d->neighbours[a]; i++)
        if (d->neighbour[a][i] == b) return;
    if (d->neighbours[a] < MAX_NEIGHBOURS) d->neighbour[a][d->neighbours[a]++] = (uint16_t)b;
}

// --- visibility: an orthographic depth buffer of vertex-coloured quads from directions all around ---

enum { SIDE = 640, DIRECTIONS = 128 };

typedef struct {
    float depth[SIDE][SIDE];
} depth_map;

static void splat_triangle(depth_map *m, vec3 a, vec3 b, vec3 c)
{
    float area = (b.x - a.x) * (c.y - a.y) - (c.x - a.x) * (b.y - a.y);
    if (fabsf(area) < 1e-9f) return;
    int x0 = (int)fmaxf(floorf(fminf(a.x, fminf(b.x, c.x))), 0),
        x1 = (int)fminf(ceilf(fmaxf(a.x, fmaxf(b.x, c.x))), SIDE - 1);
    int y0 = (int)fmaxf(floorf(fminf(a.y, fminf(b.y, c.y))), 0),
        y1 = (int)fminf(ceilf(fmaxf(a.y, fmaxf(b.y, c.y))), SIDE - 1);
    for (int y = y0; y <= y1; y++)
        for (int x = x0; x <= x1; x++) {
            float px = (float)x, py = (float)y;
            float v = ((px - a.x) * (c.y - a.y) - (c.x - a.x) * (py - a.y)) / area;
            float w = ((b.x - a.x) * (py - a.y) - (px - a.x) * (b.y - a.y)) / area;
            if (v < 0 || w < 0 || v + w > 1) continue;
            float z = a.z + v * (b.z - a.z) + w * (c.z - a.z);
            if (z > m->depth[y][x]) m->depth[y][x] = z;
        }
}

// Seen in one direction when it is at most 2 mm behind the nearest surface of its pixel. Only the head is drawn: the
// cavities are there, and at this size a pixel is half a millimetre.
static void mark_seen(const mh_source *s, vec3 toward, float low, uint8_t *seen, depth_map *map, vec3 *view)
{
    vec3 side = v3_unit(fabsf(toward.y) < 0.9f ? v3_cross(v3(0, 1, 0), toward) : v3_cross(v3(1, 0, 0), toward));
    vec3 up = v3_cross(toward, side);
    const vec3 *base = mh_base(s);
    float scale = SIDE / 0.34f;
    vec3 centre = v3(0, low + 0.15f, 0.03f);
    for (int i = 0; i < V; i++) {
        vec3 p = v3_sub(base[i], centre);
        view[i] = v3(v3_dot(p, side) * scale + SIDE / 2.f, v3_dot(p, up) * scale + SIDE / 2.f, v3_dot(p, toward));
    }
    for (int y = 0; y < SIDE; y++)
        for (int x = 0; x < SIDE; x++) map->depth[y][x] = -1e9f;
    const uint32_t *q = mh_quads(s);
    for (int f = 0; f < MH_BODY_QUADS; f++, q += 4) {
        if (base[q[0]].y < low - 0.1f) continue;
        splat_triangle(map, view[q[0]], view[q[1]], view[q[2]]);
        splat_triangle(map, view[q[0]], view[q[2]], view[q[3]]);
    }
    for (int i = 0; i < V; i++) {
        int x = (int)lrintf(view[i].x), y = (int)lrintf(view[i].y);
        if (x < 1 || y < 1 || x >= SIDE - 1 || y >= SIDE - 1) continue;
        if (view[i].z > map->depth[y][x] - 0.002f) seen[i] = 1;
    }
}

static void find_cavities(body_detail *d, const mh_source *s)
{
    float top = 0;
    const vec3 *base = mh_base(s);
    for (int i = 0; i < V; i++) top = fmaxf(top, base[i].y);
    float low = top - 0.24f; // chin
    uint8_t *seen = mem_array(uint8_t, V);
    vec3 *view = mem_array(vec3, V);
    depth_map *map = mem_new(1, sizeof *map);
    for (int k = 0; k < DIRECTIONS; k++) { // Fibonacci sphere
        float y = 1 - 2 * ((float)k + 0.5f) / DIRECTIONS, r = sqrtf(1 - y * y), a = 2.39996323f * (float)k;
        mark_seen(s, v3(r * cosf(a), y, r * sinf(a)), low, seen, map, view);
    }
    for (int i = 0; i < V; i++) d->hidden[i] = base[i].y > low && !seen[i];
    for (int ring = 0; ring < LID_RINGS; ring++) {
        uint8_t *grown = seen; // its job is done
        memcpy(grown, d->hidden, V);
        for (int i = 0; i < V; i++)
            for (int k = 0; d->hidden[i] && k < d->neighbours[i]; k++) grown[d->neighbour[i][k]] = 1;
        memcpy(d->hidden, grown, V);
    }
    mem_free(map);
    mem_free(view);
    mem_free(seen);
}

static float falloff(float distance, float radius)
{
    float t = fminf(distance / radius, 1);
    return (1 - t * t) * (1 - t * t);
}

static void soften_around(body_detail *d, const vec3 *base, uint32_t mark, float radius, float strength)
{
    for (int i = 0; i < V; i++) {
        float a = strength * falloff(v3_dist(base[i], base[mark]), radius);
        if (a > d->amount[i]) d->amount[i] = a;
    }
}

body_detail *body_detail_new(const mh_source *s)
{
    body_detail *d = mem_new(1, sizeof *d);
    const uint32_t *q = mh_quads(s);
    for (int f = 0; f < MH_BODY_QUADS; f++, q += 4)
        for (int k = 0; k < 4; k++) {
            connect(d, q[k], q[(k + 1) % 4]);
            connect(d, q[(k + 1) % 4], q[k]);
        }
    find_cavities(d, s);
    const vec3 *base = mh_base(s);
    const body_ids *mark = mh_marks(s);
    soften_around(d, base, mark[MARK_BUST_L].id[0], 0.035f, 1);
    soften_around(d, base, mark[MARK_BUST_R].id[0], 0.035f, 1);
    soften_around(d, base, mark[MARK_NAVEL].id[0], 0.03f, 1);
    soften_around(d, base, mark[MARK_CROTCH].id[0], 0.055f, 0.3f);
    // The face: eyes and lips fade, nose and chin stay.
    float top = 0, front = 0;
    for (int i = 0; i < V; i++) {
        if (base[i].y > top) top = base[i].y;
        if (mh_labels(s)[i] == JOINT_HEAD) front = fmaxf(front, base[i].z);
    }
    for (int i = 0; i < V; i++) {
        if (mh_labels(s)[i] != JOINT_HEAD) continue;
        float face = falloff(v3_dist(base[i], v3(0, top - 0.135f, front - 0.02f)), 0.115f);
        d->amount[i] = fmaxf(d->amount[i], 0.55f * face);
    }
    return d;
}

void body_detail_free(body_detail *d) { mem_free(d); }

const uint8_t *body_detail_hidden(const body_detail *d) { return d->hidden; }

static void mean_of_neighbours(const body_detail *d, const float *field, int i, float out[3])
{
    out[0] = out[1] = out[2] = 0;
    int n = d->neighbours[i];
    for (int k = 0; k < n; k++) {
        const float *p = field + 3 * d->neighbour[i][k];
        for (int c = 0; c < 3; c++) out[c] += p[c];
    }
    for (int c = 0; c < 3; c++) out[c] /= (float)(n ? n : 1);
}

void body_detail_flatten(const body_detail *d, float *field)
{
    // Cavities become membranes over their rims (discrete Laplace equation, Gauss-Seidel).
    for (int step = 0; step < MEMBRANE_STEPS; step++)
        for (int i = 0; i < V; i++)
            if (d->hidden[i]) mean_of_neighbours(d, field, i, field + 3 * i);
    float *next = mem_array(float, (size_t)V * 3);
    for (int step = 0; step < SMOOTHING_STEPS; step++) {
        memcpy(next, field, (size_t)V * 3 * sizeof *next);
        for (int i = 0; i < V; i++) {
            if (d->amount[i] < 1e-3f) continue;
            float mean[3];
            mean_of_neighbours(d, field, i, mean);
            for (int c = 0; c < 3; c++) next[3 * i + c] += 0.6f * d->amount[i] * (mean[c] - field[3 * i + c]);
        }
        memcpy(field, next, (size_t)V * 3 * sizeof *field);
    }
    mem_free(next);
}
