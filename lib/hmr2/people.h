// Where people are in a picture, for HMR2.0: boxes around their masks.
#pragma once
#include "image/image.h"

enum { HMR2_PEOPLE_MAX = 16 };

typedef struct hmr2_finder hmr2_finder;

// assets: the folder with the pose networks.
hmr2_finder *hmr2_finder_open(const char *assets, int threads, err *e) MUST_USE;
void hmr2_finder_close(hmr2_finder *f); // NULL is fine

// box [HMR2_PEOPLE_MAX]: x0, y0, x1, y1 in pixels, the person the picture is of first (large and near the middle).
// ERR_INPUT when nobody is seen.
bool hmr2_find_people(const hmr2_finder *f, const image *im, double box[][4], int *count, err *e) MUST_USE;
