#include "garment/place.h"
#include "base/mem.h"
#include "garment/place_neck.h"

#include <math.h>
#include <string.h>

// The body as the cloth meets it, in slices of 1 cm: rings around trunk and legs, the front and back of everything
// seen from before, and how thick the arms are.
enum { ROWS = 230, COLUMNS = 181, ARM_STEPS = 120 };
#define CELL 0.01f
#define ANKLE 0.07f  // metres over the ground
#define CLEAR 0.012f // metres that the start keeps off the body

typedef struct {
    float wide, middle, deep; // of the ring: half width, z of the centre, half depth
} slice;

typedef struct {
    slice trunk[ROWS];                               // without arms, hands and head
    slice leg[2][ROWS];                              // left, right: wide is half the leg's width
    float leg_x[2][ROWS];                            // centres
    float front[ROWS][COLUMNS], back[ROWS][COLUMNS]; // z; front < back where there is nothing
    float top[COLUMNS];                              // height of the shoulders over each column
    float arm[2][ARM_STEPS];                         // radius around the bones, from the shoulder joint on
    vec3 bone[2][3];
    float armpit_y, armpit_x, crotch_y, waist_y;
} figure;

static int row_of(float y) { return y < 0 ? 0 : y >= ROWS * CELL ? ROWS - 1 : (int)(y / CELL); }
static int column_of(float x)
{
    int c = (int)lroundf(x / CELL) + COLUMNS / 2;
    return c < 0 ? 0 : c >= COLUMNS ? COLUMNS - 1 : c;
}

static bool is_arm(int label)
{
    return label == JOINT_L_SHOULDER || label == JOINT_R_SHOULDER || label == JOINT_L_ELBOW || label == JOINT_R_ELBOW ||
           label == JOINT_L_WRIST || label == JOINT_R_WRIST || label == JOINT_L_HAND || label == JOINT_R_HAND;
}

static int leg_side(int label)
{
    switch (label) {
    case JOINT_L_HIP:
    case JOINT_L_KNEE:
    case JOINT_L_ANKLE:
    case JOINT_L_FOOT:
        return 0;
    case JOINT_R_HIP:
    case JOINT_R_KNEE:
    case JOINT_R_ANKLE:
    case JOINT_R_FOOT:
        return 1;
    default:
        return -1;
    }
}

// The point d metres down the arm from the shoulder joint, and the bone's direction there; straight on past the wrist.
static vec3 arm_axis(const figure *f, int side, float d, vec3 *direction)
{
    const vec3 *b = f->bone[side];
    float upper = v3_dist(b[0], b[1]);
    int k = d > upper ? 1 : 0;
    *direction = v3_unit(v3_sub(b[k + 1], b[k]));
    return v3_mad(b[k], *direction, k ? d - upper : d);
}

typedef struct {
    float x0, x1, z0, z1;
} box;

static void widen(box *b, vec3 p)
{
    if (b->x0 > b->x1) *b = (box){ p.x, p.x, p.z, p.z };
    b->x0 = fminf(b->x0, p.x), b->x1 = fmaxf(b->x1, p.x), b->z0 = fminf(b->z0, p.z), b->z1 = fmaxf(b->z1, p.z);
}

static void measure_arms(const wearer *w, figure *f)
{
    static const int joint[2][3] = { { JOINT_L_SHOULDER, JOINT_L_ELBOW, JOINT_L_WRIST },
                                     { JOINT_R_SHOULDER, JOINT_R_ELBOW, JOINT_R_WRIST } };
    for (int side = 0; side < 2; side++) {
        for (int k = 0; k < 3; k++) f->bone[side][k] = w->joint[joint[side][k]];
        for (uint32_t v = 0; v < w->model->vertices; v++) {
            int label = w->model->label[v];
            if (label != joint[side][0] && label != joint[side][1]) continue;
            for (int k = 0; k < 2; k++) {
                vec3 a = f->bone[side][k], b = f->bone[side][k + 1], d = v3_unit(v3_sub(b, a));
                float along = v3_dot(v3_sub(w->position[v], a), d), from = k ? v3_dist(f->bone[side][0], a) : 0;
                if (along < 0 || along > v3_dist(a, b)) continue;
                int i = (int)((from + along) / CELL);
                float r = v3_len(v3_sub(v3_sub(w->position[v], a), v3_scale(d, along)));
                if (i < ARM_STEPS && r > f->arm[side][i]) f->arm[side][i] = r;
            }
        }
        for (int i = 1; i < ARM_STEPS; i++) // a hand is about as thick as the forearm
            if (f->arm[side][i] == 0) f->arm[side][i] = f->arm[side][i - 1];
    }
}

