#include "base/io.h"
#include "scenes.h"
#include "test.h"

#include <stdlib.h>
#include <unistd.h>

static buf write_scene(const glb_scene *s, glb_flavour flavour)
{
    buf b = buf_new(8 << 20);
    err e = { 0 };
    CHECK(glb_write(s, flavour, &b, &e));
    CHECK_STR(e.msg, "");
    return b;
}

static bool parse(const buf *b, glb_model *m)
{
    err e = { 0 };
    bool ok = glb_parse(b->data, b->len, m, &e);
    CHECK(ok);
    CHECK_STR(e.msg, "");
    return ok;
}

static void check_common(const sample *s, const glb_model *m)
{
    CHECK(m->meshes == 2 && m->joints == 3 && m->materials == 2);
    CHECK_STR(m->mesh[0].name, "tube");
    CHECK_STR(m->mesh[1].name, "ball");
    CHECK_STR(m->extras_json, s->scene.extras_json);
    CHECK(m->mesh[0].parts == 2 && m->mesh[1].parts == 1);
    for (int i = 0; i < 2; i++) {
        CHECK(memcmp(&m->mesh[0].part[i], &s->part[i], sizeof s->part[i]) == 0);
        CHECK_STR(m->material[i].name, s->material[i].name);
        CHECK(memcmp(m->material[i].base_color, s->material[i].base_color, 16) == 0);
        CHECK(m->material[i].roughness == s->material[i].roughness);
        CHECK(m->material[i].double_sided == s->material[i].double_sided);
    }
    CHECK(m->mesh[1].part[0].material == -1 && m->mesh[1].joint == NULL && m->mesh[1].uv == NULL);
    for (int i = 0; i < 3; i++) {
        CHECK_STR(m->joint[i].name, s->bone[i].name);
        CHECK(m->joint[i].parent == s->bone[i].parent);
        CHECK(v3_dist(m->joint[i].origin, s->bone[i].origin) < 1e-6f); // a sum of three single-precision steps
    }
}

static void a_plain_file_keeps_every_vertex_in_its_place(void)
{
    sample s;
    sample_init(&s, 24, 10);
    buf b = write_scene(&s.scene, GLB_PLAIN);
    glb_model m;
    if (!parse(&b, &m)) return;
    check_common(&s, &m);
    const glb_read_mesh *r = &m.mesh[0];
    size_t n = s.tube.view.vertex_count;
    CHECK(r->vertex_count == n && r->triangle_count == s.tube.view.triangle_count);
    CHECK(memcmp(r->position, s.tube.position, n * sizeof(vec3)) == 0);
    CHECK(memcmp(r->uv, s.uv, n * sizeof(vec2)) == 0);
    CHECK(memcmp(r->color, s.color, n * 4) == 0);
    CHECK(memcmp(r->joint, s.joint, n * 4) == 0);
    CHECK(memcmp(r->triangle, s.tube.triangle, 3 * sizeof(uint32_t) * r->triangle_count) == 0);
    for (size_t i = 0; i < n; i++) {
        CHECK(v3_dist(r->normal[i], s.normal[i]) < 1e-6f); // made unit length once more
        for (size_t k = 0; k < 4; k++) CHECK_NEAR(r->weight[4 * i + k], s.weight[4 * i + k], 1e-6);
    }
    CHECK(memcmp(m.mesh[1].position, s.ball.position, s.ball.view.vertex_count * sizeof(vec3)) == 0);
    glb_model_free(&m);
    buf_free(&b);
    sample_free(&s);
}

// The nearest vertex of the original, for vertices that have changed places.
static uint32_t nearest(const shape *s, vec3 p)
{
    uint32_t best = 0;
    for (uint32_t i = 1; i < s->view.vertex_count; i++)
        if (v3_dist(s->position[i], p) < v3_dist(s->position[best], p)) best = i;
    return best;
}

