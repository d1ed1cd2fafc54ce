// The body model, of the SMPL family: vertices = LBS(template + shapedirs * betas, joints, pose, weights).
// Metres, radians; +Y up, the person faces +Z, her left is +X. The zero pose is the A-pose; the pelvis of the mean body
// is the origin (body_ground puts the feet on y = 0).
#pragma once
#include "base/err.h"
#include "math/vec.h"
#include "mesh/mesh.h"

#include <stddef.h>
#include <stdint.h>

enum { BODY_JOINTS = 24, BODY_MAX_BETAS = 32, BODY_POSE_FEATURES = 9 * (BODY_JOINTS - 1) };

// SMPL's joint order.
enum {
    JOINT_PELVIS,
    JOINT_L_HIP,
    JOINT_R_HIP,
    JOINT_SPINE1,
    JOINT_L_KNEE,
    JOINT_R_KNEE,
    JOINT_SPINE2,
    JOINT_L_ANKLE,
    JOINT_R_ANKLE,
    JOINT_SPINE3,
    JOINT_L_FOOT,
    JOINT_R_FOOT,
    JOINT_NECK,
    JOINT_L_COLLAR,
    JOINT_R_COLLAR,
    JOINT_HEAD,
    JOINT_L_SHOULDER,
    JOINT_R_SHOULDER,
    JOINT_L_ELBOW,
    JOINT_R_ELBOW,
    JOINT_L_WRIST,
    JOINT_R_WRIST,
    JOINT_L_HAND,
    JOINT_R_HAND
};
// A person's betas are a few standard deviations; files from outside may hold anything.
static inline bool body_beta_possible(float beta) { return fabsf(beta) < 20; }
extern const char *const body_joint_name[BODY_JOINTS];
extern const int body_joint_parent[BODY_JOINTS]; // -1: root; parents come first

typedef enum { SEX_FEMALE, SEX_MALE, SEX_NEUTRAL } body_sex;
const char *body_sex_word(body_sex sex); // "female", "male", "neutral"

#define BODY_OPEN "tryon open body 1"
#define BODY_SMPL "smpl"

// Single vertices (or a few) that the tape and the estimator refer to.
typedef enum {
    MARK_CERVICALE,
    MARK_SUPRASTERNALE,
    MARK_NECK_FRONT,
    MARK_BUST_L,
    MARK_BUST_R,
    MARK_NAVEL,
    MARK_CROTCH,
    MARK_UNDERBUST_L,
    MARK_UNDERBUST_R,
    MARK_ACROMION_L,
    MARK_ACROMION_R,
    MARK_BUTTOCK,
    MARK_COUNT
} body_mark;
extern const char *const body_mark_name[MARK_COUNT];

// Triangle sets for the tape: sections of one do not touch the others.
typedef enum { PART_TORSO, PART_NECK, PART_L_LEG, PART_L_ARM, PART_HEAD, PART_COUNT } body_part;
extern const char *const body_part_name[PART_COUNT];

typedef struct {
    uint32_t *id; // [count], owned by the model
    uint32_t count;
} body_ids;

typedef struct {
    const char *name;     // "tryon open body 1" or BODY_SMPL
    uint64_t fingerprint; // of SMPL's arrays: betas mean something in one file's space alone; 0: the open body
    body_sex sex;
    uint32_t vertices, triangles, uvs;
    int betas;               // K, each of unit variance over the population
    vec3 *template_position; // [vertices]
    float *shapedirs;        // [betas][vertices][3]
    vec3 joint_template[BODY_JOINTS];
    vec3 *joint_dirs;             // [betas][BODY_JOINTS]
    uint32_t *triangle;           // [3 * triangles]
    vec2 *uv;                     // [uvs]
    uint32_t *uv_triangle;        // [3 * triangles], each < uvs
    uint8_t *skin_joint;          // [4 * vertices]
    float *skin_weight;           // [4 * vertices], each vertex's sum 1
    uint8_t *label;               // [vertices] dominant joint
    float *posedirs;              // [BODY_POSE_FEATURES][vertices][3], or NULL: the skin is corrected for no pose
    float *skin_dense;            // [vertices][BODY_JOINTS], or NULL: four joints a vertex say all there is
    body_ids mark[MARK_COUNT];    // vertices
    float mark_share[MARK_COUNT]; // > 0: the mark lies that far from its first vertex to its second
    body_ids part[PART_COUNT];    // triangles
    struct body_prior *prior;
} body_model;

// Reads the space of one sex from the asset written by body_build_write. NULL and a sentence when it is not one.
body_model *body_load(const char *path, body_sex sex, err *e) MUST_USE;
// SMPL as `tryon import` left it (smpl.safetensors), with the first betas of its shape directions. Its zero pose is the
// T-pose; it has no uv, marks, parts and prior: body_stand (body/stand.h) gives it these.
body_model *body_load_smpl(const char *path, body_sex sex, int betas, err *e) MUST_USE;
void body_free(body_model *m); // NULL is fine

// The fingerprint as text, for files that hold betas; and whether such a text (NULL, 0: none) is this body's.
// ERR_INPUT: it is another SMPL file's.
enum { BODY_ID_SIZE = 17 };
void body_id(const body_model *m, char out[BODY_ID_SIZE]);
bool body_is(const body_model *m, const char *id, size_t n, err *e) MUST_USE;

// The unposed shape: out [vertices], joints [BODY_JOINTS]. betas [m->betas].
void body_shape(const body_model *m, const float *betas, vec3 *out, vec3 *joints);

typedef struct {
    vec3 rotation[BODY_JOINTS]; // axis-angle relative to the parent; [0] is the global orientation
    vec3 translation;           // of the root, after rotation about the pelvis joint
} body_pose;

// World transforms of the joints: p_world = world[j] applied to a point of the unposed shape that is fixed to joint j.
// world [BODY_JOINTS]; posed joint positions are rigid_apply(&world[j], joints[j]).
void body_joint_transforms(const vec3 *joints, const body_pose *pose, rigid *world);

// The same from rotation matrices [BODY_JOINTS].
void body_joint_transforms_of(const vec3 *joints, const mat3 *rotation, vec3 translation, rigid *world);

// Adds posedirs * (rotation - identity) of every joint but the root to shaped [vertices]; nothing where the model has
// none. rotation [BODY_JOINTS], each relative to its parent.
void body_pose_correct(const body_model *m, const mat3 *rotation, vec3 *shaped);

// Linear blend skinning of shaped [vertices] into out [vertices] (may not alias).
void body_skin(const body_model *m, const vec3 *shaped, const rigid *world, vec3 *out);

// Smallest y of the positions [vertices]: subtract it and the feet stand on y = 0.
float body_ground(const body_model *m, const vec3 *position);

// body_shape with the feet set on y = 0. Returns where the soles were.
float body_shape_standing(const body_model *m, const float *betas, vec3 *position, vec3 joints[BODY_JOINTS]);

// Where a mark lies on a body: its (first) vertex, or between its two.
static inline vec3 body_mark_at(const body_model *m, body_mark mark, const vec3 *position)
{
    const body_ids *ids = &m->mark[mark];
    vec3 p = position[ids->id[0]];
    return m->mark_share[mark] > 0 ? v3_lerp(p, position[ids->id[1]], m->mark_share[mark]) : p;
}

mesh_view body_mesh(const body_model *m, const vec3 *position);
