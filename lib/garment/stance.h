// How a wearer stands: the avatar's A-pose, or a stance reached from it through the body's own skinning. Angles are
// chosen for each body so that its arms stay off its trunk.
#pragma once
#include "garment/wearer.h"

typedef enum { STANCE_A, STANCE_ARMS_DOWN, STANCE_HAND_ON_HIP, STANCE_CONTRAPPOSTO, STANCES } stance;
extern const char *const stance_word[STANCES];

bool stance_read(const char *word, stance *out) MUST_USE;

// From now on w->stood is the body in this stance.
void wearer_stand(wearer *w, stance s);
// The same for any pose that is reached from the A-pose without an arm or a leg going through the body.
void wearer_pose(wearer *w, const body_pose *p);

// The body at a share of the way from the A-pose to its stance, feet on y = 0. out [vertices].
void wearer_between(const wearer *w, float share, vec3 *out);
