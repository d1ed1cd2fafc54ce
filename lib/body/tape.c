#include "body/tape.h"
#include "base/mem.h"
#include "body/tape_path.h"
#include "mesh/section.h"

#include <string.h>

const char *const tape_key[TAPE_COUNT] = { "height",
                                           "neck_girth",
                                           "shoulder_breadth",
                                           "chest_girth",
                                           "underbust_girth",
                                           "waist_natural_girth",
                                           "waist_omphalion_girth",
                                           "hip_girth",
                                           "thigh_girth",
                                           "knee_girth",
                                           "calf_girth",
                                           "ankle_girth",
                                           "upper_arm_girth",
                                           "wrist_girth",
                                           "arm_length",
                                           "inseam",
                                           "back_neck_to_waist",
                                           "crotch_length",
                                           "shoulder_to_wrist",
                                           "waist_height",
                                           "hip_height" };

const char *const tape_name[TAPE_COUNT] = { "height",
                                            "neck girth",
                                            "shoulder breadth",
                                            "chest girth",
                                            "underbust girth",
                                            "waist girth (natural)",
                                            "waist girth (at the navel)",
                                            "hip girth",
                                            "thigh girth",
                                            "knee girth",
                                            "calf girth",
                                            "ankle girth",
                                            "upper arm girth",
                                            "wrist girth",
                                            "arm length",
                                            "inseam",
                                            "back neck to waist",
                                            "crotch length",
                                            "shoulder to wrist",
                                            "waist height",
                                            "hip height" };

enum { LOOP_POINTS = 512, ANCHORS = 6 }; // a section of the torso has about 150 corners

// A point of the body that moves with its shape: a vertex or a joint.
typedef struct {
    bool joint;
    uint32_t id;
    float weight;
} anchor;

// Where the tape lies for one girth: a plane through the weighted mean of anchors, lowered by drop;
// horizontal, or perpendicular to the bone from joint `from` to joint `to`. Because the plane is told by anchors, the
// same tape can be laid on a slightly different shape: that is how the Jacobian is made.
typedef struct {
    body_part part;
    anchor anchor[ANCHORS];
    float drop;   // metres
    int from, to; // joints; from < 0: horizontal
} station;

typedef struct {
    station at;
    mesh_hull_point point[LOOP_POINTS];
    vec3 place[LOOP_POINTS];
    int count;
} tape_loop;

// A body, or the same body with its shape moved by step along one shape direction.
typedef struct {
    const vec3 *position, *joint;
    const float *direction;      // [vertices][3], NULL: not moved
    const vec3 *joint_direction; // [BODY_JOINTS]
    float step;
} body_view;

struct tape {
    const body_model *m;
    vec3 *shaped, *normal; // [vertices]
    vec3 *moved;           // [vertices], of which only middle_vertex is ever set
    mesh_section_point *scratch;
    body_ids middle, middle_vertex; // triangles near the plane of symmetry, and their vertices
    tape_loop loop[TAPE_COUNT];
    bool keep_loops;
    mesh_view mesh;
    body_view body;
    uint32_t crown, sole, buttock; // vertices of the last reading
};

int tape_find(const char *key)
{
    for (int i = 0; i < TAPE_COUNT; i++)
        if (strcmp(tape_key[i], key) == 0) return i;
    return -1;
}

tape *tape_new(const body_model *m)
{
    tape *t = mem_new(1, sizeof *t);
    t->m = m;
    t->shaped = mem_array(vec3, m->vertices);
    t->moved = mem_array(vec3, m->vertices);
    t->normal = mem_array(vec3, m->vertices);
    t->middle = tape_path_triangles(m);
    t->middle_vertex = tape_path_vertices(m, &t->middle);
    uint32_t largest = 0;
    for (int i = 0; i < PART_COUNT; i++)
        if (m->part[i].count > largest) largest = m->part[i].count;
    t->scratch = mem_array(mesh_section_point, mesh_section_scratch(largest));
    return t;
}

void tape_free(tape *t)
{
    if (!t) return;
    mem_free(t->shaped);
    mem_free(t->moved);
    mem_free(t->normal);
    mem_free(t->middle.id);
    mem_free(t->middle_vertex.id);
    mem_free(t->scratch);
    mem_free(t);
}

