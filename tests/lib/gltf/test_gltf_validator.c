// The Khronos validator (npm gltf-validator, run by node) on every kind of file we write.
#include "base/io.h"
#include "scenes.h"
#include "test.h"

#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static bool validator_accepts(const char *path)
{
    pid_t pid = fork();
    if (pid == 0) {
        execlp("node", "node", SOURCE_ROOT "/tests/lib/gltf/validate.js", path, (char *)NULL);
        _exit(127);
    }
    int status = 0;
    return pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static void check_scene(const glb_scene *s)
{
    char path[] = "/tmp/tryon-test-XXXXXX";
    int fd = mkstemp(path);
    CHECK(fd >= 0);
    close(fd);
    for (glb_flavour f = GLB_PLAIN; f <= GLB_WEB; f++) {
        buf b = buf_new(8 << 20);
        err e = { 0 };
        CHECK(glb_write(s, f, &b, &e) && io_write(path, b.data, b.len, &e));
        CHECK_STR(e.msg, "");
        fflush(stdout);
        CHECK(validator_accepts(path));
        buf_free(&b);
    }
    unlink(path);
}

static void a_skinned_body_of_two_parts_and_a_ball_are_valid(void)
{
    sample s;
    sample_init(&s, 24, 10);
    check_scene(&s.scene);
    sample_free(&s);
}

static void a_mesh_without_a_skeleton_is_valid(void)
{
    sample s;
    sample_init(&s, 7, 3);
    s.mesh[0].joint = NULL, s.mesh[0].weight = NULL;
    s.scene.joint = NULL, s.scene.joints = 0;
    check_scene(&s.scene);
    sample_free(&s);
}

static void a_mesh_alone_without_materials_is_valid(void)
{
    sample s;
    sample_init(&s, 24, 10);
    check_scene(&(glb_scene){ .mesh = &s.mesh[1], .meshes = 1 });
    sample_free(&s);
}

static void several_roots_and_untidy_weights_are_made_valid(void)
{
    sample s;
    sample_init(&s, 24, 10);
    s.bone[2].parent = -1;
    for (uint32_t i = 0; i < s.tube.view.vertex_count; i++) {
        // The same joint twice, a joint without weight, and a sum of 1.5.
        const uint8_t joint[4] = { 1, 1, 2, 0 };
        const float weight[4] = { 0.25f, 0.75f, 0, 0.5f };
        memcpy(&s.joint[4 * i], joint, 4);
        memcpy(&s.weight[4 * i], weight, 16);
        s.normal[i] = i % 7 ? v3_scale(s.normal[i], 3) : v3(0, 0, 0);
        s.uv[i].x += 2; // outside 0..1
    }
    check_scene(&s.scene);
    sample_free(&s);
}

static void more_vertices_than_sixteen_bits_are_valid(void)
{
    sample s;
    sample_init(&s, 256, 280);
    s.scene.meshes = 1;
    check_scene(&s.scene);
    sample_free(&s);
}

TEST_MAIN(RUN(a_skinned_body_of_two_parts_and_a_ball_are_valid); RUN(a_mesh_without_a_skeleton_is_valid);
          RUN(a_mesh_alone_without_materials_is_valid); RUN(several_roots_and_untidy_weights_are_made_valid);
          RUN(more_vertices_than_sixteen_bits_are_valid);)
