// Other people's garments as GLB files, imported and draped. Internal to bench_drape.
#pragma once
#include "base/err.h"

// Every folder/CATEGORY-SEX-NAME.glb (as tools/makehuman_clothes makes them) on the mean person it was made for and on
// a heavier one. sheets: folder for a picture of each, or NULL.
bool drape_clothes(const char *assets, const char *folder, const char *sheets, err *e) MUST_USE;