int tape_line(const tape *t, tape_measure k, const vec3 **points)
{
    *points = t->loop[k].place;
    return t->loop[k].count;
}

// --- points that move with the shape ---

static vec3 vertex(const body_view *b, uint32_t v)
{
    vec3 p = b->position[v];
    if (!b->direction) return p;
    const float *d = b->direction + 3 * (size_t)v;
    return v3_mad(p, v3(d[0], d[1], d[2]), b->step);
}

static vec3 joint(const body_view *b, int j)
{
    return b->direction ? v3_mad(b->joint[j], b->joint_direction[j], b->step) : b->joint[j];
}

static vec3 mark(const tape *t, const body_view *b, body_mark k)
{
    const body_ids *ids = &t->m->mark[k];
    vec3 p = vertex(b, ids->id[0]);
    return t->m->mark_share[k] > 0 ? v3_lerp(p, vertex(b, ids->id[1]), t->m->mark_share[k]) : p;
}

static mesh_plane plane_of(const body_view *b, const station *s)
{
    vec3 at = { 0 };
    for (int i = 0; i < ANCHORS && s->anchor[i].weight != 0; i++) {
        vec3 p = s->anchor[i].joint ? joint(b, (int)s->anchor[i].id) : vertex(b, s->anchor[i].id);
        at = v3_mad(at, p, s->anchor[i].weight);
    }
    at.y -= s->drop;
    return (mesh_plane){ at, s->from < 0 ? v3(0, 1, 0) : v3_sub(joint(b, s->to), joint(b, s->from)) };
}

// --- stations ---

// Adds a mark to the anchors: one vertex, or the two it lies between.
static void hold(const tape *t, station *s, body_mark k, float weight)
{
    int n = 0;
    while (n < ANCHORS && s->anchor[n].weight != 0) n++;
    const body_ids *ids = &t->m->mark[k];
    float share = t->m->mark_share[k];
    s->anchor[n] = (anchor){ false, ids->id[0], weight * (1 - share) };
    if (share > 0) s->anchor[n + 1] = (anchor){ false, ids->id[1], weight * share };
}

static station level_of(const tape *t, body_part part, body_mark k)
{
    station s = { .part = part, .from = -1 };
    hold(t, &s, k, 1);
    return s;
}

static station across_bone(body_part part, int from, int to, float fraction)
{
    // The second weight may be zero, the first may not: it ends the list.
    anchor a = { true, (uint32_t)from, 1 - fraction }, b = { true, (uint32_t)to, fraction };
    return (station){ .part = part, .anchor = { fraction < 1 ? a : b, fraction < 1 ? b : a }, .from = from, .to = to };
}

static double girth(tape *t, const station *s)
{
    const body_ids *ids = &t->m->part[s->part];
    return (double)mesh_section_girth(&t->mesh, ids->id, ids->count, plane_of(&t->body, s), t->scratch).girth;
}

// The reading of measurement k: the largest (sign +1) or smallest (sign -1) of the girths at n stations.
static double lay(tape *t, tape_measure k, const station *s, int n, int sign)
{
    double best = 0;
    int chosen = 0;
    for (int i = 0; i < n; i++) {
        double g = girth(t, &s[i]);
        if (g > 0 && (best == 0 || (sign > 0 ? g > best : g < best))) best = g, chosen = i;
    }
    if (!t->keep_loops) return best;
    tape_loop *loop = &t->loop[k];
    const body_ids *ids = &t->m->part[s->part];
    loop->at = s[chosen];
    mesh_section hull = mesh_section_hull(&t->mesh, ids->id, ids->count, plane_of(&t->body, &s[chosen]), t->scratch,
                                          loop->point, LOOP_POINTS);
    loop->count = hull.hull < LOOP_POINTS ? (int)hull.hull : LOOP_POINTS;
    for (int i = 0; i < loop->count; i++) loop->place[i] = loop->point[i].p;
    return best;
}

