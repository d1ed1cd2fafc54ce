#include "capture/outline.h"

#include <math.h>

bool outline_inside(const capture_evidence *ev, float x, float y)
{
    return x >= 0 && y >= 0 && x < (float)ev->mask.width && y < (float)ev->mask.height &&
           *image_at(&ev->mask, (uint32_t)x, (uint32_t)y);
}

// The mask between its pixels' centres, 0..1.
static float density(const capture_evidence *ev, float x, float y)
{
    float fx = floorf(x - 0.5f), fy = floorf(y - 0.5f), wx = x - 0.5f - fx, wy = y - 0.5f - fy, sum = 0;
    for (int k = 0; k < 4; k++)
        if (outline_inside(ev, fx + (float)(k % 2) + 0.5f, fy + (float)(k / 2) + 0.5f))
            sum += (k % 2 ? wx : 1 - wx) * (k / 2 ? wy : 1 - wy);
    return sum;
}

float outline_reach(const capture_evidence *ev, spot p, spot d, float most)
{
    float before = density(ev, p.x, p.y);
    if (before < 0.5f) return 0;
    for (float r = 1; r < most; r++) {
        float here = density(ev, p.x + r * d.x, p.y + r * d.y);
        if (here < 0.5f) return r - (0.5f - here) / (before - here);
        before = here;
    }
    return most;
}
