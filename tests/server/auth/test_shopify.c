// Shopify's signatures: the vectors of its own libraries' tests, and what must not pass for them.
#include "auth/shopify.h"
#include "test.h"

#include <string.h>

static arena *A;

#define SIGNED                                                                                                         \
    "code=0907a61c0c8d55e99db179b68161bc00&shop=some-shop.myshopify.com&state=0.6784241404160823&timestamp=1337178173"
#define SIGNATURE "700e2dadb827fcc8609e9d5ce208b2e9cdaab9df07390d2cbca10d7c328fc4bf"

static void a_signed_query_passes_in_any_order_and_with_either_secret(void)
{
    CHECK(shopify_query_ok(A, SIGNED "&hmac=" SIGNATURE, "hush"));
    CHECK(shopify_query_ok(A,
                           "hmac=" SIGNATURE "&timestamp=1337178173&state=0.6784241404160823&shop=some-shop."
                           "myshopify.com&code=0907a61c0c8d55e99db179b68161bc00",
                           "newer hush"));
    // Without a state, as the older of the two public vectors.
    CHECK(shopify_query_ok(A,
                           "code=0907a61c0c8d55e99db179b68161bc00&shop=some-shop.myshopify.com&timestamp=1337178173&"
                           "hmac=4712bf92ffc2917d15a2f5a273e39f0116667419aa4b6ac0b3baaf26fa3c4d20",
                           "hush"));
}

static void a_query_that_was_changed_does_not_pass(void)
{
    CHECK(!shopify_query_ok(A, SIGNED "&hmac=" SIGNATURE "&host=x", "hush"));
    CHECK(!shopify_query_ok(A, SIGNED "1&hmac=" SIGNATURE, "hush"));
    CHECK(!shopify_query_ok(A, SIGNED "&hmac=" SIGNATURE, "hushh"));
    CHECK(!shopify_query_ok(A, SIGNED "&hmac=" SIGNATURE, ""));
    CHECK(!shopify_query_ok(A, SIGNED "&hmac=" SIGNATURE "&hmac=" SIGNATURE, "hush"));
    CHECK(!shopify_query_ok(A, SIGNED "&hmac=700e", "hush"));
    CHECK(!shopify_query_ok(A, SIGNED, "hush"));
    CHECK(!shopify_query_ok(A, "", "hush"));
    CHECK(!shopify_query_ok(A, "%zz=1&hmac=" SIGNATURE, "hush"));
}

static void a_parameter_given_twice_is_none(void)
{
    CHECK_STR(shopify_query_get(A, "a=1&shop=x%2Dy&b", "shop"), "x-y");
    CHECK_STR(shopify_query_get(A, "a=1&b", "b"), "");
    CHECK(!shopify_query_get(A, "shop=x&shop=y", "shop"));
    CHECK(!shopify_query_get(A, "a=1", "shop"));
}

static void a_body_passes_as_it_came_and_not_otherwise(void)
{
    // printf '{"id":1}' | openssl dgst -sha256 -hmac hush -binary | base64
    static const char body[] = "{\"id\":1}", signature[] = "VnKUjZsLuN5iZWjn5EntcBVCF9kMN43LglzCE1/GSeY=";
    CHECK(shopify_body_ok(body, sizeof body - 1, signature, "other hush"));
    CHECK(!shopify_body_ok(body, sizeof body - 2, signature, "hush"));
    CHECK(!shopify_body_ok(body, sizeof body - 1, signature, "other"));
    CHECK(!shopify_body_ok(body, sizeof body - 1, "", "hush"));
    CHECK(!shopify_body_ok(body, sizeof body - 1, NULL, "hush"));
}

static void only_a_shop_is_a_shop(void)
{
    CHECK(shopify_shop_ok("some-shop.myshopify.com") && shopify_shop_ok("1.myshopify.com"));
    static const char *const no[] = { "",
                                      ".myshopify.com",
                                      "myshopify.com",
                                      "-a.myshopify.com",
                                      "a.b.myshopify.com",
                                      "a.myshopify.com.evil.example",
                                      "evil.example/a.myshopify.com",
                                      "a@b.myshopify.com",
                                      "A.myshopify.com",
                                      "a.myshopify.com/" };
    for (size_t i = 0; i < sizeof no / sizeof *no; i++) CHECK(!shopify_shop_ok(no[i]));
    CHECK(!shopify_shop_ok(NULL));
}

TEST_MAIN(A = arena_new(1 << 20); RUN(a_signed_query_passes_in_any_order_and_with_either_secret);
          RUN(a_query_that_was_changed_does_not_pass); RUN(a_parameter_given_twice_is_none);
          RUN(a_body_passes_as_it_came_and_not_otherwise); RUN(only_a_shop_is_a_shop); arena_free(A);)
