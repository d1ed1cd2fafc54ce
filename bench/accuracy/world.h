// The test world's figures as sections of docs/accuracy.md, with their plots. Internal to bench_accuracy.
#pragma once
#include "accuracy/doc.h"
#include "accuracy/figures.h"

// Writes the sections on the world and on sizes; plots go to the folder images beside the page.
bool world_document(const char *page, const trial *trials, int people, uint64_t seed, err *e) MUST_USE;
// The same of people who were asked and not photographed.
bool world_answers(const char *page, const trial *trials, int people, uint64_t seed, err *e) MUST_USE;
