#include "mesh/visible.h"
#include "base/mem.h"

#include <assert.h>
#include <stdbool.h>

// Corners are snapped to 1/16 of a sample and edges evaluated in integers, so that neighbours neither overlap nor gape.
enum { SUB_BITS = 4, SUB = 1 << SUB_BITS };
// Nothing nearer than a centimetre is drawn; nothing reaches further than this many samples outside the picture.
static const float NEAR = 0.01f, GUARD = 65536;
enum { CLIP_MAX = 3 + 5 };

visible visible_new(uint32_t width, uint32_t height)
{
    visible v = { .width = width, .height = height, .x0 = width, .y0 = height };
    v.nearness = mem_array(float, (size_t)width *height);
    v.seen = mem_array(uint32_t, (size_t)width * height);
    return v;
}

void visible_free(visible *v)
{
    mem_free(v->nearness);
    mem_free(v->seen);
    *v = (visible){ 0 };
}

static float triple(vec3 a, vec3 b, vec3 c) { return v3_dot(a, v3_cross(b, c)); }

vec3 visible_weights(const raster_camera *camera, vec3 a, vec3 b, vec3 c, float x, float y)
{
    float rx = (x - camera->cx) / camera->focal, ry = (y - camera->cy) / camera->focal;
    vec3 w;
    if (camera->orthographic) {
        float ax = a.x - rx, ay = a.y - ry, bx = b.x - rx, by = b.y - ry, cx = c.x - rx, cy = c.y - ry;
        w = v3(bx * cy - by * cx, cx * ay - cy * ax, ax * by - ay * bx);
    } else {
        vec3 ray = v3(rx, ry, 1);
        w = v3(triple(ray, b, c), triple(ray, c, a), triple(ray, a, b));
    }
    float sum = w.x + w.y + w.z;
    if (sum == 0) return v3(1, 0, 0); // seen edge-on
    w = v3_scale(w, 1 / sum);
    w = v3(w.x > 0 ? w.x : 0, w.y > 0 ? w.y : 0, w.z > 0 ? w.z : 0); // the point of a border pixel may lie just outside
    return v3_scale(w, 1 / (w.x + w.y + w.z));
}

void texture_sample(const image *texture, vec2 uv, float *out)
{
    float x = (uv.x - floorf(uv.x)) * (float)texture->width - 0.5f;
    float y = (uv.y - floorf(uv.y)) * (float)texture->height - 0.5f;
    float fx = floorf(x), fy = floorf(y), tx = x - fx, ty = y - fy;
    uint32_t w = texture->width, h = texture->height;
    uint32_t x0 = fx < 0 ? w - 1 : (uint32_t)fx % w, y0 = fy < 0 ? h - 1 : (uint32_t)fy % h;
    uint32_t x1 = (x0 + 1) % w, y1 = (y0 + 1) % h;
    const uint8_t *p00 = image_at(texture, x0, y0), *p10 = image_at(texture, x1, y0);
    const uint8_t *p01 = image_at(texture, x0, y1), *p11 = image_at(texture, x1, y1);
    for (uint32_t c = 0; c < texture->channels; c++) {
        float top = (float)p00[c] + tx * (float)(p10[c] - p00[c]), low = (float)p01[c] + tx * (float)(p11[c] - p01[c]);
        out[c] = top + ty * (low - top);
    }
}

// Screen position times w, w itself, and camera z.
typedef struct {
    float x, y, w, z;
} clip_point;

static float inside(clip_point p, int plane)
{
    switch (plane) {
    case 0:
        return p.z - NEAR;
    case 1:
        return GUARD * p.w + p.x;
    case 2:
        return GUARD * p.w - p.x;
    case 3:
        return GUARD * p.w + p.y;
    default:
        return GUARD * p.w - p.y;
    }
}

