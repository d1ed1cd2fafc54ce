// Encoded photos to upright RGB pixels. JPEG, PNG and WebP here; HEIC through the optional helper program tryon-heic.
#pragma once
#include "image/image.h"

typedef enum { IMAGE_UNKNOWN, IMAGE_JPEG, IMAGE_PNG, IMAGE_WEBP, IMAGE_HEIC } image_format;
image_format image_sniff(const uint8_t *data, size_t n);

// Decodes in a locked child process (base/sandbox.h): whatever the bytes, this process is safe. EXIF orientation is
// applied, transparency is laid on white, grey and CMYK become RGB. Enforces LIMIT_IMAGE_* before any pixel is
// allocated. A photo whose longer side exceeds max_side (0: no bound) is reduced by area averaging (JPEG: DCT scaling
// first). meta may be NULL. ERR_INPUT or ERR_LIMIT with a sentence for the shopper; *out is untouched on failure.
bool image_decode(const uint8_t *data, size_t n, uint32_t max_side, image *out, image_meta *meta, err *e) MUST_USE;

// The same, reading the file first.
bool image_load(const char *path, uint32_t max_side, image *out, image_meta *meta, err *e) MUST_USE;

// The decoder itself, in this process: for the child and for the fuzzers. Everything else calls image_decode.
bool image_decode_unguarded(const uint8_t *data, size_t n, uint32_t max_side, image *out, image_meta *meta,
                            err *e) MUST_USE;
