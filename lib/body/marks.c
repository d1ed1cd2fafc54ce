// Marks and parts of a standing body whose vertices nobody has listed: found on its mean shape by where people have
// them, by joints and by the skin's dominant joint. Heights are shares of the stature; they hold for the open body's
// listed marks and the survey's means (cervicale 0.864, suprasternale 0.819, omphalion 0.600) within a centimetre.
#include "base/mem.h"
#include "body/stand.h"

#include <math.h>

enum { NECK_PLANES = 4 };
static const uint32_t NOWHERE = UINT32_MAX;
static const float CERVICALE = 0.862f, SUPRASTERNALE = 0.819f, NAVEL = 0.5987f, UNDERBUST_BELOW = 0.0236f;
static const float NECK_FRONT[NECK_PLANES] = { 0.846f, 0.853f, 0.860f, 0.866f };

#define L(joint) (1u << (joint))
static const unsigned TRUNK = L(JOINT_PELVIS) | L(JOINT_SPINE1) | L(JOINT_SPINE2) | L(JOINT_SPINE3) | L(JOINT_L_HIP) |
                              L(JOINT_R_HIP) | L(JOINT_L_COLLAR) | L(JOINT_R_COLLAR);
static const unsigned HEAD_AND_NECK = L(JOINT_NECK) | L(JOINT_HEAD);
static const unsigned ARMS = L(JOINT_L_SHOULDER) | L(JOINT_R_SHOULDER) | L(JOINT_L_ELBOW) | L(JOINT_R_ELBOW) |
                             L(JOINT_L_WRIST) | L(JOINT_R_WRIST) | L(JOINT_L_HAND) | L(JOINT_R_HAND);
static const unsigned LEFT_ARM = L(JOINT_L_SHOULDER) | L(JOINT_L_ELBOW) | L(JOINT_L_WRIST) | L(JOINT_L_HAND);
static const unsigned LEFT_LEG = L(JOINT_L_HIP) | L(JOINT_L_KNEE) | L(JOINT_L_ANKLE) | L(JOINT_PELVIS);

typedef struct {
    body_model *m;
    const vec3 *p;
    vec3 *normal;
    float *x, *y, *lean;       // [vertices]: coordinates; the normal's angle from straight up, outwards
    float ground, tall, thick; // thick: of the midline's band, half
} figure;

// A point on an edge of the mesh, so that levels are met between vertices.
typedef struct {
    uint32_t a, b;
    float share; // from a to b
    vec3 p, normal;
} place;

static bool has(const figure *f, uint32_t v, unsigned labels) { return labels >> f->m->label[v] & 1; }
static float level(const figure *f, float share) { return f->ground + share * f->tall; }

// Of the places where a field over the vertices has this value, the cheapest; cost INFINITY: none. arg: the cost's.
typedef float place_cost(const place *at, const float *arg);
static place cheapest(const figure *f, const float *field, float value, unsigned labels, place_cost *cost,
                      const float *arg)
{
    place best = { .a = NOWHERE };
    float least = INFINITY;
    for (size_t i = 0; i < 3 * (size_t)f->m->triangles; i++) {
        uint32_t a = f->m->triangle[i], b = f->m->triangle[i % 3 == 2 ? i - 2 : i + 1];
        if (a > b || (field[a] <= value) == (field[b] <= value)) continue; // the other triangle has b before a
        if (!has(f, a, labels) || !has(f, b, labels)) continue;
        float t = (value - field[a]) / (field[b] - field[a]);
        place at = { a, b, t, v3_lerp(f->p[a], f->p[b], t), v3_lerp(f->normal[a], f->normal[b], t) };
        float c = cost(&at, arg);
        if (c < least) least = c, best = at;
    }
    return best;
}

// arg: x to be near to, side (1 front, -1 back), reach.
static float beside(const place *at, const float *arg)
{
    float off = fabsf(at->p.x - arg[0]);
    return arg[1] * at->normal.z > -0.2f && off < arg[2] ? off : INFINITY;
}

// As far forward as can be. arg: lowest and highest y.
static float foremost(const place *at, const float *arg)
{
    return at->p.y >= arg[0] && at->p.y <= arg[1] ? -at->p.z : INFINITY;
}

static float below(const place *at, const float *arg)
{
    (void)arg;
    return at->p.y;
}

// arg: the z to be in front of, reach in x.
static float before(const place *at, const float *arg)
{
    return at->p.z > arg[0] && fabsf(at->p.x) < arg[1] ? fabsf(at->p.x) : INFINITY;
}

// arg: the shoulder joint, and the side's sign.
static float over_joint(const place *at, const float *arg)
{
    bool near = v3_dist(at->p, v3(arg[0], arg[1], arg[2])) < 0.11f;
    return near && at->p.y > arg[1] && arg[3] * (at->p.x - arg[0]) > -0.01f ? fabsf(at->p.z - arg[2]) : INFINITY;
}

