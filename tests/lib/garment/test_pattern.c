#include "garment/pattern.h"
#include "base/mem.h"
#include "garment/sewn.h"
#include "garment/triangulate.h"
#include "test.h"

static err e;

static garment standard(garment_category c, bool men)
{
    garment g = { .category = c, .silhouette = SILHOUETTE_REGULAR, .fabric = *fabric_preset("twill") };
    chart_standard(men, &g.chart);
    return g;
}

static void a_draft_measures_what_the_chart_says(void)
{
    for (int c = 0; c < GARMENT_CATEGORIES; c++)
        for (int men = 0; men < 2; men++) {
            garment g = standard((garment_category)c, men);
            for (int i = 0; i < g.chart.count; i++) {
                pattern p;
                e = (err){ 0 };
                CHECK(pattern_draft(&g, i, &p, &e));
                if (e.code) printf("%s %s: %s\n", garment_category_word[c], g.chart.size[i].name, e.msg);
                int measured = 0;
                for (int d = 0; d < DIM_COUNT; d++) {
                    if (p.drafted[d] == 0) continue;
                    // 2 mm is the promise: a seam cannot be sewn more exactly
                    CHECK_NEAR(p.drafted[d], p.target.cm[d], 0.2);
                    if (fabs(p.drafted[d] - p.target.cm[d]) > 0.2)
                        printf("%s %s %s\n", garment_category_word[c], g.chart.size[i].name, chart_dim_key[d]);
                    measured++;
                }
                CHECK(measured >= 4);
            }
        }
}

static void a_flat_chart_is_drafted_to_its_own_numbers(void)
{
    const char text[] = "basis,garment_flat\nsize,chest,waist,hem,length,shoulder,sleeve,biceps\n"
                        "S,48,47,47.5,69,43,20,18\nXL,60,59,60,76,49,23,22\n";
    garment g = { .category = GARMENT_TSHIRT, .silhouette = SILHOUETTE_REGULAR, .fabric = *fabric_preset("jersey") };
    CHECK(chart_parse(text, strlen(text), &g.chart, &e));
    pattern p;
    CHECK(pattern_draft(&g, 0, &p, &e));
    CHECK_NEAR(p.drafted[DIM_CHEST], 96, 0.2); // flat numbers are half of the way around; 2 mm as above
    CHECK_NEAR(p.drafted[DIM_WAIST], 94, 0.2);
    CHECK_NEAR(p.drafted[DIM_HEM], 95, 0.2);
    CHECK_NEAR(p.drafted[DIM_LENGTH], 69, 0.2);
    CHECK_NEAR(p.drafted[DIM_SHOULDER], 43, 0.2);
    CHECK_NEAR(p.drafted[DIM_SLEEVE], 20, 0.2);
    CHECK_NEAR(p.drafted[DIM_BICEPS], 36, 0.2);
    // The cap is as long as the armhole it is sewn into.
    double cap = panel_edge_length(&p.panel[2].edge[2]) + panel_edge_length(&p.panel[2].edge[3]);
    double hole = panel_edge_length(&p.panel[0].edge[4]) + panel_edge_length(&p.panel[1].edge[4]);
    CHECK_NEAR(cap, hole, 0.002); // metres; 2 mm as above
}

static void edges_that_are_sewn_together_are_equally_long(void)
{
    for (int c = 0; c < GARMENT_CATEGORIES; c++)
        for (int men = 0; men < 2; men++) {
            garment g = standard((garment_category)c, men);
            pattern p;
            for (int i = 0; i < g.chart.count; i++) {
                if (!pattern_draft(&g, i, &p, &e)) continue;
                for (int k = 0; k < p.seams; k++) {
                    const pattern_seam *s = &p.seam[k];
                    double a = panel_edge_length(&p.panel[s->panel_a].edge[s->edge_a]),
                           b = panel_edge_length(&p.panel[s->panel_b].edge[s->edge_b]);
                    // Sewing eases up to 7 %: trousers' backs are cut wider than their fronts.
                    CHECK(fabs(a - b) <= 0.07 * fmax(a, b) + 0.002);
                }
                for (int q = 0; q < p.panels; q++)
                    for (int k = 0; k < p.panel[q].edges; k++) {
                        vec2 end = p.panel[q].edge[k].p[3], next = p.panel[q].edge[(k + 1) % p.panel[q].edges].p[0];
                        CHECK_NEAR(end.x, next.x, 1e-6); // floats of the same point
                        CHECK_NEAR(end.y, next.y, 1e-6);
                    }
            }
        }
}

static void darts_are_cut_where_a_waist_is_less_than_a_hip(void)
{
    static const struct {
        garment_category c;
        int darts;
    } cases[] = { { GARMENT_TSHIRT, 0 }, { GARMENT_SKIRT, 4 }, { GARMENT_TROUSERS, 2 }, { GARMENT_DRESS, 8 } };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        garment g = standard(cases[i].c, false);
        pattern p;
        CHECK(pattern_draft(&g, 3, &p, &e));
        int darts = 0;
        for (int k = 0; k < p.seams; k++) {
            const pattern_seam *s = &p.seam[k];
            if (s->panel_a != s->panel_b || p.panel[s->panel_a].place > PLACE_LEG_BACK_R ||
                p.panel[s->panel_a].place == PLACE_ARM_L || p.panel[s->panel_a].place == PLACE_ARM_R)
                continue;
            const panel_edge *a = &p.panel[s->panel_a].edge[s->edge_a], *b = &p.panel[s->panel_b].edge[s->edge_b];
            CHECK_NEAR(panel_edge_length(a), panel_edge_length(b), 1e-5); // metres; floats
            darts++;
        }
        CHECK(darts == cases[i].darts);
    }
}

