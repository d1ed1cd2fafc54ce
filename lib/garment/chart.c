#include "garment/chart.h"
#include "garment/chart_cells.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const chart_dim_key[DIM_COUNT] = { "neck",   "chest",  "underbust", "waist",  "hip",   "hem",
                                               "thigh",  "knee",   "leg_hem",   "biceps", "wrist", "shoulder",
                                               "sleeve", "length", "inseam",    "height" };
const char *const chart_basis_word[3] = { "body", "garment_flat", "garment_circ" };

static const struct {
    const char *word;
    chart_dim dim;
} also[] = { { "bust", DIM_CHEST },         { "hips", DIM_HIP },
             { "seat", DIM_HIP },           { "low_hip", DIM_HIP },
             { "collar", DIM_NECK },        { "under_bust", DIM_UNDERBUST },
             { "bottom", DIM_HEM },         { "leg_opening", DIM_LEG_HEM },
             { "cuff", DIM_WRIST },         { "sleeve_length", DIM_SLEEVE },
             { "arm", DIM_SLEEVE },         { "upper_arm", DIM_BICEPS },
             { "bicep", DIM_BICEPS },       { "shoulders", DIM_SHOULDER },
             { "inside_leg", DIM_INSEAM },  { "inleg", DIM_INSEAM },
             { "body_length", DIM_LENGTH }, { "back_length", DIM_LENGTH },
             { "outseam", DIM_LENGTH },     { "shoulder_width", DIM_SHOULDER } };

bool chart_basis_read(const char *text, chart_basis *out)
{
    for (int i = 0; i < 3; i++)
        if (strcmp(text, chart_basis_word[i]) == 0) return *out = (chart_basis)i, true;
    return false;
}

static bool dim_of(const char *word, chart_dim *out)
{
    for (int i = 0; i < DIM_COUNT; i++)
        if (strcmp(word, chart_dim_key[i]) == 0) return *out = (chart_dim)i, true;
    for (size_t i = 0; i < sizeof also / sizeof *also; i++)
        if (strcmp(word, also[i].word) == 0) return *out = also[i].dim, true;
    return false;
}

bool chart_column_read(const char *text, size_t n, chart_column *out)
{
    // Words, lower case, joined by '_' until one is a unit or a basis.
    char name[64] = "", word[32];
    memset(out, 0, sizeof *out);
    for (size_t i = 0; i < n;) {
        size_t w = 0;
        while (i < n && (isalnum((unsigned char)text[i]) || text[i] == '_')) {
            if (w + 1 == sizeof word) return false;
            word[w++] = (char)tolower((unsigned char)text[i++]);
        }
        word[w] = 0;
        while (i < n && !(isalnum((unsigned char)text[i]) || text[i] == '_')) {
            if (!strchr(" ()[]/:.-", text[i])) return false;
            i++;
        }
        if (w == 0) continue;
        bool flat = strcmp(word, "flat") == 0 || strcmp(word, "garment_flat") == 0;
        bool circ = strcmp(word, "garment_circ") == 0 || strcmp(word, "circumference") == 0;
        bool inch = strcmp(word, "in") == 0 || strcmp(word, "inch") == 0 || strcmp(word, "inches") == 0;
        if (name[0] && (flat || circ || strcmp(word, "body") == 0)) {
            out->has_basis = true;
            out->basis = flat ? BASIS_FLAT : circ ? BASIS_CIRC : BASIS_BODY;
        } else if (name[0] && (inch || strcmp(word, "cm") == 0)) {
            out->has_unit = true;
            out->inches = inch;
        } else {
            size_t at = strlen(name);
            if (at + w + 2 > sizeof name || out->has_basis || out->has_unit) return false;
            snprintf(name + at, sizeof name - at, "%s%s", at ? "_" : "", word);
        }
    }
    return dim_of(name, &out->dim);
}

