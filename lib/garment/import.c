#include "garment/import.h"
#include "base/mem.h"
#include "garment/drape_run.h"
#include "gltf/glb.h"
#include "mesh/section.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define WELD 1e-4f // metres: seams are told apart by texture coordinates, not by place
enum { MOST_VERTICES = 40000, MOST_SEWN = 15000 };

typedef struct {
    int64_t x, y, z;
    uint32_t from;
} place_key;

static int by_place(const void *a, const void *b)
{
    const place_key *p = a, *q = b;
    if (p->x != q->x) return p->x < q->x ? -1 : 1;
    if (p->y != q->y) return p->y < q->y ? -1 : 1;
    if (p->z != q->z) return p->z < q->z ? -1 : 1;
    return p->from < q->from ? -1 : p->from > q->from;
}

static void weld(const vec3 *p, uint32_t n, imported *m)
{
    place_key *key = mem_array(place_key, n);
    for (uint32_t i = 0; i < n; i++)
        key[i] = (place_key){ (int64_t)lroundf(p[i].x / WELD), (int64_t)lroundf(p[i].y / WELD),
                              (int64_t)lroundf(p[i].z / WELD), i };
    qsort(key, n, sizeof *key, by_place);
    uint32_t *first = mem_array(uint32_t, n);
    for (uint32_t i = 0; i < n; i++) {
        bool same = i > 0 && key[i].x == key[i - 1].x && key[i].y == key[i - 1].y && key[i].z == key[i - 1].z;
        first[key[i].from] = same ? first[key[i - 1].from] : key[i].from;
    }
    m->mesh.vertices = 0;
    for (uint32_t i = 0; i < n; i++)
        m->mesh.vertex[i] = first[i] == i ? m->mesh.vertices++ : m->mesh.vertex[first[i]]; // first: the smallest number
    for (uint32_t i = 0; i < n; i++) m->placed[m->mesh.vertex[i]] = p[first[i]];
    mem_free(first);
    mem_free(key);
}

// Triangles that became lines carry nothing.
static void drop_closed(sewn *s)
{
    uint32_t kept = 0;
    for (uint32_t t = 0; t < s->triangles; t++) {
        uint32_t *c = s->corner + 3 * (size_t)t, v[3] = { s->vertex[c[0]], s->vertex[c[1]], s->vertex[c[2]] };
        if (v[0] == v[1] || v[1] == v[2] || v[2] == v[0]) continue;
        memmove(s->corner + 3 * (size_t)kept, c, 3 * sizeof *c);
        memcpy(s->triangle + 3 * (size_t)kept++, v, sizeof v);
    }
    s->triangles = kept;
}

static uint32_t find(uint32_t *parent, uint32_t i)
{
    while (parent[i] != i) i = parent[i] = parent[parent[i]];
    return i;
}

// Each vertex becomes the root of its set, where that lies.
static void merge(imported *m, uint32_t *parent)
{
    sewn *s = &m->mesh;
    uint32_t *number = mem_array(uint32_t, s->vertices), left = 0;
    for (uint32_t i = 0; i < s->vertices; i++) {
        if (find(parent, i) != i) continue;
        m->placed[left] = m->placed[i];
        number[i] = left++;
    }
    for (uint32_t i = 0; i < s->points; i++) s->vertex[i] = number[find(parent, s->vertex[i])];
    s->vertices = left;
    mem_free(number);
    drop_closed(s);
}

#define SHORT 0.12 // of the mean edge

// Edges far shorter than the others are drawn together: the solver's step is for the others.
static void collapse_short(imported *m)
{
    sewn *s = &m->mesh;
    uint32_t *parent = mem_array(uint32_t, s->vertices);
    uint8_t *taken = mem_array(uint8_t, s->vertices); // others have become it already
    double sum = 0;
    for (uint32_t i = 0; i < s->vertices; i++) parent[i] = i;
    for (int pass = 0; pass < 2; pass++)
        for (uint32_t i = 0; i < 3 * s->triangles; i++) {
            uint32_t a = s->triangle[i], b = s->triangle[i % 3 == 2 ? i - 2 : i + 1];
            if (pass == 0) {
                sum += (double)v3_dist(m->placed[a], m->placed[b]);
                continue;
            }
            // Each only as far as a short edge: a row of them stays a row.
            a = find(parent, a);
            b = find(parent, b);
            if (a == b || (double)v3_dist(m->placed[a], m->placed[b]) > SHORT * sum / (3 * s->triangles)) continue;
            if (taken[b] && taken[a]) continue;
            parent[taken[b] ? a : b] = taken[b] ? b : a;
            taken[taken[b] ? b : a] = 1;
        }
    merge(m, parent);
    mem_free(parent);
    mem_free(taken);
}

