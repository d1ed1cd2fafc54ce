// The two things we read of a photo's EXIF block; where and when and by whom it was taken is never looked at.
#pragma once
#include <stddef.h>
#include <stdint.h>

typedef struct {
    uint32_t orientation; // 1 to 8 as in EXIF tag 0x0112; 1 when absent or senseless
    float focal_35mm;     // millimetres, EXIF tag 0xA405; 0 when absent
} exif_info;

// data is a TIFF structure, with or without "Exif\0\0" before it. A broken block is the same as none: photos with
// damaged metadata are still photos.
exif_info exif_parse(const uint8_t *data, size_t n);
