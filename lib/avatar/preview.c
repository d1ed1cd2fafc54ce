#include "avatar/parts.h"
#include "base/mem.h"
#include "body/suit.h"
#include "image/draw.h"
#include "image/encode.h"
#include "image/resample.h"
#include "mesh/raster.h"

#include <stdio.h>
#include <string.h>

enum { TALL = 800, BODY_WIDE = 600, SIDE_WIDE = 300, PHOTO_MOST_WIDE = 900, TEXT_WIDE = 430, ROWS_TOP = 84, ROW = 33 };
static const draw_color paper = { 244, 242, 239, 255 }, ink = { 40, 44, 52, 255 }, quiet = { 120, 124, 132, 255 };
static const draw_color tape_yellow = { 242, 178, 34, 255 };

static void fill(image *im, draw_color c)
{
    for (size_t i = 0; i < (size_t)im->width * im->height; i++) memcpy(im->px + 3 * i, &c, 3);
}

// --- the avatar ---

static vec2 project(const raster_camera *c, vec3 p, float *depth)
{
    vec3 q = rigid_apply(&c->world_to_camera, p);
    *depth = q.z;
    float s = c->orthographic ? c->focal : c->focal / q.z;
    return (vec2){ c->cx + s * q.x, c->cy + s * q.y };
}

// The tape's loop, where nothing hides it.
static void draw_loop(image *im, const raster_camera *camera, const float *depth, const vec3 *point, int count,
                      float lift)
{
    enum { STEPS = 8 };
    for (int i = 0; i < count; i++) {
        vec3 a = point[i], b = point[(i + 1) % count];
        for (int s = 0; s < STEPS; s++) {
            float za, zb;
            vec3 p = v3_lerp(a, b, (float)s / STEPS), q = v3_lerp(a, b, (float)(s + 1) / STEPS);
            p.y += lift;
            q.y += lift;
            vec2 u = project(camera, p, &za), v = project(camera, q, &zb);
            int x = (int)u.x, y = (int)u.y;
            if (x < 0 || y < 0 || x >= (int)im->width || y >= (int)im->height) continue;
            float z = depth[(size_t)y * im->width + (size_t)x];
            if (z == 0 || za < z + 0.015f) draw_line(im, u.x, u.y, v.x, v.y, 2, tape_yellow);
        }
    }
}

// What all views of the avatar share.
typedef struct {
    tape *t;            // its loops lie on the body
    float lift;         // from where the tape measured to where the avatar stands
    float tall;         // metres
    uint32_t *triangle; // [3 * triangles], the suit's first
    vec3 *normal;       // [vertices]
    raster_item item[2];
} figure;

static figure figure_new(const body_model *m, tape *t, const avatar_shape *shape, const estimate_result *r)
{
    figure f = { .t = t,
                 .triangle = mem_array(uint32_t, 3 * (size_t)m->triangles),
                 .normal = mem_array(vec3, m->vertices) };
    uint8_t *suit = mem_array(uint8_t, m->triangles);
    uint32_t worn = body_suit(m, suit), at[2] = { worn, 0 };
    for (uint32_t k = 0; k < m->triangles; k++)
        memcpy(f.triangle + 3 * at[suit[k]]++, m->triangle + 3 * k, 3 * sizeof *f.triangle);
    mem_free(suit);
    mesh_view body = body_mesh(m, shape->position);
    mesh_normals(&body, f.normal);
    for (uint32_t v = 0; v < m->vertices; v++) f.tall = fmaxf(f.tall, shape->position[v].y);
    for (int k = 0; k < 2; k++) {
        const float *c = k ? body_mannequin_color : body_suit_color;
        uint32_t from = k ? worn : 0, count = k ? m->triangles - worn : worn;
        f.item[k] = (raster_item){ .mesh = { shape->position, f.triangle + 3 * (size_t)from, m->vertices, count },
                                   .normal = f.normal,
                                   .base_color = v3(c[0], c[1], c[2]),
                                   .roughness = 0.7f };
    }
    double ignored[TAPE_COUNT];
    tape_read_betas(t, r->betas, ignored); // lays the loops on the body before it was set on the ground
    f.lift = -shape->ground;
    return f;
}

static void figure_free(figure *f)
{
    mem_free(f->triangle);
    mem_free(f->normal);
}

