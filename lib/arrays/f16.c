#include "arrays/safetensors.h"

#include <math.h>
#include <string.h>

float f16_to_f32(uint16_t h)
{
    uint32_t sign = (uint32_t)(h & 0x8000) << 16, exponent = (h >> 10) & 31, mantissa = h & 0x3ff, bits;
    if (exponent == 0) { // zero and subnormals: mantissa * 2^-24, exact in single precision
        float f = ldexpf((float)mantissa, -24);
        return sign ? -f : f;
    }
    bits = sign | (exponent == 31 ? 0x7f800000u : (exponent + 112) << 23) | mantissa << 13;
    float f;
    memcpy(&f, &bits, sizeof f);
    return f;
}

uint16_t f16_from_f32(float f)
{
    uint32_t bits;
    memcpy(&bits, &f, sizeof bits);
    uint32_t sign = (bits >> 16) & 0x8000, rest = bits & 0x7fffffff;
    if (rest > 0x7f800000) return (uint16_t)(sign | 0x7e00);  // not a number
    if (rest >= 0x477ff000) return (uint16_t)(sign | 0x7c00); // rounds to 65536 or more: infinity
    if (rest < 0x38800000) {                                  // below 2^-14: a multiple of 2^-24
        // The default rounding mode of rintf is to nearest even, and the product is exact.
        return (uint16_t)(sign | (uint32_t)rintf(fabsf(f) * 16777216.0f));
    }
    uint32_t odd = (rest >> 13) & 1;
    return (uint16_t)(sign | ((rest - (112u << 23) + 0xfff + odd) >> 13));
}
