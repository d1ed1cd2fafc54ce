// Any bytes as garment.json, a fabric or measurements.json: refused with a sentence, or whole.
#include "garment/fit.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static garment g;
    static fit_body b;
    fabric f;
    err e = { 0 };
    const char *text = (const char *)data;
    if (garment_parse(text, size, &g, &e)) {
        buf out = buf_new(1 << 20);
        static garment again;
        bool ok = garment_print(&g, &out) && garment_parse((const char *)out.data, out.len, &again, &e);
        assert(ok && again.chart.count == g.chart.count);
        buf_free(&out);
    } else {
        assert(e.msg[0]);
    }
    if (!fabric_parse(text, size, &f, &e)) assert(e.msg[0]);
    if (!fit_body_parse(text, size, &b, &e)) assert(e.msg[0]);
    return 0;
}
