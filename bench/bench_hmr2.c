// How fast HMR2.0 runs here, at the official sizes, with random weights, beside a plain matrix product (the machine's
// ceiling) and beside PyTorch where it is installed. Every time is told twice: on the clock, and as processor time over
// the number of threads, which is what the clock would say on a machine with nothing else to do.
//   bench_hmr2 [--threads N] [--folder DIR] [--small] [--keep]
//   --small   two layers of each, for a try
//   --folder  where 2.7 GB of checkpoint and 3.4 GB of imports are written (default: the folder for temporary files)
//   --keep    leaves them there, and uses a checkpoint that is there already
#include "base/io.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/rng.h"
#include "hmr2/hmr2.h"
#include "hmr2_fixture.h"
#include "import/seal.h"
#include "import/smpl.h"
#include "nn/onnx_writer.h"
#include "nn/session.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

typedef struct {
    int threads;
    bool small, keep;
    char folder[512], ckpt[600], pkl[600];
    hmr2_sizes sizes;
} bench;

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

// What all threads of this process have computed, seconds.
static double cpu_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void die(const err *e)
{
    fprintf(stderr, "bench_hmr2: %s\n", e->msg);
    exit(1);
}

// A line of /proc/self/status in MiB ("VmHWM:", "RssAnon:"); 0 when it is not there.
static double memory_mib(const char *key)
{
    char line[256];
    double kib = 0;
    FILE *f = fopen("/proc/self/status", "r");
    while (f && fgets(line, sizeof line, f))
        if (strncmp(line, key, strlen(key)) == 0) kib = strtod(line + strlen(key), NULL);
    if (f) fclose(f);
    return kib / 1024;
}

// Each step runs in a process of its own, so that its peak of memory is its own.
static void in_child(void (*step)(const bench *, bool), const bench *b, bool flag)
{
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        step(b, flag);
        fflush(stdout);
        _exit(0);
    }
    int status;
    if (child < 0 || waitpid(child, &status, 0) != child || !WIFEXITED(status) || WEXITSTATUS(status) != 0) exit(1);
}

static void folder_of(const bench *b, bool int8, char *out, size_t size)
{
    snprintf(out, size, "%s/%s", b->folder, int8 ? "int8" : "fp32");
}

// --- what it takes from the files to a folder ---

static void generate(const bench *b, bool unused)
{
    (void)unused;
    err e = { 0 };
    double start = now();
    if (!io_exists(b->ckpt) && !fixture_checkpoint(b->ckpt, &b->sizes, FIXTURE_F32, false, &e)) die(&e);
    fixture_body body = fixture_body_new(b->small ? 600 : 6890, 10);
    buf pkl = buf_new(LIMIT_PICKLE_BYTES);
    if (!fixture_smpl(&body, PYTHON2, &pkl) || !io_write(b->pkl, pkl.data, pkl.len, &e)) die(&e);
    buf_free(&pkl);
    fixture_body_free(&body);
    fprintf(stderr, "made a checkpoint of random weights in %.1f s\n", now() - start);
}

static void import(const bench *b, bool int8)
{
    err e = { 0 };
    char folder[600], path[700];
    folder_of(b, int8, folder, sizeof folder);
    double start = now(), cpu = cpu_now();
    io_view ckpt, pkl;
    checkpoint c = { 0 };
    hmr2_sizes s;
    buf body = buf_new(LIMIT_ARRAY_FILE_BYTES), sealed = buf_new(LIMIT_ARRAY_FILE_BYTES);
    pool *p = pool_new(b->threads);
    if (!io_make_dirs(folder, &e) || !io_map(b->ckpt, LIMIT_CHECKPOINT_BYTES, &ckpt, &e) ||
        !io_map(b->pkl, LIMIT_PICKLE_BYTES, &pkl, &e) || !io_join(path, sizeof path, folder, "smpl.safetensors") ||
        !smpl_import(pkl.data, pkl.len, &body, &e) || !ckpt_open(ckpt.data, ckpt.len, &c, &e) ||
        !hmr2_read_sizes(&c, &s, &e) || !hmr2_write_network(&c, &s, int8, folder, &e) ||
        !seal_model(folder, p, &body, &sealed, &e) || !io_write(path, sealed.data, sealed.len, &e))
        die(&e);
    pool_free(p);
    printf("import %s: %.1f s, %.1f s of processor time; peak %.0f MiB (%.0f MiB of it not the mapped file)\n",
           int8 ? "int8" : "fp32", now() - start, cpu_now() - cpu, memory_mib("VmHWM:"), memory_mib("RssAnon:"));
}

