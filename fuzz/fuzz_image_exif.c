#include "image/exif.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    exif_info info = exif_parse(data, size);
    if (info.orientation < 1 || info.orientation > 8) abort();
    if (!(info.focal_35mm >= 0 && info.focal_35mm < 65536)) abort();
    return 0;
}
