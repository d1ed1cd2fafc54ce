// glTF 2.0 (Khronos, ISO/IEC 12113): section 3.6 buffers and accessors, 3.7 meshes and skins, 4.4 the binary container.
#include "gltf/glb.h"
#include "gltf/meshopt.h"
#include "base/limits.h"
#include "base/mem.h"

#include <assert.h>
#include <jansson.h>
#include <string.h>

enum { BYTE = 5120, UBYTE = 5121, USHORT = 5123, UINT = 5125, FLOAT = 5126, VERTICES = 34962, INDICES = 34963 };
enum { GLB_MAGIC = 0x46546C67, CHUNK_JSON = 0x4E4F534A, CHUNK_BIN = 0x004E4942 };

typedef struct {
    const glb_scene *scene;
    bool web;
    buf bin;
    size_t unpacked; // web: bytes of the buffer that the packed views stand for
    json_t *views, *accessors, *meshes, *nodes, *top;
    vec3 grid_lo; // web: the grid of every skinned mesh, position = grid_lo + q / 65535 * grid_size
    float grid_size;
} writer;

static bool too_large(err *e) { return fail(e, ERR_LIMIT, "the GLB file would be larger than accepted"); }

static int append(json_t *array, json_t *item)
{
    json_array_append_new(array, item);
    return (int)json_array_size(array) - 1;
}

static json_t *numbers(const float *v, int n)
{
    json_t *a = json_array();
    for (int i = 0; i < n; i++) json_array_append_new(a, json_real((double)v[i]));
    return a;
}

// --- buffer views and accessors ---

// Bytes as they are. stride 0: tight. Returns the view's number, -1 when the file is full.
static int add_view(writer *w, const void *data, size_t bytes, size_t stride, int target)
{
    if (!buf_align(&w->bin, 4, 0)) return -1;
    size_t at = w->bin.len;
    if (!buf_append(&w->bin, data, bytes)) return -1;
    json_t *view =
        json_pack("{s:i, s:I, s:I}", "buffer", 0, "byteOffset", (json_int_t)at, "byteLength", (json_int_t)bytes);
    if (stride) json_object_set_new(view, "byteStride", json_integer((json_int_t)stride));
    if (target) json_object_set_new(view, "target", json_integer(target));
    return append(w->views, view);
}

// Bytes packed: index [count] with stride 2 or 4 as it is to be unpacked, or data [count * stride].
static int add_packed(writer *w, const void *data, const uint32_t *index, size_t count, size_t stride,
                      uint32_t vertex_count)
{
    if (!buf_align(&w->bin, 4, 0)) return -1;
    size_t at = w->bin.len;
    bool ok = index ? meshopt_pack_triangles(index, count, vertex_count, &w->bin)
                    : meshopt_pack_vertices(data, count, stride, &w->bin);
    if (!ok) return -1;
    json_t *packed = json_pack("{s:i, s:I, s:I, s:I, s:I, s:s}", "buffer", 0, "byteOffset", (json_int_t)at,
                               "byteLength", (json_int_t)(w->bin.len - at), "byteStride", (json_int_t)stride, "count",
                               (json_int_t)count, "mode", index ? "TRIANGLES" : "ATTRIBUTES");
    json_t *view = json_pack("{s:i, s:I, s:I}", "buffer", 1, "byteOffset", (json_int_t)w->unpacked, "byteLength",
                             (json_int_t)(count * stride));
    if (!index) json_object_set_new(view, "byteStride", json_integer((json_int_t)stride));
    json_object_set_new(view, "target", json_integer(index ? INDICES : VERTICES));
    json_object_set_new(view, "extensions", json_pack("{s:o}", "EXT_meshopt_compression", packed));
    w->unpacked += (count * stride + 3) / 4 * 4;
    return append(w->views, view);
}

static json_t *accessor(int view, int component, size_t count, const char *type)
{
    return json_pack("{s:i, s:i, s:I, s:s}", "bufferView", view, "componentType", component, "count", (json_int_t)count,
                     "type", type);
}

