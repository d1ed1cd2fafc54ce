// What the service's subcommands share.
#pragma once
#include "cli/commands.h"
#include "garment/garment.h"
#include "jobs/handlers.h"

const job_handlers *cli_handlers(void);
// The models, for a job's body: a worker without them is no fault of the person (ERR_IO, another may have them).
const char *cli_job_assets(err *e);

// Members of that table (handlers_garment.c).
bool cli_fit(void *ctx, const char *measurements, const char *category, const char *made_of, const char *chart,
             const char *preference, buf *fit_json, err *e) MUST_USE;
bool cli_preview(void *ctx, const job_preview_in *in, job_preview_out *out, err *e) MUST_USE;

// The garment a brand describes; made_of may be NULL. ERR_INPUT is for the brand to read.
bool cli_garment_of(const char *category, const char *made_of, const char *chart, garment *g, err *e) MUST_USE;
bool cli_drape(void *ctx, const job_drape_in *in, job_drape_out *out, err *e) MUST_USE;
