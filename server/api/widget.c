// The one question a shop's page asks before anyone has tapped anything: can this product be tried on?
#include "api/api.h"
#include "common/text.h"

#include <string.h>

// Public, without a key: a yes or no to what the shop shows anyone, and the garment's id. The same for everybody, so
// that caches between us and the shop answer most of them. A page asks from an origin of the brand's list (CORS).
void widget_get(http_request *q, http_response *r)
{
    const char *brand = http_query(q, "brand"), *shop = http_query(q, "shop"), *product = http_query(q, "product_id");
    uuid_text id;
    db_brand b;
    db_garment g;
    bool has = false;
    err e = { 0 };
    if (brand && !uuid_parse(brand, id)) return (void)api_invalid(q, r, "brand", "brand is a brand's id");
    if (!brand && (!shop || strlen(shop) > 200))
        return (void)api_invalid(q, r, "brand", "brand, or the shop's domain as shop, is needed");
    if (!product || !*product || strlen(product) > 80)
        return (void)api_invalid(q, r, "product_id", "product_id is a text of 1 to 80 bytes");
    bool known =
        brand ? db_brand_get(api_of(q)->d, q->a, id, &b, &e) : db_brand_by_shop(api_of(q)->d, q->a, shop, &b, &e);
    if (!known && e.code != ERR_NOT_FOUND) return http_fail(q, r, &e);
    if (known && !api_garment_of(q, b.id, product, &g, &has, &e)) return http_fail(q, r, &e);
    http_set(r, "Cache-Control", "public, max-age=300, stale-while-revalidate=3600");
    api_send(q, r, 200, json_pack("{s:o}", "garment_id", api_text(has ? g.id : NULL)));
}
