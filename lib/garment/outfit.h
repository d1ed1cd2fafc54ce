// tryon.glb: the avatar wearing a draped garment.
#pragma once
#include "garment/drape.h"

// avatar_glb [n]: avatar.glb as the program wrote it. The avatar keeps its skeleton, skin and materials; the garment
// stands in the same A-pose, its texture coordinates are the pattern. Two material
// variants: "plain", and "strain" in the eight bands of show_strain_color.
bool outfit_glb(const uint8_t *avatar_glb, size_t n, const garment *g, const drape *d, buf *out, err *e) MUST_USE;

// garment.glb: the garment alone, its vertices in the order of drape.bin, so that one file shows every size.
bool outfit_garment_glb(const garment *g, const drape *d, buf *out, err *e) MUST_USE;
