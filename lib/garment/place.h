// Where a sewn garment starts: wrapped around the body at the size it has, never through it. Internal to lib/garment.
#pragma once
#include "garment/sewn.h"
#include "garment/wearer.h"

// start [s->vertices]. *anchor: height that the waist of a skirt or trousers is held at; 0: none.
void place_on_body(const wearer *w, const pattern *p, const sewn *s, vec3 *start, float *anchor);
