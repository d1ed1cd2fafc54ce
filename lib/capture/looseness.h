// How surely clothes stand off the body, from the mask and the landmarks of a photo taken from the front.
#pragma once
#include "capture/capture.h"

// What is looked at: the outline's distance from the bones, by the person's height (the mask's), how rough it is, and
// where it steps. Of both sides the mean, of what is to be seen.
typedef enum {
    LOOSE_THIGH,     // outward, half way down the thigh
    LOOSE_KNEE,      // outward, at the knee
    LOOSE_CALF,      // outward, half way down the shank
    LOOSE_SHIN,      // both ways, where trousers end
    LOOSE_UPPER_ARM, // both ways, below the shoulder
    LOOSE_ELBOW,     // both ways, above the elbow
    LOOSE_FOREARM,   // both ways
    LOOSE_CHEST,     // outward, of the trunk below the armpits
    LOOSE_WAIST,     // outward, two thirds down the trunk
    LOOSE_HIPS,      // outward, at the hips' joints
    LOOSE_SHOULDERS, // half their landmarks' distance
    LOOSE_FORK,      // how far down the way from the hips to the ankles the legs part, 0..1
    LOOSE_LEG_ROUGH, // by mean square of its second differences
    LOOSE_ARM_ROUGH,
    LOOSE_TRUNK_ROUGH,
    LOOSE_HEM,  // the sharpest narrowing of the legs' outline, by its breadth
    LOOSE_CUFF, // the sharpest narrowing of an arm
    LOOSE_SIGNS
} loose_sign;

typedef struct {
    float value[LOOSE_SIGNS];
} loose_signs;

void loose_look(const capture_evidence *ev, loose_signs *out);
// 0: as fitted clothes look, 1: as loose ones do.
float loose_judge(const loose_signs *s);
