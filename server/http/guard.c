// libmicrohttpd 0.9.75 accepts bare line feeds, folded lines, NULs and nameless headers, and shows only what it made of
// them. But it parses in place: method, version, names and values all point into the one buffer the head arrived in.
// So the head is known to be strict exactly when these pieces, in order, are separated by nothing but what the grammar
// has between them: ": ", optional blanks, CRLF (the library has put zeros over the line ends). Version 1 refuses all
// this itself and may store differently, so there the layout is not looked at.
#include "http/guard.h"

#include <microhttpd.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

enum { MAX_HEADERS = 100 };

typedef struct {
    unsigned length, encoding, host, bad, count;
    const char *line_end; // where the last piece ended
    bool layout;          // look at the layout
    bool chunked;
} guard;

static bool tchar(unsigned char c)
{
    return (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z') || (c && strchr("!#$%&'*+-.^_`|~", c));
}

// Exactly one CRLF, which the library may have zeroed, after optional blanks, between two places in the buffer.
static bool one_line_end(const char *from, const char *to)
{
    if ((uintptr_t)to < (uintptr_t)from + 2 || (uintptr_t)to - (uintptr_t)from > 4096) return false;
    const char *end = to - 2;
    for (const char *p = from; p < end; p++)
        if (*p != ' ' && *p != '\t') return false;
    return (end[0] == '\r' || end[0] == 0) && (end[1] == '\n' || end[1] == 0);
}

static enum MHD_Result one(void *ctx, enum MHD_ValueKind kind, const char *k, size_t kn, const char *v, size_t vn)
{
    (void)kind;
    guard *g = ctx;
    if (++g->count > MAX_HEADERS || !kn || !v) {
        g->bad++;
        return MHD_NO;
    }
    for (size_t i = 0; i < kn; i++) g->bad += !tchar((unsigned char)k[i]);
    for (size_t i = 0; i < vn; i++) g->bad += ((unsigned char)v[i] < ' ' && v[i] != '\t') || v[i] == 127;
    if (g->layout) {
        g->bad += !one_line_end(g->line_end, k);
        // Between name and value: the colon (or the zero over it) and blanks.
        uintptr_t gap = (uintptr_t)v - (uintptr_t)(k + kn);
        if (gap < 1 || gap > 4096) {
            g->bad++;
            return MHD_NO;
        }
        for (uintptr_t i = 1; i < gap; i++) g->bad += k[kn + i] != ' ' && k[kn + i] != '\t' && k[kn + i] != 0;
        g->line_end = v + vn;
    }
    if (!strcasecmp(k, "content-length")) {
        g->length++;
        g->bad += vn < 1 || vn > 12;
        for (size_t i = 0; i < vn; i++) g->bad += v[i] < '0' || v[i] > '9';
    }
    if (!strcasecmp(k, "transfer-encoding")) {
        g->encoding++;
        g->chunked = !strcasecmp(v, "chunked");
    }
    if (!strcasecmp(k, "host")) {
        g->host++;
        for (size_t i = 0; i < vn; i++) g->bad += v[i] <= ' ' || strchr("/@\\,?#", v[i]) != NULL;
    }
    return MHD_YES;
}

bool guard_head_is_sane(struct MHD_Connection *c, const char *method, const char *url, const char *version,
                        bool *needs_length)
{
    *needs_length = false;
    guard g = { .layout = MHD_get_version()[0] == '0', .line_end = version + strlen(version) };
    MHD_get_connection_values_n(c, MHD_HEADER_KIND, one, &g);
    if (strcmp(version, "HTTP/1.1") != 0 && strcmp(version, "HTTP/1.0") != 0) g.bad++;
    for (const char *p = method; *p; p++) g.bad += !tchar((unsigned char)*p);
    if (url[0] != '/') g.bad++;
    for (const unsigned char *p = (const unsigned char *)url; *p; p++) g.bad += *p <= ' ' || *p >= 127;
    if (g.layout && !g.bad) {
        const union MHD_ConnectionInfo *info = MHD_get_connection_info(c, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
        // The head begins at the method and is as long as the library says: its last CRLF CRLF closes the account.
        if (!info || !one_line_end(g.line_end, method + info->header_size - 2)) g.bad++;
    }
    if (g.bad || g.length > 1 || g.encoding > 1 || (g.length && g.encoding) || g.host != 1) return false;
    if (g.encoding && !g.chunked) return false;
    *needs_length = g.encoding == 1;
    return true;
}
