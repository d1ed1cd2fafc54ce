// From a photo to an avatar: the whole way with the networks loaded, its stages, and the command line from a cold
// start with its peak memory. On two threads.
#include "avatar/parts.h"
#include "base/io.h"
#include "base/limits.h"
#include "base/mem.h"
#include "image/decode.h"
#include "report.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { THREADS = 2, PHOTO_SIDE = 2048, STAGES = 8 };
static const char OURS[] = "tryon";
static const survey_answers ANSWERS = { 1.75, 68, 30 };

// --- cold: a process ---

// Runs tryon avatar once; milliseconds, those computed, and the peak of its memory in megabytes.
static void run_process(const char *photo, const char *out, double *ms, double *cpu, double *peak)
{
    double start = bench_now();
    pid_t child = fork();
    if (child == 0) {
        int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
        if (null >= 0) dup2(null, STDOUT_FILENO);
        execl(TRYON, TRYON, "avatar", photo, "--height", "175", "--weight", "68", "--age", "30", "--sex", "female",
              "--threads", "2", "--assets", ASSETS, "--out", out, (char *)NULL);
        _exit(127);
    }
    int status;
    struct rusage used;
    err e = { 0 };
    if (child < 0 || wait4(child, &status, 0, &used) != child || status != 0) {
        fail(&e, ERR_INTERNAL, "%s avatar %s failed", TRYON, photo);
        bench_die(&e);
    }
    *ms = bench_now() - start;
    *cpu = (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1000 +
           (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1000;
    *peak = (double)used.ru_maxrss * 1024 / 1e6;
}

// Before this process grows: what a child is before exec counts towards its peak.
static void measure_cold(const char *photo, int runs)
{
    char out[] = "/tmp/tryon-bench-XXXXXX", path[64];
    err e = { 0 };
    if (!mkdtemp(out)) bench_die((fail(&e, ERR_IO, "no folder can be made in /tmp"), &e));
    double *ms = mem_array(double, (size_t)runs), *cpu = mem_array(double, (size_t)runs),
           *peak = mem_array(double, (size_t)runs);
    run_process(photo, out, ms, cpu, peak); // the disk's cache is warm from here on
    for (int i = 0; i < runs; i++) run_process(photo, out, &ms[i], &cpu[i], &peak[i]);
    bench_row("tryon avatar, the process", OURS, "ms", ms, runs, 0);
    bench_row_cpu(cpu, runs);
    bench_row("tryon avatar, peak memory", OURS, "MB", peak, runs, 600);
    mem_free(ms);
    mem_free(cpu);
    mem_free(peak);
    static const char *const made[] = { "avatar.glb", "avatar.web.glb", "params.npz", "measurements.json",
                                        "preview.png" };
    for (size_t i = 0; i < sizeof made / sizeof *made; i++) {
        snprintf(path, sizeof path, "%s/%s", out, made[i]);
        unlink(path);
    }
    rmdir(out);
}

// --- warm ---

typedef struct {
    const char *name;
    double *ms, *cpu;
} stage;

typedef struct {
    capture *camera;
    body_model *m;
    tape *t;
    const buf *photo;
    stage stage[STAGES];
    int run, stages;
    double since, computed;
} staged;

static void begin(staged *s)
{
    s->stages = 0;
    s->since = bench_now();
    s->computed = bench_cpu();
}

static void end(staged *s, const char *name)
{
    stage *at = &s->stage[s->stages++];
    at->name = name;
    at->ms[s->run] = bench_now() - s->since;
    at->cpu[s->run] = bench_cpu() - s->computed;
    s->since = bench_now();
    s->computed = bench_cpu();
}

// What avatar_make does, in the same order.
static void run_stages(staged *s)
{
    err e = { 0 };
    image photo = { 0 };
    image_meta meta;
    capture_evidence evidence = { 0 };
    estimate_result r;
    buf plain = buf_new(LIMIT_GLB_BYTES), web = buf_new(LIMIT_GLB_BYTES), params = buf_new(MIB), report = buf_new(MIB),
        preview = buf_new(LIMIT_IMAGE_BYTES);
    avatar_request q = { .sex = SEX_FEMALE, .answers = ANSWERS };
    begin(s);
    if (!image_decode(s->photo->data, s->photo->len, PHOTO_SIDE, &photo, &meta, &e)) bench_die(&e);
    end(s, "  decode (locked child)");
    if (!capture_examine(s->camera, &photo, VIEW_FRONT, &evidence, &e)) bench_die(&e);
    end(s, "  capture");
    estimate_input in = { .answers = ANSWERS, .front = &evidence, .front_focal_35mm = meta.focal_35mm };
    if (!estimate_body(s->m, s->t, &in, &r, &e)) bench_die(&e);
    end(s, "  estimate");
    avatar_shape shape = avatar_shape_of(s->m, r.betas);
    avatar_photo shown = { &photo, &evidence, &r.front };
    if (!avatar_glb(s->m, &shape, &plain, &web, &e)) bench_die(&e);
    end(s, "  avatar.glb, avatar.web.glb");
    if (!avatar_params(s->m, &r, &params, &e) || !avatar_report(s->m, &q, &r, &report, &e)) bench_die(&e);
    end(s, "  params.npz, measurements.json");
    if (!avatar_preview(s->m, s->t, &shape, &r, &shown, 1, &preview, &e)) bench_die(&e);
    end(s, "  preview.png");
    avatar_shape_free(&shape);
    capture_evidence_free(&evidence);
    image_free(&photo);
    buf_free(&plain);
    buf_free(&web);
    buf_free(&params);
    buf_free(&report);
    buf_free(&preview);
}

static void measure_warm(const buf *photo, int runs)
{
    err e = { 0 };
    avatar_studio *studio = avatar_studio_open(ASSETS, THREADS, &e);
    if (!studio) bench_die(&e);
    staged s = { .photo = photo, .m = body_load(ASSETS "/open_body.safetensors", SEX_FEMALE, &e) };
    s.camera = capture_open(&(capture_options){ ASSETS, THREADS }, &e);
    if (!s.m || !s.camera) bench_die(&e);
    s.t = tape_new(s.m);
    double *whole = mem_array(double, (size_t)runs), *cpu = mem_array(double, (size_t)runs);
    for (int i = 0; i < STAGES; i++) {
        s.stage[i].ms = mem_array(double, (size_t)runs);
        s.stage[i].cpu = mem_array(double, (size_t)runs);
    }
    avatar_request q = { .sex = SEX_FEMALE, .answers = ANSWERS, .front = photo->data, .front_bytes = photo->len };
    for (int i = -1; i < runs; i++) { // the first opens networks and body
        avatar_files files;
        double start = bench_now(), computed = bench_cpu();
        if (!avatar_make(studio, &q, &files, &e)) bench_die(&e);
        if (i >= 0) whole[i] = bench_now() - start, cpu[i] = bench_cpu() - computed;
        avatar_files_free(&files);
        s.run = i < 0 ? 0 : i;
        run_stages(&s);
    }
    bench_row("photo to avatar, networks loaded", OURS, "ms", whole, runs, 1500);
    bench_row_cpu(cpu, runs);
    for (int i = 0; i < s.stages; i++) {
        bench_row(s.stage[i].name, OURS, "ms", s.stage[i].ms, runs, 0);
        bench_row_cpu(s.stage[i].cpu, runs);
    }
    for (int i = 0; i < STAGES; i++) {
        mem_free(s.stage[i].ms);
        mem_free(s.stage[i].cpu);
    }
    mem_free(cpu);
    mem_free(whole);
    tape_free(s.t);
    body_free(s.m);
    capture_close(s.camera);
    avatar_studio_close(studio);
}

int main(int argc, char **argv)
{
    bench_options o = bench_parse(argc, argv);
    err e = { 0 };
    const char *path = o.photo;
    if (!path) path = SOURCE_ROOT "/demo/photo.jpg";
    if (!o.photo && !io_exists(path)) path = SOURCE_ROOT "/tests/fixtures/capture/mannequin_front.jpg";
    buf photo = buf_new(LIMIT_IMAGE_BYTES);
    if (!io_read(path, &photo, &e)) bench_die(&e);
    measure_cold(path, o.runs ? o.runs : 7);
    measure_warm(&photo, o.runs ? o.runs : 11);
    char note[200];
    snprintf(note, sizeof note, "photo: %s", path);
    bench_note(note);
    bench_print("avatar", &o);
    buf_free(&photo);
    return 0;
}