// One array of vertex data: laid down as it is or packed, and named in attributes.
typedef struct {
    const char *name, *type;
    int component;
    bool normalized;
    size_t stride;     // a multiple of 4
    json_t *min, *max; // NULL: none
} attribute;

static bool add_attribute(writer *w, json_t *attributes, const attribute *a, const void *data, size_t count, err *e)
{
    int view = w->web ? add_packed(w, data, NULL, count, a->stride, 0)
                      : add_view(w, data, count * a->stride, a->stride, VERTICES);
    json_t *item = accessor(view, a->component, count, a->type);
    if (a->normalized) json_object_set_new(item, "normalized", json_true());
    if (a->min) json_object_set_new(item, "min", a->min);
    if (a->max) json_object_set_new(item, "max", a->max);
    json_object_set_new(attributes, a->name, json_integer(append(w->accessors, item)));
    return view >= 0 || too_large(e);
}

// --- vertex data, made glTF's ---

static bool finite3(vec3 p) { return isfinite(p.x) && isfinite(p.y) && isfinite(p.z); }

static void bounds(const vec3 *p, size_t n, vec3 *lo, vec3 *hi)
{
    for (size_t i = 0; i < n; i++) {
        *lo = v3(fminf(lo->x, p[i].x), fminf(lo->y, p[i].y), fminf(lo->z, p[i].z));
        *hi = v3(fmaxf(hi->x, p[i].x), fmaxf(hi->y, p[i].y), fmaxf(hi->z, p[i].z));
    }
}

// Weights of one vertex: no joint twice, none negative, sum 1, and joint 0 where there is no weight (the validator's
// ACCESSOR_JOINTS_INDEX_DUPLICATE, _USED_ZERO_WEIGHT, ACCESSOR_WEIGHTS_NON_NORMALIZED).
static bool tidy_weights(const glb_mesh *m, size_t i, uint8_t joint[4], float weight[4], err *e)
{
    double sum = 0;
    for (size_t k = 0; k < 4; k++) {
        joint[k] = m->joint[4 * i + k];
        weight[k] = m->weight[4 * i + k];
        if (!(weight[k] >= 0) || isinf(weight[k])) {
            return fail(e, ERR_INPUT, "mesh %s: vertex %zu has a negative or infinite weight", m->name, i);
        }
        sum += (double)weight[k];
        for (size_t j = 0; j < k; j++) {
            if (joint[j] != joint[k] || weight[j] == 0) continue;
            weight[j] += weight[k];
            weight[k] = 0;
            break;
        }
        if (weight[k] == 0) joint[k] = 0;
    }
    if (!(sum > 0)) return fail(e, ERR_INPUT, "mesh %s: vertex %zu has no weights", m->name, i);
    if (fabs(sum - 1) < 1e-7) return true; // as near as single precision sums come
    for (int k = 0; k < 4; k++) weight[k] = (float)((double)weight[k] / sum);
    return true;
}

// To eighths of bits that sum to exactly 255: rounded, and the rest given to the largest. Joint 0 where nothing is
// left.
static void quantize_weights(uint8_t joint[4], const float weight[4], uint8_t out[4])
{
    int sum = 0, largest = 0;
    for (int k = 0; k < 4; k++) {
        out[k] = (uint8_t)lrintf(weight[k] * 255);
        sum += out[k];
        if (weight[k] > weight[largest]) largest = k;
    }
    out[largest] = (uint8_t)(out[largest] + 255 - sum);
    for (int k = 0; k < 4; k++)
        if (out[k] == 0) joint[k] = 0;
}

// The vertices a mesh is written with: number of the original for each.
typedef struct {
    uint32_t *origin; // [count], NULL: all, in order
    uint32_t count;
    uint32_t *index; // [3 * triangles]: run after run
    size_t *run;     // [runs + 1], where each part begins in index
    int runs;
} layout;

static uint32_t original(const layout *l, uint32_t i) { return l->origin ? l->origin[i] : i; }

