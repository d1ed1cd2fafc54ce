#include "http/multipart.h"

#include <string.h>
#include <strings.h>

enum { START, BODY, AFTER_BOUNDARY, AFTER_CR, AFTER_DASH, HEAD, END, END_CR };
enum { MAX_PARTS = 16 };

static bool boundary_char(char c)
{
    return (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z') || (c && strchr("'()+_,-./:=?", c));
}

// The value of parameter name in a header value, unquoted; false when absent, malformed or too long.
static bool parameter(const char *value, const char *name, char *out, size_t size)
{
    size_t n = strlen(name);
    const char *p = strchr(value, ';');
    bool found = false;
    while (p) {
        p++;
        while (*p == ' ' || *p == '\t') p++;
        const char *eq = p;
        while (*eq && *eq != '=' && *eq != ';') eq++;
        if (*eq != '=') return false;
        bool mine = (size_t)(eq - p) == n && !strncasecmp(p, name, n);
        if (mine && found) return false; // named twice
        size_t len = 0;
        char text[256];
        p = eq + 1;
        if (*p == '"') {
            for (p++; *p && *p != '"'; p++) {
                if (*p == '\\' && (p[1] == '"' || p[1] == '\\')) p++;
                if (len + 1 >= sizeof text) return false;
                text[len++] = *p;
            }
            if (*p++ != '"') return false;
        } else {
            for (; *p && *p != ';' && *p != ' ' && *p != '\t'; p++) {
                if (len + 1 >= sizeof text) return false;
                text[len++] = *p;
            }
        }
        while (*p == ' ' || *p == '\t') p++;
        if (*p && *p != ';') return false;
        text[len] = 0;
        if (mine) {
            if (len >= size) return false;
            memcpy(out, text, len + 1);
            found = true;
        }
        if (!*p) p = NULL;
    }
    return found;
}

bool multipart_init(multipart *m, const char *content_type, const multipart_sink *sink, err *e)
{
    *m = (multipart){ .sink = *sink, .state = START };
    static const char want[] = "multipart/form-data";
    char boundary[72];
    if (!content_type || strncasecmp(content_type, want, sizeof want - 1) != 0 ||
        !parameter(content_type, "boundary", boundary, sizeof boundary))
        return fail(e, ERR_INPUT, "the form's Content-Type names no boundary");
    size_t n = strlen(boundary);
    if (n < 1 || n > 70) return fail(e, ERR_INPUT, "the form's boundary must have 1 to 70 characters");
    for (size_t i = 0; i < n; i++)
        if (!boundary_char(boundary[i]))
            return fail(e, ERR_INPUT, "the form's boundary has a character it may not have");
    memcpy(m->boundary, "\r\n--", 4);
    memcpy(m->boundary + 4, boundary, n);
    m->boundary_len = n + 4;
    m->matched = 2; // the first boundary needs no line end before it
    return true;
}

static bool part_head(multipart *m, err *e)
{
    if (++m->parts > MAX_PARTS) return fail(e, ERR_LIMIT, "the form has more than %d parts", MAX_PARTS);
    char name[256] = "", filename[256] = "", type[128] = "";
    bool disposition = false, has_type = false;
    m->head[m->head_len] = 0;
    for (char *line = m->head; *line;) {
        char *end = strstr(line, "\r\n"), *next = end ? end + 2 : line + strlen(line);
        if (end) *end = 0;
        char *colon = strchr(line, ':');
        if (!colon || colon == line || *line == ' ' || *line == '\t')
            return fail(e, ERR_INPUT, "a part of the form has a malformed header");
        *colon = 0;
        char *value = colon + 1;
        while (*value == ' ' || *value == '\t') value++;
        if (!strcasecmp(line, "content-disposition")) {
            if (disposition || strncasecmp(value, "form-data", 9) != 0 ||
                (value[9] && value[9] != ';' && value[9] != ' '))
                return fail(e, ERR_INPUT, "a part of the form has no proper Content-Disposition");
            disposition = parameter(value, "name", name, sizeof name);
            if (!parameter(value, "filename", filename, sizeof filename)) filename[0] = 0;
        } else if (!strcasecmp(line, "content-type")) {
            if (has_type || strlen(value) >= sizeof type)
                return fail(e, ERR_INPUT, "a part of the form has two or an endless Content-Type");
            has_type = true;
            memcpy(type, value, strlen(value) + 1);
        } else if (!strcasecmp(line, "content-transfer-encoding") && strcasecmp(value, "binary") != 0 &&
                   strcasecmp(value, "8bit") != 0 && strcasecmp(value, "7bit") != 0) {
            return fail(e, ERR_INPUT, "a part of the form is encoded as %.40s; send its bytes as they are", value);
        }
        line = next;
    }
    if (!disposition) return fail(e, ERR_INPUT, "a part of the form has no name");
    return m->sink.begin(m->sink.ctx, name, filename, type, e);
}

// Bytes of a part's body, with the boundary searched for across pushes. On a mismatch after k matched characters, those
// k are data; the boundary begins with CR, which appears nowhere else in it, so the search restarts at the character.
static bool body(multipart *m, const uint8_t *p, size_t n, size_t *used, err *e)
{
    size_t i = 0, plain = 0; // [plain, i) is data not yet handed out
    while (i < n && m->matched < m->boundary_len) {
        if (p[i] == (uint8_t)m->boundary[m->matched]) {
            if (m->matched == 0 && i > plain) {
                if (!m->sink.data(m->sink.ctx, p + plain, i - plain, e)) return false;
            }
            m->matched++;
            i++;
            plain = i;
        } else if (m->matched) {
            if (!m->sink.data(m->sink.ctx, (const uint8_t *)m->boundary, m->matched, e)) return false;
            m->matched = 0;
            plain = i;
        } else {
            const uint8_t *cr = memchr(p + i, '\r', n - i);
            i = cr ? (size_t)(cr - p) : n;
        }
    }
    if (m->matched == 0 && i > plain && !m->sink.data(m->sink.ctx, p + plain, i - plain, e)) return false;
    *used = i;
    if (m->matched == m->boundary_len) {
        m->matched = 0;
        m->state = AFTER_BOUNDARY;
    }
    return true;
}

bool multipart_push(multipart *m, const uint8_t *p, size_t n, err *e)
{
    for (size_t i = 0; i < n;) {
        char c = (char)p[i];
        size_t used;
        switch (m->state) {
        case START: // only the first boundary may stand here
            if (c != m->boundary[m->matched]) return fail(e, ERR_INPUT, "the form does not begin with its boundary");
            i++;
            if (++m->matched == m->boundary_len) {
                m->matched = 0;
                m->state = AFTER_BOUNDARY;
            }
            break;
        case BODY:
            if (!body(m, p + i, n - i, &used, e)) return false;
            i += used;
            break;
        case AFTER_BOUNDARY:
            if (c != '\r' && c != '-') return fail(e, ERR_INPUT, "the form has text after a boundary");
            m->state = c == '\r' ? AFTER_CR : AFTER_DASH;
            i++;
            break;
        case AFTER_CR:
            if (c != '\n') return fail(e, ERR_INPUT, "the form has a line that ends without a line feed");
            m->state = HEAD;
            m->head_len = 0;
            i++;
            break;
        case AFTER_DASH:
            if (c != '-') return fail(e, ERR_INPUT, "the form has text after a boundary");
            m->state = END;
            i++;
            break;
        case HEAD:
            if (m->head_len + 1 >= sizeof m->head) return fail(e, ERR_LIMIT, "a part of the form has too long a head");
            if (!c || (c == '\n' && (!m->head_len || m->head[m->head_len - 1] != '\r')))
                return fail(e, ERR_INPUT, "a part of the form has a malformed head");
            if (m->head_len && m->head[m->head_len - 1] == '\r' && c != '\n')
                return fail(e, ERR_INPUT, "a part of the form has a malformed head");
            m->head[m->head_len++] = c;
            i++;
            if (m->head_len >= 4 && !memcmp(m->head + m->head_len - 4, "\r\n\r\n", 4)) {
                m->head_len -= 2;
                if (!part_head(m, e)) return false;
                m->state = BODY;
            } else if (m->head_len == 2 && !memcmp(m->head, "\r\n", 2)) {
                return fail(e, ERR_INPUT, "a part of the form has no name");
            }
            break;
        case END:
            if (c != '\r') return fail(e, ERR_INPUT, "the form goes on after its end");
            m->state = END_CR;
            i++;
            break;
        default:
            // "\r\n" once; anything more is an epilogue nobody reads alike
            if (c != '\n' || m->matched) return fail(e, ERR_INPUT, "the form goes on after its end");
            m->matched = 1;
            i++;
        }
    }
    return true;
}

bool multipart_end(multipart *m, err *e)
{
    if (m->state == END || (m->state == END_CR && m->matched)) return true;
    return fail(e, ERR_INPUT, "the form ends before its last boundary");
}
