#include "estimate/tied.h"

const tied_landmark tied[TIED] = {
    { LM_LEFT_SHOULDER, JOINT_L_SHOULDER, { { .003f, -.018f, .015 }, { -.009f, -.038f, .035 } } },
    { LM_RIGHT_SHOULDER, JOINT_R_SHOULDER, { { .003f, -.018f, .015 }, { -.009f, -.038f, .035 } } },
    { LM_LEFT_ELBOW, JOINT_L_ELBOW, { { .003f, 0, .02 }, { 0, .009f, .04 } } },
    { LM_RIGHT_ELBOW, JOINT_R_ELBOW, { { .003f, 0, .02 }, { 0, .009f, .04 } } },
    { LM_LEFT_WRIST, JOINT_L_WRIST, { { 0, 0, .02 }, { .009f, .030f, .06 } } },
    { LM_RIGHT_WRIST, JOINT_R_WRIST, { { 0, 0, .02 }, { .009f, .030f, .06 } } },
    { LM_LEFT_HIP, JOINT_L_HIP, { { -.008f, .006f, .03 }, { .013f, .026f, .035 } } },
    { LM_RIGHT_HIP, JOINT_R_HIP, { { -.008f, .006f, .03 }, { .013f, .026f, .035 } } },
    { LM_LEFT_KNEE, JOINT_L_KNEE, { { 0, -.002f, .02 }, { 0, -.007f, .03 } } },
    { LM_RIGHT_KNEE, JOINT_R_KNEE, { { 0, -.002f, .02 }, { 0, -.007f, .03 } } },
    { LM_LEFT_ANKLE, JOINT_L_ANKLE, { { .004f, -.008f, .015 }, { .008f, -.011f, .02 } } },
    { LM_RIGHT_ANKLE, JOINT_R_ANKLE, { { .004f, -.008f, .015 }, { .008f, -.011f, .02 } } },
};

landmark_place tied_place(int i, capture_view side, bool right)
{
    landmark_place p = tied[i].place[side == VIEW_SIDE];
    bool to_the_left = side == VIEW_SIDE ? !right : i % 2 == 1; // her left is on the picture's right
    if (to_the_left) p.x = -p.x;
    return p;
}
