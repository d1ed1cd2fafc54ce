#include "garment/garment.h"
#include "base/label.h"
#include "garment/chart_cells.h"
#include "garment/fabric_json.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

const char *const garment_category_word[GARMENT_CATEGORIES] = { "tshirt", "shirt",    "dress",
                                                                "skirt",  "trousers", "hoodie" };
const char *const garment_silhouette_word[3] = { "slim", "regular", "loose" };
const char *const measure_source_word[3] = { "chart", "body_chart", "block" };

bool garment_category_read(const char *word, garment_category *out)
{
    for (int i = 0; i < GARMENT_CATEGORIES; i++)
        if (strcmp(word, garment_category_word[i]) == 0) return *out = (garment_category)i, true;
    return false;
}

// --- garment.json ---

const fabric *garment_usual_fabric(garment_category c)
{
    static const char *const usual[GARMENT_CATEGORIES] = { "jersey", "shirting", "satin", "twill", "denim", "fleece" };
    return fabric_preset(usual[c]);
}

bool garment_parse(const char *json, size_t n, garment *g, err *e)
{
    json_error_t where;
    json_t *root = json_loadb(json, n, JSON_REJECT_DUPLICATES, &where);
    if (!root) return fail(e, ERR_INPUT, "garment.json is not JSON: line %d: %.100s", where.line, where.text);
    memset(g, 0, sizeof *g);
    const char *category = json_string_value(json_object_get(root, "category")),
               *silhouette = json_string_value(json_object_get(root, "silhouette")),
               *name = json_string_value(json_object_get(root, "name")),
               *source = json_string_value(json_object_get(root, "source"));
    const json_t *cloth = json_object_get(root, "fabric"), *chart = json_object_get(root, "chart");
    bool ok = category && garment_category_read(category, &g->category);
    if (!ok) fail(e, ERR_INPUT, "garment.json: \"category\" is tshirt, shirt, dress, skirt, trousers or hoodie");
    g->silhouette = SILHOUETTE_REGULAR;
    for (int i = 0; silhouette && i < 3; i++)
        if (strcmp(silhouette, garment_silhouette_word[i]) == 0) g->silhouette = (garment_silhouette)i;
    label_copy(g->name, sizeof g->name, name ? name : "");
    g->imported = source && strcmp(source, "import") == 0;
    if (ok && !cloth) g->fabric = *garment_usual_fabric(g->category);
    ok = ok && (!cloth || fabric_of_json(cloth, &g->fabric, e));
    if (ok && !chart) ok = fail(e, ERR_INPUT, "garment.json has no \"chart\"");
    ok = ok && chart_of_json(chart, &g->chart, e);
    json_decref(root);
    return ok;
}

bool garment_print(const garment *g, buf *out)
{
    return buf_printf(out, "{\"name\": \"%s\", \"category\": \"%s\", \"silhouette\": \"%s\", \"source\": \"%s\",\n",
                      g->name, garment_category_word[g->category], garment_silhouette_word[g->silhouette],
                      g->imported ? "import" : "draft") &&
           buf_printf(out, " \"fabric\": ") && fabric_print(&g->fabric, out) && buf_printf(out, ",\n \"chart\": ") &&
           chart_print(&g->chart, out) && buf_printf(out, "}\n");
}

// --- regions ---

typedef struct {
    chart_dim dim;
    tape_measure site;
    double weight, least, ideal, most; // cm
} region_row;

