#include "gltf/glb.h"
#include "gltf/nodes.h"
#include "base/limits.h"
#include "base/mem.h"

#include <string.h>

enum { GLB_MAGIC = 0x46546C67, CHUNK_JSON = 0x4E4F534A, CHUNK_BIN = 0x004E4942 };
enum { UBYTE = 5121, USHORT = 5123, UINT = 5125, FLOAT = 5126, TRIANGLES = 4, PRIMITIVES_MAX = 1024 };

static bool no_memory(const glb_file *f)
{
    return fail(f->e, ERR_LIMIT, "the model unpacks to more than %zu MB", LIMIT_GLB_MEMORY / MIB);
}

// --- one mesh: the primitives that share their vertices ---

enum { POSITION, NORMAL, TEXCOORD, COLOR, JOINTS, WEIGHTS, ATTRIBUTES };
static const char *const attribute_names[ATTRIBUTES] = { "POSITION", "NORMAL",   "TEXCOORD_0",
                                                         "COLOR_0",  "JOINTS_0", "WEIGHTS_0" };

// Accessor numbers, -1 where there is none. Equal keys are the same vertices.
typedef struct {
    int64_t accessor[ATTRIBUTES];
} vertex_key;

typedef struct {
    glb_file *f;
    const glb_tree *tree;
    const glb_node *node;
    const glb_skin *skin; // NULL: not skinned
    glb_model *out;
    uint64_t vertices, triangles; // of the model so far
} reader;

static bool read_key(const glb_file *f, const json_t *primitive, vertex_key *key)
{
    const json_t *attributes = json_object_get(primitive, "attributes");
    int64_t mode;
    if (json_object_get(json_object_get(primitive, "extensions"), "KHR_draco_mesh_compression")) {
        return fail(f->e, ERR_INPUT, "Draco compression is not read: export without it");
    }
    if (!glb_int(f, primitive, "mode", 0, 6, TRIANGLES, &mode)) return false;
    if (mode != TRIANGLES) return fail(f->e, ERR_INPUT, "it has points, lines or strips: export triangles only");
    for (int i = 0; i < ATTRIBUTES; i++) {
        if (!glb_int(f, attributes, attribute_names[i], 0, INT32_MAX, -1, &key->accessor[i])) return false;
    }
    return key->accessor[POSITION] >= 0 || fail(f->e, ERR_INPUT, "a primitive has no POSITION");
}

static bool open_attribute(const reader *r, const vertex_key *key, int which, size_t count, int components,
                           glb_accessor *a)
{
    if (!glb_accessor_open(r->f, key->accessor[which], attribute_names[which], a)) return false;
    bool kind = a->components == components || (which == COLOR && a->components == 3);
    if (kind && a->count == count && a->component != UINT) return true;
    return fail(r->f->e, ERR_INPUT, "%s has another type, or another count than POSITION", attribute_names[which]);
}

static vec3 vector_at(const glb_accessor *a, size_t i)
{
    return v3((float)glb_number(a, i, 0), (float)glb_number(a, i, 1), (float)glb_number(a, i, 2));
}

static bool read_uvs(const reader *r, const vertex_key *key, glb_read_mesh *m)
{
    glb_accessor a;
    if (!open_attribute(r, key, TEXCOORD, m->vertex_count, 2, &a)) return false;
    m->uv = arena_array(r->f->memory, vec2, m->vertex_count);
    if (!m->uv) return no_memory(r->f);
    for (size_t i = 0; i < m->vertex_count; i++) {
        m->uv[i] = (vec2){ (float)glb_number(&a, i, 0), (float)glb_number(&a, i, 1) };
        if (!isfinite(m->uv[i].x) || !isfinite(m->uv[i].y)) m->uv[i] = (vec2){ 0, 0 };
    }
    return true;
}

static bool read_colors(const reader *r, const vertex_key *key, glb_read_mesh *m)
{
    glb_accessor a;
    if (!open_attribute(r, key, COLOR, m->vertex_count, 4, &a)) return false;
    m->color = arena_alloc(r->f->memory, m->vertex_count, 4);
    if (!m->color) return no_memory(r->f);
    for (size_t i = 0; i < m->vertex_count; i++)
        for (int k = 0; k < 4; k++) {
            double c = k < a.components ? glb_number(&a, i, k) : 1;
            m->color[4 * i + (size_t)k] = (uint8_t)lrint(255 * (c > 0 ? fmin(c, 1) : 0));
        }
    return true;
}

