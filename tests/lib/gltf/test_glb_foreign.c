// Files as other programs write them, and files that lie.
#include "base/mem.h"
#include "gltf/glb.h"
#include "test.h"

#include <stdio.h>

// A container of the JSON (printf-like pieces already joined) and bin.
static bool read_file(const char *json, const void *bin, size_t n, glb_model *m, err *e)
{
    buf b = buf_new(1 << 16);
    size_t length = strlen(json), padded = (length + 3) / 4 * 4;
    const uint32_t head[5] = { 0x46546C67, 2, (uint32_t)(28 + padded + n), (uint32_t)padded, 0x4E4F534A };
    const uint32_t chunk[2] = { (uint32_t)n, 0x004E4942 };
    CHECK(n % 4 == 0);
    CHECK(buf_append(&b, head, sizeof head) && buf_append(&b, json, length) && buf_align(&b, 4, ' ') &&
          buf_append(&b, chunk, sizeof chunk) && buf_append(&b, bin, n));
    *e = (err){ 0 };
    bool ok = glb_parse(b.data, b.len, m, e);
    CHECK(ok == (e->msg[0] == 0));
    buf_free(&b);
    return ok;
}

#define TOP "{\"asset\":{\"version\":\"2.0\"},\"scene\":0,\"scenes\":[{\"nodes\":[0]}],"

static void transforms_of_the_node_tree_are_applied(void)
{
    // A parent that mirrors x and moves by (10, 0, 0), a child turned by 90 degrees about z and scaled by 2.
    static const char json[] =
        TOP "\"nodes\":[{\"children\":[1],\"matrix\":[-1,0,0,0,0,1,0,0,0,0,1,0,10,0,0,1]},"
            "{\"mesh\":0,\"name\":\"n\",\"rotation\":[0,0,0.70710678,0.70710678],\"scale\":[2,2,2]}],"
            "\"meshes\":[{\"primitives\":[{\"attributes\":{\"POSITION\":0,\"NORMAL\":1}}]}],"
            "\"accessors\":[{\"bufferView\":0,\"componentType\":5126,\"count\":3,\"type\":\"VEC3\"},"
            "{\"bufferView\":1,\"componentType\":5120,\"normalized\":true,\"count\":3,\"type\":\"VEC3\"}],"
            "\"bufferViews\":[{\"buffer\":0,\"byteLength\":36},"
            "{\"buffer\":0,\"byteOffset\":36,\"byteLength\":12,\"byteStride\":4}],\"buffers\":[{\"byteLength\":48}]}";
    struct {
        float p[9];
        int8_t n[12];
    } bin = { { 0, 0, 0, 1, 0, 0, 0, 1, 0 }, { 127, 0, 0, 0, 0, 0, 127, 0, 0, -128, 0, 0 } };
    glb_model m;
    err e;
    if (!read_file(json, &bin, sizeof bin, &m, &e)) return;
    const glb_read_mesh *r = &m.mesh[0];
    CHECK_STR(r->name, "n");
    CHECK(r->vertex_count == 3 && r->triangle_count == 1 && r->parts == 1 && r->part[0].material == -1);
    // (1,0,0) -> scaled (2,0,0) -> turned (0,2,0) -> mirrored and moved (10,2,0). 1e-6: the quaternion's eight digits.
    CHECK(v3_dist(r->position[0], v3(10, 0, 0)) < 1e-6f);
    CHECK(v3_dist(r->position[1], v3(10, 2, 0)) < 1e-6f);
    CHECK(v3_dist(r->position[2], v3(12, 0, 0)) < 1e-6f);
    CHECK(v3_dist(r->normal[0], v3(0, 1, 0)) < 1e-6f);
    CHECK(v3_dist(r->normal[1], v3(0, 0, 1)) < 1e-6f);
    CHECK(v3_dist(r->normal[2], v3(-1, 0, 0)) < 1e-6f); // -128 counts as -1
    // Mirrored: turned round so that it still faces +z.
    vec3 a = r->position[r->triangle[0]], b = r->position[r->triangle[1]], c = r->position[r->triangle[2]];
    CHECK(v3_cross(v3_sub(b, a), v3_sub(c, a)).z > 0);
    glb_model_free(&m);
}

