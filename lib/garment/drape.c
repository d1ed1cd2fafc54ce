#include "garment/drape.h"
#include "base/mem.h"
#include "garment/drape_run.h"
#include "garment/place_neck.h"
#include "mesh/refine.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

// Nothing gets under a foot: for cloth its sole reaches into the ground, so that a hem which is too long is pushed
// aside and not between sole and ground.
static void root_feet(vec3 *position, const vec3 *normal, uint32_t n)
{
    for (uint32_t v = 0; v < n; v++)
        if (position[v].y < 0.03f && normal[v].y < -0.35f) position[v].y = -0.03f;
}

collider *drape_collider_of(const wearer *w, const vec3 *body)
{
    uint32_t n = w->model->vertices;
    vec3 *position = mem_array(vec3, n), *normal = mem_array(vec3, n);
    memcpy(position, body, n * sizeof *position);
    mesh_view m = body_mesh(w->model, position);
    mesh_normals(&m, normal);
    root_feet(position, normal, n);
    collider *c;
    if (w->model->fingerprint == 0) {
        c = collider_new(&m, NULL);
    } else { // SMPL's vertices lie too far apart for a collider that looks for the nearest one first
        refined_mesh fine = mesh_refine(&m, 0.016f, 3);
        c = collider_new(&(mesh_view){ fine.position, fine.triangle, fine.vertices, fine.triangles }, NULL);
        refined_mesh_free(&fine);
    }
    mem_free(position);
    mem_free(normal);
    return c;
}

collider *drape_collider(const wearer *w) { return drape_collider_of(w, wearer_body(w)); }

// bare: without a collar.
static bool draft(const garment *g, int size, double spacing, bool bare, pattern *p, sewn *s, err *e)
{
    // The middle size's mesh is every size's.
    int middle = g->chart.count / 2;
    pattern base;
    sewn base_mesh;
    if (!pattern_draft(g, middle, &base, e) || !pattern_draft(g, size, p, e)) return false;
    if (bare) pattern_without_collar(&base), pattern_without_collar(p);
    pattern_segment(&base, spacing);
    pattern_segment_as(p, &base);
    if (!sewn_make(&base, spacing, NULL, &base_mesh, e)) return false;
    if (size == middle) return *s = base_mesh, true;
    bool ok = sewn_make(p, spacing, &base_mesh, s, e);
    sewn_free(&base_mesh);
    return ok;
}

// Vertices along the waist of skirts and trousers are held up while the cloth finds its place.
static void hold_waist(const sewn *s, float anchor, float *floor)
{
    for (uint32_t i = 0; i < s->vertices; i++) floor[i] = -1e9f;
    for (uint32_t i = 0; i < s->points; i++)
        if (s->flat[i].y > -0.004f) floor[s->vertex[i]] = anchor + s->flat[i].y - 0.005f;
}

#define BAND_WIDE 0.035 // metres, of a waistband
#define WAISTBAND 6.0f  // times as stiff: several layers and an interlining

static void waist_factor(const sewn *s, float *factor)
{
    for (uint32_t t = 0; t < s->triangles; t++) {
        float y = -1;
        for (int k = 0; k < 3; k++) y = fmaxf(y, s->flat[s->corner[3 * t + (uint32_t)k]].y);
        factor[t] = y > -(float)BAND_WIDE ? WAISTBAND : 1.0f;
    }
}

#define FIRM 60.0f // times the bending stiffness: a collar's interlining

// What of a collar is firm, and where it folds.
static void firm_parts(const pattern *p, const sewn *s, float *firm, uint8_t *crease)
{
    for (uint32_t t = 0; t < s->triangles; t++) {
        panel_place at = p->panel[s->panel[s->corner[3 * t]]].place;
        firm[t] = at == PLACE_STAND || at == PLACE_FALL ? FIRM : 1;
    }
    for (int i = 0; i < p->panels; i++)
        for (int k = 0; p->panel[i].place == PLACE_FALL && k < 4; k++)
            for (int j = 0; j <= p->panel[i].edge[k].segments; j++) crease[s->vertex[s->edge_point[i][k][j]]] = 1;
}

static bool is_sewn(const pattern *p, int panel, int edge)
{
    for (int i = 0; i < p->seams; i++) {
        const pattern_seam *q = &p->seam[i];
        if ((q->panel_a == panel && q->edge_a == edge) || (q->panel_b == panel && q->edge_b == edge)) return true;
    }
    return false;
}

