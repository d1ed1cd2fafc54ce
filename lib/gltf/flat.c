#include "gltf/flat.h"
#include "base/arena.h"
#include "base/limits.h"

#include <string.h>

enum { HAS_NORMAL = 1, HAS_UV = 2, HAS_COLOR = 4, HAS_SKIN = 8 };

typedef struct {
    uint32_t meshes, joints, materials, extras; // extras: bytes with the final NUL, 0: none
} flat_head;

typedef struct {
    char name[64];
    uint32_t vertices, triangles, parts, has;
} flat_mesh;

typedef struct {
    char name[64];
    glb_material material; // its name is not used
} flat_material;

// --- in the child ---

typedef struct {
    uint8_t *out;
    size_t len, max;
    bool full;
} sink;

static void put(sink *s, const void *data, size_t count, size_t size)
{
    size_t n, padded;
    s->full |= __builtin_mul_overflow(count, size, &n) || n > s->max || s->len > s->max - n;
    if (s->full || n == 0) return;
    memcpy(s->out + s->len, data, n);
    padded = (s->len + n + 7) / 8 * 8;
    s->full |= padded > s->max;
    s->len = padded;
}

static void put_mesh(sink *s, const glb_read_mesh *m)
{
    flat_mesh head = { .vertices = m->vertex_count, .triangles = m->triangle_count, .parts = (uint32_t)m->parts };
    memcpy(head.name, m->name, sizeof head.name);
    head.has = (m->normal ? HAS_NORMAL : 0u) | (m->uv ? HAS_UV : 0u) | (m->color ? HAS_COLOR : 0u) |
               (m->joint ? HAS_SKIN : 0u);
    put(s, &head, 1, sizeof head);
    put(s, m->position, m->vertex_count, sizeof *m->position);
    if (m->normal) put(s, m->normal, m->vertex_count, sizeof *m->normal);
    if (m->uv) put(s, m->uv, m->vertex_count, sizeof *m->uv);
    if (m->color) put(s, m->color, m->vertex_count, 4);
    if (m->joint) put(s, m->joint, m->vertex_count, 4);
    if (m->joint) put(s, m->weight, m->vertex_count, 4 * sizeof *m->weight);
    put(s, m->triangle, 3 * (size_t)m->triangle_count, sizeof *m->triangle);
    put(s, m->part, (size_t)m->parts, sizeof *m->part);
}

bool glb_flatten(const glb_model *m, uint8_t *out, size_t max, size_t *len)
{
    sink s = { .out = out, .max = max };
    flat_head head = { (uint32_t)m->meshes, (uint32_t)m->joints, (uint32_t)m->materials, 0 };
    if (m->extras_json) head.extras = (uint32_t)strlen(m->extras_json) + 1;
    put(&s, &head, 1, sizeof head);
    put(&s, m->joint, (size_t)m->joints, sizeof *m->joint);
    for (int i = 0; i < m->materials; i++) {
        flat_material flat = { .material = m->material[i] };
        memcpy(flat.name, m->material[i].name, strnlen(m->material[i].name, sizeof flat.name - 1));
        flat.material.name = NULL;
        put(&s, &flat, 1, sizeof flat);
    }
    put(&s, m->extras_json, head.extras, 1);
    for (int i = 0; i < m->meshes; i++) put_mesh(&s, &m->mesh[i]);
    *len = s.len;
    return !s.full;
}

// --- in the parent ---

typedef struct {
    const uint8_t *at;
    size_t left;
    arena *memory;
    bool bad; // sticky: something did not fit
} source;

// A copy of the next count elements, NULL (and bad) when there are not so many.
static void *take(source *s, size_t count, size_t size)
{
    size_t n, padded;
    if (s->bad || __builtin_mul_overflow(count, size, &n) || __builtin_add_overflow(n, 7, &padded) ||
        (padded = padded / 8 * 8) > s->left) {
        s->bad = true;
        return NULL;
    }
    void *copy = arena_alloc(s->memory, count, size);
    if (!copy) {
        s->bad = true;
        return NULL;
    }
    if (n) memcpy(copy, s->at, n);
    s->at += padded;
    s->left -= padded;
    return copy;
}

static bool finite_all(const void *floats, size_t n)
{
    const float *f = floats;
    for (size_t i = 0; i < n; i++)
        if (!isfinite(f[i])) return false;
    return true;
}

