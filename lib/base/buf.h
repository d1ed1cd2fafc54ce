// A growing run of bytes that cannot exist without a maximum: the bound on what an input may make us hold.
#pragma once
#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

typedef struct {
    uint8_t *data; // [len], owned
    size_t len, cap, max;
} buf;

// An empty buffer that refuses to grow past max bytes.
buf buf_new(size_t max);
void buf_free(buf *b); // leaves an empty buffer with the same max
// Empty, and with another maximum, in the memory it has.
void buf_reuse(buf *b, size_t max);

// Each append returns false, leaving b as it was, when the result would be longer than max, or than there is memory
// (ERR_LIMIT is the caller's to report: only it knows what the bytes are).
bool buf_append(buf *b, const void *data, size_t n) MUST_USE;
bool buf_text(buf *b, const char *text) MUST_USE; // without its end
// Texts one after another, ended by NULL: what needs no formatting is said several times as fast as with printf.
bool buf_join(buf *b, ...) MUST_USE __attribute__((sentinel));
bool buf_append_zeros(buf *b, size_t n) MUST_USE;
// As printf in the C locale, whatever the program's is.
bool buf_printf(buf *b, const char *fmt, ...) MUST_USE __attribute__((format(printf, 2, 3)));
// "%.*f" of v, with 0 to 6 decimals: the same text, sooner.
bool buf_fixed(buf *b, double v, int decimals) MUST_USE;
// The same at out, which has room for FIXED_TEXT bytes; returns the end, where no zero is promised.
enum { FIXED_TEXT = 330 };
char *fixed_text(char *out, double v, int decimals);
// Pads with the byte fill up to a multiple of alignment.
bool buf_align(buf *b, size_t alignment, uint8_t fill) MUST_USE;