// The waist of skirts and trousers all around, as one band: what is left open at the top. Returns its number of edges.
static uint32_t waistband(const pattern *p, const sewn *s, uint32_t *edge, double *length)
{
    uint32_t n = 0;
    *length = 0;
    for (int i = 0; i < p->panels; i++)
        for (int k = 0; k < p->panel[i].edges; k++)
            for (int j = 0; j < p->panel[i].edge[k].segments; j++) {
                uint32_t a = s->edge_point[i][k][j], b = s->edge_point[i][k][j + 1];
                if (s->flat[a].y < -1e-4f || s->flat[b].y < -1e-4f || is_sewn(p, i, k)) continue;
                *length += hypot((double)(s->flat[a].x - s->flat[b].x), (double)(s->flat[a].y - s->flat[b].y));
                edge[n++] = s->vertex[a];
                edge[n++] = s->vertex[b];
            }
    return n / 2;
}

static void publish(const cloth *c, const sewn *s, drape *out)
{
    const vec3 *x = cloth_position(c);
    out->position = mem_array(vec3, s->points);
    out->normal = mem_array(vec3, s->points);
    out->strain = mem_array(float, s->points);
    vec3 *normal = mem_array(vec3, s->vertices);
    float *strain = mem_array(float, 2 * (size_t)s->triangles), *weft = mem_array(float, s->vertices),
          *warp = mem_array(float, s->vertices), *area = mem_array(float, s->vertices);
    mesh_view m = { x, s->triangle, s->vertices, s->triangles };
    mesh_normals(&m, normal);
    cloth_strain(c, strain);
    out->tension = strain;
    for (uint32_t t = 0; t < s->triangles; t++) {
        const uint32_t *v = s->triangle + 3 * (size_t)t;
        float a = v3_len(v3_cross(v3_sub(x[v[1]], x[v[0]]), v3_sub(x[v[2]], x[v[0]])));
        for (int k = 0; k < 3; k++) {
            weft[v[k]] += a * strain[2 * t];
            warp[v[k]] += a * strain[2 * t + 1];
            area[v[k]] += a;
        }
    }
    // A collar folds at the seam of its parts: each has a normal of its own there.
    for (uint32_t i = 0; i < s->points; i++) out->position[i] = x[s->vertex[i]];
    mesh_view apart = { out->position, s->corner, s->points, s->triangles };
    mesh_normals(&apart, out->normal);
    for (uint32_t i = 0; i < s->points; i++) {
        uint32_t v = s->vertex[i];
        panel_place at = out->pattern.panel[s->panel[i]].place;
        if (at != PLACE_STAND && at != PLACE_FALL) out->normal[i] = normal[v];
        // Averaged with their signs first: a wrinkle's compression is not half a stretch.
        out->strain[i] = area[v] > 0 ? fmaxf(0, fmaxf(weft[v], warp[v]) / area[v]) : 0;
    }
    mem_free(normal);
    mem_free(weft);
    mem_free(warp);
    mem_free(area);
}

#define SLIDES 0.04 // metres: then it no longer sits at the waist

// How far the waist sank below the height it was held at.
static double slid(const sewn *s, const vec3 *x, double anchor)
{
    double low = 0, points = 0;
    for (uint32_t i = 0; anchor > 0 && i < s->points; i++)
        if (s->flat[i].y > -0.004f) low += anchor + (double)(s->flat[i].y - x[s->vertex[i]].y), points++;
    return points > 0 ? fmax(0, low / points) : 0;
}

static void witness(const collider *body, const cloth *c, const sewn *s, double anchor, drape *out)
{
    const vec3 *x = cloth_position(c);
    double sum = 0, count = 0, touching = 0;
    out->hem_height = 1e9;
    for (uint32_t v = 0; v < s->vertices; v++) {
        out->hem_height = fmin(out->hem_height, (double)x[v].y);
        touching += collider_height(body, x[v]) < 0.005f;
    }
    // Tops: a hand's breadth below the armhole, all around the trunk.
    double level = out->pattern.underarm;
    out->height = mem_array(float, s->points);
    for (uint32_t i = 0; i < s->points; i++) out->height[i] = collider_height(body, out->position[i]);
    for (uint32_t i = 0; i < s->points; i++) {
        double down = -(double)s->flat[i].y;
        if (anchor == 0 && (!sewn_on_trunk(s, &out->pattern, i) || down < level || down > level + 0.08)) continue;
        sum += (double)out->height[i];
        count++;
    }
    out->clearance = count > 0 ? sum / count : 0;
    out->contact = touching / s->vertices;
    out->slid = slid(s, x, anchor);
    out->slides = out->slid > SLIDES;
}

