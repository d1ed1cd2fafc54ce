// How long a pose network takes and takes to open: our session on ONNX Runtime beside TensorFlow Lite with XNNPACK, on
// the same input and as many threads, in turn.
#include "base/limits.h"
#include "base/mem.h"
#include "base/rng.h"
#include "networks.h"
#include "nn/session.h"
#include "report.h"
#include "tflite_peer.h"

#include <stdio.h>

static const char OURS[] = "tryon (ONNX Runtime)", PEER[] = "TensorFlow Lite (XNNPACK)";

typedef struct {
    const char *path; // .onnx
    buf tflite;
    int threads;
    nn_session *session;
    tflite_peer *peer;
    nn_tensor in, out[NN_MAX_IO];
    err e;
} contest;

static void open_ours(void *ctx)
{
    contest *c = ctx;
    nn_close(c->session);
    c->session = nn_open(c->path, c->threads, &c->e);
    if (!c->session) bench_die(&c->e);
}

static void open_peer(void *ctx)
{
    contest *c = ctx;
    tflite_peer_close(c->peer);
    c->peer = tflite_peer_open(c->tflite.data, c->tflite.len, c->threads);
    if (c->peer) return;
    fail(&c->e, ERR_INTERNAL, "TensorFlow Lite does not open the network");
    bench_die(&c->e);
}

static void run_ours(void *ctx)
{
    contest *c = ctx;
    if (!nn_run(c->session, &c->in, 1, c->out, nn_output_count(c->session), &c->e)) bench_die(&c->e);
}

static void run_peer(void *ctx)
{
    contest *c = ctx;
    if (tflite_peer_run(c->peer, c->in.data, c->in.count)) return;
    fail(&c->e, ERR_INTERNAL, "TensorFlow Lite does not run the network");
    bench_die(&c->e);
}

static size_t numbers(const nn_tensor_info *info)
{
    size_t n = 1;
    for (int d = 0; d < info->dims; d++) n *= (size_t)info->dim[d];
    return n;
}

static void fill_ends(contest *c)
{
    const nn_tensor_info *in = nn_input(c->session, 0);
    c->in = (nn_tensor){ .count = numbers(in), .dims = in->dims };
    for (int d = 0; d < in->dims; d++) c->in.dim[d] = in->dim[d];
    c->in.data = mem_array(float, c->in.count);
    rng r = rng_new(1);
    for (size_t i = 0; i < c->in.count; i++) c->in.data[i] = (float)rng_between(&r, 0, 1);
    for (int i = 0; i < nn_output_count(c->session); i++) {
        c->out[i].count = numbers(nn_output(c->session, i));
        c->out[i].data = mem_array(float, c->out[i].count);
    }
}

static void free_contest(contest *c)
{
    mem_free(c->in.data);
    for (int i = 0; i < nn_output_count(c->session); i++) mem_free(c->out[i].data);
    nn_close(c->session);
    tflite_peer_close(c->peer);
    buf_free(&c->tflite);
}

static void measure(int network, int threads, int runs)
{
    char path[512], run[64], open[64];
    snprintf(path, sizeof path, ASSETS "/%s.onnx", NETWORK_NAMES[network]);
    snprintf(run, sizeof run, "%s, %d thread%s", NETWORK_NAMES[network], threads, threads > 1 ? "s" : "");
    snprintf(open, sizeof open, "%s, open", NETWORK_NAMES[network]);
    contest c = { .path = path, .tflite = buf_new(LIMIT_TFLITE_BYTES), .threads = threads };
    int sides = tflite_peer_here() ? 2 : 1;
    if (!network_tflite(network, &c.tflite, &c.e)) bench_die(&c.e);
    open_ours(&c);
    if (sides == 2) open_peer(&c);
    fill_ends(&c);
    bench_race((bench_runner[]){ { run, OURS, run_ours, &c, 0 }, { run, PEER, run_peer, &c, 0 } }, sides, runs);
    if (threads == 2)
        bench_race((bench_runner[]){ { open, OURS, open_ours, &c, 0 }, { open, PEER, open_peer, &c, 0 } }, sides,
                   runs < 9 ? runs : 9);
    free_contest(&c);
}

int main(int argc, char **argv)
{
    bench_options o = bench_parse(argc, argv);
    for (int network = 0; network < NETWORKS; network++)
        for (int threads = 2; threads > 0; threads--) measure(network, threads, o.runs ? o.runs : 21);
    bench_note(tflite_peer_here()
                   ? "The peer's threads spin while they wait (see its cpu): on a busy machine compare at 1 thread."
                   : "TensorFlow Lite is not installed (script/setup --tests installs it on x86-64): ours alone.");
    bench_print("networks", &o);
    return 0;
}
