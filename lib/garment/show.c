#include "garment/show.h"
#include "base/mem.h"
#include "image/draw.h"
#include "image/encode.h"
#include "mesh/raster.h"

#include <math.h>
#include <string.h>

enum { WIDE = 300, TALL = 520, HEAD = 54 };
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

static bool bare(int label)
{
    return label == JOINT_HEAD || label == JOINT_NECK || label == JOINT_L_HAND || label == JOINT_R_HAND ||
           label == JOINT_L_FOOT || label == JOINT_R_FOOT || label == JOINT_L_WRIST || label == JOINT_R_WRIST;
}

typedef struct {
    const wearer *w;
    const garment *g;
    vec3 *body_color;
    float tall;
} stage;

static void draw(image *im, const stage *st, const drape *d, float yaw, bool strained)
{
    raster_camera camera =
        raster_frame(v3(-0.2f, 0, -0.2f), v3(0.2f, st->tall, 0.2f), yaw, im->width, im->height, 0.04f);
    raster_item item[2] = {
        { .mesh = body_mesh(st->w->model, st->w->position), .color = st->body_color, .roughness = 0.7f }
    };
    vec3 *color = NULL;
    int items = 1;
    if (d) {
        const float *c = st->g->fabric.color;
        item[1] = (raster_item){ .mesh = { d->position, d->mesh.corner, d->mesh.points, d->mesh.triangles },
                                 .normal = d->normal,
                                 .base_color = v3(c[0], c[1], c[2]),
                                 .roughness = 0.9f,
                                 .two_sided = 1 };
        if (strained) {
            color = mem_array(vec3, d->mesh.points);
            for (uint32_t i = 0; i < d->mesh.points; i++)
                color[i] = show_strain_color(d->strain[i], st->g->fabric.limit);
            item[1].color = color;
        }
        items = 2;
    }
    raster_light light = { .ground_shadow = 1 };
    raster_draw(im, &camera, item, items, &light, NULL);
    mem_free(color);
}

static void fill(image *im)
{
    for (size_t i = 0; i < (size_t)im->width * im->height; i++) memcpy(im->px + 3 * i, &paper, 3);
}

bool show_sheet(const wearer *w, const garment *g, const show_column *column, int columns, buf *png, err *e)
{
    stage st = { .g = g };
    for (int i = 0; i < columns; i++) {
        const wearer *x = column[i].w ? column[i].w : w;
        for (uint32_t v = 0; v < x->model->vertices; v++) st.tall = fmaxf(st.tall, x->position[v].y);
    }
    image sheet = image_new((uint32_t)(WIDE * columns), 3 * TALL + HEAD, 3);
    fill(&sheet);
    for (int i = 0; i < columns; i++) {
        st.w = column[i].w ? column[i].w : w;
        st.body_color = mem_array(vec3, st.w->model->vertices);
        for (uint32_t v = 0; v < st.w->model->vertices; v++)
            st.body_color[v] = bare(st.w->model->label[v]) ? v3(0.62f, 0.56f, 0.50f) : v3(0.105f, 0.135f, 0.175f);
        draw_text(&sheet, WIDE * i + 12, 8, 2, ink, column[i].title);
        draw_text(&sheet, WIDE * i + 12, 36, 1, quiet, column[i].note);
        for (int row = 0; row < 3; row++) {
            image one = image_new(WIDE, TALL, 3);
            fill(&one);
            draw(&one, &st, column[i].drape, row == 1 ? 1.5708f : 0, row == 2);
            draw_image(&sheet, WIDE * i, HEAD + TALL * row, &one);
            image_free(&one);
        }
        mem_free(st.body_color);
    }
    bool ok = image_encode_png(&sheet, png, e);
    image_free(&sheet);
    return ok;
}
