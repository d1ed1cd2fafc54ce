// A model as flat bytes, the way it crosses from the locked child. The child has read a stranger's file and may have
// been taken over by it, so nothing in the bytes is believed: every count and index is checked again. Within the gltf
// room.
#pragma once
#include "gltf/glb.h"

// false: it does not fit into out [max].
bool glb_flatten(const glb_model *m, uint8_t *out, size_t max, size_t *len) MUST_USE;
// false: the bytes are not those of a sound model.
bool glb_unflatten(const uint8_t *data, size_t n, glb_model *out) MUST_USE;
