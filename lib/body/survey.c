#include "body/survey.h"

#include <jansson.h>
#include <math.h>
#include <string.h>

const tape_measure survey_measure[SURVEY_MEASURES] = {
    TAPE_NECK_GIRTH,  TAPE_SHOULDER_BREADTH, TAPE_CHEST_GIRTH,  TAPE_WAIST_OMPHALION_GIRTH, TAPE_HIP_GIRTH,
    TAPE_THIGH_GIRTH, TAPE_CALF_GIRTH,       TAPE_ANKLE_GIRTH,  TAPE_UPPER_ARM_GIRTH,       TAPE_WRIST_GIRTH,
    TAPE_ARM_LENGTH,  TAPE_INSEAM,           TAPE_WAIST_HEIGHT,
};

static const double G0 = 0.67; // sqrt(kg / m) / 10 of an average adult (76 kg, 1.70 m)

survey_given survey_known(const survey_answers *a)
{
    return (survey_given)((a->weight > 0 ? GIVEN_WEIGHT : 0) + (a->age > 0 ? GIVEN_AGE : 0));
}

static double girth_scale(const survey_answers *a) { return sqrt(a->weight / a->height) / 10; }

static double clamp(double x, double lo, double hi) { return x < lo ? lo : x > hi ? hi : x; }

int survey_features(const survey_answers *a, double *x)
{
    // The squares are held constant outside the survey's own range, so that they cannot run away there.
    int n = 0;
    double age = (clamp(a->age, 17, 65) - 30) / 10, g = a->weight > 0 ? (girth_scale(a) - G0) * 10 : 0;
    x[n++] = 1;
    x[n++] = (a->height - 1.7) * 10;
    if (a->weight > 0) {
        double held = clamp(g, -1.6, 2.2);
        x[n++] = g;
        x[n++] = held * held;
    }
    if (a->age > 0) {
        x[n++] = age;
        x[n++] = age * age;
    }
    if (a->weight > 0 && a->age > 0) x[n++] = clamp(g, -1.6, 2.2) * age;
    return n;
}

void survey_condition(const survey_stats *s, body_sex sex, const survey_answers *a, double *mean, double *covariance)
{
    const survey_table *t = &s->table[sex][survey_known(a)];
    double x[SURVEY_FEATURES], sd[SURVEY_MEASURES];
    int n = survey_features(a, x);
    double g = a->weight > 0 ? clamp(girth_scale(a) / G0, 0.7, 1.5) : 1;
    for (int m = 0; m < SURVEY_MEASURES; m++) {
        mean[m] = 0;
        for (int i = 0; i < n; i++) mean[m] += x[i] * t->coefficient[i][m];
        sd[m] = t->sd[m] * pow(g, t->sd_growth[m]);
    }
    for (int i = 0; i < SURVEY_MEASURES; i++)
        for (int j = 0; j < SURVEY_MEASURES; j++) {
            covariance[i * SURVEY_MEASURES + j] = t->correlation[i][j] * sd[i] * sd[j];
        }
}

// --- JSON: {"female": {"height": {"chest_girth": {"coefficients": […], "sd": …, "sd_growth": …, "correlation": […]}}}}
// ---

static const char *const given_word[GIVEN_COUNT] = { "height", "height_weight", "height_age", "height_weight_age" };

static int features_of(int given)
{
    double x[SURVEY_FEATURES];
    survey_answers a = { 1.7, given & GIVEN_WEIGHT ? 70 : 0, given & GIVEN_AGE ? 30 : 0 };
    return survey_features(&a, x);
}

static bool read_numbers(const json_t *array, int count, double *out, int stride)
{
    if ((int)json_array_size(array) != count) return false;
    for (int i = 0; i < count; i++) {
        const json_t *v = json_array_get(array, (size_t)i);
        if (!json_is_number(v)) return false;
        out[i * stride] = json_number_value(v);
    }
    return true;
}

bool survey_parse(const char *json, size_t n, survey_stats *out, err *e)
{
    json_error_t why;
    json_t *root = json_loadb(json, n, 0, &why);
    if (!root) return fail(e, ERR_INPUT, "the survey tables are not JSON: %s at line %d", why.text, why.line);
    memset(out, 0, sizeof *out);
    bool ok = true;
    for (int sex = 0; ok && sex < 3; sex++)
        for (int given = 0; ok && given < GIVEN_COUNT; given++)
            for (int m = 0; ok && m < SURVEY_MEASURES; m++) {
                const json_t *table =
                    json_object_get(json_object_get(root, body_sex_word((body_sex)sex)), given_word[given]);
                const json_t *row = json_object_get(table, tape_key[survey_measure[m]]);
                survey_table *t = &out->table[sex][given];
                t->sd[m] = json_number_value(json_object_get(row, "sd"));
                t->sd_growth[m] = json_number_value(json_object_get(row, "sd_growth"));
                ok = t->sd[m] > 0 &&
                     read_numbers(json_object_get(row, "coefficients"), features_of(given), &t->coefficient[0][m],
                                  SURVEY_MEASURES) &&
                     read_numbers(json_object_get(row, "correlation"), SURVEY_MEASURES, t->correlation[m], 1);
                if (!ok) {
                    fail(e, ERR_INPUT, "the survey tables lack %s.%s.%s", body_sex_word((body_sex)sex),
                         given_word[given], tape_key[survey_measure[m]]);
                }
            }
    json_decref(root);
    return ok;
}

static bool print_row(const survey_table *t, int m, int features, bool last, buf *json)
{
    bool ok = buf_printf(json, "      \"%s\": {\"coefficients\": [", tape_key[survey_measure[m]]);
    for (int i = 0; i < features; i++) ok = ok && buf_printf(json, "%s%.6f", i ? ", " : "", t->coefficient[i][m]);
    ok = ok && buf_printf(json, "], \"sd\": %.6f, \"sd_growth\": %.3f,\n        \"correlation\": [", t->sd[m],
                          t->sd_growth[m]);
    for (int i = 0; i < SURVEY_MEASURES; i++)
        ok = ok && buf_printf(json, "%s%.4f", i ? ", " : "", t->correlation[m][i]);
    return ok && buf_printf(json, "]}%s\n", last ? "" : ",");
}

bool survey_print(const survey_stats *s, buf *json)
{
    bool ok = buf_printf(
        json, "{\n  \"origin\": \"regressions on ANSUR II (US Army anthropometric survey 2012, approved for public "
              "release), fitted by tools/survey_stats\"");
    for (int sex = 0; sex < 3; sex++) {
        ok = ok && buf_printf(json, ",\n  \"%s\": {\n", body_sex_word((body_sex)sex));
        for (int given = 0; given < GIVEN_COUNT; given++) {
            ok = ok && buf_printf(json, "    \"%s\": {\n", given_word[given]);
            for (int m = 0; m < SURVEY_MEASURES; m++) {
                ok = ok && print_row(&s->table[sex][given], m, features_of(given), m == SURVEY_MEASURES - 1, json);
            }
            ok = ok && buf_printf(json, "    }%s\n", given == GIVEN_COUNT - 1 ? "" : ",");
        }
        ok = ok && buf_printf(json, "  }");
    }
    return ok && buf_printf(json, "\n}\n");
}
