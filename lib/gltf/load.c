#include "gltf/flat.h"
#include "base/io.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/sandbox.h"

#include <jansson.h>
#include <string.h>
#include <sys/random.h>

// arg: a random number for jansson's hash tables, which would otherwise open a file to find one.
static bool parse_job(const uint8_t *input, size_t n, const void *arg, uint8_t *out, size_t max, size_t *len, err *e)
{
    size_t seed;
    memcpy(&seed, arg, sizeof seed);
    json_object_seed(seed);
    glb_model m;
    if (!glb_parse(input, n, &m, e)) return false;
    bool ok = glb_flatten(&m, out, max, len) || fail(e, ERR_LIMIT, "it unpacks to more than %zu bytes", max);
    glb_model_free(&m);
    return ok;
}

bool glb_load_bytes(const uint8_t *data, size_t n, glb_model *out, err *e)
{
    *out = (glb_model){ 0 };
    size_t seed = 0, len = 0;
    uint8_t *flat = NULL;
    if (n > LIMIT_GLB_BYTES) {
        return fail(e, ERR_LIMIT, "the model has %zu MB; at most %zu MB are accepted", (n + MIB - 1) / MIB,
                    LIMIT_GLB_BYTES / MIB);
    }
    if (getrandom(&seed, sizeof seed, 0) != sizeof seed || seed == 0) seed = 1;
    sandbox_task task = { .what = "the model",
                          .input = data,
                          .input_len = n,
                          .arg = &seed,
                          .arg_len = sizeof seed,
                          .output_max = LIMIT_GLB_MEMORY,
                          .memory_max = 2 * LIMIT_GLB_MEMORY + LIMIT_DECODE_MEMORY,
                          .cpu_seconds = LIMIT_DECODE_CPU_SECONDS };
    if (!sandbox_run(&task, parse_job, &flat, &len, e)) return false;
    bool ok = glb_unflatten(flat, len, out);
    mem_free(flat);
    return ok || fail(e, ERR_INPUT, "the model could not be read safely: export it again from a 3D program");
}

bool glb_load(const char *path, glb_model *out, err *e)
{
    *out = (glb_model){ 0 };
    io_view file;
    if (!io_map(path, LIMIT_GLB_BYTES, &file, e)) return false;
    bool ok = glb_load_bytes(file.data, file.len, out, e);
    io_unmap(&file);
    return ok || fail_within(e, path);
}