static bool mesh_is_sound(const glb_read_mesh *m, int joints, int materials)
{
    size_t n = m->vertex_count;
    if (!finite_all(m->position, 3 * n) || (m->normal && !finite_all(m->normal, 3 * n))) return false;
    if ((m->uv && !finite_all(m->uv, 2 * n)) || (m->weight && !finite_all(m->weight, 4 * n))) return false;
    for (size_t i = 0; i < 3 * (size_t)m->triangle_count; i++)
        if (m->triangle[i] >= m->vertex_count) return false;
    for (size_t i = 0; m->joint && i < 4 * n; i++)
        if (m->joint[i] >= joints || m->weight[i] < 0) return false;
    for (int i = 0; i < m->parts; i++) {
        const glb_part *p = &m->part[i];
        if (p->first_triangle > m->triangle_count || p->triangle_count > m->triangle_count - p->first_triangle ||
            p->material < -1 || p->material >= materials) {
            return false;
        }
    }
    return true;
}

static bool take_mesh(source *s, const glb_model *out, glb_read_mesh *m)
{
    const flat_mesh *head = take(s, 1, sizeof *head);
    if (!head || head->vertices > LIMIT_GLB_VERTICES || head->triangles > LIMIT_GLB_TRIANGLES ||
        head->parts > LIMIT_GLB_TRIANGLES) {
        return false;
    }
    size_t n = head->vertices;
    memcpy(m->name, head->name, sizeof m->name);
    m->name[sizeof m->name - 1] = 0;
    m->vertex_count = head->vertices, m->triangle_count = head->triangles, m->parts = (int)head->parts;
    m->position = take(s, n, sizeof *m->position);
    if (head->has & HAS_NORMAL) m->normal = take(s, n, sizeof *m->normal);
    if (head->has & HAS_UV) m->uv = take(s, n, sizeof *m->uv);
    if (head->has & HAS_COLOR) m->color = take(s, n, 4);
    if (head->has & HAS_SKIN) {
        m->joint = take(s, n, 4);
        m->weight = take(s, n, 4 * sizeof *m->weight);
    }
    m->triangle = take(s, 3 * (size_t)m->triangle_count, sizeof *m->triangle);
    m->part = take(s, head->parts, sizeof *m->part);
    return !s->bad && mesh_is_sound(m, out->joints, out->materials);
}

static bool take_skeleton(source *s, glb_model *out, uint32_t joints)
{
    if (joints > 256) return false;
    out->joint = take(s, joints, sizeof *out->joint);
    out->joints = (int)joints;
    for (int i = 0; !s->bad && i < out->joints; i++) {
        glb_read_joint *j = &out->joint[i];
        j->name[sizeof j->name - 1] = 0;
        if (j->parent < -1 || j->parent >= i || !finite_all(&j->origin, 3)) return false;
    }
    return !s->bad;
}

static bool take_materials(source *s, glb_model *out, uint32_t materials)
{
    if (materials > LIMIT_GLB_NODES) return false;
    out->material = arena_array(s->memory, glb_material, materials);
    out->materials = (int)materials;
    for (uint32_t i = 0; out->material && i < materials; i++) {
        flat_material *flat = take(s, 1, sizeof *flat);
        if (!flat) return false;
        flat->name[sizeof flat->name - 1] = 0;
        out->material[i] = flat->material;
        out->material[i].name = flat->name;
        if (!finite_all(flat->material.base_color, 4) || !finite_all(&flat->material.metallic, 1) ||
            !finite_all(&flat->material.roughness, 1)) {
            return false;
        }
    }
    return out->material != NULL;
}

static bool take_model(source *s, glb_model *out)
{
    const flat_head *head = take(s, 1, sizeof *head);
    if (!head || head->meshes > LIMIT_GLB_NODES) return false;
    if (!take_skeleton(s, out, head->joints) || !take_materials(s, out, head->materials)) return false;
    if (head->extras) {
        out->extras_json = take(s, head->extras, 1);
        if (!out->extras_json || out->extras_json[head->extras - 1] != 0) return false;
    }
    out->mesh = arena_array(s->memory, glb_read_mesh, head->meshes);
    if (!out->mesh) return false;
    for (uint32_t i = 0; i < head->meshes; i++) {
        if (!take_mesh(s, out, &out->mesh[i])) return false;
        out->meshes++;
    }
    return s->left == 0;
}

bool glb_unflatten(const uint8_t *data, size_t n, glb_model *out)
{
    *out = (glb_model){ .memory = arena_new(LIMIT_GLB_MEMORY) };
    source s = { .at = data, .left = n, .memory = out->memory };
    if (take_model(&s, out)) return true;
    glb_model_free(out);
    return false;
}