static void interleaved_vertices_and_parts_that_share_them_make_one_mesh(void)
{
    static const char json[] = TOP
        "\"nodes\":[{\"mesh\":0}],\"materials\":[{\"name\":\"a\"},{}],"
        "\"meshes\":[{\"primitives\":[{\"attributes\":{\"POSITION\":0,\"TEXCOORD_0\":1},\"indices\":2,\"material\":1},"
        "{\"attributes\":{\"TEXCOORD_0\":1,\"POSITION\":0},\"indices\":3,\"material\":0}]}],"
        "\"accessors\":[{\"bufferView\":0,\"componentType\":5126,\"count\":4,\"type\":\"VEC3\"},"
        "{\"bufferView\":0,\"byteOffset\":12,\"componentType\":5126,\"count\":4,\"type\":\"VEC2\"},"
        "{\"bufferView\":1,\"componentType\":5121,\"count\":3,\"type\":\"SCALAR\"},"
        "{\"bufferView\":1,\"byteOffset\":3,\"componentType\":5121,\"count\":3,\"type\":\"SCALAR\"}],"
        "\"bufferViews\":[{\"buffer\":0,\"byteLength\":80,\"byteStride\":20},"
        "{\"buffer\":0,\"byteOffset\":80,\"byteLength\":6}],\"buffers\":[{\"byteLength\":86}]}";
    struct {
        float v[20];
        uint8_t index[8];
    } bin = { { 0, 0, 0, 0, 0, 1, 0, 0, 1, 0, 1, 1, 0, 1, 1, 0, 1, 0, 0, 1 }, { 0, 1, 2, 0, 2, 3, 0, 0 } };
    glb_model m;
    err e;
    if (!read_file(json, &bin, sizeof bin, &m, &e)) return;
    CHECK(m.meshes == 1 && m.mesh[0].parts == 2 && m.mesh[0].vertex_count == 4 && m.mesh[0].triangle_count == 2);
    CHECK(m.mesh[0].part[0].material == 1 && m.mesh[0].part[1].material == 0 && m.mesh[0].part[1].first_triangle == 1);
    CHECK(m.mesh[0].triangle[5] == 3 && m.mesh[0].uv[2].x == 1 && m.mesh[0].uv[2].y == 1);
    CHECK(m.material[1].metallic == 1 && m.material[1].base_color[3] == 1); // the format's defaults
    glb_model_free(&m);
}

static void a_posed_skeleton_poses_the_vertices(void)
{
    // One bone at (0, 1, 0) turned by 90 degrees about z; the vertex (0, 2, 0) was bound a metre above it.
    static const char json[] =
        TOP "\"nodes\":[{\"children\":[1,2]},{\"mesh\":0,\"skin\":0},{\"name\":\"bone\",\"translation\":[0,1,0],"
            "\"rotation\":[0,0,0.70710678,0.70710678]}],\"skins\":[{\"joints\":[2,0],\"inverseBindMatrices\":3}],"
            "\"meshes\":[{\"primitives\":[{\"attributes\":{\"POSITION\":0,\"JOINTS_0\":1,\"WEIGHTS_0\":2}}]}],"
            "\"accessors\":[{\"bufferView\":0,\"componentType\":5126,\"count\":3,\"type\":\"VEC3\"},"
            "{\"bufferView\":1,\"componentType\":5121,\"count\":3,\"type\":\"VEC4\"},"
            "{\"bufferView\":2,\"componentType\":5121,\"normalized\":true,\"count\":3,\"type\":\"VEC4\"},"
            "{\"bufferView\":3,\"componentType\":5126,\"count\":2,\"type\":\"MAT4\"}],"
            "\"bufferViews\":[{\"buffer\":0,\"byteLength\":36},{\"buffer\":0,\"byteOffset\":36,\"byteLength\":12},"
            "{\"buffer\":0,\"byteOffset\":48,\"byteLength\":12},{\"buffer\":0,\"byteOffset\":60,\"byteLength\":128}],"
            "\"buffers\":[{\"byteLength\":188}]}";
    struct {
        float p[9];
        uint8_t joint[12], weight[12];
        float inverse[32];
    } bin = { { 0, 2, 0, 0, 2, 0, 0, 2, 0 },
              { 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0 },
              { 255, 0, 0, 0, 255, 0, 0, 0, 127, 128, 0, 0 },
              { 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, -1, 0, 1, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1 } };
    glb_model m;
    err e;
    if (!read_file(json, &bin, sizeof bin, &m, &e)) return;
    CHECK(v3_dist(m.mesh[0].position[0], v3(-1, 1, 0)) < 1e-6f);
    CHECK(v3_dist(m.mesh[0].position[1], v3(0, 2, 0)) < 1e-6f);
    CHECK(v3_dist(m.mesh[0].position[2], v3(-0.498f, 1.502f, 0)) < 1e-3f); // half way: 127 and 128 of 255
    // The skeleton's root comes first though the skin lists it last.
    CHECK(m.joints == 2 && m.joint[0].parent == -1 && m.joint[1].parent == 0);
    CHECK_STR(m.joint[1].name, "bone");
    CHECK(m.mesh[0].joint[0] == 1 && m.mesh[0].joint[4] == 0);
    CHECK(v3_dist(m.joint[1].origin, v3(0, 1, 0)) < 1e-6f);
    glb_model_free(&m);
}

