// Skirts and trousers. The skirt is two panels shaped at the side and by a dart in each quarter; the trousers four
// panels after GarmentCode's rule for the crotch's extension (a quarter of the front hip for the front) and Titan's
// (back leg a seventh wider than the front), the back ones with a dart.
#include "garment/draft.h"

#include <math.h>

static vec2 at(double x, double y) { return (vec2){ (float)x, (float)y }; }

double draft_intake(double spare, double share, double most) { return fmin(fmax(share * spare, 0.006), most); }

void draft_cut_waist(pattern_panel *q, vec2 from, vec2 to, double wide, double deep)
{
    double x = (double)(to.x - from.x), y = (double)(to.y - from.y), far = hypot(x, y);
    double u = x / far, v = y / far, rest = (far - wide) / 2;
    vec2 a = at((double)from.x + rest * u, (double)from.y + rest * v),
         b = at((double)to.x - rest * u, (double)to.y - rest * v),
         point = at((double)(a.x + b.x) / 2 - deep * v, (double)(a.y + b.y) / 2 + deep * u);
    q->edge[q->edges++] = draft_line(from, a);
    q->edge[q->edges++] = draft_line(a, point);
    q->edge[q->edges++] = draft_line(point, b);
    q->edge[q->edges++] = draft_line(b, to);
}

static int mirrored(int edge) { return draft_mirrored(edge, SKIRT_HALF); }

// The wearer's stomach wants less room than her seat: a small dart in front, a wide and long one behind.
void draft_skirt_panel(pattern_panel *q, bool back, double waist, double hip, double hem, double hip_level,
                       double length)
{
    double dart = back ? draft_intake(hip - waist, 0.42, 0.035) : draft_intake(hip - waist, 0.2, 0.02);
    double deep = (back ? 0.66 : 0.45) * hip_level, side = waist + dart;
    q->edge[q->edges++] = draft_line(at(0, -length), at(hem, -length));
    q->edge[q->edges++] = draft_line(at(hem, -length), at(hip, -hip_level));
    q->edge[q->edges++] = draft_curve(at(hip, -hip_level), at(hip, -0.6 * hip_level),
                                      at(side + 0.35 * (hip - side), -0.25 * hip_level), at(side, 0));
    draft_cut_waist(q, at(side, 0), at(0, 0), dart, deep);
    draft_mirror(q, SKIRT_HALF);
}

bool draft_skirt(pattern *p, err *e)
{
    const double *cm = p->target.cm;
    double waist = cm[DIM_WAIST] / 400, hip = cm[DIM_HIP] / 400, hem = cm[DIM_HEM] / 400, length = cm[DIM_LENGTH] / 100;
    double hip_level = fmin(0.20, 0.55 * length);
    if (waist > hip + 0.005)
        return fail(e, ERR_INPUT, ": the waist of %.1f cm is larger than the hip of %.1f cm", cm[DIM_WAIST],
                    cm[DIM_HIP]);
    for (int i = 0; i < 2; i++) {
        pattern_panel *q = &p->panel[i];
        *q = (pattern_panel){ .name = i ? "back" : "front", .place = i ? PLACE_BACK : PLACE_FRONT };
        draft_skirt_panel(q, i == 1, waist, hip, hem, hip_level, length);
        draft_sew(p, i, SKIRT_DART_SIDE, i, SKIRT_DART_MIDDLE);
        draft_sew(p, i, mirrored(SKIRT_DART_SIDE), i, mirrored(SKIRT_DART_MIDDLE));
    }
    p->panels = 2;
    for (int edge = SKIRT_LOWER; edge <= SKIRT_HIP; edge++) {
        draft_sew(p, 0, edge, 1, mirrored(edge));
        draft_sew(p, 0, mirrored(edge), 1, edge);
    }
    p->hip = hip_level;
    p->hem = length;
    for (int i = 0; i < 2; i++)
        p->drafted[DIM_WAIST] += 200 * (panel_edge_length(&p->panel[i].edge[SKIRT_WAIST_SIDE]) +
                                        panel_edge_length(&p->panel[i].edge[SKIRT_WAIST_MIDDLE]));
    p->drafted[DIM_HIP] = 200 * draft_width(&p->panel[0], -hip_level);
    p->drafted[DIM_HEM] = 400 * panel_edge_length(&p->panel[0].edge[SKIRT_HEM]);
    p->drafted[DIM_LENGTH] =
        100 * (double)(p->panel[0].edge[SKIRT_WAIST_MIDDLE].p[0].y - p->panel[0].edge[SKIRT_HEM].p[0].y);
    return true;
}

