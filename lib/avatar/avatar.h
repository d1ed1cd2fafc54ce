// An avatar from what a person gives: photos and answers in, the files of an avatar out. The one path that the command
// line and the service share.
#pragma once
#include "base/buf.h"
#include "estimate/estimate.h"
#include "hmr2/hmr2.h"

// The loaded networks and bodies. One studio serves one request at a time.
typedef struct avatar_studio avatar_studio;

// assets: the folder with open_body.safetensors and the pose networks, which are opened when first needed. threads: 0
// one.
avatar_studio *avatar_studio_open(const char *assets, int threads, err *e) MUST_USE;
void avatar_studio_close(avatar_studio *s); // NULL is fine

// Avatars may stand on SMPL: the folder with smpl.safetensors as tryon import hmr2 leaves it. Looked into when needed.
void avatar_studio_smpl(avatar_studio *s, const char *folder);
// Whether a tape can be laid on that body. ERR_INPUT: it is not a person's; else it cannot be read.
bool avatar_smpl_stands(avatar_studio *s, int betas, body_sex sex, err *e) MUST_USE;

// What HMR2.0 said of a person in the front photo, and in what picture.
typedef struct {
    const hmr2_person *person;
    double box[4]; // around her, pixels
    uint32_t width, height;
} avatar_sight;

typedef struct {
    body_sex sex; // SEX_NEUTRAL: not told
    survey_answers answers;
    double tape[TAPE_COUNT];     // metres; 0: not given
    const uint8_t *front, *side; // encoded photos, NULL: none; a side photo needs a front one
    size_t front_bytes, side_bytes;
    // An earlier avatar's params.npz, in place of photos that are gone: what they said is held to. NULL: none.
    const uint8_t *params;
    size_t params_bytes;
    const avatar_sight *seen; // the avatar is of that person and stands on SMPL; NULL: on the open body
} avatar_request;

typedef struct {
    estimate_result estimate;
    body_sex sex;
    buf glb, web_glb, params, measurements,
        preview; // avatar.glb, avatar.web.glb, params.npz, measurements.json, preview.png
} avatar_files;

// ERR_INPUT or ERR_LIMIT: a sentence for the person, nothing is left in *out. The same request gives the same bytes.
bool avatar_make(avatar_studio *s, const avatar_request *request, avatar_files *out, err *e) MUST_USE;
void avatar_files_free(avatar_files *f);

// Measurements of an avatar's parameters (params.npz) or of its mesh (avatar.glb), as measurements.json without
// intervals.
bool avatar_measure_params(avatar_studio *s, const uint8_t *npz, size_t n, double *value, err *e) MUST_USE;
bool avatar_measure_glb(avatar_studio *s, const char *path, double *value, err *e) MUST_USE;