#define TRIM 0.1   // of the largest piece's vertices: one smaller hangs on what it lies on
#define HELD 0.03f // metres that it may lie off

// The vertex of piece `of` nearest to p; UINT32_MAX: none within HELD.
static uint32_t nearest_of(const imported *m, const uint32_t *piece, uint32_t of, vec3 p)
{
    float best = HELD * HELD;
    uint32_t found = UINT32_MAX;
    for (uint32_t i = 0; i < m->mesh.vertices; i++) {
        if (piece[i] != of) continue;
        vec3 d = v3_sub(m->placed[i], p);
        if (v3_dot(d, d) < best) best = v3_dot(d, d), found = i;
    }
    return found;
}

// Sews a button or a pocket on at three places: where it begins in the file, farthest from there, farthest from both.
static void sew_on(const imported *m, const uint32_t *piece, uint32_t trim, uint32_t main_piece, uint32_t *parent)
{
    vec3 at[3];
    uint32_t chosen = trim;
    for (int n = 0; n < 3; n++) {
        float best = -1;
        for (uint32_t i = 0; n > 0 && i < m->mesh.vertices; i++) {
            float far = 1e9f;
            for (int k = 0; k < n; k++) far = fminf(far, v3_dist(at[k], m->placed[i]));
            if (piece[i] == trim && far > best) best = far, chosen = i;
        }
        at[n] = m->placed[chosen];
        uint32_t to = nearest_of(m, piece, main_piece, at[n]);
        if (to != UINT32_MAX && parent[chosen] == chosen) parent[chosen] = find(parent, to);
    }
}

#define TOUCH 0.005f // metres: pieces that lie so near each other are sewn to each other there

static void sew_where_touching(const imported *m, const uint32_t *piece, uint32_t *parent)
{
    for (uint32_t i = 0; i < m->mesh.vertices; i++) {
        float best = TOUCH * TOUCH;
        uint32_t found = i;
        for (uint32_t k = 0; k < i; k++) {
            vec3 d = v3_sub(m->placed[i], m->placed[k]);
            if (piece[k] != piece[i] && v3_dot(d, d) < best) best = v3_dot(d, d), found = k;
        }
        parent[i] = found;
    }
}

// Small loose pieces would fall to the ground.
static void hold_trims(imported *m)
{
    sewn *s = &m->mesh;
    uint32_t *piece = mem_array(uint32_t, s->vertices), *count = mem_array(uint32_t, s->vertices),
             *parent = mem_array(uint32_t, s->vertices), largest = 0;
    for (uint32_t i = 0; i < s->vertices; i++) parent[i] = piece[i] = i;
    for (uint32_t i = 0; i < 3 * s->triangles; i++) {
        uint32_t a = find(piece, s->triangle[i]), b = find(piece, s->triangle[i % 3 == 2 ? i - 2 : i + 1]);
        piece[a > b ? a : b] = a > b ? b : a;
    }
    for (uint32_t i = 0; i < s->vertices; i++) count[piece[i] = find(piece, i)]++;
    for (uint32_t i = 0; i < s->vertices; i++)
        if (count[i] > count[largest]) largest = i;
    if (count[largest] < s->vertices) { // else it is one piece
        if (s->vertices <= MOST_SEWN) sew_where_touching(m, piece, parent);
        for (uint32_t i = 0; i < s->vertices; i++)
            if (count[i] > 0 && count[i] < TRIM * count[largest]) sew_on(m, piece, i, largest, parent);
        merge(m, parent);
    }
    mem_free(piece);
    mem_free(count);
    mem_free(parent);
}

// Each triangle in its own plane: the weft runs level, as on a garment cut on the straight grain.
static void lay_flat(imported *m)
{
    for (uint32_t t = 0; t < m->mesh.triangles; t++) {
        const uint32_t *v = m->mesh.triangle + 3 * (size_t)t;
        vec3 a = m->placed[v[0]], e1 = v3_sub(m->placed[v[1]], a), e2 = v3_sub(m->placed[v[2]], a);
        vec3 n = v3_unit(v3_cross(e1, e2)), weft = v3_cross(v3(0, 1, 0), n);
        weft = v3_len(weft) > 0.05f ? v3_unit(weft) : v3_unit(e1);
        vec3 warp = v3_cross(n, weft);
        m->rest[3 * t] = (vec2){ 0, 0 };
        m->rest[3 * t + 1] = (vec2){ v3_dot(e1, weft), v3_dot(e1, warp) };
        m->rest[3 * t + 2] = (vec2){ v3_dot(e2, weft), v3_dot(e2, warp) };
    }
}

