// Small pieces of text every room of the server needs: JSON strings, percent encoding, copies into an arena.
#pragma once
#include "base/arena.h"
#include "base/buf.h"

// Appends s as a JSON string with its quotes, or null for NULL. Bytes that are not UTF-8 become U+FFFD.
bool json_put_string(buf *b, const char *s) MUST_USE;

// Percent-encodes all but RFC 3986's unreserved characters; keep_slash leaves '/' as it is (a path).
bool percent_encode(buf *b, const char *s, size_t n, bool keep_slash) MUST_USE;
// Decodes %XX in place and returns the new length, or -1 for a bad escape or an encoded NUL.
long percent_decode(char *s, size_t n);

// A short text in the arena, which always finds room (arena_surely). What may be long is put with arena_alloc.
char *arena_text(arena *a, const char *s);
char *arena_textn(arena *a, const char *s, size_t n);
char *arena_join(arena *a, ...) __attribute__((sentinel)); // texts one after another, ended by NULL
char *arena_printf(arena *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

// "%lld"; returns out.
enum { INT_TEXT = 24 };
char *int_text(int64_t v, char out[INT_TEXT]);

// Takes the blanks between the tokens out of well-formed JSON text, in place.
void json_compact(char *text);

// Where the values of top-level members stand in the text of a JSON object that is known to be well-formed (it came
// from our own store): [len] bytes from at on, or at NULL when there is no such member. Keys with escapes are not
// found.
typedef struct {
    const char *name, *at;
    size_t len;
} json_member;
void json_members(const char *object, json_member *want, int count);
