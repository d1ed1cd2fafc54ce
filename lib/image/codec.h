// Private to this room and to its fuzzers: what decode.c asks of each codec. A codec checks the size before it
// allocates pixels, gives back RGB on white, not yet turned upright, and may deliver a smaller picture when the caller
// wants one.
#pragma once
#include "image/decode.h"
#include "image/exif.h"

typedef struct {
    const uint8_t *data; // [n], the encoded photo
    size_t n;
    uint32_t max_side;   // the side the caller will reduce to; 0: none
    uint32_t limit_side; // LIMIT_IMAGE_SIDE; the fuzzers ask for less, to be fast
    uint64_t limit_pixels;
} codec_input;

typedef struct {
    image im;             // 3 channels; its longer side is at least max_side unless the photo itself is smaller
    uint32_t full_width;  // of the photo as encoded
    uint32_t full_height; //
    exif_info exif;
} codec_photo;

bool codec_jpeg(const codec_input *in, codec_photo *out, err *e) MUST_USE;
bool codec_png(const codec_input *in, codec_photo *out, err *e) MUST_USE;
bool codec_webp(const codec_input *in, codec_photo *out, err *e) MUST_USE;

// False with the sentence for the shopper when a photo of this size is not accepted.
bool codec_accepts(const codec_input *in, uint32_t width, uint32_t height, err *e) MUST_USE;
// Pixels whose number came from outside: NULL px and ERR_MEMORY when there is no memory.
bool codec_new_image(image *im, uint32_t width, uint32_t height, uint32_t channels, err *e) MUST_USE;
// RGBA laid on white, [count] pixels.
void codec_flatten(const uint8_t *rgba, uint8_t *rgb, size_t count);

// Reduces to max_side and turns upright: what every codec's result goes through. Takes photo->im over.
void codec_finish(codec_photo *photo, uint32_t max_side, image *out, image_meta *meta);
// Codec and finish for a known format.
bool codec_decode(image_format format, const codec_input *in, image *out, image_meta *meta, err *e) MUST_USE;

// A decoded photo as bytes, on its way out of the locked child; image_decode takes it apart again.
bool codec_pack(const image *im, const image_meta *meta, uint8_t *output, size_t output_max, size_t *output_len,
                err *e) MUST_USE;
size_t codec_packed_max(void);