static void layout_free(layout *l)
{
    mem_free(l->origin);
    mem_free(l->index);
    mem_free(l->run);
}

static layout layout_new(const glb_mesh *m, bool reorder)
{
    glb_part all = { 0, m->mesh.triangle_count, -1 };
    layout l = { .count = m->mesh.vertex_count, .runs = m->parts ? m->parts : 1 };
    const glb_part *part = m->parts ? m->part : &all;
    l.run = mem_array(size_t, (size_t)l.runs + 1);
    for (int i = 0; i < l.runs; i++) {
        assert(part[i].first_triangle <= m->mesh.triangle_count);
        assert(part[i].triangle_count <= m->mesh.triangle_count - part[i].first_triangle);
        l.run[i + 1] = l.run[i] + 3 * (size_t)part[i].triangle_count;
    }
    size_t total = l.run[l.runs];
    l.index = mem_array(uint32_t, total);
    for (int i = 0; i < l.runs; i++) {
        memcpy(l.index + l.run[i], m->mesh.triangle + 3 * (size_t)part[i].first_triangle,
               (l.run[i + 1] - l.run[i]) * sizeof *l.index);
    }
    for (size_t i = 0; i < total; i++) assert(l.index[i] < m->mesh.vertex_count);
    if (!reorder) return l;
    uint32_t *ordered = mem_array(uint32_t, total), *remap = mem_array(uint32_t, m->mesh.vertex_count);
    meshopt_order_triangles(ordered, l.index, l.run, l.runs, m->mesh.vertex_count);
    mem_free(l.index);
    l.index = ordered;
    l.count = meshopt_order_vertices(l.index, total, m->mesh.vertex_count, remap);
    l.origin = mem_array(uint32_t, l.count);
    for (uint32_t i = 0; i < m->mesh.vertex_count; i++)
        if (remap[i] != UINT32_MAX) l.origin[remap[i]] = i;
    mem_free(remap);
    return l;
}

// --- positions ---

static bool add_positions_plain(writer *w, json_t *attributes, const glb_mesh *m, err *e)
{
    vec3 lo = m->mesh.position[0], hi = lo;
    bounds(m->mesh.position, m->mesh.vertex_count, &lo, &hi);
    attribute a = {
        .name = "POSITION",
        .type = "VEC3",
        .component = FLOAT,
        .stride = 12,
    };
    a.min = numbers(&lo.x, 3), a.max = numbers(&hi.x, 3);
    return add_attribute(w, attributes, &a, m->mesh.position, m->mesh.vertex_count, e);
}

static bool add_positions_web(writer *w, json_t *attributes, const glb_mesh *m, const layout *l, vec3 lo, float size,
                              err *e)
{
    typedef struct {
        uint16_t q[3], pad; // the stride has to be a multiple of 4
    } packed;
    packed *p = mem_array(packed, l->count);
    int least[3] = { 65535, 65535, 65535 }, most[3] = { 0, 0, 0 };
    for (uint32_t i = 0; i < l->count; i++) {
        vec3 d = v3_scale(v3_sub(m->mesh.position[original(l, i)], lo), 65535 / size);
        const float at[3] = { d.x, d.y, d.z };
        for (int k = 0; k < 3; k++) {
            int q = (int)lrintf(at[k] < 0 ? 0 : at[k] > 65535 ? 65535 : at[k]);
            p[i].q[k] = (uint16_t)q;
            if (q < least[k]) least[k] = q;
            if (q > most[k]) most[k] = q;
        }
    }
    attribute a = { .name = "POSITION", .type = "VEC3", .component = USHORT, .normalized = true, .stride = 8 };
    a.min = json_pack("[i, i, i]", least[0], least[1], least[2]);
    a.max = json_pack("[i, i, i]", most[0], most[1], most[2]);
    bool ok = add_attribute(w, attributes, &a, p, l->count, e);
    mem_free(p);
    return ok;
}

// --- the other attributes ---

