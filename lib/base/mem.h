// Heap memory, zeroed. mem_new is for sizes we choose ourselves: when it fails the machine is beyond help and the
// program aborts with a line on stderr. mem_try is for sizes that come from outside: it returns NULL.
#pragma once
#include <stdbool.h>
#include <stddef.h>

void *mem_new(size_t count, size_t size) __attribute__((alloc_size(1, 2), malloc, returns_nonnull));
void *mem_try(size_t count, size_t size) __attribute__((alloc_size(1, 2), malloc, warn_unused_result));
// As mem_grow, but NULL on failure, p being as it was.
void *mem_try_grow(void *p, size_t count, size_t size) __attribute__((alloc_size(2, 3), warn_unused_result));
// Grows p (may be NULL) to count elements; the new tail is not zeroed. Aborts on failure.
void *mem_grow(void *p, size_t count, size_t size) __attribute__((alloc_size(2, 3), returns_nonnull));
char *mem_strdup(const char *s) __attribute__((returns_nonnull));
void mem_free(void *p); // NULL is fine

// A test may define this to say which of the allocations that are allowed to fail (mem_try, mem_try_grow) do. No
// program of ours defines it.
bool mem_may(size_t bytes) __attribute__((weak));

#define mem_array(type, count) ((type *)mem_new((count), sizeof(type)))
