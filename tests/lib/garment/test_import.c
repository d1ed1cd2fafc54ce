#include "base/mem.h"
#include "body/stand.h"
#include "garment/import.h"
#include "gltf/glb.h"
#include "smpl_like.h"
#include "test.h"

#include <stdlib.h>
#include <unistd.h>

static err e;
static char folder[] = "/tmp/tryon_import_XXXXXX";

static wearer body_of(body_sex sex, float first)
{
    wearer w;
    float betas[BODY_MAX_BETAS] = { first };
    CHECK(wearer_of_betas(ASSETS, sex, betas, &w, &e));
    return w;
}

enum { BUTTON = 24 };

// A disc of 16 mm with short edges, 6 mm off the cloth and in one piece with nothing. around: a point of the front.
static void add_button(const drape *d, uint32_t around, vec3 *position, uint32_t *triangle)
{
    uint32_t n = d->mesh.points, t = 3 * d->mesh.triangles;
    position[n] = v3_mad(d->position[around], d->normal[around], 0.006f);
    for (uint32_t i = 0; i < BUTTON; i++) {
        float turn = 6.2831853f * (float)i / BUTTON;
        position[n + 1 + i] = v3_add(position[n], v3(0.008f * cosf(turn), 0.008f * sinf(turn), 0));
        uint32_t fan[3] = { n, n + 1 + i, n + 1 + (i + 1) % BUTTON };
        memcpy(triangle + t + 3 * i, fan, sizeof fan);
    }
}

static void a_button_hangs_on_its_shirt(void)
{
    wearer mean = body_of(SEX_MALE, 0);
    garment g = { .category = GARMENT_TSHIRT, .silhouette = SILHOUETTE_REGULAR, .fabric = *fabric_preset("jersey") };
    chart_standard(true, &g.chart);
    collider *body = drape_collider(&mean);
    drape d;
    CHECK(drape_make(&mean, body, &g, 4, &(drape_options){ .spacing = 0.025 }, &d, &e));
    uint32_t n = d.mesh.points, t = d.mesh.triangles, around = 0;
    for (uint32_t i = 0; i < n; i++)
        if (d.mesh.panel[i] == 0 && fabsf(d.position[i].y - (float)d.chest_y) + fabsf(d.position[i].x) <
                                        fabsf(d.position[around].y - (float)d.chest_y) + fabsf(d.position[around].x))
            around = i;
    vec3 *position = mem_array(vec3, n + 1 + BUTTON);
    uint32_t *triangle = mem_array(uint32_t, 3 * (t + BUTTON));
    memcpy(position, d.position, n * sizeof *position);
    memcpy(triangle, d.mesh.corner, 3 * t * sizeof *triangle);
    add_button(&d, around, position, triangle);
    glb_mesh mesh = { .name = "shirt", .mesh = { position, triangle, n + 1 + BUTTON, t + BUTTON } };
    glb_scene scene = { .generator = "test", .mesh = &mesh, .meshes = 1 };
    buf glb = buf_new(1 << 24);
    CHECK(glb_write(&scene, GLB_PLAIN, &glb, &e));
    imported m;
    import_report r;
    CHECK(import_read(glb.data, glb.len, &m, &r, &e));
    CHECK(r.pieces == 2);
    drape again;
    import_drape(&mean, body, &g, &m, &again);
    CHECK(!again.degraded);
    if (again.degraded) printf("%s\n", again.why);
    // The cloth itself settles by some millimetres; what hangs on nothing falls by metres in that time.
    CHECK(v3_dist(again.position[n], again.position[around]) < 0.03f);
    drape_free(&d);
    drape_free(&again);
    imported_free(&m);
    buf_free(&glb);
    mem_free(position);
    mem_free(triangle);
    collider_free(body);
    wearer_close(&mean);
}

