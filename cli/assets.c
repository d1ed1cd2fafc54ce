#include "base/io.h"
#include "cli/commands.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char found[PATH_MAX];

static bool holds_body(const char *folder)
{
    char path[PATH_MAX];
    return io_join(path, sizeof path, folder, "open_body.safetensors") && io_exists(path);
}

static bool holds_pages(const char *folder)
{
    char path[PATH_MAX];
    return io_join(path, sizeof path, folder, "embed/index.html") && io_exists(path);
}

static bool beside_program(const char *relative, bool (*good)(const char *folder), char out[PATH_MAX])
{
    char self[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    if (n <= 0) return false;
    self[n] = 0;
    char *slash = strrchr(self, '/');
    if (!slash) return false;
    *slash = 0;
    char joined[PATH_MAX];
    if (!io_join(joined, sizeof joined, self, relative)) return false;
    return realpath(joined, out) && good(out);
}

const char *cli_assets(const char *given, err *e)
{
    if (!given) given = getenv("TRYON_ASSETS");
    if (given) {
        if (holds_body(given)) return given;
        fail(e, ERR_NOT_FOUND, "there is no open_body.safetensors in %s: run script/build, or name another folder",
             given);
        return NULL;
    }
    if (beside_program("../assets", holds_body, found) || beside_program("../share/tryon", holds_body, found))
        return found;
    if (holds_body("/usr/share/tryon")) return "/usr/share/tryon";
    fail(e, ERR_NOT_FOUND, "the models are missing: run script/build, or name their folder with --assets");
    return NULL;
}

const char *cli_web(void)
{
    static char pages[PATH_MAX];
    if (beside_program("../web", holds_pages, pages) || beside_program("../share/tryon/web", holds_pages, pages))
        return pages;
    return holds_pages("/usr/share/tryon/web") ? "/usr/share/tryon/web" : NULL;
}
