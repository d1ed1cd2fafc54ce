// The pipeline behind the service's one door (server/jobs/handlers.h).
#include "avatar/avatar.h"
#include "base/mem.h"
#include "cli/service.h"

#include <jansson.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_STUDIOS = 64 };

// A studio serves one request at a time and holds the models: as many are opened as requests ever ran at once.
static struct {
    pthread_mutex_t lock;
    avatar_studio *idle[MAX_STUDIOS];
    int count;
} studios = { .lock = PTHREAD_MUTEX_INITIALIZER };

const char *cli_job_assets(err *e)
{
    const char *assets = cli_assets(NULL, e);
    if (!assets) e->code = ERR_IO;
    return assets;
}

static avatar_studio *borrow(err *e)
{
    pthread_mutex_lock(&studios.lock);
    avatar_studio *s = studios.count ? studios.idle[--studios.count] : NULL;
    pthread_mutex_unlock(&studios.lock);
    if (s) return s;
    const char *assets = cli_job_assets(e);
    return assets ? avatar_studio_open(assets, 1, e) : NULL;
}

static void give_back(avatar_studio *s)
{
    pthread_mutex_lock(&studios.lock);
    if (studios.count < MAX_STUDIOS) {
        studios.idle[studios.count++] = s;
        s = NULL;
    }
    pthread_mutex_unlock(&studios.lock);
    avatar_studio_close(s);
}

// The answers as the service keeps them: {"height_cm", "weight_kg", "sex", "age", "tape": {"chest_girth": cm}}.
static bool read_answers(const char *text, avatar_request *q, err *e)
{
    json_t *j = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    if (!json_is_object(j)) {
        json_decref(j);
        return fail(e, ERR_INPUT, "the answers are not a JSON object");
    }
    q->answers = (survey_answers){ json_number_value(json_object_get(j, "height_cm")) / 100,
                                   json_number_value(json_object_get(j, "weight_kg")),
                                   json_number_value(json_object_get(j, "age")) };
    q->sex = SEX_NEUTRAL;
    const char *sex = json_string_value(json_object_get(j, "sex")), *key;
    for (int i = 0; sex && i < 2; i++)
        if (!strcmp(sex, body_sex_word((body_sex)i))) q->sex = (body_sex)i;
    json_t *value;
    bool ok = true;
    json_object_foreach(json_object_get(j, "tape"), key, value)
    {
        int k = tape_find(key);
        if (k < 0)
            ok = fail(e, ERR_INPUT, "there is no measurement \"%.40s\"", key);
        else
            q->tape[k] = json_number_value(value) / 100;
    }
    json_decref(j);
    return ok && estimate_check_answers(&q->answers, q->tape, e);
}

static bool make(void *ctx, const job_avatar_in *in, job_avatar_out *out, err *e)
{
    (void)ctx;
    avatar_request q = { .front = in->front,
                         .front_bytes = in->front_len,
                         .side = in->side,
                         .side_bytes = in->side_len,
                         .params = in->params,
                         .params_bytes = in->params_len };
    if (!read_answers(in->answers, &q, e)) return false;
    avatar_studio *s = borrow(e);
    if (!s) {
        e->code = ERR_IO; // a worker without its models is no fault of the person
        return false;
    }
    avatar_files f;
    bool ok = in->progress(in->progress_ctx, 0.1, "reading") || fail(e, ERR_CONFLICT, "called off");
    ok = ok && avatar_make(s, &q, &f, e);
    give_back(s);
    if (!ok) return false;
    buf_free(&out->glb);
    buf_free(&out->web_glb);
    buf_free(&out->params);
    buf_free(&out->measurements);
    buf_free(&out->preview);
    *out = (job_avatar_out){ f.glb, f.params, f.measurements, f.preview, f.web_glb }; // theirs to free now
    return true;
}

const job_handlers *cli_handlers(void)
{
    static const job_handlers h = { .avatar = make, .drape = cli_drape, .preview = cli_preview, .fit = cli_fit };
    return &h;
}
