// The node tree of a GLB file and its skins. Within the gltf room.
#pragma once
#include "gltf/access.h"
#include "gltf/glb.h"

// p -> M p + t, rows.
typedef struct {
    double m[3][4];
} affine;

typedef struct {
    affine world;
    int parent;    // -1: root
    int joint;     // number in the model's skeleton, -1: none
    bool in_scene; // of the scene that is shown
} glb_node;

typedef struct {
    int count;
    const int *node; // [count] the joints' nodes
    affine *bind;    // [count] mesh to world through each joint
    bool same;       // all of bind are equal: the file shows its bind pose
    bool opened;
} glb_skin;

typedef struct {
    glb_node *node; // [nodes]
    int nodes;
    glb_skin *skin; // [skins]
    int skins;
    int joint_node[256]; // the model's skeleton, parents first
    int joints;
} glb_tree;

bool glb_tree_read(glb_file *f, glb_tree *t) MUST_USE;
// The skeleton as the model keeps it.
bool glb_tree_joints(glb_file *f, const glb_tree *t, glb_model *out) MUST_USE;

// A JSON name cut to size bytes at a character's border; "" when there is none.
void glb_name(const json_t *object, char *out, size_t size);
