// Judges whether a photo can be measured, from the evidence taken of it (looseness.h: how the clothes look).
#pragma once
#include "capture/capture.h"

// What the verdict looks at, in fractions of the person's height (the mask's) unless said otherwise.
typedef struct {
    float foot_room;  // from the lowest foot point to the photo's lower edge
    float foot_depth; // from the lowest foot point to the mask's lower edge
    float nose_depth; // from the mask's upper edge to the nose
    float tilt_deg;   // of the trunk from upright, in the photo
    float leg_ratio;  // height of hips over ankles by that of shoulders over hips, in the photo
    float knee_deg;   // the straighter knee, 180 straight
    float hip_deg;    // the straighter hip
    float arm_gap;    // part of the tighter arm beside which the background shows
    float knee_width; // outline at the knees, less what lies between the knees
    float calf_width; // the same between knees and ankles
    float light;      // 0..255: brightness that nine tenths of the person's box stay under
} verdict_signs;

void verdict_look(const image *photo, const capture_evidence *ev, verdict_signs *out);
unsigned verdict_judge(const verdict_signs *s, const capture_evidence *ev, const image *photo, capture_view view);

// The verdict on a photo in which nobody was found: in the dark that is the reason.
unsigned verdict_nobody(const image *photo);

// Turn of the shoulders from the camera, 0 front … 180 back.
float verdict_facing_deg(const float world[CAPTURE_LANDMARKS][3]);
