#include "base/mem.h"
#include "base/sum.h"
#include "test.h"

enum { SIZE = (33 << 20) + 77 }; // two chunks and a bit
static uint8_t *data;

static void threads_change_nothing(void)
{
    pool *p = pool_new(3);
    CHECK(sum64(p, data, SIZE) == sum64(NULL, data, SIZE));
    pool_free(p);
}

static void every_flipped_bit_is_noticed(void)
{
    static const size_t at[] = { 0, 7, 8, 31, 32, 12345, (16 << 20) - 1, 16 << 20, (32 << 20) + 5, SIZE - 1 };
    uint64_t whole = sum64(NULL, data, SIZE);
    for (size_t i = 0; i < sizeof at / sizeof *at; i++) {
        data[at[i]] ^= (uint8_t)(1 << i % 8);
        CHECK(sum64(NULL, data, SIZE) != whole);
        data[at[i]] ^= (uint8_t)(1 << i % 8);
    }
    CHECK(sum64(NULL, data, SIZE) == whole);
}

static void lengths_and_places_count(void)
{
    static const uint8_t zeros[64];
    uint64_t seen[65];
    for (size_t n = 0; n <= 64; n++) {
        seen[n] = sum64(NULL, zeros, n);
        for (size_t i = 0; i < n; i++) CHECK(seen[i] != seen[n]);
    }
    const uint64_t a[2] = { 1, 2 }, b[2] = { 2, 1 };
    CHECK(sum64(NULL, a, sizeof a) != sum64(NULL, b, sizeof b));
}

static void fill(void)
{
    data = mem_array(uint8_t, SIZE);
    for (size_t i = 0; i < SIZE; i++) data[i] = (uint8_t)(i * 2654435761u >> 13);
}

TEST_MAIN(fill(); RUN(threads_change_nothing); RUN(every_flipped_bit_is_noticed); RUN(lengths_and_places_count);
          mem_free(data);)
