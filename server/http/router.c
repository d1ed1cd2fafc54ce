#include "http/router.h"
#include "common/text.h"

#include <string.h>

// Matches a path against a template; params are the raw segments between slashes.
static bool matches(const char *tpl, const char *path, const char *seg[HTTP_MAX_PARAMS], size_t len[HTTP_MAX_PARAMS],
                    int *n)
{
    *n = 0;
    while (*tpl && *path) {
        if (*tpl == '{') {
            bool rest = tpl[1] == '*'; // {*name}: all that follows, slashes too
            size_t k = rest ? strlen(path) : strcspn(path, "/");
            if (!k || *n == HTTP_MAX_PARAMS) return false;
            seg[*n] = path;
            len[(*n)++] = k;
            path += k;
            tpl = strchr(tpl, '}') + 1;
        } else if (*tpl++ != *path++) {
            return false;
        }
    }
    return !*tpl && !*path;
}

int route_find(const http_route *routes, http_request *q, const char **allow)
{
    const char *seg[HTTP_MAX_PARAMS];
    size_t len[HTTP_MAX_PARAMS];
    int n;
    char methods[64] = "";
    const char *method = !strcmp(q->method, "HEAD") ? "GET" : q->method;
    for (const http_route *r = routes; r->method; r++) {
        if (!matches(r->path, q->path, seg, len, &n)) continue;
        if (strcmp(r->method, method) != 0) {
            if (strlen(methods) + strlen(r->method) + 3 < sizeof methods) {
                if (*methods) memcpy(methods + strlen(methods), ", ", 3);
                memcpy(methods + strlen(methods), r->method, strlen(r->method) + 1);
            }
            continue;
        }
        q->route = r;
        for (int i = 0; i < n; i++) {
            char *text = arena_textn(q->a, seg[i], len[i]);
            long decoded = percent_decode(text, len[i]);
            if (decoded < 0) return 400;
            text[decoded] = 0;
            // A path's parts name things of ours: no control characters, no way up.
            for (char *p = text; *p; p++)
                if ((unsigned char)*p < 0x20 || *p == 0x7f || *p == '\\') return 400;
            if (!strcmp(text, ".") || !strcmp(text, "..") || strstr(text, "../") || strstr(text, "/..")) return 400;
            q->param[i] = text;
        }
        return 200;
    }
    if (!*methods) return 404;
    *allow = arena_text(q->a, methods);
    return 405;
}
