// What is sewn to a top's neckline: a hood of two halves after the sweatshirt's (as long at its lower edge as half the
// neckline, as deep as a head), or a shirt's collar of a stand and a fall, each cut along a circle: the stand is
// shorter at its upper edge, so that it leans to the neck, the fall longer at its outer one, so that it lies over the
// stand.
#include "garment/draft.h"

#include <math.h>

static vec2 at(double x, double y) { return (vec2){ (float)x, (float)y }; }

// The left half seen from outside: the face is at x < 0.
enum { H_FRONT, H_BACK, H_NAPE, H_CROWN, H_FACE, H_EDGES };
static int right_half(int edge) { return (H_EDGES - edge) % H_EDGES; }

static void draw_hood(pattern_panel *q, double front, double back, double tall, bool right)
{
    panel_edge left[H_EDGES] = {
        [H_FRONT] = draft_line(at(-front, 0), at(0, 0)),
        [H_BACK] = draft_line(at(0, 0), at(back, 0)),
        [H_NAPE] = draft_curve(at(back, 0), at(back + 0.012, 0.3 * tall), at(back + 0.016, 0.6 * tall),
                               at(back - 0.015, 0.78 * tall)),
        [H_CROWN] = draft_curve(at(back - 0.015, 0.78 * tall), at(back - 0.045, 0.95 * tall), at(back - 0.09, tall),
                                at(-front + 0.03, tall)),
        [H_FACE] = draft_line(at(-front + 0.03, tall), at(-front, 0)),
    };
    q->edges = H_EDGES;
    for (int i = 0; i < H_EDGES; i++) {
        if (!right) q->edge[i] = left[i];
        for (int k = 0; right && k < 4; k++)
            q->edge[right_half(i)].p[k] = (vec2){ -left[i].p[3 - k].x, left[i].p[3 - k].y };
    }
}

void draft_hood(pattern *p, const int front[2], const int back[2])
{
    double before = panel_edge_length(&p->panel[0].edge[front[0]]),
           behind = panel_edge_length(&p->panel[1].edge[back[0]]);
    double tall = 0.30 + p->target.cm[DIM_CHEST] / 2000;
    int l = p->panels, r = l + 1;
    p->panel[l] = (pattern_panel){ .name = "left hood", .place = PLACE_HOOD_L };
    p->panel[r] = (pattern_panel){ .name = "right hood", .place = PLACE_HOOD_R };
    draw_hood(&p->panel[l], before, behind, tall, false);
    draw_hood(&p->panel[r], before, behind, tall, true);
    p->panels += 2;
    draft_sew(p, 0, front[0], l, H_FRONT);
    draft_sew(p, 1, back[0], l, H_BACK);
    draft_sew(p, 0, front[1], r, right_half(H_FRONT));
    draft_sew(p, 1, back[1], r, right_half(H_BACK));
    draft_sew(p, l, H_NAPE, r, right_half(H_NAPE));
    draft_sew(p, l, H_CROWN, r, right_half(H_CROWN));
}

// Four edges of a band from one angle to another: the parts of the neckline, in order.
static void draw_arc(pattern_panel *q, double radius, double r, double from, double to, const double *share)
{
    double sign = radius > 0 ? 1 : -1, turned = 0;
    for (int i = 0; i < 4; i++) {
        double a = from + (to - from) * turned, b = from + (to - from) * (turned += share[i]);
        double handle = fabs(r) * (b - a) / 3;
        vec2 start = at(fabs(r) * sin(a), radius - sign * fabs(r) * cos(a)),
             end = at(fabs(r) * sin(b), radius - sign * fabs(r) * cos(b));
        q->edge[q->edges++] =
            draft_curve(start, at((double)start.x + handle * cos(a), (double)start.y + sign * handle * sin(a)),
                        at((double)end.x - handle * cos(b), (double)end.y - sign * handle * sin(b)), end);
    }
}

// lower: length of the edge at the neck's side, upper: of the other without the points, by which it is longer at each
// end. share [4]: of the parts of the neckline, from the wearer's left front to her right.
static void draw_band(pattern_panel *q, double lower, double upper, double tall, double points, const double *share)
{
    double turn = (lower - upper) / tall, radius = lower / turn, half = fabs(turn) / 2;
    double outer = fabs(radius - tall), wide = half + points / outer,
           back[4] = { share[3], share[2], share[1], share[0] };
    draw_arc(q, radius, radius, -half, half, share);
    vec2 corner = q->edge[3].p[3];
    draw_arc(q, radius, outer, wide, -wide, back);
    panel_edge upper_edge[4];
    for (int i = 0; i < 4; i++) upper_edge[i] = q->edge[4 + i];
    q->edge[4] = draft_line(corner, upper_edge[0].p[0]);
    for (int i = 0; i < 4; i++) q->edge[5 + i] = upper_edge[i];
    q->edge[9] = draft_line(upper_edge[3].p[3], q->edge[0].p[0]);
    q->edges = 10;
    q->radius = radius;
}

#define STAND 0.032 // metres, of the collar's parts
#define FALL 0.046

void draft_collar(pattern *p, const int front[2], const int back[2])
{
    double before = panel_edge_length(&p->panel[0].edge[front[0]]),
           behind = panel_edge_length(&p->panel[1].edge[back[0]]);
    double lower = 2 * (before + behind), upper = 0.96 * lower;
    double share[4] = { before / lower, behind / lower, behind / lower, before / lower };
    int stand = p->panels, fall = stand + 1;
    p->panel[stand] = (pattern_panel){ .name = "collar stand", .place = PLACE_STAND };
    p->panel[fall] = (pattern_panel){ .name = "collar fall", .place = PLACE_FALL };
    draw_band(&p->panel[stand], lower, upper, STAND, 0, share);
    draw_band(&p->panel[fall], upper, upper + 0.045, FALL, 0.015, share);
    p->panels += 2;
    draft_sew(p, 0, front[0], stand, 0);
    draft_sew(p, 1, back[0], stand, 1);
    draft_sew(p, 1, back[1], stand, 2);
    draft_sew(p, 0, front[1], stand, 3);
    for (int i = 0; i < 4; i++) draft_sew(p, stand, 8 - i, fall, i);
    p->drafted[DIM_NECK] = 0;
    for (int i = 0; i < 4; i++) p->drafted[DIM_NECK] += 100 * panel_edge_length(&p->panel[stand].edge[i]);
}