static void draw_avatar(image *im, const figure *f, float yaw)
{
    // Framed by the height alone, so that all views have one scale.
    raster_camera camera = raster_frame(v3(-0.2f, 0, -0.2f), v3(0.2f, f->tall, 0.2f), yaw, BODY_WIDE, TALL, 0.06f);
    camera.cx = (float)im->width / 2;
    raster_light light = { .ground_shadow = 1 };
    float *depth = mem_array(float, (size_t)im->width * im->height);
    raster_draw(im, &camera, f->item, 2, &light, depth);
    static const tape_measure shown[] = { TAPE_NECK_GIRTH, TAPE_CHEST_GIRTH,     TAPE_WAIST_NATURAL_GIRTH,
                                          TAPE_HIP_GIRTH,  TAPE_THIGH_GIRTH,     TAPE_KNEE_GIRTH,
                                          TAPE_CALF_GIRTH, TAPE_UPPER_ARM_GIRTH, TAPE_WRIST_GIRTH };
    for (size_t k = 0; k < sizeof shown / sizeof *shown; k++) {
        const vec3 *point;
        int count = tape_line(f->t, shown[k], &point);
        draw_loop(im, &camera, depth, point, count, f->lift);
    }
    mem_free(depth);
}

// --- the photo ---

static void blur_face(image *im, const capture_evidence *ev, float scale)
{
    const capture_landmark *nose = &ev->at[LM_NOSE], *left = &ev->at[LM_LEFT_EAR], *right = &ev->at[LM_RIGHT_EAR];
    float tall = (float)(ev->bottom - ev->top) * scale; // a head is about an eighth of the body
    float wide = fmaxf(hypotf(left->x - right->x, left->y - right->y) * scale * 0.75f, tall * 0.062f);
    draw_blur_ellipse(im, (nose->x + left->x + right->x) / 3 * scale, nose->y * scale, wide, tall * 0.085f);
}

static void draw_skeleton(image *im, const capture_evidence *ev, float scale)
{
    static const int limb[][2] = { { LM_LEFT_SHOULDER, LM_RIGHT_SHOULDER }, { LM_LEFT_SHOULDER, LM_LEFT_ELBOW },
                                   { LM_LEFT_ELBOW, LM_LEFT_WRIST },        { LM_RIGHT_SHOULDER, LM_RIGHT_ELBOW },
                                   { LM_RIGHT_ELBOW, LM_RIGHT_WRIST },      { LM_LEFT_SHOULDER, LM_LEFT_HIP },
                                   { LM_RIGHT_SHOULDER, LM_RIGHT_HIP },     { LM_LEFT_HIP, LM_RIGHT_HIP },
                                   { LM_LEFT_HIP, LM_LEFT_KNEE },           { LM_LEFT_KNEE, LM_LEFT_ANKLE },
                                   { LM_RIGHT_HIP, LM_RIGHT_KNEE },         { LM_RIGHT_KNEE, LM_RIGHT_ANKLE },
                                   { LM_LEFT_ANKLE, LM_LEFT_TOE },          { LM_RIGHT_ANKLE, LM_RIGHT_TOE } };
    const draw_color line = { 255, 255, 255, 200 }, dot = { 242, 178, 34, 255 };
    for (size_t i = 0; i < sizeof limb / sizeof *limb; i++) {
        const capture_landmark *a = &ev->at[limb[i][0]], *b = &ev->at[limb[i][1]];
        draw_line(im, a->x * scale, a->y * scale, b->x * scale, b->y * scale, 2, line);
    }
    for (int i = LM_LEFT_SHOULDER; i < CAPTURE_LANDMARKS; i++)
        draw_disc(im, ev->at[i].x * scale, ev->at[i].y * scale, 3.5f, dot);
}

// The fitted body's vertices as a fine dust over the photo: what the estimator believes it sees.
static void draw_fit(image *im, const body_model *m, const estimate_result *r, const estimate_view *view, float scale)
{
    vec3 *shape = mem_array(vec3, m->vertices), *posed = mem_array(vec3, m->vertices), joints[BODY_JOINTS];
    rigid world[BODY_JOINTS];
    body_shape(m, r->betas, shape, joints);
    body_joint_transforms(joints, &view->pose, world);
    body_skin(m, shape, world, posed);
    for (uint32_t v = 0; v < m->vertices; v += 2) {
        vec3 p = v3(posed[v].x + view->camera_shift.x, -posed[v].y + view->camera_shift.y,
                    -posed[v].z + view->camera_shift.z);
        float x = (view->cx + view->focal * p.x / p.z) * scale, y = (view->cy + view->focal * p.y / p.z) * scale;
        draw_disc(im, x, y, 0.7f, (draw_color){ 60, 140, 255, 110 });
    }
    mem_free(shape);
    mem_free(posed);
}

