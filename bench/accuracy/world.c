#include "accuracy/world.h"
#include "accuracy/plot.h"
#include "accuracy/sizes.h"
#include "base/io.h"
#include "base/mem.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const mark_of[2] = { "", " (missed)" };

// --- tables ---

typedef struct {
    int stratum;
    double goal[3];
} goal_row;
static const goal_row goals[] = {
    { 0, { 3.3, 3.7, 2.3 } }, { 1, { 2.7, 2.4, 1.7 } }, { 2, { 1.9, 1.7, 1.5 } }, { 6, { 3.4, 3.2, 2.4 } }
};

static void goals_table(buf *b, const trial *trials, int people)
{
    doc_put(b,
            "Goals and figures, cm, the worse sex:\n\n| input | chest | waist (natural) | hip |\n|---|---|---|---|\n");
    for (size_t g = 0; g < sizeof goals / sizeof *goals; g++) {
        tally t[TAPE_COUNT][2] = { 0 };
        stratum_tally(&strata[goals[g].stratum], trials, people, t);
        doc_put(b, "| %s |", strata[goals[g].stratum].title);
        for (int k = 0; k < 3; k++) {
            double worst = tally_worst(t[girths[k]]);
            doc_put(b, " %.2f, goal %.1f%s |", worst, goals[g].goal[k], mark_of[worst > goals[g].goal[k] + 0.005]);
        }
        doc_put(b, "\n");
    }
    tally c[TAPE_COUNT][2] = { 0 };
    stratum_tally(&strata[4], trials, people, c);
    doc_put(b, "| %s |", strata[4].title);
    for (int k = 0; k < 3; k++) {
        double worst = tally_worst(c[girths[k]]);
        const tally *t = c[girths[k]];
        double gain = 100 * tally_mean(t[0].sum_gain + t[1].sum_gain, t[0].n + t[1].n);
        doc_put(b, " %.2f, closer than A by %.2f%s |", worst, gain, mark_of[gain < 0]);
    }
    doc_put(b, "\n\nLengths, cm, the worse sex, with weight:\n\n| input | inseam | shoulder breadth | arm length |\n"
               "|---|---|---|---|\n");
    for (int s = 1; s < 5; s++) {
        static const tape_measure lengths[3] = { TAPE_INSEAM, TAPE_SHOULDER_BREADTH, TAPE_ARM_LENGTH };
        static const double goal[3] = { 1.6, 1.3, 1.5 };
        tally t[TAPE_COUNT][2] = { 0 };
        stratum_tally(&strata[s], trials, people, t);
        doc_put(b, "| %s |", strata[s].title);
        for (int k = 0; k < 3; k++) {
            double worst = tally_worst(t[lengths[k]]);
            doc_put(b, " %.2f, goal %.1f%s |", worst, goal[k], mark_of[worst > goal[k] + 0.005]);
        }
        doc_put(b, "\n");
    }
    doc_put(b, "\n");
}

static void measures_table(buf *b, const stratum *s, const trial *trials, int people)
{
    tally t[TAPE_COUNT][2] = { 0 }, a[TAPE_COUNT][2] = { 0 };
    stratum_tally(s, trials, people, t);
    bool photo = s->mode != 'A';
    int n = t[0][0].n + t[0][1].n;
    if (n == 0) return;
    for (int i = 0; photo && i < people; i++) {
        const trial *p = &trials[i];
        if (!stratum_has(s, p)) continue;
        const trial_result *r = &p->result[0][s->weighed];
        for (int k = 0; k < TAPE_COUNT; k++)
            tally_add(&a[k][p->sex], r->value[k] - p->truth[k], r->sd[k], r->value[k] - p->truth[k]);
    }
    doc_put(b,
            "### %s\n\n%d people, cm. Held: truth within the 90 %% interval.\n\n| measurement | MAE women | men | bias "
            "women | men | mean interval | held%s\n|---|---|---|---|---|---|---|%s\n",
            s->title, n, photo ? " | without the photo: women | men |" : " |", photo ? "---|---|" : "");
    for (int k = 0; k < TAPE_COUNT; k++) {
        doc_put(b, "| %s | %.2f | %.2f | %+.2f | %+.2f | +-%.1f | %.0f %% |", tape_name[k], tally_mae(&t[k][0]),
                tally_mae(&t[k][1]), 100 * tally_mean(t[k][0].sum, t[k][0].n), 100 * tally_mean(t[k][1].sum, t[k][1].n),
                164.49 * tally_mean(t[k][0].sum_sd + t[k][1].sum_sd, n), 100 * tally_coverage(t[k], 2));
        if (photo) doc_put(b, " %.2f | %.2f |", tally_mae(&a[k][0]), tally_mae(&a[k][1]));
        doc_put(b, "\n");
    }
    doc_put(b, "\n");
}

