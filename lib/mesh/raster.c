#include "mesh/raster.h"
#include "base/mem.h"
#include "mesh/visible.h"

#include <assert.h>
#include <stdbool.h>
#include <string.h>

enum { SAMPLES_MAX = 8 };

// --- sRGB (IEC 61966-2-1) ---

typedef struct {
    float linear[256];
    uint8_t coded[4096]; // by linear value * 4095; finer than a code step everywhere but in the darkest twelve codes
} srgb_table;

static void srgb_init(srgb_table *t)
{
    for (int i = 0; i < 256; i++) {
        double c = i / 255.0;
        t->linear[i] = (float)(c <= 0.04045 ? c / 12.92 : pow((c + 0.055) / 1.055, 2.4));
    }
    for (int i = 0; i < 4096; i++) {
        double c = i / 4095.0;
        t->coded[i] = (uint8_t)(255 * (c <= 0.0031308 ? 12.92 * c : 1.055 * pow(c, 1 / 2.4) - 0.055) + 0.5);
    }
}

static uint8_t srgb_code(const srgb_table *t, float linear)
{
    return t->coded[linear <= 0 ? 0 : linear >= 1 ? 4095 : (int)(linear * 4095 + 0.5f)];
}

// --- camera ---

raster_camera raster_frame(vec3 lo, vec3 hi, float yaw, uint32_t width, uint32_t height, float margin)
{
    float s = sinf(yaw), c = cosf(yaw);
    raster_camera cam = { .focal = 2.2f * (float)height, // a long lens, 26 degrees high: little distortion
                          .cx = (float)width / 2,
                          .cy = (float)height / 2 };
    cam.world_to_camera.r = (mat3){ { { c, 0, -s }, { 0, -1, 0 }, { -s, 0, -c } } };
    vec3 centre = v3_lerp(lo, hi, 0.5f);
    float side = f_min((float)width, (float)height), room_x = cam.cx - margin * side, room_y = cam.cy - margin * side;
    float distance = 0.1f;
    for (int i = 0; i < 8; i++) {
        vec3 corner = v3(i & 1 ? hi.x : lo.x, i & 2 ? hi.y : lo.y, i & 4 ? hi.z : lo.z);
        vec3 q = m3_apply(&cam.world_to_camera.r, v3_sub(corner, centre));
        distance = f_max(distance, cam.focal * f_max(fabsf(q.x) / room_x, fabsf(q.y) / room_y) - q.z);
    }
    cam.world_to_camera.t = v3_sub(v3(0, 0, distance), m3_apply(&cam.world_to_camera.r, centre));
    return cam;
}

// --- light ---

typedef struct {
    vec3 direction; // towards the light, world, unit
    vec3 color;
    float wrap; // how far round the terminator a large softbox reaches, 0..1
} lamp;

enum { LAMPS = 3 };
typedef struct {
    lamp lamp[LAMPS];
    vec3 sky, ground; // hemisphere ambient
} studio;

static studio set_up(const raster_light *light, const mat3 *world_to_camera)
{
    mat3 to_world = m3_transpose(world_to_camera);
    float ambient = light->ambient > 0 ? light->ambient : 0.24f;
    // The lamps stand around the camera, so that every view of a turnaround is lit alike. Camera space: y down.
    studio s = { .lamp = { { v3(-0.55f, -0.60f, -0.62f), v3(1.75f, 1.68f, 1.58f), 0.2f },
                           { v3(0.85f, -0.05f, -0.50f), v3(0.22f, 0.25f, 0.30f), 0.5f },
                           { v3(0.45f, -0.55f, 0.80f), v3(0.75f, 0.78f, 0.85f), 0.1f } },
                 .sky = v3_scale(v3(1.0f, 1.02f, 1.06f), ambient),
                 .ground = v3_scale(v3(0.58f, 0.55f, 0.52f), ambient) };
    for (int i = 0; i < LAMPS; i++) s.lamp[i].direction = v3_unit(m3_apply(&to_world, s.lamp[i].direction));
    if (v3_len(light->key_direction) > 0) s.lamp[0].direction = v3_unit(light->key_direction);
    return s;
}