// Joint numbers of the model's skeleton; weights scaled to sum 1.
static bool read_weights(const reader *r, const vertex_key *key, glb_read_mesh *m)
{
    glb_accessor j, w;
    if (!open_attribute(r, key, JOINTS, m->vertex_count, 4, &j)) return false;
    if (!open_attribute(r, key, WEIGHTS, m->vertex_count, 4, &w)) return false;
    if (j.component != UBYTE && j.component != USHORT) return fail(r->f->e, ERR_INPUT, "JOINTS_0 are no integers");
    m->joint = arena_alloc(r->f->memory, m->vertex_count, 4);
    m->weight = arena_alloc(r->f->memory, m->vertex_count, 4 * sizeof *m->weight);
    if (!m->joint || !m->weight) return no_memory(r->f);
    for (size_t i = 0; i < m->vertex_count; i++) {
        double weight[4], sum = 0;
        for (int k = 0; k < 4; k++) {
            uint32_t joint = glb_integer(&j, i, k);
            if (joint >= (uint32_t)r->skin->count) {
                return fail(r->f->e, ERR_INPUT, "vertex %zu hangs on joint %u of %d", i, joint, r->skin->count);
            }
            m->joint[4 * i + (size_t)k] = (uint8_t)joint; // the skin's; the model's once the pose is applied
            weight[k] = glb_number(&w, i, k);
            if (!(weight[k] >= 0) || isinf(weight[k])) {
                return fail(r->f->e, ERR_INPUT, "vertex %zu has a weight that is negative or no number", i);
            }
            sum += weight[k];
        }
        if (!(sum > 0)) weight[0] = sum = 1; // hangs on its first joint
        bool exact = fabs(sum - 1) < 1e-6;
        for (size_t k = 0; k < 4; k++) m->weight[4 * i + k] = (float)(exact ? weight[k] : weight[k] / sum);
    }
    return true;
}

// --- to the world ---

static affine blend(const glb_skin *s, const uint8_t *joint, const float *weight)
{
    affine a = { 0 };
    for (int k = 0; k < 4; k++) {
        if (weight[k] == 0) continue;
        const affine *b = &s->bind[joint[k]];
        for (int i = 0; i < 3; i++)
            for (int j = 0; j < 4; j++) a.m[i][j] += (double)weight[k] * b->m[i][j];
    }
    return a;
}

static double cofactor(const affine *a, int i, int j)
{
    int i1 = (i + 1) % 3, i2 = (i + 2) % 3, j1 = (j + 1) % 3, j2 = (j + 2) % 3;
    return a->m[i1][j1] * a->m[i2][j2] - a->m[i1][j2] * a->m[i2][j1];
}

static double determinant(const affine *a)
{
    return a->m[0][0] * cofactor(a, 0, 0) + a->m[0][1] * cofactor(a, 0, 1) + a->m[0][2] * cofactor(a, 0, 2);
}

static vec3 map_point(const affine *a, vec3 p)
{
    double q[3];
    for (int i = 0; i < 3; i++) {
        q[i] = a->m[i][0] * (double)p.x + a->m[i][1] * (double)p.y + a->m[i][2] * (double)p.z + a->m[i][3];
    }
    return v3((float)q[0], (float)q[1], (float)q[2]);
}

// Normals go by the inverse transpose, which is the cofactors over the determinant.
static vec3 map_normal(const affine *a, vec3 n)
{
    double q[3], sign = determinant(a) < 0 ? -1 : 1;
    for (int i = 0; i < 3; i++) {
        q[i] = cofactor(a, i, 0) * (double)n.x + cofactor(a, i, 1) * (double)n.y + cofactor(a, i, 2) * (double)n.z;
    }
    double length = sqrt(q[0] * q[0] + q[1] * q[1] + q[2] * q[2]);
    if (!(length > 0) || isinf(length)) return v3(0, 0, 0);
    sign /= length;
    return v3((float)(q[0] * sign), (float)(q[1] * sign), (float)(q[2] * sign));
}