// Ease after the drafting manuals: wovens' movement ease as the least (costume department of Central Washington
// University: bust 3.8-6.4, waist 1.3-2.5, hip 3.8-7), knit tops chest 12 % of 5-25 % (FreeSewing's Teagan), 16 cm for
// a sweatshirt (Gill). Lengths: how much longer than the body's own.
static const region_row rows[GARMENT_CATEGORIES][FIT_MOST_REGIONS] = {
    [GARMENT_TSHIRT] = { { DIM_CHEST, TAPE_CHEST_GIRTH, 4, 1, 11, 24 },
                         { DIM_SHOULDER, TAPE_SHOULDER_BREADTH, 2, -2, 2, 9 },
                         { DIM_WAIST, TAPE_WAIST_NATURAL_GIRTH, 1, 1, 18, 40 },
                         { DIM_HEM, TAPE_HIP_GIRTH, 1, 0, 8, 26 },
                         { DIM_BICEPS, TAPE_UPPER_ARM_GIRTH, 1, 0.5, 7, 18 } },
    [GARMENT_SHIRT] = { { DIM_CHEST, TAPE_CHEST_GIRTH, 4, 4, 13, 24 },
                        { DIM_SHOULDER, TAPE_SHOULDER_BREADTH, 2, -1, 2, 6 },
                        { DIM_WAIST, TAPE_WAIST_NATURAL_GIRTH, 1, 3, 16, 34 },
                        { DIM_HEM, TAPE_HIP_GIRTH, 1, 2, 10, 26 },
                        { DIM_NECK, TAPE_NECK_GIRTH, 2, 0.5, 2, 5 },
                        { DIM_BICEPS, TAPE_UPPER_ARM_GIRTH, 1, 2.5, 8, 17 },
                        { DIM_SLEEVE, TAPE_SHOULDER_TO_WRIST, 1, -2.5, 1, 6 } },
    [GARMENT_DRESS] = { { DIM_CHEST, TAPE_CHEST_GIRTH, 4, 3, 7, 15 },
                        { DIM_SHOULDER, TAPE_SHOULDER_BREADTH, 1, -2, 1, 6 },
                        { DIM_WAIST, TAPE_WAIST_NATURAL_GIRTH, 3, 1.9, 5, 14 },
                        { DIM_HIP, TAPE_HIP_GIRTH, 3, 4, 9, 26 } },
    [GARMENT_SKIRT] = { { DIM_WAIST, TAPE_WAIST_NATURAL_GIRTH, 3, 0.5, 2, 6 },
                        { DIM_HIP, TAPE_HIP_GIRTH, 4, 3, 7, 24 } },
    [GARMENT_TROUSERS] = { { DIM_WAIST, TAPE_WAIST_NATURAL_GIRTH, 3, 0, 2, 6 },
                           { DIM_HIP, TAPE_HIP_GIRTH, 4, 2.5, 6.5, 16 },
                           { DIM_THIGH, TAPE_THIGH_GIRTH, 2, 2.5, 7, 18 },
                           { DIM_INSEAM, TAPE_INSEAM, 1, -8, -3, 3 } },
    [GARMENT_HOODIE] = { { DIM_CHEST, TAPE_CHEST_GIRTH, 4, 4, 17, 34 },
                         { DIM_SHOULDER, TAPE_SHOULDER_BREADTH, 2, -1, 5, 14 },
                         { DIM_WAIST, TAPE_WAIST_NATURAL_GIRTH, 1, 4, 24, 50 },
                         { DIM_HEM, TAPE_HIP_GIRTH, 1, -4, 6, 30 },
                         { DIM_BICEPS, TAPE_UPPER_ARM_GIRTH, 1, 3, 12, 26 },
                         { DIM_SLEEVE, TAPE_SHOULDER_TO_WRIST, 1, -3, 1, 8 } },
};

int garment_regions(garment_category c, garment_silhouette s, const double *body, fit_region *out)
{
    // A slim cut means two thirds of the ease, a loose one half as much again; sizes of bodies count with the root, so
    // that a broad body gets more ease, but not in proportion.
    static const double cut[3] = { 0.66, 1, 1.5 };
    int n = 0;
    for (const region_row *r = rows[c]; n < FIT_MOST_REGIONS && r->weight > 0; r++, n++) {
        double k = chart_is_girth(r->dim) ? cut[s] : 1, usual = r->dim == DIM_CHEST ? 96 : r->dim == DIM_HIP ? 102 : 0;
        if (usual > 0 && body[r->site] > 0) k *= sqrt(body[r->site] / usual);
        double ideal = r->ideal * k, most = r->ideal * k + (r->most - r->ideal) * (k > 1 ? k : 1);
        out[n] = (fit_region){ r->dim, r->site, r->weight, r->least, fmax(ideal, r->least), most };
    }
    return n;
}

// --- what a size measures ---

