#include "estimate/consensus.h"

#include <stdbool.h>

static const double APART = 0.01; // of the weight: square of the angle by which gradients may differ and be one

// The Cholesky factor of the sum of the readings' squares, a column each: first the clothes', whose column is the mean
// of the readings, then the picture's axis about which they differ more, then the other.
int consensus_of(const outline_reading *reading, int count, consensus_row rows[CONSENSUS_ROWS])
{
    consensus_row mean = { .cloth = 1 };
    for (int i = 0; i < count; i++) {
        const outline_reading *o = &reading[i];
        mean.weight += o->weight;
        mean.gx += o->weight * o->gx;
        mean.gy += o->weight * o->gy;
        mean.residual += o->weight * o->residual;
    }
    if (!(mean.weight > 0)) return 0;
    mean.gx /= mean.weight, mean.gy /= mean.weight, mean.residual /= mean.weight;
    rows[0] = mean;
    double xx = 0, xy = 0, yy = 0, xr = 0, yr = 0;
    for (int i = 0; i < count; i++) {
        const outline_reading *o = &reading[i];
        double x = o->gx - mean.gx, y = o->gy - mean.gy, r = o->residual - mean.residual;
        xx += o->weight * x * x, xy += o->weight * x * y, yy += o->weight * y * y;
        xr += o->weight * x * r, yr += o->weight * y * r;
    }
    if (xx + yy < APART * mean.weight) return 1;
    bool upright = yy > xx;
    double first = upright ? yy : xx, share = xy / first, said = upright ? yr : xr;
    rows[1] = (consensus_row){ upright ? share : 1, upright ? 1 : share, 0, said / first, first };
    double rest = (upright ? xx : yy) - share * xy;
    if (rest < APART * mean.weight) return 2;
    rows[2] = (consensus_row){ upright, !upright, 0, ((upright ? xr : yr) - share * said) / rest, rest };
    return 3;
}
