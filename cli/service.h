// What the service's subcommands share.
#pragma once
#include "cli/commands.h"
#include "jobs/handlers.h"

const job_handlers *cli_handlers(void);

// Members of that table (handlers_garment.c).
bool cli_fit(void *ctx, const char *measurements, const char *category, const char *made_of, const char *chart,
             const char *preference, buf *fit_json, err *e) MUST_USE;
bool cli_drape(void *ctx, const job_drape_in *in, job_drape_out *out, err *e) MUST_USE;