enum { T_HEM, T_OUT_KNEE, T_OUT_THIGH, T_OUT_HIP, T_WAIST, T_RISE, T_IN_THIGH, T_IN_KNEE, T_FRONT_EDGES };
// A back has three more after T_WAIST, which is then its part beside the side seam: the dart's two, the waist's other.
enum { T_DART_SIDE = T_WAIST + 1, T_DART_MIDDLE, T_WAIST_MIDDLE, T_BACK_EDGES = T_FRONT_EDGES + 3 };

#define SEAT 0.012 // metres that a back is wider than a quarter of the hip, and a front narrower
#define LIFT 0.045 // metres that a back is higher in its middle: the way over the seat is longer than beside it

// The wearer's left front as seen from outside has the outside leg at x > 0; other legs are its mirror.
static void draw_leg(pattern_panel *q, double waist, double hip, double thigh, double knee, double hem, double length,
                     double hip_level, double crotch, double extension, double dart, bool flip)
{
    // x = 0 is the crease; the outside seam runs straight down from the hip.
    double right = thigh / 2, left = -thigh / 2, centre = left + extension, outside = centre + hip;
    double flat = waist + dart, in_top = centre + (hip - flat) * (dart > 0 ? 0.6 : 0.35), lift = dart > 0 ? LIFT : 0,
           top = in_top + sqrt(flat * flat - lift * lift), knee_level = crotch + 0.45 * (length - crotch);
    q->edges = 0;
    q->edge[q->edges++] = draft_line(at(-hem / 2, -length), at(hem / 2, -length));
    q->edge[q->edges++] = draft_line(at(hem / 2, -length), at(knee / 2, -knee_level));
    q->edge[q->edges++] = draft_curve(
        at(knee / 2, -knee_level), at(knee / 2 + 0.4 * (right - knee / 2), -knee_level + 0.4 * (knee_level - crotch)),
        at(right, -crotch - 0.35 * (knee_level - crotch)), at(right, -crotch));
    double hip_right = outside;
    q->edge[q->edges++] =
        draft_curve(at(right, -crotch), at(right + 0.5 * (hip_right - right), -crotch + 0.4 * (crotch - hip_level)),
                    at(top + 0.6 * (hip_right - top), -0.35 * hip_level), at(top, 0));
    if (dart > 0)
        draft_cut_waist(q, at(top, 0), at(in_top, lift), dart, 0.62 * hip_level);
    else
        q->edge[q->edges++] = draft_line(at(top, 0), at(in_top, 0));
    q->edge[q->edges++] = draft_curve(at(in_top, lift), at(centre, -0.9 * hip_level),
                                      at(centre - 0.05 * extension, -crotch), at(left, -crotch));
    q->edge[q->edges++] =
        draft_curve(at(left, -crotch), at(left + 0.55 * (-knee / 2 - left), -crotch - 0.25 * (knee_level - crotch)),
                    at(-knee / 2, -knee_level + 0.35 * (knee_level - crotch)), at(-knee / 2, -knee_level));
    q->edge[q->edges++] = draft_line(at(-knee / 2, -knee_level), at(-hem / 2, -length));
    if (!flip) return;
    // Mirrored, the edges run the other way round: reverse each and their order, keeping the hem first.
    panel_edge copy[PANEL_MAX_EDGES];
    for (int i = 0; i < q->edges; i++)
        for (int k = 0; k < 4; k++) copy[i].p[k] = (vec2){ -q->edge[i].p[3 - k].x, q->edge[i].p[3 - k].y };
    for (int i = 0; i < q->edges; i++) q->edge[i] = copy[(q->edges - i) % q->edges];
}

static int edge_of(int edge, bool back, bool flip)
{
    int edges = back ? T_BACK_EDGES : T_FRONT_EDGES;
    return flip ? (edges - edge) % edges : edge;
}
// The same for the edges that front and back have both.
static int shared_edge(int edge, bool back, bool flip)
{
    return edge_of(back && edge > T_WAIST ? edge + T_BACK_EDGES - T_FRONT_EDGES : edge, back, flip);
}