static void decide(drape *out)
{
    const cloth_quality *q = &out->quality;
    const char *why = NULL;
    if (q->max_penetration > 0.002) why = "the cloth reaches more than 2 mm into the body";
    if (q->deep > out->mesh.vertices / 1000) why = "more than one vertex in a thousand lies inside the body";
    if (q->crossing > 35) why = "the cloth cuts through the body";
    if (q->self_depth > 0.005) why = "layers of the cloth pass through each other";
    if (q->artefact > 0.005) why = "the mesh is too coarse for the time step";
    // What slides down is not at rest because it is too large, which is said in its own words.
    if (!q->rested && !out->slides) why = "the cloth had not come to rest";
    out->degraded = why != NULL;
    snprintf(out->why, sizeof out->why, "%s", why ? why : "");
}

#define STRIDE 0.015f // metres
#define SMALL_STRIDE 0.005f

cloth *drape_hang(const wearer *w, const collider *body, const garment *g, const pattern *p, const sewn *s,
                  const drape_start *from)
{
    float *floor = NULL, *factor = NULL, *firm = NULL, anchor = from->anchor;
    uint8_t *crease = NULL;
    if (p->category == GARMENT_SHIRT) {
        firm = mem_array(float, s->triangles);
        crease = mem_array(uint8_t, s->vertices);
        firm_parts(p, s, firm, crease);
    }
    uint32_t *edge = mem_array(uint32_t, 2 * (size_t)s->points);
    cloth_band band = { .edge = edge, .stiffness = (double)WAISTBAND * g->fabric.weft * BAND_WIDE };
    if (anchor > 0) {
        band.edges = waistband(p, s, edge, &band.length);
        floor = mem_array(float, s->vertices);
        factor = mem_array(float, s->triangles);
        hold_waist(s, anchor, floor);
        waist_factor(s, factor);
    }
    // What hangs, hangs from the bust or the hips down.
    double hanging = p->hem - (anchor > 0 ? p->hip : 0.25);
    cloth_setup setup = { .vertices = s->vertices,
                          .triangles = s->triangles,
                          .triangle = s->triangle,
                          .rest = from->rest,
                          .start = from->position,
                          .floor = floor,
                          .stiffer = factor,
                          .firmer = firm,
                          .crease = crease,
                          .band = band,
                          .fabric = g->fabric,
                          .spacing = from->spacing,
                          .hanging = fmax(0.3, hanging),
                          .body = body,
                          .itself = from->itself };
    collider *first = w->stood && !from->worn ? drape_collider_of(w, w->position) : NULL;
    if (first) setup.body = first;
    cloth *c = cloth_new(&setup);
    // First the cloth draws together without weight, as one tugs it into place; then it hangs, damped by the air.
    if (!from->worn) {
        cloth_run(c,
                  &(cloth_phase){ .damping = 60, .held = true, .slippery = true, .seconds = 0.1, .until_rest = true });
        if (anchor > 0) cloth_run(c, &(cloth_phase){ .gravity = 9.81, .damping = 18, .held = true, .seconds = 0.15 });
    }
    if (first) drape_walk(w, first, body, from->careful ? SMALL_STRIDE : STRIDE, c, s);
    collider_free(first);
    // What slides ends on the floor, which is said in words; its last folds need no rest.
    double seconds = anchor == 0 ? 1.2 : from->sliding ? 0.25 : 0.6;
    cloth_run(c, &(cloth_phase){ .gravity = 9.81, .damping = 18, .seconds = seconds, .until_rest = true });
    mem_free(floor);
    mem_free(factor);
    mem_free(firm);
    mem_free(crease);
    mem_free(edge);
    return c;
}

