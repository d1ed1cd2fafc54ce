// From what a person answers, and none, one or two photos of her, to a posterior over bodies and its tape measurements
// with honest intervals. Mode A: answers only. B: with a front photo. C: with a front and a side photo.
#pragma once
#include "body/prior.h"
#include "capture/capture.h"

// What another network says of the person in the front photo, on the same body model.
typedef struct estimate_hint {
    float betas[BODY_MAX_BETAS];
    int count;                  // of betas
    mat3 rotation[BODY_JOINTS]; // relative to the parent and to the model's zero pose; [0]: body axes, camera unturned
    vec2 joint_at[BODY_JOINTS]; // pixels of the photo
} estimate_hint;

// What photos said of a person, without the tape values she gave beside them: kept for the day she corrects one and the
// photos are gone.
typedef struct {
    char mode; // 'B' or 'C'; 'A': there were none
    unsigned verdict;
    double height; // the one answered then, metres
    body_gaussian posterior;
} estimate_memory;

typedef struct {
    survey_answers answers;                  // height required; weight and age 0 when not told
    double tape[TAPE_COUNT];                 // metres; 0: not given
    const capture_evidence *front, *side;    // NULL: no such photo
    float front_focal_35mm, side_focal_35mm; // 0: unknown
    const estimate_hint *hint;               // NULL: none; of the front photo
    // In place of photos, NULL: nothing. Sex, weight and age are those of then; another height makes all of her taller.
    const estimate_memory *remembered;
} estimate_input;

typedef enum { SOURCE_PRIOR, SOURCE_PHOTO, SOURCE_TAPE } estimate_source;
const char *estimate_source_word(estimate_source s); // "prior", "photo", "tape"

// How a photo was explained, for pictures and parameter files.
typedef struct {
    body_pose pose;      // local rotations, translation zero
    vec3 camera_shift;   // body axes flipped to camera axes (x right, y down, z forward), plus this: metres
    float focal, cx, cy; // pixels
} estimate_view;

typedef struct {
    char mode; // 'A', 'B' or 'C'
    body_gaussian posterior;
    float betas[BODY_MAX_BETAS];
    double value[TAPE_COUNT], sd[TAPE_COUNT], lo[TAPE_COUNT], hi[TAPE_COUNT]; // metres; lo..hi holds 90 %
    estimate_source source[TAPE_COUNT];
    double unfollowed[TAPE_COUNT]; // the part of sd that is the body model's own, metres
    estimate_view front, side;     // meaningful when the photo was given
    unsigned verdict;              // of the photos, merged
    bool hinted;                   // the other network was listened to
    estimate_memory photos;        // for input.remembered
} estimate_result;

// Answers outside what people are, or contradicting one another, are ERR_INPUT with a sentence.
bool estimate_check_answers(const survey_answers *a, const double *given, err *e) MUST_USE;

// m fits the person's sex (neutral when not told); t is its tape.
bool estimate_body(const body_model *m, tape *t, const estimate_input *in, estimate_result *out, err *e) MUST_USE;
