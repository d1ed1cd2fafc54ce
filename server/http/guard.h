// What libmicrohttpd lets pass and two parties could read in two ways. Checked on the head, before anything else.
#pragma once
#include <stdbool.h>

struct MHD_Connection;

// method and version as the library handed them over (pointers into its buffer). *needs_length: the request was fine
// but for a Transfer-Encoding, which we do not take (RFC 9112 section 6.1 lets a server ask for a length: 411).
bool guard_head_is_sane(struct MHD_Connection *c, const char *method, const char *url, const char *version,
                        bool *needs_length);
