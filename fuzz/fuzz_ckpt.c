// PyTorch checkpoints: refused with a sentence, or every tensor's every element lies in the file.
#include "base/mem.h"
#include "import/hmr2_net.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static volatile float sink;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    err e = { 0 };
    checkpoint c;
    if (ckpt_open(data, size, &c, &e)) {
        for (size_t i = 0; i < c.count; i++) {
            const ckpt_tensor *t = &c.tensor[i];
            sink += (float)zip_intact(t->storage);
            if (t->count > 1 << 16) continue;
            float *out = mem_array(float, t->count);
            if (ckpt_floats(t, out) && t->count) sink += out[t->count - 1];
            mem_free(out);
        }
        hmr2_sizes s;
        if (!hmr2_read_sizes(&c, &s, &e)) assert(e.msg[0]);
    } else {
        assert(e.msg[0]);
    }
    ckpt_close(&c);
    return 0;
}
