// GLB (glTF 2.0 binary): writing rigged avatars and garments, reading meshes from untrusted files.
#pragma once
#include "base/buf.h"
#include "mesh/mesh.h"

// --- writing ---

typedef struct {
    const char *name;
    int parent;  // -1: root; parents come before children
    vec3 origin; // world position in the bind pose; bind rotations are identity
} glb_joint;

typedef struct {
    const char *name;
    float base_color[4]; // linear; alpha 0: invisible, below 1: blended
    float metallic, roughness;
    int double_sided;
} glb_material;

typedef struct {
    uint32_t first_triangle, triangle_count; // a run of the mesh's triangles
    int material;                            // -1: none
} glb_part;

typedef struct {
    const char *name;
    mesh_view mesh;
    const vec3 *normal;   // [vertex_count] or NULL
    const vec2 *uv;       // [vertex_count] or NULL
    const uint8_t *color; // [4 * vertex_count] RGBA or NULL (COLOR_0)
    const uint8_t *joint; // [4 * vertex_count] or NULL: not skinned
    const float *weight;  // [4 * vertex_count], none negative; each vertex's are scaled to sum 1
    const glb_part *part; // triangles outside every part are not written
    int parts;            // 0: all triangles, without a material
    const int *variant;   // [scene's variants] the material of every part under each, NULL: always the parts' own
} glb_mesh;

typedef struct {
    const char *generator;
    const glb_mesh *mesh;
    int meshes;
    const glb_joint *joint; // one skeleton for every skinned mesh; NULL: none
    int joints;
    const glb_material *material;
    int materials;
    const char *extras_json;    // a JSON object put at asset.extras, or NULL
    const char *const *variant; // names to choose between (KHR_materials_variants)
    int variants;
} glb_scene;

typedef enum {
    GLB_PLAIN, // float positions, 0 extensions
    GLB_WEB    // KHR_mesh_quantization + EXT_meshopt_compression
} glb_flavour;

// Appends the file. The same scene gives the same bytes. Clean under the Khronos validator. GLB_PLAIN keeps every
// vertex in its place; GLB_WEB reorders triangles within a part and vertices, and drops vertices no triangle uses.
// ERR_INPUT for what glTF cannot say: a coordinate that is not a number, an empty mesh, weights that are all zero.
bool glb_write(const glb_scene *scene, glb_flavour flavour, buf *out, err *e) MUST_USE;

// --- reading ---

typedef struct {
    char name[64];
    int parent;  // -1: root; parents come before children
    vec3 origin; // world, in the pose the file shows
} glb_read_joint;

typedef struct {
    char name[64];
    vec3 *position;     // [vertex_count], world: the node's transform applied or, skinned, the pose the file shows
    vec3 *normal;       // [vertex_count] or NULL
    vec2 *uv;           // [vertex_count] or NULL
    uint8_t *color;     // [4 * vertex_count] or NULL
    uint8_t *joint;     // [4 * vertex_count] or NULL
    float *weight;      // [4 * vertex_count] or NULL
    uint32_t *triangle; // [3 * triangle_count]
    uint32_t vertex_count, triangle_count;
    glb_part *part; // primitives that share their vertices make one mesh
    int parts;
} glb_read_mesh;

typedef struct {
    glb_read_mesh *mesh;
    int meshes;
    glb_read_joint *joint;
    int joints;
    glb_material *material;
    int materials;
    char *extras_json;    // asset.extras, or NULL
    struct arena *memory; // holds all of it
} glb_model;

// Strict parse of untrusted bytes: every index, count and offset checked before use, LIMIT_GLB_* enforced. Accepts
// quantized attributes and EXT_meshopt_compression; refuses Draco and external buffers by name.
// Call it on bytes of our own making or inside the locked child; glb_load_bytes and glb_load do the latter.
bool glb_parse(const uint8_t *data, size_t n, glb_model *out, err *e) MUST_USE;
void glb_model_free(glb_model *m);
// Parses a stranger's bytes, or file, in a locked child process.
bool glb_load_bytes(const uint8_t *data, size_t n, glb_model *out, err *e) MUST_USE;
bool glb_load(const char *path, glb_model *out, err *e) MUST_USE;
