#include "mesh/raster.h"
#include "shapes.h"
#include "test.h"

#define PI 3.14159265358979323846f

static image grey_canvas(uint32_t width, uint32_t height)
{
    image im = image_new(width, height, 3);
    memset(im.px, 128, (size_t)width * height * 3);
    return im;
}

// A wall of 2 x 2 m at z = 0, seen from +Z, in cells x cells quads; uv 0..1 from its upper left corner.
typedef struct {
    vec3 position[33 * 33];
    vec2 uv[33 * 33];
    uint32_t triangle[6 * 32 * 32];
    mesh_view view;
} wall;

static wall *wall_new(uint32_t cells)
{
    wall *w = mem_new(1, sizeof *w);
    uint32_t side = cells + 1, n = 0;
    for (uint32_t j = 0; j < side; j++)
        for (uint32_t i = 0; i < side; i++) {
            vec2 uv = { (float)i / (float)cells, (float)j / (float)cells };
            w->uv[j * side + i] = uv;
            w->position[j * side + i] = v3(2 * uv.x - 1, 1 - 2 * uv.y, 0);
        }
    for (uint32_t j = 0; j < cells; j++)
        for (uint32_t i = 0; i < cells; i++) {
            uint32_t a = j * side + i, b = a + 1, c = a + side, d = c + 1;
            const uint32_t quad[6] = { a, c, d, a, d, b };
            for (int k = 0; k < 6; k++) w->triangle[n++] = quad[k];
        }
    w->view = (mesh_view){ w->position, w->triangle, side * side, n / 3 };
    return w;
}

static raster_item plain(mesh_view m)
{
    return (raster_item){ .mesh = m, .base_color = v3(0.5f, 0.5f, 0.5f), .roughness = 1 };
}

static void a_framed_box_fits_with_its_margin(void)
{
    for (int k = 0; k < 8; k++) {
        vec3 lo = v3(-0.5f, 0, -0.2f), hi = v3(0.4f, 1.8f, 0.3f);
        raster_camera cam = raster_frame(lo, hi, (float)k * PI / 4, 300, 500, 0.05f);
        float least = 1e9f;
        for (int i = 0; i < 8; i++) {
            vec3 p =
                rigid_apply(&cam.world_to_camera, v3(i & 1 ? hi.x : lo.x, i & 2 ? hi.y : lo.y, i & 4 ? hi.z : lo.z));
            float x = cam.focal * p.x / p.z + cam.cx, y = cam.focal * p.y / p.z + cam.cy;
            least = fminf(least, fminf(fminf(x, 300 - x), fminf(y, 500 - y)));
        }
        CHECK_NEAR(least, 15, 1e-2); // 5 % of 300 pixels, touched by the nearest corner
    }
}

static void depth_is_the_distance_of_the_nearest_surface(void)
{
    shape s = shape_ball(0.5f, 48);
    image im = grey_canvas(200, 200);
    float *depth = mem_array(float, 200 * 200);
    raster_camera cam = { .focal = 300, .cx = 100, .cy = 100 };
    cam.world_to_camera = (rigid){ { { { 1, 0, 0 }, { 0, -1, 0 }, { 0, 0, -1 } } }, v3(0, 0, 3) };
    raster_item item = plain(s.view);
    raster_draw(&im, &cam, &item, 1, &(raster_light){ .samples = 1 }, depth);
    CHECK_NEAR(depth[100 * 200 + 100], 2.5, 1e-3); // the ball's flat faces
    CHECK(depth[0] == 0 && im.px[0] == 128);
    cam.orthographic = 1, cam.focal = 150;
    raster_draw(&im, &cam, &item, 1, &(raster_light){ .samples = 2 }, depth);
    CHECK_NEAR(depth[100 * 200 + 100], 2.5, 1e-3);
    mem_free(depth);
    image_free(&im);
    shape_free(&s);
}

static void neighbouring_triangles_leave_no_gap_and_no_double(void)
{
    // A wall that fills the picture, cut into 2048 triangles and turned: no pixel of the background may show through.
    wall *w = wall_new(32);
    mat3 turn = m3_from_axis_angle(v3(0.3f, 0.4f, 0.5f));
    for (uint32_t i = 0; i < w->view.vertex_count; i++) w->position[i] = m3_apply(&turn, w->position[i]);
    image im = grey_canvas(160, 160);
    memset(im.px, 0, (size_t)160 * 160 * 3);
    raster_camera cam = { .focal = 600, .cx = 80, .cy = 80 };
    cam.world_to_camera = (rigid){ { { { 1, 0, 0 }, { 0, -1, 0 }, { 0, 0, -1 } } }, v3(0, 0, 4) };
    raster_item item = plain(w->view);
    raster_draw(&im, &cam, &item, 1, &(raster_light){ .samples = 1 }, NULL);
    uint8_t darkest = 255;
    for (size_t i = 0; i < (size_t)160 * 160 * 3; i++) darkest = im.px[i] < darkest ? im.px[i] : darkest;
    CHECK(darkest > 60); // the lit wall; a gap would be 0
    image_free(&im);
    mem_free(w);
}

