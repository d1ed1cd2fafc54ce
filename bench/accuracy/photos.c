#include "accuracy/photos.h"
#include "accuracy/doc.h"
#include "accuracy/figures.h"
#include "base/io.h"
#include "base/limits.h"
#include "base/mem.h"
#include "capture/looseness.h"
#include "estimate/learned.h"
#include "image/decode.h"
#include "testworld/trial.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_PHOTOS = 500, TALLER = 0, MIRRORED, HALVED, HALVED_OUTLINE, HALVED_LANDMARKS, HALVED_FIT, CHANGES };
static const char *const change_name[CHANGES] = { "171 in place of 170 cm", "mirrored",
                                                  "half the size, JPEG 60", "its outline alone",
                                                  "its landmarks alone",    "half, without the learned correction" };
// What is chosen with half the size in sight may do well there by luck.
enum { OTHER_SIZES = 4, ELSEWHERE = CHANGES, KINDS };
static const double other_size[OTHER_SIZES] = { 0.45, 0.55, 0.6, 0.75 };
static const double GOAL = 0.015; // of a measurement: what another size of the photo may move

// What moves most in each photo, shares of it.
typedef struct {
    int n;
    double most[MOST_PHOTOS * OTHER_SIZES];
} movements;

typedef struct {
    capture *camera;
    body_model *const *model;
    tape *tape[2];
    double worst[CHANGES][TAPE_COUNT], sum[CHANGES][TAPE_COUNT]; // of the change, share of the measurement
    const char *men;
    bool many; // only how the changes are spread is asked, not what makes them
    int photos, refused, outlines;
    movements moved[KINDS];
    double sure, iou; // sums over photos and over those with a true outline
    buf lines;
} bench;

static const estimate_stages corrected = { 0 }, fit_alone = { .raw = true };

static bool measure(bench *s, const capture_evidence *ev, double height, const estimate_stages *stages, body_sex sex,
                    estimate_result *out, err *e)
{
    estimate_input in = { .answers = { .height = height }, .front = ev };
    return (ev->verdict & VERDICT_REFUSED) || estimate_by_stages(s->model[sex], s->tape[sex], &in, stages, out, e);
}

static bool measure_photo(bench *s, const image *photo, body_sex sex, capture_evidence *ev, estimate_result *out,
                          err *e)
{
    return capture_examine(s->camera, photo, VIEW_FRONT, ev, e) && measure(s, ev, 1.70, &corrected, sex, out, e);
}

// What was seen in a photo, but the landmarks those of another size of it. *out shares the pictures of seen.
static void with_landmarks(const capture_evidence *seen, const capture_evidence *other, capture_evidence *out)
{
    float scale = (float)seen->mask.width / (float)other->mask.width;
    *out = *seen;
    memcpy(out->world, other->world, sizeof out->world);
    for (int i = 0; i < CAPTURE_LANDMARKS; i++) {
        out->at[i] = other->at[i];
        out->at[i].x *= scale, out->at[i].y *= scale, out->at[i].z *= scale;
    }
    out->looseness = loose_judge_photo(out);
}

// Whether number, from 1, is in a list like "2,3,11".
static bool listed(const char *list, int number)
{
    while (list && *list) {
        char *end;
        if (strtol(list, &end, 10) == number) return true;
        if (end == list) break;
        list = *end ? end + 1 : end;
    }
    return false;
}

// How far measurement m moves, a share of it, where it is expected to grow by `grown`.
static double change(const estimate_result *from, const estimate_result *to, int m, double grown)
{
    return fabs(to->value[m] / (from->value[m] * grown) - 1);
}

static void keep(movements *m, double most)
{
    if (m->n < MOST_PHOTOS * OTHER_SIZES) m->most[m->n++] = most;
}

// The photo at other sizes: *most is what moves most at any of them, a share.
static bool compare_sizes(bench *s, const image *photo, body_sex sex, const estimate_result *whole, double *most,
                          err *e)
{
    estimate_result *r = mem_new(1, sizeof *r);
    bool ok = true;
    *most = 0;
    for (int i = 0; ok && i < OTHER_SIZES; i++) {
        image small = { 0 };
        capture_evidence ev = { 0 };
        ok = trial_shrink(photo, other_size[i], &small, e) && measure_photo(s, &small, sex, &ev, r, e);
        if (ok && !(ev.verdict & VERDICT_REFUSED)) {
            double here = 0;
            for (int m = 1; m < TAPE_COUNT; m++) here = fmax(here, change(whole, r, m, 1));
            keep(&s->moved[ELSEWHERE], here);
            *most = fmax(*most, here);
        }
        image_free(&small);
        capture_evidence_free(&ev);
    }
    mem_free(r);
    return ok;
}

