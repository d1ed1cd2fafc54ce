// Small charts of our own, each written as SVG and as PNG: lines or points over linear axes with a legend.
#pragma once
#include "base/err.h"

enum { PLOT_MAX_SERIES = 6, PLOT_MAX_POINTS = 4000, PLOT_MAX_TICKS = 24 };

typedef struct {
    const char *name;
    int count;
    double x[PLOT_MAX_POINTS], y[PLOT_MAX_POINTS];
    double low[PLOT_MAX_POINTS], high[PLOT_MAX_POINTS]; // of the bar at the point, when bars
    bool points, bars, dashed;                          // points: dots, else a line
} plot_series;

typedef struct {
    const char *title, *x_label, *y_label;
    double x0, x1, y0, y1;
    int series;
    plot_series *of[PLOT_MAX_SERIES];
    const char *const *x_names; // in place of numbers at 0, 1, 2, …; NULL: numbers
    int x_name_count;
} plot;

// Writes path.svg and path.png.
bool plot_write(const plot *p, const char *path, err *e) MUST_USE;