static void a_web_file_is_the_same_within_its_quantization(void)
{
    sample s;
    sample_init(&s, 24, 10);
    buf b = write_scene(&s.scene, GLB_WEB);
    glb_model m;
    if (!parse(&b, &m)) return;
    check_common(&s, &m);
    const glb_read_mesh *r = &m.mesh[0];
    CHECK(r->vertex_count == s.tube.view.vertex_count && r->triangle_count == s.tube.view.triangle_count);
    const float grid = 1.6f / 65535;
    for (uint32_t i = 0; i < r->vertex_count; i++) {
        uint32_t o = nearest(&s.tube, r->position[i]);
        CHECK(v3_dist(r->position[i], s.tube.position[o]) < grid); // half a step an axis
        CHECK(v3_dot(r->normal[i], s.normal[o]) > 0.9999f);        // 8 bits: half a degree
        CHECK_NEAR(r->uv[i].x, s.uv[o].x, 1.0 / 65535);
        CHECK_NEAR(r->uv[i].y, s.uv[o].y, 1.0 / 65535);
        CHECK(memcmp(&r->color[4 * i], &s.color[4 * o], 4) == 0);
        float sum = 0, head = 0, want = 0;
        for (uint32_t k = 0; k < 4; k++) {
            sum += r->weight[4 * i + k];
            head += r->joint[4 * i + k] == 1 ? r->weight[4 * i + k] : 0;
            want += s.joint[4 * o + k] == 1 ? s.weight[4 * o + k] : 0;
        }
        CHECK_NEAR(sum, 1, 1e-6);
        CHECK_NEAR(head, want, 1.0 / 255); // rounded to 8 bits, the sum kept
    }
    // Every triangle is there, turned the same way: the volume tells.
    mesh_view view = { r->position, r->triangle, r->vertex_count, r->triangle_count };
    CHECK_NEAR(mesh_volume(&view), mesh_volume(&s.tube.view), 1e-5); // a grid step all round is 1e-5
    view = (mesh_view){ m.mesh[1].position, m.mesh[1].triangle, m.mesh[1].vertex_count, m.mesh[1].triangle_count };
    CHECK_NEAR(mesh_volume(&view), mesh_volume(&s.ball.view), 1e-5);
    glb_model_free(&m);
    buf_free(&b);
    sample_free(&s);
}

static void the_same_scene_gives_the_same_bytes(void)
{
    sample s;
    sample_init(&s, 24, 10);
    for (glb_flavour f = GLB_PLAIN; f <= GLB_WEB; f++) {
        buf a = write_scene(&s.scene, f), b = write_scene(&s.scene, f);
        CHECK(a.len == b.len && memcmp(a.data, b.data, a.len) == 0);
        buf_free(&a);
        buf_free(&b);
    }
    sample_free(&s);
}

static void a_body_sized_avatar_stays_small_on_the_web(void)
{
    sample s;
    sample_init(&s, 120, 115); // 13920 vertices, 27600 triangles
    s.mesh[0].color = NULL;
    s.scene.meshes = 1;
    buf b = write_scene(&s.scene, GLB_WEB);
    CHECK(b.len < 400000); // the widget's budget for an avatar
    // EXT_meshopt_compression: the index codec is of version 1.
    const uint8_t *json_end = memmem(b.data, b.len, "BIN", 4);
    CHECK(json_end && memchr(json_end, 0xe1, (size_t)(b.data + b.len - json_end)));
    buf_free(&b);
    sample_free(&s);
}

