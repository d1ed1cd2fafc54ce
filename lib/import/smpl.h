// SMPL's model file (SMPL_NEUTRAL.pkl and its siblings, as downloaded) into the layout the body room reads.
#pragma once
#include "base/buf.h"

// data [n]: a pickle with v_template, shapedirs, posedirs, weights, J_regressor, kintree_table and f. Appends a
// .safetensors file: template [V, 3], shapedirs [K, V, 3], posedirs [207, V, 3], joint_template [24, 3],
// joint_dirs [K, 24, 3] (the regressor applied to both), weight [V, 24], all float32, and triangle [T, 3] uint32.
// ERR_INPUT names the array that is missing or of a wrong shape.
bool smpl_import(const uint8_t *data, size_t n, buf *out, err *e) MUST_USE;
