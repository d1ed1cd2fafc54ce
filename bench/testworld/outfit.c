#include "testworld/outfit.h"
#include "base/mem.h"
#include "image/resample.h"

#include <string.h>

enum { FABRIC_SIDE = 512, WAVES = 5, ROWS = 96, SECTORS = 48 };

const char *const outfit_word[OUTFIT_KINDS] = { "tight", "fitted", "loose" };

typedef struct {
    bool top;
    float thickness;   // metres off the body
    float flare;       // more of it per metre downwards
    float fold;        // amplitude of folds, metres
    float hang;        // 0: follows the body, 1: falls straight from where the body is widest above
    int smoothing;     // rounds; cloth bridges hollows
    float sleeve, hem; // top: sleeve as part of the upper arm (over 1: into the forearm), hem above the crotch, metres
    float collar;      // top: radius of the neckline over that of the neck, metres
    float waist, length; // bottom: upper edge under the navel, metres; lower edge as part of the leg
} cut;

// --- where a garment ends ---

static bool is_arm(int label)
{
    return label >= JOINT_L_SHOULDER; // and elbows, wrists, hands
}

static bool is_foot(int label) { return label == JOINT_L_FOOT || label == JOINT_R_FOOT; }

static float inside_top(const person *p, const cut *c, uint32_t v)
{
    const body_model *m = p->model;
    vec3 q = p->shaped[v];
    int label = m->label[v];
    if (label == JOINT_HEAD || is_foot(label)) return -0.4f;
    if (is_arm(label)) {
        int side = q.x < 0;
        vec3 shoulder = p->joints[JOINT_L_SHOULDER + side], elbow = p->joints[JOINT_L_ELBOW + side],
             wrist = p->joints[JOINT_L_WRIST + side];
        vec3 upper = v3_sub(elbow, shoulder), lower = v3_sub(wrist, elbow);
        float a = v3_len(upper), b = v3_len(lower);
        float end = c->sleeve <= 1 ? c->sleeve * a : a + (c->sleeve - 1) * b;
        float s = v3_dot(v3_sub(q, shoulder), upper) / a;
        if (s > a) s = a + fmaxf(v3_dot(v3_sub(q, elbow), lower) / b, 0);
        return end - s;
    }
    float hem = q.y - (p->shaped[m->mark[MARK_CROTCH].id[0]].y + c->hem);
    vec3 back = p->shaped[m->mark[MARK_CERVICALE].id[0]], front = p->shaped[m->mark[MARK_SUPRASTERNALE].id[0]];
    vec3 centre = v3_lerp(back, front, 0.5f);
    float depth = (q.z - back.z) / (front.z - back.z), line = back.y + fminf(fmaxf(depth, 0), 1) * (front.y - back.y);
    float radius = fabsf(front.z - back.z) / 2 + c->collar;
    float neck = fmaxf(hypotf(q.x - centre.x, q.z - centre.z) - radius, line - 0.6f * c->collar - q.y);
    return fminf(hem, neck);
}

static float inside_bottom(const person *p, const cut *c, uint32_t v)
{
    const body_model *m = p->model;
    vec3 q = p->shaped[v];
    int label = m->label[v];
    if (is_arm(label) || label == JOINT_HEAD || label == JOINT_NECK) return -0.4f;
    float top = p->shaped[m->mark[MARK_NAVEL].id[0]].y - c->waist - q.y;
    float crotch = p->shaped[m->mark[MARK_CROTCH].id[0]].y, ankle = p->joints[JOINT_L_ANKLE].y;
    return fminf(top, q.y - (crotch - c->length * (crotch - ankle)));
}

// --- how it hangs ---

// Cloth that hangs falls from the widest part above: a table of radii around an axis, row 0 on top.
typedef struct {
    float radius[ROWS][SECTORS], high, low;
    vec2 axis[ROWS]; // x, z
} hanging;

static int row_of(const hanging *h, float y)
{
    float t = (h->high - y) / (h->high - h->low) * (ROWS - 1);
    return t < 0 ? 0 : t > ROWS - 1 ? ROWS - 1 : (int)(t + 0.5f);
}

