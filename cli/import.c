#include "base/io.h"
#include "base/limits.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "nn/tflite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// "FIRST:LENGTH" of the file, for a network that lies inside a larger one.
static bool cut(io_view *v, const char *range, err *e)
{
    if (!range) return true;
    char *end;
    size_t first = strtoull(range, &end, 10), length = *end == ':' ? strtoull(end + 1, &end, 10) : 0;
    if (*end || length == 0 || first > v->len || length > v->len - first) {
        return fail(e, ERR_INPUT, "--bytes takes FIRST:LENGTH within the file's %zu bytes, not \"%s\"", v->len, range);
    }
    v->data += first;
    v->len = length;
    return true;
}

static int import_tflite(int argc, char **argv)
{
    const char *out = NULL, *range = NULL, *word[2] = { NULL, NULL };
    const option options[] = { { "out", OPTION_TEXT, &out, "FILE", "the .onnx file to write" },
                               { "bytes", OPTION_TEXT, &range, "FIRST:LENGTH",
                                 "the part of the file that is the network" } };
    const option_table table = {
        "tryon import tflite FILE --out FILE.onnx",
        "Turns a TensorFlow Lite network (BlazePose's operators) into ONNX, with the same numbers.",
        options,
        2,
        2,
        2
    };
    int words;
    err e = { 0 };
    options_outcome outcome = options_parse(&table, argc, argv, word, &words, &e);
    if (outcome == OPTIONS_HELP) return 0;
    if (outcome == OPTIONS_OK && !out) {
        fail(&e, ERR_INPUT, "something is missing: %s", table.usage);
        outcome = OPTIONS_WRONG;
    }
    if (outcome == OPTIONS_WRONG) return cli_fail(&e);
    io_view whole, part;
    buf onnx = buf_new(2 * LIMIT_TFLITE_BYTES);
    bool ok = io_map(word[1], LIMIT_TFLITE_BYTES, &whole, &e);
    part = whole;
    ok = ok && cut(&part, range, &e) && (tflite_to_onnx(part.data, part.len, &onnx, &e) || fail_within(&e, word[1])) &&
         io_write(out, onnx.data, onnx.len, &e);
    if (ok) fprintf(stderr, "wrote %s, %zu bytes\n", out, onnx.len);
    io_unmap(&whole);
    buf_free(&onnx);
    return ok ? 0 : cli_fail(&e);
}

int cmd_import(int argc, char **argv)
{
    // What is imported is the first word that is no option; each kind has options of its own.
    const char *kind = NULL;
    for (int i = 1; i < argc && !kind; i++)
        if (argv[i][0] != '-') kind = argv[i];
    if (kind && strcmp(kind, "tflite") == 0) return import_tflite(argc, argv);
    if (kind && strcmp(kind, "hmr2") == 0) return import_hmr2(argc, argv);
    if (!kind && argc > 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
        printf("tryon import tflite FILE --out FILE.onnx\n"
               "tryon import hmr2 CKPT --smpl PKL [--int8] --out DIR\n\n"
               "Turns other people's model files into ours; tryon import KIND --help explains each.\n");
        return 0;
    }
    err e = { 0 };
    fail(&e, ERR_INPUT, "say what is imported: tryon import tflite FILE … or tryon import hmr2 CKPT …");
    return cli_fail(&e);
}
