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
    float side = fminf((float)width, (float)height), room_x = cam.cx - margin * side, room_y = cam.cy - margin * side;
    float distance = 0.1f;
    for (int i = 0; i < 8; i++) {
        vec3 corner = v3(i & 1 ? hi.x : lo.x, i & 2 ? hi.y : lo.y, i & 4 ? hi.z : lo.z);
        vec3 q = m3_apply(&cam.world_to_camera.r, v3_sub(corner, centre));
        distance = fmaxf(distance, cam.focal * fmaxf(fabsf(q.x) / room_x, fabsf(q.y) / room_y) - q.z);
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
    float ambient = light->ambient > 0 ? light->ambient : 0.30f;
    // The lamps stand around the camera, so that every view of a turnaround is lit alike. Camera space: y down.
    studio s = { .lamp = { { v3(-0.55f, -0.60f, -0.62f), v3(1.32f, 1.27f, 1.20f), 0.25f },
                           { v3(0.85f, -0.05f, -0.50f), v3(0.26f, 0.29f, 0.34f), 0.5f },
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
    float a = roughness * roughness, a2 = a * a, nh = fmaxf(v3_dot(n, h), 0), f = 1 - fmaxf(v3_dot(eye, h), 0);
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
            lo = v3(fminf(lo.x, p.x), 0, fminf(lo.z, p.z));
            hi = v3(fmaxf(hi.x, p.x), 0, fmaxf(hi.z, p.z));
        }
    if (!(hi.x > lo.x)) return NULL;
    const float border = 0.35f, below = 10; // metres
    shadow *s = mem_new(1, sizeof *s);
    float side = fmaxf(hi.x - lo.x, hi.z - lo.z) + 2 * border;
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
            float above = v.seen[at] ? fmaxf(-v.nearness[at] - below, 0) : INFINITY;
            s->dark[z][x] = 0.85f * expf(-above / 0.12f) + 0.25f * expf(-above / 0.8f);
        }
    blur(s, 1 + (int)(0.018f * s->cells_per_metre));
    for (int i = 0; i < count; i++) mem_free(in_camera[i]);
    mem_free(in_camera);
    mem_free(plain);
    visible_free(&v);
    return s;
}

// How dark the ground is where the camera sees it at picture point (x, y); 0 where it sees no ground.
static float shadow_at(const shadow *s, const raster_camera *camera, const mat3 *to_world, vec3 eye, float x, float y)
{
    float rx = (x - camera->cx) / camera->focal, ry = (y - camera->cy) / camera->focal;
    vec3 from = eye, ray = m3_apply(to_world, v3(rx, ry, 1));
    if (camera->orthographic) {
        from = v3_add(eye, m3_apply(to_world, v3(rx, ry, 0)));
        ray = m3_apply(to_world, v3(0, 0, 1));
    }
    if (from.y <= 0 || ray.y >= -1e-6f) return 0;
    vec3 hit = v3_mad(from, ray, -from.y / ray.y);
    float u = (hit.x - s->x0) * s->cells_per_metre - 0.5f, w = (hit.z - s->z0) * s->cells_per_metre - 0.5f;
    if (!(u >= 0 && w >= 0 && u < SHADOW_SIDE - 1 && w < SHADOW_SIDE - 1)) return 0;
    int i = (int)u, j = (int)w;
    float tx = u - (float)i, ty = w - (float)j;
    float top = s->dark[j][i] + tx * (s->dark[j][i + 1] - s->dark[j][i]);
    float low = s->dark[j + 1][i] + tx * (s->dark[j + 1][i + 1] - s->dark[j + 1][i]);
    return fminf(top + ty * (low - top), 1);
}

// --- drawing ---

