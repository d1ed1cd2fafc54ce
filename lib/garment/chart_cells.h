// What the two chart formats share: names of columns, checking of values. Internal to lib/garment.
#pragma once
#include "garment/chart.h"

struct json_t;

typedef struct {
    chart_dim dim;
    chart_basis basis;
    bool has_basis, has_unit, inches;
} chart_column;

// Reads "chest", "Chest (in)", "chest garment_flat" …; n bytes. false: no such column.
bool chart_column_read(const char *text, size_t n, chart_column *out);
bool chart_basis_read(const char *text, chart_basis *out);

// A size's name: 1 to 23 printable characters without quotes or slashes, not taken yet.
bool chart_add_size(size_chart *c, const char *name, size_t n, err *e) MUST_USE;

// "94", "94-98", "94,5" when commas are decimal; n bytes. false: neither.
bool chart_range_read(const char *text, size_t n, bool decimal_comma, chart_range *out);

// Puts a value in unit cm or inches; says what is wrong with it.
bool chart_set(size_chart *c, int size, chart_dim d, chart_range v, bool inches, err *e) MUST_USE;

// Once all is read: waists and inseams from the sizes' names; at least one size with one value.
bool chart_finish(size_chart *c, err *e) MUST_USE;

// Of a JSON value already parsed (json_t of jansson).
bool chart_of_json(const struct json_t *root, size_chart *out, err *e) MUST_USE;
