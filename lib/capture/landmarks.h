// The BlazePose landmark network: from a square crop around one person to 39 points, a mask, and a rough body in
// metres.
#pragma once
#include "image/resample.h"
#include "nn/session.h"

// The first 33 points are capture.h's landmarks; 33 and 34 tell where to look next, the rest repeat the hands.
enum { POSE_SIDE = 256, POSE_POINTS = 39, POSE_HEAT_SIDE = 64 };

extern const uint8_t pose_opposite[POSE_POINTS]; // the point on the other side of the body

typedef struct {
    float flag;                                // 0..1: there is a person
    float at[POSE_POINTS][3];                  // fractions of the crop; z relative to the mid-hip
    float visibility[POSE_POINTS];             // 0..1
    float presence[POSE_POINTS];               // 0..1
    float world[POSE_POINTS][3];               // metres in the crop's axes, origin mid-hip, y down
    float mask[(size_t)POSE_SIDE * POSE_SIDE]; // probability of the person
} pose;

// crop [POSE_SIDE][POSE_SIDE][3] in 0..1.
bool pose_run(nn_session *s, const float *crop, pose *out, err *e) MUST_USE;

// Moves points to the mean of their heatmap's bright spot around them. heat [POSE_HEAT_SIDE][POSE_HEAT_SIDE]
// [POSE_POINTS], logits.
void pose_refine(pose *p, const float *heat);

// The pose found in a mirror image, as in the picture: left and right trade names.
void pose_mirror(pose *p);
void pose_mix(pose *a, const pose *b, float share); // into a, of which 1 - share stays
// The pose found in a crop `times` as broad about the same middle, as in the crop.
void pose_narrow(pose *p, float times);

// From the crop to the picture it was sampled from.
void pose_point(const image_roi *roi, float u, float v, float *x, float *y);
void pose_world(const image_roi *roi, const float in[3], float out[3]);