static bool add_normals(writer *w, json_t *attributes, const glb_mesh *m, const layout *l, err *e)
{
    attribute a = { .name = "NORMAL", .type = "VEC3", .component = w->web ? BYTE : FLOAT, .normalized = w->web };
    a.stride = w->web ? 4 : 12;
    uint8_t *out = mem_new(l->count, a.stride);
    for (uint32_t i = 0; i < l->count; i++) {
        vec3 n = v3_unit(m->normal[original(l, i)]);
        // A vertex no triangle uses has no normal, and the validator wants unit length of each.
        if (!finite3(n) || v3_len(n) == 0) n = v3(0, 1, 0);
        if (!w->web) {
            memcpy(out + i * a.stride, &n, a.stride);
            continue;
        }
        int8_t q[4] = { (int8_t)lrintf(n.x * 127), (int8_t)lrintf(n.y * 127), (int8_t)lrintf(n.z * 127), 0 };
        memcpy(out + i * a.stride, q, a.stride);
    }
    bool ok = add_attribute(w, attributes, &a, out, l->count, e);
    mem_free(out);
    return ok;
}

static bool add_uvs(writer *w, json_t *attributes, const glb_mesh *m, const layout *l, err *e)
{
    bool unit = w->web; // all within 0..1, so that 16 bits can say them
    for (uint32_t i = 0; i < l->count; i++) {
        vec2 t = m->uv[original(l, i)];
        if (!isfinite(t.x) || !isfinite(t.y)) {
            return fail(e, ERR_INPUT, "mesh %s: texture coordinate %u is not a number", m->name, original(l, i));
        }
        unit = unit && t.x >= 0 && t.x <= 1 && t.y >= 0 && t.y <= 1;
    }
    attribute a = { .name = "TEXCOORD_0", .type = "VEC2", .component = unit ? USHORT : FLOAT, .normalized = unit };
    a.stride = unit ? 4 : 8;
    uint8_t *out = mem_new(l->count, a.stride);
    for (uint32_t i = 0; i < l->count; i++) {
        vec2 t = m->uv[original(l, i)];
        uint16_t q[2] = { 0, 0 };
        if (unit) q[0] = (uint16_t)lrintf(t.x * 65535), q[1] = (uint16_t)lrintf(t.y * 65535);
        memcpy(out + i * a.stride, unit ? (void *)q : (void *)&t, a.stride);
    }
    bool ok = add_attribute(w, attributes, &a, out, l->count, e);
    mem_free(out);
    return ok;
}

static bool add_colors(writer *w, json_t *attributes, const glb_mesh *m, const layout *l, err *e)
{
    uint8_t *out = mem_new(l->count, 4);
    for (uint32_t i = 0; i < l->count; i++) memcpy(out + 4 * (size_t)i, m->color + 4 * (size_t)original(l, i), 4);
    attribute a = { .name = "COLOR_0", .type = "VEC4", .component = UBYTE, .normalized = true, .stride = 4 };
    bool ok = add_attribute(w, attributes, &a, out, l->count, e);
    mem_free(out);
    return ok;
}

static bool add_skin_weights(writer *w, json_t *attributes, const glb_mesh *m, const layout *l, err *e)
{
    attribute joints = { .name = "JOINTS_0", .type = "VEC4", .component = UBYTE, .stride = 4 };
    attribute weights = { .name = "WEIGHTS_0", .type = "VEC4", .component = w->web ? UBYTE : FLOAT };
    weights.normalized = w->web, weights.stride = w->web ? 4 : 16;
    uint8_t *joint = mem_new(l->count, 4), *weight = mem_new(l->count, weights.stride);
    bool ok = true;
    for (uint32_t i = 0; ok && i < l->count; i++) {
        float tidy[4];
        uint8_t *j = joint + 4 * (size_t)i, *to = weight + i * weights.stride;
        ok = tidy_weights(m, original(l, i), j, tidy, e);
        if (!ok) break;
        if (w->web)
            quantize_weights(j, tidy, to);
        else
            memcpy(to, tidy, sizeof tidy);
        for (int k = 0; k < 4; k++) assert(j[k] < w->scene->joints);
    }
    ok = ok && add_attribute(w, attributes, &joints, joint, l->count, e) &&
         add_attribute(w, attributes, &weights, weight, l->count, e);
    mem_free(joint);
    mem_free(weight);
    return ok;
}

