// docs/accuracy.md: a page of sections, each written anew by the run that measured it; the others stay.
#pragma once
#include "base/buf.h"

// Both append; a full buffer ends the program.
void doc_add(buf *b, const buf *text);
void doc_put(buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

typedef enum {
    DOC_WORLD,
    DOC_SOURCES,
    DOC_SIZES,
    DOC_ANSWERS,
    DOC_SURVEY,
    DOC_FLOOR,
    DOC_LOOKS,
    DOC_PHOTOS,
    DOC_STREET,
    DOC_TIME,
    DOC_SECTIONS
} doc_section;

// Puts text in the place of one section of the page at path, which is made when it is missing.
bool doc_write(const char *path, doc_section section, const buf *text, err *e) MUST_USE;
