// How far a photo's outline can be trusted: less the less its person looks like somebody standing upright in clothes.
// Bags, skirts, dark walls and bent knees make outlines that say little of how a body measures, and what they say
// changes with the photo's size. Internal to the estimator.
#pragma once
#include "estimate/view.h"

// About 1 for a person standing upright, more the further legs and trunk are from the prior's pose or landmarks from
// what such a pose explains. joint [BODY_JOINTS]: of the shaped body, unposed.
float doubt_pose(const photo_view *v, const vec3 *joint);

// Mean square of how far the outlines lie from where body and clothes put them, in their standard deviations, robust.
// posed [m->vertices]: the body in v's state; point [points]: of its outline, lengths in metres.
float doubt_outline(const body_model *m, const photo_view *v, const vec3 *posed, const contour_point *point,
                    int points);

// The share of its weight that an outline keeps whose misfit is doubt_outline's, 0..1.
float doubt_kept(capture_view side, float misfit);
