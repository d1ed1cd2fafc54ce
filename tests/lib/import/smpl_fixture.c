// SMPL files as four generations of Python write them.
#include "base/mem.h"
#include "base/rng.h"
#include "hmr2_fixture.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { JOINTS = 24, FEATURES = 207 };
static const int parent[JOINTS] = { -1, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 9, 9, 12, 13, 14, 16, 17, 18, 19, 20, 21 };

// A stick figure in T-pose, metres: where each joint is.
static const double place[JOINTS][3] = { { 0, -.2, 0 },     { .07, -.3, 0 },  { -.07, -.3, 0 },  { 0, -.1, 0 },
                                         { .1, -.7, 0 },    { -.1, -.7, 0 },  { 0, .05, 0 },     { .09, -1.1, 0 },
                                         { -.09, -1.1, 0 }, { 0, .1, 0 },     { .1, -1.15, .1 }, { -.1, -1.15, .1 },
                                         { 0, .3, 0 },      { .08, .2, 0 },   { -.08, .2, 0 },   { 0, .38, .05 },
                                         { .18, .22, 0 },   { -.18, .22, 0 }, { .44, .2, 0 },    { -.44, .2, 0 },
                                         { .7, .2, 0 },     { -.7, .2, 0 },   { .78, .2, 0 },    { -.78, .2, 0 } };

fixture_body fixture_body_new(size_t vertices, size_t betas)
{
    rng r = rng_new(7);
    fixture_body b = { .vertices = vertices, .betas = betas, .faces = vertices - 2 };
    b.template = mem_array(double, vertices * 3);
    b.shapedirs = mem_array(double, vertices * 3 * betas);
    b.posedirs = mem_array(double, vertices * 3 * FEATURES);
    b.weights = mem_array(double, vertices *JOINTS);
    b.regressor = mem_array(double, vertices *JOINTS);
    b.face = mem_array(uint32_t, b.faces * 3);
    double near[JOINTS] = { 0 };
    for (size_t v = 0; v < vertices; v++) {
        size_t j = v % JOINTS, p = parent[j] < 0 ? 0 : (size_t)parent[j];
        double along = rng_uniform(&r) * 0.5;
        for (size_t c = 0; c < 3; c++) {
            b.template[v * 3 + c] = place[j][c] * (1 - along) + place[p][c] * along + rng_between(&r, -.05, .05);
            for (size_t k = 0; k < betas; k++) b.shapedirs[(v * 3 + c) * betas + k] = 0.01 * rng_normal(&r);
            for (size_t k = 0; k < FEATURES; k++) b.posedirs[(v * 3 + c) * FEATURES + k] = 0.002 * rng_normal(&r);
        }
        b.weights[v * JOINTS + j] += 1 - along;
        b.weights[v * JOINTS + p] += along;
        if (v < 8 * JOINTS) near[j]++; // eight vertices tell each joint
    }
    for (size_t v = 0; v < vertices && v < 8 * JOINTS; v++)
        b.regressor[v % JOINTS * vertices + v] = 1 / near[v % JOINTS];
    for (size_t f = 0; f < b.faces; f++)
        for (size_t k = 0; k < 3; k++) b.face[f * 3 + k] = (uint32_t)(f + k);
    return b;
}

void fixture_body_free(fixture_body *b)
{
    mem_free(b->template);
    mem_free(b->shapedirs);
    mem_free(b->posedirs);
    mem_free(b->weights);
    mem_free(b->regressor);
    mem_free(b->face);
    *b = (fixture_body){ 0 };
}

// --- writing pickles ---

typedef struct {
    buf *out;
    fixture_python how;
    bool ok;
} writer;

static void put(writer *w, const void *data, size_t n) { w->ok = w->ok && buf_append(w->out, data, n); }
static void puts_(writer *w, const char *text) { put(w, text, strlen(text)); }
static void put8(writer *w, size_t v) { put(w, &(uint8_t){ (uint8_t)v }, 1); }
static void put32(writer *w, size_t v) { put(w, &(uint32_t){ (uint32_t)v }, 4); }