static bool is_identity(const affine *a)
{
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 4; j++)
            if (a->m[i][j] != (i == j)) return false;
    return true;
}

// Positions and normals to the world; triangles turned round where that mirrors.
static bool to_world(const reader *r, glb_read_mesh *m)
{
    const glb_skin *s = r->skin;
    bool one = !s || s->same;
    affine a = s ? s->bind[0] : r->node->world;
    bool still = one && is_identity(&a);
    for (size_t i = 0; i < m->vertex_count; i++) {
        if (!one) a = blend(s, &m->joint[4 * i], &m->weight[4 * i]);
        vec3 p = still ? m->position[i] : map_point(&a, m->position[i]);
        const float far = 1e6f; // metres
        if (!(fabsf(p.x) < far && fabsf(p.y) < far && fabsf(p.z) < far)) {
            return fail(r->f->e, ERR_INPUT, "vertex %zu has a coordinate that is no number, or a million metres off",
                        i);
        }
        m->position[i] = p;
        if (!m->normal) continue;
        vec3 n = m->normal[i];
        if (!still) n = map_normal(&a, n);
        m->normal[i] = isfinite(n.x) && isfinite(n.y) && isfinite(n.z) ? n : v3(0, 0, 0);
    }
    if (one && determinant(&a) < 0) {
        for (size_t i = 0; i < m->triangle_count; i++) {
            uint32_t c = m->triangle[3 * i];
            m->triangle[3 * i] = m->triangle[3 * i + 1];
            m->triangle[3 * i + 1] = c;
        }
    }
    for (size_t i = 0; s && i < 4 * (size_t)m->vertex_count; i++) {
        m->joint[i] = (uint8_t)r->tree->node[s->node[m->joint[i]]].joint;
    }
    return true;
}

static bool read_vertices(reader *r, const vertex_key *key, glb_read_mesh *m)
{
    glb_accessor a;
    if (!glb_accessor_open(r->f, key->accessor[POSITION], "POSITION", &a)) return false;
    if (a.components != 3 || a.component == UINT) return fail(r->f->e, ERR_INPUT, "POSITION is not three numbers");
    r->vertices += a.count;
    if (r->vertices > LIMIT_GLB_VERTICES) {
        return fail(r->f->e, ERR_LIMIT, "the model has more than %d vertices: simplify it", LIMIT_GLB_VERTICES);
    }
    m->vertex_count = (uint32_t)a.count;
    m->position = arena_array(r->f->memory, vec3, a.count);
    if (!m->position) return no_memory(r->f);
    for (size_t i = 0; i < a.count; i++) m->position[i] = vector_at(&a, i);
    if (key->accessor[NORMAL] >= 0) {
        if (!open_attribute(r, key, NORMAL, m->vertex_count, 3, &a)) return false;
        m->normal = arena_array(r->f->memory, vec3, m->vertex_count);
        if (!m->normal) return no_memory(r->f);
        for (size_t i = 0; i < m->vertex_count; i++) m->normal[i] = vector_at(&a, i);
    }
    if (key->accessor[TEXCOORD] >= 0 && !read_uvs(r, key, m)) return false;
    if (key->accessor[COLOR] >= 0 && !read_colors(r, key, m)) return false;
    return !r->skin || read_weights(r, key, m);
}

// --- triangles ---

static bool open_indices(const reader *r, const json_t *primitive, uint32_t vertices, glb_accessor *a, size_t *count)
{
    int64_t index;
    if (!glb_int(r->f, primitive, "indices", 0, INT32_MAX, -1, &index)) return false;
    *count = vertices;
    *a = (glb_accessor){ 0 };
    if (index >= 0) {
        if (!glb_accessor_open(r->f, index, "the indices", a)) return false;
        if (a->components != 1 || a->normalized ||
            (a->component != UBYTE && a->component != USHORT && a->component != UINT)) {
            return fail(r->f->e, ERR_INPUT, "the indices are no unsigned integers");
        }
        *count = a->count;
    }
    return *count % 3 == 0 || fail(r->f->e, ERR_INPUT, "%zu indices make no whole number of triangles", *count);
}

