#include "arrays/npz.h"
#include "base/io.h"
#include "base/limits.h"
#include "base/mem.h"
#include "cli/commands.h"
#include "cli/hmr2.h"
#include "cli/options.h"
#include "hmr2/files.h"
#include "image/decode.h"

#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct {
    const char *model, *bbox, *raw, *out, *device, *assets;
    double threads, person, height;
} arguments;

static bool read_box(const char *text, double box[4], err *e)
{
    char *end;
    bool ok = true;
    for (int i = 0; ok && i < 4; i++, text = end + 1) {
        box[i] = strtod(text, &end);
        ok = end > text && *end == (i < 3 ? ',' : 0) && fabs(box[i]) < 1e6;
    }
    ok = ok && box[2] - box[0] >= 1 && box[3] - box[1] >= 1;
    return ok || fail(e, ERR_INPUT, "--bbox takes x0,y0,x1,y1 in pixels, x0 < x1 and y0 < y1");
}

static npz_array floats(const char *name, const void *data, int dims, size_t a, size_t b, size_t c)
{
    npz_array out = { .type = NPZ_F32, .dims = dims, .dim = { a, b, c }, .data = data, .count = a * b * c };
    snprintf(out.name, sizeof out.name, "%s", name);
    return out;
}

static bool write_raw(const char *path, const hmr2 *h, const hmr2_person *p, const double box[4], const float *patch,
                      const float *features, err *e)
{
    size_t n = hmr2_body(h)->vertices, channels = (size_t)hmr2_channels(h);
    vec3 *vertices = mem_array(vec3, n), joints[BODY_JOINTS];
    hmr2_pose_body(h, p, vertices, joints);
    float corners[4];
    for (int i = 0; i < 4; i++) corners[i] = (float)box[i];
    npz_array arrays[] = {
        floats("bbox", corners, 1, 4, 1, 1),
        floats("patch", patch, 3, 3, HMR2_SIDE, HMR2_SIDE),
        floats("features", features, 3, channels, 16, 12),
        floats("rotmats", p->rotation, 3, BODY_JOINTS, 3, 3),
        floats("betas", p->betas, 1, (size_t)p->beta_count, 1, 1),
        floats("cam", p->camera, 1, 3, 1, 1),
        { .name = "cam_t_full", .type = NPZ_F64, .dims = 1, .dim = { 3 }, .data = p->translation, .count = 3 },
        floats("vertices", vertices, 2, n, 3, 1),
        floats("joints", joints, 2, BODY_JOINTS, 3, 1),
    };
    buf out = buf_new(LIMIT_NPZ_BYTES);
    bool ok = npz_write(arrays, (int)(sizeof arrays / sizeof *arrays), &out, e) && io_write(path, out.data, out.len, e);
    buf_free(&out);
    mem_free(vertices);
    return ok;
}

static bool write_file(const char *folder, int person, const char *what, const buf *b, err *e)
{
    char name[64], path[1024];
    snprintf(name, sizeof name, "body_person%d_%s", person, what);
    if (!io_join(path, sizeof path, folder, name)) return fail(e, ERR_LIMIT, "the path %.80s… is too long", folder);
    return io_write(path, b->data, b->len, e);
}

bool hmr2_write_people(const hmr2 *h, const hmr2_wish *w, const hmr2_sight *s, const char *folder, err *e)
{
    bool ok = true;
    for (int i = 0; ok && i < s->count; i++) {
        buf params = buf_new(MIB), glb = buf_new(LIMIT_GLB_BYTES);
        const hmr2_person *p = &s->person[i];
        ok = hmr2_params(h, p, s->box[i], w->height, &params, e) && write_file(folder, i, "params.npz", &params, e);
        if (ok && i == w->person)
            ok = hmr2_neutral_glb(h, p, w->height, &glb, e) && write_file(folder, i, "neutral.glb", &glb, e);
        buf_free(&params);
        buf_free(&glb);
    }
    return ok;
}

static bool look(hmr2 *h, const hmr2_wish *w, const image *photo, hmr2_sight *s, err *e)
{
    s->count = 1;
    s->width = photo->width, s->height = photo->height;
    if (w->box)
        memcpy(s->box[0], w->box, sizeof s->box[0]);
    else if (!hmr2_find_people(w->finder, photo, s->box, &s->count, e))
        return false;
    if (w->person >= s->count) {
        return fail(e, ERR_INPUT, "there is no person %d: %d were found, counted from 0", w->person, s->count);
    }
    s->patch = mem_array(float, (size_t)3 * HMR2_SIDE * HMR2_SIDE);
    s->features = mem_array(float, (size_t)hmr2_channels(h) * HMR2_TOKENS);
    bool ok = true;
    for (int i = 0; ok && i < s->count; i++) {
        bool wished = i == w->person;
        if (w->only && !wished) continue;
        ok = hmr2_see(h, photo, s->box[i], &s->person[i], wished ? s->patch : NULL, wished ? s->features : NULL, e);
    }
    return ok;
}