int chart_find(const size_chart *c, const char *name)
{
    for (int i = 0; i < c->count; i++)
        if (strcmp(c->size[i].name, name) == 0) return i;
    return -1;
}

bool chart_add_size(size_chart *c, const char *name, size_t n, err *e)
{
    while (n > 0 && name[0] == ' ') name++, n--;
    while (n > 0 && name[n - 1] == ' ') n--;
    if (c->count == CHART_MAX_SIZES) return fail(e, ERR_LIMIT, "a size chart has at most %d sizes", CHART_MAX_SIZES);
    if (n == 0 || n >= sizeof c->size[0].name)
        return fail(e, ERR_INPUT, "row %d: a size's name has 1 to %zu characters", c->count + 1,
                    sizeof c->size[0].name - 1);
    // The name becomes part of file names.
    for (size_t i = 0; i < n; i++) {
        unsigned char ch = (unsigned char)name[i];
        if (ch < 0x20 || ch > 0x7e || strchr("\"\\/<>&", ch) || (i == 0 && ch == '.'))
            return fail(e, ERR_INPUT, "row %d: a size's name is made of letters, digits, spaces and - + . ( )",
                        c->count + 1);
    }
    chart_size *s = &c->size[c->count];
    memset(s, 0, sizeof *s);
    memcpy(s->name, name, n);
    if (chart_find(c, s->name) >= 0) return fail(e, ERR_INPUT, "the size \"%s\" stands in the chart twice", s->name);
    c->count++;
    return true;
}

static bool number_read(const char *text, size_t n, bool decimal_comma, double *out, size_t *used)
{
    char digits[24];
    size_t i = 0, w = 0;
    int points = 0;
    for (; i < n && w + 1 < sizeof digits; i++) {
        char ch = text[i];
        if (ch == '.' || (decimal_comma && ch == ',')) {
            if (points++) return false;
            digits[w++] = '.';
        } else if (isdigit((unsigned char)ch)) {
            digits[w++] = ch;
        } else {
            break;
        }
    }
    digits[w] = 0;
    *used = i;
    if (w == (size_t)points) return false;
    // Not strtod: it follows the locale's decimal point.
    double value = 0, place = 1;
    bool fraction = false;
    for (size_t k = 0; k < w; k++) {
        if (digits[k] == '.') {
            fraction = true;
        } else {
            value = value * 10 + (digits[k] - '0');
            if (fraction) place *= 10;
        }
    }
    *out = value / place;
    // "16 1/2" and "16½" as inch charts write them
    static const struct {
        const char *sign;
        double value;
    } parts[] = {
        { " 1/2", 0.5 },   { " 1/4", 0.25 },  { " 3/4", 0.75 },    { " 1/8", 0.125 },    { " 3/8", 0.375 },
        { " 5/8", 0.625 }, { " 7/8", 0.875 }, { "\xc2\xbd", 0.5 }, { "\xc2\xbc", 0.25 }, { "\xc2\xbe", 0.75 }
    };
    for (size_t k = 0; !points && k < sizeof parts / sizeof *parts; k++) {
        size_t m = strlen(parts[k].sign);
        if (n - i >= m && memcmp(text + i, parts[k].sign, m) == 0) {
            *out += parts[k].value;
            *used = i + m;
            break;
        }
    }
    return true;
}

bool chart_range_read(const char *text, size_t n, bool decimal_comma, chart_range *out)
{
    while (n > 0 && isspace((unsigned char)*text)) text++, n--;
    while (n > 0 && isspace((unsigned char)text[n - 1])) n--;
    size_t used;
    if (!number_read(text, n, decimal_comma, &out->lo, &used)) return false;
    out->hi = out->lo;
    text += used, n -= used;
    if (n == 0) return true;
    while (n > 0 && *text == ' ') text++, n--;
    if (n > 3 && memcmp(text, "\xe2\x80\x93", 3) == 0) // an en dash
        text += 3, n -= 3;
    else if (n > 1 && *text == '-')
        text++, n--;
    else
        return false;
    while (n > 0 && *text == ' ') text++, n--;
    return number_read(text, n, decimal_comma, &out->hi, &used) && used == n;
}

