// A person in SMPL's layout without SMPL's data: the open body in T-pose, on a coarser mesh of other triangles, with
// SMPL's 24 joints, a joint regressor, pose corrections and as many betas as asked. What the tape reads on the open
// body, it should read on this one after all of import, standing up and finding marks anew.
#pragma once
#include "body/body.h"
#include "hmr2_fixture.h"

// vertices: at most the open body's; the mesh keeps that many of them (a few more where no edge can be given up).
fixture_body smpl_like(const body_model *open, uint32_t vertices, int betas);

// The same through a pickle and the importer into folder/smpl.safetensors; exits with a sentence when that fails.
void smpl_like_write(const body_model *open, uint32_t vertices, int betas, const char *folder);
