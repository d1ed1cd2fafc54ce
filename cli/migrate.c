#include "app/app.h"
#include "cli/options.h"
#include "cli/service.h"

#include <stddef.h>

int cmd_migrate(int argc, char **argv)
{
    const char *data = NULL;
    const option options[] = { { "data", OPTION_TEXT, &data, "DIR",
                                 "the service's folder (else ./data); DATABASE_URL goes first" } };
    const option_table table = { "tryon migrate [--data DIR]",
                                 "Brings the database to the version this program needs. Any number may run at once.",
                                 options,
                                 1,
                                 0,
                                 0 };
    int words;
    err e = { 0 };
    options_outcome outcome = options_parse(&table, argc, argv, NULL, &words, &e);
    if (outcome == OPTIONS_HELP) return 0;
    return outcome == OPTIONS_WRONG ? cli_fail(&e) : app_migrate(data);
}

int cmd_brand(int argc, char **argv)
{
    const char *data = NULL, *words[OPTION_LIST_MAX];
    const option options[] = { { "data", OPTION_TEXT, &data, "DIR",
                                 "the service's folder (else ./data); DATABASE_URL goes first" } };
    const option_table table = {
        "tryon brand create NAME [ORIGIN…] | list | demo   [--data DIR]",
        "Makes a brand with a secret key and, for the pages named (https://www.shop.example), a publishable one;\n"
        "both are shown this once. Or lists the brands.",
        options,
        1,
        1,
        OPTION_LIST_MAX
    };
    int count;
    err e = { 0 };
    options_outcome outcome = options_parse(&table, argc, argv, words, &count, &e);
    if (outcome == OPTIONS_HELP) return 0;
    return outcome == OPTIONS_WRONG ? cli_fail(&e) : app_brand(data, count, words);
}
