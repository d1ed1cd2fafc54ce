#include "nn/session.h"
#include "base/io.h"
#include "base/log.h"
#include "base/mem.h"

#include <assert.h>
#include <onnxruntime_c_api.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

struct nn_session {
    OrtSession *session;
    OrtMemoryInfo *memory;
    nn_tensor_info in[NN_MAX_IO], out[NN_MAX_IO];
    int ins, outs;
};

// One runtime for the whole program, never torn down: its threads belong to the sessions.
static pthread_once_t runtime_once = PTHREAD_ONCE_INIT;
static const OrtApi *ort;
static OrtEnv *runtime;
static err runtime_error;

// Sanitizer builds: the runtime itself is not built for them. It never frees what it keeps per thread, and its threads
// hand work over in ways that only their own build could see. Asked for by name, so visible; unused elsewhere.
#define SANITIZER_HOOK __attribute__((visibility("default")))
SANITIZER_HOOK const char *__lsan_default_options(void);
SANITIZER_HOOK const char *__lsan_default_suppressions(void);
SANITIZER_HOOK const char *__tsan_default_suppressions(void);
const char *__lsan_default_options(void) { return "print_suppressions=0"; }
const char *__lsan_default_suppressions(void) { return "leak:libonnxruntime"; }
const char *__tsan_default_suppressions(void) { return "race:libonnxruntime"; }

// Takes the status: true when it is a success, else tells e what the runtime said.
static bool done(OrtStatus *status, const char *what, err *e)
{
    if (!status) return true;
    fail(e, ort->GetErrorCode(status) == ORT_NO_SUCHFILE ? ERR_NOT_FOUND : ERR_INTERNAL, "%s: %s", what,
         ort->GetErrorMessage(status));
    ort->ReleaseStatus(status);
    return false;
}

static void ORT_API_CALL say(void *ctx, OrtLoggingLevel level, const char *category, const char *id, const char *where,
                             const char *message)
{
    (void)ctx, (void)category, (void)id, (void)where;
    log_say(level >= ORT_LOGGING_LEVEL_ERROR ? LOG_ERROR : LOG_WARN, "onnxruntime: %s", message);
}

static void start_runtime(void)
{
    ort = OrtGetApiBase()->GetApi(ORT_API_VERSION);
    if (!ort) {
        fail(&runtime_error, ERR_INTERNAL, "ONNX Runtime %s is too old for this program; it needs API version %d",
             OrtGetApiBase()->GetVersionString(), ORT_API_VERSION);
        return;
    }
    OrtEnv *env = NULL;
    if (!done(ort->CreateEnvWithCustomLogger(say, NULL, ORT_LOGGING_LEVEL_ERROR, "tryon", &env), "ONNX Runtime",
              &runtime_error) ||
        !done(ort->DisableTelemetryEvents(env), "ONNX Runtime", &runtime_error)) {
        return;
    }
    runtime = env;
}

// --- opening ---

static bool read_type(const OrtTypeInfo *type, nn_tensor_info *out, err *e)
{
    const OrtTensorTypeAndShapeInfo *tensor = NULL;
    ONNXTensorElementDataType element;
    size_t dims;
    if (!done(ort->CastTypeInfoToTensorInfo(type, &tensor), out->name, e)) return false;
    if (!tensor) return fail(e, ERR_INPUT, "\"%s\" is not a tensor", out->name);
    if (!done(ort->GetTensorElementType(tensor, &element), out->name, e)) return false;
    if (element != ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT) return fail(e, ERR_INPUT, "\"%s\" is not float32", out->name);
    if (!done(ort->GetDimensionsCount(tensor, &dims), out->name, e)) return false;
    if (dims > NN_MAX_DIMS) {
        return fail(e, ERR_INPUT, "\"%s\" has %zu dimensions; at most %d are handled", out->name, dims, NN_MAX_DIMS);
    }
    out->dims = (int)dims;
    return done(ort->GetDimensions(tensor, out->dim, dims), out->name, e);
}

