#include "report.h"
#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MAX_ROWS = 64, MAX_NOTES = 8 };

typedef struct {
    char what[64], by[32], unit[16];
    double median, least, cpu, target; // cpu 0: not known
    int runs;
} row;

static row rows[MAX_ROWS];
static char notes[MAX_NOTES][200];
static int row_count, note_count;

static double clock_ms(clockid_t id)
{
    struct timespec t;
    clock_gettime(id, &t);
    return (double)t.tv_sec * 1000 + (double)t.tv_nsec / 1e6;
}

double bench_now(void) { return clock_ms(CLOCK_MONOTONIC); }
double bench_cpu(void) { return clock_ms(CLOCK_PROCESS_CPUTIME_ID); }

void bench_die(const err *e)
{
    fprintf(stderr, "%s\n", e->msg);
    exit(1);
}

bench_options bench_parse(int argc, char **argv)
{
    bench_options o = { 0 };
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--json") == 0) {
            o.json = true;
        } else if (strcmp(argv[i], "--runs") == 0 && i + 1 < argc) {
            o.runs = (int)strtol(argv[++i], NULL, 10);
        } else if (strcmp(argv[i], "--photo") == 0 && i + 1 < argc) {
            o.photo = argv[++i];
        } else {
            fprintf(stderr, "usage: %s [--json] [--runs N] [--photo FILE]\n", argv[0]);
            exit(2);
        }
    }
    if (o.runs >= 0) return o;
    fprintf(stderr, "--runs takes a number of one or more\n");
    exit(2);
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double bench_median(double *values, int count)
{
    qsort(values, (size_t)count, sizeof *values, by_size);
    return (values[count / 2] + values[(count - 1) / 2]) / 2;
}

void bench_row(const char *what, const char *by, const char *unit, double *values, int count, double target)
{
    if (row_count == MAX_ROWS || count < 1) abort();
    row *r = &rows[row_count++];
    double median = bench_median(values, count);
    *r = (row){ .median = median, .least = values[0], .target = target, .runs = count };
    snprintf(r->what, sizeof r->what, "%s", what);
    snprintf(r->by, sizeof r->by, "%s", by);
    snprintf(r->unit, sizeof r->unit, "%s", unit);
}

void bench_row_cpu(double *cpu, int count)
{
    if (row_count == 0) abort();
    rows[row_count - 1].cpu = bench_median(cpu, count);
}

void bench_value(const char *what, const char *by, const char *unit, double value, double target)
{
    bench_row(what, by, unit, &value, 1, target);
}

void bench_note(const char *text)
{
    if (note_count == MAX_NOTES) abort();
    snprintf(notes[note_count++], sizeof notes[0], "%s", text);
}

void bench_race(const bench_runner *runner, int count, int runs)
{
    size_t all = (size_t)count * (size_t)runs;
    double *ms = mem_array(double, all), *cpu = mem_array(double, all);
    for (int i = 0; i < count; i++) runner[i].run(runner[i].ctx);
    for (int k = 0; k < runs; k++)
        for (int i = 0; i < count; i++) {
            double start = bench_now(), computed = bench_cpu();
            runner[i].run(runner[i].ctx);
            cpu[i * runs + k] = bench_cpu() - computed;
            ms[i * runs + k] = bench_now() - start;
        }
    for (int i = 0; i < count; i++) {
        bench_row(runner[i].what, runner[i].by, "ms", ms + i * runs, runs, runner[i].target);
        bench_row_cpu(cpu + i * runs, runs);
    }
    mem_free(ms);
    mem_free(cpu);
}

static int places(double value) { return value < 10 ? 3 : value < 1000 ? 1 : 0; }

static void print_table(const char *title)
{
    printf("%-40s %-26s %9s %9s %9s %5s  %-6s %s\n", title, "by", "median", "least", "cpu", "runs", "unit", "target");
    for (int i = 0; i < row_count; i++) {
        const row *r = &rows[i];
        int p = places(r->median);
        printf("%-40s %-26s %9.*f %9.*f ", r->what, r->by, p, r->median, p, r->least);
        if (r->cpu > 0)
            printf("%9.*f ", places(r->cpu), r->cpu);
        else
            printf("%9s ", "");
        printf("%5d  %-6s", r->runs, r->unit);
        if (r->target > 0) printf(" at most %g", r->target);
        printf("\n");
    }
    for (int i = 0; i < note_count; i++) printf("%s\n", notes[i]);
}

// Every word in the rows is our own and needs no escapes.
static void print_json(const char *title)
{
    printf("{\"bench\": \"%s\", \"rows\": [", title);
    for (int i = 0; i < row_count; i++) {
        const row *r = &rows[i];
        printf("%s\n  {\"what\": \"%s\", \"by\": \"%s\", \"unit\": \"%s\", \"median\": %.6g, \"least\": %.6g, "
               "\"runs\": %d",
               i ? "," : "", r->what, r->by, r->unit, r->median, r->least, r->runs);
        if (r->cpu > 0) printf(", \"cpu\": %.6g", r->cpu);
        if (r->target > 0) printf(", \"target\": %g", r->target);
        printf("}");
    }
    printf("],\n \"notes\": [");
    for (int i = 0; i < note_count; i++) printf("%s\"%s\"", i ? ", " : "", notes[i]);
    printf("]}\n");
}

void bench_print(const char *title, const bench_options *o)
{
    double load;
    char busy[80];
    if (getloadavg(&load, 1) == 1) {
        snprintf(busy, sizeof busy, "load of the machine in the last minute: %.1f", load);
        bench_note(busy);
    }
    if (o->json)
        print_json(title);
    else
        print_table(title);
    row_count = note_count = 0;
}
