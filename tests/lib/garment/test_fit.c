#include "base/rng.h"
#include "garment/fit.h"
#include "test.h"

static fit_result r;
static const tape_measure girths[] = { TAPE_CHEST_GIRTH, TAPE_WAIST_NATURAL_GIRTH, TAPE_HIP_GIRTH,
                                       TAPE_NECK_GIRTH,  TAPE_UPPER_ARM_GIRTH,     TAPE_THIGH_GIRTH };

// A person with the proportions people have, cm.
static fit_body random_body(rng *g, double sd)
{
    fit_body b = { 0 };
    double chest = rng_between(g, 78, 125);
    double value[][2] = { { TAPE_CHEST_GIRTH, chest },
                          { TAPE_WAIST_NATURAL_GIRTH, chest - rng_between(g, 4, 18) },
                          { TAPE_HIP_GIRTH, chest * 0.66 + rng_between(g, 28, 42) },
                          { TAPE_NECK_GIRTH, 14 + 0.235 * chest + rng_between(g, -2, 2) },
                          { TAPE_SHOULDER_BREADTH, 22 + 0.175 * chest + rng_between(g, -2, 2) },
                          { TAPE_UPPER_ARM_GIRTH, 0.31 * chest + rng_between(g, -2, 2) },
                          { TAPE_THIGH_GIRTH, 0.4 * chest + rng_between(g, 14, 22) },
                          { TAPE_SHOULDER_TO_WRIST, rng_between(g, 52, 64) },
                          { TAPE_INSEAM, rng_between(g, 70, 92) } };
    for (size_t i = 0; i < sizeof value / sizeof *value; i++) {
        b.value[(int)value[i][0]] = value[i][1];
        b.sd[(int)value[i][0]] = sd * rng_between(g, 0.5, 1.5);
    }
    for (int i = 0; i < TAPE_COUNT; i++) b.correlation[i * TAPE_COUNT + i] = 1;
    return b;
}

// A chart of the garment itself: the size `own` has the body's measurements plus the category's ease, the others are
// graded from it by step cm of girth.
static void graded_chart(garment *g, const fit_body *b, int sizes, int own, double step)
{
    fit_region region[FIT_MOST_REGIONS];
    int n = garment_regions(g->category, g->silhouette, b->value, region);
    memset(&g->chart, 0, sizeof g->chart);
    g->chart.count = sizes;
    g->chart.tolerance = 1.5;
    for (int i = 0; i < sizes; i++) {
        snprintf(g->chart.size[i].name, sizeof g->chart.size[i].name, "%d", i);
        for (int k = 0; k < n; k++) {
            chart_dim d = region[k].dim;
            double share = chart_is_girth(d) ? (d == DIM_NECK     ? 0.25
                                                : d == DIM_BICEPS ? 0.3
                                                : d == DIM_THIGH  ? 0.6
                                                                  : 1)
                                             : 0.2;
            double v = b->value[region[k].site] + region[k].ideal + step * share * (i - own);
            g->chart.basis[d] = BASIS_CIRC;
            g->chart.size[i].value[d] = (chart_range){ v, v };
        }
    }
}

// A garment of one size, made for this body.
static garment made_for(const fit_body *b, garment_category c, const char *cloth)
{
    garment g = { .category = c, .silhouette = SILHOUETTE_REGULAR, .fabric = *fabric_preset(cloth) };
    graded_chart(&g, b, 1, 0, 0);
    return g;
}

static double density(double x) { return exp(-x * x / 2) / sqrt(2 * 3.14159265358979323846); }

// The definition again, by summing the bell curve in small steps and multiplying instead of adding logarithms.
static double reference_score(const fit_size *s)
{
    double least = 1, product = 1, near = 1, weights = 0;
    for (int i = 0; i < s->regions; i++) {
        const fit_region_result *q = &s->region[i];
        double p = 0, h = 1e-3, from = (q->region.least - q->ease) / q->spread,
               to = (q->region.most - q->ease) / q->spread;
        if (to > 9) to = 9;
        if (from < -9) from = -9;
        if (q->source == MEASURE_BLOCK) to = 9;
        for (double z = from + h / 2; z < to; z += h) p += density(z) * h;
        if (p < least) least = p;
        product *= pow(p, q->region.weight);
        weights += q->region.weight;
        double d = (q->ease - q->region.ideal) / ((q->region.most - q->region.least) / 3);
        if (q->source != MEASURE_BLOCK) near *= pow(exp(-d * d / 2), q->region.weight);
    }
    return pow(least, 0.6) * pow(product, 0.4 / weights) * pow(near, 1 / weights);
}

