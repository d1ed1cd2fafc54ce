#include "testworld/room.h"

#include <stdbool.h>

enum { MAX_THINGS = 6, LATTICE = 64 };

typedef struct {
    float x0, x1, y0, y1; // on the wall, metres
    vec3 color, frame;
    float border;
} thing; // a picture, a door, a cupboard: rectangles on the wall

typedef enum { FLOOR_PLANKS, FLOOR_TILES, FLOOR_CARPET, FLOOR_KINDS } floor_kind;
typedef enum { WALL_PLAIN, WALL_PAPER, WALL_BRICK, WALL_KINDS } wall_kind;

typedef struct {
    float wall_z, lamp_x, lamp_y;
    vec3 wall, floor, skirting;
    wall_kind wall_kind;
    floor_kind floor_kind;
    thing things[MAX_THINGS];
    int count;
    float lattice[LATTICE][LATTICE];
} room;

// floorf is a call; this is called ten million times a picture.
static int whole(float x)
{
    int i = (int)x;
    return i - (x < (float)i);
}

static float smooth_noise(const room *r, float x, float y)
{
    int fx = whole(x), fy = whole(y);
    float tx = x - (float)fx, ty = y - (float)fy;
    int i = fx & (LATTICE - 1), j = fy & (LATTICE - 1), i1 = (i + 1) & (LATTICE - 1), j1 = (j + 1) & (LATTICE - 1);
    tx = tx * tx * (3 - 2 * tx), ty = ty * ty * (3 - 2 * ty);
    float a = r->lattice[j][i] + tx * (r->lattice[j][i1] - r->lattice[j][i]),
          b = r->lattice[j1][i] + tx * (r->lattice[j1][i1] - r->lattice[j1][i]);
    return a + ty * (b - a); // -1..1
}

static vec3 pale(rng *r, double lo, double hi, double spread)
{
    double v = rng_between(r, lo, hi);
    return v3((float)(v * (1 + spread * rng_normal(r))), (float)(v * (1 + spread * rng_normal(r))),
              (float)(v * (1 + spread * rng_normal(r))));
}

static room furnish(rng *r)
{
    room m = { .wall_z = -(float)rng_between(r, 0.5, 2.2),
               .lamp_x = (float)rng_between(r, -2, 2),
               .lamp_y = (float)rng_between(r, 1.2, 2.6),
               .wall = pale(r, 0.25, 0.8, 0.08),
               .floor = pale(r, 0.12, 0.45, 0.05),
               .skirting = pale(r, 0.4, 0.85, 0.02),
               .wall_kind = (wall_kind)rng_below(r, WALL_KINDS),
               .floor_kind = (floor_kind)rng_below(r, FLOOR_KINDS),
               .count = (int)rng_below(r, MAX_THINGS) };
    if (m.floor_kind == FLOOR_PLANKS) m.floor = v3(m.floor.x * 1.15f, m.floor.y * 0.9f, m.floor.z * 0.62f);
    for (int i = 0; i < m.count; i++) {
        thing *t = &m.things[i];
        float side = rng_uniform(r) < 0.5 ? -1 : 1, x = side * (float)rng_between(r, 0.7, 2.2);
        bool stands = rng_uniform(r) < 0.5;
        float w = (float)rng_between(r, 0.15, 0.5),
              h = (float)(stands ? rng_between(r, 0.5, 2.1) : rng_between(r, 0.2, 0.6));
        float y = stands ? 0 : (float)rng_between(r, 1.0, 1.8);
        *t = (thing){ x - w, x + w, y, y + h, pale(r, 0.05, 0.6, 0.25), pale(r, 0.05, 0.5, 0.1), 0.02f };
    }
    for (int j = 0; j < LATTICE; j++)
        for (int i = 0; i < LATTICE; i++) m.lattice[j][i] = (float)rng_between(r, -1, 1);
    return m;
}

static vec3 wall_at(const room *m, float x, float y)
{
    if (y < 0.09f) return v3_scale(m->skirting, y > 0.08f || y < 0.006f ? 0.55f : 1);
    vec3 c = m->wall;
    for (int i = 0; i < m->count; i++) {
        const thing *t = &m->things[i];
        if (x < t->x0 || x > t->x1 || y < t->y0 || y > t->y1) continue;
        bool rim = x < t->x0 + t->border || x > t->x1 - t->border || y < t->y0 + t->border || y > t->y1 - t->border;
        return v3_scale(rim ? t->frame : t->color, 1 + 0.15f * smooth_noise(m, 9 * x, 9 * y));
    }
    if (m->wall_kind == WALL_PAPER && (int)floorf(x / 0.06f) % 2 == 0) c = v3_scale(c, 0.93f);
    if (m->wall_kind == WALL_BRICK) {
        int row = (int)floorf(y / 0.075f);
        float u = x / 0.24f + (row % 2 ? 0.5f : 0), fu = u - floorf(u), fv = y / 0.075f - (float)row;
        float tone = 1 + 0.12f * smooth_noise(m, floorf(u) * 3.7f + (float)row * 1.3f, (float)row * 5.1f);
        c = v3_scale(c, fu < 0.03f || fv < 0.09f ? 0.8f : tone);
    }
    return v3_scale(c, 1 + 0.03f * smooth_noise(m, 3 * x, 3 * y) + 0.012f * smooth_noise(m, 90 * x, 90 * y));
}

