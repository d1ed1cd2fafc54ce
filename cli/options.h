// Command-line options from a table: parsing, checking and the help text all come from the same rows.
#pragma once
#include "base/err.h"

#include <stddef.h>

typedef enum { OPTION_FLAG, OPTION_TEXT, OPTION_NUMBER, OPTION_LIST } option_kind;

enum { OPTION_LIST_MAX = 32 };

typedef struct {
    const char *item[OPTION_LIST_MAX];
    int count;
} option_list;

typedef struct {
    const char *name; // "height", given as --height
    option_kind kind;
    void *value;          // bool *, const char **, double *, option_list *
    const char *argument; // what stands for its value in the help: "CM"
    const char *help;
} option;

typedef struct {
    const char *usage; // "tryon avatar [PHOTO] --height CM --out DIR"
    const char *about; // a few lines
    const option *options;
    int count;
    int words_min, words_max; // positional arguments
} option_table;

typedef enum { OPTIONS_OK, OPTIONS_HELP, OPTIONS_WRONG } options_outcome;

// argv[0] is the subcommand. words [words_max] receives the positional arguments, *word_count their number. --help
// prints the help on stdout (OPTIONS_HELP); a mistake is said in one line in *e.
options_outcome options_parse(const option_table *t, int argc, char **argv, const char **words, int *word_count,
                              err *e);