// A T-shirt of ours on the mean man as a brand would export it: in place, cut at its seams.
static buf export(const wearer *w, double chest, float scale)
{
    garment g = { .category = GARMENT_TSHIRT, .silhouette = SILHOUETTE_REGULAR, .fabric = *fabric_preset("jersey") };
    g.chart.count = 1;
    snprintf(g.chart.size[0].name, sizeof g.chart.size[0].name, "M");
    g.chart.basis[DIM_CHEST] = BASIS_CIRC;
    g.chart.size[0].value[DIM_CHEST] = (chart_range){ chest, chest };
    collider *body = drape_collider(w);
    drape d;
    CHECK(drape_make(w, body, &g, 0, &(drape_options){ .spacing = 0.025 }, &d, &e));
    for (uint32_t i = 0; i < d.mesh.points; i++) d.position[i] = v3_scale(d.position[i], scale);
    glb_mesh mesh = { .name = "shirt",
                      .mesh = { d.position, d.mesh.corner, d.mesh.points, d.mesh.triangles },
                      .normal = d.normal };
    glb_scene scene = { .generator = "test", .mesh = &mesh, .meshes = 1 };
    buf out = buf_new(1 << 24);
    CHECK(glb_write(&scene, GLB_PLAIN, &out, &e));
    drape_free(&d);
    collider_free(body);
    return out;
}

static void a_brands_mesh_is_welded_measured_and_drapes_on_another_body(void)
{
    wearer mean = body_of(SEX_MALE, 0), other = body_of(SEX_MALE, 1.2f);
    buf glb = export(&mean, mean.fit.value[TAPE_CHEST_GIRTH] + 14, 1);
    imported m;
    import_report r;
    CHECK(import_read(glb.data, glb.len, &m, &r, &e));
    CHECK(r.welded > 50 && r.pieces == 1 && r.crowded_edges == 0 && r.open_edges > 50); // sewn: only hems are open
    CHECK(r.height > 0.6 && r.height < 0.9);
    garment g = { .category = GARMENT_TSHIRT, .silhouette = SILHOUETTE_REGULAR, .fabric = *fabric_preset("jersey") };
    chart_standard(true, &g.chart);
    collider *body = drape_collider(&other);
    drape d;
    import_drape(&other, body, &g, &m, &d);
    CHECK(!d.degraded && d.from_mesh && d.quality.max_penetration < 0.002); // the acceptance's bar
    if (d.degraded) printf("%s\n", d.why);
    drape_free(&d);
    collider_free(body);
    imported_free(&m);
    buf_free(&glb);
    wearer_close(&mean);
    wearer_close(&other);
}

static void a_brands_mesh_drapes_on_a_body_of_other_triangles_as_smpl_is(void)
{
    char path[256];
    wearer mean = body_of(SEX_MALE, 0), other = { 0 };
    CHECK(mkdtemp(folder) != NULL);
    smpl_like_write(mean.model, 6890, 10, folder);
    snprintf(path, sizeof path, "%s/smpl.safetensors", folder);
    body_model *file = body_load_smpl(path, SEX_NEUTRAL, 10, &e);
    CHECK(file != NULL && unlink(path) == 0 && rmdir(folder) == 0);
    other.model = body_stand(file, SEX_MALE, NULL, &e);
    CHECK(other.model != NULL && other.model->vertices < mean.model->vertices);
    other.betas[1] = 1;
    other.position = mem_array(vec3, other.model->vertices);
    body_shape_standing(other.model, other.betas, other.position, other.joint);
    tape *t = tape_new(other.model);
    tape_read_betas(t, other.betas, other.fit.value);
    tape_free(t);
    for (int i = 0; i < TAPE_COUNT; i++) other.fit.value[i] *= 100;
    buf glb = export(&mean, mean.fit.value[TAPE_CHEST_GIRTH] + 14, 1);
    imported m;
    import_report r;
    CHECK(import_read(glb.data, glb.len, &m, &r, &e));
    garment g = { .category = GARMENT_TSHIRT, .silhouette = SILHOUETTE_REGULAR, .fabric = *fabric_preset("jersey") };
    chart_standard(true, &g.chart);
    collider *body = drape_collider(&other);
    drape d;
    import_drape(&other, body, &g, &m, &d);
    CHECK(!d.degraded && d.quality.max_penetration < 0.002); // the acceptance's bar
    if (d.degraded) printf("%s\n", d.why);
    drape_free(&d);
    collider_free(body);
    imported_free(&m);
    buf_free(&glb);
    body_free(file);
    wearer_close(&mean);
    wearer_close(&other);
}

