// The pages: a folder of built files (build/web), read whole at start and served from memory. Names under assets/ carry
// their content's hash and are kept by browsers for good; everything else is asked for again with its ETag. FILE.br and
// FILE.gz beside a file are its compressed forms.
#pragma once
#include "http/http.h"

typedef struct site site;

// others: origins, separated by blanks, that pages may fetch from beside this server's ("https://x.supabase.co", where
// signed links point to), or NULL. ERR_NOT_FOUND when the folder holds no index.html.
bool site_open(const char *folder, const char *others, site **out, err *e) MUST_USE;
void site_close(site *s); // NULL is fine

// Answers GET and HEAD of a path of the site, "/embed" with embed/index.html; false: no such file. ancestors: what a
// page allows to frame it, as in CSP's frame-ancestors ("'none'", "'self' https://shop.example"); outlives the request.
bool site_serve(const site *s, http_request *q, http_response *r, const char *ancestors);
