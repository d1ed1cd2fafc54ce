// write_files DIR OPEN_BODY: for tests of the command line, a small random checkpoint (random.ckpt) with two SMPL files:
// random.pkl, whose body is nobody's, and like.pkl, a person's in SMPL's layout made of the open body.
#include "base/io.h"
#include "base/limits.h"
#include "smpl_like.h"

#include <stdio.h>

enum { VERTICES = 6890, BETAS = 10 };

static bool write_body(const fixture_body *body, fixture_python how, const char *folder, const char *name, err *e)
{
    char path[1024];
    buf pkl = buf_new(LIMIT_PICKLE_BYTES);
    bool ok = fixture_smpl(body, how, &pkl) && io_join(path, sizeof path, folder, name) &&
              io_write(path, pkl.data, pkl.len, e);
    buf_free(&pkl);
    return ok;
}

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
                               .betas = BETAS };
    char path[1024];
    err e = { 0 };
    if (argc != 3) return 2;
    body_model *open = body_load(argv[2], SEX_NEUTRAL, &e);
    fixture_body nobody = fixture_body_new(240, BETAS);
    bool ok = open && io_join(path, sizeof path, argv[1], "random.ckpt") &&
              fixture_checkpoint(path, &small, FIXTURE_F16, false, &e) &&
              write_body(&nobody, PYTHON2, argv[1], "random.pkl", &e);
    if (ok) {
        fixture_body like = smpl_like(open, VERTICES, BETAS);
        ok = write_body(&like, PYTHON3, argv[1], "like.pkl", &e);
        fixture_body_free(&like);
    }
    if (!ok) fprintf(stderr, "%s\n", e.msg);
    fixture_body_free(&nobody);
    body_free(open);
    return !ok;
}
