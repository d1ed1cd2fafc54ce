// One error type for the whole program: a code the API maps to a status, and one sentence for a person
// that says what is wrong, the limit, and how to mend it.
#pragma once
#include <stdbool.h>

typedef enum {
    ERR_NONE,
    ERR_INPUT, // the caller's bytes or words are wrong
    ERR_LIMIT, // they are larger than we accept
    ERR_NOT_FOUND,
    ERR_CONFLICT,
    ERR_DENIED,
    ERR_BUSY,
    ERR_IO, // disk, network, another process
    ERR_MEMORY,
    ERR_INTERNAL // our own fault
} err_code;

typedef struct {
    err_code code;
    char msg[320];
} err;

#define MUST_USE __attribute__((warn_unused_result))

// Fills e (which may be NULL) and returns false, so that a caller can write: return fail(e, ERR_INPUT, "...").
bool fail(err *e, err_code code, const char *fmt, ...) __attribute__((format(printf, 3, 4), cold));

// Puts "prefix: " before e's message, for a caller that knows which file or field it was. Returns false.
bool fail_within(err *e, const char *prefix) __attribute__((cold));
