#include "testworld/photo.h"
#include "base/mem.h"
#include "mesh/visible.h"
#include "testworld/room.h"

#include <string.h>

enum { MAX_ITEMS = 9, SKY_VIEWS = 26, SKY_SIDE = 320 };

// --- the camera ---

photo_camera photo_aim(rng *r, const person *p, uint32_t width, uint32_t height)
{
    photo_camera c = { .width = width, .height = height };
    float tall = (float)p->truth[TAPE_HEIGHT];
    c.focal_35mm = (float)rng_between(r, 24, 35);
    c.eye_height = (float)rng_between(r, 0.8, 1.6);
    float longer = (float)(width > height ? width : height), focal = c.focal_35mm / 36 * longer;
    // Far enough that she fills at most 90 % of the picture's height; up to 3.5 m.
    float nearest = fmaxf(1.5f, tall * focal / (0.86f * (float)height) + 0.15f);
    c.distance = nearest + (float)rng_between(r, 0, 1) * fmaxf(fminf(3.5f, 1.4f * nearest) - nearest, 0.1f);
    float aim = 0.5f * tall + (float)rng_between(r, -0.03, 0.05);
    float tilt = atan2f(c.eye_height - aim, c.distance), roll = (float)(0.012 * rng_normal(r));
    c.tilt_deg = tilt * 57.29578f;
    vec3 eye = v3((float)rng_between(r, -0.12, 0.12), c.eye_height, c.distance);
    // The camera looks along -z of the world, tilted down.
    vec3 forward = v3(-0.6f * eye.x / c.distance, -sinf(tilt), -cosf(tilt));
    forward = v3_unit(forward);
    vec3 right = v3_unit(v3_cross(forward, v3(0, 1, 0)));
    vec3 down = v3_cross(forward, right);
    vec3 x = v3_add(v3_scale(right, cosf(roll)), v3_scale(down, sinf(roll)));
    vec3 y = v3_add(v3_scale(down, cosf(roll)), v3_scale(right, -sinf(roll)));
    c.camera.world_to_camera.r =
        (mat3){ { { x.x, x.y, x.z }, { y.x, y.y, y.z }, { forward.x, forward.y, forward.z } } };
    c.camera.world_to_camera.t = v3_scale(m3_apply(&c.camera.world_to_camera.r, eye), -1);
    c.camera.focal = focal;
    c.camera.cx = (float)width / 2;
    c.camera.cy = (float)height / 2;
    return c;
}

static float corner2(const photo_camera *c) { return c->camera.cx * c->camera.cx + c->camera.cy * c->camera.cy; }

vec2 photo_bend(const photo_camera *c, vec2 p)
{
    float x = p.x - c->camera.cx, y = p.y - c->camera.cy, s = 1 + c->bend * (x * x + y * y) / corner2(c);
    return (vec2){ c->camera.cx + s * x, c->camera.cy + s * y };
}

// The other way: where in the straight picture the bent one looks. The bend is small: three rounds leave < 0.001 pixel.
static vec2 unbend(const photo_camera *c, float x, float y)
{
    float dx = x - c->camera.cx, dy = y - c->camera.cy, s = 1;
    for (int round = 0; round < 3; round++) s = 1 / (1 + c->bend * s * s * (dx * dx + dy * dy) / corner2(c));
    return (vec2){ c->camera.cx + s * dx, c->camera.cy + s * dy };
}

static void bend_picture(image *im, const photo_camera *c)
{
    if (c->bend == 0) return;
    image from = image_copy(im);
    for (uint32_t y = 0; y < im->height; y++)
        for (uint32_t x = 0; x < im->width; x++) {
            vec2 at = unbend(c, (float)x + 0.5f, (float)y + 0.5f);
            float u = fminf(fmaxf(at.x - 0.5f, 0), (float)(im->width - 1) - 0.001f),
                  v = fminf(fmaxf(at.y - 0.5f, 0), (float)(im->height - 1) - 0.001f);
            uint32_t i = (uint32_t)u, j = (uint32_t)v;
            float a = u - (float)i, b = v - (float)j;
            const uint8_t *p = image_at(&from, i, j), *q = image_at(&from, i, j + 1);
            uint8_t *out = image_at(im, x, y);
            for (size_t k = 0; k < 3; k++) {
                float top = (float)p[k] + a * (float)(p[k + 3] - p[k]),
                      low = (float)q[k] + a * (float)(q[k + 3] - q[k]);
                out[k] = (uint8_t)(top + b * (low - top) + 0.5f);
            }
        }
    image_free(&from);
}

