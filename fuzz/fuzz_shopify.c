// The query of an address that a browser brings back from Shopify: anyone can write one.
#include "auth/shopify.h"

#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 8192) return 0;
    arena *a = arena_new(1 << 20);
    char *query = arena_alloc(a, size + 1, 1);
    memcpy(query, data, size);
    query[size] = 0;
    (void)shopify_query_ok(a, query, "hush older");
    (void)shopify_shop_ok(shopify_query_get(a, query, "shop"));
    (void)shopify_body_ok(data, size, query, "hush");
    arena_free(a);
    return 0;
}
