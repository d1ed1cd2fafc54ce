#include "estimate/profile.h"
#include "base/mem.h"

static const float REACH = 0.06f; // metres: an outline farther away is something else's
// Metres: nearer to an arm's bones the outline may be the arm's; beyond the second it is not.
static const float ARM_REACH = 0.04f, ARM_CLEAR = 0.06f;

// The place of a vertex in the unposed mean body: -1 none.
static int place_of(const body_model *m, uint32_t v, capture_view view)
{
    vec3 p = m->template_position[v];
    const vec3 *j = m->joint_template;
    int place, levels;
    float high, low, middle;
    switch (view_outline_region(m, v)) {
    case CLOTH_CHEST:
    case CLOTH_WAIST:
    case CLOTH_HIPS:
        place = 0, levels = PROFILE_TRUNK;
        high = j[JOINT_L_SHOULDER].y, low = m->template_position[m->mark[MARK_CROTCH].id[0]].y;
        // The axis of the trunk, from the pelvis to the neck.
        middle = j[JOINT_PELVIS].z + (j[JOINT_NECK].z - j[JOINT_PELVIS].z) * (p.y - j[JOINT_PELVIS].y) /
                                         (j[JOINT_NECK].y - j[JOINT_PELVIS].y);
        break;
    case CLOTH_THIGHS:
        place = PROFILE_TRUNK, levels = PROFILE_THIGH;
        high = m->template_position[m->mark[MARK_CROTCH].id[0]].y, low = j[JOINT_L_KNEE].y;
        middle = (j[JOINT_L_HIP].z + j[JOINT_L_KNEE].z) / 2;
        break;
    case CLOTH_SHANKS:
        place = PROFILE_TRUNK + PROFILE_THIGH, levels = PROFILE_SHANK;
        high = j[JOINT_L_KNEE].y, low = j[JOINT_L_ANKLE].y;
        middle = (j[JOINT_L_KNEE].z + j[JOINT_L_ANKLE].z) / 2;
        break;
    case CLOTH_UPPER_ARMS:
        place = PROFILE_BODY, levels = PROFILE_ARM / 2;
        high = j[JOINT_L_SHOULDER].y, low = j[JOINT_L_ELBOW].y, middle = 0;
        break;
    case CLOTH_FOREARMS:
        place = PROFILE_BODY + PROFILE_ARM / 2, levels = PROFILE_ARM / 2;
        high = j[JOINT_L_ELBOW].y, low = j[JOINT_L_WRIST].y, middle = 0;
        break;
    default:
        return -1;
    }
    int level = (int)floorf((high - p.y) / (high - low) * (float)levels);
    place += level < 0 ? 0 : level >= levels ? levels - 1 : level;
    if (view == VIEW_FRONT) return place;
    if (place >= PROFILE_BODY) return -1;
    return p.z > middle ? place : PROFILE_BODY + place;
}

static int region_of_place(int place)
{
    if (place < PROFILE_TRUNK)
        return place < PROFILE_TRUNK / 3 ? CLOTH_CHEST : place < 2 * PROFILE_TRUNK / 3 ? CLOTH_WAIST : CLOTH_HIPS;
    if (place < PROFILE_TRUNK + PROFILE_THIGH) return CLOTH_THIGHS;
    if (place < PROFILE_BODY) return CLOTH_SHANKS;
    return place < PROFILE_BODY + PROFILE_ARM / 2 ? CLOTH_UPPER_ARMS : CLOTH_FOREARMS;
}

void profile_read(const body_model *m, const float *betas, const photo_view *v, double *out)
{
    vec3 *shaped = mem_array(vec3, m->vertices), *posed = mem_array(vec3, m->vertices), joint[BODY_JOINTS];
    vec2 *pixel = mem_array(vec2, m->vertices), joint_pixel[BODY_JOINTS];
    float *depth = mem_array(float, m->vertices);
    contour *outline = contour_new(m);
    contour_point *point = mem_array(contour_point, contour_most(outline));
    rigid world[BODY_JOINTS];
    body_shape(m, betas, shaped, joint);
    view_transforms(v, joint, world);
    body_skin(m, shaped, world, posed);
    for (uint32_t i = 0; i < m->vertices; i++) {
        vec3 camera = view_to_camera(v, posed[i]);
        depth[i] = camera.z;
        pixel[i] = camera.z > 0.1f ? view_project(v, camera) : (vec2){ 0, 0 };
    }
    for (int j = 0; j < BODY_JOINTS; j++)
        joint_pixel[j] = view_project(v, view_to_camera(v, rigid_apply(&world[j], joint[j])));
    const capture_evidence *ev = v->evidence;
    float tall = (float)(ev->bottom - ev->top), wide = (float)(ev->right - ev->left), margin = 0.1f * tall;
    int n = contour_find(outline, pixel, depth, (float)ev->left - margin, (float)ev->top - margin, wide + 2 * margin,
                         tall + 2 * margin, point);
    int places = v->side == VIEW_SIDE ? PROFILE_SIDE : PROFILE_FRONT;
    double weight[PROFILE_SIDE] = { 0 };
    for (int i = 0; i < places; i++) out[i] = 0;
    for (int i = 0; i < n; i++) {
        uint32_t vertex = contour_nearest(&point[i]);
        vec2 at = contour_at(&point[i], pixel);
        int place = place_of(m, vertex, v->side), region = view_cloth_region(m->label[vertex]);
        if (place < 0) continue;
        float metre = depth[vertex] / v->focal;
        bool arm = region == CLOTH_UPPER_ARMS || region == CLOTH_FOREARMS;
        float free = arm ? 1 : view_fade(-view_arm_distance(joint_pixel, at) * metre, -ARM_CLEAR, -ARM_REACH);
        if (free <= 0) continue;
        float gap = 0;
        for (int o = 0; o < v->outlines; o++) {
            float gx, gy, outside = distance_at(v->outline[o], at.x, at.y, &gx, &gy) * metre;
            gap -= fminf(fmaxf(outside, -REACH), REACH) / (float)v->outlines;
        }
        double length = (double)(point[i].length * metre * free);
        out[place] += length * (double)gap;
        weight[place] += length;
    }
    for (int i = 0; i < places; i++) {
        // A few centimetres of outline say little: they are outweighed by the clothes' thickness found in the region.
        const double little = 0.03;
        int place = v->side == VIEW_SIDE ? i % PROFILE_BODY : i;
        out[i] = (out[i] + little * (double)v->cloth[region_of_place(place)]) / (weight[i] + little);
    }
    contour_free(outline);
    mem_free(shaped);
    mem_free(posed);
    mem_free(pixel);
    mem_free(depth);
    mem_free(point);
}