static void a_strangers_file_is_read_in_the_locked_child(void)
{
    sample s;
    sample_init(&s, 24, 10);
    buf b = write_scene(&s.scene, GLB_WEB);
    char path[] = "/tmp/tryon-test-XXXXXX";
    int fd = mkstemp(path);
    CHECK(fd >= 0);
    close(fd);
    err e = { 0 };
    CHECK(io_write(path, b.data, b.len, &e));
    glb_model here, there;
    if (!parse(&b, &here)) return;
    bool ok = glb_load(path, &there, &e);
    CHECK(ok);
    CHECK_STR(e.msg, "");
    if (ok) {
        check_common(&s, &there);
        for (int i = 0; i < 2; i++) {
            const glb_read_mesh *a = &here.mesh[i], *c = &there.mesh[i];
            CHECK(a->vertex_count == c->vertex_count && a->triangle_count == c->triangle_count);
            CHECK(memcmp(a->position, c->position, a->vertex_count * sizeof(vec3)) == 0);
            CHECK(memcmp(a->triangle, c->triangle, 12 * (size_t)a->triangle_count) == 0);
        }
        CHECK(memcmp(here.mesh[0].weight, there.mesh[0].weight, 16 * (size_t)here.mesh[0].vertex_count) == 0);
        glb_model_free(&there);
    }
    CHECK(io_write(path, b.data, b.len - 4, &e));
    CHECK(!glb_load(path, &there, &e) && there.memory == NULL);
    CHECK(strstr(e.msg, "cut short") != NULL);
    unlink(path);
    glb_model_free(&here);
    buf_free(&b);
    sample_free(&s);
}

static void every_cut_and_every_bent_byte_is_survived(void)
{
    sample s;
    sample_init(&s, 5, 2);
    for (glb_flavour f = GLB_PLAIN; f <= GLB_WEB; f++) {
        buf b = write_scene(&s.scene, f);
        for (size_t n = 0; n < b.len; n += 7) {
            uint8_t *cut = mem_new(n, 1);
            memcpy(cut, b.data, n);
            if (n >= 12) cut[8] = (uint8_t)n, cut[9] = (uint8_t)(n >> 8), cut[10] = cut[11] = 0;
            glb_model m;
            err e = { 0 };
            CHECK(!glb_parse(cut, n, &m, &e) && e.msg[0]);
            mem_free(cut);
        }
        for (size_t i = 0; i < b.len; i++) {
            b.data[i] ^= 0x15;
            glb_model m;
            err e = { 0 };
            if (glb_parse(b.data, b.len, &m, &e)) glb_model_free(&m);
            b.data[i] ^= 0x15;
        }
        buf_free(&b);
    }
    sample_free(&s);
}

static void what_gltf_cannot_say_is_refused(void)
{
    sample s;
    sample_init(&s, 6, 2);
    buf b = buf_new(1 << 20);
    err e = { 0 };
    s.weight[0] = s.weight[1] = 0;
    CHECK(!glb_write(&s.scene, GLB_PLAIN, &b, &e) && b.len == 0);
    CHECK_STR(e.msg, "mesh tube: vertex 0 has no weights");
    s.weight[0] = 1;
    s.tube.position[3].y = NAN;
    CHECK(!glb_write(&s.scene, GLB_WEB, &b, &e) && b.len == 0);
    s.tube.position[3].y = 0;
    s.bone[1].name = "\xff";
    CHECK(!glb_write(&s.scene, GLB_PLAIN, &b, &e) && b.len == 0);
    s.bone[1].name = "spine";
    s.scene.extras_json = "[1]";
    CHECK(!glb_write(&s.scene, GLB_PLAIN, &b, &e) && b.len == 0);
    s.scene.extras_json = NULL;
    s.mesh[1].mesh.triangle_count = 0;
    CHECK(!glb_write(&s.scene, GLB_PLAIN, &b, &e) && b.len == 0);
    buf small = buf_new(1000);
    s.scene.meshes = 1;
    CHECK(!glb_write(&s.scene, GLB_PLAIN, &small, &e) && small.len == 0);
    CHECK(e.code == ERR_LIMIT);
    buf_free(&small);
    buf_free(&b);
    sample_free(&s);
}

TEST_MAIN(RUN(a_plain_file_keeps_every_vertex_in_its_place); RUN(a_web_file_is_the_same_within_its_quantization);
          RUN(the_same_scene_gives_the_same_bytes); RUN(a_body_sized_avatar_stays_small_on_the_web);
          RUN(a_strangers_file_is_read_in_the_locked_child); RUN(every_cut_and_every_bent_byte_is_survived);
          RUN(what_gltf_cannot_say_is_refused);)