// Specular reflection by Trowbridge-Reitz (GGX) with Schlick's Fresnel term at 4 %, the visibility factor taken as 1/4.
static float gloss(vec3 n, vec3 l, vec3 eye, float roughness)
{
    float nl = v3_dot(n, l);
    if (nl <= 0) return 0;
    vec3 h = v3_unit(v3_add(l, eye));
    float a = roughness * roughness, a2 = a * a, nh = f_max(v3_dot(n, h), 0), f = 1 - f_max(v3_dot(eye, h), 0);
    float spread = nh * nh * (a2 - 1) + 1, fresnel = 0.04f + 0.96f * f * f * f * f * f;
    return a2 / (3.14159265f * spread * spread) * fresnel * nl / 4;
}

// eye: from the point to the camera, unit.
static vec3 lit(const studio *s, vec3 color, vec3 n, vec3 eye, float roughness)
{
    vec3 diffuse = v3_lerp(s->ground, s->sky, 0.5f + 0.5f * n.y), specular = v3(0, 0, 0);
    for (int i = 0; i < LAMPS; i++) {
        const lamp *l = &s->lamp[i];
        float nl = (v3_dot(n, l->direction) + l->wrap) / (1 + l->wrap);
        if (nl > 0) diffuse = v3_mad(diffuse, l->color, nl * 0.62f);
        specular = v3_mad(specular, l->color, gloss(n, l->direction, eye, roughness));
    }
    return v3_add(v3(diffuse.x * color.x, diffuse.y * color.y, diffuse.z * color.z), specular);
}

// --- the contact shadow ---

enum { SHADOW_SIDE = 192 };
typedef struct {
    float dark[SHADOW_SIDE][SHADOW_SIDE]; // 0..1, [z][x]
    float x0, z0, cells_per_metre;
} shadow;

// Three box blurs come close to a Gaussian.
static void blur_line(float *line, size_t stride, int radius)
{
    float copy[SHADOW_SIDE];
    for (int pass = 0; pass < 3; pass++) {
        for (int i = 0; i < SHADOW_SIDE; i++) copy[i] = line[(size_t)i * stride];
        float sum = 0;
        for (int i = -radius; i < SHADOW_SIDE; i++) {
            if (i + radius < SHADOW_SIDE) sum += copy[i + radius];
            if (i - radius > 0) sum -= copy[i - radius - 1];
            if (i >= 0) line[(size_t)i * stride] = sum / (float)(2 * radius + 1);
        }
    }
}

static void blur(shadow *s, int radius)
{
    for (int i = 0; i < SHADOW_SIDE; i++) blur_line(s->dark[i], 1, radius);
    for (int i = 0; i < SHADOW_SIDE; i++) blur_line(&s->dark[0][i], SHADOW_SIDE, radius);
}

// Looks up at the items from under the ground: what is near the ground is dark.
static shadow *shadow_new(const raster_item *items, int count)
{
    vec3 lo = v3(INFINITY, INFINITY, INFINITY), hi = v3(-INFINITY, -INFINITY, -INFINITY);
    for (int i = 0; i < count; i++)
        for (size_t k = 0; k < items[i].mesh.vertex_count; k++) {
            vec3 p = items[i].mesh.position[k];
            lo = v3(f_min(lo.x, p.x), 0, f_min(lo.z, p.z));
            hi = v3(f_max(hi.x, p.x), 0, f_max(hi.z, p.z));
        }
    if (!(hi.x > lo.x)) return NULL;
    const float border = 0.35f, below = 10; // metres
    shadow *s = mem_new(1, sizeof *s);
    float side = f_max(hi.x - lo.x, hi.z - lo.z) + 2 * border;
    s->cells_per_metre = SHADOW_SIDE / side;
    s->x0 = (lo.x + hi.x - side) / 2;
    s->z0 = (lo.z + hi.z - side) / 2;
    // Picture x is world x, picture y is world z, looking along +y.
    raster_camera up = { .world_to_camera = { { { { 1, 0, 0 }, { 0, 0, 1 }, { 0, 1, 0 } } }, v3(0, 0, below) },
                         .focal = s->cells_per_metre,
                         .cx = -s->x0 * s->cells_per_metre,
                         .cy = -s->z0 * s->cells_per_metre,
                         .orthographic = 1 };
    visible v = visible_new(SHADOW_SIDE, SHADOW_SIDE);
    vec3 **in_camera = mem_array(vec3 *, (size_t)count);
    raster_item *plain = mem_array(raster_item, (size_t)count);
    for (int i = 0; i < count; i++) {
        plain[i] = (raster_item){ .mesh = items[i].mesh, .two_sided = 1 };
        in_camera[i] = mem_array(vec3, items[i].mesh.vertex_count);
        for (size_t k = 0; k < items[i].mesh.vertex_count; k++) {
            in_camera[i][k] = rigid_apply(&up.world_to_camera, items[i].mesh.position[k]);
        }
    }
    visible_draw(&v, &up, plain, (const vec3 *const *)in_camera, count);
    for (int z = 0; z < SHADOW_SIDE; z++)
        for (int x = 0; x < SHADOW_SIDE; x++) {
            size_t at = (size_t)z * SHADOW_SIDE + (size_t)x;
            float above = v.seen[at] ? f_max(-v.nearness[at] - below, 0) : INFINITY;
            s->dark[z][x] = 1.7f * expf(-above / 0.12f) + 0.15f * expf(-above / 0.5f);
        }
    blur(s, 1 + (int)(0.022f * s->cells_per_metre));
    for (int i = 0; i < count; i++) mem_free(in_camera[i]);
    mem_free(in_camera);
    mem_free(plain);
    visible_free(&v);
    return s;
}

