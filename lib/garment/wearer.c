#include "garment/wearer.h"
#include "arrays/npz.h"
#include "base/io.h"
#include "base/limits.h"
#include "base/mem.h"
#include "body/stand.h"

#include <math.h>
#include <string.h>

static bool load_body(const char *assets, body_sex sex, wearer *w, err *e)
{
    char path[4096];
    if (!io_join(path, sizeof path, assets, "open_body.safetensors"))
        return fail(e, ERR_LIMIT, "the path %.80s… is too long", assets);
    w->model = body_load(path, sex, e);
    return w->model != NULL;
}

static bool load_smpl(const char *folder, int betas, body_sex sex, const npz_array *id, wearer *w, err *e)
{
    body_model *file = body_find_smpl(folder, betas, e);
    if (file && (!id || body_is(file, id->data, id->type == NPZ_TEXT ? id->count : 0, e)))
        w->model = body_stand(file, sex, NULL, e);
    body_free(file);
    return w->model != NULL;
}

static void stand(wearer *w)
{
    w->position = mem_array(vec3, w->model->vertices);
    body_shape_standing(w->model, w->betas, w->position, w->joint);
}

// Stands as its betas say, and is measured.
static void become(wearer *w, tape *t)
{
    stand(w);
    tape_read_betas(t, w->betas, w->fit.value);
    for (int i = 0; i < TAPE_COUNT; i++) {
        w->fit.value[i] *= 100;
        w->fit.correlation[i * TAPE_COUNT + i] = 1;
    }
}

bool wearer_of_betas(const char *assets, body_sex sex, const float *betas, wearer *w, err *e)
{
    memset(w, 0, sizeof *w);
    if (!load_body(assets, sex, w, e)) return false;
    memcpy(w->betas, betas, (size_t)w->model->betas * sizeof *betas);
    tape *t = tape_new(w->model);
    become(w, t);
    tape_free(t);
    return true;
}

bool wearer_expected(const char *assets, body_sex sex, const survey_answers *a, double height_sd, wearer *w, err *e)
{
    memset(w, 0, sizeof *w);
    if (!load_body(assets, sex, w, e)) return false;
    body_gaussian *g = mem_new(1, sizeof *g);
    tape *t = tape_new(w->model);
    body_prior_given(w->model, t, a, height_sd, g);
    for (int k = 0; k < w->model->betas; k++) w->betas[k] = (float)g->mean[k];
    become(w, t);
    tape_free(t);
    mem_free(g);
    return true;
}

static bool read_params(const npz *z, const char *assets, const char *smpl, wearer *w, err *e)
{
    const npz_array *betas = npz_find(z, "betas"), *gender = npz_find(z, "gender"),
                    *covariance = npz_find(z, "betas_covariance");
    int sex = -1;
    for (int i = 0; gender && gender->type == NPZ_TEXT && i < 3; i++) {
        const char *word = body_sex_word((body_sex)i);
        if (strlen(word) == gender->count && memcmp(word, gender->data, gender->count) == 0) sex = i;
    }
    if (!betas || betas->type != NPZ_F32 || sex < 0)
        return fail(e, ERR_INPUT, "the file has no betas and gender: it is not an avatar's params.npz");
    const npz_array *model = npz_find(z, "model");
    bool on_smpl = model && model->type == NPZ_TEXT && model->count == strlen(BODY_SMPL) &&
                   memcmp(model->data, BODY_SMPL, model->count) == 0;
    int told = betas->count <= BODY_MAX_BETAS ? (int)betas->count : 0;
    if (on_smpl ? !load_smpl(smpl, told, (body_sex)sex, npz_find(z, "body_id"), w, e)
                : !load_body(assets, (body_sex)sex, w, e))
        return false;
    size_t n = (size_t)w->model->betas;
    if (betas->count != n)
        return fail(e, ERR_INPUT, "the file has %zu betas, the %s body %zu", betas->count, body_sex_word((body_sex)sex),
                    n);
    memcpy(w->betas, betas->data, n * sizeof *w->betas);
    for (size_t i = 0; i < n; i++)
        if (!body_beta_possible(w->betas[i])) return fail(e, ERR_INPUT, "the betas are not a person's");
    stand(w);
    if (!covariance || covariance->type != NPZ_F64 || covariance->count != n * n) return true;
    double value[TAPE_COUNT], *jacobian = mem_array(double, TAPE_COUNT *n), *c = mem_array(double, n *n);
    memcpy(c, covariance->data, n * n * sizeof *c);
    tape *t = tape_new(w->model);
    tape_jacobian(t, w->betas, value, jacobian);
    fit_body_correlate(&w->fit, jacobian, c, (int)n);
    tape_free(t);
    mem_free(jacobian);
    mem_free(c);
    return true;
}

static bool read_file(const char *folder, const char *name, buf *out, err *e)
{
    char path[4096];
    *out = buf_new(16 * MIB);
    if (!io_join(path, sizeof path, folder, name)) return fail(e, ERR_LIMIT, "the path %.80s… is too long", folder);
    return io_read(path, out, e);
}

bool wearer_read(const uint8_t *params, size_t params_bytes, const char *measurements, size_t measurements_bytes,
                 const char *assets, const char *smpl, wearer *w, err *e)
{
    memset(w, 0, sizeof *w);
    npz *z = fit_body_parse(measurements, measurements_bytes, &w->fit, e) ? npz_parse(params, params_bytes, e) : NULL;
    bool ok = z && read_params(z, assets, smpl, w, e);
    npz_free(z);
    if (!ok) wearer_close(w);
    return ok;
}

bool wearer_open(const char *folder, const char *assets, const char *smpl, wearer *w, err *e)
{
    memset(w, 0, sizeof *w);
    buf measurements, params = { 0 };
    bool ok =
        read_file(folder, "measurements.json", &measurements, e) && read_file(folder, "params.npz", &params, e) &&
        wearer_read(params.data, params.len, (const char *)measurements.data, measurements.len, assets, smpl, w, e);
    buf_free(&measurements);
    buf_free(&params);
    return ok;
}

void wearer_close(wearer *w)
{
    body_free(w->model);
    mem_free(w->position);
    mem_free(w->stood);
    w->stood = NULL;
    w->model = NULL;
    w->position = NULL;
}
