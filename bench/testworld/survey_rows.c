#include "testworld/survey_rows.h"
#include "base/mem.h"
#include "tools/survey_csv.h"

#include <string.h>

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

static bool read_table(work *w, const char *folder, body_sex sex, int step, err *e)
{
    int count;
    survey_person *people = survey_csv_read(folder, sex, step, &count, e);
    if (!people) return false;
    w->rows = mem_grow(w->rows, (size_t)(w->count + count), sizeof *w->rows);
    for (int i = 0; i < count; i++) {
        person_row *p = &w->rows[w->count++];
        *p = (person_row){ .row.sex = sex, .answers = people[i].answers };
        memcpy(p->row.truth, people[i].value, sizeof p->row.truth);
    }
    mem_free(people);
    return true;
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
    work w = { NULL, 0, pool_threads(threads), model };
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
