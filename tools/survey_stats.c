// Fits assets/survey/ansur2.json from the public ANSUR II tables: survey_stats FOLDER-WITH-female.csv-AND-male.csv
// OUT.json Only regressions and covariances leave this program; no row does.
#include "base/io.h"
#include "base/limits.h"
#include "base/mem.h"
#include "math/linalg.h"
#include "tools/survey_csv.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_ROWS = 8000, M = SURVEY_MEASURES };

typedef struct {
    survey_answers answers[MAX_ROWS];
    double value[MAX_ROWS][M]; // metres
    double weight[MAX_ROWS];   // of the row in the fit
    int rows;
} people;

static void read_people(const char *folder, body_sex sex, people *p)
{
    int count;
    err e = { 0 };
    survey_person *read = survey_csv_read(folder, sex, 1, &count, &e);
    if (!read) {
        fprintf(stderr, "survey_stats: %s\n", e.msg);
        exit(2);
    }
    for (int i = 0; i < count && p->rows < MAX_ROWS; i++) {
        int r = p->rows++;
        p->answers[r] = read[i].answers;
        memcpy(p->value[r], read[i].value, sizeof read[i].value);
        p->weight[r] = 1.0 / count; // each sex counts the same
    }
    mem_free(read);
}

static void fit(const people *p, int given, survey_table *t)
{
    int n = p->rows, f = 0;
    double *x = mem_array(double, (size_t)n *SURVEY_FEATURES), *y = mem_array(double, (size_t)n *M),
           *scale = mem_array(double, (size_t)n);
    double gram[SURVEY_FEATURES * SURVEY_FEATURES], c[SURVEY_FEATURES * M], feature[SURVEY_FEATURES];
    for (int r = 0; r < n; r++) {
        survey_answers a = p->answers[r];
        scale[r] = log(sqrt(a.weight / a.height) / 6.7);
        if (!(given & GIVEN_WEIGHT)) a.weight = 0;
        if (!(given & GIVEN_AGE)) a.age = 0;
        f = survey_features(&a, feature);
        for (int i = 0; i < f; i++) x[r * f + i] = feature[i] * sqrt(p->weight[r]);
        for (int m = 0; m < M; m++) y[r * M + m] = p->value[r][m] * sqrt(p->weight[r]);
    }
    if (!least_squares(x, y, n, f, M, 1e-9, gram, c)) exit(2);
    for (int i = 0; i < f; i++)
        for (int m = 0; m < M; m++) t->coefficient[i][m] = c[i * M + m];
    // Residuals; their size grows with the body: log|residual| regressed on log g.
    double total = 0, mean_scale = 0, spread = 0;
    for (int r = 0; r < n; r++) {
        total += p->weight[r];
        mean_scale += p->weight[r] * scale[r];
        for (int m = 0; m < M; m++) {
            for (int i = 0; i < f; i++) y[r * M + m] -= x[r * f + i] * c[i * M + m];
            y[r * M + m] /= sqrt(p->weight[r]);
        }
    }
    mean_scale /= total;
    for (int r = 0; r < n; r++) spread += p->weight[r] * (scale[r] - mean_scale) * (scale[r] - mean_scale);
    for (int m = 0; m < M; m++) {
        double slope = 0, variance = 0;
        for (int r = 0; r < n; r++)
            slope += p->weight[r] * (scale[r] - mean_scale) * log(fmax(fabs(y[r * M + m]), 1e-4));
        t->sd_growth[m] = given & GIVEN_WEIGHT ? fmax(slope / spread, 0) : 0;
        for (int r = 0; r < n; r++) {
            y[r * M + m] /= exp(t->sd_growth[m] * scale[r]);
            variance += p->weight[r] * y[r * M + m] * y[r * M + m] / total;
        }
        t->sd[m] = sqrt(variance);
    }
    for (int i = 0; i < M; i++)
        for (int j = 0; j < M; j++) {
            double sum = 0;
            for (int r = 0; r < n; r++) sum += p->weight[r] * y[r * M + i] * y[r * M + j] / total;
            t->correlation[i][j] = sum / (t->sd[i] * t->sd[j]);
        }
    mem_free(x);
    mem_free(y);
    mem_free(scale);
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: survey_stats FOLDER OUT.json   (FOLDER has female.csv and male.csv of ANSUR II)\n");
        return 2;
    }
    survey_stats *s = mem_new(1, sizeof *s);
    for (int sex = 0; sex < 3; sex++) {
        people *p = mem_new(1, sizeof *p);
        for (int k = 0; k < 2; k++)
            if (sex == SEX_NEUTRAL || sex == k) read_people(argv[1], (body_sex)k, p);
        for (int given = 0; given < GIVEN_COUNT; given++) fit(p, given, &s->table[sex][given]);
        printf("%s: %d people; residual sd with weight and age: chest %.1f, waist %.1f, hip %.1f cm\n",
               body_sex_word((body_sex)sex), p->rows, 100 * s->table[sex][GIVEN_WEIGHT_AGE].sd[2],
               100 * s->table[sex][GIVEN_WEIGHT_AGE].sd[3], 100 * s->table[sex][GIVEN_WEIGHT_AGE].sd[4]);
        mem_free(p);
    }
    buf json = buf_new(4 * MIB);
    err e = { 0 };
    bool ok = survey_print(s, &json) && io_write(argv[2], json.data, json.len, &e);
    if (!ok) fprintf(stderr, "survey_stats: %s\n", e.msg);
    buf_free(&json);
    mem_free(s);
    return ok ? 0 : 1;
}
