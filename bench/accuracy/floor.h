// What no estimate can beat: how far people differ who state the same answers, and people whose naked outlines are the
// same as well, by regression on people of the test world. No photo is made and none looked at.
#pragma once
#include "accuracy/figures.h"
#include "base/parallel.h"

// Learns from people of learning_seed and judges as many of judging_seed. model [2] by body_sex. Prints a table, and
// writes it to the page when page is not NULL.
bool floor_run(const wardrobe *w, body_model *const *model, int people, uint64_t learning_seed, uint64_t judging_seed,
               pool *threads, const char *page, err *e) MUST_USE;
