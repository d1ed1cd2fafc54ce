// tryon-heic: reads one HEIC photo for image_decode (lib/image/heic.c) and answers with pixels. A program of its own,
// so that the service neither links nor trusts libheif and the decoders behind it: install it or leave it out.
#include "base/limits.h"
#include "base/mem.h"
#include "base/sandbox.h"
#include "image/codec.h"

#include <stdio.h>
#include <string.h>

#include <libheif/heif.h>

static bool damaged(struct heif_error why, err *e)
{
    if (why.code == heif_error_Memory_allocation_error) {
        return fail(e, ERR_LIMIT, "the HEIC photo needs more memory than is given to one photo: send a smaller copy");
    }
    return fail(e, ERR_INPUT, "the HEIC photo is damaged (%.120s): send the original file again", why.message);
}

// ISO/IEC 23008-12 annex A.2.1: four bytes, big-endian, say how far behind them the TIFF structure begins. Of it only
// the focal length is used: HEIC tells its rotation elsewhere, and libheif has applied it.
static float focal_length(const struct heif_image_handle *photo)
{
    heif_item_id id;
    if (heif_image_handle_get_list_of_metadata_block_IDs(photo, "Exif", &id, 1) != 1) return 0;
    size_t n = heif_image_handle_get_metadata_size(photo, id);
    uint8_t *data = n > 4 && n <= MIB ? mem_try(n, 1) : NULL;
    if (!data) return 0;
    float focal = 0;
    if (heif_image_handle_get_metadata(photo, id, data).code == heif_error_Ok) {
        size_t skip = (size_t)data[0] << 24 | (size_t)data[1] << 16 | (size_t)data[2] << 8 | data[3];
        if (skip < n - 4) focal = exif_parse(data + 4 + skip, n - 4 - skip).focal_35mm;
    }
    mem_free(data);
    return focal;
}

static bool copy_pixels(const struct heif_image *decoded, bool alpha, const codec_input *in, codec_photo *out, err *e)
{
    int stride = 0, w = heif_image_get_width(decoded, heif_channel_interleaved),
        h = heif_image_get_height(decoded, heif_channel_interleaved);
    const uint8_t *px = heif_image_get_plane_readonly(decoded, heif_channel_interleaved, &stride);
    if (!px || w <= 0 || h <= 0 || stride < w * (alpha ? 4 : 3)) {
        return fail(e, ERR_INPUT, "the HEIC photo holds no picture: send a JPEG instead");
    }
    uint32_t width = (uint32_t)w, height = (uint32_t)h;
    if (!codec_accepts(in, width, height, e) || !codec_new_image(&out->im, width, height, 3, e)) return false;
    for (uint32_t y = 0; y < height; y++) {
        const uint8_t *row = px + (size_t)y * (size_t)stride;
        if (alpha)
            codec_flatten(row, image_at(&out->im, 0, y), width);
        else
            memcpy(image_at(&out->im, 0, y), row, (size_t)width * 3);
    }
    out->full_width = width;
    out->full_height = height;
    return true;
}

static bool decode(const struct heif_image_handle *photo, const codec_input *in, codec_photo *out, err *e)
{
    int width = heif_image_handle_get_width(photo), height = heif_image_handle_get_height(photo);
    if (!codec_accepts(in, width > 0 ? (uint32_t)width : 0, height > 0 ? (uint32_t)height : 0, e)) return false;
    bool alpha = heif_image_handle_has_alpha_channel(photo) != 0;
    struct heif_decoding_options *options = heif_decoding_options_alloc();
    if (!options) return fail(e, ERR_MEMORY, "there is not enough memory to read the HEIC photo");
    options->convert_hdr_to_8bit = 1;
    options->strict_decoding = 1;
    struct heif_image *decoded = NULL;
    struct heif_error why =
        heif_decode_image(photo, &decoded, heif_colorspace_RGB,
                          alpha ? heif_chroma_interleaved_RGBA : heif_chroma_interleaved_RGB, options);
    heif_decoding_options_free(options);
    if (why.code != heif_error_Ok) return damaged(why, e);
    bool ok = copy_pixels(decoded, alpha, in, out, e);
    heif_image_release(decoded);
    return ok;
}

static bool open_and_decode(struct heif_context *context, const codec_input *in, codec_photo *out, err *e)
{
    heif_context_set_maximum_image_size_limit(context, LIMIT_IMAGE_SIDE);
    heif_context_set_max_decoding_threads(context, 0);
    struct heif_error why = heif_context_read_from_memory_without_copy(context, in->data, in->n, NULL);
    if (why.code != heif_error_Ok) return damaged(why, e);
    struct heif_image_handle *photo = NULL;
    why = heif_context_get_primary_image_handle(context, &photo);
    if (why.code != heif_error_Ok) return damaged(why, e);
    bool ok = decode(photo, in, out, e);
    out->exif = (exif_info){ 1, ok ? focal_length(photo) : 0 };
    heif_image_handle_release(photo);
    return ok;
}

static bool heic_job(const uint8_t *input, size_t input_len, const void *arg, uint8_t *output, size_t output_max,
                     size_t *output_len, err *e)
{
    uint32_t max_side;
    memcpy(&max_side, arg, sizeof max_side);
    codec_input in = { input, input_len, max_side, LIMIT_IMAGE_SIDE, LIMIT_IMAGE_PIXELS };
    codec_photo photo = { 0 };
    struct heif_context *context = heif_context_alloc();
    if (!context) return fail(e, ERR_MEMORY, "there is not enough memory to read the HEIC photo");
    bool ok = open_and_decode(context, &in, &photo, e);
    heif_context_free(context);
    if (!ok) return false;
    image im = { 0 };
    image_meta meta = { 0 };
    codec_finish(&photo, max_side, &im, &meta);
    ok = codec_pack(&im, &meta, output, output_max, output_len, e);
    image_free(&im);
    return ok;
}

int main(int argc, char **argv)
{
    (void)argv;
    if (argc != 1) {
        fprintf(stderr, "tryon-heic is started by tryon to read HEIC photos; it has no options\n");
        return 2;
    }
    // Before the lock: libheif looks for plug-ins on the disk.
    if (heif_init(NULL).code != heif_error_Ok) return 1;
    sandbox_serve(heic_job, true); // libde265 decodes in a thread of its own whatever it is told
}