static void measure_rows(const wearer *w, figure *f)
{
    box *trunk = mem_array(box, ROWS), *leg[2] = { mem_array(box, ROWS), mem_array(box, ROWS) };
    box none = { 1, -1, 1, -1 };
    for (int r = 0; r < ROWS; r++) {
        trunk[r] = leg[0][r] = leg[1][r] = none;
        for (int c = 0; c < COLUMNS; c++) f->front[r][c] = -1, f->back[r][c] = 1;
    }
    for (int c = 0; c < COLUMNS; c++) f->top[c] = 0;
    for (uint32_t v = 0; v < w->model->vertices; v++) {
        int label = w->model->label[v], side = leg_side(label), r = row_of(w->position[v].y),
            c = column_of(w->position[v].x);
        vec3 p = w->position[v];
        if (label == JOINT_HEAD || label == JOINT_L_HAND || label == JOINT_R_HAND) continue;
        for (int dr = -2; dr <= 2; dr++)
            for (int dc = -2; dc <= 2; dc++) {
                int rr = r + dr, cc = c + dc;
                if (rr < 0 || rr >= ROWS || cc < 0 || cc >= COLUMNS || dr * dr + dc * dc > 5) continue;
                f->front[rr][cc] = fmaxf(f->front[rr][cc], p.z), f->back[rr][cc] = fminf(f->back[rr][cc], p.z);
                if (label != JOINT_NECK) f->top[cc] = fmaxf(f->top[cc], p.y);
            }
        for (int dr = -1; dr <= 1; dr++) {
            int rr = r + dr;
            if (rr < 0 || rr >= ROWS) continue;
            if (!is_arm(label)) widen(&trunk[rr], p);
            if (side >= 0) widen(&leg[side][rr], p);
        }
    }
    for (int r = 0; r < ROWS; r++) {
        const box *t = &trunk[r];
        if (t->x0 <= t->x1)
            f->trunk[r] = (slice){ fmaxf(-t->x0, t->x1), (t->z0 + t->z1) / 2, (t->z1 - t->z0) / 2 };
        else if (r > 0)
            f->trunk[r] = f->trunk[r - 1];
        for (int s = 0; s < 2; s++) {
            const box *l = &leg[s][r];
            if (l->x0 > l->x1) {
                if (r > 0) f->leg[s][r] = f->leg[s][r - 1], f->leg_x[s][r] = f->leg_x[s][r - 1];
                continue;
            }
            f->leg[s][r] = (slice){ (l->x1 - l->x0) / 2, (l->z0 + l->z1) / 2, (l->z1 - l->z0) / 2 };
            f->leg_x[s][r] = (l->x0 + l->x1) / 2;
        }
    }
    mem_free(trunk);
    mem_free(leg[0]);
    mem_free(leg[1]);
}

