#include "api/chart.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { MAX_SIZES = 60, MAX_COLUMNS = 40, NAME = 40 };

static bool plausible(double x) { return isfinite(x) && x > 0 && x < 400; }

static bool value_ok(const json_t *v)
{
    if (json_is_number(v)) return plausible(json_number_value(v));
    const json_t *a = json_array_get(v, 0), *b = json_array_get(v, 1);
    return json_array_size(v) == 2 && json_is_number(a) && json_is_number(b) && plausible(json_number_value(a)) &&
           plausible(json_number_value(b)) && json_number_value(a) <= json_number_value(b);
}

static bool basis_ok(const json_t *basis)
{
    const char *s = json_string_value(basis);
    return s && (!strcmp(s, "body") || !strcmp(s, "garment_flat") || !strcmp(s, "garment_circ"));
}

bool chart_check(const json_t *chart, err *e)
{
    const char *unit = json_string_value(json_object_get(chart, "unit")), *size, *column;
    const json_t *basis = json_object_get(chart, "basis");
    json_t *sizes = json_object_get(chart, "sizes"), *row, *v;
    if (!json_is_object(chart)) return fail(e, ERR_INPUT, "a size chart is an object with unit, basis and sizes");
    if (!unit || (strcmp(unit, "cm") != 0 && strcmp(unit, "in") != 0))
        return fail(e, ERR_INPUT, "the chart's unit is \"cm\" or \"in\"");
    if (!basis_ok(basis))
        return fail(e, ERR_INPUT,
                    "the chart's basis is \"body\", \"garment_flat\" or \"garment_circ\": what its numbers measure");
    if (!json_object_size(sizes) || json_object_size(sizes) > MAX_SIZES)
        return fail(e, ERR_INPUT, "the chart has from 1 to %d sizes", MAX_SIZES);
    json_object_foreach(sizes, size, row)
    {
        if (!*size || strlen(size) > 20) return fail(e, ERR_INPUT, "a size's name has 1 to 20 bytes");
        if (!json_object_size(row) || json_object_size(row) > MAX_COLUMNS)
            return fail(e, ERR_INPUT, "size \"%s\" has no measurements, or too many", size);
        json_object_foreach(row, column, v)
        {
            const json_t *inner = json_is_object(v) ? json_object_get(v, "value") : v;
            if (!*column || strlen(column) >= NAME)
                return fail(e, ERR_INPUT, "size \"%s\" has a measurement with no name, or too long a one", size);
            if (json_is_object(v) && json_object_get(v, "basis") && !basis_ok(json_object_get(v, "basis")))
                return fail(e, ERR_INPUT, "size \"%s\", %s: an unknown basis", size, column);
            if (!value_ok(inner))
                return fail(e, ERR_INPUT, "size \"%s\", %s: a number from 0 to 400, or a pair of them, is needed", size,
                            column);
        }
    }
    return true;
}

typedef struct {
    const char *p, *end;
    char separator;
} csv;

// One cell, unquoted and trimmed; *last when the line ends with it. False for a cell too long or a quote left open.
static bool cell(csv *c, char *out, size_t size, bool *last)
{
    size_t n = 0;
    bool quoted = false;
    while (c->p < c->end && (*c->p == ' ' || (*c->p == '\t' && c->separator != '\t'))) c->p++;
    if (c->p < c->end && *c->p == '"') {
        quoted = true;
        c->p++;
    }
    for (; c->p < c->end; c->p++) {
        if (quoted && *c->p == '"') {
            if (c->p + 1 < c->end && c->p[1] == '"') {
                c->p++;
            } else {
                quoted = false;
                continue;
            }
        } else if (!quoted && (*c->p == c->separator || *c->p == '\n')) {
            break;
        }
        if (!*c->p || n + 1 >= size) return false;
        out[n++] = *c->p;
    }
    if (quoted) return false;
    while (n && isspace((unsigned char)out[n - 1])) n--;
    out[n] = 0;
    *last = c->p >= c->end || *c->p == '\n';
    if (c->p < c->end) c->p++;
    return true;
}