// A body like the one a size is made for, from what the chart says of it: everything else follows the chest (tops) or
// the hips (bottoms) along the straight lines of the ANSUR II men and women of all sizes pooled.
static void usual_body(const garment *g, const double *said, double *body)
{
    bool bottom = g->category == GARMENT_SKIRT || g->category == GARMENT_TROUSERS;
    double chest = said[DIM_CHEST], hip = said[DIM_HIP], waist = said[DIM_WAIST];
    if (hip == 0) hip = chest > 0 ? 35 + 0.66 * chest : waist > 0 ? 38 + 0.75 * waist : 100;
    if (chest == 0) chest = bottom || waist == 0 ? 1.1 * hip - 14 : 30 + 0.78 * waist;
    if (waist == 0) waist = bottom ? 1.05 * hip - 25 : 0.95 * chest - 9;
    body[DIM_CHEST] = chest;
    body[DIM_WAIST] = waist;
    body[DIM_HIP] = hip;
    body[DIM_UNDERBUST] = 0.88 * chest;
    body[DIM_NECK] = 14 + 0.235 * chest;
    body[DIM_SHOULDER] = 22 + 0.175 * chest;
    body[DIM_BICEPS] = 0.31 * chest;
    body[DIM_WRIST] = 11 + 0.055 * chest;
    body[DIM_SLEEVE] = 50 + 0.08 * chest;
    body[DIM_THIGH] = 0.62 * hip - 2;
    body[DIM_KNEE] = 15 + 0.22 * hip;
    body[DIM_INSEAM] = 80;
    body[DIM_HEIGHT] = 170;
    for (int d = 0; d < DIM_COUNT; d++)
        if (said[d] > 0) body[d] = said[d];
}

// region[n]: as garment_regions has them for a body of this size.
static double ease_of(const fit_region *region, int n, chart_dim d)
{
    for (int i = 0; i < n; i++)
        if (region[i].dim == d) return region[i].ideal;
    switch (d) {
    case DIM_UNDERBUST:
        return 6;
    case DIM_HIP:
        return 8;
    case DIM_KNEE:
        return 8;
    case DIM_BICEPS:
        return 7;
    case DIM_WRIST:
        return 7;
    case DIM_NECK:
        return 4;
    case DIM_SLEEVE:
        return 1;
    case DIM_INSEAM:
        return -3;
    default:
        return 0;
    }
}

static bool has(garment_category c, chart_dim d)
{
    static const unsigned top = 1u << DIM_NECK | 1u << DIM_CHEST | 1u << DIM_WAIST | 1u << DIM_HEM | 1u << DIM_BICEPS |
                                1u << DIM_WRIST | 1u << DIM_SHOULDER | 1u << DIM_SLEEVE | 1u << DIM_LENGTH;
    static const unsigned wears[GARMENT_CATEGORIES] = {
        [GARMENT_TSHIRT] = top,
        [GARMENT_SHIRT] = top,
        [GARMENT_HOODIE] = top,
        [GARMENT_DRESS] = 1u << DIM_NECK | 1u << DIM_CHEST | 1u << DIM_WAIST | 1u << DIM_HIP | 1u << DIM_HEM |
                          1u << DIM_SHOULDER | 1u << DIM_LENGTH,
        [GARMENT_SKIRT] = 1u << DIM_WAIST | 1u << DIM_HIP | 1u << DIM_HEM | 1u << DIM_LENGTH,
        [GARMENT_TROUSERS] = 1u << DIM_WAIST | 1u << DIM_HIP | 1u << DIM_THIGH | 1u << DIM_KNEE | 1u << DIM_LEG_HEM |
                             1u << DIM_LENGTH | 1u << DIM_INSEAM,
    };
    return wears[c] >> d & 1;
}

