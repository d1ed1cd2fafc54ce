// TensorFlow Lite as a peer for the pose networks: the C library inside npm tfjs-tflite-node, when it is installed.
#pragma once
#include "base/err.h"

#include <stddef.h>

typedef struct tflite_peer tflite_peer;

bool tflite_peer_here(void);
// NULL: the library is not installed, or does not take the network. model [n] stays the caller's and in place.
tflite_peer *tflite_peer_open(const void *model, size_t n, int threads);
void tflite_peer_close(tflite_peer *p); // NULL is fine
// One pass over input [count floats], its outputs left inside. false: it failed.
bool tflite_peer_run(tflite_peer *p, const float *input, size_t count) MUST_USE;