bool chart_set(size_chart *c, int size, chart_dim d, chart_range v, bool inches, err *e)
{
    // What an adult's body or garment can measure, around (or along); a flat girth is half of it.
    static const double most[DIM_COUNT][2] = {
        [DIM_NECK] = { 25, 90 },    [DIM_CHEST] = { 60, 220 },  [DIM_UNDERBUST] = { 50, 200 },
        [DIM_WAIST] = { 45, 220 },  [DIM_HIP] = { 65, 230 },    [DIM_HEM] = { 50, 900 },
        [DIM_THIGH] = { 35, 140 },  [DIM_KNEE] = { 25, 120 },   [DIM_LEG_HEM] = { 18, 150 },
        [DIM_BICEPS] = { 18, 90 },  [DIM_WRIST] = { 12, 70 },   [DIM_SHOULDER] = { 28, 80 },
        [DIM_SLEEVE] = { 5, 100 },  [DIM_LENGTH] = { 15, 180 }, [DIM_INSEAM] = { 5, 110 },
        [DIM_HEIGHT] = { 120, 230 }
    };
    chart_basis basis = c->basis[d];
    double scale = inches ? 2.54 : 1, around = basis == BASIS_FLAT && chart_is_girth(d) ? 2 : 1;
    v.lo *= scale;
    v.hi *= scale;
    const char *name = c->size[size].name, *key = chart_dim_key[d];
    if (!isfinite(v.lo) || !isfinite(v.hi) || v.lo > v.hi)
        return fail(e, ERR_INPUT, "size \"%s\", column \"%s\": a range goes from the smaller to the larger number",
                    name, key);
    if (v.lo * around < most[d][0] || v.hi * around > most[d][1]) {
        bool half =
            around == 1 && basis == BASIS_CIRC && chart_is_girth(d) && v.lo * 2 >= most[d][0] && v.hi * 2 <= most[d][1];
        return fail(e, ERR_INPUT, "size \"%s\", column \"%s\": %.4g cm is not a %s of %s (%.4g to %.4g); %s", name, key,
                    v.lo, key, chart_basis_word[basis], most[d][0] / around, most[d][1] / around,
                    half ? "if it was measured flat, say basis garment_flat" : "check the unit and the basis");
    }
    c->size[size].value[d] = v;
    return true;
}

// "32x34", "W32 L34": inches. false: some other name; "44-46" is a double size.
static bool jeans_size(const char *name, int *waist, int *inseam)
{
    int used = 0;
    char cross, rest[2];
    if (sscanf(name, "%2d%c%2d%n", waist, &cross, inseam, &used) == 3 && (cross == 'x' || cross == 'X') && !name[used])
        return true;
    return sscanf(name, "W%2d L%2d%1s", waist, inseam, rest) == 2 ||
           sscanf(name, "W%2dL%2d%1s", waist, inseam, rest) == 2;
}

// Where a size's name stands among names of its kind: letters (XS, 2XL), numbers (38), waist and inseam (32x34). False:
// it is of none of these kinds.
static bool name_rank(const char *name, int *kind, double *rank)
{
    int waist, inseam;
    if (jeans_size(name, &waist, &inseam)) return *kind = 3, *rank = 1000.0 * waist + inseam, true;
    char *end;
    double number = strtod(name, &end);
    if (end != name && !*end && isfinite(number)) return *kind = 2, *rank = number, true;
    int crosses = 0;
    const char *p = name;
    if (end != name) { // 2XL is XXL
        if (toupper((unsigned char)*end) != 'X' || !(number >= 1 && number <= 9)) return false;
        crosses = (int)number - 1, p = end;
    }
    for (; *p == 'X' || *p == 'x'; p++) crosses++;
    int letter = toupper((unsigned char)*p);
    if (!letter || p[1] || !strchr("SML", letter) || (letter == 'M' && p != name)) return false;
    *kind = 1;
    *rank = letter == 'M' ? 0 : letter == 'S' ? -1.0 - crosses : 1.0 + crosses;
    return true;
}

