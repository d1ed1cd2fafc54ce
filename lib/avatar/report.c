#include "arrays/npz.h"
#include "avatar/parts.h"

#include <string.h>

bool avatar_params(const body_model *m, const estimate_result *r, buf *out, err *e)
{
    // The avatar itself stands in the zero pose; body_pose and global_orient are what the front photo shows.
    float pose[(BODY_JOINTS - 1) * 3],
        orient[3] = { r->front.pose.rotation[0].x, r->front.pose.rotation[0].y, r->front.pose.rotation[0].z };
    for (int j = 1; j < BODY_JOINTS; j++) memcpy(pose + 3 * (j - 1), &r->front.pose.rotation[j], 3 * sizeof(float));
    float transl[3] = { r->front.camera_shift.x, r->front.camera_shift.y, r->front.camera_shift.z };
    float camera[3] = { r->front.focal, r->front.cx, r->front.cy };
    double covariance[BODY_MAX_BETAS * BODY_MAX_BETAS];
    size_t k = (size_t)m->betas;
    memcpy(covariance, r->posterior.covariance, k * k * sizeof *covariance);
    const char *sex = body_sex_word(m->sex);
    char id[BODY_ID_SIZE];
    body_id(m, id);
    // What the photos said before the tape had its say, for corrections when they are gone (avatar_recall).
    const estimate_memory *photos = &r->photos;
    int32_t verdict = (int32_t)photos->verdict;
    npz_array array[14] = {
        { "betas", NPZ_F32, 1, { k }, r->betas, k },
        { "betas_covariance", NPZ_F64, 2, { k, k }, covariance, k * k },
        { "body_pose", NPZ_F32, 2, { BODY_JOINTS - 1, 3 }, pose, (BODY_JOINTS - 1) * 3 },
        { "global_orient", NPZ_F32, 1, { 3 }, orient, 3 },
        { "transl", NPZ_F32, 1, { 3 }, transl, 3 },
        { "camera", NPZ_F32, 1, { 3 }, camera, 3 },
        { "gender", NPZ_TEXT, 0, { 0 }, sex, strlen(sex) },
        { "model", NPZ_TEXT, 0, { 0 }, m->name, strlen(m->name) },
    };
    int count = 8;
    if (photos->mode != 'A') {
        const npz_array said[] = {
            { "photo_mode", NPZ_TEXT, 0, { 0 }, &photos->mode, 1 },
            { "photo_verdict", NPZ_I32, 1, { 1 }, &verdict, 1 },
            { "photo_height", NPZ_F64, 1, { 1 }, &photos->height, 1 },
            { "photo_betas", NPZ_F64, 1, { k }, photos->posterior.mean, k },
            { "photo_covariance", NPZ_F64, 2, { k, k }, photos->posterior.covariance, k * k },
        };
        memcpy(array + count, said, sizeof said);
        count += (int)(sizeof said / sizeof *said);
    }
    if (m->fingerprint) array[count++] = (npz_array){ "body_id", NPZ_TEXT, 0, { 0 }, id, strlen(id) }; // SMPL's file
    return npz_write(array, count, out, e);
}

static const npz_array *doubles(const npz *z, const char *name, size_t count)
{
    const npz_array *a = npz_find(z, name);
    if (!a || a->type != NPZ_F64 || a->count != count) return NULL;
    for (size_t i = 0; i < count; i++)
        if (!isfinite(((const double *)a->data)[i])) return NULL;
    return a;
}

static bool read_memory(const npz *z, const body_model *m, char mode, estimate_memory *out)
{
    size_t k = (size_t)m->betas;
    const npz_array *verdict = npz_find(z, "photo_verdict"), *height = doubles(z, "photo_height", 1),
                    *betas = doubles(z, "photo_betas", k), *covariance = doubles(z, "photo_covariance", k * k);
    if ((mode != 'B' && mode != 'C') || !verdict || verdict->type != NPZ_I32 || verdict->count != 1 || !height ||
        !betas || !covariance)
        return false;
    *out = (estimate_memory){ .mode = mode, .verdict = (unsigned)*(const int32_t *)verdict->data };
    out->height = *(const double *)height->data;
    out->posterior.betas = m->betas;
    memcpy(out->posterior.mean, betas->data, k * sizeof(double));
    memcpy(out->posterior.covariance, covariance->data, k * k * sizeof(double));
    for (size_t i = 0; i < k; i++)
        if (!body_beta_possible((float)out->posterior.mean[i])) return false;
    return out->height > 1 && out->height < 3;
}

bool avatar_recall(const body_model *m, const uint8_t *bytes, size_t n, estimate_memory *out, err *e)
{
    *out = (estimate_memory){ .mode = 'A' };
    npz *z = npz_parse(bytes, n, e);
    if (!z) return false;
    const npz_array *mode = npz_find(z, "photo_mode"), *sex = npz_find(z, "gender");
    const char *word = body_sex_word(m->sex);
    bool same = sex && sex->type == NPZ_TEXT && sex->count == strlen(word) && memcmp(sex->data, word, sex->count) == 0,
         ok = !mode ||
              (same && mode->type == NPZ_TEXT && mode->count == 1 && read_memory(z, m, *(const char *)mode->data, out));
    npz_free(z);
    return ok || fail(e, ERR_INPUT, "the earlier avatar's parameters are not this person's");
}

static bool print_verdict(unsigned verdict, buf *out)
{
    bool ok = buf_printf(out, "\"verdict\": ["), first = true;
    for (unsigned bit = 1; bit; bit <<= 1) {
        const char *word = verdict & bit ? capture_verdict_word(bit) : NULL;
        if (!word) continue;
        ok = ok && buf_printf(out, "%s\"%s\"", first ? "" : ", ", word);
        first = false;
    }
    return ok && buf_printf(out, "]");
}

bool avatar_report(const body_model *m, const avatar_request *request, const estimate_result *r, buf *out, err *e)
{
    const survey_answers *a = &request->answers;
    bool ok = buf_printf(out, "{\n  \"measurements\": {\n");
    for (int i = 0; i < TAPE_COUNT; i++) {
        ok = ok && buf_printf(out,
                              "    \"%s\": {\"value_cm\": %.2f, \"sd_cm\": %.2f, \"lo_cm\": %.2f, \"hi_cm\": %.2f, "
                              "\"source\": \"%s\"}%s\n",
                              tape_key[i], 100 * r->value[i], 100 * r->sd[i], 100 * r->lo[i], 100 * r->hi[i],
                              estimate_source_word(r->source[i]), i == TAPE_COUNT - 1 ? "" : ",");
    }
    ok = ok && buf_printf(out, "  },\n  \"mode\": \"%c\",\n  ", r->mode) && print_verdict(r->verdict, out);
    ok = ok && buf_printf(out, ",\n  \"answers\": {\"height_cm\": %.1f", 100 * a->height);
    if (a->weight > 0) ok = ok && buf_printf(out, ", \"weight_kg\": %.1f", a->weight);
    if (m->sex != SEX_NEUTRAL) ok = ok && buf_printf(out, ", \"sex\": \"%s\"", body_sex_word(m->sex));
    if (a->age > 0) ok = ok && buf_printf(out, ", \"age\": %.0f", a->age);
    ok = ok && buf_printf(out,
                          "},\n  \"model\": {\"body\": \"%s\", \"sex\": \"%s\", \"betas\": %d},\n  "
                          "\"interval\": 0.9\n}\n",
                          m->name, body_sex_word(m->sex), m->betas);
    return ok ? true : fail(e, ERR_LIMIT, "the report is too long");
}