// --- the ceiling: one large matrix product in the runtime itself ---

typedef struct {
    double clock, cpu; // seconds; cpu: of all threads
} took;

// The least of both over the runs.
static took least(took a, took b) { return (took){ fmin(a.clock, b.clock), fmin(a.cpu, b.cpu) }; }

static took ceiling(const bench *b, bool int8, double *gflop)
{
    enum { N = 1536, RUNS = 9 };
    err e = { 0 };
    char path[700];
    snprintf(path, sizeof path, "%s/gemm.onnx", b->folder);
    rng r = rng_new(1);
    float *a = mem_array(float, (size_t)N *N), *c = mem_array(float, (size_t)N *N);
    int8_t *q = mem_new((size_t)N * N, 1);
    for (size_t i = 0; i < (size_t)N * N; i++)
        a[i] = (float)rng_between(&r, -1, 1), q[i] = (int8_t)(rng_next(&r) >> 56);
    onnx_model *m = onnx_new(17, 64 << 20);
    const int64_t square[] = { N, N };
    onnx_input(m, "a", ONNX_F32, square, 2);
    onnx_output(m, "c", ONNX_F32, square, 2);
    if (int8) {
        onnx_constant(m, "b", ONNX_I8, square, 2, q);
        onnx_constant_f32(m, "s", 0.01f);
        onnx_node1(m, "DynamicQuantizeMatMul", "c", "a", "b", "s");
        onnx_node_domain(m, "com.microsoft");
    } else {
        onnx_constant(m, "b", ONNX_F32, square, 2, a);
        onnx_node1(m, "MatMul", "c", "a", "b");
    }
    buf file = buf_new(64 << 20);
    if (!onnx_finish(m, &file, &e) || !io_write(path, file.data, file.len, &e)) die(&e);
    nn_session *s = nn_open(path, b->threads, &e);
    if (!s) die(&e);
    nn_tensor in = { a, (size_t)N * N, { N, N }, 2 }, out = { c, (size_t)N * N, { 0 }, 0 };
    took best = { 1e9, 1e9 };
    for (int i = 0; i < RUNS; i++) {
        took start = { now(), cpu_now() };
        if (!nn_run(s, &in, 1, &out, 1, &e)) die(&e);
        best = least(best, (took){ now() - start.clock, cpu_now() - start.cpu });
    }
    nn_close(s);
    unlink(path);
    onnx_free(m);
    buf_free(&file);
    mem_free(a);
    mem_free(c);
    mem_free(q);
    *gflop = 2.0 * N * N * N / 1e9;
    return best;
}

// --- the network ---

// Multiplications and additions of one forward pass, in GFLOP.
static double work(const hmr2_sizes *s)
{
    double t = HMR2_TOKENS, c = s->embed, m = s->mlp, d = s->dim, in = s->inner;
    double block = t * c * (4 * c + 2 * m) + 2 * t * t * c;
    double layer = t * c * 2 * in + d * in * 4 + 2 * d * s->decoder_mlp;
    return 2 * (t * 768 * c + s->depth * block + s->decoder_depth * layer) / 1e9;
}