// Appends a primitive's triangles to m, which has room for them.
static bool read_part(reader *r, const json_t *primitive, glb_read_mesh *m)
{
    glb_accessor a;
    size_t count;
    int64_t material;
    if (!open_indices(r, primitive, m->vertex_count, &a, &count)) return false;
    if (!glb_int(r->f, primitive, "material", 0, r->out->materials - 1, -1, &material)) return false;
    uint32_t *to = m->triangle + 3 * (size_t)m->triangle_count;
    bool listed = json_object_get(primitive, "indices");
    for (size_t i = 0; i < count; i++) {
        to[i] = listed ? glb_integer(&a, i, 0) : (uint32_t)i;
        if (to[i] >= m->vertex_count) {
            return fail(r->f->e, ERR_INPUT, "index %u is not one of %u vertices", to[i], m->vertex_count);
        }
    }
    m->part[m->parts++] = (glb_part){ m->triangle_count, (uint32_t)(count / 3), (int)material };
    m->triangle_count += (uint32_t)(count / 3);
    return true;
}

// Reads the primitives [first …] whose key is that of the first of them.
static bool read_group(reader *r, const json_t *primitives, const vertex_key *keys, size_t first, glb_read_mesh *m)
{
    uint64_t triangles = 0;
    size_t n = json_array_size(primitives), parts = 0;
    if (!read_vertices(r, &keys[first], m)) return false;
    for (size_t i = first; i < n; i++) {
        if (memcmp(&keys[i], &keys[first], sizeof *keys) != 0) continue;
        glb_accessor a;
        size_t count;
        if (!open_indices(r, json_array_get(primitives, i), m->vertex_count, &a, &count)) return false;
        triangles += count / 3;
        parts++;
    }
    r->triangles += triangles;
    if (r->triangles > LIMIT_GLB_TRIANGLES) {
        return fail(r->f->e, ERR_LIMIT, "the model has more than %d triangles: simplify it", LIMIT_GLB_TRIANGLES);
    }
    m->triangle = arena_array(r->f->memory, uint32_t, 3 * triangles);
    m->part = arena_array(r->f->memory, glb_part, parts);
    if (!m->triangle || !m->part) return no_memory(r->f);
    for (size_t i = first; i < n; i++) {
        if (memcmp(&keys[i], &keys[first], sizeof *keys) != 0) continue;
        if (!read_part(r, json_array_get(primitives, i), m)) return false;
    }
    return to_world(r, m);
}

static bool is_first(const vertex_key *keys, size_t i)
{
    for (size_t k = 0; k < i; k++)
        if (memcmp(&keys[k], &keys[i], sizeof *keys) == 0) return false;
    return true;
}

// --- the model ---

// The primitives of the mesh that a node shows: counted first (count_only), then read into the array of that size.
static bool read_node(reader *r, int index, bool count_only)
{
    const json_t *node = json_array_get(json_object_get(r->f->top, "nodes"), (size_t)index);
    const json_t *meshes = json_object_get(r->f->top, "meshes");
    int64_t mesh, skin;
    if (!glb_int(r->f, node, "mesh", 0, (int64_t)json_array_size(meshes) - 1, -1, &mesh)) return false;
    if (!glb_int(r->f, node, "skin", 0, r->tree->skins - 1, -1, &skin)) return false;
    if (mesh < 0 || !r->tree->node[index].in_scene) return true;
    const json_t *j = json_array_get(meshes, (size_t)mesh), *primitives = json_object_get(j, "primitives");
    size_t n = json_array_size(primitives);
    if (n == 0 || n > PRIMITIVES_MAX) {
        return fail(r->f->e, ERR_INPUT, "a mesh has %zu primitives; 1 to %d are read", n, PRIMITIVES_MAX);
    }
    vertex_key keys[PRIMITIVES_MAX];
    for (size_t i = 0; i < n; i++)
        if (!read_key(r->f, json_array_get(primitives, i), &keys[i])) return false;
    r->node = &r->tree->node[index];
    for (size_t i = 0; i < n; i++) {
        if (!is_first(keys, i)) continue;
        if (count_only) {
            r->out->meshes++;
            continue;
        }
        bool skinned = skin >= 0 && keys[i].accessor[JOINTS] >= 0 && keys[i].accessor[WEIGHTS] >= 0;
        r->skin = skinned ? &r->tree->skin[skin] : NULL;
        glb_read_mesh *m = &r->out->mesh[r->out->meshes++];
        glb_name(json_object_get(j, "name") ? j : node, m->name, sizeof m->name);
        if (read_group(r, primitives, keys, i, m)) continue;
        char where[80];
        snprintf(where, sizeof where, "mesh %s", m->name);
        return fail_within(r->f->e, where);
    }
    return true;
}

