// What the subcommands about garments share: a garment's folder.
#pragma once
#include "garment/garment.h"

bool cli_read_garment(const char *folder, garment *g, err *e) MUST_USE;
bool cli_write_garment(const garment *g, const char *folder, err *e) MUST_USE;