static void groups_table(buf *b, const trial *trials, int people)
{
    doc_put(b,
            "### By groups\n\nChest / natural waist / hip, cm, all clothes, with weight; held: of all 20 measurements "
            "but the height. The figures of A are of the same people.\n\n| group | people | A | B | C | held A | B | C "
            "|\n|---|---|---|---|---|---|---|---|\n");
    for (int g = 0; g < GROUPS; g++) {
        tally t[TRIAL_MODES][TAPE_COUNT] = { 0 };
        for (int i = 0; i < people; i++) {
            const trial *p = &trials[i];
            if (!group_has(g, p) || !p->result[2][1].made) continue;
            for (int mode = 0; mode < TRIAL_MODES; mode++)
                for (int k = 0; k < TAPE_COUNT; k++)
                    tally_add(&t[mode][k], p->result[mode][1].value[k] - p->truth[k], p->result[mode][1].sd[k], 0);
        }
        if (t[0][0].n == 0) continue;
        doc_put(b, "| %s | %d |", group_name[g], t[0][0].n);
        for (int mode = 0; mode < TRIAL_MODES; mode++)
            doc_put(b, " %.2f / %.2f / %.2f |", tally_mae(&t[mode][girths[0]]), tally_mae(&t[mode][girths[1]]),
                    tally_mae(&t[mode][girths[2]]));
        for (int mode = 0; mode < TRIAL_MODES; mode++)
            doc_put(b, " %.0f %% |", 100 * tally_coverage(t[mode] + 1, TAPE_COUNT - 1));
        doc_put(b, "\n");
    }
    doc_put(b, "\n");
}

static void coverage_table(buf *b, const trial *trials, int people)
{
    doc_put(b,
            "### Intervals\n\n90 %% intervals over all measurements but the height; the least and the most of single "
            "measurements; their mean half width, cm.\n\n| input | held | least | most | half width |\n"
            "|---|---|---|---|---|\n");
    for (int s = 0; s < STRATA; s++) {
        tally t[TAPE_COUNT][2] = { 0 };
        stratum_tally(&strata[s], trials, people, t);
        int n = t[0][0].n + t[0][1].n, low = 1, high = 1;
        if (n == 0) continue;
        double wide = 0;
        for (int k = 1; k < TAPE_COUNT; k++) {
            if (tally_coverage(t[k], 2) < tally_coverage(t[low], 2)) low = k;
            if (tally_coverage(t[k], 2) > tally_coverage(t[high], 2)) high = k;
            wide += 164.49 * tally_mean(t[k][0].sum_sd + t[k][1].sum_sd, n) / (TAPE_COUNT - 1);
        }
        doc_put(b, "| %s | %.1f %% | %.0f %% %s | %.0f %% %s | %.2f |\n", strata[s].title,
                100 * tally_coverage(&t[1][0], 2 * (TAPE_COUNT - 1)), 100 * tally_coverage(t[low], 2), tape_name[low],
                100 * tally_coverage(t[high], 2), tape_name[high], wide);
    }
    doc_put(b, "\n![How often the truth lies in intervals of every width](images/accuracy-intervals.png)\n\n");
}

