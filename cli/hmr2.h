// HMR2.0 on one picture, for tryon hmr2 and tryon avatar --estimator hmr2.
#pragma once
#include "hmr2/hmr2.h"
#include "hmr2/people.h"

typedef struct {
    const hmr2_finder *finder; // not needed with a box
    const double *box;         // [4], or NULL: everyone is looked for
    double height;             // metres; 0: not told
    int person;                // whose avatar and raw output are written
    const char *raw;           // NULL: none
    bool only;                 // the others are not looked at
} hmr2_wish;

// What was seen in a picture: people [count], the wished one among them.
typedef struct {
    hmr2_person person[HMR2_PEOPLE_MAX];
    double box[HMR2_PEOPLE_MAX][4];
    int count;
    uint32_t width, height;  // of the picture
    float *patch, *features; // of the wished one, owned
} hmr2_sight;

bool hmr2_look(hmr2 *h, const hmr2_wish *w, const char *photo_path, hmr2_sight *out, err *e) MUST_USE;
void hmr2_sight_free(hmr2_sight *s);

// body_personK_params.npz of everyone into a folder that exists, body_personK_neutral.glb of the wished one.
bool hmr2_write_people(const hmr2 *h, const hmr2_wish *w, const hmr2_sight *s, const char *folder, err *e) MUST_USE;

// The folder of an imported model: the one given, or "hmr2" in the assets. NULL: the path is too long.
const char *hmr2_folder(const char *given, const char *assets, err *e);
