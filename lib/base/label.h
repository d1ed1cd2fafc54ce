// A name that people gave to a thing, as it stands in our files: UTF-8 that needs no escape in JSON.
#pragma once
#include <stddef.h>

// Copies from to out [size], cut between two characters where it is too long. Control characters, quotes, backslashes
// and bytes that are no UTF-8 become spaces.
void label_copy(char *out, size_t size, const char *from);
