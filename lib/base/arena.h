// Bump allocator with a ceiling. Everything a request or a job allocates dies with its arena.
// Under ASan the memory between two allocations is poisoned, so that an overrun of one byte is caught.
#pragma once
#include <stddef.h>

typedef struct arena arena;

// max is the most bytes this arena may ever hold; an allocation beyond it returns NULL.
arena *arena_new(size_t max);
void arena_free(arena *a); // NULL is fine
// Everything in it dies; a little of its memory stays, and counts, for what comes next.
void arena_reset(arena *a);

// Zeroed memory for count elements, 16-byte aligned, or NULL when the arena is full or count * size overflows.
void *arena_alloc(arena *a, size_t count, size_t size) __attribute__((alloc_size(2, 3)));
// n bytes, beyond the ceiling if need be: for short texts that a caller could do nothing without. When the machine has
// none left the program aborts, as with mem_new.
void *arena_surely(arena *a, size_t n) __attribute__((alloc_size(2), returns_nonnull));
#define arena_array(a, type, count) ((type *)arena_alloc((a), (count), sizeof(type)))
