#include "gltf/nodes.h"
#include "base/limits.h"

#include <string.h>

enum { FLOAT = 5126 };

static affine product(const affine *a, const affine *b)
{
    affine c;
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 4; j++) {
            c.m[i][j] = a->m[i][0] * b->m[0][j] + a->m[i][1] * b->m[1][j] + a->m[i][2] * b->m[2][j];
            if (j == 3) c.m[i][j] += a->m[i][3];
        }
    return c;
}

// Column-major 4 x 4, as glTF has it; the last row is taken for 0 0 0 1.
static affine from_columns(const double m[16])
{
    affine a;
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 4; j++) a.m[i][j] = m[4 * j + i];
    return a;
}

static bool local_transform(const glb_file *f, const json_t *node, affine *out)
{
    double m[16] = { 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1 };
    double t[3] = { 0 }, q[4] = { 0, 0, 0, 1 }, s[3] = { 1, 1, 1 };
    if (!glb_floats(f, node, "matrix", 16, m) || !glb_floats(f, node, "translation", 3, t) ||
        !glb_floats(f, node, "rotation", 4, q) || !glb_floats(f, node, "scale", 3, s)) {
        return false;
    }
    *out = from_columns(m);
    if (json_object_get(node, "matrix")) return true;
    double n = q[0] * q[0] + q[1] * q[1] + q[2] * q[2] + q[3] * q[3];
    if (!(n > 1e-6)) return fail(f->e, ERR_INPUT, "a node's rotation is no quaternion");
    double x = q[0], y = q[1], z = q[2], w = q[3], k = 2 / n;
    const double r[3][3] = { { 1 - k * (y * y + z * z), k * (x * y - z * w), k * (x * z + y * w) },
                             { k * (x * y + z * w), 1 - k * (x * x + z * z), k * (y * z - x * w) },
                             { k * (x * z - y * w), k * (y * z + x * w), 1 - k * (x * x + y * y) } };
    for (int i = 0; i < 3; i++) {
        for (int j = 0; j < 3; j++) out->m[i][j] = r[i][j] * s[j];
        out->m[i][3] = t[i];
    }
    return true;
}

// --- the tree ---

static const json_t *node_json(const glb_file *f, int i)
{
    return json_array_get(json_object_get(f->top, "nodes"), (size_t)i);
}

static bool node_number(const glb_tree *t, const json_t *v, int *out)
{
    if (!json_is_integer(v) || json_integer_value(v) < 0 || json_integer_value(v) >= t->nodes) return false;
    *out = (int)json_integer_value(v);
    return true;
}

static bool link_children(glb_file *f, glb_tree *t)
{
    for (int i = 0; i < t->nodes; i++) t->node[i] = (glb_node){ .parent = -1, .joint = -1 };
    for (int i = 0; i < t->nodes; i++) {
        size_t k;
        json_t *v;
        json_array_foreach(json_object_get(node_json(f, i), "children"), k, v)
        {
            int child;
            if (!node_number(t, v, &child) || t->node[child].parent >= 0) {
                return fail(f->e, ERR_INPUT, "node %d has a child that is no node or has another parent", i);
            }
            t->node[child].parent = i;
        }
    }
    return true;
}

static bool mark_scene(glb_file *f, glb_tree *t)
{
    const json_t *scenes = json_object_get(f->top, "scenes");
    int64_t scene;
    if (!glb_int(f, f->top, "scene", 0, (int64_t)json_array_size(scenes) - 1, 0, &scene)) return false;
    if (json_array_size(scenes) == 0) {
        for (int i = 0; i < t->nodes; i++) t->node[i].in_scene = true;
        return true;
    }
    const json_t *roots = json_object_get(json_array_get(scenes, (size_t)scene), "nodes");
    size_t k;
    json_t *v;
    json_array_foreach(roots, k, v)
    {
        int root;
        if (!node_number(t, v, &root)) return fail(f->e, ERR_INPUT, "the scene has a root that is no node");
        t->node[root].in_scene = true;
    }
    return true;
}

