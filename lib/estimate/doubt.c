#include "estimate/doubt.h"
#include "estimate/robust.h"
#include "estimate/tied.h"

// The misfit up to which an outline is like rendered people's, by view: front photos of fitted clothes have 0.1 to 0.5
// (nine of ten), loose ones 0.2 to 0.6, side photos 0.3 to 1.0. Of 64 street photos half have more than 1.4.
static const float USUAL[2] = { [VIEW_FRONT] = 0.35f, [VIEW_SIDE] = 0.8f };

float doubt_pose(const photo_view *v, const vec3 *joint)
{
    enum { MOST = 100 };
    float misfit = 0;
    int seen = 0;
    rigid world[BODY_JOINTS];
    view_transforms(v, joint, world);
    for (int i = 0; i < TIED; i++) {
        const capture_landmark *lm = &v->evidence->at[tied[i].landmark];
        if (lm->visibility * lm->presence < 0.5f) continue;
        vec3 camera = view_to_camera(v, rigid_apply(&world[tied[i].joint], joint[tied[i].joint]));
        vec2 at = view_project(v, camera);
        landmark_place place = tied_place(i, v->side, v->yaw > 0);
        float metre = camera.z / v->focal, sd = fmaxf((float)place.sd, 0.02f);
        float off = hypotf((at.x - lm->x) * metre + place.x, (at.y - lm->y) * metre + place.y) / sd;
        misfit += fminf(off * off, MOST) / 2; // two coordinates
        seen++;
    }
    return fmaxf(view_pose_distance(v), seen ? misfit / (float)seen : 1);
}

float doubt_outline(const body_model *m, const photo_view *v, const vec3 *posed, const contour_point *point, int points)
{
    double sum = 0, length = 0, sd = (double)v->outline_sd;
    for (int i = 0; i < points; i++) {
        const contour_point *p = &point[i];
        int region = view_cloth_region(m->label[contour_nearest(p)]);
        vec3 a = posed[p->a], camera = view_to_camera(v, v3_mad(a, v3_sub(posed[p->b], a), p->t));
        vec2 at = view_project(v, camera);
        for (int o = 0; o < v->outlines; o++) {
            float gx, gy;
            double off = view_outline_off(v, o, at, v->focal / camera.z, region, &gx, &gy);
            sum += (double)p->length * robust_cost(off, view_outline_cut(v, region));
            length += (double)p->length;
        }
    }
    return length > 0 ? (float)(sum / (length * sd * sd)) : 0;
}

float doubt_kept(capture_view side, float misfit) { return USUAL[side] / fmaxf(misfit, USUAL[side]); }