void drape_run(const wearer *w, const collider *body, const garment *g, const drape_start *from, drape *out)
{
    cloth *c = drape_hang(w, body, g, &out->pattern, &out->mesh, from);
    cloth_settle(c);
    cloth_judge(c, &out->quality);
    publish(c, &out->mesh, out);
    // In another stance the trunk stands a little lower or higher.
    vec3 pelvis = w->joint[JOINT_PELVIS];
    double rise = w->stood ? (double)(rigid_apply(&w->world[JOINT_PELVIS], pelvis).y - pelvis.y) : 0;
    witness(body, c, &out->mesh, from->anchor > 0 ? (double)from->anchor + rise : 0, out);
    out->chest_y = (double)body_mark_at(w->model, MARK_BUST_L, w->position).y + rise;
    out->waist_y = w->fit.value[TAPE_WAIST_HEIGHT] / 100 + rise;
    out->hip_y = w->fit.value[TAPE_HIP_HEIGHT] / 100 + rise;
    out->posed = w->stood != NULL;
    memcpy(out->world, w->world, sizeof out->world);
    decide(out);
    cloth_free(c);
}

static vec2 *rest_of(const sewn *s)
{
    vec2 *rest = mem_array(vec2, 3 * (size_t)s->triangles);
    for (uint32_t i = 0; i < 3 * s->triangles; i++) rest[i] = s->flat[s->corner[i]];
    return rest;
}

// Where the fine mesh's vertices lie on the coarse one, whose panels are the same.
static void refine(const sewn *coarse, const vec3 *from, const sewn *fine, const collider *body, vec3 *to)
{
    float *count = mem_array(float, fine->vertices);
    memset(to, 0, fine->vertices * sizeof *to);
    for (uint32_t i = 0; i < fine->points; i++) {
        if (fine->panel[i] >= coarse->panels) continue; // a collar, placed afterwards
        vec2 p = fine->flat[i];
        float best = -1e9f, weight[3] = { 1, 0, 0 };
        uint32_t found = 0;
        // Along a curve a fine point may lie outside of every coarse triangle: then the one it is least outside of.
        for (uint32_t t = 0; t < coarse->triangles && best < 0; t++) {
            const uint32_t *k = coarse->corner + 3 * (size_t)t;
            if (coarse->panel[k[0]] != fine->panel[i]) continue;
            vec2 a = coarse->flat[k[0]], b = coarse->flat[k[1]], c = coarse->flat[k[2]];
            float whole = (b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x);
            float u = ((b.x - p.x) * (c.y - p.y) - (b.y - p.y) * (c.x - p.x)) / whole,
                  v = ((c.x - p.x) * (a.y - p.y) - (c.y - p.y) * (a.x - p.x)) / whole, w = 1 - u - v;
            float least = fminf(u, fminf(v, w));
            if (!(least > best)) continue;
            best = least;
            found = t;
            weight[0] = u, weight[1] = v, weight[2] = w;
        }
        uint32_t o = fine->vertex[i];
        const uint32_t *k = coarse->triangle + 3 * (size_t)found;
        for (int n = 0; n < 3; n++) to[o] = v3_mad(to[o], from[k[n]], weight[n]);
        count[o]++;
    }
    for (uint32_t v = 0; v < fine->vertices; v++) {
        to[v] = v3_scale(to[v], 1 / fmaxf(count[v], 1));
        collider_plane plane;
        if (!collider_near(body, to[v], 0.03f, &plane)) continue;
        float height = v3_dot(plane.normal, to[v]) - plane.level;
        if (height < 0.0012f) to[v] = v3_mad(to[v], plane.normal, 0.0012f - height);
    }
    mem_free(count);
}

// A mesh of twice the spacing falls into place eight times as fast; the fine one starts from where it hangs.
#define COARSER 2.0

static bool hang_coarse(const wearer *w, const collider *body, const garment *g, int size, double spacing, bool itself,
                        const pattern *fine_pattern, const sewn *fine, vec3 *start, float *anchor, bool *sliding,
                        err *e)
{
    pattern *p = mem_new(1, sizeof *p);
    sewn coarse;
    bool ok = draft(g, size, COARSER * spacing, true, p, &coarse, e);
    if (ok) {
        vec3 *from = mem_array(vec3, coarse.vertices);
        vec2 *rest = rest_of(&coarse);
        place_on_body(w, p, &coarse, from, anchor);
        cloth *c = drape_hang(
            w, body, g, p, &coarse,
            &(drape_start){
                .position = from, .rest = rest, .spacing = COARSER * spacing, .anchor = *anchor, .itself = itself });
        refine(&coarse, cloth_position(c), fine, body, start);
        // A collar is too narrow for the coarse mesh, which would not know what lies over what.
        place_collar(fine_pattern, fine, start);
        *sliding = slid(&coarse, cloth_position(c), (double)*anchor) > SLIDES;
        cloth_free(c);
        mem_free(from);
        mem_free(rest);
        sewn_free(&coarse);
    }
    mem_free(p);
    return ok;
}

