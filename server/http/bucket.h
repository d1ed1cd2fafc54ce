// Token buckets: so many requests at once, refilled at a steady rate. One fixed table for all keys; a key it forgets
// (its bucket was full again, or the table is crowded) starts with a full bucket.
#pragma once
#include <stdbool.h>
#include <stdint.h>

typedef struct {
    double capacity; // tokens
    double per_second;
} bucket_rule;

typedef struct bucket_table bucket_table;
bucket_table *buckets_new(unsigned rows_log2);
void buckets_free(bucket_table *t); // NULL is fine

// Takes cost tokens from the key's bucket at time now (ms). *left is what remains; *wait_ms how long until a request
// of this cost would pass, 0 when it did. Safe from any thread.
bool bucket_take(bucket_table *t, const bucket_rule *rule, uint64_t key, double cost, int64_t now_ms, double *left,
                 int64_t *wait_ms);