// Where the shadow's square of ground is in the picture; all of it when the square reaches behind the camera.
typedef struct {
    float x0, x1, y0, y1;
} box;

static box shadow_box(const shadow *s, const raster_camera *camera)
{
    box b = { INFINITY, -INFINITY, INFINITY, -INFINITY };
    float side = SHADOW_SIDE / s->cells_per_metre;
    for (int i = 0; i < 4; i++) {
        vec3 corner = v3(s->x0 + (i & 1 ? side : 0), 0, s->z0 + (i & 2 ? side : 0));
        vec3 p = rigid_apply(&camera->world_to_camera, corner);
        float w = camera->orthographic ? 1 : p.z;
        if (p.z < 0.01f) return (box){ -INFINITY, INFINITY, -INFINITY, INFINITY };
        float x = camera->focal * p.x / w + camera->cx, y = camera->focal * p.y / w + camera->cy;
        b = (box){ f_min(b.x0, x), f_max(b.x1, x), f_min(b.y0, y), f_max(b.y1, y) };
    }
    return b;
}

// --- drawing ---

typedef struct {
    const raster_item *items;
    int count;
    uint32_t samples;           // a side of a pixel
    raster_camera camera;       // in samples
    raster_camera pixel_camera; // in pixels
    vec3 **in_camera;           // [count] [vertex_count]
    const vec3 **normal;        // [count] [vertex_count]
    mat3 to_world;
    vec3 eye; // of the camera, world
    studio light;
    shadow *ground; // NULL: none
    box ground_box;
    srgb_table srgb;
} scene;

// How dark the ground is where the camera sees it at picture point (x, y); 0 where it sees no ground.
static float shadow_at(const scene *sc, float x, float y)
{
    const shadow *s = sc->ground;
    const raster_camera *camera = &sc->pixel_camera;
    float rx = (x - camera->cx) / camera->focal, ry = (y - camera->cy) / camera->focal;
    vec3 from = sc->eye, ray = m3_apply(&sc->to_world, v3(rx, ry, 1));
    if (camera->orthographic) {
        from = v3_add(from, m3_apply(&sc->to_world, v3(rx, ry, 0)));
        ray = m3_apply(&sc->to_world, v3(0, 0, 1));
    }
    if (from.y <= 0 || ray.y >= -1e-6f) return 0;
    vec3 hit = v3_mad(from, ray, -from.y / ray.y);
    float u = (hit.x - s->x0) * s->cells_per_metre - 0.5f, w = (hit.z - s->z0) * s->cells_per_metre - 0.5f;
    if (!(u >= 0 && w >= 0 && u < SHADOW_SIDE - 1 && w < SHADOW_SIDE - 1)) return 0;
    int i = (int)u, j = (int)w;
    float tx = u - (float)i, ty = w - (float)j;
    float top = s->dark[j][i] + tx * (s->dark[j][i + 1] - s->dark[j][i]);
    float low = s->dark[j + 1][i] + tx * (s->dark[j + 1][i + 1] - s->dark[j + 1][i]);
    return f_min(top + ty * (low - top), 1);
}

static vec3 mix3(const vec3 *a, const uint32_t *corner, vec3 w)
{
    return v3_mad(v3_mad(v3_scale(a[corner[0]], w.x), a[corner[1]], w.y), a[corner[2]], w.z);
}