photo_stance photo_pose(const person *p, const body_pose *pose)
{
    const body_model *m = p->model;
    photo_stance s = { .body = mem_array(vec3, m->vertices), .pose = *pose };
    body_pose grounded = *pose;
    body_joint_transforms(p->joints, &grounded, s.world);
    body_skin(m, p->shaped, s.world, s.body);
    grounded.translation = v3(0, -body_ground(m, s.body), 0);
    body_joint_transforms(p->joints, &grounded, s.world);
    body_skin(m, p->shaped, s.world, s.body);
    for (int j = 0; j < BODY_JOINTS; j++) s.joints[j] = rigid_apply(&s.world[j], p->joints[j]);
    return s;
}

bool photo_dress(photo_stance *s, const person *p, const outfit *o, err *e)
{
    return !o->tailor || s->worn[0].points > 0 ||
           tailor_hang(o->tailor, p, &s->pose, &s->world[JOINT_PELVIS], s->worn, e);
}

void photo_stance_free(photo_stance *s)
{
    mem_free(s->body);
    for (int i = 0; i < TAILORED_MOST; i++) hung_free(&s->worn[i]);
}

// --- what is drawn ---

typedef struct {
    raster_item item[MAX_ITEMS];
    int count;
    void *owned[8 * MAX_ITEMS];
    int owns;
} props;

static void *own(props *s, void *p)
{
    s->owned[s->owns++] = p;
    return p;
}

static void props_free(props *s)
{
    for (int i = 0; i < s->owns; i++) mem_free(s->owned[i]);
}

// The body's skin: the picture's seams need vertices of their own, one for each texture coordinate.
static void add_skin(props *s, const person *p, const photo_stance *st, const image *skin, const float *open)
{
    const body_model *m = p->model;
    vec3 *normal = own(s, mem_array(vec3, m->vertices)), *at = own(s, mem_array(vec3, m->uvs)),
         *n = own(s, mem_array(vec3, m->uvs)), *color = own(s, mem_array(vec3, m->uvs));
    mesh_view mesh = body_mesh(m, st->body);
    mesh_normals(&mesh, normal);
    for (size_t i = 0; i < 3 * (size_t)m->triangles; i++) {
        uint32_t v = m->triangle[i], u = m->uv_triangle[i];
        at[u] = st->body[v];
        n[u] = normal[v];
        color[u] = v3_scale(v3(1.15f, 1.06f, 1), open[v]);
    }
    s->item[s->count++] = (raster_item){ .mesh = { at, m->uv_triangle, m->uvs, m->triangles },
                                         .normal = n,
                                         .color = color,
                                         .uv = m->uv,
                                         .texture = skin,
                                         .roughness = 0.62f };
}

// The cloth in two items: only triangles on a hem are asked, sample by sample, where the fabric ends.
static void add_shell(props *s, const person *p, const photo_stance *st, const shell *sh, const float *open)
{
    const body_model *m = p->model;
    vec3 *at = own(s, mem_array(vec3, m->vertices)), *color = own(s, mem_array(vec3, m->vertices)),
         *normal = own(s, mem_array(vec3, m->vertices));
    body_skin(m, sh->rest, st->world, at);
    mesh_view whole = body_mesh(m, at);
    mesh_normals(&whole, normal);
    for (uint32_t v = 0; v < m->vertices; v++) color[v] = v3(open[v], open[v], open[v]);
    raster_item cloth = {
        .normal = normal, .color = color, .uv = sh->uv, .texture = &sh->cloth, .roughness = 0.95f, .two_sided = 1
    };
    uint32_t *inner = own(s, mem_array(uint32_t, 3 * (size_t)m->triangles)),
             *hem = own(s, mem_array(uint32_t, 3 * (size_t)m->triangles)), inners = 0, hems = 0;
    float texel = 1 / (float)sh->fabric.width;
    for (size_t i = 0; i < m->triangles; i++) {
        const uint32_t *v = m->triangle + 3 * i;
        float a = sh->uv[v[0]].x, b = sh->uv[v[1]].x, c = sh->uv[v[2]].x, least = fminf(fminf(a, b), c);
        if (fmaxf(fmaxf(a, b), c) < 0.5f - texel) continue; // no cloth here
        bool cut = least < 0.5f + texel;
        memcpy(cut ? hem + 3 * (size_t)hems++ : inner + 3 * (size_t)inners++, v, 3 * sizeof *v);
    }
    cloth.mesh = (mesh_view){ at, inner, m->vertices, inners };
    s->item[s->count++] = cloth;
    cloth.mesh = (mesh_view){ at, hem, m->vertices, hems };
    cloth.texture = &sh->fabric;
    s->item[s->count++] = cloth;
}

