// A body as gzip (RFC 1952), when that is shorter.
#pragma once
#include "base/buf.h"

// True: *body is gzip now. False: it is as it was.
bool gzip(buf *body) MUST_USE;