static void a_surface_that_passes_the_camera_is_clipped(void)
{
    // A floor of 2 x 2 m, 10 cm under a camera in its middle, reaches behind the camera.
    wall *w = wall_new(1);
    for (uint32_t i = 0; i < 4; i++) w->position[i] = v3(w->position[i].x, -0.1f, -w->position[i].y);
    image im = grey_canvas(100, 100);
    float *depth = mem_array(float, 100 * 100);
    raster_camera cam = { .focal = 100, .cx = 50, .cy = 50 };
    cam.world_to_camera.r = (mat3){ { { 1, 0, 0 }, { 0, -1, 0 }, { 0, 0, -1 } } };
    raster_item item = plain(w->view);
    raster_draw(&im, &cam, &item, 1, &(raster_light){ .samples = 1 }, depth);
    CHECK(depth[30 * 100 + 50] == 0);                    // above the horizon
    CHECK_NEAR(depth[99 * 100 + 50], 0.1 / 0.495, 1e-3); // the ray 0.495 down a metre
    CHECK_NEAR(depth[70 * 100 + 50], 0.1 / 0.205, 1e-3);
    CHECK(depth[55 * 100 + 50] == 0); // 0.1 / 0.055 = 1.8 m: past the floor's edge at 1 m
    mem_free(depth);
    image_free(&im);
    mem_free(w);
}

static void textures_are_perspective_correct_and_cut_out(void)
{
    // Opaque left half, clear right half; the wall is turned by 60 degrees, so that its middle is not the picture's.
    wall *w = wall_new(1);
    image texture = image_new(64, 64, 4);
    for (uint32_t y = 0; y < 64; y++)
        for (uint32_t x = 0; x < 64; x++) memset(image_at(&texture, x, y), x < 32 ? 255 : 0, 4);
    mat3 turn = m3_from_axis_angle(v3(0, PI / 3, 0));
    for (uint32_t i = 0; i < 4; i++) w->position[i] = m3_apply(&turn, w->position[i]);
    image im = grey_canvas(200, 200);
    float *depth = mem_array(float, 200 * 200);
    raster_camera cam = { .focal = 200, .cx = 100, .cy = 100 };
    cam.world_to_camera = (rigid){ { { { 1, 0, 0 }, { 0, -1, 0 }, { 0, 0, -1 } } }, v3(0, 0, 2.5f) };
    raster_item item = plain(w->view);
    item.uv = w->uv, item.texture = &texture, item.two_sided = 1;
    raster_draw(&im, &cam, &item, 1, &(raster_light){ .samples = 1 }, depth);
    // The wall's middle line is at x = 0, in the picture's middle column, whatever the perspective does to its halves.
    int first = -1, last = -1;
    for (int x = 0; x < 200; x++)
        if (depth[100 * 200 + x] > 0) last = x, first = first < 0 ? x : first;
    CHECK_NEAR(last, 99, 1); // one pixel: the alpha of 128 lies within a texel of the middle
    CHECK(first > 10 && first < 80);
    mem_free(depth);
    image_free(&texture);
    image_free(&im);
    mem_free(w);
}

static void the_back_of_a_one_sided_mesh_is_not_drawn(void)
{
    wall *w = wall_new(1);
    image im = grey_canvas(50, 50);
    raster_item item = plain(w->view);
    raster_camera cam = raster_frame(v3(-1, -1, 0), v3(1, 1, 0), PI, 50, 50, 0.1f);
    raster_draw(&im, &cam, &item, 1, &(raster_light){ 0 }, NULL);
    CHECK(image_at(&im, 25, 25)[0] == 128);
    item.two_sided = 1;
    raster_draw(&im, &cam, &item, 1, &(raster_light){ 0 }, NULL);
    CHECK(image_at(&im, 25, 25)[0] != 128);
    image_free(&im);
    mem_free(w);
}

static void a_ball_is_lit_from_the_upper_left_and_shades_the_ground(void)
{
    shape s = shape_ball(0.5f, 48);
    for (uint32_t i = 0; i < s.view.vertex_count; i++) s.position[i].y += 0.5f;
    image im = grey_canvas(240, 240), again = grey_canvas(240, 240);
    float *depth = mem_array(float, 240 * 240);
    raster_camera cam = raster_frame(v3(-0.9f, 0, -0.9f), v3(0.9f, 1, 0.9f), 0, 240, 240, 0);
    raster_item item = plain(s.view);
    raster_draw(&im, &cam, &item, 1, &(raster_light){ .ground_shadow = 1, .samples = 1 }, depth);
    raster_draw(&again, &cam, &item, 1, &(raster_light){ .ground_shadow = 1, .samples = 1 }, NULL);
    CHECK(memcmp(im.px, again.px, (size_t)240 * 240 * 3) == 0);
    CHECK(image_at(&im, 100, 90)[0] > image_at(&im, 140, 150)[0] + 30);
    uint8_t darkest = 255; // of the background
    for (size_t i = 0; i < (size_t)240 * 240; i++) {
        if (depth[i] > 0) continue;
        CHECK(im.px[3 * i] <= 128);
        darkest = im.px[3 * i] < darkest ? im.px[3 * i] : darkest;
    }
    CHECK(darkest < 110);
    mem_free(depth);
    image_free(&im);
    image_free(&again);
    shape_free(&s);
}

TEST_MAIN(RUN(a_framed_box_fits_with_its_margin); RUN(depth_is_the_distance_of_the_nearest_surface);
          RUN(neighbouring_triangles_leave_no_gap_and_no_double); RUN(a_surface_that_passes_the_camera_is_clipped);
          RUN(textures_are_perspective_correct_and_cut_out); RUN(the_back_of_a_one_sided_mesh_is_not_drawn);
          RUN(a_ball_is_lit_from_the_upper_left_and_shades_the_ground);)
