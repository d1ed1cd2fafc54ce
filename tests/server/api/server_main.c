// The whole server with a test's job bodies instead of the pipeline, for tests that start it as a process of its own:
//   test_server serve DATA LISTEN WORKERS | worker URL KEY | brand DATA create NAME [ORIGIN…]
// The avatar's body echoes its answers; a height of 111 fails for the person's reason, 112 for a passing one, 113 takes
// a second and tells its progress.
#include "app/app.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static bool avatar(void *ctx, const job_avatar_in *in, job_avatar_out *out, err *e)
{
    (void)ctx;
    const char *h = strstr(in->answers, "\"height_cm\":");
    double height = h ? strtod(h + 12, NULL) : 0;
    if (height == 111) return fail(e, ERR_INPUT, "the photo shows nobody");
    if (height == 112) return fail(e, ERR_IO, "the disk is full");
    for (int i = 0; height == 113 && i < 20; i++) {
        if (!in->progress(in->progress_ctx, i / 20.0, "fitting")) return fail(e, ERR_IO, "called off");
        struct timespec t = { 0, 50000000 };
        nanosleep(&t, NULL);
    }
    // Its parameters remember whether there was a photo.
    bool seen = in->front || (in->params_len >= 6 && !memcmp(in->params, "photo ", 6));
    static const unsigned char glb[20] = "glTF\2\0\0\0\24\0\0\0\0\0\0\0JSON";
    bool ok = buf_append(&out->glb, glb, sizeof glb) && buf_printf(&out->glb, "%s", in->answers) &&
              buf_printf(&out->params, "%snpz of %s", seen ? "photo " : "", in->answers) &&
              buf_printf(&out->measurements,
                         "{\"measurements\":{\"height\":{\"value_cm\":%g,\"sd_cm\":0.5,\"lo_cm\":%g,\"hi_cm\":%g,"
                         "\"source\":\"tape\"}},\"mode\":\"%s\",\"verdict\":[]}",
                         height, height - 1, height + 1,
                         in->side ? "C"
                         : seen   ? "B"
                                  : "A") &&
              buf_printf(&out->preview, "png of %zu", in->front_len) && buf_append(&out->web_glb, glb, sizeof glb);
    return ok || fail(e, ERR_LIMIT, "too long");
}

static bool drape(void *ctx, const job_drape_in *in, job_drape_out *out, err *e)
{
    (void)ctx;
    static const unsigned char glb[20] = "glTF\2\0\0\0\24\0\0\0\0\0\0\0JSON";
    return (buf_append(&out->glb, glb, sizeof glb) && buf_printf(&out->glb, "%zu %s", in->params_len, in->size) &&
            buf_append(&out->garment, glb, sizeof glb) && buf_printf(&out->bin, "TDRP %s", in->size) &&
            buf_printf(&out->fit,
                       "{\"recommended\":\"M\",\"sizes\":{\"M\":{\"score\":0.9,\"regions\":[]}},\"quality\":{}}")) ||
           fail(e, ERR_LIMIT, "too long");
}

static bool preview(void *ctx, const job_preview_in *in, job_preview_out *out, err *e)
{
    (void)ctx;
    if (in->name && !strcmp(in->name, "Broken")) return fail(e, ERR_INPUT, "size \"M\" has a hole");
    size_t bytes = 0;
    for (int i = 0; i < in->mesh_count; i++) {
        buf glb = buf_new(1 << 20);
        bool ok = in->mesh(in->mesh_ctx, i, &glb, e);
        bytes += glb.len;
        buf_free(&glb);
        if (!ok) return false;
    }
    return (buf_append(&out->sheet, "\x89PNG\r\n\x1a\n", 8) && buf_printf(&out->sheet, "%s", in->name) &&
            buf_printf(&out->report,
                       "{\"findings\":[\"%d meshes of %zu bytes\"],\"sizes\":{},\"bodies\":[{\"label\":\"Woman, 168 "
                       "cm\",\"size\":\"%s\",\"says\":\"fits\",\"ok\":true}]}",
                       in->mesh_count, bytes, in->size ? in->size : "M")) ||
           fail(e, ERR_LIMIT, "too long");
}

static bool fit(void *ctx, const char *measurements, const char *category, const char *fabric, const char *chart,
                const char *preference, buf *json, err *e)
{
    (void)ctx, (void)measurements, (void)category, (void)fabric, (void)chart;
    return (buf_printf(json, "{\"recommended\":\"M\",\"sizes\":{\"M\":{\"score\":0.9,\"regions\":[]}}") &&
            (!preference || buf_printf(json, ",\"preference\":\"%s\"", preference)) && buf_printf(json, "}")) ||
           fail(e, ERR_LIMIT, "too long");
}

int main(int argc, char **argv)
{
    const job_handlers h = { .avatar = avatar, .drape = drape, .preview = preview, .fit = fit };
    if (argc == 5 && !strcmp(argv[1], "serve"))
        return app_serve(&(app_options){
            .data = argv[2], .listen = argv[3], .workers = (int)strtol(argv[4], NULL, 10), .handlers = &h });
    if (argc == 4 && !strcmp(argv[1], "worker")) return app_worker(argv[2], argv[3], 1, &h);
    if (argc >= 4 && !strcmp(argv[1], "brand")) return app_brand(argv[2], argc - 3, (const char *const *)argv + 3);
    fprintf(stderr, "usage: see the file's head\n");
    return 2;
}
