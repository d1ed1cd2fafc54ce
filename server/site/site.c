#include "site/site.h"
#include "base/io.h"
#include "base/mem.h"
#include "common/text.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { MOST_FILES = 2000, MOST_BYTES = 64 << 20, DEPTH = 4, PATH_BYTES = 1024 };

typedef struct {
    char *path; // "/assets/shop-1a2b.js"
    const char *type;
    buf plain, gz, br;
    char tag[40]; // with quotes
    bool page, forever;
} file;

struct site {
    file *file; // [count], sorted by path
    int count;
    size_t bytes;
    char policy[900]; // Content-Security-Policy without frame-ancestors
};

static const char *type_of(const char *path)
{
    static const char *const types[][2] = { { ".html", "text/html; charset=utf-8" },
                                            { ".js", "text/javascript; charset=utf-8" },
                                            { ".css", "text/css; charset=utf-8" },
                                            { ".svg", "image/svg+xml" },
                                            { ".png", "image/png" },
                                            { ".webp", "image/webp" },
                                            { ".jpg", "image/jpeg" },
                                            { ".json", "application/json" },
                                            { ".glb", "model/gltf-binary" },
                                            { ".bin", "application/octet-stream" },
                                            { ".woff2", "font/woff2" },
                                            { ".wasm", "application/wasm" },
                                            { ".txt", "text/plain; charset=utf-8" } };
    const char *dot = strrchr(path, '.');
    for (size_t i = 0; dot && i < sizeof types / sizeof *types; i++)
        if (!strcmp(dot, types[i][0])) return types[i][1];
    return NULL; // nothing is served whose type we do not know
}

static bool read_form(const char *path, const char *ending, buf *out, err *e)
{
    char name[PATH_BYTES];
    int n = snprintf(name, sizeof name, "%s%s", path, ending);
    *out = buf_new(MOST_BYTES);
    if (n < 0 || (size_t)n >= sizeof name) return fail(e, ERR_LIMIT, "the path %.80s… is too long", path);
    return io_read(name, out, e) || (*ending && e->code == ERR_NOT_FOUND);
}

static bool add(site *s, const char *on_disk, const char *path, err *e)
{
    const char *type = type_of(path);
    if (!type) return true;
    if (s->count == MOST_FILES) return fail(e, ERR_LIMIT, "the site has more than %d files", MOST_FILES);
    file *f = &s->file[s->count++];
    *f = (file){ .type = type };
    f->path = mem_array(char, strlen(path) + 1);
    memcpy(f->path, path, strlen(path) + 1);
    if (!read_form(on_disk, "", &f->plain, e) || !read_form(on_disk, ".gz", &f->gz, e) ||
        !read_form(on_disk, ".br", &f->br, e))
        return false;
    s->bytes += f->plain.len + f->gz.len + f->br.len;
    if (s->bytes > MOST_BYTES) return fail(e, ERR_LIMIT, "the site has more than %d MB", MOST_BYTES >> 20);
    sha256_hex hash;
    sha256_text(f->plain.data ? (const void *)f->plain.data : "", f->plain.len, hash);
    snprintf(f->tag, sizeof f->tag, "\"%.32s\"", hash);
    f->page = !strncmp(type, "text/html", 9);
    f->forever = !strncmp(path, "/assets/", 8);
    return true;
}

static bool walk(site *s, const char *folder, const char *prefix, int depth, err *e)
{
    DIR *d = opendir(folder);
    if (!d) return fail(e, ERR_NOT_FOUND, "cannot open the folder %s", folder);
    bool ok = true;
    for (struct dirent *x; ok && (x = readdir(d));) {
        if (x->d_name[0] == '.') continue;
        char on_disk[PATH_BYTES], path[PATH_BYTES];
        struct stat st;
        int n = snprintf(path, sizeof path, "%s/%s", prefix, x->d_name);
        if (n < 0 || (size_t)n >= sizeof path || !io_join(on_disk, sizeof on_disk, folder, x->d_name))
            ok = fail(e, ERR_LIMIT, "the path %.80s… is too long", folder);
        else if (stat(on_disk, &st))
            ok = fail(e, ERR_IO, "cannot look at %s", on_disk);
        else if (S_ISDIR(st.st_mode))
            ok = depth > 1 ? walk(s, on_disk, path, depth - 1, e) : fail(e, ERR_LIMIT, "%s is too deep", on_disk);
        else if (S_ISREG(st.st_mode))
            ok = add(s, on_disk, path, e);
    }
    closedir(d);
    return ok;
}

