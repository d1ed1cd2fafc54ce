#include "http/bucket.h"
#include "base/mem.h"

#include <math.h>
#include <pthread.h>

typedef struct {
    uint64_t key; // 0: empty
    double tokens;
    int64_t at_ms;
} row;

enum { STRIPES = 64, WAYS = 8 };

struct bucket_table {
    uint64_t mask;
    pthread_mutex_t lock[STRIPES];
    row *rows; // sets of WAYS
};

bucket_table *buckets_new(unsigned rows_log2)
{
    bucket_table *t = mem_new(1, sizeof *t);
    t->mask = ((uint64_t)1 << rows_log2) - 1;
    t->rows = mem_new(((size_t)1 << rows_log2) * WAYS, sizeof(row));
    for (int i = 0; i < STRIPES; i++) pthread_mutex_init(&t->lock[i], NULL);
    return t;
}

void buckets_free(bucket_table *t)
{
    if (!t) return;
    for (int i = 0; i < STRIPES; i++) pthread_mutex_destroy(&t->lock[i]);
    mem_free(t->rows);
    mem_free(t);
}

bool bucket_take(bucket_table *t, const bucket_rule *rule, uint64_t key, double cost, int64_t now, double *left,
                 int64_t *wait)
{
    if (!key) key = 1;
    uint64_t set = (key * 0x9e3779b97f4a7c15u >> 20) & t->mask;
    pthread_mutex_t *lock = &t->lock[set % STRIPES];
    pthread_mutex_lock(lock);
    row *r = &t->rows[set * WAYS], *mine = NULL, *oldest = r;
    for (int i = 0; i < WAYS && !mine; i++) {
        if (r[i].key == key) mine = &r[i];
        if (r[i].at_ms < oldest->at_ms) oldest = &r[i]; // an empty row is the oldest of all
    }
    if (!mine) {
        mine = oldest;
        *mine = (row){ .key = key, .tokens = rule->capacity, .at_ms = now };
    }
    if (now > mine->at_ms) {
        mine->tokens = fmin(rule->capacity, mine->tokens + (double)(now - mine->at_ms) / 1000 * rule->per_second);
        mine->at_ms = now;
    }
    bool pass = mine->tokens >= cost;
    if (pass) mine->tokens -= cost;
    *left = mine->tokens;
    *wait = pass ? 0 : (int64_t)ceil((cost - mine->tokens) / rule->per_second * 1000);
    pthread_mutex_unlock(lock);
    return pass;
}
