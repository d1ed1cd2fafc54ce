// The mask along a person's limbs: how far it reaches from the bones. Internal to the capture room.
#pragma once
#include "capture/capture.h"

typedef struct {
    float x, y;
} spot;

static inline spot spot_between(spot a, spot b, float t)
{
    return (spot){ a.x + (b.x - a.x) * t, a.y + (b.y - a.y) * t };
}
static inline spot spot_at(const capture_evidence *ev, int landmark)
{
    return (spot){ ev->at[landmark].x, ev->at[landmark].y };
}
static inline spot spot_middle(const capture_evidence *ev, int a, int b)
{
    return spot_between(spot_at(ev, a), spot_at(ev, b), 0.5f);
}

// Whether the person is at (x, y), pixels; nothing is beyond the photo.
bool outline_inside(const capture_evidence *ev, float x, float y);

// How far the mask reaches from p in direction d (of unit length), to parts of a pixel by the soft mask, at most
// `most`; 0 when p itself is background.
float outline_reach(const capture_evidence *ev, spot p, spot d, float most);
