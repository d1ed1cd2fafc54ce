// What a garment is made of, in SI units: kg/m², N/m per unit strain, N·m.
#pragma once
#include "base/buf.h"

typedef struct {
    char name[32];
    double weight;         // kg/m²
    double weft, warp;     // tensile stiffness across and along the grain, N/m
    double shear, bending; // N/m, N·m
    double limit;          // strain at which it will not give further
    double friction;       // against the body and itself
    bool calibrated;       // from measurements of this very cloth; presets are not
    float color[3];        // linear RGB, for pictures
} fabric;

// A cloth that stretches by design may be smaller than the body it is worn on.
static inline bool fabric_is_knit(const fabric *f) { return f->limit >= 0.1; }

const fabric *fabric_preset(const char *name); // NULL when there is none
const fabric *fabric_presets(int *count);

// A preset's name as a JSON string, or {"base": "jersey", "name": …, "weight_kg_m2": …, "weft_n_m": …, "warp_n_m": …,
// "shear_n_m": …, "bending_n_m": …, "limit": …, "friction": …, "calibrated": true, "color": "#aabbcc"}: what is left
// out is the base's.
bool fabric_parse(const char *json, size_t n, fabric *out, err *e) MUST_USE;
bool fabric_print(const fabric *f, buf *out) MUST_USE;
