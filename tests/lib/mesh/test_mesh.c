#include "mesh/mesh.h"
#include "mesh/section.h"
#include "shapes.h"
#include "test.h"

#define PI 3.14159265358979323846

static mesh_section_point *scratch_for(const shape *s)
{
    return mem_array(mesh_section_point, mesh_section_scratch(s->view.triangle_count));
}

// Perimeter of a regular polygon of n corners on a circle of radius r.
static double polygon(double r, int n) { return 2 * n * r * sin(PI / n); }

static void a_cylinders_girth_is_its_polygons_perimeter(void)
{
    shape s = shape_tube(0.15f, 1, 40, 8);
    mesh_section_point *scratch = scratch_for(&s);
    // 1e-6: single-precision coordinates of 0.15 m, forty corners.
    for (int i = 0; i <= 10; i++) { // also through rows of vertices (0.5) and at the very ends
        mesh_plane plane = { v3(0, i == 0 ? 1e-4f : 0.1f * (float)i, 0), v3(0, 1, 0) };
        mesh_section g = mesh_section_girth(&s.view, NULL, 0, plane, scratch);
        CHECK_NEAR(g.girth, polygon(0.15, 40), 1e-6);
        CHECK_NEAR(g.contour, polygon(0.15, 40), 1e-6);
        CHECK_NEAR(g.centre.x, 0, 1e-6);
        CHECK_NEAR(g.centre.y, plane.point.y, 1e-6);
    }
    mem_free(scratch);
    shape_free(&s);
}

static void a_slanted_section_is_an_ellipse(void)
{
    shape s = shape_tube(0.1f, 1, 720, 10);
    mesh_section_point *scratch = scratch_for(&s);
    // 45 degrees: half axes r and r sqrt 2; perimeter by Ramanujan's second formula (1914), good to 1e-9 here.
    mesh_section g = mesh_section_girth(&s.view, NULL, 0, (mesh_plane){ v3(0, 0.5f, 0), v3(0, 3, 3) }, scratch);
    double a = 0.1, b = 0.1 * sqrt(2), h = (a - b) * (a - b) / ((a + b) * (a + b));
    CHECK_NEAR(g.girth, PI * (a + b) * (1 + 3 * h / (10 + sqrt(4 - 3 * h))), 1e-5); // 720 sides: 4e-6 short
    mem_free(scratch);
    shape_free(&s);
}

static void a_tape_bridges_a_hollow(void)
{
    shape s = shape_tube(0.15f, 1, 40, 1);
    for (uint32_t j = 0; j <= 1; j++) s.position[40 * j] = v3(0, (float)j, 0); // one corner pushed in to the axis
    mesh_section_point *scratch = scratch_for(&s);
    mesh_section g = mesh_section_girth(&s.view, NULL, 0, (mesh_plane){ v3(0, 0.5f, 0), v3(0, 1, 0) }, scratch);
    double side = polygon(0.15, 40) / 40, chord = 2 * 0.15 * sin(2 * PI / 40);
    CHECK_NEAR(g.girth, 38 * side + chord, 1e-6);
    CHECK_NEAR(g.contour, 38 * side + 2 * 0.15, 1e-6);
    mem_free(scratch);
    shape_free(&s);
}

static void only_listed_triangles_are_cut(void)
{
    shape s = shape_tube(0.15f, 1, 40, 1);
    mesh_section_point *scratch = scratch_for(&s);
    uint32_t half[40];
    for (uint32_t i = 0; i < 40; i++) half[i] = i; // the first 20 quads: half the circle
    mesh_section g = mesh_section_girth(&s.view, half, 40, (mesh_plane){ v3(0, 0.5f, 0), v3(0, 1, 0) }, scratch);
    CHECK_NEAR(g.contour, polygon(0.15, 40) / 2, 1e-6);
    CHECK_NEAR(g.girth, polygon(0.15, 40) / 2 + 0.3, 1e-6);
    g = mesh_section_girth(&s.view, half, 40, (mesh_plane){ v3(0, 2, 0), v3(0, 1, 0) }, scratch);
    CHECK(g.girth == 0 && g.contour == 0 && g.points == 0 && g.hull == 0);
    mem_free(scratch);
    shape_free(&s);
}

static void the_hull_lies_on_the_edges_it_names(void)
{
    shape s = shape_tube(0.15f, 1, 12, 3);
    mesh_section_point *scratch = scratch_for(&s);
    mesh_hull_point hull[64];
    mesh_plane plane = { v3(0, 0.4f, 0), v3(0.2f, 1, -0.1f) };
    mesh_section g = mesh_section_hull(&s.view, NULL, 0, plane, scratch, hull, 64);
    CHECK(g.hull >= 12 && g.hull <= 64);
    double around = 0, signed_area = 0;
    for (uint32_t i = 0; i < g.hull; i++) {
        const mesh_hull_point *p = &hull[i], *q = &hull[(i + 1) % g.hull];
        CHECK(v3_dist(p->p, v3_lerp(s.position[p->a], s.position[p->b], p->t)) < 1e-6f);
        around += v3_dist(p->p, q->p);
        signed_area += v3_dot(v3_cross(p->p, q->p), plane.normal);
    }
    CHECK_NEAR(around, g.girth, 1e-6);
    CHECK(signed_area > 0); // counter-clockwise about the normal
    mem_free(scratch);
    shape_free(&s);
}

static void normals_point_out_and_have_unit_length(void)
{
    shape s = shape_tube(0.3f, 1, 64, 4);
    vec3 *n = mem_array(vec3, s.view.vertex_count);
    mesh_normals(&s.view, n);
    for (uint32_t i = 0; i < s.view.vertex_count; i++) {
        vec3 out = v3_unit(v3(s.position[i].x, 0, s.position[i].z));
        CHECK_NEAR(v3_dot(n[i], out), 1, 1e-3); // a border vertex has one triangle more on one side: half a side's turn
        CHECK_NEAR(v3_len(n[i]), 1, 1e-6);
    }
    mem_free(n);
    shape_free(&s);
}

static void an_open_tubes_volume_is_that_of_the_closed_one(void)
{
    shape s = shape_tube(0.15f, 1.5f, 60, 5);
    for (uint32_t i = 0; i < s.view.vertex_count; i++) s.position[i] = v3_add(s.position[i], v3(3, -2, 5));
    double area = 60 * 0.15 * 0.15 / 2 * sin(2 * PI / 60);
    CHECK_NEAR(mesh_volume(&s.view), area * 1.5, 1e-6); // coordinates of 5 m in single precision, 0.1 m3
    shape_free(&s);
}

static void a_balls_volume_is_that_of_a_ball(void)
{
    shape s = shape_ball(0.5f, 64);
    CHECK_NEAR(mesh_volume(&s.view), PI / 6, 1e-3); // flat faces between 64 rings lose 0.1 %
    shape_free(&s);
}

TEST_MAIN(RUN(a_cylinders_girth_is_its_polygons_perimeter); RUN(a_slanted_section_is_an_ellipse);
          RUN(a_tape_bridges_a_hollow); RUN(only_listed_triangles_are_cut); RUN(the_hull_lies_on_the_edges_it_names);
          RUN(normals_point_out_and_have_unit_length); RUN(an_open_tubes_volume_is_that_of_the_closed_one);
          RUN(a_balls_volume_is_that_of_a_ball);)
