#include "capture/outline.h"
#include "capture/mask.h"
#include "image/resample.h"

#include <math.h>

bool outline_inside(const capture_evidence *ev, float x, float y)
{
    return x >= 0 && y >= 0 && x < (float)ev->mask.width && y < (float)ev->mask.height &&
           *image_at(&ev->mask, (uint32_t)x, (uint32_t)y);
}

float outline_reach(const capture_evidence *ev, spot p, spot d, float most)
{
    if (!outline_inside(ev, p.x, p.y)) return 0;
    float r = 1;
    while (r < most && outline_inside(ev, p.x + r * d.x, p.y + r * d.y)) r++;
    if (r >= most) return most;
    // The mask ends within the last pixel; where exactly the probability it was made of says.
    float before = 0;
    for (int k = -2; k <= 1; k++) {
        float at = r + (float)k, here = image_between(&ev->soft_mask, p.x + at * d.x, p.y + at * d.y) / 255;
        if (k > -2 && before >= MASK_CERTAIN && here < MASK_CERTAIN)
            return at - (MASK_CERTAIN - here) / (before - here);
        before = here;
    }
    return r - 0.5f;
}