typedef struct {
    uint32_t a, b;
} edge;

static int by_edge(const void *p, const void *q)
{
    const edge *x = p, *y = q;
    if (x->a != y->a) return x->a < y->a ? -1 : 1;
    return x->b < y->b ? -1 : x->b > y->b;
}

static void examine(const imported *m, import_report *r)
{
    const sewn *s = &m->mesh;
    edge *all = mem_array(edge, 3 * (size_t)s->triangles);
    uint32_t *parent = mem_array(uint32_t, s->vertices), n = 3 * s->triangles;
    double sum = 0;
    for (uint32_t i = 0; i < s->vertices; i++) parent[i] = i;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t a = s->triangle[i], b = s->triangle[i % 3 == 2 ? i - 2 : i + 1];
        all[i] = (edge){ a < b ? a : b, a < b ? b : a };
        sum += (double)v3_dist(m->placed[a], m->placed[b]);
        uint32_t x = find(parent, a), y = find(parent, b);
        parent[x > y ? x : y] = x > y ? y : x;
    }
    r->edge = sum / n;
    qsort(all, n, sizeof *all, by_edge);
    for (uint32_t i = 0, k; i < n; i = k) {
        for (k = i + 1; k < n && by_edge(&all[i], &all[k]) == 0;) k++;
        r->open_edges += k - i == 1;
        r->crowded_edges += k - i > 2;
    }
    for (uint32_t i = 0; i < s->vertices; i++) r->pieces += parent[i] == i;
    float lo = m->placed[0].y, hi = lo, left = m->placed[0].x, right = left;
    r->hash = 14695981039346656037u; // FNV-1a
    for (uint32_t i = 0; i < s->vertices; i++) {
        vec3 p = m->placed[i];
        lo = fminf(lo, p.y), hi = fmaxf(hi, p.y), left = fminf(left, p.x), right = fmaxf(right, p.x);
        const uint8_t *byte = (const uint8_t *)&m->placed[i];
        for (size_t k = 0; k < sizeof p; k++) r->hash = (r->hash ^ byte[k]) * 1099511628211u;
    }
    r->height = (double)(hi - lo);
    r->width = (double)(right - left);
    mesh_section_point *room = mem_new(mesh_section_scratch(s->triangles), sizeof *room);
    mesh_view v = { m->placed, s->triangle, s->vertices, s->triangles };
    mesh_plane low = { v3(0, lo + 0.02f, 0), v3(0, 1, 0) };
    r->hem = 100 * (double)mesh_section_girth(&v, NULL, 0, low, room).girth;
    // Below the sleeves of an A-pose: two thirds of the way up.
    mesh_plane chest = { v3(0, lo + 0.62f * (hi - lo), 0), v3(0, 1, 0) };
    r->chest = 100 * (double)mesh_section_girth(&v, NULL, 0, chest, room).girth;
    mem_free(room);
    mem_free(all);
    mem_free(parent);
}

static bool sane(const imported *m, const import_report *r, err *e)
{
    if (r->height < 0.15 || r->height > 2.2 || r->width > 2.2)
        return fail(e, ERR_INPUT, "the garment is %.3g m tall and %.3g m wide: export it in metres, +Y up", r->height,
                    r->width);
    if (m->mesh.vertices > MOST_VERTICES || r->edge < 0.005)
        return fail(e, ERR_LIMIT,
                    "the garment has %u vertices, %.1f mm apart; at most %d, and 5 mm apart, can be draped",
                    m->mesh.vertices, 1000 * r->edge, MOST_VERTICES);
    if (r->edge > 0.05)
        return fail(e, ERR_INPUT, "the garment's vertices are %.0f mm apart: too coarse to hang; 10 to 20 mm is right",
                    1000 * r->edge);
    return true;
}

