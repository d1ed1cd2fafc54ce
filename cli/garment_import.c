#include "base/io.h"
#include "base/limits.h"
#include "base/mem.h"
#include "cli/commands.h"
#include "cli/garment.h"
#include "garment/import.h"

#include <stdio.h>
#include <string.h>

// "M=dress.glb", or a file whose name ends in the size: dress_M.glb, dress-M.glb, M.glb. -1: no size of the chart.
static int size_of(const garment *g, const char *word, const char **path)
{
    const char *equals = strchr(word, '='), *slash = strrchr(word, '/'), *name = slash ? slash + 1 : word;
    size_t n = strlen(name);
    *path = equals ? equals + 1 : word;
    for (int i = 0; i < g->chart.count; i++) {
        const char *size = g->chart.size[i].name;
        size_t m = strlen(size);
        if (equals) {
            if ((size_t)(equals - word) == m && memcmp(word, size, m) == 0) return i;
        } else if (n >= m + 4 && strcmp(name + n - 4, ".glb") == 0 && memcmp(name + n - 4 - m, size, m) == 0 &&
                   (n == m + 4 || strchr("_- .", name[n - 5 - m]))) {
            return i;
        }
    }
    return -1;
}

static bool read_all(const garment *g, const char *const *word, int words, buf *bytes, imported *mesh,
                     import_report *report, err *e)
{
    for (int k = 0; k < words; k++) {
        const char *path;
        int i = size_of(g, word[k], &path);
        if (i < 0)
            return fail(e, ERR_INPUT, "which size is %.80s? Name it as in the chart: SIZE=FILE, or FILE_SIZE.glb",
                        word[k]);
        if (bytes[i].len) return fail(e, ERR_INPUT, "two files for size \"%s\"", g->chart.size[i].name);
        bytes[i] = buf_new(LIMIT_GLB_BYTES);
        if (!io_read(path, &bytes[i], e)) return false;
        if (!import_read(bytes[i].data, bytes[i].len, &mesh[i], &report[i], e)) return fail_within(e, path);
    }
    for (int i = 0; i < g->chart.count; i++)
        if (bytes[i].len == 0)
            return fail(e, ERR_INPUT, "there is no file for size \"%s\" of the chart", g->chart.size[i].name);
    return true;
}

static bool write_all(const garment *g, const buf *bytes, const import_report *report, const imported *mesh,
                      const char *folder, err *e)
{
    char path[4096], name[64];
    buf qa = buf_new(MIB);
    bool ok = io_make_dirs(folder, e) && cli_write_garment(g, folder, e);
    for (int i = 0; ok && i < g->chart.count; i++) {
        snprintf(name, sizeof name, "mesh_%s.glb", g->chart.size[i].name);
        ok = (io_join(path, sizeof path, folder, name) || fail(e, ERR_LIMIT, "the path %.80s… is too long", folder)) &&
             io_write(path, bytes[i].data, bytes[i].len, e);
    }
    bool printed = buf_printf(&qa, "{\"findings\": ") && import_findings(g, report, mesh, &qa) &&
                   buf_printf(&qa, ",\n \"sizes\": {");
    for (int i = 0; printed && i < g->chart.count; i++) {
        const import_report *r = &report[i];
        printed = buf_printf(&qa,
                             "%s\n  \"%s\": {\"vertices\": %u, \"triangles\": %u, \"welded\": %u, \"open_edges\": %u, "
                             "\"crowded_edges\": %u, \"pieces\": %u, \"height_cm\": %.1f, \"edge_mm\": %.1f, "
                             "\"chest_cm\": %.1f, \"hem_cm\": %.1f, \"rest_source\": \"mesh\"}",
                             i ? "," : "", g->chart.size[i].name, r->vertices, r->triangles, r->welded, r->open_edges,
                             r->crowded_edges, r->pieces, 100 * r->height, 1000 * r->edge, r->chest, r->hem);
    }
    printed = printed && buf_printf(&qa, "}}\n");
    ok = ok && (printed || fail(e, ERR_LIMIT, "the report is too long")) &&
         io_join(path, sizeof path, folder, "qa.json") && io_write(path, qa.data, qa.len, e);
    ok = ok && cli_print(qa.data, qa.len, e);
    buf_free(&qa);
    return ok;
}

bool cli_import_garment(garment *g, const char *const *word, int words, const char *folder, err *e)
{
    buf *bytes = mem_array(buf, CHART_MAX_SIZES);
    imported *mesh = mem_array(imported, CHART_MAX_SIZES);
    import_report *report = mem_array(import_report, CHART_MAX_SIZES);
    g->imported = true;
    bool ok = read_all(g, word, words, bytes, mesh, report, e) && write_all(g, bytes, report, mesh, folder, e);
    for (int i = 0; i < CHART_MAX_SIZES; i++) {
        buf_free(&bytes[i]);
        imported_free(&mesh[i]);
    }
    mem_free(bytes);
    mem_free(mesh);
    mem_free(report);
    return ok;
}

bool cli_read_mesh(const char *folder, const garment *g, int size, imported *out, err *e)
{
    char path[4096], name[64];
    import_report report;
    buf bytes = buf_new(LIMIT_GLB_BYTES);
    snprintf(name, sizeof name, "mesh_%s.glb", g->chart.size[size].name);
    bool ok = (io_join(path, sizeof path, folder, name) || fail(e, ERR_LIMIT, "the path %.80s… is too long", folder)) &&
              io_read(path, &bytes, e) && import_read(bytes.data, bytes.len, out, &report, e);
    buf_free(&bytes);
    return ok;
}
