// Chunk checksums would stop nearly every mutation at the door, so they are made right first.
#include "base/mem.h"
#include "image_target.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint32_t table[256]; // CRC-32, PNG 1.2 annex D

static void make_table(void)
{
    for (uint32_t i = 0; i < 256; i++) {
        uint32_t c = i;
        for (int k = 0; k < 8; k++) c = c & 1 ? c >> 1 ^ 0xEDB88320u : c >> 1;
        table[i] = c;
    }
}

static void mend_checksums(uint8_t *png, size_t size)
{
    size_t at = 8;
    while (at <= size && size - at >= 12) {
        uint32_t len = (uint32_t)png[at] << 24 | (uint32_t)png[at + 1] << 16 | (uint32_t)png[at + 2] << 8 | png[at + 3];
        if (len > size - at - 12) return;
        uint32_t c = ~0u;
        for (size_t i = at + 4; i < at + 8 + len; i++) c = c >> 8 ^ table[(c ^ png[i]) & 255];
        uint8_t *crc = png + at + 8 + len;
        for (int i = 0; i < 4; i++) crc[i] = (uint8_t)(~c >> (24 - 8 * i));
        at += 12 + (size_t)len;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!table[1]) make_table();
    uint8_t *copy = mem_array(uint8_t, size);
    if (size) memcpy(copy, data, size);
    mend_checksums(copy, size);
    fuzz_photo(IMAGE_PNG, copy, size);
    mem_free(copy);
    return 0;
}
