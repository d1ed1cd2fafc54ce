// HEIC photos are read by another program, tryon-heic, because their decoder is large, drags in patented and GPL code,
// and is not needed by everyone: it is an optional package, and when it is absent the shopper is told so.
#pragma once
#include "base/sandbox.h"

// Runs tryon-heic from the folder of the running program on a task as image_decode sets it up.
bool heic_run(const sandbox_task *task, uint8_t **output, size_t *output_len, err *e) MUST_USE;
