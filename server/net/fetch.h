// HTTP from our side, over libcurl: bounded in time and bytes, and, for addresses that a caller supplied, unable to
// reach anything that is not public.
#pragma once
#include "base/buf.h"

typedef struct {
    const char *method; // NULL: GET
    const char *url;
    const char *const *headers; // "Name: value" lines, ended by NULL; may be NULL
    const void *body;
    size_t body_len;
    long timeout_ms; // 0: thirty seconds
    bool guarded;    // the URL came from outside: http and https only, public addresses only, at each redirect
    bool follow;     // at most three redirects
    // A flag that ends the transfer when it turns true (a worker told to stop); may be NULL.
    bool (*cancelled)(void *ctx);
    void *cancelled_ctx;
} fetch_request;

typedef struct {
    int status;
    buf body;         // carries the bound; set before the call
    char etag[128];   // with its quotes
    long retry_after; // seconds, 0 for none
    char location[1024];
} fetch_response;

// True when an answer came, whatever its status. ERR_IO: none came; ERR_LIMIT: longer than the bound; ERR_DENIED: the
// guard refused the address. out->body is the caller's to free in all cases. One handle per thread is kept open.
bool fetch(const fetch_request *q, fetch_response *out, err *e) MUST_USE;

// Is this address one that the guard lets through? For IPv4 in network order or IPv6 (v4-mapped and NAT64 looked into).
bool fetch_public_v4(const unsigned char a[4]);
bool fetch_public_v6(const unsigned char a[16]);
