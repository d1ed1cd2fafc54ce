// write_files DIR OPEN_BODY PHOTO: for tests of the command line, a small random checkpoint (random.ckpt) with two SMPL
// files: random.pkl, whose body is nobody's, and like.pkl, a person's in SMPL's layout made of the open body; and a
// picture of two people, pair.png: PHOTO, and a smaller one to its right.
#include "base/io.h"
#include "base/limits.h"
#include "base/sandbox.h"
#include "image/decode.h"
#include "image/draw.h"
#include "image/encode.h"
#include "image/resample.h"
#include "smpl_like.h"

#include <stdio.h>
#include <string.h>

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

static bool write_pair(const char *photo, const char *folder, err *e)
{
    char path[1024];
    image one = { 0 };
    if (!image_load(photo, 0, &one, NULL, e)) return false;
    uint32_t w = one.width * 4 / 5, h = one.height * 4 / 5;
    image small = image_resize(&one, w, h), pair = image_new(one.width + w, one.height, 3);
    memset(pair.px, 234, (size_t)pair.width * pair.height * 3); // the photo's ground
    draw_image(&pair, 0, 0, &one);
    draw_image(&pair, (int)one.width, (int)(one.height - h), &small);
    bool ok = io_join(path, sizeof path, folder, "pair.png") && image_save(&pair, path, e);
    image_free(&one);
    image_free(&small);
    image_free(&pair);
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
    if (argc != 4 || !sandbox_start(&e)) return 2;
    body_model *open = body_load(argv[2], SEX_NEUTRAL, &e);
    fixture_body nobody = fixture_body_new(240, BETAS);
    bool ok = open && write_pair(argv[3], argv[1], &e) && io_join(path, sizeof path, argv[1], "random.ckpt") &&
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
