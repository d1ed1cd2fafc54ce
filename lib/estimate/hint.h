// What another network says of the person in the front photo (HMR2.0: betas, pose, camera), as evidence and as a start.
// Internal to the estimator but for estimate_hint itself.
#pragma once
#include "estimate/estimate.h"
#include "estimate/view.h"

// Whether the hint's joints lie where the photo's landmarks are. If not, it speaks of someone else, or of nobody.
bool hint_agrees(const capture_evidence *evidence, const estimate_hint *hint);

// What the network would say of the photo's mirror image, width pixels broad. The body model is as good as symmetric,
// so that betas stay.
void hint_mirror(const estimate_hint *hint, float width, estimate_hint *out);

// Fuses the betas into g. They speak of proportions: of size a network of one picture knows nothing, so that their
// error along the direction in which the body grows as a whole is left open. Betas far from g are believed less.
void hint_shape(const body_model *m, const estimate_hint *hint, body_gaussian *g);

// Starts the view at the hint's pose and place, and makes the pose evidence for hint_pose.
void hint_view(photo_view *v, const estimate_hint *hint);

// Narrows the prior of a free joint by the hint's rotation of it, where the view has one.
void hint_pose(const photo_view *v, int free_joint, mat3 *mean, float sd[3]);