// A byte string as Python 2 prints it.
static void put_repr(writer *w, const uint8_t *s, size_t n)
{
    puts_(w, "S'");
    for (size_t i = 0; i < n; i++) {
        char text[8];
        if (s[i] == '\\' || s[i] == '\'')
            snprintf(text, sizeof text, "\\%c", s[i]);
        else if (s[i] == '\n' || s[i] == '\r' || s[i] == '\t')
            snprintf(text, sizeof text, "\\%c", s[i] == '\n' ? 'n' : s[i] == '\r' ? 'r' : 't');
        else if (s[i] < 32 || s[i] > 126)
            snprintf(text, sizeof text, "\\x%02x", s[i]);
        else
            snprintf(text, sizeof text, "%c", s[i]);
        puts_(w, text);
    }
    puts_(w, "'\n");
}

static void put_word(writer *w, const char *word)
{
    size_t n = strlen(word);
    switch (w->how) {
    case PYTHON2:
        puts_(w, "U"), put8(w, n), puts_(w, word);
        return;
    case PYTHON2_TEXT:
        put_repr(w, (const uint8_t *)word, n);
        return;
    case PYTHON3:
        puts_(w, "X"), put32(w, n), puts_(w, word);
        return;
    case PYTHON3_NEW:
        puts_(w, "\x8c"), put8(w, n), puts_(w, word), puts_(w, "\x94");
        return;
    }
}

static void put_class(writer *w, const char *module, const char *name)
{
    if (w->how == PYTHON3_NEW) {
        put_word(w, module);
        put_word(w, name);
        puts_(w, "\x93\x94");
        return;
    }
    puts_(w, "c"), puts_(w, module), puts_(w, "\n"), puts_(w, name), puts_(w, "\n");
}

static void put_int(writer *w, int64_t v)
{
    char line[32];
    snprintf(line, sizeof line, "I%lld\n", (long long)v);
    if (w->how == PYTHON2_TEXT)
        puts_(w, line);
    else
        puts_(w, "J"), put32(w, (size_t)v);
}

static void put_bool(writer *w, bool v)
{
    if (w->how == PYTHON2_TEXT)
        puts_(w, v ? "I01\n" : "I00\n");
    else
        puts_(w, v ? "\x88" : "\x89");
}

static void put_bytes(writer *w, const uint8_t *s, size_t n)
{
    if (w->how == PYTHON2_TEXT) {
        put_repr(w, s, n);
    } else if (w->how == PYTHON3) {
        size_t len = n;
        for (size_t i = 0; i < n; i++) len += s[i] >= 0x80;
        put_class(w, "_codecs", "encode");
        puts_(w, "(X"), put32(w, len);
        for (size_t i = 0; i < n; i++) {
            if (s[i] >= 0x80) put8(w, 0xc0 | s[i] >> 6);
            put8(w, s[i] < 0x80 ? s[i] : 0x80 | (s[i] & 63));
        }
        put_word(w, "latin1");
        puts_(w, "tR");
    } else {
        puts_(w, w->how == PYTHON2 ? "T" : "B"), put32(w, n), put(w, s, n);
    }
}

// type: "f8", "i4", "u4". data: the elements as they are to lie in the file.
static void put_array(writer *w, const char *type, int dims, const size_t *dim, bool fortran, const void *data,
                      size_t n)
{
    put_class(w, "numpy.core.multiarray", "_reconstruct");
    puts_(w, "(");
    put_class(w, "numpy", "ndarray");
    puts_(w, "(");
    put_int(w, 0);
    puts_(w, "t");
    put_bytes(w, (const uint8_t *)"b", 1);
    puts_(w, "tR(");
    put_int(w, 1);
    puts_(w, "(");
    for (int i = 0; i < dims; i++) put_int(w, (int64_t)dim[i]);
    puts_(w, "t");
    put_class(w, "numpy", "dtype");
    puts_(w, "(");
    put_word(w, type);
    put_int(w, 0);
    put_int(w, 1);
    puts_(w, "tR(");
    put_int(w, 3);
    put_word(w, "<");
    puts_(w, "NNN");
    put_int(w, -1);
    put_int(w, -1);
    put_int(w, 0);
    puts_(w, "tb");
    put_bool(w, fortran);
    put_bytes(w, data, n);
    puts_(w, "tb");
}

static void put_doubles(writer *w, int dims, const size_t *dim, bool fortran, const double *v)
{
    size_t count = 1;
    for (int i = 0; i < dims; i++) count *= dim[i];
    if (!fortran) {
        put_array(w, "f8", dims, dim, false, v, count * 8);
        return;
    }
    double *turned = mem_array(double, count);
    for (size_t i = 0; i < count; i++) turned[i % dim[1] * dim[0] + i / dim[1]] = v[i]; // of two dimensions
    put_array(w, "f8", dims, dim, true, turned, count * 8);
    mem_free(turned);
}

