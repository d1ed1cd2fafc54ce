#include "app/demo.h"
#include "api/api.h"

#include <stdio.h>
#include <string.h>

// The reserved ending (RFC 2606) makes sure that no real shop has the name.
#define DEMO_SHOP "demo.tryon.invalid"

// Charts as a brand would write them: of the garment around for what hangs, of the body for what is cut to it.
static const struct {
    const char *product, *name, *category, *fabric, *chart;
} GARMENTS[] = {
    { "demo-tshirt", "Everyday T-shirt", "tshirt", "jersey",
      "{\"unit\":\"cm\",\"basis\":\"garment_circ\",\"tolerance\":1,\"sizes\":{"
      "\"XS\":{\"chest\":86,\"waist\":84,\"hem\":92,\"length\":61,\"shoulder\":38,\"sleeve\":17},"
      "\"S\":{\"chest\":92,\"waist\":90,\"hem\":98,\"length\":63,\"shoulder\":40,\"sleeve\":18},"
      "\"M\":{\"chest\":98,\"waist\":96,\"hem\":104,\"length\":66,\"shoulder\":42,\"sleeve\":19},"
      "\"L\":{\"chest\":105,\"waist\":103,\"hem\":111,\"length\":69,\"shoulder\":44,\"sleeve\":20},"
      "\"XL\":{\"chest\":113,\"waist\":111,\"hem\":119,\"length\":72,\"shoulder\":46.5,\"sleeve\":21},"
      "\"XXL\":{\"chest\":122,\"waist\":120,\"hem\":128,\"length\":74,\"shoulder\":49,\"sleeve\":22}}}" },
    { "demo-dress", "Summer dress", "dress", "satin",
      "{\"unit\":\"cm\",\"basis\":\"body\",\"columns\":{\"length\":{\"basis\":\"garment_circ\"}},\"sizes\":{"
      "\"34\":{\"chest\":[79,82],\"waist\":[62,65],\"hip\":[87,90],\"length\":96},"
      "\"36\":{\"chest\":[83,86],\"waist\":[66,69],\"hip\":[91,94],\"length\":97},"
      "\"38\":{\"chest\":[87,90],\"waist\":[70,73],\"hip\":[95,98],\"length\":98},"
      "\"40\":{\"chest\":[91,94],\"waist\":[74,77],\"hip\":[99,102],\"length\":99},"
      "\"42\":{\"chest\":[95,98],\"waist\":[78,81],\"hip\":[103,106],\"length\":100},"
      "\"44\":{\"chest\":[99,102],\"waist\":[82,86],\"hip\":[107,110],\"length\":101},"
      "\"46\":{\"chest\":[103,108],\"waist\":[87,92],\"hip\":[111,115],\"length\":102}}}" },
    { "demo-trousers", "Straight trousers", "trousers", "twill",
      "{\"unit\":\"cm\",\"basis\":\"body\",\"columns\":{\"inseam\":{\"basis\":\"garment_circ\"}},\"sizes\":{"
      "\"XS\":{\"waist\":[62,66],\"hip\":[86,90],\"inseam\":76},"
      "\"S\":{\"waist\":[67,71],\"hip\":[91,95],\"inseam\":77},"
      "\"M\":{\"waist\":[72,77],\"hip\":[96,100],\"inseam\":78},"
      "\"L\":{\"waist\":[78,84],\"hip\":[101,106],\"inseam\":79},"
      "\"XL\":{\"waist\":[85,92],\"hip\":[107,113],\"inseam\":80},"
      "\"XXL\":{\"waist\":[93,101],\"hip\":[114,120],\"inseam\":80}}}" },
    { "demo-shirt", "Poplin shirt", "shirt", "shirting",
      "{\"unit\":\"cm\",\"basis\":\"garment_circ\",\"tolerance\":1,\"sizes\":{"
      "\"XS\":{\"chest\":94,\"waist\":92,\"hem\":98,\"length\":68,\"shoulder\":40,\"sleeve\":59},"
      "\"S\":{\"chest\":100,\"waist\":98,\"hem\":104,\"length\":70,\"shoulder\":42,\"sleeve\":60},"
      "\"M\":{\"chest\":106,\"waist\":104,\"hem\":110,\"length\":72,\"shoulder\":44,\"sleeve\":61.5},"
      "\"L\":{\"chest\":113,\"waist\":111,\"hem\":117,\"length\":74,\"shoulder\":46,\"sleeve\":63},"
      "\"XL\":{\"chest\":121,\"waist\":119,\"hem\":125,\"length\":76,\"shoulder\":48.5,\"sleeve\":64},"
      "\"XXL\":{\"chest\":130,\"waist\":128,\"hem\":134,\"length\":78,\"shoulder\":51,\"sleeve\":65}}}" },
    { "demo-hoodie", "Brushed hoodie", "hoodie", "fleece",
      "{\"unit\":\"cm\",\"basis\":\"garment_flat\",\"tolerance\":1,\"sizes\":{"
      "\"XS\":{\"chest\":50,\"hem\":47,\"length\":62,\"shoulder\":43,\"sleeve\":58},"
      "\"S\":{\"chest\":53,\"hem\":50,\"length\":65,\"shoulder\":45,\"sleeve\":60},"
      "\"M\":{\"chest\":56,\"hem\":53,\"length\":68,\"shoulder\":47,\"sleeve\":62},"
      "\"L\":{\"chest\":60,\"hem\":57,\"length\":71,\"shoulder\":49,\"sleeve\":63.5},"
      "\"XL\":{\"chest\":64,\"hem\":61,\"length\":74,\"shoulder\":51.5,\"sleeve\":65},"
      "\"XXL\":{\"chest\":69,\"hem\":66,\"length\":76,\"shoulder\":54,\"sleeve\":66}}}" },
    { "demo-skirt", "A-line skirt", "skirt", "denim",
      "{\"unit\":\"cm\",\"basis\":\"body\",\"columns\":{\"length\":{\"basis\":\"garment_circ\"}},\"sizes\":{"
      "\"34\":{\"waist\":[62,65],\"hip\":[87,90],\"length\":56},"
      "\"36\":{\"waist\":[66,69],\"hip\":[91,94],\"length\":57},"
      "\"38\":{\"waist\":[70,73],\"hip\":[95,98],\"length\":58},"
      "\"40\":{\"waist\":[74,77],\"hip\":[99,102],\"length\":59},"
      "\"42\":{\"waist\":[78,81],\"hip\":[103,106],\"length\":60},"
      "\"44\":{\"waist\":[82,86],\"hip\":[107,110],\"length\":61},"
      "\"46\":{\"waist\":[87,92],\"hip\":[111,115],\"length\":62}}}" }
};

