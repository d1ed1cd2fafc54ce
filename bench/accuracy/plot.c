#include "accuracy/plot.h"
#include "base/buf.h"
#include "base/io.h"
#include "base/mem.h"
#include "image/draw.h"
#include "image/encode.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { WIDTH = 760, HEIGHT = 460, LEFT = 70, RIGHT = 20, TOP = 40, BOTTOM = 60, SCALE = 2, GLYPH = 8 };

static const draw_color colors[PLOT_MAX_SERIES] = {
    { 31, 90, 160, 255 },  { 200, 80, 30, 255 },   { 40, 140, 70, 255 },
    { 130, 60, 150, 255 }, { 120, 120, 120, 255 }, { 190, 150, 0, 255 }
};
static const draw_color ink = { 30, 30, 30, 255 }, pale = { 222, 222, 222, 255 };

// Both forms at once.
typedef struct {
    const plot *p;
    buf svg;
    image png;
    bool ok;
} sheet;

static double px(const plot *p, double x) { return LEFT + (x - p->x0) / (p->x1 - p->x0) * (WIDTH - LEFT - RIGHT); }
static double py(const plot *p, double y)
{
    return HEIGHT - BOTTOM - (y - p->y0) / (p->y1 - p->y0) * (HEIGHT - TOP - BOTTOM);
}

static void line(sheet *s, double x0, double y0, double x1, double y1, double width, bool dashed, draw_color c)
{
    s->ok = s->ok && buf_printf(&s->svg,
                                "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" stroke=\"#%02x%02x%02x\" "
                                "stroke-width=\"%.1f\"%s/>\n",
                                x0, y0, x1, y1, c.r, c.g, c.b, width, dashed ? " stroke-dasharray=\"6 5\"" : "");
    double length = hypot(x1 - x0, y1 - y0), done = 0, dash = dashed ? 6 : length, gap = dashed ? 5 : 1;
    for (; length > 0 && done < length; done += dash + gap) {
        double a = done / length, b = fmin(done + dash, length) / length;
        draw_line(&s->png, SCALE * (float)(x0 + a * (x1 - x0)), SCALE * (float)(y0 + a * (y1 - y0)),
                  SCALE * (float)(x0 + b * (x1 - x0)), SCALE * (float)(y0 + b * (y1 - y0)), SCALE * (float)width, c);
    }
}

static void dot(sheet *s, double x, double y, double radius, draw_color c)
{
    s->ok = s->ok && buf_printf(&s->svg, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"%.1f\" fill=\"#%02x%02x%02x\"/>\n", x, y,
                                radius, c.r, c.g, c.b);
    draw_disc(&s->png, SCALE * (float)x, SCALE * (float)y, SCALE * (float)radius, c);
}

// anchor: 0 starts at x, 1 is centred on it, 2 ends there.
static void text(sheet *s, double x, double y, int anchor, const char *words)
{
    static const char *const word[] = { "start", "middle", "end" };
    s->ok = s->ok && buf_printf(&s->svg, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">", x, y + 4, word[anchor]);
    for (const char *c = words; *c; c++)
        s->ok = s->ok && (*c == '<'   ? buf_printf(&s->svg, "&lt;")
                          : *c == '&' ? buf_printf(&s->svg, "&amp;")
                                      : buf_printf(&s->svg, "%c", *c));
    s->ok = s->ok && buf_printf(&s->svg, "</text>\n");
    double wide = GLYPH * (double)strlen(words);
    draw_text(&s->png, (int)(SCALE * (x - anchor * wide / 2)), (int)(SCALE * (y - 8)), SCALE, ink, words);
}

// 1, 2 or 5 times a power of ten, for about six steps.
static double step_of(double span)
{
    double raw = span / 6, power = pow(10, floor(log10(raw))), lead = raw / power;
    return power * (lead < 1.5 ? 1 : lead < 3.5 ? 2 : lead < 7.5 ? 5 : 10);
}