static bool read_end(const OrtSession *s, bool input, size_t i, nn_tensor_info *out, err *e)
{
    OrtAllocator *allocator = NULL;
    char *name = NULL;
    if (!done(ort->GetAllocatorWithDefaultOptions(&allocator), "ONNX Runtime", e) ||
        !done(input ? ort->SessionGetInputName(s, i, allocator, &name)
                    : ort->SessionGetOutputName(s, i, allocator, &name),
              "the network", e)) {
        return false;
    }
    int n = snprintf(out->name, sizeof out->name, "%s", name);
    if (!done(ort->AllocatorFree(allocator, name), "ONNX Runtime", e)) return false;
    if (n < 0 || (size_t)n >= sizeof out->name) return fail(e, ERR_INPUT, "\"%s…\" is too long a name", out->name);
    OrtTypeInfo *type = NULL;
    if (!done(input ? ort->SessionGetInputTypeInfo(s, i, &type) : ort->SessionGetOutputTypeInfo(s, i, &type), out->name,
              e)) {
        return false;
    }
    bool ok = read_type(type, out, e);
    ort->ReleaseTypeInfo(type);
    return ok;
}

static bool read_ends(nn_session *s, err *e)
{
    size_t ins, outs;
    if (!done(ort->SessionGetInputCount(s->session, &ins), "the network", e) ||
        !done(ort->SessionGetOutputCount(s->session, &outs), "the network", e)) {
        return false;
    }
    if (ins > NN_MAX_IO || outs > NN_MAX_IO) {
        return fail(e, ERR_INPUT, "%zu inputs and %zu outputs; at most %d of each are handled", ins, outs, NN_MAX_IO);
    }
    for (; (size_t)s->ins < ins; s->ins++) {
        if (!read_end(s->session, true, (size_t)s->ins, &s->in[s->ins], e)) return false;
    }
    for (; (size_t)s->outs < outs; s->outs++) {
        if (!read_end(s->session, false, (size_t)s->outs, &s->out[s->outs], e)) return false;
    }
    return true;
}

static bool set_options(OrtSessionOptions *o, int threads, err *e)
{
    // Spinning threads burn a shared machine while they wait; without it a run costs a few milliseconds more and
    // leaves the cores to the other jobs.
    return done(ort->SetIntraOpNumThreads(o, threads), "ONNX Runtime", e) &&
           done(ort->SetInterOpNumThreads(o, 1), "ONNX Runtime", e) &&
           done(ort->SetSessionExecutionMode(o, ORT_SEQUENTIAL), "ONNX Runtime", e) &&
           done(ort->SetSessionGraphOptimizationLevel(o, ORT_ENABLE_ALL), "ONNX Runtime", e) &&
           done(ort->SetDeterministicCompute(o, true), "ONNX Runtime", e) &&
           done(ort->AddSessionConfigEntry(o, "session.intra_op.allow_spinning", "0"), "ONNX Runtime", e);
}

static bool open_session(nn_session *s, const char *path, int threads, err *e)
{
    if (!io_exists(path)) return fail(e, ERR_NOT_FOUND, "there is no such file");
    OrtSessionOptions *options = NULL;
    if (!done(ort->CreateSessionOptions(&options), "ONNX Runtime", e)) return false;
    bool ok = set_options(options, threads, e) &&
              done(ort->CreateSession(runtime, path, options, &s->session), "the network does not load", e) &&
              done(ort->CreateCpuMemoryInfo(OrtArenaAllocator, OrtMemTypeDefault, &s->memory), "ONNX Runtime", e) &&
              read_ends(s, e);
    ort->ReleaseSessionOptions(options);
    return ok;
}