static double lay_along_bone(tape *t, tape_measure k, body_part part, int from, int to, double lo, double hi, int n,
                             int sign)
{
    station s[12];
    for (int i = 0; i < n; i++) s[i] = across_bone(part, from, to, (float)(lo + (hi - lo) * i / (n - 1)));
    return lay(t, k, s, n, sign);
}

static double lay_neck(tape *t)
{
    // The narrowest of a few planes across the neck's axis: through one alone the tape would catch the trapezius.
    const body_ids *front = &t->m->mark[MARK_NECK_FRONT];
    station s[8];
    int n = 0;
    for (; n < 8 && n < (int)front->count; n++) {
        s[n] = (station){
            .part = PART_NECK, .anchor = { { false, front->id[n], 1 } }, .from = JOINT_NECK, .to = JOINT_HEAD
        };
    }
    return lay(t, TAPE_NECK_GIRTH, s, n, -1);
}

static double lay_natural_waist(tape *t)
{
    // Up to three quarters of the way from the navel to the bust points.
    station s[11];
    for (int i = 0; i <= 10; i++) {
        float up = 0.075f * (float)i;
        s[i] = (station){ .part = PART_TORSO, .from = -1 };
        hold(t, &s[i], MARK_NAVEL, 1 - up);
        if (i == 0) continue;
        hold(t, &s[i], MARK_BUST_L, up / 2);
        hold(t, &s[i], MARK_BUST_R, up / 2);
    }
    return lay(t, TAPE_WAIST_NATURAL_GIRTH, s, 11, -1);
}

// The level halfway between two marks.
static double lay_between(tape *t, tape_measure k, body_mark a, body_mark b)
{
    station s = { .part = PART_TORSO, .from = -1 };
    hold(t, &s, a, 0.5f);
    hold(t, &s, b, 0.5f);
    return lay(t, k, &s, 1, 1);
}

static double lay_waist(tape *t)
{
    station s = level_of(t, PART_TORSO, MARK_NAVEL);
    return lay(t, TAPE_WAIST_OMPHALION_GIRTH, &s, 1, 1);
}

static double lay_hips(tape *t)
{
    station s = { .part = PART_TORSO, .anchor = { { false, t->buttock, 1 } }, .from = -1 };
    return lay(t, TAPE_HIP_GIRTH, &s, 1, 1);
}

static double lay_thigh(tape *t)
{
    station s[3];
    for (int i = 0; i < 3; i++) {
        s[i] = level_of(t, PART_L_LEG, MARK_CROTCH);
        s[i].drop = 0.01f * (float)(i + 2);
    }
    return lay(t, TAPE_THIGH_GIRTH, s, 3, 1);
}

static double lay_knee(tape *t)
{
    station s = across_bone(PART_L_LEG, JOINT_L_HIP, JOINT_L_ANKLE, 0);
    s.anchor[0] = (anchor){ true, JOINT_L_KNEE, 1 };
    return lay(t, TAPE_KNEE_GIRTH, &s, 1, 1);
}

static void read_girths(tape *t, double *out)
{
    out[TAPE_NECK_GIRTH] = lay_neck(t);
    out[TAPE_CHEST_GIRTH] = lay_between(t, TAPE_CHEST_GIRTH, MARK_BUST_L, MARK_BUST_R);
    out[TAPE_UNDERBUST_GIRTH] = lay_between(t, TAPE_UNDERBUST_GIRTH, MARK_UNDERBUST_L, MARK_UNDERBUST_R);
    out[TAPE_WAIST_NATURAL_GIRTH] = lay_natural_waist(t);
    out[TAPE_WAIST_OMPHALION_GIRTH] = lay_waist(t);
    out[TAPE_HIP_GIRTH] = lay_hips(t);
    out[TAPE_THIGH_GIRTH] = lay_thigh(t);
    out[TAPE_KNEE_GIRTH] = lay_knee(t);
    out[TAPE_CALF_GIRTH] =
        lay_along_bone(t, TAPE_CALF_GIRTH, PART_L_LEG, JOINT_L_KNEE, JOINT_L_ANKLE, 0.20, 0.50, 9, 1);
    out[TAPE_ANKLE_GIRTH] =
        lay_along_bone(t, TAPE_ANKLE_GIRTH, PART_L_LEG, JOINT_L_KNEE, JOINT_L_ANKLE, 0.75, 0.95, 9, -1);
    out[TAPE_UPPER_ARM_GIRTH] =
        lay_along_bone(t, TAPE_UPPER_ARM_GIRTH, PART_L_ARM, JOINT_L_SHOULDER, JOINT_L_ELBOW, 0.45, 0.70, 6, 1);
    out[TAPE_WRIST_GIRTH] =
        lay_along_bone(t, TAPE_WRIST_GIRTH, PART_L_ARM, JOINT_L_ELBOW, JOINT_L_WRIST, 0.88, 1.00, 5, -1);
}

