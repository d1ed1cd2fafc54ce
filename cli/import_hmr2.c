#include "base/io.h"
#include "base/limits.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "import/hmr2_net.h"
#include "import/seal.h"
#include "import/smpl.h"

#include <stdio.h>
#include <unistd.h>

static bool read_body(const char *path, buf *body, err *e)
{
    io_view file;
    if (!io_map(path, LIMIT_PICKLE_BYTES, &file, e)) return false;
    bool ok = smpl_import(file.data, file.len, body, e) || fail_within(e, path);
    io_unmap(&file);
    return ok;
}

// The body last: a folder that has it is whole.
static bool write_model(const checkpoint *c, const hmr2_sizes *s, bool int8, const buf *body, const char *folder,
                        err *e)
{
    char path[1024];
    if (!io_join(path, sizeof path, folder, "smpl.safetensors")) {
        return fail(e, ERR_LIMIT, "the path %.80s… is too long", folder);
    }
    if (!io_make_dirs(folder, e)) return false;
    buf sealed = buf_new(LIMIT_ARRAY_FILE_BYTES);
    pool *p = pool_new(0);
    bool ok = hmr2_write_network(c, s, int8, folder, e) && seal_model(folder, p, body, &sealed, e) &&
              io_write(path, sealed.data, sealed.len, e);
    pool_free(p);
    buf_free(&sealed);
    if (!ok) rmdir(folder); // if nothing is in it
    return ok;
}

static bool import_files(const char *ckpt_path, const char *smpl_path, bool int8, const char *folder, err *e)
{
    io_view file = { 0 };
    checkpoint c = { 0 };
    hmr2_sizes s = { 0 };
    buf body = buf_new(LIMIT_ARRAY_FILE_BYTES);
    bool ok = io_map(ckpt_path, LIMIT_CHECKPOINT_BYTES, &file, e) &&
              ((ckpt_open(file.data, file.len, &c, e) && hmr2_read_sizes(&c, &s, e)) || fail_within(e, ckpt_path)) &&
              read_body(smpl_path, &body, e) && write_model(&c, &s, int8, &body, folder, e);
    if (ok) {
        fprintf(stderr, "backbone: %d layers of %d, %d heads; decoder: %d layers of %d; %d betas; weights in %s\n",
                s.depth, s.embed, s.heads, s.decoder_depth, s.dim, s.betas, int8 ? "8 bits" : "32 bits");
        fprintf(stderr, "wrote %s/hmr2.onnx, hmr2.weights and smpl.safetensors\n", folder);
    }
    buf_free(&body);
    ckpt_close(&c);
    io_unmap(&file);
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
    return import_files(word[1], smpl, int8, out, &e) ? 0 : cli_fail(&e);
}