// Beyond the silhouette the front and back close towards each other, so that a sheet over the edge has somewhere to be.
static void close_edges(figure *f)
{
    float(*middle)[COLUMNS] = mem_new(ROWS, sizeof *middle), (*half)[COLUMNS] = mem_new(ROWS, sizeof *half);
    uint8_t(*known)[COLUMNS] = mem_new(ROWS, sizeof *known);
    for (int r = 0; r < ROWS; r++)
        for (int c = 0; c < COLUMNS; c++) {
            known[r][c] = f->front[r][c] > f->back[r][c];
            middle[r][c] = (f->front[r][c] + f->back[r][c]) / 2;
            half[r][c] = (f->front[r][c] - f->back[r][c]) / 2;
        }
    for (int round = 2; round < 32; round++)
        for (int r = 1; r < ROWS - 1; r++)
            for (int c = 1; c < COLUMNS - 1; c++) {
                if (known[r][c]) continue;
                float m = 0, h = 0;
                int n = 0;
                static const int step[4][2] = { { 0, 1 }, { 0, -1 }, { 1, 0 }, { -1, 0 } };
                for (int k = 0; k < 4; k++) {
                    int rr = r + step[k][0], cc = c + step[k][1];
                    if (!known[rr][cc] || known[rr][cc] == round) continue;
                    m += middle[rr][cc], h += half[rr][cc], n++;
                }
                if (n == 0) continue;
                middle[r][c] = m / (float)n;
                half[r][c] = 0.7f * h / (float)n;
                known[r][c] = (uint8_t)round;
            }
    for (int r = 0; r < ROWS; r++)
        for (int c = 0; c < COLUMNS; c++)
            f->front[r][c] = middle[r][c] + fmaxf(half[r][c], 0), f->back[r][c] = middle[r][c] - fmaxf(half[r][c], 0);
    mem_free(middle);
    mem_free(half);
    mem_free(known);
}

static void find_levels(const wearer *w, figure *f)
{
    float chest = body_mark_at(w->model, MARK_BUST_L, w->position).y,
          crotch = body_mark_at(w->model, MARK_CROTCH, w->position).y;
    f->crotch_y = crotch;
    // The armpit: the highest row in which there is air between trunk and arm.
    for (int r = row_of(chest) - 12; r < ROWS; r++) {
        int c = COLUMNS / 2;
        while (c < COLUMNS && f->front[r][c] > f->back[r][c]) c++;
        int gap = c;
        while (c < COLUMNS && f->front[r][c] <= f->back[r][c]) c++;
        if (c == COLUMNS) break;
        f->armpit_y = (float)r * CELL;
        f->armpit_x = (float)(gap - COLUMNS / 2) * CELL;
    }
    if (f->armpit_y == 0) f->armpit_y = chest + 0.04f, f->armpit_x = f->trunk[row_of(chest)].wide;
    // The natural waist: the smallest ring between hips and chest.
    float least = 1e9f, hip = (float)(w->fit.value[TAPE_HIP_HEIGHT] / 100);
    for (int r = row_of(hip + 0.08f); r < row_of(chest - 0.06f); r++) {
        float around = f->trunk[r].wide + f->trunk[r].deep;
        if (around < least) least = around, f->waist_y = (float)r * CELL;
    }
}

static slice ring_at(const slice *s, float y)
{
    float at = y / CELL - 0.5f;
    int r = at < 0 ? 0 : at >= ROWS - 2 ? ROWS - 2 : (int)at;
    float t = at - (float)r;
    t = t < 0 ? 0 : t > 1 ? 1 : t;
    const slice *a = &s[r], *b = &s[r + 1];
    return (slice){ a->wide + t * (b->wide - a->wide), a->middle + t * (b->middle - a->middle),
                    a->deep + t * (b->deep - a->deep) };
}

// The body's ring grown evenly until it is girth around, but clear of the body.
static slice grown(slice s, float girth)
{
    float add = CLEAR;
    for (int i = 0; i < 40; i++) {
        float a = s.wide + add, b = s.deep + add;
        // Ramanujan's first formula for the perimeter of an ellipse
        float around = 3.14159265f * (3 * (a + b) - sqrtf((3 * a + b) * (a + 3 * b)));
        if (around >= girth) break;
        add += 0.005f;
    }
    return (slice){ s.wide + add, s.middle, s.deep + add };
}

static float sample(const float grid[ROWS][COLUMNS], float x, float y)
{
    float fx = x / CELL + COLUMNS / 2, fy = y / CELL - 0.5f;
    int c = (int)fx, r = (int)fy;
    c = c < 0 ? 0 : c > COLUMNS - 2 ? COLUMNS - 2 : c;
    r = r < 0 ? 0 : r > ROWS - 2 ? ROWS - 2 : r;
    float u = fx - (float)c, v = fy - (float)r;
    u = u < 0 ? 0 : u > 1 ? 1 : u;
    v = v < 0 ? 0 : v > 1 ? 1 : v;
    return (grid[r][c] * (1 - u) + grid[r][c + 1] * u) * (1 - v) +
           (grid[r + 1][c] * (1 - u) + grid[r + 1][c + 1] * u) * v;
}