static place level_at(const figure *f, float x, float y, float side, float reach)
{
    return cheapest(f, f->y, y, TRUNK | HEAD_AND_NECK, beside, (float[]){ x, side, reach });
}

// A little below the chest's most forward point on the vertical through the nipple, which lies 6.2 % of the stature
// from the middle.
static place bust(const figure *f, float sign)
{
    float x = sign * 0.0622f * f->tall;
    place front = cheapest(f, f->x, x, TRUNK, foremost, (float[]){ level(f, 0.69f), level(f, 0.755f) });
    return front.a == NOWHERE ? front : level_at(f, x, front.p.y - 0.0027f * f->tall, 1, 0.04f);
}

// The landmark lies a few millimetres before and above the lowest point of the trunk's middle.
static place crotch(const figure *f)
{
    place lowest = cheapest(f, f->x, 0, TRUNK, below, NULL);
    if (lowest.a == NOWHERE) return lowest;
    return cheapest(f, f->y, lowest.p.y + 0.0027f * f->tall, TRUNK, before, (float[]){ lowest.p.z, 0.02f });
}

// The edge of the shoulder's roof, where its slope passes 33 degrees, over the joint.
static place acromion(const figure *f, int shoulder, float sign)
{
    vec3 joint = f->m->joint_template[shoulder];
    return cheapest(f, f->lean, 0.576f, TRUNK | ARMS, over_joint, (float[]){ joint.x, joint.y, joint.z, sign });
}

static void set(figure *f, body_mark mark, place at)
{
    body_ids *out = &f->m->mark[mark];
    *out = (body_ids){ mem_array(uint32_t, 2), at.a == NOWHERE ? 0 : 2 };
    out->id[0] = at.a, out->id[1] = at.b;
    f->m->mark_share[mark] = at.share;
}

// Vertices of the throat; the tape tries a plane through each.
static void set_neck_front(const figure *f, body_ids *out)
{
    *out = (body_ids){ mem_array(uint32_t, NECK_PLANES), 0 };
    for (int i = 0; i < NECK_PLANES; i++) {
        place at = level_at(f, 0, level(f, NECK_FRONT[i]), 1, 0.02f);
        uint32_t v = at.share < 0.5f ? at.a : at.b;
        bool known = at.a == NOWHERE;
        for (uint32_t k = 0; k < out->count; k++) known |= out->id[k] == v;
        if (!known) out->id[out->count++] = v;
    }
}

// The seat: the back of pelvis and thighs from under the buttocks to the upper rim of the pelvis.
static void set_seat(const figure *f, float crotch_y, body_ids *out)
{
    *out = (body_ids){ mem_array(uint32_t, f->m->vertices), 0 };
    float low = crotch_y - 0.045f * f->tall, high = f->m->joint_template[JOINT_PELVIS].y + 0.032f * f->tall;
    for (uint32_t v = 0; v < f->m->vertices; v++) {
        if (!has(f, v, TRUNK) || f->p[v].y < low || f->p[v].y > high) continue;
        if (f->p[v].z < f->m->joint_template[JOINT_PELVIS].z) out->id[out->count++] = v;
    }
}

static void find_marks(figure *f)
{
    const float reach = 0.02f;
    set(f, MARK_CERVICALE, level_at(f, 0, level(f, CERVICALE), -1, reach));
    set(f, MARK_SUPRASTERNALE, level_at(f, 0, level(f, SUPRASTERNALE), 1, reach));
    set(f, MARK_NAVEL, level_at(f, 0, level(f, NAVEL), 1, reach));
    place low = crotch(f);
    set(f, MARK_CROTCH, low);
    if (low.a != NOWHERE) set_seat(f, low.p.y, &f->m->mark[MARK_BUTTOCK]);
    set_neck_front(f, &f->m->mark[MARK_NECK_FRONT]);
    for (int side = 0; side < 2; side++) {
        place b = bust(f, side ? -1 : 1), under = { .a = NOWHERE };
        if (b.a != NOWHERE) under = level_at(f, b.p.x, b.p.y - UNDERBUST_BELOW * f->tall, 1, 0.04f);
        set(f, MARK_BUST_L + (body_mark)side, b);
        set(f, MARK_UNDERBUST_L + (body_mark)side, under);
        set(f, MARK_ACROMION_L + (body_mark)side, acromion(f, JOINT_L_SHOULDER + side, side ? -1 : 1));
    }
}

// By the dominant joints of the triangle's corners, as the open body's parts are told.
static bool in_part(const figure *f, body_part part, const uint32_t *v)
{
    int torso = 0, arm = 0, neck = 0, left_leg = 0, left_arm = 0, head = 0;
    for (int k = 0; k < 3; k++) {
        vec3 p = f->p[v[k]];
        torso += has(f, v[k], TRUNK);
        arm += has(f, v[k], ARMS);
        neck += has(f, v[k], HEAD_AND_NECK | L(JOINT_SPINE3) | L(JOINT_L_COLLAR) | L(JOINT_R_COLLAR)) &&
                p.y > level(f, 0.795f) && p.y < level(f, 0.925f);
        left_leg += has(f, v[k], LEFT_LEG) && p.x >= -f->thick / 2;
        left_arm += has(f, v[k], LEFT_ARM);
        head += has(f, v[k], L(JOINT_HEAD));
    }
    switch (part) {
    case PART_TORSO:
        return torso > 0 && arm == 0;
    case PART_NECK:
        return neck == 3;
    case PART_L_LEG:
        return left_leg == 3;
    case PART_L_ARM:
        return left_arm == 3;
    default:
        return head == 3;
    }
}

