// From method and path to a row of the route table.
#pragma once
#include "http/http.h"

// Fills route and params of q. Returns 200, 404 when no route has the path, 405 when one has it with another method
// (then *allow lists the methods), 400 when the path is malformed.
int route_find(const http_route *routes, http_request *q, const char **allow);
