#include "tools/survey_csv.h"
#include "base/io.h"
#include "base/limits.h"
#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_ROWS = 8000, MAX_COLUMNS = 200 };

// Columns of the survey that are our measurements, in the order of survey_measure, in millimetres; up to two are added,
// then scaled.
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

survey_person *survey_csv_read(const char *folder, body_sex sex, int step, int *count, err *e)
{
    char path[4096], name[32], *header[MAX_COLUMNS], *field[MAX_COLUMNS], *save = NULL;
    *count = 0;
    snprintf(name, sizeof name, "%s.csv", body_sex_word(sex));
    if (!io_join(path, sizeof path, folder, name))
        return fail(e, ERR_LIMIT, "the path %.80s… is too long", folder), NULL;
    buf text = buf_new(64 * MIB);
    bool ok = io_read(path, &text, e) && buf_append(&text, "", 1);
    char *line = ok ? strtok_r((char *)text.data, "\r\n", &save) : NULL;
    int n = line ? split(line, header) : 0, height = find_column(header, n, "stature"),
        weight = find_column(header, n, "weightkg"), age = find_column(header, n, "age"), at[SURVEY_MEASURES][2];
    bool all = height >= 0 && weight >= 0 && age >= 0;
    for (int m = 0; m < SURVEY_MEASURES; m++)
        for (int k = 0; k < 2; k++) {
            at[m][k] = find_column(header, n, columns[m].column[k]);
            all = all && (at[m][k] >= 0 || !columns[m].column[k]);
        }
    if (ok && !all) ok = fail(e, ERR_INPUT, "%s is not an ANSUR II table: columns are missing", path);
    survey_person *people = ok ? mem_array(survey_person, MAX_ROWS) : NULL;
    for (int i = 0; ok && *count < MAX_ROWS && (line = strtok_r(NULL, "\r\n", &save)); i++) {
        if (i % step || split(line, field) != n) continue;
        survey_person *p = &people[(*count)++];
        p->answers = (survey_answers){ strtod(field[height], NULL) / 1000, strtod(field[weight], NULL) / 10,
                                       strtod(field[age], NULL) };
        for (int m = 0; m < SURVEY_MEASURES; m++) {
            double sum = 0;
            for (int k = 0; k < 2; k++) sum += at[m][k] >= 0 ? strtod(field[at[m][k]], NULL) : 0;
            p->value[m] = sum * columns[m].factor / 1000;
        }
    }
    buf_free(&text);
    return people;
}