static bool read_meshes(reader *r)
{
    for (int i = 0; i < r->tree->nodes; i++)
        if (!read_node(r, i, true)) return false;
    int meshes = r->out->meshes;
    if (meshes == 0) return fail(r->f->e, ERR_INPUT, "there is no mesh in the scene");
    if (meshes > LIMIT_GLB_NODES) return fail(r->f->e, ERR_LIMIT, "there are more than %d meshes", LIMIT_GLB_NODES);
    r->out->mesh = arena_array(r->f->memory, glb_read_mesh, (size_t)meshes);
    if (!r->out->mesh) return no_memory(r->f);
    r->out->meshes = 0;
    for (int i = 0; i < r->tree->nodes; i++)
        if (!read_node(r, i, false)) return false;
    return true;
}

static float unit(double v) { return v > 0 ? (float)fmin(v, 1) : 0; }

static bool read_materials(glb_file *f, glb_model *out)
{
    const json_t *all = json_object_get(f->top, "materials");
    size_t n = json_array_size(all);
    if (n > LIMIT_GLB_NODES) return fail(f->e, ERR_LIMIT, "there are more than %d materials", LIMIT_GLB_NODES);
    if (n == 0) return true;
    out->material = arena_array(f->memory, glb_material, n);
    if (!out->material) return no_memory(f);
    for (size_t i = 0; i < n; i++) {
        const json_t *j = json_array_get(all, i), *pbr = json_object_get(j, "pbrMetallicRoughness");
        const json_t *metallic = json_object_get(pbr, "metallicFactor");
        const json_t *roughness = json_object_get(pbr, "roughnessFactor");
        char *name = arena_alloc(f->memory, 64, 1);
        double color[4] = { 1, 1, 1, 1 };
        if (!name) return no_memory(f);
        if (!glb_floats(f, pbr, "baseColorFactor", 4, color)) return false;
        glb_name(j, name, 64);
        out->material[i] = (glb_material){ .name = name,
                                           .metallic = metallic ? unit(json_number_value(metallic)) : 1,
                                           .roughness = roughness ? unit(json_number_value(roughness)) : 1,
                                           .double_sided = json_is_true(json_object_get(j, "doubleSided")) };
        for (int k = 0; k < 4; k++) out->material[i].base_color[k] = unit(color[k]);
    }
    out->materials = (int)n;
    return true;
}

// What the file demands of its reader: quantization and meshopt we do; what only changes how surfaces look may be
// left out; anything else would be misread.
static bool check_extensions(const glb_file *f)
{
    static const char *const known[] = { "KHR_mesh_quantization", "EXT_meshopt_compression" };
    static const char *const looks[] = { "KHR_materials_", "KHR_texture_", "EXT_texture_", "KHR_lights_" };
    const json_t *required = json_object_get(f->top, "extensionsRequired");
    for (size_t i = 0; i < json_array_size(required); i++) {
        const char *name = json_string_value(json_array_get(required, i));
        bool ok = false;
        for (size_t k = 0; name && k < sizeof known / sizeof *known; k++) ok |= strcmp(name, known[k]) == 0;
        for (size_t k = 0; name && k < sizeof looks / sizeof *looks; k++) {
            ok |= strncmp(name, looks[k], strlen(looks[k])) == 0;
        }
        if (!ok) {
            return fail(f->e, ERR_INPUT, "it needs the extension %.60s, which is not read: export without it",
                        name ? name : "(no name)");
        }
    }
    return true;
}

