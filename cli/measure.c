#include "avatar/avatar.h"
#include "base/io.h"
#include "base/limits.h"
#include "cli/commands.h"
#include "cli/hmr2.h"
#include "cli/options.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static bool measure(avatar_studio *s, const char *path, double *value, err *e)
{
    struct stat st;
    if (stat(path, &st) != 0) return fail(e, ERR_NOT_FOUND, "there is no %s", path);
    if (!S_ISDIR(st.st_mode)) return avatar_measure_glb(s, path, value, e);
    char params[4096];
    buf bytes = buf_new(16 * MIB);
    bool ok = io_join(params, sizeof params, path, "params.npz")
                  ? io_read(params, &bytes, e)
                  : fail(e, ERR_LIMIT, "the path %.80s… is too long", path);
    ok = ok && (avatar_measure_params(s, bytes.data, bytes.len, value, e) || fail_within(e, params));
    buf_free(&bytes);
    return ok;
}

static void print_json(const double *value)
{
    printf("{\n  \"measurements\": {\n");
    for (int i = 0; i < TAPE_COUNT; i++)
        printf("    \"%s\": {\"value_cm\": %.2f}%s\n", tape_key[i], 100 * value[i], i == TAPE_COUNT - 1 ? "" : ",");
    printf("  }\n}\n");
}

int cmd_measure(int argc, char **argv)
{
    bool json = false;
    const char *given = NULL, *model = NULL, *path = NULL;
    const option options[] = { { "json", OPTION_FLAG, &json, NULL, "print a JSON document" },
                               { "assets", OPTION_TEXT, &given, "DIR", "folder of the models" },
                               { "model", OPTION_TEXT, &model, "DIR",
                                 "what tryon import hmr2 wrote, for an avatar that stands on SMPL" } };
    const option_table table = {
        "tryon measure AVATAR_DIR|avatar.glb [--json]",
        "Lays the tape on an avatar that tryon avatar made: on its parameters (a folder) or on its mesh (a GLB).",
        options,
        3,
        1,
        1
    };
    int words;
    err e = { 0 };
    options_outcome outcome = options_parse(&table, argc, argv, &path, &words, &e);
    if (outcome == OPTIONS_HELP) return 0;
    double value[TAPE_COUNT];
    const char *assets = outcome == OPTIONS_OK ? cli_assets(given, &e) : NULL;
    avatar_studio *s = assets ? avatar_studio_open(assets, 1, &e) : NULL;
    const char *smpl = s ? hmr2_folder(model, assets, &e) : NULL;
    if (smpl) avatar_studio_smpl(s, smpl);
    bool ok = smpl && measure(s, path, value, &e);
    avatar_studio_close(s);
    if (!ok) return cli_fail(&e);
    if (json) print_json(value);
    for (int i = 0; !json && i < TAPE_COUNT; i++) printf("%-26s %8.1f cm\n", tape_name[i], 100 * value[i]);
    return 0;
}
