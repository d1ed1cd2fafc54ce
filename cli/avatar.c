#include "avatar/avatar.h"
#include "base/io.h"
#include "base/limits.h"
#include "base/mem.h"
#include "cli/commands.h"
#include "cli/hmr2.h"
#include "cli/options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct {
    double height_cm, weight_kg, age, threads, person;
    const char *sex, *side, *estimator, *model, *device, *out, *assets;
    option_list tape;
    bool json;
} arguments;

static bool read_sex(const char *word, body_sex *sex, err *e)
{
    *sex = SEX_NEUTRAL;
    if (!word) return true;
    for (int i = 0; i < 2; i++)
        if (strcmp(word, body_sex_word((body_sex)i)) == 0) return *sex = (body_sex)i, true;
    return fail(e, ERR_INPUT, "--sex is female or male, not \"%s\"; leave it out when neither fits", word);
}

static bool read_tape(const option_list *list, double *given, err *e)
{
    for (int i = 0; i < list->count; i++) {
        const char *equals = strchr(list->item[i], '=');
        char key[64], *end;
        snprintf(key, sizeof key, "%.*s", equals ? (int)(equals - list->item[i]) : 0, list->item[i]);
        int k = tape_find(key);
        double cm = equals ? strtod(equals + 1, &end) : 0;
        if (k < 0 || end == equals + 1 || *end || cm <= 0) {
            return fail(e, ERR_INPUT, "--tape takes a measurement and centimetres, such as chest_girth=94, not \"%s\"",
                        list->item[i]);
        }
        given[k] = cm / 100;
    }
    return true;
}

static bool read_photo(const char *path, buf *bytes, err *e)
{
    *bytes = buf_new(LIMIT_IMAGE_BYTES);
    if (!path) return true;
    if (!io_read(path, bytes, e)) return false;
    return bytes->len > 0 || fail(e, ERR_INPUT, "the photo %s is an empty file", path);
}

static bool write_file(const char *folder, const char *name, const buf *b, err *e)
{
    char path[4096];
    if (!io_join(path, sizeof path, folder, name)) return fail(e, ERR_LIMIT, "the path %.80s… is too long", folder);
    return io_write(path, b->data, b->len, e);
}

static void print_table(const avatar_files *f, const char *out)
{
    const estimate_result *r = &f->estimate;
    printf("%-26s %8s   %-16s %s\n", "", "cm", "90 % range", "from");
    for (int i = 0; i < TAPE_COUNT; i++) {
        printf("%-26s %8.1f   %6.1f - %-7.1f %s\n", tape_name[i], 100 * r->value[i], 100 * r->lo[i], 100 * r->hi[i],
               estimate_source_word(r->source[i]));
    }
    for (unsigned bit = 1; bit; bit <<= 1) {
        const char *word = r->verdict & bit ? capture_verdict_word(bit) : NULL;
        if (word) printf("noticed: %s (the ranges allow for it)\n", word);
    }
    printf("wrote %s/avatar.glb, avatar.web.glb, params.npz, measurements.json, preview.png\n", out);
}

// HMR2.0 at work for one avatar.
typedef struct {
    hmr2 *network;
    hmr2_finder *finder;
    hmr2_wish wish;
    hmr2_sight sight;
    avatar_sight seen;
} second_opinion;

static bool ask_hmr2(const arguments *a, const char *folder, const char *assets, int threads, const char *photo,
                     second_opinion *o, err *e)
{
    bool cuda = a->device && strcmp(a->device, "cuda") == 0;
    o->network = hmr2_open(&(hmr2_options){ folder, threads, cuda }, e);
    if (!o->network) return fail_within(e, "import HMR2.0 first (tryon import hmr2 --help)");
    o->wish.finder = o->finder = hmr2_finder_open(assets, threads, e);
    if (!o->finder || !hmr2_look(o->network, &o->wish, photo, &o->sight, e)) return false;
    int i = o->wish.person;
    o->seen = (avatar_sight){ .person = &o->sight.person[i], .width = o->sight.width, .height = o->sight.height };
    memcpy(o->seen.box, o->sight.box[i], sizeof o->seen.box);
    return true;
}