// Notes what the photo makes worse in one group of people: by more than half a millimetre, and by more than chance, two
// standard errors of the paired difference. Returns how many measurements were compared.
static int paired_group(buf *b, const char *title, const char *group, const tally *t, int *worse, int *surely)
{
    int compared = 0;
    for (int k = 1; k < TAPE_COUNT; k++) {
        if (t[k].n < 20) continue; // too few to compare
        double n = t[k].n, gain = 100 * t[k].sum_gain / n, spread = 1e4 * t[k].sum_gain2 / n - gain * gain;
        compared++;
        if (gain >= -0.05) continue;
        ++*worse;
        if (gain > -2 * sqrt(spread / n)) continue;
        ++*surely;
        doc_put(b, "* %s, %s: %s, %.2f cm\n", title, group, tape_name[k], -gain);
    }
    return compared;
}

// Each member of the pair is estimated from as many photos; what is told of weight and sex is the same.
static int paired_input(buf *b, const char *title, int photos, int without, const stratum *told, const trial *trials,
                        int people, int *worse, int *surely)
{
    int compared = 0;
    for (int g = 0; g < GROUPS; g++) {
        tally t[TAPE_COUNT] = { 0 };
        for (int i = 0; i < people; i++) {
            const trial *p = &trials[i];
            const trial_result *r = stratum_result(told, p, photos), *a = stratum_result(told, p, without);
            if (!r->made || !a->made || !group_has(g, p)) continue;
            for (int m = 0; m < TAPE_COUNT; m++)
                tally_add(&t[m], r->value[m] - p->truth[m], r->sd[m], a->value[m] - p->truth[m]);
        }
        compared += paired_group(b, title, group_name[g], t, worse, surely);
    }
    return compared;
}

static void paired_table(buf *b, const trial *trials, int people)
{
    static const struct {
        int photos, without;
        const char *title;
    } pairs[] = { { 1, 0, "B against A" }, { 2, 0, "C against A" }, { 2, 1, "C against B" } };
    static const struct {
        stratum told;
        const char *but;
    } inputs[] = { { { .weighed = true }, "" },
                   { { .weighed = false }, ", without the weight" },
                   { { .weighed = true, .untold = true }, ", sex not told" },
                   { { .weighed = false, .untold = true }, ", neither sex nor weight told" } };
    doc_put(b, "### With the photo against without it\n\nWhat a photo makes worse, by more than 0.05 cm and twice the "
               "standard error of the paired difference (goal: nothing), by the groups above, on the same people:\n\n");
    int compared = 0, worse = 0, surely = 0;
    for (size_t k = 0; k < sizeof pairs / sizeof *pairs; k++)
        for (size_t q = 0; q < sizeof inputs / sizeof *inputs; q++) {
            char title[96];
            snprintf(title, sizeof title, "%s%s", pairs[k].title, inputs[q].but);
            compared += paired_input(b, title, pairs[k].photos, pairs[k].without, &inputs[q].told, trials, people,
                                     &worse, &surely);
        }
    doc_put(b,
            "%s%d comparisons (inputs, groups of at least 20 people, measurements): worse by more than 0.05 cm in %d, "
            "beyond twice the standard error in %d.\n\n",
            surely ? "\n" : "None. ", compared, worse, surely);
}

static void refusals_table(buf *b, const trial *trials, int people)
{
    doc_put(b, "### Refused photos\n\n| reason | front | side |\n|---|---|---|\n");
    int refused[2] = { 0 };
    for (unsigned bit = 1; bit & VERDICT_REFUSED; bit <<= 1) {
        int n[2] = { 0 };
        for (int i = 0; i < people; i++)
            n[0] += (trials[i].verdict & bit) != 0, n[1] += (trials[i].side_verdict & bit) != 0;
        if (n[0] + n[1] > 0) doc_put(b, "| %s | %d | %d |\n", capture_verdict_word(bit), n[0], n[1]);
    }
    int loose_seen[2] = { 0 }, of[2] = { 0 };
    for (int i = 0; i < people; i++) {
        const trial *t = &trials[i];
        refused[0] += (t->verdict & VERDICT_REFUSED) != 0, refused[1] += (t->side_verdict & VERDICT_REFUSED) != 0;
        of[t->clothes == OUTFIT_LOOSE]++;
        loose_seen[t->clothes == OUTFIT_LOOSE] += (t->verdict & VERDICT_LOOSE_CLOTHES) != 0;
    }
    doc_put(
        b,
        "| of %d photos each | %d | %d |\n\nLoose clothes were noticed in %d of %d photos, fitted ones called loose "
        "in %d of %d.\n",
        people, refused[0], refused[1], loose_seen[1], of[1], loose_seen[0], of[0]);
}

