#include "avatar/avatar.h"
#include "arrays/npz.h"
#include "avatar/parts.h"
#include "avatar/smpl.h"
#include "base/io.h"
#include "base/limits.h"
#include "base/mem.h"
#include "gltf/glb.h"
#include "image/decode.h"

#include <jansson.h>
#include <string.h>

enum { PHOTO_SIDE = 2048 }; // pixels: more adds nothing to a mask of 256

struct avatar_studio {
    char *assets;
    int threads;
    capture *camera;
    body_model *body[3]; // by sex
    tape *tape[3];
    char *smpl_folder; // NULL: none
    smpl_bodies smpl;
};

avatar_studio *avatar_studio_open(const char *assets, int threads, err *e)
{
    char path[4096];
    if (!io_join(path, sizeof path, assets, "open_body.safetensors") || !io_exists(path)) {
        fail(e, ERR_NOT_FOUND,
             "there is no open_body.safetensors in %s: run script/build, or name the folder with --assets", assets);
        return NULL;
    }
    avatar_studio *s = mem_new(1, sizeof *s);
    s->assets = mem_strdup(assets);
    s->threads = threads < 1 ? 1 : threads;
    return s;
}

void avatar_studio_close(avatar_studio *s)
{
    if (!s) return;
    capture_close(s->camera);
    for (int i = 0; i < 3; i++) {
        tape_free(s->tape[i]);
        body_free(s->body[i]);
    }
    smpl_free(&s->smpl);
    mem_free(s->smpl_folder);
    mem_free(s->assets);
    mem_free(s);
}

static bool need_body(avatar_studio *s, body_sex sex, err *e)
{
    if (s->body[sex]) return true;
    char path[4096];
    if (!io_join(path, sizeof path, s->assets, "open_body.safetensors"))
        return fail(e, ERR_LIMIT, "the assets' path is too long");
    s->body[sex] = body_load(path, sex, e);
    if (!s->body[sex]) return false;
    s->tape[sex] = tape_new(s->body[sex]);
    return true;
}

void avatar_studio_smpl(avatar_studio *s, const char *folder)
{
    smpl_free(&s->smpl);
    mem_free(s->smpl_folder);
    s->smpl_folder = mem_strdup(folder);
}

bool avatar_smpl_stands(avatar_studio *s, int betas, body_sex sex, err *e)
{
    return need_body(s, sex, e) && smpl_need(&s->smpl, s->smpl_folder, betas, sex, &s->body[sex]->prior->survey, e);
}

// The body a request is measured on.
typedef struct {
    const body_model *m;
    tape *t;
} measured;

static measured open_body(const avatar_studio *s, body_sex sex) { return (measured){ s->body[sex], s->tape[sex] }; }
static measured smpl_body(const avatar_studio *s, body_sex sex)
{
    return (measured){ s->smpl.standing[sex], s->smpl.tape[sex] };
}

static bool need_camera(avatar_studio *s, err *e)
{
    if (!s->camera) s->camera = capture_open(&(capture_options){ .assets = s->assets, .threads = s->threads }, e);
    return s->camera != NULL;
}

typedef struct {
    image photo;
    image_meta meta;
    capture_evidence evidence;
} examined;

static void examined_free(examined *x)
{
    image_free(&x->photo);
    capture_evidence_free(&x->evidence);
}

// seen: who is meant, or NULL.
static bool examine(avatar_studio *s, const uint8_t *bytes, size_t n, capture_view view, const avatar_sight *seen,
                    examined *out, err *e)
{
    bool ok = image_decode(bytes, n, PHOTO_SIDE, &out->photo, &out->meta, e) && need_camera(s, e);
    double box[4];
    for (int i = 0; ok && seen && i < 4; i++) box[i] = seen->box[i] * out->photo.width / seen->width;
    ok = ok && capture_examine_person(s->camera, &out->photo, view, seen ? box : NULL, &out->evidence, e);
    const char *refusal = ok ? capture_refusal(out->evidence.verdict) : NULL;
    if (refusal) ok = fail(e, ERR_INPUT, "%s", refusal);
    return ok || view == VIEW_FRONT ? ok : fail_within(e, "the side photo");
}