static int sector_of(vec2 axis, vec3 q)
{
    int s = (int)floorf((atan2f(q.z - axis.y, q.x - axis.x) / 6.2831853f + 0.5f) * SECTORS);
    return (s + SECTORS) % SECTORS;
}

// group [vertices]: 1 + the part a vertex belongs to, 0 none.
static void hang(const vec3 *from, vec3 *cloth, const uint8_t *group, uint8_t part, uint32_t count, float amount)
{
    hanging *h = mem_new(1, sizeof *h);
    float n[ROWS] = { 0 };
    h->high = -INFINITY, h->low = INFINITY;
    for (uint32_t v = 0; v < count; v++) {
        if (group[v] != part) continue;
        h->high = fmaxf(h->high, from[v].y), h->low = fminf(h->low, from[v].y);
    }
    if (!(h->high > h->low)) {
        mem_free(h);
        return;
    }
    for (uint32_t v = 0; v < count; v++) {
        if (group[v] != part) continue;
        int k = row_of(h, from[v].y);
        h->axis[k].x += from[v].x, h->axis[k].y += from[v].z, n[k]++;
    }
    for (int k = 0; k < ROWS; k++) {
        if (n[k] > 0)
            h->axis[k] = (vec2){ h->axis[k].x / n[k], h->axis[k].y / n[k] };
        else if (k > 0)
            h->axis[k] = h->axis[k - 1];
    }
    for (uint32_t v = 0; v < count; v++) {
        if (group[v] != part) continue;
        int k = row_of(h, from[v].y), s = sector_of(h->axis[k], from[v]);
        float r = hypotf(from[v].x - h->axis[k].x, from[v].z - h->axis[k].y);
        for (int d = -1; d <= 1; d++) { // the table is finer than the mesh
            float *cell = &h->radius[k][(s + d + SECTORS) % SECTORS];
            *cell = fmaxf(*cell, r);
        }
    }
    for (int k = 1; k < ROWS; k++)
        for (int s = 0; s < SECTORS; s++) h->radius[k][s] = fmaxf(h->radius[k][s], 0.997f * h->radius[k - 1][s]);
    for (uint32_t v = 0; v < count; v++) {
        if (group[v] != part) continue;
        int k = row_of(h, from[v].y), s = sector_of(h->axis[k], from[v]);
        float mean =
            (h->radius[k][(s + SECTORS - 1) % SECTORS] + 2 * h->radius[k][s] + h->radius[k][(s + 1) % SECTORS]) / 4;
        vec2 a = h->axis[k];
        float dx = cloth[v].x - a.x, dz = cloth[v].z - a.y, r = hypotf(dx, dz), want = r + amount * fmaxf(mean - r, 0);
        if (r > 0.01f) cloth[v] = v3(a.x + dx * want / r, cloth[v].y, a.y + dz * want / r);
    }
    mem_free(h);
}

// Only along the normals: hems stay where they were cut.
static void smooth(const body_model *m, const vec3 *normal, vec3 *position, int rounds)
{
    vec3 *sum = mem_array(vec3, m->vertices);
    float *n = mem_array(float, m->vertices);
    for (int round = 0; round < rounds; round++) {
        memset(sum, 0, m->vertices * sizeof *sum);
        memset(n, 0, m->vertices * sizeof *n);
        for (size_t i = 0; i < 3 * (size_t)m->triangles; i++) {
            uint32_t a = m->triangle[i], b = m->triangle[i % 3 == 2 ? i - 2 : i + 1];
            sum[a] = v3_add(sum[a], position[b]);
            sum[b] = v3_add(sum[b], position[a]);
            n[a]++, n[b]++;
        }
        for (uint32_t v = 0; v < m->vertices; v++)
            if (n[v] > 0) {
                vec3 off = v3_sub(v3_scale(sum[v], 1 / n[v]), position[v]);
                position[v] = v3_mad(position[v], normal[v], 0.6f * v3_dot(off, normal[v]));
            }
    }
    mem_free(sum);
    mem_free(n);
}