static void find_extremes(tape *t)
{
    const vec3 *p = t->body.position;
    t->crown = t->sole = 0;
    for (uint32_t v = 1; v < t->m->vertices; v++) {
        if (p[v].y > p[t->crown].y) t->crown = v;
        if (p[v].y < p[t->sole].y) t->sole = v;
    }
    const body_ids *seat = &t->m->mark[MARK_BUTTOCK];
    t->buttock = seat->id[0];
    for (uint32_t i = 1; i < seat->count; i++)
        if (p[seat->id[i]].z < p[t->buttock].z) t->buttock = seat->id[i];
}

// Lengths and heights that a few points tell.
static void read_lengths(const tape *t, const body_view *b, double *out)
{
    vec3 shoulder = joint(b, JOINT_L_SHOULDER), elbow = joint(b, JOINT_L_ELBOW), wrist = joint(b, JOINT_L_WRIST);
    vec3 acromion = mark(t, b, MARK_ACROMION_L);
    out[TAPE_SHOULDER_BREADTH] = (double)v3_dist(acromion, mark(t, b, MARK_ACROMION_R));
    // Radiale lies a centimetre below the elbow's centre; the acromion above the shoulder's.
    double upper = (double)v3_dist(shoulder, elbow) + (double)(acromion.y - shoulder.y) + 0.01;
    out[TAPE_ARM_LENGTH] = upper + (double)v3_dist(elbow, wrist) - 0.01;
    // Over the outside of elbow and wrist the tape is 16 mm longer than through their centres (mean of the survey's
    // sleeve outseam less this path, both sexes within 2 mm).
    out[TAPE_SHOULDER_TO_WRIST] = (double)v3_dist(acromion, elbow) + (double)v3_dist(elbow, wrist) + 0.016;
    // Legs stand apart in the A-pose; closed, the same person is a few millimetres taller.
    vec3 leg = v3_sub(joint(b, JOINT_L_HIP), joint(b, JOINT_L_ANKLE));
    double closed = (double)(v3_len(leg) - leg.y), ground = (double)vertex(b, t->sole).y - closed;
    out[TAPE_HEIGHT] = (double)vertex(b, t->crown).y - ground;
    out[TAPE_INSEAM] = (double)mark(t, b, MARK_CROTCH).y - ground;
    out[TAPE_WAIST_HEIGHT] = (double)mark(t, b, MARK_NAVEL).y - ground;
    out[TAPE_HIP_HEIGHT] = (double)vertex(b, t->buttock).y - ground;
}

static void read_paths(const tape *t, const vec3 *position, double *out)
{
    float waist = body_mark_at(t->m, MARK_NAVEL, position).y;
    out[TAPE_BACK_NECK_TO_WAIST] = tape_back_length(t->m, &t->middle, position, waist);
    out[TAPE_CROTCH_LENGTH] = tape_crotch_length(t->m, &t->middle, position, waist);
}

void tape_read(tape *t, const vec3 *position, const vec3 *joints, double *out)
{
    t->body = (body_view){ .position = position, .joint = joints };
    t->mesh = body_mesh(t->m, position);
    find_extremes(t);
    read_girths(t, out);
    read_lengths(t, &t->body, out);
    read_paths(t, position, out);
}

