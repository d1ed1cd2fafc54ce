#include "garment/pattern.h"
#include "garment/draft.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static vec2 bezier(const panel_edge *e, float t)
{
    float u = 1 - t, a = u * u * u, b = 3 * u * u * t, c = 3 * u * t * t, d = t * t * t;
    return (vec2){ a * e->p[0].x + b * e->p[1].x + c * e->p[2].x + d * e->p[3].x,
                   a * e->p[0].y + b * e->p[1].y + c * e->p[2].y + d * e->p[3].y };
}

enum { FINE = 128 }; // chords: a quarter circle of 20 cm is then short by 0.01 mm

static double chords(const panel_edge *e, double *sum)
{
    vec2 a = e->p[0];
    double total = 0;
    sum[0] = 0;
    for (int i = 1; i <= FINE; i++) {
        vec2 b = bezier(e, (float)i / FINE);
        total += hypot((double)(b.x - a.x), (double)(b.y - a.y));
        sum[i] = total;
        a = b;
    }
    return total;
}

double panel_edge_length(const panel_edge *e)
{
    double sum[FINE + 1];
    return chords(e, sum);
}

vec2 panel_edge_at(const panel_edge *e, double s)
{
    double sum[FINE + 1], want = s * chords(e, sum);
    if (s <= 0) return e->p[0];
    if (s >= 1) return e->p[3];
    int i = 0;
    while (i < FINE - 1 && sum[i + 1] < want) i++;
    double part = sum[i + 1] > sum[i] ? (want - sum[i]) / (sum[i + 1] - sum[i]) : 0;
    return bezier(e, (float)((i + part) / FINE));
}

panel_edge draft_line(vec2 a, vec2 b)
{
    vec2 third = { a.x + (b.x - a.x) / 3, a.y + (b.y - a.y) / 3 },
         two = { a.x + 2 * (b.x - a.x) / 3, a.y + 2 * (b.y - a.y) / 3 };
    return (panel_edge){ { a, third, two, b }, 0 };
}

panel_edge draft_curve(vec2 a, vec2 b, vec2 c, vec2 d) { return (panel_edge){ { a, b, c, d }, 0 }; }

void draft_mirror(pattern_panel *p, int from)
{
    // Edges up to `from` were drawn on x >= 0, from the hem's middle up to the top's middle; the rest is their mirror.
    for (int i = from - 1; i >= 0; i--) {
        panel_edge *e = &p->edge[p->edges++];
        for (int k = 0; k < 4; k++) e->p[k] = (vec2){ -p->edge[i].p[3 - k].x, p->edge[i].p[3 - k].y };
    }
}

double draft_width(const pattern_panel *p, double y)
{
    double lo = 1e9, hi = -1e9;
    for (int i = 0; i < p->edges; i++) {
        vec2 a = p->edge[i].p[0];
        for (int k = 1; k <= FINE; k++) {
            vec2 b = bezier(&p->edge[i], (float)k / FINE);
            double ya = (double)a.y - y, yb = (double)b.y - y, x;
            if ((ya <= 1e-7 && yb >= -1e-7) || (ya >= -1e-7 && yb <= 1e-7)) {
                double t = fabs(yb - ya) > 1e-12 ? ya / (ya - yb) : 0;
                t = t < 0 ? 0 : t > 1 ? 1 : t;
                x = (double)a.x + t * (double)(b.x - a.x);
                lo = fmin(lo, x), hi = fmax(hi, x);
                if (fabs(yb - ya) <= 1e-12) lo = fmin(lo, (double)b.x), hi = fmax(hi, (double)b.x);
            }
            a = b;
        }
    }
    return hi > lo ? hi - lo : 0;
}

void draft_sew(pattern *p, int panel_a, int edge_a, int panel_b, int edge_b)
{
    p->seam[p->seams++] = (pattern_seam){ panel_a, edge_a, panel_b, edge_b };
}

void pattern_without_collar(pattern *p)
{
    // Its two panels are the last.
    if (p->panel[p->panels - 1].place != PLACE_FALL) return;
    p->panels -= 2;
    int kept = 0;
    for (int i = 0; i < p->seams; i++)
        if (p->seam[i].panel_a < p->panels && p->seam[i].panel_b < p->panels) p->seam[kept++] = p->seam[i];
    p->seams = kept;
}