// --- tops ---

typedef struct {
    float shoulder_y; // world height of the pattern's y = 0
    float neck, tip, drop, chest, underarm, under_y;
} top_plan;

// A point of the front or back with its darts closed: x from the middle, and half the cloth there is at its level.
static vec2 closed(const sewn *s, const pattern *p, uint32_t point, float *half)
{
    int panel = s->panel[point];
    float lo = 1e9f, hi = -1e9f, whole;
    for (int k = 0; k < p->panel[panel].edges; k++) {
        float y = p->panel[panel].edge[k].p[0].y;
        lo = fminf(lo, y), hi = fmaxf(hi, y);
    }
    vec2 q = s->flat[point];
    float left = sewn_across(s, p, panel, q, fmaxf(lo + 5e-4f, fminf(hi - 5e-4f, q.y - 5e-4f)), &whole);
    *half = whole / 2;
    return (vec2){ left - whole / 2, q.y };
}

static top_plan plan_top(const figure *f, const pattern *p)
{
    const panel_edge *armhole = &p->panel[0].edge[p->armhole], *shoulder = armhole + 1;
    top_plan t = {
        .tip = shoulder->p[0].x, .drop = -shoulder->p[0].y, .neck = shoulder->p[3].x, .underarm = (float)p->underarm
    };
    t.chest = armhole->p[0].x;
    for (int i = 0; i <= 20; i++) {
        float x = t.neck + (t.tip - t.neck) * (float)i / 20, y = f->top[column_of(x)] + 0.008f + t.drop * (float)i / 20;
        t.shoulder_y = fmaxf(t.shoulder_y, y);
    }
    t.under_y = fminf(t.shoulder_y - t.underarm, f->armpit_y - 0.012f);
    return t;
}

// half: of the cloth at its level.
static vec3 on_top(const figure *f, const top_plan *t, bool front, vec2 q, float half)
{
    float side = front ? 1.0f : -1.0f, x = side * q.x, down = -q.y;
    // Between shoulder and underarm heights are stretched where the armpit is lower than the pattern's.
    float shoulder_to_under = t->shoulder_y - t->under_y;
    float y =
        down < t->underarm ? t->shoulder_y - down * shoulder_to_under / t->underarm : t->under_y - (down - t->underarm);
    slice ring = grown(ring_at(f->trunk, fminf(y, t->under_y)), 4 * half);
    // Below the armhole: around the trunk.
    float angle = q.x / half * 1.5707963f * side;
    vec3 around = v3(ring.wide * sinf(angle), y, ring.middle + side * ring.deep * cosf(angle));
    if (down > t->underarm + 0.10f) return around;
    // Above: before and behind the body, as wide as the pattern at the shoulder, as the ring at the underarm.
    slice under = grown(ring_at(f->trunk, t->under_y), 4 * t->chest);
    float grow = 1 + (under.wide / t->chest - 1) * smoothstep(t->drop, t->underarm, down);
    float wide = x * grow, z = front ? sample(f->front, wide, y) + CLEAR : sample(f->back, wide, y) - CLEAR;
    return v3_lerp(v3(wide, y, z), around, smoothstep(t->underarm - 0.01f, t->underarm + 0.10f, down));
}

typedef struct {
    vec2 flat[128];
    vec3 place[128];
    int count;
} cap_line;

// A sleeve's cap in the pattern with where the armhole has put each of its points, from x low to x high.
static cap_line read_cap(const sewn *s, const pattern *p, int panel, const vec3 *start)
{
    cap_line c = { .count = 0 };
    for (int k = 3; k >= 2; k--)
        for (int j = p->panel[panel].edge[k].segments; j >= (k == 3 ? 0 : 1) && c.count < 128; j--) {
            uint32_t point = s->edge_point[panel][k][j];
            if (k == 2 && j == p->panel[panel].edge[k].segments) continue; // the apex again
            c.flat[c.count] = s->flat[point];
            c.place[c.count++] = start[s->vertex[point]];
        }
    if (c.count < 128) {
        uint32_t point = s->edge_point[panel][2][0];
        c.flat[c.count] = s->flat[point];
        c.place[c.count++] = start[s->vertex[point]];
    }
    return c;
}

