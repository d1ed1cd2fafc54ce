// Tops from one block: a front and a back on x >= 0 mirrored, and two set-in sleeves; a dress is the block's upper part
// and a skirt, joined at the waist. Rules after Brian and Teagan of
// FreeSewing (armhole at a quarter of the chest, neck opening from the neck's girth / 4.8, sleeve cap solved for the
// armhole's length) and the sweatshirt block of Gill (neck depths).
#include "garment/draft.h"

#include <math.h>

typedef struct {
    double neck, front_neck, back_neck; // half width, depths
    double tip, drop;                   // shoulder tip: x, below the highest shoulder point
    double underarm, waist, hip, length;
    double chest, waist_girth, hip_girth, hem; // quarters
    double biceps, cuff, sleeve, cap;
    bool sleeves, cropped; // cropped: ends about the waist, where nothing is shaped
} block;

#define SHORT 0.05 // metres below the hip: a dress that ends higher has no hip of its own

static vec2 at(double x, double y) { return (vec2){ (float)x, (float)y }; }

// The edges of half a front or back, in this order, and of the whole after mirroring.
enum { HEM, SIDE_HIP, SIDE_WAIST, SIDE_CHEST, ARMHOLE, SHOULDER, NECK, HALF };
static int mirrored(int edge) { return draft_mirrored(edge, HALF); }

// Armhole, shoulder and neck of half a front or back.
static void draw_upper(const block *b, bool front, pattern_panel *p)
{
    double depth = front ? b->front_neck : b->back_neck, u = -b->underarm;
    vec2 under = at(b->chest, u), tip = at(b->tip, -b->drop), neck = at(b->neck, 0);
    // The armhole leaves the side square, hollows in at the pitch line and meets the shoulder square. The front is
    // hollowed half a centimetre more.
    double rise = b->underarm - b->drop, hollow = fmin(b->tip, b->chest) - (front ? 0.024 : 0.016);
    double slope = atan2(b->drop, b->tip - b->neck);
    p->edge[p->edges++] = draft_curve(
        under, at(under.x + 0.62 * (hollow - (double)under.x), u),
        at(b->tip - 0.6 * rise * sin(slope) - (front ? 0.022 : 0.014), -b->drop - 0.6 * rise * cos(slope)), tip);
    p->edge[p->edges++] = draft_line(tip, neck);
    // A quarter of an ellipse: 0.5523 is the circle's constant for a cubic.
    p->edge[p->edges++] = draft_curve(neck, at(b->neck, -0.5523 * depth), at(0.5523 * b->neck, -depth), at(0, -depth));
}

static void draw_body(const block *b, bool front, pattern_panel *p)
{
    double u = -b->underarm;
    vec2 hem = at(b->hem, -b->length), hip = at(b->hip_girth, -b->hip), waist = at(b->waist_girth, -b->waist),
         under = at(b->chest, u);
    p->edges = 0;
    p->edge[p->edges++] = draft_line(at(0, -b->length), hem);
    p->edge[p->edges++] = draft_line(hem, hip);
    // Smooth from hip to waist to underarm, vertical at the waist.
    double bend = 0.35;
    p->edge[p->edges++] = draft_curve(
        hip, at(b->hip_girth - 0.15 * (b->hip_girth - b->waist_girth), -b->hip + bend * (b->hip - b->waist)),
        at(b->waist_girth, -b->waist - bend * (b->hip - b->waist)), waist);
    p->edge[p->edges++] =
        draft_curve(waist, at(b->waist_girth, -b->waist + bend * (b->waist - b->underarm)),
                    at(b->chest - 0.15 * (b->chest - b->waist_girth), u - bend * (b->waist - b->underarm)), under);
    draw_upper(b, front, p);
    draft_mirror(p, HALF);
}

static double armhole(const block *b, bool front)
{
    pattern_panel p;
    draw_body(b, front, &p);
    return panel_edge_length(&p.edge[ARMHOLE]);
}

// A shirt's neckline is as long as its collar, which is what its chart calls the neck.
static void solve_neck(block *b, double around)
{
    double lo = 0.5, hi = 2;
    block own = *b;
    for (int i = 0; i < 40; i++) {
        double mid = (lo + hi) / 2, length = 0;
        b->neck = own.neck * mid, b->front_neck = own.front_neck * mid, b->back_neck = own.back_neck * mid;
        for (int side = 0; side < 2; side++) {
            pattern_panel p;
            draw_body(b, side == 0, &p);
            length += 2 * panel_edge_length(&p.edge[NECK]);
        }
        if (length < around)
            lo = mid;
        else
            hi = mid;
    }
}

