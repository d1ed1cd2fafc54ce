#include "image/codec.h"
#include "image/resample.h"
#include "base/limits.h"
#include "base/mem.h"

#include <string.h>

bool codec_accepts(const codec_input *in, uint32_t width, uint32_t height, err *e)
{
    if (width == 0 || height == 0)
        return fail(e, ERR_INPUT, "the photo is damaged (it has no size): send another copy");
    if (width <= in->limit_side && height <= in->limit_side && (uint64_t)width * height <= in->limit_pixels) {
        return true;
    }
    return fail(
        e, ERR_LIMIT,
        "the photo is %u x %u pixels; at most %u a side and %u million in all are accepted: send a smaller copy", width,
        height, in->limit_side, (unsigned)(in->limit_pixels / 1000000));
}

bool codec_new_image(image *im, uint32_t width, uint32_t height, uint32_t channels, err *e)
{
    uint8_t *px = mem_try((size_t)width * height, channels);
    if (!px) return fail(e, ERR_MEMORY, "there is not enough memory for a photo of %u x %u pixels", width, height);
    *im = (image){ px, width, height, channels };
    return true;
}

void codec_flatten(const uint8_t *rgba, uint8_t *rgb, size_t count)
{
    for (size_t i = 0; i < count; i++, rgba += 4, rgb += 3) {
        unsigned a = rgba[3];
        for (int c = 0; c < 3; c++) rgb[c] = (uint8_t)((rgba[c] * a + 255 * (255 - a) + 127) / 255);
    }
}

// EXIF 2.32, tag 0x0112: which corner of the scene the first stored row and column are. Takes im over.
static image turn_upright(image im, uint32_t orientation)
{
    if (orientation <= 1 || orientation > 8) return im;
    bool swap = orientation >= 5;
    bool from_right = orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
    bool from_bottom = orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
    image out = image_new(swap ? im.height : im.width, swap ? im.width : im.height, im.channels);
    for (uint32_t y = 0; y < out.height; y++) {
        uint8_t *to = image_at(&out, 0, y);
        for (uint32_t x = 0; x < out.width; x++, to += im.channels) {
            uint32_t sx = swap ? y : x, sy = swap ? x : y;
            if (from_right) sx = im.width - 1 - sx;
            if (from_bottom) sy = im.height - 1 - sy;
            memcpy(to, image_at(&im, sx, sy), im.channels);
        }
    }
    image_free(&im);
    return out;
}

// The other side of a photo whose longer side becomes max_side, to the nearest pixel.
static uint32_t reduced(uint32_t side, uint32_t longer, uint32_t max_side)
{
    uint32_t r = (uint32_t)(((uint64_t)side * max_side + longer / 2) / longer);
    return r ? r : 1;
}

void codec_finish(codec_photo *photo, uint32_t max_side, image *out, image_meta *meta)
{
    uint32_t w = photo->full_width, h = photo->full_height, longer = w > h ? w : h;
    image im = photo->im;
    photo->im = (image){ 0 };
    if (max_side && longer > max_side) {
        image small = image_resize(&im, reduced(w, longer, max_side), reduced(h, longer, max_side));
        image_free(&im);
        im = small;
    }
    *out = turn_upright(im, photo->exif.orientation);
    if (meta) *meta = (image_meta){ .focal_35mm = photo->exif.focal_35mm };
}
