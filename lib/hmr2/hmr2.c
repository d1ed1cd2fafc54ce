#include "hmr2/hmr2.h"
#include "base/io.h"
#include "base/mem.h"
#include "import/seal.h"
#include "nn/session.h"

#include <math.h>
#include <string.h>

enum { COLUMNS = 192, MARGIN = (HMR2_SIDE - COLUMNS) / 2, POSE = 6 * BODY_JOINTS, CAMERA = 3 };

struct hmr2 {
    nn_session *network;
    body_model *body;
    int channels;
};

static bool check_network(hmr2 *h, int *betas, err *e)
{
    const nn_session *s = h->network;
    bool ok = nn_input_count(s) == 1 && nn_output_count(s) == 2;
    const nn_tensor_info *in = ok ? nn_input(s, 0) : NULL;
    const nn_tensor_info *features = ok ? nn_output(s, 0) : NULL, *params = ok ? nn_output(s, 1) : NULL;
    ok = ok && in->dims == 4 && in->dim[2] == HMR2_SIDE && in->dim[3] == COLUMNS && features->dims == 4 &&
         features->dim[1] > 0 && features->dim[2] * features->dim[3] == HMR2_TOKENS && params->dims == 3 &&
         params->dim[2] > POSE + CAMERA && params->dim[2] <= POSE + CAMERA + BODY_MAX_BETAS;
    if (!ok) return fail(e, ERR_INPUT, "hmr2.onnx is not a network that tryon import hmr2 wrote");
    h->channels = (int)features->dim[1];
    *betas = (int)params->dim[2] - POSE - CAMERA;
    return true;
}

hmr2 *hmr2_open(const hmr2_options *o, err *e)
{
    char network[1024], body[1024];
    if (!io_join(network, sizeof network, o->folder, "hmr2.onnx") ||
        !io_join(body, sizeof body, o->folder, "smpl.safetensors")) {
        return fail(e, ERR_LIMIT, "the path %.80s… is too long", o->folder), NULL;
    }
    // Each file's absence in our own words: the runtime's are for programmers.
    static const char *const part[] = { "hmr2.onnx", "hmr2.weights", "smpl.safetensors" };
    for (int i = 0; i < 3; i++) {
        char path[1024];
        if (io_join(path, sizeof path, o->folder, part[i]) && io_exists(path)) continue;
        return fail(e, ERR_NOT_FOUND, "there is no %s in %s: tryon import hmr2 writes it", part[i], o->folder), NULL;
    }
    hmr2 *h = mem_new(1, sizeof *h);
    int betas = 0;
    pool *p = pool_new(o->threads > 0 ? o->threads : 1);
    bool sound = seal_check(o->folder, p, e);
    pool_free(p);
    if (!sound) return hmr2_close(h), NULL;
    h->network = nn_open_with(network, &(nn_options){ o->threads > 0 ? o->threads : 1, true, o->cuda }, e);
    bool ok = h->network && check_network(h, &betas, e);
    h->body = ok ? body_load_smpl(body, SEX_NEUTRAL, betas, e) : NULL;
    if (h->body) return h;
    hmr2_close(h);
    return NULL;
}

void hmr2_close(hmr2 *h)
{
    if (!h) return;
    nn_close(h->network);
    body_free(h->body);
    mem_free(h);
}

const body_model *hmr2_body(const hmr2 *h) { return h->body; }
int hmr2_channels(const hmr2 *h) { return h->channels; }

static void unit(double v[3])
{
    double n = fmax(sqrt(v[0] * v[0] + v[1] * v[1] + v[2] * v[2]), 1e-12);
    for (int i = 0; i < 3; i++) v[i] /= n;
}

