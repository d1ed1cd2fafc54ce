// What the three photo targets share: the format forced, the size bounded so that thousands of inputs pass a second,
// and the promises of decode.h checked.
#pragma once
#include "image/codec.h"

#include <stdlib.h>

static inline void fuzz_photo(image_format format, const uint8_t *data, size_t n)
{
    for (uint32_t max_side = 0; max_side <= 12; max_side += 12) {
        codec_input in = { data, n, max_side, 300, 6000 };
        image im = { 0 };
        image_meta meta = { .focal_35mm = -1 };
        err e = { 0 };
        if (codec_decode(format, &in, &im, &meta, &e)) {
            uint32_t longer = im.width > im.height ? im.width : im.height;
            if (!im.px || im.channels != 3 || !im.width || !im.height || (max_side && longer > max_side)) abort();
            if (meta.focal_35mm < 0 || e.code != ERR_NONE) abort();
        } else if (im.px || e.code == ERR_NONE || e.code == ERR_INTERNAL || !e.msg[0]) {
            abort();
        }
        image_free(&im);
    }
}
