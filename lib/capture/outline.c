#include "capture/outline.h"
#include "capture/mask.h"

#include <math.h>

bool outline_inside(const capture_evidence *ev, float x, float y)
{
    return x >= 0 && y >= 0 && x < (float)ev->mask.width && y < (float)ev->mask.height &&
           *image_at(&ev->mask, (uint32_t)x, (uint32_t)y);
}

// A picture of one channel between its pixels' middles; nothing beyond it.
static float between_pixels(const image *im, float x, float y)
{
    float fx = floorf(x - 0.5f), fy = floorf(y - 0.5f), wx = x - 0.5f - fx, wy = y - 0.5f - fy, sum = 0;
    if (!(fx >= -1) || !(fy >= -1) || fx >= (float)im->width || fy >= (float)im->height) return 0;
    int ix = (int)fx, iy = (int)fy;
    for (int k = 0; k < 4; k++) {
        int px = ix + k % 2, py = iy + k / 2;
        if (px < 0 || py < 0 || px >= (int)im->width || py >= (int)im->height) continue;
        sum += (k % 2 ? wx : 1 - wx) * (k / 2 ? wy : 1 - wy) * (float)*image_at(im, (uint32_t)px, (uint32_t)py);
    }
    return sum / 255;
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
        float at = r + (float)k, here = between_pixels(&ev->soft_mask, p.x + at * d.x, p.y + at * d.y);
        if (k > -2 && before >= MASK_CERTAIN && here < MASK_CERTAIN)
            return at - (MASK_CERTAIN - here) / (before - here);
        before = here;
    }
    return r - 0.5f;
}
