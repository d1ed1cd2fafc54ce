// Where jansson's trees lie. A tree that is read and let go of by one function can lie in an arena: its
// twenty pieces then cost no allocation and no free each.
#pragma once
#include "base/arena.h"

// Before any JSON is read; again does no harm. A value that silently lacks a member because memory was short could be
// stored: rather no program than that.
void json_scratch_begin(void);

// From here on what this thread's jansson makes lies in a, and needs no letting go; NULL: on the heap again, as at the
// start. What was made on one side of such a call is not to be freed on the other. Returns what held before.
arena *json_scratch(arena *a);
