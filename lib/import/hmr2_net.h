// HMR2.0's network (Goel et al., "Humans in 4D", ICCV 2023) from its checkpoint into an ONNX graph: a ViT backbone
// (Dosovitskiy et al. 2021; ViTPose's variant) and a transformer decoder that turns one empty token into body
// parameters. Every size is read off the tensors.
//
// The graph, for ONNX Runtime:
//   image [1, 3, 256, 192]  the middle columns of the patch, normalised
//   features [1, C, 16, 12]
//   params [1, 1, 144 + betas + 3]  24 rotations as 6 numbers each, betas, camera (s, tx, ty)
// Attention, bias + GELU and sum + LayerNorm are single operators of the runtime's own (domain com.microsoft), so that
// its fast paths do not hang on its recognising patterns.
#pragma once
#include "import/checkpoint.h"

enum { HMR2_TOKENS_Y = 16, HMR2_TOKENS_X = 12, HMR2_PATCH = 16, HMR2_POSE = 144, HMR2_MAX_BETAS = 300 };

typedef struct {
    int embed, heads, depth, mlp;               // backbone
    int dim, decoder_depth, inner, decoder_mlp; // decoder; inner = heads * 64
    int betas;
} hmr2_sizes;

// ERR_INPUT names the tensor that is missing or of a wrong shape.
bool hmr2_read_sizes(const checkpoint *c, hmr2_sizes *out, err *e) MUST_USE;

// Writes folder/hmr2.onnx and its constants, folder/hmr2.weights. int8: the backbone's matrices in 8 bits, one scale
// per output channel, and activations quantized as they come. Checks the checksum of every tensor it takes.
bool hmr2_write_network(const checkpoint *c, const hmr2_sizes *sizes, bool int8, const char *folder, err *e) MUST_USE;