static void find_parts(const figure *f)
{
    for (int part = 0; part < PART_COUNT; part++) {
        body_ids *out = &f->m->part[part];
        *out = (body_ids){ mem_array(uint32_t, f->m->triangles), 0 };
        for (uint32_t t = 0; t < f->m->triangles; t++)
            if (in_part(f, (body_part)part, f->m->triangle + 3 * t)) out->id[out->count++] = t;
    }
}

// A published vertex of SMPL's own mesh (6890 vertices) for what its surface hardly shows, where it lies near what was
// found by geometry: the navel and the nipples (definitions of SMPL-Anthropometry, github.com/DavidBoja).
static void prefer_published(const figure *f)
{
    static const struct {
        body_mark mark;
        uint32_t vertex;
    } published[] = { { MARK_NAVEL, 3501 }, { MARK_BUST_L, 3042 }, { MARK_BUST_R, 6489 } };
    enum { SMPL_VERTICES = 6890, SMPL_TRIANGLES = 13776 };
    if (f->m->vertices != SMPL_VERTICES || f->m->triangles != SMPL_TRIANGLES) return;
    for (size_t i = 0; i < sizeof published / sizeof *published; i++) {
        vec3 found = body_mark_at(f->m, published[i].mark, f->p);
        if (f->m->mark[published[i].mark].count == 0 || v3_dist(found, f->p[published[i].vertex]) > 0.03f) continue;
        f->m->mark[published[i].mark].id[0] = published[i].vertex;
        f->m->mark[published[i].mark].count = 1;
        f->m->mark_share[published[i].mark] = 0;
    }
}

// Joints stacked and mirrored as a standing person's are.
static bool stands(const body_model *m, err *e)
{
    static const int down[] = { JOINT_HEAD, JOINT_NECK, JOINT_SPINE3, JOINT_PELVIS, JOINT_L_KNEE, JOINT_L_ANKLE };
    const vec3 *joint = m->joint_template;
    bool ok = true;
    for (size_t i = 1; i < sizeof down / sizeof *down; i++) ok &= joint[down[i]].y < joint[down[i - 1]].y - 0.03f;
    static const int left[] = { JOINT_L_HIP, JOINT_L_KNEE, JOINT_L_ANKLE, JOINT_L_SHOULDER, JOINT_L_ELBOW };
    for (size_t i = 0; i < sizeof left / sizeof *left; i++) {
        vec3 l = joint[left[i]], r = joint[left[i] + 1];
        ok &= l.x > 0.02f && v3_dist(l, v3(-r.x, r.y, r.z)) < 0.03f;
    }
    return ok || fail(e, ERR_INPUT, "the SMPL file's mean body is not a person's: its joints do not stand upright");
}

static bool complete(const body_model *m, err *e)
{
    enum { FEW = 20 }; // triangles
    for (int i = 0; i < MARK_COUNT; i++) {
        if (m->mark[i].count) continue;
        return fail(e, ERR_INPUT, "the SMPL file's mean body is not a person's: it has no %s", body_mark_name[i]);
    }
    for (int i = 0; i < PART_COUNT; i++) {
        if (m->part[i].count >= FEW) continue;
        return fail(e, ERR_INPUT, "the SMPL file's mean body is not a person's: it has no %s", body_part_name[i]);
    }
    return true;
}

bool body_find_marks(body_model *m, err *e)
{
    if (!stands(m, e)) return false;
    mesh_view mesh = body_mesh(m, m->template_position);
    size_t n = m->vertices;
    figure f = { .m = m, .p = m->template_position, .ground = body_ground(m, m->template_position) };
    f.normal = mem_array(vec3, n);
    f.x = mem_array(float, n), f.y = mem_array(float, n), f.lean = mem_array(float, n);
    mesh_normals(&mesh, f.normal);
    float top = f.ground;
    for (size_t v = 0; v < n; v++) {
        top = fmaxf(top, f.p[v].y);
        f.x[v] = f.p[v].x, f.y[v] = f.p[v].y;
        f.lean[v] = atan2f(fabsf(f.normal[v].x), f.normal[v].y);
    }
    f.tall = top - f.ground;
    f.thick = 0.006f * f.tall;
    find_marks(&f);
    find_parts(&f);
    prefer_published(&f);
    mem_free(f.normal);
    mem_free(f.x);
    mem_free(f.y);
    mem_free(f.lean);
    return complete(m, e);
}
