#include "base/rng.h"
#include "image/draw.h"
#include "picture.h"

static image noise(uint32_t w, uint32_t h, uint32_t channels, uint64_t seed)
{
    image im = image_new(w, h, channels);
    rng r = rng_new(seed);
    for (size_t i = 0; i < (size_t)w * h * channels; i++) im.px[i] = (uint8_t)rng_below(&r, 256);
    return im;
}

static void a_constant_picture_stays_constant(void)
{
    image im = image_new(31, 17, 3);
    memset(im.px, 201, 31 * 17 * 3);
    const uint32_t sizes[][2] = { { 7, 5 }, { 100, 3 }, { 5, 90 }, { 31, 17 }, { 1, 1 }, { 97, 55 } };
    for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
        image out = image_resize(&im, sizes[k][0], sizes[k][1]);
        int bad = 0;
        for (uint32_t i = 0; i < out.width * out.height * 3; i++) bad += out.px[i] != 201;
        CHECK(out.width == sizes[k][0] && out.height == sizes[k][1] && bad == 0);
        image_free(&out);
    }
    image_free(&im);
}

static void softening_is_the_binomial_mean_of_nine_and_is_the_same_mirrored(void)
{
    static const uint32_t sizes[][2] = { { 40, 30 }, { 1, 9 }, { 9, 1 }, { 2, 2 }, { 1, 1 } };
    static const int weight[3] = { 1, 2, 1 };
    for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
        int w = (int)sizes[k][0], h = (int)sizes[k][1], bad = 0;
        image im = noise(sizes[k][0], sizes[k][1], 3, 5), soft = image_soften(&im);
        for (int y = 0; y < h; y++)
            for (int x = 0; x < w; x++)
                for (int c = 0; c < 3; c++) {
                    double sum = 0;
                    for (int j = -1; j <= 1; j++)
                        for (int i = -1; i <= 1; i++) {
                            int px = x + i < 0    ? 0
                                     : x + i >= w ? w - 1
                                                  : x + i,
                                py = y + j < 0    ? 0
                                     : y + j >= h ? h - 1
                                                  : y + j;
                            sum += weight[i + 1] * weight[j + 1] * image_at(&im, (uint32_t)px, (uint32_t)py)[c] / 16.0;
                        }
                    bad += fabs(image_at(&soft, (uint32_t)x, (uint32_t)y)[c] - sum) > 0.501;
                }
        CHECK(bad == 0);
        image turned = image_mirror(&im), soft_turned = image_soften(&turned), back = image_mirror(&soft_turned);
        CHECK(memcmp(back.px, soft.px, (size_t)(w * h * 3)) == 0);
        image *all[] = { &im, &soft, &turned, &soft_turned, &back };
        for (size_t i = 0; i < sizeof all / sizeof *all; i++) image_free(all[i]);
    }
}

static void shrinking_averages_the_area_exactly(void)
{
    image im = noise(60, 36, 3, 1);
    image out = image_resize(&im, 15, 12); // 4 x 3 pixels each
    int bad = 0;
    for (uint32_t y = 0; y < 12; y++) {
        for (uint32_t x = 0; x < 15; x++) {
            for (uint32_t c = 0; c < 3; c++) {
                double sum = 0;
                for (uint32_t j = 0; j < 3; j++) {
                    for (uint32_t i = 0; i < 4; i++) sum += image_at(&im, x * 4 + i, y * 3 + j)[c];
                }
                // 0.5 for rounding to a level, a little for sums in single precision
                bad += fabs(image_at(&out, x, y)[c] - sum / 12) > 0.501;
            }
        }
    }
    CHECK(bad == 0);
    image_free(&out);

    out = image_resize(&im, 7, 5); // 60 / 7 and 36 / 5 are not whole: parts of pixels count as parts
    bad = 0;
    for (uint32_t y = 0; y < 5; y++) {
        for (uint32_t x = 0; x < 7; x++) {
            double sum = 0, x0 = x * 60 / 7.0, x1 = (x + 1) * 60 / 7.0, y0 = y * 7.2, y1 = (y + 1) * 7.2;
            for (uint32_t j = 0; j < 36; j++) {
                for (uint32_t i = 0; i < 60; i++) {
                    double w = fmin(x1, i + 1) - fmax(x0, i), h = fmin(y1, j + 1) - fmax(y0, j);
                    if (w > 0 && h > 0) sum += w * h * image_at(&im, i, j)[1];
                }
            }
            bad += fabs(image_at(&out, x, y)[1] - sum / (60 / 7.0 * 7.2)) > 0.501;
        }
    }
    CHECK(bad == 0);
    image_free(&out);
    image_free(&im);
}