// By way of a coarser mesh; or the fine one falls into place itself, which takes three times as long; and goes along
// carefully, which takes six times.
typedef enum { WAY_COARSE, WAY_FINE, WAY_CAREFUL } way;

static bool make(const wearer *w, const collider *body, const garment *g, int size, const drape_options *o, way how,
                 drape *out, err *e)
{
    memset(out, 0, sizeof *out);
    double spacing = o && o->spacing > 0 ? o->spacing : 0.015;
    bool itself = !(o && o->no_self);
    if (!draft(g, size, spacing, false, &out->pattern, &out->mesh, e)) return false;
    vec3 *start = mem_array(vec3, out->mesh.vertices);
    float anchor;
    bool ok = true, sliding = false, coarse = how == WAY_COARSE;
    if (coarse)
        ok = hang_coarse(w, body, g, size, spacing, itself, &out->pattern, &out->mesh, start, &anchor, &sliding, e);
    else
        place_on_body(w, &out->pattern, &out->mesh, start, &anchor);
    if (ok) {
        vec2 *rest = rest_of(&out->mesh);
        drape_run(w, body, g,
                  &(drape_start){ .position = start,
                                  .rest = rest,
                                  .spacing = spacing,
                                  .anchor = anchor,
                                  .itself = itself,
                                  .worn = coarse,
                                  .sliding = sliding,
                                  .careful = how == WAY_CAREFUL },
                  out);
        mem_free(rest);
    }
    mem_free(start);
    if (!ok) drape_free(out);
    return ok;
}

bool drape_make(const wearer *w, const collider *body, const garment *g, int size, const drape_options *o, drape *out,
                err *e)
{
    if (!make(w, body, g, size, o, WAY_COARSE, out, e)) return false;
    // What went wrong at first may have been the coarse mesh's doing, or that of arms that moved too fast.
    for (way how = WAY_FINE; out->degraded && how <= (w->stood ? WAY_CAREFUL : WAY_FINE); how++) {
        drape again;
        if (!make(w, body, g, size, o, how, &again, e)) return drape_free(out), false;
        bool better = !again.degraded;
        drape_free(better ? out : &again);
        if (better) *out = again;
    }
    return true;
}

void drape_free(drape *d)
{
    sewn_free(&d->mesh);
    mem_free(d->position);
    mem_free(d->normal);
    mem_free(d->strain);
    mem_free(d->tension);
    mem_free(d->height);
    memset(d, 0, sizeof *d);
}

#define STRAIN_UNIT 0.005f // of a byte: 0 to 127.5 %

bool drape_bin(const drape *d, buf *out)
{
    // x86 and ARM are little-endian; so is the file.
    uint32_t head[3] = { 0x50524454, 1, d->mesh.points }; // "TDRP"
    vec3 lo = d->position[0], hi = lo;
    for (uint32_t i = 0; i < d->mesh.points; i++) {
        vec3 p = d->position[i];
        lo = v3(fminf(lo.x, p.x), fminf(lo.y, p.y), fminf(lo.z, p.z));
        hi = v3(fmaxf(hi.x, p.x), fmaxf(hi.y, p.y), fmaxf(hi.z, p.z));
    }
    float box[7] = { lo.x, lo.y, lo.z, hi.x - lo.x, hi.y - lo.y, hi.z - lo.z, STRAIN_UNIT };
    bool ok = buf_append(out, head, sizeof head) && buf_append(out, box, sizeof box);
    for (uint32_t i = 0; ok && i < d->mesh.points; i++) {
        const float *p = &d->position[i].x;
        uint8_t row[7];
        for (int k = 0; k < 3; k++) {
            float n = box[3 + k] > 0 ? (p[k] - box[k]) / box[3 + k] * 65535 + 0.5f : 0;
            uint16_t word = (uint16_t)(n < 0 ? 0 : n > 65535 ? 65535 : n);
            row[2 * k] = (uint8_t)(word & 255), row[2 * k + 1] = (uint8_t)(word >> 8);
        }
        float level = d->strain[i] / STRAIN_UNIT + 0.5f;
        row[6] = (uint8_t)(level > 255 ? 255 : level);
        ok = buf_append(out, row, sizeof row);
    }
    return ok;
}
