// Private to sandbox.c: the point of no return of a child.
#pragma once
#include "base/err.h"

#include <stddef.h>

// Takes from this process, for good, everything but computing: file sizes, core dumps, CPU time and memory are bounded,
// no path is reachable, and a system call outside a short list kills it. Descriptors are the caller's to close; none
// can be opened afterwards. False (with nothing half-done that matters, since the caller exits) when the kernel cannot.
bool sandbox_lock(size_t memory_max, unsigned cpu_seconds, bool threads, err *e) MUST_USE;
