// write_files DIR: a small random checkpoint and SMPL file, for tests of the command line.
#include "base/io.h"
#include "base/limits.h"
#include "hmr2_fixture.h"

#include <stdio.h>

int main(int argc, char **argv)
{
    const hmr2_sizes small = { .embed = 160,
                               .heads = 2,
                               .depth = 2,
                               .mlp = 320,
                               .dim = 96,
                               .decoder_depth = 1,
                               .inner = 64,
                               .decoder_mlp = 64,
                               .betas = 10 };
    char path[1024];
    err e = { 0 };
    if (argc != 2) return 2;
    fixture_body body = fixture_body_new(240, 10);
    buf pkl = buf_new(64 * MIB);
    bool ok = io_join(path, sizeof path, argv[1], "random.ckpt") &&
              fixture_checkpoint(path, &small, FIXTURE_F16, false, &e) && fixture_smpl(&body, PYTHON2, &pkl) &&
              io_join(path, sizeof path, argv[1], "random.pkl") && io_write(path, pkl.data, pkl.len, &e);
    if (!ok) fprintf(stderr, "%s\n", e.msg);
    buf_free(&pkl);
    fixture_body_free(&body);
    return !ok;
}