static int by_path(const void *a, const void *b) { return strcmp(((const file *)a)->path, ((const file *)b)->path); }

static const file *find(const site *s, const char *path)
{
    file key = { .path = (char *)(uintptr_t)path };
    return s->count ? bsearch(&key, s->file, (size_t)s->count, sizeof key, by_path) : NULL;
}

bool site_open(const char *folder, const char *others, site **out, err *e)
{
    site *s = mem_new(1, sizeof *s);
    s->file = mem_array(file, MOST_FILES);
    // blob: pictures of the camera and textures inside GLB files. No inline script or style, nothing of others.
    int n = snprintf(s->policy, sizeof s->policy,
                     "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:%s%s; connect-src "
                     "'self' blob:%s%s; media-src 'self' blob:; font-src 'self'; frame-src 'self'; base-uri 'none'; "
                     "form-action 'none'",
                     others ? " " : "", others ? others : "", others ? " " : "", others ? others : "");
    bool ok = n > 0 && (size_t)n < sizeof s->policy ? walk(s, folder, "", DEPTH, e)
                                                    : fail(e, ERR_LIMIT, "the origins beside ours are too long");
    if (ok) qsort(s->file, (size_t)s->count, sizeof *s->file, by_path);
    if (ok && !find(s, "/index.html")) ok = fail(e, ERR_NOT_FOUND, "there is no index.html in %s", folder);
    if (ok)
        *out = s;
    else
        site_close(s);
    return ok;
}

void site_close(site *s)
{
    if (!s) return;
    for (int i = 0; i < s->count; i++) {
        buf_free(&s->file[i].plain);
        buf_free(&s->file[i].gz);
        buf_free(&s->file[i].br);
        mem_free(s->file[i].path);
    }
    mem_free(s->file);
    mem_free(s);
}

bool site_serve(const site *s, http_request *q, http_response *r, const char *ancestors)
{
    if (strcmp(q->method, "GET") != 0 && strcmp(q->method, "HEAD") != 0) return false;
    const char *path = !strcmp(q->path, "/") ? "/index.html" : q->path;
    size_t n = strlen(path);
    if (n > 1 && path[n - 1] == '/') return false;
    const file *f = find(s, path);
    if (!f) f = find(s, arena_printf(q->a, "%s/index.html", path));
    if (!f) return false;
    r->type = f->type;
    http_set(r, "Vary", "Accept-Encoding");
    http_set(r, "Cache-Control", f->forever ? "public, max-age=31536000, immutable" : "no-cache");
    // The widget and what it loads are for other sites' pages; the rest is for ours.
    http_set(r, "Cross-Origin-Resource-Policy", !strcmp(path, "/tryon.js") ? "cross-origin" : "same-origin");
    if (f->page) {
        http_set(r, "Content-Security-Policy", arena_printf(q->a, "%s; frame-ancestors %s", s->policy, ancestors));
        http_set(r, "Permissions-Policy",
                 "camera=(self), accelerometer=(self), gyroscope=(self), microphone=(), geolocation=(), payment=(), "
                 "usb=()");
        http_set(r, "Cross-Origin-Opener-Policy", "same-origin");
    }
    if (http_not_modified(q, r, f->tag)) return true;
    const buf *body = &f->plain;
    if (f->br.len && http_accepts(q, "br")) {
        body = &f->br;
        http_set(r, "Content-Encoding", "br");
    } else if (f->gz.len && http_accepts(q, "gzip")) {
        body = &f->gz;
        http_set(r, "Content-Encoding", "gzip");
    }
    r->status = 200;
    r->fixed = body->data;
    r->fixed_len = body->len;
    return true;
}
