#include "cli/commands.h"
#include "cli/garment.h"
#include "cli/hmr2.h"
#include "cli/options.h"
#include "base/limits.h"
#include "garment/wearer.h"

#include <stdio.h>

static void print_table(const garment *g, const fit_result *r)
{
    for (int i = 0; i < r->count; i++) {
        const fit_size *s = &r->size[i];
        char sentence[128];
        fit_sentence(s, sentence, sizeof sentence);
        printf("%c %-8s %3.0f in 100   %-12s %s\n", i == r->recommended ? '>' : ' ', g->chart.size[i].name,
               100 * s->probability, fit_class_word[s->verdict], sentence);
    }
    if (r->recommended < 0)
        printf("none of the sizes fits\n");
    else if (r->between)
        printf("%s, between it and %s\n", g->chart.size[r->recommended].name, g->chart.size[r->runner_up].name);
}

int cmd_fit(int argc, char **argv)
{
    bool json = false;
    const char *avatar = NULL, *folder = NULL, *preference = NULL, *given = NULL, *model = NULL;
    const option options[] = { { "avatar", OPTION_TEXT, &avatar, "DIR", "an avatar's folder (required)" },
                               { "garment", OPTION_TEXT, &folder, "DIR", "a garment's folder (required)" },
                               { "prefer", OPTION_TEXT, &preference, "WORD", "snug, regular (default) or loose" },
                               { "json", OPTION_FLAG, &json, NULL, "print fit.json" },
                               { "assets", OPTION_TEXT, &given, "DIR", "folder of the models" },
                               { "model", OPTION_TEXT, &model, "DIR",
                                 "what tryon import hmr2 wrote, for an avatar that stands on SMPL" } };
    const option_table table = { "tryon fit --avatar DIR --garment DIR [--prefer WORD] [--json]",
                                 "Judges every size of a garment on an avatar and recommends one, or none.",
                                 options,
                                 sizeof options / sizeof *options,
                                 0,
                                 0 };
    int words;
    err e = { 0 };
    options_outcome outcome = options_parse(&table, argc, argv, NULL, &words, &e);
    if (outcome == OPTIONS_HELP) return 0;
    static garment g;
    static fit_result r;
    wearer w = { 0 };
    fit_preference p = PREFER_REGULAR;
    bool ok = outcome == OPTIONS_OK;
    if (ok && (!avatar || !folder)) ok = fail(&e, ERR_INPUT, "something is missing: %s", table.usage);
    if (ok && preference && !fit_preference_read(preference, &p))
        ok = fail(&e, ERR_INPUT, "--prefer is snug, regular or loose, not \"%.40s\"", preference);
    const char *assets = ok ? cli_assets(given, &e) : NULL;
    const char *smpl = assets ? hmr2_folder(model, assets, &e) : NULL;
    ok = smpl && cli_read_garment(folder, &g, &e) && wearer_open(avatar, assets, smpl, &w, &e);
    buf text = buf_new(MIB);
    if (ok) {
        fit_judge(&g, &w.fit, p, &r);
        if (!json) print_table(&g, &r);
        ok = !json || fit_print(&g, &r, p, NULL, false, &text) || fail(&e, ERR_LIMIT, "the verdict is too long");
        if (json && ok) ok = cli_print(text.data, text.len, &e);
    }
    buf_free(&text);
    wearer_close(&w);
    return ok ? 0 : cli_fail(&e);
}
