#include "image/heic.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

bool heic_run(const sandbox_task *task, uint8_t **output, size_t *output_len, err *e)
{
    char path[PATH_MAX + 16];
    ssize_t n = readlink("/proc/self/exe", path, PATH_MAX);
    char *slash = n > 0 && n < PATH_MAX ? memrchr(path, '/', (size_t)n) : NULL;
    if (!slash) return fail(e, ERR_INTERNAL, "the program cannot find its own folder");
    snprintf(slash + 1, sizeof path - (size_t)(slash + 1 - path), "tryon-heic");
    if (access(path, X_OK) != 0) {
        return fail(e, ERR_INPUT, "HEIC photos need the tryon-heic helper; send a JPEG instead");
    }
    return sandbox_run_program(task, path, output, output_len, e);
}