static void check_refused(const char *json, const char *reason)
{
    static const float bin[12] = { 0, 0, 0, 1, 0, 0, 0, 1, 0 };
    glb_model m;
    err e;
    bool ok = read_file(json, bin, sizeof bin, &m, &e);
    CHECK(!ok);
    if (ok) glb_model_free(&m);
    if (!strstr(e.msg, reason)) printf("got \"%s\", want \"%s\"\n", e.msg, reason);
    CHECK(strstr(e.msg, reason) != NULL);
}

#define NODE "\"nodes\":[{\"mesh\":0}],"
#define MESH "\"meshes\":[{\"primitives\":[{\"attributes\":{\"POSITION\":0}}]}],"
#define ACCESSOR "\"accessors\":[{\"bufferView\":0,\"componentType\":5126,\"count\":3,\"type\":\"VEC3\"}],"
#define VIEW "\"bufferViews\":[{\"buffer\":0,\"byteLength\":36}],"
#define BUFFER "\"buffers\":[{\"byteLength\":36}]}"

static void lies_and_what_we_do_not_read_are_refused_by_name(void)
{
    check_refused("{}", "version 2");
    check_refused("{\"asset\":{\"version\":\"2.0\"},\"asset\":1}", "JSON");
    check_refused(TOP "\"extensionsRequired\":[\"KHR_draco_mesh_compression\"]," NODE MESH ACCESSOR VIEW BUFFER,
                  "KHR_draco_mesh_compression");
    check_refused(TOP NODE MESH ACCESSOR VIEW "\"buffers\":[{\"byteLength\":36,\"uri\":\"body.bin\"}]}",
                  "another file");
    check_refused(TOP NODE MESH ACCESSOR VIEW "\"buffers\":[{\"byteLength\":52}]}", "byteLength");
    check_refused(TOP NODE MESH ACCESSOR "\"bufferViews\":[{\"buffer\":0,\"byteOffset\":8,\"byteLength\":36}]," BUFFER,
                  "past the end");
    // 2^62 + 1 elements of 12 bytes wrap round to 12 bytes.
    check_refused(TOP NODE MESH "\"accessors\":[{\"bufferView\":0,\"componentType\":5126,\"count\":4611686018427387905,"
                                "\"type\":\"VEC3\"}]," VIEW BUFFER,
                  "count");
    check_refused(
        TOP NODE MESH
        "\"accessors\":[{\"bufferView\":0,\"componentType\":5126,\"count\":4,\"type\":\"VEC3\"}]," VIEW BUFFER,
        "past the end");
    check_refused(TOP NODE MESH
                  "\"accessors\":[{\"sparse\":{},\"componentType\":5126,\"count\":3,\"type\":\"VEC3\"}]," VIEW BUFFER,
                  "sparse");
    check_refused(TOP "\"nodes\":[{},{\"children\":[2]},{\"children\":[1]}]," MESH ACCESSOR VIEW BUFFER, "loop");
    check_refused(TOP "\"nodes\":[{\"children\":[0]}]," MESH ACCESSOR VIEW BUFFER, "loop");
    check_refused(TOP "\"nodes\":[{\"mesh\":1}]," MESH ACCESSOR VIEW BUFFER, "mesh");
    check_refused(TOP "\"nodes\":[{}]," MESH ACCESSOR VIEW BUFFER, "no mesh");
    check_refused(TOP NODE
                  "\"meshes\":[{\"primitives\":[{\"attributes\":{\"POSITION\":0},\"mode\":5}]}]," ACCESSOR VIEW BUFFER,
                  "strips");
    check_refused(
        TOP NODE
        "\"meshes\":[{\"primitives\":[{\"attributes\":{\"POSITION\":0},\"indices\":1}]}],"
        "\"accessors\":[{\"bufferView\":0,\"componentType\":5126,\"count\":2,\"type\":\"VEC3\"},"
        "{\"bufferView\":0,\"byteOffset\":12,\"componentType\":5125,\"count\":3,\"type\":\"SCALAR\"}]," VIEW BUFFER,
        "is not one of 2 vertices");
}

TEST_MAIN(RUN(transforms_of_the_node_tree_are_applied);
          RUN(interleaved_vertices_and_parts_that_share_them_make_one_mesh); RUN(a_posed_skeleton_poses_the_vertices);
          RUN(lies_and_what_we_do_not_read_are_refused_by_name);)
