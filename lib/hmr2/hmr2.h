// 4D-Humans' HMR2.0: a person in a picture to SMPL's pose, shape and camera, by the network and body `tryon import
// hmr2` left in a folder.
#pragma once
#include "body/body.h"
#include "hmr2/crop.h"

typedef struct hmr2 hmr2;

typedef struct {
    const char *folder; // with hmr2.onnx, hmr2.weights and smpl.safetensors
    int threads;        // 0: one
    bool cuda;
} hmr2_options;

hmr2 *hmr2_open(const hmr2_options *options, err *e) MUST_USE;
void hmr2_close(hmr2 *h); // NULL is fine
const body_model *hmr2_body(const hmr2 *h);

enum { HMR2_TOKENS = 16 * 12 };
int hmr2_channels(const hmr2 *h); // of the backbone's features

typedef struct {
    hmr2_square square;
    mat3 rotation[BODY_JOINTS]; // each relative to its parent; [0] is the body's in the camera (y down, z away)
    float betas[BODY_MAX_BETAS];
    int beta_count;
    float camera[3];       // weak perspective within the square: scale, tx, ty
    double translation[3]; // of the body in a camera of focal length, its middle the picture's
    double focal;          // pixels
} hmr2_person;

// box: around the person, as hmr2_square_of takes it. patch [3][HMR2_SIDE][HMR2_SIDE] and features
// [hmr2_channels][HMR2_TOKENS] receive what the network saw and made of it; either may be NULL. Safe from several
// threads.
bool hmr2_see(hmr2 *h, const image *im, const double box[4], hmr2_person *out, float *patch, float *features,
              err *e) MUST_USE;

// The network alone, on a patch.
bool hmr2_forward(hmr2 *h, const float *patch, hmr2_person *out, float *features, err *e) MUST_USE;

// The posed body in its own coordinates (SMPL's: metres, the root about where the pelvis is). vertices
// [hmr2_body()->vertices], joints [BODY_JOINTS].
void hmr2_pose_body(const hmr2 *h, const hmr2_person *p, vec3 *vertices, vec3 *joints);