// Six numbers to a rotation: its first two columns, made orthonormal (Zhou et al., "On the Continuity of Rotation
// Representations", CVPR 2019).
static mat3 rotation_of(const float six[6])
{
    double a[3] = { (double)six[0], (double)six[1], (double)six[2] };
    double b[3] = { (double)six[3], (double)six[4], (double)six[5] };
    unit(a);
    double along = a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
    for (int i = 0; i < 3; i++) b[i] -= along * a[i];
    unit(b);
    mat3 r;
    for (int i = 0; i < 3; i++) {
        int j = (i + 1) % 3, k = (i + 2) % 3;
        r.m[i][0] = (float)a[i];
        r.m[i][1] = (float)b[i];
        r.m[i][2] = (float)(a[j] * b[k] - a[k] * b[j]);
    }
    return r;
}

bool hmr2_forward(hmr2 *h, const float *patch, hmr2_person *out, float *features, err *e)
{
    size_t pixels = (size_t)HMR2_SIDE * COLUMNS, params = (size_t)(POSE + h->body->betas + CAMERA);
    float *middle = mem_array(float, 3 * pixels), *told = mem_array(float, params);
    for (size_t row = 0; row < (size_t)3 * HMR2_SIDE; row++) {
        memcpy(middle + row * COLUMNS, patch + row * HMR2_SIDE + MARGIN, COLUMNS * sizeof *middle);
    }
    nn_tensor in = { middle, 3 * pixels, { 1, 3, HMR2_SIDE, COLUMNS }, 4 };
    nn_tensor outs[2] = { { features, (size_t)h->channels * HMR2_TOKENS, { 0 }, 0 }, { told, params, { 0 }, 0 } };
    bool ok = nn_run(h->network, &in, 1, outs, 2, e);
    for (size_t i = 0; ok && i < params; i++)
        if (!isfinite(told[i])) ok = fail(e, ERR_INPUT, "the network's answer is not finite: its weights are damaged");
    if (ok) {
        for (int j = 0; j < BODY_JOINTS; j++) out->rotation[j] = rotation_of(told + 6 * j);
        out->beta_count = h->body->betas;
        memcpy(out->betas, told + POSE, (size_t)h->body->betas * sizeof *told);
        memcpy(out->camera, told + POSE + h->body->betas, sizeof out->camera);
    }
    mem_free(middle);
    mem_free(told);
    return ok;
}

// The weak-perspective camera of the square as a full one, focal length 5000 pixels for a picture of 256.
static void place_in_picture(const image *im, hmr2_person *p)
{
    double size = p->square.size * (double)p->camera[0] + 1e-9;
    p->focal = 5000.0 / HMR2_SIDE * (im->width > im->height ? im->width : im->height);
    p->translation[0] = 2 * (p->square.x - im->width / 2.0) / size + (double)p->camera[1];
    p->translation[1] = 2 * (p->square.y - im->height / 2.0) / size + (double)p->camera[2];
    p->translation[2] = 2 * p->focal / size;
}

bool hmr2_see(hmr2 *h, const image *im, const double box[4], hmr2_person *out, float *patch, float *features, err *e)
{
    *out = (hmr2_person){ .square = hmr2_square_of(box) };
    float *own = patch ? NULL : mem_array(float, (size_t)3 * HMR2_SIDE * HMR2_SIDE), *to = patch ? patch : own;
    hmr2_patch(im, &out->square, to);
    bool ok = hmr2_forward(h, to, out, features, e);
    if (ok) place_in_picture(im, out);
    mem_free(own);
    return ok;
}

void hmr2_pose_body(const hmr2 *h, const hmr2_person *p, vec3 *vertices, vec3 *joints)
{
    const body_model *m = h->body;
    vec3 *shaped = mem_array(vec3, m->vertices), rest[BODY_JOINTS];
    rigid world[BODY_JOINTS];
    body_shape(m, p->betas, shaped, rest);
    body_pose_correct(m, p->rotation, shaped);
    body_joint_transforms_of(rest, p->rotation, v3(0, 0, 0), world);
    body_skin(m, shaped, world, vertices);
    for (int j = 0; j < BODY_JOINTS; j++) joints[j] = rigid_apply(&world[j], rest[j]);
    mem_free(shaped);
}