// The avatar stands on the imported body where a tape can be laid on it, and on the built-in one where not.
static bool stand_on_smpl(avatar_studio *s, const char *folder, const second_opinion *o, avatar_request *q, err *e)
{
    err why = { 0 };
    avatar_studio_smpl(s, folder);
    if (avatar_smpl_stands(s, o->seen.person->beta_count, q->sex, &why))
        q->seen = &o->seen;
    else if (why.code != ERR_INPUT)
        return *e = why, false;
    else
        fprintf(stderr, "tryon: %s; avatar.glb and measurements.json are of the built-in body\n", why.msg);
    return true;
}

static bool write_avatar(const char *out, const avatar_files *f, err *e)
{
    return io_make_dirs(out, e) && write_file(out, "avatar.glb", &f->glb, e) &&
           write_file(out, "avatar.web.glb", &f->web_glb, e) && write_file(out, "params.npz", &f->params, e) &&
           write_file(out, "preview.png", &f->preview, e) && write_file(out, "measurements.json", &f->measurements, e);
}

static bool check(const arguments *a, const char *photo, avatar_request *q, bool *hmr2_too, err *e)
{
    *hmr2_too = a->estimator && strcmp(a->estimator, "hmr2") == 0;
    if (a->estimator && !*hmr2_too && strcmp(a->estimator, "fit") != 0)
        return fail(e, ERR_INPUT, "there is no estimator \"%s\"; there are fit and hmr2", a->estimator);
    if (*hmr2_too && !photo) return fail(e, ERR_INPUT, "the estimator hmr2 needs a photo");
    if (!*hmr2_too && (a->person != 0 || a->device || a->model))
        return fail(e, ERR_INPUT, "--person, --device and --model go with --estimator hmr2");
    if (!(a->person >= 0 && a->person < HMR2_PEOPLE_MAX))
        return fail(e, ERR_INPUT, "--person counts from 0 to %d", HMR2_PEOPLE_MAX - 1);
    if (a->device && strcmp(a->device, "cuda") != 0 && strcmp(a->device, "cpu") != 0)
        return fail(e, ERR_INPUT, "--device is cpu or cuda, not \"%s\"", a->device);
    if (!a->out) return fail(e, ERR_INPUT, "say where the avatar goes: --out DIR");
    if (a->height_cm == 0) return fail(e, ERR_INPUT, "the height is needed: --height CM");
    return read_sex(a->sex, &q->sex, e) && read_tape(&a->tape, q->tape, e) &&
           estimate_check_answers(&q->answers, q->tape, e);
}

static bool run(const arguments *a, const char *photo, err *e)
{
    avatar_request q = { .answers = { a->height_cm / 100, a->weight_kg, a->age } };
    bool hmr2_too;
    if (!check(a, photo, &q, &hmr2_too, e)) return false;
    const char *assets = cli_assets(a->assets, e);
    const char *folder = assets ? hmr2_folder(a->model, assets, e) : NULL;
    if (!folder) return false;

    buf front, side = { 0 };
    avatar_files files = { 0 };
    bool ok = read_photo(photo, &front, e) && read_photo(a->side, &side, e), made = false;
    if (photo) q.front = front.data, q.front_bytes = front.len;
    if (a->side) q.side = side.data, q.side_bytes = side.len;
    int threads = a->threads > 0 ? (int)a->threads : (int)sysconf(_SC_NPROCESSORS_ONLN);
    second_opinion *o = mem_new(1, sizeof *o);
    o->wish = (hmr2_wish){ .height = q.answers.height, .person = (int)a->person };
    ok = ok && (!hmr2_too || ask_hmr2(a, folder, assets, threads, photo, o, e));
    avatar_studio *studio = ok ? avatar_studio_open(assets, threads, e) : NULL;
    ok = studio && (!hmr2_too || stand_on_smpl(studio, folder, o, &q, e));
    ok = made = ok && avatar_make(studio, &q, &files, e);
    // Only now, when all is well, does the folder come into being.
    ok = ok && write_avatar(a->out, &files, e) &&
         (!hmr2_too || hmr2_write_people(o->network, &o->wish, &o->sight, a->out, e));
    if (ok && a->json)
        ok = cli_print(files.measurements.data, files.measurements.len, e);
    else if (ok)
        print_table(&files, a->out);
    if (ok && q.seen && !files.estimate.hinted)
        fprintf(stderr, "tryon: what HMR2.0 sees does not lie on the person in the photo; it was not listened to\n");
    if (made) avatar_files_free(&files);
    avatar_studio_close(studio);
    hmr2_sight_free(&o->sight);
    hmr2_finder_close(o->finder);
    hmr2_close(o->network);
    mem_free(o);
    buf_free(&front);
    buf_free(&side);
    return ok;
}

