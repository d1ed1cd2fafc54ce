// A fixed pool of threads for loops over independent items. Results must not depend on which thread runs an item:
// reductions are made by the caller, in index order, after the loop, so that the thread count never changes a byte.
#pragma once

typedef struct pool pool;

// threads counts the caller too: pool_new(1) runs everything in the caller. 0 means one per online processor.
pool *pool_new(int threads);
void pool_free(pool *p); // NULL is fine
int pool_threads(const pool *p);

// Calls fn(ctx, i) once for each i in [0, count), in any order, and returns when all are done. p may be NULL (serial).
// Must not be called from inside fn, nor from two threads at once on one pool.
void pool_run(pool *p, int count, void (*fn)(void *ctx, int i), void *ctx);
