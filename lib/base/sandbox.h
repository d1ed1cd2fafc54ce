// Runs a function on untrusted bytes in a child process that can compute and nothing else: no files, no network, no
// new processes, bounded memory and time. The result comes back through memory the child cannot resize.
#pragma once
#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

typedef struct {
    const uint8_t *input; // [input_len], read-only in the child
    size_t input_len;
    size_t output_max;    // most bytes the job may return
    size_t memory_max;    // address space of the child, bytes
    unsigned cpu_seconds; // CPU seconds, and four times that on the clock
} sandbox_limits;

// A job runs in the child: it reads the input and writes its result into output [output_max], setting *output_len.
// Returning false carries *e back to the parent. arg is the child's copy of the parent's memory (fork): read only.
typedef bool sandbox_job(const uint8_t *input, size_t input_len, const void *arg, uint8_t *output, size_t output_max,
                         size_t *output_len, err *e);

// On success *output is a private copy (mem_free it) of the *output_len bytes the job returned. A child that is killed
// by a limit or by the system-call filter is ERR_INPUT with a sentence beginning with what ("the photo").
// Safe to call from any thread.
bool sandbox_run(const sandbox_limits *limits, sandbox_job *job, const void *arg, const char *what, uint8_t **output,
                 size_t *output_len, err *e) MUST_USE;
