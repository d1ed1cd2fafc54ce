// Geman and McClure's robust loss: a residual far beyond cut has no say. Internal to the estimator.
#pragma once

// The weight of a residual in the normal equations, 0..1.
static inline double robust(double residual, double cut)
{
    double t = residual / cut, s = 1 / (1 + t * t);
    return s * s;
}

// In place of the residual's square; cut * cut at most.
static inline double robust_cost(double residual, double cut)
{
    return residual * residual / (1 + residual * residual / (cut * cut));
}