// --- triangles ---

// Indices of all parts, 16 bits wide where they fit; the largest 16-bit number restarts strips and names no vertex.
static void *narrow(const layout *l, size_t *width)
{
    size_t n = l->run[l->runs];
    *width = l->count < 65535 ? 2 : 4;
    uint8_t *out = mem_new(n, *width);
    for (size_t i = 0; i < n; i++) {
        uint16_t s = (uint16_t)l->index[i];
        memcpy(out + i * *width, *width == 2 ? (void *)&s : (void *)&l->index[i], *width);
    }
    return out;
}

static void add_mappings(const writer *w, const glb_mesh *m, json_t *primitive)
{
    json_t *mappings = json_array();
    for (int i = 0; i < w->scene->variants; i++)
        append(mappings, json_pack("{s:i, s:[i]}", "material", m->variant[i], "variants", i));
    json_object_set_new(primitive, "extensions",
                        json_pack("{s:{s:o}}", "KHR_materials_variants", "mappings", mappings));
}

static bool add_primitives(writer *w, const glb_mesh *m, const layout *l, json_t *attributes, json_t *primitives,
                           err *e)
{
    size_t width;
    uint8_t *index = narrow(l, &width);
    int view = w->web ? 0 : add_view(w, index, l->run[l->runs] * width, 0, INDICES);
    bool ok = view >= 0 || too_large(e);
    for (int i = 0; ok && i < l->runs; i++) {
        size_t first = l->run[i], count = l->run[i + 1] - first;
        if (count == 0) continue;
        if (w->web) view = add_packed(w, NULL, l->index + first, count, width, l->count);
        if (view < 0) ok = too_large(e);
        json_t *item = accessor(view, width == 2 ? USHORT : UINT, count, "SCALAR");
        if (!w->web && first) json_object_set_new(item, "byteOffset", json_integer((json_int_t)(first * width)));
        json_t *primitive = json_pack("{s:O, s:i}", "attributes", attributes, "indices", append(w->accessors, item));
        int material = m->parts ? m->part[i].material : -1;
        assert(material < w->scene->materials);
        if (material >= 0) json_object_set_new(primitive, "material", json_integer(material));
        if (m->variant) add_mappings(w, m, primitive);
        append(primitives, primitive);
    }
    mem_free(index);
    return ok;
}

static bool add_mesh(writer *w, const glb_mesh *m, err *e)
{
    bool skinned = m->joint && w->scene->joints;
    layout l = layout_new(m, w->web);
    vec3 lo = w->grid_lo;
    float size = w->grid_size;
    json_t *node = json_pack("{s:i, s:s}", "mesh", (int)json_array_size(w->meshes), "name", m->name);
    if (skinned) json_object_set_new(node, "skin", json_integer(0));
    if (w->web && !skinned) {
        vec3 hi = lo = m->mesh.position[0];
        bounds(m->mesh.position, m->mesh.vertex_count, &lo, &hi);
        size = fmaxf(fmaxf(hi.x - lo.x, hi.y - lo.y), hi.z - lo.z);
        if (!(size > 0)) size = 1;
        json_object_set_new(node, "translation", numbers(&lo.x, 3));
        json_object_set_new(node, "scale", numbers((float[]){ size, size, size }, 3));
    }
    append(w->nodes, node);
    json_t *attributes = json_object(), *primitives = json_array();
    append(w->meshes, json_pack("{s:s, s:o}", "name", m->name, "primitives", primitives));
    bool ok = w->web ? add_positions_web(w, attributes, m, &l, lo, size, e) : add_positions_plain(w, attributes, m, e);
    if (ok && m->normal) ok = add_normals(w, attributes, m, &l, e);
    if (ok && m->uv) ok = add_uvs(w, attributes, m, &l, e);
    if (ok && m->color) ok = add_colors(w, attributes, m, &l, e);
    if (ok && skinned) ok = add_skin_weights(w, attributes, m, &l, e);
    if (ok) ok = add_primitives(w, m, &l, attributes, primitives, e);
    json_decref(attributes);
    layout_free(&l);
    return ok;
}

