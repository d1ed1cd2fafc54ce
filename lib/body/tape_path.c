#include "body/tape_path.h"

enum { LEVELS = 48 };
static const float SEAT_HALF_WIDTH = 0.025f; // a tape lies over the seat, not in its cleft

typedef struct {
    float y, z;
} point2;

// The body's profile: at each of LEVELS heights from low to high the most forward (side +1) or backward (side -1) point
// of the torso within half_width of the plane of symmetry.
static void profile(const body_model *m, const vec3 *position, float low, float high, float half_width, float side,
                    point2 *out)
{
    float centre = position[m->mark[MARK_CROTCH].id[0]].x;
    for (int i = 0; i < LEVELS; i++) out[i] = (point2){ low + (high - low) * (float)i / (LEVELS - 1), -1e9f };
    const body_ids *torso = &m->part[PART_TORSO];
    for (uint32_t t = 0; t < torso->count; t++) {
        const uint32_t *v = m->triangle + 3 * torso->id[t];
        for (int k = 0; k < 3; k++) {
            vec3 a = position[v[k]], b = position[v[(k + 1) % 3]];
            if (fabsf(a.x - centre) > half_width && fabsf(b.x - centre) > half_width) continue;
            if (a.y > b.y) {
                vec3 swap = a;
                a = b;
                b = swap;
            }
            if (b.y < low || a.y > high || b.y - a.y < 1e-7f) continue;
            float step = (high - low) / (LEVELS - 1);
            int from = (int)ceilf((fmaxf(a.y, low) - low) / step), to = (int)floorf((fminf(b.y, high) - low) / step);
            for (int i = from; i <= to && i < LEVELS; i++) {
                float z = side * (a.z + (b.z - a.z) * (out[i].y - a.y) / (b.y - a.y));
                if (z > out[i].z) out[i].z = z;
            }
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

double tape_back_length(const body_model *m, const vec3 *position, float waist_y)
{
    point2 p[LEVELS + 1];
    vec3 neck = position[m->mark[MARK_CERVICALE].id[0]];
    profile(m, position, waist_y, neck.y, 0.012f, -1, p);
    p[LEVELS - 1] = (point2){ neck.y, neck.z }; // the torso may end below the neck's mark
    point2 down[LEVELS];                        // from the neck down, the body is on the string's right
    for (int i = 0; i < LEVELS; i++) down[i] = p[LEVELS - 1 - i];
    return taut_length(down, LEVELS);
}

double tape_crotch_length(const body_model *m, const vec3 *position, float waist_y)
{
    point2 front[LEVELS], back[LEVELS], path[2 * LEVELS + 1];
    vec3 crotch = position[m->mark[MARK_CROTCH].id[0]];
    profile(m, position, crotch.y, waist_y, 0.012f, 1, front);
    profile(m, position, crotch.y, waist_y, SEAT_HALF_WIDTH, -1, back);
    int n = 0; // back waist, down, crotch, up, front waist
    for (int i = LEVELS - 1; i >= 0; i--) path[n++] = back[i];
    path[n++] = (point2){ crotch.y, crotch.z };
    for (int i = 0; i < LEVELS; i++) path[n++] = front[i];
    return taut_length(path, n);
}