typedef struct {
    const raster_item *items;
    int count;
    raster_camera camera; // in samples
    vec3 **in_camera;     // [count] [vertex_count]
    const vec3 **normal;  // [count] [vertex_count]
    mat3 to_world;
    vec3 eye; // of the camera, world
    studio light;
    srgb_table srgb;
} scene;

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
    return lit(&s->light, color, n, eye, fminf(fmaxf(it->roughness, 0.15f), 1));
}

// What a pixel shows: each triangle seen by some of its samples is shaded once, at the mean of those samples.
static void resolve(const scene *s, const visible *v, uint32_t px, uint32_t py, uint32_t samples, float dark,
                    uint8_t *rgb, float *depth)
{
    uint32_t number[SAMPLES_MAX * SAMPLES_MAX], hits[SAMPLES_MAX * SAMPLES_MAX], kinds = 0, empty = 0;
    float x[SAMPLES_MAX * SAMPLES_MAX], y[SAMPLES_MAX * SAMPLES_MAX], nearest = -INFINITY;
    for (uint32_t j = 0; j < samples; j++)
        for (uint32_t i = 0; i < samples; i++) {
            uint32_t sx = px * samples + i, sy = py * samples + j, k = 0;
            size_t at = (size_t)sy * v->width + sx;
            if (!v->seen[at]) {
                empty++;
                continue;
            }
            nearest = fmaxf(nearest, v->nearness[at]);
            while (k < kinds && number[k] != v->seen[at]) k++;
            if (k == kinds) number[kinds] = v->seen[at], hits[kinds] = 0, x[kinds] = y[kinds] = 0, kinds++;
            hits[k]++;
            x[k] += (float)sx + 0.5f;
            y[k] += (float)sy + 0.5f;
        }
    if (kinds == 0 && dark <= 0) return;
    vec3 sum = { 0, 0, 0 };
    if (empty) {
        const float *l = s->srgb.linear;
        sum = v3_scale(v3(l[rgb[0]], l[rgb[1]], l[rgb[2]]), (float)empty * (1 - 0.6f * dark));
    }
    for (uint32_t k = 0; k < kinds; k++) {
        float n = (float)hits[k];
        sum = v3_mad(sum, shade(s, number[k], x[k] / n, y[k] / n), n);
    }
    sum = v3_scale(sum, 1 / (float)(samples * samples));
    rgb[0] = srgb_code(&s->srgb, sum.x), rgb[1] = srgb_code(&s->srgb, sum.y), rgb[2] = srgb_code(&s->srgb, sum.z);
    if (depth && kinds) *depth = s->camera.orthographic ? -nearest : 1 / nearest;
}

static scene scene_new(const raster_camera *camera, const raster_item *items, int count, const raster_light *light,
                       uint32_t samples)
{
    scene s = { .items = items, .count = count, .camera = *camera };
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
}

void raster_draw(image *canvas, const raster_camera *camera, const raster_item *items, int count,
                 const raster_light *light, float *depth)
{
    uint32_t samples = light->samples > 0 ? (uint32_t)light->samples : 2;
    assert(canvas->channels == 3 && samples <= SAMPLES_MAX && camera->focal > 0);
    scene s = scene_new(camera, items, count, light, samples);
    visible v = visible_new(canvas->width * samples, canvas->height * samples);
    visible_draw(&v, &s.camera, items, (const vec3 *const *)s.in_camera, count);
    shadow *ground = light->ground_shadow ? shadow_new(items, count) : NULL;
    if (depth) memset(depth, 0, (size_t)canvas->width * canvas->height * sizeof *depth);
    for (uint32_t y = 0; y < canvas->height; y++)
        for (uint32_t x = 0; x < canvas->width; x++) {
            float dark = ground ? shadow_at(ground, camera, &s.to_world, s.eye, (float)x + 0.5f, (float)y + 0.5f) : 0;
            resolve(&s, &v, x, y, samples, dark, image_at(canvas, x, y),
                    depth ? depth + (size_t)y * canvas->width + x : NULL);
        }
    mem_free(ground);
    visible_free(&v);
    scene_free(&s);
}
