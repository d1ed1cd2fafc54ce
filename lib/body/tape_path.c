#include "body/tape_path.h"
#include "base/mem.h"

enum { LEVELS = 48 };
static const float SEAT_HALF_WIDTH = 0.025f; // a tape lies over the seat, not in its cleft

typedef struct {
    float y, z;
} point2;

body_ids tape_path_triangles(const body_model *m)
{
    const float reach = 0.06f; // on the mean body: more than twice what the widest path looks at, for wider bodies
    const body_ids *torso = &m->part[PART_TORSO];
    body_ids near = { mem_array(uint32_t, torso->count), 0 };
    for (uint32_t i = 0; i < torso->count; i++) {
        bool close = false;
        for (uint32_t k = 0; k < 3; k++)
            close |= fabsf(m->template_position[m->triangle[3 * torso->id[i] + k]].x) < reach;
        if (close) near.id[near.count++] = torso->id[i];
    }
    return near;
}

body_ids tape_path_vertices(const body_model *m, const body_ids *near)
{
    uint8_t *needed = mem_array(uint8_t, m->vertices);
    for (uint32_t i = 0; i < near->count; i++)
        for (uint32_t k = 0; k < 3; k++) needed[m->triangle[3 * near->id[i] + k]] = 1;
    static const body_mark ends[] = { MARK_CERVICALE, MARK_NAVEL, MARK_CROTCH };
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
        for (uint32_t k = 0; k < m->mark[ends[i]].count; k++) needed[m->mark[ends[i]].id[k]] = 1;
    body_ids all = { mem_array(uint32_t, m->vertices), 0 };
    for (uint32_t v = 0; v < m->vertices; v++)
        if (needed[v]) all.id[all.count++] = v;
    mem_free(needed);
    return all;
}

// The point of the segment p q furthest to the side given, among those within half_width of x = 0.
static float furthest(vec3 p, vec3 q, float half_width, float side)
{
    if (p.x > q.x) {
        vec3 swap = p;
        p = q;
        q = swap;
    }
    if (q.x < -half_width || p.x > half_width) return -1e9f;
    float run = q.x - p.x, from = f_max(p.x, -half_width), to = f_min(q.x, half_width);
    float z0 = run > 0 ? p.z + (q.z - p.z) * (from - p.x) / run : p.z,
          z1 = run > 0 ? p.z + (q.z - p.z) * (to - p.x) / run : q.z;
    return f_max(side * z0, side * z1);
}

// The body's profile: at each of LEVELS heights from low to high the most forward (side +1) or backward (side -1) point
// of the torso within half_width of the plane of symmetry.
static void profile(const body_model *m, const body_ids *near, const vec3 *position, float low, float high,
                    float half_width, float side, point2 *out)
{
    float centre = body_mark_at(m, MARK_CROTCH, position).x, step = (high - low) / (LEVELS - 1);
    for (int i = 0; i < LEVELS; i++) out[i] = (point2){ low + step * (float)i, -1e9f };
    if (!(high > low)) return; // nobody's body: there is nothing between the levels
    for (uint32_t t = 0; t < near->count; t++) {
        vec3 p[3];
        for (int k = 0; k < 3; k++) {
            p[k] = position[m->triangle[3 * near->id[t] + (uint32_t)k]];
            p[k].x -= centre;
        }
        if (f_min(p[0].x, f_min(p[1].x, p[2].x)) > half_width || f_max(p[0].x, f_max(p[1].x, p[2].x)) < -half_width)
            continue;
        float bottom = f_min(p[0].y, f_min(p[1].y, p[2].y)), top = f_max(p[0].y, f_max(p[1].y, p[2].y));
        if (bottom > high || top < low) continue;
        // One level more at each end than the triangle reaches: rounding must not lose the first or the last.
        int from = (int)((f_max(bottom, low) - low) / step), to = (int)((f_min(top, high) - low) / step) + 1;
        for (int i = from; i <= to && i < LEVELS; i++) {
            vec3 cut[3];
            int n = 0;
            for (int k = 0; k < 3; k++) {
                vec3 a = p[k], b = p[(k + 1) % 3];
                if ((a.y <= out[i].y) != (b.y <= out[i].y)) cut[n++] = v3_lerp(a, b, (out[i].y - a.y) / (b.y - a.y));
            }
            if (n == 2) out[i].z = f_max(out[i].z, furthest(cut[0], cut[1], half_width, side));
        }
    }
    for (int i = 0; i < LEVELS; i++) out[i].z *= side;
}

static float turn(point2 o, point2 a, point2 b) { return (a.y - o.y) * (b.z - o.z) - (a.z - o.z) * (b.y - o.y); }

// Length of the taut string around the body on its right-hand side: it only turns right, clockwise in (y, z).
static double taut_length(const point2 *p, int n)
{
    point2 chain[3 * LEVELS];
    int c = 0;
    for (int i = 0; i < n; i++) {
        if (p[i].z < -1e8f || p[i].z > 1e8f) continue; // no surface at this level
        while (c >= 2 && turn(chain[c - 2], chain[c - 1], p[i]) >= 0) c--;
        chain[c++] = p[i];
    }
    double sum = 0;
    for (int i = 1; i < c; i++) sum += (double)hypotf(chain[i].y - chain[i - 1].y, chain[i].z - chain[i - 1].z);
    return sum;
}

double tape_back_length(const body_model *m, const body_ids *near, const vec3 *position, float waist_y)
{
    point2 p[LEVELS + 1];
    vec3 neck = body_mark_at(m, MARK_CERVICALE, position);
    profile(m, near, position, waist_y, neck.y, 0.012f, -1, p);
    p[LEVELS - 1] = (point2){ neck.y, neck.z }; // the torso may end below the neck's mark
    point2 down[LEVELS];                        // from the neck down, the body is on the string's right
    for (int i = 0; i < LEVELS; i++) down[i] = p[LEVELS - 1 - i];
    return taut_length(down, LEVELS);
}

double tape_crotch_length(const body_model *m, const body_ids *near, const vec3 *position, float waist_y)
{
    point2 front[LEVELS], back[LEVELS], path[2 * LEVELS + 1];
    vec3 crotch = body_mark_at(m, MARK_CROTCH, position);
    profile(m, near, position, crotch.y, waist_y, 0.012f, 1, front);
    profile(m, near, position, crotch.y, waist_y, SEAT_HALF_WIDTH, -1, back);
    int n = 0; // back waist, down, crotch, up, front waist
    for (int i = LEVELS - 1; i >= 0; i--) path[n++] = back[i];
    path[n++] = (point2){ crotch.y, crotch.z };
    for (int i = 0; i < LEVELS; i++) path[n++] = front[i];
    return taut_length(path, n);
}