static void numbers_that_cannot_be_one_garment_are_refused_with_the_reason(void)
{
    static const struct {
        garment_category c;
        const char *chart, *says;
    } cases[] = {
        { GARMENT_TSHIRT, "basis,garment_circ\nsize,chest,length\nM,100,26\n", "ends above" },
        { GARMENT_TROUSERS, "basis,garment_circ\nsize,waist,hip,length,inseam\nM,80,100,100,95\n", "rise" },
        { GARMENT_TROUSERS, "basis,garment_circ\nsize,waist,hip,thigh\nM,80,120,50\n", "too narrow" },
        { GARMENT_SKIRT, "basis,garment_circ\nsize,waist,hip\nM,110,90\n", "larger than the hip" },
        { GARMENT_SHIRT, "basis,garment_circ\nsize,chest,neck,shoulder\nM,100,80,30\n", "no room" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        garment g = { .category = cases[i].c, .silhouette = SILHOUETTE_REGULAR, .fabric = *fabric_preset("twill") };
        pattern p;
        CHECK(chart_parse(cases[i].chart, strlen(cases[i].chart), &g.chart, &e));
        CHECK(!pattern_draft(&g, 0, &p, &e) && e.code == ERR_INPUT && strstr(e.msg, cases[i].says) &&
              strstr(e.msg, "\"M\""));
    }
}

static double area(const vec2 *flat, const uint32_t *t)
{
    vec2 a = flat[t[0]], b = flat[t[1]], c = flat[t[2]];
    return ((double)(b.x - a.x) * (double)(c.y - a.y) - (double)(b.y - a.y) * (double)(c.x - a.x)) / 2;
}

static void all_sizes_share_one_sound_mesh(void)
{
    for (int c = 0; c < GARMENT_CATEGORIES; c++) {
        garment g = standard((garment_category)c, true);
        pattern base, p;
        sewn mesh, own;
        CHECK(pattern_draft(&g, 4, &base, &e));
        pattern_segment(&base, 0.015);
        CHECK(sewn_make(&base, 0.015, NULL, &mesh, &e));
        CHECK(mesh.vertices > 500 && mesh.vertices < mesh.points);
        for (int i = 0; i < g.chart.count; i++) {
            CHECK(pattern_draft(&g, i, &p, &e));
            pattern_segment_as(&p, &base);
            CHECK(sewn_make(&p, 0.015, &mesh, &own, &e));
            CHECK(own.points == mesh.points && own.vertices == mesh.vertices && own.triangles == mesh.triangles);
            CHECK(memcmp(own.triangle, mesh.triangle, 12 * (size_t)own.triangles) == 0);
            double least = 1e9;
            for (uint32_t t = 0; t < own.triangles; t++) least = fmin(least, area(own.flat, own.corner + 3 * t));
            CHECK(least > 0.02 * 0.015 * 0.015); // no triangle is turned over or a sliver: 2 % of the mesh's square
            if (least <= 0.02 * 0.015 * 0.015)
                printf("%s %s least %g\n", garment_category_word[c], g.chart.size[i].name, least);
            // The cloth's area is the panels' area: half the cross sums of the outline.
            sewn_free(&own);
        }
        sewn_free(&mesh);
    }
}

static void a_square_is_meshed_to_its_area_and_its_sides(void)
{
    vec2 side[80];
    for (int i = 0; i < 20; i++) {
        float t = (float)i / 20;
        side[i] = (vec2){ t, 0 }, side[20 + i] = (vec2){ 1, t }, side[40 + i] = (vec2){ 1 - t, 1 },
        side[60 + i] = (vec2){ 0, 1 - t };
    }
    flat_mesh m;
    CHECK(triangulate(side, 80, 0.05f, &m, &e));
    double sum = 0;
    for (uint32_t t = 0; t < m.triangles; t++) sum += area(m.point, m.triangle + 3 * t);
    CHECK_NEAR(sum, 1, 1e-5);                    // floats
    CHECK(m.triangles == 2 * m.points - 80 - 2); // Euler's formula for a disc
    flat_mesh_free(&m);
    vec2 wrong[3] = { { 0, 0 }, { 0, 1 }, { 1, 0 } };
    CHECK(!triangulate(wrong, 3, 0.1f, &m, &e));
}

static void the_pattern_prints_as_a_drawing(void)
{
    garment g = standard(GARMENT_TSHIRT, true);
    pattern p;
    buf svg = buf_new(1 << 20);
    CHECK(pattern_draft(&g, 2, &p, &e) && pattern_svg(&p, "tshirt", &svg) && buf_append(&svg, "", 1));
    CHECK(strstr((char *)svg.data, "left sleeve") && strstr((char *)svg.data, "mm\"") &&
          strstr((char *)svg.data, "</svg>"));
    buf_free(&svg);
}

TEST_MAIN(RUN(a_draft_measures_what_the_chart_says); RUN(a_flat_chart_is_drafted_to_its_own_numbers);
          RUN(edges_that_are_sewn_together_are_equally_long); RUN(darts_are_cut_where_a_waist_is_less_than_a_hip);
          RUN(numbers_that_cannot_be_one_garment_are_refused_with_the_reason); RUN(all_sizes_share_one_sound_mesh);
          RUN(a_square_is_meshed_to_its_area_and_its_sides); RUN(the_pattern_prints_as_a_drawing);)
