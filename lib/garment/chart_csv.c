#include "garment/chart_cells.h"

#include <ctype.h>
#include <string.h>

enum { MOST_CELLS = 40 };

typedef struct {
    const char *text[MOST_CELLS];
    size_t length[MOST_CELLS];
    int count;
} csv_row;

typedef struct {
    const char *text;
    size_t left;
    int line;
    char separator;
} csv;

// The next line that is not empty, cut into trimmed cells. Quoted cells may hold the separator, not a line break.
static bool next_row(csv *s, csv_row *row, err *e)
{
    row->count = 0;
    while (s->left > 0) {
        const char *end = memchr(s->text, '\n', s->left);
        size_t n = end ? (size_t)(end - s->text) : s->left;
        const char *line = s->text;
        s->line++;
        s->text += end ? n + 1 : n;
        s->left -= end ? n + 1 : n;
        while (n > 0 && isspace((unsigned char)line[n - 1]) && line[n - 1] != s->separator) n--;
        size_t i = 0;
        while (i < n && isspace((unsigned char)line[i])) i++;
        if (i == n || line[i] == '#') continue;
        for (size_t at = 0; at <= n;) {
            if (row->count == MOST_CELLS)
                return fail(e, ERR_LIMIT, "row %d of the size chart has more than %d cells", s->line, MOST_CELLS);
            size_t from = at, to;
            if (at < n && line[at] == '"') {
                const char *close = memchr(line + at + 1, '"', n - at - 1);
                if (!close) return fail(e, ERR_INPUT, "row %d of the size chart: a quote is not closed", s->line);
                from = at + 1;
                to = (size_t)(close - line);
                at = to + 1;
                while (at < n && line[at] != s->separator) at++;
            } else {
                while (at < n && line[at] != s->separator) at++;
                to = at;
            }
            while (from < to && isspace((unsigned char)line[from])) from++;
            while (to > from && isspace((unsigned char)line[to - 1])) to--;
            row->text[row->count] = line + from;
            row->length[row->count++] = to - from;
            at++;
        }
        return true;
    }
    return true; // count 0: the end
}

static bool cell_is(const csv_row *r, int i, const char *word)
{
    if (i >= r->count || r->length[i] != strlen(word)) return false;
    for (size_t k = 0; k < r->length[i]; k++)
        if (tolower((unsigned char)r->text[i][k]) != word[k]) return false;
    return true;
}

static bool read_setting(const csv *s, const csv_row *r, size_chart *c, bool *inches, bool *based, err *e)
{
    if (cell_is(r, 0, "unit")) {
        if (!cell_is(r, 1, "cm") && !cell_is(r, 1, "in"))
            return fail(e, ERR_INPUT, "row %d of the size chart: the unit is cm or in", s->line);
        *inches = cell_is(r, 1, "in");
        return true;
    }
    if (cell_is(r, 0, "basis")) {
        for (int b = 0; b < 3; b++) {
            if (!cell_is(r, 1, chart_basis_word[b])) continue;
            for (int d = 0; d < DIM_COUNT; d++) c->basis[d] = (chart_basis)b;
            return *based = true;
        }
        return fail(e, ERR_INPUT, "row %d of the size chart: the basis is body, garment_flat or garment_circ", s->line);
    }
    chart_range t;
    if (cell_is(r, 0, "tolerance")) {
        if (r->count < 2 || !chart_range_read(r->text[1], r->length[1], s->separator == ';', &t) || t.lo != t.hi ||
            t.hi * (*inches ? 2.54 : 1) > 10)
            return fail(e, ERR_INPUT, "row %d of the size chart: the tolerance is 0 to 10 cm", s->line);
        c->tolerance = t.hi * (*inches ? 2.54 : 1);
        return true;
    }
    return fail(e, ERR_INPUT, "row %d of the size chart: a heading row \"size,chest,…\" is expected first", s->line);
}

static bool read_heading(const csv *s, const csv_row *r, bool inches, bool based, size_chart *c, chart_column *column,
                         err *e)
{
    for (int i = 1; i < r->count; i++) {
        if (!chart_column_read(r->text[i], r->length[i], &column[i]))
            return fail(e, ERR_INPUT, "row %d, column %d of the size chart: there is no measurement \"%.*s\"", s->line,
                        i + 1, (int)(r->length[i] < 40 ? r->length[i] : 40), r->text[i]);
        if (column[i].has_basis)
            c->basis[column[i].dim] = column[i].basis;
        else if (!based && chart_is_girth(column[i].dim))
            return fail(e, ERR_INPUT,
                        "the size chart must say what it measures: a row basis,body (or garment_flat, "
                        "garment_circ) before the headings");
        if (!column[i].has_unit) column[i].inches = inches;
        for (int k = 1; k < i; k++)
            if (column[k].dim == column[i].dim)
                return fail(e, ERR_INPUT, "row %d of the size chart: column %d repeats column %d", s->line, i + 1,
                            k + 1);
    }
    return true;
}

static bool read_row(const csv *s, const csv_row *r, int columns, const chart_column *column, size_chart *c, err *e)
{
    if (!chart_add_size(c, r->text[0], r->length[0], e)) return false;
    if (r->count > columns)
        return fail(e, ERR_INPUT, "row %d of the size chart has %d cells, the heading %d", s->line, r->count, columns);
    for (int i = 1; i < r->count; i++) {
        chart_range v;
        if (r->length[i] == 0 || (r->length[i] == 1 && r->text[i][0] == '-')) continue;
        if (!chart_range_read(r->text[i], r->length[i], s->separator == ';', &v))
            return fail(e, ERR_INPUT,
                        "row %d (size \"%s\"), column \"%s\" of the size chart: \"%.*s\" is not a number "
                        "nor a range such as 94-98",
                        s->line, c->size[c->count - 1].name, chart_dim_key[column[i].dim],
                        (int)(r->length[i] < 40 ? r->length[i] : 40), r->text[i]);
        if (!chart_set(c, c->count - 1, column[i].dim, v, column[i].inches, e)) return false;
    }
    return true;
}

bool chart_parse_csv(const char *text, size_t n, size_chart *c, err *e)
{
    memset(c, 0, sizeof *c);
    c->tolerance = 1.5; // cm, as in JSON
    csv s = { text, n, 0, ',' };
    if (memchr(text, '\0', n)) return fail(e, ERR_INPUT, "the size chart is neither JSON nor a CSV table");
    if (n > 0 && memchr(text, '\t', n)) s.separator = '\t';
    if (n > 0 && memchr(text, ';', n)) s.separator = ';';
    csv_row row;
    chart_column column[MOST_CELLS] = { 0 };
    bool inches = false, based = false;
    int columns = 0;
    for (;;) {
        if (!next_row(&s, &row, e)) return false;
        if (row.count == 0) break;
        if (columns == 0 && (cell_is(&row, 0, "size") || cell_is(&row, 0, "sizes"))) {
            columns = row.count;
            if (!read_heading(&s, &row, inches, based, c, column, e)) return false;
        } else if (columns == 0) {
            if (!read_setting(&s, &row, c, &inches, &based, e)) return false;
        } else if (!read_row(&s, &row, columns, column, c, e)) {
            return false;
        }
    }
    return chart_finish(c, e);
}