// --- plots ---

static bool intervals_plot(const char *path, const trial *trials, int people, err *e)
{
    static const char *const names[TRIAL_MODES] = { "A", "B", "C" };
    plot p = { .title = "Truth within the interval",
               .x_label = "stated share",
               .y_label = "found share",
               .x1 = 1,
               .y1 = 1,
               .series = TRIAL_MODES + 1 };
    for (int k = 0; k < p.series; k++) p.of[k] = mem_new(1, sizeof **p.of);
    for (int mode = 0; mode < TRIAL_MODES; mode++) {
        plot_series *q = p.of[mode];
        q->name = names[mode];
        for (int i = 1; i < 40; i++) {
            double z = 0.08 * i, n = 0, held = 0;
            for (int k = 0; k < people; k++) {
                const trial_result *r = &trials[k].result[mode][1];
                for (int m = 1; r->made && m < TAPE_COUNT; m++)
                    n++, held += fabs(r->value[m] - trials[k].truth[m]) <= z * r->sd[m];
            }
            q->x[q->count] = erf(z / sqrt(2));
            q->y[q->count++] = n > 0 ? held / n : 0;
        }
    }
    plot_series *q = p.of[TRIAL_MODES];
    q->count = 2, q->dashed = true, q->x[1] = q->y[1] = 1;
    bool ok = plot_write(&p, path, e);
    for (int k = 0; k < p.series; k++) mem_free(p.of[k]);
    return ok;
}

static bool girths_plot(const char *path, const trial *trials, int people, err *e)
{
    static const char *const names[3] = { "chest", "waist", "hip" };
    static const char *const x_names[5] = { "A", "B fitted", "C fitted", "B loose", "C loose" };
    plot p = { .title = "Mean absolute error, worse sex",
               .x_label = "input",
               .y_label = "cm",
               .x0 = -0.4,
               .x1 = 4.4,
               .y1 = 5,
               .series = 3,
               .x_names = x_names,
               .x_name_count = 5 };
    for (int k = 0; k < 3; k++) {
        p.of[k] = mem_new(1, sizeof **p.of);
        p.of[k]->name = names[k];
        p.of[k]->points = p.of[k]->bars = true;
    }
    for (int s = 0; s < 5; s++) {
        tally t[TAPE_COUNT][2] = { 0 };
        stratum_tally(&strata[s], trials, people, t);
        for (int k = 0; k < 3; k++) {
            plot_series *q = p.of[k];
            q->x[q->count] = s + 0.12 * (k - 1);
            q->y[q->count] = q->high[q->count] = tally_worst(t[girths[k]]);
            q->count++;
        }
    }
    bool ok = plot_write(&p, path, e);
    for (int k = 0; k < 3; k++) mem_free(p.of[k]);
    return ok;
}

static bool scatter_plot(const char *path, const trial *trials, int people, err *e)
{
    plot p = { .title = "Natural waist, C with weight",
               .x_label = "truth, cm",
               .y_label = "estimate, cm",
               .x0 = 55,
               .x1 = 135,
               .y0 = 55,
               .y1 = 135,
               .series = 3 };
    for (int k = 0; k < 3; k++) p.of[k] = mem_new(1, sizeof **p.of);
    p.of[0]->name = "fitted", p.of[1]->name = "loose";
    p.of[0]->points = p.of[1]->points = true;
    for (int i = 0; i < people; i++) {
        const trial_result *r = &trials[i].result[2][1];
        plot_series *q = p.of[trials[i].clothes == OUTFIT_LOOSE];
        if (!r->made || q->count == PLOT_MAX_POINTS) continue;
        q->x[q->count] = 100 * trials[i].truth[TAPE_WAIST_NATURAL_GIRTH];
        q->y[q->count++] = 100 * r->value[TAPE_WAIST_NATURAL_GIRTH];
    }
    p.of[2]->count = 2, p.of[2]->dashed = true;
    p.of[2]->x[0] = p.of[2]->y[0] = 55, p.of[2]->x[1] = p.of[2]->y[1] = 135;
    bool ok = plot_write(&p, path, e);
    for (int k = 0; k < 3; k++) mem_free(p.of[k]);
    return ok;
}