// Sutherland-Hodgman against one plane. p [CLIP_MAX] in and out.
static int clip(clip_point *p, int n, int plane)
{
    clip_point out[CLIP_MAX];
    int k = 0;
    for (int i = 0; i < n; i++) {
        clip_point a = p[i], b = p[(i + 1) % n];
        float da = inside(a, plane), db = inside(b, plane);
        if (da >= 0) out[k++] = a;
        if ((da >= 0) != (db >= 0)) {
            float t = da / (da - db);
            out[k++] = (clip_point){ a.x + t * (b.x - a.x), a.y + t * (b.y - a.y), a.w + t * (b.w - a.w),
                                     a.z + t * (b.z - a.z) };
        }
    }
    for (int i = 0; i < k; i++) p[i] = out[i];
    return k;
}

// One triangle being drawn: what its samples need beyond their place.
typedef struct {
    const raster_camera *camera;
    const raster_item *item;
    const vec3 *in_camera;
    const uint32_t *corner;
    uint32_t number;
    bool cut_out; // the texture's alpha decides
} drawing;

static bool opaque(const drawing *d, float x, float y)
{
    const uint32_t *c = d->corner;
    vec3 w = visible_weights(d->camera, d->in_camera[c[0]], d->in_camera[c[1]], d->in_camera[c[2]], x, y);
    float rgba[4];
    texture_sample(d->item->texture, uv_at(d->item->uv, c, w), rgba);
    return rgba[3] >= 128;
}

typedef struct {
    int64_t x, y; // 1/SUB samples
    double near;
} screen_point;

static int64_t floor_div(int64_t a, int64_t b) { return a >= 0 ? a / b : -((-a + b - 1) / b); }

// Edge from a to b: value at the sample centre (x0, y0) and steps; positive inside, the top-left rule in the bias.
typedef struct {
    int64_t at, step_x, step_y;
} edge;

static edge edge_from(screen_point a, screen_point b, int64_t x0, int64_t y0)
{
    int64_t dx = b.x - a.x, dy = b.y - a.y;
    edge e = { dx * (y0 * SUB + SUB / 2 - a.y) - dy * (x0 * SUB + SUB / 2 - a.x), -dy * SUB, dx * SUB };
    bool top_left = dy < 0 || (dy == 0 && dx > 0);
    if (!top_left) e.at--;
    return e;
}

static int64_t min3(int64_t a, int64_t b, int64_t c) { return a < b ? (a < c ? a : c) : b < c ? b : c; }
static int64_t max3(int64_t a, int64_t b, int64_t c) { return a > b ? (a > c ? a : c) : b > c ? b : c; }

static void fill(visible *v, const drawing *d, screen_point a, screen_point b, screen_point c)
{
    int64_t area = (b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x);
    if (area == 0) return;
    if (area < 0) { // seen from behind: turned round, so that inside is positive
        screen_point t = b;
        b = c, c = t, area = -area;
    }
    int64_t x0 = floor_div(min3(a.x, b.x, c.x), SUB), x1 = floor_div(max3(a.x, b.x, c.x), SUB) + 1;
    int64_t y0 = floor_div(min3(a.y, b.y, c.y), SUB), y1 = floor_div(max3(a.y, b.y, c.y), SUB) + 1;
    if (x0 < 0) x0 = 0;
    if (y0 < 0) y0 = 0;
    if (x1 > v->width) x1 = v->width;
    if (y1 > v->height) y1 = v->height;
    if (x0 >= x1 || y0 >= y1) return;
    if (x0 < v->x0) v->x0 = (uint32_t)x0;
    if (y0 < v->y0) v->y0 = (uint32_t)y0;
    if (x1 > v->x1) v->x1 = (uint32_t)x1;
    if (y1 > v->y1) v->y1 = (uint32_t)y1;

    edge e[3] = { edge_from(b, c, x0, y0), edge_from(c, a, x0, y0), edge_from(a, b, x0, y0) };
    // Nearness is linear over the picture: from the corners' weights e / area.
    double scale = 1.0 / (double)area;
    double step_x =
        ((double)e[0].step_x * a.near + (double)e[1].step_x * b.near + (double)e[2].step_x * c.near) * scale;
    double step_y =
        ((double)e[0].step_y * a.near + (double)e[1].step_y * b.near + (double)e[2].step_y * c.near) * scale;
    double row = ((double)e[0].at * a.near + (double)e[1].at * b.near + (double)e[2].at * c.near) * scale;
    for (int64_t y = y0; y < y1; y++, row += step_y) {
        int64_t w0 = e[0].at, w1 = e[1].at, w2 = e[2].at;
        bool was_in = false;
        size_t at = (size_t)y * v->width + (size_t)x0;
        for (int64_t x = x0; x < x1; x++, at++, w0 += e[0].step_x, w1 += e[1].step_x, w2 += e[2].step_x) {
            if ((w0 | w1 | w2) < 0) {
                if (was_in) break;
                continue;
            }
            was_in = true;
            float near = (float)(row + step_x * (double)(x - x0));
            if (v->seen[at] && near <= v->nearness[at]) continue;
            if (d->cut_out && !opaque(d, (float)x + 0.5f, (float)y + 0.5f)) continue;
            v->nearness[at] = near;
            v->seen[at] = d->number;
        }
        for (int k = 0; k < 3; k++) e[k].at += e[k].step_y;
    }
}