static void add_hung(props *s, const hung *h, const image *cloth, const float *open)
{
    vec3 *color = own(s, mem_array(vec3, h->points));
    for (uint32_t i = 0; i < h->points; i++) {
        float sky = h->under[i] == UINT32_MAX ? 1 : open[h->under[i]];
        color[i] = v3(sky, sky, sky);
    }
    s->item[s->count++] = (raster_item){ .mesh = { h->position, h->triangle, h->points, h->triangles },
                                         .normal = h->normal,
                                         .color = color,
                                         .uv = h->uv,
                                         .texture = cloth,
                                         .roughness = 0.95f,
                                         .two_sided = 1 };
}

static void add_proxy(props *s, const proxy *x, const person *p, const photo_stance *st, vec3 tint, float roughness)
{
    vec3 *donor = mem_array(vec3, x->points), *points = mem_array(vec3, x->points);
    proxy_on_donor(x, p->donor, donor);
    proxy_on_body(x, p->model, donor, p->donor, p->shaped, st->world, points);
    uint32_t n = 4 * x->quads;
    vec3 *at = own(s, mem_array(vec3, n)), *normal = own(s, mem_array(vec3, n));
    proxy_corners(x, points, at, normal);
    s->item[s->count++] = (raster_item){ .mesh = { at, x->triangle, n, 2 * x->quads },
                                         .normal = normal,
                                         .base_color = tint,
                                         .uv = x->uv,
                                         .texture = &x->texture,
                                         .roughness = roughness,
                                         .two_sided = 1 };
    mem_free(donor);
    mem_free(points);
}

// Which part of the sky each vertex sees: drawn from directions all over the upper half, and a little from below for
// the light that the floor gives back. open [vertices], about 0.3 .. 1.
static void find_open(const person *p, const photo_stance *st, float *open)
{
    const body_model *m = p->model;
    vec3 *seen_at = mem_array(vec3, m->vertices), *normal = mem_array(vec3, m->vertices);
    float *sum = mem_array(float, m->vertices);
    mesh_view mesh = body_mesh(m, st->body);
    mesh_normals(&mesh, normal);
    memset(open, 0, m->vertices * sizeof *open);
    raster_item item = { .mesh = mesh };
    for (int k = 0; k < SKY_VIEWS; k++) { // Fibonacci sphere, its lowest third left out
        float y = 1 - 1.35f * ((float)k + 0.5f) / SKY_VIEWS, r = sqrtf(1 - y * y), a = 2.39996323f * (float)k;
        vec3 toward = v3(r * cosf(a), y, r * sinf(a));
        vec3 side = v3_unit(fabsf(toward.y) < 0.9f ? v3_cross(v3(0, 1, 0), toward) : v3_cross(v3(1, 0, 0), toward));
        vec3 down = v3_cross(side, toward), f = v3_scale(toward, -1);
        raster_camera c = { .focal = SKY_SIDE / 2.3f, .cx = SKY_SIDE / 2.f, .cy = SKY_SIDE / 2.f, .orthographic = 1 };
        c.world_to_camera.r = (mat3){ { { side.x, side.y, side.z }, { down.x, down.y, down.z }, { f.x, f.y, f.z } } };
        c.world_to_camera.t = v3_mad(v3_scale(m3_apply(&c.world_to_camera.r, v3(0, 0.9f, 0)), -1), v3(0, 0, 1), 10);
        for (uint32_t v = 0; v < m->vertices; v++) seen_at[v] = rigid_apply(&c.world_to_camera, st->body[v]);
        visible view = visible_new(SKY_SIDE, SKY_SIDE);
        const vec3 *in_camera = seen_at;
        visible_draw(&view, &c, &item, &in_camera, 1);
        for (uint32_t v = 0; v < m->vertices; v++) {
            float facing = v3_dot(normal[v], toward);
            if (facing <= 0.05f) continue;
            vec3 q = v3_mad(seen_at[v], m3_apply(&c.world_to_camera.r, normal[v]), 0.006f);
            int px = (int)(q.x * c.focal + c.cx), py = (int)(q.y * c.focal + c.cy);
            if (px < 0 || py < 0 || px >= SKY_SIDE || py >= SKY_SIDE) continue;
            size_t at = (size_t)py * SKY_SIDE + (size_t)px;
            sum[v] += facing;
            if (!view.seen[at] || -view.nearness[at] > q.z - 0.012f) open[v] += facing;
        }
        visible_free(&view);
    }
    for (uint32_t v = 0; v < m->vertices; v++) open[v] = sum[v] > 0 ? 0.35f + 0.65f * open[v] / sum[v] : 0.6f;
    mem_free(sum);
    mem_free(seen_at);
    mem_free(normal);
}

