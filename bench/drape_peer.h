// Blender's cloth beside ours. Internal to bench_drape.
#pragma once
#include "base/err.h"

// The same mesh, rest lengths, body, cloth and start in both solvers, each until it rests by the same measure.
// category: NULL for T-shirt, dress and trousers. A sentence and true when Blender is not installed.
bool drape_peer(const char *assets, const char *source, const char *category, bool json, err *e) MUST_USE;
