#include "estimate/distance.h"
#include "test.h"

#include <string.h>

static image disc(uint32_t side, float radius)
{
    image im = image_new(side, side, 1);
    for (uint32_t y = 0; y < side; y++)
        for (uint32_t x = 0; x < side; x++) {
            float dx = (float)x + 0.5f - (float)side / 2, dy = (float)y + 0.5f - (float)side / 2;
            *image_at(&im, x, y) = hypotf(dx, dy) < radius ? 255 : 0;
        }
    return im;
}

static void the_field_of_a_disc_is_the_distance_to_its_rim(void)
{
    image im = disc(400, 150);
    distance_field *d = distance_new(&im, (distance_window){ 50, 50, 350, 350, 1 });
    for (int k = 0; k < 36; k++) {
        float a = 0.1745f * (float)k;
        for (float r = 60; r < 180; r += 17) {
            float gx, gy, value = distance_at(d, 200 + r * cosf(a), 200 + r * sinf(a), &gx, &gy);
            CHECK_NEAR(value, r - 150, 0.8); // half a pixel of the mask's own steps and the interpolation
            CHECK_NEAR(gx * cosf(a) + gy * sinf(a), 1, 0.15); // steps of the mask across the rim
        }
    }
    distance_free(d);
    image_free(&im);
}

static void a_coarser_field_and_points_far_outside_agree_with_the_fine_one(void)
{
    image im = disc(400, 150);
    distance_field *fine = distance_new(&im, (distance_window){ 50, 50, 350, 350, 1 }),
                   *coarse = distance_new(&im, (distance_window){ 50, 50, 350, 350, 3 });
    float gx, gy;
    for (float x = -300; x < 700; x += 23) {
        float a = distance_at(fine, x, 210, &gx, &gy), b = distance_at(coarse, x, 210, &gx, &gy);
        CHECK_NEAR(a, b, 2.5); // one coarse cell
        if (x < 0) CHECK(a > 45 && gx < 0);
    }
    distance_free(fine);
    distance_free(coarse);
    image_free(&im);
}

TEST_MAIN(RUN(the_field_of_a_disc_is_the_distance_to_its_rim);
          RUN(a_coarser_field_and_points_far_outside_agree_with_the_fine_one);)