void garment_measure(const garment *g, int size, garment_measures *out)
{
    const chart_size *row = &g->chart.size[size];
    double body_said[DIM_COUNT] = { 0 }, made[DIM_COUNT] = { 0 }, body[DIM_COUNT] = { 0 }, site[TAPE_COUNT] = { 0 };
    memset(out, 0, sizeof *out);
    for (int d = 0; d < DIM_COUNT; d++) {
        double mid = (row->value[d].lo + row->value[d].hi) / 2;
        if (mid == 0) continue;
        if (g->chart.basis[d] == BASIS_BODY && d != DIM_LENGTH && d != DIM_HEM && d != DIM_LEG_HEM)
            body_said[d] = mid;
        else
            made[d] = g->chart.basis[d] == BASIS_FLAT && chart_is_girth((chart_dim)d) ? 2 * mid : mid;
    }
    // The ease of a garment depends a little on the body it is for; two rounds settle that.
    fit_region region[FIT_MOST_REGIONS];
    int regions = 0;
    double guess[DIM_COUNT];
    memcpy(guess, body_said, sizeof guess);
    for (int round = 0; round < 3; round++) {
        usual_body(g, guess, body);
        site[TAPE_CHEST_GIRTH] = body[DIM_CHEST];
        site[TAPE_HIP_GIRTH] = body[DIM_HIP];
        regions = garment_regions(g->category, g->silhouette, site, region);
        for (int d = 0; d < DIM_COUNT; d++)
            if (made[d] > 0 && body_said[d] == 0 && d != DIM_LENGTH && d != DIM_HEM && d != DIM_LEG_HEM)
                guess[d] = made[d] - ease_of(region, regions, (chart_dim)d);
    }
    bool shorts = g->category == GARMENT_TSHIRT;
    double *cm = out->cm;
    for (int d = 0; d < DIM_COUNT; d++) {
        if (!has(g->category, (chart_dim)d)) continue;
        out->source[d] = made[d] > 0 ? MEASURE_CHART : body_said[d] > 0 ? MEASURE_BODY : MEASURE_BLOCK;
        cm[d] = made[d] > 0 ? made[d] : body[d] > 0 ? body[d] + ease_of(region, regions, (chart_dim)d) : 0;
        double open = g->chart.basis[d] == BASIS_BODY ? 0 : row->value[d].hi - row->value[d].lo;
        if (out->source[d] == MEASURE_BODY) out->reach[d] = (row->value[d].hi - row->value[d].lo) / 2;
        // Sewn garments lie within the tolerance 19 times of 20; a range of the garment is taken as evenly likely.
        out->spread[d] = sqrt(g->chart.tolerance * g->chart.tolerance / 4 + open * open / 12);
    }
    // What no body tells: lengths and hems.
    double chest = cm[DIM_CHEST], hip = cm[DIM_HIP];
    if (shorts && made[DIM_SLEEVE] == 0) {
        cm[DIM_SLEEVE] = 10 + 0.11 * chest;
        out->source[DIM_SLEEVE] = MEASURE_BLOCK;
    }
    if (has(g->category, DIM_LENGTH) && made[DIM_LENGTH] == 0) {
        static const double usual[GARMENT_CATEGORIES] = { 51, 56, 94, 60, 0, 48 };
        cm[DIM_LENGTH] = g->category == GARMENT_TROUSERS ? cm[DIM_INSEAM] + 12 + 0.15 * hip
                         : g->category == GARMENT_SKIRT  ? usual[GARMENT_SKIRT]
                                                         : usual[g->category] + 0.19 * chest;
    }
    if (has(g->category, DIM_HEM) && made[DIM_HEM] == 0) {
        bool knit_band = g->category == GARMENT_HOODIE;
        // A top without waist and hem in its chart hangs straight from the chest.
        cm[DIM_HEM] = g->category == GARMENT_SKIRT || g->category == GARMENT_DRESS
                          ? hip + 0.55 * fmax(0, cm[DIM_LENGTH] - (g->category == GARMENT_DRESS ? 60 : 20))
                          : chest * (knit_band ? 0.92 : 1);
        out->source[DIM_HEM] = MEASURE_BLOCK;
    }
    bool top = g->category == GARMENT_TSHIRT || g->category == GARMENT_SHIRT || g->category == GARMENT_HOODIE;
    if (top && made[DIM_WAIST] == 0) {
        if (out->source[DIM_WAIST] != MEASURE_BODY) cm[DIM_WAIST] = (chest + cm[DIM_HEM]) / 2;
        // A straight top: what the body chart says of the waist is met by more than its ease.
        cm[DIM_WAIST] = fmax(cm[DIM_WAIST], (chest + cm[DIM_HEM]) / 2 - (g->silhouette == SILHOUETTE_SLIM ? 6 : 2));
        out->source[DIM_WAIST] = MEASURE_BLOCK;
    }
    if (g->category == GARMENT_TROUSERS && made[DIM_LEG_HEM] == 0) cm[DIM_LEG_HEM] = fmin(cm[DIM_KNEE], 20 + 0.2 * hip);
}