// Leaves the shape in t->shaped and joints [BODY_JOINTS].
static void read_shape(tape *t, const float *betas, vec3 *joints, double *out)
{
    body_shape(t->m, betas, t->shaped, joints);
    t->keep_loops = true;
    tape_read(t, t->shaped, joints, out);
    t->keep_loops = false;
    t->body = (body_view){ 0 }; // joints end with the caller
}

void tape_read_betas(tape *t, const float *betas, double *out)
{
    vec3 joints[BODY_JOINTS];
    read_shape(t, betas, joints, out);
}

static vec3 lerp_direction(const body_view *b, const mesh_hull_point *p)
{
    const float *a = b->direction + 3 * (size_t)p->a, *c = b->direction + 3 * (size_t)p->b;
    return v3_lerp(v3(a[0], a[1], a[2]), v3(c[0], c[1], c[2]), p->t);
}

// How fast a loop's perimeter grows when the body moves along b's shape direction. First order: a hull's perimeter is
// stationary in which points make it, so each corner only has to stay on the moving surface and in the moving plane.
// b->step is that of the difference quotient of the plane.
static double loop_growth(const tape *t, const tape_loop *loop, body_view b)
{
    mesh_plane after = plane_of(&b, &loop->at);
    float step = b.step;
    b.step = -step;
    mesh_plane before = plane_of(&b, &loop->at);
    vec3 origin = v3_lerp(before.point, after.point, 0.5f), normal = v3_lerp(before.normal, after.normal, 0.5f);
    float scale = 1 / v3_len(normal);
    vec3 unit = v3_scale(normal, scale);
    vec3 origin_speed = v3_scale(v3_sub(after.point, before.point), 0.5f / step);
    vec3 normal_speed = v3_scale(v3_sub(after.normal, before.normal), 0.5f * scale / step);
    double growth = 0;
    for (int i = 0; i < loop->count; i++) {
        const mesh_hull_point *h = &loop->point[i];
        vec3 previous = loop->place[(i + loop->count - 1) % loop->count], next = loop->place[(i + 1) % loop->count];
        vec3 pull = v3_sub(v3_unit(v3_sub(h->p, previous)), v3_unit(v3_sub(next, h->p)));
        vec3 surface = v3_unit(v3_lerp(t->normal[h->a], t->normal[h->b], h->t));
        float along_surface = v3_dot(surface, lerp_direction(&b, h));
        float along_plane = v3_dot(unit, origin_speed) - v3_dot(normal_speed, v3_sub(h->p, origin));
        float slant = v3_dot(surface, unit),
              level = fmaxf(1 - slant * slant, 0.05f); // nearly flat: no steeper than 77 degrees
        vec3 speed =
            v3_scale(surface, (along_surface - slant * along_plane) / level); // the share along `unit` pulls nothing
        growth += (double)v3_dot(pull, v3_mad(speed, unit, -v3_dot(speed, unit)));
    }
    return growth;
}

void tape_jacobian(tape *t, const float *betas, double *out, double *jacobian)
{
    const float step = 0.05f; // standard deviations: lengths and paths are smooth over this
    int n = t->m->betas;
    size_t numbers = (size_t)t->m->vertices * 3;
    vec3 joints[BODY_JOINTS];
    read_shape(t, betas, joints, out);
    mesh_view mesh = body_mesh(t->m, t->shaped);
    mesh_normals(&mesh, t->normal);
    for (int k = 0; k < n; k++) {
        double value[2][TAPE_COUNT] = { { 0 } };
        const float *direction = t->m->shapedirs + (size_t)k * numbers;
        body_view b = { t->shaped, joints, direction, t->m->joint_dirs + k * BODY_JOINTS, step };
        for (int side = 0; side < 2; side++) {
            b.step = side ? step : -step;
            read_lengths(t, &b, value[side]);
            for (uint32_t i = 0; i < t->middle_vertex.count; i++)
                t->moved[t->middle_vertex.id[i]] = vertex(&b, t->middle_vertex.id[i]);
            read_paths(t, t->moved, value[side]);
        }
        for (int i = 0; i < TAPE_COUNT; i++) {
            jacobian[i * n + k] =
                t->loop[i].count ? loop_growth(t, &t->loop[i], b) : (value[1][i] - value[0][i]) / (double)(2 * step);
        }
    }
}
