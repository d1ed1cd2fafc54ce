#include "base/sum.h"
#include "base/mem.h"

#include <string.h>

enum { LANES = 4, BLOCK = 8 * LANES, CHUNK = 16 << 20 };
static const uint64_t ODD = 0x9e3779b97f4a7c15; // 2^64 over the golden ratio: its bits are spread evenly

typedef struct {
    const uint8_t *data;
    size_t n;
    uint64_t *sum; // [chunks]
} work;

static uint64_t turned(uint64_t v) { return v << 29 | v >> 35; }

// Each step is a bijection of the lane for a given word and of the word for a given lane, so that a change stays.
static uint64_t chunk_sum(const uint8_t *p, size_t n)
{
    uint64_t lane[LANES] = { 1, 2, 3, 4 }, word[LANES];
    size_t at = 0;
    for (; at + BLOCK <= n; at += BLOCK) {
        memcpy(word, p + at, BLOCK);
        for (int k = 0; k < LANES; k++) lane[k] = turned((lane[k] ^ word[k]) * ODD);
    }
    uint8_t rest[BLOCK] = { 0 };
    if (n > at) memcpy(rest, p + at, n - at);
    memcpy(word, rest, BLOCK);
    uint64_t sum = n;
    for (int k = 0; k < LANES; k++) sum = turned((sum ^ turned((lane[k] ^ word[k]) * ODD)) * ODD);
    return sum;
}

static void one(void *ctx, int i)
{
    work *w = ctx;
    size_t from = (size_t)i * CHUNK, n = w->n - from < CHUNK ? w->n - from : CHUNK;
    w->sum[i] = chunk_sum(w->data + from, n);
}

uint64_t sum64(pool *p, const void *data, size_t n)
{
    int chunks = (int)(n / CHUNK) + 1;
    work w = { data, n, mem_array(uint64_t, (size_t)chunks) };
    pool_run(p, chunks, one, &w);
    uint64_t sum = n;
    for (int i = 0; i < chunks; i++) sum = turned((sum ^ w.sum[i]) * ODD);
    mem_free(w.sum);
    return sum;
}
