#include "base/arena.h"
#include "base/mem.h"

#include <string.h>

#if defined(__has_feature) // clang; gcc 12 has no __has_feature and defines __SANITIZE_ADDRESS__ itself
#if __has_feature(address_sanitizer)
#define __SANITIZE_ADDRESS__ 1
#endif
#endif
#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(p, n) ((void)(p), (void)(n))
#define ASAN_UNPOISON_MEMORY_REGION(p, n) ((void)(p), (void)(n))
#endif

// The first chunk is small: most requests need little. What is handed out is zeroed then, and warm to be written.
enum { FIRST_CHUNK = 4 << 10, CHUNK = 64 << 10, KEPT = 32 << 10, ALIGN = 16, GUARD = 16 };

typedef struct chunk {
    struct chunk *next;
    size_t used, cap;
    _Alignas(ALIGN) unsigned char data[];
} chunk;

struct arena {
    chunk *head;
    size_t held, max;
    size_t first; // bytes of the first chunk
};

arena *arena_new(size_t max)
{
    arena *a = mem_new(1, sizeof *a);
    a->max = max;
    a->first = FIRST_CHUNK;
    return a;
}

static void free_chunks(arena *a)
{
    for (chunk *c = a->head, *next; c; c = next) {
        next = c->next;
        ASAN_UNPOISON_MEMORY_REGION(c->data, c->cap);
        mem_free(c);
    }
    a->head = NULL;
    a->held = 0;
}

void arena_free(arena *a)
{
    if (!a) return;
    free_chunks(a);
    mem_free(a);
}

static chunk *link_chunk(arena *a, chunk *c, size_t cap)
{
    if (!c) return NULL;
    *c = (chunk){ .next = a->head, .cap = cap };
    ASAN_POISON_MEMORY_REGION(c->data, cap);
    return a->head = c;
}

static chunk *add_chunk(arena *a, size_t step)
{
    size_t room = a->max - a->held, cap = a->head ? a->held : a->first;
    if (cap > CHUNK) cap = CHUNK;
    if (cap < step) cap = step;
    if (cap > room) cap = step;
    if (cap > room) return NULL;
    chunk *c = link_chunk(a, mem_try_grow(NULL, 1, sizeof *c + cap), cap);
    if (c) a->held += cap;
    return c;
}

void arena_reset(arena *a)
{
    chunk *c = a->head;
    if (c && !c->next && c->cap <= KEPT) {
        ASAN_POISON_MEMORY_REGION(c->data, c->cap);
        c->used = 0;
        return;
    }
    // Several chunks, or a big one: what comes next begins with one that has room for as much.
    a->first = a->held < FIRST_CHUNK ? FIRST_CHUNK : a->held > KEPT ? KEPT : a->held;
    free_chunks(a);
}

void *arena_surely(arena *a, size_t n)
{
    void *p = arena_alloc(a, n, 1);
    if (p) return p;
    link_chunk(a, mem_new(1, sizeof(chunk) + n), n)->used = n; // not counted: the ceiling is for what can be refused
    ASAN_UNPOISON_MEMORY_REGION(a->head->data, n);
    return a->head->data;
}

void *arena_alloc(arena *a, size_t count, size_t size)
{
    size_t n, step;
    if (__builtin_mul_overflow(count, size, &n) || n > a->max) return NULL;
    if (__builtin_add_overflow(n, GUARD + ALIGN - 1, &step)) return NULL;
    step = step / ALIGN * ALIGN;
    chunk *c = a->head;
    if (!c || c->cap - c->used < step) c = add_chunk(a, step);
    if (!c) return NULL;
    void *p = c->data + c->used;
    c->used += step;
    ASAN_UNPOISON_MEMORY_REGION(p, n);
    return memset(p, 0, n);
}
