#include "garment/fabric.h"
#include "base/label.h"
#include "garment/fabric_json.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

// Design values between the low-load fits of computer graphics (Wang, O'Brien and Ramamoorthi 2011) and the secants at
// 490 N/m of the KES tester; none is a measurement of a particular cloth.
static const fabric presets[] = {
    { "jersey", 0.18, 150, 300, 40, 15e-6, 0.40, 0.35, false, { 0.50f, 0.56f, 0.62f } },
    { "rib", 0.22, 60, 120, 25, 15e-6, 0.60, 0.40, false, { 0.42f, 0.44f, 0.40f } },
    { "shirting", 0.12, 5000, 6000, 100, 8e-6, 0.03, 0.35, false, { 0.62f, 0.70f, 0.80f } },
    { "twill", 0.25, 7000, 8000, 150, 40e-6, 0.03, 0.40, false, { 0.45f, 0.36f, 0.24f } },
    { "denim", 0.35, 9000, 10000, 190, 60e-6, 0.04, 0.45, false, { 0.07f, 0.11f, 0.22f } },
    { "denim_elastane", 0.33, 1500, 9000, 150, 50e-6, 0.15, 0.45, false, { 0.06f, 0.09f, 0.18f } },
    { "satin", 0.09, 3000, 4000, 40, 3e-6, 0.03, 0.25, false, { 0.42f, 0.09f, 0.13f } },
    { "fleece", 0.28, 300, 400, 60, 60e-6, 0.25, 0.45, false, { 0.24f, 0.27f, 0.25f } },
    { "wool", 0.25, 4000, 5000, 80, 12e-6, 0.04, 0.40, false, { 0.20f, 0.20f, 0.22f } },
};

const fabric *fabric_presets(int *count)
{
    *count = (int)(sizeof presets / sizeof *presets);
    return presets;
}

const fabric *fabric_preset(const char *name)
{
    for (size_t i = 0; i < sizeof presets / sizeof *presets; i++)
        if (strcmp(presets[i].name, name) == 0) return &presets[i];
    return NULL;
}

static bool named(const char *name, fabric *out, err *e)
{
    const fabric *f = name ? fabric_preset(name) : NULL;
    if (!f)
        return fail(e, ERR_INPUT,
                    "there is no fabric \"%.32s\"; there are jersey, rib, shirting, twill, denim, "
                    "denim_elastane, satin, fleece, wool, or your own as JSON",
                    name ? name : "");
    *out = *f;
    return true;
}

static bool number(const json_t *j, const char *key, double lo, double hi, double *out, err *e)
{
    const json_t *v = json_object_get(j, key);
    if (!v) return true;
    double x = json_is_number(v) ? json_number_value(v) : NAN;
    if (!(x >= lo && x <= hi)) return fail(e, ERR_INPUT, "the fabric's \"%s\" is a number from %g to %g", key, lo, hi);
    *out = x;
    return true;
}

static float linear(unsigned byte)
{
    double s = byte / 255.0;
    return (float)(s <= 0.04045 ? s / 12.92 : pow((s + 0.055) / 1.055, 2.4));
}

bool fabric_of_json(const json_t *j, fabric *f, err *e)
{
    if (json_is_string(j)) return named(json_string_value(j), f, e);
    if (!json_is_object(j)) return fail(e, ERR_INPUT, "a fabric is a preset's name or an object");
    const json_t *base = json_object_get(j, "base");
    const char *name = json_string_value(json_object_get(j, "name"));
    if (!named(base ? json_string_value(base) : "jersey", f, e)) return false;
    if (name) {
        for (const char *c = name; *c; c++)
            if ((unsigned char)*c < 0x20 || strchr("\"\\", *c))
                return fail(e, ERR_INPUT, "the fabric's name has quotes or line breaks");
        label_copy(f->name, sizeof f->name, name);
    }
    f->calibrated = json_is_true(json_object_get(j, "calibrated"));
    const char *color = json_string_value(json_object_get(j, "color"));
    unsigned r, g, b;
    if (color) {
        if (strlen(color) != 7 || sscanf(color, "#%2x%2x%2x", &r, &g, &b) != 3)
            return fail(e, ERR_INPUT, "the fabric's \"color\" is like \"#3366aa\"");
        f->color[0] = linear(r), f->color[1] = linear(g), f->color[2] = linear(b);
    }
    return number(j, "weight_kg_m2", 0.02, 2, &f->weight, e) && number(j, "weft_n_m", 10, 1e5, &f->weft, e) &&
           number(j, "warp_n_m", 10, 1e5, &f->warp, e) && number(j, "shear_n_m", 1, 1e4, &f->shear, e) &&
           number(j, "bending_n_m", 1e-7, 1e-2, &f->bending, e) && number(j, "limit", 0.005, 2, &f->limit, e) &&
           number(j, "friction", 0, 1.5, &f->friction, e);
}

bool fabric_parse(const char *json, size_t n, fabric *out, err *e)
{
    json_error_t where;
    json_t *root = json_loadb(json, n, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, &where);
    if (!root) return fail(e, ERR_INPUT, "the fabric is not JSON: line %d: %.100s", where.line, where.text);
    bool ok = fabric_of_json(root, out, e);
    json_decref(root);
    return ok;
}

static unsigned byte(float x)
{
    double s = x <= 0.0031308f ? 12.92 * (double)x : 1.055 * pow((double)x, 1 / 2.4) - 0.055;
    return (unsigned)(s < 0 ? 0 : s > 1 ? 255 : s * 255 + 0.5);
}

bool fabric_print(const fabric *f, buf *out)
{
    return buf_printf(out,
                      "{\"name\": \"%s\", \"weight_kg_m2\": %.6g, \"weft_n_m\": %.6g, \"warp_n_m\": %.6g, "
                      "\"shear_n_m\": %.6g, \"bending_n_m\": %.6g, \"limit\": %.6g, \"friction\": %.6g, "
                      "\"calibrated\": %s, \"color\": \"#%02x%02x%02x\"}",
                      f->name, f->weight, f->weft, f->warp, f->shear, f->bending, f->limit, f->friction,
                      f->calibrated ? "true" : "false", byte(f->color[0]), byte(f->color[1]), byte(f->color[2]));
}
