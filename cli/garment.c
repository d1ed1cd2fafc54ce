#include "base/io.h"
#include "base/label.h"
#include "base/limits.h"
#include "cli/commands.h"
#include "cli/garment.h"
#include "cli/options.h"
#include "base/mem.h"
#include "garment/pattern.h"

#include <stdio.h>
#include <string.h>

static bool read_text(const char *path, buf *out, err *e)
{
    *out = buf_new(MIB);
    return io_read(path, out, e);
}

bool cli_read_garment(const char *folder, garment *g, err *e)
{
    char path[4096];
    buf text;
    if (!io_join(path, sizeof path, folder, "garment.json"))
        return fail(e, ERR_LIMIT, "the path %.80s… is too long", folder);
    bool ok = read_text(path, &text, e) && garment_parse((const char *)text.data, text.len, g, e);
    buf_free(&text);
    return ok;
}

typedef struct {
    const char *category, *chart, *standard, *fabric, *silhouette, *name, *out;
} arguments;

static bool read_chart(const arguments *a, size_chart *chart, err *e)
{
    if (a->standard) {
        bool men = strcmp(a->standard, "men") == 0;
        if (!men && strcmp(a->standard, "women") != 0)
            return fail(e, ERR_INPUT, "--standard is women or men, not \"%s\"", a->standard);
        chart_standard(men, chart);
        return true;
    }
    if (!a->chart) return fail(e, ERR_INPUT, "a size chart is needed: --chart FILE, or --standard women|men");
    buf text;
    bool ok = read_text(a->chart, &text, e) &&
              (chart_parse((const char *)text.data, text.len, chart, e) || fail_within(e, a->chart));
    buf_free(&text);
    return ok;
}

static bool read_fabric(const arguments *a, garment_category c, fabric *out, err *e)
{
    const fabric *preset = a->fabric ? fabric_preset(a->fabric) : garment_usual_fabric(c);
    if (preset) return *out = *preset, true;
    buf text;
    if (!io_exists(a->fabric))
        return fail(e, ERR_INPUT,
                    "--fabric is jersey, rib, shirting, twill, denim, denim_elastane, satin, fleece, wool "
                    "or a JSON file, not \"%.60s\"",
                    a->fabric);
    bool ok = read_text(a->fabric, &text, e) && fabric_parse((const char *)text.data, text.len, out, e);
    buf_free(&text);
    return ok;
}

static bool describe(const arguments *a, garment *g, err *e)
{
    memset(g, 0, sizeof *g);
    if (!a->category || !garment_category_read(a->category, &g->category))
        return fail(e, ERR_INPUT, "--category is tshirt, shirt, dress, skirt, trousers or hoodie");
    g->silhouette = SILHOUETTE_REGULAR;
    int cut = a->silhouette ? -1 : SILHOUETTE_REGULAR;
    for (int i = 0; a->silhouette && i < 3; i++)
        if (strcmp(a->silhouette, garment_silhouette_word[i]) == 0) cut = i;
    if (cut < 0) return fail(e, ERR_INPUT, "--silhouette is slim, regular or loose, not \"%.40s\"", a->silhouette);
    g->silhouette = (garment_silhouette)cut;
    label_copy(g->name, sizeof g->name, a->name ? a->name : garment_category_word[g->category]);
    return read_chart(a, &g->chart, e) && read_fabric(a, g->category, &g->fabric, e);
}

// Every size as pattern_NAME.svg in true size; without a folder they are only tried.
static bool write_patterns(const garment *g, const char *folder, err *e)
{
    bool ok = true;
    pattern *p = mem_new(1, sizeof *p);
    for (int i = 0; ok && i < g->chart.count; i++) {
        char name[64], title[128], path[4096];
        buf svg = buf_new(MIB);
        ok = pattern_draft(g, i, p, e);
        snprintf(name, sizeof name, "pattern_%s.svg", g->chart.size[i].name);
        snprintf(title, sizeof title, "%s, size %s", garment_category_word[g->category], g->chart.size[i].name);
        if (ok && folder)
            ok = (io_join(path, sizeof path, folder, name) && pattern_svg(p, title, &svg)
                      ? true
                      : fail(e, ERR_LIMIT, "the pattern's path is too long")) &&
                 io_write(path, svg.data, svg.len, e);
        buf_free(&svg);
    }
    mem_free(p);
    return ok;
}

static int make(bool import, int argc, char **argv)
{
    arguments a = { 0 };
    const option options[] = {
        { "category", OPTION_TEXT, &a.category, "WORD", "tshirt, shirt, dress, skirt, trousers or hoodie (required)" },
        { "chart", OPTION_TEXT, &a.chart, "FILE", "the size chart, JSON or CSV" },
        { "standard", OPTION_TEXT, &a.standard, "women|men", "a built-in chart of letter sizes instead" },
        { "fabric", OPTION_TEXT, &a.fabric, "NAME|FILE", "a preset, or a JSON file" },
        { "silhouette", OPTION_TEXT, &a.silhouette, "WORD", "slim, regular (default) or loose" },
        { "name", OPTION_TEXT, &a.name, "TEXT", "what the shop calls it" },
        { "out", OPTION_TEXT, &a.out, "DIR", "folder for garment.json and the patterns" },
    };
    const option_table table = { "tryon garment draft --category WORD --chart FILE --out DIR",
                                 "Drafts a garment from its category and size chart: a sewing pattern for each size.",
                                 options,
                                 sizeof options / sizeof *options,
                                 0,
                                 0 };
    const option_table import_table = {
        "tryon garment import SIZE=FILE.glb … --category WORD --chart FILE --out DIR",
        "Takes a brand's own meshes, one GLB a size, worn by an avatar in A-pose standing on y = 0, in metres.\n"
        "Writes garment.json, the meshes and qa.json: what they measure and what is wrong with them.",
        options,
        sizeof options / sizeof *options,
        1,
        CHART_MAX_SIZES
    };
    const char *word[CHART_MAX_SIZES];
    int words;
    err e = { 0 };
    options_outcome outcome = options_parse(import ? &import_table : &table, argc, argv, word, &words, &e);
    if (outcome == OPTIONS_HELP) return 0;
    garment g;
    bool ok = outcome == OPTIONS_OK && (a.out || fail(&e, ERR_INPUT, "say where the garment goes: --out DIR")) &&
              describe(&a, &g, &e);
    if (ok && import)
        ok = cli_import_garment(&g, word, words, a.out, &e);
    else if (ok)
        ok = write_patterns(&g, NULL, &e) && io_make_dirs(a.out, &e) && write_patterns(&g, a.out, &e) &&
             cli_write_garment(&g, a.out, &e);
    return ok ? 0 : cli_fail(&e);
}

bool cli_write_garment(const garment *g, const char *folder, err *e)
{
    char path[4096];
    buf text = buf_new(MIB);
    bool ok = (io_join(path, sizeof path, folder, "garment.json") && garment_print(g, &text)) ||
              fail(e, ERR_LIMIT, "the garment's description is too long");
    ok = ok && io_write(path, text.data, text.len, e);
    buf_free(&text);
    return ok;
}

int cmd_garment(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "draft") == 0) return make(false, argc - 1, argv + 1);
    if (argc > 1 && strcmp(argv[1], "import") == 0) return make(true, argc - 1, argv + 1);
    bool help = argc > 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0);
    fprintf(help ? stdout : stderr, "usage: tryon garment draft|import …   (each explains itself with --help)\n");
    return help ? 0 : 2;
}