static vec3 floor_at(const room *m, float x, float z)
{
    if (m->floor_kind == FLOOR_CARPET) {
        return v3_scale(m->floor, 1 + 0.06f * smooth_noise(m, 60 * x, 60 * z) + 0.05f * smooth_noise(m, 5 * x, 5 * z));
    }
    if (m->floor_kind == FLOOR_TILES) {
        float u = x / 0.33f, v = z / 0.33f, fu = u - floorf(u), fv = v - floorf(v);
        if (fu < 0.012f || fv < 0.012f) return v3_scale(m->floor, 0.7f);
        return v3_scale(m->floor, 1.25f + 0.06f * smooth_noise(m, 7 * x, 7 * z));
    }
    float u = x / 0.14f, plank = floorf(u), along = z / 1.2f + 0.37f * plank, fv = along - floorf(along);
    float tone = 1 + 0.2f * smooth_noise(m, plank * 7.3f, floorf(along) * 3.1f);
    if (u - plank < 0.025f || fv < 0.003f) tone *= 0.6f;
    return v3_scale(m->floor,
                    tone * (1 + 0.12f * smooth_noise(m, 40 * x, 3 * z) + 0.05f * smooth_noise(m, 150 * x, 9 * z)));
}

static vec3 color_along(const room *m, vec3 eye, vec3 ray)
{
    float to_floor = ray.y < -1e-5f ? -eye.y / ray.y : INFINITY;
    float to_wall = ray.z < -1e-5f ? (m->wall_z - eye.z) / ray.z : INFINITY;
    if (isinf(to_floor) && isinf(to_wall)) return m->wall;
    bool down = to_floor < to_wall;
    vec3 p = v3_mad(eye, ray, down ? to_floor : to_wall);
    vec3 c = down ? floor_at(m, p.x, p.z) : wall_at(m, p.x, p.y);
    // One soft lamp, and the dark of the corner between wall and floor.
    float d2 = (p.x - m->lamp_x) * (p.x - m->lamp_x) + (p.y - m->lamp_y) * (p.y - m->lamp_y) + 0.3f * p.z * p.z;
    float light = 0.62f + 0.5f / (1 + 0.25f * d2), corner = down ? p.z - m->wall_z : p.y;
    light *= 1 - 0.35f * expf(-corner / 0.15f);
    return v3_scale(c, light);
}

enum { CODES = 8192 }; // finer than a step of the code from the twelfth on

static void fill_codes(uint8_t *code)
{
    for (int i = 0; i < CODES; i++) {
        float linear = (float)i / (CODES - 1);
        float c = linear <= 0.0031308f ? 12.92f * linear : 1.055f * powf(linear, 1 / 2.4f) - 0.055f;
        code[i] = (uint8_t)(255 * c + 0.5f);
    }
}

static uint8_t coded(const uint8_t *code, float linear)
{
    return code[linear <= 0 ? 0 : linear >= 1 ? CODES - 1 : (int)(linear * (CODES - 1) + 0.5f)];
}

void room_draw(image *canvas, const raster_camera *c, rng *r)
{
    room m = furnish(r);
    mat3 back = m3_transpose(&c->world_to_camera.r);
    vec3 eye = v3_scale(m3_apply(&back, c->world_to_camera.t), -1);
    uint8_t code[CODES];
    fill_codes(code);
    for (uint32_t y = 0; y < canvas->height; y++)
        for (uint32_t x = 0; x < canvas->width; x++) {
            vec3 sum = { 0 };
            for (int k = 0; k < 2; k++) { // two samples: joints are thin
                float px = (float)x + 0.25f + 0.5f * (float)k, py = (float)y + 0.25f + 0.5f * (float)k;
                vec3 ray = m3_apply(&back, v3((px - c->cx) / c->focal, (py - c->cy) / c->focal, 1));
                sum = v3_mad(sum, color_along(&m, eye, ray), 0.5f);
            }
            uint8_t *px = image_at(canvas, x, y);
            px[0] = coded(code, sum.x), px[1] = coded(code, sum.y), px[2] = coded(code, sum.z);
        }
}
