// Perfect photos: the mask and landmarks of a known body in a known pose, as a camera 2.6 m away would see it.
#pragma once
#include "body/body.h"
#include "capture/capture.h"

typedef struct {
    float focal, cx, cy;
    vec3 shift; // of body axes turned to the camera's
} perfect_camera;
extern const perfect_camera photographer;

// She stands with her arms 20 degrees from her sides, turned by yaw.
body_pose photographed_stance(float yaw);
// To free with capture_evidence_free.
capture_evidence photographed(const body_model *m, const float *betas, const body_pose *pose);