bool hmr2_look(hmr2 *h, const hmr2_wish *w, const char *photo_path, hmr2_sight *out, err *e)
{
    image photo = { 0 };
    memset(out, 0, sizeof *out);
    bool ok = image_load(photo_path, 0, &photo, NULL, e) && (look(h, w, &photo, out, e) || fail_within(e, photo_path));
    image_free(&photo);
    if (!ok) hmr2_sight_free(out);
    return ok;
}

void hmr2_sight_free(hmr2_sight *s)
{
    mem_free(s->patch);
    mem_free(s->features);
    s->patch = s->features = NULL;
}

const char *hmr2_folder(const char *given, const char *assets, err *e)
{
    static char own[4096];
    if (given) return given;
    return io_join(own, sizeof own, assets, "hmr2") ? own : (fail(e, ERR_LIMIT, "the assets' path is too long"), NULL);
}

// One picture into a folder (NULL: none), and its raw output.
static bool run_picture(hmr2 *h, const hmr2_wish *w, const char *photo, const char *folder, err *e)
{
    hmr2_sight s;
    if (!hmr2_look(h, w, photo, &s, e)) return false;
    bool ok = !folder || (io_make_dirs(folder, e) && hmr2_write_people(h, w, &s, folder, e));
    ok = ok && (!w->raw || write_raw(w->raw, h, &s.person[w->person], s.box[w->person], s.patch, s.features, e));
    hmr2_sight_free(&s);
    return ok;
}

static bool is_picture(const char *name)
{
    const char *dot = strrchr(name, '.');
    return dot && (strcasecmp(dot, ".jpg") == 0 || strcasecmp(dot, ".jpeg") == 0 || strcasecmp(dot, ".png") == 0 ||
                   strcasecmp(dot, ".webp") == 0);
}