bool import_read(const uint8_t *glb, size_t n, imported *m, import_report *r, err *e)
{
    glb_model g;
    memset(m, 0, sizeof *m);
    memset(r, 0, sizeof *r);
    if (!glb_load_bytes(glb, n, &g, e)) return false;
    sewn *s = &m->mesh;
    for (int i = 0; i < g.meshes; i++) s->points += g.mesh[i].vertex_count, s->triangles += g.mesh[i].triangle_count;
    if (s->points < 100 || s->triangles < 100) {
        glb_model_free(&g);
        return fail(e, ERR_INPUT, "the file holds no garment: it has %u vertices", s->points);
    }
    vec3 *position = mem_array(vec3, s->points);
    s->corner = mem_array(uint32_t, 3 * (size_t)s->triangles);
    s->triangle = mem_array(uint32_t, 3 * (size_t)s->triangles);
    s->vertex = mem_array(uint32_t, s->points);
    s->flat = mem_array(vec2, s->points);
    s->panel = mem_array(uint8_t, s->points);
    m->placed = mem_array(vec3, s->points);
    m->rest = mem_array(vec2, 3 * (size_t)s->triangles);
    uint32_t at = 0, corner = 0;
    float top = -1e9f;
    for (int i = 0; i < g.meshes; i++) {
        const glb_read_mesh *q = &g.mesh[i];
        memcpy(position + at, q->position, q->vertex_count * sizeof *position);
        for (uint32_t k = 0; k < 3 * q->triangle_count; k++) s->corner[corner++] = at + q->triangle[k];
        at += q->vertex_count;
    }
    glb_model_free(&g);
    for (uint32_t i = 0; i < s->points; i++) top = fmaxf(top, position[i].y);
    for (uint32_t i = 0; i < s->points; i++) s->flat[i] = (vec2){ position[i].x, position[i].y - top };
    bool near = true; // not infinitely far, nor a film set
    for (uint32_t i = 0; i < 3 * s->points; i++) near = near && fabsf((&position[0].x)[i]) < 1e4f;
    if (!near) {
        mem_free(position);
        imported_free(m);
        return fail(e, ERR_INPUT, "the garment reaches kilometres from the origin: export it in metres");
    }
    weld(position, s->points, m);
    mem_free(position);
    drop_closed(s);
    if (s->triangles >= 100) collapse_short(m);
    s->panels = 1;
    s->first[1] = s->points;
    *r = (import_report){ .vertices = s->vertices, .triangles = s->triangles, .welded = s->points - s->vertices };
    bool ok = s->triangles >= 100 || fail(e, ERR_INPUT, "the file holds no garment: its triangles have no area");
    if (ok) {
        examine(m, r);
        ok = sane(m, r, e); // before what takes hours of too many vertices
    }
    if (ok) {
        hold_trims(m);
        lay_flat(m);
        m->spacing = r->edge;
    }
    if (!ok) imported_free(m);
    return ok;
}

void imported_free(imported *m)
{
    sewn_free(&m->mesh);
    mem_free(m->placed);
    mem_free(m->rest);
    memset(m, 0, sizeof *m);
}

// --- what is wrong with the sizes ---

// Whether b is a scaled by one factor in x, y and z each: then nobody graded it.
static bool scaled(const imported *a, const imported *b)
{
    if (a->mesh.vertices != b->mesh.vertices) return false;
    for (int axis = 0; axis < 3; axis++) {
        double ab = 0, aa = 0, worst = 0, ma = 0, mb = 0;
        uint32_t n = a->mesh.vertices;
        for (uint32_t i = 0; i < n; i++)
            ma += (double)(&a->placed[i].x)[axis] / n, mb += (double)(&b->placed[i].x)[axis] / n;
        for (uint32_t i = 0; i < n; i++) {
            double p = (double)(&a->placed[i].x)[axis] - ma, q = (double)(&b->placed[i].x)[axis] - mb;
            ab += p * q, aa += p * p;
        }
        for (uint32_t i = 0; i < n; i++) {
            double p = (double)(&a->placed[i].x)[axis] - ma, q = (double)(&b->placed[i].x)[axis] - mb;
            worst = fmax(worst, fabs(q - ab / aa * p));
        }
        if (worst > 5e-4) return false; // half a millimetre anywhere is more than rounding
    }
    return true;
}

