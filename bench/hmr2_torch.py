# The network of HMR2.0 in plain PyTorch with random weights: what bench_hmr2 is measured beside.
# usage: hmr2_torch.py THREADS EMBED HEADS DEPTH MLP DIM DECODER_DEPTH INNER DECODER_MLP BETAS; exit 3 without PyTorch
import sys
import time

try:
    import torch
    import torch.nn.functional as F
except ImportError:
    sys.exit(3)

threads, embed, heads, depth, mlp, dim, decoder_depth, inner, decoder_mlp, betas = map(int, sys.argv[1:])
torch.set_num_threads(threads)
torch.manual_seed(0)


def matrix(out, inputs):
    return (torch.rand(out, inputs) - 0.5) / inputs**0.5


def norm(x):
    return F.layer_norm(x, x.shape[-1:], torch.ones(x.shape[-1]), torch.zeros(x.shape[-1]), 1e-6)


def attend(q, k, v, h):
    q, k, v = (t.reshape(t.shape[0], h, -1).transpose(0, 1) for t in (q, k, v))
    p = (q @ k.transpose(1, 2) * q.shape[-1] ** -0.5).softmax(-1)
    return (p @ v).transpose(0, 1).reshape(q.shape[1], -1)


kernel = (torch.rand(embed, 3, 16, 16) - 0.5) / 28
blocks = [[matrix(3 * embed, embed), matrix(embed, embed), matrix(mlp, embed), matrix(embed, mlp)] for _ in range(depth)]
layers = [[matrix(3 * inner, dim), matrix(dim, inner), matrix(inner, dim), matrix(2 * inner, embed), matrix(dim, inner),
           matrix(decoder_mlp, dim), matrix(dim, decoder_mlp)] for _ in range(decoder_depth)]
head = matrix(144 + betas + 3, dim)


def forward(image):
    x = F.conv2d(image, kernel, stride=16, padding=2).flatten(2)[0].T
    for qkv, proj, fc1, fc2 in blocks:
        x = x + F.linear(attend(*F.linear(norm(x), qkv).chunk(3, -1), heads), proj)
        x = x + F.linear(F.gelu(F.linear(norm(x), fc1)), fc2)
    context, t = norm(x), torch.ones(1, dim)
    for qkv, out, q, kv, out2, fc1, fc2 in layers:
        t = t + F.linear(attend(*F.linear(norm(t), qkv).chunk(3, -1), inner // 64), out)
        t = t + F.linear(attend(F.linear(norm(t), q), *F.linear(context, kv).chunk(2, -1), inner // 64), out2)
        t = t + F.linear(F.gelu(F.linear(norm(t), fc1)), fc2)
    return F.linear(t, head)


image = torch.rand(1, 3, 256, 192)
with torch.inference_mode():
    runs = []
    for _ in range(4):
        start, cpu = time.monotonic(), time.process_time()
        forward(image)
        runs.append((time.monotonic() - start, time.process_time() - cpu))
runs = runs[1:]  # the first warms up
print(f"{torch.__version__} {min(r[0] for r in runs):.4f} {min(r[1] for r in runs):.4f}")