int cmd_avatar(int argc, char **argv)
{
    arguments a = { 0 };
    const option options[] = {
        { "height", OPTION_NUMBER, &a.height_cm, "CM", "stated height (required)" },
        { "weight", OPTION_NUMBER, &a.weight_kg, "KG", "the cheapest way to better girths" },
        { "sex", OPTION_TEXT, &a.sex, "female|male", "leave out when neither fits" },
        { "age", OPTION_NUMBER, &a.age, "YEARS", "16 to 100" },
        { "side", OPTION_TEXT, &a.side, "PHOTO", "a second photo, from the side" },
        { "tape", OPTION_LIST, &a.tape, "NAME=CM",
          "a measurement taken with a tape, such as chest_girth=94; again for more" },
        { "estimator", OPTION_TEXT, &a.estimator, "fit|hmr2",
          "hmr2: on the imported SMPL body, with what HMR2.0 says of the photo, which is also written as it is: "
          "body_personN_params.npz of everyone and body_personN_neutral.glb" },
        { "model", OPTION_TEXT, &a.model, "DIR", "what tryon import hmr2 wrote (default: hmr2 in the assets)" },
        { "person", OPTION_NUMBER, &a.person, "N", "whose avatar: 0 is large and near the middle (hmr2)" },
        { "device", OPTION_TEXT, &a.device, "cpu|cuda", "where HMR2.0 runs (default: cpu)" },
        { "out", OPTION_TEXT, &a.out, "DIR",
          "folder for avatar.glb, avatar.web.glb, params.npz, measurements.json, preview.png" },
        { "assets", OPTION_TEXT, &a.assets, "DIR",
          "folder of the models (else $TRYON_ASSETS, else beside the program)" },
        { "threads", OPTION_NUMBER, &a.threads, "N", "for the networks; the result does not depend on it" },
        { "json", OPTION_FLAG, &a.json, NULL, "print measurements.json instead of a table" },
    };
    const option_table table = {
        "tryon avatar [PHOTO] --height CM [--weight KG] [--sex female|male] [--age Y] --out DIR",
        "Makes an avatar: a rigged GLB in A-pose with 21 tape measurements and their 90 % ranges. Without a\n"
        "photo the body follows from the answers; a photo makes it more exact. PHOTO is a JPEG, PNG, WebP or\n"
        "HEIC of one person standing, head to feet, arms a little away from the body, in close-fitting clothes.",
        options,
        sizeof options / sizeof *options,
        0,
        1
    };
    const char *word[1] = { NULL };
    int words;
    err e = { 0 };
    options_outcome outcome = options_parse(&table, argc, argv, word, &words, &e);
    if (outcome == OPTIONS_HELP) return 0;
    if (outcome == OPTIONS_WRONG || !run(&a, word[0], &e)) return cli_fail(&e);
    return 0;
}