enum { CUFF, UNDERARM_RIGHT, CAP_RIGHT, CAP_LEFT, UNDERARM_LEFT };

// x < 0 is the side sewn to the front on the left sleeve; the caps are S-curves, flatter at the front.
static void draw_sleeve(const block *b, double left_flat, double right_flat, pattern_panel *p)
{
    double w = b->biceps / 2, c = b->cuff / 2, h = b->cap, l = b->sleeve;
    p->edges = 0;
    p->edge[p->edges++] = draft_line(at(-c, -l), at(c, -l));
    p->edge[p->edges++] = draft_line(at(c, -l), at(w, -h));
    p->edge[p->edges++] = draft_curve(at(w, -h), at(w * (1 - right_flat), -h), at(w * 0.52, 0), at(0, 0));
    p->edge[p->edges++] = draft_curve(at(0, 0), at(-w * 0.52, 0), at(-w * (1 - left_flat), -h), at(-w, -h));
    p->edge[p->edges++] = draft_line(at(-w, -h), at(-c, -l));
}

static double cap_length(block *b, double height)
{
    pattern_panel p;
    b->cap = height;
    draw_sleeve(b, 0.5, 0.5, &p);
    return panel_edge_length(&p.edge[CAP_LEFT]) + panel_edge_length(&p.edge[CAP_RIGHT]);
}

// The height of cap whose curve is as long as both armholes; false when even the flattest cap is longer.
static bool solve_cap(block *b, double around)
{
    double lo = 0.02, hi = 0.30;
    if (cap_length(b, lo) > around || cap_length(b, hi) < around) return false;
    for (int i = 0; i < 60; i++) {
        double mid = (lo + hi) / 2;
        if (cap_length(b, mid) < around)
            lo = mid;
        else
            hi = mid;
    }
    cap_length(b, (lo + hi) / 2);
    return true;
}

static bool plan(const pattern *p, block *b, err *e)
{
    const double *cm = p->target.cm;
    garment_category c = p->category;
    double chest = cm[DIM_CHEST];
    *b = (block){
        .chest = chest / 400, .hem = cm[DIM_HEM] / 400, .length = cm[DIM_LENGTH] / 100, .tip = cm[DIM_SHOULDER] / 200
    };
    // A crew neck lies where the neck meets the shoulders, 2-3 cm further than the tape around the neck; a collar's
    // seam nearer. Front depths after Gill: neck / 5 - 1.5 cm, and lower for a T-shirt's rib.
    double neck = cm[DIM_NECK];
    b->neck = (c == GARMENT_SHIRT ? neck / 5.2 : neck / 4.8) / 100 + (c == GARMENT_DRESS ? 0.012 : 0);
    b->front_neck = neck / 500 + (c == GARMENT_DRESS ? 0.035 : c == GARMENT_SHIRT ? 0.005 : 0.018);
    b->back_neck = c == GARMENT_DRESS ? 0.03 : 0.02;
    if (c == GARMENT_SHIRT) solve_neck(b, neck / 100);
    if (b->tip < b->neck + 0.03)
        return fail(e, ERR_INPUT, ": a shoulder of %.1f cm leaves no room beside a neck of %.1f cm", cm[DIM_SHOULDER],
                    neck);
    b->drop = (b->tip - b->neck) * tan(20 * 3.14159265358979 / 180); // two degrees less than shoulders slope
    b->sleeves = c != GARMENT_DRESS;
    b->underarm = chest / 800 + (c == GARMENT_HOODIE ? 0.120 : c == GARMENT_DRESS ? 0.085 : 0.105);
    b->biceps = cm[DIM_BICEPS] / 100;
    b->sleeve = cm[DIM_SLEEVE] / 100;
    if (c == GARMENT_TSHIRT)
        b->cuff = b->biceps * 0.92;
    else
        b->cuff = cm[DIM_WRIST] / 100;
    for (int i = 0; b->sleeves && i < 80; i++) {
        // A cap of a third of the armhole's depth lets the arm hang and still rise; deepen the armhole until there is
        // one.
        double around = armhole(b, true) + armhole(b, false);
        if (solve_cap(b, around) && b->cap > 0.28 * b->underarm) break;
        b->underarm += 0.002;
    }
    if (b->sleeves && (b->underarm > 0.40 || b->cap < 0.02 || b->sleeve < b->cap + 0.02))
        return fail(e, ERR_INPUT,
                    ": no sleeve of %.1f cm around and %.1f cm long fits an armhole of a chest of %.1f cm",
                    cm[DIM_BICEPS], cm[DIM_SLEEVE], chest);
    b->waist = fmax(0.42 + 0.0004 * (chest - 100), b->underarm + 0.06);
    b->hip = b->waist + 0.20;
    double waist = cm[DIM_WAIST] / 400;
    b->cropped = b->length < b->waist + 0.02;
    if (b->cropped) {
        b->waist = b->underarm + (b->length - b->underarm) * 0.5;
        waist = (b->chest + b->hem) / 2;
    }
    if (b->length < b->underarm + 0.08)
        return fail(e, ERR_INPUT, ": a length of %.1f cm ends above the underarm of a chest of %.1f cm", cm[DIM_LENGTH],
                    chest);
    b->waist_girth = waist;
    double share = (b->hip - b->waist) / (b->length - b->waist);
    if (c == GARMENT_DRESS && b->length > b->hip + SHORT) {
        b->hip_girth = cm[DIM_HIP] / 400;
    } else {
        if (share > 0.95) b->hip = b->waist + 0.6 * (b->length - b->waist), share = 0.6;
        b->hip_girth = waist + share * (b->hem - waist);
    }
    return true;
}

