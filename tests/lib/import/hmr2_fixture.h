// Checkpoints and SMPL files of any size in the official layouts, with random numbers in them: no trained weight and
// no scanned person is in here. The weights are scaled as training leaves them, so that activations neither die nor
// explode through the layers.
#pragma once
#include "base/buf.h"
#include "import/hmr2_net.h"

// The official network: ViT-H and a decoder of six layers.
extern const hmr2_sizes fixture_official;

typedef enum { FIXTURE_F32, FIXTURE_F16, FIXTURE_BF16 } fixture_kind;

// Values of a tensor in C order; they depend on its name and shape alone. out [product of dim].
void fixture_values(const char *name, int dims, const size_t *dim, float *out);

// Calls visit for every tensor of such a network.
typedef void fixture_visit(void *ctx, const char *name, int dims, const size_t *dim);
void fixture_each(const hmr2_sizes *s, fixture_visit *visit, void *ctx);

// As torch.save writes it, with tensors beside the network's and classes nobody knows. crossed: every matrix lies
// transposed in its storage, behind an offset, and is told by its strides.
bool fixture_checkpoint(const char *path, const hmr2_sizes *s, fixture_kind kind, bool crossed, err *e) MUST_USE;

// How Python wrote the SMPL file.
typedef enum {
    PYTHON2,      // protocol 2: bytes in strings, old module names
    PYTHON2_TEXT, // protocol 0: everything in lines of ASCII
    PYTHON3,      // protocol 2: bytes as text through _codecs.encode
    PYTHON3_NEW   // protocol 4: frames, short texts, memoize
} fixture_python;

typedef struct {
    size_t vertices, betas, faces;
    // C order; [vertices][3], [vertices][3][betas], [vertices][3][207], [vertices][24], [24][vertices], [faces][3]
    double *template, *shapedirs, *posedirs, *weights, *regressor;
    uint32_t *face;
} fixture_body;

fixture_body fixture_body_new(size_t vertices, size_t betas);
void fixture_body_free(fixture_body *b);
// Appends the pickle. joints: how many joints move a vertex at most is the body's; some arrays are chumpy variables,
// some in Fortran order.
bool fixture_smpl(const fixture_body *b, fixture_python how, buf *out) MUST_USE;