static void fold(const person *p, rng *r, const vec3 *normal, float amplitude, vec3 *position)
{
    vec3 wave[WAVES];
    float phase[WAVES];
    for (int k = 0; k < WAVES; k++) { // folds run more down than round
        float k0 = (float)(6.28 / rng_between(r, 0.05, 0.16));
        wave[k] = v3_scale(v3_unit(v3((float)rng_normal(r), 0.45f * (float)rng_normal(r), (float)rng_normal(r))), k0);
        phase[k] = (float)rng_between(r, 0, 6.28);
    }
    for (uint32_t v = 0; v < p->model->vertices; v++) {
        float sum = 0;
        for (int k = 0; k < WAVES; k++) sum += sinf(v3_dot(wave[k], p->shaped[v]) + phase[k]);
        position[v] = v3_mad(position[v], normal[v], amplitude * (0.5f + 0.5f * sum / 2));
    }
}

// --- cloth ---

static image weave(rng *r, vec3 color, bool printed)
{
    image im = image_new(FABRIC_SIDE, FABRIC_SIDE, 4);
    int period = 8 + (int)rng_below(r, 14), stripe = printed && rng_uniform(r) < 0.5 ? period / 3 : 0;
    for (uint32_t y = 0; y < FABRIC_SIDE; y++)
        for (uint32_t x = 0; x < FABRIC_SIDE; x++) {
            uint8_t *px = image_at(&im, x, y);
            float light = 1 + 0.03f * (float)rng_normal(r);
            int inside = (int)x - FABRIC_SIDE / 2;
            if (inside >= 8 && inside <= 9) light *= 0.72f; // the seam, 16 mm from the edge
            if ((int)y % period < stripe) light *= 0.6f;
            px[0] = (uint8_t)fminf(255 * color.x * light, 255);
            px[1] = (uint8_t)fminf(255 * color.y * light, 255);
            px[2] = (uint8_t)fminf(255 * color.z * light, 255);
            px[3] = inside >= 0 ? 255 : 0;
        }
    return im;
}

static image without_alpha(const image *im)
{
    image out = image_new(im->width, im->height, 3);
    for (size_t i = 0; i < (size_t)im->width * im->height; i++) memcpy(out.px + 3 * i, im->px + 4 * i, 3);
    return out;
}

static vec3 some_color(rng *r)
{
    float v = (float)rng_between(r, 0.15, 0.95), s = (float)rng_between(r, 0.05, 0.6), h = (float)rng_between(r, 0, 6);
    vec3 hue = v3(fabsf(h - 3) - 1, 2 - fabsf(h - 2), 2 - fabsf(h - 4));
    float *c = &hue.x;
    for (int k = 0; k < 3; k++) c[k] = v * (1 - s * (1 - fminf(fmaxf(c[k], 0), 1)));
    return hue;
}

image outfit_cloth(rng *r, bool printed)
{
    image edged = weave(r, some_color(r), printed), whole = without_alpha(&edged);
    // Without what lies beyond the hem and its seam; the picture's other edge continues the pattern downwards.
    image out = image_crop(&whole, FABRIC_SIDE / 2 + 16, 0, FABRIC_SIDE / 2 - 16, FABRIC_SIDE);
    image_free(&edged);
    image_free(&whole);
    return out;
}

