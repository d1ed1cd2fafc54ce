// Clothes of the test world, from skin-tight to hanging loose: a top and trousers as shells around the body, or sewn
// and draped.
#pragma once
#include "base/rng.h"
#include "image/image.h"
#include "testworld/person.h"
#include "testworld/tailor.h"

typedef enum { OUTFIT_TIGHT, OUTFIT_FITTED, OUTFIT_LOOSE, OUTFIT_KINDS } outfit_kind;
extern const char *const outfit_word[OUTFIT_KINDS]; // "tight", "fitted", "loose"

typedef struct {
    vec3 *rest;   // [vertices] around the unposed body
    vec2 *uv;     // [vertices] x: distance inside the hem, 0.5 on it, 1 a metre; y: height for the pattern
    image fabric; // RGBA, alpha 0 beyond the hem
    image cloth;  // the same without alpha, for where no hem is near
} shell;

typedef struct {
    outfit_kind kind;
    tailored *tailor; // NULL: the two shells
    shell top, bottom;
} outfit;

// Shells.
outfit outfit_new(const person *p, rng *r, outfit_kind kind);
// Half of what is not tight is sewn, the rest are shells.
outfit outfit_any(const person *p, rng *r, outfit_kind kind);
void outfit_free(outfit *o);

// A woven or printed cloth of some colour, RGB.
image outfit_cloth(rng *r, bool printed);
