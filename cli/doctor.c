#include "base/io.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "nn/session.h"

#include <linux/landlock.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <unistd.h>

static int missing;

static void say(bool good, bool needed, const char *what, const char *detail)
{
    printf("%-9s %-34s %s\n", good ? "ok" : needed ? "MISSING" : "absent", what, detail);
    missing += !good && needed;
}

static void check_network(const char *assets, const char *name, bool needed)
{
    char path[4096];
    err e = { 0 };
    nn_session *s = io_join(path, sizeof path, assets, name) && io_exists(path) ? nn_open(path, 1, &e) : NULL;
    say(s != NULL, needed, name, s ? "opens" : e.msg[0] ? e.msg : "not there: run script/build");
    nn_close(s);
}

int cmd_doctor(int argc, char **argv)
{
    const char *given = NULL, *none[1];
    bool production = false;
    const option options[] = { { "assets", OPTION_TEXT, &given, "DIR", "folder of the models" },
                               { "production", OPTION_FLAG, &production, NULL,
                                 "also what only matters when strangers send photos" } };
    const option_table table = {
        "tryon doctor [--production]",
        "Says what is installed, missing or unsafe on this machine. Exit status 1 when something needed is missing.",
        options,
        2,
        0,
        0
    };
    int words;
    err e = { 0 };
    options_outcome outcome = options_parse(&table, argc, argv, none, &words, &e);
    if (outcome == OPTIONS_HELP) return 0;
    if (outcome == OPTIONS_WRONG) return cli_fail(&e);
    missing = 0;
    const char *assets = cli_assets(given, &e);
    say(assets != NULL, true, "models", assets ? assets : e.msg);
    if (assets) {
        check_network(assets, "pose_detection.onnx", true);
        check_network(assets, "pose_landmark_heavy.onnx", true);
    }
    struct sysinfo info;
    char text[96] = "unknown";
    bool known = sysinfo(&info) == 0;
    if (known)
        snprintf(text, sizeof text, "%lu MB; an avatar takes up to 600", info.totalram / 1048576 * info.mem_unit);
    say(known && info.totalram / 1048576 * info.mem_unit > 1000, true, "memory", text);
    snprintf(text, sizeof text, "%ld", sysconf(_SC_NPROCESSORS_ONLN));
    say(true, true, "processors", text);
    bool seccomp = prctl(PR_GET_SECCOMP, 0, 0, 0, 0) >= 0;
    say(seccomp, true, "seccomp",
        seccomp ? "photos are decoded in a locked process"
                : "the kernel has no seccomp: photos cannot be decoded safely");
    long landlock = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    say(landlock > 0, false, "Landlock",
        landlock > 0 ? "a second lock on that process" : "the kernel lacks it; seccomp alone locks the decoder");
    if (production)
        say(geteuid() != 0, true, "user", geteuid() ? "not root" : "running as root: use a user of its own");
    return missing ? 1 : 0;
}