static image draw_photo(const body_model *m, const estimate_result *r, const avatar_photo *p)
{
    float scale = fminf(TALL / (float)p->photo->height, PHOTO_MOST_WIDE / (float)p->photo->width);
    uint32_t w = (uint32_t)((float)p->photo->width * scale), h = (uint32_t)((float)p->photo->height * scale);
    image im = image_resize(p->photo, w ? w : 1, h ? h : 1),
          mask = image_resize(&p->evidence->mask, w ? w : 1, h ? h : 1);
    for (size_t i = 0; i < (size_t)mask.width * mask.height; i++) mask.px[i] = mask.px[i] > 127 ? 255 : 0;
    blur_face(&im, p->evidence, scale);
    draw_mask(&im, &mask, (draw_color){ 60, 140, 255, 40 }, (draw_color){ 60, 140, 255, 255 });
    draw_fit(&im, m, r, p->view, scale);
    draw_skeleton(&im, p->evidence, scale);
    image_free(&mask);
    return im;
}

// --- the sheet ---

static void write_measurements(image *im, int x, const estimate_result *r)
{
    static const tape_measure row[] = { TAPE_HEIGHT,
                                        TAPE_NECK_GIRTH,
                                        TAPE_SHOULDER_BREADTH,
                                        TAPE_CHEST_GIRTH,
                                        TAPE_UNDERBUST_GIRTH,
                                        TAPE_WAIST_NATURAL_GIRTH,
                                        TAPE_WAIST_OMPHALION_GIRTH,
                                        TAPE_HIP_GIRTH,
                                        TAPE_THIGH_GIRTH,
                                        TAPE_KNEE_GIRTH,
                                        TAPE_CALF_GIRTH,
                                        TAPE_ANKLE_GIRTH,
                                        TAPE_UPPER_ARM_GIRTH,
                                        TAPE_WRIST_GIRTH,
                                        TAPE_ARM_LENGTH,
                                        TAPE_INSEAM,
                                        TAPE_BACK_NECK_TO_WAIST,
                                        TAPE_CROTCH_LENGTH };
    char text[96];
    draw_text(im, x, 32, 2, ink, "Measurements, cm");
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        int y = ROWS_TOP + ROW * (int)i;
        draw_text(im, x, y, 1, ink, tape_name[row[i]]);
        snprintf(text, sizeof text, "%6.1f", 100 * r->value[row[i]]);
        draw_text(im, x + 220, y, 1, ink, text);
        snprintf(text, sizeof text, "%.1f-%.1f", 100 * r->lo[row[i]], 100 * r->hi[row[i]]);
        draw_text(im, x + 290, y, 1, quiet, text);
    }
    draw_text(im, x, ROWS_TOP + ROW * (int)(sizeof row / sizeof *row) + 16, 1, quiet,
              "with the range that holds 90 in 100 people");
}

bool avatar_preview(const body_model *m, tape *t, const avatar_shape *shape, const estimate_result *r,
                    const avatar_photo *photos, int count, buf *png, err *e)
{
    image photo[2] = { 0 };
    uint32_t wide = 2 * BODY_WIDE + SIDE_WIDE + TEXT_WIDE;
    for (int i = 0; i < count; i++) {
        photo[i] = draw_photo(m, r, &photos[i]);
        wide += photo[i].width;
    }
    image sheet = image_new(wide, TALL, 3);
    fill(&sheet, paper);
    int x = 0;
    for (int i = 0; i < count; i++) {
        draw_image(&sheet, x, (TALL - (int)photo[i].height) / 2, &photo[i]);
        x += (int)photo[i].width;
        image_free(&photo[i]);
    }
    figure f = figure_new(m, t, shape, r);
    static const float yaw[3] = { 0, 1.5708f, 3.14159f };
    for (int i = 0; i < 3; i++) {
        image body = image_new(i == 1 ? SIDE_WIDE : BODY_WIDE, TALL, 3);
        fill(&body, paper);
        draw_avatar(&body, &f, yaw[i]);
        draw_image(&sheet, x, 0, &body);
        x += (int)body.width;
        image_free(&body);
    }
    figure_free(&f);
    write_measurements(&sheet, x, r);
    bool ok = image_encode_png(&sheet, png, e);
    image_free(&sheet);
    return ok;
}