// Half of a bodice's edges; a dart from the waist points to the bust, or between the shoulder blades.
enum { B_WAIST_MIDDLE, B_DART_MIDDLE, B_DART_SIDE, B_WAIST_SIDE, B_SIDE, B_ARMHOLE, B_SHOULDER, B_NECK, B_HALF };

static void draw_bodice(const block *b, bool front, pattern_panel *p)
{
    double spare = b->chest - b->waist_girth, tall = b->waist - b->underarm;
    double dart = front ? draft_intake(spare, 0.45, 0.03) : draft_intake(spare, 0.35, 0.025);
    vec2 side = at(b->waist_girth + dart, -b->waist);
    p->edges = 0;
    draft_cut_waist(p, at(0, -b->waist), side, dart, (front ? 0.75 : 0.85) * tall);
    p->edge[p->edges++] = draft_line(side, at(b->chest, -b->underarm));
    draw_upper(b, front, p);
    draft_mirror(p, B_HALF);
}

static void sew_mirrored(pattern *p, int panel_a, int edge_a, int half_a, int panel_b, int edge_b, int half_b)
{
    draft_sew(p, panel_a, edge_a, panel_b, edge_b);
    draft_sew(p, panel_a, draft_mirrored(edge_a, half_a), panel_b, draft_mirrored(edge_b, half_b));
}

// A dress is a bodice and a skirt, sewn together at the waist, where both have their darts.
static void draft_dress(pattern *p, const block *b)
{
    static const char *const name[4] = { "front bodice", "back bodice", "front skirt", "back skirt" };
    for (int i = 0; i < 4; i++) {
        pattern_panel *q = &p->panel[i];
        bool back = i % 2 == 1;
        *q = (pattern_panel){ .name = name[i], .place = back ? PLACE_BACK : PLACE_FRONT };
        if (i < 2) {
            draw_bodice(b, !back, q);
            sew_mirrored(p, i, B_DART_MIDDLE, B_HALF, i, B_DART_SIDE, B_HALF);
            continue;
        }
        draft_skirt_panel(q, back, b->waist_girth, b->hip_girth, b->hem, b->hip - b->waist, b->length - b->waist);
        for (int k = 0; k < q->edges; k++)
            for (int j = 0; j < 4; j++) q->edge[k].p[j].y -= (float)b->waist;
        sew_mirrored(p, i, SKIRT_DART_SIDE, SKIRT_HALF, i, SKIRT_DART_MIDDLE, SKIRT_HALF);
        sew_mirrored(p, i - 2, B_WAIST_MIDDLE, B_HALF, i, SKIRT_WAIST_MIDDLE, SKIRT_HALF);
        sew_mirrored(p, i - 2, B_WAIST_SIDE, B_HALF, i, SKIRT_WAIST_SIDE, SKIRT_HALF);
    }
    p->panels = 4;
    p->armhole = B_ARMHOLE;
    sew_mirrored(p, 0, B_SIDE, B_HALF, 1, draft_mirrored(B_SIDE, B_HALF), B_HALF);
    sew_mirrored(p, 0, B_SHOULDER, B_HALF, 1, draft_mirrored(B_SHOULDER, B_HALF), B_HALF);
    for (int edge = SKIRT_LOWER; edge <= SKIRT_HIP; edge++)
        sew_mirrored(p, 2, edge, SKIRT_HALF, 3, draft_mirrored(edge, SKIRT_HALF), SKIRT_HALF);
    for (int i = 0; i < 2 && !b->cropped; i++)
        p->drafted[DIM_WAIST] += 200 * (panel_edge_length(&p->panel[i].edge[B_WAIST_MIDDLE]) +
                                        panel_edge_length(&p->panel[i].edge[B_WAIST_SIDE]));
    if (b->length > b->hip + SHORT)
        p->drafted[DIM_HIP] = 100 * (draft_width(&p->panel[2], -b->hip) + draft_width(&p->panel[3], -b->hip));
}

