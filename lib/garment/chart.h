// A brand's size chart: for each size what it measures, where, and on what: the body it is meant for, the garment laid
// flat, or the garment around. Centimetres throughout this header; charts may come in inches.
#pragma once
#include "base/buf.h"

typedef enum {
    DIM_NECK, // girths first
    DIM_CHEST,
    DIM_UNDERBUST,
    DIM_WAIST,
    DIM_HIP,
    DIM_HEM, // the lower edge of a top, dress or skirt
    DIM_THIGH,
    DIM_KNEE,
    DIM_LEG_HEM,
    DIM_BICEPS,
    DIM_WRIST,    // a long sleeve's end
    DIM_SHOULDER, // widths and lengths from here: across, tip to tip
    DIM_SLEEVE,   // shoulder tip to the sleeve's end
    DIM_LENGTH,   // a top or dress: highest shoulder point to hem; a skirt or trousers: waist to hem along the side
    DIM_INSEAM,
    DIM_HEIGHT, // of the person (body only)
    DIM_COUNT
} chart_dim;
extern const char *const chart_dim_key[DIM_COUNT];
static inline bool chart_is_girth(chart_dim d) { return d < DIM_SHOULDER; }

typedef enum { BASIS_BODY, BASIS_FLAT, BASIS_CIRC } chart_basis;
extern const char *const chart_basis_word[3]; // "body", "garment_flat", "garment_circ"

enum { CHART_MAX_SIZES = 40 };

typedef struct {
    double lo, hi; // lo <= hi; both 0: the chart does not say
} chart_range;

typedef struct {
    char name[24];
    chart_range value[DIM_COUNT]; // as the chart says it, in cm
} chart_size;

typedef struct {
    int count;
    chart_size size[CHART_MAX_SIZES]; // smallest first when their names tell, else in the chart's order
    chart_basis basis[DIM_COUNT];
    double tolerance; // cm the sewn garment may differ from the chart, to either side
    bool standard;    // a built-in table, not the brand's own
} size_chart;

// {"unit": "cm"|"in", "basis": …, "tolerance": …, "columns": {"length": {"basis": …, "unit": …}},
//  "sizes": {"S": {"chest": 96, "waist": [70, 74], "hip": "90-94", "neck": null}}}
// basis: one word, or {"default": …, "chest": …}. A size named 32x34 or W32 L34 is a waist and an inseam in inches
// where the row does not give them. ERR_INPUT names the row and the column.
bool chart_parse_json(const char *text, size_t n, size_chart *out, err *e) MUST_USE;

// Rows of cells separated by comma, semicolon or tab; a heading row "size,chest,…" whose cells may carry a unit and a
// basis ("chest (in)", "chest flat", "waist body cm"); before it rows "unit,in", "basis,garment_flat", "tolerance,1".
bool chart_parse_csv(const char *text, size_t n, size_chart *out, err *e) MUST_USE;

// Either of the two: JSON begins with a brace.
bool chart_parse(const char *text, size_t n, size_chart *out, err *e) MUST_USE;

// Body charts in letters in the manner of EN 13402-3, for brands that have none. men: else women.
void chart_standard(bool men, size_chart *out);

// The chart as JSON that chart_parse_json reads back the same.
bool chart_print(const size_chart *c, buf *out) MUST_USE;

int chart_find(const size_chart *c, const char *name); // index of the size, -1
