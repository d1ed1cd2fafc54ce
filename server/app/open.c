#include "app/open.h"
#include "base/io.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *env(const char *name)
{
    const char *v = getenv(name);
    return v && *v ? v : NULL;
}

// The instance's own secrets: from the file, made at first start. Several instances over one database get theirs from
// the environment instead. O_EXCL decides who makes the file when two start at once.
static bool secrets(const char *data, app_stores *s, err *e)
{
    char path[1024];
    if (!io_join(path, sizeof path, data, "secrets.json"))
        return fail(e, ERR_LIMIT, "the data folder's name is too long");
    const struct {
        const char *name, *variable;
        char *out;
    } all[] = { { "worker_key", "TRYON_WORKER_KEY", s->worker_key },
                { "operator_key", "TRYON_OPERATOR_KEY", s->operator_key },
                { "link_key", "TRYON_LINK_KEY", s->link_key },
                { "pepper", "TRYON_PEPPER", s->pepper } };
    if (!io_exists(path)) {
        json_t *made = json_object();
        for (size_t i = 0; i < 4; i++) {
            char token[64];
            token_new("try_own_", token);
            json_object_set_new(made, all[i].name, json_string(token));
        }
        char *text = json_dumps(made, JSON_INDENT(2)), temp[1100];
        json_decref(made);
        snprintf(temp, sizeof temp, "%s.%ld", path, (long)getpid());
        int fd = open(temp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        bool ok = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text) && fsync(fd) == 0;
        if (fd >= 0) close(fd);
        ok = ok && (link(temp, path) == 0 || errno == EEXIST); // whole or not at all, and the first wins
        int code = errno;
        unlink(temp);
        mem_free(text);
        if (!ok) return fail(e, ERR_IO, "cannot write %s: %s", path, strerror(code));
    }
    buf b = buf_new(64 << 10);
    bool ok = io_read(path, &b, e);
    json_t *j = ok ? json_loadb((const char *)b.data, b.len, 0, NULL) : NULL;
    for (size_t i = 0; ok && i < 4; i++) {
        const char *v =
            env(all[i].variable) ? env(all[i].variable) : json_string_value(json_object_get(j, all[i].name));
        if (!v || strlen(v) < 16 || strlen(v) > 79)
            ok = fail(e, ERR_INPUT, "%s in %s (or %s) must have 16 to 79 characters", all[i].name, path,
                      all[i].variable);
        else
            snprintf(all[i].out, 80, "%s", v);
    }
    json_decref(j);
    buf_free(&b);
    return ok;
}

static bool open_blobs(const char *data, app_stores *s, err *e)
{
    char root[1024], endpoint[1024];
    blob_config c = { .kind = BLOB_DISK, .root = root, .link_key = s->link_key };
    if (!io_join(root, sizeof root, data, "blobs")) return fail(e, ERR_LIMIT, "the data folder's name is too long");
    if (env("S3_BUCKET")) {
        c.kind = BLOB_S3;
        c.region = env("S3_REGION") ? env("S3_REGION") : "us-east-1";
        snprintf(endpoint, sizeof endpoint, "https://s3.%s.amazonaws.com", c.region);
        c.endpoint = env("S3_ENDPOINT") ? env("S3_ENDPOINT") : endpoint;
        c.bucket = env("S3_BUCKET");
        c.access_key = env("S3_ACCESS_KEY_ID");
        c.secret_key = env("S3_SECRET_ACCESS_KEY");
        c.session_token = env("S3_SESSION_TOKEN");
    } else if (env("SUPABASE_URL") && env("SUPABASE_SERVICE_KEY")) {
        c.kind = BLOB_SUPABASE;
        snprintf(endpoint, sizeof endpoint, "%s/storage/v1", env("SUPABASE_URL"));
        c.endpoint = endpoint;
        c.service_key = env("SUPABASE_SERVICE_KEY");
    }
    return blob_open(&c, &s->blobs, e) && blob_ready(s->blobs, e);
}

bool app_open(const char *data, app_stores *s, err *e)
{
    *s = (app_stores){ 0 };
    char url[1100];
    snprintf(url, sizeof url, "sqlite:%s/tryon.db", data);
    const char *given = env("DATABASE_URL");
    if (!io_make_dirs(data, e) || !secrets(data, s, e)) return false;
    chmod(data, 0700); // people's photos and the database: nobody else's business
    if (!db_open(given ? given : url, 8, &s->d, e)) return false;
    if (open_blobs(data, s, e)) return true;
    app_close(s);
    return false;
}

void app_close(app_stores *s)
{
    blob_close(s->blobs);
    db_close(s->d);
    *s = (app_stores){ 0 };
}