// Cloth bridges the hollows that shade the skin.
static void soften(const body_model *m, const float *open, float *out)
{
    enum { ROUNDS = 12 };
    float *sum = mem_array(float, m->vertices), *n = mem_array(float, m->vertices);
    memcpy(out, open, m->vertices * sizeof *out);
    for (int round = 0; round < ROUNDS; round++) {
        for (uint32_t v = 0; v < m->vertices; v++) sum[v] = out[v], n[v] = 1;
        for (size_t i = 0; i < 3 * (size_t)m->triangles; i++) {
            uint32_t a = m->triangle[i], b = m->triangle[i % 3 == 2 ? i - 2 : i + 1];
            sum[a] += out[b], sum[b] += out[a];
            n[a]++, n[b]++;
        }
        for (uint32_t v = 0; v < m->vertices; v++) out[v] = sum[v] / n[v];
    }
    mem_free(sum);
    mem_free(n);
}

static void dress(props *s, const wardrobe *w, const person *p, const outfit *o, const photo_stance *st,
                  const float *open)
{
    add_skin(s, p, st, &w->skin[p->model->sex][p->skin], open);
    float *soft = own(s, mem_array(float, p->model->vertices));
    soften(p->model, open, soft);
    for (int i = 0; o && o->tailor && i < o->tailor->count; i++) add_hung(s, &st->worn[i], &o->tailor->cloth[i], soft);
    if (o && !o->tailor) {
        add_shell(s, p, st, &o->bottom, soft);
        add_shell(s, p, st, &o->top, soft);
    }
    add_proxy(s, &w->eyes, p, st, v3(0.55f, 0.62f, 0.66f), 0.3f);
    add_proxy(s, &w->brows, p, st, p->hair_tint, 0.9f);
    add_proxy(s, &w->lashes, p, st, v3(0.2f, 0.2f, 0.2f), 0.9f);
    add_proxy(s, &w->hair[p->hair], p, st, p->hair_tint, 0.55f);
}

// --- the sensor ---

static float unit(uint64_t dice) { return (float)(dice & 0xffff) / 32768 - 1; } // of its lowest 16 bits, -1 .. 1

// Nearly normal, from 64 random bits: four even numbers' sum has a variance of 4 / 3.
static float bell(uint64_t dice)
{
    return 0.8660254f * (unit(dice) + unit(dice >> 16) + unit(dice >> 32) + unit(dice >> 48));
}