static void begin_object(writer *w, const char *module, const char *name)
{
    if (w->how == PYTHON2_TEXT) {
        put_class(w, "copy_reg", "_reconstructor");
        puts_(w, "(");
        put_class(w, module, name);
        put_class(w, "__builtin__", "object");
        puts_(w, "NtR(d"); // MARK DICT: protocol 0 has no EMPTY_DICT
        return;
    }
    put_class(w, module, name);
    puts_(w, ")\x81}");
}

// The value of a key in the dict below; its key is on the stack before it.
static void set_item(writer *w) { puts_(w, "s"); }

static void put_chumpy(writer *w, int dims, const size_t *dim, bool fortran, const double *v)
{
    begin_object(w, "chumpy.ch", "Ch");
    put_word(w, "_dirty_vars");
    puts_(w, w->how == PYTHON2_TEXT ? "(l" : "]");
    set_item(w);
    put_word(w, "x");
    put_doubles(w, dims, dim, fortran, v);
    set_item(w);
    puts_(w, "b");
}

static void put_sparse(writer *w, const fixture_body *b)
{
    size_t count = 0, filled = 0;
    for (size_t i = 0; i < JOINTS * b->vertices; i++) count += b->regressor[i] != 0;
    double *data = mem_array(double, count);
    int32_t *row = mem_array(int32_t, count), *start = mem_array(int32_t, b->vertices + 1);
    for (size_t v = 0; v < b->vertices; v++) {
        for (size_t j = 0; j < JOINTS; j++) {
            double x = b->regressor[j * b->vertices + v];
            if (x != 0) data[filled] = x, row[filled++] = (int32_t)j;
        }
        start[v + 1] = (int32_t)filled;
    }
    begin_object(w, w->how == PYTHON3_NEW ? "scipy.sparse._csc" : "scipy.sparse.csc", "csc_matrix");
    put_word(w, "_shape");
    puts_(w, "(");
    put_int(w, JOINTS);
    put_int(w, (int64_t)b->vertices);
    puts_(w, "t");
    set_item(w);
    put_word(w, "data");
    put_doubles(w, 1, &count, false, data);
    set_item(w);
    put_word(w, "indices");
    put_array(w, "i4", 1, &count, false, row, count * 4);
    set_item(w);
    put_word(w, "indptr");
    put_array(w, "i4", 1, &(size_t){ b->vertices + 1 }, false, start, (b->vertices + 1) * 4);
    set_item(w);
    puts_(w, "b");
    mem_free(data);
    mem_free(row);
    mem_free(start);
}

bool fixture_smpl(const fixture_body *b, fixture_python how, buf *out)
{
    writer w = { out, how, true };
    size_t n = b->vertices;
    uint32_t tree[2 * JOINTS];
    for (uint32_t j = 0; j < JOINTS; j++) tree[j] = (uint32_t)parent[j], tree[JOINTS + j] = j;
    puts_(&w, how == PYTHON2_TEXT ? "(d" : how == PYTHON3_NEW ? "\x80\x04}\x94" : "\x80\x02}");
    put_word(&w, "v_template");
    put_chumpy(&w, 2, (size_t[]){ n, 3 }, false, b->template);
    set_item(&w);
    put_word(&w, "shapedirs");
    put_chumpy(&w, 3, (size_t[]){ n, 3, b->betas }, false, b->shapedirs);
    set_item(&w);
    put_word(&w, "posedirs");
    put_doubles(&w, 3, (size_t[]){ n, 3, FEATURES }, false, b->posedirs);
    set_item(&w);
    put_word(&w, "weights");
    put_chumpy(&w, 2, (size_t[]){ n, JOINTS }, true, b->weights);
    set_item(&w);
    put_word(&w, "J_regressor");
    put_sparse(&w, b);
    set_item(&w);
    put_word(&w, "kintree_table");
    put_array(&w, "u4", 2, (size_t[]){ 2, JOINTS }, false, tree, sizeof tree);
    set_item(&w);
    put_word(&w, "f");
    put_array(&w, "u4", 2, (size_t[]){ b->faces, 3 }, false, b->face, b->faces * 12);
    set_item(&w);
    put_word(&w, "bs_type");
    put_word(&w, "lrotmin");
    set_item(&w);
    puts_(&w, ".");
    return w.ok;
}
