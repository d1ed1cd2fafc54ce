// One person of the test world through the estimator: with no photo, a front photo, a front and a side photo.
#pragma once
#include "estimate/estimate.h"
#include "testworld/photo.h"

enum { TRIAL_WIDTH = 960, TRIAL_HEIGHT = 1280, TRIAL_MODES = 3 }; // modes A, B, C

// What one thread works with.
typedef struct {
    const wardrobe *wardrobe;
    body_model *model[2]; // by body_sex
    tape *tape[2];
    capture *camera;   // NULL: a perfect look, straight from the geometry
    bool only_look;    // fill the cache, estimate nothing
    const char *cache; // folder where what was seen is kept between runs of one build of the test world; NULL: none
} trial_lab;

// How far what was seen in one photo is from the truth, where the estimator believes it to be right.
enum { TRIAL_LANDMARKS = 12, TRIAL_REGIONS = 7 };
typedef struct {
    bool seen, loose; // photo there and not refused; the verdict on the clothes
    // Landmark less joint, metres at the person: away from the middle of the body (left, right in the picture for a
    // side view: forward), and down.
    float landmark[TRIAL_LANDMARKS][2];
    // Outline of the mask outside that of the naked body, by cloth region: mean, and spread about it; metres. length:
    // of outline, metres.
    float gap[TRIAL_REGIONS], spread[TRIAL_REGIONS], length[TRIAL_REGIONS];
} trial_look;

typedef struct {
    bool made;
    double value[TAPE_COUNT], sd[TAPE_COUNT]; // metres
} trial_result;

typedef struct {
    body_sex sex;
    outfit_kind clothes;
    bool exif;        // the focal length was told
    unsigned verdict; // of the front photo
    bool refused;     // the front photo was
    double truth[TAPE_COUNT];
    trial_result result[TRIAL_MODES][2]; // [mode][weight stated]
    trial_look look[2];                  // front, side
} trial;

extern const char *const trial_landmark_name[TRIAL_LANDMARKS / 2]; // of pairs, left first

// The same seed and index give the same person, clothes and photos. False when the networks fail.
bool trial_run(const trial_lab *lab, uint64_t seed, int index, trial *out, err *e) MUST_USE;