static void sizes_that_are_one_mesh_or_one_mesh_scaled_are_found_out(void)
{
    wearer mean = body_of(SEX_MALE, 0);
    double chest = mean.fit.value[TAPE_CHEST_GIRTH] + 10;
    buf glb = export(&mean, chest, 1), larger = export(&mean, chest, 1.05f);
    imported m[3];
    import_report r[3];
    CHECK(import_read(glb.data, glb.len, &m[0], &r[0], &e) && import_read(glb.data, glb.len, &m[1], &r[1], &e) &&
          import_read(larger.data, larger.len, &m[2], &r[2], &e));
    garment g = { .category = GARMENT_TSHIRT };
    const char chart[] = "basis,garment_circ\nsize,chest\nS,150\nM,155\nL,160\n";
    CHECK(chart_parse(chart, strlen(chart), &g.chart, &e));
    g.fabric = *fabric_preset("jersey");
    buf out = buf_new(1 << 16);
    CHECK(import_findings(&g, r, m, &out) && buf_append(&out, "", 1));
    const char *said = (const char *)out.data;
    CHECK(strstr(said, "S and M are the same mesh") && strstr(said, "M and L are one mesh, scaled"));
    CHECK(strstr(said, "size S measures") && strstr(said, "the chart says 150.0"));
    for (int i = 0; i < 3; i++) imported_free(&m[i]);
    buf_free(&out);
    buf_free(&glb);
    buf_free(&larger);
    wearer_close(&mean);
}

static void what_is_no_garment_in_metres_is_refused(void)
{
    wearer mean = body_of(SEX_MALE, 0);
    buf huge = export(&mean, 110, 100);
    imported m;
    import_report r;
    CHECK(!import_read(huge.data, huge.len, &m, &r, &e) && e.code == ERR_INPUT && strstr(e.msg, "metres"));
    CHECK(!import_read((const uint8_t *)"glTF", 4, &m, &r, &e) && e.code == ERR_INPUT);
    vec3 p[3] = { { 0, 0, 0 }, { 1, 0, 0 }, { 0, 1, 0 } };
    uint32_t t[3] = { 0, 1, 2 };
    glb_mesh mesh = { .name = "flag", .mesh = { p, t, 3, 1 } };
    glb_scene scene = { .generator = "test", .mesh = &mesh, .meshes = 1 };
    buf out = buf_new(1 << 20);
    CHECK(glb_write(&scene, GLB_PLAIN, &out, &e));
    CHECK(!import_read(out.data, out.len, &m, &r, &e) && strstr(e.msg, "no garment"));
    buf_free(&out);
    buf_free(&huge);
    wearer_close(&mean);
}

// What hangs loose is sewn on one piece after another: of so many that would take hours.
static void more_vertices_than_can_be_draped_are_refused_before_the_work(void)
{
    enum { SIDE = 120, SHREDS = SIDE * SIDE };
    vec3 *p = mem_array(vec3, 3 * SHREDS);
    uint32_t *t = mem_array(uint32_t, 3 * SHREDS);
    for (uint32_t i = 0; i < 3 * SHREDS; i++) {
        uint32_t shred = i / 3;
        p[i] = v3(0.01f * (float)(shred % SIDE) + (i % 3 == 1 ? 0.006f : 0), 0.01f * (float)(shred / SIDE),
                  i % 3 == 2 ? 0.006f : 0);
        t[i] = i;
    }
    glb_mesh mesh = { .name = "shreds", .mesh = { p, t, 3 * SHREDS, SHREDS } };
    glb_scene scene = { .generator = "test", .mesh = &mesh, .meshes = 1 };
    buf out = buf_new(1 << 24);
    imported m;
    import_report r;
    CHECK(glb_write(&scene, GLB_PLAIN, &out, &e));
    CHECK(!import_read(out.data, out.len, &m, &r, &e) && e.code == ERR_LIMIT && strstr(e.msg, "at most 40000"));
    buf_free(&out);
    mem_free(p);
    mem_free(t);
}

TEST_MAIN(RUN(a_button_hangs_on_its_shirt); RUN(a_brands_mesh_is_welded_measured_and_drapes_on_another_body);
          RUN(a_brands_mesh_drapes_on_a_body_of_other_triangles_as_smpl_is);
          RUN(sizes_that_are_one_mesh_or_one_mesh_scaled_are_found_out); RUN(what_is_no_garment_in_metres_is_refused);
          RUN(more_vertices_than_can_be_draped_are_refused_before_the_work);)
