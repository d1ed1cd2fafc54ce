#include "photographed.h"
#include "base/mem.h"
#include "mesh/raster.h"

enum { WIDE = 700, TALL = 900 };
const perfect_camera photographer = { 1080, WIDE / 2, TALL / 2, { 0, 0.02f, 2.6f } };

body_pose photographed_stance(float yaw)
{
    body_pose pose = { 0 };
    pose.rotation[0] = v3(0, yaw, 0);
    pose.rotation[JOINT_L_SHOULDER] = v3(0, 0, -0.38f);
    pose.rotation[JOINT_R_SHOULDER] = v3(0, 0, 0.38f);
    return pose;
}

capture_evidence photographed(const body_model *m, const float *betas, const body_pose *pose)
{
    static const int joint_of[CAPTURE_LANDMARKS] = { [LM_NOSE] = JOINT_HEAD,
                                                     [LM_LEFT_EAR] = JOINT_HEAD,
                                                     [LM_RIGHT_EAR] = JOINT_HEAD,
                                                     [LM_LEFT_SHOULDER] = JOINT_L_SHOULDER,
                                                     [LM_RIGHT_SHOULDER] = JOINT_R_SHOULDER,
                                                     [LM_LEFT_ELBOW] = JOINT_L_ELBOW,
                                                     [LM_RIGHT_ELBOW] = JOINT_R_ELBOW,
                                                     [LM_LEFT_WRIST] = JOINT_L_WRIST,
                                                     [LM_RIGHT_WRIST] = JOINT_R_WRIST,
                                                     [LM_LEFT_HIP] = JOINT_L_HIP,
                                                     [LM_RIGHT_HIP] = JOINT_R_HIP,
                                                     [LM_LEFT_KNEE] = JOINT_L_KNEE,
                                                     [LM_RIGHT_KNEE] = JOINT_R_KNEE,
                                                     [LM_LEFT_ANKLE] = JOINT_L_ANKLE,
                                                     [LM_RIGHT_ANKLE] = JOINT_R_ANKLE };
    vec3 *shape = mem_array(vec3, m->vertices), *posed = mem_array(vec3, m->vertices), joints[BODY_JOINTS];
    rigid world[BODY_JOINTS];
    body_shape(m, betas, shape, joints);
    body_joint_transforms(joints, pose, world);
    body_skin(m, shape, world, posed);
    raster_camera camera = { .world_to_camera = { { { { 1, 0, 0 }, { 0, -1, 0 }, { 0, 0, -1 } } }, photographer.shift },
                             .focal = photographer.focal,
                             .cx = photographer.cx,
                             .cy = photographer.cy };
    image picture = image_new(WIDE, TALL, 3);
    float *depth = mem_array(float, (size_t)WIDE *TALL);
    raster_item item = { .mesh = body_mesh(m, posed), .base_color = v3(1, 1, 1) };
    raster_draw(&picture, &camera, &item, 1, &(raster_light){ .samples = 1 }, depth);
    capture_evidence ev = { .mask = image_new(WIDE, TALL, 1), .left = WIDE, .top = TALL, .people = 1, .score = 1 };
    for (uint32_t y = 0; y < TALL; y++)
        for (uint32_t x = 0; x < WIDE; x++) {
            if (depth[y * WIDE + x] <= 0) continue;
            *image_at(&ev.mask, x, y) = 255;
            ev.left = x < ev.left ? x : ev.left;
            ev.top = y < ev.top ? y : ev.top;
            ev.right = x + 1 > ev.right ? x + 1 : ev.right;
            ev.bottom = y + 1 > ev.bottom ? y + 1 : ev.bottom;
        }
    for (int i = 0; i < CAPTURE_LANDMARKS; i++) {
        vec3 p = rigid_apply(&world[joint_of[i]], joints[joint_of[i]]), seen = p;
        if (i == LM_NOSE) seen = v3_add(p, m3_apply(&world[0].r, v3(0, 0, 0.1f))); // in front of the head's joint
        vec3 q = rigid_apply(&camera.world_to_camera, seen);
        ev.at[i] =
            (capture_landmark){ camera.cx + camera.focal * q.x / q.z, camera.cy + camera.focal * q.y / q.z, 0, 1, 1 };
        ev.world[i][0] = p.x;
        ev.world[i][1] = -p.y;
        ev.world[i][2] = -p.z;
    }
    image_free(&picture);
    mem_free(depth);
    mem_free(shape);
    mem_free(posed);
    return ev;
}
