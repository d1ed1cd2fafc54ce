#include "garment/fit.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

bool fit_body_set(fit_body *b, tape_measure site, double value, double sd, err *e)
{
    if (!(value > 0 && value < 300) || !(sd >= 0 && sd < 50))
        return fail(e, ERR_INPUT, "measurements.json: %s is not a measurement in cm with its sd", tape_key[site]);
    b->value[site] = value;
    b->sd[site] = sd;
    b->correlation[site * TAPE_COUNT + site] = 1;
    return true;
}

bool fit_body_parse(const char *text, size_t n, fit_body *out, err *e)
{
    json_error_t where;
    json_t *root = json_loadb(text, n, JSON_REJECT_DUPLICATES, &where);
    if (!root) return fail(e, ERR_INPUT, "measurements.json is not JSON: line %d: %.100s", where.line, where.text);
    const json_t *all = json_object_get(root, "measurements");
    bool ok = json_is_object(all);
    if (!ok) fail(e, ERR_INPUT, "measurements.json has no \"measurements\": it is not an avatar's");
    memset(out, 0, sizeof *out);
    for (int i = 0; ok && i < TAPE_COUNT; i++) {
        const json_t *one = json_object_get(all, tape_key[i]), *value = json_object_get(one, "value_cm"),
                     *sd = json_object_get(one, "sd_cm");
        if (one) ok = fit_body_set(out, (tape_measure)i, json_number_value(value), sd ? json_number_value(sd) : 0, e);
    }
    json_decref(root);
    return ok;
}

void fit_sentence(const fit_size *s, char *out, size_t size)
{
    static const char *const word[FIT_CLASSES] = { "cannot be worn: too small at", "too tight at", "fits; closest at",
                                                   "relaxed at", "loose at" };
    static const char *const place[DIM_COUNT] = {
        "the neck",   "the chest",     "the underbust",       "the waist",     "the hips",
        "the hem",    "the thighs",    "the knees",           "the leg's end", "the upper arms",
        "the wrists", "the shoulders", "the sleeves' length", "the length",    "the inside leg",
        "the height"
    };
    if (s->regions == 0) {
        snprintf(out, size, "the chart says nothing that can be compared");
        return;
    }
    int told = s->worst;
    for (int i = 0; i < s->regions; i++)
        if (s->region[i].verdict == s->verdict &&
            (s->region[told].verdict != s->verdict || s->region[i].probability < s->region[told].probability))
            told = i;
    const fit_region_result *r = &s->region[told];
    snprintf(out, size, "%s %s (%+.1f cm)", word[s->verdict], place[r->region.dim], r->ease);
}

// A try-on prints hundreds of numbers in the request itself: not through printf.
static bool print_region(const fit_region_result *r, buf *out)
{
    const struct {
        const char *name;
        double value;
        int decimals;
    } number[] = { { "\", \"garment_cm\": ", r->garment, 2 },  { ", \"body_cm\": ", r->body, 2 },
                   { ", \"ease_cm\": ", r->ease, 2 },          { ", \"ease_pct\": ", 100 * r->ease / r->body, 1 },
                   { ", \"sd_cm\": ", r->spread, 2 },          { ", \"least_cm\": ", r->region.least, 2 },
                   { ", \"ideal_cm\": ", r->region.ideal, 2 }, { ", \"most_cm\": ", r->region.most, 2 } };
    bool ok = buf_text(out, "\n      {\"region\": \"") && buf_text(out, chart_dim_key[r->region.dim]) &&
              buf_text(out, "\", \"body\": \"") && buf_text(out, tape_key[r->region.site]);
    for (size_t i = 0; ok && i < sizeof number / sizeof *number; i++)
        ok = buf_text(out, number[i].name) && buf_fixed(out, number[i].value, number[i].decimals);
    return ok && buf_text(out, ", \"class\": \"") && buf_text(out, fit_class_word[r->verdict]) &&
           buf_text(out, "\", \"probability\": ") && buf_fixed(out, r->probability, 4) &&
           buf_text(out, ", \"source\": \"") && buf_text(out, measure_source_word[r->source]) && buf_text(out, "\"}");
}

static bool print_size(const fit_size *s, buf *out)
{
    char sentence[128];
    fit_sentence(s, sentence, sizeof sentence);
    bool ok = buf_printf(out, "{\"score\": %.4f, \"probability\": %.3f, \"class\": \"%s\", \"says\": \"%s\", ",
                         s->score, s->probability, fit_class_word[s->verdict], sentence) &&
              buf_printf(out, "\"worst_region\": ");
    ok = ok && (s->regions ? buf_printf(out, "\"%s\"", chart_dim_key[s->region[s->worst].region.dim])
                           : buf_printf(out, "null"));
    ok = ok && buf_printf(out, ",\n    \"regions\": [");
    for (int i = 0; ok && i < s->regions; i++) ok = (!i || buf_text(out, ",")) && print_region(&s->region[i], out);
    return ok && buf_printf(out, "]}");
}

static bool print_name(const garment *g, int size, buf *out)
{
    return size < 0 ? buf_printf(out, "null") : buf_printf(out, "\"%s\"", g->chart.size[size].name);
}

bool fit_print(const garment *g, const fit_result *r, fit_preference p, const char *quality, buf *out)
{
    bool ok = buf_printf(out, "{\"recommended\": ") && print_name(g, r->recommended, out) &&
              buf_printf(out, ", \"runner_up\": ") && print_name(g, r->runner_up, out) &&
              buf_printf(out,
                         ", \"between_sizes\": %s, \"preference\": \"%s\", \"category\": \"%s\", "
                         "\"fabric\": \"%s\", \"fabric_calibrated\": %s, \"standard_chart\": %s,\n \"order\": [",
                         r->between ? "true" : "false", fit_preference_word[p], garment_category_word[g->category],
                         g->fabric.name, g->fabric.calibrated ? "true" : "false", g->chart.standard ? "true" : "false");
    for (int i = 0; ok && i < r->count; i++) ok = buf_printf(out, "%s\"%s\"", i ? ", " : "", g->chart.size[i].name);
    ok = ok && buf_printf(out, "],\n \"sizes\": {");
    for (int i = 0; ok && i < r->count; i++)
        ok = buf_printf(out, "%s\n  \"%s\": ", i ? "," : "", g->chart.size[i].name) && print_size(&r->size[i], out);
    ok = ok && buf_printf(out, "}");
    if (quality) ok = ok && buf_printf(out, ",\n \"quality\": %s", quality);
    return ok && buf_printf(out, "}\n");
}