static shell make_shell(const person *p, rng *r, const cut *c)
{
    const body_model *m = p->model;
    uint32_t n = m->vertices;
    shell s = { .rest = mem_array(vec3, n), .uv = mem_array(vec2, n), .fabric = weave(r, some_color(r), c->top) };
    s.cloth = without_alpha(&s.fabric);
    vec3 *normal = mem_array(vec3, n);
    mesh_view mesh = body_mesh(m, p->shaped);
    mesh_normals(&mesh, normal);
    float high = p->joints[c->top ? JOINT_NECK : JOINT_PELVIS].y;
    float *inside = mem_array(float, n), *thick = mem_array(float, n);
    uint8_t *group = mem_array(uint8_t, n);
    for (uint32_t v = 0; v < n; v++) {
        inside[v] = c->top ? inside_top(p, c, v) : inside_bottom(p, c, v);
        s.uv[v] = (vec2){ 0.5f + fminf(fmaxf(inside[v], -0.45f), 0.45f), p->shaped[v].y / 2 };
        thick[v] = c->thickness + c->flare * fmaxf(high - p->shaped[v].y, 0);
        s.rest[v] = v3_mad(p->shaped[v], normal[v], thick[v]);
        int label = m->label[v];
        if (inside[v] < -0.02f || is_arm(label)) continue;
        bool leg = label == JOINT_L_KNEE || label == JOINT_R_KNEE || label == JOINT_L_HIP || label == JOINT_R_HIP;
        group[v] = c->top || !leg ? 1 : p->shaped[v].x > 0 ? 2 : 3;
    }
    smooth(m, normal, s.rest, c->smoothing);
    for (uint8_t part = 1; c->hang > 0 && part <= 3; part++) {
        vec3 *from = mem_array(vec3, n);
        memcpy(from, s.rest, n * sizeof *from);
        hang(from, s.rest, group, part, n, c->hang);
        mem_free(from);
    }
    if (c->hang > 0) smooth(m, normal, s.rest, 2);
    if (c->fold > 0) fold(p, r, normal, c->fold, s.rest);
    for (uint32_t v = 0; v < n; v++) { // nowhere inside the body
        float off = v3_dot(v3_sub(s.rest[v], p->shaped[v]), normal[v]), least = 0.7f * c->thickness;
        if (off < least) s.rest[v] = v3_mad(s.rest[v], normal[v], least - off);
    }
    mem_free(normal);
    mem_free(inside);
    mem_free(thick);
    mem_free(group);
    return s;
}

outfit outfit_new(const person *p, rng *r, outfit_kind kind)
{
    bool loose = kind == OUTFIT_LOOSE, tight = kind == OUTFIT_TIGHT;
    double lo = loose ? 0.008 : tight ? 0.0008 : 0.002, hi = loose ? 0.022 : tight ? 0.002 : 0.006;
    cut top = { .top = true,
                .thickness = (float)rng_between(r, lo, hi),
                .smoothing = loose   ? 12
                             : tight ? 3
                                     : 8,
                .sleeve = (float)(rng_uniform(r) < 0.6 ? rng_between(r, 0.3, 0.7) : rng_between(r, 1.5, 1.95)),
                .hem = (float)(loose ? rng_between(r, -0.02, 0.06) : rng_between(r, 0.02, 0.09)),
                .collar = (float)rng_between(r, 0.004, 0.03) };
    cut bottom = { .thickness = (float)rng_between(r, lo, hi) * 0.8f,
                   .smoothing = loose   ? 8
                                : tight ? 2
                                        : 4,
                   .waist = (float)rng_between(r, 0, 0.05),
                   .length = (float)(rng_uniform(r) < 0.35 ? rng_between(r, 0.3, 0.5) : rng_between(r, 0.88, 1.0)) };
    if (kind == OUTFIT_FITTED) {
        top.fold = (float)rng_between(r, 0.0005, 0.002);
        top.hang = (float)rng_between(r, 0, 0.25);
        bottom.fold = (float)rng_between(r, 0.0005, 0.0015);
    }
    if (loose) {
        top.fold = (float)rng_between(r, 0.003, 0.008);
        top.flare = (float)rng_between(r, 0, 0.02);
        top.hang = (float)rng_between(r, 0.5, 1);
        bottom.fold = (float)rng_between(r, 0.002, 0.006);
        bottom.flare = (float)rng_between(r, 0, 0.015);
        bottom.hang = (float)rng_between(r, 0.2, 0.9);
    }
    top.thickness += bottom.thickness; // worn over the trousers
    return (outfit){ .kind = kind, .top = make_shell(p, r, &top), .bottom = make_shell(p, r, &bottom) };
}

outfit outfit_any(const person *p, rng *r, outfit_kind kind)
{
    bool sew = kind != OUTFIT_TIGHT && rng_uniform(r) < 0.5;
    tailored *made = sew ? tailor_cut(p, r, kind == OUTFIT_LOOSE) : NULL;
    return made ? (outfit){ .kind = kind, .tailor = made } : outfit_new(p, r, kind);
}

static void shell_free(shell *s)
{
    mem_free(s->rest);
    mem_free(s->uv);
    image_free(&s->fabric);
    image_free(&s->cloth);
}

void outfit_free(outfit *o)
{
    tailored_free(o->tailor);
    shell_free(&o->top);
    shell_free(&o->bottom);
}
