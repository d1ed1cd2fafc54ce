#include "testworld/survey_rows.h"
#include "base/io.h"
#include "base/limits.h"
#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_ROWS = 20000, MAX_COLUMNS = 200 };

// Columns in millimetres; up to two are added, then scaled. In the order of survey_measure.
static const struct {
    const char *column[2];
    double factor;
} columns[SURVEY_MEASURES] = {
    { { "neckcircumference" }, 1 },
    { { "biacromialbreadth" }, 1 },
    { { "chestcircumference" }, 1 },
    { { "waistcircumference" }, 1 }, // at the navel
    { { "buttockcircumference" }, 1 },
    { { "thighcircumference" }, 1 },
    { { "calfcircumference" }, 1 },
    { { "anklecircumference" }, 1 },
    { { "bicepscircumferenceflexed" }, 0.94 }, // flexed to relaxed
    { { "wristcircumference" }, 1 },
    { { "acromionradialelength", "radialestylionlength" }, 1 },
    { { "crotchheight" }, 1 },
    { { "waistheightomphalion" }, 1 },
};

typedef struct {
    survey_row row;
    survey_answers answers;
    bool refused;
} person_row;

typedef struct {
    person_row *rows;
    int count, workers;
    body_model *const *model;
} work;

static int split(char *line, char **field)
{
    int n = 0;
    for (char *at = line; at && n < MAX_COLUMNS; n++) {
        field[n] = at;
        at = strchr(at, ',');
        if (at) *at++ = 0;
    }
    return n;
}

static int find_column(char **header, int n, const char *name)
{
    for (int i = 0; name && i < n; i++)
        if (strcasecmp(header[i], name) == 0) return i;
    return -1;
}

static bool read_table(work *w, const char *folder, body_sex sex, int step, err *e)
{
    char path[4096], name[32], *header[MAX_COLUMNS], *field[MAX_COLUMNS], *save = NULL;
    snprintf(name, sizeof name, "%s.csv", body_sex_word(sex));
    if (!io_join(path, sizeof path, folder, name)) return fail(e, ERR_LIMIT, "the path %.80s… is too long", folder);
    buf text = buf_new(256 * MIB);
    bool ok = io_read(path, &text, e) && buf_append(&text, "", 1);
    char *line = ok ? strtok_r((char *)text.data, "\r\n", &save) : NULL;
    int n = line ? split(line, header) : 0, height = find_column(header, n, "stature"),
        weight = find_column(header, n, "weightkg"), age = find_column(header, n, "Age"), at[SURVEY_MEASURES][2];
    bool all = height >= 0 && weight >= 0 && age >= 0;
    for (int m = 0; m < SURVEY_MEASURES; m++)
        for (int k = 0; k < 2; k++) {
            at[m][k] = find_column(header, n, columns[m].column[k]);
            all = all && (at[m][k] >= 0 || !columns[m].column[k]);
        }
    if (ok && !all) ok = fail(e, ERR_INPUT, "%s is not an ANSUR II table: columns are missing", path);
    for (int i = 0; ok && (line = strtok_r(NULL, "\r\n", &save)) && w->count < MAX_ROWS; i++) {
        if (i % step) continue;
        if (split(line, field) != n) continue;
        person_row *p = &w->rows[w->count++];
        p->row.sex = sex;
        p->answers = (survey_answers){ strtod(field[height], NULL) / 1000, strtod(field[weight], NULL) / 10,
                                       strtod(field[age], NULL) };
        for (int m = 0; m < SURVEY_MEASURES; m++)
            for (int k = 0; k < 2; k++)
                if (at[m][k] >= 0) p->row.truth[m] += columns[m].factor * strtod(field[at[m][k]], NULL) / 1000;
    }
    buf_free(&text);
    return ok;
}

static void estimate_share(void *ctx, int worker)
{
    work *w = ctx;
    tape *t[2] = { tape_new(w->model[0]), tape_new(w->model[1]) };
    estimate_result *r = mem_new(1, sizeof *r);
    for (int i = worker; i < w->count; i += w->workers) {
        person_row *p = &w->rows[i];
        err e = { 0 };
        estimate_input in = { .answers = p->answers };
        p->refused = !estimate_body(w->model[p->row.sex], t[p->row.sex], &in, r, &e);
        for (int m = 0; m < SURVEY_MEASURES; m++) {
            p->row.value[m] = r->value[survey_measure[m]];
            p->row.sd[m] = r->sd[survey_measure[m]];
        }
    }
    mem_free(r);
    tape_free(t[0]);
    tape_free(t[1]);
}

survey_row *survey_rows(const char *folder, int step, body_model *const *model, pool *threads, int *count, int *refused,
                        err *e)
{
    work w = { mem_array(person_row, MAX_ROWS), 0, pool_threads(threads), model };
    survey_row *rows = NULL;
    *count = *refused = 0;
    if (read_table(&w, folder, SEX_FEMALE, step, e) && read_table(&w, folder, SEX_MALE, step, e)) {
        pool_run(threads, w.workers, estimate_share, &w);
        rows = mem_array(survey_row, (size_t)w.count + 1);
        for (int i = 0; i < w.count; i++) {
            if (w.rows[i].refused)
                ++*refused;
            else
                rows[(*count)++] = w.rows[i].row;
        }
    }
    mem_free(w.rows);
    return rows;
}