nn_session *nn_open(const char *path, int threads, err *e)
{
    assert(threads >= 1);
    pthread_once(&runtime_once, start_runtime);
    if (!runtime) {
        if (e) *e = runtime_error;
        return NULL;
    }
    nn_session *s = mem_new(1, sizeof *s);
    if (open_session(s, path, threads, e)) return s;
    fail_within(e, path);
    nn_close(s);
    return NULL;
}

void nn_close(nn_session *s)
{
    if (!s) return;
    if (s->session) ort->ReleaseSession(s->session);
    if (s->memory) ort->ReleaseMemoryInfo(s->memory);
    mem_free(s);
}

int nn_input_count(const nn_session *s) { return s->ins; }
int nn_output_count(const nn_session *s) { return s->outs; }

const nn_tensor_info *nn_input(const nn_session *s, int i)
{
    assert(i >= 0 && i < s->ins);
    return &s->in[i];
}

const nn_tensor_info *nn_output(const nn_session *s, int i)
{
    assert(i >= 0 && i < s->outs);
    return &s->out[i];
}

int nn_output_index(const nn_session *s, const char *name)
{
    for (int i = 0; i < s->outs; i++) {
        if (strcmp(s->out[i].name, name) == 0) return i;
    }
    return -1;
}

// --- running ---

static bool copy_output(OrtValue *v, const nn_tensor_info *info, nn_tensor *out, err *e)
{
    OrtTensorTypeAndShapeInfo *shape = NULL;
    if (!done(ort->GetTensorTypeAndShape(v, &shape), info->name, e)) return false;
    size_t count = 0, dims = 0;
    void *data = NULL;
    bool ok = done(ort->GetTensorShapeElementCount(shape, &count), info->name, e) &&
              done(ort->GetDimensionsCount(shape, &dims), info->name, e);
    if (ok && (count != out->count || dims > NN_MAX_DIMS)) {
        ok = fail(e, ERR_INPUT, "output \"%s\" has %zu numbers, not the %zu expected", info->name, count, out->count);
    }
    ok = ok && done(ort->GetDimensions(shape, out->dim, dims), info->name, e) &&
         done(ort->GetTensorMutableData(v, &data), info->name, e);
    if (ok) {
        out->dims = (int)dims;
        memcpy(out->data, data, count * sizeof(float));
    }
    ort->ReleaseTensorTypeAndShapeInfo(shape);
    return ok;
}

bool nn_run(nn_session *s, const nn_tensor *in, int in_count, nn_tensor *out, int out_count, err *e)
{
    assert(in_count == s->ins && out_count == s->outs);
    OrtValue *inputs[NN_MAX_IO] = { NULL }, *outputs[NN_MAX_IO] = { NULL };
    const char *in_names[NN_MAX_IO] = { NULL }, *out_names[NN_MAX_IO] = { NULL };
    int wanted[NN_MAX_IO], wanted_count = 0;
    bool ok = true;
    for (int i = 0; ok && i < in_count; i++) {
        in_names[i] = s->in[i].name;
        ok = done(ort->CreateTensorWithDataAsOrtValue(s->memory, in[i].data, in[i].count * sizeof(float), in[i].dim,
                                                      (size_t)in[i].dims, ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT,
                                                      &inputs[i]),
                  s->in[i].name, e);
    }
    for (int i = 0; i < out_count; i++) {
        if (!out[i].data) continue;
        out_names[wanted_count] = s->out[i].name;
        wanted[wanted_count++] = i;
    }
    ok = ok && done(ort->Run(s->session, NULL, in_names, (const OrtValue *const *)inputs, (size_t)in_count, out_names,
                             (size_t)wanted_count, outputs),
                    "the network does not run", e);
    for (int k = 0; k < wanted_count; k++) {
        ok = ok && copy_output(outputs[k], &s->out[wanted[k]], &out[wanted[k]], e);
        if (outputs[k]) ort->ReleaseValue(outputs[k]);
    }
    for (int i = 0; i < in_count; i++) {
        if (inputs[i]) ort->ReleaseValue(inputs[i]);
    }
    return ok;
}