static bool read_asset(const glb_file *f, glb_model *out)
{
    const json_t *asset = json_object_get(f->top, "asset"), *extras = json_object_get(asset, "extras");
    const char *version = json_string_value(json_object_get(asset, "version"));
    if (!version || strncmp(version, "2.", 2) != 0) return fail(f->e, ERR_INPUT, "it is not of glTF version 2");
    if (!json_is_object(extras)) return true;
    char *text = json_dumps(extras, JSON_COMPACT);
    size_t n = text ? strlen(text) + 1 : 0;
    out->extras_json = text ? arena_alloc(f->memory, n, 1) : NULL;
    if (out->extras_json) memcpy(out->extras_json, text, n);
    mem_free(text); // jansson's allocator is the heap's
    return out->extras_json || no_memory(f);
}

static bool read_model(glb_file *f, glb_model *out)
{
    size_t views = json_array_size(json_object_get(f->top, "bufferViews"));
    if (views > 3 * LIMIT_GLB_NODES) return fail(f->e, ERR_LIMIT, "it has too many buffer views");
    f->unpacked = arena_array(f->memory, unpacked_view, views);
    if (!f->unpacked) return no_memory(f);
    glb_tree tree;
    reader r = { .f = f, .tree = &tree, .out = out };
    return check_extensions(f) && read_asset(f, out) && read_materials(f, out) && glb_tree_read(f, &tree) &&
           glb_tree_joints(f, &tree, out) && read_meshes(&r);
}

static uint32_t u32_at(const uint8_t *p)
{
    uint32_t v;
    memcpy(&v, p, sizeof v);
    return v;
}

// The next chunk at *at: its type and bytes. Chunks are whole and 4-byte aligned.
static bool next_chunk(const uint8_t *data, size_t n, size_t *at, uint32_t *type, const uint8_t **bytes, size_t *len)
{
    if (n - *at < 8) return false;
    *len = u32_at(data + *at), *type = u32_at(data + *at + 4);
    *bytes = data + *at + 8;
    if (*len % 4 != 0 || *len > n - *at - 8) return false;
    *at += 8 + *len;
    return true;
}

static bool open_container(const uint8_t *data, size_t n, glb_file *f, json_t **top)
{
    uint32_t type;
    const uint8_t *bytes;
    size_t at = 12, len;
    if (n > LIMIT_GLB_BYTES) {
        return fail(f->e, ERR_LIMIT, "it has %zu bytes; at most %zu are accepted", n, LIMIT_GLB_BYTES);
    }
    if (n < 12 || u32_at(data) != GLB_MAGIC) return fail(f->e, ERR_INPUT, "it is not a GLB file");
    if (u32_at(data + 4) != 2) return fail(f->e, ERR_INPUT, "it is not of GLB version 2");
    if (u32_at(data + 8) != n) return fail(f->e, ERR_INPUT, "it is cut short, or longer than it says");
    if (!next_chunk(data, n, &at, &type, &bytes, &len) || type != CHUNK_JSON) {
        return fail(f->e, ERR_INPUT, "its first chunk is not JSON");
    }
    if (len > LIMIT_GLB_JSON) return fail(f->e, ERR_LIMIT, "its JSON is larger than %zu MB", LIMIT_GLB_JSON / MIB);
    json_error_t why;
    *top = json_loadb((const char *)bytes, len, JSON_REJECT_DUPLICATES, &why);
    if (!json_is_object(*top))
        return fail(f->e, ERR_INPUT, "its JSON cannot be read: %s", *top ? "no object" : why.text);
    f->top = *top;
    if (at < n && next_chunk(data, n, &at, &type, &bytes, &len) && type == CHUNK_BIN) {
        f->bin = bytes, f->bin_len = len;
    }
    return true;
}

bool glb_parse(const uint8_t *data, size_t n, glb_model *out, err *e)
{
    *out = (glb_model){ .memory = arena_new(LIMIT_GLB_MEMORY) };
    glb_file f = { .memory = out->memory, .e = e };
    json_t *top = NULL;
    bool ok = open_container(data, n, &f, &top) && read_model(&f, out);
    json_decref(top);
    if (!ok) glb_model_free(out);
    return ok;
}

void glb_model_free(glb_model *m)
{
    arena_free(m->memory);
    *m = (glb_model){ 0 };
}
