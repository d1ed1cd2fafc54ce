#include "tflite_peer.h"

#ifdef HAVE_TFLITE
#include "base/mem.h"

#include <stdint.h>
#include <tensorflow/lite/c/c_api.h>

// XNNPACK's kernels, the library's fastest on a CPU. It exports these, but the package leaves their header out.
typedef struct {
    int32_t threads;
} xnnpack_options;
TfLiteDelegate *TfLiteXNNPackDelegateCreate(const xnnpack_options *options);
void TfLiteXNNPackDelegateDelete(TfLiteDelegate *delegate);

struct tflite_peer {
    TfLiteModel *model;
    TfLiteDelegate *delegate;
    TfLiteInterpreter *interpreter;
};

bool tflite_peer_here(void) { return true; }

tflite_peer *tflite_peer_open(const void *model, size_t n, int threads)
{
    tflite_peer *p = mem_new(1, sizeof *p);
    p->model = TfLiteModelCreate(model, n);
    p->delegate = TfLiteXNNPackDelegateCreate(&(xnnpack_options){ threads });
    TfLiteInterpreterOptions *options = TfLiteInterpreterOptionsCreate();
    TfLiteInterpreterOptionsSetNumThreads(options, threads);
    TfLiteInterpreterOptionsAddDelegate(options, p->delegate);
    if (p->model && p->delegate) p->interpreter = TfLiteInterpreterCreate(p->model, options);
    TfLiteInterpreterOptionsDelete(options);
    if (p->interpreter && TfLiteInterpreterAllocateTensors(p->interpreter) == kTfLiteOk) return p;
    tflite_peer_close(p);
    return NULL;
}

void tflite_peer_close(tflite_peer *p)
{
    if (!p) return;
    if (p->interpreter) TfLiteInterpreterDelete(p->interpreter);
    if (p->delegate) TfLiteXNNPackDelegateDelete(p->delegate);
    if (p->model) TfLiteModelDelete(p->model);
    mem_free(p);
}

bool tflite_peer_run(tflite_peer *p, const float *input, size_t count)
{
    TfLiteTensor *in = TfLiteInterpreterGetInputTensor(p->interpreter, 0);
    return TfLiteTensorCopyFromBuffer(in, input, count * sizeof *input) == kTfLiteOk &&
           TfLiteInterpreterInvoke(p->interpreter) == kTfLiteOk;
}

#else

bool tflite_peer_here(void) { return false; }

tflite_peer *tflite_peer_open(const void *model, size_t n, int threads)
{
    (void)model, (void)n, (void)threads;
    return NULL;
}

void tflite_peer_close(tflite_peer *p) { (void)p; }

bool tflite_peer_run(tflite_peer *p, const float *input, size_t count)
{
    (void)p, (void)input, (void)count;
    return false;
}

#endif
