#include "garment/place_neck.h"

#include <math.h>

// Where the neckline has been placed, along one piece that is sewn to it: by the piece's own x at its lower edge.
enum { MOST = 160 };
typedef struct {
    float x[MOST];
    vec3 place[MOST];
    int count;
} neckline;

static void add_edge(neckline *n, const sewn *s, const pattern *p, int panel, int edge, bool turned, const vec3 *start)
{
    for (int j = 0; j <= p->panel[panel].edge[edge].segments && n->count < MOST; j++) {
        uint32_t point = s->edge_point[panel][edge][j];
        float x = turned ? -s->flat[point].x : s->flat[point].x;
        int i = n->count++;
        for (; i > 0 && n->x[i - 1] > x; i--) n->x[i] = n->x[i - 1], n->place[i] = n->place[i - 1];
        n->x[i] = x;
        n->place[i] = start[s->vertex[point]];
    }
}

static vec3 along(const neckline *n, float x)
{
    int i = 0;
    while (i < n->count - 2 && n->x[i + 1] < x) i++;
    float t = (x - n->x[i]) / fmaxf(n->x[i + 1] - n->x[i], 1e-6f);
    return v3_lerp(n->place[i], n->place[i + 1], t < 0 ? 0 : t > 1 ? 1 : t);
}

// --- hood ---

typedef struct {
    float wide, deep, middle, top; // half width and depth, z of the centre, height of the crown
} head;

#define CLEAR 0.03f // metres between the head and the hood that starts around it

static head head_of(const wearer *w)
{
    float front = -1e9f, back = 1e9f;
    head h = { 0, 0, 0, 0 };
    for (uint32_t v = 0; v < w->model->vertices; v++) {
        if (w->model->label[v] != JOINT_HEAD) continue;
        vec3 p = w->position[v];
        front = fmaxf(front, p.z), back = fminf(back, p.z);
        h.wide = fmaxf(h.wide, fabsf(p.x)), h.top = fmaxf(h.top, p.y);
    }
    h.middle = (front + back) / 2;
    h.deep = (front - back) / 2 + CLEAR;
    h.wide += CLEAR;
    return h;
}

#define FACE 1.1f // radians from straight ahead to the hood's edge

static void place_hood_half(const head *h, const pattern *p, const sewn *s, int panel, vec3 *start)
{
    const pattern_panel *q = &p->panel[panel];
    bool right = q->place == PLACE_HOOD_R;
    neckline n = { .count = 0 };
    add_edge(&n, s, p, panel, 0, right, start);
    add_edge(&n, s, p, panel, right ? q->edges - 1 : 1, right, start);
    float tall = 0, base = along(&n, 0).y, nape = along(&n, 1).z, side = right ? -1.0f : 1.0f;
    for (uint32_t i = s->first[panel]; i < s->first[panel + 1]; i++) tall = fmaxf(tall, s->flat[i].y);
    // A hood too short for the head is stretched over it.
    float stretch = fmaxf(1, (h->top + CLEAR - base) / tall);
    for (uint32_t i = s->first[panel]; i < s->first[panel + 1]; i++) {
        vec2 f = s->flat[i];
        if (f.y < 1e-5f) continue; // on the neckline
        float whole, share = sewn_across(s, p, panel, f, fminf(f.y, tall - 1e-3f), &whole) / whole;
        if (right) share = 1 - share;
        // Upright around the head, above it closed like a roof.
        float turn = FACE + (3.14159265f - FACE) * share, over = fmaxf(0, (f.y / tall - 0.6f) / 0.4f);
        float wide = h->wide * sqrtf(fmaxf(0, 1 - over * over));
        vec3 up = v3(side * wide * sinf(turn), base + stretch * f.y, h->middle + h->deep * cosf(turn));
        // Then laid back over the nape.
        float back = 2.3f * smoothstep(0, 0.14f, f.y), y = up.y - base, z = up.z - nape;
        up.y = base + y * cosf(back) + z * sinf(back);
        up.z = nape + z * cosf(back) - y * sinf(back);
        vec3 root = along(&n, right ? -f.x : f.x);
        root.y += f.y;
        start[s->vertex[i]] = v3_lerp(root, up, smoothstep(0, 0.07f, f.y));
    }
}

void place_hood(const wearer *w, const pattern *p, const sewn *s, vec3 *start)
{
    head h = head_of(w);
    for (int i = 0; i < p->panels; i++)
        if (p->panel[i].place == PLACE_HOOD_L || p->panel[i].place == PLACE_HOOD_R) place_hood_half(&h, p, s, i, start);
}

// --- collar ---

// A band's point: the angle about the centre of its circle and the height over its lower edge.
static float band_height(const pattern_panel *q, vec2 f, float *angle)
{
    float x = f.x, y = (float)q->radius - f.y, up = q->radius > 0 ? 1.0f : -1.0f;
    *angle = atan2f(x, up * y);
    return up * ((float)fabs(q->radius) - sqrtf(x * x + y * y));
}

void place_collar(const pattern *p, const sewn *s, vec3 *start)
{
    int stand = 0, fall = 0;
    for (int i = 0; i < p->panels; i++) {
        if (p->panel[i].place == PLACE_STAND) stand = i;
        if (p->panel[i].place == PLACE_FALL) fall = i;
    }
    if (fall == 0) return;
    const pattern_panel *st = &p->panel[stand], *fa = &p->panel[fall];
    neckline n = { .count = 0 };
    for (int k = 0; k < 4; k++) add_edge(&n, s, p, stand, k, false, start);
    vec3 centre = v3(0, 0, 0);
    for (int i = 0; i < n.count; i++) centre = v3_mad(centre, n.place[i], 1 / (float)n.count);
    vec2 corner = s->flat[s->edge_point[stand][4][0]], top = s->flat[s->edge_point[stand][5][0]],
         tip = s->flat[s->edge_point[fall][4][0]];
    float half, fold_half, unused, tall = band_height(st, top, &unused);
    band_height(st, corner, &half);
    band_height(fa, tip, &fold_half);
    for (int panel = stand; panel <= fall; panel++)
        for (uint32_t i = s->first[panel]; i < s->first[panel + 1]; i++) {
            float angle, height = band_height(&p->panel[panel], s->flat[i], &angle);
            if (panel == stand && height < 1e-4f) continue; // on the neckline
            float share = panel == stand ? angle / half : angle / fold_half;
            share = share < -1 ? -1 : share > 1 ? 1 : share;
            vec3 root = along(&n, corner.x * sinf(share * half) / sinf(half)), out = v3_sub(root, centre);
            out.y = 0;
            out = v3_unit(out);
            float up = panel == stand ? height : tall, over = panel == stand ? 0 : height;
            vec3 at = v3_mad(root, out, -0.25f * up + 0.55f * over);
            at.y += 0.95f * up - 0.6f * over;
            start[s->vertex[i]] = at;
        }
}