// Colour, linear, of the triangle number at the sample-space point (x, y).
static vec3 shade(const scene *s, uint32_t number, float x, float y)
{
    int i = 0;
    for (number--; number >= s->items[i].mesh.triangle_count; i++) number -= s->items[i].mesh.triangle_count;
    const raster_item *it = &s->items[i];
    const uint32_t *corner = &it->mesh.triangle[3 * (size_t)number];
    const vec3 *p = s->in_camera[i];
    vec3 a = p[corner[0]], b = p[corner[1]], c = p[corner[2]];
    vec3 w = visible_weights(&s->camera, a, b, c, x, y);

    vec3 point = mix3(it->mesh.position, corner, w);
    vec3 eye = s->camera.orthographic ? m3_apply(&s->to_world, v3(0, 0, -1)) : v3_unit(v3_sub(s->eye, point));
    vec3 n = v3_unit(mix3(s->normal[i], corner, w));
    vec3 flat = v3_cross(v3_sub(b, a), v3_sub(c, a));
    bool behind = s->camera.orthographic ? flat.z > 0 : v3_dot(flat, a) > 0;
    if (behind) n = v3_scale(n, -1);

    vec3 color = it->color ? mix3(it->color, corner, w) : it->base_color;
    if (it->texture && it->uv) {
        float t[4];
        texture_sample(it->texture, uv_at(it->uv, corner, w), t);
        const float *l = s->srgb.linear;
        color = v3(color.x * l[(int)(t[0] + 0.5f)], color.y * l[(int)(t[1] + 0.5f)], color.z * l[(int)(t[2] + 0.5f)]);
    }
    return lit(&s->light, color, n, eye, f_min(f_max(it->roughness, 0.15f), 1));
}

// One surface in a pixel: a triangle that stands for its smooth neighbourhood.
typedef struct {
    uint32_t number, hits, own; // own: the samples that saw this very triangle
    float x, y, near;           // x, y: sums over own
} surface;

static int item_of(const scene *s, uint32_t number)
{
    int i = 0;
    for (number--; number >= s->items[i].mesh.triangle_count; i++) number -= s->items[i].mesh.triangle_count;
    return i;
}

// Shading is smooth over an item, so neighbouring triangles within a centimetre of depth are shaded as one.
static bool same_surface(const scene *s, const surface *f, uint32_t number, float near)
{
    if (f->number == number) return true;
    float centimetre = s->camera.orthographic ? 0.01f : 0.01f * near * near; // of nearness, 1 / z
    return fabsf(f->near - near) < centimetre && (s->count == 1 || item_of(s, f->number) == item_of(s, number));
}

// The surfaces that the samples of a pixel see; f has room for all samples. *empty: samples that see none.
static uint32_t find_surfaces(const scene *s, const visible *v, uint32_t px, uint32_t py, surface *f, uint32_t *empty)
{
    uint32_t kinds = 0;
    *empty = 0;
    for (uint32_t j = 0; j < s->samples; j++) {
        uint32_t sx = px * s->samples, sy = py * s->samples + j, k;
        size_t at = (size_t)sy * v->width + sx;
        for (uint32_t i = 0; i < s->samples; i++, at++) {
            uint32_t number = v->seen[at];
            if (!number) {
                ++*empty;
                continue;
            }
            float near = v->nearness[at];
            for (k = 0; k < kinds && !same_surface(s, &f[k], number, near);) k++;
            if (k == kinds) f[kinds++] = (surface){ .number = number, .near = near };
            f[k].hits++;
            if (f[k].number != number) continue;
            f[k].own++;
            f[k].x += (float)(sx + i) + 0.5f;
            f[k].y += (float)sy + 0.5f;
        }
    }
    return kinds;
}

static bool in_box(const box *b, float x, float y) { return x >= b->x0 && x <= b->x1 && y >= b->y0 && y <= b->y1; }