// Parents before children, so that each world transform is one product. What is never reached is in a loop.
static bool place(glb_file *f, glb_tree *t)
{
    int *order = arena_array(f->memory, int, (size_t)t->nodes), n = 0;
    if (!order) return fail(f->e, ERR_LIMIT, "the model needs too much memory");
    for (int i = 0; i < t->nodes; i++)
        if (t->node[i].parent < 0) order[n++] = i;
    for (int at = 0; at < n; at++) {
        glb_node *node = &t->node[order[at]];
        const json_t *j = node_json(f, order[at]);
        affine local;
        if (!local_transform(f, j, &local)) return false;
        const glb_node *parent = node->parent < 0 ? NULL : &t->node[node->parent];
        node->world = parent ? product(&parent->world, &local) : local;
        node->in_scene |= parent && parent->in_scene;
        size_t k;
        json_t *v;
        json_array_foreach(json_object_get(j, "children"), k, v) order[n++] = (int)json_integer_value(v);
    }
    return n == t->nodes || fail(f->e, ERR_INPUT, "the nodes form a loop");
}

// --- skins ---

static double difference(const affine *a, const affine *b)
{
    double most = 0;
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 4; j++) most = fmax(most, fabs(a->m[i][j] - b->m[i][j]));
    return most;
}

static bool read_binds(glb_file *f, const glb_tree *t, const json_t *j, glb_skin *s)
{
    glb_accessor a = { 0 };
    int64_t inverse;
    if (!glb_int(f, j, "inverseBindMatrices", 0, INT32_MAX, -1, &inverse)) return false;
    if (inverse >= 0) {
        if (!glb_accessor_open(f, inverse, "the inverse bind matrices", &a)) return false;
        if (a.components != 16 || a.component != FLOAT || a.count < (size_t)s->count) {
            return fail(f->e, ERR_INPUT, "the inverse bind matrices are not one float 4 x 4 matrix a joint");
        }
    }
    // Rounding of a chain of single-precision translations of a body's size stays well below this.
    const double same = 5e-6;
    const affine identity = { { { 1, 0, 0, 0 }, { 0, 1, 0, 0 }, { 0, 0, 1, 0 } } };
    s->same = true;
    for (int i = 0; i < s->count; i++) {
        double m[16] = { 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1 };
        for (int k = 0; inverse >= 0 && k < 16; k++) m[k] = glb_number(&a, (size_t)i, k);
        affine unbind = from_columns(m);
        s->bind[i] = product(&t->node[s->node[i]].world, &unbind);
        if (difference(&s->bind[i], &identity) < same) s->bind[i] = identity;
        if (difference(&s->bind[i], &s->bind[0]) > same) s->same = false;
    }
    return true;
}

static bool open_skin(glb_file *f, glb_tree *t, int index)
{
    glb_skin *s = &t->skin[index];
    if (s->opened) return true;
    s->opened = true;
    const json_t *j = json_array_get(json_object_get(f->top, "skins"), (size_t)index);
    const json_t *joints = json_object_get(j, "joints");
    size_t n = json_array_size(joints), k;
    if (n < 1 || n > 256) return fail(f->e, ERR_INPUT, "a skin has %zu joints; 1 to 256 are read", n);
    s->count = (int)n;
    int *nodes = arena_array(f->memory, int, n);
    s->bind = arena_array(f->memory, affine, n);
    if (!nodes || !s->bind) return fail(f->e, ERR_LIMIT, "the model needs too much memory");
    json_t *v;
    json_array_foreach(joints, k, v)
    {
        if (!node_number(t, v, &nodes[k])) return fail(f->e, ERR_INPUT, "a skin has a joint that is no node");
        t->node[nodes[k]].joint = 0; // numbered when all are known
    }
    s->node = nodes;
    return read_binds(f, t, j, s);
}

