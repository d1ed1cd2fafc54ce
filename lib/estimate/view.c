#include "estimate/view.h"

const int view_joint[VIEW_JOINTS] = { JOINT_PELVIS,     JOINT_L_HIP,   JOINT_R_HIP,    JOINT_L_KNEE,   JOINT_R_KNEE,
                                      JOINT_SPINE2,     JOINT_NECK,    JOINT_L_COLLAR, JOINT_R_COLLAR, JOINT_L_SHOULDER,
                                      JOINT_R_SHOULDER, JOINT_L_ELBOW, JOINT_R_ELBOW };

// Standard deviations about the body's x (bend forward), y (twist) and z (sideways) axes, radians; the root's are about
// the expected heading.
static const float pose_sd[VIEW_JOINTS][3] = {
    { 0.12f, 0.25f, 0.06f },                          // root: tilt of camera and body
    { 0.15f, 0.12f, 0.08f }, { 0.15f, 0.12f, 0.08f }, // hips
    { 0.15f, 0.05f, 0.05f }, { 0.15f, 0.05f, 0.05f }, // knees
    { 0.10f, 0.10f, 0.07f },                          // spine
    { 0.20f, 0.25f, 0.12f },                          // neck
    { 0.05f, 0.06f, 0.08f }, { 0.05f, 0.06f, 0.08f }, // collars
    { 0.35f, 0.40f, 0.30f }, { 0.35f, 0.40f, 0.30f }, // shoulders
    { 0.40f, 0.50f, 0.30f }, { 0.40f, 0.50f, 0.30f }, // elbows
};

int view_cloth_region(int label)
{
    switch (label) {
    case JOINT_SPINE3:
    case JOINT_L_COLLAR:
    case JOINT_R_COLLAR:
        return CLOTH_CHEST;
    case JOINT_SPINE1:
    case JOINT_SPINE2:
        return CLOTH_WAIST;
    case JOINT_PELVIS:
        return CLOTH_HIPS;
    case JOINT_L_HIP:
    case JOINT_R_HIP:
        return CLOTH_THIGHS;
    case JOINT_L_KNEE:
    case JOINT_R_KNEE:
        return CLOTH_SHANKS;
    case JOINT_L_SHOULDER:
    case JOINT_R_SHOULDER:
        return CLOTH_UPPER_ARMS;
    case JOINT_L_ELBOW:
    case JOINT_R_ELBOW:
        return CLOTH_FOREARMS;
    default:
        return -1;
    }
}

int view_outline_region(const body_model *m, uint32_t vertex)
{
    int region = view_cloth_region(m->label[vertex]);
    bool slope = m->template_position[vertex].y > m->joint_template[JOINT_L_SHOULDER].y;
    return region == CLOTH_CHEST && slope ? -1 : region;
}

void view_pose_prior(const photo_view *v, int i, mat3 *mean, float sd[3])
{
    *mean = m3_identity();
    for (int k = 0; k < 3; k++) sd[k] = pose_sd[i][k];
    switch (view_joint[i]) {
    case JOINT_PELVIS:
        *mean = m3_from_axis_angle(v3(0, v->yaw, 0));
        break;
    case JOINT_L_SHOULDER:
        *mean = m3_from_axis_angle(v3(0, 0, -0.42f));
        break; // A-pose to 18 degrees from vertical
    case JOINT_R_SHOULDER:
        *mean = m3_from_axis_angle(v3(0, 0, 0.42f));
        break;
    case JOINT_L_ELBOW:
    case JOINT_R_ELBOW:
        *mean = m3_from_axis_angle(v3(-0.15f, 0, 0));
        break;
    default:
        break;
    }
}

float view_pose_distance(const photo_view *v)
{
    float sum = 0;
    int n = 0;
    for (int i = 0; i < VIEW_JOINTS; i++) {
        int j = view_joint[i];
        if (j != JOINT_L_HIP && j != JOINT_R_HIP && j != JOINT_L_KNEE && j != JOINT_R_KNEE && j != JOINT_SPINE2)
            continue;
        mat3 mean;
        float sd[3];
        view_pose_prior(v, i, &mean, sd);
        mat3 back = m3_transpose(&mean), off = m3_mul(&back, &v->rotation[j]);
        vec3 a = m3_to_axis_angle(&off);
        sum += a.x * a.x / (sd[0] * sd[0]) + a.y * a.y / (sd[1] * sd[1]) + a.z * a.z / (sd[2] * sd[2]);
        n += 3;
    }
    return sum / (float)n;
}

static bool nose_points_right(const capture_evidence *ev)
{
    float ears = (ev->at[LM_LEFT_EAR].x + ev->at[LM_RIGHT_EAR].x) / 2;
    return ev->at[LM_NOSE].x > ears;
}

static float distance_to_bone(vec2 a, vec2 b, vec2 p)
{
    float dx = b.x - a.x, dy = b.y - a.y, length = dx * dx + dy * dy;
    float t = length > 0 ? ((p.x - a.x) * dx + (p.y - a.y) * dy) / length : 0;
    t = fminf(fmaxf(t, 0), 1);
    return hypotf(p.x - a.x - t * dx, p.y - a.y - t * dy);
}

float view_arm_distance(const vec2 *joint, vec2 at)
{
    float least = INFINITY;
    for (int side = 0; side < 2; side++) {
        const vec2 *j = joint + side;
        least = fminf(least, distance_to_bone(j[JOINT_L_SHOULDER], j[JOINT_L_ELBOW], at));
        least = fminf(least, distance_to_bone(j[JOINT_L_ELBOW], j[JOINT_L_WRIST], at));
        least = fminf(least, distance_to_bone(j[JOINT_L_WRIST], j[JOINT_L_HAND], at));
    }
    return least;
}