static bool check_mesh(const glb_mesh *m, err *e)
{
    uint64_t triangles = 0;
    for (int i = 0; i < m->parts; i++) triangles += m->part[i].triangle_count;
    if (m->mesh.vertex_count == 0 || (m->parts ? triangles : m->mesh.triangle_count) == 0) {
        return fail(e, ERR_INPUT, "mesh %s has no triangles", m->name);
    }
    if (m->mesh.vertex_count > LIMIT_GLB_VERTICES || m->mesh.triangle_count > LIMIT_GLB_TRIANGLES) {
        return fail(e, ERR_LIMIT, "mesh %s is larger than %d vertices or %d triangles", m->name, LIMIT_GLB_VERTICES,
                    LIMIT_GLB_TRIANGLES);
    }
    for (uint32_t i = 0; i < m->mesh.vertex_count; i++) {
        if (!finite3(m->mesh.position[i])) {
            return fail(e, ERR_INPUT, "mesh %s: vertex %u has a coordinate that is not a number", m->name, i);
        }
    }
    return true;
}

// --- skeleton ---

// Joints become nodes first; a skin's joints need one root, so several get a common parent.
static bool add_skeleton(writer *w, err *e)
{
    const glb_scene *s = w->scene;
    int first = (int)json_array_size(w->nodes), roots = 0, root = 0;
    json_t *joints = json_array(), *root_list = json_array();
    float(*inverse)[16] = mem_new((size_t)s->joints, sizeof *inverse); // column-major
    for (int i = 0; i < s->joints; i++) {
        const glb_joint *j = &s->joint[i];
        assert(j->parent < i);
        vec3 at = j->parent < 0 ? j->origin : v3_sub(j->origin, s->joint[j->parent].origin);
        append(w->nodes, json_pack("{s:s, s:o}", "name", j->name, "translation", numbers(&at.x, 3)));
        append(joints, json_integer(first + i));
        if (j->parent < 0) {
            append(root_list, json_integer(first + i));
            root = first + i, roots++;
        } else {
            json_t *parent = json_array_get(w->nodes, (size_t)(first + j->parent));
            json_t *children = json_object_get(parent, "children");
            if (!children) json_object_set_new(parent, "children", children = json_array());
            append(children, json_integer(first + i));
        }
        vec3 t = v3_sub(w->grid_lo, j->origin);
        const float m[16] = { w->grid_size, 0, 0, 0, 0, w->grid_size, 0, 0, 0, 0, w->grid_size, 0, t.x, t.y, t.z, 1 };
        memcpy(inverse[i], m, sizeof m);
    }
    if (roots > 1) {
        root = append(w->nodes, json_pack("{s:s, s:o}", "name", "skeleton", "children", root_list));
    } else {
        json_decref(root_list);
    }
    int view = add_view(w, inverse, (size_t)s->joints * sizeof *inverse, 0, 0);
    mem_free(inverse);
    json_t *skin = json_pack("{s:i, s:i, s:o}", "inverseBindMatrices",
                             append(w->accessors, accessor(view, FLOAT, (size_t)s->joints, "MAT4")), "skeleton", root,
                             "joints", joints);
    json_object_set_new(w->top, "skins", json_pack("[o]", skin));
    return view >= 0 || too_large(e);
}

