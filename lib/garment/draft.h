// The drafting of the single categories. Internal to lib/garment.
#pragma once
#include "garment/pattern.h"

panel_edge draft_line(vec2 a, vec2 b);
panel_edge draft_curve(vec2 a, vec2 b, vec2 c, vec2 d);
// Completes a panel whose edges [0, from) were drawn on x >= 0 from the hem's middle to the top's middle.
void draft_mirror(pattern_panel *p, int from);
double draft_width(const pattern_panel *p, double y); // of the panel at that height, metres
void draft_sew(pattern *p, int panel_a, int edge_a, int panel_b, int edge_b);

// A dart takes up share of what a waist is less than a hip or chest (spare), at most most metres, and never nothing:
// the mesh of all sizes has it.
double draft_intake(double spare, double share, double most);
// Four edges from one end of a waist to the other, a dart so wide and deep cut inwards in the middle: waist, the dart's
// two, waist.
void draft_cut_waist(pattern_panel *q, vec2 from, vec2 to, double wide, double deep);
// A skirt's front or back from its waist at y = 0 down, quarters in metres; half of it has these edges.
enum {
    SKIRT_HEM,
    SKIRT_LOWER,
    SKIRT_HIP,
    SKIRT_WAIST_SIDE,
    SKIRT_DART_SIDE,
    SKIRT_DART_MIDDLE,
    SKIRT_WAIST_MIDDLE,
    SKIRT_HALF
};
void draft_skirt_panel(pattern_panel *q, bool back, double waist, double hip, double hem, double hip_level,
                       double length);
// The edge that half's edge is the mirror of, for a panel whose half has so many.
static inline int draft_mirrored(int edge, int half) { return 2 * half - 1 - edge; }

// Each reads p->target and fills panels, seams, levels and what was drafted.
bool draft_top(pattern *p, err *e) MUST_USE; // T-shirt, shirt, hoodie, dress
bool draft_skirt(pattern *p, err *e) MUST_USE;
bool draft_trousers(pattern *p, err *e) MUST_USE;

// Adds a hood or a collar to a top. The edges of its front (panel 0) and back (panel 1) along the neck, on the wearer's
// left and right.
void draft_hood(pattern *p, const int front[2], const int back[2]);
void draft_collar(pattern *p, const int front[2], const int back[2]);