static float *some_patch(uint64_t seed)
{
    size_t n = (size_t)3 * HMR2_SIDE * HMR2_SIDE;
    float *p = mem_array(float, n);
    rng r = rng_new(seed);
    // Smooth blobs, as photos are.
    double wave[3][4];
    for (int c = 0; c < 3; c++)
        for (int k = 0; k < 4; k++) wave[c][k] = rng_between(&r, 0.01, 0.1);
    for (size_t i = 0; i < n; i++) {
        size_t c = i / (HMR2_SIDE * HMR2_SIDE), y = i / HMR2_SIDE % HMR2_SIDE, x = i % HMR2_SIDE;
        p[i] = (float)(sin(wave[c][0] * (double)x + wave[c][1] * (double)y) +
                       cos(wave[c][2] * (double)x - wave[c][3] * (double)y));
    }
    return p;
}

static hmr2 *open_network(const bench *b, bool int8)
{
    err e = { 0 };
    char folder[600];
    folder_of(b, int8, folder, sizeof folder);
    hmr2 *h = hmr2_open(&(hmr2_options){ folder, b->threads, false }, &e);
    if (!h) die(&e);
    return h;
}

static void tell(const char *what, const bench *b, took t, double gflop)
{
    double free = t.cpu / b->threads;
    printf("%-22s %7.3f s on the clock (%4.0f GFLOP/s), %7.3f s by processor time (%4.0f GFLOP/s)\n", what, t.clock,
           gflop / t.clock, free, gflop / free);
}

static void forward(const bench *b, bool int8)
{
    enum { RUNS = 7 };
    err e = { 0 };
    const char *kind = int8 ? "int8" : "fp32";
    char what[64];
    took start = { now(), cpu_now() }, best = { 1e9, 1e9 };
    hmr2 *h = open_network(b, int8);
    printf("load %s: %.2f s, %.2f s of processor time\n", kind, now() - start.clock, cpu_now() - start.cpu);
    float *patch = some_patch(1);
    for (int i = 0; i <= RUNS; i++) {
        hmr2_person p;
        start = (took){ now(), cpu_now() };
        if (!hmr2_forward(h, patch, &p, NULL, &e)) die(&e);
        took t = { now() - start.clock, cpu_now() - start.cpu };
        if (i > 0) best = least(best, t); // the first brings the weights' pages in
    }
    snprintf(what, sizeof what, "forward %s", kind);
    tell(what, b, best, work(&b->sizes));
    printf("peak of memory: %.0f MiB, %.0f MiB of it not the mapped file\n", memory_mib("VmHWM:"),
           memory_mib("RssAnon:"));
    mem_free(patch);
    hmr2_close(h);
    double gflop;
    best = ceiling(b, int8, &gflop);
    snprintf(what, sizeof what, "plain product %s", kind);
    tell(what, b, best, gflop);
}

// PyTorch on the same structure, if some Python here has it.
static void torch(const bench *b, bool unused)
{
    (void)unused;
    static const char *const python[] = { "/usr/bin/python3", "python3" };
    const hmr2_sizes *s = &b->sizes;
    const int number[] = { b->threads, s->embed,         s->heads, s->depth,       s->mlp,
                           s->dim,     s->decoder_depth, s->inner, s->decoder_mlp, s->betas };
    enum { NUMBERS = sizeof number / sizeof *number };
    char text[NUMBERS][16], version[64], line[256];
    char *argv[NUMBERS + 3] = { "python3", SOURCE_ROOT "/bench/hmr2_torch.py" };
    for (int i = 0; i < NUMBERS; i++) {
        snprintf(text[i], sizeof text[i], "%d", number[i]);
        argv[i + 2] = text[i];
    }
    for (int i = 0; i < 2; i++) {
        int fd[2];
        if (pipe(fd) != 0) return;
        pid_t child = fork();
        if (child == 0) {
            dup2(fd[1], STDOUT_FILENO);
            execvp(python[i], argv);
            _exit(3);
        }
        close(fd[1]);
        FILE *answer = fdopen(fd[0], "r");
        took t;
        bool told =
            answer && fgets(line, sizeof line, answer) && sscanf(line, "%63s %lf %lf", version, &t.clock, &t.cpu) == 3;
        if (answer) fclose(answer);
        int status;
        if (child < 0 || waitpid(child, &status, 0) != child || !told) continue;
        snprintf(line, sizeof line, "PyTorch %.12s", version);
        tell(line, b, t, work(s));
        return;
    }
    printf("PyTorch is not installed here (Debian: python3-torch)\n");
}