static int by_name(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

// The folder's pictures by name, owned.
static char **list_pictures(const char *folder, size_t *count, err *e)
{
    DIR *dir = opendir(folder);
    char **name = NULL;
    *count = 0;
    if (!dir) return fail(e, ERR_IO, "the folder %s cannot be read", folder), NULL;
    for (struct dirent *d; (d = readdir(dir));) {
        if (!is_picture(d->d_name)) continue;
        name = mem_grow(name, *count + 1, sizeof *name);
        name[(*count)++] = mem_strdup(d->d_name);
    }
    closedir(dir);
    if (name) qsort(name, *count, sizeof *name, by_name);
    if (!name) fail(e, ERR_INPUT, "the folder %s holds no JPEG, PNG or WebP picture", folder);
    return name;
}

// A picture's folder appears under its name when all of it is there.
static bool run_frame(hmr2 *h, const hmr2_wish *w, const char *from, const char *to, const char *name, bool *known,
                      err *e)
{
    char photo[1024], folder[1024], part[1024];
    if (!io_join(photo, sizeof photo, from, name) || !io_join(folder, sizeof folder, to, name) ||
        snprintf(part, sizeof part, "%s.part", folder) >= (int)sizeof part) {
        return fail(e, ERR_LIMIT, "the path of %.80s is too long", name);
    }
    *known = io_exists(folder);
    if (*known) return true;
    if (!run_picture(h, w, photo, part, e)) return false;
    return rename(part, folder) == 0 || fail(e, ERR_IO, "%s cannot be renamed to %s", part, name);
}

// Every picture of a folder, in the order of names, each into a folder of its own. One without a person is said and
// passed over; a disk that is full ends it. What an earlier run finished stays and is not done again.
static bool run_folder(hmr2 *h, const hmr2_wish *w, const char *from, const char *to, err *e)
{
    size_t count, done = 0, earlier = 0;
    char **name = list_pictures(from, &count, e);
    if (!name) return false;
    bool ok = true;
    for (size_t i = 0; i < count; i++) {
        err why = { 0 };
        bool known = false, good = ok && run_frame(h, w, from, to, name[i], &known, &why);
        done += good;
        earlier += good && known;
        if (ok && !good && (why.code == ERR_INPUT || why.code == ERR_LIMIT))
            fprintf(stderr, "tryon: %s\n", why.msg);
        else if (ok && !good)
            ok = (*e = why, false);
        mem_free(name[i]);
    }
    mem_free(name);
    if (earlier) fprintf(stderr, "%zu were done by an earlier run into %s\n", earlier, to);
    fprintf(stderr, "%zu of %zu pictures\n", done, count);
    return ok && (done > 0 || fail(e, ERR_INPUT, "no picture in %s shows a person", from));
}

static bool run(const arguments *a, const char *input, err *e)
{
    double box[4];
    struct stat st;
    bool cuda = a->device && strcmp(a->device, "cuda") == 0;
    if (!a->model || (!a->raw && !a->out)) {
        return fail(e, ERR_INPUT, "both are needed: --model DIR, and --raw OUT.npz or --out DIR");
    }
    if (a->device && !cuda && strcmp(a->device, "cpu") != 0) {
        return fail(e, ERR_INPUT, "--device is cpu or cuda, not \"%s\"", a->device);
    }
    if (a->height != 0 && !(a->height >= 50 && a->height <= 250)) {
        return fail(e, ERR_INPUT, "--height is in centimetres, 50 to 250");
    }
    if (!(a->person >= 0 && a->person < HMR2_PEOPLE_MAX)) {
        return fail(e, ERR_INPUT, "--person counts from 0 to %d", HMR2_PEOPLE_MAX - 1);
    }
    bool folder = stat(input, &st) == 0 && S_ISDIR(st.st_mode);
    if (folder && (a->raw || a->bbox || !a->out)) {
        return fail(e, ERR_INPUT, "a folder of pictures takes --out DIR, and neither --raw nor --bbox");
    }
    if (a->bbox && !read_box(a->bbox, box, e)) return false;
    int threads = a->threads > 0 ? (int)a->threads : (int)sysconf(_SC_NPROCESSORS_ONLN);
    hmr2_wish w = {
        .box = a->bbox ? box : NULL, .height = a->height / 100, .person = (int)a->person, .raw = a->raw, .only = !a->out
    };
    const char *assets = a->bbox ? "" : cli_assets(a->assets, e);
    if (!assets) return false;
    hmr2 *h = hmr2_open(&(hmr2_options){ a->model, threads, cuda }, e);
    hmr2_finder *finder = h && !a->bbox ? hmr2_finder_open(assets, threads, e) : NULL;
    w.finder = finder;
    bool ok = h && (finder || a->bbox);
    if (ok) ok = folder ? run_folder(h, &w, input, a->out, e) : run_picture(h, &w, input, a->out, e);
    hmr2_finder_close(finder);
    hmr2_close(h);
    return ok;
}

int cmd_hmr2(int argc, char **argv)
{
    arguments a = { 0 };
    const char *word[1] = { NULL };
    const option options[] = {
        { "model", OPTION_TEXT, &a.model, "DIR", "what tryon import hmr2 wrote" },
        { "bbox", OPTION_TEXT, &a.bbox, "x0,y0,x1,y1", "where the person is, in pixels (default: found by itself)" },
        { "raw", OPTION_TEXT, &a.raw, "OUT.npz",
          "bbox, patch, features, rotmats, betas, cam, cam_t_full, vertices, joints" },
        { "out", OPTION_TEXT, &a.out, "DIR",
          "body_personN_params.npz of everyone, body_personN_neutral.glb of the chosen one" },
        { "person", OPTION_NUMBER, &a.person, "N", "who: 0 is large and near the middle (default)" },
        { "height", OPTION_NUMBER, &a.height, "CM", "scales the avatar; a photo tells no size" },
        { "device", OPTION_TEXT, &a.device, "cpu|cuda", "where the network runs (default: cpu)" },
        { "threads", OPTION_NUMBER, &a.threads, "N", "default: one per processor" },
        { "assets", OPTION_TEXT, &a.assets, "DIR", "the folder of models" },
    };
    const option_table table = {
        "tryon hmr2 IMAGE|FOLDER --model DIR [--bbox x0,y0,x1,y1] [--raw OUT.npz] [--out DIR]",
        "What HMR2.0 and SMPL say of the people in a picture, or in every picture of a folder, as the\nofficial code "
        "does.",
        options,
        (int)(sizeof options / sizeof *options),
        1,
        1
    };
    int words;
    err e = { 0 };
    options_outcome outcome = options_parse(&table, argc, argv, word, &words, &e);
    if (outcome == OPTIONS_HELP) return 0;
    if (outcome == OPTIONS_WRONG || !run(&a, word[0], &e)) return cli_fail(&e);
    return 0;
}