static void verdicts_on_random_bodies_follow_the_definition(void)
{
    rng g = rng_new(7);
    for (int k = 0; k < 200; k++) {
        fit_body b = random_body(&g, 2.5);
        garment made = { .category = (garment_category)(k % GARMENT_CATEGORIES),
                         .silhouette = (garment_silhouette)(k % 3) };
        int n;
        const fabric *f = fabric_presets(&n);
        made.fabric = f[rng_below(&g, (uint32_t)n)];
        graded_chart(&made, &b, 6, (int)rng_below(&g, 6), rng_between(&g, 3, 9));
        fit_judge(&made, &b, PREFER_REGULAR, &r);
        int best = -1;
        double top = 0;
        for (int i = 0; i < 6; i++) {
            double want = reference_score(&r.size[i]);
            CHECK_NEAR(r.size[i].score, want, 2e-3); // midpoint steps of a thousandth of a standard deviation
            bool worn = r.size[i].verdict != FIT_CANNOT_WEAR && want >= 0.15;
            if (worn && want > top) top = want, best = i;
        }
        CHECK(r.recommended == best || (best >= 0 && fabs(r.size[r.recommended].score - top) < 2e-3));
    }
}

static void the_size_made_for_this_body_is_always_the_recommended_one(void)
{
    rng g = rng_new(11);
    int right = 0;
    for (int k = 0; k < 200; k++) {
        fit_body b = random_body(&g, 1.5);
        int n;
        const fabric *f = fabric_presets(&n);
        garment made = { .category = (garment_category)(k % GARMENT_CATEGORIES),
                         .silhouette = SILHOUETTE_REGULAR,
                         .fabric = f[rng_below(&g, (uint32_t)n)] };
        int own = (int)rng_below(&g, 6);
        graded_chart(&made, &b, 6, own, rng_between(&g, 4, 9));
        fit_judge(&made, &b, PREFER_REGULAR, &r);
        right += r.recommended == own;
        if (r.recommended != own)
            printf("%s own %d got %d\n", garment_category_word[made.category], own, r.recommended);
    }
    CHECK(right == 200);
}

static void what_is_ten_centimetres_too_small_cannot_be_worn(void)
{
    rng g = rng_new(3);
    int n;
    const fabric *f = fabric_presets(&n);
    for (int k = 0; k < 60; k++) {
        fit_body b = random_body(&g, 2);
        garment made = { .category = (garment_category)(k % GARMENT_CATEGORIES),
                         .silhouette = SILHOUETTE_REGULAR,
                         .fabric = f[k % n] };
        graded_chart(&made, &b, 1, 0, 0);
        chart_dim d =
            k % GARMENT_CATEGORIES == GARMENT_SKIRT || k % GARMENT_CATEGORIES == GARMENT_TROUSERS ? DIM_HIP : DIM_CHEST;
        double body = b.value[d == DIM_HIP ? TAPE_HIP_GIRTH : TAPE_CHEST_GIRTH];
        made.chart.size[0].value[d] = (chart_range){ body - 10, body - 10 };
        fit_judge(&made, &b, PREFER_REGULAR, &r);
        char says[128];
        fit_sentence(&r.size[0], says, sizeof says);
        CHECK(r.size[0].verdict == FIT_CANNOT_WEAR && r.recommended == -1 && strstr(says, "cannot be worn"));
        char narrow[36]; // a caption's column: as much of it as there is room for
        fit_sentence(&r.size[0], narrow, sizeof narrow);
        CHECK(strlen(narrow) == sizeof narrow - 1 && strncmp(narrow, says, sizeof narrow - 1) == 0);
        char wide[40]; // a number is not cut
        fit_sentence(&r.size[0], wide, sizeof wide);
        CHECK(strncmp(wide, says, strlen(wide)) == 0 && !strchr(wide, '('));
    }
}

static void preference_moves_the_choice_and_only_where_sizes_fit(void)
{
    rng g = rng_new(5);
    int moved = 0;
    for (int k = 0; k < 60; k++) {
        fit_body b = random_body(&g, 1);
        garment made = { .category = GARMENT_TSHIRT,
                         .silhouette = SILHOUETTE_REGULAR,
                         .fabric = *fabric_preset("jersey") };
        graded_chart(&made, &b, 7, 3, 4);
        int at[3];
        for (int p = 0; p < 3; p++) {
            fit_judge(&made, &b, (fit_preference)p, &r);
            at[p] = r.recommended;
        }
        CHECK(at[0] <= at[1] && at[1] <= at[2] && at[1] == 3);
        moved += at[0] < at[2];
    }
    CHECK(moved == 60);
}