static vec3 on_sleeve(const figure *f, const pattern_panel *panel, const cap_line *cap, int side, vec2 q)
{
    float hem = panel->edge[0].p[0].y, width = panel->edge[2].p[0].x, cuff = panel->edge[0].p[3].x;
    float share_down = (q.y - panel->edge[2].p[0].y) / (hem - panel->edge[2].p[0].y);
    float half = q.y > panel->edge[2].p[0].y ? width : width + (cuff - width) * share_down;
    float u = q.x / fmaxf(half, 1e-3f);
    u = u < -1 ? -1 : u > 1 ? 1 : u;
    // The cap's point at the same share of the sleeve's width.
    int i = 0;
    while (i < cap->count - 2 && cap->flat[i + 1].x < u * width) i++;
    float t = (u * width - cap->flat[i].x) / fmaxf(cap->flat[i + 1].x - cap->flat[i].x, 1e-6f);
    t = t < 0 ? 0 : t > 1 ? 1 : t;
    vec3 root = v3_lerp(cap->place[i], cap->place[i + 1], t);
    float cap_y = cap->flat[i].y + t * (cap->flat[i + 1].y - cap->flat[i].y),
          along = (cap_y - q.y) / fmaxf(cap_y - hem, 1e-3f);
    // The ring of the arm at this distance from the shoulder.
    vec3 d, centre = arm_axis(f, side, -q.y, &d);
    vec3 up = v3_unit(v3_mad(v3(0, 1, 0), d, -d.y)), before = v3_cross(up, d);
    if (before.z < 0) before = v3_scale(before, -1);
    int step = (int)(-q.y / CELL);
    float thick = f->arm[side][step < 0 ? 0 : step >= ARM_STEPS ? ARM_STEPS - 1 : step];
    float r = fmaxf(thick + CLEAR, 2 * half / 6.2831853f), angle = u * 3.14159265f * (side == 0 ? -1.0f : 1.0f);
    vec3 ring = v3_add(centre, v3_add(v3_scale(up, r * cosf(angle)), v3_scale(before, r * sinf(angle))));
    return v3_lerp(root, ring, smoothstep(0, fminf(1, 0.09f / fmaxf(cap_y - hem, 0.01f)), along));
}

static void place_top(const figure *f, const pattern *p, const sewn *s, vec3 *start)
{
    top_plan t = plan_top(f, p);
    float *count = mem_array(float, s->vertices);
    for (uint32_t i = 0; i < s->points; i++) {
        if (!sewn_on_trunk(s, p, i)) continue;
        uint32_t v = s->vertex[i];
        float half = t.chest;
        vec2 q = -s->flat[i].y < t.underarm ? s->flat[i] : closed(s, p, i, &half);
        bool front = p->panel[s->panel[i]].place == PLACE_FRONT;
        start[v] = v3_add(start[v], on_top(f, &t, front, q, half));
        count[v]++;
    }
    for (uint32_t v = 0; v < s->vertices; v++)
        if (count[v] > 0) start[v] = v3_scale(start[v], 1 / count[v]);
    for (int panel = 2; panel < s->panels; panel++) {
        if (p->panel[panel].place != PLACE_ARM_L && p->panel[panel].place != PLACE_ARM_R) continue;
        cap_line cap = read_cap(s, p, panel, start);
        for (uint32_t i = s->first[panel]; i < s->first[panel + 1]; i++) {
            uint32_t v = s->vertex[i];
            if (count[v] > 0 && start[v].y != 0 && count[v] < 100) continue; // on the armhole
            vec3 at = on_sleeve(f, &p->panel[panel], &cap, panel - 2, s->flat[i]);
            // The two sides of the underarm seam agree.
            if (count[v] >= 100)
                start[v] = v3_lerp(start[v], at, 0.5f);
            else
                start[v] = at;
            count[v] = 100;
        }
    }
    mem_free(count);
}

// --- skirts and trousers ---

// The waist's line and the hem's run along a level: where there is cloth beside them.
static float beside(float y) { return y > -1e-3f ? -1e-3f : y + 1e-4f; }

