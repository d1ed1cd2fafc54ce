// How surely clothes stand off the body, from the mask and the landmarks of a photo taken from the front.
#pragma once
#include "capture/capture.h"

#include <math.h>

// What is looked at: how far the outline lies from the bones, and how rough it is, shares of the person's height (the
// mask's). Of both sides the mean, of what is to be seen; 0: nothing is.
typedef enum {
    LOOSE_THIGH,     // outward, half way down the thigh
    LOOSE_KNEE,      // outward, at the knee
    LOOSE_CALF,      // outward, half way down the shank
    LOOSE_SHIN,      // both ways, where trousers end; inwards at most half the way to the other leg
    LOOSE_FOREARM,   // both ways
    LOOSE_WAIST,     // outward, two thirds down the trunk
    LOOSE_SHOULDERS, // half their landmarks' distance
    LOOSE_LEG_FOLDS, // root mean square of the outline's second differences: folds wave, bodies do not
    LOOSE_ARM_FOLDS,
    LOOSE_TRUNK_FOLDS,
    LOOSE_SIGNS
} loose_sign;

typedef struct {
    float value[LOOSE_SIGNS];
    float seen[LOOSE_SIGNS]; // 0..1: how far it counts, by how much of where it shows is to be seen
} loose_signs;

void loose_look(const capture_evidence *ev, loose_signs *out);
// A sign that is to be seen, as it is told apart: folds by their logarithm.
static inline float loose_reading(const loose_signs *s, int sign)
{
    return sign >= LOOSE_LEG_FOLDS ? logf(s->value[sign]) : s->value[sign];
}
// In standard deviations from what rendered photos show on the average, at most 2.5, as far as it counts.
// z [LOOSE_SIGNS].
void loose_scale(const loose_signs *s, float *z);

// What the regression reads: the signs in standard deviations, and the products of any two of them. Either wide shins
// or rough legs are enough, and both say little more than one: with products it is wrong half as often. Squares count
// from their mean where all of the sign is to be seen; one that is not to be seen says nothing.
enum { LOOSE_TERMS = LOOSE_SIGNS + LOOSE_SIGNS * (LOOSE_SIGNS + 1) / 2 };
// norm [LOOSE_SIGNS]: mean and standard deviation of each, of folds those of their logarithm. term [LOOSE_TERMS].
void loose_terms(const loose_signs *s, const float norm[][2], float *term);
// The probability of loose clothes, 0..1.
float loose_judge(const loose_signs *s);
float loose_judge_photo(const capture_evidence *ev);
#define LOOSE_ENOUGH 0.5f // beyond it the clothes are called loose
