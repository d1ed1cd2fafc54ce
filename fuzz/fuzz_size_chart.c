// Size charts as brands send them, CSV and JSON: whatever is accepted passes the check and survives a round trip.
#include "api/chart.h"
#include "base/mem.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    err e;
    json_t *chart = chart_from_csv((const char *)data, size, &e);
    if (chart && !chart_check(chart, &e)) abort();
    json_decref(chart);
    chart = json_loadb((const char *)data, size, JSON_REJECT_DUPLICATES, NULL);
    if (chart && chart_check(chart, &e)) {
        char *text = json_dumps(chart, JSON_COMPACT);
        json_t *again = json_loads(text, 0, NULL);
        if (!again || !chart_check(again, &e)) abort();
        json_decref(again);
        mem_free(text);
    }
    json_decref(chart);
    return 0;
}
