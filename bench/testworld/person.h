// A person of the test world: a body with known measurements that the estimator has not seen, and how she stands.
#pragma once
#include "body/prior.h"
#include "base/rng.h"
#include "testworld/wardrobe.h"

typedef struct {
    const body_model *model;
    survey_answers real;    // what a scale and a calendar would say; height by the tape on the mesh
    survey_answers answers; // as she states them: height to the half centimetre, weight to the kilogram
    float betas[BODY_MAX_BETAS];
    vec3 *shaped; // [vertices] the unposed body: betas, local deviation, the face of the donor
    vec3 joints[BODY_JOINTS];
    vec3 *donor;              // [MH_POINTS] the calibrated person whose face she has, pelvis at the origin
    double truth[TAPE_COUNT]; // metres, by the tape on shaped
    int skin, hair;
    vec3 hair_tint;
} person;

// Height, weight and age of somebody, from the moments of the survey.
survey_answers person_somebody(rng *r, body_sex sex);

// deviation: standard deviation of the local bumps that no betas express, metres.
person *person_new(const wardrobe *w, const body_model *m, tape *t, rng *r, const survey_answers *real,
                   double deviation);
void person_free(person *p); // NULL is fine

// Standing in front of a camera: upright, arms hanging a little away from the body. yaw: turn about +Y, radians;
// restless: 1 as people stand, 0 at attention.
body_pose person_stand(rng *r, float yaw, double restless);
