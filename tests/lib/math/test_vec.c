#include "base/rng.h"
#include "math/vec.h"
#include "test.h"

static vec3 random_vector(rng *r, double size)
{
    return v3((float)rng_between(r, -size, size), (float)rng_between(r, -size, size),
              (float)rng_between(r, -size, size));
}

static void a_rotation_vector_survives_the_matrix_and_back(void)
{
    rng r = rng_new(1);
    for (int i = 0; i < 1000; i++) {
        vec3 w = random_vector(&r, 1.7); // under half a turn in length
        if (v3_len(w) > 3.1f) continue;
        mat3 m = m3_from_axis_angle(w);
        CHECK_NEAR(v3_dist(m3_to_axis_angle(&m), w), 0, 2e-4); // single precision near half a turn
    }
}

static void half_a_turn_keeps_its_axis(void)
{
    mat3 m = m3_from_axis_angle(v3(0, 3.14159265f, 0));
    vec3 back = m3_to_axis_angle(&m);
    CHECK_NEAR(fabsf(back.y), 3.14159265, 1e-3);
    CHECK_NEAR(back.x, 0, 1e-3);
}

static void between_takes_one_direction_to_the_other_even_when_opposite(void)
{
    rng r = rng_new(2);
    for (int i = 0; i < 1000; i++) {
        vec3 a = random_vector(&r, 1), b = i % 10 ? random_vector(&r, 1) : v3_scale(a, -2);
        mat3 m = m3_between(a, b);
        CHECK_NEAR(v3_dist(m3_apply(&m, v3_unit(a)), v3_unit(b)), 0,
                   1e-3); // acos of a unit dot product in single precision
    }
}

TEST_MAIN(RUN(a_rotation_vector_survives_the_matrix_and_back); RUN(half_a_turn_keeps_its_axis);
          RUN(between_takes_one_direction_to_the_other_even_when_opposite);)