// outline: the true one where it is known, else empty.
static bool compare(bench *s, const image *outline, const image *photo, body_sex sex, err *e)
{
    double elsewhere = 0;
    estimate_result *r = mem_new(2 + CHANGES, sizeof *r), *raw = &r[1 + CHANGES];
    capture_evidence whole = { 0 }, mirror = { 0 }, half = { 0 };
    image mirrored = image_mirror(photo), small = { 0 };
    bool ok = measure_photo(s, photo, sex, &whole, &r[0], e), gone = ok && (whole.verdict & VERDICT_REFUSED);
    s->refused += gone;
    if (ok && !gone && outline->width == whole.mask.width && outline->height == whole.mask.height)
        s->outlines++, s->iou += (double)trial_iou(&whole.mask, outline);
    ok = ok && !gone && measure(s, &whole, 1.71, &corrected, sex, &r[1 + TALLER], e) &&
         measure_photo(s, &mirrored, sex, &mirror, &r[1 + MIRRORED], e) && trial_shrink(photo, 0.5, &small, e) &&
         measure_photo(s, &small, sex, &half, &r[1 + HALVED], e);
    bool lost[CHANGES] = { [MIRRORED] = mirror.verdict & VERDICT_REFUSED };
    for (int c = HALVED; c < CHANGES; c++)
        lost[c] = half.verdict & VERDICT_REFUSED || (s->many && (c == HALVED_OUTLINE || c == HALVED_LANDMARKS));
    if (ok && !lost[HALVED_FIT])
        ok = measure(s, &whole, 1.70, &fit_alone, sex, raw, e) &&
             measure(s, &half, 1.70, &fit_alone, sex, &r[1 + HALVED_FIT], e);
    if (ok && !lost[HALVED_OUTLINE]) {
        capture_evidence mixed;
        with_landmarks(&half, &whole, &mixed);
        ok = measure(s, &mixed, 1.70, &corrected, sex, &r[1 + HALVED_OUTLINE], e);
        with_landmarks(&whole, &half, &mixed);
        ok = ok && measure(s, &mixed, 1.70, &corrected, sex, &r[1 + HALVED_LANDMARKS], e);
    }
    ok = ok && compare_sizes(s, photo, sex, &r[0], &elsewhere, e);
    image_free(&mirrored);
    image_free(&small);
    if (ok) s->sure += (double)trial_sureness(&whole);
    capture_evidence_free(&whole);
    capture_evidence_free(&mirror);
    capture_evidence_free(&half);
    if (!ok) {
        mem_free(r);
        return gone;
    }
    doc_put(&s->lines, "| %d |", ++s->photos);
    for (int c = 0; c < CHANGES; c++) {
        double worst = 0;
        int at = 0;
        for (int m = 1; m < TAPE_COUNT; m++) {
            // Taller, everything is expected to grow as the height does.
            double grown = c == TALLER ? 1.71 / 1.70 : 1,
                   moved = lost[c] ? 0 : change(c == HALVED_FIT ? raw : r, &r[c + 1], m, grown);
            if (moved > worst) worst = moved, at = m;
            if (moved > s->worst[c][m]) s->worst[c][m] = moved;
            s->sum[c][m] += moved;
        }
        if (!lost[c]) keep(&s->moved[c], worst);
        double girth[GIRTHS] = { 0 };
        for (int k = 0; k < GIRTHS; k++) girth[k] = 100 * (r[c + 1].value[girths[k]] / r[0].value[girths[k]] - 1);
        if (lost[c])
            doc_put(&s->lines, " refused |");
        else if (c > HALVED)
            doc_put(&s->lines, " %.2f |", 100 * worst);
        else
            doc_put(&s->lines, " %+.2f / %+.2f / %+.2f; most %.2f %s |", girth[0], girth[1], girth[2], 100 * worst,
                    tape_name[at]);
    }
    doc_put(&s->lines, " %.2f |\n", 100 * elsewhere);
    mem_free(r);
    return true;
}

