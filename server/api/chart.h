// Size charts: {"unit": "cm|in", "basis": "body|garment_flat|garment_circ", "sizes": {"S": {"chest": 96, "waist": [70,
// 74]}}}; a column may be an object {"value": …, "basis": …}. Pure.
#pragma once
#include "base/err.h"

#include <jansson.h>
#include <stddef.h>

bool chart_check(const json_t *chart, err *e) MUST_USE;
// The first line names the columns, the first of them "size"; further lines "# unit: in" or "# basis: garment_flat" may
// stand before it. A cell is a number or a range "70-74"; comma, semicolon (then a comma may be the decimal sign) or
// tab.
json_t *chart_from_csv(const char *text, size_t n, err *e);