static void growing_is_linear_between_pixel_centres(void)
{
    image im = image_new(2, 1, 1);
    im.px[0] = 0, im.px[1] = 200;
    image out = image_resize(&im, 8, 1);
    const uint8_t want[8] = { 0, 0, 25, 75, 125, 175, 200, 200 }; // centres at 0.125, 0.375, … of the two pixels
    for (int i = 0; i < 8; i++) CHECK(out.px[i] == want[i]);
    image_free(&out);
    image_free(&im);
}

static void between_pixels_a_picture_is_linear_and_beyond_it_there_is_nothing(void)
{
    image im = image_new(2, 2, 1), none = { 0 };
    const uint8_t px[] = { 0, 100, 40, 200 };
    memcpy(im.px, px, sizeof px);
    CHECK_NEAR(image_between(&im, 0.5f, 0.5f), 0, 1e-6);
    CHECK_NEAR(image_between(&im, 1.5f, 0.5f), 100, 1e-6);
    CHECK_NEAR(image_between(&im, 1, 1), 85, 1e-4);
    CHECK_NEAR(image_between(&im, 2, 1.5f), 100, 1e-4); // half of the pixel at the edge
    CHECK(image_between(&im, 9, 1) == 0 && image_between(&im, 1, -1e30f) == 0 && image_between(&im, NAN, 1) == 0);
    CHECK(image_between(&none, 0.5f, 0.5f) == 0);
    image_free(&im);
}

static void mirroring_twice_changes_nothing(void)
{
    image im = noise(13, 7, 3, 2);
    image once = image_mirror(&im), twice = image_mirror(&once);
    CHECK(worst_difference(&im, &twice) == 0);
    CHECK(memcmp(image_at(&im, 3, 2), image_at(&once, 9, 2), 3) == 0);
    image_free(&im);
    image_free(&once);
    image_free(&twice);
}

static void a_crop_is_a_part(void)
{
    image im = noise(13, 7, 4, 3);
    image part = image_crop(&im, 2, 1, 5, 6);
    CHECK(part.width == 5 && part.height == 6 && part.channels == 4);
    for (uint32_t y = 0; y < 6; y++) {
        for (uint32_t x = 0; x < 5; x++) CHECK(memcmp(image_at(&part, x, y), image_at(&im, x + 2, y + 1), 4) == 0);
    }
    image_free(&im);
    image_free(&part);
}

// ---- image_sample_roi against its definition, word for word ----

static double fetch(const image *im, int x, int y, int c, image_border border)
{
    int w = (int)im->width, h = (int)im->height;
    if (border == BORDER_ZERO && (x < 0 || y < 0 || x >= w || y >= h)) return 0;
    x = x < 0 ? 0 : x >= w ? w - 1 : x;
    y = y < 0 ? 0 : y >= h ? h - 1 : y;
    return image_at(im, (uint32_t)x, (uint32_t)y)[im->channels == 1 ? 0 : c];
}

static image averaged(const image *im, uint32_t k)
{
    image out = image_new((im->width + k - 1) / k, (im->height + k - 1) / k, im->channels);
    for (uint32_t y = 0; y < out.height; y++) {
        for (uint32_t x = 0; x < out.width; x++) {
            for (uint32_t c = 0; c < im->channels; c++) {
                double sum = 0, count = 0;
                for (uint32_t j = y * k; j < (y + 1) * k && j < im->height; j++) {
                    for (uint32_t i = x * k; i < (x + 1) * k && i < im->width; i++) {
                        sum += image_at(im, i, j)[c];
                        count++;
                    }
                }
                image_at(&out, x, y)[c] = (uint8_t)(sum / count + 0.5);
            }
        }
    }
    return out;
}

