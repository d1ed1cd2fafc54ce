// A file built into the program (see embed_files in server/CMakeLists.txt). data ends with a zero that size leaves out.
#pragma once
#include <stddef.h>

typedef struct {
    const char *name;
    const unsigned char *data;
    size_t size;
} embedded_file;