static bool write_files(const measured *body, const avatar_request *q, const examined *photo, int photos,
                        avatar_files *out, err *e)
{
    const body_model *m = body->m;
    avatar_shape shape = avatar_shape_of(m, out->estimate.betas);
    avatar_photo shown[2];
    for (int i = 0; i < photos; i++)
        shown[i] =
            (avatar_photo){ &photo[i].photo, &photo[i].evidence, i ? &out->estimate.side : &out->estimate.front };
    bool ok = avatar_glb(m, &shape, &out->glb, &out->web_glb, e) && avatar_params(m, &out->estimate, &out->params, e) &&
              avatar_report(m, q, &out->estimate, &out->measurements, e) &&
              avatar_preview(m, body->t, &shape, &out->estimate, shown, photos, &out->preview, e);
    avatar_shape_free(&shape);
    return ok;
}

bool avatar_make(avatar_studio *s, const avatar_request *q, avatar_files *out, err *e)
{
    examined photo[2] = { 0 };
    int photos = q->front ? (q->side ? 2 : 1) : 0;
    avatar_files files = { .sex = q->sex,
                           .glb = buf_new(LIMIT_GLB_BYTES),
                           .web_glb = buf_new(LIMIT_GLB_BYTES),
                           .params = buf_new(16 * MIB),
                           .measurements = buf_new(MIB),
                           .preview = buf_new(LIMIT_IMAGE_BYTES) };
    bool ok =
        q->front || !q->side ? true : fail(e, ERR_INPUT, "a side photo alone is not enough: send a front photo too");
    ok = ok && estimate_check_answers(&q->answers, q->tape, e) && need_body(s, q->sex, e);
    ok = ok && (!q->seen || avatar_smpl_stands(s, q->seen->person->beta_count, q->sex, e));
    ok = ok && (photos < 1 || examine(s, q->front, q->front_bytes, VIEW_FRONT, q->seen, &photo[0], e));
    ok = ok && (photos < 2 || examine(s, q->side, q->side_bytes, VIEW_SIDE, NULL, &photo[1], e));
    if (ok) {
        estimate_input in = { .answers = q->answers,
                              .front_focal_35mm = photo[0].meta.focal_35mm,
                              .side_focal_35mm = photo[1].meta.focal_35mm };
        memcpy(in.tape, q->tape, sizeof in.tape);
        if (photos > 0) in.front = &photo[0].evidence;
        if (photos > 1) in.side = &photo[1].evidence;
        estimate_hint hint;
        if (q->seen && photos > 0) {
            smpl_hint(&s->smpl, q->seen, photo[0].photo.width, &hint);
            in.hint = &hint;
        }
        measured body = q->seen ? smpl_body(s, q->sex) : open_body(s, q->sex);
        estimate_memory earlier;
        ok = !q->params || avatar_recall(body.m, q->params, q->params_bytes, &earlier, e);
        if (q->params && !q->front) in.remembered = &earlier;
        ok = ok && estimate_body(body.m, body.t, &in, &files.estimate, e) &&
             write_files(&body, q, photo, photos, &files, e);
    }
    for (int i = 0; i < 2; i++) examined_free(&photo[i]);
    if (ok)
        *out = files;
    else
        avatar_files_free(&files);
    return ok;
}

void avatar_files_free(avatar_files *f)
{
    buf_free(&f->glb);
    buf_free(&f->web_glb);
    buf_free(&f->params);
    buf_free(&f->measurements);
    buf_free(&f->preview);
}

static bool sex_of_word(const char *word, size_t n, body_sex *sex)
{
    for (int i = 0; i < 3; i++) {
        *sex = (body_sex)i;
        const char *known = body_sex_word(*sex);
        if (strlen(known) == n && memcmp(known, word, n) == 0) return true;
    }
    return false;
}

