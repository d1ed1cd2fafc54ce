#include "garment/chart_cells.h"

#include <jansson.h>
#include <string.h>

typedef struct {
    bool inches[DIM_COUNT];
} units;

static bool unit_read(const json_t *j, bool *inches, err *e)
{
    const char *word = json_string_value(j);
    if (word && (strcmp(word, "in") == 0 || strcmp(word, "cm") == 0)) return *inches = word[0] == 'i', true;
    return fail(e, ERR_INPUT, "the size chart's \"unit\" is \"cm\" or \"in\"");
}

static bool basis_of(const json_t *j, const char *where, chart_basis *out, err *e)
{
    const char *word = json_string_value(j);
    if (word && chart_basis_read(word, out)) return true;
    return fail(e, ERR_INPUT, "%s: \"basis\" is \"body\", \"garment_flat\" or \"garment_circ\"", where);
}

static bool column_of(const char *key, chart_column *out, err *e)
{
    if (chart_column_read(key, strlen(key), out)) return true;
    return fail(e, ERR_INPUT,
                "there is no column \"%.40s\"; known are neck, chest, underbust, waist, hip, hem, thigh, "
                "knee, leg_hem, biceps, wrist, shoulder, sleeve, length, inseam, height",
                key);
}

static bool read_basis(const json_t *j, size_chart *c, err *e)
{
    if (!json_is_object(j)) {
        chart_basis all = BASIS_BODY;
        if (!basis_of(j, "the size chart", &all, e)) return false;
        for (int d = 0; d < DIM_COUNT; d++) c->basis[d] = all;
        return true;
    }
    const json_t *one = json_object_get(j, "default");
    if (one && !read_basis(json_is_object(one) ? NULL : one, c, e)) return false;
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)j, key, value)
    {
        chart_column col;
        if (strcmp(key, "default") == 0) continue;
        if (!column_of(key, &col, e) || !basis_of(value, key, &c->basis[col.dim], e)) return false;
    }
    return true;
}

static bool read_columns(const json_t *j, size_chart *c, units *u, err *e)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)j, key, value)
    {
        chart_column col;
        const json_t *basis = json_object_get(value, "basis"), *unit = json_object_get(value, "unit");
        if (!column_of(key, &col, e) || (basis && !basis_of(basis, key, &c->basis[col.dim], e)) ||
            (unit && !unit_read(unit, &u->inches[col.dim], e)))
            return false;
    }
    return true;
}

static bool read_value(const json_t *j, chart_range *out)
{
    if (json_is_number(j)) return out->lo = out->hi = json_number_value(j), true;
    if (json_is_string(j)) return chart_range_read(json_string_value(j), json_string_length(j), false, out);
    if (!json_is_array(j) || json_array_size(j) != 2 || !json_is_number(json_array_get(j, 0)) ||
        !json_is_number(json_array_get(j, 1)))
        return false;
    out->lo = json_number_value(json_array_get(j, 0));
    out->hi = json_number_value(json_array_get(j, 1));
    return true;
}

static bool read_size(const char *name, const json_t *row, size_chart *c, const units *u, err *e)
{
    if (!chart_add_size(c, name, strlen(name), e)) return false;
    int at = c->count - 1;
    if (!json_is_object(row)) return fail(e, ERR_INPUT, "size \"%s\": its measurements go in {…}", c->size[at].name);
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)row, key, value)
    {
        chart_column col;
        chart_range v;
        if (!column_of(key, &col, e)) {
            char where[64];
            snprintf(where, sizeof where, "size \"%s\": ", c->size[at].name);
            return fail_within(e, where);
        }
        if (json_is_null(value)) continue;
        if (!read_value(value, &v))
            return fail(e, ERR_INPUT, "size \"%s\", column \"%.40s\": a number, a range [from, to] or null is expected",
                        c->size[at].name, key);
        if (!chart_set(c, at, col.dim, v, u->inches[col.dim], e)) return false;
    }
    return true;
}

bool chart_of_json(const json_t *root, size_chart *c, err *e)
{
    memset(c, 0, sizeof *c);
    c->tolerance = 1.5; // cm: what makers of printed shirts promise
    const json_t *sizes = json_object_get(root, "sizes"), *unit = json_object_get(root, "unit"),
                 *basis = json_object_get(root, "basis"), *tolerance = json_object_get(root, "tolerance"),
                 *columns = json_object_get(root, "columns");
    units u = { 0 };
    bool inches = false;
    if (!json_is_object(root) || !json_is_object(sizes))
        return fail(e, ERR_INPUT, "a size chart is {\"unit\": …, \"basis\": …, \"sizes\": {\"M\": {\"chest\": …}}}");
    if (!basis)
        return fail(e, ERR_INPUT,
                    "the size chart must say what it measures: \"basis\": \"body\", \"garment_flat\" or "
                    "\"garment_circ\"");
    if ((unit && !unit_read(unit, &inches, e)) || !read_basis(basis, c, e)) return false;
    for (int d = 0; d < DIM_COUNT; d++) u.inches[d] = inches;
    if (tolerance) {
        double t = json_is_number(tolerance) ? json_number_value(tolerance) * (inches ? 2.54 : 1) : -1;
        if (!(t >= 0 && t <= 10)) return fail(e, ERR_INPUT, "the size chart's \"tolerance\" is 0 to 10 cm");
        c->tolerance = t;
    }
    c->standard = json_is_true(json_object_get(root, "standard"));
    if (columns && !read_columns(columns, c, &u, e)) return false;
    const char *name;
    json_t *row;
    json_object_foreach((json_t *)sizes, name, row)
    {
        if (!read_size(name, row, c, &u, e)) return false;
    }
    return chart_finish(c, e);
}

bool chart_parse_json(const char *text, size_t n, size_chart *out, err *e)
{
    json_error_t where;
    json_t *root = json_loadb(text, n, JSON_REJECT_DUPLICATES, &where);
    if (!root)
        return fail(e, ERR_INPUT, "the size chart is not JSON: line %d, column %d: %.100s", where.line, where.column,
                    where.text);
    bool ok = chart_of_json(root, out, e);
    json_decref(root);
    return ok;
}
