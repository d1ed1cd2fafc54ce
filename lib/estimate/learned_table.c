#include "estimate/learned.h"
static const float none_norm[LEARNED_C][2];
static const int16_t none_weight[LEARNED_BLOCKS * (LEARNED_C + 1) * LEARNED_RANK];
static const float none_shape[LEARNED_RANK][TAPE_COUNT];
static const float none_spread[2][TAPE_COUNT] = { { 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1 }, { 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1 } };
const learned_table learned_tables[2][2] = { { { none_norm, none_weight, 0, none_shape, none_spread }, { none_norm, none_weight, 0, none_shape, none_spread } }, { { none_norm, none_weight, 0, none_shape, none_spread }, { none_norm, none_weight, 0, none_shape, none_spread } } };
