// HMR2.0 on one picture, for tryon hmr2 and tryon avatar --estimator hmr2.
#pragma once
#include "hmr2/hmr2.h"

typedef struct {
    const char *assets; // of the pose networks; not needed with a box
    int threads;
    const double *box; // [4], or NULL: everyone is looked for
    double height;     // metres; 0: not told
    int person;        // whose avatar and raw output are written
    const char *raw;   // NULL: none
} hmr2_wish;

// folder: where body_personN_* go, NULL: nowhere.
bool hmr2_picture(hmr2 *h, const hmr2_wish *w, const char *photo_path, const char *folder, err *e) MUST_USE;
