#include "drape_peer.h"
#include "base/io.h"
#include "base/mem.h"
#include "drape_people.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define LIFT 0.008f // metres the start is off where the cloth came to lie

typedef struct {
    double wall, cpu, penetration, deep, hem;
    int rested;
} outcome;

typedef struct {
    const char *name;
    uint32_t vertices, triangles;
    const uint32_t *triangle;
    vec3 *rest, *start;
    const wearer *w;
    const garment *g;
    const collider *body;
} task;

static double clock_of(clockid_t id)
{
    struct timespec t;
    clock_gettime(id, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

// Both results by one judge: vertices and the middles of edges.
static void judge(const task *k, const vec3 *x, outcome *o)
{
    uint32_t deep = 0;
    o->hem = 9;
    for (uint32_t i = 0; i < k->vertices; i++) {
        double depth = -(double)collider_height(k->body, x[i]);
        o->penetration = fmax(o->penetration, 1000 * depth);
        o->hem = fmin(o->hem, (double)x[i].y);
        deep += depth > 0.001;
    }
    for (uint32_t i = 0; i < 3 * k->triangles; i++) {
        vec3 a = x[k->triangle[i]], b = x[k->triangle[i % 3 == 2 ? i - 2 : i + 1]];
        o->penetration = fmax(o->penetration, -1000 * (double)collider_height(k->body, v3_lerp(a, b, 0.5f)));
    }
    o->deep = 1000.0 * deep / k->vertices;
}

static outcome ours(const task *k)
{
    vec2 *flat = mem_array(vec2, 3 * (size_t)k->triangles);
    for (uint32_t t = 0; t < k->triangles; t++) {
        const uint32_t *v = k->triangle + 3 * (size_t)t;
        vec3 e1 = v3_sub(k->rest[v[1]], k->rest[v[0]]), e2 = v3_sub(k->rest[v[2]], k->rest[v[0]]), x = v3_unit(e1),
             y = v3_unit(v3_mad(e2, x, -v3_dot(e2, x)));
        flat[3 * t + 1] = (vec2){ v3_len(e1), 0 };
        flat[3 * t + 2] = (vec2){ v3_dot(e2, x), v3_dot(e2, y) };
    }
    outcome o = { 0 };
    double wall = clock_of(CLOCK_MONOTONIC), cpu = clock_of(CLOCK_PROCESS_CPUTIME_ID);
    cloth *c = cloth_new(&(cloth_setup){ .vertices = k->vertices,
                                         .triangles = k->triangles,
                                         .triangle = k->triangle,
                                         .rest = flat,
                                         .start = k->start,
                                         .fabric = k->g->fabric,
                                         .spacing = 0.015,
                                         .body = k->body,
                                         .itself = true });
    o.rested = cloth_run(c, &(cloth_phase){ .gravity = 9.81, .damping = 18, .seconds = 4, .until_rest = true });
    cloth_settle(c);
    o.wall = clock_of(CLOCK_MONOTONIC) - wall;
    o.cpu = clock_of(CLOCK_PROCESS_CPUTIME_ID) - cpu;
    judge(k, cloth_position(c), &o);
    cloth_free(c);
    mem_free(flat);
    return o;
}

static bool write_task(const task *k, const char *path, err *e)
{
    const body_model *m = k->w->model;
    uint32_t counts[4] = { m->vertices, m->triangles, k->vertices, k->triangles };
    double area = 0;
    for (uint32_t t = 0; t < k->triangles; t++) {
        const uint32_t *v = k->triangle + 3 * (size_t)t;
        area +=
            (double)v3_len(v3_cross(v3_sub(k->rest[v[1]], k->rest[v[0]]), v3_sub(k->rest[v[2]], k->rest[v[0]]))) / 2;
    }
    float number[2] = { (float)(area * k->g->fabric.weight / k->vertices), (float)k->g->fabric.friction };
    buf b = buf_new((size_t)64 << 20);
    bool ok = buf_append(&b, counts, sizeof counts) && buf_append(&b, number, sizeof number) &&
              buf_append(&b, k->rest, k->vertices * sizeof(vec3)) &&
              buf_append(&b, k->start, k->vertices * sizeof(vec3)) &&
              buf_append(&b, wearer_body(k->w), m->vertices * sizeof(vec3)) &&
              buf_append(&b, k->triangle, 12 * (size_t)k->triangles) &&
              buf_append(&b, m->triangle, 12 * (size_t)m->triangles);
    ok = (ok || fail(e, ERR_LIMIT, "the cloth is too large")) && io_write(path, b.data, b.len, e);
    buf_free(&b);
    return ok;
}

// *found false: no Blender here.
static bool theirs(const task *k, const char *source, outcome *o, char *version, bool *found, err *e)
{
    char folder[] = "/tmp/bench_drape_XXXXXX", in[64], out[64], script[512], line[512];
    if (!mkdtemp(folder)) return fail(e, ERR_IO, "no folder can be made in /tmp");
    snprintf(in, sizeof in, "%s/in", folder);
    snprintf(out, sizeof out, "%s/out", folder);
    snprintf(script, sizeof script, "%s/bench/drape_blender.py", source);
    char *argv[] = { "blender", "--background", "--factory-startup", "--python", script, "--", in, out, NULL };
    int fd[2];
    if (!write_task(k, in, e)) return false;
    if (pipe(fd) != 0) return fail(e, ERR_IO, "no pipe can be made");
    pid_t child = fork();
    if (child == 0) {
        dup2(fd[1], STDOUT_FILENO);
        close(fd[0]);
        execvp(argv[0], argv);
        _exit(127);
    }
    close(fd[1]);
    FILE *answer = fdopen(fd[0], "r");
    int frames, status = 0;
    bool told = false;
    while (answer && fgets(line, sizeof line, answer))
        told = told || sscanf(line, "PEER %31s %lf %lf %d %d", version, &o->wall, &o->cpu, &frames, &o->rested) == 5;
    if (answer) fclose(answer);
    bool ended = child > 0 && waitpid(child, &status, 0) == child;
    *found = ended && !(WIFEXITED(status) && WEXITSTATUS(status) == 127);
    buf x = buf_new((size_t)64 << 20);
    bool ok = !*found || ((told || fail(e, ERR_IO, "Blender ended without a result")) && io_read(out, &x, e) &&
                          (x.len == k->vertices * sizeof(vec3) || fail(e, ERR_IO, "Blender's result is cut short")));
    if (ok && *found) judge(k, (const vec3 *)(const void *)x.data, o);
    buf_free(&x);
    unlink(in);
    unlink(out);
    rmdir(folder);
    return ok;
}

static void print(const task *k, const char *by, const outcome *o, bool json, bool *first)
{
    if (json)
        printf(
            "%s{\"garment\": \"%s\", \"by\": \"%s\", \"cpu_s\": %.3f, \"wall_s\": %.3f, \"max_penetration_mm\": %.3f, "
            "\"deep_per_thousand\": %.3f, \"rested\": %s}",
            *first ? "" : ",\n ", k->name, by, o->cpu, o->wall, fmax(0, o->penetration), o->deep,
            o->rested ? "true" : "false");
    else
        printf(
            "%-9s %-16s %8.2f s of processor, %8.2f s on the clock; in the body at most %5.2f mm, %6.2f vertices in a "
            "thousand deeper than 1 mm; hem at %.1f cm%s\n",
            k->name, by, o->cpu, o->wall, fmax(0, o->penetration), o->deep, 100 * o->hem,
            o->rested ? "" : "; not at rest in its time");
    *first = false;
    fflush(stdout);
}

// A size that fits, as it hangs: the mesh and rest lengths of both; lifted off the body it is the start of both.
static bool compare(const wearer *w, garment_category c, const char *source, bool json, bool *found, bool *first,
                    err *e)
{
    garment g;
    fit_result *fit = mem_new(1, sizeof *fit);
    int size = drape_wardrobe(w, SEX_FEMALE, c, &g, fit) + DRAPE_SIZES / 2;
    mem_free(fit);
    collider *body = drape_collider(w);
    drape d;
    bool ok = drape_make(w, body, &g, size, NULL, &d, e);
    if (ok) {
        uint32_t n = d.mesh.vertices;
        task k = { garment_category_word[c],
                   n,
                   d.mesh.triangles,
                   d.mesh.triangle,
                   mem_array(vec3, n),
                   mem_array(vec3, n),
                   w,
                   &g,
                   body };
        for (uint32_t i = 0; i < d.mesh.points; i++) {
            vec3 p = d.position[i];
            k.rest[d.mesh.vertex[i]] = p;
            collider_plane plane;
            k.start[d.mesh.vertex[i]] = collider_near(body, p, 0.05f, &plane) ? v3_mad(p, plane.normal, LIFT) : p;
        }
        outcome mine = ours(&k), peer = { 0 };
        char version[32] = "", by[48];
        ok = theirs(&k, source, &peer, version, found, e);
        if (ok && *found) {
            snprintf(by, sizeof by, "Blender %s", version);
            print(&k, "TryOn", &mine, json, first);
            print(&k, by, &peer, json, first);
            if (!json)
                printf("%-9s %.1f times as fast on the processor, %.1f on the clock\n", k.name, peer.cpu / mine.cpu,
                       peer.wall / mine.wall);
        }
        mem_free(k.rest);
        mem_free(k.start);
        drape_free(&d);
    }
    collider_free(body);
    return ok;
}

bool drape_peer(const char *assets, const char *source, const char *category, bool json, err *e)
{
    static const garment_category usual[] = { GARMENT_TSHIRT, GARMENT_DRESS, GARMENT_TROUSERS };
    wearer w;
    if (!drape_person_open(assets, 0, &w, e)) return false;
    bool ok = true, found = true, first = true;
    if (json) printf("[");
    for (size_t i = 0; ok && found && i < sizeof usual / sizeof *usual; i++)
        if (!category || strcmp(category, garment_category_word[usual[i]]) == 0)
            ok = compare(&w, usual[i], source, json, &found, &first, e);
    if (json) printf("]\n");
    if (ok && !found) fprintf(stderr, "Blender is not installed here (Debian: blender)\n");
    wearer_close(&w);
    return ok;
}