static void size_row(buf *b, const char *title, const size_agreement *a)
{
    doc_put(b, "| %s | %d | %.1f %% | %.1f %% | %.1f %% | %.1f %% |\n", title, a->n, 100 * tally_mean(a->same, a->n),
            100 * tally_mean(a->same_or_runner_up, a->n), 100 * tally_mean(a->own, a->foretold),
            100 * tally_mean(a->best, a->foretold));
}

static bool sizes_section(const char *page, const char *path, const trial *trials, int people, err *e)
{
    static const char *const names[TRIAL_MODES] = { "A", "B", "C" };
    buf b = buf_new((size_t)1 << 20);
    doc_put(&b,
            "The size recommended on the estimate against the one recommended on the true body: T-shirts by the chest, "
            "trousers by waist and hips, body charts in bands of 8 cm, fitted clothes in the photos.\n\n"
            "| input | judged | same size | same, or the second of two when it says between sizes | foretold of its "
            "size | foretold of the likeliest |\n|---|---|---|---|---|---|\n");
    plot p = { .title = "Stated probability of a good fit, and how often it comes true",
               .x_label = "stated",
               .y_label = "found",
               .x1 = 1,
               .y1 = 1,
               .series = TRIAL_MODES + 1 };
    for (int k = 0; k < p.series; k++) p.of[k] = mem_new(1, sizeof **p.of);
    for (int mode = 0; mode < TRIAL_MODES; mode++) {
        size_agreement a;
        sizes_agree(&strata[mode], trials, people, &a);
        size_row(&b, strata[mode].title, &a);
        plot_series *q = p.of[mode];
        q->name = names[mode], q->points = q->bars = true;
        for (int i = 0; i < SIZES_BINS; i++) {
            if (a.bin[i].n < 15) continue;
            double share = (double)a.bin[i].fits / a.bin[i].n, sd = sqrt(fmax(share * (1 - share), 0.02) / a.bin[i].n);
            q->x[q->count] = a.bin[i].stated / a.bin[i].n;
            q->y[q->count] = share;
            q->low[q->count] = fmax(share - 2 * sd, 0), q->high[q->count] = fmin(share + 2 * sd, 1);
            q->count++;
        }
    }
    p.of[TRIAL_MODES]->count = 2, p.of[TRIAL_MODES]->dashed = true;
    p.of[TRIAL_MODES]->x[1] = p.of[TRIAL_MODES]->y[1] = 1;
    size_agreement taped;
    sizes_by_tape(trials, people, &taped);
    size_row(&b, "girths by a trained measurer's tape", &taped);
    doc_put(
        &b,
        "\nPeople for whom no band is right are not counted. Foretold: the share of bodies drawn as the estimate "
        "describes them whose right size is the recommended one, and the same of their most frequent right size; no "
        "recommendation from the same estimate can be right more often than the latter. The tape in trained hands: "
        "the true girths with errors of 1.4 (chest) and 1.2 cm (waist, hip) on the average, the survey's allowance. "
        "A goal (A 85, B 90, C 93 %%) above that last row asks for more than such a tape gives. For a single girth, an "
        "error of e cm moves a share of e / 8 of people over the edge of a band of 8 cm: mean errors of 3, 2 and 1 cm "
        "leave 62, 75 and 88 %% in theirs; trousers ask that of waist and hips at once.\n\n"
        "![How often a stated probability of a good fit comes true](images/accuracy-sizes.png)\n");
    bool ok = plot_write(&p, path, e) && doc_write(page, DOC_SIZES, &b, e);
    for (int k = 0; k < p.series; k++) mem_free(p.of[k]);
    buf_free(&b);
    return ok;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static bool time_section(const char *page, const trial *trials, int people, err *e)
{
    static const char *const names[TRIAL_MODES] = { "A", "B", "C" };
    static const double goal[TRIAL_MODES] = { 0, 300, 500 };
    buf b = buf_new((size_t)1 << 20);
    doc_put(&b,
            "The estimate alone, without looking at the photo: milliseconds of one processor, with weight; a busy "
            "machine makes them longer. The prior, about 25 ms, is not in it.\n\n| input | median | 95 %% | goal |\n"
            "|---|---|---|---|\n");
    double *ms = mem_array(double, (size_t)people + 1);
    for (int mode = 0; mode < TRIAL_MODES; mode++) {
        int n = 0;
        for (int i = 0; i < people; i++)
            if (trials[i].result[mode][1].made) ms[n++] = trials[i].result[mode][1].ms;
        if (n == 0) continue;
        qsort(ms, (size_t)n, sizeof *ms, by_value);
        doc_put(&b, "| %s | %.0f | %.0f |", names[mode], ms[n / 2], ms[n * 95 / 100]);
        if (goal[mode] > 0)
            doc_put(&b, " %.0f |\n", goal[mode]);
        else
            doc_put(&b, " |\n");
    }
    bool ok = doc_write(page, DOC_TIME, &b, e);
    mem_free(ms);
    buf_free(&b);
    return ok;
}

bool world_document(const char *page, const trial *trials, int people, uint64_t seed, err *e)
{
    buf b = buf_new((size_t)1 << 20);
    doc_put(&b, "%d people of seed %llu.\n\n", people, (unsigned long long)seed);
    goals_table(&b, trials, people);
    doc_put(&b, "![Errors of chest, waist and hip by input](images/accuracy-girths.png)\n"
                "![Waist, true and estimated](images/accuracy-waist.png)\n\n");
    coverage_table(&b, trials, people);
    groups_table(&b, trials, people);
    paired_table(&b, trials, people);
    for (int s = 0; s < TOLD_STRATA; s++) measures_table(&b, &strata[s], trials, people);
    refusals_table(&b, trials, people);
    char folder[3072], path[4096];
    const char *slash = strrchr(page, '/');
    snprintf(folder, sizeof folder, "%.*s/images", slash ? (int)(slash - page) : 1, slash ? page : ".");
    bool ok = io_make_dirs(folder, e) && doc_write(page, DOC_WORLD, &b, e);
    buf_free(&b);
    snprintf(path, sizeof path, "%s/accuracy-intervals", folder);
    ok = ok && intervals_plot(path, trials, people, e);
    snprintf(path, sizeof path, "%s/accuracy-girths", folder);
    ok = ok && girths_plot(path, trials, people, e);
    snprintf(path, sizeof path, "%s/accuracy-waist", folder);
    ok = ok && scatter_plot(path, trials, people, e);
    snprintf(path, sizeof path, "%s/accuracy-sizes", folder);
    return ok && sizes_section(page, path, trials, people, e) && time_section(page, trials, people, e);
}

bool world_answers(const char *page, const trial *trials, int people, uint64_t seed, err *e)
{
    buf b = buf_new((size_t)1 << 20);
    doc_put(&b,
            "Mode A on %d people of seed %llu: the means over so many have little chance left in them. cm, with their "
            "standard errors.\n\n| sex | chest | waist (natural) | hip |\n|---|---|---|---|\n",
            people, (unsigned long long)seed);
    for (int sex = 0; sex < 2; sex++) {
        doc_put(&b, "| %s |", sex ? "men" : "women");
        for (int g = 0; g < GIRTHS; g++) {
            double sum = 0, sum2 = 0;
            int n = 0;
            for (int i = 0; i < people; i++) {
                const trial *t = &trials[i];
                double off = 100 * fabs(t->result[0][1].value[girths[g]] - t->truth[girths[g]]);
                if (t->sex != (body_sex)sex) continue;
                n++, sum += off, sum2 += off * off;
            }
            double mean = tally_mean(sum, n), variance = fmax(tally_mean(sum2, n) - mean * mean, 0);
            doc_put(&b, " %.2f +- %.2f |", mean, sqrt(tally_mean(variance, n)));
        }
        doc_put(&b, "\n");
    }
    doc_put(&b, "| goal | %.1f | %.1f | %.1f |\n", goals[0].goal[0], goals[0].goal[1], goals[0].goal[2]);
    bool ok = doc_write(page, DOC_ANSWERS, &b, e);
    buf_free(&b);
    return ok;
}