bool draft_trousers(pattern *p, err *e)
{
    const double *cm = p->target.cm;
    double waist = cm[DIM_WAIST] / 400, hip = cm[DIM_HIP] / 400, thigh = cm[DIM_THIGH] / 200, knee = cm[DIM_KNEE] / 200,
           hem = cm[DIM_LEG_HEM] / 200, length = cm[DIM_LENGTH] / 100, inseam = cm[DIM_INSEAM] / 100;
    double crotch = length - inseam;
    if (crotch < 0.17 || crotch > 0.45)
        return fail(e, ERR_INPUT,
                    ": a length of %.1f cm and an inseam of %.1f cm leave a rise of %.1f cm; 17 to 45 is "
                    "wearable",
                    cm[DIM_LENGTH], cm[DIM_INSEAM], 100 * crotch);
    double extension = 2 * (thigh - hip); // of both panels together
    if (extension < 0.05)
        return fail(e, ERR_INPUT, ": a thigh of %.1f cm is too narrow for a hip of %.1f cm: there is no crotch",
                    cm[DIM_THIGH], cm[DIM_HIP]);
    double front_extension = fmin(hip / 4, 0.32 * extension), back_extension = extension - front_extension;
    static const char *const name[4] = { "left front", "right front", "left back", "right back" };
    static const panel_place place[4] = { PLACE_LEG_FRONT_L, PLACE_LEG_FRONT_R, PLACE_LEG_BACK_L, PLACE_LEG_BACK_R };
    for (int i = 0; i < 4; i++) {
        bool back = i >= 2, flip = i == 1 || i == 2; // seen from behind, the left leg's outside is at x < 0
        double ext = back ? back_extension : front_extension, share = back ? 1.06 : 0.94;
        p->panel[i] = (pattern_panel){ .name = name[i], .place = place[i] };
        // The seat is wider than what is before the side seams, the waist behind them narrower.
        double wide = back ? hip + SEAT : hip - SEAT, narrow = back ? waist - SEAT / 2 : waist + SEAT / 2;
        draw_leg(&p->panel[i], narrow, wide, wide + ext, knee * share, hem * share, length, 0.62 * crotch, crotch, ext,
                 back ? draft_intake(wide - narrow, 0.45, 0.04) : 0, flip);
        if (back) draft_sew(p, i, edge_of(T_DART_SIDE, true, flip), i, edge_of(T_DART_MIDDLE, true, flip));
    }
    p->panels = 4;
    for (int side = 0; side < 2; side++) {
        int front = side, back = 2 + side;
        bool ff = side == 1, bf = side == 0;
        static const int leg[5] = { T_OUT_KNEE, T_OUT_THIGH, T_OUT_HIP, T_IN_THIGH, T_IN_KNEE };
        for (int k = 0; k < 5; k++)
            draft_sew(p, front, shared_edge(leg[k], false, ff), back, shared_edge(leg[k], true, bf));
    }
    draft_sew(p, 0, shared_edge(T_RISE, false, false), 1, shared_edge(T_RISE, false, true));
    draft_sew(p, 3, shared_edge(T_RISE, true, false), 2, shared_edge(T_RISE, true, true));
    p->hip = 0.62 * crotch;
    p->underarm = crotch;
    p->hem = length;
    const pattern_panel *f = &p->panel[0], *b = &p->panel[3];
    p->drafted[DIM_WAIST] = 200 * (panel_edge_length(&f->edge[T_WAIST]) + panel_edge_length(&b->edge[T_WAIST]) +
                                   panel_edge_length(&b->edge[T_WAIST_MIDDLE]));
    p->drafted[DIM_THIGH] = 100 * (draft_width(f, -crotch) + draft_width(b, -crotch));
    p->drafted[DIM_LEG_HEM] = 100 * (panel_edge_length(&f->edge[T_HEM]) + panel_edge_length(&b->edge[T_HEM]));
    p->drafted[DIM_LENGTH] = 100 * (double)(f->edge[T_WAIST].p[0].y - f->edge[T_HEM].p[0].y);
    p->drafted[DIM_INSEAM] = 100 * (double)(f->edge[T_IN_THIGH].p[0].y - f->edge[T_HEM].p[0].y);
    p->drafted[DIM_KNEE] =
        100 * (draft_width(f, (double)f->edge[T_OUT_KNEE].p[3].y) + draft_width(b, (double)b->edge[T_OUT_KNEE].p[3].y));
    return true;
}
