// The built-in font of draw_text.
#pragma once
#include <stdint.h>

// Glyphs of ASCII 32 to 126, one byte a row, the leftmost pixel in the highest bit.
extern const uint8_t font_8x16[95][16];