static double worst_against_definition(const image *im, const image_roi *roi, uint32_t n, image_border border,
                                       const float *got)
{
    uint32_t k = 1;
    while (roi->size / ((double)n * k) > 2) k++;
    image small = averaged(im, k);
    double worst = 0, co = cos((double)roi->rot), si = sin((double)roi->rot);
    for (uint32_t v = 0; v < n; v++) {
        for (uint32_t u = 0; u < n; u++) {
            double a = ((u + 0.5) / n - 0.5) * (double)roi->size, b = ((v + 0.5) / n - 0.5) * (double)roi->size;
            double x = ((double)roi->cx + co * a - si * b) / k - 0.5, y = ((double)roi->cy + si * a + co * b) / k - 0.5;
            int ix = (int)floor(x), iy = (int)floor(y);
            double fx = x - ix, fy = y - iy;
            for (int c = 0; c < 3; c++) {
                double top = fetch(&small, ix, iy, c, border) * (1 - fx) + fetch(&small, ix + 1, iy, c, border) * fx;
                double low =
                    fetch(&small, ix, iy + 1, c, border) * (1 - fx) + fetch(&small, ix + 1, iy + 1, c, border) * fx;
                double want = (top * (1 - fy) + low * fy) * 2 - 1;
                worst = fmax(worst, fabs(want - (double)got[((size_t)v * n + u) * 3 + (size_t)c]));
            }
        }
    }
    image_free(&small);
    return worst;
}

static void sampling_a_roi_follows_its_definition(void)
{
    const image_roi rois[] = {
        { 100, 75, 60, 0 },       { 100, 75, 60, 0.7f },  { 10, 140, 90, -2.1f },   { 100, 75, 64, 3.1415927f },
        { 100, 75, 300, 0.3f },   { 0, 0, 700, 1.2f },    { 100.3f, 74.9f, 20, 0 }, { -500, 75, 60, 0 },
        { 100, 75, 5000, 0.01f }, { 1e9f, -1e9f, 10, 0 },
    };
    float *out = mem_array(float, 64 * 64 * 3);
    for (uint32_t channels = 1; channels <= 4; channels++) {
        if (channels == 2) continue;
        image im = noise(201, 151, channels, channels);
        for (size_t i = 0; i < sizeof rois / sizeof *rois; i++) {
            for (int border = BORDER_ZERO; border <= BORDER_REPLICATE; border++) {
                image_sample_roi(&im, &rois[i], 64, (image_border)border, 2, -1, out);
                // Positions in single precision are good to 200 * 2^-24 pixels, and neighbours of noise differ by up to
                // 255 levels, doubled here.
                CHECK_NEAR(worst_against_definition(&im, &rois[i], 64, (image_border)border, out), 0, 0.02);
            }
        }
        image_free(&im);
    }
    mem_free(out);
}

static void a_roi_the_size_of_the_picture_is_the_picture(void)
{
    image im = noise(64, 64, 3, 9);
    float *out = mem_array(float, 64 * 64 * 3);
    image_sample_roi(&im, &(image_roi){ 32, 32, 64, 0 }, 64, BORDER_ZERO, 1, 0, out);
    double worst = 0;
    for (int i = 0; i < 64 * 64 * 3; i++) worst = fmax(worst, fabs((double)out[i] - im.px[i]));
    CHECK(worst == 0); // every sample falls on a pixel's centre, in binary fractions
    mem_free(out);
    image_free(&im);
}

// ---- drawing ----

static const draw_color white = { 255, 255, 255, 255 };

static int lit(const image *im)
{
    int n = 0;
    for (size_t i = 0; i < (size_t)im->width * im->height * im->channels; i++) n += im->px[i] != 0;
    return n;
}

static void drawing_beyond_the_edges_is_clipped(void)
{
    image im = image_new(40, 30, 3), other = image_new(100, 100, 3);
    draw_line(&im, -1000, -1000, -900, 5000, 3, white);
    draw_line(&im, NAN, 3, 5, NAN, 3, white);
    draw_disc(&im, 500, 500, 100, white);
    draw_rect(&im, 40, 0, 2147483647, 2147483647, white);
    draw_rect(&im, -2147483647, -5, 2147483647, 2147483647, white);
    draw_text(&im, -2000, -2000, 2, white, "outside");
    draw_image(&im, 40, -100, &other);
    CHECK(lit(&im) == 0);
    draw_rect(&im, -5, -5, 1000, 1000, white);
    CHECK(lit(&im) == 40 * 30 * 3);
    draw_image(&im, -50, -50, &other);
    CHECK(lit(&im) == 0);
    image_free(&im);
    image_free(&other);
}