// Numbers a joint after the joints above it, so that a file in parents-first order keeps its order.
static bool number_joint(glb_file *f, glb_tree *t, bool *numbered, int node)
{
    while (!numbered[node]) {
        int top = node;
        for (int i = node; i >= 0; i = t->node[i].parent)
            if (t->node[i].joint >= 0 && !numbered[i]) top = i;
        if (t->joints == 256) return fail(f->e, ERR_LIMIT, "the skeleton has more than 256 joints");
        numbered[top] = true;
        t->node[top].joint = t->joints;
        t->joint_node[t->joints++] = top;
    }
    return true;
}

static bool read_skins(glb_file *f, glb_tree *t)
{
    bool *numbered = arena_array(f->memory, bool, (size_t)t->nodes);
    t->skin = arena_array(f->memory, glb_skin, (size_t)t->skins);
    if (!numbered || !t->skin) return fail(f->e, ERR_LIMIT, "the model needs too much memory");
    for (int i = 0; i < t->nodes; i++) {
        int64_t skin;
        if (!glb_int(f, node_json(f, i), "skin", 0, t->skins - 1, -1, &skin)) return false;
        if (skin >= 0 && t->node[i].in_scene && !open_skin(f, t, (int)skin)) return false;
    }
    for (int i = 0; i < t->skins; i++)
        for (int k = 0; t->skin[i].opened && k < t->skin[i].count; k++) {
            if (!number_joint(f, t, numbered, t->skin[i].node[k])) return false;
        }
    return true;
}

bool glb_tree_read(glb_file *f, glb_tree *t)
{
    size_t nodes = json_array_size(json_object_get(f->top, "nodes"));
    size_t skins = json_array_size(json_object_get(f->top, "skins"));
    *t = (glb_tree){ 0 };
    if (nodes > LIMIT_GLB_NODES || skins > LIMIT_GLB_NODES) {
        return fail(f->e, ERR_LIMIT, "the model has more than %d nodes or skins", LIMIT_GLB_NODES);
    }
    t->nodes = (int)nodes, t->skins = (int)skins;
    t->node = arena_array(f->memory, glb_node, nodes);
    if (!t->node) return fail(f->e, ERR_LIMIT, "the model needs too much memory");
    return link_children(f, t) && mark_scene(f, t) && place(f, t) && read_skins(f, t);
}

void glb_name(const json_t *object, char *out, size_t size)
{
    const char *s = json_string_value(json_object_get(object, "name"));
    size_t n = s ? strlen(s) : 0;
    if (n >= size) {
        n = size - 1;
        while (n && ((uint8_t)s[n] & 0xc0) == 0x80) n--; // not within a character
    }
    if (n) memcpy(out, s, n);
    out[n] = 0;
}

bool glb_tree_joints(glb_file *f, const glb_tree *t, glb_model *out)
{
    out->joints = t->joints;
    if (t->joints == 0) return true;
    out->joint = arena_array(f->memory, glb_read_joint, (size_t)t->joints);
    if (!out->joint) return fail(f->e, ERR_LIMIT, "the model needs too much memory");
    for (int i = 0; i < t->joints; i++) {
        const glb_node *n = &t->node[t->joint_node[i]];
        glb_name(node_json(f, t->joint_node[i]), out->joint[i].name, sizeof out->joint[i].name);
        vec3 at = v3((float)n->world.m[0][3], (float)n->world.m[1][3], (float)n->world.m[2][3]);
        if (!isfinite(at.x) || !isfinite(at.y) || !isfinite(at.z)) {
            return fail(f->e, ERR_INPUT, "joint %s has a place that is not a number", out->joint[i].name);
        }
        out->joint[i].origin = at;
        int parent = n->parent;
        while (parent >= 0 && t->node[parent].joint < 0) parent = t->node[parent].parent;
        out->joint[i].parent = parent < 0 ? -1 : t->node[parent].joint;
    }
    return true;
}