static json_t *number(const char *text, bool decimal_comma)
{
    char s[64];
    double x[2];
    int n = 0;
    snprintf(s, sizeof s, "%s", text);
    if (decimal_comma)
        for (char *p = s; *p; p++)
            if (*p == ',') *p = '.';
    for (char *p = s; n < 2;) {
        char *end;
        x[n] = strtod(p, &end);
        if (end == p || !plausible(x[n])) return NULL;
        n++;
        while (*end == ' ') end++;
        if (!*end) return n == 1 ? json_real(x[0]) : json_pack("[f, f]", x[0], x[1]);
        // "70-74", "70 - 74", "70–74" (an en dash)
        if (*end == '-')
            p = end + 1;
        else if (!strncmp(end, "\xe2\x80\x93", 3))
            p = end + 3;
        else
            return NULL;
        while (*p == ' ') p++;
        if (*p == '-') return NULL;
    }
    return NULL;
}

static void column_name(char *s)
{
    for (char *p = s; *p; p++) *p = *p == ' ' || *p == '-' ? '_' : (char)tolower((unsigned char)*p);
}

json_t *chart_from_csv(const char *text, size_t n, err *e)
{
    csv c = { text, text + n, ',' };
    char unit[8] = "cm", basis[16] = "body", names[MAX_COLUMNS][NAME];
    int columns = 0;
    if (n >= 3 && !memcmp(text, "\xef\xbb\xbf", 3)) c.p += 3; // a byte order mark, as spreadsheets write it
    while (c.p < c.end && (*c.p == '#' || *c.p == '\n' || *c.p == '\r')) {
        const char *line_end = memchr(c.p, '\n', (size_t)(c.end - c.p));
        if (!line_end) line_end = c.end;
        char line[80];
        snprintf(line, sizeof line, "%.*s", (int)(line_end - c.p < 79 ? line_end - c.p : 79), c.p);
        if (sscanf(line, "# unit: %7[a-z]", unit) == 1 || sscanf(line, "# basis: %15[a-z_]", basis) == 1) {
        }
        c.p = line_end < c.end ? line_end + 1 : line_end;
    }
    const char *head_end = c.p < c.end ? memchr(c.p, '\n', (size_t)(c.end - c.p)) : NULL;
    size_t head = (size_t)((head_end ? head_end : c.end) - c.p);
    if (memchr(c.p, ';', head))
        c.separator = ';';
    else if (memchr(c.p, '\t', head))
        c.separator = '\t';
    bool last = false;
    while (!last && columns < MAX_COLUMNS) {
        if (!cell(&c, names[columns], NAME, &last))
            return fail(e, ERR_INPUT, "the chart's first line has a name too long, or an open quote"), NULL;
        column_name(names[columns++]);
    }
    if (!last || columns < 2 || strcmp(names[0], "size") != 0)
        return fail(e, ERR_INPUT, "the chart's first line names its columns: size, then measurements"), NULL;
    json_t *sizes = json_object(), *chart = json_pack("{s:s, s:s, s:o}", "unit", unit, "basis", basis, "sizes", sizes);
    bool ok = true;
    for (int line = 2; ok && c.p < c.end; line++) {
        char value[64], size[64];
        json_t *row = json_object();
        last = false;
        ok = cell(&c, size, sizeof size, &last) || fail(e, ERR_INPUT, "line %d of the chart cannot be read", line);
        for (int k = 1; ok && !last; k++) {
            ok =
                cell(&c, value, sizeof value, &last) || fail(e, ERR_INPUT, "line %d of the chart cannot be read", line);
            if (!ok || !*value) continue;
            json_t *v = k < columns ? number(value, c.separator == ';') : NULL;
            if (!v)
                ok = fail(e, ERR_INPUT, "line %d of the chart: \"%.20s\" is no measurement", line, value);
            else
                json_object_set_new(row, names[k], v);
        }
        if (ok && *size && json_object_get(sizes, size))
            ok = fail(e, ERR_INPUT, "line %d of the chart: size \"%.20s\" stands there twice", line, size);
        if (ok && *size) json_object_set(sizes, size, row);
        json_decref(row);
    }
    if (ok && chart_check(chart, e)) return chart;
    json_decref(chart);
    return NULL;
}
