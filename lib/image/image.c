#include "image/image.h"
#include "base/limits.h"
#include "base/mem.h"

#include <assert.h>
#include <string.h>

image image_new(uint32_t width, uint32_t height, uint32_t channels)
{
    assert(width <= LIMIT_IMAGE_SIDE && height <= LIMIT_IMAGE_SIDE && channels >= 1 && channels <= 4);
    return (image){ mem_array(uint8_t, (size_t)width * height * channels), width, height, channels };
}

image image_copy(const image *src)
{
    image im = image_new(src->width, src->height, src->channels);
    memcpy(im.px, src->px, (size_t)src->width * src->height * src->channels);
    return im;
}

void image_free(image *im)
{
    mem_free(im->px);
    *im = (image){ 0 };
}