static void expose(image *im, rng *r)
{
    float gain = (float)rng_between(r, 0.85, 1.12), warm = (float)(0.035 * rng_normal(r)),
          grain = (float)rng_between(r, 0.8, 3);
    float by[3] = { gain * (1 + warm), gain, gain * (1 - warm) };
    // A lens spreads a point over its neighbours a little: 1 6 1.
    image soft = image_copy(im);
    for (int pass = 0; pass < 2; pass++) {
        size_t step = pass ? (size_t)im->width * 3 : 3;
        const image *from = pass ? &soft : im;
        image *to = pass ? im : &soft;
        for (uint32_t y = 1; y + 1 < im->height; y++)
            for (uint32_t x = 1; x + 1 < im->width; x++) {
                const uint8_t *a = image_at(from, x, y);
                uint8_t *b = image_at(to, x, y);
                for (size_t k = 0; k < 3; k++) b[k] = (uint8_t)((a[k - step] + 6 * a[k] + a[k + step] + 4) / 8);
            }
    }
    image_free(&soft);
    for (uint32_t y = 0; y < im->height; y++)
        for (uint32_t x = 0; x < im->width; x++) {
            uint8_t *px = image_at(im, x, y);
            uint64_t dice = rng_next(r), tint = rng_next(r);
            float all = bell(dice) * grain;
            for (int k = 0; k < 3; k++) {
                float v = (float)px[k] * by[k] + all + 0.5f * grain * unit(tint >> 16 * k);
                px[k] = (uint8_t)fminf(fmaxf(v + 0.5f, 0), 255);
            }
        }
}

static void draw_feet(image *im, const photo_camera *c, const person *p, const photo_stance *st,
                      const raster_light *light)
{
    const body_model *m = p->model;
    uint32_t *triangle = mem_array(uint32_t, 3 * (size_t)m->triangles), n = 0;
    for (size_t i = 0; i < m->triangles; i++) {
        const uint32_t *v = m->triangle + 3 * i;
        int label = m->label[v[0]];
        if (label != JOINT_L_ANKLE && label != JOINT_R_ANKLE && label != JOINT_L_FOOT && label != JOINT_R_FOOT)
            continue;
        memcpy(triangle + 3 * (size_t)n++, v, 3 * sizeof *v);
    }
    // Corners of the mesh without a triangle would widen the ground that the shadow's cells are spread over.
    vec3 *at = mem_array(vec3, m->vertices);
    for (uint32_t v = 0; v < m->vertices; v++) at[v] = st->body[triangle[0]];
    for (size_t i = 0; i < 3 * (size_t)n; i++) at[triangle[i]] = st->body[triangle[i]];
    raster_item feet = { .mesh = { at, triangle, m->vertices, n },
                         .base_color = v3(0.4f, 0.3f, 0.25f),
                         .roughness = 1 };
    raster_draw(im, &c->camera, &feet, 1, light, NULL);
    mem_free(triangle);
    mem_free(at);
}

image photo_take(const wardrobe *w, const person *p, const outfit *o, const photo_stance *st, const photo_camera *c,
                 rng *r)
{
    image im = image_new(c->width, c->height, 3);
    room_draw(&im, &c->camera, r);
    float *open = mem_array(float, p->model->vertices);
    find_open(p, st, open);
    props s = { 0 };
    dress(&s, w, p, o, st, open);
    vec3 key = v3((float)rng_between(r, -1, 1), (float)rng_between(r, 0.7, 1.6), (float)rng_between(r, 0.5, 1.4));
    raster_light light = {
        .key_direction = key, .ambient = (float)rng_between(r, 0.28, 0.5), .samples = 2, .ground_shadow = 1
    };
    draw_feet(&im, c, p, st, &light); // for their shadow; all of her is drawn over it
    light.ground_shadow = 0;
    raster_draw(&im, &c->camera, s.item, s.count, &light, NULL);
    props_free(&s);
    mem_free(open);
    bend_picture(&im, c);
    expose(&im, r);
    return im;
}

// --- the perfect look ---