static void place_skirt(const figure *f, const pattern *p, const sewn *s, vec3 *start, float *anchor)
{
    float *count = mem_array(float, s->vertices);
    *anchor = f->waist_y;
    for (uint32_t i = 0; i < s->points; i++) {
        bool front = s->panel[i] == 0;
        float side = front ? 1.0f : -1.0f, y = f->waist_y + s->flat[i].y, whole;
        float left = sewn_across(s, p, s->panel[i], s->flat[i], beside(s->flat[i].y), &whole);
        slice ring = grown(ring_at(f->trunk, y), 2 * whole);
        float angle = (2 * left / whole - 1) * 1.5707963f * side;
        uint32_t v = s->vertex[i];
        start[v] = v3_add(start[v], v3(ring.wide * sinf(angle), y, ring.middle + side * ring.deep * cosf(angle)));
        count[v]++;
    }
    for (uint32_t v = 0; v < s->vertices; v++) start[v] = v3_scale(start[v], 1 / fmaxf(count[v], 1));
    mem_free(count);
}

static void place_trousers(const figure *f, const pattern *p, const sewn *s, vec3 *start, float *anchor)
{
    float *count = mem_array(float, s->vertices), rise = (float)p->underarm;
    float waist = fminf(f->waist_y, f->crotch_y - 0.01f + rise);
    *anchor = waist;
    for (uint32_t i = 0; i < s->points; i++) {
        const pattern_panel *q = &p->panel[s->panel[i]];
        bool front = q->place == PLACE_LEG_FRONT_L || q->place == PLACE_LEG_FRONT_R;
        bool left = q->place == PLACE_LEG_FRONT_L || q->place == PLACE_LEG_BACK_L;
        bool flip = q->place == PLACE_LEG_FRONT_R || q->place == PLACE_LEG_BACK_L;
        float z_side = front ? 1.0f : -1.0f, x_side = left ? 1.0f : -1.0f, down = -s->flat[i].y, y = waist - down;
        // Legs longer than the wearer's start folded together above the feet.
        if (down > rise && waist - (float)p->hem < ANKLE)
            y = waist - rise - (down - rise) * (waist - rise - ANKLE) / ((float)p->hem - rise);
        // From the inside of the leg to the outside.
        float wide, share = sewn_across(s, p, s->panel[i], s->flat[i], beside(s->flat[i].y), &wide) / wide;
        if (flip) share = 1 - share;
        slice trunk = grown(ring_at(f->trunk, fmaxf(y, f->crotch_y)), 4 * wide);
        float angle = share * 1.5707963f;
        vec3 above = v3(x_side * trunk.wide * sinf(angle), y, trunk.middle + z_side * trunk.deep * cosf(angle));
        int side = left ? 0 : 1, r = row_of(y);
        slice leg = grown(ring_at(f->leg[side], y), 2 * wide);
        float turn = share * 3.14159265f, cx = f->leg_x[side][r];
        vec3 below = v3(cx - x_side * leg.wide * cosf(turn), y, leg.middle + z_side * leg.deep * sinf(turn));
        if (below.x * x_side < 0.004f) below.x = x_side * 0.004f; // never over to the other leg
        float part = smoothstep(rise - 0.05f, rise + 0.03f, down);
        uint32_t v = s->vertex[i];
        start[v] = v3_add(start[v], v3_lerp(above, below, part));
        count[v]++;
    }
    for (uint32_t v = 0; v < s->vertices; v++) start[v] = v3_scale(start[v], 1 / fmaxf(count[v], 1));
    mem_free(count);
}

void place_on_body(const wearer *w, const pattern *p, const sewn *s, vec3 *start, float *anchor)
{
    figure *f = mem_new(1, sizeof *f);
    memset(start, 0, s->vertices * sizeof *start);
    *anchor = 0;
    measure_arms(w, f);
    measure_rows(w, f);
    find_levels(w, f);
    close_edges(f);
    switch (p->category) {
    case GARMENT_SKIRT:
        place_skirt(f, p, s, start, anchor);
        break;
    case GARMENT_TROUSERS:
        place_trousers(f, p, s, start, anchor);
        break;
    default:
        place_top(f, p, s, start);
        place_hood(w, p, s, start);
        place_collar(p, s, start);
        break;
    }
    mem_free(f);
}
