// A range is inside what there is, whatever the header says. The first 8 bytes are the size.
#include "http/range.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    uint64_t size, from, count;
    char text[128];
    if (n < sizeof size || n - sizeof size >= sizeof text) return 0;
    memcpy(&size, data, sizeof size);
    memcpy(text, data + sizeof size, n - sizeof size);
    text[n - sizeof size] = 0;
    if (range_parse(text, size, &from, &count) == RANGE_SOME &&
        (!count || from >= size || count > size || from + count > size))
        abort();
    return 0;
}
