// Pixels to files. No metadata is written.
#pragma once
#include "image/image.h"

bool image_encode_png(const image *im, buf *out, err *e) MUST_USE;               // 1, 3 or 4 channels
bool image_encode_jpeg(const image *im, int quality, buf *out, err *e) MUST_USE; // 1 or 3 channels, quality 1..100
bool image_save(const image *im, const char *path, err *e) MUST_USE;             // by the ending: .png, .jpg
