#include "jobs/preview.h"
#include "base/mem.h"
#include "common/text.h"

#include <string.h>

enum { SHEET_MAX = 16 << 20, REPORT_MAX = 256 << 10 };

bool preview_is(const db_job *j)
{
    if (strcmp(j->kind, "plain") != 0 || !j->input) return false;
    json_t *input = json_loads(j->input, 0, NULL);
    const char *kind = json_string_value(json_object_get(input, "kind"));
    bool is = kind && !strcmp(kind, "preview") && json_object_size(input) == 1;
    json_decref(input);
    return is;
}

static const char *staging(arena *a, const db_preview *v, const db_job *j)
{
    return arena_printf(a, "%s/%s/work-%s-%lld/sheet.png", v->brand_id, v->garment_id, j->id, (long long)j->attempts);
}

static bool put(buf *json, const char *key, const char *text)
{
    return buf_printf(json, ",\"%s\":", key) && json_put_string(json, text);
}

bool preview_input(const job_plane *p, arena *a, const db_job *j, buf *json, err *e)
{
    db_preview v;
    db_garment g;
    if (!db_preview_of_job(p->d, a, j->id, &v, e) ||
        !db_garment_get(p->d, a, db_as_brand(v.brand_id), v.garment_id, &g, e))
        return false;
    const char *sheet = staging(a, &v, j);
    bool ok = buf_printf(json, "{\"kind\":\"preview\",\"garment_id\":\"%s\"", g.id) && put(json, "name", g.name) &&
              put(json, "category", g.category) && put(json, "fabric", g.fabric) &&
              put(json, "size", *v.size ? v.size : NULL) &&
              buf_printf(json, ",\"size_chart\":%s,\"meshes\":{", g.size_chart ? g.size_chart : "null");
    json_t *sizes = json_loads(g.sizes, 0, NULL), *path;
    const char *size;
    bool some = false;
    json_object_foreach(sizes, size, path)
    {
        ok = ok && (!some || buf_append(json, ",", 1)) &&
             plane_link(p, json, size, "GET", "garments", json_string_value(path), e);
        some = true;
    }
    json_decref(sizes);
    return ok && db_blob_intend(p->d, a, "avatars", sheet, NULL, v.brand_id, e) && buf_printf(json, "},\"upload\":{") &&
           plane_link(p, json, "sheet.png", "PUT", "avatars", sheet, e) && buf_append(json, "}}", 2);
}

bool preview_accept(const job_plane *p, arena *a, const db_job *j, const json_t *output, db_job_effect *x,
                    db_blob *blobs, err *e)
{
    db_preview v;
    if (!db_preview_of_job(p->d, a, j->id, &v, e)) return false;
    const json_t *told = json_object_get(json_object_get(output, "files"), "sheet.png"),
                 *report = json_object_get(output, "report");
    const char *hash = json_string_value(json_object_get(told, "sha256"));
    if (!json_is_object(report) || !hash) return fail(e, ERR_INPUT, "the preview came without its picture or report");
    buf bytes = buf_new(SHEET_MAX);
    sha256_hex is;
    bool ok = blob_get(p->blobs, "avatars", staging(a, &v, j), &bytes, e);
    if (ok) {
        sha256_text(bytes.data ? (void *)bytes.data : "", bytes.len, is);
        ok = !strcmp(is, hash) || fail(e, ERR_IO, "the picture arrived damaged");
    }
    ok = ok && ((bytes.len > 8 && !memcmp(bytes.data, "\x89PNG\r\n\x1a\n", 8)) ||
                fail(e, ERR_INPUT, "the preview is no PNG"));
    if (ok) {
        // Once only, as other results' (plane.c).
        uuid_text mark;
        uuid_new(mark);
        const char *name = arena_printf(a, "%s/%s/sheet-%.16s-%s.png", v.brand_id, v.garment_id, is, mark);
        blobs[0] =
            (db_blob){ .bucket = "avatars", .path = name, .sha256 = arena_text(a, is), .size = (int64_t)bytes.len };
        ok = db_blob_intend(p->d, a, "avatars", name, NULL, v.brand_id, e) &&
             blob_put(p->blobs, "avatars", name, "image/png", bytes.data, bytes.len, e);
        x->sheet_path = name;
        x->blob_count = 1;
    }
    buf_free(&bytes);
    char *text = ok ? json_dumps(report, JSON_COMPACT) : NULL;
    if (ok && strlen(text) > REPORT_MAX) ok = fail(e, ERR_INPUT, "the preview's report is too long");
    if (ok) x->report = arena_text(a, text);
    mem_free(text);
    return ok;
}

bool preview_doom(const job_plane *p, arena *a, const db_job *j, err *e)
{
    db_preview v;
    if (!db_preview_of_job(p->d, a, j->id, &v, e)) // superseded or deleted: the sweeper finds what was never settled
        return e->code == ERR_NOT_FOUND;
    return db_blob_doom(p->d, a, "avatars", staging(a, &v, j), e);
}
