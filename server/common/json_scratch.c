#include "common/json_scratch.h"
#include "base/mem.h"

#include <jansson.h>

static _Thread_local arena *scratch;

static void *piece(size_t n) { return scratch ? arena_surely(scratch, n) : mem_grow(NULL, n, 1); }

static void let_go(void *p)
{
    if (!scratch) mem_free(p);
}

void json_scratch_begin(void) { json_set_alloc_funcs(piece, let_go); }

arena *json_scratch(arena *a)
{
    arena *before = scratch;
    scratch = a;
    return before;
}
