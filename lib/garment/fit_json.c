#include "garment/fit.h"

#include <jansson.h>
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
    static const char *const verdict[FIT_CLASSES] = { "cannot be worn: too small at", "too tight at",
                                                      "fits; closest at", "relaxed at", "loose at" };
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
    int n = snprintf(out, size, "%s %s", verdict[s->verdict], place[r->region.dim]);
    char ease[32];
    snprintf(ease, sizeof ease, " (%+.1f cm)", r->ease);
    if ((size_t)n + strlen(ease) < size) memcpy(out + n, ease, strlen(ease) + 1); // whole or not at all
}

// Where and how: brief leaves the blanks out. A try-on prints hundreds of numbers in the request itself: not through
// printf.
typedef struct {
    buf *out;
    bool brief;
} pen;

static const char *blank(const pen *p) { return p->brief ? "" : " "; }

// A member of an object, up to its value; first: nothing goes before it.
static bool name(const pen *p, const char *text, bool first)
{
    return buf_join(p->out, first ? "\"" : p->brief ? ",\"" : ", \"", text, p->brief ? "\":" : "\": ", NULL);
}

static bool word(const pen *p, const char *text)
{
    return text ? buf_join(p->out, "\"", text, "\"", NULL) : buf_text(p->out, "null");
}

// A region is most of what is printed, and six sizes have dozens: written without a look at lengths that are known.
static char *put(char *at, const char *text, size_t n)
{
    memcpy(at, text, n);
    return at + n;
}

// One of two literals.
#define PUT(at, brief, a, b) ((brief) ? put((at), (a), sizeof(a) - 1) : put((at), (b), sizeof(b) - 1))
#define PUT_NUMBER(at, brief, name, v, decimals)                                                                       \
    fixed_text(PUT((at), (brief), ",\"" name "\":", ", \"" name "\": "), (v), (decimals))

static bool print_region(const pen *p, const fit_region_result *r)
{
    enum { NUMBERS = 9, WORDS = 5, WORD = 40, REST = 400 }; // our own words are shorter than that
    char text[NUMBERS * FIXED_TEXT + WORDS * WORD + REST], *at = text;
    bool b = p->brief;
    at = PUT(at, b, "{\"region\":\"", "\n      {\"region\": \"");
    at = stpcpy(at, chart_dim_key[r->region.dim]);
    at = PUT(at, b, "\",\"body\":\"", "\", \"body\": \"");
    at = stpcpy(at, tape_key[r->region.site]);
    *at++ = '"';
    at = PUT_NUMBER(at, b, "garment_cm", r->garment, 2);
    at = PUT_NUMBER(at, b, "body_cm", r->body, 2);
    at = PUT_NUMBER(at, b, "ease_cm", r->ease, 2);
    at = PUT_NUMBER(at, b, "ease_pct", 100 * r->ease / r->body, 1);
    at = PUT_NUMBER(at, b, "sd_cm", r->spread, 2);
    at = PUT_NUMBER(at, b, "least_cm", r->region.least, 2);
    at = PUT_NUMBER(at, b, "ideal_cm", r->region.ideal, 2);
    at = PUT_NUMBER(at, b, "most_cm", r->region.most, 2);
    at = PUT(at, b, ",\"class\":\"", ", \"class\": \"");
    at = stpcpy(at, fit_class_word[r->verdict]);
    *at++ = '"';
    at = PUT_NUMBER(at, b, "probability", r->probability, 4);
    at = PUT(at, b, ",\"source\":\"", ", \"source\": \"");
    at = stpcpy(at, measure_source_word[r->source]);
    at = put(at, "\"}", 2);
    return buf_append(p->out, text, (size_t)(at - text));
}

static bool print_size(const pen *p, const fit_size *s)
{
    char sentence[128];
    fit_sentence(s, sentence, sizeof sentence);
    bool ok = buf_text(p->out, "{") && name(p, "score", true) && buf_fixed(p->out, s->score, 4) &&
              name(p, "probability", false) && buf_fixed(p->out, s->probability, 3) && name(p, "class", false) &&
              word(p, fit_class_word[s->verdict]) && name(p, "says", false) && word(p, sentence) &&
              name(p, "worst_region", false) &&
              word(p, s->regions ? chart_dim_key[s->region[s->worst].region.dim] : NULL) &&
              buf_join(p->out, p->brief ? "," : ",\n    ", "\"regions\":", blank(p), "[", NULL);
    for (int i = 0; ok && i < s->regions; i++) ok = (!i || buf_text(p->out, ",")) && print_region(p, &s->region[i]);
    return ok && buf_text(p->out, "]}");
}

static const char *size_name(const garment *g, int size) { return size < 0 ? NULL : g->chart.size[size].name; }

static bool print_flag(const pen *p, const char *text, bool value)
{
    return name(p, text, false) && buf_text(p->out, value ? "true" : "false");
}

bool fit_print(const garment *g, const fit_result *r, fit_preference preference, const char *quality, bool brief,
               buf *out)
{
    const pen pen_ = { out, brief }, *p = &pen_;
    const char *comma = brief ? "," : ",\n ";
    bool ok = buf_text(out, "{") && name(p, "recommended", true) && word(p, size_name(g, r->recommended)) &&
              name(p, "runner_up", false) && word(p, size_name(g, r->runner_up)) &&
              print_flag(p, "between_sizes", r->between) && name(p, "preference", false) &&
              word(p, fit_preference_word[preference]) && name(p, "category", false) &&
              word(p, garment_category_word[g->category]) && name(p, "fabric", false) && word(p, g->fabric.name) &&
              print_flag(p, "fabric_calibrated", g->fabric.calibrated) &&
              print_flag(p, "standard_chart", g->chart.standard) &&
              buf_join(out, comma, "\"order\":", blank(p), "[", NULL);
    for (int i = 0; ok && i < r->count; i++)
        ok = (!i || buf_join(out, ",", blank(p), NULL)) && word(p, g->chart.size[i].name);
    ok = ok && buf_join(out, "]", comma, "\"sizes\":", blank(p), "{", NULL);
    for (int i = 0; ok && i < r->count; i++)
        ok = buf_join(out, i ? "," : "", brief ? "" : "\n  ", NULL) && name(p, g->chart.size[i].name, true) &&
             print_size(p, &r->size[i]);
    ok = ok && buf_text(out, "}");
    if (quality) ok = ok && buf_join(out, comma, "\"quality\":", blank(p), quality, NULL);
    return ok && buf_text(out, brief ? "}" : "}\n");
}
