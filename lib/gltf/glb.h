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
    float base_color[4]; // linear
    float metallic, roughness;
    int double_sided;
} glb_material;

typedef struct {
    uint32_t first_triangle, triangle_count; // a run of the mesh's triangles
    int material;
} glb_part;

typedef struct {
    const char *name;
    mesh_view mesh;
    const vec3 *normal;   // [vertex_count] or NULL
    const vec2 *uv;       // [vertex_count] or NULL
    const uint8_t *color; // [4 * vertex_count] RGBA or NULL (COLOR_0)
    const uint8_t *joint; // [4 * vertex_count] or NULL: not skinned
    const float *weight;  // [4 * vertex_count], each vertex's sum 1
    const glb_part *part;
    int parts;
} glb_mesh;

typedef struct {
    const char *generator;
    const glb_mesh *mesh;
    int meshes;
    const glb_joint *joint; // one skeleton for every skinned mesh; NULL: none
    int joints;
    const glb_material *material;
    int materials;
    const char *extras_json; // a JSON object put at asset.extras, or NULL
} glb_scene;

typedef enum {
    GLB_PLAIN, // float positions, 0 extensions
    GLB_WEB    // KHR_mesh_quantization + EXT_meshopt_compression
} glb_flavour;

// Appends the file. The same scene gives the same bytes. Clean under the Khronos validator.
bool glb_write(const glb_scene *scene, glb_flavour flavour, buf *out, err *e) MUST_USE;

// --- reading ---

typedef struct {
    char name[64];
    int parent;
    vec3 origin; // from the inverse bind matrices
} glb_read_joint;

typedef struct {
    char name[64];
    vec3 *position;     // [vertex_count] with the node's transform applied when the mesh is not skinned
    vec3 *normal;       // [vertex_count] or NULL
    vec2 *uv;           // [vertex_count] or NULL
    uint8_t *color;     // [4 * vertex_count] or NULL
    uint8_t *joint;     // [4 * vertex_count] or NULL
    float *weight;      // [4 * vertex_count] or NULL
    uint32_t *triangle; // [3 * triangle_count]
    uint32_t vertex_count, triangle_count;
    int material; // -1: none
} glb_read_mesh;

typedef struct {
    glb_read_mesh *mesh;
    int meshes;
    glb_read_joint *joint;
    int joints;
    glb_material *material; // names are in the model's arena
    int materials;
    char *extras_json; // asset.extras, or NULL
    struct arena *memory;
} glb_model;

// Strict parse of untrusted bytes: every index, count and offset checked before use, LIMIT_GLB_* enforced. Accepts
// quantized attributes and EXT_meshopt_compression; refuses Draco and external buffers by name.
// Call it on bytes of our own making or inside the locked child; glb_load does the latter.
bool glb_parse(const uint8_t *data, size_t n, glb_model *out, err *e) MUST_USE;
void glb_model_free(glb_model *m);
// Reads a file and parses it in a locked child process.
bool glb_load(const char *path, glb_model *out, err *e) MUST_USE;