// Thickness of clothes (in a picture: how far the mask's outline lies outside the body's): mean and standard deviation
// by region, metres. Rounded from the test world (bench_accuracy --seed 1 --look): seen from the side a shirt hangs
// over the hollow of the back. A little wider than measured where clothes are loose.
typedef struct {
    float mean[CLOTH_REGIONS], sd[CLOTH_REGIONS];
} cloth_prior;

// Of the outline about that thickness, metres: loose clothes follow the body less closely.
static const float FITTED_SD = 0.007f, LOOSE_SD = 0.014f;

static const cloth_prior cloth_priors[2][2] = {
    // [side view][loose]: chest, waist, hips, thighs, shanks, upper arms, forearms
    { { { .007f, .007f, .010f, .005f, .005f, .005f, .003f }, { .009f, .010f, .011f, .006f, .008f, .006f, .006f } },
      { { .014f, .027f, .022f, .019f, .022f, .011f, .008f }, { .014f, .020f, .016f, .014f, .015f, .010f, .010f } } },
    { { { .013f, .016f, .013f, .007f, .008f, .018f, .013f }, { .013f, .017f, .015f, .007f, .009f, .017f, .015f } },
      { { .026f, .042f, .032f, .021f, .023f, .030f, .028f }, { .022f, .026f, .026f, .015f, .017f, .022f, .020f } } },
};

enum { CELLS = 700 }; // of the outline's distance field down the person's height

// What is believed of clothes that are loose with probability p: mean and variance of the mixture.
static void set_clothes(photo_view *v, float p)
{
    const cloth_prior *fitted = &cloth_priors[v->side == VIEW_SIDE][0], *loose = &cloth_priors[v->side == VIEW_SIDE][1];
    for (int i = 0; i < CLOTH_REGIONS; i++) {
        float apart = loose->mean[i] - fitted->mean[i];
        v->cloth[i] = v->cloth_mean[i] = fitted->mean[i] + p * apart;
        v->cloth_sd[i] = sqrtf((1 - p) * fitted->sd[i] * fitted->sd[i] + p * loose->sd[i] * loose->sd[i] +
                               p * (1 - p) * apart * apart);
    }
    v->looseness = p;
    v->outline_sd = sqrtf((1 - p) * FITTED_SD * FITTED_SD + p * LOOSE_SD * LOOSE_SD);
}

// How the body is thought to stand at the start.
static void stand(photo_view *v)
{
    const capture_evidence *ev = v->evidence;
    if (v->side == VIEW_SIDE) v->yaw = nose_points_right(ev) ? 1.5708f : -1.5708f;
    for (int j = 0; j < BODY_JOINTS; j++) v->rotation[j] = m3_identity();
    for (int i = 0; i < VIEW_JOINTS; i++) {
        float sd[3];
        view_pose_prior(v, i, &v->rotation[view_joint[i]], sd);
    }
    // The pelvis, the body's origin, starts between the landmarks of the hips.
    float z = v->focal / v->pixels_per_metre, x = (ev->at[LM_LEFT_HIP].x + ev->at[LM_RIGHT_HIP].x) / 2,
          y = (ev->at[LM_LEFT_HIP].y + ev->at[LM_RIGHT_HIP].y) / 2;
    v->shift = v3((x - v->cx) / v->focal * z, (y - v->cy) / v->focal * z, z);
}

void view_open(photo_view *v, const capture_evidence *evidence, capture_view side, float focal_35mm, float height,
               float looseness)
{
    *v = (photo_view){ .evidence = evidence, .side = side, .trust = 1, .explained = 1 };
    float width = (float)evidence->mask.width, tall = (float)evidence->mask.height, longer = fmaxf(width, tall);
    v->cx = width / 2;
    v->cy = tall / 2;
    // 36 mm is the longer side of the frame that "35 mm equivalent" speaks of. Unknown: from a phone (26 mm) to a
    // portrait lens (70 mm).
    v->focal_prior = focal_35mm > 0 ? focal_35mm / 36 * longer : 1.2f * longer;
    v->focal_sd = focal_35mm > 0 ? 0.05f : 0.35f;
    v->focal = v->focal_prior;
    set_clothes(v, looseness);
    float person = (float)(evidence->bottom - evidence->top);
    v->pixels_per_metre = person / height;
    stand(v);

    distance_window window = { evidence->left, evidence->top, evidence->right, evidence->bottom, person / CELLS };
    if (evidence->soft_mask.px) {
        static const float level[VIEW_OUTLINES] = { 0.4f, 0.5f, 0.6f, 0.7f, 0.8f };
        v->outlines = VIEW_OUTLINES;
        distance_levels(&evidence->soft_mask, window, level, v->outlines, v->outline);
    } else {
        v->outlines = 1;
        v->outline[0] = distance_new(&evidence->mask, window);
    }
}

void view_mirror(photo_view *v, const photo_view *of, const capture_evidence *mirrored)
{
    *v = *of;
    v->evidence = mirrored;
    stand(v);
    for (int i = 0; i < v->outlines; i++) v->outline[i] = distance_mirror(of->outline[i], mirrored->mask.width);
}

void view_close(photo_view *v)
{
    for (int i = 0; i < v->outlines; i++) distance_free(v->outline[i]);
    v->outlines = 0;
}

void view_transforms(const photo_view *v, const vec3 *joints, rigid *world)
{
    for (int j = 0; j < BODY_JOINTS; j++) {
        rigid local = { v->rotation[j], v3_sub(joints[j], m3_apply(&v->rotation[j], joints[j])) };
        world[j] = j ? rigid_mul(&world[body_joint_parent[j]], &local) : local;
    }
}
