// The subcommands of tryon, one file each. argv[0] is the subcommand's own name. They return the exit status: 0, 1 when
// this machine failed, or 2 with one line on stderr about what is wrong with the input.
#pragma once
#include "base/err.h"

#include <stddef.h>

int cmd_avatar(int argc, char **argv);
int cmd_measure(int argc, char **argv);
int cmd_body(int argc, char **argv);
int cmd_import(int argc, char **argv);
int cmd_hmr2(int argc, char **argv);
int cmd_garment(int argc, char **argv);
int cmd_drape(int argc, char **argv);
int cmd_fit(int argc, char **argv);
int cmd_doctor(int argc, char **argv);
int cmd_serve(int argc, char **argv);
int cmd_worker(int argc, char **argv);
int cmd_migrate(int argc, char **argv);
int cmd_brand(int argc, char **argv);

// tryon import hmr2 …, in a file of its own.
int import_hmr2(int argc, char **argv);

// Says the error in one line on stderr and returns the exit status that goes with it.
int cli_fail(const err *e);
// Prints bytes on stdout.
bool cli_print(const void *bytes, size_t n, err *e) MUST_USE;

// The folder of assets: given (may be NULL), else $TRYON_ASSETS, else beside the program (../assets, ../share/tryon),
// else /usr/share/tryon. NULL and a sentence when none has the open body. The result lives as long as the program.
const char *cli_assets(const char *given, err *e);
// The folder of the pages beside this program, or NULL.
const char *cli_web(void);