// The grid of the skinned meshes. Where a mesh is skinned its node's transform is ignored, so that the grid has to go
// into the inverse bind matrices, which all of them share. Plain files have the identity.
static void choose_grid(writer *w)
{
    vec3 lo = v3(INFINITY, INFINITY, INFINITY), hi = v3(-INFINITY, -INFINITY, -INFINITY);
    for (int i = 0; w->web && i < w->scene->meshes; i++) {
        const glb_mesh *m = &w->scene->mesh[i];
        if (m->joint) bounds(m->mesh.position, m->mesh.vertex_count, &lo, &hi);
    }
    float size = fmaxf(fmaxf(hi.x - lo.x, hi.y - lo.y), hi.z - lo.z);
    bool any = size > 0 && isfinite(size);
    w->grid_lo = any ? lo : v3(0, 0, 0);
    w->grid_size = any ? size : 1;
}

// --- the file ---

static void add_materials(writer *w)
{
    json_t *all = json_array();
    for (int i = 0; i < w->scene->materials; i++) {
        const glb_material *m = &w->scene->material[i];
        json_t *pbr = json_pack("{s:o, s:f, s:f}", "baseColorFactor", numbers(m->base_color, 4), "metallicFactor",
                                (double)m->metallic, "roughnessFactor", (double)m->roughness);
        json_t *item = json_pack("{s:s, s:o}", "name", m->name, "pbrMetallicRoughness", pbr);
        if (m->double_sided) json_object_set_new(item, "doubleSided", json_true());
        if (m->base_color[3] == 0)
            json_object_set_new(item, "alphaMode", json_string("MASK"));
        else if (m->base_color[3] < 1)
            json_object_set_new(item, "alphaMode", json_string("BLEND"));
        append(all, item);
    }
    if (w->scene->materials) json_object_set(w->top, "materials", all);
    json_decref(all);
}

static void add_variants(writer *w)
{
    json_t *names = json_array();
    for (int i = 0; i < w->scene->variants; i++) append(names, json_pack("{s:s}", "name", w->scene->variant[i]));
    json_object_set_new(w->top, "extensions", json_pack("{s:{s:o}}", "KHR_materials_variants", "variants", names));
    json_t *used = json_object_get(w->top, "extensionsUsed");
    if (!used) json_object_set_new(w->top, "extensionsUsed", used = json_array());
    append(used, json_string("KHR_materials_variants"));
}

static bool add_asset(writer *w, err *e)
{
    json_t *asset = json_pack("{s:s}", "version", "2.0");
    json_object_set_new(w->top, "asset", asset);
    if (w->scene->generator) json_object_set_new(asset, "generator", json_string(w->scene->generator));
    if (!w->scene->extras_json) return true;
    json_error_t why;
    json_t *extras = json_loads(w->scene->extras_json, JSON_REJECT_DUPLICATES, &why);
    if (!extras) return fail(e, ERR_INPUT, "the extras are not a JSON object: %s", why.text);
    json_object_set_new(asset, "extras", extras);
    return json_is_object(extras) || fail(e, ERR_INPUT, "the extras are not a JSON object");
}

static bool check_name(const char *name, err *e)
{
    json_t *text = json_string(name);
    json_decref(text);
    return text || fail(e, ERR_INPUT, "a name in the scene is not UTF-8");
}

static bool check_names(const glb_scene *s, err *e)
{
    bool ok = !s->generator || check_name(s->generator, e);
    for (int i = 0; ok && i < s->meshes; i++) ok = check_name(s->mesh[i].name, e);
    for (int i = 0; ok && i < s->joints; i++) ok = check_name(s->joint[i].name, e);
    for (int i = 0; ok && i < s->materials; i++) ok = check_name(s->material[i].name, e);
    for (int i = 0; ok && i < s->variants; i++) ok = check_name(s->variant[i], e);
    return ok;
}

static bool add_meshes(writer *w, err *e)
{
    for (int i = 0; i < w->scene->meshes; i++) {
        if (!check_mesh(&w->scene->mesh[i], e)) return false;
    }
    choose_grid(w);
    for (int i = 0; i < w->scene->meshes; i++) {
        if (!add_mesh(w, &w->scene->mesh[i], e)) return false;
    }
    return true;
}

