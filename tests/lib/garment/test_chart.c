#include "base/rng.h"
#include "garment/garment.h"
#include "test.h"

static size_chart c;
static err e;

static bool parse(const char *text)
{
    e = (err){ 0 };
    return chart_parse(text, strlen(text), &c, &e);
}

static void a_json_chart_keeps_numbers_ranges_gaps_units_and_bases(void)
{
    CHECK(parse(
        "{\"unit\":\"in\",\"basis\":\"garment_flat\",\"tolerance\":0.5,"
        "\"columns\":{\"waist\":{\"basis\":\"body\"},\"length\":{\"unit\":\"cm\"}},"
        "\"sizes\":{\"S\":{\"chest\":18,\"waist\":[28,30],\"length\":70},\"M\":{\"bust\":\"20-21\",\"waist\":null}}}"));
    CHECK(c.count == 2 && chart_find(&c, "M") == 1 && chart_find(&c, "L") == -1);
    // 2.54 is exact; the sum of a double's roundings is far below a hundredth of a millimetre
    CHECK_NEAR(c.size[0].value[DIM_CHEST].lo, 45.72, 1e-9);
    CHECK_NEAR(c.size[0].value[DIM_WAIST].hi, 76.2, 1e-9);
    CHECK_NEAR(c.size[0].value[DIM_LENGTH].lo, 70, 1e-9);
    CHECK_NEAR(c.size[1].value[DIM_CHEST].hi, 53.34, 1e-9);
    CHECK(c.size[1].value[DIM_WAIST].hi == 0);
    CHECK(c.basis[DIM_WAIST] == BASIS_BODY && c.basis[DIM_CHEST] == BASIS_FLAT);
    CHECK_NEAR(c.tolerance, 1.27, 1e-9);
    CHECK(parse(
        "{\"basis\":{\"default\":\"garment_circ\",\"hip\":\"body\"},\"sizes\":{\"10\":{\"hip\":98,\"waist\":74}}}"));
    CHECK(c.basis[DIM_HIP] == BASIS_BODY && c.basis[DIM_WAIST] == BASIS_CIRC && c.tolerance == 1.5);
}

static void a_csv_chart_says_the_same_as_json(void)
{
    CHECK(parse("unit,in\nbasis,garment_flat\ntolerance,0.5\nsize,chest,waist body,length (cm)\n"
                "S,18,28-30,70\n\"M\",20 1/2,,\n"));
    CHECK(c.count == 2 && c.basis[DIM_WAIST] == BASIS_BODY && c.basis[DIM_CHEST] == BASIS_FLAT);
    CHECK_NEAR(c.size[0].value[DIM_CHEST].lo, 45.72, 1e-9); // exact factors, as above
    CHECK_NEAR(c.size[0].value[DIM_LENGTH].lo, 70, 1e-9);
    CHECK_NEAR(c.size[1].value[DIM_CHEST].lo, 52.07, 1e-9);
    CHECK(c.size[1].value[DIM_WAIST].hi == 0);
    CHECK(parse("\xef\xbb\xbf"
                "basis;body\r\nsize;Bust (cm);hips\r\n38;88,5;94-96,5\r\n40;-;98\r\n"));
    CHECK_NEAR(c.size[0].value[DIM_CHEST].lo, 88.5, 1e-9);
    CHECK_NEAR(c.size[0].value[DIM_HIP].hi, 96.5, 1e-9);
    CHECK(c.size[1].value[DIM_CHEST].hi == 0);
}

static void double_sizes_are_no_inches(void)
{
    CHECK(parse("basis,body\nsize,chest,waist,hip\n36-38,90,72,98\n44-46,110,92,116\n"));
    CHECK(c.size[0].value[DIM_WAIST].hi == 72 && c.size[1].value[DIM_INSEAM].hi == 0);
    CHECK(parse("basis,body\nsize,chest\n10-12,92\n"));
    CHECK(c.size[0].value[DIM_WAIST].hi == 0);
}