static void a_region_that_does_not_fit_is_not_outvoted(void)
{
    rng g = rng_new(9);
    fit_body b = random_body(&g, 1);
    garment made = made_for(&b, GARMENT_SHIRT, "shirting");
    made.chart.size[0].value[DIM_NECK].lo = made.chart.size[0].value[DIM_NECK].hi = b.value[TAPE_NECK_GIRTH] - 3;
    fit_judge(&made, &b, PREFER_REGULAR, &r);
    CHECK(r.size[0].score < 0.15 && r.recommended == -1);
    CHECK(r.size[0].region[r.size[0].worst].region.dim == DIM_NECK);
}

static fit_class class_with(garment *made, const fit_body *b, chart_dim d, double cm)
{
    chart_range own = made->chart.size[0].value[d];
    made->chart.size[0].value[d] = (chart_range){ cm, cm };
    fit_judge(made, b, PREFER_REGULAR, &r);
    made->chart.size[0].value[d] = own;
    return r.size[0].verdict;
}

static void a_size_sits_as_it_does_where_that_matters_most(void)
{
    rng g = rng_new(21);
    fit_body b = random_body(&g, 1);
    garment made = made_for(&b, GARMENT_SHIRT, "shirting");
    double chest = b.value[TAPE_CHEST_GIRTH], waist = b.value[TAPE_WAIST_NATURAL_GIRTH];
    CHECK(class_with(&made, &b, DIM_CHEST, chest + 8) == FIT_FITTED);
    CHECK(class_with(&made, &b, DIM_CHEST, chest + 22) == FIT_RELAXED);
    CHECK(class_with(&made, &b, DIM_WAIST, waist + 28) == FIT_FITTED); // roomy there, but it hangs from the chest
    // What does not fit decides wherever it is.
    CHECK(class_with(&made, &b, DIM_WAIST, waist + 60) == FIT_LOOSE);
    CHECK(class_with(&made, &b, DIM_WAIST, waist - 1) <= FIT_TOO_TIGHT);
}

static void more_uncertainty_means_less_certain_fits(void)
{
    rng g = rng_new(13);
    fit_body b = random_body(&g, 1);
    garment made = made_for(&b, GARMENT_TROUSERS, "denim");
    double before = 1;
    for (int k = 1; k < 6; k++) {
        for (size_t i = 0; i < sizeof girths / sizeof *girths; i++) b.sd[girths[i]] = k;
        fit_judge(&made, &b, PREFER_REGULAR, &r);
        CHECK(r.size[0].probability < before);
        // All regions at once cannot be likelier than the least likely one (256 samples: 3 % is one standard error).
        CHECK(r.size[0].probability < r.size[0].region[r.size[0].worst].probability + 0.06);
        before = r.size[0].probability;
    }
}

static void errors_that_go_together_raise_the_chance_that_all_fits(void)
{
    rng g = rng_new(17);
    fit_body b = random_body(&g, 4);
    garment made = made_for(&b, GARMENT_DRESS, "satin");
    fit_judge(&made, &b, PREFER_REGULAR, &r);
    double apart = r.size[0].probability, jacobian[TAPE_COUNT];
    for (int i = 0; i < TAPE_COUNT; i++) jacobian[i] = b.sd[i] > 0 ? b.sd[i] : 1;
    fit_body_correlate(&b, jacobian, (double[]){ 1 }, 1); // one cause moves all
    fit_judge(&made, &b, PREFER_REGULAR, &r);
    CHECK(r.size[0].probability > apart + 0.05);
}

TEST_MAIN(RUN(verdicts_on_random_bodies_follow_the_definition);
          RUN(the_size_made_for_this_body_is_always_the_recommended_one);
          RUN(what_is_ten_centimetres_too_small_cannot_be_worn);
          RUN(preference_moves_the_choice_and_only_where_sizes_fit); RUN(a_region_that_does_not_fit_is_not_outvoted);
          RUN(a_size_sits_as_it_does_where_that_matters_most); RUN(more_uncertainty_means_less_certain_fits);
          RUN(errors_that_go_together_raise_the_chance_that_all_fits);)
