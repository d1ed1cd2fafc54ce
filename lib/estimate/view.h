// One photo as the estimator sees it: the person's outline as a distance field, joints as points, and what is believed
// of the camera. Internal to the estimator.
#pragma once
#include "capture/capture.h"
#include "estimate/contour.h"
#include "estimate/distance.h"

// Joints of the body whose pose is free; all others keep the A-pose.
enum { VIEW_JOINTS = 13 };
extern const int view_joint[VIEW_JOINTS];

// Where clothes may stand off the body: one unknown thickness each.
enum {
    CLOTH_CHEST,
    CLOTH_WAIST,
    CLOTH_HIPS,
    CLOTH_THIGHS,
    CLOTH_SHANKS,
    CLOTH_UPPER_ARMS,
    CLOTH_FOREARMS,
    CLOTH_REGIONS
};
int view_cloth_region(int joint_label); // -1: head, hands and feet, whose outline is not used
// Of a vertex, -1 also for the slope from the neck to the shoulders: the outline there is the hair's, the collar's or
// the scarf's, and a dark background joins them.
int view_outline_region(const body_model *m, uint32_t vertex);

// A picture's unknowns, in the order of the normal equations.
enum {
    VIEW_POSE = 0,                            // 3 per free joint, radians
    VIEW_SHIFT = VIEW_POSE + 3 * VIEW_JOINTS, // 3, metres in camera axes
    VIEW_FOCAL = VIEW_SHIFT + 3,              // 1, log of the focal length
    VIEW_CLOTH = VIEW_FOCAL + 1,              // CLOTH_REGIONS, metres
    VIEW_UNKNOWNS = VIEW_CLOTH + CLOTH_REGIONS
};

// Where the soft mask is neither sure nor unsure, a single threshold tears a gap open or joins a bag to the person, and
// in the same photo at another size it does not. Several thresholds take turns doing so: what one of them does counts a
// fifth.
enum { VIEW_OUTLINES = 5 };

typedef struct {
    const capture_evidence *evidence;
    distance_field *outline[VIEW_OUTLINES]; // [outlines] of the mask, at different levels of sureness
    int outlines;
    float cx, cy;                // principal point, pixels
    float focal_prior, focal_sd; // pixels; sd of its logarithm
    capture_view side;
    float looseness;  // of the clothes, 0 fitted … 1 loose: how sure it is that they stand off the body
    float outline_sd; // of the outline about the clothes' mean thickness, metres
    float cloth_mean[CLOTH_REGIONS], cloth_sd[CLOTH_REGIONS]; // metres
    float yaw;                        // of the body about +Y at the start, radians; 0: facing the camera
    float pixels_per_metre;           // about, at the person
    const struct estimate_hint *hint; // what another network says of the pose, or NULL
    float trust;     // of the outline: 1 for a person standing upright, less the further she is from that
    float explained; // of the outline: 1 as well as rendered ones are by body and clothes, less the worse it is
    // current state
    mat3 rotation[BODY_JOINTS]; // local rotations
    vec3 shift;                 // camera axes: p_camera = flip(p_body) + shift
    float focal;                // pixels
    float cloth[CLOTH_REGIONS]; // metres
} photo_view;

// focal_35mm: of the photo, 0 unknown. height: the stated one, metres. looseness: of the clothes, 0..1.
void view_open(photo_view *v, const capture_evidence *evidence, capture_view side, float focal_35mm, float height,
               float looseness);
// The view of the photo's mirror image, mirrored being what capture_mirror makes of the photo's evidence; of: the
// photo's view as view_open leaves it.
void view_mirror(photo_view *v, const photo_view *of, const capture_evidence *mirrored);
void view_close(photo_view *v);

// 1 up to a, 0 from b on, and between them gradually: what counts must not change by leaps as the body moves.
static inline float view_fade(float x, float a, float b) { return fminf(fmaxf((b - x) / (b - a), 0), 1); }

// Metres: an outline so far from where body and clothes put it is something else's.
static inline double view_outline_cut(const photo_view *v, int cloth_region)
{
    return 0.025 + (double)v->cloth_sd[cloth_region];
}

// How far outline o lies from where body and clothes put it, metres, at a point of the body's outline that is seen at
// `at` and whose scale is pixels per metre; *gx, *gy: the gradient in the picture.
static inline double view_outline_off(const photo_view *v, int o, vec2 at, float scale, int cloth_region, float *gx,
                                      float *gy)
{
    return (double)(distance_at(v->outline[o], at.x, at.y, gx, gy) / scale + v->cloth[cloth_region]);
}

// How far the point at of the picture lies from the arms' bones, pixels: near them the outline may be an arm's. joint
// [BODY_JOINTS]: projected.
float view_arm_distance(const vec2 *joint, vec2 at);

// The prior of the pose: people in front of a camera stand upright, arms hanging a little away from the body.
void view_pose_prior(const photo_view *v, int free_joint, mat3 *mean, float sd[3]);

// How far legs and trunk are from standing: mean square of their angles in standard deviations of the prior.
float view_pose_distance(const photo_view *v);

// Body axes (y up, facing +z) to camera axes (y down, looking along +z).
static inline vec3 view_flip(vec3 p) { return v3(p.x, -p.y, -p.z); }
static inline vec3 view_to_camera(const photo_view *v, vec3 p) { return v3_add(view_flip(p), v->shift); }
static inline vec2 view_project(const photo_view *v, vec3 camera)
{
    return (vec2){ v->cx + v->focal * camera.x / camera.z, v->cy + v->focal * camera.y / camera.z };
}

// Joint transforms of the current pose (no translation: that is the camera's shift).
void view_transforms(const photo_view *v, const vec3 *joints, rigid *world);
