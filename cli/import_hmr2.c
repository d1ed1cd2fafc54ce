#include "base/io.h"
#include "base/limits.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "import/hmr2_net.h"
#include "import/smpl.h"

#include <stdio.h>

static bool import_network(const char *path, bool int8, const char *folder, err *e)
{
    io_view file;
    checkpoint c = { 0 };
    hmr2_sizes s = { 0 };
    if (!io_map(path, LIMIT_CHECKPOINT_BYTES, &file, e)) return false;
    bool read = ckpt_open(file.data, file.len, &c, e) && hmr2_read_sizes(&c, &s, e);
    if (!read) fail_within(e, path);
    bool ok = read && hmr2_write_network(&c, &s, int8, folder, e);
    if (ok) {
        fprintf(stderr, "backbone: %d layers of %d, %d heads; decoder: %d layers of %d; %d betas; weights in %s\n",
                s.depth, s.embed, s.heads, s.decoder_depth, s.dim, s.betas, int8 ? "8 bits" : "32 bits");
    }
    ckpt_close(&c);
    io_unmap(&file);
    return ok;
}

static bool import_body(const char *path, const char *folder, err *e)
{
    io_view file;
    char out[1024];
    buf body = buf_new(LIMIT_ARRAY_FILE_BYTES);
    if (!io_join(out, sizeof out, folder, "smpl.safetensors")) {
        return fail(e, ERR_LIMIT, "the path %.80s… is too long", folder);
    }
    if (!io_map(path, LIMIT_PICKLE_BYTES, &file, e)) return false;
    bool ok =
        (smpl_import(file.data, file.len, &body, e) || fail_within(e, path)) && io_write(out, body.data, body.len, e);
    io_unmap(&file);
    buf_free(&body);
    return ok;
}

int import_hmr2(int argc, char **argv)
{
    const char *out = NULL, *smpl = NULL, *word[2] = { NULL, NULL };
    bool int8 = false;
    const option options[] = { { "smpl", OPTION_TEXT, &smpl, "PKL", "SMPL_NEUTRAL.pkl (or MALE, FEMALE)" },
                               { "int8", OPTION_FLAG, &int8, NULL,
                                 "the backbone in 8 bits: a quarter of the memory, faster, a little less exact" },
                               { "out", OPTION_TEXT, &out, "DIR", "the folder to write" } };
    const option_table table = { "tryon import hmr2 CKPT --smpl PKL [--int8] --out DIR",
                                 "Turns 4D-Humans' HMR2.0 checkpoint and the SMPL body you downloaded into what tryon "
                                 "hmr2 runs.\nNothing in either file is executed. Both are licensed for research only "
                                 "(docs/hmr2.md).",
                                 options,
                                 3,
                                 2,
                                 2 };
    int words;
    err e = { 0 };
    options_outcome outcome = options_parse(&table, argc, argv, word, &words, &e);
    if (outcome == OPTIONS_HELP) return 0;
    if (outcome == OPTIONS_OK && (!out || !smpl)) {
        fail(&e, ERR_INPUT, "something is missing: %s", table.usage);
        outcome = OPTIONS_WRONG;
    }
    if (outcome == OPTIONS_WRONG) return cli_fail(&e);
    // The small file first: what is wrong with it is said at once.
    bool ok = io_make_dirs(out, &e) && import_body(smpl, out, &e) && import_network(word[1], int8, out, &e);
    if (ok) fprintf(stderr, "wrote %s/hmr2.onnx, hmr2.weights and smpl.safetensors\n", out);
    return ok ? 0 : cli_fail(&e);
}
