// A fabric of a parsed JSON value (json_t of jansson). Internal to lib/garment.
#pragma once
#include "garment/fabric.h"

struct json_t;
bool fabric_of_json(const struct json_t *j, fabric *out, err *e) MUST_USE;
