// What the service's subcommands share.
#pragma once
#include "cli/commands.h"
#include "jobs/handlers.h"

const job_handlers *cli_handlers(void);
