// Where what is sewn to a neckline starts: a hood around the head, a collar around the neck with its fall spread out a
// little, so that it lies down by itself. Internal to lib/garment.
#pragma once
#include "garment/sewn.h"
#include "garment/wearer.h"

// Front and back are placed already; what the pattern does not have is left out. start [s->vertices]
void place_hood(const wearer *w, const pattern *p, const sewn *s, vec3 *start);
void place_collar(const pattern *p, const sewn *s, vec3 *start);
