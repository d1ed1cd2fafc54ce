// Seeded random numbers (xoshiro256**, Blackman & Vigna 2018), passed in by the caller: the same seed, the same run.
#pragma once
#include <stdint.h>

typedef struct {
    uint64_t s[4];
} rng;

rng rng_new(uint64_t seed);
uint64_t rng_next(rng *r);
double rng_uniform(rng *r);                       // [0, 1)
double rng_between(rng *r, double lo, double hi); // [lo, hi)
double rng_normal(rng *r);                        // mean 0, variance 1
uint32_t rng_below(rng *r, uint32_t n);           // 0 … n-1, n > 0
