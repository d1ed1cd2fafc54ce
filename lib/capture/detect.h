// The BlazePose detector: finds people by their faces and tells, for each, the middle of the hips and a point at the
// edge of the circle around the whole body.
#pragma once
#include "image/resample.h"
#include "nn/session.h"

enum { DETECT_SIDE = 224, DETECT_ANCHORS = 2254, DETECT_MAX = 32 };

// Coordinates are fractions of the letterboxed square as detect_run leaves them, pixels after detect_unletterbox.
typedef struct {
    float score;    // 0..1
    float box[4];   // of the face: left, top, right, bottom
    float at[4][2]; // mid-hip, body circle, mid-shoulder, upper-body circle
} detection;

// Centres of the network's anchors, fractions of the square.
void detect_anchors(float at[DETECT_ANCHORS][2]);

// The square around the whole picture that the detector looks at (zeros outside the picture).
image_roi detect_letterbox(uint32_t width, uint32_t height);

// boxes [DETECT_ANCHORS][12] and logits [DETECT_ANCHORS] as the network leaves them; keeps what scores at least
// threshold, in anchor order. out [DETECT_ANCHORS]; returns how many.
int detect_decode(const float *boxes, const float *logits, float threshold, detection *out);

// Weighted non-maximum suppression, in place: those whose boxes overlap the best one by more than 0.3 become one, the
// mean by score. Best first; returns how many are left.
int detect_merge(detection *d, int count);

void detect_unletterbox(detection *d, int count, uint32_t width, uint32_t height);

// What was found in the mirror image of a square, as in the square.
void detect_mirror(detection *d, int count);

// crop [DETECT_SIDE][DETECT_SIDE][3] in -1..1. mirrored: the same of the mirror image, NULL: not looked at; with it a
// photo and its mirror image show the same people in the same places. At most DETECT_MAX people, best first, in
// fractions of the square.
bool detect_run(nn_session *s, const float *crop, const float *mirrored, float threshold, detection *out, int *count,
                err *e) MUST_USE;

// What the landmark network should look at, from two points in pixels: the square whose half side is 1.25 times their
// distance, turned so that the second is straight above the first.
image_roi detect_roi(const float centre[2], const float edge[2]);

// How much this person (in pixels) is the one the photo is of: large and near the middle.
float detect_weight(const detection *d, uint32_t width);
