// What the errors mean for sizes: how often the size recommended on an estimate is the one for the true body, and
// whether the stated probability of a good fit comes true.
#pragma once
#include "accuracy/figures.h"

enum { SIZES_BINS = 10 };

typedef struct {
    int n, same, same_or_runner_up; // runner-up: when the fit says between two sizes
    // Sums over foretold estimates of what they themselves say: the probability of the most probable right size, which
    // no recommendation can beat, and of the recommended one.
    int foretold;
    double best, own;
    struct {
        int n, fits;
        double stated; // sum
    } bin[SIZES_BINS]; // by the stated probability
} size_agreement;

// T-shirts and trousers in bands of 8 cm, on fitted clothes for modes with photos.
void sizes_agree(const stratum *s, const trial *trials, int people, size_agreement *out);

// The same for girths taken with a tape by a trained measurer.
void sizes_by_tape(const trial *trials, int people, size_agreement *out);