static bool make_brand(app_stores *st, arena *a, char secret[64], uuid_text brand, err *e)
{
    uuid_text key;
    api *p = api_new(&(api_config){ 0 }, st->d, st->blobs, NULL, NULL);
    bool ok = db_brand_create(st->d, a, "Nordlys", DEMO_SHOP, -1, brand, e) &&
              api_key_make(p, a, brand, true, "[\"garments\",\"events\",\"analytics\",\"keys\"]", "[]", secret, key, e);
    api_free(p);
    return ok;
}

bool demo_seed(app_stores *st, arena *a, char secret[64], uuid_text brand, err *e)
{
    db_brand b;
    *secret = 0;
    if (db_brand_by_shop(st->d, a, DEMO_SHOP, &b, e))
        memcpy(brand, b.id, sizeof b.id);
    else if (e->code != ERR_NOT_FOUND || !make_brand(st, a, secret, brand, e))
        return false;
    for (size_t i = 0; i < sizeof GARMENTS / sizeof *GARMENTS; i++) {
        db_garment *found;
        int n;
        uuid_text id;
        if (!db_garment_list(st->d, a, brand, NULL, NULL, GARMENTS[i].product, 1, &found, &n, e)) return false;
        db_garment g = { .name = GARMENTS[i].name,
                         .category = GARMENTS[i].category,
                         .fabric = GARMENTS[i].fabric,
                         .product_id = GARMENTS[i].product,
                         .size_chart = GARMENTS[i].chart };
        if (!n && !db_garment_create(st->d, a, brand, &g, id, e)) return false;
    }
    return true;
}
