// SMPL as everything behind it wants a body: standing in the A-pose at its zero pose, with marks and parts for the
// tape and a prior.
#pragma once
#include "body/prior.h"

// smpl: as body_load_smpl gave it; it stays the caller's. Posing is linear in the betas, so that the standing body has
// betas of the same meaning and is exactly the posed one (the skin's corrections for the A-pose included). Marks and
// parts follow from the mean body's geometry, skin and joints. sex: of the survey's tables that the prior takes.
// survey: NULL: no prior. ERR_INPUT: the model is not of a person that a tape can be laid on.
body_model *body_stand(const body_model *smpl, body_sex sex, const survey_stats *survey, err *e) MUST_USE;

// The file that tryon import hmr2 left in folder (NULL: none was named), with as many betas as some avatar has.
// ERR_NOT_FOUND: there is none.
body_model *body_find_smpl(const char *folder, int betas, err *e) MUST_USE;

// The rotation of each joint from the T-pose to the standing body's zero pose, in the body's axes. out [BODY_JOINTS]
void body_stand_turns(const body_model *smpl, mat3 *out);

// A pose relative to the T-pose (rotations relative to the parent), told relative to the standing body's zero pose. In
// place; turns as above.
void body_stand_pose(const mat3 *turns, mat3 *rotation);

// Fills mark and part of a standing body of any topology, internal to this room's makers of bodies.
bool body_find_marks(body_model *m, err *e) MUST_USE;