static void jeans_sizes_are_a_waist_and_an_inseam_in_inches(void)
{
    CHECK(parse("basis,body\nsize,hip\n32x34,98\nW30 L32,94\nW28L30,90\n"));
    CHECK_NEAR(c.size[2].value[DIM_WAIST].lo, 81.28, 1e-9); // 32 * 2.54
    CHECK_NEAR(c.size[2].value[DIM_INSEAM].lo, 86.36, 1e-9);
    CHECK_NEAR(c.size[1].value[DIM_WAIST].lo, 76.2, 1e-9);
    CHECK_NEAR(c.size[0].value[DIM_INSEAM].lo, 76.2, 1e-9);
}

static void sizes_stand_smallest_first_when_their_names_tell(void)
{
    CHECK(parse("basis,body\nsize,hip\nL,98\n2XL,106\nXS,86\nM,94\nXXXL,110\nS,90\nXL,102\nXXS,82\n"));
    static const char *const letters[] = { "XXS", "XS", "S", "M", "L", "XL", "2XL", "XXXL" };
    for (int i = 0; i < 8; i++) CHECK_STR(c.size[i].name, letters[i]);
    CHECK(parse("basis,body\nsize,hip\n40,98\n8,86\n38.5,94\n"));
    CHECK_STR(c.size[0].name, "8");
    CHECK_STR(c.size[1].name, "38.5");
    CHECK(parse("basis,body\nsize,hip\nPetite,98\n38,86\nM,94\n"));
    CHECK_STR(c.size[0].name, "Petite");
    CHECK_STR(c.size[2].name, "M");
}

static void a_mistake_is_told_with_its_row_and_column(void)
{
    CHECK(!parse("{\"basis\":\"body\",\"sizes\":{\"S\":{\"chest\":90},\"M\":{\"chest\":\"wide\"}}}"));
    CHECK(strstr(e.msg, "\"M\"") && strstr(e.msg, "chest"));
    CHECK(!parse("{\"basis\":\"body\",\"sizes\":{\"S\":{\"chset\":90}}}") && strstr(e.msg, "\"S\"") &&
          strstr(e.msg, "chset"));
    CHECK(!parse("basis,body\nsize,chest,waist\nS,88,70\nM,92,abc\n"));
    CHECK(strstr(e.msg, "row 4") && strstr(e.msg, "waist") && strstr(e.msg, "abc"));
    CHECK(!parse("basis,body\nsize,chest,tail\nS,88,70\n") && strstr(e.msg, "column 3") && strstr(e.msg, "tail"));
    CHECK(!parse("{\"basis\":\"garment_circ\",\"sizes\":{\"S\":{\"chest\":48}}}") && strstr(e.msg, "garment_flat"));
    CHECK(!parse("{\"sizes\":{\"S\":{\"chest\":48}}}") && strstr(e.msg, "basis"));
    CHECK(!parse("size,chest\nS,48\n") && strstr(e.msg, "basis"));
    CHECK(!parse("basis,body\nsize,chest\nS,98-90\n") && strstr(e.msg, "range"));
    CHECK(!parse("basis,body\nsize,chest,chest\nS,98,90\n") && strstr(e.msg, "repeats"));
    CHECK(!parse("basis,body\nsize,chest\nS,98\nS,99\n") && strstr(e.msg, "twice"));
    CHECK(!parse("basis,body\nsize,chest\n../x,98\n"));
    CHECK(!parse("") && !parse("{") && !parse("{\"basis\":\"body\",\"sizes\":{}}") && !parse("a,b\n"));
}

static void a_printed_chart_reads_back_the_same(void)
{
    for (int men = 0; men < 2; men++) {
        static size_chart standard;
        chart_standard(men, &standard);
        CHECK(standard.standard && standard.count >= 8);
        buf b = buf_new(1 << 20);
        CHECK(chart_print(&standard, &b) && chart_parse((const char *)b.data, b.len, &c, &e));
        CHECK(memcmp(&c, &standard, sizeof c) == 0);
        // The bands of neighbouring letters touch and grow.
        for (int i = 1; i < c.count; i++)
            for (int d = 0; d < DIM_COUNT; d++)
                CHECK(c.size[i].value[d].hi == 0 || c.size[i].value[d].lo == c.size[i - 1].value[d].hi);
        buf_free(&b);
    }
}