static screen_point snap(clip_point p, const raster_camera *camera)
{
    return (screen_point){ llrintf(p.x / p.w * SUB), llrintf(p.y / p.w * SUB),
                           camera->orthographic ? -(double)p.z : 1.0 / (double)p.z };
}

static void draw_triangle(visible *v, const drawing *d)
{
    const raster_camera *camera = d->camera;
    clip_point p[CLIP_MAX];
    int n = 3, left = 0, right = 0, above = 0, below = 0;
    bool whole = true;
    for (int i = 0; i < 3; i++) {
        vec3 q = d->in_camera[d->corner[i]];
        float w = camera->orthographic ? 1 : q.z;
        p[i] = (clip_point){ camera->focal * q.x + camera->cx * w, camera->focal * q.y + camera->cy * w, w, q.z };
        left += p[i].x<0, right += p[i].x>(float) v->width * w;
        above += p[i].y<0, below += p[i].y>(float) v->height * w;
        for (int plane = 0; plane < 5; plane++) whole &= inside(p[i], plane) >= 0;
    }
    // Wholly to one side of the picture; with corners behind the camera the comparison says nothing.
    if (whole && (left == 3 || right == 3 || above == 3 || below == 3)) return;
    for (int plane = 0; plane < 5 && !whole && n; plane++) n = clip(p, n, plane);
    if (n < 3) return;
    screen_point first = snap(p[0], camera), last = snap(p[1], camera);
    for (int i = 2; i < n; i++) {
        screen_point next = snap(p[i], camera);
        fill(v, d, first, last, next);
        last = next;
    }
}

// Counter-clockwise seen from outside: the camera is on the outer side. In camera space, x right and y down keep the
// handedness of the world (z forward), so the normal's sense is unchanged.
static bool faces_camera(const raster_camera *camera, vec3 a, vec3 b, vec3 c)
{
    vec3 n = v3_cross(v3_sub(b, a), v3_sub(c, a));
    return camera->orthographic ? n.z < 0 : v3_dot(n, a) < 0;
}

void visible_draw(visible *v, const raster_camera *camera, const raster_item *items, const vec3 *const *in_camera,
                  int count)
{
    uint32_t number = 0;
    for (int i = 0; i < count; i++) {
        const raster_item *it = &items[i];
        drawing d = { .camera = camera, .item = it, .in_camera = in_camera[i] };
        d.cut_out = it->uv && it->texture && it->texture->channels == 4;
        for (size_t k = 0; k < it->mesh.triangle_count; k++) {
            d.corner = &it->mesh.triangle[3 * k];
            d.number = ++number;
            const vec3 *p = in_camera[i];
            if (it->two_sided || faces_camera(camera, p[d.corner[0]], p[d.corner[1]], p[d.corner[2]])) {
                draw_triangle(v, &d);
            }
        }
    }
}
