// HMR2.0 and SMPL written down as the papers and the official code say it, in doubles and plain loops: what the fast
// ones have to agree with. Nothing here is shared with them.
#pragma once
#include "hmr2_fixture.h"
#include "image/image.h"

// patch [3][256][256]; features [embed][192]; params [144 + betas + 3]. The weights are fixture_values'.
void reference_network(const hmr2_sizes *s, const float *patch, double *features, double *params);

// 6 numbers to a rotation whose first two columns they become.
void reference_rotation(const double six[6], double r[3][3]);

// rotation [24]; vertices [b->vertices][3], joints [24][3].
void reference_body(const fixture_body *b, const double (*rotation)[3][3], const double *betas, double *vertices,
                    double *joints);

// The patch of a square of the given centre and side: the whole picture blurred, then sampled. out [3][256][256].
void reference_patch(const image *im, double x, double y, double size, double *out);
