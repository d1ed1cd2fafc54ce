#include "mesh/refine.h"
#include "shapes.h"
#include "test.h"

static float longest_edge(const refined_mesh *r)
{
    float longest = 0;
    for (uint32_t i = 0; i < 3 * r->triangles; i++) {
        uint32_t a = r->triangle[i], b = r->triangle[i % 3 == 2 ? i - 2 : i + 1];
        longest = fmaxf(longest, v3_dist(r->position[a], r->position[b]));
    }
    return longest;
}

static void long_edges_are_halved_and_the_surface_stays(void)
{
    shape ball = shape_ball(0.3f, 9); // edges of 2 to 10 cm
    refined_mesh r = mesh_refine(&ball.view, 0.03f, 4);
    mesh_view fine = { r.position, r.triangle, r.vertices, r.triangles };
    CHECK(longest_edge(&r) <= 0.03f);
    // New vertices lie on the old facets: the volume is the same but for rounding.
    CHECK_NEAR(mesh_volume(&fine), mesh_volume(&ball.view), 1e-7);
    CHECK(memcmp(r.position, ball.position, ball.view.vertex_count * sizeof(vec3)) == 0);
    // Closed, so that V - E + F = 2 with E = 3 F / 2: no crack, no vertex twice.
    CHECK(r.vertices == r.triangles / 2 + 2);
    refined_mesh_free(&r);
    shape_free(&ball);
}

static void short_edges_are_left_alone(void)
{
    shape tube = shape_tube(0.05f, 0.2f, 24, 16);
    refined_mesh r = mesh_refine(&tube.view, 0.1f, 3);
    CHECK(r.vertices == tube.view.vertex_count && r.triangles == tube.view.triangle_count);
    CHECK(memcmp(r.triangle, tube.triangle, 3 * (size_t)r.triangles * sizeof *r.triangle) == 0);
    refined_mesh_free(&r);
    shape_free(&tube);
}

TEST_MAIN(RUN(long_edges_are_halved_and_the_surface_stays); RUN(short_edges_are_left_alone);)