// The body that a file names; what "smpl" is, the studio must have been told.
static bool need_named(avatar_studio *s, const char *name, size_t n, int betas, body_sex sex, measured *out, err *e)
{
    bool smpl = n == strlen(BODY_SMPL) && memcmp(name, BODY_SMPL, n) == 0;
    if (smpl ? !avatar_smpl_stands(s, betas, sex, e) : !need_body(s, sex, e)) return false;
    *out = smpl ? smpl_body(s, sex) : open_body(s, sex);
    return true;
}

bool avatar_measure_params(avatar_studio *s, const uint8_t *bytes, size_t n, double *value, err *e)
{
    npz *z = npz_parse(bytes, n, e);
    if (!z) return false;
    const npz_array *betas = npz_find(z, "betas"), *gender = npz_find(z, "gender"), *model = npz_find(z, "model");
    body_sex sex;
    bool ok = betas && gender && betas->type == NPZ_F32 && betas->count <= BODY_MAX_BETAS && gender->type == NPZ_TEXT &&
              sex_of_word(gender->data, gender->count, &sex);
    if (!ok) fail(e, ERR_INPUT, "the file has no betas and gender: it is not an avatar's params.npz");
    bool named = ok && model && model->type == NPZ_TEXT;
    measured body;
    ok = ok && need_named(s, named ? model->data : "", named ? model->count : 0, (int)betas->count, sex, &body, e);
    if (ok && betas->count != (size_t)body.m->betas) {
        ok = fail(e, ERR_INPUT, "the file has %zu betas, the %s body %d", betas->count, body_sex_word(sex),
                  body.m->betas);
    }
    const npz_array *id = npz_find(z, "body_id");
    ok = ok && (!id || body_is(body.m, id->data, id->type == NPZ_TEXT ? id->count : 0, e));
    for (int k = 0; ok && k < body.m->betas; k++)
        ok = body_beta_possible(((const float *)betas->data)[k]) || fail(e, ERR_INPUT, "the betas are not a person's");
    if (ok) tape_read_betas(body.t, betas->data, value);
    npz_free(z);
    return ok;
}

// A tape can be laid on what stands within some metres of the origin, its joints apart from one another.
static bool stands(const vec3 *position, uint32_t vertices, const vec3 *joint)
{
    const float far = 3, near = 0.001f; // metres
    for (uint32_t i = 0; i < vertices; i++)
        if (!(v3_len(position[i]) < far)) return false;
    for (int j = 1; j < BODY_JOINTS; j++)
        for (int k = 0; k < j; k++)
            if (!(v3_dist(joint[j], joint[k]) > near)) return false;
    return true;
}

bool avatar_measure_glb(avatar_studio *s, const char *path, double *value, err *e)
{
    glb_model g;
    if (!glb_load(path, &g, e)) return false;
    body_sex sex;
    json_t *extras = g.extras_json ? json_loads(g.extras_json, 0, NULL) : NULL;
    const json_t *ours = json_object_get(extras, "tryon");
    const char *word = json_string_value(json_object_get(ours, "sex")),
               *name = json_string_value(json_object_get(ours, "body"));
    bool ok = word && name && sex_of_word(word, strlen(word), &sex) && g.meshes == 1 && g.joints == BODY_JOINTS;
    if (!ok)
        fail(e, ERR_INPUT, "%s is not an avatar.glb of ours: other meshes have no landmarks to lay a tape on", path);
    int betas = (int)json_integer_value(json_object_get(ours, "betas"));
    measured body;
    ok = ok && need_named(s, name, strlen(name), betas, sex, &body, e);
    if (ok && (!json_is_true(json_object_get(ours, "body_order")) || g.mesh[0].vertex_count < body.m->vertices)) {
        ok = fail(e, ERR_INPUT, "%s is packed for the web: measure avatar.glb, which lies beside it", path);
    }
    if (ok) {
        vec3 joint[BODY_JOINTS];
        for (int j = 0; j < BODY_JOINTS; j++) joint[j] = g.joint[j].origin;
        ok = stands(g.mesh[0].position, body.m->vertices, joint) ||
             fail(e, ERR_INPUT, "%s was changed: a person does not stand in it", path);
        if (ok) tape_read(body.t, g.mesh[0].position, joint, value);
    }
    json_decref(extras);
    glb_model_free(&g);
    return ok;
}
