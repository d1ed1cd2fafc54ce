// One person of the test world through the estimator: with no photo, a front photo, a front and a side photo.
#pragma once
#include "estimate/learned.h"
#include "estimate/tied.h"
#include "testworld/photo.h"

enum { TRIAL_WIDTH = 960, TRIAL_HEIGHT = 1280, TRIAL_MODES = 3 }; // modes A, B, C
enum { TRIAL_HALVED = 3 }; // in training, one of so many people is also seen at half the size

// Where errors come from, for finding out how much each adds. One that is off is replaced by the truth: the tape's
// height and weight by the scale; a body made of betas alone; standing at attention; a straight lens of known focal
// length; nakedness; whether the clothes are loose; landmarks at their joints; the mask of the geometry.
typedef struct {
    bool answers, detail, pose, lens, clothes, judged, landmarks, mask;
} trial_sources;

// What one thread works with.
typedef struct {
    const wardrobe *wardrobe;
    body_model *model[3]; // by body_sex; the neutral one may be NULL: nobody keeps her sex to herself then
    tape *tape[3];
    capture *camera;              // NULL: a perfect look, straight from the geometry
    const trial_sources *sources; // NULL: all of them
    bool study;                   // compare looks with the truth
    bool keep_seen;               // keep what the learned correction reads
    bool raw;                     // leave the learned correction out
    bool only_photos;             // fill the cache with photos, look at nothing
    bool only_answers;            // no photos: mode A alone
    bool halved;                  // the photos arrive at half their size, by trial_shrink
    // Folder whose photos/ and looks/ keep what was rendered and what was seen between runs; NULL: none. looks/ is to
    // be emptied after a change to lib/capture, all of it after one to the test world or the body.
    const char *cache;
} trial_lab;

// How far what was seen in one photo is from the truth, where the estimator believes it to be right.
enum { TRIAL_REGIONS = 7 };
typedef struct {
    bool seen, loose; // photo there and not refused; the verdict on the clothes
    float sure;       // mean visibility times presence of shoulders, hips, knees and ankles
    float iou;        // of the mask with the geometry's; 0: not asked for (trial_lab.study)
    // Landmark less joint, metres at the person: away from the middle of the body (left, right in the picture for a
    // side view: forward), and down.
    float landmark[TIED][2];
    // Outline of the mask outside that of the naked body, by cloth region: mean, and spread about it; metres. length:
    // of outline, metres.
    float gap[TRIAL_REGIONS], spread[TRIAL_REGIONS], length[TRIAL_REGIONS];
} trial_look;

typedef struct {
    bool made;
    double value[TAPE_COUNT], sd[TAPE_COUNT];   // metres
    double ms;                                  // the estimate's time on one processor
    float correlation[TAPE_COUNT * TAPE_COUNT]; // of the errors; only with weight
    learned_features *seen; // what the learned correction read, when lab->seen; the caller's to free
} trial_result;

typedef struct {
    body_sex sex;
    outfit_kind clothes;
    bool draped;         // they are sewn and draped, no shells
    bool exif;           // the focal length was told
    double bmi;          // truly
    float eye, distance; // of the front photo's camera, metres
    float lean, turned;  // in the front photo: of the pelvis sideways, and of the body from the camera, degrees
    unsigned verdict;    // of the front photo
    bool refused;        // the front photo was
    unsigned side_verdict;
    double truth[TAPE_COUNT];
    trial_result result[TRIAL_MODES][2]; // [mode][weight stated]
    trial_result untold[TRIAL_MODES][2]; // the same of somebody who does not tell her sex
    trial_look look[2];                  // front, side
} trial;

// Makes the folders of a cache.
bool trial_cache(const char *cache, err *e) MUST_USE;
// For a program of many trials, before its threads: the pictures' memory, 40 MB a piece, is used again and not given
// back to the kernel in between, which took a tenth of the time.
void trial_keep_memory(void);

extern const char *const trial_landmark_name[TIED / 2]; // of pairs, left first

// Mean visibility times presence of shoulders, hips, knees and ankles.
float trial_sureness(const capture_evidence *ev);
// Of two masks of the same size.
float trial_iou(const image *a, const image *b);

// The photo at a part of its size, through JPEG of quality 60: as a messenger passes it on.
bool trial_shrink(const image *photo, double size, image *out, err *e) MUST_USE;

// What this person wears.
outfit_kind trial_clothes(uint64_t seed, int index);

// What is drawn for somebody, by purpose: her body 0, clothes 1, pose and camera 2 and 3, lenses 4 and 5.
rng trial_stream(uint64_t seed, int index, uint64_t which);
// The person herself, without clothes or photos; lab: of it, only wardrobe, models, tapes and sources.
person *trial_person(const trial_lab *lab, uint64_t seed, int index);

// What is seen in her front photo, which has to be in the cache.
bool trial_front(const trial_lab *lab, uint64_t seed, int index, capture_evidence *out, err *e) MUST_USE;

// The same seed and index give the same person, clothes and photos. False when the networks fail.
bool trial_run(const trial_lab *lab, uint64_t seed, int index, trial *out, err *e) MUST_USE;