static void fabrics_read_back_and_own_ones_build_on_a_preset(void)
{
    int n;
    const fabric *all = fabric_presets(&n);
    CHECK(n == 9);
    for (int i = 0; i < n; i++) {
        buf b = buf_new(4096);
        fabric f;
        CHECK(fabric_print(&all[i], &b) && fabric_parse((const char *)b.data, b.len, &f, &e));
        CHECK_NEAR(f.weft, all[i].weft, 1e-3);         // six digits are printed
        CHECK_NEAR(f.color[1], all[i].color[1], 0.01); // a byte of sRGB
        CHECK(!f.calibrated && strcmp(f.name, all[i].name) == 0);
        buf_free(&b);
    }
    fabric f;
    const char own[] = "{\"base\":\"denim\",\"name\":\"selvedge\",\"weight_kg_m2\":0.48,\"calibrated\":true}";
    CHECK(fabric_parse(own, strlen(own), &f, &e) && f.weight == 0.48 && f.warp == 10000 && f.calibrated);
    CHECK(!fabric_is_knit(&f) && fabric_is_knit(fabric_preset("jersey")));
    CHECK(!fabric_parse("\"silk\"", 6, &f, &e) && strstr(e.msg, "silk"));
    CHECK(!fabric_parse("{\"limit\":-1}", 12, &f, &e) && strstr(e.msg, "limit"));
}

static void every_category_has_all_its_measures_from_any_chart(void)
{
    const char *charts[] = { "basis,body\nsize,chest,waist,hip\nM,92,76,100\n",
                             "basis,garment_flat\nsize,waist,hip\nM,40,52\n",
                             "basis,garment_circ\nsize,chest\nM,104\n" };
    for (int k = 0; k < 3; k++)
        for (int cat = 0; cat < GARMENT_CATEGORIES; cat++) {
            garment g = { .category = (garment_category)cat,
                          .silhouette = SILHOUETTE_REGULAR,
                          .fabric = *fabric_preset("twill") };
            CHECK(parse(charts[k]));
            g.chart = c;
            garment_measures m;
            garment_measure(&g, 0, &m);
            bool bottom = cat == GARMENT_SKIRT || cat == GARMENT_TROUSERS;
            CHECK(bottom ? m.cm[DIM_WAIST] > 60 && m.cm[DIM_HIP] > 80 && m.cm[DIM_LENGTH] > 40
                         : m.cm[DIM_CHEST] > 85 && m.cm[DIM_LENGTH] > 60 && m.cm[DIM_SHOULDER] > 30);
            // What the chart says of the garment is not touched.
            if (k == 1 && bottom) CHECK(m.cm[DIM_WAIST] == 80 && m.source[DIM_WAIST] == MEASURE_CHART);
            if (k == 2 && !bottom) CHECK(m.cm[DIM_CHEST] == 104);
            if (k == 0 && bottom) CHECK(m.source[DIM_HIP] == MEASURE_BODY && m.cm[DIM_HIP] > 102);
        }
}

static void a_garment_file_reads_back(void)
{
    garment g = { .category = GARMENT_SHIRT, .silhouette = SILHOUETTE_SLIM, .fabric = *fabric_preset("shirting") }, h;
    snprintf(g.name, sizeof g.name, "Oxford");
    chart_standard(true, &g.chart);
    buf b = buf_new(1 << 20);
    CHECK(garment_print(&g, &b) && garment_parse((const char *)b.data, b.len, &h, &e));
    CHECK(h.category == GARMENT_SHIRT && h.silhouette == SILHOUETTE_SLIM && strcmp(h.name, "Oxford") == 0);
    CHECK(memcmp(&h.chart, &g.chart, sizeof h.chart) == 0 && h.fabric.weft == 5000);
    buf_free(&b);
}

TEST_MAIN(RUN(a_json_chart_keeps_numbers_ranges_gaps_units_and_bases); RUN(a_csv_chart_says_the_same_as_json);
          RUN(double_sizes_are_no_inches); RUN(jeans_sizes_are_a_waist_and_an_inseam_in_inches);
          RUN(a_mistake_is_told_with_its_row_and_column); RUN(sizes_stand_smallest_first_when_their_names_tell);
          RUN(a_printed_chart_reads_back_the_same); RUN(fabrics_read_back_and_own_ones_build_on_a_preset);
          RUN(every_category_has_all_its_measures_from_any_chart); RUN(a_garment_file_reads_back);)