// Mixes what the samples of a pixel see, in linear light. Returns the nearness of the nearest, -infinity for none.
static float resolve(const scene *s, const visible *v, uint32_t px, uint32_t py, uint8_t *rgb)
{
    surface found[SAMPLES_MAX * SAMPLES_MAX];
    uint32_t empty, kinds = find_surfaces(s, v, px, py, found, &empty);
    float dark = 0, x = (float)px + 0.5f, y = (float)py + 0.5f, nearest = -INFINITY;
    if (empty && s->ground && in_box(&s->ground_box, x, y)) dark = shadow_at(s, x, y);
    if (kinds == 0 && dark <= 0) return nearest;
    vec3 sum = { 0, 0, 0 };
    if (empty) {
        const float *l = s->srgb.linear;
        sum = v3_scale(v3(l[rgb[0]], l[rgb[1]], l[rgb[2]]), (float)empty * (1 - 0.7f * dark));
    }
    for (uint32_t k = 0; k < kinds; k++) {
        float own = (float)found[k].own;
        sum = v3_mad(sum, shade(s, found[k].number, found[k].x / own, found[k].y / own), (float)found[k].hits);
        nearest = f_max(nearest, found[k].near);
    }
    sum = v3_scale(sum, 1 / (float)(s->samples * s->samples));
    rgb[0] = srgb_code(&s->srgb, sum.x), rgb[1] = srgb_code(&s->srgb, sum.y), rgb[2] = srgb_code(&s->srgb, sum.z);
    return nearest;
}

static scene scene_new(const raster_camera *camera, const raster_item *items, int count, const raster_light *light)
{
    uint32_t samples = light->samples > 0 ? (uint32_t)light->samples : 2;
    assert(samples <= SAMPLES_MAX && camera->focal > 0);
    scene s = { .items = items, .count = count, .samples = samples, .camera = *camera, .pixel_camera = *camera };
    if (light->ground_shadow) s.ground = shadow_new(items, count);
    if (s.ground) s.ground_box = shadow_box(s.ground, camera);
    s.camera.focal *= (float)samples, s.camera.cx *= (float)samples, s.camera.cy *= (float)samples;
    s.to_world = m3_transpose(&camera->world_to_camera.r);
    s.eye = v3_scale(m3_apply(&s.to_world, camera->world_to_camera.t), -1);
    s.light = set_up(light, &camera->world_to_camera.r);
    srgb_init(&s.srgb);
    s.in_camera = mem_array(vec3 *, (size_t)count);
    s.normal = mem_array(const vec3 *, (size_t)count);
    for (int i = 0; i < count; i++) {
        const mesh_view *m = &items[i].mesh;
        s.in_camera[i] = mem_array(vec3, m->vertex_count);
        for (size_t k = 0; k < m->vertex_count; k++) {
            s.in_camera[i][k] = rigid_apply(&camera->world_to_camera, m->position[k]);
        }
        s.normal[i] = items[i].normal;
        if (s.normal[i]) continue;
        vec3 *computed = mem_array(vec3, m->vertex_count);
        mesh_normals(m, computed);
        s.normal[i] = computed;
    }
    return s;
}

static void scene_free(scene *s)
{
    for (int i = 0; i < s->count; i++) {
        mem_free(s->in_camera[i]);
        if (!s->items[i].normal) mem_free((vec3 *)(uintptr_t)s->normal[i]);
    }
    mem_free(s->in_camera);
    mem_free(s->normal);
    mem_free(s->ground);
}

void raster_draw(image *canvas, const raster_camera *camera, const raster_item *items, int count,
                 const raster_light *light, float *depth)
{
    assert(canvas->channels == 3);
    scene s = scene_new(camera, items, count, light);
    visible v = visible_new(canvas->width * s.samples, canvas->height * s.samples);
    visible_draw(&v, &s.camera, items, (const vec3 *const *)s.in_camera, count);
    if (depth) memset(depth, 0, (size_t)canvas->width * canvas->height * sizeof *depth);
    // Where there is neither item nor shadow the canvas stays.
    box drawn = { (float)(v.x0 / s.samples), (float)((v.x1 + s.samples - 1) / s.samples), (float)(v.y0 / s.samples),
                  (float)((v.y1 + s.samples - 1) / s.samples) };
    for (uint32_t y = 0; y < canvas->height; y++)
        for (uint32_t x = 0; x < canvas->width; x++) {
            float cx = (float)x + 0.5f, cy = (float)y + 0.5f;
            if (!in_box(&drawn, cx, cy) && !(s.ground && in_box(&s.ground_box, cx, cy))) continue;
            float nearness = resolve(&s, &v, x, y, image_at(canvas, x, y));
            if (!depth || isinf(nearness)) continue;
            depth[(size_t)y * canvas->width + x] = camera->orthographic ? -nearness : 1 / nearness;
        }
    visible_free(&v);
    scene_free(&s);
}