void pattern_segment(pattern *p, double spacing)
{
    for (int i = 0; i < p->panels; i++)
        for (int k = 0; k < p->panel[i].edges; k++) {
            panel_edge *e = &p->panel[i].edge[k];
            e->segments = (int)lround(panel_edge_length(e) / spacing);
            if (e->segments < 1) e->segments = 1;
        }
    for (int i = 0; i < p->seams; i++) {
        const pattern_seam *s = &p->seam[i];
        p->panel[s->panel_b].edge[s->edge_b].segments = p->panel[s->panel_a].edge[s->edge_a].segments;
    }
}

void pattern_segment_as(pattern *p, const pattern *base)
{
    for (int i = 0; i < p->panels; i++)
        for (int k = 0; k < p->panel[i].edges; k++) p->panel[i].edge[k].segments = base->panel[i].edge[k].segments;
}

bool pattern_draft(const garment *g, int size, pattern *out, err *e)
{
    memset(out, 0, sizeof *out);
    out->category = g->category;
    garment_measure(g, size, &out->target);
    bool ok;
    switch (g->category) {
    case GARMENT_SKIRT:
        ok = draft_skirt(out, e);
        break;
    case GARMENT_TROUSERS:
        ok = draft_trousers(out, e);
        break;
    default:
        ok = draft_top(out, e);
        break;
    }
    if (ok) return true;
    char where[64];
    snprintf(where, sizeof where, "size \"%s\"", g->chart.size[size].name);
    return fail_within(e, where);
}

// --- SVG ---

bool pattern_svg(const pattern *p, const char *title, buf *out)
{
    double x = 30, tall = 0, lo[PATTERN_MAX_PANELS], top[PATTERN_MAX_PANELS], left[PATTERN_MAX_PANELS];
    for (int i = 0; i < p->panels; i++) {
        double x0 = 1e9, x1 = -1e9, y0 = 1e9, y1 = -1e9;
        for (int k = 0; k < p->panel[i].edges; k++)
            for (int s = 0; s <= FINE; s++) {
                vec2 q = bezier(&p->panel[i].edge[k], (float)s / FINE);
                x0 = fmin(x0, (double)q.x), x1 = fmax(x1, (double)q.x);
                y0 = fmin(y0, (double)q.y), y1 = fmax(y1, (double)q.y);
            }
        left[i] = x - 1000 * x0;
        lo[i] = 1000 * (y0 + y1) / 2;
        top[i] = 60 + 1000 * y1;
        x += 1000 * (x1 - x0) + 40;
        tall = fmax(tall, 1000 * (y1 - y0));
    }
    bool ok = buf_printf(out,
                         "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%.1fmm\" height=\"%.1fmm\" viewBox=\"0 0 "
                         "%.1f %.1f\">\n<title>%s</title>\n<text x=\"30\" y=\"30\" font-size=\"18\">%s</text>\n",
                         x, tall + 90, x, tall + 90, title, title);
    for (int i = 0; ok && i < p->panels; i++) {
        const pattern_panel *q = &p->panel[i];
        char d[64 + PANEL_MAX_EDGES * 96];
        size_t at = 0;
        for (int k = 0; k < q->edges; k++) {
            const vec2 *b = q->edge[k].p;
            if (k == 0)
                at += (size_t)snprintf(d + at, sizeof d - at, "M%.2f %.2f", left[i] + 1000 * (double)b[0].x,
                                       top[i] - 1000 * (double)b[0].y);
            at += (size_t)snprintf(d + at, sizeof d - at, " C%.2f %.2f %.2f %.2f %.2f %.2f",
                                   left[i] + 1000 * (double)b[1].x, top[i] - 1000 * (double)b[1].y,
                                   left[i] + 1000 * (double)b[2].x, top[i] - 1000 * (double)b[2].y,
                                   left[i] + 1000 * (double)b[3].x, top[i] - 1000 * (double)b[3].y);
        }
        // The seam allowance of 1 cm is the outer half of a stroke 2 cm wide.
        double gx = left[i], gy = top[i] - lo[i];
        ok = buf_printf(out,
                        "<path d=\"%s Z\" fill=\"#eee\" stroke=\"#cfd8e6\" stroke-width=\"20\" "
                        "stroke-linejoin=\"round\"/>\n<path d=\"%s Z\" fill=\"#fff\" stroke=\"#222\" "
                        "stroke-width=\"1\"/>\n<path d=\"M%.1f %.1f V%.1f\" stroke=\"#888\" stroke-width=\"0.7\"/>\n"
                        "<text x=\"%.1f\" y=\"%.1f\" font-size=\"12\" text-anchor=\"middle\">%s</text>\n",
                        d, d, gx, gy - 60, gy + 60, gx, gy - 66, q->name);
    }
    return ok && buf_printf(out, "</svg>\n");
}