static void compare(const bench *b, bool unused)
{
    enum { PATCHES = 6 };
    (void)unused;
    err e = { 0 };
    hmr2 *h[2] = { open_network(b, false), open_network(b, true) };
    size_t n = hmr2_body(h[0])->vertices;
    vec3 *v[2] = { mem_array(vec3, n), mem_array(vec3, n) }, joints[BODY_JOINTS];
    double sum = 0, worst = 0, rms = 0;
    for (uint64_t k = 0; k < PATCHES; k++) {
        float *patch = some_patch(k + 1);
        for (int i = 0; i < 2; i++) {
            hmr2_person p;
            if (!hmr2_forward(h[i], patch, &p, NULL, &e)) die(&e);
            hmr2_pose_body(h[i], &p, v[i], joints);
        }
        for (size_t i = 0; i < n; i++) {
            double d = (double)v3_dist(v[0][i], v[1][i]);
            sum += d;
            rms += d * d;
            worst = fmax(worst, d);
        }
        mem_free(patch);
    }
    double count = (double)n * PATCHES;
    printf("int8 against fp32: vertices %.2f mm in the mean, %.2f rms, %.2f at worst (%d pictures)\n",
           1000 * sum / count, 1000 * sqrt(rms / count), 1000 * worst, PATCHES);
    for (int i = 0; i < 2; i++) mem_free(v[i]), hmr2_close(h[i]);
}

static void clean(const bench *b)
{
    static const char *const files[] = { "hmr2.onnx", "hmr2.weights", "smpl.safetensors" };
    char folder[600], path[700];
    for (int i = 0; i < 2; i++) {
        folder_of(b, i, folder, sizeof folder);
        for (int k = 0; k < 3; k++)
            if (io_join(path, sizeof path, folder, files[k])) unlink(path);
        rmdir(folder);
    }
    unlink(b->ckpt);
    unlink(b->pkl);
    rmdir(b->folder);
}

int main(int argc, char **argv)
{
    bench b = { .threads = (int)sysconf(_SC_NPROCESSORS_ONLN), .sizes = fixture_official };
    const char *given = NULL, *tmp = getenv("TMPDIR");
    for (int i = 1; i < argc; i++) {
        const char *value = i + 1 < argc ? argv[i + 1] : "";
        if (strcmp(argv[i], "--small") == 0)
            b.small = true;
        else if (strcmp(argv[i], "--keep") == 0)
            b.keep = true;
        else if (strcmp(argv[i], "--threads") == 0 && (b.threads = (int)strtol(value, NULL, 10)) > 0)
            i++;
        else if (strcmp(argv[i], "--folder") == 0 && *value)
            given = value, i++;
        else
            return fprintf(stderr, "usage: bench_hmr2 [--threads N] [--folder DIR] [--small] [--keep]\n"), 2;
    }
    err e = { 0 };
    snprintf(b.folder, sizeof b.folder, "%s/tryon-bench-hmr2", given ? given : tmp ? tmp : "/tmp");
    snprintf(b.ckpt, sizeof b.ckpt, "%s/random.ckpt", b.folder);
    snprintf(b.pkl, sizeof b.pkl, "%s/random.pkl", b.folder);
    if (!io_make_dirs(b.folder, &e)) die(&e);
    if (b.small) b.sizes.depth = 2, b.sizes.decoder_depth = 2;
    in_child(generate, &b, false);
    for (int i = 0; i < 2; i++) in_child(import, &b, i);
    for (int i = 0; i < 2; i++) in_child(forward, &b, i);
    in_child(torch, &b, false);
    in_child(compare, &b, false);
    if (!b.keep) clean(&b);
    return 0;
}
