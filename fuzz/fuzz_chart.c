// Any bytes: refused with a sentence, or a chart that prints and reads back the same and drafts into sane measures.
#include "garment/garment.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static size_chart c, again;
    static garment g;
    err e = { 0 };
    if (!chart_parse((const char *)data, size, &c, &e)) {
        assert(e.msg[0] && e.code != ERR_NONE);
        return 0;
    }
    buf b = buf_new(1 << 20);
    bool ok = chart_print(&c, &b) && chart_parse((const char *)b.data, b.len, &again, &e);
    assert(ok && again.count == c.count);
    for (int i = 0; i < c.count; i++)
        for (int d = 0; d < DIM_COUNT; d++)
            assert(fabs(again.size[i].value[d].lo - c.size[i].value[d].lo) < 1e-6); // ten digits are printed
    buf_free(&b);
    g.fabric = *fabric_preset("jersey");
    g.chart = c;
    for (int k = 0; k < GARMENT_CATEGORIES; k++) {
        garment_measures m;
        g.category = (garment_category)k;
        garment_measure(&g, 0, &m);
        for (int d = 0; d < DIM_COUNT; d++) assert(isfinite(m.cm[d]) && m.cm[d] >= 0 && m.cm[d] < 3000);
    }
    return 0;
}
