// The demo's two questions to demo/truth.json:
//   demo_table TRUTH.json                      the answers of the person in the photo, as options of "tryon avatar"
//   demo_table TRUTH.json MEASUREMENTS.json    estimate and truth side by side
// TRUTH.json: {"answers": {"height_cm", "weight_kg", "sex", "age"}, "measurements_cm": {"chest_girth": 94.1, …}}.
#include "base/io.h"
#include "base/limits.h"
#include "body/tape.h"

#include <jansson.h>
#include <stdio.h>

static json_t *read_json(const char *path)
{
    err e = { 0 };
    json_error_t where;
    buf bytes = buf_new(1 * MIB);
    json_t *root = NULL;
    if (!io_read(path, &bytes, &e))
        fprintf(stderr, "demo_table: %s\n", e.msg);
    else if (!(root = json_loadb((const char *)bytes.data, bytes.len, JSON_REJECT_DUPLICATES, &where)))
        fprintf(stderr, "demo_table: %s, line %d: %s\n", path, where.line, where.text);
    buf_free(&bytes);
    return root;
}

static int print_answers(const json_t *truth)
{
    const char *sex;
    double height, weight, age;
    json_error_t where;
    if (json_unpack_ex((json_t *)truth, &where, 0, "{s:{s:F, s:F, s:s, s:F}}", "answers", "height_cm", &height,
                       "weight_kg", &weight, "sex", &sex, "age", &age) != 0) {
        fprintf(stderr, "demo_table: the truth's answers: %s\n", where.text);
        return 1;
    }
    printf("--height %g --weight %g --sex %s --age %g\n", height, weight, sex, age);
    return 0;
}

static int print_table(const json_t *truth, const json_t *measured)
{
    const json_t *true_cm = json_object_get(truth, "measurements_cm"),
                 *estimates = json_object_get(measured, "measurements");
    int inside = 0, compared = 0;
    printf("%-26s %8s %8s %6s   %-17s %s\n", "cm", "estimate", "truth", "off", "90 % range", "");
    for (int i = 0; i < TAPE_COUNT; i++) {
        double value, lo, hi;
        const json_t *want = json_object_get(true_cm, tape_key[i]);
        json_t *got = json_object_get(estimates, tape_key[i]);
        if (!json_is_number(want) ||
            json_unpack(got, "{s:F, s:F, s:F}", "value_cm", &value, "lo_cm", &lo, "hi_cm", &hi) != 0) {
            fprintf(stderr, "demo_table: %s is missing\n", tape_key[i]);
            return 1;
        }
        double t = json_number_value(want);
        bool in = lo <= t && t <= hi;
        printf("%-26s %8.1f %8.1f %+6.1f   %6.1f - %-8.1f %s\n", tape_name[i], value, t, value - t, lo, hi,
               in ? "" : "outside");
        inside += in;
        compared++;
    }
    printf("%d of %d true values lie inside their 90 %% range.\n", inside, compared);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc != 2 && argc != 3) {
        fprintf(stderr, "usage: demo_table TRUTH.json [MEASUREMENTS.json]\n");
        return 2;
    }
    json_t *truth = read_json(argv[1]), *measured = argc == 3 ? read_json(argv[2]) : NULL;
    int rc = !truth || (argc == 3 && !measured) ? 1 : measured ? print_table(truth, measured) : print_answers(truth);
    json_decref(truth);
    json_decref(measured);
    return rc;
}
