// Runs a function on untrusted bytes in a child process that can compute and nothing else: no files, no network, no
// new processes, bounded memory and time. The result comes back through memory the child cannot resize.
#pragma once
#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

#define SANDBOX_ARG_MAX 256

typedef struct {
    const char *what;     // the subject of every refusal: "the photo"
    const uint8_t *input; // [input_len], read-only in the child
    size_t input_len;
    const void *arg; // [arg_len], at most SANDBOX_ARG_MAX bytes, copied: settings of the job, no pointers
    size_t arg_len;
    size_t output_max;    // most bytes the job may return
    size_t memory_max;    // bytes of address space beyond what the child starts with
    unsigned cpu_seconds; // CPU seconds, and four times that on the clock
} sandbox_task;

// A job runs in the child: it reads the input and writes its result into output [output_max], setting *output_len.
// Returning false carries *e back to the caller. It sees none of the caller's memory: not what was allocated or set
// after sandbox_start, and no environment variables.
typedef bool sandbox_job(const uint8_t *input, size_t input_len, const void *arg, uint8_t *output, size_t output_max,
                         size_t *output_len, err *e);

// Starts the process the children are forked from. A program that has threads or secrets calls this first thing in
// main; otherwise the first sandbox_run does it.
bool sandbox_start(err *e) MUST_USE;

// On success *output is a private copy (mem_free it) of the *output_len bytes the job returned. A child that is killed
// by a limit or by the system-call filter is ERR_INPUT with a sentence beginning with what. Safe from any thread.
bool sandbox_run(const sandbox_task *t, sandbox_job *job, uint8_t **output, size_t *output_len, err *e) MUST_USE;

// The same for a job that lives in another program at path, whose main ends in sandbox_serve. That program is ours
// and trusted until it locks itself, which it does before it looks at the input.
bool sandbox_run_program(const sandbox_task *t, const char *path, uint8_t **output, size_t *output_len,
                         err *e) MUST_USE;

// For the main of such a program: locks the process, runs the job and ends. threads: whether the job's library insists
// on starting threads of its own.
_Noreturn void sandbox_serve(sandbox_job *job, bool threads);
