#include "app/app.h"
#include "cli/options.h"
#include "cli/service.h"

int cmd_worker(int argc, char **argv)
{
    const char *server = NULL;
    double threads = 1;
    const option options[] = {
        { "server", OPTION_TEXT, &server, "URL",
          "the control plane: a tryon serve (else what RunPod's environment says)" },
        { "threads", OPTION_NUMBER, &threads, "N", "jobs done at once" },
    };
    const option_table table = {
        "tryon worker [--server URL] [--threads N]",
        "Takes jobs from a server of ours, or from RunPod (RUNPOD_WEBHOOK_GET_JOB and its siblings), and does them. "
        "The\n"
        "key of a server of ours is in TRYON_WORKER_KEY. It needs no key to a database or to storage.",
        options,
        sizeof options / sizeof *options,
        0,
        0
    };
    int words;
    err e = { 0 };
    options_outcome outcome = options_parse(&table, argc, argv, NULL, &words, &e);
    if (outcome == OPTIONS_HELP) return 0;
    if (outcome == OPTIONS_WRONG) return cli_fail(&e);
    return app_worker(server, NULL, (int)threads, cli_handlers());
}
