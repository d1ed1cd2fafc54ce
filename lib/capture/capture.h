// A photo to evidence about the person in it: where she is, 33 landmarks, a mask, and a verdict on whether the photo
// can be measured. Picture coordinates are pixels of the given image (continuous, pixel centres at +0.5, y down).
#pragma once
#include "image/image.h"
#include "image/resample.h"

enum { CAPTURE_LANDMARKS = 33 };

// BlazePose's landmark order; odd numbers from 11 on are the person's left.
enum {
    LM_NOSE = 0,
    LM_LEFT_EAR = 7,
    LM_RIGHT_EAR = 8,
    LM_LEFT_SHOULDER = 11,
    LM_RIGHT_SHOULDER = 12,
    LM_LEFT_ELBOW = 13,
    LM_RIGHT_ELBOW = 14,
    LM_LEFT_WRIST = 15,
    LM_RIGHT_WRIST = 16,
    LM_LEFT_HIP = 23,
    LM_RIGHT_HIP = 24,
    LM_LEFT_KNEE = 25,
    LM_RIGHT_KNEE = 26,
    LM_LEFT_ANKLE = 27,
    LM_RIGHT_ANKLE = 28,
    LM_LEFT_HEEL = 29,
    LM_RIGHT_HEEL = 30,
    LM_LEFT_TOE = 31,
    LM_RIGHT_TOE = 32
};

typedef struct {
    float x, y;       // pixels
    float z;          // pixels, relative to the mid-hip, negative towards the camera
    float visibility; // 0..1: not hidden
    float presence;   // 0..1: inside the picture
} capture_landmark;

// Reasons, each a bit. The first group makes measuring meaningless: the photo is refused.
typedef enum {
    VERDICT_NO_PERSON = 1 << 0,
    VERDICT_FEET_CUT = 1 << 1,
    VERDICT_HEAD_CUT = 1 << 2,
    VERDICT_TOO_SMALL = 1 << 3, // the person is under 180 px tall
    VERDICT_TOO_DARK = 1 << 4,
    VERDICT_NOT_STANDING = 1 << 5, // sitting, lying or bent
    VERDICT_REFUSED = 0x3f,
    // These widen the error bars.
    VERDICT_SEVERAL_PEOPLE = 1 << 8, // the largest is used
    VERDICT_NOT_FACING = 1 << 9,     // more than 40 degrees off what the view asks: front to the camera, or side
    VERDICT_ARMS_TIGHT = 1 << 10,    // arms against the torso
    VERDICT_LOOSE_CLOTHES = 1 << 11,
    VERDICT_DIM = 1 << 12
} capture_verdict;

typedef struct {
    image_roi roi; // of the last pass
    float score;   // pose flag, 0..1
    capture_landmark at[CAPTURE_LANDMARKS];
    float world[CAPTURE_LANDMARKS][3]; // metres, origin mid-hip, y down: an average-size body, only for angles
    image mask;                        // photo size, 1 channel, 0 or 255: the person, hair and clothes included
    image soft_mask;                   // photo size, 1 channel: probability * 255 before the threshold
    uint32_t left, top, right, bottom; // the mask's bounding box, right and bottom exclusive
    int people;                        // how many the detector saw
    float facing_deg;                  // turn of the shoulders from the camera: 0 front, 90 side, 180 back
    float looseness;                   // of the clothes: 0 they follow the body … 1 they stand off it
    unsigned verdict;                  // capture_verdict bits
} capture_evidence;

typedef struct capture capture;

typedef struct {
    const char *assets; // folder with pose_detection.onnx and pose_landmark_heavy.onnx
    int threads;        // 0: one
} capture_options;

capture *capture_open(const capture_options *options, err *e) MUST_USE;
void capture_close(capture *c); // NULL is fine

typedef enum { VIEW_FRONT, VIEW_SIDE } capture_view;

// Fills *out (capture_evidence_free it) and returns true when the photo was examined, whatever the verdict; false only
// when the networks failed. photo is RGB. The person is the largest near the middle. One photo at a time on one
// capture.
bool capture_examine(capture *c, const image *photo, capture_view view, capture_evidence *out, err *e) MUST_USE;
// The same of the person whose hips lie nearest to the middle of box (x0, y0, x1, y1, pixels) within it. NULL: of the
// photo's.
bool capture_examine_person(capture *c, const image *photo, capture_view view, const double box[4],
                            capture_evidence *out, err *e) MUST_USE;
void capture_evidence_free(capture_evidence *ev);
// What is seen in the photo's mirror image: left and right trade places and names. *out: capture_evidence_free it.
void capture_mirror(const capture_evidence *ev, capture_evidence *out);

// The sentence for the shopper: what is wrong and how to mend it; for the gravest refusing bit of verdict, or NULL when
// none is set.
const char *capture_refusal(unsigned verdict);
// A stable word for one verdict bit ("loose_clothes"), for JSON; NULL for an unknown bit.
const char *capture_verdict_word(unsigned bit);