static int by_name(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

static bool each(bench *s, const char *folder, err *e)
{
    DIR *d = opendir(folder);
    if (!d) return fail(e, ERR_IO, "the folder %s cannot be read", folder);
    char *name[MOST_PHOTOS];
    int n = 0;
    for (const struct dirent *f = readdir(d); f && n < MOST_PHOTOS; f = readdir(d)) {
        size_t length = strlen(f->d_name);
        if (length < 5 || strcmp(f->d_name + length - 4, ".jpg") != 0) continue;
        name[n] = mem_new(length + 1, 1);
        memcpy(name[n++], f->d_name, length);
    }
    closedir(d);
    qsort(name, (size_t)n, sizeof *name, by_name);
    bool ok = true;
    for (int i = 0; i < n; i++) {
        char path[4096];
        buf bytes = buf_new(LIMIT_IMAGE_BYTES);
        image photo = { 0 }, outline = { 0 };
        char truth[4096];
        snprintf(truth, sizeof truth, "%s/masks/%.*s.png", folder, (int)strlen(name[i]) - 4, name[i]);
        if (ok && io_exists(truth)) ok = image_load(truth, 0, &outline, NULL, e);
        ok = ok && io_join(path, sizeof path, folder, name[i]) && io_read(path, &bytes, e) &&
             image_decode_unguarded(bytes.data, bytes.len, 2048, &photo, NULL, e) &&
             compare(s, &outline, &photo, listed(s->men, s->photos + 1) ? SEX_MALE : SEX_FEMALE, e);
        image_free(&photo);
        image_free(&outline);
        buf_free(&bytes);
        fprintf(stderr, "\r%d of %d photos", i + 1, n);
        mem_free(name[i]);
    }
    fprintf(stderr, "\r\033[K");
    return ok;
}

static void put_table(const bench *s, buf *b)
{
    doc_put(b,
            "%d photos of real people (%d more were refused), height stated as 170 cm, sex told and no weight: "
            "change of chest / waist / hip in per cent, and the measurement that moves most (for 171 cm: against "
            "all growing with the height). Then how much of what halving does is its outline's and its landmarks' "
            "alone, the other being the whole photo's; what it does to the fit alone; last, what moves most at any "
            "of %d other sizes, 45 to 75 %%, at JPEG 60.\n\n| photo |",
            s->photos, s->refused, OTHER_SIZES);
    for (int c = 0; c < CHANGES; c++) doc_put(b, " %s |", change_name[c]);
    doc_put(b, " other sizes |\n|---|---|---|---|---|---|---|---|\n");
    doc_add(b, &s->lines);
    doc_put(b, "| mean over all |");
    for (int c = 0; c < CHANGES; c++) {
        double mean = 0, worst = 0;
        for (int m = 1; m < TAPE_COUNT; m++) {
            mean += s->photos ? 100 * s->sum[c][m] / s->photos / (TAPE_COUNT - 1) : 0;
            worst = fmax(worst, 100 * s->worst[c][m]);
        }
        doc_put(b, " %.2f, most %.2f |", mean, worst);
    }
    doc_put(b, " |\n\n");
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

// What moves most in a photo, over all photos.
static void put_movements(bench *s, buf *b)
{
    static const int told[] = { TALLER, MIRRORED, HALVED, HALVED_FIT, ELSEWHERE };
    doc_put(b,
            "What moves most in a photo, per cent:\n\n| change | photos | median | nine of ten within | most | beyond "
            "%.1f |\n|---|---|---|---|---|---|\n",
            100 * GOAL);
    for (size_t i = 0; i < sizeof told / sizeof *told; i++) {
        movements *m = &s->moved[told[i]];
        if (m->n == 0) continue;
        qsort(m->most, (size_t)m->n, sizeof *m->most, by_size);
        int over = 0;
        for (int k = 0; k < m->n; k++) over += m->most[k] > GOAL;
        doc_put(b, "| %s | %d | %.2f | %.2f | %.2f | %d |\n",
                told[i] == ELSEWHERE ? "other sizes, JPEG 60" : change_name[told[i]], m->n, 100 * m->most[m->n / 2],
                100 * m->most[m->n * 9 / 10], 100 * m->most[m->n - 1], over);
    }
}

bool photos_run(const char *folder, const char *men, bool many, const char *assets, body_model *const *model,
                const char *page, err *e)
{
    bench *s = mem_new(1, sizeof *s);
    s->model = model;
    s->men = men;
    s->many = many;
    s->lines = buf_new((size_t)1 << 20);
    for (int k = 0; k < 2; k++) s->tape[k] = tape_new(model[k]);
    s->camera = capture_open(&(capture_options){ assets, 1 }, e);
    bool ok = s->camera && each(s, folder, e);
    if (ok) {
        buf b = buf_new((size_t)2 << 20);
        if (many)
            doc_put(
                &b,
                "%d photos taken in the street (%d more were refused), everybody measured as a woman of 170 cm whose "
                "weight is not told; sizes as above.\n\n",
                s->photos, s->refused);
        else
            put_table(s, &b);
        put_movements(s, &b);
        doc_put(&b, "\nLandmarks are sure by %.3f on the average", s->photos ? s->sure / s->photos : 0);
        if (s->outlines)
            doc_put(&b, "; the mask's IoU with the true outline of %d photos is %.3f", s->outlines,
                    s->iou / s->outlines);
        doc_put(&b, ".\n");
        printf("%.*s", (int)b.len, (const char *)b.data);
        ok = !page || doc_write(page, many ? DOC_STREET : DOC_PHOTOS, &b, e);
        buf_free(&b);
    }
    capture_close(s->camera);
    for (int k = 0; k < 2; k++) tape_free(s->tape[k]);
    buf_free(&s->lines);
    mem_free(s);
    return ok;
}
