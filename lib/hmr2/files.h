// What is written of a person: parameters under SMPL's names, and the neutral avatar.
#pragma once
#include "base/buf.h"
#include "hmr2/hmr2.h"

// betas [K], global_orient [3] and body_pose [23, 3] as rotation vectors, transl [3] and focal_length of the full
// camera, pred_cam [3], bbox [4], scale (of the body to reach the stated height; 1 without one) and model.
bool hmr2_params(const hmr2 *h, const hmr2_person *p, const double box[4], double height, buf *out, err *e) MUST_USE;

// The person's shape in A-pose, feet on y = 0, with SMPL's skeleton: a GLB. height: metres, to which the body is
// scaled; 0: as the network says.
bool hmr2_neutral_glb(const hmr2 *h, const hmr2_person *p, double height, buf *out, err *e) MUST_USE;
