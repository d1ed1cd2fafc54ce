#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static _Noreturn void out_of_memory(size_t count, size_t size)
{
    fprintf(stderr, "tryon: out of memory (%zu x %zu bytes)\n", count, size);
    abort();
}

void *mem_try(size_t count, size_t size)
{
    if (mem_may && !mem_may(count * size)) return NULL;
    return calloc(count ? count : 1, size ? size : 1);
}

void *mem_try_grow(void *p, size_t count, size_t size)
{
    if (mem_may && !mem_may(count * size)) return NULL;
    return reallocarray(p, count ? count : 1, size ? size : 1);
}

void *mem_new(size_t count, size_t size)
{
    void *p = calloc(count ? count : 1, size ? size : 1);
    if (!p) out_of_memory(count, size);
    return p;
}

void *mem_grow(void *p, size_t count, size_t size)
{
    void *q = reallocarray(p, count ? count : 1, size ? size : 1);
    if (!q) out_of_memory(count, size);
    return q;
}

char *mem_strdup(const char *s)
{
    size_t n = strlen(s) + 1;
    return memcpy(mem_new(n, 1), s, n);
}

void mem_free(void *p) { free(p); }
