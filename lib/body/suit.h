// What the body is painted with: a plain suit, and a mannequin's head, neck, hands and feet.
#pragma once
#include "body/body.h"

// Triangles wear the body suit or show the mannequin. out [m->triangles] 1: suit. Returns how many.
uint32_t body_suit(const body_model *m, uint8_t *out);
extern const float body_suit_color[3], body_mannequin_color[3]; // linear RGB
