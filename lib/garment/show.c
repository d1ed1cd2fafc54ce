#include "garment/show.h"
#include "base/limits.h"
#include "base/mem.h"
#include "body/suit.h"
#include "image/draw.h"
#include "image/encode.h"
#include "mesh/raster.h"

#include <math.h>
#include <string.h>

enum { WIDE = 300, TALL = 520, HEAD = 54, BLOCK = HEAD + 3 * TALL, MOST_ACROSS = LIMIT_IMAGE_SIDE / WIDE };
static const draw_color paper = { 244, 242, 239, 255 }, ink = { 40, 44, 52, 255 }, quiet = { 120, 124, 132, 255 };

vec3 show_strain_color(float strain, double limit)
{
    static const float band[8][3] = { { 0.10f, 0.22f, 0.55f }, { 0.07f, 0.40f, 0.60f }, { 0.07f, 0.50f, 0.42f },
                                      { 0.16f, 0.55f, 0.16f }, { 0.55f, 0.60f, 0.10f }, { 0.80f, 0.45f, 0.06f },
                                      { 0.80f, 0.20f, 0.05f }, { 0.65f, 0.03f, 0.03f } };
    int i = (int)(8 * (double)strain / limit);
    const float *c = band[i < 0 ? 0 : i > 7 ? 7 : i];
    return v3(c[0], c[1], c[2]);
}

typedef struct {
    const wearer *w;
    const garment *g;
    uint32_t *triangle; // the suit's first
    uint32_t suit;
    vec3 *normal;
    float tall;
} stage;

static void draw(image *im, const stage *st, const drape *d, float yaw, bool strained)
{
    raster_camera camera =
        raster_frame(v3(-0.2f, 0, -0.2f), v3(0.2f, st->tall, 0.2f), yaw, im->width, im->height, 0.04f);
    raster_item item[3];
    const body_model *m = st->w->model;
    for (int k = 0; k < 2; k++) {
        const float *c = k ? body_mannequin_color : body_suit_color;
        item[k] = (raster_item){ .mesh = { wearer_body(st->w), st->triangle + (k ? 3 * (size_t)st->suit : 0),
                                           m->vertices, k ? m->triangles - st->suit : st->suit },
                                 .normal = st->normal,
                                 .base_color = v3(c[0], c[1], c[2]),
                                 .roughness = 0.7f };
    }
    vec3 *color = NULL;
    int items = 2;
    if (d) {
        const float *c = st->g->fabric.color;
        item[2] = (raster_item){ .mesh = { d->position, d->mesh.corner, d->mesh.points, d->mesh.triangles },
                                 .normal = d->normal,
                                 .base_color = v3(c[0], c[1], c[2]),
                                 .roughness = 0.9f,
                                 .two_sided = 1 };
        if (strained) {
            color = mem_array(vec3, d->mesh.points);
            for (uint32_t i = 0; i < d->mesh.points; i++)
                color[i] = show_strain_color(d->strain[i], st->g->fabric.limit);
            item[2].color = color;
        }
        items = 3;
    }
    raster_light light = { .ground_shadow = 1 };
    raster_draw(im, &camera, item, items, &light, NULL);
    mem_free(color);
}

static stage stage_of(const wearer *w, const garment *g)
{
    const body_model *m = w->model;
    stage st = { .w = w,
                 .g = g,
                 .triangle = mem_array(uint32_t, 3 * (size_t)m->triangles),
                 .normal = mem_array(vec3, m->vertices) };
    uint8_t *suit = mem_array(uint8_t, m->triangles);
    st.suit = body_suit(m, suit);
    uint32_t at[2] = { st.suit, 0 };
    for (uint32_t k = 0; k < m->triangles; k++)
        memcpy(st.triangle + 3 * (size_t)at[suit[k]]++, m->triangle + 3 * (size_t)k, 3 * sizeof *m->triangle);
    mem_free(suit);
    mesh_view body = body_mesh(m, wearer_body(w));
    mesh_normals(&body, st.normal);
    for (uint32_t v = 0; v < m->vertices; v++) st.tall = fmaxf(st.tall, wearer_body(w)[v].y);
    return st;
}

static void fill(image *im)
{
    for (size_t i = 0; i < (size_t)im->width * im->height; i++) memcpy(im->px + 3 * i, &paper, 3);
}

image show_one(const wearer *w, const garment *g, const drape *d, uint32_t wide, uint32_t tall, float yaw)
{
    stage st = stage_of(w, g);
    image im = image_new(wide, tall, 3);
    fill(&im);
    draw(&im, &st, d, yaw, false);
    mem_free(st.triangle);
    mem_free(st.normal);
    return im;
}

bool show_sheet(const wearer *w, const garment *g, const show_column *column, int columns, buf *png, err *e)
{
    float tall = 0;
    for (int i = 0; i < columns; i++) {
        const wearer *x = column[i].w ? column[i].w : w;
        for (uint32_t v = 0; v < x->model->vertices; v++) tall = fmaxf(tall, wearer_body(x)[v].y);
    }
    const int across = columns < MOST_ACROSS ? columns : MOST_ACROSS, rows = (columns + MOST_ACROSS - 1) / MOST_ACROSS;
    image sheet = image_new((uint32_t)(WIDE * across), (uint32_t)(BLOCK * rows), 3);
    fill(&sheet);
    for (int i = 0; i < columns; i++) {
        int left = WIDE * (i % MOST_ACROSS), top = BLOCK * (i / MOST_ACROSS);
        stage st = stage_of(column[i].w ? column[i].w : w, g);
        st.tall = tall; // all to one scale
        draw_text(&sheet, left + 12, top + 8, 2, ink, column[i].title);
        draw_text(&sheet, left + 12, top + 36, 1, quiet, column[i].note);
        for (int row = 0; row < 3; row++) {
            image one = image_new(WIDE, TALL, 3);
            fill(&one);
            draw(&one, &st, column[i].drape, row == 1 ? 1.5708f : 0, row == 2);
            draw_image(&sheet, left, top + HEAD + TALL * row, &one);
            image_free(&one);
        }
        mem_free(st.triangle);
        mem_free(st.normal);
    }
    bool ok = image_encode_png(&sheet, png, e);
    image_free(&sheet);
    return ok;
}
