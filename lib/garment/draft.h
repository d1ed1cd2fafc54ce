// The drafting of the single categories. Internal to lib/garment.
#pragma once
#include "garment/pattern.h"

panel_edge draft_line(vec2 a, vec2 b);
panel_edge draft_curve(vec2 a, vec2 b, vec2 c, vec2 d);
// Completes a panel whose edges [0, from) were drawn on x >= 0 from the hem's middle to the top's middle.
void draft_mirror(pattern_panel *p, int from);
double draft_width(const pattern_panel *p, double y); // of the panel at that height, metres
void draft_sew(pattern *p, int panel_a, int edge_a, int panel_b, int edge_b);

// Each reads p->target and fills panels, seams, levels and what was drafted.
bool draft_top(pattern *p, err *e) MUST_USE; // T-shirt, shirt, hoodie, dress
bool draft_skirt(pattern *p, err *e) MUST_USE;
bool draft_trousers(pattern *p, err *e) MUST_USE;

// Adds a hood or a collar to a top. The edges of its front (panel 0) and back (panel 1) along the neck, on the wearer's
// left and right.
void draft_hood(pattern *p, const int front[2], const int back[2]);
void draft_collar(pattern *p, const int front[2], const int back[2]);