static void a_line_covers_its_area_at_any_slope(void)
{
    for (int i = 0; i < 24; i++) {
        float a = 0.2618f * (float)i, c = cosf(a), s = sinf(a);
        image im = image_new(120, 120, 1);
        draw_line(&im, 60 - 40 * c, 60 - 40 * s, 60 + 40 * c, 60 + 40 * s, 4, white);
        double sum = 0;
        for (int k = 0; k < 120 * 120; k++) sum += im.px[k] / 255.0;
        // 80 x 4 pixels and two half discs of radius 2; coverage by distance is exact on average only.
        CHECK_NEAR(sum / (80 * 4 + 3.14159265 * 4), 1, 0.02);
        image_free(&im);
    }
}

static void a_disc_covers_its_area(void)
{
    image im = image_new(101, 101, 1);
    draw_disc(&im, 50.5f, 50.5f, 40, white);
    double sum = 0;
    for (int i = 0; i < 101 * 101; i++) sum += im.px[i] / 255.0;
    CHECK_NEAR(sum / (3.14159265 * 1600), 1, 0.005); // the anti-aliased rim is exact only to first order
    image_free(&im);
}

static void text_is_eight_by_sixteen(void)
{
    image im = image_new(200, 40, 3);
    CHECK(draw_text(&im, 0, 0, 1, white, "Ag~") == 24);
    CHECK(draw_text(&im, 0, 0, 2, white, "Ag~") == 48);
    image_free(&im);
    im = image_new(8, 16, 1);
    draw_text(&im, 0, 0, 1, white, "I");
    int n = lit(&im);
    CHECK(n > 10 && n < 40);
    image_free(&im);
}

static void a_mask_is_tinted_and_outlined(void)
{
    image im = image_new(10, 10, 3), mask = image_new(10, 10, 1);
    for (uint32_t y = 2; y < 8; y++) {
        for (uint32_t x = 2; x < 8; x++) *image_at(&mask, x, y) = 1;
    }
    draw_mask(&im, &mask, (draw_color){ 100, 0, 0, 255 }, (draw_color){ 0, 200, 0, 255 });
    CHECK(image_at(&im, 5, 5)[0] == 100 && image_at(&im, 5, 5)[1] == 0);
    CHECK(image_at(&im, 2, 5)[0] == 0 && image_at(&im, 2, 5)[1] == 200);
    CHECK(image_at(&im, 1, 5)[0] == 0 && image_at(&im, 1, 5)[1] == 0);
    image_free(&im);
    image_free(&mask);
}

static void a_blurred_ellipse_hides_what_was_in_it(void)
{
    // A face's coarsest marks, dark eyes and mouth on skin, about a third of its width each.
    image im = image_new(120, 120, 3);
    memset(im.px, 180, 120 * 120 * 3);
    for (int k = 0; k < 3; k++)
        draw_disc(&im, k == 2 ? 60 : 45.0f + 30.0f * (float)k, k == 2 ? 80 : 50, 7, (draw_color){ 0, 0, 0, 255 });
    image before = image_copy(&im);
    draw_blur_ellipse(&im, 60, 60, 36, 48);
    int low = 255, high = 0;
    for (uint32_t y = 40; y < 85; y++) {
        for (uint32_t x = 40; x < 80; x++) {
            int v = *image_at(&im, x, y);
            if (v < low) low = v;
            if (v > high) high = v;
        }
    }
    CHECK(high - low < 18); // a tenth of the 180 levels of contrast it had
    CHECK(memcmp(image_at(&im, 5, 5), image_at(&before, 5, 5), 3) == 0);
    draw_blur_ellipse(&im, -500, 60, 36, 48);
    draw_blur_ellipse(&im, 60, 60, 0, 48);
    draw_blur_ellipse(&im, 60, 60, 10000, 10000);
    image_free(&im);
    image_free(&before);
}

TEST_MAIN(RUN(a_constant_picture_stays_constant); RUN(softening_is_the_binomial_mean_of_nine_and_is_the_same_mirrored);
          RUN(shrinking_averages_the_area_exactly); RUN(growing_is_linear_between_pixel_centres);
          RUN(between_pixels_a_picture_is_linear_and_beyond_it_there_is_nothing); RUN(mirroring_twice_changes_nothing);
          RUN(a_crop_is_a_part); RUN(sampling_a_roi_follows_its_definition);
          RUN(a_roi_the_size_of_the_picture_is_the_picture); RUN(drawing_beyond_the_edges_is_clipped);
          RUN(a_line_covers_its_area_at_any_slope); RUN(a_disc_covers_its_area); RUN(text_is_eight_by_sixteen);
          RUN(a_mask_is_tinted_and_outlined); RUN(a_blurred_ellipse_hides_what_was_in_it);)
