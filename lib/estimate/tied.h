// The landmarks that are joints of the body, and where they are seen from there. Internal to the estimator. Set for the
// capture room's networks on the test world (bench_accuracy --look).
#pragma once
#include "body/body.h"
#include "capture/capture.h"

// Metres from the joint, x: outward, in a side view forward; y: down; and how far from there it may lie. In a side view
// the far arm is guessed.
typedef struct {
    float x, y;
    double sd;
} landmark_place;

typedef struct {
    int landmark, joint;
    landmark_place place[2]; // front, side
} tied_landmark;
enum { TIED = 12 };
extern const tied_landmark tied[TIED]; // left ones at even places, right ones behind them

// Where tied[i] is expected in a picture: x to the right. right: in a side view she looks to the right.
landmark_place tied_place(int i, capture_view side, bool right);