bool import_findings(const garment *g, const import_report *r, const imported *m, buf *out)
{
    bool ok = buf_printf(out, "["), first = true;
    for (int i = 0; ok && i < g->chart.count; i++) {
        const char *name = g->chart.size[i].name;
        garment_measures said;
        garment_measure(g, i, &said);
        double chest = said.cm[DIM_CHEST];
        if (chest > 0 && said.source[DIM_CHEST] == MEASURE_CHART && fabs(r[i].chest - chest) > fmax(2, 0.03 * chest)) {
            ok = buf_printf(out, "%s\"size %s measures %.1f cm around the chest, the chart says %.1f\"",
                            first ? "" : ", ", name, r[i].chest, chest);
            first = false;
        }
        if (ok && r[i].pieces > 1) {
            ok = buf_printf(out, "%s\"size %s is %u pieces that are not sewn to each other\"", first ? "" : ", ", name,
                            r[i].pieces);
            first = false;
        }
        if (ok && r[i].crowded_edges > 0) {
            ok = buf_printf(out, "%s\"size %s has %u edges where more than two triangles meet\"", first ? "" : ", ",
                            name, r[i].crowded_edges);
            first = false;
        }
        if (!ok || i == 0) continue;
        const char *fault = r[i].hash == r[i - 1].hash ? "are the same mesh"
                            : scaled(&m[i - 1], &m[i]) ? "are one mesh, scaled"
                                                       : NULL;
        if (fault) {
            ok = buf_printf(out, "%s\"sizes %s and %s %s\"", first ? "" : ", ", g->chart.size[i - 1].name, name, fault);
            first = false;
        }
    }
    return ok && buf_printf(out, "]");
}

// --- draping ---

// The displacement of the body under each vertex, from the person the file dresses, the mean one, to this one, smoothed
// over the cloth.
static void carry_over(const wearer *w, const collider *body, const imported *m, vec3 *start)
{
    const sewn *s = &m->mesh;
    const float mean[BODY_MAX_BETAS] = { 0 };
    vec3 *from = mem_array(vec3, w->model->vertices), *move = mem_array(vec3, s->vertices), joint[BODY_JOINTS];
    body_shape_standing(w->model, mean, from, joint);
    for (uint32_t i = 0; i < s->vertices; i++) {
        float best = 1e9f;
        for (uint32_t v = 0; v < w->model->vertices; v++) {
            vec3 d = v3_sub(m->placed[i], from[v]);
            float far = v3_dot(d, d);
            if (far < best) best = far, move[i] = v3_sub(w->position[v], from[v]);
        }
    }
    sewn_even_out(s, 12, move);
    for (uint32_t i = 0; i < s->vertices; i++) {
        start[i] = v3_add(m->placed[i], move[i]);
        collider_plane plane;
        if (!collider_near(body, start[i], 0.06f, &plane)) continue;
        float height = v3_dot(plane.normal, start[i]) - plane.level;
        if (height < 0.003f) start[i] = v3_mad(start[i], plane.normal, 0.003f - height);
    }
    mem_free(from);
    mem_free(move);
}

static void copy_mesh(const sewn *from, sewn *to)
{
    *to = (sewn){ .points = from->points, .triangles = from->triangles, .vertices = from->vertices, .panels = 1 };
    to->flat = mem_array(vec2, from->points);
    to->panel = mem_array(uint8_t, from->points);
    to->vertex = mem_array(uint32_t, from->points);
    to->corner = mem_array(uint32_t, 3 * (size_t)from->triangles);
    to->triangle = mem_array(uint32_t, 3 * (size_t)from->triangles);
    memcpy(to->flat, from->flat, from->points * sizeof *to->flat);
    memcpy(to->vertex, from->vertex, from->points * sizeof *to->vertex);
    memcpy(to->corner, from->corner, 3 * (size_t)from->triangles * sizeof *to->corner);
    memcpy(to->triangle, from->triangle, 3 * (size_t)from->triangles * sizeof *to->triangle);
    to->first[1] = from->points;
}

void import_drape(const wearer *w, const collider *body, const garment *g, const imported *m, drape *out)
{
    memset(out, 0, sizeof *out);
    vec3 *start = mem_array(vec3, m->mesh.vertices);
    carry_over(w, body, m, start);
    copy_mesh(&m->mesh, &out->mesh);
    float low = 0, top = -1e9f;
    for (uint32_t i = 0; i < m->mesh.points; i++) low = fminf(low, m->mesh.flat[i].y);
    for (uint32_t i = 0; i < m->mesh.vertices; i++) top = fmaxf(top, start[i].y);
    bool bottom = g->category == GARMENT_SKIRT || g->category == GARMENT_TROUSERS;
    out->pattern.category = g->category;
    out->pattern.underarm = bottom ? 0.28 : 0.24;
    out->pattern.waist = 0.44;
    out->pattern.hip = bottom ? 0.2 : 0.64;
    out->pattern.hem = -(double)low;
    out->from_mesh = true;
    drape_run(
        w, body, g,
        &(drape_start){
            .position = start, .rest = m->rest, .spacing = m->spacing, .anchor = bottom ? top : 0, .itself = true },
        out);
    mem_free(start);
}
