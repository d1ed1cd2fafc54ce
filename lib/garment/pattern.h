// A sewing pattern: flat panels bounded by curves, and the seams that join them. Metres. A panel is drawn as seen from
// outside on the wearer, y up, x to the viewer's right; its grain runs along y.
#pragma once
#include "garment/garment.h"

enum { PANEL_MAX_EDGES = 20, PATTERN_MAX_PANELS = 8, PATTERN_MAX_SEAMS = 48 };

// Where on the body a panel is worn.
typedef enum {
    PLACE_FRONT,
    PLACE_BACK,
    PLACE_ARM_L,
    PLACE_ARM_R,
    PLACE_LEG_FRONT_L,
    PLACE_LEG_FRONT_R,
    PLACE_LEG_BACK_L,
    PLACE_LEG_BACK_R,
    PLACE_HOOD_L,
    PLACE_HOOD_R,
    PLACE_STAND, // of a collar, around the neck
    PLACE_FALL   // of a collar, folded over its stand
} panel_place;

typedef struct {
    vec2 p[4];    // a cubic Bezier curve
    int segments; // it is cut into, of equal length; the same for every size of a garment
} panel_edge;

typedef struct {
    const char *name;
    panel_place place;
    panel_edge edge[PANEL_MAX_EDGES]; // counter-clockwise, each begins where the one before ends
    int edges;
    double radius; // of a band cut along a circle about (0, radius): of its first edges; 0: it is none
} pattern_panel;

// Edge a of panel pa is sewn to edge b of panel pb, which runs the other way.
typedef struct {
    int panel_a, edge_a, panel_b, edge_b;
} pattern_seam;

typedef struct {
    garment_category category;
    pattern_panel panel[PATTERN_MAX_PANELS];
    int panels;
    pattern_seam seam[PATTERN_MAX_SEAMS];
    int seams;
    garment_measures target;   // what was asked for, cm
    double drafted[DIM_COUNT]; // what the finished curves measure, cm; 0: not on this pattern
    // levels below the highest shoulder point (tops) or the waist (bottoms), metres
    double underarm, waist, hip, hem;
    int armhole; // of a top's panels 0 and 1: this edge; the shoulder and half the neck follow
} pattern;

// Drafts one size. ERR_INPUT when the chart's numbers cannot be one garment, with the reason.
bool pattern_draft(const garment *g, int size, pattern *out, err *e) MUST_USE;

// Takes a collar off again.
void pattern_without_collar(pattern *p);

// Sets the number of segments of every edge for a mesh of this spacing in metres; both edges of a seam get one number.
void pattern_segment(pattern *p, double spacing);
// Takes the numbers of segments over from another size of the same garment.
void pattern_segment_as(pattern *p, const pattern *base);

double panel_edge_length(const panel_edge *e);
// The curve's point at the share s of its length.
vec2 panel_edge_at(const panel_edge *e, double s);

// All panels side by side with seam allowance drawn, names and grain lines, in true size (millimetres).
bool pattern_svg(const pattern *p, const char *title, buf *out) MUST_USE;
