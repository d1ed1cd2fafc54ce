// tryon: one program, a subcommand for each thing it does.
#include "base/log.h"
#include "base/sandbox.h"
#include "cli/commands.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *help;
} commands[] = {
    { "avatar", cmd_avatar, "a photo and a height to a rigged avatar with measurements" },
    { "measure", cmd_measure, "the tape measurements of an avatar" },
    { "garment", cmd_garment, "draft a garment from its size chart, or import its meshes" },
    { "drape", cmd_drape, "put a size of a garment on an avatar" },
    { "fit", cmd_fit, "how each size of a garment fits an avatar" },
    { "body", cmd_body, "build the open body from its source" },
    { "import", cmd_import, "turn other people's model files into ours" },
    { "serve", cmd_serve, "the service: API, queue and workers" },
    { "worker", cmd_worker, "do jobs for a server elsewhere, or for RunPod" },
    { "migrate", cmd_migrate, "bring the database up to date" },
    { "brand", cmd_brand, "make a brand and its keys" },
    { "hmr2", cmd_hmr2, "what an imported HMR2.0 network and SMPL say of a photo" },
    { "doctor", cmd_doctor, "what is installed, missing or unsafe on this machine" },
};

static void print_help(FILE *to)
{
    fprintf(to, "tryon: a virtual fitting room on your own machine\n\nusage: tryon COMMAND …   (tryon COMMAND --help "
                "explains each)\n\n");
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        fprintf(to, "  %-10s %s\n", commands[i].name, commands[i].help);
}

static void log_to_stderr(void *ctx, log_level level, const char *text)
{
    (void)ctx;
    if (level >= LOG_WARN) fprintf(stderr, "tryon: %s\n", text);
}

int cli_fail(const err *e)
{
    fprintf(stderr, "tryon: %s\n", e->msg);
    return e->code == ERR_IO || e->code == ERR_MEMORY || e->code == ERR_INTERNAL ? 1 : 2;
}

static bool stdout_failed(err *e) { return fail(e, ERR_IO, "standard output cannot be written: %s", strerror(errno)); }

bool cli_print(const void *bytes, size_t n, err *e) { return fwrite(bytes, 1, n, stdout) == n || stdout_failed(e); }

// What stands in stdout's buffer may still be lost.
static int finish(int status)
{
    err e = { 0 };
    if ((fflush(stdout) == 0 && !ferror(stdout)) || status != 0) return status;
    (void)stdout_failed(&e);
    return cli_fail(&e);
}

int main(int argc, char **argv)
{
    log_set_sink(log_to_stderr, NULL);
    if (argc < 2) {
        print_help(stderr);
        return 2;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "help") == 0) {
        print_help(stdout);
        return finish(0);
    }
    if (strcmp(argv[1], "--version") == 0) {
        printf("tryon %s\n", TRYON_VERSION);
        return finish(0);
    }
    // Before there are threads, models or secrets that a decoder of hostile bytes could inherit.
    err e = { 0 };
    if (!sandbox_start(&e)) return cli_fail(&e);
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        if (strcmp(argv[1], commands[i].name) == 0) return finish(commands[i].run(argc - 1, argv + 1));
    fprintf(stderr, "tryon: there is no command \"%s\"; tryon --help lists them\n", argv[1]);
    return 2;
}