static void axes(sheet *s)
{
    const plot *p = s->p;
    char label[32];
    double dx = step_of(p->x1 - p->x0), dy = step_of(p->y1 - p->y0);
    for (double y = ceil(p->y0 / dy - 1e-9) * dy; y <= p->y1 + 1e-9 * dy; y += dy) {
        line(s, LEFT, py(p, y), WIDTH - RIGHT, py(p, y), 1, false, pale);
        snprintf(label, sizeof label, "%g", fabs(y) < 1e-12 ? 0 : y);
        text(s, LEFT - 8, py(p, y), 2, label);
    }
    if (p->x_names) {
        for (int i = 0; i < p->x_name_count; i++) text(s, px(p, i), HEIGHT - BOTTOM + 16, 1, p->x_names[i]);
    } else {
        for (double x = ceil(p->x0 / dx - 1e-9) * dx; x <= p->x1 + 1e-9 * dx; x += dx) {
            line(s, px(p, x), TOP, px(p, x), HEIGHT - BOTTOM, 1, false, pale);
            snprintf(label, sizeof label, "%g", fabs(x) < 1e-12 ? 0 : x);
            text(s, px(p, x), HEIGHT - BOTTOM + 16, 1, label);
        }
    }
    line(s, LEFT, TOP, LEFT, HEIGHT - BOTTOM, 1.2, false, ink);
    line(s, LEFT, HEIGHT - BOTTOM, WIDTH - RIGHT, HEIGHT - BOTTOM, 1.2, false, ink);
    text(s, WIDTH / 2.0, 18, 1, p->title);
    text(s, (LEFT + WIDTH - RIGHT) / 2.0, HEIGHT - 20, 1, p->x_label);
    text(s, 8, TOP - 14, 0, p->y_label);
}

static void series(sheet *s, int k)
{
    const plot *p = s->p;
    const plot_series *q = p->of[k];
    for (int i = 0; i < q->count; i++) {
        if (q->bars)
            line(s, px(p, q->x[i]), py(p, q->low[i]), px(p, q->x[i]), py(p, q->high[i]), 1.5, false, colors[k]);
        if (q->points) dot(s, px(p, q->x[i]), py(p, q->y[i]), q->count > 60 ? 1.6 : 4, colors[k]);
        if (!q->points && i > 0)
            line(s, px(p, q->x[i - 1]), py(p, q->y[i - 1]), px(p, q->x[i]), py(p, q->y[i]), 2, q->dashed, colors[k]);
    }
    if (!q->name) return;
    double y = TOP + 14 + 18 * k, x = WIDTH - RIGHT - 12 - GLYPH * (double)strlen(q->name);
    line(s, x - 26, y, x - 8, y, 3, q->dashed, colors[k]);
    text(s, x, y, 0, q->name);
}

bool plot_write(const plot *p, const char *path, err *e)
{
    sheet s = { p, buf_new((size_t)8 << 20), image_new(SCALE * WIDTH, SCALE * HEIGHT, 3), true };
    memset(s.png.px, 255, (size_t)s.png.width * s.png.height * 3);
    s.ok = buf_printf(&s.svg,
                      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\" "
                      "font-family=\"sans-serif\" font-size=\"13\">\n<rect width=\"100%%\" height=\"100%%\" "
                      "fill=\"#fff\"/>\n",
                      WIDTH, HEIGHT, WIDTH, HEIGHT);
    axes(&s);
    for (int k = 0; k < p->series; k++) series(&s, k);
    s.ok = s.ok && buf_printf(&s.svg, "</svg>\n");
    char file[4096];
    bool ok = s.ok || fail(e, ERR_INPUT, "the plot %s is too large", path);
    snprintf(file, sizeof file, "%s.svg", path);
    ok = ok && io_write(file, s.svg.data, s.svg.len, e);
    snprintf(file, sizeof file, "%s.png", path);
    ok = ok && image_save(&s.png, file, e);
    buf_free(&s.svg);
    image_free(&s.png);
    return ok;
}
