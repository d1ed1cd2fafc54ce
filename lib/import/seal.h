// What an imported model's files were when they were written, so that one cut short or damaged since is told from the
// network's own doings. Sizes and checksums are metadata of smpl.safetensors, which is written last.
#pragma once
#include "arrays/safetensors.h"
#include "base/parallel.h"

// body: what smpl_import made; appends the same with the seals of folder/hmr2.onnx and folder/hmr2.weights, which are
// there, and of its own tensors.
bool seal_model(const char *folder, pool *p, const buf *body, buf *out, err *e) MUST_USE;

// The files of a sealed folder are as they were written; a folder without seals passes. ERR_INPUT names the file.
bool seal_check(const char *folder, pool *p, err *e) MUST_USE;
// The tensors of a sealed body likewise.
bool seal_check_body(const safetensors *body, err *e) MUST_USE;
