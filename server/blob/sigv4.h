// AWS Signature Version 4, as headers and as presigned links. Pure: text in, text out.
#pragma once
#include "base/buf.h"

typedef struct {
    const char *method;
    const char *host;              // as in the Host header, with a port that is not the scheme's own
    const char *path;              // decoded; each segment is encoded once, as S3 wants it
    const char *const (*query)[2]; // decoded name and value, any order
    int query_count;
    const char *const (*headers)[2]; // signed besides host and x-amz-*
    int header_count;
    const char *payload_sha256;                                             // hex, or "UNSIGNED-PAYLOAD"
    const char *region, *service, *access_key, *secret_key, *session_token; // token may be NULL
    const char *date;                                                       // "20260101T000000Z"
} sigv4_request;

// The signed headers' lines, each "Name: value\0" one after the other, ended by an empty one: Authorization,
// x-amz-date, x-amz-content-sha256 and x-amz-security-token when there is one.
bool sigv4_headers(const sigv4_request *q, buf *lines) MUST_USE;
// The encoded path and query of the presigned request, "/a/b?X-Amz-…".
bool sigv4_presign(const sigv4_request *q, int seconds, buf *target) MUST_USE;
// The encoded path and query without a signature.
bool sigv4_target(const sigv4_request *q, buf *target) MUST_USE;