// Smallest first, when all names are of one kind: what a chart went through on its way here (a spreadsheet sorted by
// name, a database that keeps no order of members) may have shuffled them.
static void put_in_order(size_chart *c)
{
    double rank[CHART_MAX_SIZES];
    int kind, first = 0;
    for (int i = 0; i < c->count; i++) {
        if (!name_rank(c->size[i].name, &kind, &rank[i]) || (i && kind != first)) return;
        first = kind;
    }
    for (int i = 1; i < c->count; i++)
        for (int k = i; k > 0 && rank[k - 1] > rank[k]; k--) {
            chart_size s = c->size[k];
            double r = rank[k];
            c->size[k] = c->size[k - 1], rank[k] = rank[k - 1];
            c->size[k - 1] = s, rank[k - 1] = r;
        }
}

bool chart_finish(size_chart *c, err *e)
{
    if (c->count == 0) return fail(e, ERR_INPUT, "the size chart has no sizes");
    int told = 0;
    for (int i = 0; i < c->count; i++) {
        chart_size *s = &c->size[i];
        int waist, inseam;
        if (jeans_size(s->name, &waist, &inseam)) {
            chart_range none = { 0, 0 }, *w = &s->value[DIM_WAIST], *l = &s->value[DIM_INSEAM];
            bool flat = c->basis[DIM_WAIST] == BASIS_FLAT;
            if (w->hi == none.hi &&
                !chart_set(c, i, DIM_WAIST, (chart_range){ flat ? waist / 2.0 : waist, flat ? waist / 2.0 : waist },
                           true, e))
                return false;
            if (l->hi == none.hi && !chart_set(c, i, DIM_INSEAM, (chart_range){ inseam, inseam }, true, e))
                return false;
        }
        for (int d = 0; d < DIM_COUNT; d++) told += s->value[d].hi > 0;
    }
    put_in_order(c);
    return told > 0 || fail(e, ERR_INPUT, "the size chart names sizes but gives no measurement of any");
}

bool chart_parse(const char *text, size_t n, size_chart *out, err *e)
{
    size_t i = 0;
    if (n >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) text += 3, n -= 3; // a byte order mark
    while (i < n && isspace((unsigned char)text[i])) i++;
    return i < n && text[i] == '{' ? chart_parse_json(text, n, out, e) : chart_parse_csv(text, n, out, e);
}

bool chart_print(const size_chart *c, buf *out)
{
    bool ok = buf_printf(out, "{\"unit\": \"cm\", \"tolerance\": %.6g, \"standard\": %s,\n \"basis\": {", c->tolerance,
                         c->standard ? "true" : "false");
    for (int d = 0; d < DIM_COUNT; d++)
        ok = ok && buf_printf(out, "%s\"%s\": \"%s\"", d ? ", " : "", chart_dim_key[d], chart_basis_word[c->basis[d]]);
    ok = ok && buf_printf(out, "},\n \"sizes\": {");
    for (int i = 0; ok && i < c->count; i++) {
        ok = buf_printf(out, "%s\n  \"%s\": {", i ? "," : "", c->size[i].name);
        bool first = true;
        for (int d = 0; d < DIM_COUNT; d++) {
            chart_range v = c->size[i].value[d];
            if (v.hi == 0) continue;
            ok = ok && buf_printf(out, v.lo == v.hi ? "%s\"%s\": %.10g" : "%s\"%s\": [%.10g, %.10g]", first ? "" : ", ",
                                  chart_dim_key[d], v.lo, v.hi);
            first = false;
        }
        ok = ok && buf_printf(out, "}");
    }
    return ok && buf_printf(out, "}}\n");
}