// Front and back in one piece each, with sleeves.
static void draft_sleeved(pattern *p, block *b)
{
    pattern_panel *front = &p->panel[0], *back = &p->panel[1];
    *front = (pattern_panel){ .name = "front", .place = PLACE_FRONT };
    *back = (pattern_panel){ .name = "back", .place = PLACE_BACK };
    draw_body(b, true, front);
    draw_body(b, false, back);
    // The wearer's left is x > 0 on the front and x < 0 on the back.
    for (int edge = SIDE_HIP; edge <= SHOULDER; edge++)
        if (edge != ARMHOLE) sew_mirrored(p, 0, edge, HALF, 1, mirrored(edge), HALF);
    // Front and back armholes differ by some millimetres: the cap's halves are flattened until each is as long as its
    // armhole (the curve grows with the flat part).
    double lo = 0.2, hi = 0.8, want = armhole(b, true);
    pattern_panel probe;
    for (int i = 0; i < 50; i++) {
        double mid = (lo + hi) / 2;
        draw_sleeve(b, mid, 0.5, &probe);
        if (panel_edge_length(&probe.edge[CAP_LEFT]) < want)
            lo = mid;
        else
            hi = mid;
    }
    double front_flat = (lo + hi) / 2, back_flat = 1 - front_flat;
    p->panel[2] = (pattern_panel){ .name = "left sleeve", .place = PLACE_ARM_L };
    p->panel[3] = (pattern_panel){ .name = "right sleeve", .place = PLACE_ARM_R };
    draw_sleeve(b, front_flat, back_flat, &p->panel[2]);
    draw_sleeve(b, back_flat, front_flat, &p->panel[3]);
    p->panels = 4;
    p->armhole = ARMHOLE;
    draft_sew(p, 0, ARMHOLE, 2, CAP_LEFT);
    draft_sew(p, 1, mirrored(ARMHOLE), 2, CAP_RIGHT);
    draft_sew(p, 0, mirrored(ARMHOLE), 3, CAP_RIGHT);
    draft_sew(p, 1, ARMHOLE, 3, CAP_LEFT);
    draft_sew(p, 2, UNDERARM_RIGHT, 2, UNDERARM_LEFT);
    draft_sew(p, 3, UNDERARM_RIGHT, 3, UNDERARM_LEFT);
    const int neck_front[2] = { NECK, mirrored(NECK) }, neck_back[2] = { mirrored(NECK), NECK };
    if (p->category == GARMENT_HOODIE) draft_hood(p, neck_front, neck_back);
    if (p->category == GARMENT_SHIRT) draft_collar(p, neck_front, neck_back);
    p->drafted[DIM_BICEPS] = 100 * draft_width(&p->panel[2], -b->cap);
    p->drafted[DIM_SLEEVE] = 100 * (double)(p->panel[2].edge[CAP_LEFT].p[0].y - p->panel[2].edge[CUFF].p[0].y);
    if (p->category != GARMENT_TSHIRT) p->drafted[DIM_WRIST] = 100 * panel_edge_length(&p->panel[2].edge[CUFF]);
    if (!b->cropped) p->drafted[DIM_WAIST] = 100 * (draft_width(front, -b->waist) + draft_width(back, -b->waist));
}

bool draft_top(pattern *p, err *e)
{
    block b;
    if (!plan(p, &b, e)) return false;
    bool dress = p->category == GARMENT_DRESS;
    if (dress)
        draft_dress(p, &b);
    else
        draft_sleeved(p, &b);
    p->underarm = b.underarm;
    p->waist = b.waist;
    p->hip = b.hip;
    p->hem = b.length;
    const pattern_panel *front = &p->panel[0], *back = &p->panel[1], *low[2] = { front, back };
    if (dress) low[0] = &p->panel[2], low[1] = &p->panel[3]; // HEM is the first edge of all four
    p->drafted[DIM_CHEST] = 100 * (draft_width(front, -b.underarm) + draft_width(back, -b.underarm));
    p->drafted[DIM_HEM] = 200 * (panel_edge_length(&low[0]->edge[HEM]) + panel_edge_length(&low[1]->edge[HEM]));
    const panel_edge *shoulder = &back->edge[p->armhole + 1];
    p->drafted[DIM_SHOULDER] = 200 * (double)shoulder->p[0].x;
    p->drafted[DIM_LENGTH] = 100 * (double)(shoulder->p[3].y - low[1]->edge[HEM].p[0].y);
    return true;
}
