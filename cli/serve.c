#include "app/app.h"
#include "cli/options.h"
#include "cli/service.h"

#include <stdlib.h>

int cmd_serve(int argc, char **argv)
{
    const char *data = NULL, *listen = NULL;
    const char *web = NULL;
    bool demo = false;
    double workers = 2;
    const option options[] = {
        { "data", OPTION_TEXT, &data, "DIR", "database, objects and secrets of this machine (else ./data)" },
        { "listen", OPTION_TEXT, &listen, "ADDR:PORT", "where to answer (else 0.0.0.0:$PORT, or port 8080)" },
        { "workers", OPTION_NUMBER, &workers, "N",
          "jobs done at once by this process (else 2); 0: tryon worker does them" },
        { "web", OPTION_TEXT, &web, "DIR", "the pages (else build/web or share/tryon/web beside the program)" },
        { "demo", OPTION_FLAG, &demo, NULL, "make the demo shop, which is then at /, if it is not there" },
    };
    const option_table table = {
        "tryon serve --data DIR --listen ADDR:PORT [--workers N]",
        "The service: API, queue and workers in one process, on SQLite and the local disk. The environment moves it "
        "to\n"
        "PostgreSQL (DATABASE_URL), S3 (S3_ENDPOINT, S3_REGION, S3_BUCKET, S3_ACCESS_KEY_ID, S3_SECRET_ACCESS_KEY) or\n"
        "Supabase (SUPABASE_URL, SUPABASE_SERVICE_KEY, SUPABASE_JWT_SECRET); jobs to RunPod (RUNPOD_ENDPOINT_ID,\n"
        "RUNPOD_API_KEY; its workers reach this server by PUBLIC_URL). Shops connect to the Shopify app of "
        "SHOPIFY_API_KEY\n"
        "and SHOPIFY_API_SECRET. See also PUBLIC_URL, CORS_ORIGINS,\n"
        "TRUST_PROXY, TRYON_WORKER_KEY, TRYON_OPERATOR_KEY, TRYON_METRICS_TOKEN, TRYON_RATE. SIGTERM lets running\n"
        "requests and jobs end.",
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
    if (!web) web = cli_web();
    return app_serve(&(app_options){ .data = data,
                                     .listen = listen,
                                     .workers = (int)workers,
                                     .handlers = cli_handlers(),
                                     .web = web,
                                     .demo = demo });
}