static const struct {
    int landmark, joint;
} tied[] = { { LM_LEFT_SHOULDER, JOINT_L_SHOULDER }, { LM_RIGHT_SHOULDER, JOINT_R_SHOULDER },
             { LM_LEFT_ELBOW, JOINT_L_ELBOW },       { LM_RIGHT_ELBOW, JOINT_R_ELBOW },
             { LM_LEFT_WRIST, JOINT_L_WRIST },       { LM_RIGHT_WRIST, JOINT_R_WRIST },
             { LM_LEFT_HIP, JOINT_L_HIP },           { LM_RIGHT_HIP, JOINT_R_HIP },
             { LM_LEFT_KNEE, JOINT_L_KNEE },         { LM_RIGHT_KNEE, JOINT_R_KNEE },
             { LM_LEFT_ANKLE, JOINT_L_ANKLE },       { LM_RIGHT_ANKLE, JOINT_R_ANKLE } };

static void set_landmark(capture_evidence *ev, const photo_camera *c, const photo_stance *st, int landmark, vec3 at)
{
    vec3 q = rigid_apply(&c->camera.world_to_camera, at);
    vec3 hips = v3_lerp(st->joints[JOINT_L_HIP], st->joints[JOINT_R_HIP], 0.5f);
    vec3 body = m3_apply(&c->camera.world_to_camera.r, v3_sub(at, hips));
    vec2 p =
        photo_bend(c, (vec2){ c->camera.cx + c->camera.focal * q.x / q.z, c->camera.cy + c->camera.focal * q.y / q.z });
    ev->at[landmark] = (capture_landmark){ .x = p.x, .y = p.y, .visibility = 1, .presence = 1 };
    ev->world[landmark][0] = body.x, ev->world[landmark][1] = body.y, ev->world[landmark][2] = body.z;
}

// Which triangle each pixel sees, without light; visible_free it.
static visible see(const props *s, const photo_camera *c)
{
    visible v = visible_new(c->width, c->height);
    vec3 *in_camera[MAX_ITEMS];
    for (int i = 0; i < s->count; i++) {
        const mesh_view *m = &s->item[i].mesh;
        in_camera[i] = mem_array(vec3, m->vertex_count);
        for (size_t k = 0; k < m->vertex_count; k++)
            in_camera[i][k] = rigid_apply(&c->camera.world_to_camera, m->position[k]);
    }
    visible_draw(&v, &c->camera, s->item, (const vec3 *const *)in_camera, s->count);
    for (int i = 0; i < s->count; i++) mem_free(in_camera[i]);
    return v;
}

void photo_perfect(const wardrobe *w, const person *p, const outfit *o, const photo_stance *st, const photo_camera *c,
                   capture_evidence *out)
{
    *out = (capture_evidence){ .score = 1, .people = 1, .mask = image_new(c->width, c->height, 1) };
    float *open = mem_array(float, p->model->vertices);
    props s = { 0 };
    dress(&s, w, p, o, st, open);
    visible v = see(&s, c);
    out->left = c->width, out->top = c->height;
    for (uint32_t y = 0; y < c->height; y++)
        for (uint32_t x = 0; x < c->width; x++) {
            vec2 at = unbend(c, (float)x + 0.5f, (float)y + 0.5f);
            if (at.x < 0 || at.y < 0 || at.x >= (float)c->width || at.y >= (float)c->height) continue;
            if (!v.seen[(size_t)at.y * c->width + (size_t)at.x]) continue;
            *image_at(&out->mask, x, y) = 255;
            out->left = x < out->left ? x : out->left, out->right = x + 1 > out->right ? x + 1 : out->right;
            out->top = y < out->top ? y : out->top, out->bottom = y + 1;
        }
    for (size_t i = 0; i < sizeof tied / sizeof *tied; i++)
        set_landmark(out, c, st, tied[i].landmark, st->joints[tied[i].joint]);
    // The face, for the side that the nose points to: 10 cm before the head's joint, the ears beside it.
    const rigid *head = &st->world[JOINT_HEAD];
    vec3 j = p->joints[JOINT_HEAD];
    set_landmark(out, c, st, LM_NOSE, rigid_apply(head, v3_add(j, v3(0, 0.05f, 0.10f))));
    set_landmark(out, c, st, LM_LEFT_EAR, rigid_apply(head, v3_add(j, v3(0.075f, 0.06f, 0))));
    set_landmark(out, c, st, LM_RIGHT_EAR, rigid_apply(head, v3_add(j, v3(-0.075f, 0.06f, 0))));
    visible_free(&v);
    props_free(&s);
    mem_free(open);
}
