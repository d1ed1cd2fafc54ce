// What several outlines say of one point of the body, put together for the normal equations. Internal to the estimator.
#pragma once

// One outline: how far the point lies from where it belongs, the gradient of that in the picture, and its weight.
typedef struct {
    double residual, gx, gy, weight;
} outline_reading;

// A row of least squares over (picture x, picture y, clothes' thickness).
typedef struct {
    double gx, gy, cloth, residual, weight;
} consensus_row;
enum { CONSENSUS_ROWS = 3 };

// Few rows in place of one for each reading, which is (gx, gy, 1): the sums of weight * row * row^T, and those of
// weight * row * residual, are the same over both, but that a row is left out where the readings' gradients hardly
// differ. Returns how many.
int consensus_of(const outline_reading *reading, int count, consensus_row rows[CONSENSUS_ROWS]);