// The nodes nobody has as a child.
static json_t *root_nodes(const writer *w)
{
    json_t *roots = json_array(), *child, *node;
    size_t n = json_array_size(w->nodes), i, k;
    bool *is_child = mem_array(bool, n);
    json_array_foreach(w->nodes, i, node)
    {
        json_array_foreach(json_object_get(node, "children"), k, child) is_child[json_integer_value(child)] = true;
    }
    for (i = 0; i < n; i++)
        if (!is_child[i]) append(roots, json_integer((json_int_t)i));
    mem_free(is_child);
    return roots;
}

static void add_buffers(writer *w)
{
    json_t *buffers = json_pack("[{s:I}]", "byteLength", (json_int_t)w->bin.len);
    if (w->web) {
        // Stands for what the packed views unpack to; there are no such bytes in the file.
        json_t *mark = json_pack("{s:{s:b}}", "EXT_meshopt_compression", "fallback", 1);
        append(buffers, json_pack("{s:I, s:o}", "byteLength", (json_int_t)w->unpacked, "extensions", mark));
        json_t *names = json_pack("[s, s]", "KHR_mesh_quantization", "EXT_meshopt_compression");
        json_object_set_new(w->top, "extensionsUsed", json_copy(names));
        json_object_set_new(w->top, "extensionsRequired", names);
    }
    json_object_set_new(w->top, "buffers", buffers);
}

static bool write_container(writer *w, buf *out, err *e)
{
    // Nine digits bring every single-precision number back as it was.
    char *text = json_dumps(w->top, JSON_COMPACT | JSON_REAL_PRECISION(9));
    if (!text) return fail(e, ERR_MEMORY, "no memory for the GLB file's JSON");
    size_t start = out->len, length = strlen(text), padded = (length + 3) / 4 * 4;
    bool ok = buf_align(&w->bin, 4, 0);
    size_t total = 12 + 8 + padded + 8 + w->bin.len;
    if (total > LIMIT_GLB_BYTES) ok = false;
    const uint32_t header[] = { GLB_MAGIC, 2, (uint32_t)total, (uint32_t)padded, CHUNK_JSON };
    const uint32_t binary[] = { (uint32_t)w->bin.len, CHUNK_BIN };
    ok = ok && buf_append(out, header, sizeof header) && buf_append(out, text, length) &&
         buf_append(out, "   ", padded - length) && buf_append(out, binary, sizeof binary) &&
         buf_append(out, w->bin.data, w->bin.len);
    mem_free(text); // jansson's allocator is the heap's
    if (ok) return true;
    out->len = start;
    return too_large(e);
}

bool glb_write(const glb_scene *scene, glb_flavour flavour, buf *out, err *e)
{
    writer w = { .scene = scene, .web = flavour == GLB_WEB, .bin = buf_new(LIMIT_GLB_BYTES), .top = json_object() };
    w.views = json_array(), w.accessors = json_array(), w.meshes = json_array(), w.nodes = json_array();
    bool skinned = false;
    for (int i = 0; i < scene->meshes; i++) skinned |= scene->mesh[i].joint && scene->joints;
    assert(scene->joints <= 256);
    bool ok = check_names(scene, e) && add_asset(&w, e) && add_meshes(&w, e) && (!skinned || add_skeleton(&w, e));
    json_object_set_new(w.top, "scene", json_integer(0));
    json_object_set_new(w.top, "scenes", json_pack("[{s:o}]", "nodes", root_nodes(&w)));
    json_object_set_new(w.top, "nodes", w.nodes);
    json_object_set_new(w.top, "meshes", w.meshes);
    json_object_set_new(w.top, "accessors", w.accessors);
    json_object_set_new(w.top, "bufferViews", w.views);
    add_materials(&w);
    add_buffers(&w);
    if (scene->variants) add_variants(&w);
    if (ok && scene->meshes == 0) ok = fail(e, ERR_INPUT, "the scene has no meshes");
    ok = ok && write_container(&w, out, e);
    json_decref(w.top);
    buf_free(&w.bin);
    return ok;
}
