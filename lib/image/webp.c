// WebP by libwebp. The container is walked here for its EXIF chunk, so that the demuxer library is not needed.
#include "image/codec.h"
#include "base/mem.h"

#include <string.h>

#include <webp/decode.h>

static uint32_t u32_le(const uint8_t *p)
{
    return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

// RIFF: "RIFF", size, "WEBP", then chunks of name, size, bytes, padded to an even length.
static exif_info find_exif(const uint8_t *data, size_t n)
{
    size_t at = 12;
    while (at <= n && n - at >= 8) {
        uint32_t size = u32_le(data + at + 4);
        size_t room = n - at - 8;
        if (size > room) break;
        if (memcmp(data + at, "EXIF", 4) == 0) return exif_parse(data + at + 8, size);
        at += 8 + (size_t)size + (size & 1);
    }
    return (exif_info){ .orientation = 1 };
}

static bool refuse(VP8StatusCode status, err *e)
{
    switch (status) {
    case VP8_STATUS_NOT_ENOUGH_DATA:
    case VP8_STATUS_SUSPENDED:
        return fail(e, ERR_INPUT, "the WebP photo ends in the middle (truncated): send the original file again");
    case VP8_STATUS_OUT_OF_MEMORY:
        return fail(e, ERR_MEMORY, "there is not enough memory to read the WebP photo: send a smaller copy");
    default:
        return fail(e, ERR_INPUT, "the WebP photo is damaged: send the original file again");
    }
}

bool codec_webp(const codec_input *in, codec_photo *out, err *e)
{
    *out = (codec_photo){ 0 };
    WebPDecoderConfig config;
    if (!WebPInitDecoderConfig(&config)) return fail(e, ERR_INTERNAL, "the WebP library does not fit its headers");
    VP8StatusCode status = WebPGetFeatures(in->data, in->n, &config.input);
    if (status != VP8_STATUS_OK) return refuse(status, e);
    if (config.input.has_animation) {
        return fail(e, ERR_INPUT, "the WebP file is an animation: send a still photo");
    }
    uint32_t width = (uint32_t)config.input.width, height = (uint32_t)config.input.height;
    if (!codec_accepts(in, width, height, e)) return false;
    if (!codec_new_image(&out->im, width, height, 3, e)) return false;

    uint32_t channels = config.input.has_alpha ? 4 : 3;
    size_t pixels = (size_t)width * height;
    uint8_t *rgba = config.input.has_alpha ? mem_try(pixels, 4) : NULL;
    if (config.input.has_alpha && !rgba) {
        image_free(&out->im);
        return fail(e, ERR_MEMORY, "there is not enough memory to read the WebP photo: send a smaller copy");
    }
    config.output.colorspace = rgba ? MODE_RGBA : MODE_RGB;
    config.output.is_external_memory = 1;
    config.output.u.RGBA.rgba = rgba ? rgba : out->im.px;
    config.output.u.RGBA.stride = (int)(width * channels);
    config.output.u.RGBA.size = pixels * channels;
    status = WebPDecode(in->data, in->n, &config);
    WebPFreeDecBuffer(&config.output);
    if (status == VP8_STATUS_OK && rgba) codec_flatten(rgba, out->im.px, pixels);
    mem_free(rgba);
    if (status != VP8_STATUS_OK) {
        image_free(&out->im);
        return refuse(status, e);
    }
    out->full_width = width;
    out->full_height = height;
    out->exif = find_exif(in->data, in->n);
    return true;
}
