#include "estimate/distance.h"
#include "image/resample.h"
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

static void a_surer_level_lies_further_inside_and_a_speck_apart_is_nobody(void)
{
    // As sure as the place is near to the middle: 1 there, 0 at a radius of 200.
    image soft = image_new(400, 400, 1);
    for (uint32_t y = 0; y < 400; y++)
        for (uint32_t x = 0; x < 400; x++) {
            float sure = 1 - hypotf((float)x + 0.5f - 200, (float)y + 0.5f - 200) / 200;
            *image_at(&soft, x, y) = (uint8_t)(255 * fmaxf(sure, 0) + 0.5f);
        }
    for (uint32_t y = 20; y < 30; y++) memset(image_at(&soft, 20, y), 255, 10);
    const float level[] = { 0.25f, 0.5f, 0.75f };
    distance_field *d[3];
    distance_levels(&soft, (distance_window){ 10, 10, 390, 390, 1 }, level, 3, d);
    for (int i = 0; i < 3; i++) {
        float gx, gy, rim = 200 * (1 - level[i]);
        CHECK_NEAR(distance_at(d[i], 230, 200, &gx, &gy), 30 - rim, 1.5);
        CHECK_NEAR(distance_at(d[i], 25, 25, &gx, &gy), hypotf(175, 175) - rim, 2);
        distance_free(d[i]);
    }
    image_free(&soft);
}

static void a_mirrored_field_is_the_field_of_the_mirrored_picture(void)
{
    image im = disc(400, 150);
    for (uint32_t y = 100; y < 300; y++) memset(image_at(&im, 50, y), 255, 60); // no longer its own mirror image
    image other = image_mirror(&im);
    distance_field *d = distance_new(&im, (distance_window){ 50, 50, 350, 350, 1.5f }),
                   *turned = distance_mirror(d, 400),
                   *real = distance_new(&other, (distance_window){ 50, 50, 350, 350, 1.5f });
    for (float x = -40; x < 440; x += 13) {
        float gx[3], gy[3], at = distance_at(d, x, 180, &gx[0], &gy[0]),
                            there = distance_at(turned, 400 - x, 180, &gx[1], &gy[1]);
        CHECK_NEAR(there, at, 1e-3);
        CHECK_NEAR(gx[1], -gx[0], 1e-3);
        CHECK_NEAR(gy[1], gy[0], 1e-3);
        CHECK_NEAR(distance_at(real, 400 - x, 180, &gx[2], &gy[2]), there, 1e-3);
    }
    distance_free(d);
    distance_free(turned);
    distance_free(real);
    image_free(&im);
    image_free(&other);
}

TEST_MAIN(RUN(the_field_of_a_disc_is_the_distance_to_its_rim);
          RUN(a_surer_level_lies_further_inside_and_a_speck_apart_is_nobody);
          RUN(a_mirrored_field_is_the_field_of_the_mirrored_picture);
          RUN(a_coarser_field_and_points_far_outside_agree_with_the_fine_one);)
