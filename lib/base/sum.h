// A checksum for files that are read as they lie: finds damage, not forgery. Fast enough for gigabytes.
#pragma once
#include "base/parallel.h"

#include <stddef.h>
#include <stdint.h>

// The same whatever the threads of p (NULL: one). Any one changed byte changes it.
uint64_t sum64(pool *p, const void *data, size_t n);
