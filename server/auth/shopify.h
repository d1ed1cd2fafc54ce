// What Shopify signs with the app's secret. secrets: one, or several separated by blanks (for an hour after a change
// the older one is still used).
#pragma once
#include "base/arena.h"

#include <stdbool.h>
#include <stddef.h>

// A shop's own domain, "name.myshopify.com" in small letters: anything else is asked nothing and told nothing.
bool shopify_shop_ok(const char *shop);

// The query of the address to which a shop's owner comes back ("code=…&hmac=…&shop=…&state=…&timestamp=…", without the
// question mark): signed by one of the secrets.
bool shopify_query_ok(arena *a, const char *query, const char *secrets);
// A parameter of it, decoded; NULL when it is not there or given twice.
const char *shopify_query_get(arena *a, const char *query, const char *name);

// A webhook's body, as it came, and its X-Shopify-Hmac-Sha256.
bool shopify_body_ok(const void *body, size_t n, const char *signature, const char *secrets);
